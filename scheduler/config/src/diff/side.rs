//! One of the two configurations, in words that can be compared: [`Side`]; and which object of one is
//! which of the other: [`Pairs`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use engine::{ContactId, Letters, ObjectId, Origin, PeriodId, Span};

use super::periods::{ALWAYS, openings};
use super::{By, Cause, Kind};
use crate::directives::Key;
use crate::load::Configuration;
use crate::provenance::Place;

/// A configuration.
pub(super) struct Side<'c> {
    pub of: &'c Configuration,
    /// When each time period is open, as a text that is the same for the same times.
    openings: Vec<String>,
    is_old: bool,
}

impl<'c> Side<'c> {
    /// The configuration from which something changes.
    pub fn old(of: &'c Configuration) -> Side<'c> {
        Side { is_old: true, ..Side::new(of) }
    }

    /// The configuration to which it changes.
    pub fn new(of: &'c Configuration) -> Side<'c> {
        let periods = (0..).map(PeriodId).take(of.graph.periods.len());
        Side { of, openings: periods.map(|id| openings(&of.graph, id)).collect(), is_old: false }
    }

    /// `host` or `host;service`.
    pub fn name(&self, id: ObjectId) -> String {
        self.of.graph.identity(id).to_string()
    }

    /// Host or service.
    pub fn kind(&self, id: ObjectId) -> Kind {
        if self.of.graph.is_host(id) { Kind::Host } else { Kind::Service }
    }

    /// When a period is open; without one, always.
    pub fn open(&self, period: Option<PeriodId>) -> &str {
        period.and_then(|id| self.openings.get(id.0 as usize)).map_or(ALWAYS, |text| text)
    }

    /// The name of a period.
    pub fn period(&self, period: Option<PeriodId>) -> Option<String> {
        period.map(|id| self.of.graph.period(id).name.to_string())
    }

    /// Names of contacts, in order.
    pub fn contacts(&self, ids: &[ContactId]) -> Vec<&'c str> {
        let mut names: Vec<&str> = ids.iter().map(|id| &*self.of.graph.contact(*id).name).collect();
        names.sort_unstable();
        names
    }

    /// Where a host or service has a directive from; a service takes some from its host.
    pub fn directive(&self, id: ObjectId, key: Key) -> Option<Cause> {
        let graph = &self.of.graph;
        let place = |id| self.of.provenance.find(&graph.object(id).origin, key).map(|place| (id, place));
        let implied = matches!(
            key,
            Key::Contacts | Key::ContactGroups | Key::NotificationInterval | Key::NotificationPeriod
        );
        let found = place(id).or_else(|| implied.then(|| place(graph.host_of(id))).flatten());
        found.map(|(id, place)| self.cause(place, &graph.object(id).origin))
    }

    /// Where an object that is neither host nor service has a directive from.
    pub fn directive_of(&self, origin: &Origin, key: Key) -> Option<Cause> {
        self.of.provenance.find(origin, key).map(|place| self.cause(place, origin))
    }

    fn cause(&self, place: Place, origin: &Origin) -> Cause {
        let Place { file, line, template } = place;
        let puppet_title = if template.is_none() { origin.puppet_title.clone() } else { None };
        Cause { by: template.map_or(By::Itself, By::Template), file, line, is_old: self.is_old, puppet_title }
    }

    /// A definition as the cause of something.
    pub fn definition(&self, by: By, origin: &Origin) -> Cause {
        let (file, line, puppet_title) = (origin.file.clone(), origin.line, origin.puppet_title.clone());
        Cause { by, file, line, is_old: self.is_old, puppet_title }
    }
}

/// Two configurations, and which objects they have in common.
pub(super) struct Pairs<'s, 'c> {
    pub old: &'s Side<'c>,
    pub new: &'s Side<'c>,
    /// What became of each object of the old configuration.
    to_new: Vec<Option<ObjectId>>,
    /// What each object of the new configuration was.
    to_old: Vec<Option<ObjectId>>,
    /// Time periods that are in both and not open at the same times.
    moved: BTreeSet<Arc<str>>,
}

impl<'s, 'c> Pairs<'s, 'c> {
    pub fn new(old: &'s Side<'c>, new: &'s Side<'c>) -> Pairs<'s, 'c> {
        let (before, after) = (&old.of.graph, &new.of.graph);
        let to_new = before.ids().map(|id| after.find(&before.identity(id))).collect();
        let to_old = after.ids().map(|id| before.find(&after.identity(id))).collect();
        let openings = |side: &Side<'c>| -> BTreeMap<Arc<str>, String> {
            let periods = side.of.graph.periods.iter().map(|period| period.name.clone());
            periods.zip(side.openings.iter().cloned()).collect()
        };
        let before = openings(old);
        let moved =
            openings(new).into_iter().filter(|(name, now)| before.get(name).is_some_and(|was| was != now));
        let moved = moved.map(|(name, _)| name).collect();
        Pairs { old, new, to_new, to_old, moved }
    }

