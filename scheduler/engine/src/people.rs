//! What people say and do: acknowledgements, comments, switches, messages of their own.

use std::sync::Arc;

use crate::condition::StateType;
use crate::engine::Engine;
use crate::graph::{ContactId, Identity, ObjectId};
use crate::history::{Entry, EntryKind};
use crate::message::Action;
use crate::notification::NotificationKind;
use crate::notify::{Telling, names};
use crate::saved::{Acknowledgement, Comment};
use crate::switch::{ObjectSwitch, Switch};
use crate::time::Timestamp;
use crate::veto;

impl Engine {
    /// Somebody knows: those who were told of the problem hear that.
    pub(crate) fn acknowledge(
        &mut self,
        id: ObjectId,
        acknowledgement: Acknowledgement,
        notify: bool,
        now: Timestamp,
    ) {
        if !self.state(id).condition.is_problem() {
            return;
        }
        let (author, comment) = (acknowledgement.author.clone(), acknowledgement.comment.clone());
        self.record(id, now, EntryKind::Acknowledged { author: author.clone(), comment: comment.clone() });
        if acknowledgement.persistent {
            self.comment(id, author.clone(), comment.clone(), now);
        }
        if let Some(expires) = acknowledgement.expires {
            self.set_timer(id, expires);
        }
        self.state_mut(id).extras_mut().acknowledgement = Some(acknowledgement);
        if !notify || veto::end(&self.case(id, now)).is_some() {
            return;
        }
        let graph = self.graph.clone();
        let told = &self.state(id).extras().told;
        let contacts: Vec<ContactId> = told.iter().filter_map(|name| graph.find_contact(name)).collect();
        let all = names(&graph, &contacts);
        for contact in contacts {
            let (said, recipients) = (Some((author.clone(), comment.clone())), Some(all.clone()));
            let telling = Telling { said, recipients, ..Telling::of(NotificationKind::Acknowledgement) };
            self.tell(id, contact, &telling, now);
        }
    }

    pub(crate) fn unacknowledge(&mut self, id: ObjectId, now: Timestamp) {
        if self.drop_acknowledgement(id) {
            self.record(id, now, EntryKind::Unacknowledged);
            self.consider(id, now);
        }
    }

    /// Takes it back without a word; true if there was one.
    pub(crate) fn drop_acknowledgement(&mut self, id: ObjectId) -> bool {
        if self.state(id).acknowledgement().is_none() {
            return false;
        }
        let state = self.state_mut(id);
        state.extras_mut().acknowledgement = None;
        state.tidy();
        true
    }

    /// A normal one holds for one hard condition; while the object flaps, any stays until it settles.
    pub(crate) fn drop_acknowledgement_of_another(
        &mut self,
        id: ObjectId,
        before: StateType,
        now: Timestamp,
    ) {
        let state = self.state(id);
        let normal = state.acknowledgement().is_some_and(|ack| !ack.sticky);
        let still_bad = state.condition.is_problem();
        if normal && still_bad && before == StateType::Hard && state.extras().flapping.is_none() {
            self.drop_acknowledgement(id);
            self.record(id, now, EntryKind::Unacknowledged);
        }
    }

    /// A delay that somebody asked for is over.
    pub(crate) fn expire_delay(&mut self, id: ObjectId, now: Timestamp) {
        let Some(until) = self.state(id).extras().delayed_until else { return };
        if until > now {
            return self.set_timer(id, until);
        }
        let state = self.state_mut(id);
        state.extras_mut().delayed_until = None;
        state.tidy();
    }

    pub(crate) fn expire_acknowledgement(&mut self, id: ObjectId, now: Timestamp) {
        let Some(expires) = self.state(id).acknowledgement().and_then(|ack| ack.expires) else { return };
        if expires > now {
            self.set_timer(id, expires);
        } else {
            self.drop_acknowledgement(id);
            self.record(id, now, EntryKind::Unacknowledged);
        }
    }

    pub(crate) fn comment(&mut self, id: ObjectId, author: Arc<str>, text: Arc<str>, now: Timestamp) {
        let number = self.number(id);
        self.record(id, now, EntryKind::Commented { author: author.clone(), text: text.clone() });
        self.state_mut(id).extras_mut().comments.push(Comment { number, at: now, author, text });
    }

    pub(crate) fn delete_comment(&mut self, number: u64) {
        let Some(id) = self.numbers.get(&number).copied() else { return };
        let is_comment = self.state(id).extras().comments.iter().any(|comment| comment.number == number);
        if is_comment {
            self.numbers.remove(&number);
            let state = self.state_mut(id);
            state.extras_mut().comments.retain(|comment| comment.number != number);
            state.tidy();
        }
    }

