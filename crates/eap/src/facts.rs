//! What a login has shown.

use std::fmt;

use crate::failure::{Doubt, Failure, Phase};
use crate::packet::EapType;
use crate::tls::{Session, Version};

/// The master session key of a login: 64 octets, of which the access point gets both halves. Does
/// not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Msk(pub(crate) [u8; 64]);

impl Msk {
    /// What the server must give the access point as MS-MPPE-Recv-Key.
    pub fn recv_key(&self) -> &[u8] {
        &self.0[..32]
    }

    /// What it must give as MS-MPPE-Send-Key.
    pub fn send_key(&self) -> &[u8] {
        &self.0[32..]
    }
}

impl fmt::Debug for Msk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Msk(…)")
    }
}

/// How a login ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Accepted, stopped where it was told to, or failed.
    pub end: End,
    /// What was seen on the way.
    pub facts: Facts,
}

/// The three ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The server accepts, and everything that must be was done before.
    Success {
        /// The keys; None only if OpenSSL could not export them.
        msk: Option<Msk>,
    },
    /// As far as [`crate::Until`] said.
    Reached,
    /// No.
    Failure(Failure),
}

/// Everything that was seen.
#[derive(Clone, Debug)]
pub struct Facts {
    /// How far it came.
    pub phase: Phase,
    /// Requests of the server.
    pub rounds: u32,
    /// Methods that the server proposed, in order, the one that was agreed on too; at most 16.
    pub proposals: Vec<EapType>,
    /// The same inside the tunnel.
    pub inner_proposals: Vec<EapType>,
    /// What the server had to say to the user, each on one line; at most 8.
    pub messages: Vec<String>,
    /// TLS, once it was begun.
    pub tls: Option<TlsFacts>,
    /// Was an answer made with the password sent in the tunnel (also after a resumption, if the server
    /// asked for it even so)?
    pub credentials_sent: bool,
    /// Did the server prove that it knows the password (MS-CHAPv2)?
    pub server_proved: bool,
    /// A session that can be offered again.
    pub session: Option<Session>,
}

impl Default for Facts {
    fn default() -> Facts {
        Facts {
            phase: Phase::Identity,
            rounds: 0,
            proposals: Vec::new(),
            inner_proposals: Vec::new(),
            messages: Vec::new(),
            tls: None,
            credentials_sent: false,
            server_proved: false,
            session: None,
        }
    }
}

impl Facts {
    /// Methods that the server proposed and that would show a password to strangers.
    pub fn unsafe_proposals(&self) -> Vec<EapType> {
        self.proposals.iter().copied().filter(|kind| kind.is_unsafe_outside()).collect()
    }
}

/// What TLS has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFacts {
    /// The version spoken, once the server has chosen.
    pub version: Option<Version>,
    /// The cipher suite by its standard name, once the server has chosen.
    pub cipher: Option<String>,
    /// Was a session offered?
    pub offered: bool,
    /// Did the server resume it?
    pub resumed: bool,
    /// Was the handshake completed by this side?
    pub finished: bool,
    /// The server's certificates, DER, as it sent them: its own first. Those of the first login when
    /// the session was resumed.
    pub chain: Vec<Vec<u8>>,
    /// What is wrong with them; also when nobody asked.
    pub doubts: Vec<Doubt>,
    /// Is the certificate acceptable? None if anybody was to be trusted.
    pub trusted: Option<bool>,
}
