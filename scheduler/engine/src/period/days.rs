//! Days of a time period that are no plain weekdays: dates, days of a month or of every month,
//! weekdays by their place in the month, and ranges of them. Pure calendar, no time zones.

use std::fmt;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

/// One day, or one that comes every month or every year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Day {
    /// `2027-01-28`
    Date(Date),
    /// `february -1`: a day of one month, from its end if it is negative.
    OfYear {
        /// 1 to 12.
        month: i8,
        /// 1 to 31, or -1 to -31.
        day: i8,
    },
    /// `day 2`: a day of every month.
    OfMonth {
        /// 1 to 31, or -1 to -31.
        day: i8,
    },
    /// `thursday -1 november`: the nth such weekday of one month.
    WeekdayOfYear {
        /// 1 to 12.
        month: i8,
        /// Which weekday.
        weekday: Weekday,
        /// 1 to 5, or -1 to -5 from the end of the month.
        nth: i8,
    },
    /// `friday -2`: the nth such weekday of every month.
    WeekdayOfMonth {
        /// Which weekday.
        weekday: Weekday,
        /// 1 to 5, or -1 to -5 from the end of the month.
        nth: i8,
    },
}

/// Days from one to another (or one alone), all or every nth of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Days {
    first: Day,
    last: Option<Day>,
    every: u16,
}

/// A range starts in so many years, or in so many months: `february 29` may be eight years away.
const YEARS: i16 = 12;
const MONTHS: i16 = 12 * YEARS;

impl Day {
    /// Which forms hide which others: the lowest counts.
    pub(super) const fn rank(self) -> u8 {
        match self {
            Day::Date(_) => 0,
            Day::OfYear { .. } => 1,
            Day::OfMonth { .. } => 2,
            Day::WeekdayOfYear { .. } => 3,
            Day::WeekdayOfMonth { .. } => 4,
        }
    }

    /// The day in a year (and, if it comes every month, in a month), if that has it.
    fn on(self, year: i16, month: i8) -> Option<Date> {
        let first = |month: i8| Date::new(year, month, 1).ok();
        match self {
            Day::Date(date) => Some(date),
            Day::OfYear { month, day } => day_of(first(month)?, day),
            Day::OfMonth { day } => day_of(first(month)?, day),
            Day::WeekdayOfYear { month, weekday, nth } => {
                first(month)?.nth_weekday_of_month(nth, weekday).ok()
            }
            Day::WeekdayOfMonth { weekday, nth } => first(month)?.nth_weekday_of_month(nth, weekday).ok(),
        }
    }

    /// The same as the end of a range: one that would be behind the end of its month is that end.
    fn end_on(self, year: i16, month: i8) -> Option<Date> {
        let (in_month, n) = match self {
            Day::Date(date) => return Some(date),
            Day::OfYear { month, day } => (month, day),
            Day::WeekdayOfYear { month, nth, .. } => (month, nth),
            Day::OfMonth { day } => (month, day),
            Day::WeekdayOfMonth { nth, .. } => (month, nth),
        };
        let behind = || Date::new(year, in_month, 1).ok().filter(|_| n > 0).map(Date::last_of_month);
        self.on(year, month).or_else(behind)
    }
}

/// A day of the month that a date is the first of.
fn day_of(first: Date, day: i8) -> Option<Date> {
    let length = first.days_in_month();
    let day = if day < 0 { length.checked_add(day)?.checked_add(1)? } else { day };
    if (1..=length).contains(&day) { Date::new(first.year(), first.month(), day).ok() } else { None }
}

impl Days {
    /// From a day to another of the same form, or one day alone; every nth of them, counted from the
    /// first. Every nth day from one date on, without a last one, goes on for ever; of the other
    /// forms only a range has an nth day. None if the forms do not fit together.
    pub fn new(first: Day, last: Option<Day>, every: u16) -> Option<Days> {
        let every = every.max(1);
        let fits = match &last {
            Some(last) => last.rank() == first.rank(),
            None => every == 1 || matches!(first, Day::Date(_)),
        };
        fits.then_some(Days { first, last, every })
    }

    pub(super) const fn rank(&self) -> u8 {
        self.first.rank()
    }

    /// Can there ever be such a day? There is no `february 30`, no `day 40` and no sixth monday.
    pub fn exist(&self) -> bool {
        match self.first {
            // both lie in one cycle of the calendar that has every kind of month
            Day::Date(_) => self.span(1, self.some_date()).is_some(),
            _ => (0..=28 * 12).any(|n| self.span(n, self.some_date()).is_some()),
        }
    }

