//! What is known while macros are looked up: [`Scene`].

use std::fmt;

use engine::{ObjectId, Saved, Timestamp};

use crate::command::MacroValue;
use crate::load::Configuration;

use super::data;

/// Looks up what is known of the state of an object.
pub type States<'c> = &'c dyn Fn(ObjectId) -> Option<&'c Saved>;

/// A configuration at a moment, with the states of its objects if they are known.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'c> {
    pub of: &'c Configuration,
    pub now: Timestamp,
    states: Option<States<'c>>,
}

impl fmt::Debug for Scene<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scene").field("now", &self.now).finish_non_exhaustive()
    }
}

impl<'c> Scene<'c> {
    pub(crate) fn new(of: &'c Configuration, now: Timestamp) -> Scene<'c> {
        Scene { of, now, states: None }
    }

    /// With the states of all objects.
    pub(crate) fn with(self, states: States<'c>) -> Scene<'c> {
        Scene { states: Some(states), ..self }
    }

    /// What is known of the state of an object.
    pub(crate) fn state(&self, id: ObjectId) -> Option<&'c Saved> {
        self.states.and_then(|states| states(id))
    }

    /// Text that a plugin or a user wrote, without `illegal_macro_output_chars`.
    pub(crate) fn output(&self, text: &str) -> MacroValue<'c> {
        let illegal = &self.of.globals.illegal_in_output;
        MacroValue::Data(text.chars().filter(|c| !illegal.contains(*c)).collect::<String>().into())
    }

    /// A moment as Nagios writes it in macros: whole seconds, 0 for never.
    pub(crate) fn moment(at: Option<Timestamp>) -> MacroValue<'c> {
        data(at.map_or(0, Timestamp::secs).to_string())
    }
}
