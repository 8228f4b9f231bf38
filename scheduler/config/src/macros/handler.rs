//! Macros of an event handler.

use engine::{Handling, ObjectId, Timestamp};

use super::moment::time_macro;
use super::object::{object_macro, on_demand};
use super::scene::{Scene, States};
use super::state::Situation;
use super::{argument, standard};
use crate::command::{CommandLine, MacroValue, expand};
use crate::load::Configuration;

/// What macros stand for in an event handler: how its object is comes from the engine's order to run
/// it, as it was then.
#[derive(Clone, Copy, Debug)]
pub struct HandlerMacros<'c> {
    scene: Scene<'c>,
    handling: &'c Handling,
}

impl<'c> HandlerMacros<'c> {
    /// Macros for one run of an event handler.
    pub fn new(
        configuration: &'c Configuration,
        handling: &'c Handling,
        now: Timestamp,
    ) -> HandlerMacros<'c> {
        HandlerMacros { scene: Scene::new(configuration, now), handling }
    }

    /// With the states of other objects.
    pub fn with(self, states: States<'c>) -> HandlerMacros<'c> {
        HandlerMacros { scene: self.scene.with(states), ..self }
    }

    /// The value of a macro, by its name without the `$`.
    pub fn value(&self, name: &str) -> Option<MacroValue<'c>> {
        let object = self.handling.object;
        argument(name, &self.handling.command.arguments)
            .or_else(|| self.scene.of.user_macro(name))
            .or_else(|| time_macro(&self.scene, name))
            .or_else(|| self.said(object, name))
            .or_else(|| object_macro(&self.scene, object, name))
            .or_else(|| on_demand(&self.scene, Some(object), name))
            .or_else(|| standard(&self.scene, name))
    }

    /// The command to run.
    pub fn expand(&self) -> CommandLine {
        let line = &self.scene.of.graph.command(self.handling.command.command).line;
        expand(line, &|name| self.value(name))
    }

    fn said(&self, object: ObjectId, name: &str) -> Option<MacroValue<'c>> {
        let kind = if self.scene.of.graph.is_host(object) { "HOST" } else { "SERVICE" };
        let (before, after) = name.split_once(kind)?;
        let previous = self.scene.state(object).map_or(self.handling.condition, |state| state.hard);
        Situation::of_handling(self.handling, previous, self.scene.now).value(before, after, &self.scene)
    }
}
