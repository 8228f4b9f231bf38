//! TLS for checks: what a server shows is data to judge, not a reason to give up.
//!
//! Read [`handshake`] first: it completes with any certificate and gives a [`Peer`]. Whether to
//! trust it is asked of [`Anchors`], which are read only then. What the library cannot talk to is
//! described by a [`probe`].
//!
//! Left out: OCSP: no authority of today answers it.

mod certificate;
mod client;
mod credentials;
mod days;
mod options;
mod probe;
mod roots;
mod trust;
mod version;

pub use certificate::{Certificate, Key, Unreadable, Validity, to_the_second};
pub use client::{Peer, TlsError, alert, attempt, handshake, handshake_as};
pub use credentials::{CredentialOptions, Credentials};
pub use days::{Days, expiry, least_days};
pub use options::TlsOptions;
pub(crate) use probe::understands;
pub use probe::{Offer, probe};
pub use trust::{Anchors, Doubt};
pub use version::Version;
