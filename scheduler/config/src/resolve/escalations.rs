//! Escalations: who is told instead from the nth mail on.
//!
//! What an escalation does not say it takes from its host or service: contacts (if it names neither
//! contacts nor groups, or adds to them with a `+`), the interval, and the period. As in Nagios an
//! interval that nobody wrote is none, and not the usual half hour: no further mail is sent.

use std::collections::{BTreeMap, HashMap};

use engine::{Escalation, EscalationId, Letters, Named, ObjectId, Settings, Span};

use crate::concern::Concern;
use crate::directives::{Key, Type};
use crate::inherit::View;
use crate::values::letters;

use super::Made;
use super::context::Context;
use super::settings::{Known, named_contacts, named_groups};
use super::targets::{ServiceKeys, Targets};

/// Reads all escalations into a graph that has all objects; what is returned is how each names those
/// who are told, in their order.
pub(crate) fn escalations<'t, 'o>(
    targets: &Targets<'_, 't, 'o>,
    known: &Known<'_, 't>,
    host_views: &[View<'t, 'o>],
    made: &mut Made,
    cx: &mut Context<'t, 'o, '_>,
) -> Vec<Named> {
    let mut found = Found::default();
    for view in cx.registered(Type::HostEscalation) {
        let chosen = targets.hosts.chosen(&view, [Key::HostName, Key::HostGroupName], cx);
        let draft = Draft::read(&view, "dur", targets, known, cx);
        for host in wanted(chosen, &view, cx) {
            let Some(own) = host_views.get(host as usize) else { continue };
            let gives_interval = own.has(Key::NotificationInterval);
            found.add(&Subject { object: ObjectId(host), own, gives_interval }, &draft, known, made, cx);
        }
    }
    for view in cx.registered(Type::ServiceEscalation) {
        let chosen = targets.services(&view, &SERVICES, cx);
        let draft = Draft::read(&view, "wucr", targets, known, cx);
        for service in wanted(chosen, &view, cx) {
            let place = targets.services.place(service);
            let mut own = targets.services.view(place);
            let of_host = host_views.get(place.host as usize);
            let gives_interval =
                [Some(own), of_host].into_iter().flatten().any(|view| view.has(Key::NotificationInterval));
            if !own.has(Key::Contacts) && !own.has(Key::ContactGroups) {
                own = of_host.unwrap_or(own);
            }
            let object = ObjectId(targets.object(service));
            found.add(&Subject { object, own, gives_interval }, &draft, known, made, cx);
        }
    }
    for (object, ids) in found.of {
        made.builder.escalate(object, ids.into());
    }
    made.builder.parts().escalations = found.escalations;
    found.named
}

const SERVICES: ServiceKeys = ServiceKeys {
    hosts: [Key::HostName, Key::HostGroupName],
    descriptions: Key::Descriptions,
    groups: Key::ServiceGroupName,
};

/// Those that are escalated: it is an error if none are named, and a warning if what is named is empty.
fn wanted<'t>(chosen: Option<Vec<u32>>, view: &View<'t, '_>, cx: &mut Context<'t, '_, '_>) -> Vec<u32> {
    let Some(chosen) = chosen else {
        let hint = match view.definition.of {
            Type::HostEscalation => "write `host_name` or `hostgroup_name`",
            _ => "write `host_name` (or `hostgroup_name`) and `service_description`, or `servicegroup_name`",
        };
        cx.error_at_start(view, "does not say what is escalated".to_owned(), Some(hint.to_owned()));
        return Vec::new();
    };
    if chosen.is_empty() {
        let message = "escalates nothing: the groups it names are empty, which Nagios refuses".to_owned();
        cx.warn_at_start(Concern::EscalationWithoutEffect, view, message, "take it out, or fill the groups");
    }
    chosen
}

/// The host or service that is escalated.
struct Subject<'a, 't, 'o> {
    object: ObjectId,
    /// The definition that its contacts come from.
    own: &'a View<'t, 'o>,
    /// Does it say a `notification_interval`, itself or by its host?
    gives_interval: bool,
}

/// What a definition says by itself.
struct Draft {
    /// But for the contacts.
    escalation: Escalation,
    named: Named,
    /// Takes the object's period.
    implied_period: bool,
    /// Takes the object's contacts.
    implied_contacts: bool,
    adds_contacts: bool,
    adds_groups: bool,
}

