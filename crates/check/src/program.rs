//! `main` of every check.

use std::ffi::OsString;
use std::future::Future;
use std::io::Write;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use nagios::State;

use crate::definition::{Check, CheckDef, Isolation};
use crate::invocation::{Invocation, Output, timed_out};
use crate::{CheckError, Report};

/// How much earlier than whoever watches over it a check gives up, so that it can clean up.
const HAIR: Duration = Duration::from_millis(10);

/// Reads the command line, runs the check, prints, and gives the exit code. The whole of a check's
/// `main.rs` is a call of this.
pub fn main<C: Check>() -> ExitCode {
    run(&CheckDef::of::<C>(), std::env::args_os().skip(1))
}

/// The same for a check chosen at run time: a program that holds several of them. `arguments` are
/// those behind the check's name.
pub fn run(check: &CheckDef, arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    // The message is in the output; stderr belongs to nobody.
    std::panic::set_hook(Box::new(|_| {}));
    let output = match check.parse(arguments) {
        Ok(invocation) => drive(invocation),
        Err(output) => output,
    };
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(output.text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => ExitCode::from(output.state.exit_code()),
        Err(_) => ExitCode::from(State::Unknown.exit_code()),
    }
}

fn drive(invocation: Invocation) -> Output {
    match invocation.isolation() {
        Isolation::Instant => unwatched(&invocation),
        Isolation::Process if invocation.keeps_deadline() => unwatched(&invocation),
        Isolation::Process => watched(invocation),
        Isolation::Async | Isolation::AsyncApart | Isolation::AsyncProcess => waiting(&invocation),
    }
}

fn waiting(invocation: &Invocation) -> Output {
    in_a_loop(invocation.run(None)).unwrap_or_else(|error| invocation.output(Err(error)))
}

fn unwatched(invocation: &Invocation) -> Output {
    let ctx = invocation.context(None);
    let result = at_once(invocation.guarded(&ctx));
    invocation.output(result)
}

/// The check may hang in a system call that no timer interrupts: it runs on a thread of its own,
/// which ends with the process.
fn watched(invocation: Invocation) -> Output {
    let invocation = std::sync::Arc::new(invocation);
    let ctx = invocation.context(None);
    let (sender, receiver) = mpsc::channel();
    let worker = invocation.clone();
    std::thread::spawn(move || {
        let patience = ctx.remaining().saturating_sub(HAIR);
        let turn = async { tokio::time::timeout(patience, worker.guarded(&ctx)).await };
        let result = in_a_loop(turn).and_then(|ended| ended.unwrap_or_else(|_| Err(timed_out(&ctx))));
        // the receiver is gone only when the deadline has passed
        let _ = sender.send(result);
    });
    let result = receiver.recv_timeout(ctx.remaining()).unwrap_or_else(|_| Err(timed_out(&ctx)));
    invocation.output(result)
}

/// Runs a future in an event loop of its own.
fn in_a_loop<T>(future: impl Future<Output = T>) -> Result<T, CheckError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| CheckError::internal(format!("cannot start the event loop: {error}")))?;
    let result = runtime.block_on(future);
    // a name that the resolver is still looking for holds nobody up
    runtime.shutdown_background();
    Ok(result)
}

/// Runs a future that never waits.
fn at_once(future: impl Future<Output = Result<Report, CheckError>>) -> Result<Report, CheckError> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => {
            Err(CheckError::internal("internal error, please report it: a check without a runtime waited"))
        }
    }
}
