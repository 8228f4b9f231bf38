//! Start and reload: a new graph takes over the states of the old one by name.

use std::sync::Arc;

use crate::condition::StateType;
use crate::engine::{Engine, Live, Restored};
use crate::graph::{Graph, Identity, ObjectId};
use crate::history::EntryKind;
use crate::message::{Action, Job};
use crate::notification::NotificationKind;
use crate::notify::Telling;
use crate::saved::Saved;
use crate::schedule::Past;
use crate::time::{Span, Timestamp};
use crate::timetable;
use crate::veto;

/// Down for longer than this, or away, and problems are told only after a fresh result.
const STALE: Span = Span::from_secs(60);

impl Engine {
    /// Goes on where the scheduler ended.
    pub(crate) fn restore(&mut self, restored: Restored, now: Timestamp) {
        let gap_start = restored.alive.unwrap_or(now).min(now);
        self.globals = restored.globals;
        let graph = self.graph.clone();
        let watched = restored.states.into_iter();
        let watched = watched.filter_map(|(name, state)| Some((graph.find(&name)?, state, Past::Stored)));
        self.adopt(watched, gap_start, now);
    }

    /// Fills the tables for the graph; what is known goes on, what is new is planned. Nobody looked after
    /// `gap_start`.
    fn adopt(
        &mut self,
        known: impl Iterator<Item = (ObjectId, Arc<Saved>, Past)>,
        gap_start: Timestamp,
        now: Timestamp,
    ) {
        let graph = self.graph.clone();
        self.live = graph.ids().map(|id| Live::new(timetable::seed(&graph.identity(id)))).collect();
        let mut states: Vec<Option<Arc<Saved>>> = vec![None; graph.objects().len()];
        let mut pasts = vec![Past::New; states.len()];
        for (id, mut state, past) in known {
            // what was stored has a text of its own
            if matches!(past, Past::Stored | Past::Away) {
                let state = Arc::make_mut(&mut state);
                state.said = self.texts.of(std::mem::take(&mut state.said));
            }
            states[id.0 as usize] = Some(state);
            pasts[id.0 as usize] = past;
        }
        let new = |(id, state): (ObjectId, Option<Arc<Saved>>)| {
            state.unwrap_or_else(|| Arc::new(self.unknown(id, now)))
        };
        self.states = graph.ids().zip(states).map(new).collect();
        self.numbers.clear();
        graph.ids().for_each(|id| self.remember_numbers(id));
        for (id, past) in graph.ids().zip(pasts) {
            if now > gap_start + STALE && graph.settings(id).freshness.is_some() {
                let state = self.state_mut(id);
                let last = state.last_check.unwrap_or(state.since);
                // nobody could deliver a result meanwhile
                let extras = state.extras_mut();
                extras.not_counted = extras.not_counted + now.since(gap_start.max(last));
            }
            // those that come back and have missed their slot are planned like new ones: no burst
            let missed = past == Past::Away && self.state(id).next_due <= now;
            let due = self.first_due(id, if missed { Past::New } else { past }, gap_start, now);
            self.plan(id, due);
            let state = self.state(id);
            if state.condition.is_problem() && state.state_type == StateType::Hard {
                let unwatched = past == Past::Away || now > gap_start + STALE;
                if unwatched && self.is_checked(id) && state.extras().silenced_until.is_none() {
                    self.state_mut(id).extras_mut().silenced_until = Some(now);
                }
                self.set_timer(id, now);
            } else if state.extras.is_some() {
                self.set_timer(id, now);
            }
        }
        for id in graph.ids() {
            if self.refresh(id, now) {
                self.spread(id, now);
            }
        }
    }

    /// An object of which nothing is known.
    fn unknown(&self, id: ObjectId, now: Timestamp) -> Saved {
        let mut state = Saved::pristine(self.graph.is_host(id), now);
        if let Some(initial) = self.graph.settings(id).initial {
            (state.condition, state.hard) = (initial, initial);
        }
        state
    }

    fn remember_numbers(&mut self, id: ObjectId) {
        let extras = self.states[id.0 as usize].extras();
        let downtimes = extras.downtimes.iter().map(|downtime| downtime.number);
        let numbers: Vec<u64> =
            downtimes.chain(extras.comments.iter().map(|comment| comment.number)).collect();
        for number in numbers {
            self.numbers.insert(number, id);
            self.globals.last_number = self.globals.last_number.max(number);
        }
    }

    /// Takes a new configuration: nothing is run early, nothing is forgotten. `stored` holds states of
    /// objects that were away for a while. Gives the new id of every old object, for checks in flight.
    pub fn reload(
        &mut self,
        graph: Arc<Graph>,
        stored: Vec<(Identity, Arc<Saved>)>,
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
        let graph = self.graph.clone();
        let away = stored.into_iter();
        let away = away.filter_map(|(name, state)| Some((graph.find(&name)?, state, Past::Away)));
        let past = |id: ObjectId| {
            let new = new_ids[id.0 as usize];
            new.map_or(Past::Changed, |new| old.settings(id).past_of(graph.settings(new)))
        };
        let carried = old.ids().zip(states);
        let carried = carried.filter_map(|(id, state)| Some((new_ids[id.0 as usize]?, state, past(id))));
        self.adopt(away.chain(carried), now, now);
        for (id, was) in old.ids().zip(&live) {
            match new_ids[id.0 as usize] {
                Some(new) => {
                    let now_live = &mut self.live[new.0 as usize];
                    (now_live.running, now_live.busy) = (was.running, was.running);
                    (now_live.held, now_live.held_unrest) = (was.held, was.held_unrest);
                    now_live.forced = was.forced && (was.running || past(id) == Past::Unchanged);
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
        if !self.state(id).condition.is_problem() || veto::end(&self.case(id, now)).is_some() {
            return;
        }
        let graph = self.graph.clone();
        for name in self.state(id).extras().told.clone() {
            let Some(contact) = graph.find_contact(&name) else { continue };
            let message = self.message(id, contact, &Telling::of(NotificationKind::Removed), now);
            let (contact, condition) = (message.contact.clone(), message.condition);
            self.actions.push_back(Action::Notify(Box::new(message)));
            self.record(id, now, EntryKind::Notified { contact, kind: NotificationKind::Removed, condition });
        }
    }
}
