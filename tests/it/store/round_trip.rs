//! What is stored comes back, is asked for, marked and pruned.

use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::{
    Condition, Entry, EntryKind, Extras, Globals, HoldReason, Identity, Notification, NotificationKind,
    ObjectSwitch, Said, Saved, Span, StateType, Switch, Timestamp,
};
use store::{Batch, DeliveryId, Fate, HistoryQuery, LedgerQuery, Scope, Store, StoreError};
use tempfile::TempDir;

fn open(dir: &TempDir) -> Store {
    let url = format!("sqlite:{}/state.db", dir.path().display());
    let start = Instant::now();
    loop {
        match Store::open(&url) {
            // a child that another test is just about to start holds the lock for a moment, too
            Err(StoreError::InUse { .. }) if start.elapsed() < Duration::from_secs(30) => {
                std::thread::sleep(Duration::from_millis(20));
            }
            opened => return opened.unwrap(),
        }
    }
}

/// As a person with `sqlite3` would, while no daemon runs.
fn by_hand(dir: &TempDir, statement: &str) {
    let connection = rusqlite::Connection::open(dir.path().join("state.db")).unwrap();
    connection.execute_batch(statement).unwrap();
}

fn id(text: &str) -> Identity {
    let (host, service) = text.split_once(';').map_or((text, None), |(host, service)| (host, Some(service)));
    Identity { host: host.into(), service: service.map(Arc::from) }
}

fn secs(seconds: i64) -> Timestamp {
    Timestamp::from_secs(seconds)
}

fn saved(output: &str) -> Arc<Saved> {
    Arc::new(Saved {
        condition: Condition::Critical,
        hard: Condition::Critical,
        state_type: StateType::Hard,
        attempt: 3,
        last_check: Some(secs(100)),
        since: secs(90),
        hard_since: secs(95),
        problem_since: Some(secs(90)),
        last_ok: None,
        next_due: Timestamp::from_micros(400_000_001),
        said: Said::new(output, "second line\nthird — ünïcode", "time=1s"),
        latency: Span::from_micros(7),
        execution_time: Span::from_secs(1),
        problem_id: 4,
        notifications: 2,
        extras: Some(Box::new(Extras {
            told: vec!["alice".into(), "bob".into()],
            last_notification: Some(secs(96)),
            delayed_until: Some(secs(7)),
            switches: vec![(ObjectSwitch::Notifications, false)],
            ..Extras::default()
        })),
        ..Saved::pristine(false, secs(0))
    })
}

fn told(identity: &str, contact: &str, at: i64) -> Notification {
    Notification {
        identity: id(identity),
        host_alias: "alias".into(),
        host_address: "192.0.2.1".into(),
        contact: contact.into(),
        email: Some("a@example.org".into()),
        kind: NotificationKind::Problem,
        condition: Condition::Critical,
        previous: Condition::Ok,
        problem_id: 4,
        number: 1,
        attempt: (3, 3),
        at: secs(at),
        since: secs(90),
        lasted: None,
        output: "refused".into(),
        long_output: "".into(),
        notes_url: Some("https://wiki.example.org/http".into()),
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

fn line(identity: &str, at: i64) -> Entry {
    let kind = EntryKind::Held { kind: NotificationKind::Problem, reason: HoldReason::HostDown, by: None };
    Entry { at: secs(at), identity: id(identity), kind }
}

#[test]
fn everything_comes_back_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let batch = Batch {
        at: secs(100),
        states: vec![(id("web1"), saved("up")), (id("web1;HTTP"), saved("a")), (id("web2"), saved("b"))],
        removed: vec![],
        globals: Some(Globals { last_number: 7, switches: vec![(Switch::Notifications, false)] }),
        history: vec![line("web1;HTTP", 100)],
        notifications: vec![told("web1;HTTP", "alice", 100), told("web1;HTTP", "bob", 100)],
    };
    let mut store = open(&dir);
    assert!(store.load().unwrap().alive.is_none());
    let ids = store.commit(&batch).unwrap();
    assert_eq!(ids.len(), 2);
    // later: one changes, one leaves the configuration
    let change = Batch {
        at: secs(101),
        states: vec![(id("web1;HTTP"), saved("newer"))],
        removed: vec![id("web2"), id("never-there")],
        ..Batch::default()
    };
    assert_eq!(store.commit(&change).unwrap(), []);
    drop(store);

    let loaded = open(&dir).load().unwrap();
    let mut states = loaded.states;
    states.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(states, [(id("web1"), saved("up")), (id("web1;HTTP"), saved("newer"))]);
    assert_eq!(loaded.alive, Some(secs(101)));
    let outbox: Vec<_> = ids.into_iter().zip(batch.notifications).collect();
    assert_eq!(loaded.outbox, outbox);
    assert_eq!(loaded.warnings, [""; 0]);
}

#[test]
fn the_ledger_tells_what_became_of_each() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(&dir);
    let notifications = vec![
        told("web1", "alice", 1),
        told("web1", "bob", 2),
        told("web1;HTTP", "carol", 3),
        told("db", "bob", 4),
    ];
    let ids = store.commit(&Batch { notifications, ..Batch::default() }).unwrap();
    store.failed(ids[0], secs(10), "mail.example.org:25: refused", Some(secs(20))).unwrap();
    store.delivered(ids[0], secs(21)).unwrap();
    store.failed(ids[1], secs(11), &"ü".repeat(5000), None).unwrap();
    store.failed(ids[2], secs(12), "later", Some(secs(22))).unwrap();
    drop(store);

    let store = open(&dir);
    let waiting: Vec<DeliveryId> = store.load().unwrap().outbox.into_iter().map(|(id, _)| id).collect();
    assert_eq!(waiting, [ids[2], ids[3]]);
    let web1 = id("web1");
    let ask = |scope, contact| {
        let query = LedgerQuery { scope, contact, since: secs(0), limit: 10 };
        store.ledger(&query).unwrap().rows
    };
    let rows = ask(Scope::All, None);
    let fates: Vec<_> = rows.iter().map(|row| (row.id, row.fate, row.attempts)).collect();
    assert_eq!(
        fates,
        [
            (ids[3], Fate::Waiting(None), 0),
            (ids[2], Fate::Waiting(Some(secs(22))), 1),
            (ids[1], Fate::GivenUp(secs(11)), 1),
            (ids[0], Fate::Sent(secs(21)), 2),
        ]
    );
    assert_eq!(rows[3].last_error.as_deref(), Some("mail.example.org:25: refused"));
    assert_eq!(rows[2].last_error.as_ref().unwrap().chars().count(), 2000);
    let count = |scope, contact| ask(scope, contact).len();
    assert_eq!(count(Scope::Object(&web1), None), 2);
    assert_eq!(count(Scope::HostWithServices("web1"), None), 3);
    assert_eq!(count(Scope::All, Some("bob")), 2);
    assert_eq!(count(Scope::Object(&web1), Some("carol")), 0);
}

