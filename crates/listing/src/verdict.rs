//! The verdict on what was found: enough of each pattern, large enough, young enough.

use check::size::shown;
use check::{Perfdata, Range, Report, State, Uom, span};

/// Problems told on the first line.
const TOLD: usize = 3;

/// Something that a pattern asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Path below the start; a directory's ends in a slash.
    pub path: String,
    /// Seconds since 1970, if the listing tells.
    pub modified: Option<i64>,
    /// Bytes, if the listing tells.
    pub size: Option<u64>,
}

/// What is expected of every pattern.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// So many must be there.
    pub count: u32,
    /// Smaller files, in bytes, do not count.
    pub min_size: Option<u64>,
    /// WARNING if the newest is older, in seconds.
    pub warning: Option<f64>,
    /// CRITICAL if the newest is older, in seconds.
    pub critical: Option<f64>,
}

/// What is to be told, pattern by pattern.
#[derive(Debug, Default)]
pub struct Verdict {
    problems: Vec<(State, String)>,
    fine: Vec<String>,
    metrics: Vec<Perfdata>,
    details: Vec<String>,
}

impl Verdict {
    /// Judges what was found of the pattern that is called `name`; `now` is Unix time.
    pub fn look(&mut self, name: &str, found: &[Found], limits: &Limits, now: i64) {
        self.details.extend(found.iter().map(|found| described(found, now)));
        let counted: Vec<&Found> = found.iter().filter(|found| limits.is_large_enough(found)).collect();
        let newest =
            counted.iter().filter(|found| found.modified.is_some()).max_by_key(|found| found.modified);
        let at_least = Range::at_least(f64::from(limits.count));
        self.metrics.push(
            Perfdata::new(name, counted.len() as f64, Uom::None).thresholds(None, Some(&at_least)).min(0.0),
        );
        if (counted.len() as u64) < u64::from(limits.count) {
            return self.problem(State::Critical, missing(name, found, counted.len(), limits));
        }
        let mut words = format!("{} {name}", counted.len());
        if let Some((age, path)) =
            newest.and_then(|newest| Some((now.saturating_sub(newest.modified?), &newest.path)))
        {
            self.metrics.push(limits.age_metric(name, age));
            let state = limits.age_state(age);
            if state != State::Ok {
                return self.problem(state, format!("newest {name} is {} old ({path})", span(age as f64)));
            }
            words = format!("{words} (newest {} old)", span(age as f64));
        } else if limits.warning.or(limits.critical).is_some() && !counted.is_empty() {
            return self.problem(State::Critical, format!("the listing tells no dates of {name}"));
        }
        self.fine(words);
    }

    /// Something else that is wrong.
    pub fn problem(&mut self, state: State, text: impl Into<String>) {
        self.problems.push((state, text.into()));
    }

    /// Something else that is as it should be.
    pub fn fine(&mut self, text: impl Into<String>) {
        self.fine.push(text.into());
    }

    /// One line of all, about a listing at `place` that took `seconds`; what was found is told with `-vv`.
    pub fn report(mut self, place: &str, seconds: f64) -> Report {
        let state = self.problems.iter().fold(State::Ok, |worst, (state, _)| worst.worst(*state));
        // the worst first: only the first few are on the first line
        self.problems.sort_by_key(|(problem, _)| *problem != state);
        let mut told: Vec<&str> = self.problems.iter().map(|(_, text)| text.as_str()).take(TOLD).collect();
        let more = format!("{} more problems", self.problems.len().saturating_sub(TOLD));
        if self.problems.len() > TOLD {
            told.push(&more);
        }
        let what = if told.is_empty() { self.fine.join(", ") } else { told.join(", ") };
        let time = Perfdata::seconds("time", seconds);
        let report = Report::new(state, format!("{what} at {place}")).perf(time);
        let report = self.metrics.into_iter().fold(report, Report::perf);
        let untold = self.problems.into_iter().skip(TOLD);
        let report = untold.fold(report, |report, (_, text)| report.detail(0, text));
        self.details.into_iter().fold(report, |report, line| report.detail(2, line))
    }
}

impl Limits {
    /// A file whose size the listing does not tell is not known to be large enough.
    fn is_large_enough(&self, found: &Found) -> bool {
        match self.min_size {
            Some(least) => found.path.ends_with('/') || found.size.is_some_and(|size| size >= least),
            None => true,
        }
    }

    fn age_state(&self, age: i64) -> State {
        let older = |limit: Option<f64>| limit.is_some_and(|limit| age as f64 > limit);
        if older(self.critical) {
            State::Critical
        } else if older(self.warning) {
            State::Warning
        } else {
            State::Ok
        }
    }

