//! The verdict of `check_http_listing`, pure.

use check::{Perfdata, Range, Report, State, Uom};
use fetch::shown;

use crate::Args;
use crate::measure::{Found, Sample};
use crate::pattern::Pattern;

/// Problems told on the first line.
const TOLD: usize = 3;

pub(crate) fn judge(sample: &Sample, args: &Args) -> Report {
    let mut problems = Vec::new();
    let mut fine = Vec::new();
    let mut metrics = Vec::new();
    for (pattern, found) in args.require.iter().zip(&sample.found) {
        let counted: Vec<&Found> = found.iter().filter(|found| is_large_enough(found, args)).collect();
        let newest =
            counted.iter().filter(|found| found.modified.is_some()).max_by_key(|found| found.modified);
        let at_least = Range::at_least(f64::from(args.count));
        metrics.push(
            Perfdata::new(pattern.to_string(), counted.len() as f64, Uom::None)
                .thresholds(None, Some(&at_least))
                .min(0.0),
        );
        if (counted.len() as u64) < u64::from(args.count) {
            problems.push((State::Critical, missing(pattern, found, counted.len(), args)));
            continue;
        }
        let mut words = format!("{} {pattern}", counted.len());
        if let Some((age, path)) =
            newest.and_then(|newest| Some((sample.now - newest.modified?, &newest.path)))
        {
            metrics.push(age_metric(pattern, age, args));
            let state = age_state(age, args);
            if state != State::Ok {
                problems.push((state, format!("newest {pattern} is {} old ({path})", span(age))));
                continue;
            }
            words = format!("{words} (newest {} old)", span(age));
        } else if args.warning.or(args.critical).is_some() {
            problems.push((State::Critical, format!("the listing tells no dates of {pattern}")));
            continue;
        }
        fine.push(words);
    }
    let unreadable = sample.unreadable.iter().map(|why| (State::Warning, format!("cannot read {why}")));
    problems.extend(unreadable);

    let state = problems.iter().fold(State::Ok, |worst, (state, _)| worst.worst(*state));
    // the worst first: only the first few are on the first line
    problems.sort_by_key(|(problem, _)| *problem != state);
    let mut told: Vec<&str> = problems.iter().map(|(_, text)| text.as_str()).take(TOLD).collect();
    let more = format!("{} more problems", problems.len().saturating_sub(TOLD));
    if problems.len() > TOLD {
        told.push(&more);
    }
    let what = if told.is_empty() { fine.join(", ") } else { told.join(", ") };
    let time = Perfdata::new("time", sample.seconds, Uom::Seconds).decimals(6).min(0.0);
    let mut report = Report::new(state, format!("{what} at {}", sample.url)).perf(time);
    for metric in metrics {
        report = report.perf(metric);
    }
    for (_, text) in problems.iter().skip(TOLD) {
        report = report.detail(0, text.clone());
    }
    report = report.detail(1, format!("{} listings read", sample.listings));
    for found in sample.found.iter().flatten() {
        let size = found.size.map(|size| format!(", {}", shown(size))).unwrap_or_default();
        let age = found.modified.map(|at| format!(", {} old", span(sample.now - at))).unwrap_or_default();
        report = report.detail(2, format!("{}{size}{age}", found.path));
    }
    report
}

/// A file whose size the listing does not tell is not known to be large enough.
fn is_large_enough(found: &Found, args: &Args) -> bool {
    match args.min_size {
        Some(least) => found.path.ends_with('/') || found.size.is_some_and(|size| size >= least),
        None => true,
    }
}

fn missing(pattern: &Pattern, found: &[Found], counted: usize, args: &Args) -> String {
    let least = args.min_size.map(shown).unwrap_or_default();
    if found.is_empty() {
        format!("no {pattern}")
    } else if counted == found.len() {
        format!("{counted} {pattern}, expected {}", args.count)
    } else if found.iter().all(|found| found.size.is_none()) {
        format!("the listing tells no sizes of {pattern}, expected {least}")
    } else {
        let smaller = found.len() - counted;
        format!("{counted} {pattern}, expected {} ({smaller} smaller than {least})", args.count)
    }
}

