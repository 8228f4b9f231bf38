//! Names as regular expressions: POSIX extended ones, as `use_regexp_matching` turns them on.
//!
//! They are rewritten for the regex crate, which takes time in proportion to the name whatever the
//! expression. What glibc adds (`\w`, `\<` …) is understood; back references are refused.

use std::iter::Peekable;
use std::str::Chars;

use regex::{Regex, RegexBuilder};

use crate::basis::NamePatterns;

/// An expression may take so much memory, compiled.
const MAX_SIZE: usize = 256 * 1024;

/// A pattern of names.
#[derive(Debug)]
pub(crate) enum Pattern {
    /// Nothing in it is special: it may stand anywhere in a name.
    Plain(String),
    /// A regular expression.
    Regex(Regex),
}

impl Pattern {
    /// Is this item of a list a pattern? `*` alone always means all and is none.
    pub(crate) fn is_one(item: &str, names: NamePatterns) -> bool {
        let looks_like_one = item.contains(['*', '?', '+']) || item.contains("\\.");
        names.some && item != "*" && (names.all || looks_like_one)
    }

    /// Reads an expression.
    pub(crate) fn new(text: &str) -> Result<Pattern, String> {
        if !text.contains(|c: char| "\\[](){}^$.*+?|".contains(c)) {
            return Ok(Pattern::Plain(text.to_owned()));
        }
        let translated =
            translate(text).map_err(|why| format!("`{text}` is no regular expression: {why}"))?;
        let regex = RegexBuilder::new(&translated).size_limit(MAX_SIZE).dfa_size_limit(MAX_SIZE).build();
        regex.map(Pattern::Regex).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => format!("the regular expression `{text}` is too large"),
            _ => format!("`{text}` is no regular expression"),
        })
    }

    /// Does it match any part of a name?
    pub(crate) fn matches(&self, name: &str) -> bool {
        match self {
            Pattern::Plain(text) => name.contains(text),
            Pattern::Regex(regex) => regex.is_match(name),
        }
    }
}

/// A POSIX extended regular expression in the regex crate's words.
fn translate(text: &str) -> Result<String, &'static str> {
    let mut result = String::new();
    let mut chars = text.chars().peekable();
    let mut depth = 0_u32;
    // is there something that a `*` could repeat?
    let mut operand = false;
    while let Some(c) = chars.next() {
        let repeats = matches!(c, '*' | '+' | '?' | '{');
        if repeats && !operand {
            return Err("there is nothing to repeat");
        }
        operand = !matches!(c, '(' | '|' | '^');
        match c {
            '\\' => escape(chars.next().ok_or("it ends in a `\\`")?, &mut result)?,
            '[' => bracket(&mut chars, &mut result)?,
            '{' => {
                result.push('{');
                for c in chars.by_ref().take_while(|c| *c != '}') {
                    if !c.is_ascii_digit() && c != ',' {
                        return Err("a `{` counts, as in `x{2,3}`; a `{` itself is written `\\{`");
                    }
                    result.push(c);
                }
                result.push('}');
            }
            '(' => {
                depth += 1;
                result.push_str("(?:");
            }
            ')' if depth == 0 => result.push_str("\\)"),
            ')' => {
                depth -= 1;
                result.push(')');
            }
            '.' | '*' | '+' | '?' | '|' | '^' | '$' => result.push(c),
            c => push_literal(c, &mut result),
        }
    }
    if depth > 0 { Err("a `(` is never closed") } else { Ok(result) }
}

fn push_literal(c: char, result: &mut String) {
    result.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
}

fn escape(c: char, result: &mut String) -> Result<(), &'static str> {
    match c {
        '1'..='9' => return Err("back references are not supported"),
        'w' | 'W' | 's' | 'S' | 'b' | 'B' => result.extend(['\\', c]),
        '<' => result.push_str("\\b{start}"),
        '>' => result.push_str("\\b{end}"),
        '`' => result.push_str("\\A"),
        '\'' => result.push_str("\\z"),
        c => push_literal(c, result),
    }
    Ok(())
}

