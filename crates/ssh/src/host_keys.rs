//! Which key a host must have.

use crate::session::HostKey;
use crate::{Answer, Fingerprint, KnownHosts};

/// What a host key is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostKeys {
    /// One of these.
    Pinned(Vec<Fingerprint>),
    /// One of a file's.
    Known(KnownHosts),
    /// Anything: asked for by the administrator.
    Any,
}

impl HostKeys {
    /// The types of key to ask for first, so that a host with several shows the one that we know.
    pub(crate) fn types(&self) -> Vec<&str> {
        match self {
            HostKeys::Known(known) => known.types().collect(),
            HostKeys::Pinned(_) | HostKeys::Any => Vec::new(),
        }
    }

    /// What is wrong with a host's key, if anything is.
    pub(crate) fn objection(&self, key: &HostKey) -> Option<String> {
        match self {
            HostKeys::Any => None,
            HostKeys::Pinned(pins) if pins.contains(&key.fingerprint) => None,
            HostKeys::Pinned(pins) => Some(format!("the host key is {key}, expected {}", listed(pins))),
            HostKeys::Known(known) => {
                let file = known.file().display();
                match known.ask(&key.blob) {
                    Answer::Known => None,
                    Answer::Revoked => Some(format!("the host key is {key}, which {file} says is revoked")),
                    Answer::Others(others) => {
                        Some(format!("the host key is {key}, {file} has {}", listed(&others)))
                    }
                }
            }
        }
    }

    /// Could another key of the same host be the right one?
    pub(crate) fn may_be_another(&self) -> bool {
        matches!(self, HostKeys::Pinned(_))
    }
}

fn listed(fingerprints: &[Fingerprint]) -> String {
    fingerprints.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}
