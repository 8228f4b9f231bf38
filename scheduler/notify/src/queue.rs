//! Which notification is tried next: pure, time is an argument.
//!
//! A *lane* is one contact and one host or service: strictly in order, so that a recovery never
//! overtakes its problem. A *route* is what can be dead as a whole (the mail server, one command):
//! each has its own share of sends, so that none waits for another's deadlines, and contacts take
//! turns on it.
//!
//! Two lanes in a row that find their route unavailable mean that it is down: then one send at a
//! time asks, and when it is back all who waited for it go at once. (One alone may be a mail that
//! the server dies of; it waits by itself and nobody else does.)

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use engine::{Identity, Notification};
use tokio::time::Instant;

use crate::SendError;

/// Sends at once on one route.
const ROUTE_SENDS: usize = 16;
/// Of these to one contact.
const CONTACT_SENDS: usize = 4;
/// Wait after the first failure.
const FIRST_WAIT: Duration = Duration::from_secs(10);
/// Wait after many.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// What must stay in order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Lane {
    route: Arc<str>,
    contact: Arc<str>,
    identity: Identity,
}

/// `alice, web1;HTTP`, for the log.
impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.contact, self.identity)
    }
}

/// A send to be carried out now.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) lane: Lane,
    pub(crate) notification: Arc<Notification>,
}

/// What came of a send.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome<I> {
    pub(crate) id: I,
    /// Tries of this notification so far, with this one.
    pub(crate) attempts: u32,
    pub(crate) end: End,
}

/// What comes next for the notification.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    Delivered,
    Again { error: String, wait: Duration },
    GivenUp { error: String },
}

/// All that wait.
#[derive(Debug)]
pub(crate) struct Queue<I> {
    lanes: HashMap<Lane, Waiting<I>>,
    routes: HashMap<Arc<str>, Route>,
    timers: BTreeSet<(Instant, Lane)>,
}

#[derive(Debug)]
struct Waiting<I> {
    mails: VecDeque<(I, Arc<Notification>)>,
    attempts: u32,
    rest: Option<Rest>,
}

/// A lane that does nothing until its timer.
#[derive(Clone, Copy, Debug)]
struct Rest {
    until: Instant,
    for_route: bool,
}

#[derive(Debug, Default)]
struct Route {
    flying: usize,
    health: Health,
    contacts: HashMap<Arc<str>, Contact>,
    /// Contacts with something ready, each once.
    turns: VecDeque<Arc<str>>,
}

#[derive(Debug, Default)]
struct Contact {
    flying: usize,
    ready: VecDeque<Identity>,
}

#[derive(Debug, Default)]
enum Health {
    #[default]
    Up,
    /// This lane found it unavailable, and nobody was there since.
    Doubtful(Lane),
    Down {
        failures: u32,
        until: Instant,
    },
}

impl<I: Copy> Queue<I> {
    pub(crate) fn new() -> Queue<I> {
        Queue { lanes: HashMap::new(), routes: HashMap::new(), timers: BTreeSet::new() }
    }

    /// One more, behind what its contact is still to be told of the same object.
    pub(crate) fn push(&mut self, id: I, route: Arc<str>, notification: Notification) {
        let lane =
            Lane { route, contact: notification.contact.clone(), identity: notification.identity.clone() };
        let mail = (id, Arc::new(notification));
        if let Some(waiting) = self.lanes.get_mut(&lane) {
            waiting.mails.push_back(mail);
            return;
        }
        self.lanes.insert(lane.clone(), Waiting { mails: VecDeque::from([mail]), attempts: 0, rest: None });
        self.make_ready(lane);
    }

    /// The next send, if one may start now.
    pub(crate) fn next(&mut self, now: Instant) -> Option<Job> {
        self.wake(now);
        let (name, route) =
            self.routes.iter_mut().find(|(_, route)| route.has_room(now) && route.has_turn())?;
        let (contact, identity) = route.take()?;
        let lane = Lane { route: name.clone(), contact, identity };
        let (_, notification) = self.lanes.get(&lane)?.mails.front()?;
        Some(Job { notification: notification.clone(), lane })
    }