/// What stands between `[` and `]`; a `\` is a plain character there.
fn bracket(chars: &mut Peekable<Chars<'_>>, result: &mut String) -> Result<(), &'static str> {
    const OPEN: &str = "a `[` is never closed";
    result.push('[');
    if chars.next_if_eq(&'^').is_some() {
        result.push('^');
    }
    let mut is_first = true;
    loop {
        let c = chars.next().ok_or(OPEN)?;
        if c == ']' && !is_first {
            result.push(']');
            return Ok(());
        }
        is_first = false;
        match (c, chars.peek()) {
            ('[', Some(':')) => {
                let name: String = chars.by_ref().skip(1).take_while(|c| *c != ':').collect();
                if chars.next() != Some(']') || !CLASSES.contains(&name.as_str()) {
                    return Err("a class of characters is written `[[:alpha:]]`");
                }
                result.extend(["[:", &name, ":]"]);
            }
            ('[', Some('.' | '=')) => return Err("`[.` and `[=` are not supported"),
            (c, next) => {
                let dash = next == Some(&'-');
                result.extend(['\\', c].into_iter().skip(usize::from(!is_special(c))));
                let mut ahead = chars.clone();
                if dash && ahead.nth(1).is_some_and(|end| end != ']') {
                    chars.next();
                    let end = chars.next().ok_or(OPEN)?;
                    result.push('-');
                    result.extend(['\\', end].into_iter().skip(usize::from(!is_special(end))));
                }
            }
        }
    }
}

/// POSIX' classes of characters.
const CLASSES: [&str; 12] = [
    "alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper",
    "xdigit",
];

/// Does a character mean something to the regex crate between brackets?
fn is_special(c: char) -> bool {
    matches!(c, '[' | ']' | '\\' | '^' | '-' | '&' | '~')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAMES: [&str; 8] = ["a", "b", "db.x", "db1", "myweb1", "web1", "web2", "a-b"];

    fn matched(text: &str) -> String {
        let pattern = Pattern::new(text).unwrap();
        NAMES.into_iter().filter(|name| pattern.matches(name)).collect::<Vec<_>>().join(" ")
    }

    /// What Nagios 4.4.6 finds for each among these names.
    #[test]
    fn expressions_match_as_in_posix() {
        for (text, want) in [
            ("web.*", "myweb1 web1 web2"),
            ("^web?", "web1 web2"),
            ("^we+b[12]$", "web1 web2"),
            ("(^web|db)1.*", "db1 web1"),
            ("[[:alpha:]]+1", "db1 myweb1 web1"),
            ("db\\.x", "db.x"),
            ("w\\w+1", "myweb1 web1"),
            ("\\<b.*", "b a-b"),
            ("b\\>", "b db.x a-b"),
            ("web**1", "myweb1 web1"),
            ("()web.*", "myweb1 web1 web2"),
            ("a|b", "a b db.x db1 myweb1 web1 web2 a-b"),
            ("[.-]", "db.x a-b"),
            ("[]-]", "a-b"),
            ("^[^a-w]", ""),
            ("^[\\d]b", "db.x db1"),
            ("b{1,2}[&&1~]", "db1 myweb1 web1"),
            ("web1", "myweb1 web1"),
            (")?1", "db1 myweb1 web1"),
        ] {
            assert_eq!(matched(text), want, "{text}");
        }
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for text in [
            "[",
            "[a",
            "[]",
            "web(.*",
            "*1",
            "(?i)WEB",
            "^*web",
            "web.*|+",
            "(web)\\1",
            "x\\",
            "x{a}",
            "[[:foo:]]",
            "[[.a.]]",
            "[z-a]",
            "x{2,1}",
            "(((x{100}){100}){100}){100}",
            "[[:alpha",
        ] {
            assert!(Pattern::new(text).is_err(), "{text}");
        }
    }

    #[test]
    fn patterns_are_what_looks_like_one_or_everything() {
        let some = NamePatterns { some: true, all: false };
        let all = NamePatterns { some: true, all: true };
        for (item, with_some, with_all) in [
            ("web.*", true, true),
            ("a\\.b", true, true),
            ("^db", false, true),
            ("web1", false, true),
            ("*", false, false),
        ] {
            assert_eq!(
                (Pattern::is_one(item, some), Pattern::is_one(item, all)),
                (with_some, with_all),
                "{item}"
            );
            assert!(!Pattern::is_one(item, NamePatterns { some: false, all: true }));
        }
    }

    proptest! {
        /// A name with every character escaped matches itself; nothing makes it panic.
        #[test]
        fn an_escaped_name_matches_itself(name in "\\PC{1,12}", text in "([\\[\\](){}^$.*+?|\\\\:=-]|a|é|[[:alpha:]]){0,12}") {
            let escaped: String = name
                .chars()
                .flat_map(|c| if c.is_ascii_punctuation() && !"<>`'".contains(c) { vec!['\\', c] } else { vec![c] })
                .collect();
            prop_assert!(Pattern::new(&escaped).unwrap().matches(&name));
            let _ = Pattern::new(&text);
        }
    }
}
