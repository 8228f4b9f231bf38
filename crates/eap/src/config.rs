//! What a login is made with.

use std::fmt;

use crate::tls::{Session, Tls};

/// A password that does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Keeps it.
    pub fn new(text: impl Into<String>) -> Password {
        Password(text.into())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Who logs in, inside the tunnel.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The user's name with realm.
    pub identity: String,
    /// The user's password.
    pub password: Password,
}

/// The method to log in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A client certificate, part of [`Tls`]; no credentials.
    Tls,
    /// PEAP version 0.
    Peap(InnerEap),
    /// TTLS version 0.
    Ttls(TtlsInner),
}

/// An EAP method inside a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InnerEap {
    /// EAP-MSCHAPv2.
    Mschapv2,
    /// Generic Token Card: the password as it is.
    Gtc,
    /// MD5-Challenge; in TTLS only of use, since PEAP needs more.
    Md5,
}

/// What is inside a TTLS tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TtlsInner {
    /// The password as it is.
    Pap,
    /// CHAP with the tunnel's challenge.
    Chap,
    /// MS-CHAP, the first version.
    Mschap,
    /// MS-CHAPv2; the server proves that it knows the password too.
    Mschapv2,
    /// An EAP method.
    Eap(InnerEap),
}

impl fmt::Display for InnerEap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            InnerEap::Mschapv2 => "MSCHAPv2",
            InnerEap::Gtc => "GTC",
            InnerEap::Md5 => "MD5",
        })
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Method::Tls => f.write_str("TLS"),
            Method::Peap(inner) => write!(f, "PEAP-{inner}"),
            Method::Ttls(TtlsInner::Pap) => f.write_str("TTLS-PAP"),
            Method::Ttls(TtlsInner::Chap) => f.write_str("TTLS-CHAP"),
            Method::Ttls(TtlsInner::Mschap) => f.write_str("TTLS-MSCHAP"),
            Method::Ttls(TtlsInner::Mschapv2) => f.write_str("TTLS-MSCHAPv2"),
            Method::Ttls(TtlsInner::Eap(inner)) => write!(f, "TTLS-EAP-{inner}"),
        }
    }
}

/// How far to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// The server's last word.
    Result,
    /// The server's certificates are there, whatever is to be thought of them; no credentials needed.
    Certificate,
    /// The TLS handshake is complete on both sides; nothing was sent inside. The session can be
    /// offered to the server again.
    Tunnel,
}

/// Everything about one login.
#[derive(Clone, Debug)]
pub struct Config {
    /// What is told in the clear: `anonymous@realm`, or the user's name.
    pub outer_identity: String,
    /// How to log in.
    pub method: Method,
    /// Who logs in; None for EAP-TLS, and when it does not come to that.
    pub credentials: Option<Credentials>,
    /// Whom to trust and which TLS to speak; made once and shared by many logins.
    pub tls: Tls,
    /// Names of which the server's certificate must have one, without regard to case; empty: any
    /// will do. As clients have it (`domain_match`): DNS names of the certificate, or its common
    /// name if it has none; no wildcards.
    pub names: Vec<String>,
    /// A text that the subject, written `/C=CZ/O=Example/CN=radius.example.org`, must hold.
    pub subject: Option<String>,
    /// A session of an earlier login to offer to the server.
    pub session: Option<Session>,
    /// How far to go.
    pub until: Until,
    /// Most octets of TLS in one packet to the server, 64 to 3000.
    pub fragment_size: usize,
}

/// Octets of TLS in one packet, as wpa_supplicant has it: the server sees what devices send.
pub const FRAGMENT_SIZE: usize = 1398;

impl Config {
    /// A login with everything else as usual: all names, no session, to the result.
    pub fn new(outer_identity: impl Into<String>, method: Method, tls: Tls) -> Config {
        Config {
            outer_identity: outer_identity.into(),
            method,
            credentials: None,
            tls,
            names: Vec::new(),
            subject: None,
            session: None,
            until: Until::Result,
            fragment_size: FRAGMENT_SIZE,
        }
    }
}
