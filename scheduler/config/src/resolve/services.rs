//! Services: one for each host that a definition names, in person or by group.

use std::collections::HashMap;
use std::sync::Arc;

use engine::{Kind, Object, ObjectId, SettingsId};

use crate::directives::{Key, Type};
use crate::inherit::View;
use crate::values::{illegal_character, items};

use super::Made;
use super::context::Context;
use super::details::{Details, Extras};
use super::groups::{Selection, members};
use super::hosts::{check, warn_if_nobody_is_told};
use super::names::Names;
use super::settings::{Known, draft};

/// Services by host and description; the number counts from the first service.
pub(crate) type Index = HashMap<(u32, Arc<str>), u32>;

/// One service of one host.
struct Place {
    host: u32,
    description: Arc<str>,
    /// Number of its definition in the list of views.
    view: usize,
    /// The definition names groups and not hosts.
    by_group: bool,
}

/// All services, before they are read: which there are, and by which definition.
pub(crate) struct Services<'t, 'o> {
    views: Vec<View<'t, 'o>>,
    places: Vec<Place>,
    /// Where each is.
    pub index: Index,
}

/// Names that services refer to.
pub(crate) struct Hosts<'a, 't> {
    pub names: &'a Names<'t>,
    pub groups: &'a Names<'t>,
    pub members: &'a [Vec<u32>],
}

impl<'t, 'o> Services<'t, 'o> {
    /// Finds out which services there are. Of two with one host and description, that which is
    /// given by `host_name` stands; else the later one, with a warning.
    pub(crate) fn collect(hosts: &Hosts<'_, 't>, cx: &mut Context<'t, 'o, '_>) -> Services<'t, 'o> {
        let views = cx.registered(Type::Service);
        let mut services = Services { views, places: Vec::new(), index: HashMap::new() };
        for number in 0..services.views.len() {
            let view = services.views[number].clone();
            let Some(description) = description(&view, cx) else { continue };
            let by_group = view.get(Key::HostGroupName).is_some()
                && view
                    .get(Key::HostName)
                    .is_none_or(|list| items(&list.text).all(|item| item.starts_with('!')));
            let Some(chosen) = chosen(&view, hosts, cx) else { continue };
            for host in chosen {
                services.add(Place { host, description: description.clone(), view: number, by_group }, cx);
            }
        }
        services.in_order_of_definition();
        services
    }

    fn add(&mut self, place: Place, cx: &mut Context<'t, 'o, '_>) {
        let next = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        let number = *self.index.entry((place.host, place.description.clone())).or_insert(next);
        let Some(before) = self.places.get_mut(number as usize) else {
            self.places.push(place);
            return;
        };
        let (first, second) = (self.views[before.view].definition, &self.views[place.view]);
        if cx.objects.outranks(first, second.definition) {
            let other = cx.objects.place(first.file, first.line);
            let hint = format!("see {}:{}; give it another description", other.file, other.line);
            let message = "is defined already by somebody who is trusted more".to_owned();
            return cx.error_at(
                (second.definition.file, second.definition.line),
                second,
                message,
                Some(hint),
            );
        }
        if place.by_group && !before.by_group {
            return;
        }
        if place.by_group == before.by_group && place.view != before.view {
            let view = &self.views[place.view];
            let first = self.views[before.view].definition;
            let other = cx.objects.place(first.file, first.line);
            let message = format!(
                "is defined twice for a host; this definition stands, not {}:{}",
                other.file, other.line
            );
            let at = if view.has(Key::HostName) { Key::HostName } else { Key::HostGroupName };
            cx.warn(view, at, message, "take the host out of one of the two");
        }
        *before = place;
    }

    /// A place that was taken over by a later definition goes where that stands.
    fn in_order_of_definition(&mut self) {
        if self.places.is_sorted_by_key(|place| place.view) {
            return;
        }
        self.places.sort_by_key(|place| place.view);
        for (number, place) in (0..).zip(&self.places) {
            self.index.insert((place.host, place.description.clone()), number);
        }
    }

