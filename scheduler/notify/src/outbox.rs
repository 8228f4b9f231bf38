//! Carries out notifications until each is taken or refused for good.

use std::collections::HashMap;
use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use engine::{Notification, Span, Timestamp};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};

use crate::queue::{End, Job, Lane, Outcome, Queue};
use crate::{Mailer, SendError};

/// A send that has not ended by then is dropped and counts as unavailable.
const DEADLINE: Duration = Duration::from_secs(180);

/// How a notification is carried out: hlidka's mail, a contact's own command.
pub trait Carrier: Send + Sync + 'static {
    /// The name of what may be dead as a whole, for instance `mail`. Notifications of one route
    /// wait together when it is down, and never for another's.
    fn route(&self, notification: &Notification) -> Arc<str>;

    /// Tries once. It should keep a deadline of its own; after three minutes it is dropped.
    fn send(&self, notification: &Notification) -> impl Future<Output = Result<(), SendError>> + Send;
}

/// Mails only: to the address that the contact had when the notification was decided.
impl Carrier for Mailer {
    fn route(&self, _: &Notification) -> Arc<str> {
        Arc::from("mail")
    }

    async fn send(&self, notification: &Notification) -> Result<(), SendError> {
        match &notification.email {
            Some(address) => Mailer::send(self, notification, address).await,
            None => {
                Err(SendError::Permanent(format!("contact {} has no mail address", notification.contact)))
            }
        }
    }
}

/// What to store about a notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report<I> {
    /// Somebody took it.
    Delivered {
        /// Which.
        id: I,
    },
    /// A try failed.
    Failed {
        /// Which.
        id: I,
        /// Why.
        error: String,
        /// About when the next try is; none if it was refused for good.
        next_try: Option<Timestamp>,
    },
}

/// Carries out what comes in, starting with what the store had left over.
///
/// Notifications of one object to one contact go strictly one after the other. A try that fails
/// for now is made again after 10 s, 20 s … 10 min, for ever; the log hears of the 1st, 2nd, 4th,
/// 8th … failure. At most 16 sends of one route run at once, 4 of them to one contact.
///
/// Ends when `incoming` is closed and what was under way is over; what then still waits is in the
/// store. Ends at once when nobody hears `reports` any more.
pub async fn outbox<I, C>(
    carrier: C,
    mut incoming: UnboundedReceiver<(I, Notification)>,
    reports: UnboundedSender<Report<I>>,
) where
    I: Copy + Display + Send + 'static,
    C: Carrier,
{
    let carrier = Arc::new(carrier);
    let mut queue = Queue::new();
    let mut sends = Sends { running: JoinSet::new(), lanes: HashMap::new() };
    let mut is_open = true;
    while is_open || !sends.running.is_empty() {
        while is_open && let Some(job) = queue.next(Instant::now()) {
            sends.start(job, carrier.clone());
        }
        let wake = queue.poll_timeout();
        tokio::select! {
            next = incoming.recv(), if is_open => match next {
                Some((id, notification)) => {
                    let route = carrier.route(&notification);
                    queue.push(id, route, notification);
                }
                None => is_open = false,
            },
            Some((lane, result)) = sends.end() => {
                let route = lane.to_string();
                let Some(outcome) = queue.done(lane, result, Instant::now()) else { continue };
                log(&outcome, &route);
                if reports.send(report(outcome)).is_err() {
                    return;
                }
            }
            () = sleep_until(wake.unwrap_or_else(Instant::now)), if is_open && wake.is_some() => {}
        }
    }
    if queue.len() > 0 {
        tracing::info!("{} notifications wait for the next start", queue.len());
    }
}

/// Sends under way.
struct Sends {
    running: JoinSet<Result<(), SendError>>,
    lanes: HashMap<Id, Lane>,
}

impl Sends {
    fn start<C: Carrier>(&mut self, job: Job, carrier: Arc<C>) {
        let Job { lane, notification } = job;
        let send = async move {
            timeout(DEADLINE, carrier.send(&notification)).await.unwrap_or_else(|_| {
                Err(SendError::Unavailable(format!("did not end within {} seconds", DEADLINE.as_secs())))
            })
        };
        let task = self.running.spawn(send);
        self.lanes.insert(task.id(), lane);
    }

    /// The next that ends; one that panics has failed for now.
    async fn end(&mut self) -> Option<(Lane, Result<(), SendError>)> {
        let (id, result) = match self.running.join_next_with_id().await? {
            Ok((id, result)) => (id, result),
            Err(error) => {
                (error.id(), Err(SendError::Temporary(format!("the send was broken off: {error}"))))
            }
        };
        Some((self.lanes.remove(&id)?, result))
    }
}

fn report<I>(outcome: Outcome<I>) -> Report<I> {
    let id = outcome.id;
    match outcome.end {
        End::Delivered => Report::Delivered { id },
        End::Again { error, wait } => Report::Failed { id, error, next_try: Some(from_now(wait)) },
        End::GivenUp { error } => Report::Failed { id, error, next_try: None },
    }
}

/// By the wall clock, for people; the queue counts for itself.
fn from_now(wait: Duration) -> Timestamp {
    let micros = |span: Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(micros(now)) + Span::from_micros(micros(wait))
}

fn log<I: Display>(outcome: &Outcome<I>, lane: &str) {
    let Outcome { id, attempts, end } = outcome;
    match end {
        End::Delivered if *attempts > 1 => {
            tracing::info!("notification {id} ({lane}) delivered at try {attempts}");
        }
        End::Delivered => tracing::debug!("notification {id} ({lane}) delivered"),
        End::Again { error, wait } if attempts.is_power_of_two() => {
            tracing::warn!(
                "notification {id} ({lane}) not delivered at try {attempts}, again in {wait:?}: {error}"
            );
        }
        End::Again { .. } => {}
        End::GivenUp { error } => tracing::error!("notification {id} ({lane}) refused for good: {error}"),
    }
}

#[cfg(test)]
mod tests;
