//! Definitions to a graph: names become ids, lists become members, and everything that is referred
//! to exists. [`resolve`] is the list of steps.

mod circles;
mod cluster;
mod commands;
mod contacts;
mod context;
mod days;
mod dependencies;
mod descriptions;
mod details;
mod escalations;
mod groups;
mod hosts;
mod names;
mod patterns;
mod periods;
mod service_groups;
mod services;
mod settings;
mod targets;
mod unrest;
mod untold;
mod walk;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use engine::{CheckCommand, Graph, GraphBuilder, Named, Object, ObjectId};
use jiff::tz::TimeZone;

use crate::basis::Basis;
use crate::concern::Concern;
use crate::directives::Type;
use crate::model::Objects;
use crate::problem::{Place, Problem, Problems};

use context::Context;
use hosts::Hosts;
use names::Names;
use services::Services;
use targets::Targets;

pub use cluster::glob;
pub(crate) use cluster::{CLUSTER, STALE};
pub use contacts::ContactGroup;
pub(crate) use contacts::MAIL;
pub(crate) use dependencies::PARENTS;
pub use details::{ContactDetails, Details, GroupDetails, Kept};

/// All objects, resolved.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub graph: Graph,
    pub details: BTreeMap<ObjectId, Details>,
    pub check_templates: HashMap<CheckCommand, (Arc<str>, u32)>,
    pub contact_groups: Vec<ContactGroup>,
    pub contact_details: Vec<ContactDetails>,
    pub escalation_names: Vec<Named>,
    pub host_group_details: Vec<GroupDetails>,
    pub service_group_details: Vec<GroupDetails>,
}

/// Resolves all definitions. If there is any error,
/// nothing results but the list of problems.
pub(crate) fn resolve(
    objects: &Objects<'_>,
    basis: &Basis,
    zone: TimeZone,
    problems: &mut Problems,
) -> Option<Resolved> {
    let mut context = Context::new(objects, basis, problems);
    let cx = &mut context;
    let (period_names, periods) = periods::periods(cx);
    let (command_names, commands) = commands::commands(cx);
    let known = contacts::Known { commands: &command_names, periods: &period_names };
    let (contact_names, contact_views, contacts) = contacts::contacts(&known, cx);
    let (group_names, contact_groups) = contacts::contact_groups(&contact_names, &contact_views, cx);
    let known = settings::Known {
        periods: &period_names,
        contacts: &contact_names,
        people: &contacts,
        contact_groups: &group_names,
        groups: &contact_groups,
    };
    let (host_names, host_views) = Names::collect(Type::Host, cx);
    let (host_group_names, host_group_views, members) = hosts::host_groups(&host_names, &host_views, cx);
    let named = Hosts { names: &host_names, groups: &host_group_names, members: &members };
    let extras = details::extras(&named, cx);
    let hosts = hosts::hosts(&host_names, &host_views, &known, &command_names, &extras, cx);
    let services = Services::collect(&named, cx);
    let service_groups = service_groups::service_groups(&services, &host_names, cx);
    let mut made = Made { builder: GraphBuilder::new(zone), details: BTreeMap::new() };
    for host in hosts {
        let settings = made.builder.settings(host.settings);
        made.add(Object { settings, ..host.object }, host.details, host.event_handler);
    }
    let targets = Targets {
        hosts: &named,
        services: &services,
        service_groups: &service_groups,
        periods: &period_names,
    };
    services.read(&targets, &known, &command_names, &extras, &mut made, cx);
    dependencies::dependencies(&targets, &mut made, cx);
    let escalation_names = escalations::escalations(&targets, &known, &host_views, &mut made, cx);
    let minimum_importance = contacts::minimum_importance(&contact_views, cx);
    let contact_details = contact_views.iter().map(|view| ContactDetails::of(view, cx)).collect();
    let host_group_details = host_group_views.iter().map(|view| GroupDetails::of(view, cx)).collect();
    let service_group_details = service_groups.views.iter().map(|view| GroupDetails::of(view, cx)).collect();
    let first_service = host_names.len();
    let service_groups = hosts::finished(&service_groups.views, service_groups.members, first_service, cx);
    let host_groups = hosts::finished(&host_group_views, members, 0, cx);
    if cx.problems.has_errors() {
        return None;
    }
    warn_of_emptiness(services.len() == 0, contacts.is_empty(), cx);
    let parts = made.builder.parts();
    (parts.contacts, parts.commands, parts.periods) = (contacts, commands, periods);
    parts.minimum_importance = minimum_importance;
    (parts.host_groups, parts.service_groups) = (host_groups, service_groups);
    Some(Resolved {
        graph: made.builder.build(),
        details: made.details,
        check_templates: std::mem::take(&mut cx.check_templates),
        contact_groups,
        contact_details,
        escalation_names,
        host_group_details,
        service_group_details,
    })
}

/// Objects that are finished, hosts first.
struct Made {
    builder: GraphBuilder,
    details: BTreeMap<ObjectId, Details>,
}

impl Made {
    fn add(&mut self, object: Object, details: Details, event_handler: Option<CheckCommand>) {
        let id = self.builder.object(object);
        if let Some(command) = event_handler {
            self.builder.event_handler(id, command);
        }
        if details != Details::default() {
            self.details.insert(id, details);
        }
    }
}

/// Errors for Nagios, but a start may well be empty.
fn warn_of_emptiness(no_services: bool, no_contacts: bool, cx: &mut Context<'_, '_, '_>) {
    let Some(file) = cx.objects.files.first() else { return };
    let place = Place { file, line: 0 };
    for (is_so, message) in [(no_services, "there are no services"), (no_contacts, "there are no contacts")] {
        if is_so {
            cx.problems.push(Problem::warning(
                Concern::Empty,
                place,
                format!("{message} in this file or any other"),
            ));
        }
    }
}

#[cfg(test)]
mod dependency_tests;
#[cfg(test)]
mod directive_tests;
#[cfg(test)]
mod escalation_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod untold_tests;
