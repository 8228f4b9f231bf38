//! What the shared secret does: hiding passwords, proving replies, wrapping keys. MD5 throughout, as
//! the protocol has it.

use check::Secret;
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};

use crate::attribute::MICROSOFT;
use crate::packet::{Authenticator, Packet};

/// Block of MD5, of which hidden values are multiples.
const BLOCK: usize = 16;

/// Microsoft's MS-MPPE-Send-Key (RFC 2548 section 2.4.2).
pub const MS_MPPE_SEND_KEY: u8 = 16;
/// Microsoft's MS-MPPE-Recv-Key (RFC 2548 section 2.4.3).
pub const MS_MPPE_RECV_KEY: u8 = 17;

/// Random octets from the kernel: authenticators, challenges, salts. At most 256.
///
/// # Panics
/// If the kernel has none to give, which no supported one does.
pub fn random<const N: usize>() -> [u8; N] {
    const { assert!(N <= 256, "so many come whole, whatever signals come") };
    let mut bytes = [0; N];
    let filled = rustix::rand::getrandom(&mut bytes[..], rustix::rand::GetRandomFlags::empty());
    assert_eq!(filled, Ok(N), "the kernel has random numbers");
    bytes
}

pub(crate) fn md5(parts: &[&[u8]]) -> [u8; 16] {
    let mut digest = Md5::new();
    for part in parts {
        digest.update(part);
    }
    digest.finalize().into()
}

pub(crate) fn hmac_md5(secret: &Secret, parts: &[&[u8]]) -> [u8; 16] {
    keyed(secret, parts).finalize().into_bytes().into()
}

/// Compares without telling by its time where the two differ.
pub(crate) fn is_hmac_md5(secret: &Secret, parts: &[&[u8]], proof: &[u8]) -> bool {
    keyed(secret, parts).verify_slice(proof).is_ok()
}

fn keyed(secret: &Secret, parts: &[&[u8]]) -> Hmac<Md5> {
    let mut mac = <Hmac<Md5> as KeyInit>::new_from_slice(secret.expose().as_bytes())
        .expect("a key of any length will do");
    for part in parts {
        mac.update(part);
    }
    mac
}

/// Octets that a password of so many has when it is hidden: whole blocks, one at least.
pub(crate) fn hidden_length(octets: usize) -> usize {
    octets.div_ceil(BLOCK).max(1) * BLOCK
}

/// User-Password (RFC 2865 section 5.2).
pub(crate) fn hide(password: &[u8], secret: &Secret, authenticator: &Authenticator) -> Vec<u8> {
    let mut padded = password.to_vec();
    padded.resize(hidden_length(password.len()), 0);
    mask(&padded, secret, &[authenticator], Direction::Hide)
}

/// The password in a User-Password, without the zeros behind it; `None` if it is not of whole blocks.
pub fn reveal_user_password(
    hidden: &[u8],
    secret: &Secret,
    authenticator: &Authenticator,
) -> Option<Vec<u8>> {
    if hidden.is_empty() || !hidden.len().is_multiple_of(BLOCK) {
        return None;
    }
    let mut password = mask(hidden, secret, &[authenticator], Direction::Reveal);
    while password.last() == Some(&0) {
        password.pop();
    }
    Some(password)
}

/// The value of CHAP-Password: the response to a challenge that goes along in CHAP-Challenge (RFC 2865
/// section 5.3, RFC 1994).
pub fn chap_password(identifier: u8, password: &Secret, challenge: &[u8]) -> [u8; 17] {
    let digest = md5(&[&[identifier], password.expose().as_bytes(), challenge]);
    let mut value = [identifier; 17];
    value[1..].copy_from_slice(&digest);
    value
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Hide,
    Reveal,
}

/// Every block is masked by the digest of the secret and the hidden block before it.
fn mask(blocks: &[u8], secret: &Secret, start: &[&[u8]], direction: Direction) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(blocks.len());
    let mut before: Vec<u8> = start.concat();
    for block in blocks.chunks(BLOCK) {
        let key = md5(&[secret.expose().as_bytes(), &before]);
        let masked: Vec<u8> = block.iter().zip(key).map(|(octet, key)| octet ^ key).collect();
        before = if direction == Direction::Hide { masked.clone() } else { block.to_vec() };
        out.extend(masked);
    }
    out
}

