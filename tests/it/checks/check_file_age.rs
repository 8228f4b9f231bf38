//! `check_file_age` on real files. Beside the peer it stands in `peers`.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use check::{CheckDef, State};
use testkit::{CheckCmd, CheckRun, program};

fn age(arguments: &[&str]) -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_file_age::Args>()).args(arguments)
}

/// A file of `size` bytes that was changed `age` seconds ago.
fn make(path: &Path, age: u64, size: usize) {
    fs::write(path, vec![b'x'; size]).unwrap();
    File::options()
        .append(true)
        .open(path)
        .unwrap()
        .set_modified(SystemTime::now() - Duration::from_secs(age))
        .unwrap();
}

#[test]
fn units_ranges_and_the_future() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    let name = path.to_str().unwrap();
    make(&path, 3000, 100);
    age(&["-w", "45m", "-c", "1h", "-f", name]).run().expect(State::Warning);
    age(&["-w", "1h:", "-c", "1m:", "-f", name]).run().expect(State::Warning).says(" seconds old");
    age(&["-w", "1h", "-c", "2h", "-W", "50:99", "-f", name]).run().expect(State::Warning);
    age(&["-w", "10x", "-f", name]).run().expect(State::Unknown).says("10x");
    age(&["-W", "10m", "-f", name]).run().expect(State::Unknown).says("no number of bytes");
    age(&[]).run().expect(State::Unknown).shows("--file");
    let ahead = SystemTime::now() + Duration::from_secs(5000);
    File::options().append(true).open(&path).unwrap().set_modified(ahead).unwrap();
    let run = age(&["-f", name]).run().expect(State::Ok).says("seconds in the future (is a clock wrong?)");
    assert!(run.metric("age") < -4900.0);
}

#[test]
fn what_may_not_be_looked_at_is_unknown_and_not_missing() {
    let directory = tempfile::tempdir().unwrap();
    let locked = directory.path().join("locked");
    fs::create_dir(&locked).unwrap();
    make(&locked.join("file"), 1, 1);
    let copy = directory.path().join("check_file_age");
    fs::copy(program("check_file_age"), &copy).unwrap();
    fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&locked, Permissions::from_mode(0o700)).unwrap();
    let mut command = Command::new("/usr/bin/setpriv");
    command
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--"])
        .arg(copy)
        .arg("-i")
        .arg(locked.join("file"));
    CheckRun::of_command(&mut command)
        .expect(State::Unknown)
        .says("the right to enter each directory above it");
}
