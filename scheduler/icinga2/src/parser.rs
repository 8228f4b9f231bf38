//! Tokens to a tree. What the language has and hlidka does not is named, passed over, and the rest is
//! read, so that one run tells of everything.

use std::rc::Rc;

use crate::ast::{
    Assignment, Binary, Body, Definition, Each, Expr, ExprKind, Include, Included, Item, Rule, Statement,
    Unary,
};
use crate::lexer::{Kind, Token, lex};
use crate::problem::{Location, Problem};
use crate::value::Value;

/// Expressions may be inside of each other so far.
const MAX_HEIGHT: u16 = 120;

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
const PROGRAMS: [(&str, &str); 14] = [
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
    fn file(&mut self) -> Vec<Item> {
        let mut items = Vec::new();
        loop {
            while self.takes_end_of_statement() {}
            if matches!(self.peek(), Kind::End) {
                return items;
            }
            let start = self.next;
            match self.item() {
                Ok(item) => {
                    items.extend(item);
                    if !self.is_end_of_statement() {
                        self.unexpected("the end of the line");
                        self.skip_statement(start);
                    }
                }
                Err(Failed) => self.skip_statement(start),
            }
        }
    }

    fn item(&mut self) -> Parsed<Option<Item>> {
        let at = self.at();
        let Kind::Word(word) = self.peek().clone() else {
            self.unexpected("`object`, `template`, `apply`, `const` or `include`");
            return Err(Failed);
        };
        self.refuse_program(&word)?;
        match &*word {
            "object" | "template" => {
                self.advance();
                self.definition(at, &*word == "template").map(|definition| Some(Item::Object(definition)))
            }
            "apply" => {
                self.advance();
                self.rule(at).map(|rule| Some(Item::Apply(rule)))
            }
            "include" | "include_recursive" => {
                self.advance();
                self.include(at, &*word == "include_recursive").map(|include| Some(Item::Include(include)))
            }
            "include_zones" => {
                let hint = "include the folder of your own zone with `include_recursive`";
                self.problems.push(Problem::error(at, "include_zones is not read").hint(hint));
                Err(Failed)
            }
            "library" => {
                // part of Icinga since 2.9
                self.advance();
                self.expression().map(|_| None)
            }
            _ => {
                if &*word == "const" {
                    self.advance();
                }
                let name = self.name("the name of a constant")?;
                if !matches!(self.peek(), Kind::Sign("=")) {
                    self.unexpected(&format!("`=` behind `{name}`"));
                    return Err(Failed);
                }
                self.advance();
                let value = self.expression()?;
                Ok(Some(Item::Constant { name, value }))
            }
        }
    }

    fn include(&mut self, at: Location, recursive: bool) -> Parsed<Include> {
        let token = self.peek().clone();
        let what = match token {
            Kind::System(name) if !recursive => Included::Library(name.to_string()),
            Kind::Text(path) if recursive => {
                self.advance();
                let mut pattern = "*.conf".to_owned();
                if self.takes(",") {
                    match self.peek().clone() {
                        Kind::Text(text) => pattern = text.to_string(),
                        _ => {
                            self.unexpected("a pattern in quotes");
                            return Err(Failed);
                        }
                    }
                    self.advance();
                }
                return Ok(Include { at, what: Included::Folder(path.to_string(), pattern) });
            }
            Kind::Text(path) => Included::Path(path.to_string()),
            _ => {
                self.unexpected("a path in quotes");
                return Err(Failed);
            }
        };
        self.advance();
        Ok(Include { at, what })
    }

    fn definition(&mut self, at: Location, is_template: bool) -> Parsed<Definition> {
        let of = self.name("a type")?;
        let name = self.object_name()?;
        let mut is_default = false;
        loop {
            match self.peek() {
                Kind::Word(word) if &**word == "default" => is_default = true,
                Kind::Word(word) if &**word == "ignore_on_error" => {}
                _ => break,
            }
            self.advance();
        }
        let body = Rc::new(self.body()?);
        Ok(Definition { at, of, name, is_template, is_default, body })
    }

    /// A name, if there is one before the `{` or a keyword.
    fn object_name(&mut self) -> Parsed<Option<Expr>> {
        match self.peek() {
            Kind::Sign("{") => Ok(None),
            Kind::Word(word) if matches!(&**word, "for" | "to" | "default" | "ignore_on_error") => Ok(None),
            _ => self.expression().map(Some),
        }
    }

    fn rule(&mut self, at: Location) -> Parsed<Rule> {
        let of = self.name("a type")?;
        let name = self.object_name()?;
        let (mut each, mut to) = (None, None);
        loop {
            match self.peek().clone() {
                Kind::Word(word) if &*word == "for" => {
                    self.advance();
                    each = Some(self.each()?);
                }
                Kind::Word(word) if &*word == "to" => {
                    self.advance();
                    let at = self.at();
                    to = Some((at, self.name("`Host` or `Service`")?));
                }
                Kind::Word(word) if &*word == "use" => {
                    let problem =
                        Problem::error(self.at(), "`use` is not read: there are no local variables");
                    self.problems.push(problem.hint("write `const NAME = value` outside of all objects"));
                    return Err(Failed);
                }
                _ => break,
            }
        }
        let body = Rc::new(self.body()?);
        Ok(Rule { at, of, name, to, each, body })
    }

    fn each(&mut self) -> Parsed<Each> {
        self.expect("(")?;
        let first = self.name("a name")?;
        let (key, value) = if self.takes("=>") { (Some(first), self.name("a name")?) } else { (None, first) };
        match self.peek() {
            Kind::Word(word) if &**word == "in" => self.advance(),
            _ => {
                self.unexpected("`in`");
                return Err(Failed);
            }
        }
        let container = self.expression()?;
        self.expect(")")?;
        Ok(Each { key, value, container })
    }

    fn body(&mut self) -> Parsed<Body> {
        let open = self.at();
        self.expect("{")?;
        let mut body = Body::default();
        loop {
            while self.takes_end_of_statement() {}
            match self.peek() {
                Kind::Sign("}") => {
                    self.advance();
                    return Ok(body);
                }
                Kind::End => {
                    let problem = Problem::error(open, "this `{` is never closed");
                    self.problems.push(problem.hint("write `}` at its end"));
                    return Err(Failed);
                }
                _ => {}
            }
            let start = self.next;
            let read = self.in_body(&mut body);
            if read.is_ok() && !self.is_end_of_statement() && !matches!(self.peek(), Kind::Sign("}")) {
                self.unexpected("the end of the line");
                self.skip_statement(start);
            } else if read.is_err() {
                self.skip_statement(start);
            }
        }
    }

    fn in_body(&mut self, body: &mut Body) -> Parsed<()> {
        if let Kind::Word(word) = self.peek().clone() {
            self.refuse_program(&word)?;
            let is_where = matches!(self.peek_second(), Kind::Word(second) if &**second == "where");
            match &*word {
                "assign" if is_where => {
                    self.next += 2;
                    body.assign.push(self.expression()?);
                    return Ok(());
                }
                "ignore" if is_where => {
                    self.next += 2;
                    body.ignore.push(self.expression()?);
                    return Ok(());
                }
                "import" => {
                    self.advance();
                    body.statements.push(Statement::Import(self.expression()?));
                    return Ok(());
                }
                _ => {}
            }
        }
        body.statements.push(Statement::Assign(self.assignment()?));
        Ok(())
    }

    fn assignment(&mut self) -> Parsed<Assignment> {
        let at = self.at();
        let name = match self.peek().clone() {
            Kind::Word(name) | Kind::Escaped(name) | Kind::Text(name) => name,
            _ => {
                self.unexpected("an attribute");
                return Err(Failed);
            }
        };
        self.advance();
        let mut fields = Vec::new();
        loop {
            if self.takes(".") {
                let at = self.at();
                let name = self.name("the name of a field")?;
                fields.push(Expr { at, kind: ExprKind::Literal(Value::Text(name)), height: 1 });
            } else if self.takes("[") {
                fields.push(self.expression()?);
                self.expect("]")?;
            } else {
                break;
            }
            if fields.len() > usize::from(MAX_HEIGHT) {
                return self.too_deep();
            }
        }
        // in a dictionary `a: b` is as good as `a = b`
        let operators = [
            ("=", None),
            (":", None),
            ("+=", Some(Binary::Add)),
            ("-=", Some(Binary::Subtract)),
            ("*=", Some(Binary::Multiply)),
            ("/=", Some(Binary::Divide)),
            ("%=", Some(Binary::Remainder)),
            ("&=", Some(Binary::BitAnd)),
            ("|=", Some(Binary::BitOr)),
            ("^=", Some(Binary::BitXor)),
        ];
        let Some((_, with)) =
            operators.into_iter().find(|(sign, _)| matches!(self.peek(), Kind::Sign(found) if found == sign))
        else {
            self.unexpected(&format!("`=` behind `{name}`"));
            return Err(Failed);
        };
        self.advance();
        self.skip_newlines();
        let value = self.expression()?;
        Ok(Assignment { at, name, fields, with, value })
    }

    fn expression(&mut self) -> Parsed<Expr> {
        self.depth += 1;
        let parsed = if self.depth > MAX_HEIGHT { self.too_deep() } else { self.ternary() };
        self.depth -= 1;
        parsed
    }

    fn ternary(&mut self) -> Parsed<Expr> {
        let condition = self.binary(0)?;
        if !self.takes("?") {
            return Ok(condition);
        }
        self.skip_newlines();
        let yes = self.expression()?;
        self.expect(":")?;
        self.skip_newlines();
        let no = self.expression()?;
        let (at, heights) = (condition.at, [condition.height, yes.height, no.height]);
        self.node(at, ExprKind::Ternary(Box::new([condition, yes, no])), heights)
    }

    /// Operators that bind at least so much.
    fn binary(&mut self, least: u8) -> Parsed<Expr> {
        let mut left = self.unary()?;
        while let Some((operator, binding, length)) =
            self.operator().filter(|(_, binding, _)| *binding >= least)
        {
            let at = self.at();
            self.next += length;
            self.skip_newlines();
            let right = self.binary(binding + 1)?;
            let heights = [left.height, right.height];
            left = self.node(at, ExprKind::Binary(operator, Box::new(left), Box::new(right)), heights)?;
        }
        Ok(left)
    }

    /// The operator that comes, how much it binds, and of how many tokens it is.
    fn operator(&self) -> Option<(Binary, u8, usize)> {
        let (operator, binding) = match self.peek() {
            Kind::Word(word) if &**word == "in" => (Binary::In, 7),
            Kind::Sign("!") => {
                let is_in = matches!(self.peek_second(), Kind::Word(word) if &**word == "in");
                return is_in.then_some((Binary::NotIn, 7, 2));
            }
            Kind::Sign(sign) => match *sign {
                "||" => (Binary::Or, 1),
                "&&" => (Binary::And, 2),
                "|" => (Binary::BitOr, 3),
                "^" => (Binary::BitXor, 4),
                "&" => (Binary::BitAnd, 5),
                "==" => (Binary::Equal, 6),
                "!=" => (Binary::NotEqual, 6),
                "<" => (Binary::Less, 8),
                ">" => (Binary::Greater, 8),
                "<=" => (Binary::LessEqual, 8),
                ">=" => (Binary::GreaterEqual, 8),
                "<<" => (Binary::ShiftLeft, 9),
                ">>" => (Binary::ShiftRight, 9),
                "+" => (Binary::Add, 10),
                "-" => (Binary::Subtract, 10),
                "*" => (Binary::Multiply, 11),
                "/" => (Binary::Divide, 11),
                "%" => (Binary::Remainder, 11),
                _ => return None,
            },
            _ => return None,
        };
        Some((operator, binding, 1))
    }

    fn unary(&mut self) -> Parsed<Expr> {
        let at = self.at();
        let operator = match self.peek() {
            Kind::Sign("!") => Unary::Not,
            Kind::Sign("-") => Unary::Minus,
            Kind::Sign("+") => Unary::Plus,
            Kind::Sign("~") => Unary::Complement,
            _ => return self.postfix(),
        };
        self.advance();
        self.depth += 1;
        let operand = if self.depth > MAX_HEIGHT { self.too_deep() } else { self.unary() };
        self.depth -= 1;
        let operand = operand?;
        let heights = [operand.height];
        self.node(at, ExprKind::Unary(operator, Box::new(operand)), heights)
    }

    fn postfix(&mut self) -> Parsed<Expr> {
        let mut expr = self.primary()?;
        loop {
            let at = self.at();
            if self.takes(".") {
                let place = self.at();
                let name = self.name("the name of a field")?;
                let name = Expr { at: place, kind: ExprKind::Literal(Value::Text(name)), height: 1 };
                let heights = [expr.height, name.height];
                expr = self.node(at, ExprKind::Field(Box::new(expr), Box::new(name)), heights)?;
            } else if self.takes("[") {
                let index = self.expression()?;
                self.expect("]")?;
                let heights = [expr.height, index.height];
                expr = self.node(at, ExprKind::Field(Box::new(expr), Box::new(index)), heights)?;
            } else if matches!(self.peek(), Kind::Sign("(")) {
                self.advance();
                let arguments = self.items(")")?;
                let highest = arguments.iter().map(|argument| argument.height).max().unwrap_or(0);
                let heights = [expr.height, highest];
                expr = self.node(at, ExprKind::Call(Box::new(expr), arguments), heights)?;
            } else if matches!(self.peek(), Kind::Sign("=>")) {
                self.refuse_function(at)?;
            } else {
                return Ok(expr);
            }
        }
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let at = self.at();
        let kind = match self.peek().clone() {
            Kind::Text(text) => ExprKind::Literal(Value::Text(text)),
            Kind::Number(number) => ExprKind::Literal(Value::Number(number)),
            Kind::Escaped(name) => ExprKind::Variable(name),
            Kind::Word(word) => match &*word {
                "true" => ExprKind::Literal(Value::Bool(true)),
                "false" => ExprKind::Literal(Value::Bool(false)),
                "null" => ExprKind::Literal(Value::Null),
                _ => {
                    self.refuse_program(&word)?;
                    ExprKind::Variable(word)
                }
            },
            Kind::Sign("(") => {
                self.advance();
                if self.takes(")") {
                    self.refuse_function(at)?;
                }
                let inner = self.expression()?;
                self.expect(")")?;
                return Ok(inner);
            }
            Kind::Sign("[") => {
                self.advance();
                let items = self.items("]")?;
                let highest = items.iter().map(|item| item.height).max().unwrap_or(0);
                return self.node(at, ExprKind::Array(items), [highest]);
            }
            Kind::Sign("{") => return self.dictionary(at),
            Kind::Sign("{{") => {
                self.refuse_function(at)?;
                return Err(Failed);
            }
            _ => {
                self.unexpected("a value");
                return Err(Failed);
            }
        };
        self.advance();
        Ok(Expr { at, kind, height: 1 })
    }

    /// Values with commas between, up to a bracket; a comma may stand behind the last one.
    fn items(&mut self, end: &'static str) -> Parsed<Vec<Expr>> {
        let mut items = Vec::new();
        loop {
            self.skip_newlines();
            if self.takes(end) {
                return Ok(items);
            }
            items.push(self.expression()?);
            self.skip_newlines();
            if !self.takes(",") && !matches!(self.peek(), Kind::Sign(sign) if *sign == end) {
                self.unexpected(&format!("`,` or `{end}`"));
                return Err(Failed);
            }
        }
    }

    fn dictionary(&mut self, at: Location) -> Parsed<Expr> {
        self.expect("{")?;
        let mut statements = Vec::new();
        let mut highest = 0;
        loop {
            while self.takes_end_of_statement() {}
            if self.takes("}") {
                return self.node(at, ExprKind::Dictionary(statements), [highest]);
            }
            if let Kind::Word(word) = self.peek().clone() {
                self.refuse_program(&word)?;
            }
            let assignment = self.assignment()?;
            highest = highest.max(assignment.value.height);
            statements.push(Statement::Assign(assignment));
            if !self.is_end_of_statement() && !matches!(self.peek(), Kind::Sign("}")) {
                self.unexpected("the end of the line, `,` or `}`");
                return Err(Failed);
            }
        }
    }

    fn node<const N: usize>(&mut self, at: Location, kind: ExprKind, heights: [u16; N]) -> Parsed<Expr> {
        let height = heights.into_iter().max().unwrap_or(0) + 1;
        if height > MAX_HEIGHT {
            return self.too_deep();
        }
        Ok(Expr { at, kind, height })
    }

    fn too_deep<T>(&mut self) -> Parsed<T> {
        let message = format!("more than {MAX_HEIGHT} expressions are inside of each other");
        let problem = Problem::error(self.at(), message);
        self.problems.push(problem.hint("write `x in [ … ]` for a long row of `||`, or several rules"));
        Err(Failed)
    }

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

    fn takes_end_of_statement(&mut self) -> bool {
        let is_end = matches!(self.peek(), Kind::Newline | Kind::Sign(";" | ","));
        if is_end {
            self.advance();
        }
        is_end
    }

    fn is_end_of_statement(&self) -> bool {
        matches!(self.peek(), Kind::Newline | Kind::End | Kind::Sign(";" | ","))
    }

    fn skip_newlines(&mut self) {
        while matches!(self.peek(), Kind::Newline) {
            self.advance();
        }
    }

    fn name(&mut self, what: &str) -> Parsed<Rc<str>> {
        match self.peek().clone() {
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
