//! Hosts and services: which come and go, and what changes of those that stay.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use engine::{CheckCommand, Definition, Host, Kind as Of, Object, ObjectId, SettingsId};

use super::found::Delta;
use super::renamed::{Renamed, renamed};
use super::settings::{Said, settings};
use super::side::{Pairs, Side, apart};
use super::{By, Change, Entry, Found, Kind};
use super::{check, told};
use crate::directives::Key;
use crate::macros::written;
use crate::mask;
use crate::resolve::Details;

/// Objects that are in one of the two only. The services of a host come and go with it; those of one
/// definition are one entry.
pub(super) fn came_and_went(pairs: &Pairs<'_, '_>, found: &mut Found) {
    let went: Vec<ObjectId> = pairs.old.of.graph.ids().filter(|id| pairs.after(*id).is_none()).collect();
    let came: Vec<ObjectId> = pairs.new.of.graph.ids().filter(|id| pairs.before(*id).is_none()).collect();
    let names = renamed((pairs.old, &went), (pairs.new, &came));
    entries(pairs.old, &went, &Change::Removed, &names.to, found);
    entries(pairs.new, &came, &Change::Added, &names.from, found);
}

fn entries(side: &Side<'_>, ids: &[ObjectId], change: &Change, renamed: &Renamed, found: &mut Found) {
    let graph = &side.of.graph;
    let mut by_definition: BTreeMap<(Arc<str>, u32), Entry> = BTreeMap::new();
    for id in ids {
        let object = graph.object(*id);
        let host = graph.host_of(*id);
        if host != *id && ids.binary_search(&host).is_ok() {
            continue;
        }
        let cause = side.definition(By::Itself, &object.origin);
        let mut entry = Entry::new(side.kind(*id), change.clone(), &side.name(*id), cause);
        entry.renamed = renamed.get(id).cloned();
        if host == *id {
            entry.with = graph.services(host).iter().map(|id| graph.object(*id).name.to_string()).collect();
            found.entry(entry);
        } else if entry.renamed.is_some() {
            found.entry(entry);
        } else {
            let place = (object.origin.file.clone(), object.origin.line);
            match by_definition.get_mut(&place) {
                Some(known) => known.objects.append(&mut entry.objects),
                None => {
                    by_definition.insert(place, entry);
                }
            }
        }
    }
    for entry in by_definition.into_values() {
        found.entry(entry);
    }
}

/// Objects that are in both.
pub(super) fn changed(pairs: &Pairs<'_, '_>, found: &mut Found) {
    let (old, new) = (pairs.old, pairs.new);
    // many objects share their settings
    let mut known: HashMap<(SettingsId, SettingsId, bool), Vec<Said>> = HashMap::new();
    for ids in pairs.both() {
        let of = new.kind(ids.1);
        let mut name: Option<String> = None;
        let mut give = |delta: Delta| {
            let name = name.get_or_insert_with(|| new.name(ids.1));
            found.add(of, name, delta);
        };
        let (before, after) = (old.of.graph.object(ids.0), new.of.graph.object(ids.1));
        let said = known.entry((before.settings, after.settings, of == Kind::Host)).or_insert_with(|| {
            let (before, after) = (old.of.graph.settings(ids.0), new.of.graph.settings(ids.1));
            settings((old, before), (new, after), of == Kind::Host)
        });
        for (delta, key) in said.iter() {
            give(delta.clone().by(pairs.directive(ids, *key)));
        }
        check::check(pairs, ids, &mut give);
        event_handler(pairs, ids, &mut give);
        told::told(pairs, ids, &mut give);
        told::escalations(pairs, ids, &mut give);
        object(pairs, ids, (before, after), &mut give);
        details(pairs, ids, &mut give);
    }
}

fn event_handler(pairs: &Pairs<'_, '_>, ids: (ObjectId, ObjectId), give: &mut impl FnMut(Delta)) {
    let (old, new) = (pairs.old, pairs.new);
    let (before, after) = (old.of.graph.event_handler(ids.0), new.of.graph.event_handler(ids.1));
    let key = Key::EventHandler;
    if let Some(delta) = command("event_handler", (old, before), (new, after)) {
        let cause = if delta.cause.is_some() { delta.cause.clone() } else { pairs.directive(ids, key) };
        give(delta.by(cause));
    }
}

