//! EAP packets (RFC 3748 §4).

use std::fmt;

/// Longest packet that is read: RADIUS carries less than 4096 octets, the length field 65535.
pub const MAX_PACKET: usize = 4096;

/// What a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// From the server; wants a response.
    Request,
    /// From the peer.
    Response,
    /// The server accepts.
    Success,
    /// The server refuses.
    Failure,
}

/// The type of a request or response, by the names of IANA's registry.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EapType(pub u8);

impl EapType {
    /// Who is there?
    pub const IDENTITY: EapType = EapType(1);
    /// A text for the user.
    pub const NOTIFICATION: EapType = EapType(2);
    /// Not that one, but these (responses only).
    pub const NAK: EapType = EapType(3);
    /// A hash of the password, unprotected and without keys: unsafe.
    pub const MD5: EapType = EapType(4);
    /// Generic Token Card: the password in the clear, for tunnels.
    pub const GTC: EapType = EapType(6);
    /// EAP-TLS (RFC 5216, RFC 9190).
    pub const TLS: EapType = EapType(13);
    /// Cisco's LEAP: a hash of the password that is broken in minutes: unsafe.
    pub const LEAP: EapType = EapType(17);
    /// EAP-TTLS (RFC 5281).
    pub const TTLS: EapType = EapType(21);
    /// PEAP (draft-josefsson-pppext-eap-tls-eap, version 0 as Microsoft has it).
    pub const PEAP: EapType = EapType(25);
    /// EAP-MSCHAPv2 (draft-kamath-pppext-eap-mschapv2).
    pub const MSCHAPV2: EapType = EapType(26);
    /// TLVs, in PEAPv0 the result of the tunnel (draft-josefsson, "Extensions").
    pub const EXTENSIONS: EapType = EapType(33);

    /// Would a client that follows such a proposal show a stranger its password, or as good as that?
    pub fn is_unsafe_outside(self) -> bool {
        matches!(self, EapType::MD5 | EapType::LEAP | EapType::GTC | EapType::MSCHAPV2)
    }
}

impl fmt::Display for EapType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.0 {
            1 => "Identity",
            2 => "Notification",
            3 => "NAK",
            4 => "MD5-Challenge",
            5 => "OTP",
            6 => "GTC",
            13 => "TLS",
            17 => "LEAP",
            18 => "SIM",
            21 => "TTLS",
            23 => "AKA",
            25 => "PEAP",
            26 => "MSCHAPv2",
            33 => "Extensions",
            43 => "FAST",
            50 => "AKA'",
            52 => "PWD",
            55 => "TEAP",
            other => return write!(f, "type {other}"),
        };
        f.write_str(name)
    }
}

impl fmt::Debug for EapType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EapType({self})")
    }
}

/// A packet that was read; the data are those behind the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// What it is.
    pub code: Code,
    /// Pairs requests with responses.
    pub identifier: u8,
    /// None in a success or failure.
    pub kind: Option<EapType>,
    /// What follows the type; of a success or failure nothing is kept.
    pub data: &'a [u8],
}

/// The bytes are no EAP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Fewer octets than a header, or than its length field says.
    #[error("an EAP packet is cut off")]
    Short,
    /// The length field is smaller than what such a packet has.
    #[error("an EAP packet has a length that cannot be")]
    Length,
    /// More than [`MAX_PACKET`].
    #[error("an EAP packet is longer than {MAX_PACKET} octets")]
    Long,
    /// A code that RFC 3748 does not have.
    #[error("an EAP packet has the unknown code {0}")]
    Code(u8),
}

impl<'a> Packet<'a> {
    /// Reads one. What stands behind its length is padding of the lower layer and ignored.
    pub fn read(bytes: &'a [u8]) -> Result<Packet<'a>, Malformed> {
        let [code, identifier, high, low, ..] = *bytes else { return Err(Malformed::Short) };
        let length = usize::from(u16::from_be_bytes([high, low]));
        if length > MAX_PACKET {
            return Err(Malformed::Long);
        }
        if length < 4 {
            return Err(Malformed::Length);
        }
        let body = bytes.get(4..length).ok_or(Malformed::Short)?;
        let code = match code {
            1 => Code::Request,
            2 => Code::Response,
            3 => Code::Success,
            4 => Code::Failure,
            other => return Err(Malformed::Code(other)),
        };
        match (code, body) {
            (Code::Success | Code::Failure, _) => Ok(Packet { code, identifier, kind: None, data: &[] }),
            (_, [kind, data @ ..]) => Ok(Packet { code, identifier, kind: Some(EapType(*kind)), data }),
            _ => Err(Malformed::Length),
        }
    }
}

/// A response with that identifier.
///
/// # Panics
/// Never: data longer than a packet can carry are cut, and callers fragment before.
pub fn response(identifier: u8, kind: EapType, data: &[u8]) -> Vec<u8> {
    let data = data.get(..usize::from(u16::MAX) - 5).unwrap_or(data);
    let length = u16::try_from(data.len() + 5).unwrap_or(u16::MAX);
    let mut packet = Vec::with_capacity(usize::from(length));
    packet.extend([2, identifier]);
    packet.extend(length.to_be_bytes());
    packet.push(kind.0);
    packet.extend(data);
    packet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_read_by_their_length() {
        let identity = Packet::read(&[1, 7, 0, 5, 1, 0xff]).unwrap();
        assert_eq!(
            identity,
            Packet { code: Code::Request, identifier: 7, kind: Some(EapType::IDENTITY), data: &[] }
        );
        assert_eq!(Packet::read(&[3, 7, 0, 4]).unwrap().code, Code::Success);
        for (bytes, want) in [
            (&[][..], Malformed::Short),
            (&[1, 2, 0], Malformed::Short),
            (&[1, 2, 0, 6, 1], Malformed::Short),
            (&[1, 2, 0, 3, 1], Malformed::Length),
            (&[1, 2, 0, 4], Malformed::Length),
            (&[9, 2, 0, 5, 1], Malformed::Code(9)),
            (&[1, 2, 0xff, 0xff, 1], Malformed::Long),
        ] {
            assert_eq!(Packet::read(bytes), Err(want), "{bytes:?}");
        }
    }

    #[test]
    fn a_response_is_read_back() {
        let bytes = response(9, EapType::NAK, &[25]);
        assert_eq!(bytes, [2, 9, 0, 6, 3, 25]);
        let packet = Packet::read(&bytes).unwrap();
        assert_eq!((packet.code, packet.kind, packet.data), (Code::Response, Some(EapType::NAK), &[25][..]));
    }
}
