//! What depends on what, and groups.

use std::collections::{BTreeMap, HashMap, HashSet};

use engine::{DependencyKind, DependencyRule, Group, ObjectId, RuleId};

use super::found::Delta;
use super::side::{Pairs, Side, apart, letters};
use super::{By, Cause, Change, Entry, Found, Kind};
use crate::resolve::{GroupDetails, PARENTS};

/// What an object depends on, by its id in the new configuration if it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Master {
    There(ObjectId),
    /// Its id in the old configuration.
    Gone(ObjectId),
}

/// What one object has to do with a master: the number of what its rule says, which is the same in both
/// configurations, and what is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Bond {
    master: Master,
    number: u32,
    stops: Stops,
}

/// A failed dependency stops the check, the mails, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Stops {
    Check,
    Mail,
    Both,
}

/// With the rule that says it.
type Link = (Bond, RuleId);

/// Rules by what they say but for what they stop; the same in both have one number.
struct Rules {
    numbers: HashMap<String, u32>,
    texts: Vec<String>,
}

impl Rules {
    /// The number of each rule of a side.
    fn read<'c>(&mut self, side: &Side<'c>, pairs: &Pairs<'_, 'c>) -> Vec<u32> {
        let rules = &side.of.graph.dependency_rules;
        let numbers = rules.iter().map(|rule| {
            let mut words = in_words(rule);
            let next = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
            let when = pairs.when(side, rule.period);
            let number = *self.numbers.entry(format!("{words}\n{when}")).or_insert(next);
            if number == next {
                words.extend(side.period(rule.period).map(|name| format!(", in {name}")));
                self.texts.push(words);
            }
            number
        });
        numbers.collect()
    }

    fn text(&self, bond: Bond) -> String {
        let stopped = match bond.stops {
            Stops::Check => "not checked",
            Stops::Mail => "nobody is told",
            Stops::Both => "not checked and nobody is told",
        };
        format!("{stopped} while {}", self.texts.get(bond.number as usize).map_or("", |text| text))
    }
}

/// `it is w,u,c`, but for when it holds and what it stops.
fn in_words(rule: &DependencyRule) -> String {
    let DependencyRule { kind: _, failure_criteria, inherits_parent, period: _, redundancy_group, origin: _ } =
        rule;
    // `p`, never checked, and the conditions of hosts and services alike
    let mut text = format!("it is {}", letters(*failure_criteria, "owucdp"));
    if *inherits_parent {
        text += ", or its own dependencies fail";
    }
    match redundancy_group.as_deref() {
        Some(PARENTS) => text += ", and so all of `parents`",
        Some(group) => text.extend([", and so all of redundancy group ", group]),
        None => {}
    }
    text
}

/// Dependencies of objects that are in both.
pub(super) fn dependencies(pairs: &Pairs<'_, '_>, found: &mut Found) {
    let mut rules = Rules { numbers: HashMap::new(), texts: Vec::new() };
    let (old_numbers, new_numbers) = (rules.read(pairs.old, pairs), rules.read(pairs.new, pairs));
    let mut changes = Vec::new();
    for ids in pairs.both() {
        let before = links(pairs.old, ids.0, &old_numbers, |id| {
            pairs.after(id).map_or(Master::Gone(id), Master::There)
        });
        let after = links(pairs.new, ids.1, &new_numbers, Master::There);
        let bonds = |links: &[Link]| links.iter().map(|(bond, _)| *bond).collect::<Vec<_>>();
        let (gone, come) = apart(&bonds(&before), &bonds(&after));
        if !gone.is_empty() || !come.is_empty() {
            changes.push(Changed { ids, before, after, gone, come });
        }
    }
    report(pairs, &rules, &changes, found);
}

/// What changes of the dependencies of one object.
struct Changed {
    ids: (ObjectId, ObjectId),
    before: Vec<Link>,
    after: Vec<Link>,
    gone: Vec<Bond>,
    come: Vec<Bond>,
}

/// What an object depends on, in order; two definitions that say the same are one.
fn links(side: &Side<'_>, id: ObjectId, numbers: &[u32], master: impl Fn(ObjectId) -> Master) -> Vec<Link> {
    let graph = &side.of.graph;
    let mut links: Vec<Link> = graph
        .dependencies(id)
        .iter()
        .filter_map(|it| {
            let stops = match graph.dependency_rule(it.rule).kind {
                DependencyKind::Execution => Stops::Check,
                DependencyKind::Notification => Stops::Mail,
            };
            let number = *numbers.get(it.rule.0 as usize)?;
            Some((Bond { master: master(it.master), number, stops }, it.rule))
        })
        .collect();
    links.sort_unstable();
    links.dedup_by_key(|(bond, _)| *bond);
    links.dedup_by(|(next, _), (bond, _)| {
        let same = (next.master, next.number) == (bond.master, bond.number);
        if same {
            bond.stops = Stops::Both;
        }
        same
    });
    links
}

