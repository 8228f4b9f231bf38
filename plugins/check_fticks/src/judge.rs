//! The verdict on a realm, pure.

use std::fmt::Write as _;

use check::{Perfdata, Range, Report, Thresholds, Uom, span};
use jiff::Timestamp;

use crate::distance::SPEED;
use crate::findings::Findings;
use crate::{Args, Mode};

/// Users and institutions told on lines of their own.
const SHOWN: usize = 20;
/// Institutions told on the first line.
const NAMED: usize = 3;

pub(crate) fn judge(found: &Findings, realm: &str, mode: Mode, args: &Args) -> Report {
    let within = format!("in the last {} days", args.days);
    let (value, mut text) = match mode {
        Mode::Compromised => {
            let users = found.users.len() as u64;
            let what = if users == 1 { "user" } else { "users" };
            let text = match users {
                0 => format!("no user of {realm} was seen at two places too far apart {within}"),
                _ => format!(
                    "{users} {what} of {realm} seen at two places too far apart {within} ({} times)",
                    found.events
                ),
            };
            (users, text)
        }
        Mode::Concurrent => {
            let text = match found.events {
                0 => format!("no device was at {realm} and too soon elsewhere {within}"),
                events => format!(
                    "{events} times a device was at {realm} and too soon elsewhere {within}: {}",
                    partners(found)
                ),
            };
            (found.events, text)
        }
    };
    if let Some(newest) = &found.newest {
        let kilometres = newest.needed * SPEED / 1000.0;
        let day = Timestamp::from_second(newest.time).map(|time| time.strftime("%Y-%m-%d").to_string());
        let (one, two) = &newest.places;
        let _ = write!(
            text,
            "; newest {}: {kilometres:.0} km from {one} to {two} in {}",
            day.unwrap_or_default(),
            span(newest.taken)
        );
    }
    let thresholds = thresholds(mode, args);
    let label = match mode {
        Mode::Compromised => "users",
        Mode::Concurrent => "events",
    };
    let metric = Perfdata::new(label, value as f64, Uom::None).min(0.0);
    let mut report = Report::new(thresholds.state(value as f64), text).perf(metric.limits(&thresholds));
    if mode == Mode::Compromised {
        report = report.perf(Perfdata::new("events", found.events as f64, Uom::None).min(0.0));
    }
    if found.is_incomplete {
        report = report.detail(0, "there were more events than are kept: the numbers are too small");
    }
    if args.show_users {
        for (user, events) in by_number(&found.users).into_iter().take(SHOWN) {
            report = report.detail(0, format!("{} {events} times", check::size::clipped(user)));
        }
    }
    for (partner, events) in by_number(&found.partners).into_iter().take(SHOWN) {
        report = report.detail(1, format!("{events} times with {}", check::size::clipped(partner)));
    }
    report
}

/// More than none; from 10 and from 20 on.
fn thresholds(mode: Mode, args: &Args) -> Thresholds {
    let given = args.thresholds.thresholds();
    match mode {
        _ if !given.is_empty() => given,
        Mode::Compromised => Thresholds::new(None, Some(Range::up_to(0.0))),
        Mode::Concurrent => Thresholds::new(Some(Range::up_to(9.0)), Some(Range::up_to(19.0))),
    }
}

fn partners(found: &Findings) -> String {
    let named = by_number(&found.partners).into_iter().take(NAMED);
    let mut named: Vec<String> =
        named.map(|(partner, events)| format!("{events} at {}", check::size::clipped(partner))).collect();
    if found.partners.len() > NAMED {
        named.push(format!("and {} more", found.partners.len() - NAMED));
    }
    named.join(", ")
}

fn by_number(counts: &std::collections::BTreeMap<String, u64>) -> Vec<(&str, u64)> {
    let mut all: Vec<(&str, u64)> = counts.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    all
}

/// What a store too old is worth.
pub(crate) fn stale(age: f64, args: &Args) -> Option<Report> {
    let (age, limit) = (age > args.max_age).then(|| (span(age), span(args.max_age)))?;
    let text = format!("the logs were last read {age} ago, more than {limit}: does the collector run?");
    Some(Report::new(args.stale_state, text))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use check::State;

    use super::*;
    use crate::findings::Newest;
    use crate::tests::args;

    fn line(found: &Findings, mode: Mode, words: &[&str]) -> String {
        judge(found, "a.cz", mode, &args(words)).render("FTICKS", " - ", 0)
    }

    fn users(names: &[&str]) -> Findings {
        let newest = Newest {
            places: ("b.cz".to_owned(), "c.cz".to_owned()),
            time: 1_796_004_185,
            taken: 600.0,
            needed: 6748.0,
        };
        Findings {
            users: names.iter().map(|name| ((*name).to_owned(), 2)).collect(),
            events: 2 * names.len() as u64,
            newest: (!names.is_empty()).then_some(newest),
            ..Findings::default()
        }
    }

    #[test]
    fn one_compromised_user_is_critical_and_is_not_named() {
        assert_eq!(
            line(&users(&[]), Mode::Compromised, &[]),
            "FTICKS OK - no user of a.cz was seen at two places too far apart in the last 30 days | users=0;;0;0 events=0;;;0\n"
        );
        let one = line(&users(&["secret@a.cz"]), Mode::Compromised, &[]);
        let want = "FTICKS CRITICAL - 1 user of a.cz seen at two places too far apart in the last 30 days (2 times); \
                    newest 2026-11-30: 187 km from b.cz to c.cz in 10 minutes | ";
        assert!(one.starts_with(want), "{one}");
        assert!(!one.contains("secret"));
        assert!(
            line(&users(&["secret@a.cz"]), Mode::Compromised, &["--show-users"])
                .ends_with("\nsecret@a.cz 2 times\n")
        );
        assert!(
            line(&users(&["x", "y"]), Mode::Compromised, &["-w", "1", "-c", "5"])
                .contains("WARNING - 2 users")
        );
    }

    #[test]
    fn events_of_devices_have_two_levels() {
        let of = |count: u64| Findings {
            partners: BTreeMap::from([("b.cz".to_owned(), count)]),
            events: count,
            ..Findings::default()
        };
        for (count, state) in [(0, "OK"), (9, "OK"), (10, "WARNING"), (19, "WARNING"), (20, "CRITICAL")] {
            let text = line(&of(count), Mode::Concurrent, &[]);
            assert!(text.starts_with(&format!("FTICKS {state} - ")), "{text}");
        }
        assert!(
            line(&of(20), Mode::Concurrent, &[])
                .contains("in the last 30 days: 20 at b.cz | events=20;9;19;0")
        );
    }

    #[test]
    fn an_old_store_is_told() {
        assert_eq!(stale(90_000.0, &args(&[])), None);
        let old = stale(100_000.0, &args(&[])).unwrap();
        assert_eq!(old.state, State::Unknown);
        assert!(old.summary.contains("27.8 hours ago, more than 26.0 hours"), "{}", old.summary);
        assert_eq!(stale(100_000.0, &args(&["--stale-state", "warning"])).unwrap().state, State::Warning);
    }
}
