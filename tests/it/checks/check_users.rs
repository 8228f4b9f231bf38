//! `check_users` on this machine, and on a utmp written by utmpdump. Beside the peer it stands in
//! `peers`.

use std::process::Command;

use check::{CheckDef, State};
use testkit::{CheckCmd, CheckRun, program};

/// Runs a program with an own, empty /run that a script fills.
fn with_run(fill: &str, program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> CheckRun {
    let script = format!("mount -t tmpfs none /run && cd /run && {fill} && exec \"$@\"");
    let mut command = Command::new("/usr/bin/unshare");
    command.args(["--mount", "/bin/sh", "-c", &script, "sh"]).arg(program).args(arguments);
    CheckRun::of_command(&mut command)
}

#[test]
fn both_ways_agree_here() {
    let run = CheckCmd::new(CheckDef::of::<check_users::Args>()).args(["-w", "1000", "-c", "2000"]).run();
    assert!(run.perfdata.is_empty() || run.perfdata["users"].ends_with(";1000;2000;0"), "{}", run.output);
}

#[test]
fn names_those_who_are_logged_in() {
    let utmp = concat!(env!("CARGO_MANIFEST_DIR"), "/../plugins/check_users/testdata/utmp.txt");
    let fill = format!("utmpdump -r <{utmp} >utmp 2>/dev/null");
    with_run(&fill, program("check_users"), &["-v"]).expect(State::Ok).shows("\nalice on pts/0\n");
}

/// Debian 13 has no utmp; the peer says 0 users there, without libsystemd.
#[test]
fn counts_sessions_of_logind_where_there_is_no_utmp() {
    let fill = "mkdir -p systemd/sessions && cd systemd/sessions && mkfifo 2.ref && \
        printf 'USER=alice\\nSTATE=active\\nCLASS=user\\nTTY=pts/3\\n' >2 && \
        printf 'USER=root\\nSTATE=active\\nCLASS=background\\n' >3";
    let run = with_run(fill, program("check_users"), &["-c", "0", "-v"]).expect(State::Critical);
    run.says("1 users currently logged in").shows("alice on pts/3");
    with_run("true", program("check_users"), &["-c", "0"]).expect(State::Unknown).says("there is neither");
}
