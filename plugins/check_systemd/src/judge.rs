//! The verdict of `check_systemd`, pure.

use check::{Perfdata, Report, State, Thresholds, Uom};

use crate::Args;
use crate::select::is_selected;

/// Most names on the first line; all of them are in the lines below.
const SHOWN: usize = 8;
/// Longest word shown of what the bus sent.
const MAX_WORD: usize = 80;

/// What was read from the bus.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    /// `SystemState`: running, degraded, starting …
    pub state: String,
    /// All units that systemd has loaded.
    pub units: Vec<Unit>,
    /// With -u: each name or pattern, and the units found for it. Nothing else is read then.
    pub named: Vec<(String, Vec<Unit>)>,
    /// With --dead-timers: the timers that are looked at.
    pub timers: Vec<Timer>,
    /// Seconds from power-on (or a container's start) until everything was started.
    pub startup_seconds: Option<f64>,
    /// Seconds since 1970.
    pub now: f64,
}

/// A unit's states.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Unit {
    pub name: String,
    /// loaded, not-found, bad-setting, error, masked …
    pub load: String,
    /// active, reloading, inactive, failed, activating, deactivating, maintenance.
    pub active: String,
    /// running, exited, dead … by type.
    pub sub: String,
}

/// A timer's times.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timer {
    pub name: String,
    pub active: bool,
    /// When it fired last, in seconds since 1970.
    pub last: Option<f64>,
    /// Is a next time set?
    pub will_fire: bool,
    /// Should it be firing? It is active, or enabled and not held back by a condition.
    pub awaited: bool,
}

pub(crate) fn judge(sample: &Sample, args: &Args) -> Report {
    if args.unit.is_empty() { judge_system(sample, args) } else { judge_named(sample, args) }
}

/// One sentence and its state.
type Finding = (State, String);

fn judge_named(sample: &Sample, args: &Args) -> Report {
    let mut findings: Vec<Finding> = Vec::new();
    for (asked, units) in &sample.named {
        if units.is_empty() {
            findings.push((State::Critical, format!("{}: no such unit", word(asked))));
        }
        findings.extend(units.iter().map(|unit| (state_of_named(unit, args), described(unit))));
    }
    report(findings)
}

fn state_of_named(unit: &Unit, args: &Args) -> State {
    let active = unit.active.as_str();
    if unit.load == "not-found" {
        return State::Critical;
    }
    if let Some(wanted) = &args.state {
        return if active == wanted { State::Ok } else { State::Critical };
    }
    match active {
        "active" | "reloading" => State::Ok,
        "failed" => State::Critical,
        _ if args.ignore_inactive_state => State::Ok,
        "activating" | "deactivating" => State::Warning,
        _ => State::Critical,
    }
}

/// A unit that could not be loaded says so first: `masked` explains why it is inactive.
fn described(unit: &Unit) -> String {
    let name = word(&unit.name);
    match unit.load.as_str() {
        "not-found" => format!("{name}: no such unit"),
        "loaded" => format!("{name}: {}", word(&unit.active)),
        load => format!("{name}: {} ({})", word(&unit.active), word(load)),
    }
}

fn judge_system(sample: &Sample, args: &Args) -> Report {
    let selected: Vec<&Unit> = sample.units.iter().filter(|unit| is_selected(&unit.name, args)).collect();
    let is_failed = |unit: &Unit| unit.active == "failed" || unit.load == "error";
    let failed: Vec<&str> =
        selected.iter().filter(|unit| is_failed(unit)).map(|unit| unit.name.as_str()).collect();
    let left_out: Vec<&str> = sample
        .units
        .iter()
        .filter(|unit| is_failed(unit) && !is_selected(&unit.name, args))
        .map(|unit| unit.name.as_str())
        .collect();

    let mut findings = vec![of_system(&sample.state, &failed, &left_out, selected.len(), args)];
    findings.extend(in_other_state(&selected, args));
    findings.extend(dead_timers(sample, args));
    findings.extend(slow_start(sample, args));

    let mut report = report(findings);
    for name in failed.iter().skip(SHOWN) {
        report = report.detail(0, format!("failed: {}", word(name)));
    }
    for name in &left_out {
        report = report.detail(1, format!("failed, but left out: {}", word(name)));
    }
    let count = |state: &str| selected.iter().filter(|unit| unit.active == state).count() as f64;
    let number = |label: &str, value: f64| Perfdata::new(label, value, Uom::None);
    report = report.perf(number("count_units", selected.len() as f64));
    if let Some(seconds) = sample.startup_seconds {
        let (warning, critical) =
            if args.no_startup_time { (None, None) } else { (Some(&args.warning), Some(&args.critical)) };
        report =
            report.perf(number("startup_time", seconds).decimals(3).thresholds(warning, critical).min(0.0));
    }
    for state in ["activating", "active", "failed", "inactive"] {
        report = report.perf(number(&format!("units_{state}"), count(state)));
    }
    report
}

