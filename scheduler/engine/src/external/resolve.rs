//! From names to objects, and from a command to events.

use std::collections::BTreeSet;
use std::sync::Arc;

use nagios::PluginOutput;

use super::error::CommandError;
use super::order::{Command, Filter, Order, Target};
use crate::engine::Engine;
use crate::graph::{Graph, Group, Identity, Kind, ObjectId};
use crate::message::{CheckResult, Event, NewDowntime};
use crate::nearest::nearest;
use crate::said::Said;
use crate::saved::Acknowledgement;
use crate::switch::{ObjectSwitch, Switch};
use crate::time::{Span, Timestamp};

/// What is to happen, in order; hand all of it to [`Engine::handle`] at the same `now`, before
/// anything else: numbers of downtimes are counted on.
pub fn resolve(command: &Command, engine: &Engine, now: Timestamp) -> Result<Vec<Event>, CommandError> {
    let graph = &**engine.graph();
    match &command.order {
        Order::Log { text } => return Ok(vec![Event::Log { text: text.clone() }]),
        Order::SwitchAll { switch, on } => return Ok(vec![Event::SwitchAll { switch: *switch, on: *on }]),
        Order::DeleteDowntime | Order::DeleteComment => return numbered(command, engine),
        Order::DeleteDowntimes(filter) => return matching(filter, engine),
        _ => {}
    }
    let objects = objects(command, graph)?;
    let mut events = Vec::new();
    let mut reason = None;
    for object in &objects {
        match event(command, *object, events.len() as u64, engine, now) {
            Ok(event) => events.push(event),
            // of many objects, those that can
            Err(error) => reason = reason.or(Some(error)),
        }
    }
    match reason {
        Some(reason) if events.is_empty() => Err(reason),
        _ => Ok(events),
    }
}

/// The event for one object; `before` events come first.
fn event(
    command: &Command,
    object: ObjectId,
    before: u64,
    engine: &Engine,
    now: Timestamp,
) -> Result<Event, CommandError> {
    let name = || engine.graph().identity(object);
    let nothing = |text: String| Err(CommandError::Nothing(text));
    Ok(match &command.order {
        Order::Result { state, output } => {
            let started = taken(command.at, object, engine, now)?;
            let printed = PluginOutput::parse(output);
            Event::Passive(CheckResult {
                object,
                started,
                finished: started,
                state: *state,
                said: Said::from(&printed),
            })
        }
        Order::Check { at, forced } => {
            if engine.graph().object(object).check.is_none() {
                return nothing(format!("{} has no check command", name()));
            }
            if !forced && !engine.is_on(object, ObjectSwitch::ActiveChecks) {
                return nothing(format!("active checks of {} are switched off; force it", name()));
            }
            Event::Recheck { object, at: *at, forced: *forced }
        }
        Order::Acknowledge { sticky, notify, persistent, expires, author, comment } => {
            if !engine.state(object).condition.is_problem() {
                return nothing(format!("{} is no problem: there is nothing to acknowledge", name()));
            }
            if expires.is_some_and(|expires| expires <= now) {
                return nothing("the acknowledgement would be over already".to_owned());
            }
            let (author, comment) = (author.clone(), comment.clone());
            let (sticky, expires, persistent) = (*sticky, *expires, *persistent);
            let acknowledgement = Acknowledgement { sticky, expires, persistent, author, comment, at: now };
            Event::Acknowledge { object, acknowledgement, notify: *notify }
        }
        Order::Unacknowledge => {
            if engine.state(object).acknowledgement().is_none() {
                return nothing(format!("{} is not acknowledged", name()));
            }
            Event::Unacknowledge(object)
        }
        Order::Downtime { start, end, flexible, trigger, triggers_children, author, comment } => {
            if *end <= now {
                return nothing("the downtime would be over already".to_owned());
            }
            if let Some(trigger) = trigger.filter(|trigger| !is_downtime(*trigger, engine)) {
                return Err(no_such("downtime", &trigger.to_string(), None));
            }
            let first = engine.next_number();
            let trigger = if *triggers_children && before > 0 { Some(first) } else { *trigger };
            let (author, comment) = (author.clone(), comment.clone());
            let downtime =
                NewDowntime { start: *start, end: *end, flexible: *flexible, trigger, author, comment };
            Event::Downtime { object, downtime }
        }
        Order::Comment { author, text } => {
            Event::Comment { object, author: author.clone(), text: text.clone() }
        }
        Order::DeleteComments => {
            if engine.state(object).extras().comments.is_empty() {
                return nothing(format!("{} has no comments", name()));
            }
            Event::DeleteComments(object)
        }
        Order::Switch { switch, on } => Event::Switch { object, switch: *switch, on: *on },
        Order::Custom { forced, broadcast, author, comment } => Event::Custom {
            object,
            forced: *forced,
            broadcast: *broadcast,
            author: author.clone(),
            comment: comment.clone(),
        },
        Order::Delay { until } => Event::Delay { object, until: *until },
        Order::Log { .. }
        | Order::SwitchAll { .. }
        | Order::DeleteDowntime
        | Order::DeleteComment
        | Order::DeleteDowntimes(_) => return nothing(format!("{} is about no object", command.name)),
    })
}

