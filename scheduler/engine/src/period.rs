//! Time periods: when something is checked or told.

mod days;

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp as Instant, ToSpan};

use crate::graph::{Graph, Origin, PeriodId};
use crate::time::Timestamp;

pub use days::{Day, Days};

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
    /// Days that have ranges of their own instead: dates before days of one month, those before days
    /// of every month, those before weekdays by their place in one month, those before weekdays by
    /// their place in every month; of one kind, the first.
    pub exceptions: Vec<(Days, Vec<DayRange>)>,
    /// Times of these periods do not count.
    pub exclude: Vec<PeriodId>,
    /// Where it is defined.
    pub origin: Origin,
}

/// Nested excludes are followed so deep; a loop ends here.
const MAX_DEPTH: u8 = 16;

/// On so many days with ranges an opening is looked for, if all of them are excluded.
const MAX_DAYS: u32 = 800;

impl Graph {
    /// Is the period open at this moment? No period is always open.
    pub fn is_open(&self, period: Option<PeriodId>, at: Timestamp) -> bool {
        period.is_none_or(|period| self.opens(period, at, MAX_DEPTH))
    }

    /// The first moment from `at` on at which the period is open; [`Timestamp::NEVER`] if that is
    /// more than twelve years away.
    pub fn next_opening(&self, period: Option<PeriodId>, at: Timestamp) -> Timestamp {
        let Some(id) = period else { return at };
        if self.opens(id, at, MAX_DEPTH) {
            return at;
        }
        // An opening is the start of one of the period's own ranges, the end of an excluded one, or a
        // moment at which the clock is changed.
        let Ok(now) = Instant::from_microsecond(at.micros()) else { return Timestamp::NEVER };
        let mut date = now.to_zoned(self.timezone.clone()).date();
        for _ in 0..MAX_DAYS {
            let Some(day) = self.period(id).next_day(date) else { break };
            let mut edges = changes(day, &self.timezone);
            self.edges(id, day, MAX_DEPTH, &mut edges);
            edges.sort_unstable();
            let opening = edges.into_iter().find(|edge| *edge >= at && self.opens(id, *edge, MAX_DEPTH));
            if let Some(opening) = opening {
                return opening;
            }
            let Ok(tomorrow) = day.tomorrow() else { break };
            date = tomorrow;
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
            for minute in [range.start, range.end] {
                moments(date, minute, &self.timezone, edges);
            }
        }
        if depth > 0 {
            period.exclude.iter().for_each(|excluded| self.edges(*excluded, date, depth - 1, edges));
        }
    }
}

impl Timeperiod {
    fn ranges(&self, date: Date) -> &[DayRange] {
        let special = self.exceptions.iter().filter(|(days, _)| days.include(date));
        match special.min_by_key(|(days, _)| days.rank()) {
            Some((_, ranges)) => ranges,
            None => &self.weekdays[place(date)],
        }
    }

    /// The first day from a date on that has any range.
    fn next_day(&self, mut date: Date) -> Option<Date> {
        for _ in 0..MAX_DAYS {
            if !self.ranges(date).is_empty() {
                return Some(date);
            }
            // only a day of something that has ranges can have any, but another form may hide it
            let tomorrow = date.tomorrow().ok()?;
            let special = self.exceptions.iter().filter(|(_, ranges)| !ranges.is_empty());
            let special = special.filter_map(|(days, _)| days.next(tomorrow));
            let week = (0..7).filter_map(|n: i32| tomorrow.checked_add(n.days()).ok());
            let week = week.filter(|day| !self.weekdays[place(*day)].is_empty()).take(1);
            date = special.chain(week).min()?;
        }
        None
    }
}

/// The place of a date's weekday, Sunday first.
fn place(date: Date) -> usize {
    date.weekday().to_sunday_zero_offset().unsigned_abs() as usize % 7
}

