//! The Nagios plugin convention, pure: no I/O, no clock, no arguments.
//!
//! A check ends in a [`Report`]: one [`State`], one line of text, details by verbosity and
//! [`Perfdata`]. [`Range`] and [`Thresholds`] turn measured values into states. [`PluginOutput`]
//! goes the other way: it reads what any plugin printed, as Nagios reads it.
//!
//! Left out on purpose: exit, printing and command lines (crate `check`), running plugins (`jobs`).
//!
//! Sources: the Monitoring Plugins development guidelines, and what Nagios 4 and Icinga 2 really
//! parse where the two differ.

mod output;
mod perfdata;
mod range;
mod report;
mod state;

pub use output::PluginOutput;
pub use perfdata::{Perfdata, Uom};
pub use range::{Range, RangeError, Thresholds};
pub use report::Report;
pub use state::{ParseStateError, State};
