//! MS-CHAP (RFC 2433) and MS-CHAP-V2 (RFC 2759) as a client computes them: responses to challenges, and
//! what proves that the server knows the password too. Read [`Exchange`] first.
//!
//! Responses are also laid out as values of RADIUS attributes (RFC 2548), which TTLS has, too.
//!
//! Left out: how EAP carries it, the hash of LAN Manager, changes of passwords, keys (RFC 3079).
//! MD4 and DES are what the protocol is made of; nothing here protects anything by itself.

use des::Des;
use des::cipher::{BlockCipherEncrypt, KeyInit};
use md4::{Digest, Md4};
use sha1::Sha1;

/// The value of MS-CHAP-Response, version 1 (RFC 2548 section 2.1.3): the NT response alone.
pub fn response1(challenge: [u8; 8], identifier: u8, password: &str) -> [u8; 50] {
    let mut value = [0; 50];
    value[0] = identifier;
    // the NT response is there and preferred, that of LAN Manager is empty
    value[1] = 1;
    value[26..].copy_from_slice(&challenge_response(challenge, nt_hash(password)));
    value
}

/// `NtPasswordHash`: MD4 of the password in UTF-16 (RFC 2759 section 8.3).
fn nt_hash(password: &str) -> [u8; 16] {
    let wide: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
    Md4::digest(wide).into()
}

/// `ChallengeResponse`: the challenge under three DES keys cut from the hash (RFC 2759 section 8.5).
fn challenge_response(challenge: [u8; 8], hash: [u8; 16]) -> [u8; 24] {
    let mut padded = [0; 21];
    padded[..16].copy_from_slice(&hash);
    let mut response = [0; 24];
    for (key, out) in padded.chunks_exact(7).zip(response.chunks_exact_mut(8)) {
        let mut block = challenge.into();
        Des::new(&des_key(key).into()).encrypt_block(&mut block);
        out.copy_from_slice(&block);
    }
    response
}

/// 56 bits with room for a parity bit behind every seven.
fn des_key(seven: &[u8]) -> [u8; 8] {
    let bits = seven.iter().fold(0_u64, |bits, octet| bits << 8 | u64::from(*octet));
    std::array::from_fn(|i| u8::try_from(bits >> (49 - 7 * i) & 0x7f).unwrap_or_default() << 1)
}

/// `ChallengeHash` of version 2 (RFC 2759 section 8.2). A Windows domain in front of the user's name
/// (`DOMAIN\user`) does not count; a realm behind it does.
fn challenge_hash(peer: &[u8; 16], authenticator: &[u8; 16], user: &str) -> [u8; 8] {
    let name = user.split_once('\\').map_or(user, |(_, name)| name);
    let digest: [u8; 20] =
        Sha1::new().chain_update(peer).chain_update(authenticator).chain_update(name).finalize().into();
    std::array::from_fn(|i| digest.get(i).copied().unwrap_or_default())
}

/// What the two sides of version 2 say to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The client's own challenge.
    pub peer_challenge: [u8; 16],
    /// NT-Response.
    pub response: [u8; 24],
    /// What a server that knows the password says: `S=` and 40 hexadecimal digits.
    pub proof: String,
}

impl Exchange {
    /// Answers the server's challenge; `peer_challenge` must be random.
    pub fn new(challenge: &[u8; 16], peer_challenge: [u8; 16], user: &str, password: &str) -> Exchange {
        let hash = nt_hash(password);
        let short = challenge_hash(&peer_challenge, challenge, user);
        let response = challenge_response(short, hash);
        Exchange { peer_challenge, response, proof: authenticator_response(hash, &response, short) }
    }

    /// The value of MS-CHAP2-Response (RFC 2548 section 2.3.2).
    pub fn attribute(&self, identifier: u8) -> [u8; 50] {
        let mut value = [0; 50];
        value[0] = identifier;
        value[2..18].copy_from_slice(&self.peer_challenge);
        value[26..].copy_from_slice(&self.response);
        value
    }

    /// Is this the message of a server that knows the password? Something may stand behind (` M=…`).
    pub fn proves(&self, message: &[u8]) -> bool {
        let start = message.get(..self.proof.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(self.proof.as_bytes()))
    }
}

/// `GenerateAuthenticatorResponse` (RFC 2759 section 8.7).
fn authenticator_response(hash: [u8; 16], response: &[u8; 24], challenge: [u8; 8]) -> String {
    let first = Sha1::new()
        .chain_update(Md4::digest(hash))
        .chain_update(response)
        .chain_update(b"Magic server to client signing constant")
        .finalize();
    let second = Sha1::new()
        .chain_update(first)
        .chain_update(challenge)
        .chain_update(b"Pad to make it do more than one iteration")
        .finalize();
    second.iter().fold("S=".to_owned(), |text, octet| format!("{text}{octet:02X}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unhex<const N: usize>(text: &str) -> [u8; N] {
        std::array::from_fn(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
    }

    /// RFC 2759 section 9.2.
    #[test]
    fn version_2_is_that_of_the_rfc() {
        let challenge = unhex("5B5D7C7D7B3F2F3E3C2C602132262628");
        let peer = unhex("21402324255E262A28295F2B3A337C7E");
        assert_eq!(nt_hash("clientPass"), unhex("44EBBA8D5312B8D611474411F56989AE"));
        for user in ["User", "HOME\\User"] {
            assert_eq!(challenge_hash(&peer, &challenge, user), unhex("D02E4386BCE91226"), "{user}");
        }
        let exchange = Exchange::new(&challenge, peer, "User", "clientPass");
        assert_eq!(exchange.response, unhex("82309ECD8D708B5EA08FAA3981CD83544233114A3D85D6DF"));
        assert_eq!(exchange.proof, "S=407A5589115FD0D6209F510FE9C04566932CDA56");
        assert!(exchange.proves(b"S=407a5589115fd0d6209f510fe9c04566932cda56 M=hi"));
        let zeroes = format!("S={}", "0".repeat(40));
        for wrong in ["", "S=", "S=é", &exchange.proof[2..], &exchange.proof[..41], &zeroes] {
            assert!(!exchange.proves(wrong.as_bytes()), "{wrong}");
        }
        let value = exchange.attribute(7);
        assert_eq!((value[0], value[1], &value[2..18], &value[18..26]), (7, 0, &peer[..], &[0; 8][..]));
        assert_eq!(value[26..], exchange.response);
    }

    /// RFC 2433 appendix B.2.
    #[test]
    fn version_1_is_that_of_the_rfc() {
        let hash = nt_hash("MyPw");
        assert_eq!(hash, unhex("FC156AF7EDCD6C0EDDE3337D427F4EAC"));
        let response = challenge_response(unhex("102DB5DF085D3041"), hash);
        assert_eq!(response, unhex("4E9D3C8F9CFD385D5BF4D3246791956CA4C351AB409A3D61"));
        let value = response1(unhex("102DB5DF085D3041"), 7, "MyPw");
        assert_eq!((&value[..2], &value[2..26]), (&[7, 1][..], &[0; 24][..]));
        assert_eq!(value[26..], response);
    }

    proptest! {
        #[test]
        fn no_message_makes_it_panic(noise in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert!(!Exchange::new(&[1; 16], [2; 16], "u", "p").proves(&noise));
        }
    }
}
