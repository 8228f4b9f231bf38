//! What a finished object must have, besides attributes of the right form.

use crate::ast::Definition;
use crate::object::{Object, Type};
use crate::problem::{Location, Problem};
use crate::value::{Dictionary, Value};

/// `assign where` stands in groups, and `ignore where` beside it.
pub(crate) fn rules(of: Type, definition: &Definition, say: &mut dyn FnMut(Problem)) {
    let (assign, ignore) = (definition.body.assign.first(), definition.body.ignore.first());
    let is_group = matches!(of, Type::HostGroup | Type::ServiceGroup | Type::UserGroup);
    let problem = match (assign, ignore) {
        (Some(place), _) | (_, Some(place)) if !is_group => {
            Problem::error(place.at, format!("a {} takes no `assign where` and no `ignore where`", of.name()))
                .hint("write `apply` instead of `object`")
        }
        (None, Some(ignore)) => Problem::error(ignore.at, "`ignore where` without `assign where`")
            .hint("write `assign where true` before it if it is for all others"),
        _ => return,
    };
    say(problem);
}

/// Attributes that must be there, and what is known of their values.
pub(crate) fn object(object: &Object, say: &mut dyn FnMut(Problem)) {
    let mut say = |problem: Problem| say(problem.of(object.label()));
    let wanted: &[&str] = match object.of {
        Type::Host => &["check_command"],
        Type::Service => &["host_name", "check_command"],
        Type::CheckCommand | Type::NotificationCommand | Type::EventCommand => &["command"],
        Type::Notification => &["host_name", "command"],
        Type::Dependency => &["parent_host_name", "child_host_name"],
        _ => &[],
    };
    for name in wanted.iter().filter(|name| !object.has(name)) {
        let problem = Problem::error(object.at, format!("has no {name}"));
        say(problem.hint(format!("write `{name} = …`, or import a template that has it")));
    }
    match object.of {
        Type::Host | Type::Service => intervals(object, &mut say),
        Type::Notification => notification(object, &mut say),
        Type::CheckCommand | Type::NotificationCommand | Type::EventCommand => command(object, &mut say),
        _ => {}
    }
    macros("vars", &object.dictionary("vars"), object.place("vars"), &mut say);
}

fn intervals(object: &Object, say: &mut dyn FnMut(Problem)) {
    for name in ["check_interval", "retry_interval"] {
        if object.number(name) <= 0.0 {
            let problem = Problem::error(object.place(name), format!("`{name}` must be more than 0"));
            say(problem.hint("write a number of seconds, or a duration such as 5m"));
        }
    }
}

fn notification(object: &Object, say: &mut dyn FnMut(Problem)) {
    if object.texts("users").is_empty() && object.texts("user_groups").is_empty() {
        let problem = Problem::error(object.at, "has neither users nor user_groups");
        say(problem.hint("write `users = [ … ]`, or leave out with `ignore where` who has none"));
    }
    let (times, at) = (object.dictionary("times"), object.place("times"));
    if let Some((name, _)) = times.iter().find(|(name, _)| !["begin", "end"].contains(&&***name)) {
        say(Problem::error(at, format!("`times.{name}` means nothing")).hint("known: begin, end"));
    }
    let seconds = |name: &str| times.get(name).filter(|value| !value.is_empty()).and_then(Value::to_number);
    if seconds("begin").zip(seconds("end")).is_some_and(|(begin, end)| end > 0.0 && begin > end) {
        let problem = Problem::error(at, "`times.begin` is behind `times.end`");
        say(problem.hint("write the smaller one into `begin`"));
    }
}

/// What an argument of a command may say of itself.
const OF_ARGUMENT: [&str; 9] =
    ["value", "description", "key", "order", "repeat_key", "required", "separator", "set_if", "skip_key"];

fn command(object: &Object, say: &mut dyn FnMut(Problem)) {
    macros("env", &object.dictionary("env"), object.place("env"), say);
    let at = object.place("arguments");
    for (key, argument) in object.dictionary("arguments").iter() {
        let wrong = match argument {
            Value::Dictionary(argument) => argument.iter().find_map(|(name, value)| of_argument(name, value)),
            Value::Array(_) => Some(("is an array".to_owned(), "write a macro whose value is the array")),
            _ => None,
        };
        if let Some((what, hint)) = wrong {
            say(Problem::error(at, format!("`{key}` in `arguments` {what}")).hint(hint));
        }
    }
    macros("arguments", &object.dictionary("arguments"), at, say);
}

/// What is wrong with `name = value` in an argument, and what would be right.
fn of_argument(name: &str, value: &Value) -> Option<(String, &'static str)> {
    if !OF_ARGUMENT.contains(&name) {
        return Some((
            format!("has `{name}`, which means nothing"),
            "known: value, description, key, order, repeat_key, required, separator, set_if, skip_key",
        ));
    }
    match (name, value) {
        ("order" | "repeat_key" | "required" | "skip_key", value) if value.to_number().is_none() => Some((
            format!("has a `{name}` that is {}", value.kind()),
            "write true or false, and a number for `order`",
        )),
        ("set_if" | "value", Value::Dictionary(_) | Value::Array(_)) => {
            Some((format!("has a `{name}` that is {}", value.kind()), "write a macro whose value that is"))
        }
        _ => None,
    }
}

/// Every `$` of a text has a second one, also of a text in an array or dictionary.
fn macros(name: &str, dictionary: &Dictionary, at: Location, say: &mut dyn FnMut(Problem)) {
    let open = |value: &Value| match value {
        Value::Array(array) => array.items().iter().any(is_open),
        Value::Dictionary(dictionary) => dictionary.iter().any(|(_, value)| is_open(value)),
        value => is_open(value),
    };
    if let Some((key, value)) = dictionary.iter().find(|(_, value)| open(value)) {
        let start: String = value.shown().chars().take(40).collect();
        let message = format!("`{name}.{key}` has a `$` without a second one: `{start}`");
        say(Problem::error(at, message).hint("a `$` itself is written `$$`"));
    }
}

fn is_open(value: &Value) -> bool {
    matches!(value, Value::Text(text) if text.bytes().filter(|byte| *byte == b'$').count() % 2 == 1)
}
