//! Pins: the SHA-256 that a certificate, or its key, must have.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use net::tls::Certificate;
use ring::digest::{SHA256, digest};

/// A SHA-256 as it is found in the field: hexadecimal with or without colons (`openssl x509
/// -fingerprint -sha256`), or base64 with or without `sha256//` before it (as curl has it).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Pin([u8; 32]);

impl Pin {
    /// Of a certificate: its fingerprint.
    pub fn of(certificate: &Certificate) -> Pin {
        Pin::sha256(certificate.der())
    }

    /// Of a certificate's public key, which may outlive the certificate.
    pub fn of_key(certificate: &Certificate) -> Pin {
        Pin::sha256(certificate.key_der())
    }

    fn sha256(bytes: &[u8]) -> Pin {
        let mut sum = [0; 32];
        sum.copy_from_slice(digest(&SHA256, bytes).as_ref());
        Pin(sum)
    }
}

impl FromStr for Pin {
    type Err = String;

    fn from_str(text: &str) -> Result<Pin, String> {
        let bare = text.strip_prefix("sha256//").or_else(|| text.strip_prefix("sha256:")).unwrap_or(text);
        let digits: String = bare.chars().filter(|c| *c != ':').collect();
        let decoded =
            if digits.len() == 64 { from_hex(&digits) } else { STANDARD.decode(bare.as_bytes()).ok() };
        let sha256 = decoded.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        sha256.map(Pin).ok_or_else(|| {
            format!(
                "`{text}` is no SHA-256: give 64 hexadecimal digits, or sha256// and 44 characters of base64"
            )
        })
    }
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let pair = |i: usize| u8::from_str_radix(digits.get(i..i + 2)?, 16).ok();
    (0..digits.len()).step_by(2).map(pair).collect()
}

/// As `sha256//` and base64.
impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256//{}", STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pin({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_keeps_its_pin_when_its_certificate_is_renewed() {
        let params = rcgen::CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let signed = || Certificate::read(params.self_signed(&key).unwrap().der()).unwrap();
        let (one, renewed) = (signed(), signed());
        assert_eq!(Pin::of_key(&one), Pin::of_key(&renewed));
        assert_eq!(Pin::of_key(&one), Pin::sha256(&rcgen::PublicKeyData::subject_public_key_info(&key)));
        assert_eq!(Pin::of(&one), Pin::sha256(one.der()));
        assert_ne!(Pin::of(&one), Pin::of(&renewed));
        // as `printf abc | sha256sum` has it
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(abc.parse(), Ok(Pin::sha256(b"abc")));
    }

    #[test]
    fn reads_every_form_and_nothing_else() {
        let want = Pin([0xab; 32]);
        let colons = vec!["AB"; 32].join(":");
        for text in ["ab".repeat(32), colons.clone(), format!("sha256:{colons}"), want.to_string()] {
            assert_eq!(text.parse(), Ok(want), "{text}");
        }
        let base64 = want.to_string();
        assert_eq!(base64.strip_prefix("sha256//").unwrap().parse(), Ok(want));
        let long = "é".repeat(32);
        for bad in ["", "sha256//", "ab", "sha256//AAAA", long.as_str(), &"zz".repeat(32)] {
            assert!(bad.parse::<Pin>().is_err(), "{bad}");
        }
    }
}
