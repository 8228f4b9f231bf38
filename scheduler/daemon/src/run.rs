//! `hlidka run`: builds everything, then runs the core until a signal ends it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use config::Configuration;
use engine::counted;
use store::{Loaded, Store};
use tokio::net::UnixListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

use crate::core::{Core, Input, Parts, log_problem, now};
use crate::pipe::Pipe;
use crate::pools::Pools;
use crate::storage::{Storage, Task};
use crate::{deliver, socket};

/// Runs the daemon in the foreground.
pub(crate) fn run(path: &Path) -> Result<ExitCode> {
    let configuration = match config::load(path) {
        Ok(configuration) => configuration,
        Err(problems) => {
            problems.iter().for_each(log_problem);
            anyhow::bail!("{} is refused; `hlidka verify` shows the same", path.display());
        }
    };
    // the umask holds for everything the daemon makes: state, mails, sockets
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o027));
    let store = Store::open(&configuration.options.store)?;
    configuration.warnings.iter().for_each(log_problem);
    let loaded = store.load()?;
    loaded.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let commands = configuration.options.command_file.as_deref().map(Pipe::open).transpose()?;
        let listener = socket::listen(&configuration.options.socket)?;
        serve(path, configuration, Opened { store, loaded, listener, commands }, stop_signals()?).await
    })
}

/// The checks of a build or of an unpacked archive lie beside the program.
pub(crate) fn plugins_beside_us() -> Option<PathBuf> {
    let here = std::env::current_exe().ok()?.parent()?.to_owned();
    here.join("check_dummy").is_file().then_some(here)
}

/// Ends when the daemon is to end.
fn stop_signals() -> Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// What the daemon has open before it begins.
struct Opened {
    store: Store,
    /// What was in it.
    loaded: Loaded,
    listener: UnixListener,
    commands: Option<Pipe>,
}

async fn serve(
    path: &Path,
    mut configuration: Configuration,
    opened: Opened,
    stop: impl Future<Output = ()> + 'static,
) -> Result<ExitCode> {
    let Opened { store, loaded, listener, mut commands } = opened;
    let last_good = std::mem::take(&mut configuration.last_good);
    configuration.globals.started = Some(now());
    let socket = configuration.options.socket.clone();
    let (itself, inputs) = mpsc::unbounded_channel();
    let configuration = Arc::new(configuration);
    let (current, watched) = watch::channel(configuration.clone());
    let pools = Pools::start(&configuration.options, &configuration.options.plugins, &itself).await?;
    let outbox = deliver::start(&configuration.options, watched, &itself, &loaded)?;
    let storage = Storage::start(store, itself.clone()).context("cannot start the store's thread")?;
    storage.give(Task::Keep(Box::new(last_good)));
    tokio::spawn(socket::serve(listener, itself.clone()));
    if let Some(commands) = &mut commands {
        commands.serve(itself.clone())?;
    }
    let stopper = itself.clone();
    let mut hangup = signal(SignalKind::hangup())?;
    let reloader = itself.clone();
    tokio::spawn(
        async move { while hangup.recv().await.is_some() && reloader.send(Input::Reload).is_ok() {} },
    );
    let local = tokio::task::LocalSet::new();
    local.spawn_local(async move {
        stop.await;
        let _ = stopper.send(Input::Stop);
    });
    let graph = &configuration.graph;
    let hosts = graph.hosts().count();
    tracing::info!(
        "watching {} and {} of {}",
        counted(hosts, "host"),
        counted(graph.objects().len() - hosts, "service"),
        path.display()
    );
    let parts = Parts {
        configuration,
        current,
        path: path.to_owned(),
        inputs,
        itself,
        pools,
        outbox,
        storage,
        loaded,
    };
    let core = Core::new(parts);
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    local.run_until(core.run()).await;
    let _ = std::fs::remove_file(&socket);
    Ok(ExitCode::SUCCESS)
}
