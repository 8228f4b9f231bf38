//! x
mod problem;
mod source;
mod lexer;
mod directives;
mod model;
mod values;
mod inherit;
