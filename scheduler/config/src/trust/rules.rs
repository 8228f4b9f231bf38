//! What a definition may say that no administrator wrote. Pure: each rule gives its reason.
//!
//! Whatever is not allowed here is refused, so a directive that comes to the language later is
//! refused until somebody has thought about it.

use std::collections::HashSet;

use crate::directives::{Key, Type};
use crate::model::{Definition, Directive, Objects};
use crate::problem::Problem;
use crate::resolve::STALE;
use crate::values::{command, flag, items, number};

use super::text::unfit;

/// So many definitions may stand in the file of one machine.
pub(super) const MAX_OBJECTS: usize = 1000;

/// Longest name of an object, in bytes.
const MAX_NAME: usize = 255;

/// Longest value, in bytes.
const MAX_VALUE: usize = 4096;

/// Checks may come so often, in seconds: a machine shall not keep the scheduler busy.
const MIN_INTERVAL: f64 = 10.0;

/// Mails about one problem may come so often, in seconds.
const MIN_NOTIFICATION_INTERVAL: f64 = 300.0;

/// What trusted definitions offer.
#[derive(Debug, Default)]
pub(super) struct Known<'t> {
    pub hosts: HashSet<&'t str>,
    pub host_groups: HashSet<&'t str>,
    pub service_groups: HashSet<&'t str>,
    /// Seconds of the unit of intervals.
    pub interval_length: f64,
}

