//! What becomes of a server's answers: its reading of the clock, and which of several readings to
//! believe. Pure.

use crate::packet::{Answer, Leap, Timestamp};

/// No reading is better than this, in seconds (MINDISP of RFC 5905).
const LEAST_DISTANCE: f64 = 0.005;

/// One question and its answer.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    /// When the question went out, by our clock.
    pub sent: Timestamp,
    /// How long the answer took, in seconds.
    pub took: f64,
    pub answer: Answer,
}

impl Exchange {
    /// How far the server's clock is ahead of ours, in seconds; wrong by half the delay at most.
    fn offset(&self) -> f64 {
        let there = self.answer.receive.since(self.sent);
        // of the same two clocks, `took` later
        let back = self.answer.transmit.since(self.sent) - self.took;
        f64::midpoint(there, back)
    }

    /// Time on the way, in seconds.
    fn delay(&self) -> f64 {
        (self.took - self.answer.transmit.since(self.answer.receive)).max(0.0)
    }
}

/// A server's clock as we see it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reading {
    /// How far its clock is ahead of ours, in seconds.
    pub offset: f64,
    /// Time on the way there and back, in seconds.
    pub delay: f64,
    /// How much the offsets scatter, in seconds; unknown from one answer.
    pub jitter: Option<f64>,
    /// How far the offset may be from the truth, in seconds.
    pub distance: f64,
    pub stratum: u8,
    pub leap: Leap,
    pub reference: [u8; 4],
}

impl Reading {
    /// Of all exchanges with a server the quickest counts: its offset has the least room to be wrong.
    pub(crate) fn of(exchanges: &[Exchange]) -> Option<Reading> {
        let best = exchanges.iter().min_by(|a, b| a.delay().total_cmp(&b.delay()))?;
        let (offset, delay) = (best.offset(), best.delay());
        let others = exchanges.len().saturating_sub(1);
        let squares: f64 = exchanges.iter().map(|exchange| (exchange.offset() - offset).powi(2)).sum();
        let jitter = (others > 0).then(|| (squares / others as f64).sqrt());
        Some(Reading {
            offset,
            delay,
            jitter,
            distance: delay / 2.0 + best.answer.root_distance() + jitter.unwrap_or(0.0) + LEAST_DISTANCE,
            stratum: best.answer.stratum,
            leap: best.answer.leap,
            reference: best.answer.reference,
        })
    }
}

/// The readings that a majority agrees with, best first; empty if there is no majority. Readings
/// agree if their intervals of possible truth have a point in common (Marzullo's algorithm).
pub(crate) fn truechimers(readings: &[&Reading]) -> Vec<usize> {
    let low = |reading: &Reading| reading.offset - reading.distance;
    let high = |reading: &Reading| reading.offset + reading.distance;
    // the most crowded point is at the start of some interval
    let crowd_at = |point: f64| -> Vec<usize> {
        let holds = |reading: &Reading| low(reading) <= point && point <= high(reading);
        readings.iter().enumerate().filter(|(_, reading)| holds(reading)).map(|(i, _)| i).collect()
    };
    let crowds = readings.iter().map(|reading| crowd_at(low(reading)));
    let mut most = crowds.max_by_key(Vec::len).unwrap_or_default();
    if most.len() * 2 <= readings.len() {
        return Vec::new();
    }
    let merit = |i: &usize| readings.get(*i).map(|reading| (reading.stratum, reading.distance));
    most.sort_by(|a, b| merit(a).partial_cmp(&merit(b)).unwrap_or(std::cmp::Ordering::Equal));
    most
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn second(seconds: f64) -> Timestamp {
        Timestamp::of(Duration::from_secs_f64(1_000.0 + seconds))
    }

    /// Our clock says 0 when the question goes out; the server is `ahead`.
    fn exchange(ahead: f64, there: f64, back: f64) -> Exchange {
        let answer = Answer {
            leap: Leap::None,
            stratum: 3,
            root_delay: 0.02,
            root_dispersion: 0.01,
            reference: [0; 4],
            receive: second(ahead + there),
            transmit: second(ahead + there + 0.001),
        };
        Exchange { sent: second(0.0), took: there + 0.001 + back, answer }
    }

    #[test]
    fn the_quickest_answer_counts() {
        let reading = Reading::of(&[exchange(5.0, 0.3, 0.1), exchange(5.0, 0.01, 0.01)]).unwrap();
        assert!((reading.offset - 5.0).abs() < 1e-6 && (reading.delay - 0.02).abs() < 1e-6, "{reading:?}");
        // the other was off by half the difference of its two ways
        assert!((reading.jitter.unwrap() - 0.1).abs() < 1e-6, "{reading:?}");
        assert!((reading.distance - (0.01 + 0.02 + 0.1 + 0.005)).abs() < 1e-6, "{reading:?}");
        let behind = Reading::of(&[exchange(-90.0, 0.01, 0.01)]).unwrap();
        assert!((behind.offset + 90.0).abs() < 1e-6 && behind.jitter.is_none());
        assert_eq!(Reading::of(&[]), None);
    }

    fn reading(offset: f64, distance: f64, stratum: u8) -> Reading {
        Reading { offset, delay: 0.0, jitter: None, distance, stratum, leap: Leap::None, reference: [0; 4] }
    }

    #[test]
    fn a_majority_is_believed() {
        let believed = |readings: &[Reading]| truechimers(&readings.iter().collect::<Vec<_>>());
        assert_eq!(believed(&[]), Vec::<usize>::new());
        assert_eq!(believed(&[reading(90.0, 0.01, 9)]), [0]);
        // two that differ: nobody knows which is wrong
        assert_eq!(believed(&[reading(90.0, 0.01, 1), reading(0.0, 0.01, 1)]), Vec::<usize>::new());
        let three = [reading(90.0, 0.01, 1), reading(0.0, 0.02, 3), reading(0.005, 0.01, 3)];
        assert_eq!(believed(&three), [2, 1]);
        // low stratum first, then small distance
        assert_eq!(believed(&[reading(0.0, 0.01, 5), reading(0.0, 0.9, 2), reading(0.1, 0.5, 2)]), [2, 1, 0]);
        // a chain whose ends do not meet has no majority of four
        let chain = [reading(0.0, 1.0, 1), reading(1.5, 1.0, 1), reading(3.0, 1.0, 1), reading(4.5, 1.0, 1)];
        assert_eq!(believed(&chain), Vec::<usize>::new());
    }
}
