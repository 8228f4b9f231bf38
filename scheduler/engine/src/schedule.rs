//! When an object is checked next, and whether it is checked at all.

use std::cmp::Reverse;

use nagios::State;

use crate::condition::StateType;
use crate::engine::Engine;
use crate::graph::{Check, ObjectId, Settings};
use crate::history::EntryKind;
use crate::message::{Action, CheckResult, Job};
use crate::switch::{ObjectSwitch, Switch};
use crate::time::{Span, Timestamp};
use crate::timetable;

/// What is known of an object when a graph is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Past {
    /// Nothing.
    New,
    /// It was watched until now, and its timetable is the same as before.
    Unchanged,
    /// It was watched until now, on another timetable.
    Changed,
    /// It was watched until the scheduler ended, most probably on the same timetable; or until now, in
    /// a check period that may be another one.
    Stored,
    /// It was not in the configuration for a while.
    Away,
}

impl Settings {
    /// What a check that was planned under these is under others.
    pub(crate) fn past_of(&self, others: &Settings) -> Past {
        let timetable = |settings: &Settings| {
            (settings.check_interval, settings.retry_interval, settings.active_checks, settings.freshness)
        };
        if timetable(self) != timetable(others) {
            Past::Changed
        } else if self.check_period.is_none() && others.check_period.is_none() {
            Past::Unchanged
        } else {
            Past::Stored
        }
    }
}

/// Nobody called the engine for so long while something was due: the machine slept, or its clock was set.
const GAP: Span = Span::from_secs(10);

impl Engine {
    /// Does hlidka check it by itself?
    pub(crate) fn is_checked(&self, id: ObjectId) -> bool {
        self.can_be_asked(id) && self.is_on(id, ObjectSwitch::ActiveChecks)
    }

    /// Is there anything that finds out how it is?
    fn can_be_asked(&self, id: ObjectId) -> bool {
        !matches!(self.graph.object(id).check, None | Some(Check::Stale))
    }

    /// The moment at which a lack of results becomes stale; never for an object without a freshness
    /// check, or while it is blocked.
    fn stale_at(&self, id: ObjectId) -> Timestamp {
        let state = self.state(id);
        match self.graph.settings(id).freshness {
            Some(threshold) if self.graph.object(id).check.is_some() && state.blocked().is_none() => {
                state.last_check.unwrap_or(state.since) + state.extras().not_counted + threshold
            }
            _ => Timestamp::NEVER,
        }
    }

    /// A check is due: does it run? If not, what it is blocked by is told.
    pub(crate) fn may_run(&mut self, id: ObjectId, now: Timestamp) -> bool {
        if self.live[id.0 as usize].forced {
            return true;
        }
        let of_all = if self.graph.is_host(id) { Switch::HostChecks } else { Switch::ServiceChecks };
        if !self.on(of_all) || !self.graph.is_open(self.graph.settings(id).check_period, now) {
            return false;
        }
        if self.graph.has_timed_dependencies() {
            self.refresh_upwards(id, now);
        }
        if let Some(blocked) = self.state(id).blocked() {
            let master = self.graph.find(&blocked.by).unwrap_or(id);
            self.actions.push_back(Action::Skip { object: id, master });
            return false;
        }
        if self.is_checked(id) {
            return true;
        }
        let stale = self.stale_at(id) <= now;
        if stale {
            let age = now.since(self.last_heard(id));
            self.record(id, now, EntryKind::Stale { age });
        }
        stale
    }

    /// When the last result came, or since when one could have come.
    fn last_heard(&self, id: ObjectId) -> Timestamp {
        let state = self.state(id);
        state.extras().heard.or(state.last_check).unwrap_or(state.since)
    }

    /// A lack of results as a result (`hlidka:stale`).
    pub(crate) fn miss(&mut self, id: ObjectId, now: Timestamp) {
        let heard = self.last_heard(id);
        let result = CheckResult {
            object: id,
            started: now,
            finished: now,
            state: State::Unknown,
            said: format!("no result for {}", now.since(heard)).as_str().into(),
        };
        self.result(result, now);
        self.state_mut(id).extras_mut().heard = Some(heard);
    }

    /// Somebody wants a check at a moment.
    pub(crate) fn recheck(&mut self, id: ObjectId, at: Timestamp, forced: bool, now: Timestamp) {
        if !self.can_be_asked(id) || (!forced && !self.is_checked(id)) {
            return;
        }
        if at <= now {
            self.check_now(id, forced, now);
        } else if !self.live[id.0 as usize].busy {
            self.live[id.0 as usize].forced = forced;
            self.plan(id, at);
        }
    }

