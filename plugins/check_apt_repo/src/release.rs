//! The Release file: what a suite says of itself and of its indices. Pure.
//!
//! Read strictly: a file that two readers could understand differently is refused, since a signature
//! would cover both readings.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// Most files that a Release may name, over all lists; Debian's largest names 60,000.
const MAX_FILES: usize = 1_000_000;

/// A SHA-256 or SHA-512 of something.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256.
    Sha256([u8; 32]),
    /// SHA-512.
    Sha512([u8; 64]),
}

impl Hash {
    /// From hexadecimal digits, which tell by their number which one it is.
    pub fn read(text: &str) -> Option<Hash> {
        match text.len() {
            64 => bytes(text).map(Hash::Sha256),
            128 => bytes(text).map(Hash::Sha512),
            _ => None,
        }
    }

    /// Its name in Release files and in by-hash paths.
    pub fn algorithm(&self) -> &'static str {
        match self {
            Hash::Sha256(_) => "SHA256",
            Hash::Sha512(_) => "SHA512",
        }
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Hash::Sha256(bytes) => bytes,
            Hash::Sha512(bytes) => bytes,
        }
    }
}

impl std::fmt::Display for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{self}", self.algorithm())
    }
}

/// A file that a Release names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Bytes.
    pub size: u64,
    /// The strongest hash that is named; none if that is MD5 or SHA-1, which prove nothing.
    pub hash: Option<Hash>,
}

/// A Release file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Release {
    /// `stable`; empty if it is not said.
    pub suite: String,
    /// `trixie`; empty if it is not said.
    pub codename: String,
    /// When it was made.
    pub date: Option<Timestamp>,
    /// Until when it is to be used.
    pub valid_until: Option<Timestamp>,
    /// `main`, `contrib`; none in a flat repository.
    pub components: Vec<String>,
    /// `amd64`, `arm64`, `all`.
    pub architectures: Vec<String>,
    /// Are the indices found by their hashes, too?
    pub by_hash: bool,
    /// What it names, by path relative to itself.
    pub files: BTreeMap<String, Listed>,
}

impl Release {
    /// Reads a Release file. The message names the line and what is wrong with it.
    pub fn parse(text: &[u8]) -> Result<Release, String> {
        let text = std::str::from_utf8(text).map_err(|error| {
            let before = text.get(..error.valid_up_to()).unwrap_or_default();
            format!("line {} is no UTF-8", before.split(|byte| *byte == b'\n').count())
        })?;
        let mut release = Release::default();
        let mut seen: Vec<&str> = Vec::new();
        let mut list = List::None;
        let mut ended = false;
        for (number, line) in (1..).zip(text.lines()) {
            let at = |why: String| format!("line {number}: {why}");
            if line.trim().is_empty() {
                ended = !seen.is_empty();
                continue;
            }
            if ended {
                return Err(at("a second paragraph".to_owned()));
            }
            if line.starts_with([' ', '\t']) {
                if seen.is_empty() {
                    return Err(at("a continuation of nothing".to_owned()));
                }
                release.listed(list, line).map_err(at)?;
                continue;
            }
            let (name, value) =
                line.split_once(':').filter(|(name, _)| is_field_name(name)).ok_or_else(|| {
                    at(format!("`{}` is no field", fetch::clipped(&line.escape_debug().to_string())))
                })?;
            if seen.iter().any(|other| other.eq_ignore_ascii_case(name)) {
                return Err(at(format!("{name} is given twice")));
            }
            seen.push(name);
            list = release.field(name, value.trim()).map_err(at)?;
        }
        if release.files.is_empty() {
            return Err("names no file by a hash: it is no Release file".to_owned());
        }
        Ok(release)
    }

