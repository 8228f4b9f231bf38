//! Circles of dependencies: what waits for itself would never be checked, or never be told of.
//!
//! As in Nagios, each kind of dependency is looked at alone.

use engine::{DependencyKind, Graph, ObjectId};

use crate::problem::{Place, Problem};

use super::context::Context;
use super::walk::{Links, Walk};

/// So many members of a circle are named.
const MAX_SHOWN: usize = 8;

/// All links from dependents to masters, by definition.
#[derive(Default)]
pub(crate) struct AllLinks {
    definitions: Vec<Definition>,
    links: Vec<Link>,
}

/// What links have in common that come from one definition.
struct Definition {
    execution: bool,
    notification: bool,
    /// File and line; none for those that stand in the dependent's own definition.
    at: Option<(u32, u32)>,
}

/// One object depends on another: there are millions of them.
struct Link {
    dependent: u32,
    master: u32,
    /// Place in `definitions`.
    definition: u32,
}

impl AllLinks {
    /// The links that follow are of these kinds and come from here.
    pub(crate) fn begin(&mut self, kinds: &[DependencyKind], at: Option<(u32, u32)>) {
        let has = |kind| kinds.contains(&kind);
        let (execution, notification) = (has(DependencyKind::Execution), has(DependencyKind::Notification));
        self.definitions.push(Definition { execution, notification, at });
    }

    /// A link of the definition that began last.
    pub(crate) fn add(&mut self, dependent: ObjectId, master: ObjectId) {
        let definition = u32::try_from(self.definitions.len().saturating_sub(1)).unwrap_or(u32::MAX);
        self.links.push(Link { dependent: dependent.0, master: master.0, definition });
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.links.len()
    }

    /// An error for each circle, at a definition that is part of it.
    pub(crate) fn refuse_circles(&self, graph: &Graph, cx: &mut Context<'_, '_, '_>) {
        let count = graph.objects().len();
        for (kind, never) in
            [(DependencyKind::Execution, "checked"), (DependencyKind::Notification, "told of")]
        {
            let links = || self.links.iter().filter(move |link| self.is_of(link, kind));
            let all = Links::new(count, links().map(|link| (link.dependent, link.master)));
            let master = |number: usize, nth: usize| all.of(number).get(nth).map(|n| *n as usize);
            for circle in Walk::new(count, master).circles {
                let ids: Vec<ObjectId> =
                    circle.iter().filter_map(|n| u32::try_from(*n).ok()).map(ObjectId).collect();
                let (Some(first), Some(last)) = (ids.first(), ids.last()) else { continue };
                let closing = links().find(|link| link.dependent == last.0 && link.master == first.0);
                let at = closing.and_then(|link| self.definitions.get(link.definition as usize)?.at);
                let origin = &graph.object(*last).origin;
                let place = match at {
                    Some((file, line)) => cx.objects.place(file, line),
                    None => Place { file: &origin.file, line: origin.line },
                };
                let name = |id: &ObjectId| format!("`{}`", graph.identity(*id));
                let shown: Vec<String> = ids.iter().chain([first]).take(MAX_SHOWN).map(name).collect();
                let more = if ids.len() >= MAX_SHOWN { " on …" } else { "" };
                let message = format!(
                    "depends on itself and would never be {never}: {}{more}",
                    shown.join(" depends on ")
                );
                let of = if graph.is_host(*first) { "host" } else { "service" };
                let hint = "take one of the dependencies out of the circle";
                cx.problems
                    .push(Problem::error(place, message).of(format!("{of} {}", name(first))).hint(hint));
            }
        }
    }

    fn is_of(&self, link: &Link, kind: DependencyKind) -> bool {
        self.definitions.get(link.definition as usize).is_some_and(|definition| match kind {
            DependencyKind::Execution => definition.execution,
            DependencyKind::Notification => definition.notification,
        })
    }
}