/// When a passive result was found, if it is taken at all.
fn taken(
    at: Option<Timestamp>,
    object: ObjectId,
    engine: &Engine,
    now: Timestamp,
) -> Result<Timestamp, CommandError> {
    let graph = engine.graph();
    let (of_all, whose) = if graph.is_host(object) {
        (Switch::PassiveHostChecks, "hosts")
    } else {
        (Switch::PassiveServiceChecks, "services")
    };
    if !engine.on(of_all) {
        return Err(CommandError::Nothing(format!("no passive results are taken for {whose} at present")));
    }
    if !engine.is_on(object, ObjectSwitch::PassiveChecks) {
        let object = graph.identity(object);
        return Err(CommandError::Nothing(format!("no passive results are taken for {object}")));
    }
    // a whole second names all of itself: a result of this second is not older than a check in it
    let last_moment = Span::from_micros(999_999);
    let at = at.map_or(now, |at| (at + last_moment).min(now));
    match engine.state(object).last_check {
        // unless the clock was set back meanwhile
        Some(last) if at < last && last <= now => Err(CommandError::Late { object: graph.identity(object) }),
        _ => Ok(at),
    }
}

/// All objects that a command is about.
fn objects(command: &Command, graph: &Graph) -> Result<Vec<ObjectId>, CommandError> {
    let is_result = matches!(command.order, Order::Result { .. });
    let objects: Vec<ObjectId> = match &command.target {
        Target::Host(name) if is_result => vec![host_or_address(name, graph)?],
        Target::Host(name) => vec![host(name, graph)?],
        Target::Service(host_name, service_name) => {
            let host = if is_result { host_or_address(host_name, graph)? } else { host(host_name, graph)? };
            vec![service(host, service_name, graph)?]
        }
        Target::HostServices(name) => graph.services(host(name, graph)?).to_vec(),
        Target::HostAndChildren(name) => with_children(host(name, graph)?, graph),
        Target::HostGroupHosts(name) => group("host group", name, &graph.host_groups)?.members.to_vec(),
        Target::HostGroupServices(name) => {
            let hosts = group("host group", name, &graph.host_groups)?.members.iter();
            hosts.flat_map(|host| graph.services(*host)).copied().collect()
        }
        Target::ServiceGroupHosts(name) => {
            let services = group("service group", name, &graph.service_groups)?.members.iter();
            let hosts: BTreeSet<ObjectId> = services.map(|service| graph.host_of(*service)).collect();
            hosts.into_iter().collect()
        }
        Target::ServiceGroupServices(name) => {
            group("service group", name, &graph.service_groups)?.members.to_vec()
        }
        Target::OfHost(_) | Target::OfService(_) | Target::All => Vec::new(),
    };
    match (objects.is_empty(), &command.target) {
        (false, _) => Ok(objects),
        (true, Target::HostServices(name)) => Err(CommandError::Nothing(format!("{name} has no services"))),
        (true, _) => Err(CommandError::Nothing("the group has no members".to_owned())),
    }
}

fn host(name: &Arc<str>, graph: &Graph) -> Result<ObjectId, CommandError> {
    graph.find(&Identity { host: name.clone(), service: None }).ok_or_else(|| {
        let hosts = graph.hosts().map(|id| &*graph.object(id).name);
        no_such("host", name, nearest(name, hosts))
    })
}

/// Senders of passive results may know a host by its address alone: the first that has it, as in
/// Nagios.
fn host_or_address(name: &Arc<str>, graph: &Graph) -> Result<ObjectId, CommandError> {
    host(name, graph).or_else(|error| {
        let has = |id: &ObjectId| match &graph.object(*id).kind {
            Kind::Host(host) => host.address == *name,
            Kind::Service { .. } => false,
        };
        graph.hosts().find(has).ok_or(error)
    })
}

