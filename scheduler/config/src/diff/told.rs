//! Who is told of an object: one change for each contact that is told no more or is told now, and one if
//! nobody is told any more.

use std::collections::BTreeSet;

use engine::{ContactGroupId, ContactId, Escalation, Letters, ObjectId, Origin};

use super::found::Delta;
use super::side::{Pairs, Side, apart, letters, span};
use super::{By, Cause};
use crate::directives::Key;

/// What changes of who is told of an object.
pub(super) fn told(pairs: &Pairs<'_, '_>, ids: (ObjectId, ObjectId), give: &mut impl FnMut(Delta)) {
    let (old, new) = (pairs.old, pairs.new);
    let (before, after) = (old.of.graph.settings(ids.0), new.of.graph.settings(ids.1));
    let (gone, come) = apart(&old.contacts(&before.contacts), &new.contacts(&after.contacts));
    let mut causes: Vec<Option<Cause>> = Vec::new();
    for name in gone {
        let delta = Delta::lost("contacts", name).by(no_more(pairs, ids, name));
        causes.push(delta.cause.clone());
        give(delta);
    }
    for name in come {
        let delta = Delta::gained("contacts", name).by(from_now_on(pairs, ids, name));
        causes.push(delta.cause.clone());
        give(delta);
    }
    causes.dedup();
    let cause = if let [only] = &mut causes[..] { only.take() } else { None };
    match (is_told(old, ids.0), is_told(new, ids.1)) {
        (true, false) => give(Delta::changed("told", "somebody".to_owned(), "nobody".to_owned()).by(cause)),
        (false, true) => give(Delta::changed("told", "nobody".to_owned(), "somebody".to_owned()).by(cause)),
        _ => {}
    }
}

/// Is anybody told of it at all?
fn is_told(side: &Side<'_>, id: ObjectId) -> bool {
    !listeners(side, id).is_empty()
}

/// Who is told of problems of an object at some time, by itself or by an escalation.
pub(super) fn listeners(side: &Side<'_>, id: ObjectId) -> BTreeSet<ContactId> {
    let graph = &side.of.graph;
    let settings = graph.settings(id);
    let known = if graph.is_host(id) { "durfs" } else { "wucrfs" };
    let any = |options: Letters| known.chars().any(|letter| options.has(letter));
    if !settings.notifications || !any(settings.notification_options) {
        return BTreeSet::new();
    }
    let importance = graph.importance(id);
    let hears = |contact: &&ContactId| {
        let own = graph.contact(**contact);
        let side = if graph.is_host(id) { &own.host } else { &own.service };
        let least = graph.minimum_importance.get(*contact);
        side.enabled && any(side.options) && least.is_none_or(|least| importance >= *least)
    };
    let later = graph.escalations(id).flat_map(|escalation| escalation.contacts.iter());
    settings.contacts.iter().chain(later).filter(hears).copied().collect()
}

/// Why a contact is told no more.
fn no_more(pairs: &Pairs<'_, '_>, ids: (ObjectId, ObjectId), name: &str) -> Option<Cause> {
    let (old, new) = (pairs.old, pairs.new);
    let id = old.of.graph.find_contact(name)?;
    if new.of.graph.find_contact(name).is_none() {
        return Some(old.definition(By::Contact(name.into()), &old.of.graph.contact(id).origin));
    }
    if let Some((group, _)) = named_group(old, ids.0, id) {
        let is_named = group_of(new, ids.1, group).is_some();
        let now = new.of.contact_groups.iter().find(|known| *known.name == *group);
        if let (true, Some(now)) = (is_named, now) {
            return Some(new.definition(By::ContactGroup(now.name.clone()), &now.origin));
        }
    }
    pairs.directive(ids, named_by(old, ids.0, id))
}

/// Why a contact is told now.
fn from_now_on(pairs: &Pairs<'_, '_>, ids: (ObjectId, ObjectId), name: &str) -> Option<Cause> {
    let (old, new) = (pairs.old, pairs.new);
    let id = new.of.graph.find_contact(name)?;
    if let Some((group, origin)) = named_group(new, ids.1, id)
        && group_of(old, ids.0, group).is_some()
    {
        return Some(new.definition(By::ContactGroup(group.into()), origin));
    }
    pairs.directive(ids, named_by(new, ids.1, id))
}

