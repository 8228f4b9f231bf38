//! In paused time: an hour of a dead server takes a millisecond.

use std::sync::Mutex;

use engine::{Condition, Identity, NotificationKind};
use tokio::sync::mpsc;

use super::*;
use crate::text::tests::problem;

type Tries = Arc<Mutex<Vec<(u64, String, u32)>>>;

/// Answers by a rule of (host, seconds since the start) and remembers every try.
struct Scripted<F> {
    rule: F,
    start: Instant,
    tries: Tries,
}

enum Answer {
    Take,
    TakeAfter(u64),
    Refuse(SendError),
    Hang,
    Panic,
}

fn unavailable() -> Answer {
    Answer::Refuse(SendError::Unavailable("mail.example.org:25: connect: Connection refused".into()))
}

fn temporary() -> Answer {
    Answer::Refuse(SendError::Temporary("mail.example.org:25: 451 try later".into()))
}

impl<F: Fn(&str, u64) -> Answer + Send + Sync + 'static> Carrier for Scripted<F> {
    fn route(&self, notification: &Notification) -> Arc<str> {
        // "carol" has a command of her own
        if &*notification.contact == "carol" { "command".into() } else { "mail".into() }
    }

    async fn send(&self, notification: &Notification) -> Result<(), SendError> {
        let seconds = self.start.elapsed().as_secs();
        let host = notification.identity.host.to_string();
        self.tries.lock().unwrap().push((seconds, host.clone(), notification.number));
        match (self.rule)(&host, seconds) {
            Answer::Take => Ok(()),
            Answer::TakeAfter(seconds) => {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                Ok(())
            }
            Answer::Refuse(error) => Err(error),
            Answer::Hang => std::future::pending().await,
            Answer::Panic => panic!("a send that panics"),
        }
    }
}

struct Rig {
    incoming: mpsc::Sender<(u32, Notification)>,
    reports: mpsc::UnboundedReceiver<Report<u32>>,
    tries: Tries,
    start: Instant,
    task: tokio::task::JoinHandle<()>,
}

fn rig<F: Fn(&str, u64) -> Answer + Send + Sync + 'static>(rule: F) -> Rig {
    let (incoming, receiver) = mpsc::channel(8);
    let (sender, reports) = mpsc::unbounded_channel();
    let (start, tries) = (Instant::now(), Tries::default());
    let carrier = Scripted { rule, start, tries: tries.clone() };
    let task = tokio::spawn(outbox(carrier, receiver, sender));
    Rig { incoming, reports, tries, start, task }
}

impl Rig {
    async fn push(&self, id: u32, contact: &str, host: &str) {
        let mut notification = problem();
        notification.contact = contact.into();
        notification.identity = Identity { host: host.into(), service: None };
        notification.number = id;
        self.incoming.send((id, notification)).await.unwrap();
    }

    /// Reports until this one is delivered, and the seconds from the start until then.
    async fn until_delivered(&mut self, id: u32) -> (Vec<Report<u32>>, u64) {
        let mut reports = Vec::new();
        while reports.last() != Some(&Report::Delivered { id }) {
            reports.push(self.reports.recv().await.expect("the outbox runs"));
        }
        (reports, self.start.elapsed().as_secs())
    }

    fn tries(&self) -> Vec<(u64, String, u32)> {
        self.tries.lock().unwrap().clone()
    }
}

#[tokio::test(start_paused = true)]
async fn tries_again_with_growing_waits_and_reports_each() {
    let mut rig = rig(|_, seconds| if seconds < 2000 { temporary() } else { Answer::Take });
    rig.push(1, "alice", "web1").await;
    let (reports, seconds) = rig.until_delivered(1).await;
    let moments: Vec<u64> = rig.tries().into_iter().map(|(seconds, ..)| seconds).collect();
    assert_eq!(moments, [0, 10, 30, 70, 150, 310, 630, 1230, 1830, 2430]);
    assert_eq!((reports.len(), seconds), (10, 2430));
    let first = Report::Failed {
        id: 1,
        error: "mail.example.org:25: 451 try later".into(),
        retry_in: Some(Duration::from_secs(10)),
    };
    assert_eq!(reports[0], first);
}

