//! Processes that are easy to find.

use std::fs;
use std::process::{Child, Command};

use testkit::wait_until;

/// `sleep` under a name that no other process has; ended with the test.
pub struct Sleepers {
    /// That name.
    pub name: String,
    children: Vec<Child>,
    _directory: tempfile::TempDir,
}

impl Sleepers {
    /// So many of them, asleep: `NAME 600`, `NAME 601` … The name holds `test`.
    pub fn start(count: usize, test: &str) -> Sleepers {
        let directory = tempfile::tempdir().unwrap();
        let name = format!("sl{test}{}", std::process::id());
        let path = directory.path().join(&name);
        fs::copy("/bin/sleep", &path).unwrap();
        let children: Vec<Child> =
            (0..count).map(|i| Command::new(&path).arg(format!("60{i}")).spawn().unwrap()).collect();
        for child in &children {
            let stat = format!("/proc/{}/stat", child.id());
            wait_until("it sleeps", || {
                fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(&format!("({name}) S")))
            });
        }
        Sleepers { name, children, _directory: directory }
    }
}

impl Drop for Sleepers {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