    fn field(&mut self, name: &str, value: &str) -> Result<List, String> {
        let words = || value.split_ascii_whitespace().map(str::to_owned).collect();
        match name.to_ascii_lowercase().as_str() {
            "suite" => value.clone_into(&mut self.suite),
            "codename" => value.clone_into(&mut self.codename),
            "date" => self.date = Some(date(value).ok_or_else(|| no_date(name, value))?),
            "valid-until" => self.valid_until = Some(date(value).ok_or_else(|| no_date(name, value))?),
            "components" => self.components = words(),
            "architectures" => self.architectures = words(),
            "acquire-by-hash" => self.by_hash = value.eq_ignore_ascii_case("yes"),
            "md5sum" => return Ok(List::Weak(32)),
            "sha1" => return Ok(List::Weak(40)),
            "sha256" => return Ok(List::Strong(64)),
            "sha512" => return Ok(List::Strong(128)),
            _ => {}
        }
        Ok(List::None)
    }

    /// ` hash size path` in one of the lists.
    fn listed(&mut self, list: List, line: &str) -> Result<(), String> {
        let digits = match list {
            List::None => return Ok(()),
            List::Weak(digits) | List::Strong(digits) => digits,
        };
        let mut words = line.split_ascii_whitespace();
        let (Some(hash), Some(size), Some(path), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err("is not `hash size path`".to_owned());
        };
        let of = || fetch::clipped(path);
        if hash.len() != digits || !hash.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(format!("the hash of {} has not {digits} hexadecimal digits", of()));
        }
        let size = size.parse().map_err(|_| format!("the size of {} is no number", of()))?;
        if !is_safe_path(path) {
            return Err(format!("`{}` is no path below the Release file", of()));
        }
        let hash = if let List::Strong(_) = list { Hash::read(hash) } else { None };
        if self.files.len() >= MAX_FILES && !self.files.contains_key(path) {
            return Err(format!("more than {MAX_FILES} files are named"));
        }
        let listed = self.files.entry(path.to_owned()).or_insert(Listed { size, hash });
        if listed.size != size {
            return Err(format!("{} has two sizes: {} and {size}", of(), listed.size));
        }
        match (listed.hash, hash) {
            (Some(one), Some(other)) if one.algorithm() == other.algorithm() && one != other => {
                return Err(format!("{} has two hashes of one kind", of()));
            }
            (None | Some(Hash::Sha256(_)), Some(_)) => listed.hash = hash,
            _ => {}
        }
        Ok(())
    }
}

/// Which list the lines that follow belong to, and the digits of its hashes.
#[derive(Clone, Copy)]
enum List {
    None,
    Weak(usize),
    Strong(usize),
}

/// Is it the name of a field? Printable ASCII without blanks, as Debian's policy has it.
pub(crate) fn is_field_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with(['-', '#']) && name.bytes().all(|b| b.is_ascii_graphic())
}

/// Does it lead to something below where it starts, for every reader?
pub(crate) fn is_safe_path(path: &str) -> bool {
    !path.is_empty()
        && path.len() <= 4096
        && !path.starts_with('/')
        && !path.contains('\\')
        && !path.contains(char::is_control)
        && path.split('/').all(|part| part != "..")
}

/// `Sat, 14 Nov 2026 04:05:06 UTC`: RFC 2822, and UTC only, as apt wants it.
fn date(text: &str) -> Option<Timestamp> {
    let time = ["UTC", "GMT", "Z", "+0000", "+00:00"].iter().find_map(|zone| text.strip_suffix(zone))?;
    let time = format!("{} +0000", time.trim_end());
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(time).ok()
}

