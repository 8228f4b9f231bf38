//! Time periods: weekdays, single dates, and what they exclude.

use engine::{DayRange, PeriodId, Timeperiod};
use jiff::civil::Date;

use crate::directives::{Key, Type};
use crate::inherit::View;
use crate::problem::Problem;
use crate::values::items;

use super::context::Context;
use super::names::Names;
use super::walk::Walk;

const WEEKDAYS: [Key; 7] =
    [Key::Sunday, Key::Monday, Key::Tuesday, Key::Wednesday, Key::Thursday, Key::Friday, Key::Saturday];

/// All time periods.
pub(crate) fn periods<'t>(cx: &mut Context<'t, '_, '_>) -> (Names<'t>, Vec<Timeperiod>) {
    let (names, views) = Names::collect(Type::Timeperiod, cx);
    let periods: Vec<Timeperiod> = views.iter().map(|view| period(view, &names, cx)).collect();
    let excluded = |number: usize, nth: usize| periods[number].exclude.get(nth).map(|id| id.0 as usize);
    for circle in Walk::new(periods.len(), excluded).circles {
        let message = "excludes itself, directly or by what it excludes".to_owned();
        cx.error(
            &views[circle[0]],
            Key::Exclude,
            message,
            Some("take one of the `exclude` out of the circle".to_owned()),
        );
    }
    (names, periods)
}

fn period<'t>(view: &View<'t, '_>, names: &Names<'t>, cx: &mut Context<'t, '_, '_>) -> Timeperiod {
    let name = cx.text(view, Key::Name).unwrap_or_default();
    let mut period =
        Timeperiod { alias: name.clone(), name, origin: cx.origin(view), ..Timeperiod::default() };
    if let Some(alias) = cx.text(view, Key::Alias) {
        period.alias = alias;
    }
    for (key, day) in WEEKDAYS.into_iter().zip(&mut period.weekdays) {
        if let Some(found) = view.get(key) {
            *day = ranges(&found.text, (found.file, found.line), view, cx);
        }
    }
    for (file, directive) in view.dates() {
        dates(directive.value, (file, directive.line), view, &mut period, cx);
    }
    if let Some(exclude) = view.get(Key::Exclude) {
        let ids = items(&exclude.text).filter_map(|name| names.want(name, view, Key::Exclude, cx));
        period.exclude = ids.map(PeriodId).collect();
    }
    period
}

/// `09:00-12:00,13:00-17:30`; a range that ends before it starts is never open.
fn ranges(text: &str, at: (u32, u32), view: &View<'_, '_>, cx: &mut Context<'_, '_, '_>) -> Vec<DayRange> {
    let mut ranges = Vec::new();
    for item in items(text) {
        match range(item) {
            Some(range) if range.start < range.end => ranges.push(range),
            Some(range) if range.start > range.end => {
                let problem = Problem::warning(
                    cx.objects.place(at.0, at.1),
                    format!("`{item}` ends before it starts and is never open"),
                );
                let label = cx.objects.label(view.definition);
                let hint = "over midnight takes two ranges: 22:00-24:00 on one day, 00:00-06:00 on the next";
                cx.problems.push(problem.of(label).hint(hint));
            }
            Some(_) => {} // empty, as in `00:00-00:00`: on that day never
            None => {
                let problem =
                    Problem::error(cx.objects.place(at.0, at.1), format!("`{item}` is no range of hours"));
                let label = cx.objects.label(view.definition);
                cx.problems
                    .push(problem.of(label).hint("write HH:MM-HH:MM, up to 24:00, with commas between"));
            }
        }
    }
    ranges
}

fn range(text: &str) -> Option<DayRange> {
    let (start, end) = text.split_once('-')?;
    Some(DayRange { start: minute(start)?, end: minute(end)? })
}

/// `HH:MM` as minutes, up to 24:00.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let digits = |text: &str| !text.is_empty() && text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(hour) || !digits(minute) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    Some(hour * 60 + minute).filter(|total| minute < 60 && *total <= 24 * 60)
}

/// So many single dates of one period are kept, ten years of them.
const MAX_DATES: usize = 3_660;

