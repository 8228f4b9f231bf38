//! `$TOTALHOSTSUP$`, `$TOTALSERVICEPROBLEMSUNHANDLED$`, `$TOTALHOSTSERVICESOK$`: how many objects are
//! in a state. Each is counted anew when somebody asks for it.

use engine::{Condition, ObjectId, Saved};

use super::{Scene, data};
use crate::command::MacroValue;

/// A macro that starts with `TOTAL`; none without states, or if there is no such macro.
pub(crate) fn total<'c>(scene: &Scene<'c>, here: Option<ObjectId>, name: &str) -> Option<MacroValue<'c>> {
    let what = name.strip_prefix("TOTAL")?;
    let graph = &scene.of.graph;
    let count = |ids: &mut dyn Iterator<Item = ObjectId>, counts: &dyn Fn(ObjectId, &Saved) -> bool| {
        let states = ids.filter_map(|id| Some((id, scene.state(id)?)));
        data(states.filter(|(id, state)| counts(*id, state)).count().to_string())
    };
    scene.state(graph.ids().next()?)?;
    if let Some(what) = what.strip_prefix("HOSTSERVICES") {
        let condition = condition(what)?;
        let services = graph.services(graph.host_of(here?));
        return Some(count(&mut services.iter().copied(), &|_, state| state.condition == condition));
    }
    let (what, only_unhandled) = match what.strip_suffix("UNHANDLED") {
        Some(what) => (what, true),
        None => (what, false),
    };
    let (hosts, which) = if let Some(which) = what.strip_prefix("HOST") {
        (true, which)
    } else {
        (false, what.strip_prefix("SERVICE")?)
    };
    let wanted = match which {
        "PROBLEMS" => None,
        which => Some(condition(which.strip_prefix('S')?)?),
    };
    let counts = |id: ObjectId, state: &Saved| {
        wanted.map_or(state.condition.is_problem(), |wanted| state.condition == wanted)
            && !(only_unhandled && is_handled(scene, id, state))
    };
    Some(count(&mut graph.ids().filter(|id| graph.is_host(*id) == hosts), &counts))
}

/// Somebody takes care of it, or it is known to come from its host.
fn is_handled(scene: &Scene<'_>, id: ObjectId, state: &Saved) -> bool {
    let host = scene.of.graph.host_of(id);
    let host_state = (host != id).then(|| scene.state(host)).flatten();
    state.acknowledgement().is_some()
        || state.in_downtime()
        || host_state.is_some_and(|host| host.in_downtime() || host.condition.is_problem())
}

fn condition(name: &str) -> Option<Condition> {
    Some(match name {
        "OK" => Condition::Ok,
        "WARNING" => Condition::Warning,
        "CRITICAL" => Condition::Critical,
        "UNKNOWN" => Condition::Unknown,
        "UP" => Condition::Up,
        "DOWN" => Condition::Down,
        "UNREACHABLE" => Condition::Unreachable,
        _ => return None,
    })
}
