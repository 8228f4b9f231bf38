//! What was seen before, so that a change is noticed: one file for each server and realm.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use check::{CheckError, Ctx};
use net::tls::Certificate;
use ring::digest::{SHA256, digest};
use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

/// A change is told for so long, in seconds.
pub(crate) const TOLD: i64 = 86_400;

/// Longest file read.
const MAX_LEN: u64 = 256 * 1024;

/// Certificates of one kind that are remembered.
const MAX_KNOWN: usize = 64;

/// How long another run may hold the file: it only reads and writes it.
const PATIENCE: Duration = Duration::from_secs(2);

/// A certificate, as far as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    /// SHA-256 of it, hexadecimal: what it is told from others by.
    pub sha256: String,
    /// What it is called.
    pub title: String,
    /// Its end, seconds of Unix time.
    pub ends: i64,
}

impl Known {
    pub(crate) fn of(certificate: &Certificate) -> Known {
        let hash = digest(&SHA256, certificate.der());
        let sha256 = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        Known { sha256, title: certificate.title.clone(), ends: certificate.not_after }
    }
}

/// `radius.example.cz (sha256 0a1b2c3d…, until 2026-12-19)`.
impl std::fmt::Display for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let start: String = self.sha256.chars().take(16).collect();
        let ends = net::tls::to_the_second(self.ends);
        write!(f, "{} (sha256 {start}…, until {})", self.title, ends.split(' ').next().unwrap_or_default())
    }
}

/// What was there, and before that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trail {
    now: Vec<Known>,
    before: Option<Change>,
}

/// The last change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Change {
    /// What was there before it.
    pub old: Vec<Known>,
    /// When it was noticed, seconds of Unix time.
    pub at: i64,
}

impl Trail {
    /// Takes what is there `now` (Unix time); true if there is something new to remember. The first
    /// sight of something is no change.
    pub(crate) fn see(&mut self, mut found: Vec<Known>, now: i64) -> bool {
        found.truncate(MAX_KNOWN);
        if found.is_empty() || found == self.now {
            return false;
        }
        let old = std::mem::replace(&mut self.now, found);
        if !old.is_empty() {
            self.before = Some(Change { old, at: now });
        }
        true
    }

    /// What is there now.
    pub(crate) fn known(&self) -> &[Known] {
        &self.now
    }

    /// The last change, if it is still to be told. One in the future is of a clock that was wrong.
    pub(crate) fn recent(&self, now: i64) -> Option<&Change> {
        self.before.as_ref().filter(|change| (0..TOLD).contains(&now.saturating_sub(change.at)))
    }
}

/// The file's content: trails of the server's certificates, and of the authorities that devices trust.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Memory {
    pub server: Trail,
    pub authorities: Trail,
}

/// Reads the memory of `name`, lets it `see` what is there, and writes it if that was new. Only one run at
/// a time does so; a crash leaves the file as it was, or as it should be.
pub(crate) async fn remember(
    directory: &Path,
    name: &str,
    ctx: &Ctx,
    see: impl FnOnce(&mut Memory) -> bool,
) -> Result<Memory, CheckError> {
    let file = directory.join(format!("{}.json", file_name(name)));
    let _lock = locked(&file.with_extension("lock"), ctx).await?;
    let mut memory = read(&file)?;
    if see(&mut memory) {
        write(&file, &memory)?;
    }
    Ok(memory)
}

async fn locked(path: &Path, ctx: &Ctx) -> Result<File, CheckError> {
    let lock = options().read(true).write(true).create(true).truncate(false).open(path);
    let lock = lock.map_err(|error| cannot("open", path, &error))?;
    let patience = PATIENCE.min(ctx.remaining());
    let begun = tokio::time::Instant::now();
    loop {
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(lock),
            Err(Errno::WOULDBLOCK) if begun.elapsed() < patience => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Err(error) => return Err(cannot("lock", path, &error.into())),
        }
    }
}

fn read(file: &Path) -> Result<Memory, CheckError> {
    let mut text = String::new();
    match options().read(true).open(file).and_then(|open| open.take(MAX_LEN).read_to_string(&mut text)) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Memory::default()),
        Err(error) => return Err(cannot("read", file, &error)),
    }
    serde_json::from_str(&text).map_err(|error| {
        CheckError::internal(format!("{} cannot be read ({error}); remove it to begin anew", file.display()))
    })
}

fn write(file: &Path, memory: &Memory) -> Result<(), CheckError> {
    let new: PathBuf = file.with_extension("new");
    let replace = || {
        let mut open = options().write(true).create(true).truncate(true).open(&new)?;
        serde_json::to_writer(&mut open, memory)?;
        open.write_all(b"\n")?;
        open.sync_all()?;
        fs::rename(&new, file)
    };
    replace().map_err(|error| cannot("write", file, &error))
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> CheckError {
    CheckError::internal(format!(
        "cannot {what} {}: {error}; --state-dir must be a directory that the check can write to",
        path.display()
    ))
}

/// For the owner alone, and never through a link that somebody else put there.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    options
}

