//! A mailbox as a maildir: one file for each mail, in `new` and `cur`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use check::CheckError;
use rustix::fs::OFlags;

use crate::header::MAX_HEADER;
use crate::probe::Probe;

/// Files looked at; a probe's mailbox has a handful.
const MAX_FILES: usize = 100_000;
/// How much a file's time may be before the probe's, in seconds: the disk may be another machine's.
const SKEW: u64 = 300;

/// Every probe that has arrived, with its file and header.
pub(crate) fn find(directory: &Path, probes: &[Probe]) -> Result<Vec<(Probe, PathBuf, String)>, CheckError> {
    let oldest = probes.iter().map(|probe| probe.sent).min().unwrap_or_default();
    let from = Duration::from_millis(oldest.unsigned_abs()).saturating_sub(Duration::from_secs(SKEW));
    let mut found = Vec::new();
    for folder in ["new", "cur"] {
        let folder = directory.join(folder);
        let cannot = |error: io::Error| {
            CheckError::internal(format!("cannot read the maildir {}: {error}", folder.display()))
        };
        for (i, entry) in fs::read_dir(&folder).map_err(cannot)?.enumerate() {
            if i >= MAX_FILES {
                return Err(CheckError::internal(format!(
                    "{} has more than {MAX_FILES} mails: give the probes a mailbox of their own",
                    folder.display()
                )));
            }
            // a mail that somebody else moves or removes meanwhile is not ours
            let Ok(path) = entry.map(|entry| entry.path()) else { continue };
            let Some(header) = header(&path, UNIX_EPOCH + from) else { continue };
            if let Some(probe) = probes.iter().find(|probe| probe.is(&header)) {
                found.push((probe.clone(), path, header));
            }
        }
    }
    Ok(found)
}

/// Removes one mail; one that is gone already is removed too.
pub(crate) fn remove(path: &Path) -> Result<(), CheckError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(CheckError::internal(format!("cannot remove the probe {}: {error}", path.display())))
        }
        _ => Ok(()),
    }
}

/// The first bytes of a file that is not older than `from`.
fn header(path: &Path, from: SystemTime) -> Option<String> {
    let meta = fs::symlink_metadata(path).ok()?;
    if !meta.is_file() || meta.modified().ok()? < from {
        return None;
    }
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file: File = OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?;
    let mut bytes = Vec::new();
    file.take(MAX_HEADER as u64).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_ours_and_leaves_the_rest() {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["new", "cur"] {
            fs::create_dir(dir.path().join(folder)).unwrap();
        }
        let (one, other) = (Probe::new().unwrap(), Probe::new().unwrap());
        let mail = |name: &str, probe: &Probe| {
            fs::write(dir.path().join(name), format!("Subject: x {}\n\nb\n", probe.token)).unwrap();
        };
        mail("cur/1", &one);
        mail("new/2", &other);
        mail("new/old", &one);
        let old = UNIX_EPOCH + Duration::from_secs(1_000_000);
        File::options().write(true).open(dir.path().join("new/old")).unwrap().set_modified(old).unwrap();
        std::os::unix::fs::symlink("1", dir.path().join("cur/link")).unwrap();
        let found = find(dir.path(), std::slice::from_ref(&one)).unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((&found[0].0, &found[0].1), (&one, &dir.path().join("cur/1")));
        remove(&found[0].1).unwrap();
        remove(&found[0].1).unwrap();
        assert_eq!(find(dir.path(), &[one]).unwrap(), []);
        let missing = find(&dir.path().join("none"), &[other]).unwrap_err().to_string();
        assert!(missing.contains("none/new"), "{missing}");
    }
}
