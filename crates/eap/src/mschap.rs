//! MS-CHAP, versions 1 and 2 (RFC 2433, RFC 2759), and the keys of RFC 3079.
//!
//! MD4 and DES are what the protocol is made of; nothing here protects anything by itself.

use des::Des;
use des::cipher::{BlockCipherEncrypt, KeyInit};
use md4::{Digest, Md4};
use sha1::Sha1;

/// MD4 of the password in UTF-16 (RFC 2759 §8.3).
pub fn nt_hash(password: &str) -> [u8; 16] {
    let mut hash = Md4::new();
    for unit in password.encode_utf16() {
        hash.update(unit.to_le_bytes());
    }
    hash.finalize().into()
}

/// Eight octets of both challenges and the user's name (RFC 2759 §8.2). A Windows domain in front
/// of the name (`DOMAIN\user`) does not count; a realm does.
pub fn challenge_hash(peer: &[u8; 16], authenticator: &[u8; 16], user: &str) -> [u8; 8] {
    let name = user.split_once('\\').map_or(user, |(_, name)| name);
    let full: [u8; 20] =
        Sha1::new().chain_update(peer).chain_update(authenticator).chain_update(name).finalize().into();
    [full[0], full[1], full[2], full[3], full[4], full[5], full[6], full[7]]
}

/// The answer to a challenge of eight octets: DES by three parts of the hash (RFC 2759 §8.5).
pub fn challenge_response(challenge: [u8; 8], hash: [u8; 16]) -> [u8; 24] {
    let mut padded = [0; 21];
    padded[..16].copy_from_slice(&hash);
    let mut response = [0; 24];
    for (part, block) in padded.chunks_exact(7).zip(response.chunks_exact_mut(8)) {
        let mut cell = des::cipher::Array::from(challenge);
        Des::new(&des::cipher::Array::from(with_parity(part))).encrypt_block(&mut cell);
        block.copy_from_slice(&cell);
    }
    response
}

/// 56 bits as a DES key: seven in each octet, whose lowest is parity and left at zero.
fn with_parity(part: &[u8]) -> [u8; 8] {
    let bits = part.iter().fold(0_u64, |bits, octet| bits << 8 | u64::from(*octet));
    let mut key = [0; 8];
    for (i, octet) in (0_u32..).zip(&mut key) {
        *octet = u8::try_from((bits >> (49 - 7 * i)) & 0x7f).unwrap_or_default() << 1;
    }
    key
}

/// What the two sides of MS-CHAPv2 say to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The NT-Response of the peer.
    pub response: [u8; 24],
    /// How the server proves that it knows the password too: 40 hexadecimal digits behind `S=`.
    pub proof: String,
    /// The master key, of which MPPE keys are made (RFC 3079 §3.4).
    pub master_key: [u8; 16],
}

impl Exchange {
    /// Computes all of it.
    pub fn new(user: &str, password: &str, peer: &[u8; 16], authenticator: &[u8; 16]) -> Exchange {
        const MAGIC1: &[u8] = b"Magic server to client signing constant";
        const MAGIC2: &[u8] = b"Pad to make it do more than one iteration";
        const MASTER: &[u8] = b"This is the MPPE Master Key";
        let hash = nt_hash(password);
        let challenge = challenge_hash(peer, authenticator, user);
        let response = challenge_response(challenge, hash);
        let hash_of_hash: [u8; 16] = Md4::digest(hash).into();
        let digest =
            Sha1::new().chain_update(hash_of_hash).chain_update(response).chain_update(MAGIC1).finalize();
        let digest = Sha1::new().chain_update(digest).chain_update(challenge).chain_update(MAGIC2).finalize();
        let master = Sha1::new().chain_update(hash_of_hash).chain_update(response).chain_update(MASTER);
        let mut master_key = [0; 16];
        master_key.copy_from_slice(&master.finalize()[..16]);
        Exchange { response, proof: hex(&digest), master_key }
    }

    /// Does the server's message (`S=… M=…`) prove that it knows the password?
    pub fn proves(&self, message: &str) -> bool {
        let said = message.strip_prefix("S=").and_then(|rest| rest.get(..40));
        said.is_some_and(|said| said.eq_ignore_ascii_case(&self.proof))
    }
}

