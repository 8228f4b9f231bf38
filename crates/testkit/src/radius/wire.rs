//! RADIUS packets, the server's side. It is written apart from `crates/radius` on purpose: the two
//! must not share a mistake, and replies must be able to be wrong in every octet.

use openssl::hash::{MessageDigest, hash};
use openssl::pkey::PKey;
use openssl::sign::Signer;

/// Codes and attributes that the mock knows (RFC 2865, 2869, 4372, 5580, 5997).
pub(super) mod code {
    pub const ACCESS_REQUEST: u8 = 1;
    pub const ACCEPT: u8 = 2;
    pub const REJECT: u8 = 3;
    pub const CHALLENGE: u8 = 11;
    pub const STATUS_SERVER: u8 = 12;

    pub const USER_NAME: u8 = 1;
    pub const USER_PASSWORD: u8 = 2;
    pub const REPLY_MESSAGE: u8 = 18;
    pub const STATE: u8 = 24;
    pub const VENDOR_SPECIFIC: u8 = 26;
    pub const CALLING_STATION_ID: u8 = 31;
    pub const EAP_MESSAGE: u8 = 79;
    pub const MESSAGE_AUTHENTICATOR: u8 = 80;
    pub const CHARGEABLE_USER_IDENTITY: u8 = 89;
    pub const OPERATOR_NAME: u8 = 126;
}

/// Octets before the attributes.
pub(super) const HEADER: usize = 20;

/// A request that was well-formed.
pub(super) struct Request {
    pub code: u8,
    pub identifier: u8,
    pub authenticator: [u8; 16],
    pub attributes: Vec<(u8, Vec<u8>)>,
    pub bytes: Vec<u8>,
}

impl Request {
    /// Reads a datagram.
    pub fn read(datagram: &[u8]) -> Option<Request> {
        let length = usize::from(u16::from_be_bytes(datagram.get(2..4)?.try_into().ok()?));
        let bytes = datagram.get(..length)?;
        let mut rest = bytes.get(HEADER..)?;
        let mut attributes = Vec::new();
        while let [kind, length, ..] = *rest {
            let value = rest.get(2..usize::from(length))?;
            attributes.push((kind, value.to_owned()));
            rest = rest.get(usize::from(length)..)?;
        }
        let header = bytes.get(..HEADER)?;
        rest.is_empty().then(|| Request {
            code: header[0],
            identifier: header[1],
            authenticator: header[4..].try_into().expect("the header has 16 octets more"),
            attributes,
            bytes: bytes.to_owned(),
        })
    }

    /// The first attribute of a kind.
    pub fn first(&self, kind: u8) -> Option<&[u8]> {
        self.attributes.iter().find(|(this, _)| *this == kind).map(|(_, value)| value.as_slice())
    }

    /// The same as text, for people.
    pub fn text(&self, kind: u8) -> Option<String> {
        self.first(kind).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// The EAP packet, joined.
    pub fn eap(&self) -> Option<Vec<u8>> {
        let parts: Vec<&[u8]> = self
            .attributes
            .iter()
            .filter(|(kind, _)| *kind == code::EAP_MESSAGE)
            .map(|(_, value)| value.as_slice())
            .collect();
        (!parts.is_empty()).then(|| parts.concat())
    }

    /// Everything that is not new in each request: what a retransmission has in common with the first.
    pub fn content(&self) -> Vec<(u8, Vec<u8>)> {
        let is_old =
            |(kind, _): &&(u8, Vec<u8>)| !matches!(*kind, code::MESSAGE_AUTHENTICATOR | code::USER_PASSWORD);
        self.attributes.iter().filter(is_old).cloned().collect()
    }

    /// Was its Message-Authenticator made with this secret? None if it has none.
    pub fn is_authentic(&self, secret: &[u8]) -> Option<bool> {
        let mut at = HEADER;
        for (kind, value) in &self.attributes {
            if *kind == code::MESSAGE_AUTHENTICATOR {
                let mut bytes = self.bytes.clone();
                bytes.get_mut(at + 2..at + 18)?.fill(0);
                return Some(hmac_md5(secret, &bytes) == *value);
            }
            at += value.len() + 2;
        }
        None
    }

    /// The password of PAP, revealed (RFC 2865, 5.2).
    pub fn password(&self, secret: &[u8]) -> Option<Vec<u8>> {
        let hidden = self.first(code::USER_PASSWORD)?;
        let mut clear = Vec::new();
        let mut before = self.authenticator.to_vec();
        for block in hidden.chunks(16) {
            let mask = md5(&[secret, &before]);
            clear.extend(block.iter().zip(mask).map(|(octet, mask)| octet ^ mask));
            block.clone_into(&mut before);
        }
        while clear.last() == Some(&0) {
            clear.pop();
        }
        Some(clear)
    }
}

/// A reply as octets; its attributes follow its Message-Authenticator, if it has one.
pub(super) struct Reply {
    pub code: u8,
    pub identifier: u8,
    pub attributes: Vec<(u8, Vec<u8>)>,
    pub has_message_authenticator: bool,
}

impl Reply {
    pub fn new(code: u8, request: &Request) -> Reply {
        Reply {
            code,
            identifier: request.identifier,
            attributes: Vec::new(),
            has_message_authenticator: true,
        }
    }