/// `2026-12-24 09:00-12:00`, `2026-12-24 - 2027-01-02 00:00-00:00`, and that with ` / 2`.
fn dates<'t>(
    text: &str,
    at: (u32, u32),
    view: &View<'t, '_>,
    period: &mut Timeperiod,
    cx: &mut Context<'t, '_, '_>,
) {
    let (days, hours) = split_hours(text);
    let Some(days) = calendar_dates(days) else {
        let message =
            format!("hlidka does not read the day `{days}`: without it the period would be another one");
        let hint =
            "known are weekdays, dates (2026-12-24), and dates from - to, all or every Nth day of them";
        cx.error_at(at, view, message, Some(hint.to_owned()));
        return;
    };
    let ranges = ranges(hours, at, view, cx);
    for date in days {
        if period.dates.len() >= MAX_DATES {
            cx.error_at(at, view, format!("has more than {MAX_DATES} single dates"), None);
            return;
        }
        // of two lines for one day Nagios takes the first
        if !period.dates.iter().any(|(known, _)| *known == date) {
            period.dates.push((date, ranges.clone()));
        }
    }
}

/// Days and hours: the hours start at the word with the first `:` in it.
fn split_hours(text: &str) -> (&str, &str) {
    let colon = text.find(':').unwrap_or(text.len());
    let start = if colon == text.len() {
        colon
    } else {
        text[..colon].rfind([' ', '\t']).map_or(0, |blank| blank + 1)
    };
    let (days, hours) = text.split_at(start);
    (days.trim(), hours)
}

fn calendar_dates(text: &str) -> Option<Vec<Date>> {
    let (days, step) = match text.split_once('/') {
        Some((days, step)) => (days.trim(), step.trim().parse::<usize>().ok().filter(|step| *step > 0)?),
        None => (text, 1),
    };
    let Some((first, last)) = days.split_once(" - ") else {
        // every Nth day from a date on, without an end, is no list of dates
        return if step == 1 { date(days).map(|date| vec![date]) } else { None };
    };
    let (first, last) = (date(first.trim())?, date(last.trim())?);
    let days = std::iter::successors(Some(first), |day| day.tomorrow().ok()).take_while(|day| *day <= last);
    Some(days.step_by(step).take(MAX_DATES + 1).collect())
}

/// `2026-12-24`, also `2026-1-2`.
fn date(text: &str) -> Option<Date> {
    let mut parts = text.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if ![year, month, day].into_iter().all(plain) || year.len() != 4 {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours() {
        for (text, want) in [
            ("00:00-24:00", Some((0, 1440))),
            ("9:5-17:30", Some((545, 1050))),
            ("17:00-09:00", Some((1020, 540))),
            ("9-17", None),
            ("09:00-25:00", None),
            ("09:60-10:00", None),
            ("24:01-24:02", None),
            ("+9:00-10:00", None),
            ("", None),
            ("-", None),
        ] {
            assert_eq!(range(text).map(|range| (range.start, range.end)), want, "{text:?}");
        }
    }

    #[test]
    fn days() {
        let count = |text: &str| calendar_dates(text).map(|dates| dates.len());
        for (text, want) in [
            ("2026-12-24", Some(1)),
            ("2027-1-2", Some(1)),
            ("2026-12-24 - 2027-01-02", Some(10)),
            ("2026-12-24 - 2027-01-02 / 3", Some(4)),
            ("2027-01-02 - 2026-12-24", Some(0)),
            ("2026-02-30", None),
            ("2026-12-24 / 7", None),
            ("2026-12-24 - 2027-01-02 / 0", None),
            ("day 2", None),
            ("february -1", None),
            ("0001-01-01 - 9999-12-31", Some(MAX_DATES + 1)),
        ] {
            assert_eq!(count(text), want, "{text:?}");
        }
        assert_eq!(
            split_hours("2026-12-24  09:00-10:00, 11:00-12:00"),
            ("2026-12-24", "09:00-10:00, 11:00-12:00")
        );
        assert_eq!(split_hours("day 2"), ("day 2", ""));
    }
}
