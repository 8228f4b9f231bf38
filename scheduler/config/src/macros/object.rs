//! What is known of hosts, services, contacts and groups from the configuration alone.

use std::borrow::Cow;
use std::sync::Arc;

use engine::{Check, CheckCommand, Contact, Group, Identity, Kind, Object, ObjectId};

use super::{data, variable};
use crate::command::MacroValue;
use crate::load::Configuration;

/// A macro about a host or service itself, or about the host of a service.
pub(crate) fn object_macro<'c>(of: &'c Configuration, id: ObjectId, name: &str) -> Option<MacroValue<'c>> {
    let host = of.graph.host_of(id);
    if let Some(name) = name.strip_prefix("_HOST") {
        return own_variable(of, host, name);
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
    if name == "TOTALHOSTSERVICES" {
        return Some(data(of.graph.services(host).len().to_string()));
    }
    if let Some(rest) = name.strip_prefix("HOST") {
        return match rest {
            "NAME" => Some(data(&*of.graph.object(host).name)),
            "ADDRESS" => Some(data(address(of, host))),
            _ => common(of, host, rest, &of.graph.host_groups),
        };
    }
    let rest = name.strip_prefix("SERVICE")?;
    let service = service(of, id)?;
    match rest {
        "DESC" => Some(data(&*of.graph.object(service).name)),
        "ISVOLATILE" => Some(data(if of.graph.settings(service).is_volatile { "1" } else { "0" })),
        _ => common(of, service, rest, &of.graph.service_groups),
    }
}

/// `$HOSTADDRESS:web1$`, `$SERVICENOTES:web1:http$`, `$SERVICEDISPLAYNAME::http$` (on the same
/// host), `$CONTACTEMAIL:ann$`, `$HOSTGROUPALIAS:web$` … What depends on the state is not known
/// here.
pub(crate) fn on_demand<'c>(
    of: &'c Configuration,
    here: Option<ObjectId>,
    name: &str,
) -> Option<MacroValue<'c>> {
    let (name, rest) = name.split_once(':')?;
    if let Some(rest_of_name) = name.strip_prefix("CONTACTGROUP") {
        let group = of.contact_groups.iter().find(|group| *group.name == *rest)?;
        return match rest_of_name {
            "NAME" => Some(data(&*group.name)),
            "ALIAS" => Some(data(&*group.alias)),
            "MEMBERS" => Some(data(joined(group.members.iter().map(|id| &*of.graph.contact(*id).name)))),
            _ => None,
        };
    }
    if name.starts_with("CONTACT") || name.starts_with("_CONTACT") {
        return contact_macro(of.graph.contacts.iter().find(|contact| *contact.name == *rest)?, name);
    }
    for (prefix, groups) in [("HOSTGROUP", &of.graph.host_groups), ("SERVICEGROUP", &of.graph.service_groups)]
    {
        if let Some(what) = name.strip_prefix(prefix) {
            return group_macro(of, groups.iter().find(|group| *group.name == *rest)?, what);
        }
    }
    let (host, service) = match rest.split_once(':') {
        Some((host, service)) => (host, Some(service.into())),
        None => (rest, None),
    };
    let host: Arc<str> = match host {
        "" => of.graph.object(of.graph.host_of(here?)).name.clone(),
        named => named.into(),
    };
    let id = of.graph.find(&Identity { host, service })?;
    object_macro(of, id, name)
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
pub(crate) fn contact_macro<'c>(contact: &'c Contact, name: &str) -> Option<MacroValue<'c>> {
    if let Some(name) = name.strip_prefix("_CONTACT") {
        return variable(name, &contact.variables);
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

/// What hosts and services both have.
fn common<'c>(
    of: &'c Configuration,
    id: ObjectId,
    what: &str,
    groups: &'c [Group],
) -> Option<MacroValue<'c>> {
    let object = of.graph.object(id);
    let details = of.details.get(&id);
    let text = |text: Option<&'c Arc<str>>| data(text.map_or("", |text| text));
    let in_group = |group: &&Group| group.members.binary_search(&id).is_ok();
    Some(match what {
        "ALIAS" if of.graph.is_host(id) => data(object.alias.as_deref().unwrap_or(&object.name)),
        "DISPLAYNAME" if of.graph.is_host(id) => {
            data(details.and_then(|details| details.display_name.as_deref()).unwrap_or(&object.name))
        }
        "DISPLAYNAME" => data(object.alias.as_deref().unwrap_or(&object.name)),
        "NOTES" => text(details.and_then(|details| details.notes.as_ref())),
        "NOTESURL" => text(object.notes_url.as_ref()),
        "ACTIONURL" => text(details.and_then(|details| details.action_url.as_ref())),
        "IMPORTANCE" => data(details.map_or(0, |details| details.importance).to_string()),
        "CHECKCOMMAND" => data(written_check(of, object).unwrap_or_default()),
        "NOTIFICATIONENABLED" => data(if of.graph.settings(id).notifications { "1" } else { "0" }),
        "NOTIFICATIONPERIOD" => data(
            of.graph.settings(id).notification_period.map_or("", |period| &*of.graph.period(period).name),
        ),
        "GROUPNAMES" => data(joined(groups.iter().filter(in_group).map(|group| &*group.name))),
        _ => return group_macro(of, groups.iter().find(in_group)?, what.strip_prefix("GROUP")?),
    })
}

fn group_macro<'c>(of: &'c Configuration, group: &'c Group, what: &str) -> Option<MacroValue<'c>> {
    Some(match what {
        "NAME" => data(&*group.name),
        "ALIAS" => data(&*group.alias),
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
        Kind::Host { address, .. } => address,
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
