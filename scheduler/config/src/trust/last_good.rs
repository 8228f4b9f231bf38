//! Last good versions of files that monitored machines have a hand in: kept beside the store, so
//! that a bad file changes nothing even over a restart.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::Trust;
use super::folder::bounded;

/// A copy may be so big.
const MAX_COPY: u64 = 64 * 1024 * 1024;

/// The copies of a configuration that was loaded: what is there, and what [`LastGood::keep`] will
/// write and take away.
#[derive(Debug, Default)]
pub struct LastGood {
    folder: PathBuf,
    write: Vec<(PathBuf, String)>,
    remove: Vec<PathBuf>,
}

impl LastGood {
    pub(crate) fn new(folder: &Path) -> LastGood {
        LastGood { folder: folder.to_owned(), ..LastGood::default() }
    }

    /// Where the copy of a file is.
    pub(super) fn path(&self, trust: Trust, name: &str) -> PathBuf {
        let file = match trust {
            // the name of a machine is the name of a file
            Trust::Trusted | Trust::Exported => format!("{name}.cfg"),
            Trust::Collected => name.replace('%', "%25").replace('/', "%2F"),
        };
        self.folder.join(trust.to_string()).join(file)
    }

    /// The copy of a file, if there is one.
    pub(super) fn read(&self, trust: Trust, name: &str) -> Option<Vec<u8>> {
        bounded(&self.path(trust, name), MAX_COPY).ok()
    }

    /// Of which files there are copies.
    pub(super) fn names(&self, trust: Trust) -> Vec<String> {
        let entries = fs::read_dir(self.folder.join(trust.to_string())).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let names = names.filter(|name| !name.starts_with('.'));
        let mut names: Vec<String> = match trust {
            Trust::Trusted | Trust::Exported => {
                names.filter_map(|name| name.strip_suffix(".cfg").map(str::to_owned)).collect()
            }
            Trust::Collected => names.map(|name| name.replace("%2F", "/").replace("%25", "%")).collect(),
        };
        names.sort_unstable();
        names
    }

    /// A file is gone: its copy goes.
    pub(super) fn forget(&mut self, trust: Trust, name: &str) {
        self.remove.push(self.path(trust, name));
    }

    /// A new version was taken.
    pub(super) fn renew(&mut self, trust: Trust, name: &str, text: &str) {
        self.write.push((self.path(trust, name), text.to_owned()));
    }

    /// Makes the copies what this configuration was read from: for a daemon that has taken it. Each
    /// is written whole or not at all; all are tried, and the first error is returned.
    pub fn keep(&self) -> Result<(), (PathBuf, io::Error)> {
        let mut result = Ok(());
        for (path, text) in &self.write {
            if let Err(error) = write(path, text) {
                result = result.and(Err((path.clone(), error)));
            }
        }
        for path in &self.remove {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    result = result.and(Err((path.clone(), error)));
                }
                _ => {}
            }
        }
        result
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // they may hold secrets that only the daemon could read in the original
    fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    // the name has a dot in front: whatever is left of it after a crash counts for nothing
    let new = folder.join(".new");
    let mut file = File::create(&new)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_kept_whole_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("last-good");
        let mut copies = LastGood::new(&root);
        copies.renew(Trust::Exported, "web1", "one");
        copies.renew(Trust::Collected, "/etc/a%b/x.cfg", "two");
        copies.keep().unwrap();
        let mut later = LastGood::new(&root);
        assert_eq!(later.read(Trust::Exported, "web1").as_deref(), Some(&b"one"[..]));
        assert_eq!(later.names(Trust::Collected), ["/etc/a%b/x.cfg"]);
        let mode = fs::metadata(root.join("exported/web1.cfg")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        later.forget(Trust::Exported, "web1");
        later.forget(Trust::Exported, "never");
        later.keep().unwrap();
        assert_eq!(later.names(Trust::Exported), [""; 0]);
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let mut copies = LastGood::new(&folder.path().join("file"));
        copies.renew(Trust::Exported, "web1", "one");
        assert_eq!(copies.keep().unwrap_err().0, folder.path().join("file/exported/web1.cfg"));
    }
}