/// What systemd says of itself, and the failed units, if any.
fn of_system(state: &str, failed: &[&str], left_out: &[&str], looked_at: usize, args: &Args) -> Finding {
    let own = match state {
        "running" | "degraded" => State::Ok,
        "initializing" | "starting" => args.starting,
        "stopping" => State::Warning,
        "maintenance" => State::Critical,
        _ => State::Unknown,
    };
    let shown = match own {
        State::Unknown => format!("systemd tells of a state `{}`", word(state)),
        _ => word(state),
    };
    if !failed.is_empty() {
        return (own.worst(args.degraded), format!("{shown}: {}", counted(failed, "failed unit")));
    }
    let selecting = !args.include.is_empty() || !args.include_type.is_empty();
    match (state, left_out) {
        // a unit failed between the two questions, or was reset between them
        ("degraded", []) => (args.degraded, "degraded, but no unit is in state failed now".to_owned()),
        ("degraded", _) => (own, format!("degraded only by {}", counted(left_out, "unit left out"))),
        _ if selecting => (own, format!("{shown}, {looked_at} units looked at")),
        _ => (own, format!("{shown}, {looked_at} units")),
    }
}

fn in_other_state(selected: &[&Unit], args: &Args) -> Option<Finding> {
    let wanted = args.state.as_ref()?;
    let others: Vec<&str> =
        selected.iter().filter(|unit| unit.active != *wanted).map(|unit| unit.name.as_str()).collect();
    match (selected, &*others) {
        ([], _) => Some((State::Critical, "no unit is selected".to_owned())),
        (_, []) => None,
        _ => Some((State::Critical, counted(&others, &format!("unit not {}", word(wanted))))),
    }
}

/// A timer that will not fire again is dead: at once if it never fired, otherwise once its last
/// time lies so far back that it is no accident (the peer's rule).
fn dead_timers(sample: &Sample, args: &Args) -> Vec<Finding> {
    sample
        .timers
        .iter()
        .filter(|timer| timer.awaited && !(timer.active && timer.will_fire))
        .filter_map(|timer| {
            let name = word(&timer.name);
            let why = if timer.active { "no next time is set" } else { "it is enabled but not active" };
            let Some(last) = timer.last else {
                return Some((State::Critical, format!("timer {name} never fired, {why}")));
            };
            let ago = (sample.now - last).max(0.0);
            let state = if ago >= args.dead_timers_critical {
                State::Critical
            } else if ago >= args.dead_timers_warning {
                State::Warning
            } else {
                return None;
            };
            Some((state, format!("timer {name} fired last {:.1} days ago, {why}", ago / 86_400.0)))
        })
        .collect()
}

fn slow_start(sample: &Sample, args: &Args) -> Option<Finding> {
    let seconds = sample.startup_seconds.filter(|_| !args.no_startup_time)?;
    let limits = Thresholds::new(Some(args.warning.clone()), Some(args.critical.clone()));
    let state = limits.state(seconds);
    (state != State::Ok).then(|| (state, format!("start took {seconds:.1} s")))
}

/// All findings on one line, problems first; long lists go on below.
fn report(mut findings: Vec<Finding>) -> Report {
    let state = findings.iter().fold(State::Ok, |worst, (state, _)| worst.worst(*state));
    findings.sort_by_key(|(state, _)| std::cmp::Reverse(state.severity()));
    let mut line: Vec<&str> = findings.iter().map(|(_, text)| text.as_str()).take(SHOWN).collect();
    let more = findings.len().saturating_sub(SHOWN);
    let rest = format!("and {more} more");
    if more > 0 {
        line.push(&rest);
    }
    let mut report = Report::new(state, line.join(", "));
    for (state, text) in findings.iter().skip(SHOWN) {
        report = report.detail(0, format!("{state}: {text}"));
    }
    report
}

/// `2 failed units: a.service, b.service`
fn counted(names: &[&str], what: &str) -> String {
    let (first, rest) = what.split_once("unit").unwrap_or((what, ""));
    let plural = if names.len() == 1 { "" } else { "s" };
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| word(name)).collect();
    let more = match names.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{} {first}unit{plural}{rest}: {}{more}", names.len(), shown.join(", "))
}

