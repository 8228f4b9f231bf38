//! Fingerprints of keys, as `ssh-keygen -l` prints them.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::digest::{SHA256, digest};

/// The SHA-256 of a public key: `SHA256:` and 43 characters of base64.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of a key as it is sent and as it stands, in base64, in `known_hosts`.
    pub fn of(key: &[u8]) -> Fingerprint {
        let mut sum = [0; 32];
        sum.copy_from_slice(digest(&SHA256, key).as_ref());
        Fingerprint(sum)
    }
}

impl FromStr for Fingerprint {
    type Err = String;

    fn from_str(text: &str) -> Result<Fingerprint, String> {
        if text.starts_with("MD5:") || text.split(':').count() == 16 {
            return Err(format!(
                "`{text}` is made with MD5, which proves nothing: give the one of `ssh-keygen -l -E sha256`"
            ));
        }
        let bare = text.strip_prefix("SHA256:").unwrap_or(text).trim_end_matches('=');
        let sum = STANDARD_NO_PAD.decode(bare).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        sum.map(Fingerprint).ok_or_else(|| {
            format!(
                "`{text}` is no fingerprint: give SHA256: and 43 characters, as `ssh-keygen -l` prints it"
            )
        })
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHA256:{}", STANDARD_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_what_ssh_keygen_prints() {
        // `printf abc | openssl sha256 -binary | base64`
        let abc = "SHA256:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0";
        assert_eq!(Fingerprint::of(b"abc").to_string(), abc);
        for text in [abc, &abc["SHA256:".len()..], &format!("{abc}=")] {
            assert_eq!(text.parse(), Ok(Fingerprint::of(b"abc")), "{text}");
        }
        for bad in ["", "SHA256:", "SHA256:abcd", "SHA1:x", "é", &abc.replace('u', "!")] {
            assert!(bad.parse::<Fingerprint>().is_err(), "{bad}");
        }
        let md5 = vec!["ab"; 16].join(":");
        for old in [md5.clone(), format!("MD5:{md5}")] {
            assert!(old.parse::<Fingerprint>().unwrap_err().contains("-E sha256"), "{old}");
        }
    }
}
