//! Results flow while the daemon is killed fifty times: the timetable, history and mails afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use engine::{Condition, EntryKind, Identity, NotificationKind, StateType, Timestamp};
use serde_json::Value;
use store::{Fate, HistoryQuery, LedgerQuery, Scope, Store};
use testkit::wait_until;

use super::harness::{COMMON, Daemon, header};

const SERVICES: usize = 40;
const KILLS: usize = 50;

/// 0.08 minutes, in microseconds as all times here: long enough that most services have no slot in an
/// outage, so that a scheduler which checks all of them at each start is seen at once.
const INTERVAL: u64 = 4_800_000;

/// A run may be so late after its slot, on a machine with other tests beside this one: a quarter of the
/// interval. Nothing is ever allowed to be early.
const LATE: u64 = INTERVAL / 4;

/// A run may have begun so long before its result is stored.
const UNDER_WAY: u64 = 1_500_000;

/// A service for each number, hard at once; each run logs its name and the time.
pub(super) fn objects(dir: &Path, services: usize, interval: u64) -> String {
    let script = dir.join("follow.sh").display().to_string();
    let minutes = interval as f64 / 60e6;
    let service = |n| {
        format!(
            "define service {{\n use fast-service\n host_name h\n service_description s{n}\n \
             check_interval {minutes}\n retry_interval {minutes}\n max_check_attempts 1\n check_command follow!s{n}\n}}\n"
        )
    };
    let services: String = (0..services).map(service).collect();
    format!(
        "{COMMON}define command {{\n command_name follow\n command_line {script} $ARG1$\n}}\n\
         define host {{\n use fast-host\n host_name h\n check_interval {minutes}\n}}\n{services}"
    )
}

pub(super) fn write_script(daemon: &Daemon) {
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
pub(super) fn runs(daemon: &Daemon) -> BTreeMap<String, Vec<u64>> {
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
pub(super) fn phases(daemon: &Daemon, interval: u64) -> BTreeMap<String, u64> {
    let overview: Value = serde_json::from_str(&daemon.says(&["status", "--json", "--all"])).unwrap();
    let objects = overview["objects"].as_array().unwrap().iter();
    let services = objects.filter(|object| object["service"].is_string());
    services
        .filter_map(|object| {
            let next = object["next_check"].as_u64()?;
            Some((object["service"].as_str().unwrap().to_owned(), next % interval))
        })
        .collect()
}

pub(super) fn micros() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap()
}

/// The daemon from a start to the kill that ended it.
struct Life {
    /// What the store said before: the daemon was alive then, and all that it knew then is stored.
    stored: u64,
    /// From then on it might run something.
    spawned: u64,
    /// It ran by then; the kill itself, if it never answered.
    answered: u64,
    killed: u64,
}

impl Life {
    /// How long nobody looked, at most.
    fn gap(&self) -> u64 {
        self.answered - self.stored
    }
}

/// When the store last heard of the daemon.
fn stored(daemon: &Daemon) -> u64 {
    let store = rusqlite::Connection::open(daemon.path("state.db")).unwrap();
    let alive = store.query_row("SELECT value FROM meta WHERE key = 'alive'", [], |row| row.get::<_, i64>(0));
    alive.unwrap().try_into().unwrap()
}

/// Does any process run this script?
fn is_running(script: &Path) -> bool {
    let script = script.to_str().unwrap().as_bytes();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|process| std::fs::read(process.path().join("cmdline")).ok())
        .any(|arguments| arguments.split(|byte| *byte == 0).any(|argument| argument == script))
}

/// Fifty kills at random moments: while it answers, some after a whole interval of calm, and while it
/// starts.
fn fifty_lives(daemon: &mut Daemon, roll: &mut impl FnMut(u64) -> u64) -> Vec<Life> {
    let mut lives = Vec::new();
    for n in 0..KILLS {
        let (stored, spawned) = (stored(daemon), micros());
        daemon.spawn();
        let mut answered = None;
        if n % 5 == 1 {
            // it is not waited for: the kill falls somewhere between its first step and its first answer
            std::thread::sleep(Duration::from_millis(roll(200)));
        } else {
            wait_until("it answers", || daemon.ask(&["status"]).status.success());
            answered = Some(micros());
            let calm = if n % 6 == 0 { INTERVAL / 1000 } else { 0 };
            std::thread::sleep(Duration::from_millis(calm + roll(1200)));
        }
        let killed = micros();
        daemon.kill();
        wait_until("no plugin of it is left", || !is_running(&daemon.path("follow.sh")));
        lives.push(Life { stored, spawned, answered: answered.unwrap_or(killed), killed });
    }
    lives
}

