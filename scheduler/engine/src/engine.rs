//! The engine: four verbs over one table of states.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

use crate::count::{Change, count};
use crate::dispatch::{Dispatch, Limits};
use crate::graph::{Graph, Identity, Kind, ObjectId};
use crate::message::{
    Action, CheckResult, Condition, Entry, EntryKind, Event, HoldReason, Job, Saved, StateType,
};
use crate::time::{Span, Timestamp};
use crate::timetable;

/// A host's answer younger than this is not asked for again when a service of it fails.
const FRESH_HOST: Span = Span::from_secs(15);

/// Nobody called the engine for so long while something was due: the machine slept, or its clock was set.
const GAP: Span = Span::from_secs(10);

/// What was stored before, for a start.
#[derive(Clone, Debug, Default)]
pub struct Restored {
    /// State of each object, by name.
    pub states: Vec<(Identity, Saved)>,
    /// When the engine was last known to run.
    pub alive: Option<Timestamp>,
}

/// The state machine.
#[derive(Debug)]
pub struct Engine {
    pub(crate) graph: Arc<Graph>,
    pub(crate) limits: Limits,
    pub(crate) states: Vec<Saved>,
    pub(crate) live: Vec<Live>,
    pub(crate) dispatch: Dispatch,
    pub(crate) actions: VecDeque<Action>,
    pub(crate) changed: Vec<ObjectId>,
    /// Due times of checks; an entry counts only if it is its object's `next_due`.
    pub(crate) due: BinaryHeap<Reverse<(Timestamp, u32)>>,
    /// Times at which a held or repeated notification is looked at again.
    pub(crate) timers: BinaryHeap<Reverse<(Timestamp, u32)>>,
    /// When a verb was last called.
    pub(crate) last_call: Timestamp,
}

/// What need not be remembered of an object over a restart.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    pub seed: u64,
    /// Due, or running.
    pub busy: bool,
    pub running: bool,
    /// In [`Engine::changed`] already.
    pub changed: bool,
    pub timer: Timestamp,
    /// The last reason that was recorded, so that history holds each once.
    pub held: Option<HoldReason>,
}

impl Engine {
    /// An engine that goes on where `restored` ended: no check is made up for in a burst, nothing is
    /// forgotten.
    pub fn new(graph: Arc<Graph>, limits: Limits, restored: Restored, now: Timestamp) -> Engine {
        let mut engine = Engine {
            limits,
            states: Vec::with_capacity(graph.objects().len()),
            live: Vec::with_capacity(graph.objects().len()),
            dispatch: Dispatch::default(),
            actions: VecDeque::new(),
            changed: Vec::new(),
            due: BinaryHeap::with_capacity(graph.objects().len()),
            timers: BinaryHeap::new(),
            last_call: now,
            graph,
        };
        engine.adopt(restored, now);
        engine
    }

    /// What it was configured with.
    pub fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// All that is known of an object.
    pub fn state(&self, id: ObjectId) -> &Saved {
        &self.states[id.0 as usize]
    }

    /// Is a check of it under way?
    pub fn is_running(&self, id: ObjectId) -> bool {
        self.live[id.0 as usize].running
    }

    /// Checks that are due but wait for room, and checks in flight.
    pub fn load(&self) -> (usize, usize) {
        (self.dispatch.backlog(), self.dispatch.running())
    }

    /// The objects whose state changed since the last call, each once: store them.
    pub fn take_changed(&mut self) -> Vec<ObjectId> {
        let changed = std::mem::take(&mut self.changed);
        for id in &changed {
            self.live[id.0 as usize].changed = false;
        }
        changed
    }

