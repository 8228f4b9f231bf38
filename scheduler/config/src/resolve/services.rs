//! Services: one for each host that a definition names, in person or by group.

use std::collections::HashMap;
use std::sync::Arc;

use engine::{Check, CheckCommand, Definition, GraphBuilder, Kind, Object, ObjectId, SettingsId};

use crate::concern::Concern;
use crate::directives::{Key, Type};
use crate::inherit::View;
use crate::values::items;

use super::Made;
use super::cluster::{self, Asker, STALE, host_macro, is_own};
use super::commands;
use super::context::Context;
use super::descriptions::{Descriptions, Missing, Named, Wanted};
use super::details::{Details, Extras};
use super::hosts::{Hosts, event_handler};
use super::names::Names;
use super::settings::{Known, draft};
use super::targets::Targets;
use super::untold::{Untold, is_untold, warn_if_nobody_listens};
use super::walk::Links;

/// One service of one host.
#[derive(Debug)]
pub(crate) struct Place {
    pub host: u32,
    /// Number of its description.
    pub description: u32,
    /// Number of its definition in the list of views.
    pub view: usize,
    /// The definition names groups and not hosts.
    by_group: bool,
}

/// All services, before they are read: which there are, and by which definition. A service's
/// number counts from the first service.
pub(crate) struct Services<'t, 'o> {
    views: Vec<View<'t, 'o>>,
    places: Vec<Place>,
    /// Where each is, by host and description.
    index: HashMap<(u32, u32), u32>,
    by_host: Links,
    pub descriptions: Descriptions,
}

impl<'t, 'o> Services<'t, 'o> {
    /// Finds out which services there are. Of two with one host and description, that which is
    /// given by `host_name` stands; else the later one, with a warning.
    pub(crate) fn collect(hosts: &Hosts<'_, 't>, cx: &mut Context<'t, 'o, '_>) -> Services<'t, 'o> {
        let views = cx.registered(Type::Service);
        let mut services = Services {
            views,
            places: Vec::new(),
            index: HashMap::new(),
            by_host: Links::new(0, std::iter::empty()),
            descriptions: Descriptions::default(),
        };
        for number in 0..services.views.len() {
            let view = services.views[number].clone();
            let Some(description) = description(&view, cx) else { continue };
            let description = services.descriptions.number(&description);
            let by_group = view.get(Key::HostGroupName).is_some()
                && view
                    .get(Key::HostName)
                    .is_none_or(|list| items(&list.text).all(|item| item.starts_with('!')));
            let Some(chosen) = hosts.chosen(&view, [Key::HostName, Key::HostGroupName], cx) else {
                let hint = "write `host_name` or `hostgroup_name`, or `register 0` if it is a template";
                let message = "has neither a host nor a host group".to_owned();
                cx.error(&view, Key::HostName, message, Some(hint.to_owned()));
                continue;
            };
            for host in chosen {
                services.add(Place { host, description, view: number, by_group }, cx);
            }
        }
        services.in_order_of_definition();
        let pairs = services.places().map(|(number, place)| (place.host, number));
        services.by_host = Links::new(hosts.names.len() as usize, pairs);
        services
    }

