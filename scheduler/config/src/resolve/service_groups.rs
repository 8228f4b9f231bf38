//! Service groups: members from both sides, and groups within groups.

use crate::directives::{Key, Type};
use crate::inherit::View;
use crate::values::items;

use super::context::Context;
use super::descriptions::{Missing, Named, Wanted};
use super::groups::{Selection, members};
use super::names::Names;
use super::services::Services;

/// Names, definitions, and members by their numbers among services.
pub(crate) struct ServiceGroups<'t, 'o> {
    pub names: Names<'t>,
    pub views: Vec<View<'t, 'o>>,
    pub members: Vec<Vec<u32>>,
}

/// All service groups.
pub(crate) fn service_groups<'t, 'o>(
    services: &Services<'t, 'o>,
    hosts: &Names<'t>,
    cx: &mut Context<'t, 'o, '_>,
) -> ServiceGroups<'t, 'o> {
    let (names, views) = Names::collect(Type::ServiceGroup, cx);
    let mut selections: Vec<Selection> = Vec::new();
    for view in &views {
        selections.push(named(view, services, hosts, cx));
    }
    // the services of one definition come one after the other, and have their groups in common
    let mut last: Option<(usize, Vec<u32>)> = None;
    for (number, place) in services.places() {
        if last.as_ref().is_none_or(|(view, _)| *view != place.view) {
            let view = services.view(place);
            let groups = view.get(Key::Groups).map_or(Vec::new(), |list| {
                items(&list.text).flat_map(|item| names.want_all(item, view, Key::Groups, cx)).collect()
            });
            last = Some((place.view, groups));
        }
        for group in last.iter().flat_map(|(_, groups)| groups) {
            selections[*group as usize].add([number]);
        }
    }
    let members = members(&names, &views, selections, cx);
    ServiceGroups { names, views, members }
}

/// `host,service,host,service`; `*` for all services of a host.
fn named<'t, 'o>(
    view: &View<'t, 'o>,
    services: &Services<'t, 'o>,
    hosts: &Names<'t>,
    cx: &mut Context<'t, 'o, '_>,
) -> Selection {
    let mut selection = Selection::default();
    let Some(list) = view.get(Key::Members) else { return selection };
    let names: Vec<&str> = items(&list.text).collect();
    for pair in names.chunks(2) {
        let [host, description] = pair else {
            let message = format!("the last member, `{}`, has no service", pair.join(","));
            let hint = "members are hosts and descriptions in turn".to_owned();
            cx.error(view, Key::Members, message, Some(hint));
            continue;
        };
        let hosts_named = hosts.want_all(host, view, Key::Members, cx);
        let known = &services.descriptions;
        let wanted = if *description == "*" {
            Wanted::matching("*", known, |_| true)
        } else {
            let item = Named::read(description, view, Key::Members, known, cx);
            Wanted { named: item.into_iter().collect(), ..Wanted::default() }
        };
        let mut missing = Missing::default();
        selection.add(services.choose(&hosts_named, &wanted, &mut missing));
        missing.report(view, Key::Members, hosts, "members are hosts and descriptions in turn", cx);
    }
    selection
}
