//! Object definitions to a typed, cross-checked object graph; hlidka.yaml.
//!
//! [`load`] is the way in; what it gives is a [`Configuration`] with the engine's [`engine::Graph`]
//! in it, or every [`Problem`] with its file, line and way out. The steps, each a module: `files`
//! (all I/O), `federation` (definitions made of lists), `source` (logical lines), `lexer`, `model` (definitions
//! with known directives), `inherit` (templates), `resolve` (names to ids). Files of Icinga 2 come in beside `model`:
//! `icinga` lowers what the crate `icinga2` evaluates to definitions of the same kind.
//!
//! [`expand`] turns a command line with macros into something to run; [`CheckMacros`],
//! [`NotificationMacros`] and [`HandlerMacros`] say what macros stand for.
//!
//! [`print`] is the way back: resolved objects as blocks of directives, for people and for Nagios.
//! [`diff`] says what one configuration does otherwise than another.

mod arguments;
mod basis;
mod command;
mod concern;
#[cfg(test)]
mod conformance;
pub mod diff;
mod directives;
mod doubts;
mod federation;
mod files;
mod globals;
mod icinga;
mod inherit;
mod lexer;
mod load;
mod macros;
mod main_file;
mod mask;
mod model;
mod options;
mod plan;
pub mod print;
mod problem;
mod provenance;
mod resolve;
mod resources;
mod source;
mod trust;
mod values;

pub use arguments::{CommandLines, OwnCheck};
pub use command::{CommandLine, MacroValue, expand};
pub use concern::Concern;
pub use globals::Globals;
pub use load::{
    Configuration, load, load_exported, load_federation, load_icinga, load_text, load_traced,
    load_traced_text, options,
};
pub use macros::{CheckMacros, HandlerMacros, NotificationMacros, PROXY_CHECKS, States, documentation};
pub use main_file::DateFormat;
pub use nagios::{Doubt, Examined};
pub use options::{Mail, MaxLoss, Notify, ObjectPaths, Options, Reload, Timeouts, Workers};
pub use plan::{Plan, PlanLimits, ServersGroup, ServicePattern};
pub use problem::{Problem, Severity};
pub use provenance::Provenance;
pub use resolve::{ContactDetails, ContactGroup, Details, GroupDetails, Kept, glob};
pub use resources::UserMacros;
pub use trust::{Foreigners, LastGood, Trust};