impl Draft {
    fn read<'t>(
        view: &View<'t, '_>,
        known_letters: &str,
        targets: &Targets<'_, 't, '_>,
        known: &Known<'_, 't>,
        cx: &mut Context<'t, '_, '_>,
    ) -> Draft {
        let named = Named {
            contacts: named_contacts(view, known, cx).into_iter().collect(),
            groups: named_groups(view, known, cx).into_iter().collect(),
        };
        let notification_interval: Option<Span> =
            view.has(Key::NotificationInterval).then(|| cx.span(view, Key::NotificationInterval, 0.0));
        let options = view.get(Key::EscalationOptions).map_or(Letters::ALL, |found| {
            // wrong letters were reported where the line was read
            letters(&found.text, known_letters).unwrap_or(Letters::ALL)
        });
        Draft {
            escalation: Escalation {
                first_notification: count(view, Key::FirstNotification, 1, cx),
                last_notification: count(view, Key::LastNotification, 0, cx),
                notification_interval,
                period: targets.period(view, Key::EscalationPeriod, cx),
                options,
                contacts: Box::default(),
                origin: cx.origin(view),
            },
            named,
            implied_period: !view.has(Key::EscalationPeriod),
            implied_contacts: !view.has(Key::Contacts) && !view.has(Key::ContactGroups),
            adds_contacts: view.adds(Key::Contacts),
            adds_groups: view.adds(Key::ContactGroups),
        }
    }

    /// The escalation of one object, and how it names those who are told.
    fn of<'t>(
        &self,
        subject: &Subject<'_, 't, '_>,
        settings: &Settings,
        known: &Known<'_, 't>,
        cx: &mut Context<'t, '_, '_>,
    ) -> (Escalation, Named) {
        let (mut escalation, mut named) = (self.escalation.clone(), self.named.clone());
        if self.implied_period {
            escalation.period = settings.notification_period;
        }
        if !subject.gives_interval {
            escalation.notification_interval.get_or_insert(Span::ZERO);
        }
        if self.implied_contacts {
            named = settings.named.clone();
        }
        if self.adds_contacts {
            let mut all = named_contacts(subject.own, known, cx);
            all.extend(&named.contacts);
            named.contacts = all.into_iter().collect();
        }
        if self.adds_groups {
            let mut all = named_groups(subject.own, known, cx);
            all.extend(&named.groups);
            named.groups = all.into_iter().collect();
        }
        escalation.contacts = known.all(&named);
        (escalation, named)
    }
}

fn count<'t>(view: &View<'t, '_>, key: Key, default: u32, cx: &mut Context<'t, '_, '_>) -> u32 {
    let value = cx.number(view, key, f64::from(default));
    if value < 0.0 {
        let message = format!("{} is negative and counts as {default}", view.definition.of.spelling(key));
        cx.warn(
            Concern::EscalationCount,
            view,
            key,
            message,
            "count mails from 1; `last_notification 0` is all further ones",
        );
        return default;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float-to-int cast saturates"
    )]
    let count = value as u32;
    count
}

/// Escalations, equal ones once, and whose they are.
#[derive(Default)]
struct Found {
    escalations: Vec<Escalation>,
    /// How each names those who are told.
    named: Vec<Named>,
    known: HashMap<(Escalation, Named), EscalationId>,
    of: BTreeMap<ObjectId, Vec<EscalationId>>,
}

impl Found {
    fn add<'t>(
        &mut self,
        subject: &Subject<'_, 't, '_>,
        draft: &Draft,
        known: &Known<'_, 't>,
        made: &mut Made,
        cx: &mut Context<'t, '_, '_>,
    ) {
        let settings = made.builder.parts().settings(subject.object);
        let escalation = draft.of(subject, settings, known, cx);
        let next = EscalationId(u32::try_from(self.escalations.len()).unwrap_or(u32::MAX));
        let id = *self.known.entry(escalation).or_insert_with_key(|(escalation, named)| {
            self.escalations.push(escalation.clone());
            self.named.push(named.clone());
            next
        });
        self.of.entry(subject.object).or_default().push(id);
    }
}
