//! What is inside a TTLS tunnel: attributes (RFC 5281 §10), and the ways to log in by them (§11).

use md5::{Digest, Md5};
use mschap::{Exchange, response1};

use crate::config::{Credentials, TtlsInner};
use crate::failure::{Cause, Violation};
use crate::inner::{InnerPeer, random};
use crate::packet::Packet;
use crate::refusal::Refusal;
use crate::told::plain_bytes;
use crate::tunnel::Tunnel;

/// Most attributes of one message.
const MAX_ATTRIBUTES: usize = 64;

const MICROSOFT: u32 = 311;

const USER_NAME: u32 = 1;
const USER_PASSWORD: u32 = 2;
const CHAP_PASSWORD: u32 = 3;
const REPLY_MESSAGE: u32 = 18;
const CHAP_CHALLENGE: u32 = 60;
const EAP_MESSAGE: u32 = 79;
const MS_CHAP_RESPONSE: u32 = 1;
const MS_CHAP_ERROR: u32 = 2;
const MS_CHAP_CHALLENGE: u32 = 11;
const MS_CHAP2_RESPONSE: u32 = 25;
const MS_CHAP2_SUCCESS: u32 = 26;

/// An attribute; vendor 0 is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attribute<'a> {
    pub(crate) vendor: u32,
    pub(crate) code: u32,
    pub(crate) data: &'a [u8],
}

/// Reads the attributes of a message.
pub(crate) fn attributes(mut bytes: &[u8]) -> Result<Vec<Attribute<'_>>, Violation> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (attribute, padded) = attribute(bytes).ok_or(Violation::Attributes)?;
        if found.len() >= MAX_ATTRIBUTES {
            return Err(Violation::Attributes);
        }
        found.push(attribute);
        // the last one may lack its padding
        bytes = bytes.get(padded..).unwrap_or_default();
    }
    Ok(found)
}

fn attribute(bytes: &[u8]) -> Option<(Attribute<'_>, usize)> {
    const VENDOR: u8 = 0x80;
    let code = u32::from_be_bytes(*bytes.first_chunk()?);
    let [flags, high, middle, low] = *bytes.get(4..8)?.first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes([0, high, middle, low])).ok()?;
    let (vendor, header) = if flags & VENDOR == 0 {
        (0, 8)
    } else {
        (u32::from_be_bytes(*bytes.get(8..12)?.first_chunk()?), 12)
    };
    let data = bytes.get(header..length)?;
    Some((Attribute { vendor, code, data }, length.div_ceil(4) * 4))
}

/// Appends an attribute, mandatory, with its padding.
pub(crate) fn push(out: &mut Vec<u8>, vendor: u32, code: u32, data: &[u8]) {
    let header = if vendor == 0 { 8 } else { 12 };
    let flags: u32 = if vendor == 0 { 0x40 } else { 0xc0 };
    // three octets of length: callers have a few hundred
    let length = u32::try_from(header + data.len()).unwrap_or(0) & 0x00ff_ffff;
    out.extend(code.to_be_bytes());
    out.extend((flags << 24 | length).to_be_bytes());
    if vendor != 0 {
        out.extend(vendor.to_be_bytes());
    }
    out.extend(data);
    out.resize(out.len().div_ceil(4) * 4, 0);
}

/// The login inside.
pub(crate) struct Ttls {
    inner: TtlsInner,
    credentials: Credentials,
    pub(crate) eap: Option<InnerPeer>,
    exchange: Option<(u8, Exchange)>,
    pub(crate) sent: bool,
    pub(crate) proved: bool,
    pub(crate) failed: Option<Cause>,
    pub(crate) messages: Vec<String>,
}

impl Ttls {
    pub(crate) fn new(inner: TtlsInner, credentials: Credentials) -> Ttls {
        let eap = match inner {
            TtlsInner::Eap(method) => Some(InnerPeer::new(method, credentials.clone())),
            _ => None,
        };
        let messages = Vec::new();
        Ttls { inner, credentials, eap, exchange: None, sent: false, proved: false, failed: None, messages }
    }

