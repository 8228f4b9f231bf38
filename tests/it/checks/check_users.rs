//! `check_users` on this machine, and on a utmp written by utmpdump beside the peer.

use std::process::Command;

use check::{CheckDef, State};
use testkit::{CheckCmd, CheckRun, program};

const PEER: &str = "/usr/lib/nagios/plugins/check_users";

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
fn counts_utmp_as_the_peer_does() {
    let utmp = concat!(env!("CARGO_MANIFEST_DIR"), "/../plugins/check_users/testdata/utmp.txt");
    let fill = format!("utmpdump -r <{utmp} >utmp 2>/dev/null");
    for (arguments, state) in [
        (["-w", "5", "-c", "10"], State::Ok),
        (["-w", "1", "-c", "2"], State::Warning),
        (["-w", "0", "-c", "1"], State::Critical),
        (["-w", "3:", "-c", "1:"], State::Warning),
    ] {
        let ours = with_run(&fill, program("check_users"), &arguments).expect(state);
        let theirs = with_run(&fill, PEER, &arguments).expect(state);
        assert_eq!((&ours.text, &ours.perfdata), (&theirs.text, &theirs.perfdata));
        assert_eq!(ours.metric("users"), 2.0);
    }
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
