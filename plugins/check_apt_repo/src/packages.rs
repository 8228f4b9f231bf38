//! Packages and Sources indices: read line by line, whatever their length, and complete in what a
//! client needs. Keeps nothing but counts and a few pool files, chosen evenly among all.

use std::io::{self, BufRead, Read};

use crate::release::{Hash, is_field_name, is_safe_path};

/// Longest line of an index.
const MAX_LINE: usize = 1 << 20;

/// Most bytes of what is kept of one paragraph; the largest in Debian are below 400 KiB.
const MAX_KEPT: usize = 8 << 20;

/// Which index it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `Packages` of an architecture.
    Packages {
        /// `amd64`; packages are of it or of `all`. Any, if empty.
        architecture: String,
    },
    /// `Sources`.
    Sources,
}

/// A file of the pool that an index names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolFile {
    /// Path below the repository.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// Its strongest hash.
    pub hash: Hash,
}

/// Why an index cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read, or not unpacked.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// It is not what it should be.
    #[error("line {line}: {why}")]
    Malformed {
        /// Where, from 1.
        line: u64,
        /// What is wrong.
        why: String,
    },
}

/// Reads an index to its end and gives the number of its packages. Every pool file is offered to `sampler`.
pub fn read(kind: &Kind, index: impl BufRead, sampler: &mut Sampler) -> Result<u64, Error> {
    let mut lines = Lines { index, buffer: Vec::new(), number: 0 };
    let mut paragraph = Paragraph::default();
    let mut packages = 0;
    loop {
        let more = lines.next()?;
        let line = lines.buffer.trim_ascii_end();
        let malformed = |line: u64, why: String| Error::Malformed { line, why };
        if !line.is_empty() {
            paragraph.line(line, lines.number).map_err(|why| malformed(lines.number, why))?;
            continue;
        }
        if paragraph.begins > 0 {
            paragraph.judge(kind, sampler).map_err(|why| malformed(paragraph.begins, why))?;
            packages += 1;
            paragraph = Paragraph::default();
        }
        if !more {
            return Ok(packages);
        }
    }
}

struct Lines<R> {
    index: R,
    buffer: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// Reads the next line into the buffer, which is empty at the end.
    fn next(&mut self) -> Result<bool, Error> {
        self.buffer.clear();
        self.number += 1;
        let limit = MAX_LINE as u64;
        let read = self.index.by_ref().take(limit).read_until(b'\n', &mut self.buffer)?;
        if read as u64 == limit && !self.buffer.ends_with(b"\n") {
            return Err(Error::Malformed { line: self.number, why: "longer than 1 MiB".to_owned() });
        }
        Ok(read > 0)
    }
}

/// The fields that are looked at.
const KEPT: [&str; 10] = [
    "Package",
    "Version",
    "Architecture",
    "Filename",
    "Size",
    "SHA256",
    "SHA512",
    "Directory",
    "Checksums-Sha256",
    "Checksums-Sha512",
];

/// One paragraph, as far as it is looked at.
#[derive(Default)]
struct Paragraph {
    /// Its first line, from 1.
    begins: u64,
    values: [Option<String>; KEPT.len()],
    /// Which of them continuation lines belong to.
    current: Option<usize>,
    kept: usize,
}

