//! Many problems told as one: flapping, and failing more often than the budget allows. Neither ever
//! silences for good: people hear when it begins, as long as it goes on, and how it ended.

use std::sync::Arc;

use crate::budget::Standing;
use crate::condition::StateType;
use crate::engine::Engine;
use crate::flapping::FlapThresholds;
use crate::graph::{ContactId, ObjectId};
use crate::history::EntryKind;
use crate::notification::{HoldReason, NotificationKind};
use crate::notify::{Telling, names};
use crate::saved::Unrest;
use crate::switch::{ObjectSwitch, Switch};
use crate::time::{Span, Timestamp};
use crate::veto;

/// What fails often is told again at most so often.
const DAY: Span = Span::from_secs(86_400);

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    Flapping,
    OftenFailing,
}

impl Which {
    const BOTH: [Which; 2] = [Which::Flapping, Which::OftenFailing];

    const fn kinds(self) -> (NotificationKind, NotificationKind) {
        match self {
            Which::Flapping => (NotificationKind::FlappingStart, NotificationKind::FlappingStop),
            Which::OftenFailing => (NotificationKind::OftenFailing, NotificationKind::OftenFailingStop),
        }
    }
}

impl Engine {
    /// Counts a hard state, or one that is well again, for flapping.
    pub(crate) fn weigh_flapping(&mut self, id: ObjectId, now: Timestamp) {
        let Some(thresholds) = self.flap_thresholds(id) else { return };
        let condition = self.state(id).condition;
        if !self.graph.settings(id).flap_options.has(condition.criterion()) {
            return;
        }
        let calm = self.state(id).flap_history.is_calm() && !condition.is_problem();
        if !calm {
            self.state_mut(id).flap_history.push(condition);
        }
        let was = self.state(id).extras().flapping.is_some();
        let percent = self.state(id).flap_history.percent();
        match (was, thresholds.judge(percent, was)) {
            (false, true) => {
                self.state_mut(id).extras_mut().flapping = Some(Unrest::since(now));
                self.record(id, now, EntryKind::Flapping { on: true, percent });
            }
            (true, false) => self.settled(id, now),
            _ => {}
        }
    }

    /// When it counts as flapping; none if nobody looks for that now.
    pub(crate) fn flap_thresholds(&self, id: ObjectId) -> Option<FlapThresholds> {
        let detects = self.on(Switch::FlapDetection) && self.is_on(id, ObjectSwitch::FlapDetection);
        detects.then(|| self.graph.settings(id).flapping.unwrap_or_default())
    }

    /// Flapping is over: those who were told hear how it ended, and if it ended badly, the problem is
    /// told like any other.
    pub(crate) fn settled(&mut self, id: ObjectId, now: Timestamp) {
        if self.state(id).extras().flapping.is_none() {
            return;
        }
        let Some(unrest) = self.state_mut(id).extras_mut().flapping.take() else { return };
        let percent = self.state(id).flap_history.percent();
        self.record(id, now, EntryKind::Flapping { on: false, percent });
        self.tell_ends(id, Which::Flapping, &unrest.told, now);
        let state = self.state(id);
        let is_problem = state.condition.is_problem();
        if state.acknowledgement().is_some_and(|ack| !is_problem || !ack.sticky) {
            self.drop_acknowledgement(id);
        }
        let state = self.state_mut(id);
        state.tidy();
        state.pending |= is_problem && state.state_type == StateType::Hard;
    }

    /// What nobody looks for any more is over: it was switched off, or the configuration has changed.
    pub(crate) fn end_what_is_not_looked_for(&mut self, id: ObjectId, now: Timestamp) {
        if self.flap_thresholds(id).is_none() {
            self.settled(id, now);
        }
        let extras = self.state(id).extras();
        if self.graph.settings(id).failure_budget.is_none()
            && (extras.often_failing.is_some() || !extras.outages.is_empty())
        {
            let extras = self.state_mut(id).extras_mut();
            extras.outages.clear();
            let unrest = extras.often_failing.take();
            self.within_budget(id, unrest, 0, now);
        }
    }

