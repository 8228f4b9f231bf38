//! A RADIUS server that authenticates by EAP-TTLS (PAP, MSCHAPv2) and PEAPv0 (MSCHAPv2), and does
//! wrong on demand what no real server does any more, or never did.
//!
//! It is written apart from `crates/radius` and `crates/eap`, and shown to be right by eapol_test, so that
//! what it says of them is a second opinion. Begin with [`RadiusMock`].

mod conversation;
mod fault;
mod inner;
mod mschap;
mod seen;
mod server;
mod settings;
mod tls;
mod wire;

pub use fault::{Cui, Fault, Malformed, MalformedEap, On, Phase, Resumption};
pub use openssl::ssl::SslVersion;
pub use seen::Seen;
pub use server::RunningRadius;
pub use settings::RadiusMock;

#[cfg(test)]
mod eapol;
