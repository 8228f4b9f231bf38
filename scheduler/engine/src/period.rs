//! Time periods: when something is checked or told.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp as Instant, ToSpan};

use crate::graph::{Graph, Origin, PeriodId};
use crate::time::Timestamp;

/// Part of a day, in minutes from its start: `9:00-17:30` is 540 to 1050; the end is not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DayRange {
    /// First minute, 0 to 1439.
    pub start: u16,
    /// Minute after the last, up to 1440 (24:00).
    pub end: u16,
}

/// A time period.
#[derive(Clone, Debug, Default)]
pub struct Timeperiod {
    /// Name.
    pub name: Arc<str>,
    /// `alias`.
    pub alias: Arc<str>,
    /// Ranges of each day of the week, Sunday first.
    pub weekdays: [Vec<DayRange>; 7],
    /// Ranges of single dates; they replace that day's weekday ranges.
    pub dates: Vec<(Date, Vec<DayRange>)>,
    /// Times of these periods do not count.
    pub exclude: Vec<PeriodId>,
    /// Where it is defined.
    pub origin: Origin,
}

/// Nested excludes are followed so deep; a loop ends here.
const MAX_DEPTH: u8 = 16;

/// How far ahead the next opening is looked for.
const HORIZON_DAYS: i32 = 370;

impl Graph {
    /// Is the period open at this moment? No period is always open.
    pub fn is_open(&self, period: Option<PeriodId>, at: Timestamp) -> bool {
        period.is_none_or(|period| self.opens(period, at, MAX_DEPTH))
    }

    /// The first moment from `at` on at which the period is open; [`Timestamp::NEVER`] if that is
    /// more than a year away.
    pub fn next_opening(&self, period: Option<PeriodId>, at: Timestamp) -> Timestamp {
        let Some(id) = period else { return at };
        if self.opens(id, at, MAX_DEPTH) {
            return at;
        }
        // An opening is the start of one of the period's own ranges, or the end of an excluded one.
        let zone = &self.timezone;
        let Ok(now) = Instant::from_microsecond(at.micros()) else { return Timestamp::NEVER };
        let today = now.to_zoned(zone.clone()).date();
        for day in 0..HORIZON_DAYS {
            let Ok(date) = today.checked_add(day.days()) else { break };
            let mut edges: Vec<Timestamp> = Vec::new();
            self.edges(id, date, MAX_DEPTH, &mut edges);
            edges.sort_unstable();
            let opening = edges.into_iter().find(|edge| *edge >= at && self.opens(id, *edge, MAX_DEPTH));
            if let Some(opening) = opening {
                return opening;
            }
        }
        Timestamp::NEVER
    }

    fn opens(&self, id: PeriodId, at: Timestamp, depth: u8) -> bool {
        let period = self.period(id);
        if depth == 0 {
            return false;
        }
        let Ok(instant) = Instant::from_microsecond(at.micros()) else { return false };
        let local = instant.to_zoned(self.timezone.clone()).datetime();
        let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
        let inside = period
            .ranges(local.date())
            .iter()
            .any(|r| (i32::from(r.start)..i32::from(r.end)).contains(&minute));
        inside && !period.exclude.iter().any(|excluded| self.opens(*excluded, at, depth - 1))
    }

    fn edges(&self, id: PeriodId, date: Date, depth: u8, edges: &mut Vec<Timestamp>) {
        let period = self.period(id);
        for range in period.ranges(date) {
            edges.extend(
                [range.start, range.end]
                    .into_iter()
                    .filter_map(|minute| moment(date, minute, &self.timezone)),
            );
        }
        if depth > 0 {
            period.exclude.iter().for_each(|excluded| self.edges(*excluded, date, depth - 1, edges));
        }
    }
}

impl Timeperiod {
    fn ranges(&self, date: Date) -> &[DayRange] {
        match self.dates.iter().find(|(special, _)| *special == date) {
            Some((_, ranges)) => ranges,
            None => &self.weekdays[date.weekday().to_sunday_zero_offset().unsigned_abs() as usize % 7],
        }
    }
}

