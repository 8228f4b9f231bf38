//! Types of objects, their attributes, and objects that are evaluated.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::BUILT_IN_FILE;
use crate::operators::spelled;
use crate::problem::Location;
use crate::value::{Array, Dictionary, Value};

/// A type of objects that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// A host.
    Host,
    /// A service of a host.
    Service,
    /// A group of hosts.
    HostGroup,
    /// A group of services.
    ServiceGroup,
    /// Somebody who is told.
    User,
    /// A group of users.
    UserGroup,
    /// Times of the week and the year.
    TimePeriod,
    /// What checks.
    CheckCommand,
    /// What tells.
    NotificationCommand,
    /// What reacts.
    EventCommand,
    /// Who is told of one host or service, how and when.
    Notification,
    /// What must be well for another.
    Dependency,
}

/// What kind of value an attribute has.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    Text,
    Number(f64),
    /// A number without a fraction.
    Whole(f64),
    Flag(bool),
    Array,
    Dictionary,
    /// `command`: a string or an array.
    Command,
    /// Whatever it is.
    Any,
}

impl Form {
    /// A value as an attribute of this form keeps it; if it does not fit, what would.
    pub(crate) fn fitted(self, value: Value) -> Result<Value, &'static str> {
        let number = value.to_number();
        match (self, value) {
            (Form::Any, value)
            | (Form::Text, value @ (Value::Text(_) | Value::Null))
            | (Form::Array, value @ (Value::Array(_) | Value::Null))
            | (Form::Dictionary, value @ (Value::Dictionary(_) | Value::Null))
            | (Form::Command, value @ (Value::Text(_) | Value::Array(_) | Value::Null)) => Ok(value),
            (Form::Text, value @ (Value::Number(_) | Value::Bool(_))) => Ok(Value::text(spelled(&value))),
            (Form::Number(_), _) => number.map(Value::Number).ok_or("a number, or a duration such as 5m"),
            (Form::Whole(_), _) => number.map(|number| Value::Number(number.trunc())).ok_or("a number"),
            (Form::Flag(_), _) => number.map(|number| Value::Bool(number != 0.0)).ok_or("true or false"),
            (Form::Text, _) => Err("a string"),
            (Form::Array, _) => Err("an array: [ \"…\", \"…\" ]"),
            (Form::Dictionary, _) => Err("a dictionary: { … }"),
            (Form::Command, _) => Err("an array of strings: [ \"/path\", \"…\" ]"),
        }
    }
}

/// An attribute of a type.
#[derive(Debug)]
pub(crate) struct Attribute {
    pub name: &'static str,
    pub form: Form,
}

const fn text(name: &'static str) -> Attribute {
    Attribute { name, form: Form::Text }
}

const fn number(name: &'static str, default: f64) -> Attribute {
    Attribute { name, form: Form::Number(default) }
}

const fn flag(name: &'static str, default: bool) -> Attribute {
    Attribute { name, form: Form::Flag(default) }
}

const fn array(name: &'static str) -> Attribute {
    Attribute { name, form: Form::Array }
}

const fn dictionary(name: &'static str) -> Attribute {
    Attribute { name, form: Form::Dictionary }
}

const TYPES: &[(&str, Type, &[&[Attribute]])] = &[
    ("Host", Type::Host, &[NAMED, HOST, CHECKED]),
    ("Service", Type::Service, &[NAMED, SERVICE, CHECKED]),
    ("HostGroup", Type::HostGroup, &[NAMED, GROUP]),
    ("ServiceGroup", Type::ServiceGroup, &[NAMED, GROUP]),
    ("User", Type::User, &[NAMED, USER]),
    ("UserGroup", Type::UserGroup, &[NAMED, GROUP]),
    ("TimePeriod", Type::TimePeriod, &[NAMED, TIME_PERIOD]),
    ("CheckCommand", Type::CheckCommand, &[NAMED, COMMAND]),
    ("NotificationCommand", Type::NotificationCommand, &[NAMED, COMMAND]),
    ("EventCommand", Type::EventCommand, &[NAMED, COMMAND]),
    ("Notification", Type::Notification, &[NAMED, NOTIFICATION]),
    ("Dependency", Type::Dependency, &[NAMED, DEPENDENCY]),
];

const NAMED: &[Attribute] = &[dictionary("vars"), text("zone"), text("display_name"), text("package")];

const HOST: &[Attribute] = &[text("address"), text("address6")];

const SERVICE: &[Attribute] = &[text("host_name")];

