//! Why there is no reply.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use check::CheckError;

use crate::draft::EncodeError;
use crate::packet::{Code, DecodeError};
use crate::proof::Distrust;

/// Why a request has no reply that can be believed. Every message names the server.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing came in time.
    #[error("{server}: no answer within {seconds} seconds to {}", times(*transmissions))]
    Silent {
        /// Who was asked.
        server: String,
        /// How long it was waited.
        seconds: f64,
        /// How often the request was sent.
        transmissions: u32,
    },
    /// The machine is there, but nothing listens at the port (ICMP port unreachable).
    #[error("{server}: nothing listens there (the port is closed)")]
    Closed {
        /// Who was asked.
        server: String,
    },
    /// What came was made with another secret.
    #[error("{server}: {what} came, but {distrust}: the shared secret is not the server's")]
    WrongSecret {
        /// Who was asked.
        server: String,
        /// What it says it is.
        what: Code,
        /// What is wrong with it.
        distrust: Distrust,
    },
    /// A reply that must carry a Message-Authenticator does not.
    #[error(
        "{server}: {what} without Message-Authenticator, which anybody on the way can forge (Blast-RADIUS, CVE-2024-3596)"
    )]
    Unauthenticated {
        /// Who was asked.
        server: String,
        /// What came.
        what: Code,
    },
    /// What came is no reply, and nothing better did.
    #[error("{server}: what it sent is no reply: {why}")]
    Garbage {
        /// Who was asked.
        server: String,
        /// What is wrong with it.
        why: Unfit,
    },
    /// The connection or the socket broke.
    #[error("{server}: {why}")]
    Broken {
        /// Who was asked.
        server: String,
        /// What the system, or the TLS library, said.
        why: String,
    },
    /// Too many requests are in flight already.
    #[error("{server}: no identifier was free within {seconds} seconds, {most} requests are in flight")]
    Busy {
        /// Who was to be asked.
        server: String,
        /// How long it was waited.
        seconds: f64,
        /// The limit.
        most: usize,
    },
    /// The request cannot be built.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

/// A packet that came and was of no use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It is no packet.
    Malformed(DecodeError),
    /// It is not to be believed.
    Distrusted(Code, Distrust),
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::Malformed(error) => fmt::Display::fmt(error, f),
            Unfit::Distrusted(_, distrust) => fmt::Display::fmt(distrust, f),
        }
    }
}

impl Error {
    /// What became of a request that only unfit packets answered.
    pub(crate) fn of_unfit(server: String, unfit: Unfit) -> Error {
        match unfit {
            Unfit::Distrusted(
                what,
                distrust @ (Distrust::ResponseAuthenticator | Distrust::MessageAuthenticator),
            ) => Error::WrongSecret { server, what, distrust },
            why => Error::Garbage { server, why },
        }
    }

    /// A socket's error; a refusal is told apart.
    pub(crate) fn of_io(server: String, error: &io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Error::Closed { server },
            _ => Error::Broken { server, why: error.to_string() },
        }
    }
}

impl From<Error> for CheckError {
    fn from(error: Error) -> CheckError {
        match error {
            Error::Silent { .. } => CheckError::timeout(error),
            Error::Encode(_) => CheckError::usage(error),
            Error::Busy { .. } => CheckError::internal(error),
            _ => CheckError::target(error),
        }
    }
}

fn times(transmissions: u32) -> String {
    match transmissions {
        1 => "one request".to_owned(),
        more => format!("a request sent {more} times"),
    }
}

/// `127.0.0.1:1812`, `[::1]:1812`.
pub(crate) fn place(server: SocketAddr) -> String {
    server.to_string()
}
