//! Whether a reply is from whoever knows the secret, and answers this request.

use std::fmt;

use check::Secret;

use crate::attribute::Kind;
use crate::crypt;
use crate::packet::{Authenticator, Code, HEADER, Packet};

/// What is known of a reply that has the right Response Authenticator. That alone is MD5 over what an
/// attacker on the way may choose ("Blast-RADIUS", CVE-2024-3596); a Message-Authenticator is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A right Message-Authenticator stands first, as it should.
    First,
    /// A right one stands among the other attributes.
    Elsewhere,
    /// There is none.
    Missing,
}

/// Why a packet is not taken for the reply to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// It answers another request.
    Identifier,
    /// It is no reply.
    Code(Code),
    /// Its Response Authenticator is wrong: made with another secret, or by another.
    ResponseAuthenticator,
    /// Its Message-Authenticator is wrong.
    MessageAuthenticator,
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Distrust::Identifier => f.write_str("it answers another request"),
            Distrust::Code(code) => write!(f, "it is no reply but a {code}"),
            Distrust::ResponseAuthenticator => f.write_str("its Response Authenticator is wrong"),
            Distrust::MessageAuthenticator => f.write_str("its Message-Authenticator is wrong"),
        }
    }
}

/// Is this the reply to that request (RFC 2865 section 3, RFC 3579 section 3.2)?
pub fn verify(reply: &Packet, request: &Packet, secret: &Secret) -> Result<Proof, Distrust> {
    if reply.identifier() != request.identifier() {
        return Err(Distrust::Identifier);
    }
    if !reply.code().is_reply() {
        return Err(Distrust::Code(reply.code()));
    }
    if !is_of(reply, &request.authenticator(), secret) {
        return Err(Distrust::ResponseAuthenticator);
    }
    let is_message_authenticator = |kind: Kind| kind == Kind::MESSAGE_AUTHENTICATOR;
    let (first, all) = {
        let mut kinds = reply.attributes().map(|(kind, _)| kind);
        let first = kinds.next().is_some_and(is_message_authenticator);
        (first, usize::from(first) + kinds.filter(|kind| is_message_authenticator(*kind)).count())
    };
    if all == 0 {
        return Ok(Proof::Missing);
    }
    // two of them, or one of another length, are nobody's honest work
    let at = reply.message_authenticator_at().filter(|_| all == 1).ok_or(Distrust::MessageAuthenticator)?;
    let bytes = reply.as_bytes();
    let part = |range: std::ops::Range<usize>| bytes.get(range).unwrap_or_default();
    let parts =
        [part(0..4), &request.authenticator(), part(HEADER..at), &[0; 16], part(at + 16..bytes.len())];
    if !crypt::is_hmac_md5(secret, &parts, part(at..at + 16)) {
        return Err(Distrust::MessageAuthenticator);
    }
    Ok(if first { Proof::First } else { Proof::Elsewhere })
}

/// Is it signed, with this secret, for a request with that authenticator?
pub(crate) fn is_of(reply: &Packet, request: &Authenticator, secret: &Secret) -> bool {
    let bytes = reply.as_bytes();
    let (head, rest) = (bytes.get(..4).unwrap_or_default(), bytes.get(HEADER..).unwrap_or_default());
    let expected = crypt::md5(&[head, request, rest, secret.expose().as_bytes()]);
    // of the same length always: no early end that could be timed
    expected.iter().zip(reply.authenticator()).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

/// Is the Message-Authenticator of a request right? As a server asks; `None` if it has none.
pub fn request_is_signed(request: &Packet, secret: &Secret) -> Option<bool> {
    request.first(Kind::MESSAGE_AUTHENTICATOR)?;
    let Some(at) = request.message_authenticator_at() else { return Some(false) };
    let bytes = request.as_bytes();
    let part = |range: std::ops::Range<usize>| bytes.get(range).unwrap_or_default();
    let parts = [part(0..at), &[0; 16], part(at + 16..bytes.len())];
    Some(crypt::is_hmac_md5(secret, &parts, part(at..at + 16)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::{Draft, Seal};
    use proptest::prelude::*;

    fn secret() -> Secret {
        Secret::from_argument("mon-secret")
    }

    fn request() -> Packet {
        let mut draft = Draft::access_request();
        draft.add(Kind::USER_NAME, "test@example-home.cz").unwrap();
        draft.seal(9, [3; 16], &secret())
    }

    fn reply(seal: Seal) -> Packet {
        let mut draft = Draft::new(Code::ACCESS_ACCEPT);
        draft.add(Kind::REPLY_MESSAGE, "hello").unwrap();
        draft.seal_reply(&request(), &secret(), seal)
    }

    fn changed(packet: &Packet, at: usize) -> Packet {
        let mut bytes = packet.as_bytes().to_vec();
        bytes[at] ^= 1;
        Packet::decode(&bytes).unwrap()
    }

    #[test]
    fn what_is_signed_is_believed() {
        assert_eq!(verify(&reply(Seal::First), &request(), &secret()), Ok(Proof::First));
        assert_eq!(verify(&reply(Seal::Last), &request(), &secret()), Ok(Proof::Elsewhere));
        assert_eq!(verify(&reply(Seal::None), &request(), &secret()), Ok(Proof::Missing));
        assert_eq!(request_is_signed(&request(), &secret()), Some(true));
        assert_eq!(request_is_signed(&request(), &Secret::from_argument("other")), Some(false));
        assert_eq!(request_is_signed(&reply(Seal::None), &secret()), None);
    }

    #[test]
    fn what_is_not_is_told_apart() {
        let verify = |reply: &Packet| verify(reply, &request(), &secret());
        assert_eq!(verify(&changed(&reply(Seal::None), 1)), Err(Distrust::Identifier));
        assert_eq!(verify(&request()), Err(Distrust::Code(Code::ACCESS_REQUEST)));
        assert_eq!(verify(&changed(&reply(Seal::First), 4)), Err(Distrust::ResponseAuthenticator));
        assert_eq!(verify(&changed(&reply(Seal::None), 22)), Err(Distrust::ResponseAuthenticator));
        let other = Draft::new(Code::ACCESS_REJECT).seal_reply(
            &request(),
            &Secret::from_argument("other"),
            Seal::First,
        );
        assert_eq!(verify(&other), Err(Distrust::ResponseAuthenticator));
    }

    #[test]
    fn a_wrong_message_authenticator_is_found_below_a_right_signature() {
        for value in [&[0; 16][..], &[0; 15], &[]] {
            let mut draft = Draft::new(Code::ACCESS_ACCEPT);
            draft.add(Kind::MESSAGE_AUTHENTICATOR, value).unwrap();
            for seal in [Seal::None, Seal::First, Seal::Last] {
                let forged = draft.seal_reply(&request(), &secret(), seal);
                assert_eq!(verify(&forged, &request(), &secret()), Err(Distrust::MessageAuthenticator));
            }
        }
    }

    proptest! {
        #[test]
        fn no_changed_octet_is_believed(at in 0_usize..65) {
            let right = reply(Seal::First);
            let mut bytes = right.as_bytes().to_vec();
            let at = at % bytes.len();
            bytes[at] ^= 0x10;
            if let Ok(changed) = Packet::decode(&bytes) {
                prop_assert!(verify(&changed, &request(), &secret()).is_err(), "octet {}", at);
            }
        }
    }
}
