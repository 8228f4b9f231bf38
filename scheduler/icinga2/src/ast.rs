//! What is written, as a tree.

use std::rc::Rc;

use crate::problem::Location;
use crate::value::Value;

/// An expression.
#[derive(Debug)]
pub(crate) struct Expr {
    pub at: Location,
    pub kind: ExprKind,
    /// How many expressions are inside of each other here, so that nothing recurses too far.
    pub height: u16,
}

#[derive(Debug)]
pub(crate) enum ExprKind {
    Literal(Value),
    Variable(Rc<str>),
    Field(Box<Expr>, Box<Expr>),
    Call(Box<Expr>, Vec<Expr>),
    Array(Vec<Expr>),
    /// Assignments between braces.
    Dictionary(Vec<Assignment>),
    Unary(Unary, Box<Expr>),
    Binary(Binary, Box<Expr>, Box<Expr>),
    Ternary(Box<[Expr; 3]>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unary {
    Not,
    Minus,
    Plus,
    Complement,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binary {
    Or,
    And,
    In,
    NotIn,
    Equal,
    NotEqual,
    Less,
    Greater,
    LessEqual,
    GreaterEqual,
    BitOr,
    BitXor,
    BitAnd,
    ShiftLeft,
    ShiftRight,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// A statement in a body.
#[derive(Debug)]
pub(crate) enum Statement {
    /// `vars.a["b"] += value`
    Assign(Assignment),
    /// `import "template"`
    Import(Expr),
}

#[derive(Debug)]
pub(crate) struct Assignment {
    pub at: Location,
    pub name: Rc<str>,
    pub fields: Vec<Expr>,
    /// `+=` is `Some(Binary::Add)`.
    pub with: Option<Binary>,
    pub value: Expr,
}

/// What stands between the braces of an object, template or rule.
#[derive(Debug, Default)]
pub(crate) struct Body {
    pub statements: Vec<Statement>,
    pub assign: Vec<Expr>,
    pub ignore: Vec<Expr>,
}

/// What stands outside of all braces.
#[derive(Debug)]
pub(crate) enum Item {
    /// `const NAME = value`; without `const` it may change later.
    Constant { is_fixed: bool, assignment: Assignment },
    /// `object TYPE NAME { … }` or `template TYPE NAME { … }`
    Object(Definition),
    /// `apply TYPE NAME for (…) to TYPE { … }`
    Apply(Rule),
    /// `include "…"`
    Include(Include),
}

#[derive(Debug)]
pub(crate) struct Definition {
    pub at: Location,
    /// The type's name.
    pub of: Rc<str>,
    pub name: Option<Expr>,
    pub is_template: bool,
    /// `default`: a template that all objects of its type import.
    pub is_default: bool,
    pub body: Rc<Body>,
}

#[derive(Debug)]
pub(crate) struct Rule {
    pub at: Location,
    pub of: Rc<str>,
    pub name: Option<Expr>,
    pub to: Option<(Location, Rc<str>)>,
    pub each: Option<Each>,
    pub body: Rc<Body>,
}

/// `for (key => value in container)`; with one variable it is `value`.
#[derive(Debug)]
pub(crate) struct Each {
    pub key: Option<Rc<str>>,
    pub value: Rc<str>,
    pub container: Expr,
}

/// A file or folder to be read at this place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Include {
    /// Where it stands.
    pub at: Location,
    /// What is included.
    pub what: Included,
}

/// What is included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Included {
    /// A file, or several by a pattern in the last part of the path.
    Path(String),
    /// A folder with its folders, and the pattern of the files: `*.conf`.
    Folder(String, String),
    /// `<itl>` and the like.
    Library(String),
}
