//! The verdict of `check_apt_repo`, pure.

use std::collections::BTreeSet;

use check::{Perfdata, Range, Report, State, Thresholds, Uom, span};
use fetch::shown;
use jiff::Timestamp;

use crate::Args;
use crate::inspect::{Finding, Form};
use crate::limits::Spans;
use crate::measure::{Sample, Suite};
use crate::release::Release;
use crate::signature::Verdict;

/// Problems told on the first line.
const TOLD: usize = 3;

/// A Date may lie so many seconds in the future: what apt's Acquire::Max-FutureTime is by default.
const MAX_FUTURE: i64 = 10;

pub(crate) fn judge(sample: &Sample, args: &Args) -> Report {
    let mut verdict = Verdicts::default();
    verdict.snapshot(sample, args);
    for suite in &sample.suites {
        verdict.suite(suite, sample.now, args);
    }
    verdict.pool(sample);

    let Verdicts { mut problems, fine, metrics } = verdict;
    let state = problems.iter().fold(State::Ok, |worst, (state, _)| worst.worst(*state));
    // the worst first: only the first few are on the first line
    problems.sort_by_key(|(problem, _)| *problem != state);
    let mut told: Vec<&str> = problems.iter().map(|(_, text)| text.as_str()).take(TOLD).collect();
    let more = format!("{} more problems", problems.len().saturating_sub(TOLD));
    if problems.len() > TOLD {
        told.push(&more);
    }
    let what = if told.is_empty() { fine.join(", ") } else { told.join("; ") };
    let time = Perfdata::seconds("time", sample.seconds);
    let size = Perfdata::new("size", sample.bytes as f64, Uom::Bytes).min(0.0);
    let mut report = Report::new(state, format!("{what} at {}", sample.url)).perf(time).perf(size);
    for metric in metrics {
        report = report.perf(metric);
    }
    for (_, text) in problems.iter().skip(TOLD) {
        report = report.detail(0, text.clone());
    }
    for suite in &sample.suites {
        for signature in &suite.signatures {
            report = report.detail(1, format!("{}: {} ({})", suite.name, signature.words(), signature.key));
        }
        for index in &suite.indices {
            report = report.detail(1, format!("{}: {} {}", suite.name, index.path, words(&index.finding)));
        }
    }
    for (file, finding) in &sample.pool {
        report = report.detail(1, format!("{} {}", file.path, words(finding)));
    }
    report
}

fn words(finding: &Finding) -> String {
    match finding {
        Finding::Fine { packages: Some(count) } => format!("is fine, {count} packages"),
        Finding::Fine { packages: None } => "is fine".to_owned(),
        Finding::Differs(why) | Finding::Unusable(why) => why.clone(),
    }
}

#[derive(Default)]
struct Verdicts {
    problems: Vec<(State, String)>,
    fine: Vec<String>,
    metrics: Vec<Perfdata>,
}

impl Verdicts {
    fn bad(&mut self, state: State, what: String) {
        if state != State::Ok {
            self.problems.push((state, what));
        }
    }

    fn snapshot(&mut self, sample: &Sample, args: &Args) {
        let Some((serial, made)) = &sample.snapshot else { return };
        self.fine.push(format!("snapshot {serial}"));
        let Some(made) = made else { return };
        let age = sample.now.saturating_sub(*made);
        let limit = args.snapshot_age.map(Range::up_to);
        self.metrics
            .push(Perfdata::new("snapshot age", age as f64, Uom::Seconds).thresholds(None, limit.as_ref()));
        if limit.is_some_and(|limit| limit.alerts(age as f64)) {
            self.bad(State::Critical, format!("the newest snapshot {serial} is {} old", span(age as f64)));
        }
    }

