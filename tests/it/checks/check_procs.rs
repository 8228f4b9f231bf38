//! `check_procs` on real processes. Beside the peer it stands in `peers`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use check::{CheckDef, State};
use testkit::{CheckCmd, CheckRun, program, wait_until};

use crate::support::sleepers::Sleepers;

fn procs(arguments: &[&str]) -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_procs::Args>()).args(arguments)
}

#[test]
fn several_names_exclusions_and_details() {
    let (some, more) = (Sleepers::start(2, "b"), Sleepers::start(1, "c"));
    let both = format!("{},{}", some.name, more.name);
    procs(&["-c", "3:3", "-C", &both]).run().expect(State::Ok).says(&format!("command name '{both}'"));
    procs(&["-c", "1:1", "-C", &both, "-X", &some.name]).run().expect(State::Ok).says("exclude progs");
    procs(&["0", "1", "-C", &some.name]).run().expect(State::Critical).says("2 processes");
    let line = format!("prog={} args=", some.name);
    let verbose = procs(&["-C", &some.name, "-v"]).run().expect(State::Ok);
    assert_eq!(verbose.output.matches(&line).count(), 2, "{}", verbose.output);
    procs(&["-s", "RSZDT", "-C", &more.name, "-c", "1:1"]).run().expect(State::Ok);
    procs(&["-u", "no-such-user"]).run().expect(State::Unknown).says("no user `no-such-user`");
    procs(&["-u", "64321", "-c", "0"]).run().expect(State::Ok).says("0 processes with UID = 64321");
    procs(&["--ereg-argument-array", "("]).run().expect(State::Unknown).shows("unclosed group");
    procs(&["-m", "SIZE"]).run().expect(State::Unknown).shows("ELAPSED");
    procs(&["-w", "foo"]).run().expect(State::Unknown).says("foo");
}

#[test]
fn zombies_are_found() {
    // `sleep` never asks for the child that its shell has started
    let mut parent = Command::new("/bin/sh").args(["-c", "true & exec sleep 60"]).spawn().unwrap();
    let id = parent.id().to_string();
    let zombie = || procs(&["-s", "Z", "-p", &id, "-c", "1:1"]);
    wait_until("there is a zombie", || zombie().program_only().run().state == State::Ok);
    zombie().arg("-a").arg("<defunct>").run().expect(State::Ok).says("STATE = Z");
    parent.kill().unwrap();
    parent.wait().unwrap();
}

/// Checks that run at the same moment do not count each other, unless `-T` is given.
#[test]
fn its_own_kind_is_left_out() {
    let directory = tempfile::tempdir().unwrap();
    let fifo = directory.path().join("fifo");
    assert!(Command::new("/usr/bin/mkfifo").arg(&fifo).status().unwrap().success());
    // waits for somebody to write its options
    let mut twin = Command::new(program("check_procs"))
        .arg(format!("--extra-opts=@{}", fifo.display()))
        .spawn()
        .unwrap();
    let parent = std::process::id().to_string();
    let count = |more: &[&str]| {
        procs(&["-C", "check_procs", "-p", &parent]).args(more).program_only().run().metric("procs")
    };
    wait_until("the other is there", || count(&["-T"]) == 1.0);
    assert_eq!(count(&[]), 0.0);
    twin.kill().unwrap();
    twin.wait().unwrap();
}

/// A copy that every user may run: the build directory may belong to one.
fn public_copy(directory: &Path) -> PathBuf {
    fs::set_permissions(directory, Permissions::from_mode(0o755)).unwrap();
    let copy = directory.join("check_procs");
    fs::copy(program("check_procs"), &copy).unwrap();
    copy
}

/// With /proc mounted as administrators do who hide processes of others.
#[test]
fn hidden_processes_are_unknown_and_not_missing() {
    let directory = tempfile::tempdir().unwrap();
    let copy = public_copy(directory.path());
    let sleepers = Sleepers::start(1, "h");
    let hidden = |hidepid: &str, arguments: &[&str]| {
        let script = format!(
            "mount -t proc -o hidepid={hidepid} proc /proc && exec setpriv --reuid 65534 --regid 65534 --clear-groups -- \"$@\""
        );
        let mut command = Command::new("/usr/bin/unshare");
        command.args(["--mount", "/bin/sh", "-c", &script, "sh"]).arg(&copy).args(arguments);
        CheckRun::of_command(&mut command)
    };
    for (hidepid, said) in [("invisible", "those of others are hidden"), ("noaccess", "may not be read")] {
        hidden(hidepid, &["-c", "1:", "-C", &sleepers.name])
            .expect(State::Unknown)
            .says(said)
            .says("run as root");
        hidden(hidepid, &["-w", "900"]).expect(if hidepid == "noaccess" {
            State::Ok
        } else {
            State::Unknown
        });
        hidden(hidepid, &["-u", "65534", "-w", "900"]).expect(State::Ok);
        hidden(hidepid, &["-C", &sleepers.name]).expect(State::Ok).says(said);
    }
    // the same user and no hiding: nothing to say
    hidden("off", &["-c", "1:1", "-C", &sleepers.name]).expect(State::Ok);
}
