//! A RADIUS packet as it came or as it goes: one checked buffer (RFC 2865 section 3).

use std::fmt;

use crate::attribute::{Kind, VendorAttribute, VendorAttributes, vendor_attributes};

/// Octets of code, identifier, length and authenticator.
pub const HEADER: usize = 20;

/// Longest packet (RFC 2865 section 3).
pub const MAX_PACKET: usize = 4096;

/// What a packet is for: its first octet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(pub u8);

impl Code {
    /// May this user in?
    pub const ACCESS_REQUEST: Code = Code(1);
    /// Yes.
    pub const ACCESS_ACCEPT: Code = Code(2);
    /// No.
    pub const ACCESS_REJECT: Code = Code(3);
    /// Somebody has begun or ended using the network (RFC 2866).
    pub const ACCOUNTING_REQUEST: Code = Code(4);
    /// It is noted.
    pub const ACCOUNTING_RESPONSE: Code = Code(5);
    /// There is more to be said first.
    pub const ACCESS_CHALLENGE: Code = Code(11);
    /// Are you there? (RFC 5997)
    pub const STATUS_SERVER: Code = Code(12);
    /// The sender's request is not understood, or not wanted (RFC 7930 section 4).
    pub const PROTOCOL_ERROR: Code = Code(52);

    /// Is it one that answers Access-Request or Status-Server?
    pub fn is_reply(self) -> bool {
        [
            Code::ACCESS_ACCEPT,
            Code::ACCESS_REJECT,
            Code::ACCESS_CHALLENGE,
            Code::ACCOUNTING_RESPONSE,
            Code::PROTOCOL_ERROR,
        ]
        .contains(&self)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Code::ACCESS_REQUEST => "Access-Request",
            Code::ACCESS_ACCEPT => "Access-Accept",
            Code::ACCESS_REJECT => "Access-Reject",
            Code::ACCOUNTING_REQUEST => "Accounting-Request",
            Code::ACCOUNTING_RESPONSE => "Accounting-Response",
            Code::ACCESS_CHALLENGE => "Access-Challenge",
            Code::STATUS_SERVER => "Status-Server",
            Code::PROTOCOL_ERROR => "Protocol-Error",
            Code(other) => return write!(f, "packet of code {other}"),
        })
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A Request or Response Authenticator.
pub type Authenticator = [u8; 16];

/// Why bytes are no packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Less than a header.
    #[error("{0} octets, too short for RADIUS")]
    Short(usize),
    /// The length in the header is under 20 or over 4096.
    #[error("a length of {0} octets in the header, which is none that a RADIUS packet can have")]
    Length(usize),
    /// The header speaks of more octets than came.
    #[error("{came} octets of a packet of {length}")]
    Cut {
        /// By the header.
        length: usize,
        /// Octets that there are.
        came: usize,
    },
    /// An attribute of length 0 or 1, or one that goes on behind the packet's end.
    #[error("attribute {kind} at octet {at} has a length of {length}, {left} octets are left there")]
    Attribute {
        /// Its type.
        kind: u8,
        /// Where it begins.
        at: usize,
        /// Its length, as it says.
        length: usize,
        /// Octets to the end of the packet.
        left: usize,
    },
}

/// A packet whose header and attribute lengths fit its bytes. Nothing else about it is known: whether
/// to believe it is [`Reply`](crate::Reply)'s matter.
#[derive(Clone, PartialEq, Eq)]
pub struct Packet {
    /// At least [`HEADER`] long, exactly as long as the header says, whole attributes behind it.
    bytes: Box<[u8]>,
}

