//! Failures that never come twice in a row: how often, or for how much of the time, an object may be
//! bad before people are told that it often fails. Pure.

use serde::{Deserialize, Serialize};

use crate::condition::Condition;
use crate::time::{Span, Timestamp};

/// What an object may use up: `3/7d` outages, `5%/7d` of the time, or both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Budget {
    /// So many outages in a sliding window; one more exceeds the budget.
    pub outages: Option<(u32, Span)>,
    /// So many hundredths of a percent of a sliding window spent bad; more exceeds the budget.
    pub share: Option<(u16, Span)>,
}

/// From OK to bad and back, soft states included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    /// Start of the check that first saw it.
    pub start: Timestamp,
    /// End of the check that saw it over; none while it lasts.
    pub end: Option<Timestamp>,
    /// The last bad condition in it.
    pub condition: Condition,
}

/// Outages that are kept at most; more do not make it worse.
pub(crate) const MAX_OUTAGES: usize = 500;

/// How an object stands to its budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// At half the budget or less.
    Well,
    /// Between half and whole: what was often failing still is.
    Between,
    /// More than the budget.
    Exceeded,
}

impl Budget {
    /// Reads `3/7d`, `5%/7d`, or both with a comma. Windows are whole numbers of `m`, `h`, `d` or `w`.
    ///
    /// # Errors
    /// In words, if it is nothing of that kind.
    pub fn parse(text: &str) -> Result<Budget, String> {
        let wrong = || {
            format!(
                "`{text}` is no failure budget: write outages in a window as `3/7d`, a share of the time as `5%/7d`, or both as `3/7d,5%/7d`"
            )
        };
        let mut budget = Budget::default();
        for part in text.split(',') {
            let (amount, window) = part.trim().split_once('/').ok_or_else(wrong)?;
            let window = window_of(window.trim()).ok_or_else(wrong)?;
            if let Some(percent) = amount.trim().strip_suffix('%') {
                let percent: f64 = percent.trim().parse().map_err(|_| wrong())?;
                if !(0.0..=100.0).contains(&percent) || budget.share.is_some() {
                    return Err(wrong());
                }
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 10,000")]
                let hundredths = (percent * 100.0).round() as u16;
                budget.share = Some((hundredths, window));
            } else {
                let outages: u32 = amount.trim().parse().map_err(|_| wrong())?;
                if budget.outages.is_some() || outages as usize >= MAX_OUTAGES {
                    return Err(wrong());
                }
                budget.outages = Some((outages, window));
            }
        }
        Ok(budget)
    }

    /// The longest window: older outages are of no interest.
    pub(crate) fn window(&self) -> Span {
        let windows = [self.outages.map(|(_, window)| window), self.share.map(|(_, window)| window)];
        windows.into_iter().flatten().max().unwrap_or(Span::ZERO)
    }

    /// How many outages count at a moment.
    pub(crate) fn used(&self, outages: &[Outage], now: Timestamp) -> usize {
        let window = self.outages.map_or_else(|| self.window(), |(_, window)| window);
        began_within(window, outages, now)
    }

    /// Where the outages put the object at a moment.
    pub(crate) fn standing(&self, outages: &[Outage], now: Timestamp) -> Standing {
        let mut standing = Standing::Well;
        if let Some((allowed, window)) = self.outages {
            let used = began_within(window, outages, now);
            standing = worse(standing, compare(used as u128, u128::from(allowed)));
        }
        if let Some((allowed, window)) = self.share {
            let bad: i64 = outages.iter().map(|outage| bad_time(outage, now - window, now).micros()).sum();
            let bad = u128::try_from(bad).unwrap_or(0);
            let window = u128::try_from(window.micros()).unwrap_or(0);
            standing = worse(standing, compare(bad * 10_000, u128::from(allowed) * window));
        }
        standing
    }

    /// The first moment after `now` at which the standing may be another one if no result comes: the
    /// end of an outage leaves a window, or the time that is bad adds up.
    pub(crate) fn next_change(&self, outages: &[Outage], now: Timestamp) -> Timestamp {
        let mut next = Timestamp::NEVER;
        if let Some((_, window)) = self.outages {
            let leaving = outages.iter().map(|outage| outage.start + window);
            next = leaving.filter(|at| *at > now).min().unwrap_or(Timestamp::NEVER);
        }
        if let Some((allowed, window)) = self.share {
            // the most that is not too much, and the most that is well
            let micros = i128::from(allowed) * i128::from(window.micros());
            let lines =
                [micros / 10_000, micros / 20_000].map(|line| i64::try_from(line).unwrap_or(i64::MAX));
            next = next.min(crossing(outages, window, lines, now));
        }
        next
    }
}

