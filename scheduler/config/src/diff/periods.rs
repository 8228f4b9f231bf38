//! Time periods: what changes of when they are open, and what follows them.

use std::collections::BTreeMap;

use engine::{DayRange, Graph, PeriodId, Timeperiod};

use super::side::{Pairs, Side, apart};
use super::{By, Change, Entry, Found, Kind};

const WEEKDAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/// What is never closed, as [`openings`] has it.
pub(super) const ALWAYS: &str = "sunday 00:00-24:00; monday 00:00-24:00; tuesday 00:00-24:00; \
    wednesday 00:00-24:00; thursday 00:00-24:00; friday 00:00-24:00; saturday 00:00-24:00";

/// Nested excludes are followed so deep, as the engine does.
const MAX_DEPTH: usize = 16;

/// When a period is open, as a text that is the same for the same times.
pub(super) fn openings(graph: &Graph, id: PeriodId) -> String {
    openings_to(graph, id, MAX_DEPTH)
}

fn openings_to(graph: &Graph, id: PeriodId, depth: usize) -> String {
    let period = graph.period(id);
    let mut parts = days(period);
    let Some(deeper) = depth.checked_sub(1) else { return parts.join("; ") };
    let mut excluded: Vec<String> =
        period.exclude.iter().map(|id| format!("exclude ({})", openings_to(graph, *id, deeper))).collect();
    excluded.sort_unstable();
    excluded.dedup();
    parts.extend(excluded);
    parts.join("; ")
}

/// Its own days, one text each.
fn days(period: &Timeperiod) -> Vec<String> {
    let exceptions = period.exceptions.iter().map(|(days, ranges)| format!("{days} {}", hours(ranges)));
    let weekdays = WEEKDAYS.iter().zip(&period.weekdays).filter(|(_, ranges)| !ranges.is_empty());
    exceptions.chain(weekdays.map(|(day, ranges)| format!("{day} {}", hours(ranges)))).collect()
}

/// `09:00-12:00,13:00-17:00`: in order, what touches or overlaps joined.
fn hours(ranges: &[DayRange]) -> String {
    let mut sorted: Vec<(u16, u16)> = ranges.iter().map(|range| (range.start, range.end)).collect();
    sorted.sort_unstable();
    let mut joined: Vec<(u16, u16)> = Vec::new();
    for (start, end) in sorted.into_iter().filter(|(start, end)| start < end) {
        match joined.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => joined.push((start, end)),
        }
    }
    if joined.is_empty() {
        return "closed".to_owned();
    }
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    let texts: Vec<String> =
        joined.iter().map(|(start, end)| format!("{}-{}", clock(*start), clock(*end))).collect();
    texts.join(",")
}

/// Periods of one name in both that are not open at the same times.
pub(super) fn periods(pairs: &Pairs<'_, '_>, found: &mut Found) {
    let (old, new) = (pairs.old, pairs.new);
    let mut users: Option<BTreeMap<u32, Vec<String>>> = None;
    for (number, period) in (0_u32..).zip(&new.of.graph.periods) {
        let before = old.of.graph.periods.iter().position(|known| known.name == period.name);
        let Some(before) = before.and_then(|place| u32::try_from(place).ok()) else { continue };
        let (before, after) = (PeriodId(before), PeriodId(number));
        if old.open(Some(before)) == new.open(Some(after)) {
            continue;
        }
        let users = users.get_or_insert_with(|| users_of(new));
        let Some(with) = users.remove(&number) else { continue };
        let cause = new.definition(By::Itself, &period.origin);
        let (gone, come) = apart(&lines(old, before), &lines(new, after));
        let text = |lines: Vec<String>| Some(lines.join("; ")).filter(|text| !text.is_empty());
        let change = Change::Changed { attribute: "openings".into(), old: text(gone), new: text(come) };
        found.changed(Kind::Timeperiod, &period.name);
        found.entry(Entry { with, ..Entry::new(Kind::Timeperiod, change, &period.name, cause) });
    }
}

/// What a period says, in order; what it excludes by name, with its times.
fn lines(side: &Side<'_>, id: PeriodId) -> Vec<String> {
    let graph = &side.of.graph;
    let period = graph.period(id);
    let mut lines = days(period);
    let excluded = period
        .exclude
        .iter()
        .map(|id| format!("exclude {} ({})", graph.period(*id).name, side.open(Some(*id))));
    lines.extend(excluded);
    lines.sort_unstable();
    lines
}

/// What is checked or told by each period, also where another period excludes it.
fn users_of(side: &Side<'_>) -> BTreeMap<u32, Vec<String>> {
    let graph = &side.of.graph;
    let mut users: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    let mut put = |period: Option<PeriodId>, name: &str| {
        for id in period.iter().flat_map(|id| reach(graph, *id)) {
            users.entry(id.0).or_default().push(name.to_owned());
        }
    };
    for id in graph.ids() {
        let (settings, name) = (graph.settings(id), side.name(id));
        let rules =
            graph.dependencies(id).iter().map(|dependency| graph.dependency_rule(dependency.rule).period);
        let escalations = graph.escalations(id).map(|escalation| escalation.period);
        for period in
            [settings.check_period, settings.notification_period].into_iter().chain(rules).chain(escalations)
        {
            put(period, &name);
        }
    }
    for contact in &graph.contacts {
        put(contact.host.period, &contact.name);
        put(contact.service.period, &contact.name);
    }
    for names in users.values_mut() {
        names.sort_unstable();
        names.dedup();
    }
    users
}

/// A period and all that it excludes, directly or not.
fn reach(graph: &Graph, id: PeriodId) -> Vec<PeriodId> {
    let mut reached = vec![id];
    let mut next = 0;
    while let Some(id) = reached.get(next).copied() {
        for excluded in &graph.period(id).exclude {
            if !reached.contains(excluded) {
                reached.push(*excluded);
            }
        }
        next += 1;
    }
    reached
}
