//! What can be wrong with the last run, and how bad that is; pure.

use std::fmt::Write as _;

use check::{Perfdata, Range, Report, State, Uom};

use crate::locks::Running;
use crate::report::RunReport;
use crate::summary::Summary;
use crate::text::{counted, span};

/// Most failed resources on the first line.
const NAMED: usize = 3;

/// Most characters of an error on the first line.
const ERROR: usize = 160;

/// How far ahead the agent's clock may be: it is the same one, but for a step of NTP.
const AHEAD: i64 = 60;

/// All that was seen.
#[derive(Debug)]
pub(crate) struct Sample {
    pub summary: Summary,
    pub report: Option<RunReport>,
    /// The reason, if the agent is disabled.
    pub disabled: Option<String>,
    pub running: Option<Running>,
    /// Seconds since 1970.
    pub now: i64,
}

/// What the options say.
pub(crate) struct Limits {
    /// Seconds.
    pub warning: f64,
    pub critical: f64,
    pub disabled: State,
    pub noop: State,
    pub corrective: State,
}

impl Limits {
    /// The limit that is broken in this state, in words.
    #[expect(clippy::cast_possible_truncation, reason = "whole seconds are wanted; the cast saturates")]
    fn in_words(&self, state: State) -> String {
        span(if state == State::Critical { self.critical } else { self.warning } as i64)
    }

    fn of_age(&self, seconds: i64) -> State {
        match seconds as f64 {
            seconds if seconds > self.critical => State::Critical,
            seconds if seconds > self.warning => State::Warning,
            _ => State::Ok,
        }
    }
}

/// Something to say, and what it means.
struct Finding {
    state: State,
    text: String,
}

/// The verdict: the worst finding. Of a disabled agent only that counts, for an old and perhaps
/// broken run is what the administrator chose.
pub(crate) fn judge(sample: &Sample, limits: &Limits) -> Report {
    let age = sample.now.saturating_sub(sample.summary.time.last_run.unwrap_or_default());
    let mut findings = findings(sample, limits, age);
    let state = match &sample.disabled {
        None => findings.iter().fold(State::Ok, |state, finding| state.worst(finding.state)),
        Some(reason) => {
            let reason = if reason.is_empty() { "no reason given" } else { reason };
            findings
                .insert(0, Finding { state: limits.disabled, text: format!("agent is disabled ({reason})") });
            limits.disabled
        }
    };
    // the worst first; the order within a state is that of the list
    if sample.disabled.is_none() {
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.state.severity()));
    }
    let mut parts: Vec<String> = findings.into_iter().map(|finding| finding.text).collect();
    parts.push(last_run(&sample.summary, age));
    let mut report = Report::new(state, parts.join("; "));
    for metric in perfdata(&sample.summary, age, limits) {
        report = report.perf(metric);
    }
    details(sample, report)
}

fn findings(sample: &Sample, limits: &Limits, age: i64) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut add = |state, text: String| found.push(Finding { state, text });
    let summary = &sample.summary;
    let report = sample.report.as_ref();
    let resources = summary.resources.clone().unwrap_or_default();
    let events = summary.events.clone().unwrap_or_default();

    if summary.has_no_catalog() {
        add(
            State::Critical,
            format!("the last run had no catalog{}", report.map(catalog_error).unwrap_or_default()),
        );
    } else if report.is_some_and(|report| report.completed == Some(false)) {
        add(State::Critical, "the last run was broken off before its end".to_owned());
    }
    if resources.failed > 0 {
        let names = report.map(|report| named(&report.failed, resources.failed)).unwrap_or_default();
        add(
            State::Critical,
            format!("{} of {} failed{names}", resources.failed, counted(resources.total, "resource")),
        );
    } else if events.failure > 0 {
        add(State::Critical, format!("{} failed", counted(events.failure, "event")));
    } else if report.is_some_and(|report| report.status.as_deref() == Some("failed"))
        && !summary.has_no_catalog()
    {
        let why = report.and_then(|report| report.errors.first()).map(|error| format!(": {}", short(error)));
        add(State::Critical, format!("the last run failed{}", why.unwrap_or_default()));
    }
    if resources.failed_to_restart > 0 {
        add(
            State::Critical,
            format!("{} failed to restart", counted(resources.failed_to_restart, "resource")),
        );
    }
    // no catalog, or no plugins and so no catalog was asked for
    if let Some(report) = report.filter(|report| report.cached_catalog.as_deref() == Some("on_failure")) {
        add(
            State::Warning,
            format!("an old catalog was applied because the server failed{}", catalog_error(report)),
        );
    }
    if age < -AHEAD {
        add(
            State::Unknown,
            format!("the last run was {} in the future (is a clock wrong?)", span(age.saturating_neg())),
        );
    } else if limits.of_age(age) != State::Ok {
        let state = limits.of_age(age);
        add(state, format!("no run for {} (limit {})", span(age), limits.in_words(state)));
    }
    if let Some(run) = &sample.running {
        found.extend(unfinished(run, sample.now, limits));
    }
    let mut add = |state, text: String| found.push(Finding { state, text });
    let noop = report.is_some_and(|report| report.noop == Some(true));
    if events.noop > 0 {
        add(limits.noop, format!("{} only simulated (noop)", counted(events.noop, "change")));
    } else if noop {
        add(State::Ok, "only simulated (noop)".to_owned());
    }
    if resources.corrective_change > 0 {
        let they = if resources.corrective_change == 1 { "it" } else { "they" };
        let what = counted(resources.corrective_change, "resource");
        add(limits.corrective, format!("{what} put back as {they} should be"));
    }
    found
}

