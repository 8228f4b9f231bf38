//! What follows from one result.

use crate::budget::{MAX_OUTAGES, Outage};
use crate::cluster::{Tally, judge};
use crate::condition::{Condition, StateType};
use crate::count::{Change, count};
use crate::engine::Engine;
use crate::graph::{Check, Kind, ObjectId};
use crate::history::EntryKind;
use crate::message::{Action, CheckResult, Handling, Job};
use crate::said::Said;
use crate::switch::{ObjectSwitch, Switch};
use crate::time::{Span, Timestamp};

/// Changes that are remembered for messages about many at once.
const MAX_CHANGES: usize = 20;

/// Members that an aggregate names.
const MAX_NAMED: usize = 20;

/// A result as it counts.
struct Outcome {
    condition: Condition,
    started: Timestamp,
    finished: Timestamp,
    /// Is the output another one than before?
    new_output: bool,
}

impl Engine {
    pub(crate) fn result(&mut self, result: CheckResult, now: Timestamp) {
        let id = result.object;
        let aggressive = self.graph.rules.aggressive_host_checking;
        let condition = match self.graph.object(id).kind {
            Kind::Service { .. } => Condition::of_service(result.state),
            Kind::Host(_) => self.reachability(id, Condition::of_host(result.state, aggressive)),
        };
        let due = self.state(id).next_due;
        let was_problem = self.state(id).condition.is_problem();
        let was_pending = self.state(id).last_check.is_none();
        let said = self.texts.of(result.said);
        let state = self.state_mut(id);
        state.latency = result.started.since(due);
        state.execution_time = result.finished.since(result.started);
        let new_output = state.said.output() != said.output();
        state.said = said;
        if let Some(extras) = &mut state.extras {
            (extras.not_counted, extras.heard) = (Span::ZERO, None);
            state.tidy();
        }
        let outcome = Outcome { condition, started: result.started, finished: result.finished, new_output };
        self.apply(id, &outcome, now);
        self.state_mut(id).last_check = Some(result.started);
        if was_pending {
            self.spread(id, now);
        }
        if self.graph.is_host(id) {
            self.look_below(id, was_problem && !condition.is_problem(), now);
        }
        self.consider(id, now);
    }

    /// Counts a condition and carries out what follows at once from the change.
    fn apply(&mut self, id: ObjectId, outcome: &Outcome, now: Timestamp) {
        let Outcome { condition, started, finished, new_output } = *outcome;
        let graph = self.graph.clone();
        let settings = graph.settings(id);
        let state = self.state_mut(id);
        let before = (state.condition, state.state_type, state.attempt);
        let hard_before = state.hard;
        let change = count(state, condition, settings.max_check_attempts, started, finished);
        let after = (state.condition, state.state_type, state.attempt);
        if before.0 != after.0 {
            self.remember_change(id, started, finished);
            self.drop_acknowledgement_of_another(id, before.1, now);
        }
        let volatile = change == Change::HardAgain && settings.is_volatile;
        if change == Change::HardProblem || volatile {
            self.state_mut(id).pending = true;
        }
        if before != after || (new_output && settings.stalking.has(condition.criterion())) {
            let (condition, state_type, attempt) = after;
            let output = self.state(id).said.output().into();
            self.record(id, finished, EntryKind::State { condition, state_type, attempt, output });
        }
        if before.0 != after.0 {
            self.run_downtimes(id, now);
        }
        if after.1 == StateType::Hard {
            self.weigh_flapping(id, now);
        }
        self.weigh_budget(id, now);
        // what tells of many problems at once comes before the single one that it may fold in
        self.consider_unrest(id, now);
        if volatile || !matches!(change, Change::None | Change::HardAgain) {
            self.handle_event(id, started);
        }
        match change {
            Change::Recovery => self.recovered(id, before.0, now),
            Change::Soft if !condition.is_problem() => self.recovered_softly(id),
            Change::Soft | Change::HardProblem => self.look_above(id, now),
            Change::None | Change::HardAgain => {}
        }
        if before.0 != after.0 || hard_before != self.state(id).hard {
            self.spread(id, now);
        }
    }

    /// Keeps what flapping and failure budgets are told with.
    fn remember_change(&mut self, id: ObjectId, started: Timestamp, finished: Timestamp) {
        let settings = self.graph.settings(id);
        let (flapping, budget) = (self.flap_thresholds(id).is_some(), settings.failure_budget.is_some());
        let state = self.state_mut(id);
        let condition = state.condition;
        if flapping || budget {
            let changes = &mut state.extras_mut().changes;
            changes.push((finished, condition));
            let surplus = changes.len().saturating_sub(MAX_CHANGES);
            changes.drain(..surplus);
        }
        if !budget {
            return;
        }
        let outages = &mut state.extras_mut().outages;
        match outages.last_mut().filter(|outage| outage.end.is_none()) {
            Some(outage) if condition.is_problem() => outage.condition = condition,
            Some(outage) => outage.end = Some(finished),
            None if condition.is_problem() => outages.push(Outage { start: started, end: None, condition }),
            None => {}
        }
        let surplus = outages.len().saturating_sub(MAX_OUTAGES);
        outages.drain(..surplus);
    }

