//! `hlidka:cluster!SELECTOR!WARN!CRIT`: a service whose state is that of others.
//!
//! A selector is a list of terms: `HOST`, `HOST:SERVICE`, `:SERVICE` (of the same host),
//! `servicegroup=NAME`; `!` in front takes away. HOST is a name with `*` for anything, or
//! `hostgroup=NAME`; SERVICE a description with `*`, or `servicegroup=NAME`.

use std::sync::Arc;

use engine::{Cluster, Kind, Object, ObjectId, Quorum, counted};

use crate::concern::Concern;
use crate::directives::Key;
use crate::inherit::View;
use crate::values::{command, items};

use super::context::Context;
use super::descriptions::{Missing, Wanted};
use super::groups::Selection;
use super::targets::Targets;

/// Names of hlidka's own ways to check.
const OWN: &str = "hlidka:";
/// The states of others.
pub(crate) const CLUSTER: &str = "hlidka:cluster";
/// UNKNOWN when no results come.
pub(crate) const STALE: &str = "hlidka:stale";

/// Is a check command one of hlidka's own, and no command definition?
pub(crate) fn is_own(text: &str) -> bool {
    text.starts_with(OWN)
}

/// The definition of a cluster, before its selector is applied for each service.
#[derive(Debug)]
pub(crate) struct Draft {
    selector: String,
    warning: Quorum,
    critical: Quorum,
    command: Arc<str>,
}

/// Who asks for members.
pub(crate) struct Asker<'a> {
    pub id: ObjectId,
    pub service: &'a Object,
    pub host: ObjectId,
}

impl Draft {
    /// Reads a check command that is one of hlidka's own.
    pub(crate) fn read<'t>(text: &str, view: &View<'t, '_>, cx: &mut Context<'t, '_, '_>) -> Option<Draft> {
        let (name, arguments) = command(text);
        let mut refuse = |message: String, hint: &str| {
            cx.error(view, Key::CheckCommand, message, Some(hint.to_owned()));
            None
        };
        if name == STALE {
            return refuse(
                "hlidka:stale has no arguments".to_owned(),
                "how old a result may be is freshness_threshold",
            );
        }
        if name != CLUSTER {
            let hint = "hlidka's own are `hlidka:cluster` and `hlidka:stale`";
            return refuse(format!("no such check: `{name}`"), hint);
        }
        let [selector, warning, critical] = arguments.as_slice() else {
            let message = format!("hlidka:cluster has {} instead of 3", counted(arguments.len(), "argument"));
            return refuse(
                message,
                "write hlidka:cluster!SELECTOR!WARN!CRIT; a `!` in the selector is `\\!`",
            );
        };
        let limits = Quorum::parse(warning).and_then(|warning| Ok((warning, Quorum::parse(critical)?)));
        let (warning, critical) = match limits {
            Ok(limits) => limits,
            Err(message) => return refuse(message, "it counts members that are well"),
        };
        Some(Draft { selector: selector.to_string(), warning, critical, command: cx.intern(text) })
    }

    /// The cluster of one service. A selector that finds nothing is a warning.
    pub(crate) fn of<'t>(
        &self,
        asker: &Asker<'_>,
        view: &View<'t, '_>,
        targets: &Targets<'_, 't, '_>,
        host: impl Fn(&str) -> Option<String>,
        cx: &mut Context<'t, '_, '_>,
    ) -> Cluster {
        let selector = match expanded(&self.selector, |name| match name.strip_prefix("_SERVICE") {
            Some(variable) => value_of(variable, asker.service),
            None if name == "SERVICEDESC" => Some(asker.service.name.to_string()),
            None => host(name),
        }) {
            Ok(selector) => selector,
            Err(unknown) => {
                let message = format!("`{unknown}` has no value in a selector");
                let hint = "known are $HOSTNAME$, $HOSTALIAS$, $HOSTADDRESS$, $SERVICEDESC$, and custom variables \
                            ($_HOSTNAME$, $_SERVICENAME$) that the object has";
                cx.error(view, Key::CheckCommand, message, Some(hint.to_owned()));
                String::new()
            }
        };
        let mut selection = Selection::default();
        for term in items(&selector) {
            match term.strip_prefix('!') {
                Some(not) => selection.reject(members(not.trim_start(), asker.host, view, targets, cx)),
                None => selection.add(members(term, asker.host, view, targets, cx)),
            }
        }
        selection.reject([asker.id.0]);
        let members: Box<[ObjectId]> = selection.finish().into_iter().map(ObjectId).collect();
        if members.is_empty() {
            let message = format!("the selector `{selector}` finds nothing: the service will be UNKNOWN");
            let hint =
                "a term is HOST, HOST:SERVICE, :SERVICE, hostgroup=NAME or servicegroup=NAME, with `*`";
            cx.warn(Concern::EmptySelector, view, Key::CheckCommand, message, hint);
        }
        Cluster { members, warning: self.warning, critical: self.critical, command: self.command.clone() }
    }
}

