//! Service descriptions: stored once, numbered, and chosen by lists of them.

use std::collections::HashMap;
use std::sync::Arc;

use crate::directives::Key;
use crate::inherit::View;
use crate::values::items;

use super::cluster::SERVICE_GROUP;
use super::context::Context;
use super::names::Names;
use super::patterns::Pattern;

/// All descriptions of a configuration.
#[derive(Debug, Default)]
pub(crate) struct Descriptions {
    numbers: HashMap<Arc<str>, u32>,
    texts: Vec<Arc<str>>,
}

impl Descriptions {
    /// The number of a text, a new one if it has none.
    pub(crate) fn number(&mut self, text: &Arc<str>) -> u32 {
        if let Some(known) = self.numbers.get(text) {
            return *known;
        }
        let next = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(text.clone());
        self.numbers.insert(text.clone(), next);
        next
    }

    /// The number of a text that has one.
    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }

    /// The text of a number.
    pub(crate) fn text(&self, number: u32) -> &Arc<str> {
        // a number was given by `number`
        &self.texts[number as usize]
    }

    /// All that match.
    pub(crate) fn matching(&self, matches: impl Fn(&str) -> bool) -> Vec<u32> {
        (0_u32..).zip(&self.texts).filter(|(_, text)| matches(text)).map(|(number, _)| number).collect()
    }
}

/// Descriptions that a list names: `s,t`, `*` for all of a host, `!s` for all but.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// Every service there is.
    pub all: bool,
    /// What is named.
    pub named: Vec<Named>,
    /// What is taken out.
    pub rejected: Vec<u32>,
}

/// One item of a list.
#[derive(Debug)]
pub(crate) enum Named {
    /// A description, which every host must have; none if no host has it.
    One(Arc<str>, Option<u32>),
    /// Those that match a pattern, in order: of the hosts one at least has one of them.
    Matching(Arc<str>, Vec<u32>),
    /// Services of a group, in order; a host need not have any.
    Group(Vec<u32>),
}

impl Wanted {
    /// What matches a pattern; all if that is `*`.
    pub(crate) fn matching(pattern: &str, known: &Descriptions, matches: impl Fn(&str) -> bool) -> Wanted {
        let all = pattern == "*";
        let named =
            if all { Vec::new() } else { vec![Named::Matching(pattern.into(), known.matching(matches))] };
        Wanted { all, named, rejected: Vec::new() }
    }

    /// Reads the list of a directive. `servicegroup=NAME` is in it what `group` says.
    pub(crate) fn read<'t>(
        view: &View<'t, '_>,
        key: Key,
        known: &Descriptions,
        group: impl Fn(&str, &mut Context<'t, '_, '_>) -> Vec<u32>,
        cx: &mut Context<'t, '_, '_>,
    ) -> Wanted {
        let mut wanted = Wanted::default();
        let Some(list) = view.get(key) else { return wanted };
        for item in items(&list.text) {
            if item == "*" {
                wanted.all = true;
            } else if let Some(not) = item.strip_prefix('!') {
                wanted.rejected.extend(known.find(not.trim_start()));
            } else if let Some(name) = item.strip_prefix(SERVICE_GROUP) {
                wanted.named.push(Named::Group(group(name.trim_start(), cx)));
            } else {
                wanted.named.extend(Named::read(item, view, key, known, cx));
            }
        }
        wanted
    }
}

impl Named {
    /// Reads an item of a list that is neither `*` nor has a `!`.
    pub(crate) fn read<'t>(
        item: &str,
        view: &View<'t, '_>,
        key: Key,
        known: &Descriptions,
        cx: &mut Context<'t, '_, '_>,
    ) -> Option<Named> {
        if !Pattern::is_one(item, cx.basis.names) {
            return Some(Named::One(cx.intern(item), known.find(item)));
        }
        let pattern = cx.pattern(item, view, key)?;
        Some(Named::Matching(cx.intern(item), known.matching(|text| pattern.matches(text))))
    }
}

/// Named services that hosts do not have.
#[derive(Debug, Default)]
pub(crate) struct Missing {
    found: HashMap<Arc<str>, (Vec<u32>, usize)>,
}

/// The way out where hosts are in a list.
pub(crate) const MISSING_HINT: &str = "take the host out with `!`, or define the service there";

/// So many hosts are named in one message.
const MAX_NAMED: usize = 3;

impl Missing {
    pub(crate) fn add(&mut self, description: &Arc<str>, host: u32) {
        let (hosts, count) = self.found.entry(description.clone()).or_default();
        *count += 1;
        if hosts.len() < MAX_NAMED {
            hosts.push(host);
        }
    }

    /// One error for each description.
    pub(crate) fn report<'t>(
        self,
        view: &View<'t, '_>,
        key: Key,
        hosts: &Names<'t>,
        hint: &str,
        cx: &mut Context<'t, '_, '_>,
    ) {
        let mut found: Vec<_> = self.found.into_iter().collect();
        found.sort();
        for (description, (named, count)) in found {
            let names: Vec<String> = named.iter().map(|host| format!("`{}`", hosts.name(*host))).collect();
            let hosts = match (names.as_slice(), count - names.len()) {
                ([one], 0) => format!("host {one}"),
                (names, 0) => format!("hosts {}", names.join(", ")),
                (names, more) => format!("hosts {} and {more} more", names.join(", ")),
            };
            let message = format!("no such service: `{description}` on {hosts}");
            cx.error(view, key, message, Some(hint.to_owned()));
        }
    }
}