const CHECKED: &[Attribute] = &[
    array("groups"),
    text("check_command"),
    Attribute { name: "max_check_attempts", form: Form::Whole(3.0) },
    text("check_period"),
    number("check_timeout", 0.0),
    number("check_interval", 300.0),
    number("retry_interval", 60.0),
    flag("enable_notifications", true),
    flag("enable_active_checks", true),
    flag("enable_passive_checks", true),
    flag("enable_event_handler", true),
    flag("enable_flapping", false),
    flag("enable_perfdata", true),
    text("event_command"),
    number("flapping_threshold", 0.0),
    number("flapping_threshold_high", 30.0),
    number("flapping_threshold_low", 25.0),
    array("flapping_ignore_states"),
    flag("volatile", false),
    text("command_endpoint"),
    text("notes"),
    text("notes_url"),
    text("action_url"),
    text("icon_image"),
    text("icon_image_alt"),
];

const GROUP: &[Attribute] = &[array("groups"), text("notes"), text("notes_url"), text("action_url")];

const USER: &[Attribute] = &[
    text("email"),
    text("pager"),
    array("groups"),
    flag("enable_notifications", true),
    text("period"),
    array("types"),
    array("states"),
];

const TIME_PERIOD: &[Attribute] = &[
    dictionary("ranges"),
    array("includes"),
    array("excludes"),
    flag("prefer_includes", true),
    Attribute { name: "update", form: Form::Any },
];

const COMMAND: &[Attribute] = &[
    Attribute { name: "command", form: Form::Command },
    dictionary("arguments"),
    dictionary("env"),
    number("timeout", 60.0),
    Attribute { name: "execute", form: Form::Any },
];

const NOTIFICATION: &[Attribute] = &[
    text("host_name"),
    text("service_name"),
    text("command"),
    array("users"),
    array("user_groups"),
    number("interval", 1800.0),
    text("period"),
    dictionary("times"),
    array("types"),
    array("states"),
    text("command_endpoint"),
];

const DEPENDENCY: &[Attribute] = &[
    text("parent_host_name"),
    text("parent_service_name"),
    text("child_host_name"),
    text("child_service_name"),
    array("states"),
    text("period"),
    flag("disable_checks", false),
    flag("disable_notifications", true),
    flag("ignore_soft_states", true),
    text("redundancy_group"),
];

/// Types that say how Icinga itself works: nothing in them is about what is monitored, and hlidka does these
/// things anyway.
pub(crate) const OF_ICINGA: &[&str] = &[
    "IcingaApplication",
    "CheckerComponent",
    "NotificationComponent",
    "FileLogger",
    "SyslogLogger",
    "JournaldLogger",
];

/// Types that are passed over, with what to do instead.
pub(crate) const PASSED_OVER: &[(&str, &str)] = &[
    ("Zone", "hlidka checks all itself, whatever the zone"),
    ("Endpoint", "hlidka checks all itself, whatever the endpoint"),
    (
        "ScheduledDowntime",
        "problems are told in these times, too; use `hlidka downtime` from a timer, or a time period",
    ),
    ("Downtime", "use `hlidka downtime`"),
    ("Comment", "write it into `notes`"),
    ("ApiListener", "hlidka has a local socket instead"),
    ("ApiUser", "hlidka has a local socket instead"),
    ("ExternalCommandListener", "write `command_file` into hlidka.yaml"),
    ("LivestatusListener", "hlidka does not have it"),
    ("CompatLogger", "hlidka keeps a history of its own"),
    ("StatusDataWriter", "use `hlidka status`"),
    ("IdoMysqlConnection", "hlidka keeps states itself"),
    ("IdoPgsqlConnection", "hlidka keeps states itself"),
    ("IcingaDB", "hlidka keeps states itself"),
    ("GraphiteWriter", "hlidka does not have it"),
    ("InfluxdbWriter", "hlidka does not have it"),
    ("Influxdb2Writer", "hlidka does not have it"),
    ("OpenTsdbWriter", "hlidka does not have it"),
    ("ElasticsearchWriter", "hlidka does not have it"),
    ("GelfWriter", "hlidka does not have it"),
    ("PerfdataWriter", "hlidka does not have it"),
    ("WindowsEventLogLogger", "hlidka does not have it"),
];

impl Type {
    /// The type of a name.
    pub(crate) fn of(name: &str) -> Option<Type> {
        TYPES.iter().find(|(known, ..)| *known == name).map(|(_, of, _)| *of)
    }

    /// As it is written.
    pub fn name(self) -> &'static str {
        TYPES.iter().find(|(_, of, _)| *of == self).map_or("", |(name, ..)| name)
    }

    /// All names, for "nearest known".
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        TYPES.iter().map(|(name, ..)| *name)
    }

    /// All its attributes.
    pub(crate) fn attributes(self) -> impl Iterator<Item = &'static Attribute> {
        let tables = TYPES.iter().find(|(_, of, _)| *of == self).map_or(&[][..], |(.., tables)| tables);
        tables.iter().copied().flatten()
    }

    pub(crate) fn attribute(self, name: &str) -> Option<&'static Attribute> {
        self.attributes().find(|attribute| attribute.name == name)
    }
}

