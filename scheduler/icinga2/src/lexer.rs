//! Text to tokens. Newlines end statements, but between `(` and `)` they mean nothing and are left out.

use std::rc::Rc;

use crate::problem::{Location, Problem};

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A name or keyword; with `@` before it never a keyword.
    Word(Rc<str>),
    /// `@name`
    Escaped(Rc<str>),
    /// `"…"` or `{{{…}}}`
    Text(Rc<str>),
    /// `<itl>` behind `include`
    System(Rc<str>),
    /// A number; a duration in seconds.
    Number(f64),
    /// An operator or bracket.
    Sign(&'static str),
    /// The end of a statement: a newline.
    Newline,
    /// The end of the file.
    End,
}

/// A token and its place.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub kind: Kind,
    pub at: Location,
}

/// All operators, longest first.
const SIGNS: [&str; 37] = [
    "<<=", ">>=", "==", "!=", "<=", ">=", "<<", ">>", "&&", "||", "+=", "-=", "*=", "/=", "%=", "^=", "&=",
    "|=", "=>", "=", "+", "-", "*", "/", "%", "!", "~", "<", ">", "&", "|", "^", ".", ",", ";", ":", "?",
];

/// Tokens of a file; what is none is a problem and left out.
pub(crate) fn lex(file: u32, text: &str, problems: &mut Vec<Problem>) -> Vec<Token> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let at = Location { file, line: 1, column: 1 };
    let mut lexer = Lexer { rest: text, at, open: Vec::new(), tokens: Vec::new(), problems };
    lexer.run();
    lexer.tokens
}

struct Lexer<'t, 'p> {
    rest: &'t str,
    at: Location,
    /// Brackets that are open, as characters.
    open: Vec<char>,
    tokens: Vec<Token>,
    problems: &'p mut Vec<Problem>,
}

impl Lexer<'_, '_> {
    fn run(&mut self) {
        while let Some(c) = self.rest.chars().next() {
            let at = self.at;
            match c {
                '\n' => {
                    self.advance(1);
                    if self.open.last() != Some(&'(') {
                        self.push(Kind::Newline, at);
                    }
                }
                c if c.is_ascii_whitespace() => self.advance(1),
                '#' => self.line_comment(),
                '/' if self.rest.starts_with("//") => self.line_comment(),
                '/' if self.rest.starts_with("/*") => self.block_comment(at),
                '"' => self.text(at),
                '{' if self.rest.starts_with("{{{") => self.raw_text(at),
                '<' if self.is_after_include() => self.system(at),
                '0'..='9' => self.number(at),
                '@' => {
                    self.advance(1);
                    let word = self.word();
                    self.push(Kind::Escaped(word), at);
                }
                c if c == '_' || c.is_ascii_alphabetic() => {
                    let word = self.word();
                    self.push(Kind::Word(word), at);
                }
                c => self.sign(c, at),
            }
        }
        self.push(Kind::End, self.at);
    }

    fn push(&mut self, kind: Kind, at: Location) {
        self.tokens.push(Token { kind, at });
    }

    /// Goes on by so many bytes.
    fn advance(&mut self, bytes: usize) {
        let (passed, rest) = self.rest.split_at(bytes);
        for c in passed.chars() {
            if c == '\n' {
                self.at.line = self.at.line.saturating_add(1);
                self.at.column = 1;
            } else {
                self.at.column = self.at.column.saturating_add(1);
            }
        }
        self.rest = rest;
    }

    fn line_comment(&mut self) {
        self.advance(self.rest.find('\n').unwrap_or(self.rest.len()));
    }

    fn block_comment(&mut self, at: Location) {
        let Some(end) = self.rest.find("*/") else {
            self.problems
                .push(Problem::error(at, "this comment is never closed").hint("write `*/` at its end"));
            return self.advance(self.rest.len());
        };
        self.advance(end + 2);
    }