/// A run that is going on for long, or that died. A short one is nothing to say.
fn unfinished(run: &Running, now: i64, limits: &Limits) -> Option<Finding> {
    let age = now.saturating_sub(run.since).max(0);
    let pid = run.pid.map(|pid| format!(", process {pid}")).unwrap_or_default();
    if !run.alive {
        let state = State::Warning.worst(limits.of_age(age));
        return Some(Finding { state, text: format!("a run died that began {} ago{pid}", span(age)) });
    }
    let state = limits.of_age(age);
    (state != State::Ok)
        .then(|| Finding { state, text: format!("a run has not ended that began {} ago{pid}", span(age)) })
}

/// Why there was no new catalog: the error that speaks of one, else of something else that could
/// not be fetched. Any other may be about a single fact.
fn catalog_error(report: &RunReport) -> String {
    let first =
        |word| report.errors.iter().find(|error| error.contains(word) && !error.ends_with("skipping run"));
    let error = first("catalog").or_else(|| first("retrieve"));
    error.map(|error| format!(": {}", short(error))).unwrap_or_default()
}

fn short(text: &str) -> String {
    let mut short: String = text.chars().take(ERROR).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// ` (File[/etc/motd], Exec[x] and 3 more)`.
fn named(names: &[String], all: u32) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
    let more = usize::try_from(all).unwrap_or(usize::MAX).saturating_sub(shown.len());
    match (shown.is_empty(), more) {
        (true, _) => String::new(),
        (false, 0) => format!(" ({})", shown.join(", ")),
        (false, more) => format!(" ({} and {more} more)", shown.join(", ")),
    }
}

/// The last run in a few words, good or not.
fn last_run(summary: &Summary, age: i64) -> String {
    let resources = summary.resources.clone().unwrap_or_default();
    let mut text = format!("last run {} ago", span(age.max(0)));
    // writing to a string cannot fail
    if resources.total > 0 {
        let _ = write!(text, ", {}, {} changed", counted(resources.total, "resource"), resources.changed);
    }
    if resources.skipped > 0 {
        let _ = write!(text, ", {} skipped", resources.skipped);
    }
    if let Some(version) = &summary.version.config {
        let _ = write!(text, ", catalog {}", short(version));
    }
    text
}

/// Labels as in check_puppet.rb where that has them.
fn perfdata(summary: &Summary, age: i64, limits: &Limits) -> Vec<Perfdata> {
    let (warning, critical) = (Range::up_to(limits.warning), Range::up_to(limits.critical));
    let mut metrics = vec![
        Perfdata::new("time_since_last_run", age as f64, Uom::Seconds)
            .thresholds(Some(&warning), Some(&critical))
            .min(0.0),
    ];
    let mut count =
        |label, value: u32| metrics.push(Perfdata::new(label, f64::from(value), Uom::None).min(0.0));
    if let Some(resources) = &summary.resources {
        count("total_resources", resources.total);
        count("changed_resources", resources.changed);
        count("failed_resources", resources.failed);
        count("failed_to_restart", resources.failed_to_restart);
        count("skipped_resources", resources.skipped);
        count("corrective_changes", resources.corrective_change);
    }
    if let Some(events) = &summary.events {
        count("total_events", events.total.unwrap_or_default());
        count("failed_events", events.failure);
    }
    if let Some(total) = summary.time.total {
        metrics.push(Perfdata::new("last_run_duration", total, Uom::Seconds).decimals(3).min(0.0));
    }
    metrics
}

