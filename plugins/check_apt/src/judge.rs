//! The verdict of `check_apt`, pure.

use check::{Perfdata, Report, State, Uom};

use crate::Args;
use crate::freshness::{Indices, span};
use crate::measure::{Said, Sample};
use crate::updates::{Updates, counted};

/// Most upgrades told below the first line unless all are asked for.
const NAMED: usize = 20;

/// One sentence and its state.
pub(crate) type Finding = (State, String);

pub(crate) fn judge(sample: &Sample, args: &Args) -> Report {
    let mut findings: Vec<Finding> = Vec::new();
    if let Some(said) = &sample.update {
        findings.extend(complaint(said, State::Critical, "apt-get update"));
    }
    if let Some(indices) = &sample.indices {
        findings.extend(indices.findings(&args.age_limits(), args.refused));
    }
    findings.extend(complaint(&sample.simulation, State::Unknown, "apt-get"));
    findings.extend(left_undone(sample, args));

    let mut state = sample.updates.as_ref().map_or(State::Ok, |updates| state_of(updates, args));
    state = findings.iter().fold(state, |worst, (state, _)| worst.worst(*state));
    let mut sentences: Vec<String> = sample.updates.iter().map(|updates| sentence(updates, args)).collect();
    findings.sort_by_key(|(state, _)| std::cmp::Reverse(state.severity()));
    let (problems, told): (Vec<Finding>, Vec<Finding>) =
        findings.into_iter().partition(|(state, _)| *state != State::Ok);
    let findings_told = !problems.is_empty();
    sentences.extend(problems.into_iter().map(|(_, text)| format!("{text}.")));
    let only_fresh = !findings_told && (args.no_upgrade || sentences.is_empty());
    if only_fresh {
        sentences.extend(sample.indices.as_ref().map(all_fresh));
    }
    let mut report = Report::new(state, sentences.join(" "));
    for (_, text) in told {
        report = report.detail(0, text);
    }
    report = with_updates(report, sample, args);
    if let Some(indices) = &sample.indices {
        if let Some(oldest) = indices.oldest() {
            let [warning, critical] = args.age_limits();
            let age = Perfdata::new("index_age", oldest.max(0.0), Uom::Seconds).decimals(0);
            report = report.perf(age.thresholds(Some(&warning), Some(&critical)).min(0.0));
        }
        for line in indices.described() {
            report = report.detail(1, line);
        }
    }
    for said in sample.update.iter().chain([&sample.simulation]) {
        for line in &said.errors {
            report = report.detail(0, format!("E: {line}"));
        }
        for line in &said.warnings {
            report = report.detail(0, format!("W: {line}"));
        }
    }
    report
}

fn state_of(updates: &Updates, args: &Args) -> State {
    let count = updates.count();
    let reaches = |limit: u32| u64::from(limit) <= count as u64;
    if !updates.critical.is_empty() {
        State::Critical
    } else if args.only_critical {
        State::Ok
    } else if args.packages_critical.is_some_and(reaches) {
        State::Critical
    } else if reaches(args.packages_warning) {
        State::Warning
    } else {
        State::Ok
    }
}

/// Word for word the peer's, for those who read it by a script.
fn sentence(updates: &Updates, args: &Args) -> String {
    let (count, critical) = (updates.count(), updates.critical.len());
    format!("{count} packages available for {} ({critical} critical updates).", args.verb())
}

fn all_fresh(indices: &Indices) -> String {
    match indices.oldest() {
        Some(oldest) => format!(
            "{} sources, all fetched or confirmed within {}.",
            indices.sources.len(),
            span(oldest.max(0.0))
        ),
        None => "nothing was looked at.".to_owned(),
    }
}

fn with_updates(mut report: Report, sample: &Sample, args: &Args) -> Report {
    let Some(updates) = &sample.updates else { return report };
    let number = |label: &str, value: usize| Perfdata::new(label, value as f64, Uom::None).min(0.0);
    report = report
        .perf(number("available_upgrades", updates.count()))
        .perf(number("critical_updates", updates.critical.len()));
    if args.list {
        for update in &updates.critical {
            report = report.detail(0, format!("{} (security)", update.name));
        }
        for update in &updates.other {
            report = report.detail(0, update.name.clone());
        }
    } else {
        for update in updates.critical.iter().take(NAMED) {
            report = report.detail(0, format!("critical: {}", update.described()));
        }
        if let more @ 1.. = updates.critical.len().saturating_sub(NAMED) {
            report = report.detail(0, format!("and {more} more critical updates; -l lists all"));
        }
        for update in &updates.other {
            report = report.detail(1, update.described());
        }
    }
    report
}

/// Errors end in `state`, warnings in WARNING, as in the peer; the lines themselves are below.
fn complaint(said: &Said, state: State, who: &str) -> Option<Finding> {
    match (&*said.errors, &*said.warnings) {
        ([first, ..], _) => Some((state, format!("{who} failed: {}", first.trim_end_matches('.')))),
        ([], [first, ..]) => Some((State::Warning, format!("{who} warns: {}", first.trim_end_matches('.')))),
        _ => None,
    }
}

fn left_undone(sample: &Sample, args: &Args) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(packages) = &sample.packages {
        if !packages.held.is_empty() {
            findings.push((args.held, format!("on hold: {}", counted(&packages.held))));
        }
        if !packages.broken.is_empty() {
            findings.push((args.broken, format!("not properly installed: {}", counted(&packages.broken))));
        }
    }
    if !sample.reboot.is_empty() {
        findings.push((args.reboot, format!("a reboot is due, {}", sample.reboot.join("; "))));
    }
    findings
}