    fn some_date(&self) -> Date {
        match self.first {
            Day::Date(date) => date,
            _ => jiff::civil::date(2000, 1, 1),
        }
    }

    /// Is a date one of them?
    pub(super) fn include(&self, date: Date) -> bool {
        // a range may have started in the year or month before
        (0..=1).any(|n| self.span(n, date).is_some_and(|span| self.in_span(span, date) == Some(date)))
    }

    /// The first of them that is not before a date, if it is not too far away.
    pub(super) fn next(&self, from: Date) -> Option<Date> {
        let spans = match self.first {
            Day::Date(_) => 2,
            Day::OfYear { .. } | Day::WeekdayOfYear { .. } => YEARS,
            Day::OfMonth { .. } | Day::WeekdayOfMonth { .. } => MONTHS,
        };
        (0..spans).find_map(|n| self.in_span(self.span(n, from)?, from))
    }

    /// First and last day of a range that starts in the year or month of a date (n = 1), the one
    /// before (0), or a later one. No last day: it goes on for ever.
    fn span(&self, n: i16, date: Date) -> Option<(Date, Option<Date>)> {
        let (year, month) = match self.first {
            Day::Date(first) => {
                let last = match self.last {
                    Some(last) => last.on(0, 1),
                    None if self.every > 1 => None,
                    None => Some(first),
                };
                return (n == 1).then_some((first, last));
            }
            Day::OfYear { .. } | Day::WeekdayOfYear { .. } => {
                (date.year().checked_add(n)?.checked_sub(1)?, 1)
            }
            Day::OfMonth { .. } | Day::WeekdayOfMonth { .. } => months_later(date, n.checked_sub(1)?)?,
        };
        let first = self.first.on(year, month)?;
        let Some(last) = self.last else { return Some((first, Some(first))) };
        let end = last.end_on(year, month)?;
        if end >= first {
            return Some((first, Some(end)));
        }
        // over the end of the year, or of the month
        let (year, month) = match last {
            Day::OfYear { .. } | Day::WeekdayOfYear { .. } => (year.checked_add(1)?, month),
            _ => months_later(first, 1)?,
        };
        Some((first, Some(last.end_on(year, month)?)))
    }

    /// The first of the days of a range that is not before a date.
    fn in_span(&self, (first, last): (Date, Option<Date>), from: Date) -> Option<Date> {
        let date = if from <= first {
            first
        } else {
            let every = i32::from(self.every);
            let passed = first.until(from).ok()?.get_days();
            let steps = passed.checked_add(every - 1)? / every;
            first.checked_add(steps.checked_mul(every)?.days()).ok()?
        };
        last.is_none_or(|last| date <= last).then_some(date)
    }
}

/// Year and month, so many months behind (or before) those of a date.
fn months_later(date: Date, months: i16) -> Option<(i16, i8)> {
    let date = date.first_of_month().checked_add(i32::from(months).months()).ok()?;
    Some((date.year(), date.month()))
}

const MONTH_NAMES: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const WEEKDAY_NAMES: [(&str, Weekday); 7] = [
    ("sunday", Weekday::Sunday),
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
];

impl Day {
    /// A month by its English name, in small letters: 1 to 12.
    pub fn month(name: &str) -> Option<i8> {
        (1..).zip(MONTH_NAMES).find(|(_, known)| *known == name).map(|(number, _)| number)
    }

    /// A weekday by its English name, in small letters.
    pub fn weekday(name: &str) -> Option<Weekday> {
        WEEKDAY_NAMES.iter().find(|(known, _)| *known == name).map(|(_, weekday)| *weekday)
    }
}

fn month_name(month: i8) -> &'static str {
    usize::try_from(month - 1).ok().and_then(|n| MONTH_NAMES.get(n)).copied().unwrap_or("?")
}

fn weekday_name(weekday: Weekday) -> &'static str {
    WEEKDAY_NAMES.iter().find(|(_, known)| *known == weekday).map_or("?", |(name, _)| name)
}

/// As in an object definition.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Day::Date(date) => write!(f, "{date}"),
            Day::OfYear { month, day } => write!(f, "{} {day}", month_name(month)),
            Day::OfMonth { day } => write!(f, "day {day}"),
            Day::WeekdayOfYear { month, weekday, nth } => {
                write!(f, "{} {nth} {}", weekday_name(weekday), month_name(month))
            }
            Day::WeekdayOfMonth { weekday, nth } => write!(f, "{} {nth}", weekday_name(weekday)),
        }
    }
}

