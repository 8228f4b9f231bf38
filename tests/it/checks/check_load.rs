//! `check_load` on recorded averages. Beside the original it stands in `peers`.

use check::{CheckDef, State};
use testkit::{CheckCmd, CheckRun, Server};

use crate::support::mounts::{in_mount_namespace, replace};

fn load(arguments: &[&str]) -> CheckRun {
    CheckCmd::new(CheckDef::of::<check_load::Args>()).args(arguments).run()
}

#[test]
fn the_load_is_divided_by_the_processors_that_are_on() {
    in_mount_namespace(module_path!(), "the_load_is_divided_by_the_processors_that_are_on", || {
        replace("/proc/loadavg", "8.00 4.00 2.00 2/345 6789\n");
        replace("/sys/devices/system/cpu/online", "0-2,7\n");
        let run = load(&["-r", "-w", "1.9", "-c", "2.1"]).expect(State::Warning);
        assert!(
            run.text.contains("scaled load average: 2.00, 1.00, 0.50 - total load average: 8.00, 4.00, 2.00")
        );
        assert_eq!((run.metric("load1"), run.metric("scaled_load1")), (8.0, 2.0));
        assert_eq!(run.perfdata["scaled_load15"], "0.500;1.900;2.100;0.000");
        assert_eq!(run.perfdata["load15"], "2.000;;;0.000");
        replace("/proc/loadavg", "unknown\n");
        load(&["-w", "1"]).expect(State::Unknown).says("/proc/loadavg does not hold three numbers");
    });
}

/// A process that burns a processor is at the top of the list. Each run lists other numbers.
#[test]
fn shows_the_busiest_processes() {
    // ends with the test, however that ends
    let busy = Server::start(std::process::Command::new("/bin/sh").args(["-c", "while :; do :; done"]));
    let pid = busy.id().to_string();
    let many = CheckCmd::new(CheckDef::of::<check_load::Args>())
        .args(["-w", "1000", "-c", "1000", "-n", "1000"])
        .program_only();
    testkit::wait_until("the busy process is listed as busy", || {
        let run = many.run().expect(State::Ok);
        let mut lines = run.output.lines().skip(1);
        assert_eq!(
            lines.next().map(|line| line.split_whitespace().next()),
            Some(Some("PID")),
            "{}",
            run.output
        );
        let line =
            lines.map(|line| line.split_whitespace().collect::<Vec<_>>()).find(|fields| fields[0] == pid);
        line.is_some_and(|fields| {
            fields[5] == "sh" && fields[2].parse::<f64>().is_ok_and(|percent| percent > 5.0)
        })
    });
    drop(busy);
    let one =
        CheckCmd::new(CheckDef::of::<check_load::Args>()).args(["-w", "1000", "-n", "1"]).program_only();
    assert_eq!(one.run().output.lines().count(), 3, "one line, a heading, one process");
}

#[test]
fn usage_errors_are_clear() {
    load(&["-w", "5", "-c", "1"]).expect(State::Unknown).says("the 1-minute load for -w is higher");
    load(&["-w", "1,2,3,4"]).expect(State::Unknown).says("use 5 or 15,10,5").shows("--help");
    load(&[]).expect(State::Unknown).shows("--warning");
}