fn service(host: ObjectId, name: &Arc<str>, graph: &Graph) -> Result<ObjectId, CommandError> {
    let host_name = &graph.object(host).name;
    graph.find(&Identity { host: host_name.clone(), service: Some(name.clone()) }).ok_or_else(|| {
        let services = graph.services(host).iter().map(|id| &*graph.object(*id).name);
        no_such("service", &format!("{host_name};{name}"), nearest(name, services))
    })
}

fn group<'g>(kind: &'static str, name: &str, groups: &'g [Group]) -> Result<&'g Group, CommandError> {
    groups.iter().find(|group| &*group.name == name).ok_or_else(|| {
        let known = groups.iter().map(|group| &*group.name);
        no_such(kind, name, nearest(name, known))
    })
}

/// A host, then all below it, each once.
fn with_children(host: ObjectId, graph: &Graph) -> Vec<ObjectId> {
    let mut hosts = vec![host];
    let mut seen: BTreeSet<ObjectId> = BTreeSet::from([host]);
    let mut at = 0;
    while let Some(parent) = hosts.get(at).copied() {
        hosts.extend(graph.children(parent).iter().filter(|child| seen.insert(**child)));
        at += 1;
    }
    hosts
}

/// Something that has a number: a downtime or a comment.
fn numbered(command: &Command, engine: &Engine) -> Result<Vec<Event>, CommandError> {
    let (number, of_host) = match command.target {
        Target::OfHost(number) => (number, true),
        Target::OfService(number) => (number, false),
        _ => return Err(CommandError::Nothing(format!("{} needs a number", command.name))),
    };
    let is_downtime = command.order == Order::DeleteDowntime;
    let has_it = |id: ObjectId| {
        let extras = engine.state(id).extras();
        engine.graph().is_host(id) == of_host
            && if is_downtime {
                extras.downtimes.iter().any(|downtime| downtime.number == number)
            } else {
                extras.comments.iter().any(|comment| comment.number == number)
            }
    };
    match engine.numbers.get(&number).copied().filter(|id| has_it(*id)) {
        Some(_) if is_downtime => Ok(vec![Event::CancelDowntime { number }]),
        Some(_) => Ok(vec![Event::DeleteComment { number }]),
        None => {
            let kind = match (of_host, is_downtime) {
                (true, true) => "downtime of a host with number",
                (false, true) => "downtime of a service with number",
                (true, false) => "comment on a host with number",
                (false, false) => "comment on a service with number",
            };
            Err(no_such(kind, &number.to_string(), None))
        }
    }
}

/// The downtimes that match a filter, each cancelled.
fn matching(filter: &Filter, engine: &Engine) -> Result<Vec<Event>, CommandError> {
    let graph = engine.graph();
    let of_group = filter.host_group.as_ref().map(|name| group("host group", name, &graph.host_groups));
    let of_group = of_group.transpose()?;
    let of_host = filter.host.as_ref().map(|name| host(name, graph)).transpose()?;
    let mut events = Vec::new();
    for (number, id) in &engine.numbers {
        let host = graph.host_of(*id);
        let is_meant = of_group.is_none_or(|group| group.members.contains(&host))
            && of_host.is_none_or(|meant| meant == host)
            && filter
                .service
                .as_ref()
                .is_none_or(|name| !graph.is_host(*id) && graph.object(*id).name == *name);
        let matches = |downtime: &&crate::saved::Downtime| {
            downtime.number == *number
                && filter.start.is_none_or(|start| start.secs() == downtime.start.secs())
                && filter.comment.as_ref().is_none_or(|comment| *comment == downtime.comment)
        };
        if is_meant && engine.state(*id).extras().downtimes.iter().any(|downtime| matches(&downtime)) {
            events.push(Event::CancelDowntime { number: *number });
        }
    }
    if events.is_empty() {
        return Err(CommandError::Nothing("there is no such downtime".to_owned()));
    }
    Ok(events)
}

fn is_downtime(number: u64, engine: &Engine) -> bool {
    let id = engine.numbers.get(&number);
    id.is_some_and(|id| engine.state(*id).extras().downtimes.iter().any(|downtime| downtime.number == number))
}

fn no_such(kind: &'static str, name: &str, nearest: Option<&str>) -> CommandError {
    CommandError::NoSuch { kind, name: super::error::shortened(name), nearest: nearest.map(str::to_owned) }
}