/// As in an object definition: `july 10 - july 15`, `day 1 - 15 / 5`.
impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first)?;
        match self.last {
            Some(Day::OfMonth { day }) => write!(f, " - {day}")?,
            Some(last) => write!(f, " - {last}")?,
            None => {}
        }
        if self.every > 1 { write!(f, " / {}", self.every) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn of_year(month: i8, day: i8) -> Day {
        Day::OfYear { month, day }
    }

    fn of_month(day: i8) -> Day {
        Day::OfMonth { day }
    }

    fn weekday(weekday: Weekday, nth: i8) -> Day {
        Day::WeekdayOfMonth { weekday, nth }
    }

    fn days(first: Day, last: impl Into<Option<Day>>, every: u16) -> Days {
        Days::new(first, last.into(), every).unwrap()
    }

    /// The days of some range of dates, as `MM-DD`.
    fn list(days: Days, from: Date, to: Date) -> String {
        let all = from.series(1.day()).take_while(|date| *date <= to).filter(|date| days.include(*date));
        all.map(|date| date.strftime("%m-%d").to_string()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_form_has_its_days() {
        let all_2027 = |days| list(days, date(2027, 1, 1), date(2027, 12, 31));
        let in_2027 =
            |days, from: i8, to: i8| list(days, date(2027, from, 1), date(2027, to, 1).last_of_month());
        let fixed = |month, day| Day::Date(date(2027, month, day));
        assert_eq!(all_2027(days(fixed(1, 28), None, 1)), "01-28");
        assert_eq!(all_2027(days(fixed(4, 10), fixed(4, 16), 2)), "04-10 04-12 04-14 04-16");
        assert_eq!(
            in_2027(days(fixed(4, 10), None, 7), 1, 5),
            "04-10 04-17 04-24 05-01 05-08 05-15 05-22 05-29"
        );
        assert_eq!(all_2027(days(of_year(2, -1), None, 1)), "02-28");
        assert_eq!(all_2027(days(of_year(7, 10), of_year(7, 13), 1)), "07-10 07-11 07-12 07-13");
        assert_eq!(in_2027(days(of_year(4, 28), of_year(5, 3), 2), 4, 5), "04-28 04-30 05-02");
        assert_eq!(in_2027(days(of_month(2), None, 1), 1, 3), "01-02 02-02 03-02");
        assert_eq!(in_2027(days(of_month(-1), None, 1), 1, 3), "01-31 02-28 03-31");
        assert_eq!(in_2027(days(of_month(1), of_month(15), 5), 3, 3), "03-01 03-06 03-11");
        assert_eq!(in_2027(days(weekday(Weekday::Monday, 3), None, 1), 1, 3), "01-18 02-15 03-15");
        assert_eq!(in_2027(days(weekday(Weekday::Friday, -2), None, 1), 1, 3), "01-22 02-19 03-19");
        let thanks = Day::WeekdayOfYear { month: 11, weekday: Weekday::Thursday, nth: -1 };
        assert_eq!(all_2027(days(thanks, None, 1)), "11-25");
        let in_month = |month, weekday, nth| Day::WeekdayOfYear { month, weekday, nth };
        let spring = days(in_month(4, Weekday::Tuesday, 1), in_month(5, Weekday::Friday, 2), 6);
        assert_eq!(all_2027(spring), "04-06 04-12 04-18 04-24 04-30 05-06 05-12");
        let mid = days(weekday(Weekday::Monday, 3), weekday(Weekday::Thursday, 4), 1);
        assert_eq!(in_2027(mid, 3, 3), "03-15 03-16 03-17 03-18 03-19 03-20 03-21 03-22 03-23 03-24 03-25");
    }

    #[test]
    fn leap_days_and_months_that_are_too_short() {
        let leap = days(of_year(2, 29), None, 1);
        assert_eq!(list(leap, date(2027, 1, 1), date(2029, 1, 1)), "02-29");
        assert_eq!(leap.next(date(2028, 3, 1)), Some(date(2032, 2, 29)));
        assert_eq!(days(of_year(2, -1), None, 1).next(date(2028, 2, 1)), Some(date(2028, 2, 29)));
        assert_eq!(days(of_month(31), None, 1).next(date(2027, 4, 1)), Some(date(2027, 5, 31)));
        // the end of a range slips back to the end of its month
        let end = days(of_month(27), of_month(31), 1);
        assert_eq!(list(end, date(2027, 2, 1), date(2027, 3, 27)), "02-27 02-28 03-27");
        for (days, ever) in [
            (days(of_year(2, 30), None, 1), false),
            (days(of_month(40), None, 1), false),
            (days(of_month(0), None, 1), false),
            (days(weekday(Weekday::Monday, 6), None, 1), false),
            (days(weekday(Weekday::Monday, 5), None, 1), true),
            (leap, true),
            (days(Day::WeekdayOfYear { month: 2, weekday: Weekday::Monday, nth: 5 }, None, 1), true),
        ] {
            assert_eq!(days.exist(), ever, "{days}");
        }
    }

    #[test]
    fn ranges_go_over_the_end_of_the_year_and_the_month() {
        let winter = days(of_year(12, 30), of_year(1, 2), 1);
        assert_eq!(list(winter, date(2026, 12, 1), date(2027, 2, 1)), "12-30 12-31 01-01 01-02");
        assert_eq!(winter.next(date(2027, 1, 2)), Some(date(2027, 1, 2)));
        assert_eq!(winter.next(date(2027, 1, 3)), Some(date(2027, 12, 30)));
        let turn = days(of_month(30), of_month(1), 1);
        assert_eq!(list(turn, date(2026, 12, 20), date(2027, 2, 5)), "12-30 12-31 01-01 01-30 01-31 02-01");
        // every second day, counted over the new year
        let step = days(of_year(12, 30), of_year(1, 3), 2);
        assert_eq!(list(step, date(2026, 12, 1), date(2027, 2, 1)), "12-30 01-01 01-03");
    }

    #[test]
    fn forms_that_do_not_fit_are_none() {
        let day = Day::Date(date(2027, 1, 1));
        assert_eq!(Days::new(day, Some(of_month(3)), 1), None);
        assert_eq!(Days::new(of_month(3), None, 2), None);
        assert!(Days::new(day, None, 2).is_some());
    }

    #[test]
    fn days_are_printed_as_they_are_written() {
        let thursday = |nth| Day::WeekdayOfYear { month: 11, weekday: Weekday::Thursday, nth };
        for (days, want) in [
            (days(Day::Date(date(2027, 1, 2)), None, 7), "2027-01-02 / 7"),
            (days(of_year(7, 10), of_year(7, -1), 1), "july 10 - july -1"),
            (days(of_month(1), of_month(15), 5), "day 1 - 15 / 5"),
            (days(thursday(1), thursday(-1), 2), "thursday 1 november - thursday -1 november / 2"),
            (days(weekday(Weekday::Friday, -2), None, 1), "friday -2"),
        ] {
            assert_eq!(days.to_string(), want);
        }
    }

    fn any_day() -> impl Strategy<Value = Days> {
        let kind = 0..5_u8;
        let parts =
            (kind, [1..13_i8, 1..13_i8], [-31..32_i8, -31..32_i8], 0..7_usize, 0..4_u16, any::<bool>());
        parts.prop_filter_map("forms fit", |(kind, months, numbers, weekday, every, is_range)| {
            let day = |n: usize| {
                let (month, number, (_, weekday)) = (months[n], numbers[n], WEEKDAY_NAMES[weekday]);
                match kind {
                    0 => Day::Date(date(2027, month, number.unsigned_abs().clamp(1, 28).cast_signed())),
                    1 => Day::OfYear { month, day: number },
                    2 => Day::OfMonth { day: number },
                    3 => Day::WeekdayOfYear { month, weekday, nth: number / 6 },
                    _ => Day::WeekdayOfMonth { weekday, nth: number / 6 },
                }
            };
            Days::new(day(0), is_range.then(|| day(1)), every)
        })
    }

    proptest! {
        /// The next day is the first that is included; there is none between.
        #[test]
        fn the_next_day_is_the_first_included_one(days in any_day(), offset in 0..900_i32) {
            let from = date(2026, 6, 1).checked_add(offset.days()).unwrap();
            let seen = from.series(1.day()).take(800).find(|date| days.include(*date));
            let next = days.next(from);
            match seen {
                Some(seen) => prop_assert_eq!(next, Some(seen), "{}", days),
                None => prop_assert!(next.is_none_or(|next| from.until(next).unwrap().get_days() >= 800)),
            }
        }
    }
}