fn age_state(age: i64, args: &Args) -> State {
    let older = |limit: Option<f64>| limit.is_some_and(|limit| age as f64 > limit);
    if older(args.critical) {
        State::Critical
    } else if older(args.warning) {
        State::Warning
    } else {
        State::Ok
    }
}

fn age_metric(pattern: &Pattern, age: i64, args: &Args) -> Perfdata {
    let limit = |limit: Option<f64>| limit.map(Range::up_to);
    Perfdata::new(format!("{pattern} age"), age as f64, Uom::Seconds)
        .thresholds(limit(args.warning).as_ref(), limit(args.critical).as_ref())
}

fn span(seconds: i64) -> String {
    match seconds as f64 {
        s if s >= 172_800.0 => format!("{:.1} days", s / 86_400.0),
        s if s >= 7200.0 => format!("{:.1} hours", s / 3600.0),
        s if s >= 120.0 => format!("{:.0} minutes", s / 60.0),
        s => format!("{s:.0} seconds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, FromArgMatches};

    const NOW: i64 = 1_000_000;

    fn judged(line: &[&str], found: Vec<Vec<Found>>) -> Report {
        let command = Args::augment_args(clap::Command::new("x").no_binary_name(true));
        let args = Args::from_arg_matches(&command.try_get_matches_from(line).unwrap()).unwrap();
        assert_eq!(args.require.len(), found.len());
        let sample = Sample {
            now: NOW,
            seconds: 0.5,
            url: "http://a/".to_owned(),
            found,
            unreadable: Vec::new(),
            listings: 1,
        };
        judge(&sample, &args)
    }

    fn file(path: &str, age: i64, size: u64) -> Found {
        Found { path: path.to_owned(), modified: Some(NOW - age), size: Some(size) }
    }

    #[test]
    fn one_line_says_what_is_there_or_missing() {
        let fine =
            judged(&["-r", "*.iso", "-w", "1h"], vec![vec![file("a.iso", 60, 1), file("b.iso", 9000, 1)]]);
        assert_eq!(
            fine.render("LISTING", " - ", 0),
            "LISTING OK - 2 *.iso (newest 60 seconds old) at http://a/ \
             | time=0.500000s;;;0.000000 *.iso=2;;1:;0 '*.iso age'=60s;3600\n"
        );
        let both = judged(
            &["-r", "stable/*.iso", "-r", "devel/*.iso"],
            vec![vec![file("stable/a.iso", 1, 1)], vec![]],
        );
        assert_eq!((both.state, both.summary.as_str()), (State::Critical, "no devel/*.iso at http://a/"));
    }

    #[test]
    fn age_size_and_number_have_limits() {
        let old = judged(&["-w", "1h", "-c", "3h"], vec![vec![file("a", 7300, 1)]]);
        assert_eq!(
            (old.state, old.summary.as_str()),
            (State::Warning, "newest * is 2.0 hours old (a) at http://a/")
        );
        assert_eq!(judged(&["-c", "2h"], vec![vec![file("a", 7300, 1)]]).state, State::Critical);
        let few = judged(&["-n", "2"], vec![vec![file("a", 1, 1)]]);
        assert_eq!((few.state, few.summary.as_str()), (State::Critical, "1 *, expected 2 at http://a/"));
        let small = judged(&["-m", "1k"], vec![vec![file("a", 1, 1023)]]);
        assert_eq!(small.summary, "0 *, expected 1 (1 smaller than 1 KiB) at http://a/");
        let bare = || vec![vec![Found { path: "a".to_owned(), modified: None, size: None }]];
        assert!(judged(&["-m", "1"], bare()).summary.contains("tells no sizes"));
        assert!(judged(&["-w", "1h"], bare()).summary.contains("tells no dates"));
        assert_eq!(judged(&[], bare()).state, State::Ok);
    }
}