/// A minute of a local day as moments: two if daylight saving repeats it. One that is skipped is
/// none: what lies there begins when the clock is changed.
fn moments(date: Date, minute: u16, zone: &TimeZone, moments: &mut Vec<Timestamp>) {
    let Ok(local) = date.at(0, 0, 0, 0).checked_add(i64::from(minute).minutes()) else { return };
    let zoned = zone.to_ambiguous_zoned(local);
    if zoned.is_ambiguous() {
        moments.extend(
            [zoned.clone().earlier(), zoned.later()].into_iter().flatten().map(|z| of(z.timestamp())),
        );
    } else if let Ok(zoned) = zoned.compatible() {
        moments.push(of(zoned.timestamp()));
    }
}

/// Moments of a local day at which the clock is changed.
fn changes(date: Date, zone: &TimeZone) -> Vec<Timestamp> {
    let midnight = |date: Date| date.to_zoned(zone.clone()).map(|zoned| zoned.timestamp());
    let (Ok(start), Ok(Ok(end))) = (midnight(date), date.tomorrow().map(midnight)) else { return Vec::new() };
    if zone.to_offset(start) == zone.to_offset(end) {
        return Vec::new(); // the usual day, without a search
    }
    let all = zone.following(start).map(|change| change.timestamp());
    all.take_while(|change| *change < end).map(of).collect()
}

