//! The Nagios plugin convention, pure: no I/O, no clock, no arguments.
//!
//! A check ends in a [`Report`]: one [`State`], one line of text, details by verbosity and
//! [`Perfdata`]. [`Range`] and [`Thresholds`] turn measured values into states. [`PluginOutput`]
//! goes the other way: it reads what any plugin printed, as Nagios reads it. [`Examined`] is what a check
//! makes of its arguments, and [`is_secret_name`] knows which of them are secrets.
//!
//! Left out on purpose: exit, printing and command lines (crate `check`), running plugins (`jobs`).
//!
//! Sources: the Monitoring Plugins development guidelines, and what Nagios 4 and Icinga 2 really
//! parse where the two differ.

mod examined;
mod output;
mod perfdata;
mod range;
mod report;
mod secret;
mod state;

pub use examined::{Doubt, Examined};
pub use output::PluginOutput;
pub use perfdata::{Perfdata, Uom};
pub use range::{Range, RangeError, Thresholds};
pub use report::Report;
pub use secret::{is_secret_name, is_secret_value, secret_letters};
pub use state::{ParseStateError, State};
