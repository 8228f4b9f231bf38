//! SSH as checks need it: what a server says of itself before anybody logs in, which host key it
//! has, logging in, and running a command.
//!
//! Read [`look`] first: version and algorithms, in async Rust of our own. Everything behind the key
//! exchange is libssh2's, which blocks: [`Session`] lives on a thread made by [`apart`], and every
//! call has the check's deadline.
//!
//! Left out: agents, certificates of hosts and users, host-based authentication, forwarding.
//!
//! Invariant: nothing secret is sent to a server whose host key was not pinned or known, unless the
//! administrator said that it does not matter.

mod algorithms;
mod apart;
mod command;
mod fingerprint;
mod host_keys;
mod introduction;
mod known_hosts;
mod look;
mod options;
mod session;
mod wire;

pub use algorithms::{Algorithms, Kind, Rule};
pub use apart::{Apart, apart, left};
pub use command::{Ran, has_shell, run};
pub use fingerprint::Fingerprint;
pub use host_keys::HostKeys;
pub use known_hosts::{Answer, KnownHosts};
pub use look::{Hello, look};
pub use options::{Account, LoginOptions};
pub use session::{HostKey, Login, Session, Target, clean};
pub use wire::{Malformed, Message, Version, message, version};
