//! Results flow while the daemon is killed fifty times, and while it takes new configurations.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use engine::{Condition, EntryKind, Identity, NotificationKind, StateType, Timestamp};
use serde_json::Value;
use store::{Fate, HistoryQuery, LedgerQuery, Scope, Store};
use testkit::wait_until;

use super::harness::{COMMON, Daemon, header};

const SERVICES: usize = 12;
const KILLS: usize = 50;
/// 0.02 minutes, in microseconds.
const INTERVAL: u64 = 1_200_000;

/// A service for each number, hard at once; each run logs its name and the time.
fn objects(dir: &Path, services: usize) -> String {
    let script = dir.join("follow.sh").display().to_string();
    let service = |n| {
        format!(
            "define service {{\n use fast-service\n host_name h\n service_description s{n}\n \
             max_check_attempts 1\n check_command follow!s{n}\n}}\n"
        )
    };
    let services: String = (0..services).map(service).collect();
    format!(
        "{COMMON}define command {{\n command_name follow\n command_line {script} $ARG1$\n}}\n\
         define host {{\n use fast-host\n host_name h\n}}\n{services}"
    )
}

fn write_script(daemon: &Daemon) {
    let (state, log) = (daemon.path("state"), daemon.path("runs"));
    let script = format!(
        "#!/bin/bash\necho \"$1 ${{EPOCHREALTIME/[.,]/}}\" >> {}\nread -r code < {}\necho \"code $code\"\nexit \"$code\"\n",
        log.display(),
        state.display()
    );
    daemon.write("follow.sh", &script);
    std::fs::set_permissions(daemon.path("follow.sh"), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .unwrap();
    daemon.write("state", "0\n");
}

/// When each service was run, in microseconds.
fn runs(daemon: &Daemon) -> BTreeMap<String, Vec<u64>> {
    let text = std::fs::read_to_string(daemon.path("runs")).unwrap_or_default();
    let mut runs: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for line in text.lines() {
        let (name, at) = line.split_once(' ').unwrap();
        runs.entry(name.to_owned()).or_default().push(at.parse().unwrap());
    }
    for times in runs.values_mut() {
        times.sort_unstable();
    }
    runs
}

/// Where each service stands on its timetable: its next due time within the interval.
fn phases(daemon: &Daemon) -> BTreeMap<String, u64> {
    let overview: Value = serde_json::from_str(&daemon.says(&["status", "--json", "--all"])).unwrap();
    let objects = overview["objects"].as_array().unwrap().iter();
    let services = objects.filter(|object| object["service"].is_string());
    services
        .map(|object| {
            let next = object["next_check"].as_u64().unwrap();
            (object["service"].as_str().unwrap().to_owned(), next % INTERVAL)
        })
        .collect()
}

fn micros() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap()
}

#[test]
fn fifty_kills_at_random_moments_lose_and_repeat_nothing() {
    let mut daemon = Daemon::prepare("");
    write_script(&daemon);
    daemon.write("objects.cfg", &objects(daemon.dir.path(), SERVICES));
    daemon.start();
    (0..SERVICES).for_each(|n| drop(daemon.wait_for("h", &format!("s{n}"), "ok hard")));
    let phases_before = phases(&daemon);
    let mut dice = micros();
    println!("the dice begin with {dice}");
    let mut roll = |sides: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % sides
    };
    let state = daemon.path("state");
    let done = AtomicBool::new(false);
    let mut kills = Vec::new();
    let flips: Vec<u64> = (0..400).map(|_| 200 + roll(2500)).collect();
    std::thread::scope(|scope| {
        // what the checks find changes all the time, and at its own pace
        scope.spawn(|| {
            for (n, pause) in flips.iter().enumerate() {
                let until = Instant::now() + Duration::from_millis(*pause);
                while Instant::now() < until && !done.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(20));
                }
                let now_bad = n % 2 == 0 && !done.load(Ordering::Relaxed);
                // in one step: a check must not find half of it
                let new = state.with_extension("new");
                std::fs::write(&new, if now_bad { "2\n" } else { "0\n" }).unwrap();
                std::fs::rename(&new, &state).unwrap();
                if done.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        for _ in 0..KILLS {
            std::thread::sleep(Duration::from_millis(roll(900)));
            let begin = micros();
            daemon.kill();
            daemon.start();
            kills.push((begin, micros()));
        }
        done.store(true, Ordering::Relaxed);
    });
    (0..SERVICES).for_each(|n| drop(daemon.wait_for("h", &format!("s{n}"), "ok hard")));
    wait_until("all mails are delivered", || !daemon.says(&["status"]).contains("not delivered"));
    wait_until("the timetable is the one of before", || phases(&daemon) == phases_before);
    daemon.stop();
    check_timetable(&daemon, &kills);
    check_history_and_ledger(&daemon);
}