impl Paragraph {
    fn line(&mut self, line: &[u8], number: u64) -> Result<(), String> {
        let is_first = self.begins == 0;
        if is_first {
            self.begins = number;
        }
        let text = || std::str::from_utf8(line).map_err(|_| "is no UTF-8".to_owned());
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            if is_first {
                return Err("a continuation of nothing".to_owned());
            }
            if let Some(value) = self.current.and_then(|i| self.values.get_mut(i)?.as_mut()) {
                let more = text()?;
                self.kept += more.len() + 1;
                if self.kept > MAX_KEPT {
                    return Err("a package with more than 8 MiB of files".to_owned());
                }
                value.push('\n');
                value.push_str(more);
            }
            return Ok(());
        }
        let text = text()?;
        let (name, value) = text
            .split_once(':')
            .filter(|(name, _)| is_field_name(name))
            .ok_or_else(|| format!("`{}` is no field", fetch::clipped(&text.escape_debug().to_string())))?;
        self.current = KEPT.iter().position(|kept| kept.eq_ignore_ascii_case(name));
        if let Some(slot) = self.current.and_then(|i| self.values.get_mut(i)) {
            if slot.is_some() {
                return Err(format!("{name} is given twice"));
            }
            self.kept += value.len();
            *slot = Some(value.trim().to_owned());
        }
        Ok(())
    }

    /// The value of a field that is there and not empty.
    fn value(&self, name: &str) -> Option<&str> {
        let at = KEPT.iter().position(|kept| *kept == name)?;
        self.values.get(at)?.as_deref().filter(|value| !value.is_empty())
    }

    fn needed(&self, name: &str) -> Result<&str, String> {
        self.value(name).ok_or_else(|| match self.value("Package") {
            Some(package) => format!("{} has no {name}", fetch::clipped(package)),
            None => format!("a package without {name}"),
        })
    }

    fn judge(&self, kind: &Kind, sampler: &mut Sampler) -> Result<(), String> {
        let package = self.needed("Package")?;
        let of = |why: String| format!("{} {why}", fetch::clipped(package));
        if !package.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-._".contains(&b)) {
            return Err(format!("`{}` is no name of a package", fetch::clipped(package)));
        }
        let version = self.needed("Version")?;
        if !version.bytes().all(|b| b.is_ascii_alphanumeric() || b".+-:~".contains(&b)) {
            return Err(of(format!("has the version `{}`", fetch::clipped(version))));
        }
        match kind {
            Kind::Packages { architecture } => {
                let own = self.needed("Architecture")?;
                if !architecture.is_empty() && own != architecture && own != "all" {
                    return Err(of(format!("is for {}", fetch::clipped(own))));
                }
                let path = self.needed("Filename")?;
                let size = self
                    .needed("Size")?
                    .parse()
                    .map_err(|_| of("has a Size that is no number".to_owned()))?;
                let hash = self.value("SHA512").or(self.value("SHA256"));
                let hash = hash.ok_or_else(|| of("has no SHA256 or SHA512".to_owned()))?;
                let hash = Hash::read(hash).ok_or_else(|| of("has a hash that is none".to_owned()))?;
                offer(path, size, hash, sampler).map_err(of)
            }
            Kind::Sources => {
                let directory = self.needed("Directory")?;
                let list = self.value("Checksums-Sha512").or(self.value("Checksums-Sha256"));
                let list = list.ok_or_else(|| of("has no Checksums-Sha256".to_owned()))?;
                for line in list.lines().filter(|line| !line.trim().is_empty()) {
                    let words: Vec<&str> = line.split_ascii_whitespace().collect();
                    let [hash, size, name] = words[..] else {
                        return Err(of("has a checksum that is not `hash size name`".to_owned()));
                    };
                    let bad = || of("has a checksum that is none".to_owned());
                    let (hash, size) = (Hash::read(hash).ok_or_else(bad)?, size.parse().map_err(|_| bad())?);
                    let path = if directory == "." { name.to_owned() } else { format!("{directory}/{name}") };
                    offer(&path, size, hash, sampler).map_err(of)?;
                }
                Ok(())
            }
        }
    }
}

fn offer(path: &str, size: u64, hash: Hash, sampler: &mut Sampler) -> Result<(), String> {
    if !is_safe_path(path) {
        return Err(format!("is in `{}`, which is no path below the repository", fetch::clipped(path)));
    }
    sampler.offer(|| PoolFile { path: path.to_owned(), size, hash });
    Ok(())
}

/// So many of all that are offered, each with the same chance, whatever their number.
#[derive(Debug)]
pub struct Sampler {
    wanted: usize,
    offered: u64,
    state: u64,
    kept: Vec<PoolFile>,
}

impl Sampler {
    /// Keeps `wanted` of what is offered. The seed chooses which.
    pub fn new(wanted: usize, seed: u64) -> Sampler {
        Sampler { wanted, offered: 0, state: seed, kept: Vec::new() }
    }

    /// What was kept, each path once.
    pub fn into_kept(mut self) -> Vec<PoolFile> {
        self.kept.sort_by(|one, other| one.path.cmp(&other.path));
        self.kept.dedup_by(|one, other| one.path == other.path);
        self.kept
    }

    /// How many were offered.
    pub fn offered(&self) -> u64 {
        self.offered
    }

    fn offer(&mut self, file: impl FnOnce() -> PoolFile) {
        self.offered += 1;
        if self.kept.len() < self.wanted {
            self.kept.push(file());
        } else if self.wanted > 0 {
            // the n-th takes a place with the chance of places to n
            let place = self.random() % self.offered;
            if let Some(slot) = usize::try_from(place).ok().and_then(|place| self.kept.get_mut(place)) {
                *slot = file();
            }
        }
    }

