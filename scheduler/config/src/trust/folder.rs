//! Reads folders of exported and collected files: regular files only, never through a link, never
//! more than a stated size, and one that cannot be read stands for itself alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Mode, OFlags};

use crate::files::{name, unreadable};
use crate::options::ObjectPaths;
use crate::problem::{Place, Problem, Problems};
use crate::source::Source;

use super::Trust;
use super::last_good::LastGood;
use super::text::fault;

/// An exported file may be so big.
const MAX_EXPORTED: u64 = 256 * 1024;

/// A collected file may be so big: all services of thousands of machines.
const MAX_COLLECTED: u64 = 64 * 1024 * 1024;

/// So many files are read of all folders together.
const MAX_FILES: usize = 100_000;

/// A file that no administrator wrote.
#[derive(Debug)]
pub(crate) struct Foreign {
    pub trust: Trust,
    /// The machine's name for an exported file, the path of a collected one.
    pub name: String,
    /// File, as it is shown.
    pub file: Arc<str>,
    /// What stands in it, or why that is not even looked at.
    pub current: Result<Source, Problem>,
    /// Its last good version, unless it is the same.
    pub copy: Option<Source>,
    /// It is the same as its last good version.
    pub unchanged: bool,
}

impl Foreign {
    /// An exported file with this text and without a last good version.
    pub(crate) fn of_text(certname: &str, text: Vec<u8>) -> Foreign {
        let file: Arc<str> = format!("{certname}.cfg").into();
        let current = judged(&file, text, Trust::Exported);
        let name = certname.to_owned();
        Foreign { trust: Trust::Exported, name, file, current, copy: None, unchanged: false }
    }
}

/// The text of a file, if it may be given to a reader.
fn judged(file: &Arc<str>, bytes: Vec<u8>, trust: Trust) -> Result<Source, Problem> {
    // the lines of a collected file are judged one by one: one of them does not take all along
    let fault = if trust == Trust::Exported { fault(file, &bytes) } else { None };
    match fault {
        Some(problem) => Err(problem),
        // what is no UTF-8 was refused, or will be where it stands
        None => Ok(Source::new(file, bytes, &mut Problems::default())),
    }
}

/// Reads all folders; what is wrong with a folder itself is quarantined.
pub(crate) fn read(paths: &ObjectPaths, last_good: &mut LastGood, problems: &mut Problems) -> Vec<Foreign> {
    let mut reader = Reader { foreign: Vec::new(), whole: true, last_good, problems };
    let mut machines: BTreeMap<String, PathBuf> = BTreeMap::new();
    for folder in &paths.exported {
        for path in reader.entries(folder) {
            reader.exported(&path, &mut machines);
        }
    }
    let seen = machines.into_keys().collect();
    reader.gone(Trust::Exported, &seen);
    reader.whole = true;
    let mut files = BTreeSet::new();
    for path in &paths.collected {
        let entries = if path.is_dir() { reader.entries(path) } else { vec![path.clone()] };
        for path in entries {
            if files.insert(path.display().to_string()) {
                reader.collected(&path);
            }
        }
    }
    reader.gone(Trust::Collected, &files);
    reader.foreign
}

struct Reader<'p> {
    foreign: Vec<Foreign>,
    /// All folders of this kind could be listed.
    whole: bool,
    last_good: &'p mut LastGood,
    problems: &'p mut Problems,
}

impl Reader<'_> {
    /// The `*.cfg` of a folder itself in byte order; names that start with a dot are left out.
    fn entries(&mut self, folder: &Path) -> Vec<PathBuf> {
        let listed = fs::read_dir(folder)
            .and_then(|entries| entries.map(|entry| entry.map(|e| e.path())).collect::<io::Result<Vec<_>>>());
        let mut paths = listed.unwrap_or_else(|error| {
            self.whole = false;
            let problem = unreadable(folder, &error, None);
            self.problems.push(problem.quarantined());
            Vec::new()
        });
        paths.retain(|path| {
            let name = path.file_name().unwrap_or_default().as_encoded_bytes();
            name.ends_with(b".cfg") && !name.starts_with(b".")
        });
        paths.sort_unstable_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
        paths
    }

    /// `CERTNAME.cfg`; of two with one name the first counts.
    fn exported(&mut self, path: &Path, machines: &mut BTreeMap<String, PathBuf>) {
        let file = name(path);
        let here = Place { file: &file, line: 0 };
        let Some(certname) = path.file_stem().and_then(|stem| stem.to_str()).filter(|name| is_certname(name))
        else {
            let problem = Problem::error(here, "the name of this file is no name of a machine")
                .hint("it is the host's name and `.cfg`: letters, digits, `.`, `-` and `_`");
            return self.problems.push(problem.quarantined());
        };
        if let Some(other) = machines.get(certname) {
            let problem = Problem::error(here, format!("{} is of the same machine", other.display()));
            return self.problems.push(problem.hint("take one of the two away").quarantined());
        }
        machines.insert(certname.to_owned(), path.to_owned());
        let text = bounded(path, MAX_EXPORTED);
        self.add(Trust::Exported, certname.to_owned(), file, text);
    }

    fn collected(&mut self, path: &Path) {
        let text = bounded(path, MAX_COLLECTED);
        self.add(Trust::Collected, path.display().to_string(), name(path), text);
    }

    fn add(&mut self, trust: Trust, name: String, file: Arc<str>, read: io::Result<Vec<u8>>) {
        if self.foreign.len() >= MAX_FILES {
            let problem =
                Problem::error(Place { file: &file, line: 0 }, format!("more than {MAX_FILES} files"));
            return self.problems.push(problem.quarantined());
        }
        let known = self.last_good.read(trust, &name);
        let same = matches!((&known, &read), (Some(known), Ok(read)) if known == read);
        let current = match read {
            Ok(bytes) => judged(&file, bytes, trust),
            Err(error) => Err(unreadable(Path::new(&*file), &error, None)),
        };
        let path: Arc<str> = self.last_good.path(trust, &name).display().to_string().into();
        let copy = known.filter(|_| !same).and_then(|bytes| judged(&path, bytes, trust).ok());
        self.foreign.push(Foreign { trust, name, file, current, copy, unchanged: same });
    }

    /// What has a last good version and no file: it goes, unless a folder could not be listed.
    fn gone(&mut self, trust: Trust, seen: &BTreeSet<String>) {
        for name in self.last_good.names(trust) {
            if seen.contains(&name) {
                continue;
            }
            if self.whole {
                self.last_good.forget(trust, &name);
            } else if let Some(bytes) = self.last_good.read(trust, &name) {
                let file: Arc<str> = self.last_good.path(trust, &name).display().to_string().into();
                let problem = Problem::error(Place { file: &file, line: 0 }, "its folder cannot be read");
                let copy = judged(&file, bytes, trust).ok();
                let current = Err(problem);
                self.foreign.push(Foreign { trust, name, file, current, copy, unchanged: false });
            }
        }
    }
}

/// A name as certificates of machines have it; a host of this name is what the file may be about.
fn is_certname(name: &str) -> bool {
    name.len() <= 250
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

/// The bytes of a regular file that is no link, up to a limit.
pub(super) fn bounded(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    // not blocking: a pipe would wait for a writer as soon as it is opened
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::LOOP) => {
            return Err(io::Error::other("it is a symbolic link, which is not followed here"));
        }
        Err(error) => return Err(error.into()),
    };
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::other(format!("it is larger than {} KiB", limit / 1024)));
    }
    Ok(bytes)
}
