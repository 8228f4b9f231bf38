//! Command lines as Icinga puts them together: the words of `command`, then `arguments` in their order,
//! macros looked up in the service, its host and the command.
//!
//! What is known now is put in now. What is known only when the command runs (`$host.state$`) is asked of
//! the caller and stays a macro, so words are in a form in which `$$` is a `$`.

use std::rc::Rc;

use crate::object::{Object, Type};
use crate::operators::spelled;
use crate::problem::{Location, Problem};
use crate::value::{Array, Value};

/// Macros in values of macros are followed so far, as in Icinga.
const MAX_DEPTH: u8 = 15;

/// A command line may have so many words.
const MAX_WORDS: usize = 4_096;

/// All words together may have so many bytes.
const MAX_BYTES: usize = 64 * 1024;

/// What is known of a macro that is neither an attribute nor a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Macro {
    /// It has a value when the command runs: this text stands for it.
    Later(String),
    /// It is unknown.
    Unknown,
}

/// For whom a command runs.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The service, if it is one.
    pub service: Option<&'a Object>,
    /// The host; none in a notification, which is about any.
    pub host: Option<&'a Object>,
    /// The command.
    pub command: &'a Object,
    /// What it is told of macros that are neither attributes nor variables.
    pub later: &'a dyn Fn(&str) -> Macro,
}

/// Why a text with macros has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// This macro has none.
    Missing(String),
    /// This is wrong with it.
    Wrong(String),
}

/// The words of a command for a subject, the program first.
pub fn argv(subject: Subject<'_>) -> Result<Vec<String>, Problem> {
    let command = subject.command;
    let mut words = Words::default();
    let at = command.place("command");
    let problem = |at: Location, why: Unresolved| complaint(subject, at, "command", &why);
    if let Value::Array(array) = command.get("command") {
        for item in array.items() {
            let value = subject.value(item).map_err(|why| problem(at, why))?;
            words.add_all(&value).map_err(|message| problem(at, Unresolved::Wrong(message)))?;
        }
    } else {
        let message = "`command` is a string, which Icinga gives to a shell".to_owned();
        let hint = "write it as an array: [ \"/path/of/program\", \"argument\", … ]";
        return Err(Problem::error(at, message).of(command.label()).hint(hint));
    }
    let at = command.place("arguments");
    for argument in ordered(subject)? {
        argument
            .put(&mut words)
            .map_err(|message| complaint(subject, at, &argument.key, &Unresolved::Wrong(message)))?;
    }
    if words.words.is_empty() {
        return Err(Problem::error(command.at, "its `command` is empty").of(command.label()));
    }
    Ok(words.words)
}

/// A text with its macros in place, for instance a value of `env`.
pub fn resolved(subject: Subject<'_>, text: &Value) -> Result<Value, Unresolved> {
    subject.value(text)
}

#[derive(Default)]
struct Words {
    words: Vec<String>,
    bytes: usize,
}

impl Words {
    fn add(&mut self, word: String) -> Result<(), String> {
        self.bytes += word.len();
        if self.words.len() >= MAX_WORDS || self.bytes > MAX_BYTES {
            return Err(format!("has more than {MAX_WORDS} words or {MAX_BYTES} bytes"));
        }
        self.words.push(word);
        Ok(())
    }

    fn add_all(&mut self, value: &Value) -> Result<(), String> {
        match value {
            Value::Array(array) => array.items().iter().try_for_each(|item| self.add_all(item)),
            Value::Dictionary(_) => Err("is a dictionary, of which no word can be made".to_owned()),
            value => self.add(spelled(value)),
        }
    }
}

/// An argument that is given.
struct Argument {
    key: String,
    value: Option<Value>,
    skip_key: bool,
    repeat_key: bool,
    separator: Option<String>,
    order: f64,
}

impl Argument {
    fn put(&self, words: &mut Words) -> Result<(), String> {
        match &self.value {
            None if self.skip_key => Ok(()),
            None => words.add(self.key.clone()),
            Some(Value::Array(array)) => {
                for (number, item) in array.items().iter().enumerate() {
                    self.put_one(item, !self.skip_key && (number == 0 || self.repeat_key), words)?;
                }
                Ok(())
            }
            Some(value) => self.put_one(value, !self.skip_key, words),
        }
    }

