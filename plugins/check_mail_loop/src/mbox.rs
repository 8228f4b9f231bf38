//! A mailbox as one file: mails behind lines that begin with `From `.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use check::{CheckError, Ctx};
use rustix::fs::{FlockOperation, fcntl_lock};

use crate::header::MAX_HEADER;
use crate::probe::Probe;

/// Largest file read, in bytes.
const MAX_LEN: u64 = 64 * 1024 * 1024;
/// How often a lock that somebody has is asked for again.
const PATIENCE: Duration = Duration::from_millis(50);

/// Every probe that has arrived, with its header. A file that is not there has no mail in it.
pub(crate) fn find(path: &Path, probes: &[Probe]) -> Result<Vec<(Probe, String)>, CheckError> {
    let bytes = match File::open(path) {
        Ok(file) => read(file, path)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(cannot("read", path, &error)),
    };
    let headers = mails(&bytes).into_iter().filter_map(|mail| bytes.get(mail)).map(header);
    let found = headers.filter_map(|header| {
        let probe = probes.iter().find(|probe| probe.is(&header))?;
        Some((probe.clone(), header))
    });
    Ok(found.collect())
}

/// Removes a probe, under the two locks that mail programs hold to write: a file beside it, and
/// fcntl's.
pub(crate) async fn remove(path: &Path, probe: &Probe, ctx: &Ctx) -> Result<(), CheckError> {
    let _beside = Beside::take(path, ctx).await?;
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .map_err(|error| cannot("change", path, &error))?;
    while let Err(error) = fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
        if ctx.remaining() < 2 * PATIENCE {
            return Err(cannot("lock", path, &error.into()));
        }
        tokio::time::sleep(PATIENCE).await;
    }
    let bytes = read(file.try_clone().map_err(|error| cannot("read", path, &error))?, path)?;
    let Some((from, rest)) = without(&bytes, probe) else { return Ok(()) };
    // what lies before the first change stays as it is
    let write = || {
        file.seek(SeekFrom::Start(from as u64))?;
        file.write_all(&rest)?;
        file.set_len((from + rest.len()) as u64)
    };
    let mut write = write;
    write().map_err(|error| cannot("change", path, &error))
}

fn read(file: File, path: &Path) -> Result<Vec<u8>, CheckError> {
    let mut bytes = Vec::new();
    file.take(MAX_LEN + 1).read_to_end(&mut bytes).map_err(|error| cannot("read", path, &error))?;
    if bytes.len() as u64 > MAX_LEN {
        return Err(CheckError::internal(format!(
            "{} is larger than {} MiB: give the probes a mailbox of their own",
            path.display(),
            MAX_LEN >> 20
        )));
    }
    Ok(bytes)
}

/// Where each mail is, its `From ` line included.
fn mails(bytes: &[u8]) -> Vec<Range<usize>> {
    const START: &[u8] = b"From ";
    let mut starts = Vec::new();
    let mut line = 0;
    let mut after_empty = true;
    while let Some(rest) = bytes.get(line..).filter(|rest| !rest.is_empty()) {
        if after_empty && rest.starts_with(START) {
            starts.push(line);
        }
        let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
        after_empty = matches!(rest.get(..end), Some(b"\n" | b"\r\n"));
        line += end;
    }
    let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
    starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect()
}

/// Where the probe begins, and what comes behind it; `None` if it is not there.
fn without(bytes: &[u8], probe: &Probe) -> Option<(usize, Vec<u8>)> {
    let mail = mails(bytes)
        .into_iter()
        .find(|mail| bytes.get(mail.clone()).map(header).is_some_and(|h| probe.is(&h)))?;
    Some((mail.start, bytes.get(mail.end..)?.to_vec()))
}

fn header(mail: &[u8]) -> String {
    String::from_utf8_lossy(mail.get(..MAX_HEADER).unwrap_or(mail)).into_owned()
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> CheckError {
    CheckError::internal(format!("cannot {what} the mailbox {}: {error}", path.display()))
}

/// `FILE.lock`, which goes with this value.
struct Beside(Option<PathBuf>);

impl Beside {
    /// Waits until nobody else has it. Where the directory is not ours to write to, fcntl's lock must
    /// do, as for any reader of mail without a group of its own.
    async fn take(mailbox: &Path, ctx: &Ctx) -> Result<Beside, CheckError> {
        let mut name = mailbox.as_os_str().to_owned();
        name.push(".lock");
        let path = PathBuf::from(name);
        loop {
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(_) => return Ok(Beside(Some(path))),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(Beside(None)),
                Err(error) => return Err(cannot("lock", mailbox, &error)),
            }
            if ctx.remaining() < 2 * PATIENCE {
                return Err(CheckError::internal(format!("somebody holds the lock {}", path.display())));
            }
            tokio::time::sleep(PATIENCE).await;
        }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_begins_behind_an_empty_line() {
        let text = b"From a\nSubject: 1\n\nFrom here\n\nFrom b\n\nx\nFrom x\n";
        let starts: Vec<usize> = mails(text).into_iter().map(|mail| mail.start).collect();
        assert_eq!(starts, [0, 19, 30]);
        assert_eq!(mails(b"").len(), 0);
        assert_eq!(mails(b"no mailbox\n").len(), 0);
    }

    #[tokio::test]
    async fn only_the_probe_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bob");
        let ctx = Ctx::new(Duration::from_secs(5), 0);
        let probe = Probe::new().unwrap();
        let ours = format!("From x\nSubject: p {}\n\nbody\n\n", probe.token);
        let (before, after) = ("From y\nSubject: a\n\nhello\n\n", "From z\nSubject: b\n\nFrom me\n");
        fs::write(&path, format!("{before}{ours}{after}")).unwrap();
        assert_eq!(find(&path, std::slice::from_ref(&probe)).unwrap().len(), 1);
        remove(&path, &probe, &ctx).await.unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{before}{after}"));
        remove(&path, &probe, &ctx).await.unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{before}{after}"));
        assert!(!dir.path().join("bob.lock").exists());
        assert_eq!(find(&dir.path().join("none"), std::slice::from_ref(&probe)).unwrap(), []);

        fs::write(dir.path().join("bob.lock"), "").unwrap();
        let soon = Ctx::new(Duration::from_millis(200), 0);
        let held = remove(&path, &probe, &soon).await.unwrap_err().to_string();
        assert!(held.contains("bob.lock"), "{held}");
    }
}