#[tokio::test(start_paused = true)]
async fn a_recovery_never_overtakes_its_problem() {
    let mut rig =
        rig(|host, seconds| if host == "web1" && seconds < 60 { temporary() } else { Answer::Take });
    let mut recovery = problem();
    recovery.identity = Identity { host: "web1".into(), service: None };
    (recovery.kind, recovery.condition, recovery.number) = (NotificationKind::Recovery, Condition::Ok, 2);
    rig.push(1, "alice", "web1").await;
    rig.incoming.send((2, recovery)).await.unwrap();
    rig.push(3, "alice", "web2").await;
    let (_, seconds) = rig.until_delivered(3).await;
    assert_eq!(seconds, 0, "another object of the same contact does not wait");
    rig.until_delivered(2).await;
    let order: Vec<u32> =
        rig.tries().into_iter().filter(|(_, host, _)| host == "web1").map(|t| t.2).collect();
    assert_eq!(order, [1, 1, 1, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_for_good_is_not_repeated_and_frees_its_lane() {
    let mut rig = rig(|_, _| Answer::Refuse(SendError::Permanent("550 no such user".into())));
    rig.push(1, "alice", "web1").await;
    rig.push(2, "alice", "web1").await;
    for id in [1, 2] {
        let refused = Report::Failed { id, error: "550 no such user".into(), retry_in: None };
        assert_eq!(rig.reports.recv().await, Some(refused));
    }
    drop(rig.incoming);
    rig.task.await.unwrap();
    assert_eq!(rig.tries.lock().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_dead_server_is_asked_by_one_and_all_go_when_it_is_back() {
    let mut rig = rig(|host, seconds| match host {
        "own" => Answer::Take,
        _ if seconds < 1000 => unavailable(),
        _ => Answer::Take,
    });
    for n in 0..500 {
        rig.push(n, &format!("contact {}", n % 50), &format!("web{n}")).await;
    }
    rig.push(1000, "carol", "own").await;
    let (_, seconds) = rig.until_delivered(1000).await;
    assert_eq!(seconds, 0, "the contact with a command of her own does not wait for the mail server");

    let mut delivered = 0;
    let mut failed = 0;
    while delivered < 500 {
        match rig.reports.recv().await.unwrap() {
            Report::Delivered { .. } => delivered += 1,
            Report::Failed { .. } => failed += 1,
        }
    }
    // some at first, before it was known; then one at 10, 30, 70, 150, 310 and 630 s; at 1230 s it
    // is back for all
    let seconds = rig.start.elapsed().as_secs();
    assert_eq!((failed, seconds), (6, 1230));
    let in_vain = rig.tries().len() - 501;
    assert!((2 + 6..=16 + 6).contains(&in_vain), "{in_vain} tries in vain");
}

#[tokio::test(start_paused = true)]
async fn slow_sends_are_bounded_and_keep_nobody_else_waiting() {
    let mut rig = rig(|host, _| if host.starts_with("slow") { Answer::TakeAfter(60) } else { Answer::Take });
    for n in 0..30 {
        rig.push(n, "tarpit", &format!("slow{n}")).await;
    }
    rig.push(100, "alice", "web1").await;
    assert_eq!(rig.until_delivered(100).await.1, 0);
    let (_, seconds) = rig.until_delivered(29).await;
    assert_eq!(seconds, 8 * 60, "30 at 4 at once");
}

#[tokio::test(start_paused = true)]
async fn a_send_that_hangs_or_panics_is_tried_again() {
    let mut rig = rig(|host, seconds| match (host, seconds) {
        ("hangs", 0) => Answer::Hang,
        ("panics", 0) => Answer::Panic,
        _ => Answer::Take,
    });
    rig.push(1, "alice", "panics").await;
    assert_eq!(rig.until_delivered(1).await.1, 10);
    let mut rig = self::rig(|_, seconds| if seconds == 0 { Answer::Hang } else { Answer::Take });
    rig.push(2, "alice", "hangs").await;
    let (reports, seconds) = rig.until_delivered(2).await;
    assert_eq!(seconds, 190);
    assert!(matches!(&reports[0], Report::Failed { error, .. } if error.contains("180 seconds")));
}

#[tokio::test(start_paused = true)]
async fn what_is_under_way_at_the_end_is_finished_and_reported() {
    let mut rig = rig(|host, _| if host == "slow" { Answer::TakeAfter(30) } else { temporary() });
    rig.push(1, "alice", "slow").await;
    rig.push(2, "alice", "web1").await;
    assert!(matches!(rig.reports.recv().await, Some(Report::Failed { id: 2, .. })));
    drop(rig.incoming);
    assert_eq!(rig.reports.recv().await, Some(Report::Delivered { id: 1 }));
    rig.task.await.unwrap();
    assert_eq!(rig.start.elapsed().as_secs(), 30);
    assert_eq!(rig.reports.recv().await, None);
}
