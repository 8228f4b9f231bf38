//! Soft and hard: what one result does to an object. Pure.

use crate::condition::{Condition, StateType};
use crate::saved::Saved;
use crate::time::Timestamp;

/// What a result changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing but the time of the last check.
    None,
    /// A first or further soft failure, or back to well before anybody was to know.
    Soft,
    /// A problem is confirmed, or a confirmed one became another: tell.
    HardProblem,
    /// A hard problem of the same condition again.
    HardAgain,
    /// A confirmed problem is over.
    Recovery,
}

/// Counts a result that started and finished at these times.
pub(crate) fn count(
    status: &mut Saved,
    condition: Condition,
    max_attempts: u16,
    started: Timestamp,
    finished: Timestamp,
) -> Change {
    let previous = status.condition;
    let was_hard = status.state_type == StateType::Hard;
    if condition != previous {
        status.since = finished;
    }
    status.condition = condition;
    if !condition.is_problem() {
        status.attempt = 1;
        status.state_type = StateType::Hard;
        status.last_ok = Some(finished);
        let over = previous.is_problem() && was_hard;
        if over || status.hard != condition {
            status.hard_since = finished;
        }
        status.hard = condition;
        return match (previous.is_problem(), over) {
            (true, true) => Change::Recovery,
            (true, false) => Change::Soft,
            (false, _) => Change::None,
        };
    }
    if !previous.is_problem() {
        // from the clock, so that a lost database does not give a new problem an old number
        status.problem_id = (status.problem_id + 1).max(started.secs().unsigned_abs());
        status.problem_since = Some(started);
        status.attempt = 1;
    } else if was_hard {
        // a lowered max_check_attempts shows at once
        status.attempt = max_attempts;
        return if condition == status.hard { Change::HardAgain } else { harden(status, finished) };
    } else {
        status.attempt = status.attempt.saturating_add(1);
    }
    if status.attempt >= max_attempts {
        status.attempt = max_attempts;
        harden(status, finished)
    } else {
        status.state_type = StateType::Soft;
        Change::Soft
    }
}

fn harden(status: &mut Saved, finished: Timestamp) -> Change {
    status.state_type = StateType::Hard;
    status.hard = status.condition;
    status.hard_since = finished;
    Change::HardProblem
}
