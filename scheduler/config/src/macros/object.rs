//! Macros about hosts, services, contacts and groups: what the configuration says of them, and how
//! they are if that is known.

use std::borrow::Cow;
use std::sync::Arc;

use engine::{Check, CheckCommand, Contact, Group, Identity, Kind, Object, ObjectId};

use super::moment::{time_macro, valid_time};
use super::pages::{Stand, page};
use super::state::state_macro;
use super::totals::total;
use super::{Scene, data, standard, variable};
use crate::command::MacroValue;
use crate::load::Configuration;
use crate::resolve::{ContactGroup, GroupDetails, STALE};

/// A macro about a host or service itself, or about the host of a service.
pub(crate) fn object_macro<'c>(scene: &Scene<'c>, id: ObjectId, name: &str) -> Option<MacroValue<'c>> {
    let of = scene.of;
    let host = of.graph.host_of(id);
    if let Some(name) = name.strip_prefix("_HOST") {
        return own_variable(of, host, name);
    }
    if name == "_SERVICEPROXY" {
        return proxy(of, service(of, id)?);
    }
    if let Some(name) = name.strip_prefix("_SERVICE") {
        return own_variable(of, service(of, id)?, name);
    }
    if let Some(rest) = name.strip_prefix("MAXHOST") {
        return (rest == "ATTEMPTS").then(|| data(of.graph.settings(host).max_check_attempts.to_string()));
    }
    if name == "MAXSERVICEATTEMPTS" {
        return Some(data(of.graph.settings(service(of, id)?).max_check_attempts.to_string()));
    }
    if name == "HOSTANDSERVICESIMPORTANCE" {
        return Some(data(of.graph.importance(host).to_string()));
    }
    if name == "TOTALHOSTSERVICES" {
        return Some(data(of.graph.services(host).len().to_string()));
    }
    if name.starts_with("TOTAL") {
        return total(scene, Some(id), name);
    }
    let stated = [host, id].into_iter().find_map(|id| state_macro(scene, id, name));
    if stated.is_some() {
        return stated;
    }
    if let Some(rest) = name.strip_prefix("HOST") {
        return match rest {
            "NAME" => Some(data(&*of.graph.object(host).name)),
            "ADDRESS" => Some(data(address(of, host))),
            _ => common(scene, host, rest, Groups::of_hosts(of)),
        };
    }
    let rest = name.strip_prefix("SERVICE")?;
    let service = service(of, id)?;
    match rest {
        "DESC" => Some(data(&*of.graph.object(service).name)),
        "ISVOLATILE" => Some(data(if of.graph.settings(service).is_volatile { "1" } else { "0" })),
        _ => common(scene, service, rest, Groups::of_services(of)),
    }
}

/// `$HOSTADDRESS:web1$`, `$SERVICESTATEID:web1:http$`, `$SERVICENOTES::http$` (on the same host),
/// `$CONTACTEMAIL:ann$`, `$HOSTGROUPALIAS:web$`, `$ISVALIDTIME:always$`; and for all members of a group, with what to put
/// between: `$HOSTSTATEID:web:,$`, `$SERVICESTATEID:all:,$`, `$CONTACTEMAIL:admins: $`.
pub(crate) fn on_demand<'c>(scene: &Scene<'c>, here: Option<ObjectId>, name: &str) -> Option<MacroValue<'c>> {
    let of = scene.of;
    let (name, rest) = name.split_once(':')?;
    if let Some(rest_of_name) = name.strip_prefix("CONTACTGROUP") {
        return contact_group_macro(
            of,
            of.contact_groups.iter().find(|group| *group.name == *rest)?,
            rest_of_name,
        );
    }
    if name.starts_with("CONTACT") || name.starts_with("_CONTACT") {
        if let Some(contact) = of.graph.contacts.iter().find(|contact| *contact.name == *rest) {
            return contact_macro(scene, contact, name);
        }
        let (group, between) = rest.split_once(':')?;
        let group = of.contact_groups.iter().find(|known| *known.name == *group)?;
        let values = group.members.iter().map(|id| contact_macro(scene, of.graph.contact(*id), name));
        return joined_values(values, between);
    }
    for (prefix, groups) in [("HOSTGROUP", Groups::of_hosts(of)), ("SERVICEGROUP", Groups::of_services(of))] {
        if let Some(what) = name.strip_prefix(prefix) {
            return group_macro(scene, here, groups.find(|group| *group.name == *rest)?, what);
        }
    }
    if name == "ISVALIDTIME" || name == "NEXTVALIDTIME" {
        return valid_time(scene, name, rest);
    }
    let Some((first, second)) = rest.split_once(':') else {
        let host = of.graph.find(&Identity { host: named(of, here, rest)?, service: None })?;
        return object_macro(scene, host, name);
    };
    let of_service = name.contains("SERVICE");
    if of_service
        && let Some(host) = named(of, here, first)
        && let Some(service) = of.graph.find(&Identity { host, service: Some(second.into()) })
    {
        return object_macro(scene, service, name);
    }
    let groups = if of_service { &of.graph.service_groups } else { &of.graph.host_groups };
    let group = groups.iter().find(|group| *group.name == *first)?;
    joined_values(group.members.iter().map(|id| object_macro(scene, *id, name)), second)
}

