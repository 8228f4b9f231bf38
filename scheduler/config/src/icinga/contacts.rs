//! Users as contacts, and notification commands.
//!
//! In Nagios the commands, options and period of what somebody is told are his own, in Icinga they are the
//! notification's. A user is one contact, unless notifications reach him in different ways: then there is a
//! further contact for each, `alice/NOTIFICATION`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use icinga2::{Evaluated, Macro, Object, Problem, Subject, Type as Kind, Unresolved, argv, resolved};

use super::checks::quoted;
use super::notifications::{Told, joined, letters, members};
use super::{Lowering, macros};
use crate::directives::{Key, Type};

/// Of hosts or of services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Side {
    Host,
    Service,
}

/// A way to somebody.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Channel {
    /// The command; none for hlidka's own mail.
    pub command: Option<String>,
    /// Only these letters, where others of the object are told by others.
    pub letters: Option<BTreeSet<char>>,
    /// Only in this period.
    pub period: Option<Rc<str>>,
}

/// All contacts.
pub(super) struct People {
    contacts: Vec<Contact>,
    names: HashMap<String, usize>,
    ways: HashMap<(Rc<str>, Side, Channel), usize>,
    members: BTreeMap<Rc<str>, Vec<Rc<str>>>,
}

struct Contact {
    name: String,
    user: Rc<Object>,
    host: Option<Channel>,
    service: Option<Channel>,
}

impl People {
    pub(super) fn new(of: &Evaluated) -> People {
        let mut people = People {
            contacts: Vec::new(),
            names: HashMap::new(),
            ways: HashMap::new(),
            members: members(of),
        };
        for user in of.of(Kind::User) {
            people.add(user.name.to_string(), user.clone());
        }
        people
    }

    fn add(&mut self, name: String, user: Rc<Object>) -> usize {
        self.names.insert(name.clone(), self.contacts.len());
        self.contacts.push(Contact { name, user, host: None, service: None });
        self.contacts.len() - 1
    }

    /// The users of a group.
    pub(super) fn members(&self, group: &str) -> Option<&[Rc<str>]> {
        self.members.get(group).map(|members| &**members)
    }

    /// The contact by which a user is told in a way; the notification's name is for a new one.
    pub(super) fn contact(
        &mut self,
        user: &Rc<str>,
        side: Side,
        channel: &Channel,
        notification: &str,
    ) -> String {
        let way = (user.clone(), side, channel.clone());
        if let Some(contact) = self.ways.get(&way).and_then(|place| self.contacts.get(*place)) {
            return contact.name.clone();
        }
        let Some(own) = self.names.get(&**user).copied() else { return user.to_string() };
        let names = std::iter::once(user.to_string())
            .chain(std::iter::once(format!("{user}/{notification}")))
            .chain((2..).map(|number| format!("{user}/{notification}/{number}")));
        for name in names {
            let place = match self.names.get(&name).copied() {
                Some(place) => place,
                None => {
                    let Some(object) = self.contacts.get(own).map(|contact| contact.user.clone()) else {
                        break;
                    };
                    self.add(name.clone(), object)
                }
            };
            let Some(contact) = self.contacts.get_mut(place) else { break };
            let slot = match side {
                Side::Host => &mut contact.host,
                Side::Service => &mut contact.service,
            };
            if slot.is_none() && contact.user.name == *user {
                *slot = Some(channel.clone());
                self.ways.insert(way, place);
                return name;
            }
        }
        user.to_string()
    }
}

/// Scripts of Icinga that send the mail that hlidka sends itself.
const MAIL_SCRIPTS: [&str; 2] = ["mail-host-notification.sh", "mail-service-notification.sh"];

