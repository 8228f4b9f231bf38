//! Macros of a check.

use engine::{Check, CheckCommand, ObjectId, Timestamp};

use super::moment::time_macro;
use super::object::{object_macro, on_demand};
use super::scene::{Scene, States};
use super::{argument, data, standard};
use crate::command::{CommandLine, MacroValue, expand, filled};
use crate::load::Configuration;
use crate::trust::unquoted;

/// Macros in arguments that a monitored machine chose.
const OWN: [&str; 6] =
    ["HOSTNAME", "HOSTALIAS", "HOSTADDRESS", "HOSTDISPLAYNAME", "SERVICEDESC", "SERVICEDISPLAYNAME"];

/// What macros stand for in the check command of a host or service.
#[derive(Clone, Copy, Debug)]
pub struct CheckMacros<'c> {
    scene: Scene<'c>,
    object: ObjectId,
}

impl<'c> CheckMacros<'c> {
    /// Macros for a check of this object, started now. Without states (see [`CheckMacros::with`])
    /// what depends on them is empty.
    pub fn new(configuration: &'c Configuration, object: ObjectId, now: Timestamp) -> CheckMacros<'c> {
        CheckMacros { scene: Scene::new(configuration, now), object }
    }

    /// With the states of all objects, for `$HOSTSTATE$` and `$SERVICESTATEID:web1:http$`.
    pub fn with(self, states: States<'c>) -> CheckMacros<'c> {
        CheckMacros { scene: self.scene.with(states), ..self }
    }

    /// The value of a macro, by its name without the `$`.
    pub fn value(&self, name: &str) -> Option<MacroValue<'c>> {
        self.argument(name)
            .or_else(|| self.scene.of.user_macro(name))
            .or_else(|| time_macro(&self.scene, name))
            .or_else(|| object_macro(&self.scene, self.object, name))
            .or_else(|| on_demand(&self.scene, Some(self.object), name))
            .or_else(|| standard(&self.scene, name))
    }

    /// The command to run; none if the object has no check command.
    pub fn expand(&self) -> Option<CommandLine> {
        let command = self.command()?;
        Some(expand(&self.scene.of.graph.command(command.command).line, &|name| self.value(name)))
    }

    /// `$ARG1$` and so on. What is not written by somebody trusted is one word, in which nothing but
    /// the names of its own object is looked up: `$USER3$` would be a secret, given away.
    fn argument(&self, name: &str) -> Option<MacroValue<'c>> {
        let arguments = self.command().map_or(&[][..], |command| &command.arguments);
        let MacroValue::Template(text) = argument(name, arguments)? else { return None };
        if text.is_empty() || !self.scene.of.foreigners.chose_arguments(self.object) {
            return Some(MacroValue::Template(text));
        }
        let own = |name: &str| {
            let own = OWN.contains(&name).then(|| object_macro(&self.scene, self.object, name));
            own.flatten()
        };
        Some(data(filled(unquoted(&text), &own)))
    }

    fn command(&self) -> Option<&'c CheckCommand> {
        match self.scene.of.graph.object(self.object).check.as_ref()? {
            Check::Command(command) => Some(command),
            Check::Cluster(_) => None,
        }
    }
}
