//! The session files of systemd-logind.
//!
//! They call themselves private data, but libsystemd's sd_session_get_class(3), which every program
//! that asks for sessions uses, reads these same lines; asking over D-Bus would need a running bus.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::{Logins, start_of};

/// Most bytes of a session file; real ones have a few hundred.
const MAX_LEN: u64 = 64 * 1024;

/// The sessions of users under a directory. A session that ends meanwhile is not there.
pub(crate) fn logins(directory: &Path) -> io::Result<Logins> {
    let mut logins = Logins::default();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        // beside each session lies a pipe, `ID.ref`, whose opening would wait for a writer
        if !entry.file_type()?.is_file() {
            continue;
        }
        match start_of(&entry.path(), MAX_LEN) {
            Ok(session) => add(&session, &mut logins),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(logins)
}

/// Counts a session if it is a user's: not a greeter, a lock screen, a cron job (`background`) or
/// the user's own service manager, and not one that is being closed.
fn add(session: &[u8], logins: &mut Logins) {
    let value = |key: &[u8]| {
        session.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(key)?.strip_prefix(b"="))
    };
    let class = value(b"CLASS").unwrap_or(b"user");
    let is_users = class == b"user" || class.starts_with(b"user-");
    if is_users && value(b"STATE") != Some(b"closing") {
        let place = value(b"TTY").or_else(|| value(b"DISPLAY")).or_else(|| value(b"SERVICE"));
        logins.add(value(b"USER").or_else(|| value(b"UID")).unwrap_or(b"?"), place.unwrap_or(b"?"));
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn counts_sessions_of_users_only() {
        let dir = tempfile::tempdir().unwrap();
        let session = |id: &str, lines: &str| {
            let text = format!("# This is private data. Do not parse.\nUID=1000\nUSER=alice\n{lines}\n");
            fs::write(dir.path().join(id), text).unwrap();
        };
        session("1", "ACTIVE=1\nSTATE=active\nTYPE=tty\nCLASS=user\nTTY=pts/0\nSERVICE=sshd");
        session("2", "STATE=online\nTYPE=unspecified\nCLASS=background\nSERVICE=cron");
        session("3", "STATE=active\nCLASS=manager");
        session("4", "STATE=closing\nCLASS=user\nTTY=pts/1");
        session("5", "STATE=active\nCLASS=user-early\nSERVICE=sshd");
        session("c1", "STATE=active\nCLASS=greeter\nTTY=tty7");
        // what is no file is not opened
        symlink("/dev/zero", dir.path().join("1.ref")).unwrap();
        fs::create_dir(dir.path().join("dir")).unwrap();
        let mut found = logins(dir.path()).unwrap();
        found.shown.sort();
        assert_eq!(found.count, 2);
        assert_eq!(found.shown, [("alice", "pts/0"), ("alice", "sshd")].map(|(u, l)| (u.into(), l.into())));
    }

    #[test]
    fn odd_files_do_no_harm() {
        let mut found = Logins::default();
        add(b"", &mut found);
        add(b"CLASS", &mut found);
        add(b"CLASS=\n\xff=\n", &mut found);
        add(b"CLASS=users\n", &mut found);
        assert_eq!(found.count, 2);
        assert_eq!(found.shown[0], ("?".to_owned(), "?".to_owned()));
    }
}