    fn within_budget(&mut self, id: ObjectId, unrest: Option<Unrest>, outages: usize, now: Timestamp) {
        if let Some(unrest) = unrest {
            self.record(id, now, EntryKind::OftenFailing { on: false, outages });
            self.tell_ends(id, Which::OftenFailing, &unrest.told, now);
        }
        self.state_mut(id).tidy();
    }

    /// Weighs outages against the failure budget.
    pub(crate) fn weigh_budget(&mut self, id: ObjectId, now: Timestamp) {
        let Some(budget) = self.graph.settings(id).failure_budget else { return };
        if self.state(id).extras().outages.is_empty() && self.state(id).extras().often_failing.is_none() {
            return;
        }
        let state = self.state_mut(id);
        let extras = state.extras_mut();
        extras.outages.retain(|outage| outage.end.is_none_or(|end| end + budget.window() > now));
        let outages = budget.used(&extras.outages, now);
        let standing = budget.standing(&extras.outages, now);
        let forgotten = extras.outages.iter().filter_map(|outage| outage.end).min();
        let forgotten = forgotten.map_or(Timestamp::NEVER, |end| end + budget.window());
        let next = budget.next_change(&extras.outages, now).min(forgotten);
        match (standing, extras.often_failing.is_some()) {
            (Standing::Exceeded, false) => {
                extras.often_failing = Some(Unrest::since(now));
                self.record(id, now, EntryKind::OftenFailing { on: true, outages });
            }
            (Standing::Well, true) => {
                let unrest = extras.often_failing.take();
                self.within_budget(id, unrest, outages, now);
            }
            _ => {}
        }
        self.state_mut(id).tidy();
        self.set_timer(id, next);
    }

    /// Tells of what goes on, when it is time to.
    pub(crate) fn consider_unrest(&mut self, id: ObjectId, now: Timestamp) {
        for which in Which::BOTH {
            let Some(unrest) = self.unrest(id, which) else { continue };
            let interval = self.graph.settings(id).notification_interval;
            let interval = if which == Which::OftenFailing { interval.max(DAY) } else { interval };
            let again = match unrest.last_notification {
                Some(_) if interval.is_zero() => Timestamp::NEVER,
                Some(last) => last + interval,
                None => now,
            };
            if now < again {
                self.set_timer(id, again);
                continue;
            }
            match veto::unrest(&self.case(id, now)) {
                Some(reason) => self.hold_unrest(id, which, reason, now),
                None => self.tell_unrest(id, which, interval, now),
            }
        }
    }

    fn tell_unrest(&mut self, id: ObjectId, which: Which, interval: Span, now: Timestamp) {
        let recipients = self.recipients_of_unrest(id, which, now);
        if recipients.is_empty() {
            let unwanted = self.letters(id, which).is_empty();
            let reason = if unwanted { HoldReason::Options } else { HoldReason::Contact };
            return self.hold_unrest(id, which, reason, now);
        }
        let extras = self.state_mut(id).extras_mut();
        let changes = match which {
            Which::Flapping => extras.changes.clone(),
            Which::OftenFailing => {
                extras.outages.iter().map(|outage| (outage.start, outage.condition)).collect()
            }
        };
        let Some(unrest) = slot(extras, which) else { return };
        unrest.last_notification = Some(now);
        unrest.notifications += 1;
        let number = unrest.notifications;
        self.live[id.0 as usize].held_unrest = None;
        let all = names(&self.graph, &recipients);
        for contact in recipients {
            let name = self.graph.contact(contact).name.clone();
            if let Some(unrest) = slot(self.state_mut(id).extras_mut(), which)
                && !unrest.told.contains(&name)
            {
                unrest.told.push(name);
            }
            let telling = Telling {
                number: Some(number),
                changes: changes.clone(),
                recipients: Some(all.clone()),
                ..Telling::of(which.kinds().0)
            };
            self.tell(id, contact, &telling, now);
        }
        if !interval.is_zero() {
            self.set_timer(id, now + interval);
        }
    }