#[test]
fn fifty_kills_at_random_moments_lose_and_repeat_nothing() {
    let mut daemon = Daemon::prepare("");
    write_script(&daemon);
    daemon.write("objects.cfg", &objects(daemon.dir.path(), SERVICES, INTERVAL));
    daemon.start();
    (0..SERVICES).for_each(|n| drop(daemon.wait_for("h", &format!("s{n}"), "ok hard")));
    let phases_before = phases(&daemon, INTERVAL);
    let mut dice = micros();
    println!("the dice begin with {dice}");
    let mut roll = |sides: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % sides
    };
    let state = daemon.path("state");
    let done = AtomicBool::new(false);
    let mut lives = Vec::new();
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
        daemon.kill();
        wait_until("no plugin of it is left", || !is_running(&daemon.path("follow.sh")));
        lives = fifty_lives(&mut daemon, &mut roll);
        done.store(true, Ordering::Relaxed);
    });
    let (stored, spawned) = (stored(&daemon), micros());
    daemon.start();
    let answered = micros();
    (0..SERVICES).for_each(|n| drop(daemon.wait_for("h", &format!("s{n}"), "ok hard")));
    wait_until("all mails are delivered", || !daemon.says(&["status"]).contains("not delivered"));
    wait_until("the timetable is the one of before", || phases(&daemon, INTERVAL) == phases_before);
    let killed = micros();
    daemon.stop();
    lives.push(Life { stored, spawned, answered, killed });
    let (at_slots, made_up, wrong) = weigh_timetable(&runs(&daemon), &phases_before, &lives);
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
    println!("{at_slots} runs at their slots, {made_up} made up for");
    assert!(at_slots > SERVICES * 6 && made_up > SERVICES, "{at_slots}, {made_up}: nothing was tested");
    check_history_and_ledger(&daemon);
}

/// Every run lies at its slot, or makes up for one that an outage swallowed; and every slot has its run.
/// Gives the runs of either kind, and what is wrong.
fn weigh_timetable(
    runs: &BTreeMap<String, Vec<u64>>,
    phases: &BTreeMap<String, u64>,
    lives: &[Life],
) -> (usize, usize, Vec<String>) {
    let (mut at_slots, mut made_up, mut wrong) = (0, 0, Vec::new());
    for (name, times) in runs {
        let phase = phases[name];
        let slot_before = |at: u64| at - (at - phase) % INTERVAL;
        let any_run = |from: u64, to: u64| times.iter().any(|at| (from..=to).contains(at));
        // what happened shortly before, in milliseconds
        let story = |at: u64| {
            let ago = |then: u64| then as f64 / 1000.0 - at as f64 / 1000.0;
            let recent = |then: u64| then + 2 * INTERVAL > at && then <= at + INTERVAL / 2;
            let ran: Vec<f64> = times.iter().copied().filter(|then| recent(*then)).map(ago).collect();
            let lives = lives.iter().filter(|life| recent(life.killed) || recent(life.spawned));
            let lives: Vec<[f64; 4]> =
                lives.map(|l| [l.stored, l.spawned, l.answered, l.killed].map(ago)).collect();
            format!(
                "its runs {ran:?}, slot {}, lives (stored, spawned, answered, killed) {lives:?}",
                ago(slot_before(at))
            )
        };
        for (n, life) in lives.iter().enumerate() {
            let next_spawn = lives.get(n + 1).map_or(u64::MAX, |next| next.spawned);
            let mut last = last_known(times, lives, n);
            let mut is_first = true;
            for at in times.iter().copied().filter(|at| (life.spawned..next_spawn).contains(at)) {
                let slot = slot_before(at);
                let at_its_slot = slot >= life.spawned && at - slot <= LATE;
                // an interrupted run is made again, a missed slot is made up for: once, and soon
                let makes_up =
                    is_first && slot_before(life.answered) > last && at <= made_up_until(&lives[..=n]);
                if at + UNDER_WAY / 4 < last + INTERVAL / 2 {
                    wrong.push(format!("{name} ran {} µs after its last run; {}", at - last, story(at)));
                } else if at_its_slot {
                    at_slots += 1;
                } else if makes_up {
                    made_up += 1;
                } else {
                    wrong.push(format!("{name} ran neither at its slot nor instead of one; {}", story(at)));
                }
                (last, is_first) = (at, false);
            }
            // while nothing was in their way, slots have their runs, but for those just after another run
            let mut slot = slot_before(life.answered) + INTERVAL;
            while slot + LATE < life.killed {
                if !any_run(slot - INTERVAL / 2, slot + LATE) {
                    wrong.push(format!("{name} did not run at its slot; {}", story(slot)));
                }
                slot += INTERVAL;
            }
            // and those before it were made up for, if there was time; what was missed for longer than
            // an interval waits for the next slot
            let missed = slot_before(life.spawned);
            let since = &lives[lives.partition_point(|life| life.answered < missed)..=n];
            let short = since.iter().all(|life| life.gap() + LATE < INTERVAL);
            let until = made_up_until(since);
            if short && until < life.killed && !any_run(missed - INTERVAL / 2, until) {
                wrong.push(format!("{name} was not checked again after its slot; {}", story(missed)));
            }
        }
    }
    (at_slots, made_up, wrong)
}

