//! The algorithms that a server offers, and rules about them.

use std::fmt;
use std::str::FromStr;

use check::glob;

/// What an algorithm is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Agreeing on a secret.
    KeyExchange,
    /// Proving who the server is.
    HostKey,
    /// Encryption.
    Cipher,
    /// Integrity.
    Mac,
    /// Compression.
    Compression,
}

impl Kind {
    /// The words that may stand before a rule's pattern, and in messages.
    const NAMES: [(Kind, &str, &str); 5] = [
        (Kind::KeyExchange, "kex", "key exchange"),
        (Kind::HostKey, "key", "host key"),
        (Kind::Cipher, "cipher", "cipher"),
        (Kind::Mac, "mac", "MAC"),
        (Kind::Compression, "compression", "compression"),
    ];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = Kind::NAMES.iter().find(|(kind, _, _)| kind == self);
        f.write_str(found.map_or("algorithm", |(_, _, words)| words))
    }
}

/// What a server offers, each list in its order of preference; those of both directions are one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Algorithms {
    all: Vec<(Kind, String)>,
}

impl Algorithms {
    /// From the ten lists of SSH_MSG_KEXINIT; languages are nobody's.
    pub(crate) fn of(lists: [Vec<String>; 10]) -> Algorithms {
        const KINDS: [Kind; 8] = [
            Kind::KeyExchange,
            Kind::HostKey,
            Kind::Cipher,
            Kind::Cipher,
            Kind::Mac,
            Kind::Mac,
            Kind::Compression,
            Kind::Compression,
        ];
        let mut seen = std::collections::HashSet::new();
        let offered = KINDS
            .into_iter()
            .zip(lists)
            .flat_map(|(kind, list)| list.into_iter().map(move |name| (kind, name)));
        let all = offered.filter(|(kind, name)| seen.insert((*kind as u8, name.clone()))).collect();
        Algorithms { all }
    }

    /// All of them.
    pub fn all(&self) -> &[(Kind, String)] {
        &self.all
    }

    /// Those of one kind.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &str> {
        self.all.iter().filter(move |(of, _)| *of == kind).map(|(_, name)| name.as_str())
    }

    /// Those that a rule is about.
    pub fn matching(&self, rule: &Rule) -> Vec<&str> {
        let fits = self.all.iter().filter(|(kind, name)| rule.is_about(*kind, name));
        fits.map(|(_, name)| name.as_str()).collect()
    }
}

/// A pattern for names of algorithms, perhaps of one kind: `*-cbc`, `kex:*sha1`, or `weak` for all that
/// is broken or too short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    text: String,
    kind: Option<Kind>,
    patterns: Vec<String>,
}

impl Rule {
    /// What `weak` stands for: SHA-1 and MD5 in signatures and key exchange, groups of 1024 bits, CBC
    /// (CVE-2008-5161), RC4, ciphers with blocks of 64 bits, DSA, truncated and MD5 MACs. MACs with SHA-1 are not broken.
    const WEAK: [&str; 13] = [
        "diffie-hellman-group*-sha1",
        "diffie-hellman-group-exchange-sha1",
        "rsa1024-sha1",
        "gss-*-sha1-*",
        "ssh-rsa",
        "ssh-rsa-cert-v0?@openssh.com",
        "ssh-dss*",
        "*-cbc",
        "*-cbc@*",
        "arcfour*",
        "3des-*",
        "hmac-md5*",
        "hmac-*-96*",
    ];

    fn is_about(&self, kind: Kind, name: &str) -> bool {
        self.kind.is_none_or(|wanted| wanted == kind)
            && self.patterns.iter().any(|pattern| glob(pattern, name))
    }
}

impl FromStr for Rule {
    type Err = String;

    fn from_str(text: &str) -> Result<Rule, String> {
        let (kind, pattern) = match text.split_once(':') {
            None => (None, text),
            Some((word, pattern)) => match Kind::NAMES.iter().find(|(_, short, _)| *short == word) {
                Some((kind, _, _)) => (Some(*kind), pattern),
                None => {
                    return Err(format!(
                        "`{word}` is no kind of algorithm: use kex, key, cipher, mac or compression"
                    ));
                }
            },
        };
        if pattern.is_empty() || !pattern.chars().all(|c| c.is_ascii_graphic() && c != ',') {
            return Err(format!("`{text}` is no name of an algorithm and no pattern for some"));
        }
        let patterns = match pattern {
            "weak" => Rule::WEAK.map(str::to_owned).to_vec(),
            one => vec![one.to_owned()],
        };
        Ok(Rule { text: text.to_owned(), kind, patterns })
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(kex: &[&str], key: &[&str], cipher: &[&str], mac: &[&str]) -> Algorithms {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let none = Vec::new;
        Algorithms::of([
            own(kex),
            own(key),
            own(cipher),
            own(cipher),
            own(mac),
            none(),
            none(),
            none(),
            own(&["en"]),
            none(),
        ])
    }

    #[test]
    fn rules_find_what_they_are_about() {
        let found = offered(
            &["curve25519-sha256", "diffie-hellman-group14-sha1", "diffie-hellman-group14-sha256"],
            &["ssh-ed25519", "ssh-rsa", "rsa-sha2-256"],
            &["aes256-gcm@openssh.com", "aes128-cbc", "rijndael-cbc@lysator.liu.se"],
            &["hmac-sha1", "hmac-sha1-96", "hmac-md5", "umac-64@openssh.com"],
        );
        let matching = |rule: &str| found.matching(&rule.parse().unwrap());
        assert_eq!(
            matching("weak"),
            [
                "diffie-hellman-group14-sha1",
                "ssh-rsa",
                "aes128-cbc",
                "rijndael-cbc@lysator.liu.se",
                "hmac-sha1-96",
                "hmac-md5"
            ]
        );
        assert_eq!(matching("cipher:weak"), ["aes128-cbc", "rijndael-cbc@lysator.liu.se"]);
        assert_eq!(matching("*sha1"), ["diffie-hellman-group14-sha1", "hmac-sha1"]);
        assert_eq!(matching("kex:*sha1"), ["diffie-hellman-group14-sha1"]);
        assert_eq!(matching("mac:ssh-rsa"), Vec::<&str>::new());
        assert_eq!(found.of_kind(Kind::Cipher).count(), 3);
    }

    #[test]
    fn rules_that_make_no_sense() {
        for bad in ["", "kex:", "hash:x", "a b", "é"] {
            assert!(bad.parse::<Rule>().is_err(), "{bad}");
        }
        assert!("ciphers:x".parse::<Rule>().unwrap_err().contains("kex, key, cipher"));
    }
}