    fn text(&mut self, at: Location) {
        self.advance(1);
        let mut text: Vec<u8> = Vec::new();
        let mut wrong = None;
        loop {
            let plain = self.rest.find(['"', '\\', '\n']).unwrap_or(self.rest.len());
            text.extend_from_slice(&self.rest.as_bytes()[..plain]);
            self.advance(plain);
            if self.rest.starts_with('"') {
                self.advance(1);
                break;
            }
            if !self.rest.starts_with('\\') {
                let problem = Problem::error(at, "this string is never closed on its line");
                self.problems
                    .push(problem.hint("write `\"` at its end; a string of several lines is `{{{…}}}`"));
                break;
            }
            self.advance(1);
            match escape(self.rest) {
                Ok((byte, length)) => {
                    text.push(byte);
                    self.advance(length);
                }
                Err(bad) => wrong = Some(bad),
            }
        }
        if let Some(bad) = wrong {
            let message = format!("`\\{}` means nothing in a string", bad.escape_default());
            let hint =
                "a backslash itself is written `\\\\`; known are \\\" \\n \\t \\r \\b \\f and \\101 in octal";
            self.problems.push(Problem::error(at, message).hint(hint));
        }
        self.push(Kind::Text(String::from_utf8_lossy(&text).into()), at);
    }

    fn raw_text(&mut self, at: Location) {
        self.advance(3);
        let Some(end) = self.rest.find("}}}") else {
            self.problems
                .push(Problem::error(at, "this `{{{` is never closed").hint("write `}}}` at its end"));
            return self.advance(self.rest.len());
        };
        let text = self.rest[..end].into();
        self.advance(end + 3);
        self.push(Kind::Text(text), at);
    }

    fn is_after_include(&self) -> bool {
        matches!(self.tokens.last(), Some(Token { kind: Kind::Word(word), .. }) if word.starts_with("include"))
    }

    fn system(&mut self, at: Location) {
        let Some(end) = self.rest.find(['>', '\n']).filter(|end| self.rest[*end..].starts_with('>')) else {
            self.problems.push(Problem::error(at, "this `<` is never closed").hint("write `include <itl>`"));
            return self.line_comment();
        };
        let name = self.rest[1..end].into();
        self.advance(end + 1);
        self.push(Kind::System(name), at);
    }

    fn number(&mut self, at: Location) {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let mut end = digits(self.rest);
        if let Some(fraction) = self.rest[end..].strip_prefix('.').map(digits).filter(|count| *count > 0) {
            end += 1 + fraction;
        }
        let number: f64 = self.rest[..end].parse().unwrap_or(0.0); // digits are a number
        self.advance(end);
        let unit = self.rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').count();
        let unit = &self.rest[..unit];
        let factor = match unit {
            "" | "s" => Some(1.0),
            "ms" => Some(0.001),
            "m" => Some(60.0),
            "h" => Some(3600.0),
            "d" => Some(86400.0),
            _ => None,
        };
        if factor.is_none() {
            let problem = Problem::error(at, format!("`{unit}` is no unit of a number"));
            self.problems.push(problem.hint("known: ms, s, m, h, d"));
        }
        self.advance(unit.len());
        self.push(Kind::Number(number * factor.unwrap_or(1.0)), at);
    }

    fn word(&mut self) -> Rc<str> {
        let end = self.rest.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(self.rest.len());
        let word = self.rest[..end].into();
        self.advance(end);
        word
    }

    fn sign(&mut self, c: char, at: Location) {
        let bracket = ["(", ")", "[", "]", "{", "}"].into_iter().find(|sign| self.rest.starts_with(*sign));
        let mut double = ["{{", "}}"].into_iter().find(|sign| self.rest.starts_with(*sign));
        if double == Some("}}") && self.open.last() != Some(&'λ') {
            let problem = Problem::error(at, "`}}` ends a function, and none is open");
            self.problems.push(problem.hint("two ends have a blank between: `} }`"));
            double = None;
        }
        let sign = double.or(bracket).or_else(|| SIGNS.into_iter().find(|sign| self.rest.starts_with(*sign)));
        let Some(sign) = sign else {
            let message = format!("`{}` means nothing here", c.escape_default());
            self.problems.push(Problem::error(at, message));
            return self.advance(c.len_utf8());
        };
        match sign {
            "{{" => self.open.push('λ'),
            "(" | "[" | "{" => self.open.push(c),
            ")" | "]" | "}" | "}}" => {
                self.open.pop();
            }
            _ => {}
        }
        self.advance(sign.len());
        self.push(Kind::Sign(sign), at);
    }
}

