//! A packet in the making: attributes first, then sealed with an identifier, an authenticator and the
//! shared secret.

use check::Secret;

use crate::attribute::{Kind, MAX_VALUE};
use crate::crypt;
use crate::packet::{Authenticator, Code, HEADER, MAX_PACKET, Packet};

/// Octets that the Message-Authenticator takes.
const MESSAGE_AUTHENTICATOR: usize = 18;

/// Longest User-Password (RFC 2865 section 5.2).
pub const MAX_PASSWORD: usize = 128;

/// Why something cannot stand in a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The value is longer than an attribute can be.
    #[error("{kind}: {octets} octets, an attribute holds {most}")]
    TooLong {
        /// The attribute.
        kind: Kind,
        /// How long the value is.
        octets: usize,
        /// How long it may be.
        most: usize,
    },
    /// The packet would be longer than 4096 octets.
    #[error("the packet would be longer than 4096 octets")]
    Full,
}

/// Does a reply carry a Message-Authenticator? Servers have theirs in front since 2024
/// (draft-ietf-radext-deprecating-radius section 5.2), older ones none or elsewhere; for tests of
/// clients every kind can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seal {
    /// With a Message-Authenticator as the first attribute.
    First,
    /// With one as the last attribute.
    Last,
    /// Without.
    None,
}

/// Attributes on their way into a packet. The Message-Authenticator is not among them: it comes with
/// sealing.
#[derive(Clone, Debug)]
pub struct Draft {
    code: Code,
    attributes: Vec<u8>,
    password: Option<Secret>,
}

impl Draft {
    /// An empty packet.
    pub fn new(code: Code) -> Draft {
        Draft { code, attributes: Vec::new(), password: None }
    }

    /// An Access-Request without attributes.
    pub fn access_request() -> Draft {
        Draft::new(Code::ACCESS_REQUEST)
    }

    /// A Status-Server (RFC 5997): are you there? No attribute is needed, a name of the asker is welcome.
    pub fn status_server() -> Draft {
        Draft::new(Code::STATUS_SERVER)
    }

    /// What it is for.
    pub fn code(&self) -> Code {
        self.code
    }

    /// Puts an attribute behind the others.
    pub fn add(&mut self, kind: Kind, value: impl AsRef<[u8]>) -> Result<&mut Draft, EncodeError> {
        self.add_parts(kind, &[value.as_ref()])
    }

    /// The same with a number of four octets.
    pub fn add_number(&mut self, kind: Kind, number: u32) -> Result<&mut Draft, EncodeError> {
        self.add(kind, number.to_be_bytes())
    }

    /// An EAP packet, in as many EAP-Message attributes of at most 253 octets as it takes (RFC 3579
    /// section 3.1). An empty one is one empty attribute, "EAP-Start".
    pub fn add_eap_message(&mut self, eap: &[u8]) -> Result<&mut Draft, EncodeError> {
        if eap.is_empty() {
            return self.add(Kind::EAP_MESSAGE, []);
        }
        for part in eap.chunks(MAX_VALUE) {
            self.add(Kind::EAP_MESSAGE, part)?;
        }
        Ok(self)
    }

    /// One Vendor-Specific attribute with the vendor's own, each of a type and a value.
    pub fn add_vendor(&mut self, vendor: u32, attributes: &[(u8, &[u8])]) -> Result<&mut Draft, EncodeError> {
        let mut all = vendor.to_be_bytes().to_vec();
        for (kind, value) in attributes {
            let octets = value.len();
            let most = MAX_VALUE - 6;
            let length = u8::try_from(octets + 2).map_err(|_| EncodeError::TooLong {
                kind: Kind::VENDOR_SPECIFIC,
                octets,
                most,
            })?;
            all.extend([*kind, length]);
            all.extend(*value);
        }
        self.add(Kind::VENDOR_SPECIFIC, all)
    }

    /// The user's password, which is hidden when the packet is sealed (RFC 2865 section 5.2).
    pub fn set_user_password(&mut self, password: Secret) -> Result<&mut Draft, EncodeError> {
        let octets = password.expose().len();
        if octets > MAX_PASSWORD {
            return Err(EncodeError::TooLong { kind: Kind::USER_PASSWORD, octets, most: MAX_PASSWORD });
        }
        self.password = Some(password);
        self.fits(0)?;
        Ok(self)
    }

