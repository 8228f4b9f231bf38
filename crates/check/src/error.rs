//! Why a check has no report, and the state that this means.

use nagios::{Report, State};

/// An error that ends a check. The message names the thing and, where there is one, the way out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// The options make no sense together: UNKNOWN.
    #[error("{0}")]
    Usage(String),
    /// What is checked does not work: CRITICAL.
    #[error("{0}")]
    Target(String),
    /// What is checked did not answer in time: the state of `-t SECONDS:STATE`.
    #[error("{0}")]
    Timeout(String),
    /// The check itself cannot do its work (missing rights, unreadable file): UNKNOWN.
    #[error("{0}")]
    Internal(String),
}

#[expect(clippy::needless_pass_by_value, reason = "so that it can stand in map_err")]
impl CheckError {
    /// [`CheckError::Usage`] from anything printable.
    pub fn usage(message: impl ToString) -> CheckError {
        CheckError::Usage(message.to_string())
    }

    /// [`CheckError::Target`] from anything printable.
    pub fn target(message: impl ToString) -> CheckError {
        CheckError::Target(message.to_string())
    }

    /// [`CheckError::Timeout`] from anything printable.
    pub fn timeout(message: impl ToString) -> CheckError {
        CheckError::Timeout(message.to_string())
    }

    /// [`CheckError::Internal`] from anything printable.
    pub fn internal(message: impl ToString) -> CheckError {
        CheckError::Internal(message.to_string())
    }

    /// The one place where an error becomes a state.
    pub fn report(&self, timeout_state: State) -> Report {
        let state = match self {
            CheckError::Usage(_) | CheckError::Internal(_) => State::Unknown,
            CheckError::Target(_) => State::Critical,
            CheckError::Timeout(_) => timeout_state,
        };
        let text = self.to_string();
        let mut lines = text.lines();
        let mut report = Report::new(state, lines.next().unwrap_or_default());
        for line in lines {
            report = report.detail(0, line);
        }
        report
    }
}
