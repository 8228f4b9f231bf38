//! The kinds of worker.

use std::future::Future;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use jobs::exec;
use jobs::spawn::Spawner;
use rustix::process::{Resource, Signal};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

use crate::command::say;
use crate::in_process::InProcess;
use crate::sandbox;

/// Threads that resolve names; a name server that does not answer holds one for some seconds.
const RESOLVING: usize = 64;

/// Execs anything, until the daemon hangs up or somebody says SIGTERM. What runs then is killed.
pub(crate) fn exec() -> io::Result<()> {
    let stream = connect()?;
    runtime()?.block_on(async {
        let mut terminated = signal(SignalKind::terminate())?;
        // after the handler is there: a child must not inherit it
        let spawner = Arc::new(Spawner::new()?);
        let run = |job: jobs::Job| {
            let spawner = spawner.clone();
            async move { exec::run(&job, &spawner).await }
        };
        tokio::select! {
            served = served(stream, Vec::new(), run) => served,
            _ = terminated.recv() => Ok(()),
        }
    })
}

/// Runs our own checks in this process, in a sandbox, until the daemon hangs up. A SIGTERM just ends
/// it: there is nothing to clean up.
pub(crate) fn in_process(mut checks: InProcess) -> io::Result<()> {
    let stream = connect()?;
    // a check has a socket or two; the soft limit of 1024 is there for programs that use select(2)
    let mut files = rustix::process::getrlimit(Resource::Nofile);
    files.current = files.maximum;
    rustix::process::setrlimit(Resource::Nofile, files)?;
    // the message is in the check's output
    std::panic::set_hook(Box::new(|_| {}));
    // before the runtime has threads: they inherit it
    for missing in sandbox::apply() {
        say(&format!("sandbox: {missing}"));
    }
    let programs = checks.programs();
    runtime()?.block_on(served(stream, programs, |job| checks.run(job)))
}

/// Standard input is the daemon's socket. Dies with the daemon, even if it is too busy to read.
fn connect() -> io::Result<UnixStream> {
    rustix::process::set_parent_process_death_signal(Some(Signal::TERM))?;
    let stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    // asks whether it is a socket at all
    stream.local_addr().map_err(|_| {
        io::Error::other("standard input is no socket: --pool is for the daemon to use; see --help")
    })?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().max_blocking_threads(RESOLVING).build()
}

async fn served<F>(
    stream: UnixStream,
    programs: Vec<String>,
    run: impl FnMut(jobs::Job) -> F,
) -> io::Result<()>
where
    F: Future<Output = jobs::Done> + Send + 'static,
{
    match jobs::serve(tokio::net::UnixStream::from_std(stream)?, programs, run).await {
        // the daemon is gone
        Err(error) if matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) => {
            Ok(())
        }
        served => served,
    }
}