    fn suite(&mut self, suite: &Suite, now: i64, args: &Args) {
        let name = &suite.name;
        let release = match &suite.release {
            Ok(release) => release,
            Err(why) => {
                self.bad(State::Critical, format!("{name}: {why}"));
                return;
            }
        };
        self.names(name, release, args);
        let date = self.date(name, release, now, args);
        let ends = self.valid_until(name, release, now, args);
        self.key(suite, now, args);
        for gap in &suite.gaps {
            self.bad(State::Critical, format!("{name}: {gap}"));
        }
        let packages = self.indices(suite, args);
        let mut words = name.clone();
        let other = if release.suite == *name { &release.codename } else { &release.suite };
        if !other.is_empty() && other != name {
            words = format!("{words} ({other})");
        }
        let indices = suite.indices.len();
        let plural = if indices == 1 { "index" } else { "indices" };
        words = format!("{words} signed, {indices} {plural} with {packages} packages, {date} old");
        if let Some(ends) = ends {
            words = format!("{words}, valid for {ends}");
        }
        if suite.detached {
            words.push_str(", without InRelease");
        }
        self.fine.push(words);
    }

    /// Is it the suite that was asked for? As apt compares: `bookworm/updates` is of `bookworm`.
    fn names(&mut self, name: &str, release: &Release, args: &Args) {
        let expected = name.rsplit_once('/').map_or(name, |(before, _)| before);
        let called = [&release.suite, &release.codename];
        let is_called = |name: &str| called.iter().any(|is| *is == name);
        let nothing = |text: &str| if text.is_empty() { "none".to_owned() } else { fetch::clipped(text) };
        if !Args::is_flat(name) && !is_called(expected) && !is_called(name) {
            self.bad(
                State::Critical,
                format!(
                    "{name}: this is another suite (Suite {}, Codename {})",
                    nothing(&release.suite),
                    nothing(&release.codename)
                ),
            );
        }
        if let Some(codename) = args.codename.as_ref().filter(|codename| **codename != release.codename) {
            let is = nothing(&release.codename);
            self.bad(State::Critical, format!("{name}: the codename is {is}, expected {codename}"));
        }
    }

    fn date(&mut self, name: &str, release: &Release, now: i64, args: &Args) -> String {
        let Some(date) = release.date.map(Timestamp::as_second) else {
            self.bad(State::Critical, format!("{name}: the Release has no Date"));
            return "of unknown age".to_owned();
        };
        let age = now.saturating_sub(date);
        let limits = args.max_age.as_ref();
        self.metrics.push(metric(format!("{name} age"), age, limits));
        if age < -MAX_FUTURE {
            let ahead = span(age.saturating_neg() as f64);
            self.bad(State::Critical, format!("{name}: not valid yet, its Date is {ahead} in the future"));
        }
        let state = limits.map_or(State::Ok, |limits| limits.state(age));
        self.bad(state, format!("{name}: {} old, made on {}", span(age as f64), day(date)));
        span(age as f64)
    }

    fn valid_until(&mut self, name: &str, release: &Release, now: i64, args: &Args) -> Option<String> {
        let limits = Spans::at_least(args.warning, args.critical);
        let Some(until) = release.valid_until.map(Timestamp::as_second) else {
            if !limits.thresholds().is_empty() {
                self.bad(State::Critical, format!("{name}: the Release has no Valid-Until"));
            }
            return None;
        };
        if args.ignore_valid_until {
            return None;
        }
        let left = until.saturating_sub(now);
        self.metrics.push(metric(format!("{name} valid"), left, Some(&limits)));
        if left <= 0 {
            let since = span(left.saturating_neg() as f64);
            self.bad(State::Critical, format!("{name}: expired {since} ago, on {}", day(until)));
        } else {
            self.bad(
                limits.state(left),
                format!("{name}: expires in {}, on {}", span(left as f64), day(until)),
            );
        }
        Some(span(left as f64))
    }

    /// The key that is good for longest is the one that counts.
    fn key(&mut self, suite: &Suite, now: i64, args: &Args) {
        let good = suite.signatures.iter().filter_map(|it| match it.verdict {
            Verdict::Good { until } => Some((until.unwrap_or(i64::MAX), it)),
            _ => None,
        });
        let Some((until, signature)) = good.max_by_key(|(until, _)| *until) else { return };
        if until == i64::MAX {
            return;
        }
        let left = until.saturating_sub(now);
        self.metrics.push(metric(format!("{} key", suite.name), left, args.key_left.as_ref()));
        let state = args.key_left.as_ref().map_or(State::Ok, |limits| limits.state(left));
        let id = crate::keyring::short(&signature.key);
        let name = &suite.name;
        self.bad(state, format!("{name}: the key {id} expires in {}, on {}", span(left as f64), day(until)));
    }