    /// Octets that the packet will have.
    pub fn length(&self) -> usize {
        let hidden =
            self.password.as_ref().map_or(0, |password| crypt::hidden_length(password.expose().len()) + 2);
        HEADER + MESSAGE_AUTHENTICATOR + self.attributes.len() + hidden
    }

    /// A request: Message-Authenticator first, then the attributes in their order, then the hidden
    /// password. The authenticator has to be random and new: see [`random`](crate::random).
    pub fn seal(&self, identifier: u8, authenticator: Authenticator, secret: &Secret) -> Packet {
        let mut body = self.body(Seal::First);
        if let Some(password) = &self.password {
            let hidden = crypt::hide(password.expose().as_bytes(), secret, &authenticator);
            push(&mut body, Kind::USER_PASSWORD, &[&hidden]);
        }
        let mut bytes = framed(self.code, identifier, authenticator, &body);
        sign(&mut bytes, HEADER + 2, secret);
        checked(&bytes)
    }

    /// A reply to a request, as a server makes it.
    pub fn seal_reply(&self, request: &Packet, secret: &Secret, seal: Seal) -> Packet {
        let body = self.body(seal);
        let mut bytes = framed(self.code, request.identifier(), request.authenticator(), &body);
        match seal {
            Seal::First => sign(&mut bytes, HEADER + 2, secret),
            Seal::Last => {
                let at = bytes.len() - 16;
                sign(&mut bytes, at, secret);
            }
            Seal::None => {}
        }
        let proof = crypt::md5(&[&bytes, secret.expose().as_bytes()]);
        if let Some(part) = bytes.get_mut(4..HEADER) {
            part.copy_from_slice(&proof);
        }
        checked(&bytes)
    }

    fn add_parts(&mut self, kind: Kind, parts: &[&[u8]]) -> Result<&mut Draft, EncodeError> {
        let octets: usize = parts.iter().map(|part| part.len()).sum();
        if octets > MAX_VALUE {
            return Err(EncodeError::TooLong { kind, octets, most: MAX_VALUE });
        }
        self.fits(octets + 2)?;
        push(&mut self.attributes, kind, parts);
        Ok(self)
    }

    fn fits(&self, more: usize) -> Result<(), EncodeError> {
        if self.length() + more > MAX_PACKET { Err(EncodeError::Full) } else { Ok(()) }
    }

    /// The attributes, with the room for a Message-Authenticator.
    fn body(&self, seal: Seal) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.length());
        if seal == Seal::First {
            push(&mut body, Kind::MESSAGE_AUTHENTICATOR, &[&[0; 16]]);
        }
        body.extend(&self.attributes);
        if seal == Seal::Last {
            push(&mut body, Kind::MESSAGE_AUTHENTICATOR, &[&[0; 16]]);
        }
        body
    }
}

/// Appends an attribute whose length has been looked at.
fn push(to: &mut Vec<u8>, kind: Kind, parts: &[&[u8]]) {
    let octets: usize = parts.iter().map(|part| part.len()).sum();
    let length = u8::try_from(octets + 2).expect("values are at most 253 octets");
    to.extend([kind.0, length]);
    for part in parts {
        to.extend(*part);
    }
}

fn framed(code: Code, identifier: u8, authenticator: Authenticator, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(HEADER + body.len()).expect("a draft is at most 4096 octets");
    let mut bytes = Vec::with_capacity(HEADER + body.len());
    bytes.extend([code.0, identifier]);
    bytes.extend(length.to_be_bytes());
    bytes.extend(authenticator);
    bytes.extend(body);
    bytes
}

/// Writes the Message-Authenticator over the zeros at a place (RFC 3579 section 3.2).
fn sign(bytes: &mut [u8], at: usize, secret: &Secret) {
    let proof = crypt::hmac_md5(secret, &[bytes]);
    if let Some(part) = bytes.get_mut(at..at + 16) {
        part.copy_from_slice(&proof);
    }
}