/// A word from the bus, cut.
pub(crate) fn word(text: &str) -> String {
    if text.chars().count() <= MAX_WORD {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(MAX_WORD).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, FromArgMatches as _};

    use super::*;

    fn args(words: &[&str]) -> Args {
        let command = Args::augment_args(clap::Command::new("x").no_binary_name(true));
        Args::from_arg_matches(&command.get_matches_from(words)).unwrap()
    }

    fn unit(name: &str, active: &str) -> Unit {
        Unit {
            name: name.to_owned(),
            load: "loaded".to_owned(),
            active: active.to_owned(),
            sub: String::new(),
        }
    }

    fn said(sample: &Sample, words: &[&str]) -> (State, String) {
        let report = judge(sample, &args(words));
        (report.state, report.summary)
    }

    #[test]
    fn degraded_counts_only_by_units_that_are_looked_at() {
        let failed = [unit("a.service", "failed"), unit("b.mount", "failed"), unit("c.service", "active")];
        let sample = Sample { state: "degraded".to_owned(), units: failed.to_vec(), ..Sample::default() };
        let cases: [(&[&str], State, &str); 5] = [
            (&[], State::Critical, "degraded: 2 failed units: a.service, b.mount"),
            (&["--ignore", "a*"], State::Critical, "degraded: 1 failed unit: b.mount"),
            (&["-e", "[ab]"], State::Ok, "degraded only by 2 units left out: a.service, b.mount"),
            (&["--include-type", "mount"], State::Critical, "degraded: 1 failed unit: b.mount"),
            (&["-I", "c"], State::Ok, "degraded only by 2 units left out: a.service, b.mount"),
        ];
        for (words, state, text) in cases {
            assert_eq!(said(&sample, words), (state, text.to_owned()), "{words:?}");
        }
        let raced = Sample { state: "degraded".to_owned(), ..Sample::default() };
        assert_eq!(said(&raced, &[]).0, State::Critical);
        // a unit can fail between the two questions
        let raced = Sample { state: "running".to_owned(), units: failed.to_vec(), ..Sample::default() };
        assert_eq!(said(&raced, &[]).0, State::Critical);
    }

    #[test]
    fn many_names_go_on_below_the_first_line() {
        let units: Vec<Unit> = (10..40).map(|i| unit(&format!("u{i}.service"), "failed")).collect();
        let sample = Sample { state: "degraded".to_owned(), units, ..Sample::default() };
        let text = judge(&sample, &args(&[])).render("SYSTEMD", " - ", 0);
        let mut lines = text.lines();
        assert!(lines.next().unwrap().contains("30 failed units: u10.service, u11.service"));
        assert!(text.lines().next().unwrap().contains("u17.service and 22 more"));
        assert_eq!(lines.count(), 22);
    }

    #[test]
    fn dead_timers_by_age_and_at_once_if_they_never_fired() {
        let day = 86_400.0;
        let timer = |last: Option<f64>, will_fire, active, awaited| Sample {
            state: "running".to_owned(),
            timers: vec![Timer { name: "t.timer".to_owned(), active, last, will_fire, awaited }],
            now: 100.0 * day,
            ..Sample::default()
        };
        let cases = [
            (timer(None, true, true, true), State::Ok),
            (timer(None, false, true, true), State::Critical),
            (timer(None, false, false, true), State::Critical),
            (timer(None, false, false, false), State::Ok),
            (timer(Some(99.0 * day), false, true, true), State::Ok),
            (timer(Some(94.0 * day), false, true, true), State::Warning),
            (timer(Some(93.0 * day), false, true, true), State::Critical),
            (timer(Some(93.0 * day), true, true, true), State::Ok),
            // a clock that was set back
            (timer(Some(101.0 * day), false, true, true), State::Ok),
        ];
        for (i, (sample, state)) in cases.into_iter().enumerate() {
            assert_eq!(said(&sample, &[]).0, state, "case {i}");
        }
        let old = timer(Some(93.0 * day), false, true, true);
        assert_eq!(said(&old, &["-W", "8d", "-C", "9d"]).0, State::Ok);
    }

    #[test]
    fn named_units_by_state() {
        let sample =
            |unit: Unit| Sample { named: vec![(unit.name.clone(), vec![unit])], ..Sample::default() };
        for (active, state) in [
            ("active", State::Ok),
            ("reloading", State::Ok),
            ("activating", State::Warning),
            ("inactive", State::Critical),
            ("failed", State::Critical),
            ("nonsense", State::Critical),
        ] {
            assert_eq!(said(&sample(unit("a.service", active)), &["-u", "a"]).0, state, "{active}");
        }
        let missing = Unit { load: "not-found".to_owned(), ..unit("a.service", "inactive") };
        let words = ["-u", "a", "--ignore-inactive-state"];
        assert_eq!(said(&sample(missing), &words), (State::Critical, "a.service: no such unit".to_owned()));
    }
}