fn report(pairs: &Pairs<'_, '_>, rules: &Rules, changes: &[Changed], found: &mut Found) {
    let (old, new) = (pairs.old, pairs.new);
    let all = |of: fn(&Changed) -> &[Bond]| -> HashSet<(ObjectId, Bond)> {
        changes.iter().flat_map(|change| of(change).iter().map(|bond| (change.ids.1, *bond))).collect()
    };
    let (gone, come) = (all(|change| &change.gone), all(|change| &change.come));
    let turned = |these: &HashSet<(ObjectId, Bond)>, object: ObjectId, bond: Bond| match bond.master {
        Master::There(id) => these.contains(&(id, Bond { master: Master::There(object), ..bond })),
        Master::Gone(_) => false,
    };
    for change in changes {
        let name = new.name(change.ids.1);
        let of = new.kind(change.ids.1);
        let mut give = |master: Master, delta: Delta| {
            let master = match master {
                Master::There(id) => new.name(id),
                Master::Gone(id) => old.name(id),
            };
            found.add_as(of, &name, &format!("{name} on {master}"), delta);
        };
        let mut come_left = change.come.clone();
        for bond in &change.gone {
            if turned(&come, change.ids.1, *bond) {
                continue; // said where it came
            }
            let text = rules.text(*bond);
            // another rule for the same
            if let Some(place) = come_left.iter().position(|other| other.master == bond.master) {
                let now = come_left.remove(place);
                let delta = Delta::changed("dependency", text, rules.text(now));
                give(bond.master, delta.by(cause(new, &change.after, now)));
                continue;
            }
            give(bond.master, Delta::lost("dependency", text).by(cause(old, &change.before, *bond)));
        }
        for bond in come_left {
            let text = rules.text(bond);
            let delta = if turned(&gone, change.ids.1, bond) {
                Delta::of(Change::Turned { rule: text })
            } else {
                Delta::gained("dependency", text)
            };
            give(bond.master, delta.by(cause(new, &change.after, bond)));
        }
    }
}

fn cause(side: &Side<'_>, links: &[Link], bond: Bond) -> Option<Cause> {
    let (_, rule) = links.iter().find(|(known, _)| *known == bond)?;
    let rule = side.of.graph.dependency_rule(*rule);
    let is_parents = rule.redundancy_group.as_deref() == Some(PARENTS);
    let by = if is_parents { By::Itself } else { By::Definition("dependency") };
    Some(side.definition(by, &rule.origin))
}

/// Groups of hosts and of services: which come and go, and which objects join and leave the others.
pub(super) fn groups(pairs: &Pairs<'_, '_>, found: &mut Found) {
    let (old, new) = (&pairs.old.of.graph, &pairs.new.of.graph);
    let (before, after) = (&pairs.old.of.host_group_details, &pairs.new.of.host_group_details);
    kind(pairs, Kind::HostGroup, (&old.host_groups, before), (&new.host_groups, after), found);
    let (before, after) = (&pairs.old.of.service_group_details, &pairs.new.of.service_group_details);
    kind(pairs, Kind::ServiceGroup, (&old.service_groups, before), (&new.service_groups, after), found);
}

type Groups<'c> = (&'c [Group], &'c [GroupDetails]);

fn kind(pairs: &Pairs<'_, '_>, of: Kind, old: Groups<'_>, new: Groups<'_>, found: &mut Found) {
    let by_name = |groups: Groups<'_>| -> BTreeMap<std::sync::Arc<str>, usize> {
        groups.0.iter().enumerate().map(|(place, group)| (group.name.clone(), place)).collect()
    };
    let (was, is) = (by_name(old), by_name(new));
    let whole = |side: &Side<'_>, group: &Group, change: Change| {
        let cause = side.definition(By::Itself, &group.origin);
        let with = group.members.iter().map(|id| side.name(*id)).collect();
        Entry { with, ..Entry::new(of, change, &group.name, cause) }
    };
    for (name, place) in &was {
        if !is.contains_key(name) {
            found.entry(whole(pairs.old, &old.0[*place], Change::Removed));
        }
    }
    for (name, place) in &is {
        let group = &new.0[*place];
        match was.get(name) {
            None => found.entry(whole(pairs.new, group, Change::Added)),
            Some(before) => {
                let details = (old.1.get(*before), new.1.get(*place));
                self::group(pairs, of, (&old.0[*before], group), details, found);
            }
        }
    }
}

/// A group that is in both.
fn group(
    pairs: &Pairs<'_, '_>,
    of: Kind,
    (old, new): (&Group, &Group),
    (before, after): (Option<&GroupDetails>, Option<&GroupDetails>),
    found: &mut Found,
) {
    // whoever comes or goes as a whole is told of already
    let mut stayed: Vec<ObjectId> = old.members.iter().filter_map(|id| pairs.after(*id)).collect();
    stayed.sort_unstable();
    let now: Vec<ObjectId> = new.members.iter().copied().filter(|id| pairs.before(*id).is_some()).collect();
    let (left, joined) = apart(&stayed, &now);
    let attribute = of.as_str();
    let mut member = |id: ObjectId, delta: Delta| {
        found.add(pairs.new.kind(id), &pairs.new.name(id), delta);
    };
    for id in left {
        member(id, Delta::lost(attribute, &*new.name));
    }
    for id in joined {
        member(id, Delta::gained(attribute, &*new.name));
    }
    let page = |details: Option<&GroupDetails>| details.cloned().unwrap_or_default();
    let (before, after) = (page(before), page(after));
    for (attribute, was, is) in [
        ("alias", Some(&*old.alias), Some(&*new.alias)),
        ("notes", before.notes.as_deref(), after.notes.as_deref()),
        ("notes_url", before.notes_url.as_deref(), after.notes_url.as_deref()),
        ("action_url", before.action_url.as_deref(), after.action_url.as_deref()),
    ] {
        super::objects::text(attribute, was, is, |delta| {
            found.add(of, &new.name, delta.by(pairs.new.definition(By::Itself, &new.origin)));
        });
    }
}