    /// Runs the event handlers: the one for all, then the object's own.
    fn handle_event(&mut self, id: ObjectId, started: Timestamp) {
        if !self.on(Switch::EventHandlers) || !self.is_on(id, ObjectSwitch::EventHandler) {
            return;
        }
        let graph = self.graph.clone();
        let rules = &graph.rules;
        let of_all = if graph.is_host(id) { &rules.host_event_handler } else { &rules.service_event_handler };
        let state = self.state(id);
        let handle = |command: &crate::graph::CheckCommand| {
            Action::Handle(Box::new(Handling {
                object: id,
                command: command.clone(),
                condition: state.condition,
                state_type: state.state_type,
                attempt: state.attempt,
                said: state.said.clone(),
                last_check: started,
                since: state.since,
            }))
        };
        let actions: Vec<Action> = of_all.iter().chain(graph.event_handler(id)).map(handle).collect();
        self.actions.extend(actions);
    }

    /// DOWN becomes UNREACHABLE when no parent is UP.
    fn reachability(&self, host: ObjectId, condition: Condition) -> Condition {
        let parents = self.graph.parents(host);
        let cut_off =
            !parents.is_empty() && parents.iter().all(|parent| self.state(*parent).condition.is_problem());
        if condition == Condition::Down && cut_off { Condition::Unreachable } else { condition }
    }

    /// A failure asks for the condition of what the object hangs on, unless it is known: a soft one
    /// is content with a recent answer, a hard one wants an answer newer than its first failure.
    fn look_above(&mut self, id: ObjectId, now: Timestamp) {
        let state = self.state(id);
        let failed_at = state.problem_since.unwrap_or(now);
        let recent = now - self.graph.rules.cached_host_check_horizon;
        let newer_than = if state.state_type == StateType::Hard { failed_at } else { failed_at.min(recent) };
        let graph = self.graph.clone();
        let above = match &graph.object(id).kind {
            Kind::Service { host } => std::slice::from_ref(host),
            Kind::Host(host) => &host.parents,
        };
        for host in above {
            let fresh = self.state(*host).last_check.is_some_and(|at| at >= newer_than);
            if self.is_checked(*host) && !fresh {
                self.check_now(*host, false, now);
            }
        }
    }

    /// A host's answer decides for what hangs on it: hosts below that are DOWN become UNREACHABLE
    /// with it, held problems are looked at again, and when it came up, what was silenced with it
    /// is confirmed.
    fn look_below(&mut self, host: ObjectId, came_up: bool, now: Timestamp) {
        let graph = self.graph.clone();
        for child in graph.children(host) {
            let (condition, hard) =
                (self.state(*child).condition, self.state(*child).state_type == StateType::Hard);
            if hard
                && condition == Condition::Down
                && self.reachability(*child, condition) == Condition::Unreachable
            {
                let started = self.state(*child).last_check.unwrap_or(now);
                let condition = Condition::Unreachable;
                self.apply(*child, &Outcome { condition, started, finished: now, new_output: false }, now);
                self.look_below(*child, false, now);
            } else if came_up && condition == Condition::Unreachable {
                self.confirm(*child, now);
            }
        }
        for id in graph.children(host).iter().chain(graph.services(host)) {
            self.consider(*id, now);
        }
    }

    /// The state of others as a result: what was due is answered at once.
    pub(crate) fn aggregate(&mut self, job: Job, now: Timestamp) {
        let id = job.object;
        let graph = self.graph.clone();
        let Some(Check::Cluster(cluster)) = &graph.object(id).check else { return };
        let mut tally = Tally::default();
        let mut bad: Vec<String> = Vec::new();
        for member in &cluster.members {
            let state = self.state(*member);
            let blocked = state.blocked().is_some();
            if !blocked && state.last_check.is_none() {
                tally.pending += 1;
                continue;
            }
            if !blocked && !state.hard.is_problem() {
                tally.well += 1;
                continue;
            }
            tally.bad += 1;
            tally.blocked += u64::from(blocked);
            if bad.len() < MAX_NAMED {
                let why = if blocked { "blocked" } else { state.hard.as_str() };
                bad.push(format!("{} {why}", graph.identity(*member)));
            }
        }
        let (state, output, perfdata) = judge(cluster, tally);
        let more = tally.bad.saturating_sub(bad.len() as u64);
        if more > 0 {
            bad.push(format!("and {more} more"));
        }
        let said = Said::new(&output, &bad.join("\n"), &perfdata);
        self.result(CheckResult { object: id, started: now, finished: now, state, said }, now);
    }
}