    /// What became of an old object.
    pub fn after(&self, old: ObjectId) -> Option<ObjectId> {
        self.to_new.get(old.0 as usize).copied().flatten()
    }

    /// What a new object was.
    pub fn before(&self, new: ObjectId) -> Option<ObjectId> {
        self.to_old.get(new.0 as usize).copied().flatten()
    }

    /// When a period is open, for comparing. One that has its name in both is itself, whatever changes of it:
    /// that is shown once, with the period.
    pub fn when(&self, side: &Side<'c>, period: Option<PeriodId>) -> String {
        let moved = period.and_then(|id| self.moved.get(&*side.of.graph.period(id).name));
        moved.map_or_else(|| side.open(period).to_owned(), |name| format!("as {name} is"))
    }

    /// Objects that are in both, by their ids in each.
    pub fn both(&self) -> impl Iterator<Item = (ObjectId, ObjectId)> + '_ {
        self.new.of.graph.ids().filter_map(|id| Some((self.before(id)?, id)))
    }

    /// Where the new value of a directive comes from, else where the old one stood.
    pub fn directive(&self, (old, new): (ObjectId, ObjectId), key: Key) -> Option<Cause> {
        self.new.directive(new, key).or_else(|| self.old.directive(old, key))
    }
}

/// All units of a time: two that differ look different.
pub(super) fn span(span: Span) -> String {
    let (seconds, rest) = (span.micros() / 1_000_000, span.micros() % 1_000_000);
    let units = [("d", 86_400, i64::MAX), ("h", 3600, 24), ("m", 60, 60)];
    let mut parts: Vec<String> = units
        .iter()
        .map(|(unit, size, most)| (seconds / size % most, unit))
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    let last = seconds % 60;
    if rest > 0 {
        parts.push(format!("{last}.{}s", format!("{rest:06}").trim_end_matches('0')));
    } else if last > 0 || parts.is_empty() {
        parts.push(format!("{last}s"));
    }
    parts.join(" ")
}

/// Option letters among those that mean something.
pub(super) fn letters(set: Letters, known: &str) -> String {
    let chosen: Vec<String> = known.chars().filter(|letter| set.has(*letter)).map(String::from).collect();
    match chosen.len() {
        0 => "none".to_owned(),
        n if n == known.len() => "all".to_owned(),
        _ => chosen.join(","),
    }
}

/// On or off.
pub(super) fn flag(value: bool) -> String {
    if value { "1" } else { "0" }.to_owned()
}

/// What is only in the first and only in the second of two ordered lists.
pub(super) fn apart<T: Ord + Clone>(old: &[T], new: &[T]) -> (Vec<T>, Vec<T>) {
    let only = |these: &[T], those: &[T]| -> Vec<T> {
        these.iter().filter(|item| those.binary_search(item).is_err()).cloned().collect()
    };
    (only(old, new), only(new, old))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_that_differ_look_different() {
        for (micros, want) in [
            (0, "0s"),
            (300_000_000, "5m"),
            (86_405_000_000, "1d 5s"),
            (1_500_000, "1.5s"),
            (60_000_001, "1m 0.000001s"),
        ] {
            assert_eq!(span(Span::from_micros(micros)), want);
        }
    }
}
