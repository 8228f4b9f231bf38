//! Dialling, the same for every check that speaks TCP: address family, source address, and a SOCKS5 or
//! HTTP proxy that resolves the names; then TLS, asked for by STARTTLS or from the first byte.
//!
//! Read [`DialOptions`] first: the options a check opts into, and the one way to a connection.
//! [`TlsServer`] goes on from there to a handshake, [`Conversation`] talks in turns. [`Udp`] is for the
//! few that speak by datagrams.
//!
//! Invariant: with a proxy set, nothing is resolved here and no packet goes to the target directly.

mod conversation;
mod dial;
#[doc(hidden)]
pub mod fuzzing;
mod proxy;
mod server;
pub mod smtp;
mod starttls;
mod stream;
pub mod tls;
mod tunnel;
mod udp;
pub mod xmpp;

pub use conversation::{Conversation, MAX_ANSWER, Progress, TalkError, excerpt, line};
pub use dial::{DialOptions, Error, Family, HostOptions};
pub use proxy::{Kind as ProxyKind, ParseProxyError, Proxy};
pub use server::TlsServer;
pub use starttls::{Starttls, StarttlsError};
pub use stream::{Overheard, Stream};
pub use udp::Udp;