    /// Was everything done that must be before the server may accept?
    pub(crate) fn is_content(&self) -> bool {
        self.failed.is_none()
            && match (&self.eap, self.inner) {
                (Some(eap), _) => eap.is_content(),
                (None, TtlsInner::Mschapv2) => self.proved,
                (None, _) => self.sent,
            }
    }

    /// The peer has the first word.
    pub(crate) fn first(&mut self, tunnel: &Tunnel) -> Result<Vec<u8>, Cause> {
        // both sides take the challenge from the tunnel, so that it cannot be replayed (§11.1)
        let mut challenge = [0; 17];
        let length = if self.inner == TtlsInner::Mschap { 9 } else { 17 };
        let implicit = challenge.get_mut(..length).unwrap_or_default();
        if !tunnel.export("ttls challenge", None, implicit) {
            return Err(Cause::Tls("the challenge of the tunnel cannot be computed".to_owned()));
        }
        let random = random().map_err(Cause::Violation)?;
        self.sent = true;
        Ok(self.login(challenge, random))
    }

    fn login(&mut self, challenge: [u8; 17], peer: [u8; 16]) -> Vec<u8> {
        let user = self.credentials.identity.clone();
        let password = self.credentials.password.expose();
        let mut out = Vec::new();
        if let Some(eap) = &self.eap {
            push(&mut out, 0, EAP_MESSAGE, &eap.identity(0));
            return out;
        }
        push(&mut out, 0, USER_NAME, user.as_bytes());
        let [first @ .., identifier] = challenge;
        match self.inner {
            TtlsInner::Pap => {
                // filled up to hide its length
                let mut padded = password.as_bytes().to_vec();
                padded.resize(padded.len().max(1).div_ceil(16) * 16, 0);
                push(&mut out, 0, USER_PASSWORD, &padded);
            }
            TtlsInner::Chap => {
                let hash = Md5::new()
                    .chain_update([identifier])
                    .chain_update(password)
                    .chain_update(first)
                    .finalize();
                push(&mut out, 0, CHAP_PASSWORD, &[&[identifier][..], &hash].concat());
                push(&mut out, 0, CHAP_CHALLENGE, &first);
            }
            TtlsInner::Mschap => {
                let mut eight = [0; 8];
                eight.copy_from_slice(&challenge[..8]);
                let identifier = challenge[8];
                push(&mut out, MICROSOFT, MS_CHAP_CHALLENGE, &eight);
                push(&mut out, MICROSOFT, MS_CHAP_RESPONSE, &response1(eight, identifier, password));
            }
            TtlsInner::Mschapv2 => {
                let exchange = Exchange::new(&first, peer, &user, password);
                push(&mut out, MICROSOFT, MS_CHAP_CHALLENGE, &first);
                push(&mut out, MICROSOFT, MS_CHAP2_RESPONSE, &exchange.attribute(identifier));
                self.exchange = Some((identifier, exchange));
            }
            TtlsInner::Eap(_) => {}
        }
        out
    }

    /// Answers attributes of the server; None is an acknowledgement without any.
    pub(crate) fn handle(&mut self, text: &[u8]) -> Result<Option<Vec<u8>>, Violation> {
        let mut packet = Vec::new();
        for attribute in attributes(text)? {
            match (attribute.vendor, attribute.code) {
                (0, EAP_MESSAGE) => packet.extend_from_slice(attribute.data),
                (0, REPLY_MESSAGE) if self.messages.len() < crate::inner::MAX_MESSAGES => {
                    self.messages.push(plain_bytes(attribute.data));
                }
                (MICROSOFT, MS_CHAP2_SUCCESS) => self.success(attribute.data)?,
                (MICROSOFT, MS_CHAP_ERROR) => {
                    let words = attribute.data.get(1..).unwrap_or_default();
                    self.proved = false;
                    self.failed = Some(Cause::Mschap(Refusal::read(&String::from_utf8_lossy(words))));
                }
                _ => {}
            }
        }
        let Some(eap) = &mut self.eap else { return Ok(None) };
        if packet.is_empty() {
            return Ok(None);
        }
        let Some(answer) = eap.handle(&Packet::read(&packet)?)? else { return Ok(None) };
        let mut out = Vec::new();
        push(&mut out, 0, EAP_MESSAGE, &answer);
        Ok(Some(out))
    }

