//! Commits batches as the daemon does: to be killed by a test, and to measure.
//!
//! `commit_loop FILE` commits for ever and prints the number of each batch when its commit has
//! returned; batches count on from what the file has. `commit_loop FILE COUNT` commits so many
//! batches, as fast as it can, and prints rows a second.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a tool of tests")]

use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use engine::{
    Condition, Entry, EntryKind, Identity, Notification, NotificationKind, Said, Saved, Span, StateType,
    Timestamp,
};
use store::{Batch, HistoryQuery, Scope, Store};

/// Objects of one batch: as many as a federation of 6,000,000 has results in a tenth of a second.
const OBJECTS: u64 = 333;

/// Every so many batches somebody is told.
const TOLD_EVERY: u64 = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let mut store = Store::open(&arguments[1]).unwrap();
    if let Some(count) = arguments.get(2) {
        measure(&mut store, count.parse().unwrap());
        return;
    }
    let newest = HistoryQuery { scope: Scope::All, since: Timestamp::EPOCH, limit: 1 };
    let last = store.history(&newest).unwrap().rows.first().map_or(0, |entry| entry.at.secs());
    for number in u64::try_from(last).unwrap() + 1.. {
        let ids = store.commit(&batch(number)).unwrap();
        println!("{number} {}", ids.len());
        std::io::stdout().flush().unwrap();
    }
}

fn measure(store: &mut Store, count: u64) {
    for (what, history, told) in [
        ("states alone", false, false),
        ("states and history", true, false),
        ("and a notification", true, true),
    ] {
        let batches: Vec<Batch> = (1..=count)
            .map(|number| {
                let mut batch = batch(number * TOLD_EVERY);
                if !history {
                    batch.history.clear();
                }
                if !told {
                    batch.notifications.clear();
                }
                batch
            })
            .collect();
        let start = Instant::now();
        for batch in &batches {
            store.commit(batch).unwrap();
        }
        let seconds = start.elapsed().as_secs_f64();
        let states = (count * OBJECTS) as f64 / seconds;
        println!(
            "{what}: {states:.0} states/s, {:.2} ms a batch of {OBJECTS}",
            seconds * 1000.0 / count as f64
        );
    }
}

/// Every object, one line of history for every tenth, and now and then a notification.
fn batch(number: u64) -> Batch {
    let at = Timestamp::from_secs(i64::try_from(number).unwrap());
    let objects = 0..OBJECTS;
    let history = objects.clone().step_by(10).map(|object| Entry {
        at,
        identity: identity(object),
        kind: EntryKind::State {
            condition: Condition::Critical,
            state_type: StateType::Soft,
            attempt: 1,
            output: Arc::from("connection refused"),
        },
    });
    Batch {
        at,
        states: objects.map(|object| (identity(object), Arc::new(saved(number, at)))).collect(),
        globals: None,
        removed: Vec::new(),
        history: history.collect(),
        notifications: number
            .is_multiple_of(TOLD_EVERY)
            .then(|| notification(number, at))
            .into_iter()
            .collect(),
    }
}

fn identity(object: u64) -> Identity {
    Identity { host: format!("web{}", object / 10).into(), service: Some(format!("HTTP {object}").into()) }
}

fn saved(number: u64, at: Timestamp) -> Saved {
    Saved {
        condition: Condition::Critical,
        hard: Condition::Ok,
        state_type: StateType::Soft,
        attempt: 1,
        last_check: Some(at),
        since: at,
        hard_since: at,
        problem_since: Some(at),
        last_ok: Some(at),
        next_due: at + Span::from_secs(300),
        said: Said::new(
            "HTTP OK: HTTP/1.1 200 OK - 1024 bytes in 0.012 second response time",
            "",
            "time=0.012s;;;0.000000;10.000000 size=1024B;;;0",
        ),
        latency: Span::from_micros(1200),
        execution_time: Span::from_micros(12_000),
        problem_id: number,
        ..Saved::pristine(false, at)
    }
}

fn notification(number: u64, at: Timestamp) -> Notification {
    Notification {
        identity: identity(0),
        host_alias: Arc::from("the web server"),
        host_address: Arc::from("192.0.2.1"),
        contact: Arc::from("alice"),
        email: Some(Arc::from("alice@example.org")),
        kind: NotificationKind::Problem,
        condition: Condition::Critical,
        previous: Condition::Ok,
        problem_id: number,
        number: 1,
        attempt: (3, 3),
        at,
        since: at,
        lasted: None,
        output: Arc::from("connection refused"),
        long_output: Arc::from(""),
        notes_url: None,
        affected: 0,
        comment: None,
        ..Notification::about(
            Identity { host: "".into(), service: None },
            "".into(),
            NotificationKind::Problem,
            Condition::Ok,
        )
    }
}
