//! New configurations under load: no pause, nothing early, nothing lost.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;
use testkit::wait_until;

use super::flow::{micros, objects, phases, runs, write_script};
use super::harness::Daemon;

/// 33 starts a second: one every 30 ms, so that a pause can be seen.
const SERVICES: usize = 400;
const INTERVAL: u64 = 12_000_000;
const RELOADS: usize = 11;

/// Services that hear results through the command file alone.
const PASSIVE: usize = 10;

/// A pause of a reload may be so much longer than the same time without one. Both are the median of
/// eleven, so that what other tests do to single ones does not count; a scheduler that stops for a
/// reload does so each time.
const PAUSE: u64 = 150_000;

/// The services of [`objects`]; one whose check ends when somebody says how; those that hear results;
/// and in every other round one more in front, so that each gets another number.
fn configuration(daemon: &Daemon, round: usize) -> String {
    let all = objects(daemon.dir.path(), SERVICES, INTERVAL);
    let attempts = format!("max_check_attempts {}", 1 + round % 3);
    // in front of the others by its name and by its place
    let host = all.find("define host {\n use fast-host\n host_name h\n").unwrap();
    let mut text = all[..host].to_owned();
    if round % 2 == 1 {
        text.push_str("define host {\n use fast-host\n host_name a\n check_interval 0\n}\n");
    }
    text.push_str(&all[host..].replace("max_check_attempts 1", &attempts));
    write!(
        text,
        "define command {{\n command_name slow\n command_line {}\n}}\n\
         define service {{\n use fast-service\n host_name h\n service_description slow\n check_command slow\n \
         max_check_attempts 1\n check_interval 0.005\n}}\n",
        daemon.path("slow.sh").display()
    )
    .unwrap();
    for n in 0..PASSIVE {
        write!(
            text,
            "define service {{\n use fast-service\n host_name h\n service_description p{n}\n check_command slow\n \
             max_check_attempts 1\n active_checks_enabled 0\n notifications_enabled 0\n}}\n"
        )
        .unwrap();
    }
    text
}

/// A check that is under way until a line with its exit code is written into `answer`.
fn write_slow_script(daemon: &Daemon) {
    let (asked, answer) = (daemon.path("asked"), daemon.path("answer"));
    let made = std::process::Command::new("/usr/bin/mkfifo").arg(&answer).status().unwrap();
    assert!(made.success());
    let script = format!(
        "#!/bin/bash\necho x >> {}\nread -r code text < {}\necho \"$text\"\nexit \"$code\"\n",
        asked.display(),
        answer.display()
    );
    daemon.write("slow.sh", &script);
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(daemon.path("slow.sh"), executable).unwrap();
}

/// How often the slow check was started.
fn asked(daemon: &Daemon) -> usize {
    std::fs::read_to_string(daemon.path("asked")).map_or(0, |text| text.lines().count())
}

/// Answers the slow check.
fn answer(daemon: &Daemon, code: u8, text: &str) {
    let mut pipe = OpenOptions::new().write(true).open(daemon.path("answer")).unwrap();
    pipe.write_all(format!("{code} {text}\n").as_bytes()).unwrap();
}

/// The longest time between two starts, of those from a moment on until another.
fn longest_pause(starts: &[u64], from: u64, to: u64) -> u64 {
    let first = starts.partition_point(|at| *at < from).saturating_sub(1);
    let behind = (starts.partition_point(|at| *at <= to) + 1).min(starts.len());
    starts[first..behind].windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(u64::MAX)
}

fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values[values.len() / 2]
}

/// What the passive services heard, in order, by their history.
fn heard(daemon: &Daemon) -> BTreeMap<String, Vec<String>> {
    let of = |n: usize| {
        let name = format!("p{n}");
        let text = daemon.says(&["history", &format!("h;{name}"), "--json", "-n", "100000"]);
        let entries = text.lines().filter(|line| !line.is_empty());
        let entries = entries.map(|line| serde_json::from_str::<Value>(line).unwrap());
        let mut states: Vec<Value> = entries.filter(|entry| entry["kind"]["event"] == "state").collect();
        states.sort_by_key(|entry| entry["at"].as_u64());
        let outputs = states.iter().map(|entry| entry["kind"]["output"].as_str().unwrap().to_owned());
        (name, outputs.collect())
    };
    (0..PASSIVE).map(of).collect()
}

/// Each window of time, the reload within it and a while after it, when checks would have to catch up.
const WINDOW: Duration = Duration::from_millis(700);

