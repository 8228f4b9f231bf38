//! MSCHAPv2 as a server computes it (RFC 2759), apart from `crates/eap` for the same reason as the
//! packets: two implementations that agree.

use des::Des;
use des::cipher::{BlockCipherEncrypt, KeyInit};
use md4::{Digest, Md4};
use openssl::sha::Sha1;

use super::wire::hex;

/// The Authenticator Response's two constants (RFC 2759, 8.7).
const SIGNING: &[u8] = b"Magic server to client signing constant";
const PADDING: &[u8] = b"Pad to make it do more than one iteration";

/// What a peer says to a challenge.
pub(super) struct Answer<'a> {
    /// The authenticator's challenge, 16 octets.
    pub challenge: &'a [u8],
    /// The peer's own.
    pub peer_challenge: &'a [u8],
    /// As it stands in the answer; what is before a backslash does not count.
    pub user: &'a [u8],
}

impl Answer<'_> {
    /// The NT-Response that is right for a password.
    pub fn nt_response(&self, password: &str) -> [u8; 24] {
        let mut key = [0; 21];
        key[..16].copy_from_slice(&nt_hash(password));
        let block = self.challenge_hash();
        let mut response = [0; 24];
        for (seven, out) in key.chunks(7).zip(response.chunks_mut(8)) {
            out.copy_from_slice(&des_encrypt(seven, block));
        }
        response
    }

    /// What proves to the peer that the server knows the password: `S=` and 40 hexadecimal digits.
    pub fn authenticator_response(&self, password: &str) -> String {
        let hash_hash: [u8; 16] = Md4::digest(nt_hash(password)).into();
        let mut first = Sha1::new();
        first.update(&hash_hash);
        first.update(&self.nt_response(password));
        first.update(SIGNING);
        let mut second = Sha1::new();
        second.update(&first.finish());
        second.update(&self.challenge_hash());
        second.update(PADDING);
        format!("S={}", hex(&second.finish()).to_ascii_uppercase())
    }

    fn challenge_hash(&self) -> [u8; 8] {
        let user = self.user.rsplit(|octet| *octet == b'\\').next().unwrap_or_default();
        let mut sha = Sha1::new();
        sha.update(self.peer_challenge);
        sha.update(self.challenge);
        sha.update(user);
        let mut short = [0; 8];
        short.copy_from_slice(&sha.finish()[..8]);
        short
    }
}

fn nt_hash(password: &str) -> [u8; 16] {
    let utf16: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
    Md4::digest(utf16).into()
}

/// DES with a key of 56 bits, spread over eight octets.
fn des_encrypt(seven: &[u8], block: [u8; 8]) -> [u8; 8] {
    let bits = seven.iter().fold(0_u64, |bits, octet| bits << 8 | u64::from(*octet));
    let mut key = [0; 8];
    for (i, octet) in key.iter_mut().enumerate() {
        // the lowest bit is parity, which nobody looks at
        *octet = u8::try_from(bits >> (49 - 7 * i) & 0x7f).expect("seven bits") << 1;
    }
    let mut block = block.into();
    Des::new(&key.into()).encrypt_block(&mut block);
    block.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2759, 9.2.
    #[test]
    fn the_vector_of_the_rfc() {
        let hex = |text: &str| -> Vec<u8> {
            (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect()
        };
        let (challenge, peer) =
            (hex("5B5D7C7D7B3F2F3E3C2C602132262628"), hex("21402324255E262A28295F2B3A337C7E"));
        let answer = Answer { challenge: &challenge, peer_challenge: &peer, user: b"User" };
        let response = answer.nt_response("clientPass");
        assert_eq!(response.to_vec(), hex("82309ECD8D708B5EA08FAA3981CD83544233114A3D85D6DF"));
        let proof = answer.authenticator_response("clientPass");
        assert_eq!(proof, "S=407A5589115FD0D6209F510FE9C04566932CDA56");
        let with_domain = Answer { user: b"DOMAIN\\User", ..answer };
        assert_eq!(with_domain.nt_response("clientPass"), response);
    }
}
