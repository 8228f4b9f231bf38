//! What macros stand for: [`CheckMacros`], [`NotificationMacros`] and [`HandlerMacros`].
//!
//! Arguments are templates, `$USERn$` and custom variables are words, as far as trusted definitions
//! say them; all else is data and stays one word. A standard macro that means nothing in its place is empty,
//! as are the few that mean nothing to hlidka (`verify` warns of these); what is no standard macro stays as text.

mod check;
mod handler;
mod moment;
mod names;
mod notification;
mod object;
mod pages;
mod scene;
mod state;
#[cfg(test)]
mod state_tests;
mod totals;

use std::borrow::Cow;
use std::sync::Arc;

pub use check::{CheckMacros, PROXY_CHECKS};
pub use handler::HandlerMacros;
pub(crate) use moment::is_momentary;
pub(crate) use names::WITHOUT_VALUE;
pub use notification::{NotificationMacros, documentation};
pub(crate) use object::{proxy, written};
pub(crate) use scene::Scene;
pub use scene::States;

use crate::command::MacroValue;

fn data<'c>(text: impl Into<Cow<'c, str>>) -> MacroValue<'c> {
    MacroValue::Data(text.into())
}

/// `$ARG1$` and so on; those that are not given are empty.
fn argument<'c>(name: &str, arguments: &'c [Arc<str>]) -> Option<MacroValue<'c>> {
    let number: usize = name.strip_prefix("ARG")?.parse().ok().filter(|number| (1..=32).contains(number))?;
    let text = arguments.get(number - 1).map_or("", |text| text);
    Some(MacroValue::Template(text.into()))
}

/// The value of a custom variable, `$_HOSTNAME$`; of two with one name the first.
fn variable<'c>(name: &str, variables: &'c [(Arc<str>, Arc<str>)]) -> Option<MacroValue<'c>> {
    let (_, value) = variables.iter().find(|(known, _)| **known == *name)?;
    Some(MacroValue::Words(Cow::Borrowed(value)))
}

/// A standard macro that is about no object, or an empty value for one that has no other here.
fn standard<'c>(scene: &Scene<'c>, name: &str) -> Option<MacroValue<'c>> {
    if let Some(value) = scene.of.globals.macros.get(name) {
        return Some(data(&**value));
    }
    let of_both = name.strip_prefix("HOST").or_else(|| name.strip_prefix("SERVICE"));
    let is_total = name.starts_with("TOTALHOST") || name.starts_with("TOTALSERVICE");
    let known = is_total
        || names::OTHERS.contains(&name)
        || of_both.is_some_and(|rest| names::OF_BOTH.contains(&rest));
    known.then(|| data(""))
}

#[cfg(test)]
mod tests;
