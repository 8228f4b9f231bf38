//! The books of one run to one target, pure: which request had which fate, and what follows from it.

use std::time::Duration;
use std::time::Instant;

use crate::packet::{Event, Refusal};

/// Requests sent so far. Sequence numbers count from 1, as ping's.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    probes: Vec<Probe>,
    waiting: usize,
    refused: usize,
    answered: usize,
    duplicates: u32,
    out_of_order: u32,
    last_answered: u16,
}

#[derive(Debug)]
struct Probe {
    sent: Instant,
    fate: Fate,
}

#[derive(Debug)]
enum Fate {
    Waiting,
    Answered(Duration),
    Refused(Refusal),
    Unsent(Refusal),
}

/// What became of the requests.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    /// Requests that were sent, or that the system refused to send.
    pub sent: usize,
    /// Round trip times in milliseconds, in the order of the requests.
    pub round_trips: Vec<f64>,
    /// Replies to a request that was answered before. They count for nothing else.
    pub duplicates: u32,
    /// Replies that came after the reply to a later request.
    pub out_of_order: u32,
    /// The last refusal that no reply made up for.
    pub refusal: Option<Refusal>,
}

impl Tally {
    /// Requests sent.
    pub fn sent(&self) -> usize {
        self.probes.len()
    }

    /// Is there nothing to wait for? Refusals of all requests end the waiting. Refusals by a host
    /// that answers others may be forged: its replies are still waited for.
    pub fn is_settled(&self) -> bool {
        self.waiting == 0 && (self.refused == 0 || self.answered == 0)
    }

    /// Was a request refused that nobody has answered?
    pub fn is_refused(&self) -> bool {
        self.refused > 0
    }

    /// The sequence number of the next request.
    pub fn next_sequence(&self) -> u16 {
        u16::try_from(self.probes.len() + 1).unwrap_or(u16::MAX)
    }

    /// The next request is on its way.
    pub fn sent_at(&mut self, now: Instant) {
        self.probes.push(Probe { sent: now, fate: Fate::Waiting });
        self.waiting += 1;
    }

    /// The next request could not be sent.
    pub fn not_sent(&mut self, now: Instant, refusal: Refusal) {
        self.probes.push(Probe { sent: now, fate: Fate::Unsent(refusal) });
    }

    /// Something was received. A reply outweighs a refusal, whichever came first.
    pub fn receive(&mut self, event: Event, now: Instant) {
        let (Event::Reply { sequence } | Event::Refused { sequence, .. }) = event;
        let index = usize::from(sequence).wrapping_sub(1);
        let Some(probe) = self.probes.get_mut(index) else { return };
        match (event, &probe.fate) {
            (Event::Reply { .. }, Fate::Answered(_)) => {
                self.duplicates = self.duplicates.saturating_add(1);
                return;
            }
            (Event::Refused { refusal, .. }, Fate::Waiting) => {
                self.waiting -= 1;
                self.refused += 1;
                probe.fate = Fate::Refused(refusal);
                return;
            }
            (Event::Reply { .. }, Fate::Waiting) => self.waiting -= 1,
            (Event::Reply { .. }, Fate::Refused(_)) => self.refused -= 1,
            (Event::Reply { .. }, Fate::Unsent(_)) | (Event::Refused { .. }, _) => return,
        }
        probe.fate = Fate::Answered(now.saturating_duration_since(probe.sent));
        self.answered += 1;
        if sequence < self.last_answered {
            self.out_of_order += 1;
        }
        self.last_answered = self.last_answered.max(sequence);
    }

    /// Closes the books: what was not answered is lost.
    pub fn outcome(self) -> Outcome {
        let mut outcome = Outcome {
            sent: self.probes.len(),
            duplicates: self.duplicates,
            out_of_order: self.out_of_order,
            ..Outcome::default()
        };
        for probe in self.probes {
            match probe.fate {
                Fate::Answered(after) => outcome.round_trips.push(after.as_secs_f64() * 1000.0),
                Fate::Refused(refusal) | Fate::Unsent(refusal) => outcome.refusal = Some(refusal),
                Fate::Waiting => {}
            }
        }
        outcome
    }
}

impl Outcome {
    /// Share of the requests without a reply, in percent. Nothing sent is nothing answered.
    pub fn loss(&self) -> f64 {
        if self.sent == 0 {
            return 100.0;
        }
        (self.sent - self.round_trips.len()) as f64 * 100.0 / self.sent as f64
    }

    /// Average, least and greatest round trip time in milliseconds.
    pub fn times(&self) -> Option<Summary> {
        Summary::of(self.round_trips.iter().copied())
    }

    /// Jitter in milliseconds: the difference between the round trip times of each answered request
    /// and the answered one before it, in the order of sending, without its sign. The average over
    /// these is what check_icmp calls jitter. `None` with fewer than two replies.
    pub fn jitter(&self) -> Option<Summary> {
        Summary::of(self.round_trips.windows(2).map(|pair| (pair[1] - pair[0]).abs()))
    }
}

