//! Who is told: problems after the vetoes, recoveries to exactly those who knew.

use std::sync::Arc;

use crate::condition::{Condition, StateType};
use crate::dependency::DependencyKind;
use crate::engine::Engine;
use crate::graph::{ContactId, Escalation, Graph, Kind, ObjectId};
use crate::history::EntryKind;
use crate::message::Action;
use crate::notification::{HoldReason, Notification, NotificationKind};
use crate::saved::Owed;
use crate::switch::{ObjectSwitch, Switch};
use crate::time::{Span, Timestamp};
use crate::veto::{self, Above, Case};

/// What a message is about, beyond the state of its object.
#[derive(Clone, Debug)]
pub(crate) struct Telling {
    pub kind: NotificationKind,
    /// The condition before a recovery.
    pub previous: Option<Condition>,
    /// Author and words.
    pub said: Option<(Arc<str>, Arc<str>)>,
    /// Which message of this kind it is, if not of the problem.
    pub number: Option<u32>,
    pub escalated: bool,
    pub changes: Vec<(Timestamp, Condition)>,
    /// Names of all who hear it; none if it is one contact.
    pub recipients: Option<Arc<str>>,
}

impl Telling {
    pub fn of(kind: NotificationKind) -> Telling {
        Telling {
            kind,
            previous: None,
            said: None,
            number: None,
            escalated: false,
            changes: Vec::new(),
            recipients: None,
        }
    }
}

impl Engine {
    /// Looks whether anything is to be told now, and if not, when to look again.
    pub(crate) fn consider(&mut self, id: ObjectId, now: Timestamp) {
        let untold = self.has_untold_problem(id);
        // many problems told as one are silenced by the same as the single one: first by what, then whether
        if untold {
            self.bring_silence_up_to(id, now);
        }
        if self.state(id).extras.is_some() {
            self.tell_what_is_owed(id, now);
            self.consider_unrest(id, now);
        }
        if !untold {
            return;
        }
        match veto::problem(&self.case(id, now)) {
            None => self.tell_problem(id, now),
            Some(reason) => self.hold(id, reason, now),
        }
    }

    /// Is there a problem of which people are to be told, or to be told again?
    fn has_untold_problem(&self, id: ObjectId) -> bool {
        let state = self.state(id);
        state.condition.is_problem() && (state.pending || state.extras().last_notification.is_some())
    }

    /// What has been told is not silenced by what comes later.
    fn bring_silence_up_to(&mut self, id: ObjectId, now: Timestamp) {
        let case = self.case(id, now);
        if veto::told_already(&case).is_some() {
            return;
        }
        let silenced = case.silences();
        if silenced != case.status.silenced {
            let state = self.state_mut(id);
            state.silenced = silenced;
            if !silenced {
                state.extras_mut().silenced_until = Some(now);
            }
        }
    }

