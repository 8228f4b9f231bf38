//! The agent's lock files: disabled by an administrator, or running just now.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde::Deserialize;

use crate::text;

/// Most bytes of a lock file.
const MAX_LEN: u64 = 64 * 1024;

/// The reason why the agent is disabled, empty if none is known; `None` if it is not disabled.
///
/// The file being there is what disables the agent, whatever is in it.
pub(crate) fn disabled(path: &Path) -> Option<String> {
    #[derive(Deserialize)]
    struct Lock {
        disabled_message: Option<String>,
    }
    match text::read(path, MAX_LEN) {
        Ok(lock) => {
            let reason = serde_json::from_str::<Lock>(&lock).ok().and_then(|lock| lock.disabled_message);
            Some(reason.unwrap_or_default())
        }
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => None,
        Err(_) => fs::metadata(path).is_ok().then(String::new),
    }
}

/// A run that has begun and not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Running {
    /// Seconds since 1970 when it began.
    pub since: i64,
    /// Process number, if the lock file tells it.
    pub pid: Option<u32>,
    /// Does that process still exist?
    pub alive: bool,
}

/// The run that `agent_catalog_run.lock` tells of. Puppet deletes the file at the end of a run.
pub(crate) fn running(path: &Path) -> Option<Running> {
    let since = fs::metadata(path).ok()?.mtime();
    let pid = text::read(path, MAX_LEN).ok().and_then(|text| text.trim().parse::<u32>().ok());
    let alive = pid.is_none_or(|pid| Path::new("/proc").join(pid.to_string()).exists());
    Some(Running { since, pid, alive })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_disables_whatever_is_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("agent_disabled.lock");
        assert_eq!(disabled(&path), None);
        for (text, want) in [
            (include_str!("../testdata/agent_disabled.lock"), "because 'I' said \"so\""),
            ("{\"disabled_message\":null}", ""),
            ("{\"disabled_mess", ""),
            ("", ""),
            ("[]", ""),
        ] {
            fs::write(&path, text).unwrap();
            assert_eq!(disabled(&path).as_deref(), Some(want), "{text}");
        }
    }

    #[test]
    fn a_run_is_known_by_its_process() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("agent_catalog_run.lock");
        assert_eq!(running(&path), None);
        let own = std::process::id();
        fs::write(&path, own.to_string()).unwrap();
        let run = running(&path).unwrap();
        assert_eq!((run.pid, run.alive), (Some(own), true));
        fs::write(&path, "4294967295\n").unwrap();
        assert!(!running(&path).unwrap().alive);
        fs::write(&path, "?").unwrap();
        assert_eq!(running(&path).map(|run| (run.pid, run.alive)), Some((None, true)));
    }
}
