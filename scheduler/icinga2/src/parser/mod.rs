//! Tokens to a tree. What the language has and hlidka does not is named, passed over, and the rest is
//! read, so that one run tells of everything.
//!
//! Here is what goes through the tokens; `items` reads statements, `expressions` what stands in them.

mod expressions;
mod items;

use std::rc::Rc;

use crate::ast::Item;
use crate::lexer::{Kind, Token, lex};
use crate::problem::{Location, Problem};

/// So many problems of one file are kept.
const MAX_PROBLEMS: usize = 1_000;

/// Reads the text of a file.
pub(crate) fn parse(file: u32, text: &str, problems: &mut Vec<Problem>) -> Vec<Item> {
    let mut own = Vec::new();
    let tokens = lex(file, text, &mut own);
    let mut parser = Parser { tokens, next: 0, depth: 0, problems: own };
    let items = parser.file();
    own = parser.problems;
    own.truncate(MAX_PROBLEMS);
    problems.append(&mut own);
    items
}

/// Statements that are programs, and what to do instead.
const PROGRAMS: [(&str, &str); 18] = [
    ("if", "write two rules with `assign where` instead"),
    ("else", "write two rules with `assign where` instead"),
    ("for", "write `apply … for (key => value in …)` instead"),
    ("while", "write the objects one by one"),
    ("function", "write the value itself"),
    ("var", "write `const NAME = value` outside of all objects, or the value itself"),
    ("return", "write the value itself"),
    ("throw", "take it out"),
    ("try", "take it out"),
    ("break", "take it out"),
    ("continue", "take it out"),
    ("namespace", "write `const NAME = value` instead"),
    ("using", "write the names in full"),
    ("globals", "write `const NAME = value` instead"),
    ("locals", "write `const NAME = value` instead"),
    ("this", "write the name of the attribute alone"),
    ("except", "take it out"),
    ("debugger", "take it out"),
];

/// Words that are no names, besides these.
const KEYWORDS: [&str; 22] = [
    "object",
    "template",
    "apply",
    "default",
    "ignore_on_error",
    "to",
    "use",
    "where",
    "assign",
    "ignore",
    "import",
    "include",
    "include_recursive",
    "include_zones",
    "library",
    "const",
    "in",
    "true",
    "false",
    "null",
    "current_filename",
    "current_line",
];

/// A problem was noted; whoever can goes on behind it.
struct Failed;

type Parsed<T> = Result<T, Failed>;

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: u16,
    problems: Vec<Problem>,
}

impl Parser {
    fn refuse_program(&mut self, word: &str) -> Parsed<()> {
        let Some((_, hint)) = PROGRAMS.iter().find(|(name, _)| *name == word) else { return Ok(()) };
        let message = format!("`{word}` is part of a program, and hlidka runs none");
        self.problems.push(Problem::error(self.at(), message).hint(*hint));
        Err(Failed)
    }

    fn refuse_function(&mut self, at: Location) -> Parsed<()> {
        let message = "a function is a program, and hlidka runs none";
        let hint =
            "write the value itself, or a macro such as `$host.vars.x$`; a `set_if` takes a macro, too";
        self.problems.push(Problem::error(at, message).hint(hint));
        Err(Failed)
    }

    /// Goes behind the statement that starts at a token; braces in it are passed as a whole.
    fn skip_statement(&mut self, start: usize) {
        self.next = start;
        let mut depth = 0_usize;
        loop {
            match self.peek() {
                Kind::End => return,
                Kind::Newline | Kind::Sign(";") if depth == 0 => return,
                Kind::Sign("}") if depth == 0 && start < self.next => return,
                Kind::Sign("{" | "(" | "[" | "{{") => depth += 1,
                Kind::Sign("}" | ")" | "]" | "}}") => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.next += 1;
        }
    }

    /// Goes behind the newlines, or the `,` or `;` with newlines, that end a statement.
    fn ends_statement(&mut self) -> bool {
        let start = self.next;
        if matches!(self.peek(), Kind::Sign(";" | ",")) {
            self.advance();
        }
        self.skip_newlines();
        self.next > start
    }

    fn skip_newlines(&mut self) {
        while matches!(self.peek(), Kind::Newline) {
            self.advance();
        }
    }

    fn name(&mut self, what: &str) -> Parsed<Rc<str>> {
        match self.peek().clone() {
            Kind::Word(word) if is_keyword(&word) => {
                let problem =
                    Problem::error(self.at(), format!("`{word}` is a word of the language, and no name"));
                self.problems.push(problem.hint(format!("write `@{word}` or `[\"{word}\"]`")));
                Err(Failed)
            }
            Kind::Word(name) | Kind::Escaped(name) => {
                self.advance();
                Ok(name)
            }
            _ => {
                self.unexpected(what);
                Err(Failed)
            }
        }
    }

    fn takes(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Kind::Sign(found) if *found == sign);
        if found {
            self.advance();
        }
        found
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Kind::Word(found) if &**found == word);
        if found {
            self.advance();
        }
        found
    }

    fn expect(&mut self, sign: &str) -> Parsed<()> {
        if self.takes(sign) {
            return Ok(());
        }
        self.unexpected(&format!("`{sign}`"));
        Err(Failed)
    }

    fn unexpected(&mut self, wanted: &str) {
        let found = match self.peek() {
            Kind::Word(word) | Kind::Escaped(word) => format!("`{word}`"),
            Kind::Text(_) => "a string".to_owned(),
            Kind::System(name) => format!("`<{name}>`"),
            Kind::Number(_) => "a number".to_owned(),
            Kind::Sign(sign) => format!("`{sign}`"),
            Kind::Newline => "the end of the line".to_owned(),
            Kind::End => "the end of the file".to_owned(),
        };
        self.problems.push(Problem::error(self.at(), format!("{wanted} is missing here, not {found}")));
    }

    fn peek(&self) -> &Kind {
        // the last token is `End`, and nothing goes beyond it
        self.tokens.get(self.next).map_or(&Kind::End, |token| &token.kind)
    }

    fn peek_second(&self) -> &Kind {
        self.tokens.get(self.next + 1).map_or(&Kind::End, |token| &token.kind)
    }

    fn at(&self) -> Location {
        self.tokens.get(self.next).or(self.tokens.last()).map(|token| token.at).unwrap_or_default()
    }

    fn advance(&mut self) {
        if self.next + 1 < self.tokens.len() {
            self.next += 1;
        }
    }
}

fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word) || PROGRAMS.iter().any(|(program, _)| *program == word)
}