#[test]
fn history_is_newest_first_and_pruned_in_steps() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(&dir);
    let history = vec![line("web1", 1), line("web1;HTTP", 2), line("web1;HTTP", 3), line("web2;HTTP", 3)];
    let notifications = vec![told("web1", "alice", 1), told("web1", "bob", 2)];
    let ids = store.commit(&Batch { history: history.clone(), notifications, ..Batch::default() }).unwrap();
    store.delivered(ids[0], secs(5)).unwrap();
    let web1 = id("web1");
    let ask = |store: &Store, scope, since, limit| {
        store.history(&HistoryQuery { scope, since: secs(since), limit }).unwrap().rows
    };
    let newest_first: Vec<Entry> = history.iter().rev().cloned().collect();
    assert_eq!(ask(&store, Scope::All, 0, 10), newest_first);
    assert_eq!(ask(&store, Scope::All, 0, 2), newest_first[..2]);
    assert_eq!(ask(&store, Scope::All, 3, 10), newest_first[..2]);
    assert_eq!(ask(&store, Scope::Object(&web1), 0, 10), history[..1]);
    assert_eq!(ask(&store, Scope::HostWithServices("web1"), 0, 10), newest_first[1..]);

    let steps: Vec<usize> = (0..4).map(|_| store.prune(secs(3), 1).unwrap()).collect();
    assert_eq!(steps, [2, 1, 0, 0]);
    assert_eq!(ask(&store, Scope::All, 0, 10), newest_first[..2]);
    // what waits stays, however old it is
    assert_eq!(store.load().unwrap().outbox.len(), 1);
}

#[test]
fn what_cannot_be_read_is_skipped_with_a_warning() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(&dir);
    let states = (0..30).map(|n| (id(&format!("web{n:02}")), saved("x"))).collect();
    let batch = Batch {
        states,
        history: vec![line("web1", 1), line("web1", 2)],
        notifications: vec![told("web1", "alice", 1), told("web1", "bob", 2)],
        ..Batch::default()
    };
    store.commit(&batch).unwrap();
    drop(store);
    by_hand(
        &dir,
        "UPDATE object SET detail = CAST(x'fffe' AS TEXT) WHERE host = 'web03';
         UPDATE object SET detail = '{\"condition\":\"sleepy\"}' WHERE host >= 'web05';
         UPDATE history SET detail = '{\"event\":\"eclipse\"}' WHERE at = 1000000;
         UPDATE notification SET detail = '' WHERE contact = 'alice';",
    );
    let store = open(&dir);
    let loaded = store.load().unwrap();
    assert_eq!(loaded.states.len(), 4);
    assert_eq!(loaded.outbox.len(), 1);
    assert_eq!(loaded.warnings.len(), 21);
    assert!(loaded.warnings[0].contains("the state of web03"), "{:?}", loaded.warnings);
    assert!(loaded.warnings[1].contains("sleepy"), "{:?}", loaded.warnings);
    assert_eq!(loaded.warnings[20], "skipped 7 more");
    let history = store.history(&HistoryQuery { scope: Scope::All, since: secs(0), limit: 9 }).unwrap();
    assert_eq!((history.rows.len(), history.warnings.len()), (1, 1));
    assert!(history.warnings[0].contains("eclipse"), "{:?}", history.warnings);
    let ledger = LedgerQuery { scope: Scope::All, contact: None, since: secs(0), limit: 9 };
    assert_eq!(store.ledger(&ledger).unwrap().warnings.len(), 1);
}

/// A commit that fails changes nothing, and works when its cause is gone.
#[test]
fn a_failed_commit_can_be_repeated() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(&dir));
    by_hand(
        &dir,
        "CREATE TRIGGER full BEFORE INSERT ON notification BEGIN SELECT RAISE(ABORT, 'no room'); END",
    );
    let mut store = open(&dir);
    let batch = Batch {
        at: secs(9),
        states: vec![(id("web1"), saved("x"))],
        notifications: vec![told("web1", "alice", 1)],
        ..Batch::default()
    };
    let message = store.commit(&batch).unwrap_err().to_string();
    assert!(message.contains("state.db") && message.contains("no room"), "{message}");
    let loaded = store.load().unwrap();
    assert!(loaded.states.is_empty() && loaded.outbox.is_empty() && loaded.alive.is_none());
    by_hand(&dir, "DROP TRIGGER full");
    assert_eq!(store.commit(&batch).unwrap().len(), 1);
    assert_eq!(store.load().unwrap().states.len(), 1);
}
