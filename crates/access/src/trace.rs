//! What a login has shown, EAP and RADIUS together.

use std::fmt;
use std::time::Duration;

use eap::{Facts, Failure, Msk, Phase};
use radius::{Code, MppeKeys};

/// One login, ended.
#[derive(Debug)]
pub struct Trace {
    /// How it ended.
    pub verdict: Verdict,
    /// What EAP and TLS have shown.
    pub facts: Facts,
    /// Time that the server took in each phase, waiting and retransmissions included.
    pub times: Times,
    /// From the first request to the end.
    pub total: Duration,
    /// Requests that were answered.
    pub round_trips: u32,
    /// Requests that were sent again.
    pub retransmissions: u32,
    /// Of the last Access-Accept.
    pub accept: Option<Accept>,
    /// Replies without Message-Authenticator that were taken all the same (Access-Reject only, as
    /// long as the client requires one).
    pub unsigned: u32,
    /// Octets of the largest request and reply, with RADIUS header.
    pub largest: (usize, usize),
    /// One line a round trip: `Access-Request 142 octets (identity) -> Access-Challenge 60 octets`.
    pub exchanges: Vec<String>,
}

impl Trace {
    /// Has the server sent an Access-Accept, whatever is to be thought of it?
    pub fn server_accepts(&self) -> bool {
        self.accept.is_some()
    }
}

/// How a login ended.
#[derive(Debug)]
pub enum Verdict {
    /// The server accepts, EAP agrees; the keys are another matter.
    Accepted(Keys),
    /// As far as it should go ([`eap::Until`]).
    Reached,
    /// Access-Reject.
    Rejected(Failure),
    /// The login broke: the peer does not want to go on, or the server may not do what it did.
    Broken(Failure),
    /// The server accepts or challenges without EAP.
    WithoutEap {
        /// When.
        phase: Phase,
        /// What came.
        code: Code,
    },
    /// RADIUS itself failed: no answer, closed port, wrong secret.
    Radius {
        /// When.
        phase: Phase,
        /// Why.
        error: radius::Error,
    },
}

impl Verdict {
    /// Nothing came in time.
    pub fn is_silence(&self) -> bool {
        matches!(self, Verdict::Radius { error: radius::Error::Silent { .. }, .. })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Accepted(Keys::Match | Keys::NotCompared) => f.write_str("accepted"),
            Verdict::Accepted(keys) => write!(f, "accepted, but {keys}"),
            Verdict::Reached => f.write_str("stopped as asked"),
            Verdict::Rejected(failure) => write!(f, "rejected at {failure}"),
            Verdict::Broken(failure) => write!(f, "failed at {failure}"),
            Verdict::WithoutEap { phase, code } => write!(f, "failed at {phase}: {code} without EAP-Message"),
            Verdict::Radius { phase, error } => write!(f, "failed at {phase}: {error}"),
        }
    }
}

/// Do the keys of the user and of the access point agree? If not, the network does not work although
/// the server accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// Both halves are the same.
    Match,
    /// They are not.
    Differ,
    /// The Access-Accept has none, or none that can be decrypted.
    Absent,
    /// Nobody asked.
    NotCompared,
}

impl Keys {
    pub(crate) fn compare(msk: Option<&Msk>, accepted: &MppeKeys) -> Keys {
        match (msk, &accepted.recv, &accepted.send) {
            (Some(msk), Some(recv), Some(send)) => {
                let same = recv == msk.recv_key() && send == msk.send_key();
                if same { Keys::Match } else { Keys::Differ }
            }
            (_, None, _) | (_, _, None) => Keys::Absent,
            (None, ..) => Keys::Differ,
        }
    }
}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Keys::Match => "the keys match",
            Keys::Differ => "the keys differ: the network will not work",
            Keys::Absent => "the Access-Accept carries no keys: the network will not work",
            Keys::NotCompared => "the keys are not compared",
        })
    }
}

/// What an Access-Accept carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accept {
    /// Chargeable-User-Identity, as it came.
    pub cui: Option<Vec<u8>>,
    /// User-Name that the access point shall account.
    pub user_name: Option<String>,
    /// Octets of it.
    pub octets: usize,
    /// Names of its attributes, in their order, at most 64.
    pub attributes: Vec<String>,
}

/// Time in each phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times([Duration; Phase::ALL.len()]);

impl Times {
    pub(crate) fn add(&mut self, phase: Phase, time: Duration) {
        if let Some(sum) = self.0.get_mut(phase as usize) {
            *sum += time;
        }
    }

    /// Of one phase.
    pub fn of(&self, phase: Phase) -> Duration {
        self.0.get(phase as usize).copied().unwrap_or_default()
    }

    /// Phases that took time, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (Phase, Duration)> {
        Phase::ALL.into_iter().map(|phase| (phase, self.of(phase))).filter(|(_, time)| !time.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_add_up_by_phase() {
        let mut times = Times::default();
        times.add(Phase::Inner, Duration::from_millis(2));
        times.add(Phase::Identity, Duration::from_millis(1));
        times.add(Phase::Inner, Duration::from_millis(3));
        let all: Vec<(Phase, u128)> = times.iter().map(|(phase, time)| (phase, time.as_millis())).collect();
        assert_eq!(all, [(Phase::Identity, 1), (Phase::Inner, 5)]);
    }

    #[test]
    fn keys_without_a_half_are_absent() {
        let half = MppeKeys { send: Some(vec![0; 32]), recv: None };
        assert_eq!(Keys::compare(None, &half), Keys::Absent);
        let both = MppeKeys { send: Some(vec![0; 32]), recv: Some(vec![0; 32]) };
        assert_eq!(Keys::compare(None, &both), Keys::Differ);
    }
}
