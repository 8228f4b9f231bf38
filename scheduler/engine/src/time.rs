//! Wall-clock time and spans, in whole microseconds.

use std::fmt;
use std::num::NonZeroU64;
use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

/// A moment: microseconds since the Unix epoch, so that due times can lie between whole seconds.
///
/// Kept with its sign bit turned over, which leaves the order as it is and zero free: `Option<Timestamp>` is no
/// larger, and a scheduler holds five of them for each of millions of objects.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "i64", into = "i64")]
pub struct Timestamp(NonZeroU64);

/// A length of time, in microseconds; never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span(i64);

const SIGN: u64 = 1 << 63;

impl Timestamp {
    /// Before everything.
    pub const EPOCH: Timestamp = Timestamp::from_micros(0);
    /// After everything: never.
    pub const NEVER: Timestamp = Timestamp::from_micros(i64::MAX);

    /// So many microseconds after the epoch.
    pub const fn from_micros(micros: i64) -> Timestamp {
        match NonZeroU64::new(micros.cast_unsigned() ^ SIGN) {
            Some(turned) => Timestamp(turned),
            // the very first moment counts as the one after it
            None => Timestamp(NonZeroU64::MIN),
        }
    }

    /// So many seconds after the epoch.
    pub const fn from_secs(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        (self.0.get() ^ SIGN).cast_signed()
    }

    /// Whole seconds since the epoch.
    pub const fn secs(self) -> i64 {
        self.micros().div_euclid(1_000_000)
    }

    /// Time since `earlier`, zero if that is later.
    #[must_use]
    pub const fn since(self, earlier: Timestamp) -> Span {
        Span::from_micros(self.micros().saturating_sub(earlier.micros()))
    }
}

impl Default for Timestamp {
    fn default() -> Timestamp {
        Timestamp::EPOCH
    }
}

impl From<i64> for Timestamp {
    fn from(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }
}

impl From<Timestamp> for i64 {
    fn from(at: Timestamp) -> i64 {
        at.micros()
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Timestamp").field(&self.micros()).finish()
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// So many microseconds; negative counts as none.
    pub const fn from_micros(micros: i64) -> Span {
        Span(if micros < 0 { 0 } else { micros })
    }

    /// So many whole seconds.
    pub const fn from_secs(seconds: i64) -> Span {
        Span::from_micros(seconds.saturating_mul(1_000_000))
    }

    /// So many minutes, the unit of intervals in object definitions; fractions count.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float-to-int cast saturates, and centuries are long enough"
    )]
    pub fn from_minutes(minutes: f64) -> Span {
        Span::from_micros((minutes * 60_000_000.0).round() as i64)
    }

    /// Microseconds.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Seconds, for people.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// No time at all?
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Half of it.
    #[must_use]
    pub const fn half(self) -> Span {
        Span(self.0 / 2)
    }
}

impl Add<Span> for Timestamp {
    type Output = Timestamp;

    fn add(self, span: Span) -> Timestamp {
        Timestamp::from_micros(self.micros().saturating_add(span.0))
    }
}

impl Add for Span {
    type Output = Span;

    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl Sub<Span> for Timestamp {
    type Output = Timestamp;

    fn sub(self, span: Span) -> Timestamp {
        Timestamp::from_micros(self.micros().saturating_sub(span.0))
    }
}

/// `45s`, `12m 30s`, `3h 5m`, `2d 4h`: the two largest units.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0 / 1_000_000;
        let units = [
            ("d", seconds / 86_400),
            ("h", seconds / 3600 % 24),
            ("m", seconds / 60 % 60),
            ("s", seconds % 60),
        ];
        let mut shown = units.iter().skip_while(|(_, n)| *n == 0).take(2).filter(|(_, n)| *n > 0);
        match shown.next() {
            None => f.write_str("0s"),
            Some((unit, n)) => {
                write!(f, "{n}{unit}")?;
                shown.try_for_each(|(unit, n)| write!(f, " {n}{unit}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_well() {
        for (seconds, text) in [
            (0, "0s"),
            (45, "45s"),
            (750, "12m 30s"),
            (3600, "1h"),
            (11_100, "3h 5m"),
            (187_200, "2d 4h"),
            (86_405, "1d"),
        ] {
            assert_eq!(Span::from_secs(seconds).to_string(), text);
        }
        assert_eq!(Span::from_minutes(0.5), Span::from_secs(30));
        assert_eq!(Span::from_minutes(-1.0), Span::ZERO);
    }

    #[test]
    fn arithmetic_does_not_wrap() {
        assert_eq!(Timestamp::NEVER + Span::from_secs(1), Timestamp::NEVER);
        assert_eq!(Timestamp::EPOCH.since(Timestamp::NEVER), Span::ZERO);
    }

    #[test]
    fn moments_are_in_order_and_no_larger_with_none() {
        let moments = [i64::MIN, -1, 0, 1, i64::MAX].map(Timestamp::from_micros);
        assert!(moments.is_sorted());
        assert_eq!(moments.map(Timestamp::micros), [i64::MIN + 1, -1, 0, 1, i64::MAX]);
        assert_eq!(size_of::<Option<Timestamp>>(), 8);
    }
}