/// An object, evaluated.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its type.
    pub of: Type,
    /// Its name; of a service without its host.
    pub name: Rc<str>,
    /// Where the object or rule stands.
    pub at: Location,
    /// It is of the table that stands for Icinga's own commands.
    pub is_built_in: bool,
    /// The host of a service, if it is known.
    pub(crate) host: Option<Rc<Object>>,
    /// Which templates it imports, those that they import among them.
    pub(crate) templates: Vec<Rc<str>>,
    pub(crate) attributes: BTreeMap<&'static str, (Value, Location)>,
}

impl Object {
    /// An object without attributes.
    pub(crate) fn new(of: Type, name: Rc<str>, at: Location) -> Object {
        let is_built_in = at.file == BUILT_IN_FILE;
        Object { of, name, at, is_built_in, host: None, templates: Vec::new(), attributes: BTreeMap::new() }
    }

    /// The value of an attribute, its default if it is not set.
    pub fn get(&self, name: &str) -> Value {
        if let Some((value, _)) = self.attributes.get(name)
            && (name != "display_name" || !value.is_empty())
        {
            return value.clone();
        }
        match self.of.attribute(name).map(|attribute| attribute.form) {
            Some(Form::Number(default) | Form::Whole(default)) => Value::Number(default),
            Some(Form::Flag(default)) => Value::Bool(default),
            Some(Form::Text) if name == "display_name" => Value::Text(self.name.clone()),
            Some(Form::Text) => Value::text(""),
            Some(Form::Array) => Value::array(Vec::new()),
            _ => Value::Null,
        }
    }

    /// What an expression finds under a name; none if there is no such attribute.
    pub(crate) fn seen(&self, name: &str) -> Option<Value> {
        if self.of.attribute(name).is_some() {
            return Some(self.get(name));
        }
        match name {
            "name" => Some(Value::Text(self.name.clone())),
            "__name" => Some(Value::text(match self.text("host_name") {
                Some(host) if self.of == Type::Service => format!("{host}!{}", self.name),
                _ => self.name.to_string(),
            })),
            "templates" => {
                let names = std::iter::once(&self.name).chain(&self.templates);
                Some(Value::array(names.map(|name| Value::Text(name.clone())).collect()))
            }
            "host" => self.host.clone().map(Value::Object),
            _ => None,
        }
    }

    /// Is the attribute set, and to more than nothing?
    pub fn has(&self, name: &str) -> bool {
        self.attributes.get(name).is_some_and(|(value, _)| !value.is_empty())
    }

    /// Where an attribute is set, else the object.
    pub fn place(&self, name: &str) -> Location {
        self.attributes.get(name).map_or(self.at, |(_, at)| *at)
    }

    /// A string; none if it is not set or empty.
    pub fn text(&self, name: &str) -> Option<Rc<str>> {
        match self.get(name) {
            Value::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// A number.
    pub fn number(&self, name: &str) -> f64 {
        self.get(name).as_number().unwrap_or(0.0)
    }

    /// True or false.
    pub fn flag(&self, name: &str) -> bool {
        self.get(name).is_true()
    }

    /// The items of an array; none if it is not set.
    pub fn array(&self, name: &str) -> Option<Rc<Array>> {
        match self.attributes.get(name) {
            Some((Value::Array(array), _)) => Some(array.clone()),
            _ => None,
        }
    }

    /// The strings of an array.
    pub fn texts(&self, name: &str) -> Vec<Rc<str>> {
        let array = self.array(name).unwrap_or_default();
        let texts = array.items().iter().filter(|item| !item.is_empty());
        texts
            .map(|item| if let Value::Text(text) = item { text.clone() } else { item.shown().into() })
            .collect()
    }

    /// A dictionary; empty if it is not set.
    pub fn dictionary(&self, name: &str) -> Rc<Dictionary> {
        match self.get(name) {
            Value::Dictionary(dictionary) => dictionary,
            _ => Rc::default(),
        }
    }

    /// A custom variable.
    pub fn variable(&self, name: &str) -> Option<Value> {
        self.dictionary("vars").get(name).cloned()
    }

    /// Type and name for messages; a service with its host.
    pub fn label(&self) -> String {
        match self.text("host_name").filter(|_| self.of == Type::Service) {
            Some(host) => format!("{} `{host}!{}`", self.of.name(), self.name),
            None => format!("{} `{}`", self.of.name(), self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_type_has_an_attribute_twice() {
        for (name, of, _) in TYPES {
            let mut names: Vec<&str> = of.attributes().map(|attribute| attribute.name).collect();
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count, "{name}");
            assert_eq!((Type::of(name), of.name()), (Some(*of), *name));
        }
    }
}
