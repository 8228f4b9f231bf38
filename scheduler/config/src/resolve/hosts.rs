//! Hosts: names, parents, host groups.

use std::sync::Arc;

use engine::{Check, CheckCommand, Definition, Group, Kind, Object, ObjectId, Settings, SettingsId};

use crate::directives::{Key, Type};
use crate::inherit::View;
use crate::values::items;

use super::cluster::is_own;
use super::commands::{self, reference};
use super::context::Context;
use super::details::{Details, Extras};
use super::groups::{Selection, members};
use super::names::Names;
use super::settings::{Known, draft};
use super::untold::{Untold, is_untold, warn_if_nobody_listens};
use super::walk::Walk;

/// Names that lists of hosts refer to.
pub(crate) struct Hosts<'a, 't> {
    pub names: &'a Names<'t>,
    pub groups: &'a Names<'t>,
    pub members: &'a [Vec<u32>],
}

impl<'t> Hosts<'_, 't> {
    /// The hosts that two directives, one with hosts and one with groups, name together, in order;
    /// none if neither is given.
    pub(crate) fn chosen(
        &self,
        view: &View<'t, '_>,
        [host, group]: [Key; 2],
        cx: &mut Context<'t, '_, '_>,
    ) -> Option<Vec<u32>> {
        let (named, groups) = (view.get(host), view.get(group));
        if named.is_none() && groups.is_none() {
            return None;
        }
        let mut selection = Selection::default();
        if let Some(list) = &named {
            selection.names(list, self.names, view, host, cx);
        }
        if let Some(list) = &groups {
            selection.groups(list, self.groups, self.members, view, group, cx);
        }
        Some(selection.finish())
    }
}

/// A host, ready for the graph but for the id of its settings.
pub(crate) struct Host {
    pub object: Object,
    pub event_handler: Option<CheckCommand>,
    pub settings: Settings,
    pub details: Details,
}

/// All hosts.
pub(crate) fn hosts<'t>(
    names: &Names<'t>,
    views: &[View<'t, '_>],
    known: &Known<'_, 't>,
    commands: &Names<'t>,
    extras: &Extras,
    cx: &mut Context<'t, '_, '_>,
) -> Vec<Host> {
    let (mut hosts, mut untold) = (Vec::new(), Untold::default());
    for (number, view) in (0_u32..).zip(views) {
        let mut host = host(view, names, known, commands, cx);
        if let Some(extra) = extras.hosts.get(&number) {
            extra.fill(&mut host.details, &mut Arc::make_mut(&mut host.object.definition).notes_url);
        }
        untold.add(view, [1, usize::from(is_untold(view, &host.settings))], cx);
        warn_if_nobody_listens(view, &host.settings, known.people, cx);
        hosts.push(host);
    }
    untold.report(Type::Host, cx);
    let parent = |host: usize, nth: usize| match &hosts[host].object.kind {
        Kind::Host(host) => host.parents.get(nth).map(|id| id.0 as usize),
        Kind::Service { .. } => None,
    };
    for circle in Walk::new(hosts.len(), parent).circles {
        let message = "is its own parent, directly or by its parents".to_owned();
        let hint = "parents lie between the monitoring machine and the host: take one out of the circle";
        cx.error(&views[circle[0]], Key::Parents, message, Some(hint.to_owned()));
    }
    hosts
}

fn host<'t>(
    view: &View<'t, '_>,
    names: &Names<'t>,
    known: &Known<'_, 't>,
    commands: &Names<'t>,
    cx: &mut Context<'t, '_, '_>,
) -> Host {
    let name = cx.text(view, Key::Name).unwrap_or_default();
    let mut parents: Vec<ObjectId> = Vec::new();
    if let Some(list) = view.get(Key::Parents) {
        for item in items(&list.text) {
            parents.extend(names.want(item, view, Key::Parents, cx).map(ObjectId));
        }
        parents.sort_unstable();
        parents.dedup();
    }
    let settings = draft(view, known, cx).alone();
    let object = Object {
        kind: Kind::host(parents, cx.text(view, Key::Address).unwrap_or_else(|| name.clone())),
        settings: SettingsId(0),
        definition: Arc::new(Definition {
            check: check(view, commands, cx),
            alias: cx.text(view, Key::Alias).filter(|alias| *alias != name),
            notes_url: cx.text(view, Key::NotesUrl),
            variables: cx.variables(view),
            origin: cx.origin(view),
        }),
        name,
    };
    let event_handler = event_handler(view, commands, cx);
    Host { object, event_handler, settings, details: Details::of(view, cx) }
}

fn check<'t>(view: &View<'t, '_>, commands: &Names<'t>, cx: &mut Context<'t, '_, '_>) -> Option<Check> {
    let found = view.get(Key::CheckCommand)?;
    if is_own(&found.text) {
        let message = format!("a host cannot be checked by `{}`", found.text);
        let hint = "give the host a service with this check_command".to_owned();
        cx.error(view, Key::CheckCommand, message, Some(hint));
        return None;
    }
    commands::check(&found.text, view, commands, cx)
}

/// What runs when the state of a host or service changes.
pub(crate) fn event_handler<'t>(
    view: &View<'t, '_>,
    commands: &Names<'t>,
    cx: &mut Context<'t, '_, '_>,
) -> Option<CheckCommand> {
    let found = view.get(Key::EventHandler)?;
    reference(&found.text, view, Key::EventHandler, commands, cx)
}

/// Members of all host groups, with their names and definitions.
pub(crate) fn host_groups<'t, 'o>(
    hosts: &Names<'t>,
    host_views: &[View<'t, '_>],
    cx: &mut Context<'t, 'o, '_>,
) -> (Names<'t>, Vec<View<'t, 'o>>, Vec<Vec<u32>>) {
    let (names, views) = Names::collect(Type::HostGroup, cx);
    let mut selections: Vec<Selection> = Vec::new();
    for view in &views {
        let mut selection = Selection::default();
        if let Some(list) = view.get(Key::Members) {
            selection.names(&list, hosts, view, Key::Members, cx);
        }
        selections.push(selection);
    }
    for (number, view) in (0..).zip(host_views) {
        let Some(list) = view.get(Key::Groups) else { continue };
        for item in items(&list.text) {
            for group in names.want_all(item, view, Key::Groups, cx) {
                selections[group as usize].add([number]);
            }
        }
    }
    let members = members(&names, &views, selections, cx);
    (names, views, members)
}

/// Groups as the graph has them; members are counted from the object `first`.
pub(crate) fn finished<'t>(
    views: &[View<'t, '_>],
    members: Vec<Vec<u32>>,
    first: u32,
    cx: &mut Context<'t, '_, '_>,
) -> Vec<Group> {
    let groups = views.iter().zip(members).map(|(view, members)| {
        let name: Arc<str> = cx.text(view, Key::Name).unwrap_or_default();
        Group {
            alias: cx.text(view, Key::Alias).unwrap_or_else(|| name.clone()),
            name,
            members: members.into_iter().map(|member| ObjectId(first.saturating_add(member))).collect(),
            origin: cx.origin(view),
        }
    });
    groups.collect()
}