    pub fn add(&mut self, kind: u8, value: impl Into<Vec<u8>>) {
        self.attributes.push((kind, value.into()));
    }

    pub fn add_eap(&mut self, eap: &[u8]) {
        for part in eap.chunks(253) {
            self.add(code::EAP_MESSAGE, part);
        }
    }

    /// The octets, with an authenticator that is not yet right.
    pub fn draw(&self) -> Vec<u8> {
        let mut bytes = vec![self.code, self.identifier, 0, 0];
        bytes.resize(HEADER, 0);
        if self.has_message_authenticator {
            bytes.extend([code::MESSAGE_AUTHENTICATOR, 18]);
            bytes.resize(HEADER + 18, 0);
        }
        for (kind, value) in &self.attributes {
            bytes.push(*kind);
            bytes.push(u8::try_from(value.len() + 2).expect("attributes are cut to 253 octets"));
            bytes.extend(value);
        }
        set_length(&mut bytes);
        bytes
    }
}

/// Writes the true length into the header.
pub(super) fn set_length(bytes: &mut [u8]) {
    let length = u16::try_from(bytes.len()).expect("replies are short");
    bytes[2..4].copy_from_slice(&length.to_be_bytes());
}

/// Makes the first attribute's Message-Authenticator right (RFC 3579, 3.2).
pub(super) fn set_message_authenticator(bytes: &mut [u8], request: &Request, secret: &[u8]) {
    bytes[4..HEADER].copy_from_slice(&request.authenticator);
    let right = hmac_md5(secret, bytes);
    bytes[HEADER + 2..HEADER + 18].copy_from_slice(&right);
}

/// Makes the Response Authenticator right (RFC 2865, 3).
pub(super) fn set_response_authenticator(bytes: &mut [u8], request: &Request, secret: &[u8]) {
    bytes[4..HEADER].copy_from_slice(&request.authenticator);
    let right = md5(&[bytes, secret]);
    bytes[4..HEADER].copy_from_slice(&right);
}

/// A key of Microsoft's, hidden (RFC 2548, 2.4.2), as the value of a Vendor-Specific.
pub(super) fn mppe_key(kind: u8, key: &[u8], request: &Request, secret: &[u8]) -> Vec<u8> {
    let mut clear = vec![u8::try_from(key.len()).expect("keys are short")];
    clear.extend(key);
    clear.resize(clear.len().next_multiple_of(16), 0);
    // the salt's first bit is set, and no two keys of a packet have the same
    let salt = [0x80 | random::<1>()[0], kind];
    let mut hidden = Vec::new();
    let mut before = [request.authenticator.as_slice(), &salt].concat();
    for block in clear.chunks(16) {
        let mask = md5(&[secret, &before]);
        before = block.iter().zip(mask).map(|(octet, mask)| octet ^ mask).collect();
        hidden.extend(&before);
    }
    let length = u8::try_from(hidden.len() + 4).expect("keys are short");
    [311_u32.to_be_bytes().as_slice(), &[kind, length], &salt, &hidden].concat()
}

/// MD5 of the parts.
pub(super) fn md5(parts: &[&[u8]]) -> [u8; 16] {
    let digest = hash(MessageDigest::md5(), &parts.concat()).expect("OpenSSL has MD5");
    digest.as_ref().try_into().expect("MD5 has 16 octets")
}

fn hmac_md5(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let key = PKey::hmac(key).expect("any octets are a key");
    let mut signer = Signer::new(MessageDigest::md5(), &key).expect("OpenSSL has HMAC-MD5");
    signer.sign_oneshot_to_vec(bytes).expect("anything can be signed")
}

/// Hexadecimal digits.
pub(super) fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |digits, octet| {
        let digit = |of: u8| char::from_digit(u32::from(of), 16).expect("four bits are a digit");
        digits + &String::from_iter([digit(octet >> 4), digit(octet & 15)])
    })
}

/// Random octets.
pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut octets = [0; N];
    openssl::rand::rand_bytes(&mut octets).expect("the system has random numbers");
    octets
}
