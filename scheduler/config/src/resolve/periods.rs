//! Time periods: hours of weekdays and of other days, and what they exclude.

use engine::{DayRange, PeriodId, Timeperiod};

use crate::concern::Concern;
use crate::directives::{Key, Type};
use crate::inherit::View;
use crate::problem::Problem;
use crate::values::items;

use super::context::Context;
use super::days::{NoDays, parse_days};
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
        exception(directive.value, (file, directive.line), view, &mut period, cx);
    }
    if let Some(exclude) = view.get(Key::Exclude) {
        let ids = items(&exclude.text).filter_map(|name| names.want(name, view, Key::Exclude, cx));
        period.exclude = ids.map(PeriodId).collect();
    }
    period
}

/// `09:00-12:00,13:00-17:30`; a range that ends before it starts is never open.
fn ranges<'t>(
    text: &str,
    at: (u32, u32),
    view: &View<'t, '_>,
    cx: &mut Context<'t, '_, '_>,
) -> Vec<DayRange> {
    let mut ranges = Vec::new();
    if text.contains([' ', '\t']) || text.split(',').any(str::is_empty) {
        let message = format!("`{text}` has blanks or empty places in it, which Nagios refuses");
        let problem = Problem::warning(Concern::Hours, cx.objects.place(at.0, at.1), message);
        let label = cx.objects.label(view.definition);
        cx.problems.push(problem.of(label).hint("write `09:00-12:00,13:00-17:30`"));
    }
    for item in items(text) {
        match range(item) {
            Some(range) if range.start < range.end => ranges.push(range),
            Some(range) if range.start > range.end => {
                let problem = Problem::warning(
                    Concern::Hours,
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

/// `HH:MM` as minutes, up to 24:00; Nagios takes seconds, too, and passes over them.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let minute = minute.split_once(':').map_or(minute, |(minute, _)| minute);
    let digits = |text: &str| !text.is_empty() && text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(hour) || !digits(minute) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    Some(hour * 60 + minute).filter(|total| minute < 60 && *total <= 24 * 60)
}

/// So many lines with days a period may have.
const MAX_DAYS: usize = 10_000;

/// A line with days: `february -1 00:00-24:00`.
fn exception<'t>(
    text: &str,
    at: (u32, u32),
    view: &View<'t, '_>,
    period: &mut Timeperiod,
    cx: &mut Context<'t, '_, '_>,
) {
    let (written, hours) = split_hours(text);
    if hours.is_empty() {
        let hint = "write them behind it: HH:MM-HH:MM, with commas between; `00:00-00:00` is never";
        return cx.error_at(at, view, format!("the day `{written}` has no hours"), Some(hint.to_owned()));
    }
    let days = match parse_days(written) {
        Ok(days) if days.exist() => days,
        Ok(_) | Err(NoDays::Never) => {
            let problem = Problem::warning(
                Concern::DayNeverComes,
                cx.objects.place(at.0, at.1),
                format!("`{written}` never comes: the line has no effect"),
            );
            cx.problems.push(
                problem.of(cx.objects.label(view.definition)).hint("take it out, or correct the number"),
            );
            return;
        }
        Err(NoDays::Unknown) => {
            let hint = "write a weekday, a date (2026-12-24), `december 24`, `february -1`, `day 1`, `monday 3`, \
                        `thursday -1 november`, or a range of these: `july 10 - august 15`, `day 1 - 15 / 5`";
            cx.error_at(at, view, format!("no such day: `{written}`"), Some(hint.to_owned()));
            return;
        }
    };
    let ranges = ranges(hours, at, view, cx);
    if period.exceptions.len() >= MAX_DAYS {
        let message = format!("has more than {MAX_DAYS} lines with days");
        return cx.error_at(at, view, message, Some("write ranges of days".to_owned()));
    }
    // of two lines for one day the first counts, and a definition's own come first
    if !period.exceptions.iter().any(|(known, _)| *known == days) {
        period.exceptions.push((days, ranges));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours() {
        for (text, want) in [
            ("00:00-24:00", Some((0, 1440))),
            ("9:5-17:30", Some((545, 1050))),
            ("17:00-09:00", Some((1020, 540))),
            ("09:00:00-10:00:59", Some((540, 600))),
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
        assert_eq!(
            split_hours("2026-12-24  09:00-10:00, 11:00-12:00"),
            ("2026-12-24", "09:00-10:00, 11:00-12:00")
        );
        assert_eq!(split_hours("day 2"), ("day 2", ""));
    }
}
