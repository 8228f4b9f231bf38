//! Dialling, the same for every check that speaks TCP: address family, source address, and SOCKS5
//! with names resolved by the proxy.
//!
//! Read [`DialOptions`] first: the options a check opts into, and the one way to a connection.
//!
//! Invariant: with a proxy set, nothing is resolved here and no packet goes to the target directly.
//!
//! Left out: TLS, which the first check that needs it brings.

mod dial;
mod proxy;

pub use dial::{DialOptions, Error, Family};
pub use proxy::{ParseProxyError, Proxy};
