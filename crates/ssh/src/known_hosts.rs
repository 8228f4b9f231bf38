//! `known_hosts`, as OpenSSH reads it: names and patterns, ports, hashed names, revoked keys.

use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use check::CheckError;
use ring::hmac;

use crate::Fingerprint;
use crate::wire::key_type;
use check::glob;

/// Largest file read.
const MAX_LEN: u64 = 16 * 1024 * 1024;

/// The keys that a file has for one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownHosts {
    file: PathBuf,
    keys: Vec<Vec<u8>>,
    revoked: Vec<Vec<u8>>,
}

/// What a file says of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is this host's.
    Known,
    /// Its owner said that it is stolen or lost.
    Revoked,
    /// The host has others.
    Others(Vec<Fingerprint>),
}

impl KnownHosts {
    /// Reads the keys of a host. That it has none is an error: there is nothing to compare with.
    pub fn read(file: &Path, host: &str, port: u16) -> Result<KnownHosts, CheckError> {
        let mut text = Vec::new();
        std::fs::File::open(file)
            .and_then(|opened| opened.take(MAX_LEN).read_to_end(&mut text))
            .map_err(|error| CheckError::internal(format!("cannot read {}: {error}", file.display())))?;
        let known = KnownHosts::find(&String::from_utf8_lossy(&text), file, host, port);
        if known.keys.is_empty() {
            let name = name(host, port);
            return Err(CheckError::internal(format!(
                "{} has no key of {name}: add the line that `ssh-keyscan -p {port} {host}` prints, once it is verified",
                file.display()
            )));
        }
        Ok(known)
    }

    /// OpenSSH looks for a host without its port if it has no key with it.
    fn find(text: &str, file: &Path, host: &str, port: u16) -> KnownHosts {
        let host = bare(host).to_ascii_lowercase();
        let mut known = KnownHosts { file: file.to_owned(), keys: Vec::new(), revoked: Vec::new() };
        for name in [name(&host, port), host] {
            for line in text.lines() {
                let Some((marker, names, key)) = split(line) else { continue };
                match marker {
                    "" if fits(names, &name) => known.keys.push(key),
                    "@revoked" if fits(names, &name) => known.revoked.push(key),
                    _ => {}
                }
            }
            if !known.keys.is_empty() {
                break;
            }
        }
        known
    }

    /// The types of the host's keys: `ssh-ed25519`.
    pub fn types(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().filter_map(|key| key_type(key))
    }

    /// Where they were read.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Is this one of them?
    pub fn ask(&self, key: &[u8]) -> Answer {
        if self.revoked.iter().any(|revoked| revoked == key) {
            Answer::Revoked
        } else if self.keys.iter().any(|known| known == key) {
            Answer::Known
        } else {
            Answer::Others(self.keys.iter().map(|key| Fingerprint::of(key)).collect())
        }
    }
}

/// `host`, or `[host]:port` if that is not 22.
fn name(host: &str, port: u16) -> String {
    let host = bare(host);
    if port == 22 { host.to_owned() } else { format!("[{host}]:{port}") }
}

fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
}

/// Marker, names, key. Comments and lines that are no such thing are passed over, as ssh does.
fn split(line: &str) -> Option<(&str, &str, Vec<u8>)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let mut words = line.split_ascii_whitespace();
    let first = words.next()?;
    let (marker, names) = if first.starts_with('@') { (first, words.next()?) } else { ("", first) };
    let kind = words.next()?;
    let key = STANDARD.decode(words.next()?).ok()?;
    (key_type(&key) == Some(kind)).then_some((marker, names, key))
}

/// One of them must fit, and none of those with a `!`.
fn fits(names: &str, name: &str) -> bool {
    if let Some(hashed) = names.strip_prefix("|1|") {
        return is_hash(hashed, name);
    }
    let fits = |pattern: &str| glob(&pattern.to_ascii_lowercase(), name);
    let (mut found, mut excluded) = (false, false);
    for pattern in names.split(',') {
        match pattern.strip_prefix('!') {
            Some(not) => excluded |= fits(not),
            None => found |= fits(pattern),
        }
    }
    found && !excluded
}

