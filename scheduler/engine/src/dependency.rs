//! Dependencies: what must be well for an object to be checked, or to be told of.

use std::sync::Arc;

use crate::graph::{Letters, ObjectId, Origin, PeriodId};

/// A rule of dependencies, by its place in [`crate::Graph::dependency_rules`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub u32);

/// What a failed dependency stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DependencyKind {
    /// The check is not run.
    Execution,
    /// Nobody is told.
    Notification,
}

/// What all dependencies have in common that come from one definition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DependencyRule {
    /// What it stops.
    pub kind: DependencyKind,
    /// The conditions of the master that count as failed: `o w u c p` for services, `o d u p` for
    /// hosts; `p` is a master that was never checked.
    pub failure_criteria: Letters,
    /// Does it fail, too, when the master's own dependencies of this kind fail?
    pub inherits_parent: bool,
    /// When it holds; none for always.
    pub period: Option<PeriodId>,
    /// `redundancy_group`: the dependencies of one object and kind that share it are alternatives.
    pub redundancy_group: Option<Arc<str>>,
    /// Where it is defined.
    pub origin: Origin,
}

/// One object depends on another: kept small, since a federation has millions of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dependency {
    /// What must be well.
    pub master: ObjectId,
    /// How.
    pub rule: RuleId,
}

/// Lists of one length each, side by side in two allocations.
#[derive(Clone, Debug)]
pub(crate) struct Lists<T> {
    /// Where each list starts in `items`, and one more for the end.
    starts: Vec<u32>,
    items: Vec<T>,
}

impl<T> Lists<T> {
    /// The lists of `count` objects from pairs of object and item; each list keeps the pairs' order.
    pub fn new(count: usize, pairs: &mut Vec<(ObjectId, T)>) -> Lists<T> {
        pairs.sort_by_key(|(id, _)| *id);
        let mut starts = vec![0_u32; count + 1];
        for (id, _) in pairs.iter() {
            starts[id.0 as usize + 1] += 1;
        }
        for n in 1..starts.len() {
            starts[n] += starts[n - 1];
        }
        Lists { starts, items: std::mem::take(pairs).into_iter().map(|(_, item)| item).collect() }
    }

    /// The list of an object.
    pub fn of(&self, id: ObjectId) -> &[T] {
        let n = id.0 as usize;
        match (self.starts.get(n), self.starts.get(n + 1)) {
            (Some(start), Some(end)) => &self.items[*start as usize..*end as usize],
            _ => &[],
        }
    }
}

impl<T> Default for Lists<T> {
    fn default() -> Lists<T> {
        Lists { starts: Vec::new(), items: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_keep_their_items_in_order() {
        let id = ObjectId;
        let lists = Lists::new(4, &mut vec![(id(2), 'a'), (id(0), 'b'), (id(2), 'c')]);
        assert_eq!(
            (lists.of(id(0)), lists.of(id(1)), lists.of(id(2))),
            (&['b'][..], &[][..], &['a', 'c'][..])
        );
        assert!(lists.of(id(9)).is_empty());
    }
}
