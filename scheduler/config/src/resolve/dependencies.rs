//! Dependencies: `servicedependency`, `hostdependency`, and `parents` of services.
//!
//! A definition is one or two rules and, for every master and every dependent it names, a link by
//! each rule. Links are counted in millions, so they are numbers from first to last.

use std::sync::Arc;

use engine::{DependencyKind, DependencyRule, GraphBuilder, Letters, ObjectId, RuleId};

use crate::concern::Concern;
use crate::directives::{Key, Type};
use crate::inherit::View;
use crate::values::letters;

use super::Made;
use super::circles::AllLinks;
use super::context::Context;
use super::descriptions::{MISSING_HINT, Missing, Wanted};
use super::targets::{ServiceKeys, Targets};

/// So many pairs of master and dependent there may be; the largest plan has twelve million.
const MAX_LINKS: usize = 50_000_000;

/// The redundancy group of a service's `parents`: as in Nagios, its problems are told unless all
/// its parents are bad.
pub(crate) const PARENTS: &str = "parents";

/// Reads all dependencies into a graph that has all objects. Circles are errors.
pub(crate) fn dependencies<'t>(targets: &Targets<'_, 't, '_>, made: &mut Made, cx: &mut Context<'t, '_, '_>) {
    let mut links = AllLinks::default();
    for view in cx.registered(Type::ServiceDependency) {
        of_services(&view, targets, &mut links, made, cx);
    }
    for view in cx.registered(Type::HostDependency) {
        of_objects(&view, "odup", targets, &mut links, made, cx);
    }
    for view in cx.registered(Type::MixedDependency) {
        of_objects(&view, "owucdp", targets, &mut links, made, cx);
    }
    parents(&mut links, made);
    links.refuse_circles(made.builder.parts(), cx);
}

fn of_services<'t>(
    view: &View<'t, '_>,
    targets: &Targets<'_, 't, '_>,
    links: &mut AllLinks,
    made: &mut Made,
    cx: &mut Context<'t, '_, '_>,
) {
    let masters = targets.services(view, &MASTERS, cx);
    if masters.is_none() {
        warn_of_no_effect(view, "names no host or service group to depend on", cx);
    }
    let dependents = Dependents::read(view, targets, cx);
    let (Some(masters), Some(dependents)) = (masters, dependents) else { return };
    let mut definition = Definition::read(view, "owucp", targets, &mut made.builder, cx);
    definition.begin(links);
    let mut missing = Missing::default();
    for master in masters {
        let same_host;
        let dependents: &[u32] = match &dependents {
            Dependents::Named(services) => services,
            Dependents::SameHost(wanted) => {
                let host = targets.services.place(master).host;
                same_host = targets.services.choose(&[host], wanted, &mut missing);
                &same_host
            }
        };
        let master = ObjectId(targets.object(master));
        for dependent in dependents {
            definition.link(ObjectId(targets.object(*dependent)), master, links, made, cx);
        }
    }
    missing.report(view, Key::DependentDescriptions, targets.hosts.names, MISSING_HINT, cx);
}

const MASTERS: ServiceKeys = ServiceKeys {
    hosts: [Key::HostName, Key::HostGroupName],
    descriptions: Key::Descriptions,
    groups: Key::ServiceGroupName,
};

const DEPENDENTS: ServiceKeys = ServiceKeys {
    hosts: [Key::DependentHostName, Key::DependentHostGroupName],
    descriptions: Key::DependentDescriptions,
    groups: Key::DependentServiceGroupName,
};

/// The services that depend.
enum Dependents {
    /// These, on every master.
    Named(Vec<u32>),
    /// These of each master's host, on that master alone.
    SameHost(Wanted),
}

impl Dependents {
    fn read<'t>(
        view: &View<'t, '_>,
        targets: &Targets<'_, 't, '_>,
        cx: &mut Context<'t, '_, '_>,
    ) -> Option<Dependents> {
        if let Some(named) = targets.services(view, &DEPENDENTS, cx) {
            return Some(Dependents::Named(named));
        }
        if view.get(Key::DependentDescriptions).is_none() {
            let hint =
                "write `dependent_service_description`; without a dependent host it is one of the same host";
            let message = "names no service that depends".to_owned();
            cx.error(view, Key::DependentDescriptions, message, Some(hint.to_owned()));
            return None;
        }
        Some(Dependents::SameHost(targets.wanted(view, Key::DependentDescriptions, cx)))
    }
}