/// Wraps a key as MS-MPPE-Send-Key and MS-MPPE-Recv-Key hold it (RFC 2548 section 2.4.2), as servers
/// do. The salt's first bit is set; keys are at most 239 octets.
pub fn wrap_mppe_key(key: &[u8], secret: &Secret, authenticator: &Authenticator) -> Vec<u8> {
    let [high, low] = random();
    let salt = [high | 0x80, low];
    let key = key.get(..239).unwrap_or(key);
    let mut plain = vec![u8::try_from(key.len()).unwrap_or_default()];
    plain.extend(key);
    plain.resize(plain.len().div_ceil(BLOCK) * BLOCK, 0);
    let masked = mask(&plain, secret, &[authenticator, &salt], Direction::Hide);
    [&salt[..], &masked].concat()
}

/// The key in an MS-MPPE-Send-Key or MS-MPPE-Recv-Key; `None` if its form is wrong, which with another
/// secret it mostly is.
pub fn unwrap_mppe_key(value: &[u8], secret: &Secret, authenticator: &Authenticator) -> Option<Vec<u8>> {
    let (salt, masked) = value.split_first_chunk::<2>()?;
    if masked.is_empty() || !masked.len().is_multiple_of(BLOCK) {
        return None;
    }
    let plain = mask(masked, secret, &[authenticator, salt], Direction::Reveal);
    let (length, rest) = plain.split_first()?;
    rest.get(..usize::from(*length)).map(<[u8]>::to_vec)
}

/// The keys of an Access-Accept. In EAP they are the halves of the MSK: `recv` the first 32 octets,
/// `send` the second (RFC 3748 by way of RFC 2548).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MppeKeys {
    /// MS-MPPE-Send-Key.
    pub send: Option<Vec<u8>>,
    /// MS-MPPE-Recv-Key.
    pub recv: Option<Vec<u8>>,
}

impl MppeKeys {
    /// Those of a reply to a request with this authenticator.
    pub fn of(reply: &Packet, request: &Authenticator, secret: &Secret) -> MppeKeys {
        let key = |kind| unwrap_mppe_key(reply.vendor(MICROSOFT, kind)?, secret, request);
        MppeKeys { send: key(MS_MPPE_SEND_KEY), recv: key(MS_MPPE_RECV_KEY) }
    }
}

impl std::fmt::Debug for MppeKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let octets = |key: &Option<Vec<u8>>| key.as_ref().map(Vec::len);
        write!(f, "MppeKeys(send {:?} octets, recv {:?} octets)", octets(&self.send), octets(&self.recv))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 2202 section 2, its second case.
    #[test]
    fn hmac_is_that_of_the_rfc() {
        let proof = hmac_md5(&Secret::from_argument("Jefe"), &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(
            proof,
            [0x75, 0x0c, 0x78, 0x3e, 0x6a, 0xb0, 0xb5, 0x03, 0xea, 0xa8, 0x6e, 0x31, 0x0a, 0x5d, 0xb7, 0x38]
        );
    }

    #[test]
    fn random_octets_are_not_the_same_twice() {
        assert_ne!(random::<16>(), random::<16>());
    }

    proptest! {
        #[test]
        fn passwords_come_back(password in "[ -~]{0,128}", authenticator: [u8; 16]) {
            let secret = Secret::from_argument("s3cret");
            let hidden = hide(password.as_bytes(), &secret, &authenticator);
            prop_assert!(hidden.len() >= 16 && hidden.len() <= 128 && hidden.len().is_multiple_of(16));
            let shown = reveal_user_password(&hidden, &secret, &authenticator).unwrap();
            prop_assert_eq!(shown, password.as_bytes());
        }

        #[test]
        fn keys_come_back(key in proptest::collection::vec(any::<u8>(), 0..239), authenticator: [u8; 16]) {
            let secret = Secret::from_argument("s3cret");
            let wrapped = wrap_mppe_key(&key, &secret, &authenticator);
            prop_assert_eq!(unwrap_mppe_key(&wrapped, &secret, &authenticator), Some(key));
        }

        #[test]
        fn no_wrapped_key_makes_it_panic(noise in proptest::collection::vec(any::<u8>(), 0..70)) {
            let secret = Secret::from_argument("s3cret");
            let _ = unwrap_mppe_key(&noise, &secret, &[0; 16]);
            let _ = reveal_user_password(&noise, &secret, &[0; 16]);
        }
    }
}
