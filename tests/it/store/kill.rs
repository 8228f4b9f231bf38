//! `kill -9` at any moment: what was acknowledged is there, and every batch is whole.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use engine::Timestamp;
use store::{HistoryQuery, LedgerQuery, Scope, Store};
use testkit::program;

const ROUNDS: usize = 20;

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.db");
    let mut acknowledged: HashMap<u64, usize> = HashMap::new();
    for _ in 0..ROUNDS {
        for (number, told) in run_and_kill(&path) {
            assert_eq!(acknowledged.insert(number, told), None, "batch {number} was lost and came again");
        }
    }
    assert!(acknowledged.len() > ROUNDS, "{} batches in {ROUNDS} rounds", acknowledged.len());

    let store = Store::open(path.to_str().unwrap()).unwrap();
    let loaded = store.load().unwrap();
    assert_eq!(loaded.warnings, [""; 0]);
    let all = HistoryQuery { scope: Scope::All, since: Timestamp::EPOCH, limit: u32::MAX };
    let mut lines: HashMap<u64, usize> = HashMap::new();
    for entry in store.history(&all).unwrap().rows {
        *lines.entry(u64::try_from(entry.at.secs()).unwrap()).or_default() += 1;
    }
    let mut told: HashMap<u64, usize> = HashMap::new();
    for (_, notification) in &loaded.outbox {
        *told.entry(notification.problem_id).or_default() += 1;
    }
    for (number, notifications) in &acknowledged {
        assert_eq!(lines.get(number), Some(&34), "history of batch {number}");
        assert_eq!(told.get(number).copied().unwrap_or(0), *notifications, "outbox of batch {number}");
    }
    // a batch that was committed but not acknowledged before the kill is whole as well
    assert!(lines.values().all(|count| *count == 34), "{lines:?}");
    let newest = *lines.keys().max().unwrap();
    assert_eq!(loaded.states.len(), 333);
    assert!(loaded.states.iter().all(|(_, saved)| saved.problem_id == newest));
    assert_eq!(loaded.alive, Some(Timestamp::from_secs(i64::try_from(newest).unwrap())));
    assert!(newest >= *acknowledged.keys().max().unwrap());

    let ledger =
        LedgerQuery { scope: Scope::All, contact: Some("alice"), since: Timestamp::EPOCH, limit: 9999 };
    assert_eq!(store.ledger(&ledger).unwrap().rows.len(), loaded.outbox.len());
}

/// The batches that a child acknowledged before it was killed, and how many it told in each.
fn run_and_kill(path: &std::path::Path) -> Vec<(u64, usize)> {
    let mut child = Command::new(example()).arg(path).stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    assert!(output.read_line(&mut text).unwrap() > 0, "the child ended by itself");
    // a random moment of its work, which is what this test is about
    let micros = RandomState::new().hash_one(0) % 60_000;
    std::thread::sleep(Duration::from_micros(micros));
    child.kill().unwrap();
    child.wait().unwrap();
    output.read_to_string(&mut text).unwrap();
    // only a line that was finished counts
    let finished = text.rfind('\n').map_or("", |end| &text[..end]);
    let parse = |line: &str| {
        let (number, told) = line.split_once(' ').unwrap();
        (number.parse().unwrap(), told.parse().unwrap())
    };
    finished.lines().map(parse).collect()
}

fn example() -> PathBuf {
    let path = program("hlidka").with_file_name("examples").join("commit_loop");
    assert!(path.is_file(), "{} is not built: cargo test --workspace builds it", path.display());
    path
}