/// A dependency of hosts, or of a service on a host and the other way round: a side that names descriptions is
/// services, else it is hosts.
fn of_objects<'t>(
    view: &View<'t, '_>,
    known_letters: &str,
    targets: &Targets<'_, 't, '_>,
    links: &mut AllLinks,
    made: &mut Made,
    cx: &mut Context<'t, '_, '_>,
) {
    let objects = |keys: &ServiceKeys, cx: &mut Context<'t, '_, '_>| -> Option<Vec<u32>> {
        if view.has(keys.descriptions) {
            let services = targets.services(view, keys, cx)?;
            return Some(services.into_iter().map(|service| targets.object(service)).collect());
        }
        targets.hosts.chosen(view, keys.hosts, cx)
    };
    let (Some(masters), Some(dependents)) = (objects(&MASTERS, cx), objects(&DEPENDENTS, cx)) else {
        return warn_of_no_effect(view, "names nothing to depend on, or nothing that depends", cx);
    };
    let mut definition = Definition::read(view, known_letters, targets, &mut made.builder, cx);
    definition.begin(links);
    for master in masters {
        for dependent in &dependents {
            definition.link(ObjectId(*dependent), ObjectId(master), links, made, cx);
        }
    }
}

fn warn_of_no_effect<'t>(view: &View<'t, '_>, why: &str, cx: &mut Context<'t, '_, '_>) {
    cx.warn_at_start(
        Concern::DependencyWithoutEffect,
        view,
        format!("{why}: it has no effect"),
        "write both sides, or take it out",
    );
}

/// One definition: what it makes of each pair.
struct Definition<'v, 't, 'o> {
    view: &'v View<'t, 'o>,
    /// One for each kind of failure criteria.
    rules: Vec<(DependencyKind, RuleId)>,
    is_cut: bool,
}

impl<'v, 't, 'o> Definition<'v, 't, 'o> {
    fn read(
        view: &'v View<'t, 'o>,
        known_letters: &str,
        targets: &Targets<'_, 't, '_>,
        builder: &mut GraphBuilder,
        cx: &mut Context<'t, '_, '_>,
    ) -> Definition<'v, 't, 'o> {
        let mut rules = Vec::new();
        let period = targets.period(view, Key::DependencyPeriod, cx);
        let inherits_parent = cx.flag(view, Key::InheritsParent, false);
        let redundancy_group = cx.text(view, Key::RedundancyGroup);
        for (key, kind) in [
            (Key::ExecutionCriteria, DependencyKind::Execution),
            (Key::NotificationCriteria, DependencyKind::Notification),
        ] {
            // wrong letters were reported where the line was read
            let criteria = view.get(key).and_then(|found| letters(&found.text, known_letters).ok());
            let Some(failure_criteria) = criteria.filter(|criteria| *criteria != Letters::NONE) else {
                continue;
            };
            let rule = DependencyRule {
                kind,
                failure_criteria,
                inherits_parent,
                period,
                redundancy_group: redundancy_group.clone(),
                origin: cx.origin(view),
            };
            rules.push((kind, builder.dependency_rule(rule)));
        }
        if !view.has(Key::ExecutionCriteria) && !view.has(Key::NotificationCriteria) {
            let message = "has no failure criteria: it has no effect".to_owned();
            let hint = "write `execution_failure_criteria` or `notification_failure_criteria`, for instance \
                        `w,u,c`";
            cx.warn_at_start(Concern::DependencyWithoutEffect, view, message, hint);
        }
        Definition { view, rules, is_cut: false }
    }

    fn begin(&self, links: &mut AllLinks) {
        let kinds: Vec<DependencyKind> = self.rules.iter().map(|(kind, _)| *kind).collect();
        links.begin(&kinds, Some((self.view.definition.file, self.view.definition.line)));
    }

    fn link(
        &mut self,
        dependent: ObjectId,
        master: ObjectId,
        links: &mut AllLinks,
        made: &mut Made,
        cx: &mut Context<'t, '_, '_>,
    ) {
        if links.len() >= MAX_LINKS {
            if !std::mem::replace(&mut self.is_cut, true) {
                let message =
                    format!("with it there are more than {MAX_LINKS} pairs of services that depend");
                let hint = "let them depend on one service that stands for many (`hlidka:cluster`)";
                cx.error_at_start(self.view, message, Some(hint.to_owned()));
            }
            return;
        }
        links.add(dependent, master);
        for (_, rule) in &self.rules {
            made.builder.dependency(dependent, master, *rule);
        }
    }
}

/// `parents` of services.
fn parents(links: &mut AllLinks, made: &mut Made) {
    let name: Arc<str> = PARENTS.into();
    links.begin(&[DependencyKind::Notification], None);
    for (id, details) in made.details.iter().filter(|(_, details)| !details.parents.is_empty()) {
        let origin = made.builder.parts().object(*id).origin.clone();
        let rule = made.builder.dependency_rule(DependencyRule {
            kind: DependencyKind::Notification,
            failure_criteria: Letters::NONE.with('w').with('u').with('c'),
            inherits_parent: false,
            period: None,
            redundancy_group: Some(name.clone()),
            origin,
        });
        for parent in &details.parents {
            links.add(*id, *parent);
            made.builder.dependency(*id, *parent, rule);
        }
    }
}
