//! What depends on what: who is blocked, and by what at the root of it.

use std::collections::VecDeque;

use crate::condition::{Condition, StateType};
use crate::dependency::{Dependency, DependencyKind, DependencyRule};
use crate::engine::Engine;
use crate::graph::ObjectId;
use crate::history::EntryKind;
use crate::saved::Blocked;
use crate::time::Timestamp;

/// Masters of masters are followed so far; the reader refuses circles.
const MAX_DEPTH: u8 = 64;

impl Engine {
    /// The root of what fails, if an object's dependencies of a kind are not met: every one must
    /// hold, but those that share a redundancy group fail only all together.
    pub(crate) fn failing(&self, id: ObjectId, kind: DependencyKind, now: Timestamp) -> Option<ObjectId> {
        self.failing_at(id, kind, now, MAX_DEPTH)
    }

    fn failing_at(&self, id: ObjectId, kind: DependencyKind, now: Timestamp, depth: u8) -> Option<ObjectId> {
        let graph = &self.graph;
        if kind == DependencyKind::Execution && graph.rules.host_down_disables_service_checks {
            let host = graph.host_of(id);
            if host != id && self.is_down(host) {
                return Some(host);
            }
        }
        let holds = |dependency: &&Dependency| {
            let rule = graph.dependency_rule(dependency.rule);
            rule.kind == kind && graph.is_open(rule.period, now)
        };
        let dependencies = graph.dependencies(id);
        let held = || dependencies.iter().filter(holds);
        for dependency in held() {
            let rule = graph.dependency_rule(dependency.rule);
            let Some(root) = self.master_fails(dependency.master, rule, now, depth) else { continue };
            let Some(group) = &rule.redundancy_group else { return Some(root) };
            let members = held()
                .filter(|other| graph.dependency_rule(other.rule).redundancy_group.as_ref() == Some(group));
            let all_fail = members.into_iter().all(|other| {
                self.master_fails(other.master, graph.dependency_rule(other.rule), now, depth).is_some()
            });
            if all_fail {
                return Some(root);
            }
        }
        None
    }

    /// The root of what is wrong with a master, if a dependency on it fails.
    fn master_fails(
        &self,
        master: ObjectId,
        rule: &DependencyRule,
        now: Timestamp,
        depth: u8,
    ) -> Option<ObjectId> {
        let state = self.state(master);
        if let Some(blocked) = state.blocked() {
            return Some(self.graph.find(&blocked.by).unwrap_or(master));
        }
        let condition = if self.graph.rules.soft_state_dependencies { state.condition } else { state.hard };
        let letter = if state.last_check.is_none() { 'p' } else { condition.criterion() };
        if rule.failure_criteria.has(letter) {
            return Some(master);
        }
        // what keeps a master from being checked blocks it, and that was seen above
        if rule.inherits_parent && rule.kind == DependencyKind::Notification && depth > 0 {
            return self.failing_at(master, rule.kind, now, depth - 1);
        }
        None
    }

    /// Hard DOWN or UNREACHABLE.
    pub(crate) fn is_down(&self, host: ObjectId) -> bool {
        self.state(host).condition.is_problem() && self.state(host).state_type == StateType::Hard
    }

    /// Something about an object changed on which others may depend: those that are blocked or freed
    /// by it, and those behind them; and held problems of them are looked at again.
    pub(crate) fn spread(&mut self, id: ObjectId, now: Timestamp) {
        let graph = self.graph.clone();
        let mut masters = VecDeque::from([id]);
        while let Some(master) = masters.pop_front() {
            let services: &[ObjectId] =
                if graph.rules.host_down_disables_service_checks { graph.services(master) } else { &[] };
            for dependent in graph.dependents(master).iter().chain(services) {
                if self.refresh(*dependent, now) {
                    masters.push_back(*dependent);
                }
                self.consider(*dependent, now);
            }
        }
    }

    /// Before a check, where dependencies hold at certain times only: the masters' flags may be as
    /// old as their last change.
    pub(crate) fn refresh_upwards(&mut self, id: ObjectId, now: Timestamp) {
        let graph = self.graph.clone();
        let mut above = vec![id];
        let mut at = 0;
        while at < above.len() && at < 10_000 {
            for dependency in graph.dependencies(above[at]) {
                if !above.contains(&dependency.master) {
                    above.push(dependency.master);
                }
            }
            at += 1;
        }
        for id in above.into_iter().rev() {
            if self.refresh(id, now) {
                self.spread(id, now);
            }
        }
    }

    /// Is it blocked now? Gives whether that changed.
    pub(crate) fn refresh(&mut self, id: ObjectId, now: Timestamp) -> bool {
        let root = self.failing(id, DependencyKind::Execution, now);
        let before = self.state(id).blocked();
        match (root, before) {
            (None, None) => false,
            (Some(root), None) => {
                let by = self.graph.identity(root);
                self.state_mut(id).extras_mut().blocked = Some(Blocked { by: by.clone(), since: now });
                self.record(id, now, EntryKind::Blocked { by });
                true
            }
            (Some(root), Some(blocked)) => {
                let by = self.graph.identity(root);
                let changed = blocked.by != by;
                if changed {
                    let since = blocked.since;
                    self.state_mut(id).extras_mut().blocked = Some(Blocked { by, since });
                }
                changed
            }
            (None, Some(blocked)) => {
                let since = blocked.since;
                self.freed(id, since, now);
                true
            }
        }
    }

    fn freed(&mut self, id: ObjectId, since: Timestamp, now: Timestamp) {
        let has_freshness = self.graph.settings(id).freshness.is_some();
        let last = self.state(id).last_check.unwrap_or(since);
        let state = self.state_mut(id);
        let extras = state.extras_mut();
        extras.blocked = None;
        if has_freshness {
            // the clock of its freshness stood still
            extras.not_counted = extras.not_counted + now.since(since.max(last));
        }
        state.tidy();
        self.record(id, now, EntryKind::Unblocked);
        if has_freshness && !self.is_checked(id) && !self.live[id.0 as usize].busy {
            self.schedule_next(id, now);
        }
        if self.state(id).condition.is_problem() {
            self.confirm(id, now);
        }
    }
}

impl Condition {
    /// The letter of failure criteria: `o w u c` for services, `o d u` for hosts.
    pub(crate) const fn criterion(self) -> char {
        match self {
            Condition::Ok | Condition::Up => 'o',
            other => other.letter(),
        }
    }
}