/// A name of realm and host as a file's: what is not plain becomes `%` and its number.
fn file_name(name: &str) -> String {
    let part = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
        // a name does not begin with a dot, which hides it
        b'.' => ".".to_owned(),
        _ => format!("%{byte:02x}"),
    };
    let name: String = name.bytes().take(200).map(part).collect();
    format!("eap_{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(number: u8) -> Known {
        Known { sha256: format!("{number:02x}").repeat(32), title: format!("c{number}"), ends: 1_795_332_540 }
    }

    #[test]
    fn a_change_is_told_for_a_day_and_the_first_sight_is_none() {
        let mut trail = Trail::default();
        assert!(trail.see(vec![known(1)], 1000));
        assert_eq!(trail.recent(1000), None);
        assert!(!trail.see(vec![known(1)], 2000));
        assert!(trail.see(vec![known(2), known(9)], 3000));
        let change = Change { old: vec![known(1)], at: 3000 };
        for (now, told) in [(2999, false), (3000, true), (3000 + TOLD - 1, true), (3000 + TOLD, false)] {
            assert_eq!(trail.recent(now).is_some(), told, "{now}");
        }
        assert_eq!(trail.recent(3000), Some(&change));
        // nothing was to be had: that is no change
        assert!(!trail.see(vec![], 4000));
        // back again is a change of its own
        assert!(trail.see(vec![known(1)], 5000));
        assert_eq!(trail.recent(5001).unwrap().old, [known(2), known(9)]);
        assert_eq!(known(1).to_string(), "c1 (sha256 0101010101010101…, until 2026-11-22)");
    }

    #[test]
    fn names_become_plain_file_names() {
        assert_eq!(file_name("example.cz_[::1]_1812"), "eap_example.cz_%5b%3a%3a1%5d_1812");
        assert_eq!(file_name("../x/é"), "eap_..%2fx%2f%c3%a9");
        assert_eq!(file_name(&"a".repeat(1000)).len(), 204);
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap()
    }

    #[test]
    fn what_is_written_is_read_by_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let ctx = Ctx::new(Duration::from_secs(10), 0);
        let see = |number: u8, now: i64| {
            let path = dir.path().to_owned();
            runtime().block_on(async move {
                remember(&path, "a", &ctx, |memory| memory.server.see(vec![known(number)], now))
                    .await
                    .unwrap()
            })
        };
        assert_eq!(see(1, 1000).server.recent(1000), None);
        assert_eq!(see(2, 2000).server.recent(2000).unwrap().old, [known(1)]);
        assert_eq!(see(2, 3000).server.recent(3000).unwrap().at, 2000);
        let mut names: Vec<_> =
            fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["eap_a.json", "eap_a.lock"]);
    }

    /// Of many runs that see the same change, one remembers it, and all tell it.
    #[test]
    fn many_runs_at_once_leave_one_whole_file() {
        let dir = tempfile::tempdir().unwrap();
        let ctx = Ctx::new(Duration::from_secs(30), 0);
        runtime().block_on(async {
            let runs: Vec<_> = (0..200_i64)
                .map(|i| {
                    let path = dir.path().to_owned();
                    tokio::spawn(async move {
                        let found = vec![known(u8::try_from(1 + i / 100).unwrap())];
                        remember(&path, "a", &ctx, |memory| memory.server.see(found, 1000 + i)).await
                    })
                })
                .collect();
            for run in runs {
                run.await.unwrap().unwrap();
            }
            let last =
                remember(dir.path(), "a", &ctx, |memory| memory.server.see(vec![known(3)], 5000)).await;
            assert!(last.unwrap().server.recent(5000).is_some());
        });
    }

    #[test]
    fn a_broken_file_is_named_and_a_link_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let ctx = Ctx::new(Duration::from_secs(1), 0);
        let said = |path: &Path| {
            let path = path.to_owned();
            runtime()
                .block_on(async move { remember(&path, "a", &ctx, |_| true).await.unwrap_err().to_string() })
        };
        fs::write(dir.path().join("eap_a.json"), "{").unwrap();
        assert!(said(dir.path()).contains("remove it to begin anew"), "{}", said(dir.path()));
        fs::remove_file(dir.path().join("eap_a.json")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("eap_a.json")).unwrap();
        assert!(said(dir.path()).contains("cannot read"), "{}", said(dir.path()));
        assert!(said(&dir.path().join("none")).contains("--state-dir must be"));
    }
}
