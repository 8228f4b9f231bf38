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
    incoming: mpsc::UnboundedSender<(u32, Notification)>,
    reports: mpsc::UnboundedReceiver<Report<u32>>,
    tries: Tries,
    start: Instant,
    task: tokio::task::JoinHandle<()>,
}

fn rig<F: Fn(&str, u64) -> Answer + Send + Sync + 'static>(rule: F) -> Rig {
    let (incoming, receiver) = mpsc::unbounded_channel();
    let (sender, reports) = mpsc::unbounded_channel();
    let (start, tries) = (Instant::now(), Tries::default());
    let carrier = Scripted { rule, start, tries: tries.clone() };
    let task = tokio::spawn(outbox(carrier, receiver, sender));
    Rig { incoming, reports, tries, start, task }
}

impl Rig {
    fn push(&self, id: u32, contact: &str, host: &str) {
        let mut notification = problem();
        notification.contact = contact.into();
        notification.identity = Identity { host: host.into(), service: None };
        notification.number = id;
        self.incoming.send((id, notification)).unwrap();
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
    rig.push(1, "alice", "web1");
    let (reports, seconds) = rig.until_delivered(1).await;
    let moments: Vec<u64> = rig.tries().into_iter().map(|(seconds, ..)| seconds).collect();
    assert_eq!(moments, [0, 10, 30, 70, 150, 310, 630, 1230, 1830, 2430]);
    assert_eq!((reports.len(), seconds), (10, 2430));
    let Report::Failed { id: 1, error, next_try: Some(next_try) } = &reports[0] else {
        panic!("{:?}", reports[0]);
    };
    assert_eq!(error, "mail.example.org:25: 451 try later");
    // the test's clock has raced ahead, the wall clock has not
    let wait = next_try.since(from_now(Duration::ZERO)).as_secs_f64();
    assert!((5.0..=10.0).contains(&wait), "{wait} s");
}

#[tokio::test(start_paused = true)]
async fn a_recovery_never_overtakes_its_problem() {
    let mut rig =
        rig(|host, seconds| if host == "web1" && seconds < 60 { temporary() } else { Answer::Take });
    let mut recovery = problem();
    recovery.identity = Identity { host: "web1".into(), service: None };
    (recovery.kind, recovery.condition, recovery.number) = (NotificationKind::Recovery, Condition::Ok, 2);
    rig.push(1, "alice", "web1");
    rig.incoming.send((2, recovery)).unwrap();
    rig.push(3, "alice", "web2");
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
    rig.push(1, "alice", "web1");
    rig.push(2, "alice", "web1");
    for id in [1, 2] {
        let refused = Report::Failed { id, error: "550 no such user".into(), next_try: None };
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
        rig.push(n, &format!("contact {}", n % 50), &format!("web{n}"));
    }
    rig.push(1000, "carol", "own");
    let (_, seconds) = rig.until_delivered(1000).await;
    assert_eq!(seconds, 0, "the contact with a command of her own does not wait for the mail server");

    let mut delivered = 0;
    while delivered < 500 {
        delivered += u32::from(matches!(rig.reports.recv().await.unwrap(), Report::Delivered { .. }));
    }
    assert_eq!(rig.start.elapsed().as_secs(), 1230, "it is back for all at once");
    let in_vain: Vec<u64> =
        rig.tries().into_iter().map(|(seconds, ..)| seconds).filter(|seconds| *seconds < 1000).collect();
    let (at_first, asked): (Vec<u64>, Vec<u64>) = in_vain.iter().partition(|seconds| **seconds == 0);
    // 16 at once and the one that takes the place of the first; and hers
    assert!((3..=18).contains(&at_first.len()), "{in_vain:?}");
    assert_eq!(asked, [10, 30, 70, 150, 310, 630]);
}

#[tokio::test(start_paused = true)]
async fn slow_sends_are_bounded_and_keep_nobody_else_waiting() {
    let mut rig = rig(|host, _| if host.starts_with("slow") { Answer::TakeAfter(60) } else { Answer::Take });
    for n in 0..30 {
        rig.push(n, "tarpit", &format!("slow{n}"));
    }
    rig.push(100, "alice", "web1");
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
    rig.push(1, "alice", "panics");
    assert_eq!(rig.until_delivered(1).await.1, 10);
    let mut rig = self::rig(|_, seconds| if seconds == 0 { Answer::Hang } else { Answer::Take });
    rig.push(2, "alice", "hangs");
    let (reports, seconds) = rig.until_delivered(2).await;
    assert_eq!(seconds, 190);
    assert!(matches!(&reports[0], Report::Failed { error, .. } if error.contains("180 seconds")));
}

#[tokio::test(start_paused = true)]
async fn what_is_under_way_at_the_end_is_finished_and_reported() {
    let mut rig = rig(|host, _| if host == "slow" { Answer::TakeAfter(30) } else { temporary() });
    rig.push(1, "alice", "slow");
    rig.push(2, "alice", "web1");
    assert!(matches!(rig.reports.recv().await, Some(Report::Failed { id: 2, .. })));
    drop(rig.incoming);
    assert_eq!(rig.reports.recv().await, Some(Report::Delivered { id: 1 }));
    rig.task.await.unwrap();
    assert_eq!(rig.start.elapsed().as_secs(), 30);
    assert_eq!(rig.reports.recv().await, None);
}