/// Nothing runs early but what a kill interrupted: after a check that was made up for between two
/// slots, the next slot follows if it is at least half an interval away.
fn check_timetable(daemon: &Daemon, kills: &[(u64, u64)]) {
    for (name, times) in runs(daemon) {
        for pair in times.windows(2) {
            let gap = pair[1] - pair[0];
            // a plugin that outlived its daemon may speak up during the restart
            let killed = kills.iter().any(|(begin, end)| pair[0] <= *end && *begin <= pair[1]);
            assert!(killed || gap > INTERVAL * 45 / 100, "{name} ran {gap} µs after its last run");
        }
    }
}

/// Each line of history follows from the one before, and each mail belongs to one of them.
fn check_history_and_ledger(daemon: &Daemon) {
    let store = Store::open(daemon.path("state.db").to_str().unwrap()).unwrap();
    let mut told = 0;
    let mut ids = BTreeSet::new();
    let mails = daemon.mails();
    for mail in &mails {
        ids.insert(header(mail, "Message-ID").to_owned());
    }
    for n in 0..SERVICES {
        let identity = Identity { host: "h".into(), service: Some(format!("s{n}").into()) };
        let of = HistoryQuery { scope: Scope::Object(&identity), since: Timestamp::EPOCH, limit: u32::MAX };
        let mut history = store.history(&of).unwrap().rows;
        history.reverse();
        assert!(history.is_sorted_by_key(|entry| entry.at), "s{n}: history goes back in time");
        let mut bad = false;
        let mut announced = 0;
        for entry in &history {
            match &entry.kind {
                EntryKind::State { condition, state_type, .. } => {
                    assert_eq!(*state_type, StateType::Hard);
                    assert_ne!(condition.is_problem(), bad, "s{n}: a change from {condition} to itself");
                    bad = condition.is_problem();
                }
                EntryKind::Notified { kind, condition, .. } => {
                    let wanted = if bad { NotificationKind::Problem } else { NotificationKind::Recovery };
                    assert_eq!((*kind, condition.is_problem()), (wanted, bad), "s{n}");
                    announced += 1;
                }
                _ => {}
            }
        }
        assert!(!bad, "s{n} ends well");
        let of = LedgerQuery {
            scope: Scope::Object(&identity),
            contact: None,
            since: Timestamp::EPOCH,
            limit: u32::MAX,
        };
        let mut ledger = store.ledger(&of).unwrap().rows;
        ledger.sort_by_key(|row| row.notification.at);
        assert_eq!(ledger.len(), announced, "s{n}: history and ledger tell of the same mails");
        for (i, row) in ledger.iter().enumerate() {
            assert!(matches!(row.fate, Fate::Sent(_)), "s{n}: {row:?}");
            let wanted = if i % 2 == 0 { Condition::Critical } else { Condition::Ok };
            assert_eq!(row.notification.condition, wanted, "s{n}: problems and recoveries alternate");
        }
        assert_eq!(ledger.len() % 2, 0, "s{n}: each problem has its recovery");
        told += ledger.len();
    }
    assert!(told >= SERVICES * 4, "only {told} mails: nothing was tested");
    assert_eq!(ids.len(), told, "each was sent");
    assert!(mails.len() - told <= KILLS, "only what was in flight at a kill is sent again, as the same mail");
}

#[test]
fn a_reload_under_load_runs_nothing_early_and_loses_nothing() {
    let mut daemon = Daemon::prepare("");
    write_script(&daemon);
    let count = 40;
    daemon.write("objects.cfg", &objects(daemon.dir.path(), count));
    daemon.start();
    wait_until("all were checked", || runs(&daemon).len() == count);
    let before = phases(&daemon);
    let started = micros();
    for round in 0..6 {
        let text = objects(daemon.dir.path(), count + round % 2);
        let attempts = format!("max_check_attempts {}", 1 + round);
        daemon.write("objects.cfg", &text.replace("max_check_attempts 1", &attempts));
        daemon.says(&["reload"]);
        std::thread::sleep(Duration::from_millis(700));
    }
    let ended = micros();
    let mut after = phases(&daemon);
    after.retain(|name, _| before.contains_key(name));
    assert_eq!(after, before, "each keeps its place on the timetable");
    daemon.stop();
    let mut all: Vec<u64> = runs(&daemon).into_values().flatten().collect();
    all.retain(|at| (started..ended).contains(at));
    all.sort_unstable();
    let pause = all.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(u64::MAX);
    assert!(pause < INTERVAL, "nothing was started for {pause} µs");
    for (name, times) in runs(&daemon) {
        let during: Vec<u64> = times.into_iter().filter(|at| (started..ended).contains(at)).collect();
        for pair in during.windows(2) {
            let gap = pair[1] - pair[0];
            assert!(gap > INTERVAL * 8 / 10, "{name} ran {gap} µs after its last run");
        }
        if before.contains_key(&name) {
            let least = (ended - started) / INTERVAL - 1;
            assert!(during.len() as u64 >= least, "{name} ran {} times, not {least}", during.len());
        }
    }
}