    fn add(&mut self, place: Place, cx: &mut Context<'t, 'o, '_>) {
        let next = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        let number = *self.index.entry((place.host, place.description)).or_insert(next);
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
            cx.warn(Concern::DefinedTwice, view, at, message, "take the host out of one of the two");
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
            self.index.insert((place.host, place.description), number);
        }
    }

    /// All places, each with its number.
    pub(crate) fn places(&self) -> impl Iterator<Item = (u32, &Place)> + Clone {
        (0_u32..).zip(&self.places)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// The place of a number.
    pub(crate) fn place(&self, number: u32) -> &Place {
        // numbers come from this list
        &self.places[number as usize]
    }

    /// The definition of a place.
    pub(crate) fn view(&self, place: &Place) -> &View<'t, 'o> {
        &self.views[place.view]
    }

    /// The services of a host, by number.
    pub(crate) fn of_host(&self, host: u32) -> &[u32] {
        self.by_host.of(host as usize)
    }

    /// The service of a host and a description.
    pub(crate) fn find(&self, host: u32, description: &str) -> Option<u32> {
        self.index.get(&(host, self.descriptions.find(description)?)).copied()
    }

    /// The services of these hosts that are wanted, in order, each once; what a host lacks is
    /// `missing`.
    pub(crate) fn choose(&self, hosts: &[u32], wanted: &Wanted, missing: &mut Missing) -> Vec<u32> {
        let mut chosen = Vec::new();
        if wanted.all {
            chosen.extend(hosts.iter().flat_map(|host| self.of_host(*host)));
        }
        for named in &wanted.named {
            match named {
                Named::One(text, number) => {
                    for host in hosts {
                        match number.and_then(|number| self.index.get(&(*host, number))) {
                            Some(service) => chosen.push(*service),
                            None => missing.add(text, *host),
                        }
                    }
                }
                Named::Matching(text, numbers) => {
                    let before = chosen.len();
                    let of = |host: &u32| {
                        self.of_host(*host).iter().filter(|service| {
                            numbers.binary_search(&self.place(**service).description).is_ok()
                        })
                    };
                    chosen.extend(hosts.iter().flat_map(of));
                    if let (true, Some(host)) = (chosen.len() == before, hosts.first()) {
                        missing.add(text, *host);
                    }
                }
                Named::Group(members) => {
                    let of = |host: &u32| self.of_host(*host).iter().copied();
                    let of_hosts = hosts.iter().flat_map(of);
                    chosen.extend(of_hosts.filter(|service| members.binary_search(service).is_ok()));
                }
            }
        }
        if !wanted.rejected.is_empty() {
            chosen.retain(|service| !wanted.rejected.contains(&self.place(*service).description));
        }
        chosen.sort_unstable();
        chosen.dedup();
        chosen
    }

    /// Reads them all, in order, into a graph that has all hosts.
    pub(crate) fn read(
        &self,
        targets: &Targets<'_, 't, 'o>,
        known: &Known<'_, 't>,
        commands: &Names<'t>,
        extras: &Extras,
        made: &mut Made,
        cx: &mut Context<'t, 'o, '_>,
    ) {
        // places are in the order of their definitions, so one at a time is enough
        let mut last: Option<(usize, Shared)> = None;
        let (mut members, mut untold) = (0_usize, Untold::default());
        for (number, place) in self.places() {
            let view = &self.views[place.view];
            if last.as_ref().is_none_or(|(number, _)| *number != place.view) {
                if let Some((number, shared)) = last.take() {
                    untold.add(&self.views[number], shared.counts, cx);
                }
                last = Some((place.view, Shared::read(view, known, commands, cx)));
            }
            let Some((_, shared)) = &mut last else { continue };
            let mut details = shared.details.clone();
            details.parents = self.parents(view, place.host, targets.hosts.names, cx);
            let mut object = Object {
                name: self.descriptions.text(place.description).clone(),
                kind: Kind::Service { host: ObjectId(place.host) },
                settings: shared.settings(view, ObjectId(place.host), &mut made.builder, known, cx),
                definition: shared.definition.clone(),
            };
            if !extras.services.is_empty()
                && let Some(extra) = extras.services.get(&(place.host, object.name.clone()))
            {
                extra.fill(&mut details, &mut Arc::make_mut(&mut object.definition).notes_url);
            }
            if let Some(cluster) = &shared.cluster {
                let (id, host) = (ObjectId(targets.object(number)), ObjectId(place.host));
                let asker = Asker { id, service: &object, host };
                let host = made.builder.parts().object(host);
                let cluster = cluster.of(&asker, view, targets, |name| host_macro(host, name), cx);
                let before = members;
                members = members.saturating_add(cluster.members.len());
                if members > MAX_MEMBERS && before <= MAX_MEMBERS {
                    let message = format!("with it clusters have more than {MAX_MEMBERS} members together");
                    let hint = "let clusters have clusters as members".to_owned();
                    cx.error(view, Key::CheckCommand, message, Some(hint));
                } else if members <= MAX_MEMBERS {
                    let check = Some(Check::Cluster(Box::new(cluster)));
                    Arc::make_mut(&mut object.definition).check = check;
                }
            }
            made.add(object, details, shared.event_handler.clone());
        }
        if let Some((number, shared)) = last {
            untold.add(&self.views[number], shared.counts, cx);
        }
        untold.report(Type::Service, cx);
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
        let names: Vec<&str> = items(&list.text).collect();
        let mut parents = Vec::new();
        let pairs: Vec<(Option<&str>, &str)> = match names.as_slice() {
            [alone] => vec![(None, *alone)],
            many if many.len() % 2 == 1 => {
                let message = "parents has a host without a description, or one too many".to_owned();
                let hint = "write a description, or hosts and descriptions in turn: `web1,http,db1,sql`";
                cx.error(view, Key::Parents, message, Some(hint.to_owned()));
                return Box::default();
            }
            many => many.chunks(2).filter_map(|pair| Some((Some(*pair.first()?), *pair.get(1)?))).collect(),
        };
        for (named, description) in pairs {
            let host = named.map_or(Some(host), |named| hosts.find(named));
            if let Some(number) = host.and_then(|host| self.find(host, description)) {
                parents.push(ObjectId(hosts.len().saturating_add(number)));
            } else {
                let on = named.map_or("on the same host".to_owned(), |host| format!("on host `{host}`"));
                let message = format!("no such service: `{description}` {on}");
                let hint = "write a description, or hosts and descriptions in turn: `web1,http,db1,sql`";
                cx.error(view, Key::Parents, message, Some(hint.to_owned()));
            }
        }
        parents.into()
    }
}