/// E34: nothing early, nothing lost, no pause.
#[test]
fn a_reload_under_load_runs_nothing_early_loses_nothing_and_makes_no_pause() {
    let mut daemon = Daemon::prepare("");
    write_script(&daemon);
    write_slow_script(&daemon);
    let yaml = std::fs::read_to_string(daemon.path("hlidka.yaml")).unwrap();
    daemon.write("hlidka.yaml", &format!("{yaml}command_file: command\n"));
    daemon.write("objects.cfg", &configuration(&daemon, 0));
    daemon.start();
    wait_until("all were checked", || runs(&daemon).len() == SERVICES);
    wait_until("the slow check is under way", || asked(&daemon) == 1);
    let before = phases_of_followed(&daemon);
    let done = AtomicBool::new(false);
    let (mut calm, mut reloads) = (Vec::new(), Vec::new());
    let mut sent: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let started = micros();
    std::thread::scope(|scope| {
        let (done, daemon) = (&done, &daemon);
        // results from elsewhere all the time, each another condition than the one before
        let sender = scope.spawn(move || {
            let mut sent: BTreeMap<String, Vec<String>> = BTreeMap::new();
            let mut pipe = OpenOptions::new().append(true).open(daemon.path("command")).unwrap();
            for round in 0_u64.. {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                for n in 0..PASSIVE {
                    let (code, text) = (2 * ((round + 1) % 2), format!("result {round}"));
                    let line = format!("PROCESS_SERVICE_CHECK_RESULT;h;p{n};{code};{text}\n");
                    pipe.write_all(line.as_bytes()).unwrap();
                    sent.entry(format!("p{n}")).or_default().push(text);
                }
                std::thread::sleep(Duration::from_millis(50));
            }
            sent
        });
        for round in 1..=RELOADS {
            // the same time without and with a reload, in turn
            calm.push(micros());
            std::thread::sleep(WINDOW);
            daemon.write("objects.cfg", &configuration(daemon, round));
            let begin = micros();
            daemon.says(&["reload"]);
            reloads.push((begin, micros()));
            std::thread::sleep(WINDOW);
            // the check that was under way meanwhile counts, and the next one begins
            assert_eq!(asked(daemon), round, "the slow check is started once, and is under way");
            let text = format!("answer {round}");
            answer(daemon, u8::try_from(round % 4).unwrap(), &text);
            wait_until("what was under way counts", || daemon.object("h", "slow")["output"] == text.as_str());
            let wanted = ["ok", "warning", "critical", "unknown"][round % 4];
            assert_eq!(daemon.object("h", "slow")["condition"], wanted);
            wait_until("the slow check is under way again", || asked(daemon) == round + 1);
        }
        done.store(true, Ordering::Relaxed);
        sent = sender.join().unwrap();
    });
    let ended = micros();
    assert_eq!(phases_of_followed(&daemon), before, "each keeps its place on the timetable");
    let last = sent["p0"].last().unwrap().clone();
    wait_until("the last result was heard", || {
        daemon.object("h", &format!("p{}", PASSIVE - 1))["output"] == last.as_str()
    });
    wait_until("and is stored", || heard(&daemon) == sent);
    daemon.stop();
    check_runs(&daemon, &before, started, ended);
    let mut starts: Vec<u64> = runs(&daemon).into_values().flatten().collect();
    starts.sort_unstable();
    let window = u64::try_from(WINDOW.as_micros()).unwrap();
    let without = median(calm.iter().map(|at| longest_pause(&starts, *at, at + window)).collect());
    let with = reloads.iter().map(|(begin, end)| longest_pause(&starts, *begin, (begin + window).max(*end)));
    let with = median(with.collect());
    println!("longest pause of {window} µs, median of {RELOADS}: {without} µs, with a reload {with} µs");
    assert!(with <= without + PAUSE, "nothing was started for {with} µs, {without} µs without a reload");
}

/// Without the slow one and those that nobody checks.
fn phases_of_followed(daemon: &Daemon) -> BTreeMap<String, u64> {
    let mut phases = phases(daemon, INTERVAL);
    phases.retain(|name, _| name.starts_with('s') && name != "slow");
    phases
}

/// Nothing ran before its slot, and each slot has its run.
fn check_runs(daemon: &Daemon, phases: &BTreeMap<String, u64>, started: u64, ended: u64) {
    /// On a busy machine; a quarter of the interval.
    const LATE: u64 = INTERVAL / 4;
    let all = runs(daemon);
    assert_eq!(all.len(), SERVICES);
    for (name, times) in all {
        let phase = phases[&name];
        for at in times.iter().filter(|at| (started..ended).contains(at)) {
            let late = (at - phase) % INTERVAL;
            assert!(late <= LATE, "{name} ran {late} µs after its slot");
        }
        let mut slot = started - (started - phase) % INTERVAL + INTERVAL;
        while slot + LATE < ended {
            let its = times.iter().filter(|at| (slot..=slot + LATE).contains(at)).count();
            assert_eq!(its, 1, "runs of {name} at its slot {slot}");
            slot += INTERVAL;
        }
    }
}
