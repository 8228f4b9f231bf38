//! The pools of worker processes: our own checks run in-process in two of them, those with a C library apart
//! from the others; everything else is exec'ed by the third. They differ in what the kernel lets them do.

use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use config::{CommandLine, Options};
use jobs::{Done, Job, Pool, Settings};
use tokio::sync::mpsc;

use crate::core::Input;

/// All pools.
pub(crate) struct Pools {
    in_process: Pool,
    apart: Pool,
    exec: Pool,
}

impl Pools {
    /// Starts the workers; their results go to the core.
    pub async fn start(
        options: &Options,
        plugins: &Path,
        core: &mpsc::UnboundedSender<Input>,
    ) -> Result<Pools> {
        let program = worker_program(plugins)?;
        let in_flight = usize::from(options.workers.max_in_flight.get());
        let pool = |arguments: Vec<String>, workers: NonZeroU16| {
            let workers = usize::from(workers.get());
            let window = (in_flight / workers + 1).min(480);
            Pool::start(Settings { program: program.clone(), arguments, workers, window })
        };
        let plugins = plugins.to_str().context("the plugins folder has a name that is not UTF-8")?.to_owned();
        let of_ours = |kind: &str| vec!["--pool".into(), kind.into(), "--plugins".into(), plugins.clone()];
        let (in_process, results) = pool(of_ours("in-process"), options.workers.in_process).await?;
        forward(results, core.clone());
        let (apart, results) = pool(of_ours("apart"), options.workers.apart).await?;
        forward(results, core.clone());
        let (exec, results) = pool(vec!["--pool".into(), "exec".into()], options.workers.exec).await?;
        forward(results, core.clone());
        Ok(Pools { in_process, apart, exec })
    }

    /// A check of ours, by its whole path, runs in-process; anything else is exec'ed.
    pub fn submit(&self, job: Job) {
        let pool = match &job {
            job if self.in_process.runs_in_process(job) => &self.in_process,
            job if self.apart.runs_in_process(job) => &self.apart,
            _ => &self.exec,
        };
        pool.submit(job);
    }

    /// Ends all workers and what they run.
    pub async fn stop(self) {
        self.in_process.stop().await;
        self.apart.stop().await;
        self.exec.stop().await;
    }
}

/// A command line as a worker gets it: program and arguments, and variables beside the usual ones.
pub(crate) fn into_argv(command: CommandLine) -> (Vec<String>, Vec<(String, String)>) {
    match command {
        CommandLine::Argv(argv) => (argv, Vec::new()),
        CommandLine::Shell { script, environment } => {
            (vec!["/bin/sh".into(), "-c".into(), script], environment)
        }
    }
}

fn forward(mut results: mpsc::UnboundedReceiver<Done>, core: mpsc::UnboundedSender<Input>) {
    tokio::spawn(async move {
        while let Some(done) = results.recv().await {
            if core.send(Input::Done(done)).is_err() {
                break;
            }
        }
    });
}

/// `hlidka-worker` lies beside `hlidka`, beside the plugins, or one folder above them.
pub(crate) fn worker_program(plugins: &Path) -> Result<PathBuf> {
    let beside = std::env::current_exe().ok().and_then(|exe| exe.parent().map(Path::to_owned));
    let places = beside.into_iter().chain([plugins.to_owned()]).chain(plugins.parent().map(Path::to_owned));
    let candidates: Vec<PathBuf> = places.map(|dir| dir.join("hlidka-worker")).collect();
    candidates.iter().find(|path| path.is_file()).cloned().with_context(|| {
        let looked: Vec<String> = candidates.iter().map(|path| path.display().to_string()).collect();
        format!("hlidka-worker is not installed: looked for {}", looked.join(", "))
    })
}