fn of(instant: Instant) -> Timestamp {
    Timestamp::from_micros(instant.as_microsecond())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
        let eve = Days::new(Day::Date(jiff::civil::date(2026, 12, 24)), None, 1).unwrap();
        work.exceptions.push((eve, Vec::new()));
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

    /// 29 March 2026 in Prague: 2:00 becomes 3:00, so 2:30 does not exist.
    #[test]
    fn an_opening_that_daylight_saving_skips_is_when_the_clock_changes() {
        let graph = graph();
        let next = graph.next_opening(Some(PeriodId(2)), at("2026-03-28T12:00:00Z"));
        assert_eq!(next, at("2026-03-29T01:00:00Z"), "3:00, and 2:30 to 4:00 is open then");
        assert!(graph.is_open(Some(PeriodId(2)), next));
        assert!(!graph.is_open(Some(PeriodId(2)), at("2026-03-29T00:59:59Z")));
        assert!(!graph.is_open(Some(PeriodId(2)), at("2026-03-29T02:00:00Z")), "4:00");
    }

    /// 25 October 2026 in Prague: 3:00 becomes 2:00, so 2:30 comes twice.
    #[test]
    fn hours_that_daylight_saving_repeats_are_open_twice() {
        let mut builder = GraphBuilder::new(TimeZone::get("Europe/Prague").unwrap());
        let mut twice = Timeperiod::default();
        twice.weekdays[0] = vec![DayRange { start: 130, end: 150 }];
        builder.parts().periods.push(twice);
        let graph = builder.build();
        let next = |text| graph.next_opening(Some(PeriodId(0)), at(text));
        assert_eq!(next("2026-10-24T12:00:00Z"), at("2026-10-25T00:10:00Z"), "2:10 summer time");
        assert_eq!(next("2026-10-25T00:30:00Z"), at("2026-10-25T01:10:00Z"), "2:10 again");
        assert_eq!(next("2026-10-25T01:30:00Z"), at("2026-11-01T01:10:00Z"), "a week later");
    }

    #[test]
    fn the_more_special_day_counts() {
        let mut period =
            Timeperiod { weekdays: std::array::from_fn(|_| hours(1, 2)), ..Timeperiod::default() };
        let monday = jiff::civil::Weekday::Monday;
        let mut add = |day, start| {
            period.exceptions.push((Days::new(day, None, 1).unwrap(), hours(start, start + 1)));
        };
        // Monday, 15 March 2027
        add(Day::WeekdayOfMonth { weekday: monday, nth: 3 }, 5);
        add(Day::WeekdayOfYear { month: 3, weekday: monday, nth: 3 }, 6);
        add(Day::OfMonth { day: 15 }, 7);
        add(Day::OfYear { month: 3, day: 15 }, 8);
        add(Day::Date(jiff::civil::date(2027, 3, 15)), 9);
        add(Day::Date(jiff::civil::date(2027, 3, 15)), 10);
        let start = |period: &Timeperiod, month, day| {
            period.ranges(jiff::civil::date(2027, month, day))[0].start / 60
        };
        let mut seen = Vec::new();
        while !period.exceptions.is_empty() {
            seen.push(start(&period, 3, 15));
            let least =
                period.exceptions.iter().position(|(_, ranges)| ranges[0].start / 60 == seen[seen.len() - 1]);
            period.exceptions.remove(least.unwrap());
        }
        seen.push(start(&period, 3, 15));
        assert_eq!(seen, [9, 10, 8, 7, 6, 5, 1]);
    }

    #[test]
    fn far_openings_are_found_and_what_never_opens_ends() {
        let mut builder = GraphBuilder::new(TimeZone::UTC);
        let only = |day, every, ranges| Timeperiod {
            exceptions: vec![(Days::new(day, None, every).unwrap(), ranges)],
            ..Timeperiod::default()
        };
        let mut never =
            Timeperiod { weekdays: std::array::from_fn(|_| hours(0, 24)), ..Timeperiod::default() };
        never.exclude.push(PeriodId(3));
        let always = Timeperiod { exclude: Vec::new(), ..never.clone() };
        let mut hidden = always.clone();
        hidden
            .exceptions
            .push((Days::new(Day::OfMonth { day: 1 }, Some(Day::OfMonth { day: 31 }), 1).unwrap(), vec![]));
        builder.parts().periods.extend([
            only(Day::OfYear { month: 2, day: 29 }, 1, hours(5, 6)),
            only(Day::Date(jiff::civil::date(2020, 1, 1)), 400, hours(5, 6)),
            never,
            always,
            hidden,
        ]);
        let graph = builder.build();
        let next = |id| graph.next_opening(Some(PeriodId(id)), at("2028-03-01T00:00:00Z"));
        assert_eq!(next(0), at("2032-02-29T05:00:00Z"));
        assert_eq!(next(1), at("2028-10-05T05:00:00Z"), "the 8th time 400 days after 1 January 2020");
        assert_eq!((next(2), next(4)), (Timestamp::NEVER, Timestamp::NEVER));
    }

    fn any_period() -> impl Strategy<Value = Timeperiod> {
        let range = (0..1440_u16, 1..600_u16)
            .prop_map(|(start, length)| DayRange { start, end: (start + length).min(1440) });
        let ranges = proptest::collection::vec(range, 0..3);
        let weekdays = proptest::array::uniform7(ranges.clone());
        let day = (0..3_u8, 1..29_i8).prop_map(|(kind, n)| match kind {
            0 => Day::OfMonth { day: n },
            1 => Day::OfYear { month: 3, day: n },
            _ => Day::WeekdayOfMonth { weekday: jiff::civil::Weekday::Sunday, nth: n % 5 + 1 },
        });
        let exceptions = proptest::collection::vec((day, ranges), 0..3);
        (weekdays, exceptions).prop_map(|(weekdays, exceptions)| Timeperiod {
            weekdays,
            exceptions: exceptions
                .into_iter()
                .map(|(day, ranges)| (Days::new(day, None, 1).unwrap(), ranges))
                .collect(),
            ..Timeperiod::default()
        })
    }

    proptest! {
        /// Over both changes of the clock: the next opening is open, and nothing before it is.
        #[test]
        fn the_next_opening_is_the_first_open_moment(
            period in any_period(), exclude in any_period(), start in 0..10_000_i64, in_autumn in any::<bool>(),
        ) {
            let mut builder = GraphBuilder::new(TimeZone::get("Europe/Prague").unwrap());
            let period = Timeperiod { exclude: vec![PeriodId(1)], ..period };
            builder.parts().periods.extend([period, exclude]);
            let graph = builder.build();
            let id = Some(PeriodId(0));
            let day = if in_autumn { "2026-10-22T00:00:00Z" } else { "2026-03-26T00:00:00Z" };
            let from = Timestamp::from_micros(at(day).micros() + start * 60_000_000);
            let next = graph.next_opening(id, from);
            let minute = |n: i64| Timestamp::from_micros(from.micros() + n * 60_000_000);
            let seen = (0..6 * 1440).map(minute).find(|moment| graph.is_open(id, *moment));
            match seen {
                Some(seen) => prop_assert_eq!(next, seen),
                None => prop_assert!(next > minute(6 * 1440 - 1)),
            }
        }
    }
}
