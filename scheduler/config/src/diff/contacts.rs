//! Contacts: which come and go, and what changes of how and when they are told.

use std::collections::HashMap;

use engine::{Contact, ContactId, ContactSide, counted};

use super::found::Delta;
use super::objects::{command, text, variables};
use super::side::{Pairs, Side, flag, letters};
use super::told::listeners;
use super::{By, Cause, Change, Entry, Found, Kind};
use crate::directives::Key;

/// All contacts.
pub(super) fn contacts(pairs: &Pairs<'_, '_>, found: &mut Found) {
    let (old, new) = (pairs.old, pairs.new);
    let by_name = |side: &Side<'_>| -> HashMap<std::sync::Arc<str>, usize> {
        side.of
            .graph
            .contacts
            .iter()
            .enumerate()
            .map(|(place, contact)| (contact.name.clone(), place))
            .collect()
    };
    let (was, is) = (by_name(old), by_name(new));
    let (told_of, told_of_now) = (told_of(old), told_of(new));
    let count = |counts: &[usize], place: usize| counts.get(place).copied().unwrap_or(0);
    for (place, contact) in old.of.graph.contacts.iter().enumerate() {
        let Some(now) = is.get(&contact.name) else {
            let cause = old.definition(By::Itself, &contact.origin);
            found.entry(Entry::new(Kind::Contact, Change::Removed, &contact.name, cause));
            continue;
        };
        let (before, after) = (count(&told_of, place), count(&told_of_now, *now));
        let words = |n: usize| if n == 0 { "nothing".to_owned() } else { counted(n, "object") };
        if (before == 0) != (after == 0) {
            found.add(Kind::Contact, &contact.name, Delta::changed("told of", words(before), words(after)));
        }
    }
    for (place, contact) in new.of.graph.contacts.iter().enumerate() {
        if let Some(before) = was.get(&contact.name) {
            let mut give = |delta: Delta| found.add(Kind::Contact, &contact.name, delta);
            self::contact((old, *before), (new, place), &mut give);
        } else {
            let cause = new.definition(By::Itself, &contact.origin);
            found.entry(Entry::new(Kind::Contact, Change::Added, &contact.name, cause));
        }
    }
}

/// Of how many objects each contact is told.
fn told_of(side: &Side<'_>) -> Vec<usize> {
    let graph = &side.of.graph;
    let mut counts = vec![0; graph.contacts.len()];
    for contact in graph.ids().flat_map(|id| listeners(side, id)) {
        if let Some(count) = counts.get_mut(contact.0 as usize) {
            *count += 1;
        }
    }
    counts
}

fn contact((old, place): (&Side<'_>, usize), (new, now): (&Side<'_>, usize), give: &mut impl FnMut(Delta)) {
    let (before, after) = (&old.of.graph.contacts[place], &new.of.graph.contacts[now]);
    // a field that is new here is a question to be answered below
    let Contact { name: _, alias, email, pager, addresses, host, service, variables: custom, origin } =
        before;
    let cause = |key: Key| -> Option<Cause> {
        new.directive_of(&after.origin, key).or_else(|| old.directive_of(origin, key))
    };
    for (attribute, key, was, is) in [
        ("alias", Key::Alias, Some(&**alias), Some(&*after.alias)),
        ("email", Key::Email, email.as_deref(), after.email.as_deref()),
        ("pager", Key::Pager, pager.as_deref(), after.pager.as_deref()),
    ] {
        text(attribute, was, is, |delta| give(delta.by(cause(key))));
    }
    let keys = [Key::Address1, Key::Address2, Key::Address3, Key::Address4, Key::Address5, Key::Address6];
    let names = ["address1", "address2", "address3", "address4", "address5", "address6"];
    for ((number, name), key) in (1_u8..).zip(names).zip(keys) {
        let find = |addresses: &'_ [(u8, std::sync::Arc<str>)]| {
            addresses.iter().find(|(known, _)| *known == number).map(|(_, text)| text.to_string())
        };
        let (was, is) = (find(addresses), find(&after.addresses));
        text(name, was.as_deref(), is.as_deref(), |delta| give(delta.by(cause(key))));
    }
    let least = |side: &Side<'_>, place: usize| {
        let id = u32::try_from(place).ok().map(ContactId);
        id.and_then(|id| side.of.graph.minimum_importance.get(&id)).copied().unwrap_or(0).to_string()
    };
    let (was, is) = (least(old, place), least(new, now));
    text("minimum_importance", Some(&was), Some(&is), |delta| give(delta.by(cause(Key::MinimumImportance))));
    for (words, (before, after)) in [(HOST, (host, &after.host)), (SERVICE, (service, &after.service))] {
        side((old, before), (new, after), &words, &cause, give);
    }
    variables(custom, &after.variables, |delta, _| give(delta));
}

/// Directives of a contact about hosts, or about services.
struct Words {
    enabled: (&'static str, Key),
    period: (&'static str, Key),
    options: (&'static str, Key, &'static str),
    commands: (&'static str, Key),
}

const HOST: Words = Words {
    enabled: ("host_notifications_enabled", Key::HostNotifications),
    period: ("host_notification_period", Key::HostNotificationPeriod),
    options: ("host_notification_options", Key::HostNotificationOptions, "durfs"),
    commands: ("host_notification_commands", Key::HostNotificationCommands),
};

const SERVICE: Words = Words {
    enabled: ("service_notifications_enabled", Key::ServiceNotifications),
    period: ("service_notification_period", Key::ServiceNotificationPeriod),
    options: ("service_notification_options", Key::ServiceNotificationOptions, "wucrfs"),
    commands: ("service_notification_commands", Key::ServiceNotificationCommands),
};

fn side(
    (old, before): (&Side<'_>, &ContactSide),
    (new, after): (&Side<'_>, &ContactSide),
    words: &Words,
    cause: &impl Fn(Key) -> Option<Cause>,
    give: &mut impl FnMut(Delta),
) {
    let ContactSide { enabled, period, options, commands } = before;
    let (was, is) = (flag(*enabled), flag(after.enabled));
    text(words.enabled.0, Some(&was), Some(&is), |delta| give(delta.by(cause(words.enabled.1))));
    let (was, is) = (old.period(*period), new.period(after.period));
    if was != is && old.open(*period) != new.open(after.period) {
        give(Delta::changed(words.period.0, was, is).by(cause(words.period.1)));
    }
    let (attribute, key, known) = words.options;
    let (was, is) = (letters(*options, known), letters(after.options, known));
    text(attribute, Some(&was), Some(&is), |delta| give(delta.by(cause(key))));
    for place in 0..commands.len().max(after.commands.len()) {
        let (before, after) = (commands.get(place), after.commands.get(place));
        if let Some(delta) = command(words.commands.0, (old, before), (new, after)) {
            let cause = delta.cause.clone().or_else(|| cause(words.commands.1));
            give(delta.by(cause));
        }
    }
}
