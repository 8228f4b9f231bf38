//! The engine: four verbs over one table of states.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::sync::Arc;

use crate::dispatch::{Dispatch, Limits};
use crate::graph::{Check, Graph, Identity, ObjectId};
use crate::history::{Entry, EntryKind};
use crate::message::{Action, CheckResult, Event, Job};
use crate::notification::HoldReason;
use crate::saved::{Globals, Saved};
use crate::texts::Texts;
use crate::time::Timestamp;

/// What was stored before, for a start.
#[derive(Clone, Debug, Default)]
pub struct Restored {
    /// State of each object, by name.
    pub states: Vec<(Identity, Arc<Saved>)>,
    /// State of the scheduler as a whole.
    pub globals: Globals,
    /// When the engine was last known to run.
    pub alive: Option<Timestamp>,
}

/// The state machine.
#[derive(Debug)]
pub struct Engine {
    pub(crate) graph: Arc<Graph>,
    pub(crate) limits: Limits,
    /// Shared with whoever stores them: what changes meanwhile is copied first.
    pub(crate) states: Vec<Arc<Saved>>,
    pub(crate) live: Vec<Live>,
    pub(crate) globals: Globals,
    pub(crate) globals_changed: bool,
    pub(crate) dispatch: Dispatch,
    pub(crate) actions: VecDeque<Action>,
    pub(crate) changed: Vec<ObjectId>,
    /// Due times of checks; an entry counts only if it is its object's `next_due`.
    pub(crate) due: BinaryHeap<Reverse<(Timestamp, u32)>>,
    /// Times at which an object is looked at again without a result: see [`Engine::wake`].
    pub(crate) timers: BinaryHeap<Reverse<(Timestamp, u32)>>,
    /// Whose downtime or comment a number is.
    pub(crate) numbers: BTreeMap<u64, ObjectId>,
    pub(crate) texts: Texts,
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
    /// Somebody asked for the next run: it happens whatever speaks against it.
    pub forced: bool,
    /// In [`Engine::changed`] already.
    pub changed: bool,
    pub timer: Timestamp,
    /// The last reason that was recorded, so that history holds each once.
    pub held: Option<HoldReason>,
    /// The same for what is told of many problems at once.
    pub held_unrest: Option<HoldReason>,
}

impl Live {
    pub fn new(seed: u64) -> Live {
        Live {
            seed,
            busy: false,
            running: false,
            forced: false,
            changed: false,
            timer: Timestamp::NEVER,
            held: None,
            held_unrest: None,
        }
    }
}