    fn success(&mut self, value: &[u8]) -> Result<(), Violation> {
        let Some((identifier, exchange)) = &self.exchange else { return Err(Violation::Inner) };
        let (first, message) = value.split_first().ok_or(Violation::Attributes)?;
        self.proved = first == identifier && exchange.proves(message);
        self.failed = (!self.proved).then_some(Cause::WrongProof);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{InnerEap, Password};

    fn login(inner: TtlsInner) -> Ttls {
        Ttls::new(inner, Credentials { identity: "User".to_owned(), password: Password::new("clientPass") })
    }

    fn said(bytes: &[u8]) -> Vec<(u32, u32, usize)> {
        attributes(bytes).unwrap().iter().map(|a| (a.vendor, a.code, a.data.len())).collect()
    }

    #[test]
    fn attributes_are_read_back() {
        let mut bytes = Vec::new();
        push(&mut bytes, 0, 1, b"User!");
        push(&mut bytes, 311, 26, b"x");
        assert_eq!(bytes.len(), 16 + 16);
        assert_eq!(
            attributes(&bytes).unwrap(),
            [
                Attribute { vendor: 0, code: 1, data: b"User!" },
                Attribute { vendor: 311, code: 26, data: b"x" }
            ]
        );
        // the padding of the last may be missing
        assert_eq!(attributes(&bytes[..29]).unwrap().len(), 2);
        for bad in [&bytes[..28], &bytes[..7], &[0; 8], &[0, 0, 0, 1, 0x80, 0, 0, 8, 0, 0, 0, 0]] {
            assert_eq!(attributes(bad), Err(Violation::Attributes));
        }
        let one = [0, 0, 0, 1, 0, 0, 0, 8];
        assert_eq!(attributes(&one.repeat(64)).unwrap().len(), 64);
        assert_eq!(attributes(&one.repeat(65)), Err(Violation::Attributes));
    }

    #[test]
    fn each_way_has_its_attributes() {
        for (inner, want) in [
            (TtlsInner::Pap, &[(0, 1, 4), (0, 2, 16)][..]),
            (TtlsInner::Chap, &[(0, 1, 4), (0, 3, 17), (0, 60, 16)]),
            (TtlsInner::Mschap, &[(0, 1, 4), (311, 11, 8), (311, 1, 50)]),
            (TtlsInner::Mschapv2, &[(0, 1, 4), (311, 11, 16), (311, 25, 50)]),
            (TtlsInner::Eap(InnerEap::Md5), &[(0, 79, 9)]),
        ] {
            assert_eq!(said(&login(inner).login([3; 17], [4; 16])), want, "{inner:?}");
        }
    }

    #[test]
    fn the_server_proves_itself_with_the_identifier_of_the_challenge() {
        let mut login = login(TtlsInner::Mschapv2);
        login.login([3; 17], [4; 16]);
        let proof = login.exchange.as_ref().unwrap().1.proof.clone();
        let success = |identifier: u8, proof: &str| {
            let mut out = Vec::new();
            push(&mut out, 311, 26, format!("{}{proof}", char::from(identifier)).as_bytes());
            out
        };
        assert_eq!(login.handle(&success(4, &proof)), Ok(None));
        assert_eq!(login.failed, Some(Cause::WrongProof));
        assert_eq!(login.handle(&success(3, &proof)), Ok(None));
        assert!(login.is_content());
        let mut refusal = Vec::new();
        push(&mut refusal, 311, 2, b"\x03E=691 R=0 C=00 V=3 M=no");
        push(&mut refusal, 0, 18, b"go away");
        assert_eq!(login.handle(&refusal), Ok(None));
        assert_eq!(login.failed, Some(Cause::Mschap(Refusal::read("E=691 R=0 M=no"))));
        assert_eq!(login.messages, ["go away"]);
        assert!(!login.is_content());
    }
}