/// The host of a name; the one that this is about for an empty name.
fn named(of: &Configuration, here: Option<ObjectId>, host: &str) -> Option<Arc<str>> {
    Some(if host.is_empty() { of.graph.object(of.graph.host_of(here?)).name.clone() } else { host.into() })
}

/// The values of all members of a group; none if there is no such macro.
fn joined_values<'c>(
    values: impl Iterator<Item = Option<MacroValue<'c>>>,
    between: &str,
) -> Option<MacroValue<'c>> {
    let mut all = String::new();
    for (number, value) in values.enumerate() {
        let (MacroValue::Template(text) | MacroValue::Words(text) | MacroValue::Data(text)) = value?;
        if number > 0 {
            all.push_str(between);
        }
        all.push_str(&text);
        if all.len() > MAX_JOINED {
            break;
        }
    }
    Some(data(all))
}

/// Values of a group are joined up to so many bytes; no argument may be longer.
const MAX_JOINED: usize = 128 * 1024;

fn contact_group_macro<'c>(
    of: &'c Configuration,
    group: &'c ContactGroup,
    what: &str,
) -> Option<MacroValue<'c>> {
    match what {
        "NAME" => Some(data(&*group.name)),
        "ALIAS" => Some(data(&*group.alias)),
        "MEMBERS" => Some(data(joined(group.members.iter().map(|id| &*of.graph.contact(*id).name)))),
        _ => None,
    }
}

/// The proxy of an object: its own, else that of its host.
pub(crate) fn proxy(of: &Configuration, id: ObjectId) -> Option<MacroValue<'_>> {
    own_variable(of, id, "PROXY").or_else(|| own_variable(of, of.graph.host_of(id), "PROXY"))
}

/// A custom variable; one that a monitored machine chose is one word.
fn own_variable<'c>(of: &'c Configuration, id: ObjectId, name: &str) -> Option<MacroValue<'c>> {
    let value = variable(name, &of.graph.object(id).variables)?;
    Some(match value {
        MacroValue::Words(text) if of.foreigners.chose_variable(id, name) => MacroValue::Data(text),
        value => value,
    })
}

/// A macro about a contact.
pub(crate) fn contact_macro<'c>(
    scene: &Scene<'c>,
    contact: &'c Contact,
    name: &str,
) -> Option<MacroValue<'c>> {
    if let Some(name) = name.strip_prefix("_CONTACT") {
        return variable(name, &contact.variables);
    }
    if let Some(what) = name.strip_prefix("CONTACTGROUP") {
        let of = scene.of;
        let is_in =
            |group: &&ContactGroup| group.members.iter().any(|id| of.graph.contact(*id).name == contact.name);
        let mut groups = of.contact_groups.iter().filter(is_in);
        return match what {
            "NAMES" => Some(data(joined(groups.map(|group| &*group.name)))),
            what => contact_group_macro(of, groups.next()?, what),
        };
    }
    let text = |text: &'c Option<Arc<str>>| data(text.as_deref().unwrap_or_default());
    Some(match name.strip_prefix("CONTACT")? {
        "NAME" => data(&*contact.name),
        "ALIAS" => data(&*contact.alias),
        "EMAIL" => text(&contact.email),
        "PAGER" => text(&contact.pager),
        other => {
            let number: u8 = other.strip_prefix("ADDRESS")?.parse().ok().filter(|n| (1..=6).contains(n))?;
            data(contact.addresses.iter().find(|(known, _)| *known == number).map_or("", |(_, text)| text))
        }
    })
}

/// Groups of hosts or of services, and what people read about them.
#[derive(Clone, Copy)]
struct Groups<'c> {
    groups: &'c [Group],
    details: &'c [GroupDetails],
}