impl Engine {
    /// An engine that goes on where `restored` ended: no check is made up for in a burst, nothing is
    /// forgotten.
    pub fn new(graph: Arc<Graph>, limits: Limits, restored: Restored, now: Timestamp) -> Engine {
        let mut engine = Engine {
            limits,
            states: Vec::new(),
            live: Vec::new(),
            globals: Globals::default(),
            globals_changed: false,
            dispatch: Dispatch::default(),
            actions: VecDeque::new(),
            changed: Vec::new(),
            due: BinaryHeap::with_capacity(graph.objects().len()),
            timers: BinaryHeap::new(),
            numbers: BTreeMap::new(),
            texts: Texts::default(),
            last_call: now,
            graph,
        };
        engine.restore(restored, now);
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

    /// The same to be kept: it stays as it is now, whatever happens next.
    pub fn snapshot(&self, id: ObjectId) -> Arc<Saved> {
        self.states[id.0 as usize].clone()
    }

    /// What is remembered of the scheduler as a whole.
    pub fn globals(&self) -> &Globals {
        &self.globals
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

    /// The state of the scheduler as a whole, if it changed since the last call: store it.
    pub fn take_globals(&mut self) -> Option<Globals> {
        std::mem::take(&mut self.globals_changed).then(|| self.globals.clone())
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
            Event::Passive(result) => self.passive(result, now),
            Event::Lost(id) => {
                if self.live[id.0 as usize].running {
                    self.finished(id);
                    self.pass_over(id, now);
                }
            }
            Event::Recheck { object, at, forced } => self.recheck(object, at, forced, now),
            Event::Acknowledge { object, acknowledgement, notify } => {
                self.acknowledge(object, acknowledgement, notify, now);
            }
            Event::Unacknowledge(id) => self.unacknowledge(id, now),
            Event::Downtime { object, downtime } => self.plan_downtime(object, downtime, now),
            Event::CancelDowntime { number } => self.cancel_downtime(number, now),
            Event::Comment { object, author, text } => self.comment(object, author, text, now),
            Event::DeleteComment { number } => self.delete_comment(number),
            Event::DeleteComments(id) => self.delete_comments(id),
            Event::Switch { object, switch, on } => self.switch(object, switch, on, now),
            Event::SwitchAll { switch, on } => self.switch_all(switch, on, now),
            Event::Custom { object, forced, broadcast, author, comment } => {
                self.custom(object, forced, broadcast, &(author, comment), now);
            }
            Event::Delay { object, until } => {
                self.state_mut(object).extras_mut().delayed_until = Some(until);
                self.wake(object, now);
            }
            Event::Log { text } => {
                let identity = Identity { host: "".into(), service: None };
                let entry = Entry { at: now, identity, kind: EntryKind::Log { text } };
                self.actions.push_back(Action::Record(Box::new(entry)));
            }
        }
    }

    /// Time passed: due checks become ready, what waits for a moment is looked at again.
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
                self.wake(ObjectId(n), now);
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
        loop {
            if let Some(action) = self.actions.pop_front() {
                return Some(action);
            }
            let graph = &self.graph;
            let job =
                self.dispatch.start(self.limits, |id| (!graph.is_host(id)).then(|| graph.host_of(id)))?;
            let (id, now) = (job.object, self.last_call);
            self.live[id.0 as usize].running = true;
            if self.may_run(id, now) {
                match self.graph.object(id).check {
                    Some(Check::Cluster(_)) => {
                        self.finished(id);
                        self.aggregate(job, now);
                    }
                    Some(Check::Stale) => {
                        self.finished(id);
                        self.miss(id, now);
                    }
                    _ => return Some(Action::Run(job)),
                }
                self.schedule_next(id, now);
            } else {
                self.finished(id);
                self.pass_over(id, now);
            }
        }
    }

    /// Looks at an object again because its moment has come: everything that may change without a
    /// result sets the timer anew.
    pub(crate) fn wake(&mut self, id: ObjectId, now: Timestamp) {
        self.run_downtimes(id, now);
        self.expire_acknowledgement(id, now);
        self.expire_delay(id, now);
        self.end_what_is_not_looked_for(id, now);
        self.weigh_budget(id, now);
        self.consider(id, now);
    }

    pub(crate) fn state_mut(&mut self, id: ObjectId) -> &mut Saved {
        let live = &mut self.live[id.0 as usize];
        if !live.changed {
            live.changed = true;
            self.changed.push(id);
        }
        Arc::make_mut(&mut self.states[id.0 as usize])
    }

    pub(crate) fn record(&mut self, id: ObjectId, at: Timestamp, kind: EntryKind) {
        let identity = self.graph.identity(id);
        self.actions.push_back(Action::Record(Box::new(Entry { at, identity, kind })));
    }

    pub(crate) fn finished(&mut self, id: ObjectId) {
        let live = &mut self.live[id.0 as usize];
        (live.busy, live.running, live.forced) = (false, false, false);
        let host = (!self.graph.is_host(id)).then(|| self.graph.host_of(id));
        self.dispatch.finished(host);
    }

    pub(crate) fn set_timer(&mut self, id: ObjectId, at: Timestamp) {
        let live = &mut self.live[id.0 as usize];
        if at < live.timer {
            live.timer = at;
            self.timers.push(Reverse((at, id.0)));
        }
    }

    /// A result from elsewhere: taken unless that is switched off.
    fn passive(&mut self, result: CheckResult, now: Timestamp) {
        let id = result.object;
        if !self.takes_passive(id) {
            return;
        }
        self.result(result, now);
        if self.graph.settings(id).freshness.is_some() && !self.live[id.0 as usize].busy {
            self.schedule_next(id, now);
        }
    }
}
