//! Start and reload: a new graph takes over the states of the old one by name.

use std::collections::HashMap;
use std::sync::Arc;

use crate::engine::{Engine, Live, Restored};
use crate::graph::{Graph, Identity, ObjectId};
use crate::message::{Action, Condition, EntryKind, Job, NotificationKind, Saved, StateType};
use crate::time::{Span, Timestamp};
use crate::timetable;

/// Down for longer than this, and problems are told only after a fresh result.
const STALE: Span = Span::from_secs(60);

impl Engine {
    /// Fills the tables for the graph; what was stored goes on, what is new is planned.
    pub(crate) fn adopt(&mut self, restored: Restored, now: Timestamp) {
        let graph = self.graph.clone();
        let mut known: HashMap<Identity, Saved> = restored.states.into_iter().collect();
        let gap_start = restored.alive.unwrap_or(now).min(now);
        for id in graph.ids() {
            let identity = graph.identity(id);
            let seed = timetable::seed(&identity);
            let settings = graph.settings(id);
            let live = Live {
                seed,
                busy: false,
                running: false,
                changed: false,
                timer: Timestamp::NEVER,
                held: None,
            };
            self.live.push(live);
            let state = known.remove(&identity);
            let due = match &state {
                _ if !self.is_checked(id) || settings.check_interval.is_zero() => Timestamp::NEVER,
                Some(state) if state.last_check.is_some() => self.resume(id, state, gap_start, now),
                _ => timetable::first(seed, settings.check_interval, settings.retry_interval, now),
            };
            let due = self.within_period(settings.check_period, seed, settings.check_interval, due);
            self.states.push(state.unwrap_or_else(|| Saved::pristine(graph.is_host(id), now)));
            self.plan(id, due);
            if self.state(id).condition.is_problem() && self.state(id).state_type == StateType::Hard {
                if now > gap_start + STALE && self.is_checked(id) {
                    self.state_mut(id).silenced_until = Some(now);
                }
                self.set_timer(id, now);
            }
        }
    }

    /// The due time of an object with a past, under settings that may be new.
    fn resume(&self, id: ObjectId, state: &Saved, gap_start: Timestamp, now: Timestamp) -> Timestamp {
        let settings = self.graph.settings(id);
        let (check, retry) = (settings.check_interval, settings.retry_interval);
        let seed = self.live[id.0 as usize].seed;
        let soft = state.state_type == StateType::Soft && !retry.is_zero();
        let last = state.last_check.unwrap_or(gap_start);
        let due = if soft {
            state.next_due.min(last + retry)
        } else if state.next_due == timetable::slot(seed, check, state.next_due)
            && state.next_due.since(last) <= check + check
        {
            state.next_due
        } else {
            // the interval is new: not before half of it is over
            timetable::slot(seed, check, (last + check.half()).max(gap_start))
        };
        if due <= now {
            let interval = if soft { retry } else { check };
            timetable::after_gap(seed, interval, due.max(gap_start), gap_start, now)
        } else {
            due
        }
    }

    /// Takes a new configuration: nothing is run early, nothing is forgotten. `stored` holds states of
    /// objects that were away for a while. Gives the new id of every old object, for checks in flight.
    pub fn reload(
        &mut self,
        graph: Arc<Graph>,
        stored: Vec<(Identity, Saved)>,
        now: Timestamp,
    ) -> Vec<Option<ObjectId>> {
        let old = self.graph.clone();
        let new_ids: Vec<Option<ObjectId>> = old.ids().map(|id| graph.find(&old.identity(id))).collect();
        for (id, new) in old.ids().zip(&new_ids) {
            if new.is_none() {
                self.removed(id, now);
            }
        }
        let waiting: Vec<Job> = self.dispatch.drain();
        let states = std::mem::take(&mut self.states);
        let live = std::mem::take(&mut self.live);
        self.graph = graph;
        self.changed.clear();
        self.due.clear();
        self.timers.clear();
        let carried = old.ids().zip(states).map(|(id, state)| (old.identity(id), state));
        let states = stored.into_iter().chain(carried).collect();
        self.adopt(Restored { states, alive: Some(now) }, now);
        for (id, was) in old.ids().zip(&live) {
            match new_ids[id.0 as usize] {
                Some(new) => {
                    let now_live = &mut self.live[new.0 as usize];
                    (now_live.running, now_live.busy, now_live.held) = (was.running, was.running, was.held);
                }
                // its result will be thrown away, but its place must become free
                None if was.running => self.dispatch.finished((!old.is_host(id)).then(|| old.host_of(id))),
                None => {}
            }
        }
        self.dispatch.rename(&new_ids);
        for job in waiting {
            if let Some(object) = new_ids[job.object.0 as usize].filter(|id| !self.live[id.0 as usize].busy) {
                self.live[object.0 as usize].busy = true;
                self.dispatch.push(Job { object, due: job.due });
            }
        }
        new_ids
    }

    /// People who know it as a problem hear that nobody watches it any more.
    fn removed(&mut self, id: ObjectId, now: Timestamp) {
        if !self.state(id).condition.is_problem() {
            return;
        }
        let graph = self.graph.clone();
        for name in self.state(id).told.clone() {
            let Some(contact) = graph.find_contact(&name) else { continue };
            let message = self.message(id, contact, NotificationKind::Removed, None, now);
            let (contact, condition) = (message.contact.clone(), message.condition);
            self.actions.push_back(Action::Notify(Box::new(message)));
            self.record(id, now, EntryKind::Notified { contact, kind: NotificationKind::Removed, condition });
        }
    }
}

impl Saved {
    /// An object of which nothing is known: well until a check says otherwise.
    pub fn pristine(is_host: bool, now: Timestamp) -> Saved {
        let condition = if is_host { Condition::Up } else { Condition::Ok };
        Saved {
            condition,
            hard: condition,
            state_type: StateType::Hard,
            attempt: 1,
            last_check: None,
            since: now,
            hard_since: now,
            problem_since: None,
            last_ok: None,
            next_due: Timestamp::NEVER,
            output: Arc::from(""),
            long_output: Arc::from(""),
            perfdata: Arc::from(""),
            latency: Span::ZERO,
            execution_time: Span::ZERO,
            problem_id: 0,
            notifications: 0,
            last_notification: None,
            told: Vec::new(),
            pending: false,
            silenced_until: None,
            acknowledgement: None,
            downtimes: Vec::new(),
        }
    }
}