impl Lowering<'_, '_> {
    pub(super) fn contacts(&mut self, told: &Told) {
        for contact in &told.people.contacts {
            let user = &contact.user;
            let mut definition = self.open(Type::Contact, user.at);
            definition.put(Key::Name, &contact.name, user.at);
            definition.put_text(Key::Alias, user, "display_name");
            definition.put_text(Key::Email, user, "email");
            definition.put_text(Key::Pager, user, "pager");
            let groups = user.texts("groups");
            if !groups.is_empty() && contact.name == *user.name {
                definition.put_names(Key::Groups, &groups, user.place("groups"));
            }
            let (types, at) = (self.types(user), user.place("types"));
            let all = ["OK", "Warning", "Critical", "Unknown", "Up", "Down"];
            let states = self.filter(user, "states", &all);
            for (channel, allowed, [enabled, period, options, commands]) in [
                (
                    &contact.host,
                    "durfs",
                    [
                        Key::HostNotifications,
                        Key::HostNotificationPeriod,
                        Key::HostNotificationOptions,
                        Key::HostNotificationCommands,
                    ],
                ),
                (
                    &contact.service,
                    "wucrfs",
                    [
                        Key::ServiceNotifications,
                        Key::ServiceNotificationPeriod,
                        Key::ServiceNotificationOptions,
                        Key::ServiceNotificationCommands,
                    ],
                ),
            ] {
                definition.put_flag(
                    enabled,
                    user.flag("enable_notifications"),
                    user.place("enable_notifications"),
                );
                let of_side: Vec<String> = states
                    .iter()
                    .filter(|state| matches!(state.as_str(), "Up" | "Down") == (allowed == "durfs"))
                    .cloned()
                    .collect();
                let mut wanted = letters(&of_side, &types);
                if let Some(only) = channel.as_ref().and_then(|channel| channel.letters.as_ref()) {
                    wanted = &wanted & only;
                }
                definition.put(options, joined(&wanted), at);
                let own = user.text("period");
                let narrowed = channel.as_ref().and_then(|channel| channel.period.clone());
                if let (Some(own), Some(narrowed)) = (&own, &narrowed)
                    && own != narrowed
                {
                    let message = format!(
                        "is told in `{own}` and by a notification in `{narrowed}`, of which `{own}` is kept"
                    );
                    let problem = Problem::warning(user.place("period"), message).of(user.label());
                    self.say(problem.hint("give the user, or the notification, no period"));
                }
                if let Some(period_name) = own.or(narrowed) {
                    definition.put(period, period_name, user.place("period"));
                }
                if let Some(command) = channel.as_ref().and_then(|channel| channel.command.as_ref()) {
                    definition.put(commands, command, user.at);
                }
            }
            definition.put_variables(user);
            self.definitions.push(definition);
        }
    }

    /// The command of a notification, defined; none for hlidka's own mail.
    pub(super) fn notification_command(&mut self, notification: &Object) -> Option<String> {
        let name = notification.text("command")?;
        let at = notification.place("command");
        let command = self.command(Kind::NotificationCommand, &name, notification, at)?;
        let program =
            command.array("command").and_then(|words| words.items().first().map(icinga2::Value::shown));
        let program = program.unwrap_or_default();
        if MAIL_SCRIPTS.iter().any(|script| program.rsplit('/').next() == Some(script)) {
            return None;
        }
        let key = (Kind::NotificationCommand, name.to_string());
        if let Some((name, _)) = self.commands.get(&key) {
            return Some(name.clone());
        }
        match self.notification_line(&command).and_then(|line| self.define(&command, &line)) {
            Ok(name) => Some(name),
            Err(problem) => {
                self.say(problem);
                None
            }
        }
    }

    /// A command line whose macros are all put in when it runs.
    fn notification_line(&self, command: &Object) -> Result<String, Problem> {
        let later = |name: &str| {
            let variable = || {
                // where any user has such a variable it is meant, else any service's or host's
                [(Kind::User, "_CONTACT"), (Kind::Service, "_SERVICE"), (Kind::Host, "_HOST")]
                    .into_iter()
                    .find(|(kind, _)| self.of.of(*kind).any(|object| object.variable(name).is_some()))
                    .map(|(_, prefix)| format!("{prefix}{}", name.to_uppercase()))
            };
            let found = macros::of_notification(name).or_else(|| variable().filter(|_| !name.contains('.')));
            found.map_or(Macro::Unknown, |name| Macro::Later(format!("${name}$")))
        };
        let subject = Subject { service: None, host: None, command, later: &later };
        let mut words: Vec<String> = Vec::new();
        for (name, value) in command.dictionary("env").iter() {
            let at = command.place("env");
            match resolved(subject, value) {
                Ok(value) if value.shown().contains('$') => {
                    if words.is_empty() {
                        words.push("/usr/bin/env".to_owned());
                    }
                    words.push(format!("{name}={}", value.shown()));
                }
                Ok(_) => {
                    let message = format!(
                        "`env.{name}` is a text of its own, which everybody would see in the list of processes"
                    );
                    let problem = Problem::error(at, message).of(command.label());
                    return Err(problem.hint("let the script read it from a file"));
                }
                Err(Unresolved::Missing(_)) => {}
                Err(Unresolved::Wrong(why)) => {
                    return Err(Problem::error(at, format!("`env.{name}`: {why}")).of(command.label()));
                }
            }
        }
        words.extend(argv(subject)?);
        let words: Vec<String> = words.iter().map(|word| in_quotes(word)).collect();
        Ok(words.join(" "))
    }
}

/// One word, whatever its macros stand for.
fn in_quotes(word: &str) -> String {
    if word.contains('$') { format!("'{}'", word.replace('\'', "'\\''")) } else { quoted(word) }
}
