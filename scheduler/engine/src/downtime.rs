//! Downtimes: fixed, flexible, triggered by another.

use std::sync::Arc;

use crate::engine::Engine;
use crate::graph::{ContactId, ObjectId};
use crate::history::EntryKind;
use crate::message::NewDowntime;
use crate::notification::NotificationKind;
use crate::notify::{Telling, names};
use crate::saved::Downtime;
use crate::time::Timestamp;
use crate::veto;

impl Downtime {
    /// When it is over, or will never begin.
    pub(crate) fn until(&self) -> Timestamp {
        match (self.began, self.flexible) {
            (Some(began), Some(length)) => began + length,
            _ => self.end,
        }
    }
}

impl Engine {
    /// The number that the next downtime or comment will get.
    pub fn next_number(&self) -> u64 {
        self.globals.last_number + 1
    }

    pub(crate) fn number(&mut self, id: ObjectId) -> u64 {
        self.globals.last_number += 1;
        self.globals_changed = true;
        self.numbers.insert(self.globals.last_number, id);
        self.globals.last_number
    }

    pub(crate) fn plan_downtime(&mut self, id: ObjectId, new: NewDowntime, now: Timestamp) {
        let NewDowntime { start, end, flexible, trigger, author, comment } = new;
        let number = self.number(id);
        let entry = EntryKind::Downtime {
            number,
            start,
            end,
            flexible,
            author: author.clone(),
            comment: comment.clone(),
        };
        self.record(id, now, entry);
        let downtime =
            Downtime { number, entered: now, start, end, flexible, trigger, began: None, author, comment };
        self.state_mut(id).extras_mut().downtimes.push(downtime);
        self.run_downtimes(id, now);
    }

    pub(crate) fn cancel_downtime(&mut self, number: u64, now: Timestamp) {
        let Some(id) = self.numbers.get(&number).copied() else { return };
        if !self.end_downtime(id, number, true, now) {
            return;
        }
        for triggered in self.triggered_by(number) {
            self.cancel_downtime(triggered, now);
        }
    }

    /// Begins and ends what is to begin and to end by now.
    pub(crate) fn run_downtimes(&mut self, id: ObjectId, now: Timestamp) {
        for number in self.downtimes_of(id) {
            let is_problem = self.state(id).condition.is_problem();
            let Some(downtime) = self.downtime(id, number) else { continue };
            let may_begin = downtime.began.is_none() && (downtime.start..downtime.end).contains(&now);
            let begins = match downtime.trigger {
                Some(trigger) => self.has_begun(trigger),
                None => downtime.flexible.is_none() || is_problem,
            };
            let until = downtime.until();
            if now >= until {
                self.end_downtime(id, number, false, now);
            } else if may_begin && begins {
                self.begin_downtime(id, number, now);
            }
        }
        self.set_downtime_timer(id, now);
    }

    fn set_downtime_timer(&mut self, id: ObjectId, now: Timestamp) {
        let edges = self.state(id).extras().downtimes.iter().map(|downtime| {
            if downtime.began.is_none() && downtime.start > now { downtime.start } else { downtime.until() }
        });
        if let Some(next) = edges.min() {
            self.set_timer(id, next);
        }
    }

    fn begin_downtime(&mut self, id: ObjectId, number: u64, now: Timestamp) {
        let downtimes = &mut self.state_mut(id).extras_mut().downtimes;
        let Some(downtime) = downtimes.iter_mut().find(|downtime| downtime.number == number) else { return };
        downtime.began = Some(now);
        let said = (downtime.author.clone(), downtime.comment.clone());
        self.record(id, now, EntryKind::DowntimeStarted { number });
        self.tell_of_downtime(id, NotificationKind::DowntimeStart, &said, now);
        for triggered in self.triggered_by(number) {
            if let Some(other) = self.numbers.get(&triggered).copied() {
                self.run_downtimes(other, now);
            }
        }
        self.look_again(id, now);
    }

    /// Takes a downtime out; false if there is none.
    fn end_downtime(&mut self, id: ObjectId, number: u64, cancelled: bool, now: Timestamp) -> bool {
        let downtimes = &mut self.state_mut(id).extras_mut().downtimes;
        let Some(place) = downtimes.iter().position(|downtime| downtime.number == number) else {
            return false;
        };
        let downtime = downtimes.remove(place);
        self.state_mut(id).tidy();
        self.numbers.remove(&number);
        if cancelled || downtime.began.is_some() {
            self.record(id, now, EntryKind::DowntimeEnded { number, cancelled });
        }
        if downtime.began.is_some() {
            let kind =
                if cancelled { NotificationKind::DowntimeCancelled } else { NotificationKind::DowntimeEnd };
            self.tell_of_downtime(id, kind, &(downtime.author, downtime.comment), now);
            self.look_again(id, now);
        }
        true
    }

    /// What a downtime silenced, or begins to silence.
    fn look_again(&mut self, id: ObjectId, now: Timestamp) {
        let graph = self.graph.clone();
        for id in std::iter::once(&id).chain(graph.services(id)) {
            self.consider(*id, now);
        }
    }

    fn tell_of_downtime(
        &mut self,
        id: ObjectId,
        kind: NotificationKind,
        said: &(Arc<str>, Arc<str>),
        now: Timestamp,
    ) {
        let graph = self.graph.clone();
        let settings = graph.settings(id);
        if !settings.notification_options.has('s') || veto::of_downtime(&self.case(id, now)).is_some() {
            return;
        }
        let wants = |contact: &&ContactId| veto::contact_wants(&graph, **contact, id, 's', now);
        let recipients: Vec<ContactId> = settings.contacts.iter().filter(wants).copied().collect();
        let all = names(&graph, &recipients);
        for contact in recipients {
            let (said, recipients) = (Some(said.clone()), Some(all.clone()));
            self.tell(id, contact, &Telling { said, recipients, ..Telling::of(kind) }, now);
        }
    }

    fn downtimes_of(&self, id: ObjectId) -> Vec<u64> {
        self.state(id).extras().downtimes.iter().map(|downtime| downtime.number).collect()
    }

    /// One downtime, by its number.
    fn downtime(&self, id: ObjectId, number: u64) -> Option<&Downtime> {
        self.state(id).extras().downtimes.iter().find(|downtime| downtime.number == number)
    }

    fn has_begun(&self, number: u64) -> bool {
        let id = self.numbers.get(&number);
        id.and_then(|id| self.downtime(*id, number)).is_some_and(|downtime| downtime.began.is_some())
    }

    fn triggered_by(&self, number: u64) -> Vec<u64> {
        let mut triggered = Vec::new();
        for (other, id) in &self.numbers {
            if self.downtime(*id, *other).is_some_and(|downtime| downtime.trigger == Some(number)) {
                triggered.push(*other);
            }
        }
        triggered
    }
}