/// So many members all clusters may have together; the largest plan has six million.
const MAX_MEMBERS: usize = 50_000_000;

/// What all services of one definition share.
struct Shared {
    definition: Arc<Definition>,
    cluster: Option<cluster::Draft>,
    event_handler: Option<CheckCommand>,
    draft: super::settings::Draft,
    /// Settings on hosts with other settings, by these; and whether nobody is told of such a service.
    on: HashMap<SettingsId, (SettingsId, bool)>,
    /// How many services there are so far, and of how many nobody is told.
    counts: [usize; 2],
    details: Details,
}

impl Shared {
    /// The settings on a host, which may fill in what the definition leaves out.
    fn settings<'t>(
        &mut self,
        view: &View<'t, '_>,
        host: ObjectId,
        builder: &mut GraphBuilder,
        known: &Known<'_, 't>,
        cx: &mut Context<'t, '_, '_>,
    ) -> SettingsId {
        let graph = builder.parts();
        let of_host = graph.object(host).settings;
        let (id, untold) = if let Some(known) = self.on.get(&of_host) {
            *known
        } else {
            let settings = self.draft.on(graph.settings(host));
            warn_if_nobody_listens(view, &settings, known.people, cx);
            let untold = is_untold(view, &settings);
            let new = (builder.settings(settings), untold);
            self.on.insert(of_host, new);
            new
        };
        self.counts[0] += 1;
        self.counts[1] += usize::from(untold);
        id
    }

    fn read<'t>(
        view: &View<'t, '_>,
        known: &Known<'_, 't>,
        commands: &Names<'t>,
        cx: &mut Context<'t, '_, '_>,
    ) -> Shared {
        let (mut check, mut cluster) = (None, None);
        match view.get(Key::CheckCommand) {
            Some(found) if *found.text == *STALE => check = Some(Check::Stale),
            Some(found) if is_own(&found.text) => cluster = cluster::Draft::read(&found.text, view, cx),
            Some(found) => check = commands::check(&found.text, view, commands, cx),
            None => {
                let hint = "a service that only takes results from elsewhere has one too, with active_checks_enabled 0";
                cx.error(view, Key::CheckCommand, "has no check_command".to_owned(), Some(hint.to_owned()));
            }
        }
        let description = cx.text(view, Key::ServiceDescription).unwrap_or_default();
        let definition = Definition {
            check,
            alias: cx.text(view, Key::DisplayName).filter(|name| *name != description),
            notes_url: cx.text(view, Key::NotesUrl),
            variables: cx.variables(view),
            origin: cx.origin(view),
        };
        Shared {
            definition: Arc::new(definition),
            on: HashMap::new(),
            counts: [0; 2],
            cluster,
            event_handler: event_handler(view, commands, cx),
            draft: draft(view, known, cx),
            details: Details::of(view, cx),
        }
    }
}

fn description<'t>(view: &View<'t, '_>, cx: &mut Context<'t, '_, '_>) -> Option<Arc<str>> {
    let Some(description) = cx.text(view, Key::ServiceDescription) else {
        cx.error(view, Key::ServiceDescription, "has no service_description".to_owned(), None);
        return None;
    };
    cx.may_be_called(&description, "service_description", view, Key::ServiceDescription)
        .then_some(description)
}