fn no_date(name: &str, value: &str) -> String {
    format!("{name} `{}` is no date in UTC", fetch::clipped(value))
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut out = [0; N];
    let mut digits = text.bytes().map(|digit| char::from(digit).to_digit(16));
    for byte in &mut out {
        let (high, low) = (digits.next()??, digits.next()??);
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    digits.next().is_none().then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(more: &str) -> String {
        let (one, two) = ("a".repeat(64), "b".repeat(128));
        format!(
            "Origin: x\nSuite: stable\nCodename: trixie\nDate: Sat, 14 Nov 2026 04:05:06 UTC\n\
            Valid-Until: Sat, 21 Nov 2026 04:05:06 UTC\nAcquire-By-Hash: yes\nArchitectures: amd64 all\n\
            Components: main contrib\nDescription: a\n long one\nMD5Sum:\n {} 9 main/binary-amd64/Packages\n\
            SHA256:\n {one} 9 main/binary-amd64/Packages\n {one} 7 main/binary-amd64/Packages.xz\n\
            SHA512:\n {two} 9 main/binary-amd64/Packages\n{more}",
            "c".repeat(32)
        )
    }

    #[test]
    fn reads_what_reprepro_and_dak_write() {
        let release = Release::parse(sample("").as_bytes()).unwrap();
        assert_eq!((release.suite.as_str(), release.codename.as_str()), ("stable", "trixie"));
        assert_eq!(release.date.unwrap().to_string(), "2026-11-14T04:05:06Z");
        assert_eq!(release.valid_until.unwrap().to_string(), "2026-11-21T04:05:06Z");
        assert_eq!((release.components.len(), release.architectures.len(), release.by_hash), (2, 2, true));
        let plain = release.files["main/binary-amd64/Packages"];
        assert_eq!((plain.size, plain.hash.unwrap().algorithm()), (9, "SHA512"));
        let packed = release.files["main/binary-amd64/Packages.xz"].hash.unwrap();
        assert_eq!((packed.algorithm(), packed.to_string()), ("SHA256", "a".repeat(64)));
    }

    #[test]
    fn a_weak_hash_is_none() {
        let text = format!("MD5Sum:\n {} 9 a\nSHA1:\n {} 9 a\n", "c".repeat(32), "d".repeat(40));
        assert_eq!(Release::parse(text.as_bytes()).unwrap().files["a"], Listed { size: 9, hash: None });
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        let hash = "a".repeat(64);
        for (more, why) in [
            ("suite: other\n".to_owned(), "line 18: suite is given twice"),
            ("\nSuite: other\n".to_owned(), "line 19: a second paragraph"),
            ("no field\n".to_owned(), "`no field` is no field"),
            (format!("SHA1:\n {hash} 9 a\n"), "the hash of a has not 40"),
            (format!(" {hash}{hash} x a\n"), "the size of a is no number"),
            (format!(" {hash}{hash} 9 ../a\n"), "`../a` is no path"),
            (format!(" {hash}{hash} 9 /a\n"), "`/a` is no path"),
            (format!(" {hash}{hash} 9 a b\n"), "is not `hash size path`"),
            (format!(" {hash}{hash} 8 main/binary-amd64/Packages\n"), "has two sizes: 9 and 8"),
            (format!(" {hash}{hash} 9 main/binary-amd64/Packages\n"), "has two hashes of one kind"),
            ("Changed: x\nDate : x\n".to_owned(), "is no field"),
        ] {
            let error = Release::parse(sample(&more).as_bytes()).unwrap_err();
            assert!(error.contains(why), "{more:?}: {error}");
        }
        for bad in [
            "",
            "\n",
            " a",
            "<html>",
            "Suite: x\n",
            "Date: yesterday\n",
            "Date: Sat, 14 Nov 2026 04:05:06 +0100\n",
        ] {
            assert!(Release::parse(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert_eq!(Release::parse(b"A: b\nC: \xff").unwrap_err(), "line 2 is no UTF-8");
    }

    #[test]
    fn dates_are_utc_however_it_is_written() {
        for zone in ["UTC", "GMT", "+0000"] {
            assert!(date(&format!("Sat, 14 Nov 2026 04:05:06 {zone}")).is_some(), "{zone}");
        }
        assert!(date("Sat, 14 Nov 2026 04:05:06Z").is_some());
        assert!(date("Sun, 1 Nov 2026 04:05:06 UTC").is_some());
        assert!(date("Sat, 14 Nov 2026 04:05:06 CET").is_none());
    }
}
