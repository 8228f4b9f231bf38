//! A check with its options read: runs any number of times.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use nagios::{Report, State};

use crate::definition::{Definition, Isolation, Prepared, Running};
use crate::options::Timeout;
use crate::{CheckError, Ctx};

/// What a run gives: the state (and exit code) and the whole text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// State; its exit code is the program's.
    pub state: State,
    /// Standard output, ending in a line break.
    pub text: String,
}

impl Output {
    pub(crate) fn of(definition: &Definition, report: &Report, verbosity: u8) -> Output {
        let separator = if definition.title.is_empty() { ": " } else { definition.separator };
        Output { state: report.state, text: report.render(definition.title, separator, verbosity) }
    }
}

/// A parsed command line of one check.
pub struct Invocation {
    definition: Definition,
    keeps_deadline: bool,
    check: Box<dyn Prepared>,
    verbosity: u8,
    timeout: Timeout,
}

impl Invocation {
    pub(crate) fn new(
        definition: Definition,
        keeps_deadline: bool,
        check: Box<dyn Prepared>,
        verbosity: u8,
        timeout: Timeout,
    ) -> Invocation {
        Invocation { definition, keeps_deadline, check, verbosity, timeout }
    }

    /// Where it wants to run.
    pub fn isolation(&self) -> Isolation {
        self.definition.isolation
    }

    /// Must nobody watch over its deadline? See [`crate::Check::KEEPS_DEADLINE`].
    pub(crate) fn keeps_deadline(&self) -> bool {
        self.keeps_deadline
    }

    /// Runs once, inside a tokio runtime unless the check is [`Isolation::Instant`]. `limit` is the
    /// caller's own bound, if that is shorter than the check's `-t`.
    pub async fn run(&self, limit: Option<Duration>) -> Output {
        let ctx = self.context(limit);
        let result = match self.definition.isolation {
            Isolation::Instant => self.guarded(&ctx).await,
            Isolation::Async | Isolation::AsyncApart | Isolation::AsyncProcess | Isolation::Process => {
                let outcome = tokio::time::timeout_at(ctx.deadline().into(), self.guarded(&ctx)).await;
                outcome.unwrap_or_else(|_| Err(timed_out(&ctx)))
            }
        };
        self.output(result)
    }

    pub(crate) fn context(&self, limit: Option<Duration>) -> Ctx {
        Ctx::new(limit.map_or(self.timeout.after, |limit| limit.min(self.timeout.after)), self.verbosity)
    }

    /// Without the deadline: the caller holds it.
    pub(crate) fn guarded<'a>(
        &'a self,
        ctx: &'a Ctx,
    ) -> impl Future<Output = Result<Report, CheckError>> + Send + 'a {
        CatchUnwind(self.check.run(ctx))
    }

    pub(crate) fn output(&self, result: Result<Report, CheckError>) -> Output {
        let timeout_state = self.timeout.state.unwrap_or(self.definition.timeout_state);
        let report = result.unwrap_or_else(|error| error.report(timeout_state));
        Output::of(&self.definition, &report, self.verbosity)
    }
}

pub(crate) fn timed_out(ctx: &Ctx) -> CheckError {
    CheckError::timeout(format!("Plugin timed out after {} seconds", ctx.timeout.as_secs_f64()))
}

/// A panic is UNKNOWN, never the end of the worker.
struct CatchUnwind<'a>(Running<'a>);

impl Future for CatchUnwind<'_> {
    type Output = Result<Report, CheckError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(cx))) {
            Ok(poll) => poll,
            Err(payload) => Poll::Ready(Err(CheckError::internal(format!(
                "internal error, please report it: {}",
                message_of(payload.as_ref())
            )))),
        }
    }
}

fn message_of(payload: &(dyn Any + Send)) -> &str {
    match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text,
        _ => "panic",
    }
}