    /// Something happened.
    pub fn handle(&mut self, event: Event, now: Timestamp) {
        self.notice_the_clock(now);
        match event {
            Event::Result(result) => {
                let id = result.object;
                if self.live[id.0 as usize].running {
                    self.finished(id);
                    self.result(result, now);
                    self.schedule_next(id, now);
                }
            }
            Event::Passive(result) => {
                if self.graph.settings(result.object).passive_checks {
                    self.result(result, now);
                }
            }
            Event::Lost(id) => {
                if self.live[id.0 as usize].running {
                    self.finished(id);
                    let settings = self.graph.settings(id);
                    let again = timetable::next_regular(
                        self.live[id.0 as usize].seed,
                        settings.check_interval,
                        settings.retry_interval,
                        Some(now),
                        now,
                    );
                    self.plan(id, again);
                }
            }
            Event::Recheck(id) => self.check_now(id, now),
            Event::Acknowledge { object, sticky, author, comment } => {
                self.acknowledge(object, sticky, author, comment, now);
            }
            Event::Unacknowledge(id) => {
                self.state_mut(id).acknowledgement = None;
                self.consider(id, now);
            }
            Event::Downtime { object, start, end, author, comment } => {
                self.record(object, now, EntryKind::Downtime { start, end, author, comment });
                let downtimes = &mut self.state_mut(object).downtimes;
                downtimes.retain(|(_, end)| *end > now);
                downtimes.push((start, end));
                let graph = self.graph.clone();
                for id in std::iter::once(&object).chain(graph.services(object)) {
                    self.consider(*id, now);
                }
            }
        }
    }

