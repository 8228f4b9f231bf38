//! What a check is.
//!
//! A check is a clap struct that implements [`Check`]: `Args` → `measure` (all I/O) → `judge`
//! (pure) → [`Report`]. This crate does the rest, once and for all: the options every check has
//! (`-h -V -v -t --extra-opts`), errors to states, the deadline, panics, printing and the exit
//! code. The same [`CheckDef`] runs as a program ([`main`]) and inside a worker
//! ([`CheckDef::parse`], [`Invocation::run`]), with the same text and code.
//!
//! Read [`Check`] first, then a small check such as `check_dummy`.
//!
//! Invariant: only this crate prints, exits, reads the command line or installs a timeout.

mod attached;
mod context;
mod definition;
mod error;
mod examine;
mod extra_opts;
mod glob;
mod invocation;
pub mod options;
mod program;
mod secret;
pub mod size;
mod span;
mod together;

pub use context::Ctx;
pub use definition::{Check, CheckDef, Definition, Isolation};
pub use error::CheckError;
pub use examine::{Judged, Limit};
pub use glob::glob;
pub use invocation::{Invocation, Output};
pub use nagios::{
    Doubt, Examined, Perfdata, Range, Report, State, Thresholds, Uom, is_secret_name, is_secret_value,
    secret_letters,
};
pub use program::{main, run};
pub use secret::{Secret, without_account};
pub use span::span;
pub use together::together;
