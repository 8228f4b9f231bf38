//! For tests only: run a built check both ways, start real servers as children that die with the
//! test, make certificates that nobody trusts.
//!
//! Read [`CheckCmd`] first.

mod ca;
mod check_cmd;
pub mod radius;
mod script;
mod server;
mod systemd;

pub use ca::{Authority, Identity};
pub use check_cmd::{CheckCmd, CheckRun, program};
pub use script::{Script, scripted};
pub use server::{Server, free_port, wait_for_port, wait_until};
pub use systemd::Systemd;
