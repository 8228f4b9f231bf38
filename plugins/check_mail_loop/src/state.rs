//! Probes that are on their way, or lost: one file for each loop, written anew as a whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use check::CheckError;
use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;

use crate::probe::Probe;

/// Most probes that are remembered; the oldest go first.
const MAX_PROBES: usize = 1000;
/// Longest file read.
const MAX_LEN: u64 = 128 * 1024;

/// What is remembered between runs, or nothing if no directory is given. No other run of the same
/// loop can read or change it while this lives: the lock goes with the process, however it ends.
pub(crate) struct Memory {
    place: Option<Place>,
    probes: Vec<Probe>,
}

struct Place {
    file: PathBuf,
    _lock: File,
}

impl Memory {
    /// Remembers nothing.
    pub(crate) fn none() -> Memory {
        Memory { place: None, probes: Vec::new() }
    }

    /// Opens the memory of a loop; `None` if another run has it open.
    pub(crate) fn open(directory: &Path, name: &str) -> Result<Option<Memory>, CheckError> {
        let lock_path = directory.join(format!("{name}.lock"));
        let cannot = |what: &str, path: &Path, error: io::Error| {
            CheckError::internal(format!(
                "cannot {what} {}: {error}; --state-dir must be a directory that the check can write to",
                path.display()
            ))
        };
        let lock = options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&lock_path)
            .map_err(|error| cannot("open", &lock_path, error))?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Ok(None),
            Err(error) => return Err(cannot("lock", &lock_path, error.into())),
        }
        let file = directory.join(format!("{name}.probes"));
        let mut text = String::new();
        match options().read(true).open(&file).and_then(|open| open.take(MAX_LEN).read_to_string(&mut text)) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(cannot("read", &file, error)),
        }
        let probes = read(&text).map_err(|line| {
            CheckError::internal(format!(
                "{}:{line}: no probe; remove the file to begin anew",
                file.display()
            ))
        })?;
        Ok(Some(Memory { place: Some(Place { file, _lock: lock }), probes }))
    }

    /// All that have not been seen, oldest first.
    pub(crate) fn probes(&self) -> &[Probe] {
        &self.probes
    }

    /// Remembers one more.
    pub(crate) fn add(&mut self, probe: Probe) -> Result<(), CheckError> {
        self.probes.push(probe);
        let surplus = self.probes.len().saturating_sub(MAX_PROBES);
        self.probes.drain(..surplus);
        self.write()
    }

    /// Forgets those that `is_over`.
    pub(crate) fn forget(&mut self, is_over: impl Fn(&Probe) -> bool) -> Result<(), CheckError> {
        let before = self.probes.len();
        self.probes.retain(|probe| !is_over(probe));
        if self.probes.len() == before { Ok(()) } else { self.write() }
    }

    fn write(&self) -> Result<(), CheckError> {
        let Some(Place { file, .. }) = &self.place else { return Ok(()) };
        let line = |probe: &Probe| format!("{} {}\n", probe.token, probe.sent);
        let lines = self.probes.iter().map(line).collect::<Vec<_>>().concat();
        // a crash leaves the file as it was, or as it should be
        let new = file.with_extension("new");
        let replace = || {
            let mut open = options().write(true).create(true).truncate(true).open(&new)?;
            open.write_all(lines.as_bytes())?;
            open.sync_all()?;
            fs::rename(&new, file)
        };
        replace().map_err(|error| CheckError::internal(format!("cannot write {}: {error}", file.display())))
    }
}

/// For the owner alone, and never through a link that somebody else put there.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    options
}

/// One probe a line; the number of the first bad line if there is one.
fn read(text: &str) -> Result<Vec<Probe>, usize> {
    let probe = |(i, line): (usize, &str)| {
        let parts = line.split_once(' ').and_then(|(token, sent)| Probe::known(token, sent.parse().ok()?));
        parts.ok_or(i + 1)
    };
    text.lines().enumerate().map(probe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(digit: char, sent: i64) -> Probe {
        Probe::known(&digit.to_string().repeat(32), sent).unwrap()
    }

    #[test]
    fn what_is_written_is_read_by_the_next_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let open = || Memory::open(dir.path(), "a");
        let mut first = open().unwrap().unwrap();
        assert!(open().unwrap().is_none(), "it is locked");
        assert!(Memory::open(dir.path(), "b").unwrap().is_some(), "another loop is not");
        first.add(probe('a', 1)).unwrap();
        first.add(probe('b', 2)).unwrap();
        first.forget(|probe| probe.sent == 1).unwrap();
        drop(first);
        assert_eq!(open().unwrap().unwrap().probes(), [probe('b', 2)]);
    }

    #[test]
    fn a_broken_file_is_named_and_a_link_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let said = || Memory::open(dir.path(), "a").err().unwrap().to_string();
        fs::write(dir.path().join("a.probes"), format!("{} 1\nx\n", "a".repeat(32))).unwrap();
        assert!(said().contains("a.probes:2: no probe"), "{}", said());
        fs::remove_file(dir.path().join("a.probes")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("a.probes")).unwrap();
        assert!(said().contains("cannot read"), "{}", said());
        let nowhere = Memory::open(&dir.path().join("none"), "a").err().unwrap().to_string();
        assert!(nowhere.contains("--state-dir must be"), "{nowhere}");
    }

    #[test]
    fn the_oldest_go_first() {
        let mut memory = Memory::none();
        for i in 0..=MAX_PROBES {
            memory.add(probe('a', i64::try_from(i).unwrap())).unwrap();
        }
        assert_eq!((memory.probes().len(), memory.probes()[0].sent), (MAX_PROBES, 1));
    }
}