    fn age_metric(&self, name: &str, age: i64) -> Perfdata {
        let limit = |limit: Option<f64>| limit.map(Range::up_to);
        Perfdata::new(format!("{name} age"), age as f64, Uom::Seconds)
            .thresholds(limit(self.warning).as_ref(), limit(self.critical).as_ref())
    }
}

fn missing(name: &str, found: &[Found], counted: usize, limits: &Limits) -> String {
    let least = limits.min_size.map(shown).unwrap_or_default();
    if found.is_empty() {
        format!("no {name}")
    } else if counted == found.len() {
        format!("{counted} {name}, expected {}", limits.count)
    } else if found.iter().all(|found| found.size.is_none()) {
        format!("the listing tells no sizes of {name}, expected {least}")
    } else {
        let smaller = found.len() - counted;
        format!("{counted} {name}, expected {} ({smaller} smaller than {least})", limits.count)
    }
}

fn described(found: &Found, now: i64) -> String {
    let size = found.size.map(|size| format!(", {}", shown(size))).unwrap_or_default();
    let age =
        found.modified.map(|at| format!(", {} old", span(now.saturating_sub(at) as f64))).unwrap_or_default();
    format!("{}{size}{age}", found.path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_000_000;
    const LIMITS: Limits = Limits { count: 1, min_size: None, warning: None, critical: None };

    fn judged(name: &str, found: &[Found], limits: Limits) -> Report {
        let mut verdict = Verdict::default();
        verdict.look(name, found, &limits, NOW);
        verdict.report("a", 0.5)
    }

    fn file(path: &str, age: i64, size: u64) -> Found {
        Found { path: path.to_owned(), modified: Some(NOW - age), size: Some(size) }
    }

    #[test]
    fn one_line_says_what_is_there_or_missing() {
        let found = [file("a.iso", 60, 1), file("b.iso", 9000, 1)];
        let fine = judged("*.iso", &found, Limits { warning: Some(3600.0), ..LIMITS });
        assert_eq!(
            fine.render("LISTING", " - ", 0),
            "LISTING OK - 2 *.iso (newest 60 seconds old) at a \
             | time=0.500000s;;;0.000000 *.iso=2;;1:;0 '*.iso age'=60s;3600\n"
        );
        let mut both = Verdict::default();
        both.look("stable/*.iso", &[file("stable/a.iso", 1, 1)], &LIMITS, NOW);
        both.look("devel/*.iso", &[], &LIMITS, NOW);
        let both = both.report("a", 0.5);
        assert_eq!((both.state, both.summary.as_str()), (State::Critical, "no devel/*.iso at a"));
    }

    #[test]
    fn age_size_and_number_have_limits() {
        let aged =
            |warning, critical| judged("*", &[file("a", 7300, 1)], Limits { warning, critical, ..LIMITS });
        let old = aged(Some(3600.0), Some(10_800.0));
        let want = (State::Warning, "newest * is 2.0 hours old (a) at a");
        assert_eq!((old.state, old.summary.as_str()), want);
        assert_eq!(aged(None, Some(7200.0)).state, State::Critical);
        let few = judged("*", &[file("a", 1, 1)], Limits { count: 2, ..LIMITS });
        assert_eq!((few.state, few.summary.as_str()), (State::Critical, "1 *, expected 2 at a"));
        let small = judged("*", &[file("a", 1, 1023)], Limits { min_size: Some(1024), ..LIMITS });
        assert_eq!(small.summary, "0 *, expected 1 (1 smaller than 1 KiB) at a");
        let bare = [Found { path: "a".to_owned(), modified: None, size: None }];
        let said = |limits| judged("*", &bare, limits).summary;
        assert!(said(Limits { min_size: Some(1), ..LIMITS }).contains("tells no sizes"));
        assert!(said(Limits { warning: Some(3600.0), ..LIMITS }).contains("tells no dates"));
        assert_eq!(judged("*", &bare, LIMITS).state, State::Ok);
        assert_eq!(judged("*", &[], Limits { count: 0, warning: Some(1.0), ..LIMITS }).state, State::Ok);
    }

    #[test]
    fn the_worst_comes_first_and_the_rest_is_not_forgotten() {
        let mut verdict = Verdict::default();
        for i in 0..3 {
            verdict.problem(State::Warning, format!("w{i}"));
        }
        verdict.problem(State::Critical, "c");
        let text = verdict.report("a", 0.5).render("X", " - ", 0);
        assert!(text.starts_with("X CRITICAL - c, w0, w1, 1 more problems at a |"), "{text}");
        assert!(text.ends_with("\nw2\n"), "{text}");
    }
}
