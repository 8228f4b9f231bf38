//! A file that is read and replaced as a whole, by one process at a time.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Why it cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// Another process has it: whoever keeps something collects it first.
    #[error("another collector is at work on {0}")]
    Busy(String),
    /// The system says no.
    #[error("cannot {what} {path}: {why}")]
    Io {
        /// Open, lock, read, write.
        what: &'static str,
        /// Which file.
        path: String,
        /// The system's words.
        why: io::Error,
    },
    /// It is not what was written.
    #[error("{path} is damaged ({why}); remove it to begin anew")]
    Damaged {
        /// Which file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
}

/// A file under a lock, which goes with the process however it ends.
pub struct Keep {
    path: PathBuf,
    mode: u32,
    limit: u64,
    _lock: File,
}

impl Keep {
    /// Locks the file at `path` (by a second file beside it, `.lock`). It is never longer than `limit`
    /// bytes, and has these rights when it is made.
    pub fn lock(path: &Path, mode: u32, limit: u64) -> Result<Keep, KeepError> {
        let beside = with_end(path, ".lock");
        let lock = options(mode)
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&beside)
            .map_err(|why| failed("open", &beside, why))?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Keep { path: path.to_owned(), mode, limit, _lock: lock }),
            Err(Errno::WOULDBLOCK) => Err(KeepError::Busy(path.display().to_string())),
            Err(error) => Err(failed("lock", &beside, error.into())),
        }
    }

    /// What was written last; `None` if nothing was.
    pub fn read<T: DeserializeOwned>(&self) -> Result<Option<T>, KeepError> {
        read_json(&self.path, self.limit)
    }

    /// Replaces it. A crash leaves it as it was, or as it should be.
    pub fn write<T: Serialize>(&self, value: &T) -> Result<(), KeepError> {
        let bytes = serde_json::to_vec(value).map_err(|error| failed("write", &self.path, error.into()))?;
        if bytes.len() as u64 > self.limit {
            let why = format!("it would be {}", check::size::shown(bytes.len() as u64));
            return Err(failed("write", &self.path, io::Error::other(why)));
        }
        let new = with_end(&self.path, ".new");
        let replace = || {
            match fs::remove_file(&new) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut file = options(self.mode).write(true).create_new(true).open(&new)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            fs::rename(&new, &self.path)
        };
        replace().map_err(|why| failed("write", &self.path, why))
    }
}

/// Reads such a file without a lock: it is whole at any time.
pub fn read_json<T: DeserializeOwned>(path: &Path, limit: u64) -> Result<Option<T>, KeepError> {
    let mut bytes = Vec::new();
    let opened = options(0).read(true).open(path);
    match opened.and_then(|file| file.take(limit.saturating_add(1)).read_to_end(&mut bytes)) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(why) => return Err(failed("read", path, why)),
    }
    let damaged = |why: String| KeepError::Damaged { path: path.display().to_string(), why };
    if bytes.len() as u64 > limit {
        return Err(damaged(format!("it is longer than {}", check::size::shown(limit))));
    }
    serde_json::from_slice(&bytes).map(Some).map_err(|error| damaged(error.to_string()))
}

fn failed(what: &'static str, path: &Path, why: io::Error) -> KeepError {
    KeepError::Io { what, path: path.display().to_string(), why }
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Never through a link that somebody else put there, and never waiting for the other end of a FIFO.
fn options(mode: u32) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(mode).custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
    options
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn one_process_at_a_time_and_whole_at_any_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.json");
        let keep = Keep::lock(&path, 0o600, 1000).unwrap();
        assert_eq!(keep.read::<Vec<u32>>().unwrap(), None);
        keep.write(&vec![1, 2]).unwrap();
        keep.write(&vec![1, 2, 3]).unwrap();
        assert_eq!(read_json(&path, 1000).unwrap(), Some(vec![1, 2, 3]));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(Keep::lock(&path, 0o600, 1000), Err(KeepError::Busy(_))));
        let error = keep.write(&vec![7; 1000]).unwrap_err().to_string();
        assert!(error.contains("it would be "), "{error}");
        assert_eq!(keep.read().unwrap(), Some(vec![1, 2, 3]), "the old one stays");
        drop(keep);
        assert!(Keep::lock(&path, 0o600, 1000).is_ok());
    }

    #[test]
    fn what_is_no_state_of_ours_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.json");
        fs::write(&path, "[1, 2").unwrap();
        let error = read_json::<Vec<u32>>(&path, 1000).unwrap_err().to_string();
        assert!(error.contains("is damaged") && error.contains("remove it"), "{error}");
        assert!(read_json::<Vec<u32>>(&path, 3).unwrap_err().to_string().contains("longer than 3 B"));
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("link")).unwrap();
        assert!(read_json::<Vec<u32>>(&dir.path().join("link"), 1000).is_err());
    }
}
