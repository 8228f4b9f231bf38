//! Dependencies and escalations, one for each pair or object, as Nagios prints them.

use engine::{Dependency, DependencyKind, ObjectId};

use super::{Block, letters};
use crate::load::Configuration;
use crate::resolve::PARENTS;

pub(super) fn dependencies<'c>(of: &'c Configuration, kind: &'static str, give: &mut impl FnMut(Block<'c>)) {
    let graph = &of.graph;
    for id in graph.ids() {
        let of_kind = |dependency: &Dependency| match (graph.is_host(id), graph.is_host(dependency.master)) {
            (false, false) => kind == "servicedependency",
            (true, true) => kind == "hostdependency",
            _ => kind == "dependency",
        };
        let all = graph.dependencies(id).iter().copied().filter(of_kind);
        for dependency in all.filter(|dependency| !is_parent(of, id, *dependency)) {
            give(link(of, kind, id, dependency));
        }
    }
}

/// Is it one by `parents`, which is printed with the service?
fn is_parent(of: &Configuration, id: ObjectId, dependency: Dependency) -> bool {
    let rule = of.graph.dependency_rule(dependency.rule);
    rule.redundancy_group.as_deref() == Some(PARENTS) && rule.origin == of.graph.object(id).origin
}

fn link<'c>(of: &'c Configuration, kind: &'static str, id: ObjectId, dependency: Dependency) -> Block<'c> {
    let graph = &of.graph;
    let rule = graph.dependency_rule(dependency.rule);
    let (dependent, master) = (graph.identity(id), graph.identity(dependency.master));
    let mut block = Block::new(kind, format!("{dependent} on {master}"), &rule.origin);
    block.about = Some(id);
    block.put("host_name", &*master.host);
    block.put_some("service_description", master.service.as_deref());
    block.put("dependent_host_name", &*dependent.host);
    block.put_some("dependent_service_description", dependent.service.as_deref());
    block.put_some("dependency_period", rule.period.map(|id| &*graph.period(id).name));
    block.put_flag("inherits_parent", rule.inherits_parent);
    let key = match rule.kind {
        DependencyKind::Notification => "notification_failure_options",
        DependencyKind::Execution => "execution_failure_options",
    };
    let of_host = graph.is_host(dependency.master);
    block.put(key, letters(rule.failure_criteria, if of_host { "odup" } else { "owucp" }));
    if kind == "dependency" {
        // Nagios has no words for any of it
        block.own = std::mem::take(&mut block.directives);
    }
    block
        .own
        .extend(rule.redundancy_group.iter().map(|group| ("redundancy_group".into(), group.to_string())));
    block
}

pub(super) fn escalations<'c>(of: &'c Configuration, kind: &'static str, give: &mut impl FnMut(Block<'c>)) {
    let graph = &of.graph;
    for id in graph.ids().filter(|id| graph.is_host(*id) == (kind == "hostescalation")) {
        for (escalation, number) in graph.escalations(id).zip(graph.escalation_ids(id)) {
            let identity = graph.identity(id);
            let mut block = Block::new(kind, identity.to_string(), &escalation.origin);
            block.about = Some(id);
            block.put("host_name", &*identity.host);
            block.put_some("service_description", identity.service.as_deref());
            block.put("first_notification", escalation.first_notification.to_string());
            block.put("last_notification", escalation.last_notification.to_string());
            let own = graph.settings(id);
            let interval = escalation.notification_interval.unwrap_or(own.notification_interval);
            block.put_span("notification_interval", interval, of);
            block.put_some("escalation_period", escalation.period.map(|id| &*graph.period(id).name));
            block.stop("escalation_period", escalation.period, own.notification_period);
            block.put("escalation_options", letters(escalation.options, "rwduc"));
            if let Some(named) = of.escalation_names.get(number.0 as usize) {
                block.put_named(named, of);
                block.stop_contacts(named, &own.named);
            }
            give(block);
        }
    }
}
