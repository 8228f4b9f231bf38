//! Answers to a challenge: a digest of password and challenge, in the form that the daemon offers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use check::Secret;
use md4::Md4;
use md5::{Digest as _, Md5};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA512};

/// A digest, by the name that rsync has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Digest {
    Sha512,
    Sha256,
    Sha1,
    Md5,
    Md4,
    /// Of daemons that name no digests: MD4 of four zero bytes and the rest.
    OldMd4,
}

/// Best first.
const OFFERED: [(&str, Digest); 5] = [
    ("sha512", Digest::Sha512),
    ("sha256", Digest::Sha256),
    ("sha1", Digest::Sha1),
    ("md5", Digest::Md5),
    ("md4", Digest::Md4),
];

impl Digest {
    /// The best that a daemon takes, if there is one.
    pub(crate) fn best(offered: &[String]) -> Option<Digest> {
        if offered.is_empty() {
            return Some(Digest::OldMd4);
        }
        let taken = |name: &str| offered.iter().any(|offer| offer == name);
        OFFERED.iter().find(|(name, _)| taken(name)).map(|(_, digest)| *digest)
    }

    /// As it is told to the daemon; nothing to one that would not understand.
    pub(crate) fn name(self) -> Option<&'static str> {
        OFFERED.iter().find(|(_, digest)| *digest == self).map(|(name, _)| *name)
    }

    /// What proves the password.
    pub(crate) fn answer(self, password: &Secret, challenge: &str) -> String {
        let text = format!("{}{challenge}", password.expose());
        let sha = |algorithm| ring::digest::digest(algorithm, text.as_bytes()).as_ref().to_vec();
        let bytes = match self {
            Digest::Sha512 => sha(&SHA512),
            Digest::Sha256 => sha(&SHA256),
            Digest::Sha1 => sha(&SHA1_FOR_LEGACY_USE_ONLY),
            Digest::Md5 => Md5::digest(&text).to_vec(),
            Digest::Md4 => Md4::digest(&text).to_vec(),
            Digest::OldMd4 => Md4::new().chain_update([0; 4]).chain_update(&text).finalize().to_vec(),
        };
        STANDARD_NO_PAD.encode(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_best_that_is_offered() {
        let best =
            |offered: &[&str]| Digest::best(&offered.iter().map(|&o| o.to_owned()).collect::<Vec<_>>());
        assert_eq!(best(&["md4", "sha1", "md5"]), Some(Digest::Sha1));
        assert_eq!(best(&["blake9"]), None);
        assert_eq!(best(&[]), Some(Digest::OldMd4));
        assert_eq!((Digest::Md5.name(), Digest::OldMd4.name()), (Some("md5"), None));
    }

    #[test]
    fn answers_have_the_length_of_their_digest() {
        let password = Secret::from_argument("pw");
        // openssl dgst -md5 of "pwabc", base64 without padding
        assert_eq!(Digest::Md5.answer(&password, "abc"), "/buCU8E+N25qNuPhor+sJg");
        for (digest, length) in
            [(Digest::Sha512, 86), (Digest::Sha256, 43), (Digest::Sha1, 27), (Digest::Md4, 22)]
        {
            assert_eq!(digest.answer(&password, "abc").len(), length);
        }
        assert_ne!(Digest::Md4.answer(&password, "abc"), Digest::OldMd4.answer(&password, "abc"));
    }
}
