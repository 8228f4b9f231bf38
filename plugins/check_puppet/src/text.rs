//! Reading a small file whole, and what to do about one that may not be read.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use check::CheckError;

/// The text of a file of at most `limit` bytes; what is no UTF-8 in it is replaced.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(ErrorKind::FileTooLarge, format!("it is longer than {limit} bytes")));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Why a file could not be read, and what helps.
pub(crate) fn cannot_read(path: &Path, error: &io::Error) -> CheckError {
    let shown = path.display();
    if error.kind() != ErrorKind::PermissionDenied {
        return CheckError::internal(format!("cannot read {shown}: {error}"));
    }
    let rights = match fs::metadata(path) {
        Ok(metadata) => {
            let (mode, group) = (metadata.mode() & 0o7777, metadata.gid());
            let group = group_name(group).unwrap_or_else(|| group.to_string());
            format!("it has mode {mode:04o} and group {group}")
        }
        Err(_) => "the directories above it let nobody else in".to_owned(),
    };
    CheckError::internal(format!(
        "cannot read {shown}: permission denied, {rights}. Run the check as root or as a member of its group, or let Puppet write it with `lastrunfile = $publicdir/last_run_summary.yaml {{ mode = 0644 }}` in the section [main] of puppet.conf"
    ))
}

fn group_name(id: u32) -> Option<String> {
    let groups = read(Path::new("/etc/group"), 1024 * 1024).ok()?;
    let id = id.to_string();
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == id).then(|| name.to_owned())
    })
}

/// A span of time in the unit that fits: `45 s`, `30 min`, `5 h`, `3 d`.
pub(crate) fn span(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// `1 resource`, `2 resources`.
pub(crate) fn counted(count: u32, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_short() {
        let cases = [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h")];
        for (seconds, want) in cases.into_iter().chain([(172_800, "2 d"), (i64::MAX, "106751991167300 d")]) {
            assert_eq!(span(seconds), want);
        }
    }

    #[test]
    fn a_file_that_is_too_long_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        fs::write(&path, b"12345\xff").unwrap();
        assert_eq!(read(&path, 6).unwrap(), "12345\u{fffd}");
        let error = cannot_read(&path, &read(&path, 5).unwrap_err()).to_string();
        assert!(error.ends_with("/x: it is longer than 5 bytes"), "{error}");
        assert_eq!(group_name(0).as_deref(), Some("root"));
        let denied = cannot_read(&path, &ErrorKind::PermissionDenied.into()).to_string();
        assert!(denied.contains("it has mode 0644 and group"), "{denied}");
    }
}