    /// Reads them all, in order, into a graph that has all hosts.
    pub(crate) fn read(
        &self,
        names: &Names<'t>,
        known: &Known<'_, 't>,
        commands: &Names<'t>,
        extras: &Extras,
        made: &mut Made,
        cx: &mut Context<'t, 'o, '_>,
    ) {
        // places are in the order of their definitions, so one at a time is enough
        let mut last: Option<(usize, Definition)> = None;
        for place in &self.places {
            let view = &self.views[place.view];
            if last.as_ref().is_none_or(|(number, _)| *number != place.view) {
                last = Some((place.view, Definition::read(view, known, commands, cx)));
            }
            let Some((_, definition)) = &last else { continue };
            let settings = definition.draft.on(made.builder.parts().settings(ObjectId(place.host)));
            warn_if_nobody_is_told(view, &settings, cx);
            let mut details = definition.details.clone();
            details.parents = self.parents(view, place.host, names, cx);
            let mut object = Object {
                name: place.description.clone(),
                kind: Kind::Service { host: ObjectId(place.host) },
                ..definition.object.clone()
            };
            if let Some(extra) = extras.services.get(&(place.host, place.description.clone())) {
                extra.fill(&mut details, &mut object.notes_url);
            }
            made.add(object, settings, details);
        }
    }

    /// Service `parents`: a description (on the same host), or hosts and descriptions in pairs.
    fn parents(
        &self,
        view: &View<'t, '_>,
        host: u32,
        hosts: &Names<'t>,
        cx: &mut Context<'t, 'o, '_>,
    ) -> Box<[ObjectId]> {
        let Some(list) = view.get(Key::Parents) else { return Box::default() };
        let message = "parents of a service have no effect: its problems are told also when theirs are known";
        cx.warn(
            view,
            Key::Parents,
            message.to_owned(),
            "where one mail is enough, let only the parent notify",
        );
        let names: Vec<&str> = items(&list.text).collect();
        let mut parents = Vec::new();
        let pairs: Vec<(Option<&str>, &str)> = match names.as_slice() {
            [alone] => vec![(None, *alone)],
            many => many.chunks(2).filter_map(|pair| Some((Some(*pair.first()?), *pair.get(1)?))).collect(),
        };
        for (named, description) in pairs {
            let host = named.map_or(Some(host), |named| hosts.find(named));
            if let Some(number) =
                host.and_then(|host| self.index.get(&(host, cx.intern(description))).copied())
            {
                parents.push(ObjectId(hosts.len().saturating_add(number)));
            } else {
                let message = format!("no such service: `{description}`{}", on(named));
                let hint = "write a description, or hosts and descriptions in turn: `web1,http,db1,sql`";
                cx.error(view, Key::Parents, message, Some(hint.to_owned()));
            }
        }
        parents.into()
    }

    /// Members of all service groups.
    pub(crate) fn groups(
        &self,
        hosts: &Names<'t>,
        host_count: u32,
        cx: &mut Context<'t, 'o, '_>,
    ) -> (Vec<View<'t, 'o>>, Vec<Vec<u32>>) {
        let (names, views) = Names::collect(Type::ServiceGroup, cx);
        let mut by_host: HashMap<u32, Vec<u32>> = HashMap::new();
        for (number, place) in (0_u32..).zip(&self.places) {
            by_host.entry(place.host).or_default().push(number);
        }
        let mut selections: Vec<Selection> = Vec::new();
        for view in &views {
            selections.push(self.members(view, hosts, &by_host, cx));
        }
        for (number, place) in (0_u32..).zip(&self.places) {
            let view = &self.views[place.view];
            let Some(list) = view.get(Key::Groups) else { continue };
            for item in items(&list.text) {
                if let Some(group) = names.want(item, view, Key::Groups, cx) {
                    selections[group as usize].chosen.insert(number);
                }
            }
        }
        let mut members = members(&names, &views, selections, cx);
        members.iter_mut().flatten().for_each(|member| *member = member.saturating_add(host_count));
        (views, members)
    }

