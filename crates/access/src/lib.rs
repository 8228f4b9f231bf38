//! One login as an access point and its user make it: EAP over RADIUS, by UDP or RadSec.
//!
//! [`login`] makes it and gives a [`Trace`]: the verdict, what EAP and TLS have shown, times by phase.
//! [`options`] are what the checks of EAP have in common on their command lines. The [`Mac`] of a test is
//! one of the monitor's own.
//!
//! Left out: accounting, roaming between access points, and everything that a peer decides: see `eap`.

mod login;
mod mac;
mod nas;
pub mod options;
mod trace;

pub use login::login;
pub use mac::{MAX_ROWS, Mac, Purpose};
pub use nas::Nas;
pub use trace::{Accept, Keys, Times, Trace, Verdict};
