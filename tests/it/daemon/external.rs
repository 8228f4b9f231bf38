//! External commands: through the command file as scripts write it, and by hand.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use testkit::{program, wait_until};

use super::harness::{COMMON, Daemon};

/// A host `h` with services `s0` … `s39` and `s` that only hear passive results, and a host `below` it.
fn prepare() -> Daemon {
    let mut objects = format!(
        "{COMMON}define host {{\n use fast-host\n host_name h\n}}\n\
         define host {{\n use fast-host\n host_name below\n parents h\n}}\n\
         define hostgroup {{\n hostgroup_name all\n members h,below\n}}\n"
    );
    for n in std::iter::once(String::new()).chain((0..40).map(|n| n.to_string())) {
        write!(
            objects,
            "define service {{\n use fast-service\n host_name h\n service_description s{n}\n check_command check_dummy!3!never\n active_checks_enabled 0\n}}\n"
        )
        .unwrap();
    }
    let daemon = Daemon::prepare(&objects);
    let yaml = std::fs::read_to_string(daemon.path("hlidka.yaml")).unwrap();
    daemon.write("hlidka.yaml", &format!("{yaml}command_file: command\n"));
    daemon
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// As Ansible's nagios module does it: open, write one line, close.
fn write(daemon: &Daemon, line: &str) {
    let mut pipe = OpenOptions::new().append(true).open(daemon.path("command")).unwrap();
    pipe.write_all(format!("[{}] {line}\n", now()).as_bytes()).unwrap();
}

fn history(daemon: &Daemon, object: &str) -> Vec<Value> {
    let text = daemon.says(&["history", object, "--json", "-n", "1000"]);
    text.lines().filter(|line| !line.is_empty()).map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn scripts_write_into_the_command_file() {
    let mut daemon = prepare();
    daemon.start();
    let found = std::fs::metadata(daemon.path("command")).unwrap();
    assert!(found.file_type().is_fifo());
    assert_eq!(found.mode() & 0o7777, 0o660);
    // results, as NSCA hands them on
    write(&daemon, "PROCESS_SERVICE_CHECK_RESULT;h;s;2;broken; badly|size=3\\nsecond line");
    write(&daemon, "PROCESS_SERVICE_CHECK_RESULT;h;s;2;broken; badly|size=3\\nsecond line");
    let state = daemon.wait_for("h", "s", "critical hard");
    assert_eq!((&state["output"], &state["perfdata"]), (&"broken; badly".into(), &"size=3".into()));
    wait_until("the mail is written", || daemon.mails().len() == 1);
    assert!(daemon.mails()[0].contains("second line"));
    // somebody knows, with and without an end
    write(&daemon, "ACKNOWLEDGE_SVC_PROBLEM;h;s;2;0;1;me;on it; soon");
    wait_until("it is acknowledged", || daemon.object("h", "s")["acknowledged"] == true);
    let state = daemon.object("h", "s");
    assert_eq!(
        (&state["acknowledgement"]["sticky"], &state["acknowledgement"]["comment"]),
        (&true.into(), &"on it; soon".into())
    );
    assert_eq!(state["comments"][0]["text"], "on it; soon", "persistent");
    write(&daemon, "REMOVE_SVC_ACKNOWLEDGEMENT;h;s");
    wait_until("it is nobody's again", || daemon.object("h", "s")["acknowledged"] == false);
    // downtimes, of a host and all below it
    let (start, end) = (now(), now() + 3600);
    write(
        &daemon,
        &format!("SCHEDULE_AND_PROPAGATE_TRIGGERED_HOST_DOWNTIME;h;{start};{end};1;0;0;me;kernel"),
    );
    wait_until("the child is in downtime", || daemon.object("below", "")["downtime"] == true);
    assert_eq!(daemon.object("h", "s")["downtime"], true, "a host's downtime holds for its services");
    assert_eq!(
        daemon.object("below", "")["downtimes"][0]["trigger"],
        daemon.object("h", "")["downtimes"][0]["number"]
    );
    assert!(
        daemon.says(&["status", "--all"]).contains("downtime until 2"),
        "{}",
        daemon.says(&["status", "--all"])
    );
    write(&daemon, "DEL_DOWNTIME_BY_HOST_NAME;h");
    wait_until("the downtimes are gone", || daemon.object("below", "")["downtime"] == false);
    // switches
    write(&daemon, "DISABLE_HOSTGROUP_SVC_NOTIFICATIONS;all");
    write(&daemon, "DISABLE_NOTIFICATIONS");
    wait_until("all is off", || daemon.says(&["status"]).contains("all notifications switched off"));
    assert_eq!(daemon.object("h", "s")["switches"][0], serde_json::json!(["notifications", false]));
    assert!(daemon.says(&["status"]).contains("notifications switched off"));
    write(&daemon, "LOG;deployment of 2.0; done");
    let log = || daemon.says(&["history", "-n", "1000"]);
    wait_until("it is in the history", || log().contains("deployment of 2.0; done"));
    let kinds: Vec<String> = history(&daemon, "h;s")
        .iter()
        .map(|entry| entry["kind"]["event"].as_str().unwrap_or_default().to_owned())
        .collect();
    for kind in ["state", "notified", "acknowledged", "unacknowledged", "commented", "switched"] {
        assert!(kinds.iter().any(|known| known == kind), "no {kind} in {kinds:?}");
    }
    // what came through the pipe is there after a restart, and the pipe too
    daemon.stop();
    assert!(!daemon.path("command").exists(), "a clean stop removes what the daemon made");
    daemon.start();
    let state = daemon.object("h", "s");
    assert_eq!((&state["condition"], &state["output"]), (&"critical".into(), &"broken; badly".into()));
    assert!(daemon.says(&["status"]).contains("all notifications switched off"));
    write(&daemon, "PROCESS_SERVICE_CHECK_RESULT;h;s;0;fine");
    daemon.wait_for("h", "s", "ok hard");
    daemon.stop();
}

#[test]
fn many_write_at_once_and_garbage_harms_nobody() {
    const ROUNDS: usize = 50;
    let mut daemon = prepare();
    daemon.start();
    thread::scope(|scope| {
        for n in 0..40 {
            let daemon = &daemon;
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    // long, but within what the kernel writes at once
                    let padding = "x".repeat(3900);
                    write(
                        daemon,
                        &format!("PROCESS_SERVICE_CHECK_RESULT;h;s{n};2;s{n} round {round} {padding}"),
                    );
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..200 {
                write(&daemon, "GARBAGE;\x1b[31m;secret");
                write(&daemon, "PROCESS_SERVICE_CHECK_RESULT;nobody;x;2;secret");
                write(&daemon, "CHANGE_SVC_CHECK_COMMAND;h;s;secret");
            }
            let mut pipe = File::options().append(true).open(daemon.path("command")).unwrap();
            pipe.write_all(b"\n\n \n\xff\xfe\x00\n;;;;\n[\n[]\n").unwrap();
        });
    });
    for n in 0..40 {
        let want = format!("s{n} round {} x", ROUNDS - 1);
        wait_until(&format!("the last result of s{n}"), || {
            daemon.object("h", &format!("s{n}"))["output"]
                .as_str()
                .is_some_and(|output| output.starts_with(&want))
        });
        let output = daemon.object("h", &format!("s{n}"))["output"].to_string();
        assert!(output.ends_with("xxx\""), "lines are whole: {output}");
    }
    // one line that is longer than any may be, then one that nobody ends
    let mut pipe = File::options().append(true).open(daemon.path("command")).unwrap();
    pipe.write_all(format!("LOG;{}\n", "y".repeat(200_000)).as_bytes()).unwrap();
    drop(pipe);
    write(&daemon, "LOG;after the long one");
    wait_until("what follows is read", || daemon.says(&["history"]).contains("after the long one"));
    let mut pipe = File::options().append(true).open(daemon.path("command")).unwrap();
    pipe.write_all(b"PROCESS_SERVICE_CHECK_RESULT;h;s;0;no newline").unwrap();
    drop(pipe);
    wait_until("a line without an end is taken", || daemon.object("h", "s")["output"] == "no newline");
    let log = daemon.log();
    for says in [
        "there is no host `nobody`",
        "CHANGE_SVC_CHECK_COMMAND is not supported",
        "control characters",
        "more external commands were refused",
        "longer than 64 KB",
    ] {
        assert!(log.contains(says), "nothing of `{says}` in the log");
    }
    assert!(!log.contains("secret"), "the log repeats what was written");
    assert!(
        log.matches("external command refused").count() < 200,
        "a flood of refusals is a flood of the log"
    );
    daemon.stop();
}

#[test]
fn only_a_fifo_is_a_command_file() {
    let mut daemon = prepare();
    daemon.write("command", "precious");
    let refused = Command::new(program("hlidka")).arg("run").arg(daemon.dir.path()).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(error.contains("is a file, no FIFO: remove it, or set `command_file:`"), "{error}");
    assert_eq!(std::fs::read_to_string(daemon.path("command")).unwrap(), "precious");
    std::fs::remove_file(daemon.path("command")).unwrap();
    // one that is there is used, and stays
    let made = Command::new("mkfifo").arg(daemon.path("command")).status().unwrap();
    assert!(made.success());
    daemon.start();
    write(&daemon, "LOG;through a pipe of yours");
    wait_until("it is read", || daemon.says(&["history"]).contains("through a pipe of yours"));
    daemon.stop();
    assert!(daemon.path("command").exists());
}

#[test]
fn commands_are_given_by_hand() {
    let mut daemon = prepare();
    daemon.start();
    assert_eq!(
        daemon.says(&["command", "PROCESS_SERVICE_CHECK_RESULT;h;s;1;hm"]),
        "took the result for h;s\n"
    );
    daemon.wait_for("h", "s", "warning soft");
    let refused = daemon.ask(&["command", "LOG;a", "ENABLE_NOTIFICATION", "SCHEDULE_SVC_CHECK;h;t;0"]);
    assert_eq!(refused.status.code(), Some(1), "one was refused");
    assert_eq!(String::from_utf8_lossy(&refused.stdout), "logged\n");
    let errors = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        errors.contains("nearest known: `ENABLE_NOTIFICATIONS`")
            && errors.contains("there is no service `h;t`"),
        "{errors}"
    );
    let answer = from_stdin(&daemon, "LOG;one\n\nLOG;two\nNONSENSE\n");
    assert_eq!(answer.status.code(), Some(1));
    let lines: Vec<Value> = String::from_utf8(answer.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let done: Vec<(&str, bool)> = lines
        .iter()
        .map(|line| (line["command"].as_str().unwrap(), line["done"].as_bool().unwrap()))
        .collect();
    assert_eq!(done, [("LOG;one", true), ("LOG;two", true), ("NONSENSE", false)]);
    assert_eq!(lines[2]["message"], "there is no command `NONSENSE`");
    // the same by the words of people
    daemon.says(&["ack", "h;s", "on it", "--persistent", "--no-notify"]);
    assert_eq!(daemon.object("h", "s")["comments"][0]["text"], "on it");
    assert!(daemon.says(&["downtime", "h;s", "2h", "later", "--start", "30m"]).starts_with("downtime "));
    assert_eq!(daemon.object("h", "s")["downtime"], false, "not yet");
    let downtime = daemon.object("h", "s")["downtimes"][0].clone();
    let micros = |value: &Value| value.as_u64().unwrap();
    assert_eq!(micros(&downtime["end"]) - micros(&downtime["start"]), 7_200_000_000);
    let number = downtime["number"].to_string();
    assert_eq!(daemon.says(&["downtime", "--cancel", &number]), format!("cancelled downtime {number}\n"));
    assert!(!daemon.ask(&["downtime", "--cancel", &number]).status.success());
    daemon.says(&["downtime", "h;s0", "2h", "when it fails", "--flexible", "10m"]);
    assert_eq!(daemon.object("h", "s0")["downtime"], false);
    daemon.says(&["command", "PROCESS_SERVICE_CHECK_RESULT;h;s0;2;bad"]);
    assert_eq!(daemon.object("h", "s0")["downtime"], true, "it began with the problem");
    daemon.stop();
}

fn from_stdin(daemon: &Daemon, text: &str) -> Output {
    let mut command = Command::new(program("hlidka"));
    command.arg("command").arg("--socket").arg(daemon.path("hlidka.sock")).args(["--json", "-"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}