    /// Contacts who want to hear of flapping; of frequent failures, who want to hear of any problem.
    fn recipients_of_unrest(&self, id: ObjectId, which: Which, now: Timestamp) -> Vec<ContactId> {
        let graph = &self.graph;
        let letters = self.letters(id, which);
        let wants = |contact: &&ContactId| {
            letters.iter().any(|letter| veto::contact_wants(graph, **contact, id, *letter, now))
        };
        graph.settings(id).contacts.iter().filter(wants).copied().collect()
    }

    /// The options, any of which a contact must have, as far as the object itself allows them.
    fn letters(&self, id: ObjectId, which: Which) -> Vec<char> {
        let letters: &[char] = match which {
            Which::Flapping => &['f'],
            Which::OftenFailing if self.graph.is_host(id) => &['d', 'u'],
            Which::OftenFailing => &['w', 'u', 'c'],
        };
        let options = self.graph.settings(id).notification_options;
        letters.iter().copied().filter(|letter| options.has(*letter)).collect()
    }

    fn hold_unrest(&mut self, id: ObjectId, which: Which, reason: HoldReason, now: Timestamp) {
        let again = match reason {
            HoldReason::Period => self.graph.next_opening(self.graph.settings(id).notification_period, now),
            HoldReason::Contact => {
                let contacts = &self.graph.settings(id).contacts;
                self.next_contact(id, contacts, &self.letters(id, which), now)
            }
            _ => Timestamp::NEVER,
        };
        self.set_timer(id, again);
        if self.live[id.0 as usize].held_unrest != Some(reason) {
            self.live[id.0 as usize].held_unrest = Some(reason);
            self.record(id, now, EntryKind::Held { kind: which.kinds().0, reason, by: None });
        }
    }

    fn tell_ends(&mut self, id: ObjectId, which: Which, told: &[Arc<str>], now: Timestamp) {
        self.live[id.0 as usize].held_unrest = None;
        let graph = self.graph.clone();
        let contacts: Vec<ContactId> = told.iter().filter_map(|name| graph.find_contact(name)).collect();
        let all = names(&graph, &contacts);
        for contact in contacts {
            let telling = Telling { recipients: Some(all.clone()), ..Telling::of(which.kinds().1) };
            self.tell_end(id, contact, &telling, now);
        }
    }

    fn unrest(&self, id: ObjectId, which: Which) -> Option<&Unrest> {
        let extras = self.state(id).extras();
        match which {
            Which::Flapping => extras.flapping.as_ref(),
            Which::OftenFailing => extras.often_failing.as_ref(),
        }
    }

    /// Is a single problem, or its end, folded into something that this contact was told of?
    pub(crate) fn folded(&self, id: ObjectId, contact: &Arc<str>) -> Option<HoldReason> {
        let state = self.state(id);
        let knows = |which| self.unrest(id, which).is_some_and(|unrest| unrest.told.contains(contact));
        if knows(Which::Flapping) {
            return Some(HoldReason::Flapping);
        }
        // another kind of problem than those that made it "often failing" is news
        let known_kind =
            |outage: &crate::budget::Outage| outage.end.is_some() && outage.condition == state.condition;
        let same_kind = !state.condition.is_problem() || state.extras().outages.iter().any(known_kind);
        (same_kind && knows(Which::OftenFailing)).then_some(HoldReason::OftenFailing)
    }
}

fn slot(extras: &mut crate::saved::Extras, which: Which) -> Option<&mut Unrest> {
    match which {
        Which::Flapping => extras.flapping.as_mut(),
        Which::OftenFailing => extras.often_failing.as_mut(),
    }
}

impl Unrest {
    fn since(now: Timestamp) -> Unrest {
        Unrest { since: now, told: Vec::new(), last_notification: None, notifications: 0 }
    }
}