/// Another command, or another line of the same one.
pub(super) fn command(
    attribute: &'static str,
    (old, before): (&Side<'_>, Option<&CheckCommand>),
    (new, after): (&Side<'_>, Option<&CheckCommand>),
) -> Option<Delta> {
    let text =
        |side: &Side<'_>, command: Option<&CheckCommand>| command.map(|command| written(side.of, command));
    let line = |side: &Side<'_>, command: Option<&CheckCommand>| {
        command.map(|command| side.of.graph.command(command.command).line.clone())
    };
    if text(old, before) != text(new, after) {
        let shown =
            |side: &Side<'_>, command: Option<&CheckCommand>| command.map(|c| check::shown(side.of, c));
        let (was, is) = (shown(old, before), shown(new, after));
        return Some(match (was, is) {
            (Some(was), Some(is)) => {
                let (was, is) = check::hidden_change(was, is);
                Delta::changed(attribute, was, is)
            }
            (was, is) => Delta::changed(attribute, was, is),
        });
    }
    let (was, is) = (line(old, before)?, line(new, after)?);
    if was == is {
        return None;
    }
    let definition = new.of.graph.command(after?.command);
    let (was, is) = check::hidden_change(mask::masked_text(&was), mask::masked_text(&is));
    let cause = new.definition(By::Command(definition.name.clone()), &definition.origin);
    Some(Delta::changed("command_line", was, is).by(cause))
}

fn object(
    pairs: &Pairs<'_, '_>,
    ids: (ObjectId, ObjectId),
    (before, after): (&Object, &Object),
    give: &mut impl FnMut(Delta),
) {
    // a field that is new here is a question to be answered below
    let Object { name: _, kind, settings: _, definition } = before;
    let Definition { check: _, alias, notes_url, variables, origin: _ } = &**definition;
    if let (Of::Host(host), Of::Host(now)) = (kind, &after.kind) {
        let Host { parents, address } = &**host;
        let names = |side: &Side<'_>, ids: &[ObjectId]| {
            let mut names: Vec<String> = ids.iter().map(|id| side.name(*id)).collect();
            names.sort_unstable();
            names
        };
        let (gone, come) = apart(&names(pairs.old, parents), &names(pairs.new, &now.parents));
        let cause = || pairs.directive(ids, Key::Parents);
        for parent in gone {
            give(Delta::lost("parents", parent).by(cause()));
        }
        for parent in come {
            give(Delta::gained("parents", parent).by(cause()));
        }
        if *address != now.address {
            let delta = Delta::changed("address", address.to_string(), now.address.to_string());
            give(delta.by(pairs.directive(ids, Key::Address)));
        }
    }
    let (attribute, key) = match kind {
        Of::Host(_) => ("alias", Key::Alias),
        Of::Service { .. } => ("display_name", Key::DisplayName),
    };
    for (attribute, key, was, is) in
        [(attribute, key, alias, &after.alias), ("notes_url", Key::NotesUrl, notes_url, &after.notes_url)]
    {
        text(attribute, was.as_deref(), is.as_deref(), |delta| give(delta.by(pairs.directive(ids, key))));
    }
    self::variables(variables, &after.variables, |delta, name| {
        let proxy = (name == "PROXY").then(|| pairs.directive(ids, Key::Proxy)).flatten();
        give(delta.by(proxy));
    });
}

/// A text that is shown as it stands.
pub(super) fn text(attribute: &'static str, old: Option<&str>, new: Option<&str>, give: impl FnOnce(Delta)) {
    if old != new {
        give(Delta::changed(attribute, old.map(str::to_owned), new.map(str::to_owned)));
    }
}

/// Custom variables by their names; of two with one name the first counts.
pub(super) fn variables(
    old: &[(Arc<str>, Arc<str>)],
    new: &[(Arc<str>, Arc<str>)],
    mut give: impl FnMut(Delta, &str),
) {
    if old == new {
        return;
    }
    let by_name = |variables: &[(Arc<str>, Arc<str>)]| -> BTreeMap<Arc<str>, Arc<str>> {
        variables.iter().rev().cloned().collect()
    };
    let (old, new) = (by_name(old), by_name(new));
    let mut names: Vec<&Arc<str>> = old.keys().chain(new.keys()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let (was, is) = (old.get(name), new.get(name));
        if was == is {
            continue;
        }
        let show = |value: &Arc<str>| {
            if nagios::is_secret_name(name) { mask::HIDDEN.to_owned() } else { mask::masked_text(value) }
        };
        let delta = match (was.map(show), is.map(show)) {
            (Some(was), Some(is)) => {
                let (was, is) = check::hidden_change(was, is);
                Delta::changed(format!("_{name}"), was, is)
            }
            (was, is) => Delta::changed(format!("_{name}"), was, is),
        };
        give(delta, name);
    }
}

/// What people read in mails and on pages.
fn details(pairs: &Pairs<'_, '_>, ids: (ObjectId, ObjectId), give: &mut impl FnMut(Delta)) {
    let none = Details::default();
    let of = |side: &Side<'_>, id| side.of.details.get(&id).cloned();
    let (before, after) = (of(pairs.old, ids.0), of(pairs.new, ids.1));
    if before == after {
        return;
    }
    let (before, after) = (before.as_ref().unwrap_or(&none), after.as_ref().unwrap_or(&none));
    // a field that is new here is a question to be answered below
    let Details {
        notes,
        action_url,
        icon_image,
        icon_image_alt,
        vrml_image,
        statusmap_image,
        coords_2d,
        coords_3d,
        display_name,
        parents: _, // a dependency
        foreign: _, // what its macros stand for then is compared
        kept: _,    // has another use or none
    } = before;
    for (attribute, key, was, is) in [
        ("notes", Some(Key::Notes), notes, &after.notes),
        ("action_url", Some(Key::ActionUrl), action_url, &after.action_url),
        ("display_name", Some(Key::DisplayName), display_name, &after.display_name),
        ("icon_image", None, icon_image, &after.icon_image),
        ("icon_image_alt", None, icon_image_alt, &after.icon_image_alt),
        ("vrml_image", None, vrml_image, &after.vrml_image),
        ("statusmap_image", None, statusmap_image, &after.statusmap_image),
        ("2d_coords", None, coords_2d, &after.coords_2d),
        ("3d_coords", None, coords_3d, &after.coords_3d),
    ] {
        text(attribute, was.as_deref(), is.as_deref(), |delta| {
            give(delta.by(key.and_then(|key| pairs.directive(ids, key))));
        });
    }
}
