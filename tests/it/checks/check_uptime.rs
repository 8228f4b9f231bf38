//! `check_uptime` on this machine (T30), beside `uptime -s`.

use std::process::Command;

use check::{CheckDef, State};
use testkit::CheckCmd;

fn uptime(arguments: &[&str]) -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_uptime::Args>()).args(arguments)
}

fn stdout(command: &mut Command) -> String {
    String::from_utf8(command.output().unwrap().stdout).unwrap().trim().to_owned()
}

#[test]
fn tells_what_proc_tells() {
    let proc: f64 =
        std::fs::read_to_string("/proc/uptime").unwrap().split(' ').next().unwrap().parse().unwrap();
    let run = uptime(&[]).run().expect(State::Ok);
    assert!((proc.floor()..proc + 30.0).contains(&run.metric("uptime")), "{}", run.output);
    assert!(run.text.starts_with("OK: Uptime is ") && run.text.ends_with(" seconds."), "{}", run.text);
}

#[test]
fn judges_spans_and_ranges() {
    let run =
        uptime(&["-w", "1s:900w", "-c", "0:1000w", "--for"]).run().expect(State::Ok).says(" Running for ");
    assert!(run.perfdata["uptime"].ends_with("s;1:544320000;604800000;0"), "{}", run.output);
    uptime(&["-w", "1s"]).run().expect(State::Warning).says("Exceeds the upper warning threshold.");
    uptime(&["-w", "1s", "-c", "900W:"])
        .run()
        .expect(State::Critical)
        .says("Below the lower critical threshold.");
    uptime(&["-w", "4w:10m"]).run().expect(State::Unknown).says("start 2419200 is greater than end 600");
    uptime(&["-w", "10y"]).run().expect(State::Unknown).says("`10y` is no span of time");
}

#[test]
fn says_since_when_as_uptime_does() {
    let ours = uptime(&["-s", "-d"]).run().expect(State::Ok).says(" day");
    let since = ours.text.split("Running since ").nth(1).unwrap().trim_end_matches('.').to_owned();
    let seconds =
        |moment: &str| -> i64 { stdout(Command::new("date").args(["-d", moment, "+%s"])).parse().unwrap() };
    let theirs = stdout(Command::new("uptime").arg("-s"));
    assert!(seconds(&since).abs_diff(seconds(&theirs)) <= 2, "{since} {theirs}");
}