    /// SplitMix64: good enough to choose files.
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str) -> String {
        let hash = "a".repeat(64);
        format!(
            "Package: {name}\nVersion: 1:1.0~rc1-1+b2\nArchitecture: amd64\nFilename: pool/{name}_1.deb\nSize: 5\n\
            SHA256: {hash}\nDescription: x\n y\n .\n z\n"
        )
    }

    fn amd64() -> Kind {
        Kind::Packages { architecture: "amd64".to_owned() }
    }

    fn judged(kind: &Kind, text: &str) -> Result<u64, String> {
        read(kind, text.as_bytes(), &mut Sampler::new(0, 1)).map_err(|error| error.to_string())
    }

    #[test]
    fn counts_packages_however_the_file_ends() {
        assert_eq!(judged(&amd64(), ""), Ok(0));
        assert_eq!(judged(&amd64(), "\n\n"), Ok(0));
        let two = format!("{}\n{}", package("a"), package("b"));
        for text in
            [two.clone(), format!("{two}\n\n\n"), two.trim_end().to_owned(), two.replace('\n', "\r\n")]
        {
            assert_eq!(judged(&amd64(), &text), Ok(2), "{text:?}");
        }
    }

    #[test]
    fn says_which_line_and_what_is_missing() {
        for (from, to, why) in [
            ("Package: b\n", "", "line 12: a package without Package"),
            ("Version: 1:1.0~rc1-1+b2\n", "", "line 1: a has no Version"),
            ("Size: 5", "Size: many", "line 1: a has a Size that is no number"),
            ("Size: 5", "Size: 5\nSize: 5", "line 6: Size is given twice"),
            ("pool/a", "../pool/a", "line 1: a is in `../pool/a_1.deb`"),
            ("Architecture: amd64", "Architecture: i386", "line 1: a is for i386"),
            ("SHA256:", "SHA1:", "line 1: a has no SHA256"),
            ("SHA256: a", "SHA256: ", "line 1: a has a hash that is none"),
            ("Version: 1:1.0~rc1-1+b2", "Version: 1 2", "line 1: a has the version `1 2`"),
            ("Description: x\n", "Description\n", "line 7: `Description` is no field"),
            ("Package: a\n", " Package: a\n", "line 1: a continuation of nothing"),
        ] {
            let text = format!("{}\n{}", package("a"), package("b")).replacen(from, to, 1);
            let error = judged(&amd64(), &text).unwrap_err();
            assert!(error.starts_with(why), "{error}, not {why}");
        }
        assert!(judged(&amd64(), &"x".repeat(MAX_LINE + 1)).unwrap_err().contains("longer than 1 MiB"));
        let bytes = read(&amd64(), &b"Package: \xff\n"[..], &mut Sampler::new(0, 1));
        assert_eq!(bytes.unwrap_err().to_string(), "line 1: is no UTF-8");
    }

    #[test]
    fn sources_name_the_files_of_their_directory() {
        let hash = "b".repeat(64);
        let text = format!(
            "Package: a\nVersion: 1\nDirectory: pool/a\nChecksums-Sha256:\n {hash} 7 a.dsc\n {hash} 8 a.tar.xz\n"
        );
        let mut sampler = Sampler::new(5, 1);
        assert_eq!(read(&Kind::Sources, text.as_bytes(), &mut sampler).unwrap(), 1);
        let paths: Vec<String> = sampler.into_kept().into_iter().map(|file| file.path).collect();
        assert_eq!(paths, ["pool/a/a.dsc", "pool/a/a.tar.xz"]);
        assert!(judged(&Kind::Sources, &text.replace(" 7 ", " ")).is_err());
        assert!(judged(&Kind::Sources, &text.replace("a.dsc", "../../x")).is_err());
    }

    #[test]
    fn every_file_has_the_same_chance() {
        let file = |i: usize| PoolFile { path: i.to_string(), size: 0, hash: Hash::Sha256([0; 32]) };
        let mut times = [0; 10];
        for seed in 0..2000 {
            let mut sampler = Sampler::new(3, seed);
            (0..10).for_each(|i| sampler.offer(|| file(i)));
            assert_eq!(sampler.offered(), 10);
            let kept = sampler.into_kept();
            assert_eq!(kept.len(), 3);
            for file in kept {
                times[file.path.parse::<usize>().unwrap()] += 1;
            }
        }
        assert!(times.iter().all(|times| (500..700).contains(times)), "{times:?}");
    }
}
