//! Who is told of which object: all its notifications together become its contacts, intervals and escalations.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use icinga2::{Object, Problem, Type as Kind, Value};

use super::contacts::{Channel, People, Side};
use super::plan::{Timing, letters_of, steps};
use super::{Definition, Lowering};
use crate::directives::{Key, Type};

/// Notifications of all objects, by the objects' full names.
pub(super) struct Told {
    of: HashMap<String, Vec<Entry>>,
    pub people: People,
}

/// One notification of one object.
struct Entry {
    notification: Rc<Object>,
    /// Contacts and groups of them, as they are named in definitions.
    contacts: Vec<String>,
    groups: Vec<String>,
    /// Of the object: what any of its notifications tells.
    letters: BTreeSet<char>,
    period: Option<Rc<str>>,
    timing: Timing,
}

impl Lowering<'_, '_> {
    /// Collects all notifications, and who is needed for them.
    pub(super) fn notifications(&mut self) -> Told {
        let mut of: HashMap<String, Vec<Entry>> = HashMap::new();
        let mut order: Vec<String> = Vec::new();
        let evaluated = self.of;
        for notification in evaluated.of(Kind::Notification) {
            let Some(host) = notification.text("host_name") else { continue };
            let service = notification.text("service_name");
            let (name, kind) = match &service {
                Some(service) => (format!("{host}!{service}"), Kind::Service),
                None => (host.to_string(), Kind::Host),
            };
            if evaluated.find(kind, &name).is_none() {
                let message = format!("there is no {} `{name}`", kind.name());
                self.say(Problem::error(notification.place("host_name"), message).of(notification.label()));
                continue;
            }
            let (letters, timing) =
                (self.letters(notification, service.is_some()), self.timing(notification));
            let period = notification.text("period");
            let entry = Entry {
                notification: notification.clone(),
                contacts: Vec::new(),
                groups: Vec::new(),
                letters,
                period,
                timing,
            };
            let entries = of.entry(name.clone()).or_default();
            if entries.is_empty() {
                order.push(name);
            }
            entries.push(entry);
        }
        let mut people = People::new(evaluated);
        for name in order {
            let Some(entries) = of.get_mut(&name) else { continue };
            self.name_people(entries, &mut people);
        }
        Told { of, people }
    }

    /// Says for each notification of one object by which contacts it is told.
    fn name_people(&mut self, entries: &mut [Entry], people: &mut People) {
        let all: BTreeSet<char> = entries.iter().flat_map(|entry| entry.letters.iter().copied()).collect();
        let first = entries.first().and_then(|entry| entry.period.clone());
        let common = first.filter(|first| entries.iter().all(|entry| entry.period.as_ref() == Some(first)));
        for entry in entries {
            let side = if entry.notification.has("service_name") { Side::Service } else { Side::Host };
            let channel = Channel {
                command: self.notification_command(&entry.notification),
                letters: (entry.letters != all).then(|| entry.letters.clone()),
                period: entry.period.take().filter(|period| Some(period) != common.as_ref()),
            };
            for group in entry.notification.texts("user_groups") {
                let Some(members) = people.members(&group).map(<[Rc<str>]>::to_vec) else {
                    let at = entry.notification.place("user_groups");
                    let problem = Problem::error(at, format!("there is no UserGroup `{group}`"));
                    self.say(problem.of(entry.notification.label()));
                    continue;
                };
                let named: Vec<String> = members
                    .iter()
                    .map(|user| people.contact(user, side, &channel, &entry.notification.name))
                    .collect();
                // the group as a whole, if that says the same
                if named.iter().zip(&members).all(|(name, user)| **name == **user) {
                    entry.groups.push(group.to_string());
                } else {
                    entry.contacts.extend(named);
                }
            }
            for user in entry.notification.texts("users") {
                if self.of.find(Kind::User, &user).is_none() {
                    let at = entry.notification.place("users");
                    let problem = Problem::error(at, format!("there is no User `{user}`"));
                    self.say(problem.of(entry.notification.label()));
                    continue;
                }
                entry.contacts.push(people.contact(&user, side, &channel, &entry.notification.name));
            }
            entry.letters.clone_from(&all);
            entry.period.clone_from(&common);
        }
    }

    /// What a notification tells, as option letters.
    fn letters(&mut self, notification: &Object, of_service: bool) -> BTreeSet<char> {
        let known: &[&str] =
            if of_service { &["OK", "Warning", "Critical", "Unknown"] } else { &["Up", "Down"] };
        let states = self.filter(notification, "states", known);
        letters(&states, &self.types(notification))
    }

    /// The types of messages that a notification or a user takes.
    pub(super) fn types(&mut self, object: &Object) -> Vec<String> {
        let known = [
            "Problem",
            "Recovery",
            "Acknowledgement",
            "Custom",
            "FlappingStart",
            "FlappingEnd",
            "DowntimeStart",
            "DowntimeEnd",
            "DowntimeRemoved",
        ];
        self.filter(object, "types", &known)
    }

    /// The items of `states` or `types`, all if there are none.
    pub(super) fn filter(&mut self, object: &Object, name: &str, known: &[&str]) -> Vec<String> {
        let Some(array) = object.array(name) else {
            return known.iter().map(|text| (*text).to_owned()).collect();
        };
        let mut found = Vec::new();
        for item in array.items() {
            let text = item.shown();
            if known.contains(&&*text) {
                found.push(text);
            } else {
                let problem =
                    Problem::error(object.place(name), format!("`{text}` is not one of its {name}"));
                self.say(problem.of(object.label()).hint(format!("known: {}", known.join(", "))));
            }
        }
        found
    }