    /// A send is over.
    pub(crate) fn done(
        &mut self,
        lane: Lane,
        result: Result<(), SendError>,
        now: Instant,
    ) -> Option<Outcome<I>> {
        if let Some(route) = self.routes.get_mut(&lane.route) {
            route.land(&lane.contact);
        }
        let is_unavailable = matches!(result, Err(SendError::Unavailable(_)));
        self.judge_route(&lane, is_unavailable, now);

        let waiting = self.lanes.get_mut(&lane)?;
        let (id, _) = *waiting.mails.front()?;
        waiting.attempts = waiting.attempts.saturating_add(1);
        let attempts = waiting.attempts;
        let end = match result {
            Ok(()) => End::Delivered,
            Err(SendError::Permanent(error)) => End::GivenUp { error },
            Err(SendError::Temporary(error) | SendError::Unavailable(error)) => {
                let wait = backoff(attempts);
                let until = now + wait;
                waiting.rest = Some(Rest { until, for_route: is_unavailable });
                self.timers.insert((until, lane));
                return Some(Outcome { id, attempts, end: End::Again { error, wait } });
            }
        };
        waiting.mails.pop_front();
        waiting.attempts = 0;
        if waiting.mails.is_empty() {
            self.lanes.remove(&lane);
        } else {
            self.make_ready(lane);
        }
        Some(Outcome { id, attempts, end })
    }

    /// When to ask again, if nothing else happens before.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let timer = self.timers.first().map(|(until, _)| *until);
        let probes = self.routes.values().filter(|route| route.flying == 0 && route.has_turn());
        let probes = probes.filter_map(|route| match route.health {
            Health::Down { until, .. } => Some(until),
            Health::Up | Health::Doubtful(_) => None,
        });
        probes.chain(timer).min()
    }

    /// Notifications that nobody has taken yet.
    pub(crate) fn len(&self) -> usize {
        self.lanes.values().map(|waiting| waiting.mails.len()).sum()
    }

    fn wake(&mut self, now: Instant) {
        while self.timers.first().is_some_and(|(until, _)| *until <= now) {
            if let Some((_, lane)) = self.timers.pop_first() {
                self.end_rest(lane);
            }
        }
    }

    fn end_rest(&mut self, lane: Lane) {
        if let Some(waiting) = self.lanes.get_mut(&lane) {
            waiting.rest = None;
            self.make_ready(lane);
        }
    }

    fn make_ready(&mut self, lane: Lane) {
        let route = self.routes.entry(lane.route).or_default();
        let contact = route.contacts.entry(lane.contact.clone()).or_default();
        if contact.ready.is_empty() {
            route.turns.push_back(lane.contact);
        }
        contact.ready.push_back(lane.identity);
    }

    fn judge_route(&mut self, lane: &Lane, is_unavailable: bool, now: Instant) {
        let Some(route) = self.routes.get_mut(&lane.route) else { return };
        let down = |failures| Health::Down { failures, until: now + backoff(failures) };
        let was_down = matches!(route.health, Health::Down { .. });
        route.health = match (&route.health, is_unavailable) {
            (_, false) => Health::Up,
            (Health::Up, true) => Health::Doubtful(lane.clone()),
            (Health::Doubtful(first), true) if first == lane => Health::Doubtful(lane.clone()),
            (Health::Doubtful(_), true) => down(1),
            // sends that were under way when it went down tell nothing new
            (&Health::Down { failures, until }, true) if now < until => Health::Down { failures, until },
            (Health::Down { failures, .. }, true) => down(failures.saturating_add(1)),
        };
        if was_down && !is_unavailable {
            self.release(&lane.route.clone());
        }
    }

    /// Everybody who waited for a route goes now.
    fn release(&mut self, route: &Arc<str>) {
        let waited = |(lane, waiting): (&Lane, &Waiting<I>)| {
            let rest = waiting.rest.filter(|rest| rest.for_route && lane.route == *route)?;
            Some((rest.until, lane.clone()))
        };
        let mut released: Vec<(Instant, Lane)> = self.lanes.iter().filter_map(waited).collect();
        released.sort();
        for timer in released {
            self.timers.remove(&timer);
            self.end_rest(timer.1);
        }
    }
}

impl Route {
    fn has_room(&self, now: Instant) -> bool {
        match self.health {
            Health::Up | Health::Doubtful(_) => self.flying < ROUTE_SENDS,
            Health::Down { until, .. } => self.flying == 0 && until <= now,
        }
    }

    fn has_turn(&self) -> bool {
        self.turns.iter().any(|name| self.may_fly(name))
    }

    fn may_fly(&self, contact: &Arc<str>) -> bool {
        self.contacts.get(contact).is_some_and(|contact| contact.flying < CONTACT_SENDS)
    }

    /// The next contact in turn, and what it is to be told of.
    fn take(&mut self) -> Option<(Arc<str>, Identity)> {
        let turn = self.turns.iter().position(|name| self.may_fly(name))?;
        let name = self.turns.remove(turn)?;
        let contact = self.contacts.get_mut(&name)?;
        let identity = contact.ready.pop_front()?;
        contact.flying += 1;
        self.flying += 1;
        if !contact.ready.is_empty() {
            self.turns.push_back(name.clone());
        }
        Some((name, identity))
    }