    fn indices(&mut self, suite: &Suite, args: &Args) -> u64 {
        let name = &suite.name;
        let (mut packages, mut counted) = (0_u64, BTreeSet::new());
        for index in &suite.indices {
            let path = &index.path;
            // every form of an index holds the same
            if let Finding::Fine { packages: Some(count) } = index.finding
                && counted.insert(Form::of(path).0)
            {
                packages = packages.saturating_add(count);
            }
            if let Finding::Differs(why) | Finding::Unusable(why) = &index.finding {
                self.bad(State::Critical, format!("{name}: {path} {why}"));
            } else if let Some(status) = &index.no_by_hash {
                self.bad(State::Warning, format!("{name}: {path} is not there by its hash: {status}"));
            }
        }
        let least = args.min_packages.map(|least| Range::at_least(least as f64));
        self.metrics.push(
            Perfdata::new(format!("{name} packages"), packages as f64, Uom::None)
                .thresholds(None, least.as_ref())
                .min(0.0),
        );
        if let Some(least) = args.min_packages.filter(|least| packages < *least) {
            self.bad(State::Critical, format!("{name}: {packages} packages, expected {least}"));
        }
        packages
    }

    fn pool(&mut self, sample: &Sample) {
        if sample.pool.is_empty() {
            return;
        }
        let mut there = 0;
        let mut bytes = 0_u64;
        for (file, finding) in &sample.pool {
            match finding {
                Finding::Fine { .. } => there += 1,
                Finding::Differs(why) | Finding::Unusable(why) => {
                    self.bad(State::Critical, format!("{} {why}", fetch::clipped(&file.path)));
                }
            }
            bytes = bytes.saturating_add(file.size);
        }
        let count = sample.pool.len();
        let all = Range::at_least(count as f64);
        self.metrics.push(
            Perfdata::new("pool", f64::from(there), Uom::None)
                .thresholds(None, Some(&all))
                .min(0.0)
                .max(count as f64),
        );
        self.fine.push(format!("{there} of {count} pool files ({})", shown(bytes)));
    }
}

fn metric(label: String, seconds: i64, limits: Option<&Spans>) -> Perfdata {
    let none = Thresholds::default();
    let limits = limits.map_or(&none, Spans::thresholds);
    Perfdata::new(label, seconds as f64, Uom::Seconds).limits(limits)
}