impl<'t> Known<'t> {
    /// Of all definitions that were read so far.
    pub(super) fn of(objects: &Objects<'t>, interval_length: f64) -> Known<'t> {
        let mut known = Known { interval_length, ..Known::default() };
        for definition in &objects.definitions {
            let names = match definition.of {
                Type::Host => &mut known.hosts,
                Type::HostGroup => &mut known.host_groups,
                Type::ServiceGroup => &mut known.service_groups,
                _ => continue,
            };
            names.extend(objects.directive(definition, Key::Name).map(|name| name.value));
        }
        known
    }
}

/// By whom a definition may have been written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Author<'a> {
    /// This machine.
    Machine(&'a str),
    /// Any machine.
    Anyone,
}

/// Everything about a definition that is not allowed.
pub(super) fn judge(
    objects: &Objects<'_>,
    definition: &Definition<'_>,
    author: Author<'_>,
    known: &Known<'_>,
) -> Vec<Problem> {
    let refuse = |line: u32, message: String, hint: &str| {
        let problem = Problem::error(objects.place(definition.file, line), message);
        problem.of(objects.label(definition)).hint(hint).quarantined()
    };
    let allowed = match author {
        Author::Machine(_) => matches!(definition.of, Type::Host | Type::Service),
        Author::Anyone => matches!(
            definition.of,
            Type::Host
                | Type::Service
                | Type::HostGroup
                | Type::ServiceGroup
                | Type::HostExtInfo
                | Type::ServiceExtInfo
                | Type::ServiceDependency
                | Type::HostDependency
        ),
    };
    if !allowed {
        let message = format!("a {} is for trusted files only", definition.of.name());
        return vec![refuse(definition.line, message, "define it in one of `objects: trusted:`")];
    }
    let mut problems = Vec::new();
    for directive in objects.directives(definition) {
        let fault = wrong(definition.of, directive, author, known);
        problems.extend(fault.map(|(message, hint)| refuse(directive.line, message, hint)));
    }
    if definition.puppet_title.is_some_and(|title| title.len() > MAX_NAME || title.chars().any(unfit)) {
        problems.push(refuse(
            definition.line,
            "the title in its comment is no title".to_owned(),
            "shorten it",
        ));
    }
    let own = |key| objects.directive(definition, key).is_some();
    if let Author::Machine(certname) = author {
        let key = if definition.of == Type::Host { Key::Name } else { Key::HostName };
        if !own(key) {
            let message = "has no host_name of its own".to_owned();
            let hint = "a host_name that a template gives may be that of other hosts";
            problems.push(refuse(definition.line, format!("{message}: `{certname}` is expected"), hint));
        }
    }
    problems
}

type Fault = Option<(String, &'static str)>;

/// What is wrong with one line.
fn wrong(of: Type, directive: &Directive<'_>, author: Author<'_>, known: &Known<'_>) -> Fault {
    let (key, value) = (directive.key, directive.value);
    if let Some(bad) = value.chars().find(|c| unfit(*c)) {
        return fault(format!("the character `{}` may not stand here", bad.escape_unicode()), "take it out");
    }
    if value.len() > MAX_VALUE {
        return fault(format!("a value is longer than {MAX_VALUE} bytes"), "shorten it");
    }
    let is_object = matches!(of, Type::Host | Type::Service);
    match key {
        Key::Template | Key::Register => {
            fault("templates are for trusted files only".to_owned(), "leave `name` and `register` out")
        }
        Key::EventHandler => {
            fault("event handlers are for trusted files only".to_owned(), "give it in a trusted template")
        }
        _ if !is_object => None,
        _ if !may_say(key) => {
            let message = format!("{} is for trusted files only", of.spelling(key));
            fault(message, "give it in a trusted template, and `use` that")
        }
        // none, whatever a template says
        Key::Address | Key::NotesUrl | Key::ActionUrl if value.is_empty() => None,
        Key::Name | Key::ServiceDescription if value.len() > MAX_NAME => {
            fault(format!("a name is longer than {MAX_NAME} bytes"), "shorten it")
        }
        Key::Name | Key::HostName | Key::HostGroupName => named(of, key, value, author),
        Key::Groups if matches!(author, Author::Machine(_)) => group(of, value, known),
        Key::Address => address(value),
        Key::NotesUrl | Key::ActionUrl => url(value),
        Key::CheckCommand => check_command(value),
        Key::CheckInterval | Key::RetryInterval => often(value, MIN_INTERVAL, known),
        Key::NotificationInterval => often(value, MIN_NOTIFICATION_INTERVAL, known),
        Key::IsVolatile if flag(value).0 => {
            fault("is_volatile mails after every check".to_owned(), "give it in a trusted template")
        }
        Key::Variable => variable(value),
        _ => None,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "every rule ends with it")]
fn fault(message: String, hint: &'static str) -> Fault {
    Some((message, hint))
}

/// Directives of hosts and services that are data about the machine itself.
fn may_say(key: Key) -> bool {
    matches!(
        key,
        Key::Use
            | Key::Name
            | Key::Alias
            | Key::DisplayName
            | Key::Address
            | Key::Notes
            | Key::NotesUrl
            | Key::ActionUrl
            | Key::IconImage
            | Key::IconImageAlt
            | Key::HostName
            | Key::HostGroupName
            | Key::ServiceDescription
            | Key::Parents
            | Key::Groups
            | Key::Contacts
            | Key::ContactGroups
            | Key::CheckCommand
            | Key::CheckPeriod
            | Key::CheckInterval
            | Key::RetryInterval
            | Key::MaxCheckAttempts
            | Key::ActiveChecks
            | Key::PassiveChecks
            | Key::IsVolatile
            | Key::CheckFreshness
            | Key::FreshnessThreshold
            | Key::LowFlap
            | Key::HighFlap
            | Key::FlapDetection
            | Key::FlapOptions
            | Key::Stalking
            | Key::InitialState
            | Key::EventHandlerEnabled
            | Key::EventHandlerPeriod
            | Key::Obsess
            | Key::ProcessPerfData
            | Key::RetainStatus
            | Key::RetainNonstatus
            | Key::ParallelizeCheck
            | Key::VrmlImage
            | Key::StatusmapImage
            | Key::Coords2d
            | Key::Coords3d
            | Key::Importance
            | Key::Notifications
            | Key::NotificationInterval
            | Key::FirstNotificationDelay
            | Key::NotificationPeriod
            | Key::NotificationOptions
            | Key::Variable
            | Key::Ignored
    )
}

fn named(of: Type, key: Key, value: &str, author: Author<'_>) -> Fault {
    let Author::Machine(certname) = author else { return None };
    if key == Key::HostGroupName {
        let message = "a service of an exported file is one of its own host, not of a group".to_owned();
        return fault(message, "write `host_name` with the host's own name");
    }
    // no list, no `*`, no `!`, no `+`: the name itself
    if value == certname {
        return None;
    }
    let message = format!("{} `{value}` is not `{certname}`, whose file this is", of.spelling(key));
    fault(message, "a file of an exported folder is about the host that it is named after")
}

fn group(of: Type, value: &str, known: &Known<'_>) -> Fault {
    let groups = if of == Type::Host { &known.host_groups } else { &known.service_groups };
    let list = value.strip_prefix('+').unwrap_or(value);
    let unknown = items(list).find(|name| *name != "null" && !groups.contains(name))?;
    fault(format!("`{unknown}` is no group that a trusted file defines"), "define it in one of them")
}

/// A name or a number of a network address, so that it is never taken for an option.
fn address(value: &str) -> Fault {
    let good = |c: char| c.is_alphanumeric() || ".:_-%".contains(c);
    if value.chars().all(good) && value.starts_with(|c: char| c.is_alphanumeric() || c == ':') {
        return None;
    }
    fault(format!("`{value}` is no address"), "write an IP address or a host's name")
}

/// What a page may link to.
fn url(value: &str) -> Fault {
    let lower = value.to_ascii_lowercase();
    let path = value.starts_with('/') && !value.starts_with("//");
    let good = lower.starts_with("http://") || lower.starts_with("https://") || path || value == "null";
    if good && !value.contains(['"', '<', '>', '\\']) {
        return None;
    }
    fault("this is no address of a page".to_owned(), "it starts with http://, https:// or /")
}

/// A command that others defined; its arguments are words, and no options.
fn check_command(value: &str) -> Fault {
    let (name, arguments) = command(value);
    if name.starts_with("hlidka:") && value != STALE {
        return fault(format!("`{name}` is for trusted files only"), "name a command");
    }
    let option = |argument: &str| {
        let inner = unquoted(argument);
        inner
            .strip_prefix('-')
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit() || c == '.'))
    };
    let argument = arguments.iter().find(|argument| option(argument))?;
    let message = format!("the argument `{argument}` could be taken for an option");
    fault(message, "let the trusted command say the option, and the argument only its value")
}

/// An argument without the quotes around all of it, which a shell would have taken off.
pub(crate) fn unquoted(argument: &str) -> &str {
    for quote in ['\'', '"'] {
        let inner = argument.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner.filter(|inner| !inner.contains(quote)) {
            return inner;
        }
    }
    argument
}

fn often(value: &str, least: f64, known: &Known<'_>) -> Fault {
    let seconds = number(value).0 * known.interval_length;
    if seconds == 0.0 || seconds >= least {
        return None;
    }
    fault(format!("`{value}` is more often than every {least} seconds"), "give it in a trusted template")
}

fn variable(value: &str) -> Fault {
    let name = value.split([' ', '\t']).next().unwrap_or_default();
    if name.len() > MAX_NAME || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        let message = "the name of a custom variable has letters, digits and `_`".to_owned();
        return fault(message, "rename it");
    }
    if name.eq_ignore_ascii_case("_PROXY") || name.eq_ignore_ascii_case("_FAILURE_BUDGET") {
        return fault(format!("{name} is for trusted files only"), "give it in a trusted template");
    }
    None
}
