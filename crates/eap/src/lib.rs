//! An EAP peer (RFC 3748) without I/O: the part of a login that a laptop plays, for whoever wants to
//! know how a server does it. EAP-TLS, PEAPv0 and TTLSv0, over TLS 1.0 to 1.3, with every fact on the
//! way and a typed reason when it fails.
//!
//! Read [`Peer`] first. It gets the server's requests as bytes and gives responses; RADIUS, sockets,
//! retransmission and clocks belong to its caller:
//!
//! ```
//! use eap::{Config, Credentials, InnerEap, Method, Password, Peer, Step, Tls, TlsConfig};
//!
//! let tls = Tls::new(&TlsConfig::default())?;
//! let mut config = Config::new("anonymous@example.org", Method::Peap(InnerEap::Mschapv2), tls);
//! config.credentials = Some(Credentials {
//!     identity: "user@example.org".to_owned(),
//!     password: Password::new("secret"),
//! });
//! let mut peer = Peer::new(config);
//! assert_eq!(&peer.start()[5..], b"anonymous@example.org");
//! // the server wants MD5, the peer PEAP
//! let Step::Respond(answer) = peer.handle(&[1, 1, 0, 7, 4, 1, 0], 1_700_000_000) else { panic!() };
//! assert_eq!(answer, [2, 1, 0, 6, 3, 25]);
//! // the server refuses that
//! let Step::Done(outcome) = peer.handle(&[4, 1, 0, 4], 1_700_000_000) else { panic!() };
//! let eap::End::Failure(failure) = outcome.end else { panic!() };
//! assert_eq!(failure.to_string(), "method negotiation: the server offers MD5-Challenge, and not PEAP");
//! # Ok::<(), eap::TlsConfigError>(())
//! ```
//!
//! Left out: PEAPv1 and later, crypto-binding of PEAPv0, which servers may want and hardly do,
//! TTLSv1, FAST, TEAP, EAP-PWD, CRLs and OCSP.
//!
//! OpenSSL is what makes old servers describable at all, keeps sessions, and exports keys; it is the
//! system's library and works in memory only.

mod certificates;
mod config;
mod facts;
mod failure;
mod fragments;
mod inner;
pub mod packet;
mod peap;
mod peer;
mod refusal;
mod tls;
mod told;
mod ttls;
mod tunnel;

#[doc(hidden)]
pub mod fuzzing;

pub use config::{Config, Credentials, FRAGMENT_SIZE, InnerEap, Method, Password, TtlsInner, Until};
pub use facts::{End, Facts, Msk, Outcome, TlsFacts};
pub use failure::{Cause, Doubt, DoubtKind, Failure, Phase, Sender, Violation, alert_name};
pub use fragments::MAX_MESSAGE;
pub use packet::EapType;
pub use peer::{MAX_ROUNDS, Peer, Step};
pub use refusal::Refusal;
pub use tls::{ClientIdentity, Session, Tls, TlsConfig, TlsConfigError, Version};
