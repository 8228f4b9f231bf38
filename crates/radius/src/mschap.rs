//! MS-CHAP (RFC 2433) and MS-CHAP-V2 (RFC 2759): responses to challenges, and their attributes
//! (RFC 2548 section 2.1 and 2.3).

use check::Secret;
use des::Des;
use des::cipher::{BlockCipherEncrypt, KeyInit};
use md4::{Digest, Md4};
use sha1::Sha1;

/// Types of Microsoft's attributes.
pub const MS_CHAP_RESPONSE: u8 = 1;
/// Why a login failed: an identifier and `E=691 R=1`.
pub const MS_CHAP_ERROR: u8 = 2;
/// The challenge: 8 octets, 16 in version 2.
pub const MS_CHAP_CHALLENGE: u8 = 11;
/// The response of version 2.
pub const MS_CHAP2_RESPONSE: u8 = 25;
/// The server's proof that it knows the password too: an identifier and `S=` with 40 hexadecimal digits.
pub const MS_CHAP2_SUCCESS: u8 = 26;

/// The NT hash of a password.
pub type NtHash = [u8; 16];

/// NtPasswordHash.
pub fn nt_hash(password: &Secret) -> NtHash {
    let wide: Vec<u8> = password.expose().encode_utf16().flat_map(u16::to_le_bytes).collect();
    Md4::digest(wide).into()
}