/// The key for one direction (RFC 3079 §3.4), 16 octets.
pub fn session_key(master_key: &[u8; 16], receive: bool) -> [u8; 16] {
    let magic: &[u8] = if receive {
        b"On the client side, this is the receive key; on the server side, it is the send key."
    } else {
        b"On the client side, this is the send key; on the server side, it is the receive key."
    };
    let digest = Sha1::new()
        .chain_update(master_key)
        .chain_update([0; 40])
        .chain_update(magic)
        .chain_update([0xf2; 40])
        .finalize();
    let mut key = [0; 16];
    key.copy_from_slice(&digest[..16]);
    key
}

/// Why the server refuses, in its own code (RFC 2759 §6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// `E=`: 691 and the like; None if it gave none.
    pub code: Option<u32>,
    /// `R=1`: it would take another try.
    pub may_retry: bool,
    /// `M=`, on one line and at most 200 characters.
    pub message: String,
}

impl Refusal {
    /// Reads `E=691 R=1 C=… V=3 M=…`; whatever it is.
    pub fn read(text: &str) -> Refusal {
        let (fields, message) = match text.split_once("M=") {
            Some((fields, message)) => (fields, message),
            None => (text, ""),
        };
        let field = |name: &str| fields.split_ascii_whitespace().find_map(|word| word.strip_prefix(name));
        Refusal {
            code: field("E=").and_then(|code| code.parse().ok()),
            may_retry: field("R=") == Some("1"),
            message: crate::told::plain(message),
        }
    }

    /// The code in words.
    pub fn words(&self) -> &'static str {
        match self.code {
            Some(646) => "restricted logon hours",
            Some(647) => "account disabled",
            Some(648) => "password expired",
            Some(649) => "no dial-in permission",
            Some(691) => "authentication failure",
            Some(709) => "error changing password",
            _ => "refused",
        }
    }

    /// The account is good but for its password's age.
    pub fn is_expired_password(&self) -> bool {
        self.code == Some(648)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.code {
            Some(code) => write!(f, "MS-CHAP error {code}, {}", self.words())?,
            None => write!(f, "MS-CHAP failure without a code")?,
        }
        if self.message.is_empty() { Ok(()) } else { write!(f, " ({})", self.message) }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, octet| {
        let _ = write!(text, "{octet:02X}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unhex<const N: usize>(text: &str) -> [u8; N] {
        let octets: Vec<u8> =
            (0..N).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect();
        octets.try_into().unwrap()
    }

    /// RFC 2759 §9.2 and RFC 3079 §3.5.3.
    #[test]
    fn the_vectors_of_the_rfcs_hold() {
        let authenticator = unhex("5B5D7C7D7B3F2F3E3C2C602132262628");
        let peer = unhex("21402324255E262A28295F2B3A337C7E");
        assert_eq!(hex(&nt_hash("clientPass")), "44EBBA8D5312B8D611474411F56989AE");
        assert_eq!(hex(&challenge_hash(&peer, &authenticator, "User")), "D02E4386BCE91226");
        assert_eq!(challenge_hash(&peer, &authenticator, "DOMAIN\\User"), unhex("D02E4386BCE91226"));
        let exchange = Exchange::new("User", "clientPass", &peer, &authenticator);
        assert_eq!(hex(&exchange.response), "82309ECD8D708B5EA08FAA3981CD83544233114A3D85D6DF");
        assert_eq!(exchange.proof, "407A5589115FD0D6209F510FE9C04566932CDA56");
        assert_eq!(hex(&exchange.master_key), "FDECE3717A8C838CB388E527AE3CDD31");
        assert_eq!(hex(&session_key(&exchange.master_key, false)), "D5F0E9521E3EA9589645E86051C82226");
        assert_eq!(hex(&session_key(&exchange.master_key, true)), "8B7CDC149B993A1BA118CB153F56DCCB");
        assert!(exchange.proves("S=407a5589115FD0D6209F510FE9C04566932CDA56 M=welcome"));
        for wrong in
            ["", "S=", "S=é", "407A5589115FD0D6209F510FE9C04566932CDA56", &format!("S={}", "0".repeat(40))]
        {
            assert!(!exchange.proves(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_refusal_says_its_code_in_words() {
        let refusal = Refusal::read("E=691 R=1 C=0123 V=3 M=Authentication\nrejected");
        assert_eq!(
            refusal.to_string(),
            "MS-CHAP error 691, authentication failure (Authentication rejected)"
        );
        assert!(refusal.may_retry && !refusal.is_expired_password());
        assert!(Refusal::read("E=648 R=0 V=3").is_expired_password());
        assert_eq!(Refusal::read("nonsense").to_string(), "MS-CHAP failure without a code");
        assert_eq!(Refusal::read("E=99999999999 M=").code, None);
    }
}