/// What `-v` adds: all names and errors that are known.
fn details(sample: &Sample, mut report: Report) -> Report {
    if let Some(version) = &sample.summary.version.puppet {
        report = report.detail(1, format!("Puppet {version}"));
    }
    if let Some(run) = &sample.report {
        for resource in &run.failed {
            report = report.detail(1, format!("failed: {resource}"));
        }
        for error in &run.errors {
            report = report.detail(1, format!("error: {error}"));
        }
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_311_700;

    /// What was recorded of a real agent, judged `age` seconds after it.
    fn sample(name: &str) -> Sample {
        let read = |file: &str| {
            std::fs::read_to_string(format!("{}/testdata/{name}/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap()
        };
        let mut summary = Summary::parse(&read("last_run_summary.yaml")).unwrap();
        summary.time.last_run = Some(NOW - 30);
        let report = format!("{}/testdata/{name}/last_run_report.yaml", env!("CARGO_MANIFEST_DIR"));
        let report = crate::report::read(report.as_ref(), summary.has_no_catalog()).unwrap();
        Sample { summary, report: Some(report), disabled: None, running: None, now: NOW }
    }

    fn limits() -> Limits {
        Limits {
            warning: 3600.0,
            critical: 7200.0,
            disabled: State::Warning,
            noop: State::Ok,
            corrective: State::Ok,
        }
    }

    fn first_line(sample: &Sample, limits: &Limits) -> String {
        let said = judge(sample, limits).render("PUPPET", ": ", 0);
        said.lines().next().unwrap_or_default().to_owned()
    }

    fn text(sample: &Sample, limits: &Limits) -> String {
        first_line(sample, limits).split(" | ").next().unwrap_or_default().to_owned()
    }

    #[test]
    fn a_good_run_is_told_in_a_line() {
        assert_eq!(
            first_line(&sample("good"), &limits()),
            "PUPPET OK: last run 30 s ago, 9 resources, 2 changed, catalog 1795311689 | time_since_last_run=30s;3600;7200;0 total_resources=9;;;0 changed_resources=2;;;0 failed_resources=0;;;0 failed_to_restart=0;;;0 skipped_resources=0;;;0 corrective_changes=0;;;0 total_events=2;;;0 failed_events=0;;;0 last_run_duration=0.019s;;;0.000"
        );
    }

    #[test]
    fn failures_are_named() {
        let failed = sample("failed");
        assert_eq!(
            text(&failed, &limits()),
            "PUPPET CRITICAL: 2 of 10 resources failed (File[/tmp/pp/none/hello], Exec[/bin/false]); last run 30 s ago, 10 resources, 0 changed, 1 skipped, catalog 1795311693"
        );
        let verbose = judge(&failed, &limits()).render("PUPPET", ": ", 1);
        assert!(
            verbose.contains("\nPuppet 7.23.0\n") && verbose.contains("\nerror: '/bin/false' returned 1"),
            "{verbose}"
        );
        // the summary alone is enough for the state
        let alone = Sample { report: None, ..failed };
        assert!(text(&alone, &limits()).starts_with("PUPPET CRITICAL: 2 of 10 resources failed; last run"));
    }

    #[test]
    fn no_catalog_is_no_good_run() {
        let none = sample("no_catalog");
        assert_eq!(
            text(&none, &limits()),
            "PUPPET CRITICAL: the last run had no catalog: Could not retrieve catalog from remote server: Error 500 on SERVER: Server Error: Evaluation Error: no class webserver; last run 30 s ago"
        );
        let alone = Sample { report: None, ..none };
        assert_eq!(
            text(&alone, &limits()),
            "PUPPET CRITICAL: the last run had no catalog; last run 30 s ago"
        );
        assert!(
            text(&sample("cached"), &limits())
                .starts_with("PUPPET WARNING: an old catalog was applied because the server failed: Could not evaluate: Could not retrieve information from environment production source(s) puppet:///pluginfacts; last run")
        );
    }

    #[test]
    fn the_age_is_judged_and_the_worst_comes_first() {
        let aged = |seconds: i64| {
            let mut aged = sample("cached");
            aged.summary.time.last_run = Some(NOW - seconds);
            text(&aged, &limits())
        };
        assert!(aged(3600).starts_with(
            "PUPPET WARNING: an old catalog was applied because the server failed: Could not evaluate: Could not retrieve information from environment production source(s) puppet:///pluginfacts; last run 60 min ago"
        ));
        assert!(aged(3601).starts_with("PUPPET WARNING: an old catalog was applied because the server failed: Could not evaluate: Could not retrieve information from environment production source(s) puppet:///pluginfacts; no run for 60 min (limit 60 min);"));
        assert!(
            aged(7201).starts_with("PUPPET CRITICAL: no run for 2 h (limit 2 h); an old catalog was applied")
        );
        assert!(aged(-61).contains("the last run was 61 s in the future (is a clock wrong?)"));
        let mut future = sample("good");
        future.summary.time.last_run = Some(i64::MAX);
        assert!(text(&future, &limits()).starts_with("PUPPET UNKNOWN: the last run was"));
        future.summary.time.last_run = Some(i64::MIN);
        assert!(text(&future, &limits()).starts_with("PUPPET CRITICAL: no run for"));
    }

    #[test]
    fn a_disabled_agent_is_judged_by_its_being_disabled() {
        let mut disabled = sample("failed");
        disabled.disabled = Some("database migration".to_owned());
        disabled.summary.time.last_run = Some(NOW - 90_000);
        assert_eq!(
            text(&disabled, &limits()),
            "PUPPET WARNING: agent is disabled (database migration); 2 of 10 resources failed (File[/tmp/pp/none/hello], Exec[/bin/false]); no run for 25 h (limit 2 h); last run 25 h ago, 10 resources, 0 changed, 1 skipped, catalog 1795311693"
        );
        disabled.disabled = Some(String::new());
        let ok = text(&disabled, &Limits { disabled: State::Ok, ..limits() });
        assert!(ok.starts_with("PUPPET OK: agent is disabled (no reason given); "), "{ok}");
    }

    #[test]
    fn a_run_that_does_not_end_is_noticed() {
        let running = |since, alive| {
            let mut sample = sample("good");
            sample.running = Some(Running { since: NOW - since, pid: Some(42), alive });
            text(&sample, &limits())
        };
        assert!(running(60, true).starts_with("PUPPET OK: last run"));
        assert!(
            running(3700, true)
                .starts_with("PUPPET WARNING: a run has not ended that began 61 min ago, process 42; ")
        );
        assert!(running(8000, true).starts_with("PUPPET CRITICAL: a run has not ended"));
        assert!(
            running(60, false).starts_with("PUPPET WARNING: a run died that began 60 s ago, process 42; ")
        );
        assert!(running(8000, false).starts_with("PUPPET CRITICAL: a run died"));
        let mut broken = sample("good");
        broken.report = broken.report.map(|report| RunReport { completed: Some(false), ..report });
        assert!(
            text(&broken, &limits())
                .starts_with("PUPPET CRITICAL: the last run was broken off before its end; ")
        );
    }

    #[test]
    fn other_findings_have_their_states() {
        let noop = sample("noop");
        assert!(text(&noop, &limits()).starts_with("PUPPET OK: 1 change only simulated (noop); last run"));
        let strict = Limits { noop: State::Warning, corrective: State::Critical, ..limits() };
        assert!(text(&noop, &strict).starts_with("PUPPET WARNING: 1 change only simulated (noop); "));
        let mut other = sample("good");
        let resources = other.summary.resources.as_mut().unwrap();
        (resources.corrective_change, resources.failed_to_restart) = (3, 1);
        assert_eq!(
            text(&other, &strict),
            "PUPPET CRITICAL: 1 resource failed to restart; 3 resources put back as they should be; last run 30 s ago, 9 resources, 2 changed, catalog 1795311689"
        );
        other.summary.resources.as_mut().unwrap().failed_to_restart = 0;
        assert!(text(&other, &limits()).starts_with("PUPPET OK: 3 resources put back"));
        other.summary.events.as_mut().unwrap().failure = 2;
        assert!(text(&other, &limits()).starts_with("PUPPET CRITICAL: 2 events failed; "));
        other.summary.events.as_mut().unwrap().failure = 0;
        other.report.as_mut().unwrap().status = Some("failed".to_owned());
        assert!(text(&other, &limits()).starts_with("PUPPET CRITICAL: the last run failed; "));
    }

    #[test]
    fn many_names_are_counted() {
        let names: Vec<String> = (0..20).map(|i| format!("E[{i}]")).collect();
        assert_eq!(named(&names, 25), " (E[0], E[1], E[2] and 22 more)");
        assert_eq!(named(&[], 25), "");
        assert_eq!(short(&"é".repeat(200)).chars().count(), ERROR + 1);
    }
}
