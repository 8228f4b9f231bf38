//! Objects, templates, rules, constants, includes, and the assignments in them.

use std::rc::Rc;

use super::expressions::MAX_HEIGHT;
use super::{Failed, Parsed, Parser};
use crate::ast::{
    Assignment, Binary, Body, Definition, Each, Expr, ExprKind, Include, Included, Item, Rule, Statement,
};
use crate::lexer::Kind;
use crate::problem::{Location, Problem};
use crate::value::Value;

impl Parser {
    pub(super) fn file(&mut self) -> Vec<Item> {
        let mut items = Vec::new();
        self.skip_newlines();
        while !matches!(self.peek(), Kind::End) {
            let start = self.next;
            if let Ok(item) = self.item() {
                items.extend(item);
                if self.ends_statement() || matches!(self.peek(), Kind::End) {
                    continue;
                }
                self.unexpected("the end of the line");
            }
            self.skip_statement(start);
            self.ends_statement();
        }
        items
    }

    fn item(&mut self) -> Parsed<Option<Item>> {
        let at = self.at();
        let Kind::Word(word) = self.peek().clone() else {
            self.unexpected("`object`, `template`, `apply`, `const` or `include`");
            return Err(Failed);
        };
        if &*word == "globals" && matches!(self.peek_second(), Kind::Sign(".")) {
            self.next += 2;
            return Ok(Some(Item::Constant { is_fixed: false, assignment: self.assignment()? }));
        }
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
            "const" => {
                self.advance();
                let assignment = self.assignment()?;
                if assignment.with.is_some() || !assignment.fields.is_empty() {
                    let problem = Problem::error(at, "`const` takes `NAME = value`");
                    self.problems.push(problem.hint("take `const` out if it changes what is there"));
                    return Err(Failed);
                }
                Ok(Some(Item::Constant { is_fixed: true, assignment }))
            }
            _ => Ok(Some(Item::Constant { is_fixed: false, assignment: self.assignment()? })),
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
                    let Kind::Text(text) = self.peek().clone() else {
                        self.unexpected("a pattern in quotes");
                        return Err(Failed);
                    };
                    pattern = text.to_string();
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
                Kind::Word(word) if &**word == "default" && is_template => is_default = true,
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
        if self.takes_word("for") {
            each = Some(self.each()?);
        }
        if self.takes_word("to") {
            let at = self.at();
            to = Some((at, self.name("`Host` or `Service`")?));
        }
        self.takes_word("ignore_on_error");
        if matches!(self.peek(), Kind::Word(word) if &**word == "use") {
            let problem = Problem::error(self.at(), "`use` is not read: there are no local variables");
            self.problems.push(problem.hint("write `const NAME = value` outside of all objects"));
            return Err(Failed);
        }
        let body = Rc::new(self.body()?);
        Ok(Rule { at, of, name, to, each, body })
    }

    fn each(&mut self) -> Parsed<Each> {
        self.expect("(")?;
        let first = self.name("a name")?;
        let (key, value) = if self.takes("=>") { (Some(first), self.name("a name")?) } else { (None, first) };
        if !self.takes_word("in") {
            self.unexpected("`in`");
            return Err(Failed);
        }
        let container = self.expression()?;
        self.expect(")")?;
        Ok(Each { key, value, container })
    }

    fn body(&mut self) -> Parsed<Body> {
        let open = self.at();
        self.expect("{")?;
        let mut body = Body::default();
        self.skip_newlines();
        while !self.takes("}") {
            if matches!(self.peek(), Kind::End) {
                let problem = Problem::error(open, "this `{` is never closed");
                self.problems.push(problem.hint("write `}` at its end"));
                return Err(Failed);
            }
            let start = self.next;
            let read = self.in_body(&mut body);
            if read.is_ok() && (self.ends_statement() || matches!(self.peek(), Kind::Sign("}"))) {
                continue;
            }
            if read.is_ok() {
                self.unexpected("the end of the line");
            }
            self.skip_statement(start);
            self.ends_statement();
        }
        Ok(body)
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
        if matches!(self.peek(), Kind::Text(_)) {
            self.unexpected("an attribute");
            return Err(Failed);
        }
        body.statements.push(Statement::Assign(self.assignment()?));
        Ok(())
    }

    pub(super) fn assignment(&mut self) -> Parsed<Assignment> {
        let at = self.at();
        let name = if let Kind::Text(name) = self.peek().clone() {
            self.advance();
            name
        } else {
            self.name("an attribute")?
        };
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
        let operators = [
            ("=", None),
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
        let value = self.expression()?;
        Ok(Assignment { at, name, fields, with, value })
    }
}
