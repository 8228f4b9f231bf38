//! Real servers that more than one module of tests needs.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::Command;

pub mod chrony;
pub mod dns;
pub mod exim;
pub mod git_servers;
pub mod imap;
pub mod mounts;
pub mod radius_servers;
pub mod sleepers;
pub mod sshd;
pub mod tls_servers;
pub mod tor;
pub mod torrents;
pub mod udp;
pub mod web;

/// The account that servers run as when the test runs as root; Debian's `nobody` and `nogroup`.
const NOBODY: u32 = 65_534;

/// User and group that [`unprivileged`] programs have.
pub fn account() -> (u32, u32) {
    let own = fs::metadata("/proc/self").unwrap();
    if own.uid() == 0 { (NOBODY, NOBODY) } else { (own.uid(), own.gid()) }
}

/// A program that runs as nobody, or as whoever runs the test if that is not root.
pub fn unprivileged(program: &str) -> Command {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return Command::new(program);
    }
    let id = NOBODY.to_string();
    let mut command = Command::new("/usr/bin/setpriv");
    // who changes the user loses what Server asked for: to be killed with the test
    command.args(["--reuid", &id, "--regid", &id, "--clear-groups", "--pdeathsig", "KILL", "--", program]);
    command
}

/// Gives a folder and all in it to the account of [`unprivileged`] programs.
pub fn give(path: &Path) {
    let (user, group) = account();
    chown(path, Some(user), Some(group)).unwrap();
    if path.is_dir() {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        for entry in fs::read_dir(path).unwrap() {
            give(&entry.unwrap().path());
        }
    }
}
