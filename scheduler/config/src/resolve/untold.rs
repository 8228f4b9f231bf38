//! Problems that nobody would ever be told of, though it does not look as if that was meant.
//!
//! What somebody wrote on purpose is no fault: `notifications_enabled 0`, `notification_options n`,
//! `contacts null`, a contact that wants nothing.

use std::collections::BTreeMap;

use engine::{Contact, ContactSide, Letters, Settings};

use crate::concern::Concern;
use crate::directives::{Key, Type};
use crate::inherit::View;
use crate::problem::Problem;
use crate::values::items;

use super::context::Context;

/// Letters of problems, and of what is told whatever the condition is: flapping and downtimes.
const fn letters(is_host: bool) -> (&'static str, &'static str) {
    if is_host { ("du", "fs") } else { ("wuc", "fs") }
}

/// Recoveries are told to those who heard of the problem.
fn recoveries_only(options: Letters, is_host: bool) -> bool {
    let (problems, others) = letters(is_host);
    options.has('r') && !problems.chars().chain(others.chars()).any(|letter| options.has(letter))
}

/// A host or service that tells of recoveries only.
pub(crate) fn warn_of_recoveries_only<'t>(
    view: &View<'t, '_>,
    settings: &Settings,
    cx: &mut Context<'t, '_, '_>,
) {
    let is_host = view.definition.of == Type::Host;
    if settings.notifications && recoveries_only(settings.notification_options, is_host) {
        let message =
            "tells of recoveries only: these go to those who were told of the problem, so to nobody";
        let hint = format!("add {}, or write `n` if nobody is to be told", listed(letters(is_host).0));
        cx.warn(Concern::RecoveriesOnly, view, Key::NotificationOptions, message.to_owned(), &hint);
    }
}

/// A contact that wants recoveries only, or that nothing can reach.
pub(crate) fn warn_of_deaf_contact<'t>(view: &View<'t, '_>, contact: &Contact, cx: &mut Context<'t, '_, '_>) {
    let sides = [
        (&contact.host, true, Key::HostNotificationOptions),
        (&contact.service, false, Key::ServiceNotificationOptions),
    ];
    for (side, is_host, key) in sides {
        if side.enabled && recoveries_only(side.options, is_host) {
            let name = view.definition.of.spelling(key);
            let message =
                format!("{name} has recoveries only: these go to those who were told of the problem");
            let hint =
                format!("add {}, or write `n` if it is to be told nothing", listed(letters(is_host).0));
            cx.warn(Concern::RecoveriesOnly, view, key, message, &hint);
        }
    }
    let by_mail =
        |side: &ContactSide| side.enabled && side.options != Letters::NONE && side.commands.is_empty();
    if contact.email.is_none() && sides.iter().any(|(side, ..)| by_mail(side)) {
        let message = "has no email, and no notification commands for all that it wants to hear";
        let hint = "write `email`, or `host_notification_commands` and `service_notification_commands`";
        cx.warn_at_start(Concern::NoWayToTell, view, message.to_owned(), hint);
    }
}

/// Objects whose contacts are silent about all that the object tells.
pub(crate) fn warn_if_nobody_listens<'t>(
    view: &View<'t, '_>,
    settings: &Settings,
    contacts: &[Contact],
    cx: &mut Context<'t, '_, '_>,
) {
    let is_host = view.definition.of == Type::Host;
    let (problems, _) = letters(is_host);
    let told: Vec<char> =
        problems.chars().filter(|letter| settings.notification_options.has(*letter)).collect();
    if !settings.notifications || told.is_empty() {
        return;
    }
    let mut wanted = Letters::NONE;
    for contact in settings.contacts.iter().filter_map(|id| contacts.get(id.0 as usize)) {
        let side = if is_host { &contact.host } else { &contact.service };
        for letter in problems.chars().filter(|letter| side.enabled && side.options.has(*letter)) {
            wanted = wanted.with(letter);
        }
    }
    // contacts that want to hear of no problem at all are nobody on purpose
    if wanted == Letters::NONE || told.iter().any(|letter| wanted.has(*letter)) {
        return;
    }
    let told: String = told.into_iter().collect();
    let wanted: String = problems.chars().filter(|letter| wanted.has(*letter)).collect();
    let message = format!(
        "tells of {} only, of which none of its contacts wants to hear: they want {}",
        listed(&told),
        listed(&wanted)
    );
    let hint =
        "add letters to its `notification_options` or to those of a contact; `n` if nobody is to be told";
    let key = if view.has(Key::NotificationOptions) { Key::NotificationOptions } else { Key::Contacts };
    cx.warn(Concern::NobodyListens, view, key, message, hint);
}

/// `w,u,c` for `wuc`.
fn listed(letters: &str) -> String {
    letters.chars().map(String::from).collect::<Vec<_>>().join(",")
}

/// Is nobody told of it, and does it not look as if that was meant?
pub(crate) fn is_untold(view: &View<'_, '_>, settings: &Settings) -> bool {
    let is_null = |key| view.has(key) && view.get(key).is_none();
    let meant = is_null(Key::Contacts) || is_null(Key::ContactGroups) || !settings.notifications;
    settings.contacts.is_empty() && !meant
}

/// So many definitions without contacts are kept for each list of templates.
const MAX_KEPT: usize = 1000;

/// Definitions without contacts, by the templates that they use: if all that use some templates have
/// none, the templates are what is to be changed.
#[derive(Default)]
pub(crate) struct Untold<'t> {
    by_templates: BTreeMap<(&'static str, &'t str), Users>,
}

#[derive(Default)]
struct Users {
    all: usize,
    untold: usize,
    /// File, line and label of definitions without contacts, each once.
    places: Vec<(u32, u32, String)>,
}

impl<'t> Untold<'t> {
    /// Adds a definition of so many objects, of so many of which nobody is told.
    pub(crate) fn add(&mut self, view: &View<'t, '_>, [all, untold]: [usize; 2], cx: &Context<'t, '_, '_>) {
        let templates = cx.objects.directive(view.definition, Key::Use).map_or("", |list| list.value);
        let users = self.by_templates.entry((view.definition.of.name(), templates)).or_default();
        users.all += all;
        users.untold += untold;
        if untold == 0 {
            return;
        }
        let (file, line) = (view.definition.file, view.definition.line);
        if users.places.len() < MAX_KEPT {
            users.places.push((file, line, cx.objects.label(view.definition)));
        }
    }

    /// Says it, once for each cause.
    pub(crate) fn report(self, of: Type, cx: &mut Context<'t, '_, '_>) {
        const HINT: &str = "write `contacts` or `contact_groups`; `contacts null` if it is meant";
        // a contact that does not exist is an error already, and not also missing
        if cx.problems.has_errors() {
            return;
        }
        for ((_, templates), users) in self.by_templates {
            let template = items(templates).next().and_then(|name| cx.template(of, name));
            match template {
                Some(template) if users.untold == users.all && users.places.len() > 1 => {
                    let message = format!(
                        "has no contacts, nor have the {} {}s that use it: nobody is told of their problems",
                        users.untold,
                        of.name()
                    );
                    let place = cx.objects.place(template.file, template.line);
                    let problem = Problem::warning(Concern::NoContacts, place, message);
                    cx.problems.push(problem.of(cx.objects.label(template)).hint(HINT));
                }
                _ => {
                    for (file, line, label) in users.places {
                        let message = "has no contacts: nobody is told of its problems";
                        let problem =
                            Problem::warning(Concern::NoContacts, cx.objects.place(file, line), message);
                        cx.problems.push(problem.of(label).hint(HINT));
                    }
                }
            }
        }
    }
}