/// Average, least and greatest of some numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Summary {
    pub average: f64,
    pub least: f64,
    pub greatest: f64,
}

impl Summary {
    fn of(numbers: impl ExactSizeIterator<Item = f64> + Clone) -> Option<Summary> {
        let count = numbers.len();
        let sum: f64 = numbers.clone().sum();
        let least = numbers.clone().reduce(f64::min)?;
        let greatest = numbers.reduce(f64::max)?;
        Some(Summary { average: sum / count as f64, least, greatest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(reason: &str) -> Refusal {
        Refusal { reason: reason.to_owned(), from: None }
    }

    /// Sends `count` requests at `start`.
    fn sent(count: usize, start: Instant) -> Tally {
        let mut tally = Tally::default();
        for _ in 0..count {
            tally.sent_at(start);
        }
        tally
    }

    fn reply(tally: &mut Tally, sequence: u16, start: Instant, milliseconds: u64) {
        tally.receive(Event::Reply { sequence }, start + Duration::from_millis(milliseconds));
    }

    #[test]
    fn counts_each_reply_once() {
        let start = Instant::now();
        let mut tally = sent(3, start);
        for sequence in [2, 2, 2, 1, 3] {
            reply(&mut tally, sequence, start, 10);
        }
        assert!(tally.is_settled());
        let outcome = tally.outcome();
        assert_eq!((outcome.loss(), outcome.duplicates, outcome.out_of_order), (0.0, 2, 1));
        assert_eq!(outcome.round_trips, [10.0; 3]);
    }

    #[test]
    fn answers_to_what_was_never_sent_are_nothing() {
        let start = Instant::now();
        let mut tally = sent(2, start);
        for sequence in [0, 3, u16::MAX] {
            reply(&mut tally, sequence, start, 1);
            tally.receive(Event::Refused { sequence, refusal: refusal("x") }, start);
        }
        assert!(!tally.is_settled());
        assert_eq!(tally.outcome(), Outcome { sent: 2, ..Outcome::default() });
    }

    #[test]
    fn a_reply_outweighs_a_refusal_in_either_order() {
        let start = Instant::now();
        let mut tally = sent(2, start);
        let forged = |tally: &mut Tally, sequence| {
            tally.receive(Event::Refused { sequence, refusal: refusal("forged") }, start);
        };
        forged(&mut tally, 1);
        assert!(!tally.is_settled() && tally.is_refused());
        reply(&mut tally, 2, start, 1);
        forged(&mut tally, 2);
        assert!(!tally.is_settled(), "who answers one request may yet answer the other");
        reply(&mut tally, 1, start, 1);
        forged(&mut tally, 1);
        assert!(tally.is_settled() && !tally.is_refused());
        let outcome = tally.outcome();
        assert_eq!((outcome.loss(), outcome.refusal), (0.0, None));
    }

    #[test]
    fn refusals_of_everything_end_the_waiting() {
        let start = Instant::now();
        let mut tally = sent(2, start);
        for sequence in [1, 1, 2] {
            assert!(!tally.is_settled());
            tally.receive(Event::Refused { sequence, refusal: refusal("unreachable") }, start);
        }
        assert!(tally.is_settled());
        assert_eq!(tally.outcome().loss(), 100.0);
    }

    #[test]
    fn what_could_not_be_sent_is_lost_and_says_why() {
        let start = Instant::now();
        let mut tally = sent(1, start);
        reply(&mut tally, 1, start, 1);
        tally.not_sent(start, refusal("Network is unreachable"));
        assert!(tally.is_settled());
        assert_eq!(tally.next_sequence(), 3);
        let outcome = tally.outcome();
        assert_eq!((outcome.loss(), outcome.refusal), (50.0, Some(refusal("Network is unreachable"))));
    }

    #[test]
    fn jitter_is_the_average_difference_of_neighbours() {
        let outcome = |times: &[f64]| Outcome { sent: 5, round_trips: times.to_vec(), ..Outcome::default() };
        assert_eq!(outcome(&[]).times(), None);
        assert_eq!(outcome(&[7.0]).jitter(), None);
        let five = outcome(&[10.0, 14.0, 12.0, 12.0, 20.0]);
        assert_eq!(five.jitter(), Some(Summary { average: 3.5, least: 0.0, greatest: 8.0 }));
        assert_eq!(five.times(), Some(Summary { average: 13.6, least: 10.0, greatest: 20.0 }));
        assert_eq!(outcome(&[1.0]).loss(), 80.0);
        assert_eq!(Outcome::default().loss(), 100.0);
    }

    #[test]
    fn a_clock_reading_from_before_the_request_is_no_time_at_all() {
        let start = Instant::now();
        let mut tally = sent(1, start + Duration::from_millis(5));
        reply(&mut tally, 1, start, 1);
        assert_eq!(tally.outcome().round_trips, [0.0]);
    }
}