/// The byte that stands behind a backslash, and how long it is written.
fn escape(rest: &str) -> Result<(u8, usize), char> {
    let first = rest.chars().next().unwrap_or('\\');
    let byte = match first {
        'n' | '\n' => b'\n',
        't' => b'\t',
        'r' => b'\r',
        'b' => 8,
        'f' => 12,
        '"' => b'"',
        '\\' => b'\\',
        _ => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let byte = u8::from_str_radix(&rest[..digits], 8).ok().filter(|_| digits <= 3);
            return byte.map(|byte| (byte, digits)).ok_or(first);
        }
    };
    Ok((byte, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> (String, Vec<String>) {
        let mut problems = Vec::new();
        let tokens = lex(0, text, &mut problems);
        let show = |token: &Token| match &token.kind {
            Kind::Word(word) => word.to_string(),
            Kind::Escaped(word) => format!("@{word}"),
            Kind::Text(text) => format!("{text:?}"),
            Kind::System(name) => format!("<{name}>"),
            Kind::Number(number) => number.to_string(),
            Kind::Sign(sign) => (*sign).to_owned(),
            Kind::Newline => "NL".to_owned(),
            Kind::End => String::new(),
        };
        let tokens: Vec<String> = tokens.iter().map(show).collect();
        let problems =
            problems.iter().map(|p| format!("{}:{} {}", p.at.line, p.at.column, p.message)).collect();
        (tokens.join(" ").trim_end().to_owned(), problems)
    }

    #[test]
    fn words_numbers_strings_and_signs() {
        for (text, want) in [
            ("vars.x += 5m // all\n# gone\ny", "vars . x += 300 NL NL y"),
            ("[ 1.5h,\n 30s, 200ms ]\nx", "[ 5400 , NL 30 , 0.2 ] NL x"),
            (r#""\303\244\0""#, "\"ä\\0\""),
            ("\"a\\\nb\"", r#""a\nb""#),
            ("include <itl>", "include <itl>"),
            ("a < b", "a < b"),
            (r#""a\n\"\\\101""#, r#""a\n\"\\A""#),
            ("{{{ a \"b\"\n}}}", r#"" a \"b\"\n""#),
            ("{{ x }}", "{{ x }}"),
            ("x !in y", "x ! in y"),
            ("/* a\n */ b @in", "b @in"),
            ("(\n{\na\n}\n)\n", "( { NL a NL } ) NL"),
        ] {
            assert_eq!(shown(text), (want.to_owned(), vec![]), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_token_is_named_with_its_place() {
        for (text, want) in [
            ("\n  \"abc\nx", "2:3 this string is never closed on its line"),
            ("a = \"C:\\x\"", "1:5 `\\x` means nothing in a string"),
            ("/* a", "1:1 this comment is never closed"),
            ("{{{ a", "1:1 this `{{{` is never closed"),
            ("5min", "1:1 `min` is no unit of a number"),
            ("a $ b", "1:3 `$` means nothing here"),
            ("ä", "1:1 `\\u{e4}` means nothing here"),
            (r#""\400""#, "1:1 `\\4` means nothing in a string"),
            (r#""\1018""#, "1:1 `\\1` means nothing in a string"),
            ("{ a = { b = 1 }}", "1:15 `}}` ends a function, and none is open"),
        ] {
            assert_eq!(shown(text).1, [want], "{text:?}");
        }
    }
}