fn day(at: i64) -> String {
    Timestamp::from_second(at).map_or_else(|_| at.to_string(), |at| at.strftime("%F %R UTC").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Index;
    use crate::signature::Checked;
    use clap::{Args as _, FromArgMatches};

    const NOW: i64 = 1_800_000_000;
    const HOUR: i64 = 3600;

    fn suite() -> Suite {
        let at = |second: i64| Some(Timestamp::from_second(second).unwrap());
        let index = |path: &str, count: u64| Index {
            path: path.to_owned(),
            finding: Finding::Fine { packages: Some(count) },
            no_by_hash: None,
        };
        Suite {
            name: "stable".to_owned(),
            detached: false,
            signatures: vec![Checked { key: "AB".repeat(20), verdict: Verdict::Good { until: None } }],
            release: Ok(Release {
                suite: "stable".to_owned(),
                codename: "trixie".to_owned(),
                date: at(NOW - 24 * HOUR),
                valid_until: at(NOW + 48 * HOUR),
                ..Release::default()
            }),
            gaps: Vec::new(),
            indices: vec![index("main/binary-amd64/Packages.xz", 7), index("main/source/Sources.xz", 2)],
        }
    }

    fn judged(line: &[&str], suite: Suite) -> Report {
        let command = Args::augment_args(clap::Command::new("x").no_binary_name(true));
        let line = [&["-u", "http://a/", "-s", "stable", "--keyring", "x"], line].concat();
        let args = Args::from_arg_matches(&command.try_get_matches_from(line).unwrap()).unwrap();
        let url = "http://a/".to_owned();
        judge(
            &Sample { now: NOW, seconds: 0.5, bytes: 9, url, suites: vec![suite], ..Sample::default() },
            &args,
        )
    }

    #[test]
    fn one_line_says_what_is_there() {
        assert_eq!(
            judged(&["-w", "1", "-c", "12h"], suite()).render("APT REPO", " - ", 0),
            "APT REPO OK - stable (trixie) signed, 2 indices with 9 packages, 24.0 hours old, valid for 2.0 days at \
            http://a/ | time=0.500000s;;;0.000000 size=9B;;;0 'stable age'=86400s 'stable valid'=172800s;86400:;43200: \
            'stable packages'=9;;;0\n"
        );
    }

    #[test]
    fn every_limit_has_its_state() {
        let says = |line: &[&str], change: &dyn Fn(&mut Suite, &mut Release), want: (State, &str)| {
            let mut suite = suite();
            let mut release = suite.release.clone().unwrap();
            change(&mut suite, &mut release);
            suite.release = Ok(release);
            let report = judged(line, suite);
            assert_eq!(report.state, want.0, "{}", report.summary);
            assert!(report.summary.contains(want.1), "{}", report.summary);
        };
        let (ok, warning, critical) = (State::Ok, State::Warning, State::Critical);
        let at = |second: i64| Some(Timestamp::from_second(second).unwrap());
        let nothing = |_: &mut Suite, _: &mut Release| {};
        says(&["-w", "3", "-c", "1"], &nothing, (warning, "expires in 2.0 days, on 2027-01-17"));
        says(&["-c", "3"], &nothing, (critical, "expires in"));
        says(&[], &|_, release| release.valid_until = at(NOW), (critical, "expired 0 seconds ago"));
        says(&["--ignore-valid-until"], &|_, release| release.valid_until = at(1), (ok, "signed"));
        says(&["-c", "1"], &|_, release| release.valid_until = None, (critical, "no Valid-Until"));
        says(&["--max-age", "23h"], &nothing, (critical, "24.0 hours old"));
        says(&["--max-age", "23h,25h"], &nothing, (warning, "24.0 hours old"));
        says(&[], &|_, release| release.date = None, (critical, "has no Date"));
        says(&[], &|_, release| release.date = at(NOW + 10), (ok, "signed"));
        says(&[], &|_, release| release.date = at(NOW + 11), (critical, "11 seconds in the future"));
        says(
            &[],
            &|_, release| "old".clone_into(&mut release.suite),
            (critical, "Suite old, Codename trixie"),
        );
        says(&["--codename", "sid"], &nothing, (critical, "the codename is trixie, expected sid"));
        says(&["--min-packages", "10"], &nothing, (critical, "9 packages, expected 10"));
        says(&[], &|suite, _| suite.detached = true, (ok, "without InRelease"));
        let ends = |suite: &mut Suite, _: &mut Release| {
            suite.signatures[0].verdict = Verdict::Good { until: Some(NOW + 24 * HOUR) };
        };
        says(&["--key-left", "2"], &ends, (warning, "the key ABABABABABABABAB expires in 24.0 hours"));
        says(&["--key-left", "2,36h"], &ends, (critical, "expires in"));
        says(&[], &ends, (ok, "signed"));
        says(
            &[],
            &|suite, _| suite.indices[0].no_by_hash = Some("404".to_owned()),
            (warning, "by its hash: 404"),
        );
    }

    #[test]
    fn the_first_line_tells_the_worst_and_counts_the_rest() {
        let mut suite = suite();
        suite.indices[0].no_by_hash = Some("404".to_owned());
        suite.gaps = (0..4).map(|i| format!("gap {i}")).collect();
        let text = judged(&[], suite).render("X", " - ", 0);
        assert!(
            text.starts_with("X CRITICAL - stable: gap 0; stable: gap 1; stable: gap 2; 2 more problems at"),
            "{text}"
        );
        assert!(
            text.contains(
                "\nstable: gap 3\nstable: main/binary-amd64/Packages.xz is not there by its hash: 404\n"
            ),
            "{text}"
        );
    }
}
