//! What a command did, in words.

use crate::engine::Engine;
use crate::graph::ObjectId;
use crate::message::Event;

/// So many objects are named, more are counted.
const NAMED: usize = 3;

/// What these events of one command mean to who gave it; ask before they are handled.
pub fn done(events: &[Event], engine: &Engine) -> String {
    let Some(first) = events.first() else { return "nothing to do".to_owned() };
    let objects = || named(events, engine);
    let on_off = |on: bool| if on { "on" } else { "off" };
    match first {
        Event::Result(_) | Event::Passive(_) => format!("took the result for {}", objects()),
        Event::Lost(_) => "a check was lost".to_owned(),
        Event::Recheck { .. } => format!("checking {}", objects()),
        Event::Acknowledge { .. } => format!("acknowledged {}", objects()),
        Event::Unacknowledge(_) => format!("removed the acknowledgement of {}", objects()),
        Event::Downtime { .. } => {
            let number = engine.next_number();
            match events.len() as u64 {
                0 | 1 => format!("downtime {number} for {}", objects()),
                n => format!("downtimes {number} to {} for {}", number.saturating_add(n - 1), objects()),
            }
        }
        Event::CancelDowntime { .. } => {
            let number = |event: &Event| match event {
                Event::CancelDowntime { number } => Some(number.to_string()),
                _ => None,
            };
            let numbers: Vec<String> = events.iter().filter_map(number).collect();
            format!("cancelled downtime {}", listed(&numbers))
        }
        Event::Comment { .. } => format!("comment {} on {}", engine.next_number(), objects()),
        Event::DeleteComment { number } => format!("deleted comment {number}"),
        Event::DeleteComments(_) => format!("deleted all comments on {}", objects()),
        Event::Switch { switch, on, .. } => {
            format!("{} switched {} for {}", switch.as_str(), on_off(*on), objects())
        }
        Event::SwitchAll { switch, on } => format!("{} switched {}", switch.as_str(), on_off(*on)),
        Event::Custom { .. } => format!("a message for the contacts of {}", objects()),
        Event::Delay { .. } => format!("no mail before that moment about {}", objects()),
        Event::Log { .. } => "logged".to_owned(),
    }
}

fn named(events: &[Event], engine: &Engine) -> String {
    let names: Vec<String> =
        events.iter().filter_map(object).map(|id| engine.graph().identity(id).to_string()).collect();
    listed(&names)
}

fn listed(names: &[String]) -> String {
    match names.len().checked_sub(NAMED).filter(|more| *more > 0) {
        Some(more) => format!("{} and {more} more", names[..NAMED].join(", ")),
        None => names.join(", "),
    }
}

const fn object(event: &Event) -> Option<ObjectId> {
    match event {
        Event::Result(result) | Event::Passive(result) => Some(result.object),
        Event::Lost(object)
        | Event::Unacknowledge(object)
        | Event::DeleteComments(object)
        | Event::Recheck { object, .. }
        | Event::Acknowledge { object, .. }
        | Event::Downtime { object, .. }
        | Event::Comment { object, .. }
        | Event::Switch { object, .. }
        | Event::Custom { object, .. }
        | Event::Delay { object, .. } => Some(*object),
        Event::CancelDowntime { .. }
        | Event::DeleteComment { .. }
        | Event::SwitchAll { .. }
        | Event::Log { .. } => None,
    }
}
