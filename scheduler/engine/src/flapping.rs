//! Flapping: how much an object's condition changed over its last 21 results, as Nagios computes it. Pure.

use serde::{Deserialize, Serialize};

use crate::condition::Condition;

/// Results that are looked at.
const RESULTS: u32 = 21;

/// When flapping starts and stops, in hundredths of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FlapThresholds {
    /// At or below this it is over.
    pub low: u16,
    /// At or above this it starts.
    pub high: u16,
}

/// The last 21 recorded conditions, two bits each, the newest lowest. All well at first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FlapHistory(u64);

impl FlapHistory {
    /// All well for as long as it is looked at.
    pub fn is_calm(&self) -> bool {
        self.0 == 0
    }

    pub(crate) fn push(&mut self, condition: Condition) {
        let bits = match condition {
            Condition::Ok | Condition::Up => 0,
            Condition::Warning | Condition::Down => 1,
            Condition::Critical | Condition::Unreachable => 2,
            Condition::Unknown => 3,
        };
        self.0 = ((self.0 << 2) | bits) & ((1 << (2 * RESULTS)) - 1);
    }

    /// The weighted share of changes, 0 to 100: the newest weighs 1.25, the oldest 0.75.
    pub fn percent(&self) -> f64 {
        let at = |n: u32| (self.0 >> (2 * n)) & 3;
        let steps = RESULTS - 1;
        let weight =
            |newest_first: u32| 0.75 + 0.5 * f64::from(steps - 1 - newest_first) / f64::from(steps - 1);
        let changed: f64 =
            (0..steps).filter(|n| at(*n) != at(n + 1)).map(weight).fold(0.0, |sum, weight| sum + weight);
        100.0 * changed / f64::from(steps)
    }
}

impl Default for FlapThresholds {
    /// 20 and 30 percent, as in Nagios' code.
    fn default() -> FlapThresholds {
        FlapThresholds { low: 2000, high: 3000 }
    }
}

impl FlapThresholds {
    /// Is it flapping now, if it was before?
    pub(crate) fn judge(self, percent: f64, was_flapping: bool) -> bool {
        if percent >= f64::from(self.high) / 100.0 {
            true
        } else {
            was_flapping && percent > f64::from(self.low) / 100.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The figures that Nagios 4.4.6 gave for a service that alternates.
    #[test]
    fn gives_the_percentages_of_nagios() {
        let mut history = FlapHistory::default();
        let mut seen = vec![history.percent()];
        for n in 0..8 {
            history.push(if n % 2 == 0 { Condition::Critical } else { Condition::Ok });
            seen.push(history.percent());
        }
        let rounded: Vec<String> = seen.iter().map(|percent| format!("{percent:.2}")).collect();
        assert_eq!(rounded, ["0.00", "6.25", "12.37", "18.36", "24.21", "29.93", "35.53", "40.99", "46.32"]);
        (0..21).for_each(|_| history.push(Condition::Ok));
        assert!(history.is_calm());
    }

    #[test]
    fn starts_at_high_and_stops_at_low() {
        let limits = FlapThresholds { low: 2000, high: 3000 };
        assert!(limits.judge(30.0, false) && !limits.judge(29.9, false));
        assert!(limits.judge(29.9, true) && limits.judge(20.1, true) && !limits.judge(20.0, true));
    }
}
