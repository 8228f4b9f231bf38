//! Where a login failed, and why.

use std::fmt;

use crate::packet::{EapType, Malformed};
use crate::refusal::Refusal;

/// How far a login has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// The outer identity is sent; nothing of a method was seen.
    Identity,
    /// Which method it shall be.
    Method,
    /// The TLS hello is sent, no answer to it was seen.
    Hello,
    /// The server's flight with its certificate arrives.
    Certificate,
    /// The certificate was seen and accepted; keys are exchanged.
    Handshake,
    /// Inside the tunnel: who the user is.
    Inner,
    /// The user was accepted inside, or needs no more proof; the server's last word is awaited.
    Result,
}

impl Phase {
    /// All of them, in order.
    pub const ALL: [Phase; 7] = [
        Phase::Identity,
        Phase::Method,
        Phase::Hello,
        Phase::Certificate,
        Phase::Handshake,
        Phase::Inner,
        Phase::Result,
    ];

    /// One word, for perfdata.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Identity => "identity",
            Phase::Method => "method",
            Phase::Hello => "hello",
            Phase::Certificate => "certificate",
            Phase::Handshake => "handshake",
            Phase::Inner => "inner",
            Phase::Result => "result",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Identity => "identity",
            Phase::Method => "method negotiation",
            Phase::Hello => "TLS hello",
            Phase::Certificate => "server certificate",
            Phase::Handshake => "TLS handshake",
            Phase::Inner => "inner authentication",
            Phase::Result => "result",
        })
    }
}

/// A login that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// How far it came.
    pub phase: Phase,
    /// What went wrong.
    pub cause: Cause,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.phase, self.cause)
    }
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The server refuses, and says no more than that.
    #[error("refused by the server")]
    Rejected,
    /// The server refuses in MS-CHAP's words; mostly a wrong password.
    #[error("refused by the server: {0}")]
    Mschap(Refusal),
    /// The server does none of the methods that it was asked for.
    #[error("the server offers {}, and not {wanted}", list(offered))]
    MethodRefused {
        /// What was asked for.
        wanted: EapType,
        /// What it proposed, in order.
        offered: Vec<EapType>,
    },
    /// Inside the tunnel the server does not do the method that it was asked for.
    #[error("inside the tunnel the server offers {}, and not {wanted}", list(offered))]
    InnerMethodRefused {
        /// What was asked for.
        wanted: EapType,
        /// What it proposed, in order.
        offered: Vec<EapType>,
    },
    /// The server's certificate is not one to show a password to.
    #[error("{}", doubts(.0))]
    Certificate(Vec<Doubt>),
    /// One of the two broke TLS off.
    #[error("{sender} TLS alert {number} ({})", alert_name(*number))]
    Alert {
        /// Who did.
        sender: Sender,
        /// What for (RFC 8446 §6 and its predecessors).
        number: u8,
    },
    /// TLS failed without an alert.
    #[error("TLS: {0}")]
    Tls(String),
    /// The server accepts, but its answer shows that it does not know the password: it is an impostor,
    /// or it took the password of somebody else.
    #[error("the server's MS-CHAPv2 response is not the one of this password")]
    WrongProof,
    /// The server wants a password and none was given.
    #[error("the server asks for credentials and none were given")]
    NoCredentials,
    /// The server does not keep to the protocol.
    #[error("{0}")]
    Violation(Violation),
}

/// Who sent an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The peer: what the server sent was not acceptable.
    Peer,
    /// The server.
    Server,
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Sender::Peer => "this side sent",
            Sender::Server => "the server sent",
        })
    }
}

/// How a server broke the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// The bytes are no EAP.
    #[error("{0}")]
    Packet(#[from] Malformed),
    /// A response instead of a request.
    #[error("the server sent an EAP response instead of a request")]
    NotRequest,
    /// Another method in the midst of one.
    #[error("the server changes the method in the midst of it")]
    MethodChanged,
    /// A packet of the method before its start.
    #[error("the server's method does not start as it should")]
    Start,
    /// Identity or start again in the midst of a login: the server does not know of it any more, or
    /// several servers behind one address do not share what they know.
    #[error("the server begins anew in the midst of the login: it has lost its state")]
    StateLost,
    /// Lengths and flags of fragments do not fit together.
    #[error("the fragments of a TLS message do not fit together")]
    Fragment,
    /// Over the limit for one TLS message.
    #[error("a TLS message is longer than {} KiB", crate::fragments::MAX_MESSAGE / 1024)]
    MessageTooLong,
    /// More requests than a login can need.
    #[error("the server asks and asks: no result after {} requests", crate::peer::MAX_ROUNDS)]
    Endless,
    /// EAP-Success before everything was done that must be.
    #[error("the server accepts before the login is complete")]
    PrematureSuccess,
    /// Attributes in the tunnel that cannot be read.
    #[error("the attributes inside the tunnel cannot be read")]
    Attributes,
    /// The inner packets make no sense.
    #[error("the packets inside the tunnel do not follow their protocol")]
    Inner,
    /// Asked again after the end.
    #[error("the login is over")]
    Over,
}