/// Replaces macros; the first that has no value is the error.
fn expanded(text: &str, value: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut result = String::new();
    for (n, part) in text.split('$').enumerate() {
        if n % 2 == 0 {
            result.push_str(part);
        } else if part.is_empty() {
            result.push('$');
        } else {
            result.push_str(&value(part).ok_or_else(|| format!("${part}$"))?);
        }
    }
    Ok(result)
}

/// What a selector may ask about the service's host.
pub(crate) fn host_macro(host: &Object, name: &str) -> Option<String> {
    match (name, &host.kind) {
        ("HOSTNAME", _) => Some(host.name.to_string()),
        ("HOSTALIAS", _) => Some(host.alias.as_ref().unwrap_or(&host.name).to_string()),
        ("HOSTADDRESS", Kind::Host(host)) => Some(host.address.to_string()),
        _ => value_of(name.strip_prefix("_HOST")?, host),
    }
}

/// The value of a custom variable.
fn value_of(variable: &str, object: &Object) -> Option<String> {
    let found = object.variables.iter().find(|(name, _)| **name == *variable);
    found.map(|(_, value)| value.to_string())
}

/// The objects of one term, by their ids.
fn members<'t>(
    term: &str,
    here: ObjectId,
    view: &View<'t, '_>,
    targets: &Targets<'_, 't, '_>,
    cx: &mut Context<'t, '_, '_>,
) -> Vec<u32> {
    let (host, service) = match term.split_once(':') {
        Some((host, service)) => (host.trim(), Some(service.trim())),
        None if term.starts_with(SERVICE_GROUP) => ("*", Some(term)),
        None => (term, None),
    };
    let hosts = if host.is_empty() { vec![here.0] } else { hosts(host, view, targets, cx) };
    let Some(service) = service else { return hosts };
    let services = if let Some(group) = service.strip_prefix(SERVICE_GROUP) {
        let groups = targets.service_groups;
        let Some(group) = groups.names.want(group.trim(), view, Key::CheckCommand, cx) else {
            return Vec::new();
        };
        let members = groups.members.get(group as usize).map_or(&[][..], Vec::as_slice);
        let of_hosts = |service: &&u32| hosts.binary_search(&targets.services.place(**service).host).is_ok();
        members.iter().filter(of_hosts).copied().collect()
    } else {
        let wanted = Wanted::matching(service, &targets.services.descriptions, |text| glob(service, text));
        // a host without such a service is no member
        targets.services.choose(&hosts, &wanted, &mut Missing::default())
    };
    services.into_iter().map(|service| targets.object(service)).collect()
}

const HOST_GROUP: &str = "hostgroup=";
/// In front of the name of a service group where a description could stand.
pub(crate) const SERVICE_GROUP: &str = "servicegroup=";

/// Hosts of a pattern, in order.
fn hosts<'t>(
    pattern: &str,
    view: &View<'t, '_>,
    targets: &Targets<'_, 't, '_>,
    cx: &mut Context<'t, '_, '_>,
) -> Vec<u32> {
    let names = targets.hosts.names;
    if let Some(group) = pattern.strip_prefix(HOST_GROUP) {
        let group = targets.hosts.groups.want(group.trim(), view, Key::CheckCommand, cx);
        let members = group.and_then(|group| targets.hosts.members.get(group as usize));
        return members.cloned().unwrap_or_default();
    }
    match names.find(pattern) {
        Some(host) => vec![host],
        None if pattern.contains('*') => {
            (0..names.len()).filter(|host| glob(pattern, names.name(*host))).collect()
        }
        None => names.want(pattern, view, Key::CheckCommand, cx).into_iter().collect(),
    }
}

/// Does a text match a pattern in which `*` stands for anything? Takes time in proportion to the
/// product of both lengths at worst.
pub fn glob(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(start) else { return false };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in middle.split('*') {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, want) in [
            ("*", "", true),
            ("*", "x", true),
            ("web*", "web1", true),
            ("web*", "myweb1", false),
            ("*web*", "myweb1", true),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "aXcYb", false),
            ("a*a", "a", false),
            ("*ab*ab", "ab", false),
            ("x", "x", true),
            ("x", "xy", false),
            ("", "x", false),
            ("*1", "web1", true),
            ("w*b*1", "web21", true),
            ("w*b*b1", "web1", false),
            ("a*b*a", "aba", true),
            ("**", "x", true),
            ("*@*.cz", "@fit.cvut.cz", true),
            ("é*é", "éé", true),
        ] {
            assert_eq!(glob(pattern, text), want, "{pattern} {text}");
        }
    }

    #[test]
    fn macros_are_replaced_or_named() {
        let value = |name: &str| (name == "HOSTNAME").then(|| "web1".to_owned());
        assert_eq!(expanded("$HOSTNAME$:x,$$", value), Ok("web1:x,$".to_owned()));
        assert_eq!(expanded("$FOO$", value), Err("$FOO$".to_owned()));
        assert_eq!(expanded("a$HOSTNAME", value), Ok("aweb1".to_owned()), "never closed");
    }
}