fn checked(bytes: &[u8]) -> Packet {
    Packet::decode(bytes).expect("a draft has whole attributes and a length that fits")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute::MICROSOFT;
    use proptest::prelude::*;

    fn secret() -> Secret {
        Secret::from_argument("xyzzy5461")
    }

    #[test]
    fn a_message_authenticator_comes_first() {
        let mut draft = Draft::access_request();
        draft.add(Kind::USER_NAME, "nemo").unwrap().add_number(Kind::NAS_PORT, 3).unwrap();
        let packet = draft.seal(7, [1; 16], &secret());
        assert_eq!(
            (packet.code(), packet.identifier(), packet.authenticator()),
            (Code::ACCESS_REQUEST, 7, [1; 16])
        );
        let kinds: Vec<Kind> = packet.attributes().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, [Kind::MESSAGE_AUTHENTICATOR, Kind::USER_NAME, Kind::NAS_PORT]);
        assert_eq!(packet.first(Kind::NAS_PORT), Some(&[0, 0, 0, 3][..]));
        assert_eq!(packet.as_bytes().len(), draft.length());
    }

    /// RFC 2865 section 7.1: the user nemo logs in with `arctangent`.
    #[test]
    fn a_password_is_hidden_as_in_the_rfc() {
        let authenticator =
            [0x0f, 0x40, 0x3f, 0x94, 0x73, 0x97, 0x80, 0x57, 0xbd, 0x83, 0xd5, 0xcb, 0x98, 0xf4, 0x22, 0x7a];
        let mut draft = Draft::access_request();
        draft.set_user_password(Secret::from_argument("arctangent")).unwrap();
        let packet = draft.seal(0, authenticator, &secret());
        let hidden =
            [0x0d, 0xbe, 0x70, 0x8d, 0x93, 0xd4, 0x13, 0xce, 0x31, 0x96, 0xe4, 0x3f, 0x78, 0x2a, 0x0a, 0xee];
        assert_eq!(packet.first(Kind::USER_PASSWORD), Some(&hidden[..]));
        assert_eq!(packet.as_bytes().len(), draft.length());
        assert!(!format!("{draft:?}").contains("arctangent"));
    }

    #[test]
    fn what_is_too_long_is_refused() {
        let mut draft = Draft::access_request();
        let error = draft.add(Kind::USER_NAME, [b'x'; 254]).unwrap_err();
        assert_eq!(error.to_string(), "User-Name: 254 octets, an attribute holds 253");
        assert!(draft.add_vendor(25_178, &[(11, &[b'a'; 248])]).is_err());
        draft.add_vendor(25_178, &[(11, &[b'a'; 247])]).unwrap();
        assert!(draft.set_user_password(Secret::from_argument(&"x".repeat(129))).is_err());
        let full = (0..20).try_for_each(|_| draft.add(Kind::CLASS, [0; 253]).map(|_| ()));
        assert_eq!(full, Err(EncodeError::Full));
        assert!(draft.length() <= MAX_PACKET);
        let packet = draft.seal(0, [0; 16], &secret());
        assert_eq!(packet.vendor(25_178, 11), Some(&[b'a'; 247][..]));
    }

    #[test]
    fn vendors_attributes_share_one() {
        let mut draft = Draft::new(Code::ACCESS_ACCEPT);
        draft.add_vendor(MICROSOFT, &[(16, b"send"), (17, b"receive")]).unwrap();
        let request = Draft::access_request().seal(3, [5; 16], &secret());
        let reply = draft.seal_reply(&request, &secret(), Seal::None);
        assert_eq!((reply.identifier(), reply.all(Kind::VENDOR_SPECIFIC).count()), (3, 1));
        assert_eq!(reply.vendor(MICROSOFT, 17), Some(&b"receive"[..]));
    }

    proptest! {
        #[test]
        fn eap_is_split_and_joined(eap in proptest::collection::vec(any::<u8>(), 0..1600)) {
            let mut draft = Draft::access_request();
            draft.add_eap_message(&eap).unwrap();
            let packet = draft.seal(1, [2; 16], &secret());
            prop_assert_eq!(packet.all(Kind::EAP_MESSAGE).count(), eap.len().div_ceil(MAX_VALUE).max(1));
            prop_assert_eq!(packet.eap_message(), Some(eap));
        }
    }
}