/// The directive that names a contact of an object.
fn named_by(side: &Side<'_>, id: ObjectId, contact: ContactId) -> Key {
    let named = &side.of.graph.settings(id).named;
    if named.contacts.contains(&contact) { Key::Contacts } else { Key::ContactGroups }
}

/// The group by which alone an object names a contact.
fn named_group<'c>(side: &Side<'c>, id: ObjectId, contact: ContactId) -> Option<(&'c str, &'c Origin)> {
    let named = &side.of.graph.settings(id).named;
    if named.contacts.contains(&contact) {
        return None;
    }
    let mut groups = named.groups.iter().filter_map(|id| side.of.contact_groups.get(id.0 as usize));
    let group = groups.find(|group| group.members.contains(&contact))?;
    Some((&*group.name, &group.origin))
}

/// The group of this name among those that an object names.
fn group_of(side: &Side<'_>, id: ObjectId, name: &str) -> Option<ContactGroupId> {
    let groups = &side.of.graph.settings(id).named.groups;
    groups
        .iter()
        .copied()
        .find(|id| side.of.contact_groups.get(id.0 as usize).is_some_and(|group| *group.name == *name))
}

/// What changes of the escalations of an object.
pub(super) fn escalations(pairs: &Pairs<'_, '_>, ids: (ObjectId, ObjectId), give: &mut impl FnMut(Delta)) {
    let (old, new) = (pairs.old, pairs.new);
    let (before, after) = (rungs(pairs, old, ids.0), rungs(pairs, new, ids.1));
    let only = |these: &[Rung], those: &[Rung]| -> Vec<Rung> {
        let there =
            |rung: &&Rung| those.iter().any(|other| (&other.words, &other.when) == (&rung.words, &rung.when));
        these.iter().filter(|rung| !there(rung)).cloned().collect()
    };
    let (gone, come) = (only(&before, &after), only(&after, &before));
    if let ([was], [is]) = (&gone[..], &come[..]) {
        return give(Delta::changed("escalation", was.shown(), is.shown()).by(is.cause.clone()));
    }
    for rung in gone {
        give(Delta::lost("escalation", rung.shown()).by(rung.cause));
    }
    for rung in come {
        give(Delta::gained("escalation", rung.shown()).by(rung.cause));
    }
}

/// An escalation of an object.
#[derive(Clone)]
struct Rung {
    /// All but when.
    words: String,
    when: String,
    period: Option<String>,
    cause: Cause,
}

impl Rung {
    fn shown(&self) -> String {
        match &self.period {
            Some(name) => format!("{}, in {name}", self.words),
            None => self.words.clone(),
        }
    }
}

fn rungs<'c>(pairs: &Pairs<'_, 'c>, side: &Side<'c>, id: ObjectId) -> Vec<Rung> {
    let graph = &side.of.graph;
    let rungs = graph.escalations(id).map(|escalation| Rung {
        words: in_words(side, escalation, graph.is_host(id)),
        when: pairs.when(side, escalation.period),
        period: side.period(escalation.period),
        cause: side.definition(By::Definition("escalation"), &escalation.origin),
    });
    rungs.collect()
}

/// `mails 3 to 5: ann,bob, every 30m, of w,c`, but for when it holds.
fn in_words(side: &Side<'_>, escalation: &Escalation, is_host: bool) -> String {
    let Escalation {
        first_notification,
        last_notification,
        notification_interval,
        period: _,
        options,
        contacts,
        origin: _,
    } = escalation;
    let names = side.contacts(contacts);
    let to = if names.is_empty() { "nobody".to_owned() } else { names.join(",") };
    let mut text = match (first_notification, last_notification) {
        (first, 0) => format!("from mail {first} on: {to}"),
        (first, last) => format!("mails {first} to {last}: {to}"),
    };
    if let Some(interval) = notification_interval {
        let often = if interval.is_zero() { "once".to_owned() } else { format!("every {}", span(*interval)) };
        text.extend([", ", &often]);
    }
    let options = letters(*options, if is_host { "dur" } else { "wucr" });
    if options != "all" {
        text.extend([", of ", &options]);
    }
    text
}