/// A doubt about the server's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// Which certificate of the chain: 0 is the server's own.
    pub depth: u32,
    /// What that certificate is called.
    pub subject: String,
    /// What is wrong with it.
    pub kind: DoubtKind,
}

/// What is wrong with a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DoubtKind {
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// Its issuer is neither sent nor among those to trust: another CA, or an intermediate is missing.
    UnknownIssuer,
    /// It is its own issuer and not among those to trust.
    SelfSigned,
    /// It has none of the names that were asked for.
    Name {
        /// Those that were asked for.
        wanted: Vec<String>,
        /// Those that it has, at most eight.
        found: Vec<String>,
    },
    /// Its subject does not hold a text that was asked for.
    Subject {
        /// The text.
        wanted: String,
    },
    /// It is not for servers, or not for signing.
    Purpose,
    /// Its key is too short.
    WeakKey,
    /// It is signed with a hash that can be forged.
    WeakSignature,
    /// The signature is wrong.
    Signature,
    /// Anything else, in OpenSSL's words.
    Other(String),
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let which = if self.depth == 0 { "certificate" } else { "CA certificate" };
        let subject = &self.subject;
        match &self.kind {
            DoubtKind::Expired => write!(f, "the {which} {subject} has expired"),
            DoubtKind::NotYetValid => write!(f, "the {which} {subject} is not valid yet"),
            DoubtKind::UnknownIssuer => write!(f, "the {which} {subject} is from an unknown CA"),
            DoubtKind::SelfSigned => write!(f, "the self-signed {which} {subject} is not trusted"),
            DoubtKind::Name { wanted, found } => write!(
                f,
                "the {which} is for {}, not for {}",
                if found.is_empty() { "no name".to_owned() } else { found.join(", ") },
                wanted.join(" or ")
            ),
            DoubtKind::Subject { wanted } => write!(f, "the {which}'s subject {subject} has no `{wanted}`"),
            DoubtKind::Purpose => write!(f, "the {which} {subject} is not for this purpose"),
            DoubtKind::WeakKey => write!(f, "the {which} {subject} has too short a key"),
            DoubtKind::WeakSignature => write!(f, "the {which} {subject} has a weak signature"),
            DoubtKind::Signature => write!(f, "the {which} {subject} has a wrong signature"),
            DoubtKind::Other(text) => write!(f, "the {which} {subject}: {text}"),
        }
    }
}

fn doubts(doubts: &[Doubt]) -> String {
    // an unknown CA has the same doubt for want of it at several depths: the first says it
    doubts.iter().take(3).map(Doubt::to_string).collect::<Vec<_>>().join(", ")
}

fn list(types: &[EapType]) -> String {
    if types.is_empty() {
        return "nothing".to_owned();
    }
    types.iter().map(EapType::to_string).collect::<Vec<_>>().join(", ")
}

/// The name of a TLS alert, as RFC 8446 §6 and RFC 5246 §7.2 have it.
pub fn alert_name(number: u8) -> &'static str {
    match number {
        0 => "close notify",
        10 => "unexpected message",
        20 => "bad record MAC",
        21 => "decryption failed",
        22 => "record overflow",
        30 => "decompression failure",
        40 => "handshake failure",
        42 => "bad certificate",
        43 => "unsupported certificate",
        44 => "certificate revoked",
        45 => "certificate expired",
        46 => "certificate unknown",
        47 => "illegal parameter",
        48 => "unknown CA",
        49 => "access denied",
        50 => "decode error",
        51 => "decrypt error",
        70 => "protocol version",
        71 => "insufficient security",
        80 => "internal error",
        86 => "inappropriate fallback",
        90 => "user canceled",
        100 => "no renegotiation",
        109 => "missing extension",
        110 => "unsupported extension",
        112 => "unrecognized name",
        113 => "bad certificate status response",
        115 => "unknown PSK identity",
        116 => "certificate required",
        120 => "no application protocol",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_phase_and_cause() {
        let failure = |phase, cause| Failure { phase, cause }.to_string();
        let refused =
            Cause::MethodRefused { wanted: EapType::PEAP, offered: vec![EapType::MD5, EapType(200)] };
        assert_eq!(
            failure(Phase::Method, refused),
            "method negotiation: the server offers MD5-Challenge, type 200, and not PEAP"
        );
        let alert = Cause::Alert { sender: Sender::Server, number: 48 };
        assert_eq!(
            failure(Phase::Handshake, alert),
            "TLS handshake: the server sent TLS alert 48 (unknown CA)"
        );
        let name = DoubtKind::Name { wanted: vec!["a".to_owned(), "b".to_owned()], found: vec![] };
        let doubt = Doubt { depth: 0, subject: "x".to_owned(), kind: name };
        assert_eq!(
            failure(Phase::Certificate, Cause::Certificate(vec![doubt])),
            "server certificate: the certificate is for no name, not for a or b"
        );
    }
}