    fn land(&mut self, name: &Arc<str>) {
        self.flying = self.flying.saturating_sub(1);
        if let Some(contact) = self.contacts.get_mut(name) {
            contact.flying = contact.flying.saturating_sub(1);
            if contact.flying == 0 && contact.ready.is_empty() {
                self.contacts.remove(name);
            }
        }
    }
}

/// 10 s, 20 s, 40 s … 10 min.
fn backoff(failures: u32) -> Duration {
    let doubled = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    FIRST_WAIT.saturating_mul(doubled).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tests::problem;

    fn down() -> Result<(), SendError> {
        Err(SendError::Unavailable("refused".into()))
    }

    fn push(queue: &mut Queue<u32>, id: u32, route: &str, contact: &str, host: &str) {
        let mut notification = problem();
        notification.contact = contact.into();
        notification.identity = Identity { host: host.into(), service: None };
        notification.number = id;
        queue.push(id, route.into(), notification);
    }

    /// All that may start now, by number.
    fn start(queue: &mut Queue<u32>, now: Instant) -> Vec<Job> {
        std::iter::from_fn(|| queue.next(now)).collect()
    }

    fn numbers(jobs: &[Job]) -> Vec<u32> {
        jobs.iter().map(|job| job.notification.number).collect()
    }

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn waits_double_up_to_ten_minutes() {
        let waits: Vec<u64> = (0..9).map(|failures| backoff(failures).as_secs()).collect();
        assert_eq!(waits, [10, 10, 20, 40, 80, 160, 320, 600, 600]);
        assert_eq!(backoff(u32::MAX), LONGEST_WAIT);
    }

    #[test]
    fn contacts_take_turns_and_have_their_share() {
        let now = Instant::now();
        let mut queue = Queue::new();
        for n in 0..20 {
            push(&mut queue, n, "mail", "alice", &format!("web{n}"));
        }
        push(&mut queue, 100, "mail", "bob", "web1");
        push(&mut queue, 200, "command", "carol", "web1");
        let mut started = numbers(&start(&mut queue, now));
        started.sort_unstable();
        assert_eq!(started, [0, 1, 2, 3, 100, 200]);
        for n in 0..40 {
            push(&mut queue, 1000 + n, "mail", &format!("contact {n}"), "web1");
        }
        assert_eq!(start(&mut queue, now).len(), ROUTE_SENDS - 5);
        assert_eq!(queue.len(), 62);
    }

    #[test]
    fn a_route_that_is_down_is_asked_by_one_and_released_for_all() {
        let now = Instant::now();
        let mut queue = Queue::new();
        for n in 0..10 {
            push(&mut queue, n, "mail", &format!("contact {n}"), "web1");
        }
        let mut now = now;
        for job in start(&mut queue, now) {
            queue.done(job.lane, down(), now).unwrap();
        }
        push(&mut queue, 10, "mail", "late", "web1");
        push(&mut queue, 11, "mail", "later", "web1");
        push(&mut queue, 99, "command", "carol", "web1");
        assert_eq!(numbers(&start(&mut queue, now)), [99], "another route is not held up");
        // asked after 10 s, 20 s, 40 s …, by one each time
        for wait in [10, 20, 40, 80] {
            assert_eq!(queue.poll_timeout(), Some(now + secs(wait)).min(queue.poll_timeout()));
            assert_eq!(start(&mut queue, now + secs(wait) - Duration::from_millis(1)).len(), 0);
            now += secs(wait);
            let probe = start(&mut queue, now);
            assert_eq!(probe.len(), 1, "after {wait} s");
            for job in probe {
                queue.done(job.lane, down(), now).unwrap();
            }
        }
        now += secs(160);
        let mut probe = start(&mut queue, now);
        assert_eq!(probe.len(), 1);
        queue.done(probe.remove(0).lane, Ok(()), now).unwrap();
        assert_eq!(start(&mut queue, now).len(), 11);
    }

    #[test]
    fn one_mail_that_the_server_dies_of_stops_nobody_else() {
        let start_time = Instant::now();
        let mut now = start_time;
        let mut queue = Queue::new();
        push(&mut queue, 1, "mail", "alice", "poison");
        let mut tries = 0;
        for n in 2..200 {
            push(&mut queue, n, "mail", "alice", &format!("web{n}"));
            for job in start(&mut queue, now) {
                let is_poison = job.notification.number == 1;
                tries += u32::from(is_poison);
                let outcome = queue.done(job.lane, if is_poison { down() } else { Ok(()) }, now).unwrap();
                assert_eq!(outcome.end == End::Delivered, !is_poison);
            }
            assert_eq!(queue.len(), 1, "only the one waits");
            now += secs(10);
        }
        // at 0, 10, 30, 70, 150, 310, 630 s, then every ten minutes
        assert_eq!(tries, 9);
    }
}
