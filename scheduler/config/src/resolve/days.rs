//! Days of time periods as they are written: `2027-01-28 / 7`, `february -1`, `day 1 - 15 / 5`,
//! `thursday -1 november`, `monday 3 - thursday 4`.

use engine::{Day, Days};
use jiff::civil::Date;

/// Why a text is no days.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoDays {
    /// It is of no known form.
    Unknown,
    /// It is a date that there is not, which Nagios takes: `2027-02-30`.
    Never,
}

/// Reads days in any of Nagios' forms. `/ 0` and less mean every day, as in Nagios.
pub(crate) fn parse_days(text: &str) -> Result<Days, NoDays> {
    let (days, every) = match text.split_once('/') {
        Some((days, every)) => (days, Some(every.trim().parse::<i32>().map_err(|_| NoDays::Unknown)?)),
        None => (text, None),
    };
    let mut words = Words(days.trim());
    let first = day(&mut words)?;
    let last = if words.dash() { Some(end(first, &mut words)?) } else { None };
    // of one day there is no nth one, but for a date
    let stands_alone = last.is_none() && !matches!(first, Day::Date(_));
    if !words.0.is_empty() || (every.is_some() && stands_alone) {
        return Err(NoDays::Unknown);
    }
    let every = u16::try_from(every.unwrap_or(1).max(1)).map_err(|_| NoDays::Unknown)?;
    Days::new(first, last, every).ok_or(NoDays::Unknown)
}

fn day(words: &mut Words<'_>) -> Result<Day, NoDays> {
    if words.0.starts_with(|c: char| c.is_ascii_digit()) {
        return words.date().map(Day::Date);
    }
    let name = words.word().ok_or(NoDays::Unknown)?;
    let number = words.number().ok_or(NoDays::Unknown)?;
    if name == "day" {
        return Ok(Day::OfMonth { day: number });
    }
    if let Some(month) = Day::month(name) {
        return Ok(Day::OfYear { month, day: number });
    }
    let weekday = Day::weekday(name).ok_or(NoDays::Unknown)?;
    match words.word() {
        None => Ok(Day::WeekdayOfMonth { weekday, nth: number }),
        Some(name) => {
            let month = Day::month(name).ok_or(NoDays::Unknown)?;
            Ok(Day::WeekdayOfYear { month, weekday, nth: number })
        }
    }
}

/// The end of a range: a whole day, or only its number where the name is that of the first.
fn end(first: Day, words: &mut Words<'_>) -> Result<Day, NoDays> {
    if matches!(first, Day::Date(_)) || words.0.starts_with(|c: char| c.is_ascii_lowercase()) {
        return day(words);
    }
    let number = words.number().ok_or(NoDays::Unknown)?;
    match first {
        Day::OfYear { month, .. } => Ok(Day::OfYear { month, day: number }),
        Day::OfMonth { .. } => Ok(Day::OfMonth { day: number }),
        Day::WeekdayOfMonth { weekday, .. } => Ok(Day::WeekdayOfMonth { weekday, nth: number }),
        Day::Date(_) | Day::WeekdayOfYear { .. } => Err(NoDays::Unknown),
    }
}

/// What is left to read, without blanks at its start.
struct Words<'t>(&'t str);

impl<'t> Words<'t> {
    fn word(&mut self) -> Option<&'t str> {
        let end = self.0.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(self.0.len());
        self.take(end)
    }

    /// Digits, perhaps with a `-` before them.
    fn number(&mut self) -> Option<i8> {
        let digits = self.0.strip_prefix('-').unwrap_or(self.0);
        let behind = digits.trim_start_matches(|c: char| c.is_ascii_digit());
        self.take(self.0.len() - behind.len())?.parse().ok()
    }

    /// `2026-12-24`, also `2026-1-2`.
    fn date(&mut self) -> Result<Date, NoDays> {
        let end = self.0.find([' ', '\t']).unwrap_or(self.0.len());
        let text = self.take(end).ok_or(NoDays::Unknown)?;
        let mut parts = text.splitn(3, '-');
        let mut part = |lengths: std::ops::RangeInclusive<usize>| {
            let digits = parts.next().filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))?;
            digits.parse::<i16>().ok().filter(|_| lengths.contains(&digits.len()))
        };
        let (Some(year), Some(month), Some(day)) = (part(4..=4), part(1..=2), part(1..=2)) else {
            return Err(NoDays::Unknown);
        };
        let small = |number: i16| i8::try_from(number).unwrap_or(0);
        Date::new(year, small(month), small(day)).map_err(|_| NoDays::Never)
    }

    /// The dash of a range.
    fn dash(&mut self) -> bool {
        self.0.starts_with('-') && self.take(1).is_some()
    }

    fn take(&mut self, length: usize) -> Option<&'t str> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest.trim_start_matches([' ', '\t']);
        (!taken.is_empty()).then_some(taken)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What Nagios 4.4.6 prints for each, and what it refuses.
    #[test]
    fn days_are_read_as_nagios_reads_them() {
        for (text, want) in [
            ("2027-01-28", "2027-01-28"),
            ("2027-1-2", "2027-01-02"),
            ("2027-01-28 / 7", "2027-01-28 / 7"),
            ("2027-01-28/7", "2027-01-28 / 7"),
            ("2027-01-28 / 0", "2027-01-28"),
            ("2027-01-28 / -2", "2027-01-28"),
            ("2027-01-28 - 2027-01-30/2", "2027-01-28 - 2027-01-30 / 2"),
            ("february -1", "february -1"),
            ("february 1 - 15 / 3", "february 1 - february 15 / 3"),
            ("february 1 - march 15", "february 1 - march 15"),
            ("day 1-15", "day 1 - 15"),
            ("day 1 -15", "day 1 - 15"),
            ("day 4 - day 6 / 2", "day 4 - 6 / 2"),
            ("day -3 - -1", "day -3 - -1"),
            ("monday 2 - 3 / 2", "monday 2 - monday 3 / 2"),
            ("monday 3 - thursday 4", "monday 3 - thursday 4"),
            ("monday  3   april", "monday 3 april"),
            ("tuesday 1 april - friday 2 may / 6", "tuesday 1 april - friday 2 may / 6"),
            ("thursday -1 november", "thursday -1 november"),
            ("day 40", "day 40"),
        ] {
            assert_eq!(parse_days(text).unwrap().to_string(), want, "{text:?}");
        }
        for text in [
            "",
            "day",
            "day 2 / 3",
            "monday / 2",
            "february 1 / 3",
            "monday 3 april - 5",
            "Monday 3",
            "mon 3",
            "foo 2",
            "monday 3 - february 5",
            "february 3 - day 5",
            "tuesday 1 april - may 4",
            "day 3 / 2 - 5",
            "day 3 x",
            "day 1 - 15 / x",
            "day 1 - 15 / 70000",
            "day 999",
            "-",
            "2027",
            "2027-01-28 -",
            "2027-01-28 - 5",
            "27-01-28",
            "monday 3 foo",
            "day 1 - - 3",
            "day 3é",
        ] {
            assert_eq!(parse_days(text), Err(NoDays::Unknown), "{text:?}");
        }
        assert_eq!(parse_days("2027-02-30"), Err(NoDays::Never));
        assert_eq!(parse_days("2027-13-01"), Err(NoDays::Never));
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(text in "(day|monday|july|2027-0[1-3]-1[0-9]|-?[0-9]|april| |-|/){1,9}") {
            if let Ok(days) = parse_days(&text) {
                prop_assert_eq!(parse_days(&days.to_string()), Ok(days));
            }
        }
    }
}