    /// Somebody cannot wait for the timetable.
    pub(crate) fn check_now(&mut self, id: ObjectId, forced: bool, now: Timestamp) {
        if !self.can_be_asked(id) || self.live[id.0 as usize].busy {
            return;
        }
        self.live[id.0 as usize].busy = true;
        self.live[id.0 as usize].forced = forced;
        self.state_mut(id).next_due = now;
        self.dispatch.push_front(Job { object: id, due: now });
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

    /// Plans the next check after a run.
    pub(crate) fn schedule_next(&mut self, id: ObjectId, now: Timestamp) {
        let settings = self.graph.settings(id);
        let (seed, state) = (self.live[id.0 as usize].seed, self.state(id));
        let (check, retry, period) =
            (settings.check_interval, settings.retry_interval, settings.check_period);
        let regular = if !self.is_checked(id) || check.is_zero() {
            Timestamp::NEVER
        } else if state.state_type == StateType::Soft && !retry.is_zero() {
            // from the start of the failed run, so that long timeouts do not stretch the retries
            state.last_check.map_or(now, |started| (started + retry).max(now))
        } else {
            timetable::next_regular(seed, check, retry, state.last_check, now)
        };
        let next = self.graph.within_period(period, seed, check, regular.min(self.stale_at(id)));
        self.plan(id, next);
    }

    /// A due check was not run: the next slot of the timetable, or soon again if it was the first.
    pub(crate) fn pass_over(&mut self, id: ObjectId, now: Timestamp) {
        let settings = self.graph.settings(id);
        let (seed, period, check) =
            (self.live[id.0 as usize].seed, settings.check_period, settings.check_interval);
        let regular = if !self.is_checked(id) {
            Timestamp::NEVER
        } else if self.state(id).last_check.is_none() {
            timetable::first_again(seed, check, settings.retry_interval, now)
        } else {
            timetable::next_regular(seed, check, settings.retry_interval, Some(now), now)
        };
        let stale = match self.stale_at(id) {
            at if at <= now => now + settings.freshness.unwrap_or(check),
            at => at,
        };
        let next = self.graph.within_period(period, seed, check, regular.min(stale));
        self.plan(id, next);
    }

    pub(crate) fn plan(&mut self, id: ObjectId, at: Timestamp) {
        self.state_mut(id).next_due = at;
        if at != Timestamp::NEVER {
            self.due.push(Reverse((at, id.0)));
        }
    }

    /// The first due time of an object under a graph that was just taken; nobody looked after
    /// `gap_start`.
    pub(crate) fn first_due(
        &self,
        id: ObjectId,
        past: Past,
        gap_start: Timestamp,
        now: Timestamp,
    ) -> Timestamp {
        let (settings, known) = (self.graph.settings(id), self.state(id));
        let is_planned = known.next_due != Timestamp::NEVER && self.graph.object(id).check.is_some();
        if past == Past::Unchanged && is_planned {
            // whoever planned it (a retry, a confirmation, somebody's wish) still wants it then
            return known.next_due;
        }
        let seed = self.live[id.0 as usize].seed;
        let (check, retry) = (settings.check_interval, settings.retry_interval);
        let regular = if !self.is_checked(id) || check.is_zero() {
            Timestamp::NEVER
        } else if past == Past::New {
            timetable::first(seed, check, retry, now)
        } else if known.last_check.is_some() {
            self.resume(id, past, gap_start, now)
        } else {
            // else each start, and each reload, puts the first check off again
            let first = timetable::first(seed, check, retry, now);
            let soon = timetable::soon(retry);
            match known.next_due {
                // the slot after one that was passed over is not much further
                due if !is_planned || due > now + soon + soon => first,
                due if due > now => due,
                due => after_all(seed, check, due, gap_start, now).min(first),
            }
        };
        let stale = match self.stale_at(id) {
            at if at <= now => now + timetable::spread(seed, settings.freshness.unwrap_or(Span::ZERO)),
            at => at,
        };
        self.graph.within_period(settings.check_period, seed, check, regular.min(stale))
    }

    /// The due time of an object with a past, under settings that may be new.
    fn resume(&self, id: ObjectId, past: Past, gap_start: Timestamp, now: Timestamp) -> Timestamp {
        let (settings, state) = (self.graph.settings(id), self.state(id));
        let (check, retry) = (settings.check_interval, settings.retry_interval);
        let seed = self.live[id.0 as usize].seed;
        let soft = state.state_type == StateType::Soft && !retry.is_zero();
        let last = state.last_check.unwrap_or(gap_start);
        let at_a_slot = state.next_due == timetable::slot(seed, check, state.next_due);
        // the next slot, or the one after it if that was passed over
        let due = if at_a_slot && state.next_due.since(last.max(gap_start)) <= check + check {
            state.next_due
        } else if soft && past == Past::Stored && state.next_due <= now + timetable::soon(retry) {
            // a passive result may have made it soft, and moves no check
            state.next_due
        } else if soft {
            state.next_due.min(last + retry)
        } else {
            // the interval is new: not before half of it is over
            let slot = timetable::slot(seed, check, (last + check.half()).max(gap_start));
            // or a missed slot was to be made up for, or a problem to be confirmed, when the end came
            if past == Past::Stored { state.next_due.min(slot) } else { slot }
        };
        after_all(seed, if soft { retry } else { check }, due, gap_start, now)
    }

    /// Sees that the machine slept or its clock was set, before anything else is decided.
    pub(crate) fn notice_the_clock(&mut self, now: Timestamp) {
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
            let at = if !self.is_checked(id) {
                // a freshness check, which has no timetable
                due.max(now)
            } else if due <= now {
                timetable::after_gap(seed, interval, due.max(gap_start), gap_start, now)
            } else if due.since(now) > interval + interval && settings.check_period.is_none() {
                // the clock was set back: what is planned lies too far ahead
                timetable::slot(seed, interval, now)
            } else {
                due
            };
            self.plan(id, self.graph.within_period(settings.check_period, seed, interval, at));
        }
    }
}

/// A due time, or what takes its place if it lies in the time when nobody looked.
fn after_all(seed: u64, interval: Span, due: Timestamp, gap_start: Timestamp, now: Timestamp) -> Timestamp {
    if due <= now { timetable::after_gap(seed, interval, due.max(gap_start), gap_start, now) } else { due }
}