    fn timing(&mut self, notification: &Object) -> Timing {
        let times = notification.dictionary("times");
        let mut number = |name: &str| match times.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::Number(number)) => Some(number.max(0.0)),
            Some(other) => {
                let message = format!("`times.{name}` is {}, and must be a duration", other.kind());
                self.say(Problem::error(notification.place("times"), message).of(notification.label()));
                None
            }
        };
        let (begin, end) = (number("begin").unwrap_or(0.0), number("end"));
        Timing { begin, end, interval: notification.number("interval").max(0.0) }
    }

    /// Puts into the definition of an object who is told of it; escalations become definitions of their own.
    pub(super) fn told(&mut self, told: &Told, object: &Object, definition: &mut Definition) {
        let host = object.text("host_name").filter(|_| object.of == Kind::Service);
        let name =
            host.as_ref().map_or_else(|| object.name.to_string(), |host| format!("{host}!{}", object.name));
        let entries = told.of.get(&name).map_or(&[][..], |entries| entries);
        let at = entries.first().map_or(object.at, |entry| entry.notification.at);
        let timings: Vec<Timing> = entries.iter().map(|entry| entry.timing).collect();
        let (begin, steps) = steps(&timings);
        self.warn_of_intervals(entries);
        let Some((first, rest)) = steps.split_first() else { return };
        // a service without contacts of its own takes those of its host in Nagios, and none in Icinga
        named(definition, entries, &first.active, at);
        definition.put(Key::NotificationInterval, self.units(first.interval), at);
        if begin > 0.0 {
            definition.put(Key::FirstNotificationDelay, self.units(begin), at);
        }
        let period = entries.first().and_then(|entry| entry.period.clone());
        definition.put(Key::NotificationPeriod, period.as_deref().unwrap_or("null"), at);
        if let Some(entry) = entries.first() {
            definition.put(Key::NotificationOptions, joined(&entry.letters), at);
        }
        for step in rest {
            let of = if host.is_some() { Type::ServiceEscalation } else { Type::HostEscalation };
            let latest = step
                .active
                .iter()
                .filter_map(|n| entries.get(*n))
                .max_by(|a, b| a.timing.begin.total_cmp(&b.timing.begin));
            let Some(at) = latest.map(|entry| entry.notification.at) else { continue };
            let mut escalation = self.open(of, at);
            escalation.put(Key::HostName, host.as_deref().unwrap_or(&object.name), at);
            if host.is_some() {
                escalation.put(Key::Descriptions, &object.name, at);
            }
            escalation.put(Key::FirstNotification, step.first.to_string(), at);
            escalation.put(Key::LastNotification, step.last.to_string(), at);
            escalation.put(Key::NotificationInterval, self.units(step.interval), at);
            named(&mut escalation, entries, &step.active, at);
            self.definitions.push(escalation);
        }
    }

    /// Mails about one object have one clock.
    fn warn_of_intervals(&mut self, entries: &[Entry]) {
        let again = || entries.iter().filter(|entry| entry.timing.interval > 0.0);
        let Some(shortest) = again().map(|entry| entry.timing.interval).min_by(f64::total_cmp) else {
            return;
        };
        for entry in again().filter(|entry| entry.timing.interval > shortest) {
            let (at, label) = (entry.notification.place("interval"), entry.notification.label());
            let message = format!(
                "its interval of {} s is not kept where another notification of the same object has one of {shortest} s",
                entry.timing.interval
            );
            let problem = Problem::warning(at, message).of(label.clone());
            self.warn_once(&format!("{label} {at:?}"), problem.hint("give both the same interval"));
        }
    }
}

/// Those who are told by some of the notifications, each once.
fn named(definition: &mut Definition, entries: &[Entry], active: &[usize], at: icinga2::Location) {
    let active = || active.iter().filter_map(|n| entries.get(*n));
    let contacts: BTreeSet<&String> = active().flat_map(|entry| &entry.contacts).collect();
    let groups: BTreeSet<&String> = active().flat_map(|entry| &entry.groups).collect();
    definition.put_names(Key::Contacts, &contacts.into_iter().collect::<Vec<_>>(), at);
    definition.put_names(Key::ContactGroups, &groups.into_iter().collect::<Vec<_>>(), at);
}

/// Option letters of states and types of messages. Who takes recoveries is told of one whatever his states.
pub(super) fn letters(states: &[String], types: &[String]) -> BTreeSet<char> {
    let has = |name: &str| types.iter().any(|known| known == name);
    let mut letters = BTreeSet::new();
    if has("Problem") {
        letters.extend(states.iter().flat_map(|state| letters_of(state)).filter(|letter| *letter != 'o'));
    }
    if has("Recovery") {
        letters.insert('r');
    }
    if has("FlappingStart") || has("FlappingEnd") {
        letters.insert('f');
    }
    if ["DowntimeStart", "DowntimeEnd", "DowntimeRemoved"].into_iter().any(has) {
        letters.insert('s');
    }
    letters
}

/// As they stand in a definition.
pub(super) fn joined(letters: &BTreeSet<char>) -> String {
    if letters.is_empty() {
        return "n".to_owned();
    }
    letters.iter().map(char::to_string).collect::<Vec<_>>().join(",")
}

/// Users by the groups in which they are.
pub(super) fn members(of: &icinga2::Evaluated) -> BTreeMap<Rc<str>, Vec<Rc<str>>> {
    let mut members: BTreeMap<Rc<str>, Vec<Rc<str>>> =
        of.of(Kind::UserGroup).map(|group| (group.name.clone(), Vec::new())).collect();
    for user in of.of(Kind::User) {
        for group in user.texts("groups") {
            if let Some(members) = members.get_mut(&group) {
                members.push(user.name.clone());
            }
        }
    }
    members
}
