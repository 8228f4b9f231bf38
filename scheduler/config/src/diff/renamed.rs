//! Names that were mistyped: an object that went and one that came are perhaps the same if nothing but
//! their names differs.

use std::collections::{BTreeMap, HashMap};

use engine::{ObjectId, nearest};

use super::side::Side;
use crate::print::Block;

/// The other name of an object.
pub(super) type Renamed = BTreeMap<ObjectId, String>;

/// Other names of those that went, and of those that came.
pub(super) struct Names {
    pub to: Renamed,
    pub from: Renamed,
}

/// More candidates than these are not compared: so many objects are no typing error.
const MAX_CANDIDATES: usize = 20_000;

/// Looks for pairs among those that went and those that came. A service is looked at only if its host stays.
pub(super) fn renamed((old, went): (&Side<'_>, &[ObjectId]), (new, came): (&Side<'_>, &[ObjectId])) -> Names {
    let mut names = Names { to: Renamed::new(), from: Renamed::new() };
    if went.len().saturating_add(came.len()) > MAX_CANDIDATES {
        return names;
    }
    let before = alike(old, went);
    let mut after = alike(new, came);
    for (what, went) in before {
        let Some(mut came) = after.remove(&what) else { continue };
        for id in went {
            let name = old.name(id);
            let known: Vec<String> = came.iter().map(|id| new.name(*id)).collect();
            let found = match &known[..] {
                [only] => Some(only.as_str()),
                many => nearest(&name, many.iter().map(String::as_str)),
            };
            let place = known.iter().position(|known| Some(known.as_str()) == found);
            if let Some(other) = place.map(|place| came.remove(place)) {
                names.to.insert(id, new.name(other));
                names.from.insert(other, name);
            }
        }
    }
    names
}

/// Objects by all that is said of them but their names.
fn alike(side: &Side<'_>, ids: &[ObjectId]) -> HashMap<String, Vec<ObjectId>> {
    let graph = &side.of.graph;
    let mut alike: HashMap<String, Vec<ObjectId>> = HashMap::new();
    for id in ids {
        let host = graph.host_of(*id);
        if host == *id {
            let mut services: Vec<String> = graph
                .services(host)
                .iter()
                .map(|id| format!("{}\n{}", graph.object(*id).name, said(side, *id)))
                .collect();
            services.sort_unstable();
            let what = format!("{}\n{}", said(side, host), services.concat());
            alike.entry(what).or_default().push(*id);
        } else if ids.binary_search(&host).is_err() {
            let what = format!("{}\n{}", side.name(host), said(side, *id));
            alike.entry(what).or_default().push(*id);
        }
    }
    alike
}

/// What is said of an object but its name, and what follows from it; where its host is named, that is none
/// of its own.
fn said(side: &Side<'_>, id: ObjectId) -> String {
    let graph = &side.of.graph;
    let (name, host) = (&*graph.object(id).name, &*graph.object(graph.host_of(id)).name);
    let Block { directives, own, .. } = crate::print::object(side.of, id);
    let mut text = String::new();
    for (key, value) in directives.into_iter().chain(own) {
        let is_name = matches!(&*key, "host_name" | "service_description")
            || (matches!(&*key, "alias" | "display_name" | "address") && value == name);
        if !is_name {
            text.extend([&*key, " ", &value.replace(host, "$HOSTNAME$"), "\n"]);
        }
    }
    text
}
