//! Who is told: problems after the vetoes, recoveries to exactly those who knew.

use std::sync::Arc;

use crate::engine::Engine;
use crate::graph::{ContactId, Kind, ObjectId};
use crate::message::{Action, Condition, EntryKind, HoldReason, Notification, NotificationKind};
use crate::time::Timestamp;
use crate::veto::{self, Above, Case};

impl Engine {
    /// Looks whether a problem is to be told now, and if not, when to look again.
    pub(crate) fn consider(&mut self, id: ObjectId, now: Timestamp) {
        let state = self.state(id);
        if !state.condition.is_problem() || (!state.pending && state.last_notification.is_none()) {
            return;
        }
        let verdict = veto::problem(&self.case(id, now));
        match verdict {
            None => self.tell_problem(id, now),
            Some(reason) => self.hold(id, reason, now),
        }
    }

    fn case(&self, id: ObjectId, now: Timestamp) -> Case<'_> {
        let above = |host: ObjectId| Above { status: self.state(host), checked: self.is_checked(host) };
        let above = match &self.graph.object(id).kind {
            Kind::Service { host } => vec![above(*host)],
            Kind::Host { parents, .. } => parents.iter().map(|parent| above(*parent)).collect(),
        };
        Case { graph: &self.graph, id, settings: self.graph.settings(id), status: self.state(id), above, now }
    }

    fn tell_problem(&mut self, id: ObjectId, now: Timestamp) {
        let graph = self.graph.clone();
        let (settings, is_host) = (graph.settings(id), graph.is_host(id));
        let letter = self.state(id).condition.letter();
        let wants = |contact: &&ContactId| {
            veto::contact_wants(&graph, graph.contact(**contact), is_host, letter, now)
        };
        let recipients: Vec<ContactId> = settings.contacts.iter().filter(wants).copied().collect();
        if recipients.is_empty() {
            let reason =
                if settings.contacts.is_empty() { HoldReason::NoContact } else { HoldReason::Contact };
            return self.hold(id, reason, now);
        }
        let state = self.state_mut(id);
        state.pending = false;
        state.silenced_until = None;
        state.notifications += 1;
        state.last_notification = Some(now);
        self.live[id.0 as usize].held = None;
        for contact in recipients {
            let name = graph.contact(contact).name.clone();
            if !self.state(id).told.contains(&name) {
                self.state_mut(id).told.push(name);
            }
            self.tell(id, contact, NotificationKind::Problem, None, now);
        }
        if !settings.notification_interval.is_zero() {
            self.set_timer(id, now + settings.notification_interval);
        }
    }

    /// Remembers why nobody is told, once for each reason, and when to look again.
    fn hold(&mut self, id: ObjectId, reason: HoldReason, now: Timestamp) {
        let settings = self.graph.settings(id);
        let state = self.state(id);
        let again = match reason {
            HoldReason::Period => self.graph.next_opening(settings.notification_period, now),
            HoldReason::Delay => state.hard_since + settings.first_notification_delay,
            HoldReason::HostPending => state.hard_since + veto::MAX_HOLD,
            HoldReason::Downtime => self.downtime_end(id, now),
            HoldReason::Contact => self.next_contact(id, now),
            HoldReason::Interval if !settings.notification_interval.is_zero() => {
                state.last_notification.map_or(Timestamp::NEVER, |at| at + settings.notification_interval)
            }
            _ => Timestamp::NEVER,
        };
        self.set_timer(id, again);
        let host_fails = |engine: &Engine| {
            engine.case(id, now).above.iter().any(|above| above.status.condition.is_problem())
        };
        match reason {
            HoldReason::Downtime => self.state_mut(id).silenced_until = Some(again),
            // its end is not known: the host's recovery sets it
            HoldReason::HostDown => self.silence(id),
            HoldReason::HostPending if host_fails(self) => self.silence(id),
            _ => {}
        }
        if reason == HoldReason::Unconfirmed {
            self.confirm(id, now);
        }
        let noise = matches!(reason, HoldReason::Soft | HoldReason::Interval);
        if !noise && self.live[id.0 as usize].held != Some(reason) {
            self.live[id.0 as usize].held = Some(reason);
            self.record(id, now, EntryKind::Held { kind: NotificationKind::Problem, reason });
        }
    }

    fn silence(&mut self, id: ObjectId) {
        self.state_mut(id).silenced_until.get_or_insert(Timestamp::EPOCH);
    }

    /// The end of the downtimes that hold now, of the object or of its host.
    fn downtime_end(&self, id: ObjectId, now: Timestamp) -> Timestamp {
        let own = self.state(id).downtimes.iter();
        let of_host = self.state(self.graph.host_of(id)).downtimes.iter();
        let holding = own.chain(of_host).filter(|(start, end)| (*start..*end).contains(&now));
        holding.map(|(_, end)| *end).max().unwrap_or(Timestamp::NEVER)
    }

    /// When the first contact that would want this condition is willing.
    fn next_contact(&self, id: ObjectId, now: Timestamp) -> Timestamp {
        let (is_host, letter) = (self.graph.is_host(id), self.state(id).condition.letter());
        let sides = self
            .graph
            .settings(id)
            .contacts
            .iter()
            .map(|contact| veto::side(self.graph.contact(*contact), is_host));
        let willing = sides.filter(|side| side.enabled && side.options.has(letter));
        let openings = willing.map(|side| self.graph.next_opening(side.period, now));
        openings.min().filter(|at| *at > now).unwrap_or(Timestamp::NEVER)
    }

    /// A hard problem is over: exactly those who were told of it hear of it, whatever period it is.
    pub(crate) fn recovered(&mut self, id: ObjectId, previous: Condition, now: Timestamp) {
        let told = self.state(id).told.clone();
        let wanted = self.graph.settings(id).notification_options.has('r');
        let graph = self.graph.clone();
        let is_host = graph.is_host(id);
        for name in &told {
            let Some(contact) = graph.find_contact(name) else { continue };
            if wanted && veto::side(graph.contact(contact), is_host).options.has('r') {
                self.tell(id, contact, NotificationKind::Recovery, Some(previous), now);
            }
        }
        if told.is_empty() {
            self.record(
                id,
                now,
                EntryKind::Held { kind: NotificationKind::Recovery, reason: HoldReason::NobodyWasTold },
            );
        }
        let state = self.state_mut(id);
        state.told.clear();
        state.pending = false;
        state.silenced_until = None;
        state.notifications = 0;
        state.last_notification = None;
        state.acknowledgement = None;
        self.live[id.0 as usize].held = None;
    }

    /// Somebody knows: those who were told of the problem hear that.
    pub(crate) fn acknowledge(
        &mut self,
        id: ObjectId,
        sticky: bool,
        author: Arc<str>,
        comment: Arc<str>,
        now: Timestamp,
    ) {
        if !self.state(id).condition.is_problem() {
            return;
        }
        self.record(id, now, EntryKind::Acknowledged { author: author.clone(), comment: comment.clone() });
        self.state_mut(id).acknowledgement = Some((sticky, author, comment));
        let graph = self.graph.clone();
        for name in self.state(id).told.clone() {
            if let Some(contact) = graph.find_contact(&name) {
                self.tell(id, contact, NotificationKind::Acknowledgement, None, now);
            }
        }
    }

    fn tell(
        &mut self,
        id: ObjectId,
        contact: ContactId,
        kind: NotificationKind,
        previous: Option<Condition>,
        now: Timestamp,
    ) {
        let notification = self.message(id, contact, kind, previous, now);
        let (contact, condition) = (notification.contact.clone(), notification.condition);
        self.actions.push_back(Action::Notify(Box::new(notification)));
        self.record(id, now, EntryKind::Notified { contact, kind, condition });
    }

    /// All that a message says, from what is known now.
    pub(crate) fn message(
        &self,
        id: ObjectId,
        contact: ContactId,
        kind: NotificationKind,
        previous: Option<Condition>,
        now: Timestamp,
    ) -> Notification {
        let (graph, state) = (&self.graph, self.state(id));
        let host = graph.object(graph.host_of(id));
        let address = match &host.kind {
            Kind::Host { address, .. } => address.clone(),
            Kind::Service { .. } => Arc::from(""),
        };
        let contact = graph.contact(contact);
        let since = state.since;
        Notification {
            identity: graph.identity(id),
            host_alias: host.alias.clone().unwrap_or_else(|| host.name.clone()),
            host_address: address,
            contact: contact.name.clone(),
            email: contact.email.clone(),
            kind,
            condition: state.condition,
            previous: previous.unwrap_or(state.condition),
            problem_id: state.problem_id,
            number: state.notifications,
            attempt: (state.attempt, graph.settings(id).max_check_attempts),
            at: now,
            since,
            lasted: previous.map(|_| since.since(state.problem_since.unwrap_or(since))),
            output: state.output.clone(),
            long_output: state.long_output.clone(),
            notes_url: graph.object(id).notes_url.clone(),
            affected: u32::try_from(graph.services(id).len()).unwrap_or(u32::MAX),
            comment: state
                .acknowledgement
                .as_ref()
                .map(|(_, author, comment)| (author.clone(), comment.clone())),
        }
    }
}
