//! Macros of a notification.

use engine::{CheckCommand, Condition, Notification, ObjectId, Timestamp};

use super::moment::{duration, time_macro};
use super::object::{contact_macro, object_macro, on_demand};
use super::{argument, data, output, standard};
use crate::command::{CommandLine, MacroValue, expand};
use crate::load::Configuration;

/// What macros stand for in a notification command. What the notification says comes from it: it
/// may be sent when its object has changed or is gone.
#[derive(Clone, Copy, Debug)]
pub struct NotificationMacros<'c> {
    configuration: &'c Configuration,
    notification: &'c Notification,
    command: &'c CheckCommand,
    object: Option<ObjectId>,
    now: Timestamp,
}

impl<'c> NotificationMacros<'c> {
    /// Macros for one of the notification commands of the notification's contact.
    pub fn new(
        configuration: &'c Configuration,
        notification: &'c Notification,
        command: &'c CheckCommand,
        now: Timestamp,
    ) -> NotificationMacros<'c> {
        let object = configuration.graph.find(&notification.identity);
        NotificationMacros { configuration, notification, command, object, now }
    }

    /// The value of a macro, by its name without the `$`.
    pub fn value(&self, name: &str) -> Option<MacroValue<'c>> {
        let contacts = &self.configuration.graph.contacts;
        argument(name, &self.command.arguments)
            .or_else(|| self.configuration.user_macro(name))
            .or_else(|| time_macro(name, self.now, &self.configuration.graph.timezone))
            .or_else(|| self.said(name))
            .or_else(|| {
                let contact = contacts.iter().find(|contact| contact.name == self.notification.contact)?;
                contact_macro(contact, name)
            })
            .or_else(|| object_macro(self.configuration, self.object?, name))
            .or_else(|| on_demand(self.configuration, self.object, name))
            .or_else(|| standard(name))
    }

    /// The command to run.
    pub fn expand(&self) -> CommandLine {
        let line = &self.configuration.graph.command(self.command.command).line;
        expand(line, &|name| self.value(name))
    }

    /// What the notification itself says.
    fn said(&self, name: &str) -> Option<MacroValue<'c>> {
        let told = self.notification;
        let (author, comment) = told.comment.as_ref().map_or(("", ""), |(author, comment)| (author, comment));
        Some(match name {
            "NOTIFICATIONTYPE" => data(told.kind.as_str()),
            "NOTIFICATIONNUMBER" => data(told.number.to_string()),
            "NOTIFICATIONISESCALATED" => data("0"),
            "NOTIFICATIONRECIPIENTS" | "CONTACTNAME" => data(&*told.contact),
            "NOTIFICATIONAUTHOR" | "NOTIFICATIONAUTHORNAME" | "NOTIFICATIONAUTHORALIAS" => output(author),
            "NOTIFICATIONCOMMENT" => output(comment),
            "CONTACTEMAIL" => data(told.email.as_deref().unwrap_or_default()),
            "HOSTNAME" => data(&*told.identity.host),
            "HOSTALIAS" => data(&*told.host_alias),
            "HOSTADDRESS" => data(&*told.host_address),
            "SERVICEDESC" => data(told.identity.service.as_deref()?),
            _ => return self.about_the_object(name, author, comment),
        })
    }

    /// `SERVICESTATE` and so on for a service, `HOSTSTATE` for a host.
    fn about_the_object(&self, name: &str, author: &str, comment: &str) -> Option<MacroValue<'c>> {
        let told = self.notification;
        let kind = if told.identity.service.is_some() { "SERVICE" } else { "HOST" };
        let (before, after) = name.split_once(kind)?;
        let lasted = told.lasted.unwrap_or_else(|| told.at.since(told.since));
        Some(match (before, after) {
            ("", "STATE") => data(told.condition.as_str()),
            ("", "STATEID") => data(state_id(told.condition)),
            ("", "STATETYPE") => data("HARD"),
            ("LAST", "STATE") => data(told.previous.as_str()),
            ("LAST", "STATEID") => data(state_id(told.previous)),
            ("LAST", "STATECHANGE") => data(told.since.secs().to_string()),
            ("LAST", "CHECK") => data(told.at.secs().to_string()),
            ("", "OUTPUT") => output(&told.output),
            // Nagios hands long output over as one line, with `\n` for its line ends
            ("LONG", "OUTPUT") => output(&told.long_output.replace('\n', "\\n")),
            ("", "ATTEMPT") => data(told.attempt.0.to_string()),
            ("MAX", "ATTEMPTS") => data(told.attempt.1.to_string()),
            ("", "DURATION") => data(duration(lasted)),
            ("", "DURATIONSEC") => data((lasted.micros() / 1_000_000).to_string()),
            ("", "NOTIFICATIONNUMBER") => data(told.number.to_string()),
            ("", "PROBLEMID") => data(told.problem_id.to_string()),
            ("", "NOTESURL") => data(told.notes_url.as_deref().unwrap_or_default()),
            ("", "ACKAUTHOR" | "ACKAUTHORNAME" | "ACKAUTHORALIAS") => output(author),
            ("", "ACKCOMMENT") => output(comment),
            _ => return None,
        })
    }
}

/// As plugins and Nagios number states.
fn state_id(condition: Condition) -> &'static str {
    match condition {
        Condition::Ok | Condition::Up => "0",
        Condition::Warning | Condition::Down => "1",
        Condition::Critical | Condition::Unreachable => "2",
        Condition::Unknown => "3",
    }
}
