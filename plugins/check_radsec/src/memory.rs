//! When a direction was last established: one small file for each, written whole or not at all, so
//! that many runs at once do no harm.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use check::CheckError;

/// More octets than a number of seconds has.
const MAX_LEN: u64 = 32;

/// The memory of one server's direction.
pub(crate) struct Memory {
    file: PathBuf,
}

impl Memory {
    /// In a folder, which must be there.
    pub(crate) fn of(folder: &Path, host: &str, direction: &str) -> Memory {
        Memory { file: folder.join(format!("{}.{direction}", file_name(host))) }
    }

    /// When it was last established, seconds of Unix time. A file that cannot be understood is as good
    /// as none: the next run that sees a connection writes it anew.
    pub(crate) fn last(&self) -> Result<Option<u64>, CheckError> {
        let mut text = String::new();
        match File::open(&self.file).and_then(|file| file.take(MAX_LEN).read_to_string(&mut text)) {
            Ok(_) => Ok(text.trim().parse().ok()),
            Err(error) if [io::ErrorKind::NotFound, io::ErrorKind::InvalidData].contains(&error.kind()) => {
                Ok(None)
            }
            Err(error) => Err(self.failed("read", &error)),
        }
    }

    /// Notes that it is established now.
    pub(crate) fn note(&self, now: u64) -> Result<(), CheckError> {
        // a name of this run's own: a worker runs many checks in one process
        let random = u64::from_ne_bytes(radius::random());
        let part = self.file.with_extension(format!("{random:016x}.part"));
        let written = File::create(&part).and_then(|mut file| writeln!(file, "{now}"));
        let done = written.and_then(|()| fs::rename(&part, &self.file));
        done.map_err(|error| {
            // what is left of it is of no use to anybody
            let _ = fs::remove_file(&part);
            self.failed("write", &error)
        })
    }

    fn failed(&self, what: &str, error: &io::Error) -> CheckError {
        CheckError::internal(format!(
            "cannot {what} {} ({error}); --state-directory must be a folder that this user may write to",
            self.file.display()
        ))
    }
}

/// A host as the name of a file: what could lead elsewhere is told by its number.
fn file_name(host: &str) -> String {
    host.to_ascii_lowercase()
        .bytes()
        .map(|octet| match octet {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => char::from(octet).to_string(),
            // the direction stands behind a dot: names have another sign
            b'.' => "+".to_owned(),
            other => format!("%{other:02x}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_remembered() {
        let dir = tempfile::tempdir().unwrap();
        let memory = Memory::of(dir.path(), "radius1.example.org", "to");
        assert_eq!(memory.last(), Ok(None));
        memory.note(1_800_000_000).unwrap();
        assert_eq!(memory.last(), Ok(Some(1_800_000_000)));
        assert_eq!(Memory::of(dir.path(), "radius1.example.org", "from").last(), Ok(None));
        let names: Vec<_> =
            fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["radius1+example+org.to"]);
        for junk in ["", "soon", "-1", "1800000000180000000018000000001800000000"] {
            fs::write(dir.path().join("radius1+example+org.to"), junk).unwrap();
            assert_eq!(memory.last(), Ok(None), "{junk}");
        }
        fs::write(dir.path().join("radius1+example+org.to"), [0xff, 0xfe]).unwrap();
        assert_eq!(memory.last(), Ok(None));
    }

    #[test]
    fn names_lead_nowhere_else() {
        assert_eq!(file_name("../A"), "++%2fa");
        assert_eq!(file_name("2001:db8::1"), "2001%3adb8%3a%3a1");
        assert_ne!(file_name("a.b"), file_name("a+b"));
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let memory = Memory::of(Path::new("/nonexistent"), "h", "to");
        assert_eq!(memory.last(), Ok(None));
        let error = memory.note(1).unwrap_err().to_string();
        assert!(error.contains("/nonexistent/h.to") && error.contains("--state-directory"), "{error}");
    }

    /// Many write at once; whoever reads finds a whole number.
    #[test]
    fn many_runs_do_no_harm() {
        let dir = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for i in 0..8 {
                let path = dir.path();
                scope.spawn(move || {
                    let memory = Memory::of(path, "h", "to");
                    for j in 0..50 {
                        memory.note(1_000_000 + i * 100 + j).unwrap();
                        assert!(memory.last().unwrap().is_some_and(|last| last >= 1_000_000));
                    }
                });
            }
        });
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