    fn put_one(&self, value: &Value, with_key: bool, words: &mut Words) -> Result<(), String> {
        if matches!(value, Value::Dictionary(_) | Value::Array(_)) {
            return Err(format!("is {}, of which no word can be made", value.kind()));
        }
        match &self.separator {
            Some(separator) if with_key => words.add(format!("{}{separator}{}", self.key, spelled(value))),
            _ => {
                if with_key {
                    words.add(self.key.clone())?;
                }
                words.add(spelled(value))
            }
        }
    }
}

/// All arguments that are given, in their order.
fn ordered(subject: Subject<'_>) -> Result<Vec<Argument>, Problem> {
    let command = subject.command;
    let at = command.place("arguments");
    let mut arguments = Vec::new();
    for (key, value) in command.dictionary("arguments").iter() {
        let said = match value {
            Value::Dictionary(dictionary) => Some(dictionary.clone()),
            _ => None,
        };
        let said = |name: &str| said.as_ref().and_then(|said| said.get(name));
        let is_set = |name: &str, default: bool| said(name).map_or(default, Value::is_true);
        let value = match value {
            Value::Dictionary(_) => said("value").cloned().unwrap_or_default(),
            value => value.clone(),
        };
        if let Some(condition) = said("set_if").filter(|condition| !condition.is_empty()) {
            let is_given = match subject.value(condition) {
                Ok(condition) => given(&condition),
                Err(Unresolved::Missing(_)) => Some(false),
                Err(why) => return Err(complaint(subject, at, key, &why)),
            };
            match is_given {
                Some(true) => {}
                Some(false) => continue,
                None => {
                    let message = "has a `set_if` that is neither true nor false, nor a number".to_owned();
                    return Err(complaint(subject, at, key, &Unresolved::Wrong(message)));
                }
            }
        }
        let value = if value.is_empty() {
            None
        } else {
            match subject.value(&value) {
                Ok(value) => Some(value),
                Err(Unresolved::Missing(_)) if !is_set("required", false) => continue,
                Err(why) => return Err(complaint(subject, at, key, &why)),
            }
        };
        arguments.push(Argument {
            key: escaped(&said("key").map_or_else(|| key.to_string(), spelled)),
            value,
            skip_key: is_set("skip_key", false),
            repeat_key: is_set("repeat_key", true),
            separator: said("separator").map(|text| escaped(&spelled(text))),
            order: said("order").and_then(Value::as_number).unwrap_or(0.0),
        });
    }
    arguments.sort_by(|a, b| a.order.total_cmp(&b.order));
    Ok(arguments)
}

/// Does a `set_if` hold? None if it is no condition.
fn given(condition: &Value) -> Option<bool> {
    match condition {
        Value::Text(text) => match &**text {
            "true" => Some(true),
            "false" | "" => Some(false),
            text => text.trim().parse::<f64>().ok().map(|number| number != 0.0),
        },
        Value::Null => Some(false),
        value => value.as_number().map(|number| number != 0.0),
    }
}

fn complaint(subject: Subject<'_>, at: Location, what: &str, why: &Unresolved) -> Problem {
    let command = subject.command.label();
    let (object, at) = match subject.service.or(subject.host) {
        Some(object) => (object.label(), object.place("check_command")),
        None => (command.clone(), at),
    };
    let problem = match why {
        Unresolved::Missing(name) => {
            let problem =
                Problem::error(at, format!("`{what}` of {command} needs `${name}$`, which is not there"));
            match name.as_str() {
                "address" | "address6" => problem.hint(format!("write `{name} = \"…\"` into the host")),
                name if name.contains('.') => {
                    problem.hint("correct the name of the macro, or set what it names")
                }
                name => problem.hint(format!("set `vars.{name}`")),
            }
        }
        Unresolved::Wrong(message) => Problem::error(at, format!("`{what}` of {command}: {message}")),
    };
    problem.of(object)
}

/// A text in which `$` is no macro.
fn escaped(text: &str) -> String {
    text.replace('$', "$$")
}