/// ChallengeResponse: the challenge under three DES keys cut from the hash.
pub fn challenge_response(challenge: [u8; 8], hash: &NtHash) -> [u8; 24] {
    let mut padded = [0; 21];
    padded[..16].copy_from_slice(hash);
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

/// ChallengeHash of version 2. The user's name without a domain in front (`DOMAIN\user`), with a realm
/// behind it if it has one.
pub fn challenge_hash(peer: &[u8; 16], authenticator: &[u8; 16], user: &str) -> [u8; 8] {
    let name = user.rsplit_once('\\').map_or(user, |(_, name)| name);
    let digest: [u8; 20] =
        Sha1::new().chain_update(peer).chain_update(authenticator).chain_update(name).finalize().into();
    std::array::from_fn(|i| digest.get(i).copied().unwrap_or_default())
}

/// A response of version 2, with what it takes to know the server's answer to it.
#[derive(Clone)]
pub struct Response2 {
    /// The client's own challenge.
    pub peer_challenge: [u8; 16],
    /// NT-Response.
    pub nt_response: [u8; 24],
    success: String,
}

impl Response2 {
    /// Answers the server's challenge; `peer_challenge` must be random.
    pub fn new(challenge: &[u8; 16], peer_challenge: [u8; 16], user: &str, password: &Secret) -> Response2 {
        let hash = nt_hash(password);
        let short = challenge_hash(&peer_challenge, challenge, user);
        let nt_response = challenge_response(short, &hash);
        Response2 { peer_challenge, nt_response, success: authenticator_response(&hash, &nt_response, short) }
    }

    /// What a server that knows the password says: `S=` and 40 hexadecimal digits.
    pub fn expected_success(&self) -> &str {
        &self.success
    }

    /// Is this the message of a server that knows the password? Something may stand behind (` M=…`).
    pub fn is_success(&self, message: &[u8]) -> bool {
        message
            .get(..self.success.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(self.success.as_bytes()))
    }

    /// The value of MS-CHAP2-Response.
    pub fn attribute(&self, identifier: u8) -> [u8; 50] {
        let mut value = [0; 50];
        value[0] = identifier;
        value[2..18].copy_from_slice(&self.peer_challenge);
        value[26..].copy_from_slice(&self.nt_response);
        value
    }
}

/// The value of MS-CHAP-Response (version 1): the NT response only.
pub fn response1(challenge: [u8; 8], identifier: u8, password: &Secret) -> [u8; 50] {
    let mut value = [0; 50];
    value[0] = identifier;
    // the NT response is there and preferred
    value[1] = 1;
    value[26..].copy_from_slice(&challenge_response(challenge, &nt_hash(password)));
    value
}

/// GenerateAuthenticatorResponse.
fn authenticator_response(hash: &NtHash, nt_response: &[u8; 24], challenge: [u8; 8]) -> String {
    let hash_hash = Md4::digest(hash);
    let first = Sha1::new()
        .chain_update(hash_hash)
        .chain_update(nt_response)
        .chain_update(b"Magic server to client signing constant")
        .finalize();
    let second = Sha1::new()
        .chain_update(first)
        .chain_update(challenge)
        .chain_update(b"Pad to make it do more than one iteration")
        .finalize();
    second.iter().fold("S=".to_owned(), |text, octet| format!("{text}{octet:02X}"))
}

/// Words for the number in `E=691 R=1 …`; `None` if there is no number.
pub fn error_in_words(message: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(message);
    let (_, rest) = text.split_once("E=")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).take(10).collect();
    let words = match digits.as_str() {
        "646" => "logins are not allowed at this hour",
        "647" => "the account is disabled",
        "648" => "the password has expired",
        "649" => "the account may not dial in",
        "691" => "wrong user name or password",
        "709" => "the password could not be changed",
        "" => return None,
        other => return Some(format!("MS-CHAP error {other}")),
    };
    Some(format!("{words} (MS-CHAP error {digits})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
    }

    /// RFC 2759 section 9.2.
    #[test]
    fn version_2_is_that_of_the_rfc() {
        let password = Secret::from_argument("clientPass");
        let challenge: [u8; 16] = hex("5B5D7C7D7B3F2F3E3C2C602132262628").try_into().unwrap();
        let peer: [u8; 16] = hex("21402324255E262A28295F2B3A337C7E").try_into().unwrap();
        assert_eq!(challenge_hash(&peer, &challenge, "User")[..], hex("D02E4386BCE91226"));
        assert_eq!(challenge_hash(&peer, &challenge, "HOME\\User")[..], hex("D02E4386BCE91226"));
        assert_eq!(nt_hash(&password)[..], hex("44EBBA8D5312B8D611474411F56989AE"));
        let response = Response2::new(&challenge, peer, "User", &password);
        assert_eq!(response.nt_response[..], hex("82309ECD8D708B5EA08FAA3981CD83544233114A3D85D6DF"));
        assert_eq!(response.expected_success(), "S=407A5589115FD0D6209F510FE9C04566932CDA56");
        assert!(response.is_success(b"S=407a5589115fd0d6209f510fe9c04566932cda56 M=hi"));
        assert!(!response.is_success(b"S=407A5589115FD0D6209F510FE9C04566932CDA57"));
        assert!(!response.is_success(b"S="));
        let value = response.attribute(7);
        assert_eq!((value[0], &value[2..18], &value[18..26]), (7, &peer[..], &[0; 8][..]));
    }

    /// RFC 2433 appendix B.2.
    #[test]
    fn version_1_is_that_of_the_rfc() {
        let password = Secret::from_argument("MyPw");
        assert_eq!(nt_hash(&password)[..], hex("FC156AF7EDCD6C0EDDE3337D427F4EAC"));
        let challenge = hex("102DB5DF085D3041").try_into().unwrap();
        let value = response1(challenge, 1, &password);
        assert_eq!(value[26..], hex("4E9D3C8F9CFD385D5BF4D3246791956CA4C351AB409A3D61"));
        assert_eq!(value[..2], [1, 1]);
    }

    #[test]
    fn errors_are_told_in_words() {
        let words = |message: &[u8]| error_in_words(message);
        assert_eq!(
            words(b"\x01E=691 R=1").as_deref(),
            Some("wrong user name or password (MS-CHAP error 691)")
        );
        assert_eq!(words(b"E=1234 R=0").as_deref(), Some("MS-CHAP error 1234"));
        assert_eq!(words(b"E="), None);
        assert_eq!(words(b"\xff\x00"), None);
    }

    proptest! {
        #[test]
        fn no_message_makes_it_panic(noise in proptest::collection::vec(any::<u8>(), 0..80)) {
            let response = Response2::new(&[1; 16], [2; 16], "u", &Secret::from_argument("p"));
            let _ = (response.is_success(&noise), error_in_words(&noise));
        }
    }
}