impl<'c> Groups<'c> {
    fn of_hosts(of: &'c Configuration) -> Groups<'c> {
        Groups { groups: &of.graph.host_groups, details: &of.host_group_details }
    }

    fn of_services(of: &'c Configuration) -> Groups<'c> {
        Groups { groups: &of.graph.service_groups, details: &of.service_group_details }
    }

    fn find(self, wanted: impl Fn(&Group) -> bool) -> Option<(&'c Group, Option<&'c GroupDetails>)> {
        let number = self.groups.iter().position(wanted)?;
        Some((self.groups.get(number)?, self.details.get(number)))
    }
}

/// What hosts and services both have.
fn common<'c>(scene: &Scene<'c>, id: ObjectId, what: &str, groups: Groups<'c>) -> Option<MacroValue<'c>> {
    let of = scene.of;
    let object = of.graph.object(id);
    let details = of.details.get(&id);
    let in_group = |group: &Group| group.members.binary_search(&id).is_ok();
    let page = |text: Option<&Arc<str>>, stand| {
        let text = text.map_or("", |text| text);
        let foreign = of.others_chose_pages(id);
        data(page(text, stand, foreign, &|name| in_page(scene, Some(id), name)))
    };
    Some(match what {
        "ALIAS" if of.graph.is_host(id) => data(object.alias.as_deref().unwrap_or(&object.name)),
        "DISPLAYNAME" if of.graph.is_host(id) => {
            data(details.and_then(|details| details.display_name.as_deref()).unwrap_or(&object.name))
        }
        "DISPLAYNAME" => data(object.alias.as_deref().unwrap_or(&object.name)),
        "NOTES" => page(details.and_then(|details| details.notes.as_ref()), Stand::Plain),
        "NOTESURL" => page(object.notes_url.as_ref(), Stand::Encoded),
        "ACTIONURL" => page(details.and_then(|details| details.action_url.as_ref()), Stand::Encoded),
        "IMPORTANCE" => data(of.graph.settings(id).importance.to_string()),
        "CHECKCOMMAND" => data(written_check(of, object).unwrap_or_default()),
        "NOTIFICATIONENABLED" => data(if of.graph.settings(id).notifications { "1" } else { "0" }),
        "NOTIFICATIONPERIOD" => data(
            of.graph.settings(id).notification_period.map_or("", |period| &*of.graph.period(period).name),
        ),
        "GROUPNAMES" => {
            data(joined(groups.groups.iter().filter(|group| in_group(group)).map(|group| &*group.name)))
        }
        _ => return group_macro(scene, Some(id), groups.find(in_group)?, what.strip_prefix("GROUP")?),
    })
}

/// A macro in notes or in the address of a page.
fn in_page<'c>(scene: &Scene<'c>, here: Option<ObjectId>, name: &str) -> Option<MacroValue<'c>> {
    time_macro(scene, name)
        .or_else(|| object_macro(scene, here?, name))
        .or_else(|| on_demand(scene, here, name))
        .or_else(|| standard(scene, name))
}

fn group_macro<'c>(
    scene: &Scene<'c>,
    here: Option<ObjectId>,
    (group, details): (&'c Group, Option<&'c GroupDetails>),
    what: &str,
) -> Option<MacroValue<'c>> {
    let of = scene.of;
    let page = |text: fn(&GroupDetails) -> Option<&Arc<str>>, stand| {
        let text = details.and_then(text).map_or("", |text| text);
        let foreign = details.is_some_and(|details| details.foreign);
        data(page(text, stand, foreign, &|name| in_page(scene, here, name)))
    };
    Some(match what {
        "NAME" => data(&*group.name),
        "ALIAS" => data(&*group.alias),
        "NOTES" => page(|details| details.notes.as_ref(), Stand::Plain),
        "NOTESURL" => page(|details| details.notes_url.as_ref(), Stand::Encoded),
        "ACTIONURL" => page(|details| details.action_url.as_ref(), Stand::Encoded),
        "MEMBERS" => data(joined(group.members.iter().map(|id| match of.graph.identity(*id) {
            Identity { host, service: Some(service) } => Cow::Owned(format!("{host},{service}")),
            Identity { host, service: None } => Cow::Owned(host.to_string()),
        }))),
        "MEMBERADDRESSES" => data(joined(group.members.iter().map(|id| address(of, of.graph.host_of(*id))))),
        _ => return None,
    })
}

fn joined<T: AsRef<str>>(texts: impl Iterator<Item = T>) -> String {
    let mut all = String::new();
    for text in texts {
        if !all.is_empty() {
            all.push(',');
        }
        all.push_str(text.as_ref());
    }
    all
}

fn address(of: &Configuration, host: ObjectId) -> &str {
    match &of.graph.object(host).kind {
        Kind::Host(host) => &host.address,
        Kind::Service { .. } => "",
    }
}

fn service(of: &Configuration, id: ObjectId) -> Option<ObjectId> {
    (!of.graph.is_host(id)).then_some(id)
}

/// What checks an object, as it is written in its definition.
fn written_check(of: &Configuration, object: &Object) -> Option<String> {
    object.check.as_ref().map(|check| match check {
        Check::Command(command) => written(of, command),
        Check::Cluster(cluster) => cluster.command.to_string(),
        Check::Stale => STALE.to_owned(),
    })
}

/// A command with its arguments as it is written in a definition.
pub(crate) fn written(of: &Configuration, check: &CheckCommand) -> String {
    let mut text = of.graph.command(check.command).name.to_string();
    for argument in &check.arguments {
        text.push('!');
        text.push_str(&argument.replace('!', "\\!"));
    }
    text
}