/// `90m`, `12h`, `7d`, `2w`.
fn window_of(text: &str) -> Option<Span> {
    let unit = match text.chars().last()? {
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    let number: i64 = text[..text.len() - 1].parse().ok()?;
    (1..=100_000).contains(&number).then(|| Span::from_secs(number * unit))
}

fn began_within(window: Span, outages: &[Outage], now: Timestamp) -> usize {
    outages.iter().filter(|outage| outage.start + window > now).count()
}

fn compare(used: u128, allowed: u128) -> Standing {
    match used {
        _ if used > allowed => Standing::Exceeded,
        _ if used * 2 <= allowed => Standing::Well,
        _ => Standing::Between,
    }
}

fn worse(a: Standing, b: Standing) -> Standing {
    match (a, b) {
        (Standing::Exceeded, _) | (_, Standing::Exceeded) => Standing::Exceeded,
        (Standing::Between, _) | (_, Standing::Between) => Standing::Between,
        _ => Standing::Well,
    }
}

/// How much of an outage lies between two moments.
fn bad_time(outage: &Outage, from: Timestamp, to: Timestamp) -> Span {
    outage.end.unwrap_or(to).min(to).since(outage.start.max(from))
}

/// The next moment at which the bad time in the window passes one of the lines. Between the moments
/// at which an outage begins or ends to leave the window it is a straight line.
fn crossing(outages: &[Outage], window: Span, lines: [i64; 2], now: Timestamp) -> Timestamp {
    let leaving =
        outages.iter().flat_map(|outage| [Some(outage.start + window), outage.end.map(|end| end + window)]);
    let mut edges: Vec<Timestamp> = leaving.flatten().filter(|edge| *edge > now).collect();
    edges.sort_unstable();
    edges.push(edges.last().copied().unwrap_or(now) + window);
    let bad_at = |at: Timestamp| -> i64 {
        outages.iter().map(|outage| bad_time(outage, at - window, at).micros()).sum()
    };
    let mut from = now;
    for to in edges {
        let (before, after) = (bad_at(from), bad_at(to));
        let rises = after > before;
        // a line belongs to what is below it
        let beyond = |line: i64| if rises { line.saturating_add(1) } else { line };
        let passed = |wanted: &i64| {
            if rises { before < *wanted && *wanted <= after } else { before > *wanted && *wanted >= after }
        };
        let hits = lines.into_iter().map(beyond).filter(passed).map(|wanted| {
            let distance = i128::from((wanted - before).abs()) * i128::from(to.since(from).micros());
            let rise = i128::from((after - before).abs());
            Span::from_micros(i64::try_from((distance + rise - 1) / rise).unwrap_or(i64::MAX))
        });
        if let Some(wait) = hits.min() {
            return from + wait;
        }
        from = to;
    }
    Timestamp::NEVER
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn minutes(n: i64) -> Timestamp {
        Timestamp::from_secs(n * 60)
    }

    fn outage(start: i64, end: Option<i64>) -> Outage {
        Outage { start: minutes(start), end: end.map(minutes), condition: Condition::Critical }
    }

    #[test]
    fn budgets_are_read() {
        let week = Span::from_secs(604_800);
        assert_eq!(Budget::parse("3/7d"), Ok(Budget { outages: Some((3, week)), share: None }));
        assert_eq!(Budget::parse(" 5% / 1w "), Ok(Budget { outages: None, share: Some((500, week)) }));
        let both = Budget::parse("3/7d,0.25%/24h").unwrap();
        assert_eq!(both.share, Some((25, Span::from_secs(86_400))));
        assert_eq!(both.window(), week);
        for text in ["", "3", "3/", "3/7", "x/7d", "101%/7d", "-1/7d", "3/7d,4/7d", "3/0d", "500/7d", "3/7é"]
        {
            assert!(Budget::parse(text).is_err(), "{text}");
        }
    }

    /// T05: five minutes a day is noticed within a week.
    #[test]
    fn the_fourth_outage_in_a_week_exceeds_three() {
        let budget = Budget::parse("3/7d").unwrap();
        let daily: Vec<Outage> = (0..4).map(|day| outage(day * 1440, Some(day * 1440 + 5))).collect();
        assert_eq!(budget.standing(&daily[..1], minutes(10)), Standing::Well);
        assert_eq!(budget.standing(&daily[..3], minutes(3 * 1440)), Standing::Between);
        assert_eq!(budget.standing(&daily, minutes(3 * 1440 + 1)), Standing::Exceeded);
        let first_leaves = minutes(7 * 1440);
        assert_eq!(budget.next_change(&daily, minutes(3 * 1440 + 1)), first_leaves);
        assert_eq!(budget.standing(&daily, first_leaves), Standing::Between);
        assert_eq!(budget.standing(&daily, minutes(9 * 1440)), Standing::Well, "one is left");
    }

    #[test]
    fn the_share_of_the_time_adds_up_while_it_is_bad() {
        let budget = Budget::parse("10%/100m").unwrap();
        let lasting = [outage(0, None)];
        assert_eq!(budget.standing(&lasting, minutes(10)), Standing::Between);
        let at = budget.next_change(&lasting, minutes(6));
        assert_eq!(at, minutes(10) + Span::from_micros(1));
        assert_eq!(budget.standing(&lasting, at), Standing::Exceeded);
        let over = [outage(0, Some(12))];
        let at = budget.next_change(&over, minutes(50));
        assert_eq!(budget.standing(&over, at), Standing::Between, "{at:?}");
        let at = budget.next_change(&over, at);
        assert_eq!((at, budget.standing(&over, at)), (minutes(107), Standing::Well));
    }

    proptest! {
        /// Between two announced changes nothing changes.
        #[test]
        fn every_change_is_announced(
            lengths in proptest::collection::vec((1..400_i64, 1..60_i64), 1..8),
            count in 0..4_u32, percent in 1..40_u16, probe in 1..100_i64,
        ) {
            let mut at = 0;
            let mut outages = Vec::new();
            for (gap, length) in lengths {
                at += gap;
                outages.push(outage(at, Some(at + length)));
                at += length;
            }
            let window = Span::from_secs(600 * 60);
            let budget = Budget { outages: Some((count, window)), share: Some((percent * 100, window)) };
            let mut now = minutes(at);
            for _ in 0..50 {
                let next = budget.next_change(&outages, now);
                if next == Timestamp::NEVER {
                    break;
                }
                prop_assert!(next > now);
                let standing = budget.standing(&outages, now);
                let between = now + Span::from_micros((next.since(now).micros() - 1) * probe / 100);
                prop_assert_eq!(budget.standing(&outages, between), standing, "at {:?} of {:?}..{:?}", between, now, next);
                now = next;
            }
            prop_assert_eq!(budget.standing(&outages, now + window + window), Standing::Well);
        }
    }
}
