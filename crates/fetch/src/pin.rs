//! Pins: the SHA-256 that a certificate, or its key, must have.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A SHA-256 as it is found in the field: hexadecimal with or without colons (`openssl x509
/// -fingerprint -sha256`), or base64 with or without `sha256//` before it (as curl has it).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Pin([u8; 32]);

impl Pin {
    /// Is this the pinned one?
    pub fn matches(&self, sha256: &[u8; 32]) -> bool {
        self.0 == *sha256
    }
}

impl From<[u8; 32]> for Pin {
    fn from(sha256: [u8; 32]) -> Pin {
        Pin(sha256)
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
