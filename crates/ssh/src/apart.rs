//! A thread for work that blocks, which nobody waits for longer than the check's time.

use std::any::Any;
use std::future::Future;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use check::{CheckError, Ctx};
use tokio::runtime::{Builder, Runtime};

/// How much earlier than the check's own deadline the work is told that time is over, so that it can
/// say what was slow.
const HAIR: Duration = Duration::from_millis(150);

/// What the work is given: the deadline, and a way to wait for async I/O.
pub struct Apart {
    ctx: Ctx,
    runtime: Option<Runtime>,
}

/// Does the work on a thread of its own and gives its result, or at the deadline an error: the thread
/// is then left to itself, and ends with the process or when its own calls return.
pub fn apart<T, W>(ctx: &Ctx, work: W) -> Result<T, CheckError>
where
    T: Send + 'static,
    W: FnOnce(Apart) -> Result<T, CheckError> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel();
    let (ctx, cannot) = (*ctx, |error| CheckError::internal(format!("cannot start a thread: {error}")));
    let thread = std::thread::Builder::new().spawn(move || {
        let done = Apart::new(ctx).and_then(work);
        // nobody listens only when the deadline has passed
        let _ = sender.send(done);
    });
    let thread = thread.map_err(cannot)?;
    match receiver.recv_timeout(ctx.remaining()) {
        Ok(done) => done,
        Err(RecvTimeoutError::Timeout) => {
            let seconds = ctx.timeout.as_secs_f64();
            Err(CheckError::timeout(format!("Plugin timed out after {seconds} seconds")))
        }
        Err(RecvTimeoutError::Disconnected) => {
            let why = thread.join().err().map(|payload| words(payload.as_ref())).unwrap_or_default();
            Err(CheckError::internal(format!("internal error, please report it: {why}")))
        }
    }
}

fn words(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "panic".to_owned())
}

/// Time left for a call that blocks, a hair less than the check has; `None` when it is over.
pub fn left(ctx: &Ctx) -> Option<Duration> {
    ctx.remaining().checked_sub(HAIR).filter(|left| !left.is_zero())
}

impl Apart {
    fn new(ctx: Ctx) -> Result<Apart, CheckError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime =
            runtime.map_err(|error| CheckError::internal(format!("cannot start the event loop: {error}")))?;
        Ok(Apart { ctx, runtime: Some(runtime) })
    }

    /// Deadline and verbosity.
    pub fn ctx(&self) -> &Ctx {
        &self.ctx
    }

    /// Waits for async I/O, which has a deadline of its own.
    pub fn wait<F: Future>(&self, future: F) -> F::Output {
        let runtime = self.runtime.as_ref().expect("it is taken only when this is dropped");
        runtime.block_on(future)
    }
}

/// A name that the resolver is still looking for holds nobody up.
impl Drop for Apart {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn ctx(milliseconds: u64) -> Ctx {
        Ctx::new(Duration::from_millis(milliseconds), 0)
    }

    #[test]
    fn gives_what_was_done() {
        let seen = apart(&ctx(5000), |apart| Ok(apart.wait(async { 6 * 7 })));
        assert_eq!(seen, Ok(42));
        let said: Result<(), _> = apart(&ctx(5000), |_| Err(CheckError::target("no")));
        assert_eq!(said, Err(CheckError::target("no")));
    }

    #[test]
    fn waits_no_longer_than_the_deadline() {
        let (_sender, receiver) = mpsc::channel::<()>();
        let start = Instant::now();
        let late = apart(&ctx(100), move |_| receiver.recv().map_err(CheckError::internal));
        assert!(matches!(late, Err(CheckError::Timeout(_))), "{late:?}");
        assert!(start.elapsed() < Duration::from_secs(3));
    }

    #[test]
    fn a_panic_is_an_error() {
        let panic = apart(&ctx(5000), |_| -> Result<(), CheckError> { panic!("oh {}", 1) });
        assert_eq!(panic, Err(CheckError::internal("internal error, please report it: oh 1")));
    }
}