/// `SALT|HASH`, the HMAC-SHA1 of the name.
fn is_hash(hashed: &str, name: &str) -> bool {
    let Some((salt, hash)) = hashed.split_once('|') else { return false };
    let (Ok(salt), Ok(hash)) = (STANDARD.decode(salt), STANDARD.decode(hash)) else { return false };
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &salt);
    hmac::verify(&key, name.as_bytes(), &hash).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(filler: u8) -> (Vec<u8>, String) {
        let mut blob = vec![0, 0, 0, 11];
        blob.extend(b"ssh-ed25519");
        blob.extend([0, 0, 0, 1, filler]);
        let text = format!("ssh-ed25519 {}", STANDARD.encode(&blob));
        (blob, text)
    }

    fn find(text: &str, host: &str, port: u16) -> KnownHosts {
        KnownHosts::find(text, Path::new("f"), host, port)
    }

    #[test]
    fn finds_a_host_by_every_kind_of_name() {
        let (blob, text) = key(1);
        for names in ["a.example", "b,A.example", "*.example", "?.example,!b.example"] {
            let known = find(&format!("# x\n{names} {text} comment\n"), "A.example", 22);
            assert_eq!(known.ask(&blob), Answer::Known, "{names}");
        }
        for names in
            ["b.example", "a.example.org", "*.example,!a.example", "[a.example]:2222", "|1|x|y", "|1|x"]
        {
            assert!(find(&format!("{names} {text}"), "a.example", 22).keys.is_empty(), "{names}");
        }
        let with_port = format!("[a.example]:2222 {text}\na.example {}\n", key(2).1);
        assert_eq!(find(&with_port, "a.example", 2222).keys, std::slice::from_ref(&blob));
        assert_eq!(find(&with_port, "a.example", 22).keys, [key(2).0.clone()]);
        // no line with that port: the one without
        assert_eq!(find(&with_port, "a.example", 23).keys, [key(2).0]);
        assert_eq!(find(&format!("[::1]:23 {text}"), "[::1]", 23).keys, std::slice::from_ref(&blob));
        assert_eq!(find(&format!("::1 {text}"), "::1", 22).keys, [blob]);
    }

    /// RFC 2202's second vector for HMAC-SHA1: key `Jefe`.
    #[test]
    fn hashed_names_are_an_hmac() {
        let hash = STANDARD.encode([
            0xef, 0xfc, 0xdf, 0x6a, 0xe5, 0xeb, 0x2f, 0xa2, 0xd2, 0x74, 0x16, 0xd5, 0xf1, 0x84, 0xdf, 0x9c,
            0x25, 0x9a, 0x7c, 0x79,
        ]);
        let hashed = format!("|1|{}|{hash}", STANDARD.encode("Jefe"));
        assert!(fits(&hashed, "what do ya want for nothing?"));
        assert!(!fits(&hashed, "what do you want for nothing?"));
    }

    #[test]
    fn others_and_revoked_keys_are_told_apart() {
        let ((one, one_text), (two, two_text)) = (key(1), key(2));
        let known =
            find(&format!("h {one_text}\n@revoked * {two_text}\n@cert-authority * {two_text}"), "h", 22);
        assert_eq!(known.types().collect::<Vec<_>>(), ["ssh-ed25519"]);
        assert_eq!(known.ask(&one), Answer::Known);
        assert_eq!(known.ask(&two), Answer::Revoked);
        assert_eq!(known.ask(&[1]), Answer::Others(vec![Fingerprint::of(&one)]));
    }

    #[test]
    fn odd_lines_are_passed_over() {
        let (_, text) = key(1);
        for line in ["", "h", "h ssh-ed25519", "h ssh-ed25519 !!", "h ssh-rsa AAAA", "@x", "@revoked h"] {
            assert!(find(line, "h", 22).keys.is_empty(), "{line}");
        }
        assert_eq!(find(&format!("h ssh-rsa AAAA\nh {text}\n"), "h", 22).keys.len(), 1);
        let missing = KnownHosts::read(Path::new("/nonexistent"), "h", 22).unwrap_err().to_string();
        assert!(missing.contains("/nonexistent"), "{missing}");
        let file = tempfile::NamedTempFile::new().unwrap();
        let empty = KnownHosts::read(file.path(), "h", 2222).unwrap_err().to_string();
        assert!(empty.contains("no key of [h]:2222") && empty.contains("ssh-keyscan -p 2222 h"), "{empty}");
    }
}