impl Packet {
    /// Reads one. Octets behind the length that the header tells are padding and are left out
    /// (RFC 2865 section 3).
    pub fn decode(bytes: &[u8]) -> Result<Packet, DecodeError> {
        let came = bytes.len();
        let head: &[u8; HEADER] = bytes.first_chunk().ok_or(DecodeError::Short(came))?;
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        if !(HEADER..=MAX_PACKET).contains(&length) {
            return Err(DecodeError::Length(length));
        }
        let bytes = bytes.get(..length).ok_or(DecodeError::Cut { length, came })?;
        let mut at = HEADER;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let kind = rest.first().copied().unwrap_or_default();
            let size = rest.get(1).copied().map_or(0, usize::from);
            if size < 2 || size > rest.len() {
                return Err(DecodeError::Attribute { kind, at, length: size, left: rest.len() });
            }
            at += size;
        }
        Ok(Packet { bytes: bytes.into() })
    }

    /// All of it.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What it is for.
    pub fn code(&self) -> Code {
        Code(self.bytes.first().copied().unwrap_or_default())
    }

    /// Which request it belongs to.
    pub fn identifier(&self) -> u8 {
        self.bytes.get(1).copied().unwrap_or_default()
    }

    /// Random in a request, proof of the secret in a reply.
    pub fn authenticator(&self) -> Authenticator {
        self.bytes.get(4..HEADER).and_then(|part| part.try_into().ok()).unwrap_or_default()
    }

    /// Its attributes, in their order.
    pub fn attributes(&self) -> Attributes<'_> {
        Attributes { rest: self.bytes.get(HEADER..).unwrap_or_default() }
    }

    /// Values of all attributes of a type.
    pub fn all(&self, kind: Kind) -> impl Iterator<Item = &[u8]> {
        self.attributes().filter(move |(of, _)| *of == kind).map(|(_, value)| value)
    }

    /// The value of the first attribute of a type.
    pub fn first(&self, kind: Kind) -> Option<&[u8]> {
        self.all(kind).next()
    }

    /// The same as text; what is no UTF-8 is replaced.
    pub fn text(&self, kind: Kind) -> Option<String> {
        self.first(kind).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// All EAP-Message attributes joined (RFC 3579 section 3.1); `None` if there is none.
    pub fn eap_message(&self) -> Option<Vec<u8>> {
        let mut parts = self.all(Kind::EAP_MESSAGE).peekable();
        parts.peek()?;
        Some(parts.flatten().copied().collect())
    }

    /// Attributes of vendors, in their order.
    pub fn vendor_attributes(&self) -> impl Iterator<Item = VendorAttribute<'_>> {
        self.all(Kind::VENDOR_SPECIFIC).flat_map(|value| match vendor_attributes(value) {
            VendorAttributes::Read(all) => all,
            VendorAttributes::Opaque { .. } => Vec::new(),
        })
    }

    /// The value of the first attribute of this type of a vendor.
    pub fn vendor(&self, vendor: u32, kind: u8) -> Option<&[u8]> {
        self.vendor_attributes().find(|one| one.vendor == vendor && one.kind == kind).map(|one| one.value)
    }

    /// Where the value of the Message-Authenticator begins, if there is one of 16 octets.
    pub(crate) fn message_authenticator_at(&self) -> Option<usize> {
        let mut at = HEADER;
        for (kind, value) in self.attributes() {
            if kind == Kind::MESSAGE_AUTHENTICATOR {
                return (value.len() == 16).then_some(at + 2);
            }
            at += value.len() + 2;
        }
        None
    }
}

impl fmt::Debug for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // values may be secret: passwords, keys, identities
        write!(f, "{} {} with", self.code(), self.identifier())?;
        self.attributes().try_for_each(|(kind, value)| write!(f, " {kind:?}({} octets)", value.len()))
    }
}

/// See [`Packet::attributes`].
#[derive(Clone, Debug)]
pub struct Attributes<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (Kind, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let [kind, length, ..] = *self.rest else { return None };
        let value = self.rest.get(2..usize::from(length))?;
        self.rest = self.rest.get(usize::from(length)..)?;
        Some((Kind(kind), value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packet(length: u16, rest: &[u8]) -> Result<Packet, DecodeError> {
        let mut bytes = vec![2, 7];
        bytes.extend(length.to_be_bytes());
        bytes.extend([9; 16]);
        bytes.extend(rest);
        Packet::decode(&bytes)
    }

    #[test]
    fn attributes_come_in_their_order() {
        let read = packet(30, &[18, 4, b'h', b'i', 79, 2, 79, 4, 1, 2]).unwrap();
        assert_eq!((read.code(), read.identifier()), (Code::ACCESS_ACCEPT, 7));
        assert_eq!(read.authenticator(), [9; 16]);
        assert_eq!(read.text(Kind::REPLY_MESSAGE).as_deref(), Some("hi"));
        assert_eq!(read.eap_message(), Some(vec![1, 2]));
        assert_eq!(read.attributes().count(), 3);
        assert_eq!(
            format!("{read:?}"),
            "Access-Accept 7 with Reply-Message(2 octets) EAP-Message(0 octets) EAP-Message(2 octets)"
        );
        assert_eq!(packet(20, &[]).unwrap().eap_message(), None);
    }

    #[test]
    fn what_is_behind_the_length_is_padding() {
        assert_eq!(packet(20, &[1, 1, 1]).unwrap(), packet(20, &[]).unwrap());
    }

    #[test]
    fn lengths_that_do_not_fit_are_named() {
        assert_eq!(Packet::decode(&[2; 19]), Err(DecodeError::Short(19)));
        assert_eq!(packet(19, &[]), Err(DecodeError::Length(19)));
        assert_eq!(packet(4097, &[0; 5000]), Err(DecodeError::Length(4097)));
        assert_eq!(packet(22, &[1]), Err(DecodeError::Cut { length: 22, came: 21 }));
        let attribute = |length, rest: &[u8]| packet(length, rest).unwrap_err();
        assert_eq!(attribute(22, &[1, 1]), DecodeError::Attribute { kind: 1, at: 20, length: 1, left: 2 });
        assert_eq!(attribute(22, &[1, 0]), DecodeError::Attribute { kind: 1, at: 20, length: 0, left: 2 });
        assert_eq!(attribute(23, &[1, 4, 0]), DecodeError::Attribute { kind: 1, at: 20, length: 4, left: 3 });
        assert_eq!(attribute(23, &[1, 2, 5]), DecodeError::Attribute { kind: 5, at: 22, length: 0, left: 1 });
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(noise in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(packet) = Packet::decode(&noise) {
                crate::fuzzing::look_at(&packet);
            }
        }

        #[test]
        fn no_attributes_make_it_panic(noise in proptest::collection::vec(any::<u8>(), 0..300)) {
            let length = u16::try_from(HEADER + noise.len()).unwrap();
            if let Ok(packet) = packet(length, &noise) {
                crate::fuzzing::look_at(&packet);
            }
        }
    }
}
