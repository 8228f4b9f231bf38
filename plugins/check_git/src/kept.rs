//! A clone that is kept from one run to the next, used by one run at a time.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use check::CheckError;
use git2::Repository;

use crate::repository::init;

/// The file that is locked, and that holds the URL of what is cloned here.
const LOCK: &str = "hlidka.lock";

/// The file that says that the first clone was completed.
const COMPLETE: &str = "hlidka.complete";

/// Longest URL.
const MAX_URL: u64 = 16 * 1024;

/// How deep branches with slashes in their names are followed.
const MAX_DEPTH: usize = 10;

/// A directory with a clone in it, ours alone as long as this lives.
pub(crate) struct Kept {
    directory: PathBuf,
    /// Was nothing cloned before?
    pub is_new: bool,
    lock: File,
}

/// Closing the file alone would not free it while a program that was started meanwhile still has it.
impl Drop for Kept {
    fn drop(&mut self) {
        let _ = self.lock.unlock();
    }
}

impl Kept {
    /// Opens a directory of ours, or makes it; one with anything else in it is refused.
    pub(crate) fn open(directory: &Path, url: &str) -> Result<Kept, CheckError> {
        let shown = directory.display();
        let cannot =
            |error: std::io::Error| CheckError::internal(format!("cannot use {shown} for a clone: {error}"));
        fs::create_dir_all(directory).map_err(cannot)?;
        let is_empty = fs::read_dir(directory).map_err(cannot)?.next().is_none();
        let path = directory.join(LOCK);
        if !is_empty && !path.exists() {
            return Err(CheckError::usage(format!(
                "{shown} is no clone of this check's and not empty: name another directory"
            )));
        }
        let options = File::options().read(true).write(true).create(true).truncate(false).open(path);
        let mut lock = options.map_err(cannot)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(CheckError::internal(format!("another run of the check is using {shown}")));
            }
            Err(TryLockError::Error(error)) => return Err(cannot(error)),
        }
        let mut holds = String::new();
        (&lock).take(MAX_URL).read_to_string(&mut holds).map_err(cannot)?;
        if holds.is_empty() {
            lock.rewind().and_then(|()| lock.write_all(url.as_bytes())).map_err(cannot)?;
        } else if holds != url {
            return Err(CheckError::usage(format!(
                "{shown} holds a clone of {}: remove it, or name another directory",
                ssh::clean(&holds)
            )));
        }
        let is_new = !directory.join(COMPLETE).exists();
        Ok(Kept { directory: directory.to_owned(), is_new, lock })
    }

    /// The repository, without what a run left that was cut off.
    pub(crate) fn repository(&self) -> Result<Repository, CheckError> {
        if self.is_new {
            return init(&self.directory);
        }
        remove(&self.directory, 0, &|name| has_extension(name, &["lock"]) && name != LOCK);
        remove(&self.directory.join("refs"), MAX_DEPTH, &|name| has_extension(name, &["lock"]));
        let is_part = |name: &str| !has_extension(name, &["pack", "idx", "keep", "rev", "promisor"]);
        remove(&self.directory.join("objects/pack"), 0, &is_part);
        Repository::open_bare(&self.directory).map_err(|error| {
            let shown = self.directory.display();
            CheckError::internal(format!(
                "the clone in {shown} cannot be used ({}): remove it",
                error.message()
            ))
        })
    }

    /// All has come: the next run pulls.
    pub(crate) fn done(self) -> Result<(), CheckError> {
        if !self.is_new {
            return Ok(());
        }
        File::create(self.directory.join(COMPLETE)).map(|_| ()).map_err(|error| {
            CheckError::internal(format!("cannot write to {}: {error}", self.directory.display()))
        })
    }
}

fn has_extension(name: &str, endings: &[&str]) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| endings.contains(&ending))
}

/// Removes files; what cannot be removed shows itself when it is in the way.
fn remove(directory: &Path, depth: usize, is_left_over: &dyn Fn(&str) -> bool) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() && depth > 0 {
            remove(&entry.path(), depth - 1, is_left_over);
        } else if kind.is_file() && entry.file_name().to_str().is_some_and(is_left_over) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_used_by_one_run_and_for_one_repository() {
        let dir = tempfile::tempdir().unwrap();
        let clone = dir.path().join("a/b");
        let first = Kept::open(&clone, "git://h/a").unwrap();
        assert!(first.is_new);
        let busy = Kept::open(&clone, "git://h/a").err().unwrap().to_string();
        assert!(busy.contains("another run"), "{busy}");
        first.repository().unwrap();
        drop(first);
        // the first clone never ended: it is begun again
        let again = Kept::open(&clone, "git://h/a").unwrap();
        assert!(again.is_new);
        again.repository().unwrap();
        again.done().unwrap();
        assert!(!Kept::open(&clone, "git://h/a").unwrap().is_new);
        let other = Kept::open(&clone, "git://h/b").err().unwrap().to_string();
        assert!(other.contains("holds a clone of git://h/a"), "{other}");

        let foreign = dir.path().join("foreign");
        fs::create_dir(&foreign).unwrap();
        fs::write(foreign.join("precious"), "x").unwrap();
        let refused = Kept::open(&foreign, "git://h/a").err().unwrap().to_string();
        assert!(refused.contains("not empty"), "{refused}");
        assert_eq!(fs::read_dir(&foreign).unwrap().count(), 1);
    }

    #[test]
    fn what_a_run_left_that_was_cut_off_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let kept = Kept::open(dir.path(), "git://h/a").unwrap();
        kept.repository().unwrap();
        kept.done().unwrap();
        let left = ["refs/heads/a/b.lock", "shallow.lock", "objects/pack/pack_git2_x1y2"];
        let stays = ["objects/pack/pack-1.pack", "objects/pack/pack-1.idx", "HEAD"];
        for file in left.iter().chain(&stays[..2]) {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        Kept::open(dir.path(), "git://h/a").unwrap().repository().unwrap();
        for file in left {
            assert!(!dir.path().join(file).exists(), "{file}");
        }
        for file in stays {
            assert!(dir.path().join(file).exists(), "{file}");
        }
    }
}
