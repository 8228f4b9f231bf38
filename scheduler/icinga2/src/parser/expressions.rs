//! Expressions: operators by how much they bind, calls, fields, arrays and dictionaries.

use super::{Failed, Parsed, Parser};
use crate::ast::{Binary, Expr, ExprKind, Unary};
use crate::lexer::Kind;
use crate::problem::{Location, Problem};
use crate::value::Value;

/// Expressions may be inside of each other so far.
pub(super) const MAX_HEIGHT: u16 = 120;

/// How much `==` and `<` bind.
const COMPARISONS: [u8; 2] = [6, 8];

impl Parser {
    pub(super) fn expression(&mut self) -> Parsed<Expr> {
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
        let yes = self.expression()?;
        self.expect(":")?;
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
            let right = self.binary(binding + 1)?;
            let heights = [left.height, right.height];
            left = self.node(at, ExprKind::Binary(operator, Box::new(left), Box::new(right)), heights)?;
            if COMPARISONS.contains(&binding) && self.operator().is_some_and(|(_, next, _)| next == binding) {
                let problem = Problem::error(self.at(), "comparisons stand in no row");
                self.problems.push(problem.hint("write `&&` between them, or parentheses"));
                return Err(Failed);
            }
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
                    let name = self.name("a value")?;
                    return Ok(Expr { at, kind: ExprKind::Variable(name), height: 1 });
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
        self.skip_newlines();
        while !self.takes(end) {
            items.push(self.expression()?);
            let is_followed = self.takes(",");
            self.skip_newlines();
            if !is_followed && !matches!(self.peek(), Kind::Sign(sign) if *sign == end) {
                self.unexpected(&format!("`,` or `{end}`"));
                return Err(Failed);
            }
        }
        Ok(items)
    }

    fn dictionary(&mut self, at: Location) -> Parsed<Expr> {
        self.expect("{")?;
        let mut statements = Vec::new();
        let mut highest = 0;
        self.skip_newlines();
        while !self.takes("}") {
            if let Kind::Word(word) = self.peek().clone() {
                self.refuse_program(&word)?;
            }
            let assignment = self.assignment()?;
            highest = highest.max(assignment.value.height);
            statements.push(assignment);
            if !self.ends_statement() && !matches!(self.peek(), Kind::Sign("}")) {
                self.unexpected("the end of the line, `,` or `}`");
                return Err(Failed);
            }
        }
        self.node(at, ExprKind::Dictionary(statements), [highest])
    }

    fn node<const N: usize>(&mut self, at: Location, kind: ExprKind, heights: [u16; N]) -> Parsed<Expr> {
        let height = heights.into_iter().max().unwrap_or(0) + 1;
        if height > MAX_HEIGHT {
            return self.too_deep();
        }
        Ok(Expr { at, kind, height })
    }

    pub(super) fn too_deep<T>(&mut self) -> Parsed<T> {
        let message = format!("more than {MAX_HEIGHT} expressions are inside of each other");
        let problem = Problem::error(self.at(), message);
        self.problems.push(problem.hint("write `x in [ … ]` for a long row of `||`, or several rules"));
        Err(Failed)
    }
}