/// A minute of a local day as a moment; a local time that daylight saving skips is the moment after the gap.
fn moment(date: Date, minute: u16, zone: &TimeZone) -> Option<Timestamp> {
    let local = date.at(0, 0, 0, 0).checked_add(i64::from(minute).minutes()).ok()?;
    let zoned = zone.to_ambiguous_zoned(local).compatible().ok()?;
    Some(Timestamp::from_micros(zoned.timestamp().as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::GraphBuilder;

    fn at(text: &str) -> Timestamp {
        let instant: Instant = text.parse().unwrap();
        Timestamp::from_micros(instant.as_microsecond())
    }

    fn hours(start: u16, end: u16) -> Vec<DayRange> {
        vec![DayRange { start: start * 60, end: end * 60 }]
    }

    fn graph() -> Graph {
        let mut builder = GraphBuilder::new(TimeZone::get("Europe/Prague").unwrap());
        let mut work = Timeperiod { name: "work".into(), ..Timeperiod::default() };
        (1..=5).for_each(|day| work.weekdays[day] = hours(9, 17));
        work.dates.push((jiff::civil::date(2026, 12, 24), Vec::new()));
        work.exclude.push(PeriodId(1));
        let mut lunch = Timeperiod { name: "lunch".into(), ..Timeperiod::default() };
        lunch.weekdays = std::array::from_fn(|_| hours(12, 13));
        let mut early = Timeperiod { name: "early".into(), ..Timeperiod::default() };
        early.weekdays[0] = vec![DayRange { start: 150, end: 240 }];
        builder.parts().periods.extend([work, lunch, early, Timeperiod::default()]);
        builder.build()
    }

    #[test]
    fn knows_weekdays_dates_and_excludes_in_local_time() {
        let graph = graph();
        let open = |text| graph.is_open(Some(PeriodId(0)), at(text));
        assert!(open("2026-11-23T08:00:00Z"), "Monday 9:00 in Prague");
        assert!(!open("2026-11-23T07:59:59Z"));
        assert!(!open("2026-11-23T11:30:00Z"), "lunch");
        assert!(!open("2026-11-23T16:00:00Z"), "the end is not included");
        assert!(!open("2026-11-22T10:00:00Z"), "Sunday");
        assert!(!open("2026-12-24T10:00:00Z"), "Christmas Eve");
        assert!(graph.is_open(None, at("2026-11-22T10:00:00Z")));
    }

    #[test]
    fn finds_the_next_opening() {
        let graph = graph();
        let next = |text| graph.next_opening(Some(PeriodId(0)), at(text));
        assert_eq!(next("2026-11-22T10:00:00Z"), at("2026-11-23T08:00:00Z"));
        assert_eq!(next("2026-11-23T11:30:00Z"), at("2026-11-23T12:00:00Z"), "after lunch");
        assert_eq!(next("2026-11-23T09:10:00Z"), at("2026-11-23T09:10:00Z"), "open now");
        assert_eq!(next("2026-12-23T17:00:00Z"), at("2026-12-25T08:00:00Z"), "over Christmas Eve");
        assert_eq!(graph.next_opening(Some(PeriodId(3)), at("2026-11-22T10:00:00Z")), Timestamp::NEVER);
    }

    #[test]
    fn an_opening_that_daylight_saving_skips_is_after_the_gap() {
        let graph = graph();
        // 29 March 2026: 2:00 becomes 3:00 in Prague, so 2:30 does not exist
        assert_eq!(
            graph.next_opening(Some(PeriodId(2)), at("2026-03-28T12:00:00Z")),
            at("2026-03-29T01:30:00Z")
        );
        assert!(graph.is_open(Some(PeriodId(2)), at("2026-03-29T01:30:00Z")));
    }
}
