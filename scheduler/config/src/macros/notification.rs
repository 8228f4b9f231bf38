//! Macros of a notification.

use engine::{CheckCommand, CommandId, Notification, ObjectId, Timestamp};

use super::moment::time_macro;
use super::object::{contact_macro, object_macro, on_demand};
use super::pages::{Stand, page};
use super::scene::{Scene, States};
use super::state::{Situation, state_id};
use super::{argument, data, standard};
use crate::command::{CommandLine, MacroValue, expand};
use crate::load::Configuration;

/// What macros stand for in a notification command. What the notification says comes from it: it
/// may be sent when its object has changed or is gone.
#[derive(Clone, Copy, Debug)]
pub struct NotificationMacros<'c> {
    scene: Scene<'c>,
    notification: &'c Notification,
    command: &'c CheckCommand,
    object: Option<ObjectId>,
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
        NotificationMacros { scene: Scene::new(configuration, now), notification, command, object }
    }

    /// With the states of other objects.
    pub fn with(self, states: States<'c>) -> NotificationMacros<'c> {
        NotificationMacros { scene: self.scene.with(states), ..self }
    }

    /// The value of a macro, by its name without the `$`.
    pub fn value(&self, name: &str) -> Option<MacroValue<'c>> {
        let contacts = &self.scene.of.graph.contacts;
        argument(name, &self.command.arguments)
            .or_else(|| self.scene.of.user_macro(name))
            .or_else(|| time_macro(&self.scene, name))
            .or_else(|| self.said(name))
            .or_else(|| {
                let contact = contacts.iter().find(|contact| contact.name == self.notification.contact)?;
                contact_macro(&self.scene, contact, name)
            })
            .or_else(|| object_macro(&self.scene, self.object?, name))
            .or_else(|| on_demand(&self.scene, self.object, name))
            .or_else(|| standard(&self.scene, name))
    }

    /// The command to run.
    pub fn expand(&self) -> CommandLine {
        let line = &self.scene.of.graph.command(self.command.command).line;
        expand(line, &|name| self.value(name))
    }

    /// The page that the notification names, which is known when its object is gone; then only what the
    /// notification itself says is looked up.
    fn notes_url(&self) -> Option<String> {
        let foreign = self.object.is_none_or(|id| self.scene.of.others_chose_pages(id));
        let value = |name: &str| {
            // `$USERn$` and arguments of the command are no matter of a page
            let is_else = name.starts_with("USER") || name.starts_with("ARG");
            if is_else { None } else { self.value(name) }
        };
        Some(page(self.notification.notes_url.as_deref()?, Stand::Encoded, foreign, &value))
    }

    /// What the notification itself says.
    fn said(&self, name: &str) -> Option<MacroValue<'c>> {
        let told = self.notification;
        let is_service = told.identity.service.is_some();
        let (author, comment) = told.comment.as_ref().map_or(("", ""), |(author, comment)| (author, comment));
        Some(match name {
            "NOTIFICATIONTYPE" => data(told.kind.as_str()),
            "NOTIFICATIONNUMBER" => data(told.number.to_string()),
            "NOTIFICATIONISESCALATED" => data(if told.escalated { "1" } else { "0" }),
            "CONTACTNAME" => data(&*told.contact),
            "NOTIFICATIONRECIPIENTS" if told.recipients.is_empty() => data(&*told.contact),
            "NOTIFICATIONRECIPIENTS" => data(&*told.recipients),
            "NOTIFICATIONAUTHOR" | "NOTIFICATIONAUTHORNAME" | "NOTIFICATIONAUTHORALIAS" => {
                self.scene.output(author)
            }
            "NOTIFICATIONCOMMENT" => self.scene.output(comment),
            "CONTACTEMAIL" => data(told.email.as_deref().unwrap_or_default()),
            "HOSTNAME" => data(&*told.identity.host),
            "HOSTALIAS" => data(&*told.host_alias),
            "HOSTADDRESS" => data(&*told.host_address),
            "HOSTSTATE" if is_service => data(told.host_condition.as_str()),
            "HOSTSTATEID" if is_service => data(state_id(told.host_condition)),
            "SERVICEDESC" => data(told.identity.service.as_deref()?),
            _ => return self.about_the_object(name, author, comment),
        })
    }

    /// `SERVICESTATE` and so on for a service, `HOSTSTATE` for a host.
    fn about_the_object(&self, name: &str, author: &str, comment: &str) -> Option<MacroValue<'c>> {
        let told = self.notification;
        let kind = if told.identity.service.is_some() { "SERVICE" } else { "HOST" };
        let (before, after) = name.split_once(kind)?;
        let said = Situation::of_notification(told).value(before, after, &self.scene);
        said.or_else(|| {
            Some(match (before, after) {
                ("MAX", "ATTEMPTS") => data(told.attempt.1.to_string()),
                ("", "NOTIFICATIONNUMBER") => data(told.number.to_string()),
                ("", "PROBLEMID") => data(told.problem_id.to_string()),
                ("", "NOTESURL") => data(self.notes_url().unwrap_or_default()),
                ("", "ACKAUTHOR" | "ACKAUTHORNAME" | "ACKAUTHORALIAS") => self.scene.output(author),
                ("", "ACKCOMMENT") => self.scene.output(comment),
                _ => return None,
            })
        })
    }
}

/// The page that documents what a notification is about, for a mail: its `notes_url`, macros in place.
pub fn documentation(of: &Configuration, notification: &Notification) -> Option<String> {
    // no command is run, so none is looked at
    let command = CheckCommand { command: CommandId(0), arguments: Box::default() };
    NotificationMacros::new(of, notification, &command, notification.at).notes_url()
}
