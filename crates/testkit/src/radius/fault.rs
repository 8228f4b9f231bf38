//! What the mock can do wrong, one variant each: mostly what no real server does on demand.

use std::time::Duration;

/// How far a conversation has come when a request arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The peer's identity: the first request, without State.
    Identity,
    /// A method was proposed; the peer refuses it or says hello.
    Hello,
    /// The server's certificate is on its way, TLS not yet complete.
    Certificate,
    /// TLS is complete: the inner authentication.
    Inner,
    /// The inner authentication is decided; what remains is to say so.
    Result,
}

/// Which replies are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// All.
    Every,
    /// Access-Challenge.
    Challenge,
    /// Access-Accept.
    Accept,
    /// Access-Reject.
    Reject,
}

/// How a RADIUS reply is malformed; its Response Authenticator is right all the same, but where
/// the length in its header makes that meaningless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// The last attribute says that it is 1 octet long.
    AttributeOfOneOctet,
    /// The last attribute says that it goes on past the end.
    AttributePastTheEnd,
    /// One octet stands behind the last attribute, within the header's length.
    StrayOctet,
    /// The header says a length of 19.
    LengthBelowHeader,
    /// The header says more than the datagram has.
    LengthPastTheEnd,
    /// A vendor's attribute has a sub-attribute that goes on past its end.
    VendorAttributePastTheEnd,
    /// Nothing but the first ten octets.
    Truncated,
}

/// How the EAP packet of a reply is malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MalformedEap {
    /// Its header says more than there is.
    LengthPastTheEnd,
    /// It is shorter than its own header.
    Truncated,
    /// It has a code that nobody defined.
    UnknownCode,
    /// It is a request without type.
    NoType,
    /// The TLS message is announced with 4 GiB.
    HugeTlsMessage,
    /// The TLS message is shorter than what came of it.
    TlsMessageTooLong,
    /// Fragments of the TLS message never end.
    EndlessFragments,
    /// The flags octet is missing.
    NoFlags,
    /// What should be TLS records is noise.
    NoTlsRecord,
}

/// One fault; a mock may have several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Replies lack their Message-Authenticator.
    NoMessageAuthenticator(On),
    /// Replies have a wrong Message-Authenticator, and a Response Authenticator that is right.
    WrongMessageAuthenticator(On),
    /// Replies have a wrong Response Authenticator, and a Message-Authenticator that is right.
    WrongResponseAuthenticator(On),
    /// Replies have the identifier of another request, and are right otherwise.
    OtherIdentifier(On),
    /// Replies are malformed.
    Malformed(On, Malformed),
    /// Every reply comes twice.
    Duplicates,
    /// Before every reply, the one to the request before comes once more.
    LateCopies,
    /// Every reply comes so much later.
    Delay(Duration),
    /// The first copies of every request are lost, so many.
    LosesCopies(usize),
    /// Requests of more octets are lost: fragments do not pass on the way here.
    LosesRequestsAbove(usize),
    /// Replies of more octets are lost: fragments do not pass on the way back.
    LosesRepliesAbove(usize),

    /// From this phase on, nothing is answered.
    SilentFrom(Phase),
    /// The server has forgotten the conversation by this phase, and rejects its State without EAP-Message.
    ForgetsAt(Phase),
    /// The server has forgotten the conversation by this phase, and asks for the identity again.
    RestartsAt(Phase),
    /// Challenges without end: the same, with ever new State.
    EndlessChallenges,

    /// An EAP method that is proposed first: 4 is MD5-Challenge, 17 LEAP.
    ProposesFirst(u8),
    /// Its EAP is malformed, in the first reply where it can be.
    MalformedEap(MalformedEap),
    /// The server breaks off the TLS handshake with a fatal alert of this description.
    Alert(u8),

    /// The server's answer to MSCHAPv2 does not prove that it knows the password.
    WrongAuthenticatorResponse,
    /// Every MSCHAPv2 answer is refused with this code: 648 expired, 691 wrong, 647 disabled …
    MschapError(u32),

    /// The keys of an Access-Accept are not those of the conversation.
    WrongKeys,
    /// An Access-Accept has no keys.
    NoKeys,
    /// An Access-Accept has no EAP-Message.
    AcceptWithoutEap,
    /// An Access-Accept comes at the first request, whoever asks.
    AcceptsAtOnce,
}

/// What the server does with TLS sessions that a peer offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resumption {
    /// It keeps none.
    #[default]
    Off,
    /// It resumes any, and accepts those whose user has logged in, others it rejects (as hostapd does).
    AfterLogin,
    /// It resumes any, and accepts it: CVE-2017-9148.
    Unchecked,
}

/// What an Access-Accept says if it is asked for a Chargeable-User-Identity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cui {
    /// A hash of user and Operator-Name, as it should be.
    #[default]
    Salted,
    /// Nothing.
    Absent,
    /// One NUL octet.
    Nul,
    /// The user's name.
    UserName,
    /// Another one each time.
    Unstable,
}
