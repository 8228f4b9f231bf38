//! What dependencies and escalations are about: services by host and description, or by group.

use crate::directives::Key;
use crate::inherit::View;

use super::context::Context;
use super::descriptions::{MISSING_HINT, Missing, Wanted};
use super::groups::Selection;
use super::hosts::Hosts;
use super::names::Names;
use super::service_groups::ServiceGroups;
use super::services::Services;

/// All that a definition may be about.
pub(crate) struct Targets<'a, 't, 'o> {
    pub hosts: &'a Hosts<'a, 't>,
    pub services: &'a Services<'t, 'o>,
    pub service_groups: &'a ServiceGroups<'t, 'o>,
    pub periods: &'a Names<'t>,
}

/// The directives by which a definition names services.
pub(crate) struct ServiceKeys {
    pub hosts: [Key; 2],
    pub descriptions: Key,
    pub groups: Key,
}

impl<'t> Targets<'_, 't, '_> {
    /// The services that a definition names by host (or host group) and description, and by service
    /// group, in order; none if it names neither host nor group.
    pub(crate) fn services(
        &self,
        view: &View<'t, '_>,
        keys: &ServiceKeys,
        cx: &mut Context<'t, '_, '_>,
    ) -> Option<Vec<u32>> {
        let mut selection = Selection::default();
        let by_group = view.get(keys.groups);
        if let Some(list) = &by_group {
            let groups = self.service_groups;
            selection.groups(list, &groups.names, &groups.members, view, keys.groups, cx);
        }
        let Some(hosts) = self.hosts.chosen(view, keys.hosts, cx) else {
            return by_group.map(|_| selection.finish());
        };
        if view.get(keys.descriptions).is_none() {
            let name = view.definition.of.spelling(keys.descriptions);
            let message = format!("names hosts and has no {name}");
            let hint = "write one, several with commas, or `*` for all services of the hosts";
            cx.error(view, keys.descriptions, message, Some(hint.to_owned()));
        }
        let wanted = self.wanted(view, keys.descriptions, cx);
        let mut missing = Missing::default();
        selection.add(self.services.choose(&hosts, &wanted, &mut missing));
        missing.report(view, keys.descriptions, self.hosts.names, MISSING_HINT, cx);
        Some(selection.finish())
    }

    /// What a list of descriptions names, service groups among it.
    pub(crate) fn wanted(&self, view: &View<'t, '_>, key: Key, cx: &mut Context<'t, '_, '_>) -> Wanted {
        let members = |name: &str, cx: &mut Context<'t, '_, '_>| {
            let group = self.service_groups.names.want(name, view, key, cx);
            group
                .and_then(|group| self.service_groups.members.get(group as usize))
                .cloned()
                .unwrap_or_default()
        };
        Wanted::read(view, key, &self.services.descriptions, members, cx)
    }

    /// The object of a service's number: hosts come first.
    pub(crate) fn object(&self, service: u32) -> u32 {
        self.hosts.names.len().saturating_add(service)
    }

    /// The period that a directive names.
    pub(crate) fn period(
        &self,
        view: &View<'t, '_>,
        key: Key,
        cx: &mut Context<'t, '_, '_>,
    ) -> Option<engine::PeriodId> {
        let found = view.get(key)?;
        self.periods.want(&found.text, view, key, cx).map(engine::PeriodId)
    }
}