    pub(crate) fn case(&self, id: ObjectId, now: Timestamp) -> Case<'_> {
        let above = |host: ObjectId| {
            let status = self.state(host);
            Above { status, checked: self.is_checked(host) && status.blocked().is_none() }
        };
        let above = match &self.graph.object(id).kind {
            Kind::Service { host } => vec![above(*host)],
            Kind::Host(host) => host.parents.iter().map(|parent| above(*parent)).collect(),
        };
        Case {
            graph: &self.graph,
            id,
            settings: self.graph.settings(id),
            status: self.state(id),
            above,
            dependency: self.silencing_dependency(id, now),
            all_enabled: self.on(Switch::Notifications),
            enabled: self.is_on(id, ObjectSwitch::Notifications),
            interval: self.interval(id, self.state(id).notifications, now),
            now,
        }
    }

    /// The root of a dependency that keeps people from being told: one for notifications, or what
    /// keeps the object from being checked, unless something newer is known from elsewhere.
    fn silencing_dependency(&self, id: ObjectId, now: Timestamp) -> Option<ObjectId> {
        let state = self.state(id);
        let blocked = state.blocked().filter(|blocked| state.last_check.is_none_or(|at| at < blocked.since));
        let blocked = blocked.map(|blocked| self.graph.find(&blocked.by).unwrap_or(id));
        blocked.or_else(|| self.failing(id, DependencyKind::Notification, now))
    }

    /// The escalations that hold for the nth message about a problem.
    fn escalations(&self, id: ObjectId, number: u32, now: Timestamp) -> impl Iterator<Item = &Escalation> {
        let letter = self.state(id).condition.letter();
        self.graph.escalations(id).filter(move |escalation| {
            let last = escalation.last_notification;
            number >= escalation.first_notification
                && (last == 0 || number <= last)
                && escalation.options.has(letter)
                && self.graph.is_open(escalation.period, now)
        })
    }

    /// Time from the nth message to the next, zero for none: the shortest of the escalations that
    /// match counts, else the object's own.
    fn interval(&self, id: ObjectId, number: u32, now: Timestamp) -> Span {
        let own = self.graph.settings(id).notification_interval;
        let theirs = self
            .escalations(id, number, now)
            .map(|escalation| escalation.notification_interval.unwrap_or(own));
        theirs.min().unwrap_or(own)
    }

    /// Whom the nth message goes to: the escalations that match, else the object's own contacts; and
    /// whether it was the escalations.
    fn audience(&self, id: ObjectId, number: u32, now: Timestamp) -> (Vec<ContactId>, bool) {
        let mut escalations = self.escalations(id, number, now).peekable();
        if escalations.peek().is_none() {
            return (self.graph.settings(id).contacts.to_vec(), false);
        }
        let mut contacts: Vec<ContactId> =
            escalations.flat_map(|escalation| &escalation.contacts).copied().collect();
        contacts.sort_unstable();
        contacts.dedup();
        (contacts, true)
    }

    fn tell_problem(&mut self, id: ObjectId, now: Timestamp) {
        let graph = self.graph.clone();
        let letter = self.state(id).condition.letter();
        let number = self.state(id).notifications + 1;
        let (audience, escalated) = self.audience(id, number, now);
        let interval = self.interval(id, number, now);
        let mut folded = None;
        let mut recipients: Vec<ContactId> = Vec::new();
        for contact in &audience {
            if !veto::contact_wants(&graph, *contact, id, letter, now) {
                continue;
            }
            match self.folded(id, &graph.contact(*contact).name) {
                Some(reason) => folded = Some(reason),
                None => recipients.push(*contact),
            }
        }
        if recipients.is_empty() {
            let nobody = if audience.is_empty() { HoldReason::NoContact } else { HoldReason::Contact };
            return self.hold(id, folded.unwrap_or(nobody), now);
        }
        let state = self.state_mut(id);
        state.pending = false;
        state.forget_silence();
        state.notifications = number;
        state.extras_mut().last_notification = Some(now);
        self.live[id.0 as usize].held = None;
        let all = names(&graph, &recipients);
        for contact in recipients {
            let name = graph.contact(contact).name.clone();
            let told = &mut self.state_mut(id).extras_mut().told;
            if !told.contains(&name) {
                told.push(name);
            }
            let recipients = Some(all.clone());
            let telling = Telling { escalated, recipients, ..Telling::of(NotificationKind::Problem) };
            self.tell(id, contact, &telling, now);
        }
        if !interval.is_zero() {
            self.set_timer(id, now + interval);
        }
    }

    /// Remembers why nobody is told, once for each reason, and when to look again.
    fn hold(&mut self, id: ObjectId, reason: HoldReason, now: Timestamp) {
        let settings = self.graph.settings(id);
        let state = self.state(id);
        let again = match reason {
            HoldReason::Period => self.graph.next_opening(settings.notification_period, now),
            HoldReason::Delay => state.hard_since + settings.first_notification_delay,
            HoldReason::Delayed => state.extras().delayed_until.unwrap_or(Timestamp::NEVER),
            HoldReason::HostPending => state.hard_since + veto::MAX_HOLD,
            HoldReason::Contact => {
                let (contacts, _) = self.audience(id, state.notifications + 1, now);
                self.next_contact(id, &contacts, &[state.condition.letter()], now)
            }
            HoldReason::Interval => {
                let interval = self.interval(id, state.notifications, now);
                let last = state.extras().last_notification.filter(|_| !interval.is_zero());
                last.map_or(Timestamp::NEVER, |at| at + interval)
            }
            _ => Timestamp::NEVER,
        };
        self.set_timer(id, again);
        if reason == HoldReason::Unconfirmed {
            self.confirm(id, now);
        }
        let noise = matches!(reason, HoldReason::Soft | HoldReason::Interval);
        if !noise && self.live[id.0 as usize].held != Some(reason) {
            self.live[id.0 as usize].held = Some(reason);
            let by = match reason {
                HoldReason::Dependency => self.silencing_dependency(id, now),
                HoldReason::HostDown | HoldReason::HostPending => {
                    Some(self.graph.host_of(id)).filter(|host| *host != id)
                }
                _ => None,
            };
            let by = by.map(|id| self.graph.identity(id));
            self.record(id, now, EntryKind::Held { kind: NotificationKind::Problem, reason, by });
        }
    }

    /// When the first of these contacts that would want one of the letters is willing.
    pub(crate) fn next_contact(
        &self,
        id: ObjectId,
        contacts: &[ContactId],
        letters: &[char],
        now: Timestamp,
    ) -> Timestamp {
        let is_host = self.graph.is_host(id);
        let contacts =
            contacts.iter().filter(|contact| veto::is_important_enough(&self.graph, **contact, id));
        let sides = contacts.map(|contact| veto::side(self.graph.contact(*contact), is_host));
        let willing =
            sides.filter(|side| side.enabled && letters.iter().any(|letter| side.options.has(*letter)));
        let openings = willing.map(|side| self.graph.next_opening(side.period, now));
        openings.min().filter(|at| *at > now).unwrap_or(Timestamp::NEVER)
    }

    /// A hard problem is over: exactly those who were told of it hear of it, whatever period it is;
    /// but not those who know that it changes all the time.
    pub(crate) fn recovered(&mut self, id: ObjectId, previous: Condition, now: Timestamp) {
        let told = self
            .state_mut(id)
            .extras
            .as_mut()
            .map(|extras| std::mem::take(&mut extras.told))
            .unwrap_or_default();
        let wanted = self.graph.settings(id).notification_options.has('r');
        let graph = self.graph.clone();
        let is_host = graph.is_host(id);
        let mut folded = None;
        let mut recipients = Vec::new();
        for name in &told {
            let Some(contact) = graph.find_contact(name) else { continue };
            if !wanted || !veto::side(graph.contact(contact), is_host).options.has('r') {
                continue;
            }
            if let Some(reason) = self.folded(id, name).filter(|reason| *reason == HoldReason::Flapping) {
                folded = Some(reason);
                continue;
            }
            recipients.push(contact);
        }
        let all = names(&graph, &recipients);
        for contact in recipients {
            let telling = Telling {
                previous: Some(previous),
                recipients: Some(all.clone()),
                ..Telling::of(NotificationKind::Recovery)
            };
            self.tell_end(id, contact, &telling, now);
        }
        let nobody = told.is_empty().then_some(HoldReason::NobodyWasTold);
        if let Some(reason) = folded.or(nobody) {
            self.record(id, now, EntryKind::Held { kind: NotificationKind::Recovery, reason, by: None });
        }
        self.recovered_softly(id);
        let state = self.state_mut(id);
        state.pending = false;
        state.forget_silence();
        state.notifications = 0;
        if let Some(extras) = &mut state.extras {
            extras.last_notification = None;
        }
        self.live[id.0 as usize].held = None;
    }

    /// Tells somebody who knows of something that it is over; while people want to hear nothing at
    /// all, that is owed to them.
    pub(crate) fn tell_end(&mut self, id: ObjectId, contact: ContactId, telling: &Telling, now: Timestamp) {
        let Some(reason) = veto::end(&self.case(id, now)) else {
            return self.tell(id, contact, telling, now);
        };
        let Telling { kind, previous, .. } = *telling;
        let contact = self.graph.contact(contact).name.clone();
        let owed = &mut self.state_mut(id).extras_mut().owed;
        owed.retain(|owed| owed.contact != contact || owed.kind != kind);
        owed.push(Owed { kind, previous, contact });
        self.record(id, now, EntryKind::Held { kind, reason, by: None });
    }

    /// People want to hear again: what was over meanwhile. If it is bad again, they know it as a problem and
    /// hear when that is over; a soft problem may pass as if it had never been, so until it is known the
    /// message stays owed.
    fn tell_what_is_owed(&mut self, id: ObjectId, now: Timestamp) {
        if self.state(id).extras().owed.is_empty() || veto::end(&self.case(id, now)).is_some() {
            return;
        }
        let owed = std::mem::take(&mut self.state_mut(id).extras_mut().owed);
        let graph = self.graph.clone();
        for Owed { kind, previous, contact } in owed {
            let bad_again = kind == NotificationKind::Recovery && self.state(id).condition.is_problem();
            if bad_again && self.state(id).state_type == StateType::Soft {
                self.state_mut(id).extras_mut().owed.push(Owed { kind, previous, contact });
            } else if bad_again {
                self.state_mut(id).extras_mut().told.push(contact);
            } else if let Some(contact) = graph.find_contact(&contact) {
                self.tell(id, contact, &Telling { previous, ..Telling::of(kind) }, now);
            }
        }
        self.state_mut(id).tidy();
    }

    /// All is well again: an acknowledgement has done its work, but for one of what flaps.
    pub(crate) fn recovered_softly(&mut self, id: ObjectId) {
        if self.state(id).extras().flapping.is_none() {
            self.drop_acknowledgement(id);
        }
        if self.state(id).extras().delayed_until.is_some() {
            let state = self.state_mut(id);
            state.extras_mut().delayed_until = None;
            state.tidy();
        }
    }

    pub(crate) fn tell(&mut self, id: ObjectId, contact: ContactId, telling: &Telling, now: Timestamp) {
        let notification = self.message(id, contact, telling, now);
        let (contact, condition) = (notification.contact.clone(), notification.condition);
        self.actions.push_back(Action::Notify(Box::new(notification)));
        self.record(id, now, EntryKind::Notified { contact, kind: telling.kind, condition });
    }

    /// All that a message says, from what is known now.
    pub(crate) fn message(
        &self,
        id: ObjectId,
        contact: ContactId,
        telling: &Telling,
        now: Timestamp,
    ) -> Notification {
        let (graph, state) = (&self.graph, self.state(id));
        let host_id = graph.host_of(id);
        let host = graph.object(host_id);
        let address = match &host.kind {
            Kind::Host(host) => host.address.clone(),
            Kind::Service { .. } => Arc::from(""),
        };
        let contact = graph.contact(contact);
        let since = state.since;
        let acknowledged = || state.acknowledgement().map(|ack| (ack.author.clone(), ack.comment.clone()));
        Notification {
            host_alias: host.alias.clone().unwrap_or_else(|| host.name.clone()),
            host_address: address,
            email: contact.email.clone(),
            previous: telling.previous.unwrap_or(state.condition),
            problem_id: state.problem_id,
            number: telling.number.unwrap_or(state.notifications),
            attempt: (state.attempt, graph.settings(id).max_check_attempts),
            at: now,
            since,
            lasted: telling.previous.map(|_| since.since(state.problem_since.unwrap_or(since))),
            output: state.said.output().into(),
            long_output: state.said.long_output().into(),
            notes_url: graph.object(id).notes_url.clone(),
            affected: u32::try_from(graph.services(id).len()).unwrap_or(u32::MAX),
            comment: telling.said.clone().or_else(acknowledged),
            state_type: state.state_type,
            host_condition: self.state(host_id).condition,
            last_check: state.last_check,
            perfdata: state.said.perfdata().into(),
            escalated: telling.escalated,
            changes: telling.changes.clone(),
            recipients: telling.recipients.clone().unwrap_or_else(|| contact.name.clone()),
            ..Notification::about(graph.identity(id), contact.name.clone(), telling.kind, state.condition)
        }
    }
}

/// Names of contacts with commas between.
pub(crate) fn names(graph: &Graph, contacts: &[ContactId]) -> Arc<str> {
    let names: Vec<&str> = contacts.iter().map(|contact| &*graph.contact(*contact).name).collect();
    names.join(",").into()
}