    /// `host,service,host,service`; `*` for all services of a host.
    fn members(
        &self,
        view: &View<'t, '_>,
        hosts: &Names<'t>,
        by_host: &HashMap<u32, Vec<u32>>,
        cx: &mut Context<'t, 'o, '_>,
    ) -> Selection {
        let mut selection = Selection::default();
        let Some(list) = view.get(Key::Members) else { return selection };
        let names: Vec<&str> = items(&list.text).collect();
        for pair in names.chunks(2) {
            let [host, description] = pair else {
                let message = format!("the last member, `{}`, has no service", pair.join(","));
                cx.error(
                    view,
                    Key::Members,
                    message,
                    Some("members are hosts and descriptions in turn".to_owned()),
                );
                continue;
            };
            let Some(number) = hosts.want(host, view, Key::Members, cx) else { continue };
            if *description == "*" {
                selection.chosen.extend(by_host.get(&number).into_iter().flatten());
                continue;
            }
            if let Some(service) = self.index.get(&(number, cx.intern(description))) {
                selection.chosen.insert(*service);
            } else {
                let message = format!("no such service: `{description}`{}", on(Some(host)));
                cx.error(view, Key::Members, message, None);
            }
        }
        selection
    }
}

fn on(host: Option<&str>) -> String {
    host.map_or_else(|| " on the same host".to_owned(), |host| format!(" on host `{host}`"))
}

/// What all services of one definition share.
struct Definition {
    object: Object,
    draft: super::settings::Draft,
    details: Details,
}

impl Definition {
    fn read<'t>(
        view: &View<'t, '_>,
        known: &Known<'_, 't>,
        commands: &Names<'t>,
        cx: &mut Context<'t, '_, '_>,
    ) -> Definition {
        let check = check(view, commands, cx);
        if check.is_none() && view.get(Key::CheckCommand).is_none() {
            let hint =
                "a service that only takes results from elsewhere has one too, with active_checks_enabled 0";
            cx.error(view, Key::CheckCommand, "has no check_command".to_owned(), Some(hint.to_owned()));
        }
        let description = cx.text(view, Key::ServiceDescription).unwrap_or_default();
        let object = Object {
            name: Arc::default(),
            kind: Kind::Service { host: ObjectId(0) },
            settings: SettingsId(0),
            check,
            alias: cx.text(view, Key::DisplayName).filter(|name| *name != description),
            notes_url: cx.text(view, Key::NotesUrl),
            variables: cx.variables(view),
            origin: cx.origin(view),
        };
        Definition { object, draft: draft(view, known, cx), details: Details::of(view, cx) }
    }
}

fn description<'t>(view: &View<'t, '_>, cx: &mut Context<'t, '_, '_>) -> Option<Arc<str>> {
    let Some(description) = cx.text(view, Key::ServiceDescription) else {
        cx.error(view, Key::ServiceDescription, "has no service_description".to_owned(), None);
        return None;
    };
    if let Some(bad) = illegal_character(&description) {
        let message = format!("`{}` may not stand in a service_description", bad.escape_default());
        let hint = "use letters, digits, `.`, `-`, `_`, `/` or blanks".to_owned();
        cx.error(view, Key::ServiceDescription, message, Some(hint));
        return None;
    }
    Some(description)
}

/// The hosts of a definition, in order.
fn chosen<'t>(view: &View<'t, '_>, hosts: &Hosts<'_, 't>, cx: &mut Context<'t, '_, '_>) -> Option<Vec<u32>> {
    let (named, groups) = (view.get(Key::HostName), view.get(Key::HostGroupName));
    if named.is_none() && groups.is_none() {
        let hint = "write `host_name` or `hostgroup_name`, or `register 0` if it is a template".to_owned();
        cx.error(view, Key::HostName, "has neither a host nor a host group".to_owned(), Some(hint));
        return None;
    }
    if let (Some(list), None) = (&named, &groups)
        && let Some(host) = hosts.names.find(&list.text)
    {
        return Some(vec![host]); // the usual case, without sets
    }
    let mut selection = Selection::default();
    if let Some(list) = &named {
        selection.names(list, hosts.names, view, Key::HostName, cx);
    }
    if let Some(list) = &groups {
        selection.groups(list, hosts.groups, hosts.members, view, cx);
    }
    Some(selection.finish())
}