/// The last run whose result is surely known to the nth life: its own life stored it before it ended.
fn last_known(times: &[u64], lives: &[Life], n: usize) -> u64 {
    let is_known = |at: &u64| {
        let next = lives.partition_point(|life| life.spawned <= *at);
        let began = next.checked_sub(1).map_or(0, |own| lives[own].spawned);
        next <= n && began <= lives[next].stored && *at + UNDER_WAY <= lives[next].stored
    };
    times.iter().copied().rfind(is_known).unwrap_or(0)
}

/// What was missed is made up for at the pace that it had, and when that is interrupted, too, goes on
/// with it: until then.
fn made_up_until(lives: &[Life]) -> u64 {
    lives.iter().map(|life| life.answered + life.gap() + LATE).max().unwrap_or(0)
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
    assert!(told >= SERVICES * 2, "only {told} mails: nothing was tested");
    assert_eq!(ids.len(), told, "each was sent");
    assert!(mails.len() - told <= KILLS, "only what was in flight at a kill is sent again, as the same mail");
}

/// The witness itself: a perfect scheduler has no fault, and those that run all at each start, forget what
/// an outage swallowed, or drift, have many.
#[test]
fn the_timetable_is_weighed_so_that_faults_show() {
    const SECOND: u64 = 1_000_000;
    let begin = 100 * INTERVAL;
    let phases: BTreeMap<String, u64> = (0..12).map(|n| (format!("s{n}"), n * INTERVAL / 12)).collect();
    // five seconds of life, one of silence, the last one stored half a second before the kill
    let life = |n: u64| {
        let spawned = begin + 6 * SECOND * n;
        let stored = spawned - 3 * SECOND / 2;
        Life { stored, spawned, answered: spawned + SECOND / 5, killed: spawned + 5 * SECOND }
    };
    let lives: Vec<Life> = (0..20).map(life).collect();
    let end = lives.last().unwrap().killed;
    let slots =
        |phase: u64| (0..).map(move |k| phase + k * INTERVAL).skip_while(move |at| *at < begin - INTERVAL);
    let is_up = |at: u64| at < begin || lives.iter().any(|life| (life.answered..life.killed).contains(&at));
    let weigh = |run: &dyn Fn(u64) -> Vec<u64>| {
        let runs = phases.iter().map(|(name, phase)| {
            let mut times = run(*phase);
            times.retain(|at| *at < end);
            times.sort_unstable();
            (name.clone(), times)
        });
        weigh_timetable(&runs.collect(), &phases, &lives)
    };
    let kept = |phase: u64| -> Vec<u64> {
        let all = slots(phase).take_while(|at| *at < end);
        all.map(|at| if is_up(at) { at } else { at + 3 * SECOND / 2 }).collect()
    };
    let (at_slots, made_up, wrong) = weigh(&kept);
    assert_eq!((wrong, made_up > 10, at_slots > 150), (Vec::new(), true, true), "{at_slots}, {made_up}");
    let at_each_start = |phase: u64| -> Vec<u64> {
        kept(phase).into_iter().chain(lives.iter().map(|life| life.answered)).collect()
    };
    let forgets = |phase: u64| -> Vec<u64> {
        slots(phase).take_while(|at| *at < end).filter(|at| is_up(*at)).collect()
    };
    let drifts = |phase: u64| -> Vec<u64> {
        kept(phase).iter().map(|at| at + at.saturating_sub(begin) / 10).collect()
    };
    let faults: [&dyn Fn(u64) -> Vec<u64>; 3] = [&at_each_start, &forgets, &drifts];
    for (n, fault) in faults.into_iter().enumerate() {
        let (.., wrong) = weigh(fault);
        assert!(wrong.len() > 10, "fault {n} shows {} times", wrong.len());
    }
}