    pub(crate) fn delete_comments(&mut self, id: ObjectId) {
        let numbers: Vec<u64> =
            self.state(id).extras().comments.iter().map(|comment| comment.number).collect();
        for number in numbers {
            self.delete_comment(number);
        }
    }

    /// Is it on for all objects?
    pub fn on(&self, switch: Switch) -> bool {
        let changed = self.globals.switches.iter().find(|(known, _)| *known == switch);
        changed.map_or(self.graph.rules.switches.has(switch), |(_, on)| *on)
    }

    /// Is it on for this object, whatever holds for all?
    pub fn is_on(&self, id: ObjectId, switch: ObjectSwitch) -> bool {
        let changed = self.state(id).extras().switches.iter().find(|(known, _)| *known == switch);
        changed.map_or_else(|| self.is_configured(id, switch), |(_, on)| *on)
    }

    fn is_configured(&self, id: ObjectId, switch: ObjectSwitch) -> bool {
        let settings = self.graph.settings(id);
        match switch {
            ObjectSwitch::ActiveChecks => settings.active_checks,
            ObjectSwitch::PassiveChecks => settings.passive_checks,
            ObjectSwitch::Notifications => settings.notifications,
            ObjectSwitch::FlapDetection => settings.flapping.is_some(),
            ObjectSwitch::EventHandler => settings.event_handler,
        }
    }

    /// Are results from elsewhere taken?
    pub(crate) fn takes_passive(&self, id: ObjectId) -> bool {
        let of_all =
            if self.graph.is_host(id) { Switch::PassiveHostChecks } else { Switch::PassiveServiceChecks };
        self.on(of_all) && self.is_on(id, ObjectSwitch::PassiveChecks)
    }

    pub(crate) fn switch(&mut self, id: ObjectId, switch: ObjectSwitch, on: bool, now: Timestamp) {
        if self.is_on(id, switch) == on {
            return;
        }
        let configured = self.is_configured(id, switch);
        let state = self.state_mut(id);
        let switches = &mut state.extras_mut().switches;
        switches.retain(|(known, _)| *known != switch);
        if on != configured {
            switches.push((switch, on));
        }
        state.tidy();
        self.record(id, now, EntryKind::Switched { switch, on });
        match switch {
            ObjectSwitch::ActiveChecks if !self.live[id.0 as usize].busy => self.schedule_next(id, now),
            ObjectSwitch::Notifications => self.consider(id, now),
            ObjectSwitch::FlapDetection if !on => self.wake(id, now),
            _ => {}
        }
    }

    pub(crate) fn switch_all(&mut self, switch: Switch, on: bool, now: Timestamp) {
        if self.on(switch) == on {
            return;
        }
        self.globals.switches.retain(|(known, _)| *known != switch);
        if on != self.graph.rules.switches.has(switch) {
            self.globals.switches.push((switch, on));
        }
        self.globals_changed = true;
        let identity = Identity { host: Arc::from(""), service: None };
        let kind = EntryKind::SwitchedAll { switch, on };
        self.actions.push_back(Action::Record(Box::new(Entry { at: now, identity, kind })));
        let graph = self.graph.clone();
        for id in graph.ids() {
            match switch {
                Switch::Notifications => self.consider(id, now),
                Switch::FlapDetection if !on => self.wake(id, now),
                _ => {}
            }
        }
    }

    /// Somebody wants the contacts to read something.
    pub(crate) fn custom(
        &mut self,
        id: ObjectId,
        forced: bool,
        broadcast: bool,
        said: &(Arc<str>, Arc<str>),
        now: Timestamp,
    ) {
        let graph = self.graph.clone();
        if let Some(reason) = veto::custom(&self.case(id, now)).filter(|_| !forced) {
            let kind = NotificationKind::Custom;
            return self.record(id, now, EntryKind::Held { kind, reason, by: None });
        }
        let mut contacts: Vec<ContactId> = graph.settings(id).contacts.to_vec();
        if broadcast {
            contacts.extend(graph.escalations(id).flat_map(|escalation| escalation.contacts.iter()));
            contacts.sort_unstable();
            contacts.dedup();
        }
        contacts.retain(|contact| {
            let side = veto::side(graph.contact(*contact), graph.is_host(id));
            let willing = side.enabled && graph.is_open(side.period, now);
            forced || (willing && veto::is_important_enough(&graph, *contact, id))
        });
        let all = names(&graph, &contacts);
        for contact in contacts {
            let (said, recipients) = (Some(said.clone()), Some(all.clone()));
            let telling = Telling { said, recipients, ..Telling::of(NotificationKind::Custom) };
            self.tell(id, contact, &telling, now);
        }
    }
}