    /// Time passed: due checks become ready, held notifications are looked at again.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        self.notice_the_clock(now);
        while let Some(Reverse((at, n))) = self.due.peek().copied().filter(|Reverse((at, _))| *at <= now) {
            self.due.pop();
            let id = ObjectId(n);
            if self.states[n as usize].next_due == at && !self.live[n as usize].busy {
                self.live[n as usize].busy = true;
                self.dispatch.push(Job { object: id, due: at });
            }
        }
        while let Some(Reverse((at, n))) = self.timers.peek().copied().filter(|Reverse((at, _))| *at <= now) {
            self.timers.pop();
            if self.live[n as usize].timer == at {
                self.live[n as usize].timer = Timestamp::NEVER;
                self.consider(ObjectId(n), now);
            }
        }
    }

    /// When [`Engine::handle_timeout`] is to be called next; never, if nothing is planned.
    pub fn poll_timeout(&self) -> Timestamp {
        let first = |heap: &BinaryHeap<Reverse<(Timestamp, u32)>>| {
            heap.peek().map_or(Timestamp::NEVER, |Reverse((at, _))| *at)
        };
        first(&self.due).min(first(&self.timers))
    }

    /// The next thing to do, until there is none.
    pub fn poll_action(&mut self) -> Option<Action> {
        if let Some(action) = self.actions.pop_front() {
            return Some(action);
        }
        let graph = &self.graph;
        let job = self.dispatch.start(self.limits, |id| (!graph.is_host(id)).then(|| graph.host_of(id)))?;
        self.live[job.object.0 as usize].running = true;
        Some(Action::Run(job))
    }

    pub(crate) fn state_mut(&mut self, id: ObjectId) -> &mut Saved {
        let live = &mut self.live[id.0 as usize];
        if !live.changed {
            live.changed = true;
            self.changed.push(id);
        }
        &mut self.states[id.0 as usize]
    }

    pub(crate) fn record(&mut self, id: ObjectId, at: Timestamp, kind: EntryKind) {
        let identity = self.graph.identity(id);
        self.actions.push_back(Action::Record(Box::new(Entry { at, identity, kind })));
    }

    pub(crate) fn finished(&mut self, id: ObjectId) {
        let live = &mut self.live[id.0 as usize];
        (live.busy, live.running) = (false, false);
        let host = (!self.graph.is_host(id)).then(|| self.graph.host_of(id));
        self.dispatch.finished(host);
    }

    /// Can hlidka check it by itself?
    pub(crate) fn is_checked(&self, id: ObjectId) -> bool {
        self.graph.object(id).check.is_some() && self.graph.settings(id).active_checks
    }

    fn result(&mut self, result: CheckResult, now: Timestamp) {
        let id = result.object;
        let condition = match self.graph.object(id).kind {
            Kind::Service { .. } => Condition::of_service(result.state),
            Kind::Host { .. } => self.reachability(id, Condition::of_host(result.state)),
        };
        let due = self.state(id).next_due;
        let was_problem = self.state(id).condition.is_problem();
        let state = self.state_mut(id);
        state.latency = result.started.since(due);
        state.execution_time = result.finished.since(result.started);
        state.output = result.output;
        state.long_output = result.long_output;
        state.perfdata = result.perfdata;
        self.apply(id, condition, result.started, result.finished, now);
        self.state_mut(id).last_check = Some(result.started);
        if self.graph.is_host(id) {
            self.look_below(id, was_problem && !condition.is_problem(), now);
        }
        self.consider(id, now);
    }

    /// Counts a condition and carries out what follows at once from the change.
    fn apply(
        &mut self,
        id: ObjectId,
        condition: Condition,
        started: Timestamp,
        finished: Timestamp,
        now: Timestamp,
    ) {
        let max_attempts = self.graph.settings(id).max_check_attempts;
        let volatile = self.graph.settings(id).is_volatile;
        let state = self.state_mut(id);
        let before = (state.condition, state.state_type, state.attempt);
        let change = count(state, condition, max_attempts, started, finished);
        let after = (state.condition, state.state_type, state.attempt);
        let another = before.0 != after.0;
        if another
            && state
                .acknowledgement
                .as_ref()
                .is_some_and(|(sticky, ..)| !sticky && before.1 == StateType::Hard)
        {
            state.acknowledgement = None;
        }
        if change == Change::HardProblem || (change == Change::HardAgain && volatile) {
            state.pending = true;
        }
        if before != after {
            let (condition, state_type, attempt) = after;
            let output = self.state(id).output.clone();
            self.record(id, finished, EntryKind::State { condition, state_type, attempt, output });
        }
        match change {
            Change::Recovery => self.recovered(id, before.0, now),
            Change::Soft if !condition.is_problem() => self.state_mut(id).acknowledgement = None,
            Change::Soft | Change::HardProblem => self.look_above(id, now),
            Change::None | Change::HardAgain => {}
        }
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
        let newer_than =
            if state.state_type == StateType::Hard { failed_at } else { failed_at.min(now - FRESH_HOST) };
        let graph = self.graph.clone();
        let above = match &graph.object(id).kind {
            Kind::Service { host } => std::slice::from_ref(host),
            Kind::Host { parents, .. } => parents,
        };
        for host in above {
            let fresh = self.state(*host).last_check.is_some_and(|at| at >= newer_than);
            if self.is_checked(*host) && !fresh {
                self.check_now(*host, now);
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
                self.apply(*child, Condition::Unreachable, started, now, now);
                self.look_below(*child, false, now);
            } else if came_up && condition == Condition::Unreachable {
                self.confirm(*child, now);
            }
        }
        for id in graph.children(host).iter().chain(graph.services(host)) {
            if !self.state(*id).condition.is_problem() {
                continue;
            }
            if came_up && self.state(*id).silenced_until.is_some() {
                self.state_mut(*id).silenced_until = Some(now);
            }
            self.consider(*id, now);
        }
    }

    /// Checks again within one retry interval, each object at its own moment: no burst.
    pub(crate) fn confirm(&mut self, id: ObjectId, now: Timestamp) {
        let settings = self.graph.settings(id);
        let interval =
            if settings.retry_interval.is_zero() { settings.check_interval } else { settings.retry_interval };
        let at = now + timetable::spread(self.live[id.0 as usize].seed, interval);
        if self.is_checked(id) && at < self.state(id).next_due && !self.live[id.0 as usize].busy {
            self.plan(id, at);
        }
    }

    /// Somebody cannot wait for the timetable.
    fn check_now(&mut self, id: ObjectId, now: Timestamp) {
        if self.graph.object(id).check.is_none() || self.live[id.0 as usize].busy {
            return;
        }
        self.live[id.0 as usize].busy = true;
        self.state_mut(id).next_due = now;
        self.dispatch.push_front(Job { object: id, due: now });
    }

    /// Plans the next check after a run.
    fn schedule_next(&mut self, id: ObjectId, now: Timestamp) {
        let settings = self.graph.settings(id);
        let (seed, state) = (self.live[id.0 as usize].seed, self.state(id));
        let (check, retry, period) =
            (settings.check_interval, settings.retry_interval, settings.check_period);
        let next = if !self.is_checked(id) || check.is_zero() {
            Timestamp::NEVER
        } else if state.state_type == StateType::Soft && !retry.is_zero() {
            // from the start of the failed run, so that long timeouts do not stretch the retries
            state.last_check.map_or(now, |started| (started + retry).max(now))
        } else {
            timetable::next_regular(seed, check, retry, state.last_check, now)
        };
        let next = self.within_period(period, seed, check, next);
        self.plan(id, next);
    }

    /// Outside its period an object waits for its own slot after the opening, not for the opening
    /// itself: else all would start at once.
    pub(crate) fn within_period(
        &self,
        period: Option<crate::graph::PeriodId>,
        seed: u64,
        interval: Span,
        mut at: Timestamp,
    ) -> Timestamp {
        // a slot may lie outside again when the period is shorter than the interval
        for _ in 0..100 {
            if at == Timestamp::NEVER || self.graph.is_open(period, at) {
                return at;
            }
            let opening = self.graph.next_opening(period, at);
            if opening == Timestamp::NEVER {
                return opening;
            }
            let slot = timetable::slot(seed, interval, opening);
            at = if self.graph.is_open(period, slot) {
                slot
            } else {
                opening + timetable::spread(seed, Span::from_secs(60))
            };
        }
        at
    }

    pub(crate) fn plan(&mut self, id: ObjectId, at: Timestamp) {
        self.state_mut(id).next_due = at;
        if at != Timestamp::NEVER {
            self.due.push(Reverse((at, id.0)));
        }
    }

    pub(crate) fn set_timer(&mut self, id: ObjectId, at: Timestamp) {
        let live = &mut self.live[id.0 as usize];
        if at < live.timer {
            live.timer = at;
            self.timers.push(Reverse((at, id.0)));
        }
    }

    /// Sees that the machine slept or its clock was set, before anything else is decided.
    fn notice_the_clock(&mut self, now: Timestamp) {
        let last = std::mem::replace(&mut self.last_call, now);
        let overdue = self.due.peek().is_some_and(|Reverse((at, _))| now > *at + GAP);
        if overdue && now > last + GAP {
            self.realign(last, now);
        } else if now + GAP < last {
            self.realign(now, now);
        }
    }

    /// Gives every planned check a new place after a gap in time that began at `gap_start`.
    fn realign(&mut self, gap_start: Timestamp, now: Timestamp) {
        let graph = self.graph.clone();
        self.due.clear();
        for id in graph.ids() {
            let settings = graph.settings(id);
            let soft = self.state(id).state_type == StateType::Soft && !settings.retry_interval.is_zero();
            let interval = if soft { settings.retry_interval } else { settings.check_interval };
            let due = self.state(id).next_due;
            if due == Timestamp::NEVER || self.live[id.0 as usize].busy {
                continue;
            }
            let seed = self.live[id.0 as usize].seed;
            let at = if due <= now {
                timetable::after_gap(seed, interval, due.max(gap_start), gap_start, now)
            } else if due.since(now) > interval + interval && settings.check_period.is_none() {
                // the clock was set back: what is planned lies too far ahead
                timetable::slot(seed, interval, now)
            } else {
                due
            };
            self.plan(id, self.within_period(settings.check_period, seed, interval, at));
        }
    }
}