impl Subject<'_> {
    /// A value with its macros in place.
    fn value(self, value: &Value) -> Result<Value, Unresolved> {
        self.value_at(value, 0)
    }

    fn value_at(self, value: &Value, depth: u8) -> Result<Value, Unresolved> {
        match value {
            Value::Text(text) => self.text(text, depth),
            Value::Array(array) => {
                let items: Result<Vec<Value>, Unresolved> =
                    array.items().iter().map(|item| self.value_at(item, depth)).collect();
                Ok(Value::Array(Rc::new(Array::new(items?))))
            }
            value => Ok(value.clone()),
        }
    }

    fn text(self, text: &str, depth: u8) -> Result<Value, Unresolved> {
        if depth > MAX_DEPTH {
            return Err(Unresolved::Wrong(format!("macros in macros are more than {MAX_DEPTH} deep")));
        }
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, tail)) = rest.split_once('$') {
            out.push_str(before);
            let Some((name, after)) = tail.split_once('$') else {
                return Err(Unresolved::Wrong(format!(
                    "`{text}` has a `$` without a second one; a `$` itself is `$$`"
                )));
            };
            let is_all = before.is_empty() && out.is_empty() && after.is_empty();
            rest = after;
            if name.is_empty() {
                out.push_str("$$");
                continue;
            }
            let value = self.macro_value(name, depth)?;
            if is_all {
                return Ok(value);
            }
            if matches!(value, Value::Array(_) | Value::Dictionary(_)) {
                return Err(Unresolved::Wrong(format!(
                    "`${name}$` is {}, and stands within other text",
                    value.kind()
                )));
            }
            out.push_str(&spelled(&value));
            if out.len() > MAX_BYTES {
                return Err(Unresolved::Wrong(format!("a value is longer than {MAX_BYTES} bytes")));
            }
        }
        out.push_str(rest);
        Ok(Value::text(out))
    }

    fn macro_value(self, name: &str, depth: u8) -> Result<Value, Unresolved> {
        if let Some(value) = self.found(name) {
            return self.value_at(&value, depth + 1);
        }
        if name == "check_address" && self.host.is_some() {
            return self
                .address()
                .map(|address| Value::text(escaped(&address)))
                .ok_or(Unresolved::Missing("address".into()));
        }
        match (self.later)(name) {
            Macro::Later(text) => Ok(Value::text(text)),
            Macro::Unknown => Err(Unresolved::Missing(name.to_owned())),
        }
    }

    /// What a macro names among attributes and variables.
    fn found(self, name: &str) -> Option<Value> {
        let objects = [self.service, self.host];
        let Some((first, path)) = name.split_once('.') else {
            for object in objects.into_iter().flatten() {
                if let Some(value) = object.variable(name) {
                    return Some(value);
                }
                if let Some(value) = attribute(object, name) {
                    return Some(value);
                }
            }
            return self.command.variable(name);
        };
        let object = match first {
            "service" => self.service?,
            "host" => self.host?,
            "command" => self.command,
            _ => return None,
        };
        let mut parts = path.split('.');
        if path == "name" {
            return Some(Value::text(escaped(&object.name)));
        }
        let mut value = attribute(object, parts.next()?)?;
        for part in parts {
            let Value::Dictionary(dictionary) = &value else { return None };
            value = dictionary.get(part)?.clone();
        }
        Some(value)
    }

    /// The address that is checked: IPv4 before IPv6, unless `check_ipv4` or `check_ipv6` asks for one.
    fn address(self) -> Option<Rc<str>> {
        let host = self.host?;
        let asks = |name: &str| {
            let value = self.found(name).and_then(|value| self.value_at(&value, 0).ok());
            value.and_then(|value| given(&value)) == Some(true)
        };
        let (four, six) = (host.text("address"), host.text("address6"));
        match (asks("check_ipv4"), asks("check_ipv6")) {
            (false, true) => six,
            (true, false) => four,
            _ => four.or(six),
        }
    }
}

/// An attribute as a macro has it: of commands only `vars`; nothing that is not set, but the names that
/// people read.
fn attribute(object: &Object, name: &str) -> Option<Value> {
    if name == "name" {
        return Some(Value::text(escaped(&object.name)));
    }
    let known = object.of.attribute(name)?.name;
    let is_there =
        object.attributes.contains_key(known) || (known == "display_name" && object.of != Type::CheckCommand);
    is_there.then(|| object.get(known))
}
