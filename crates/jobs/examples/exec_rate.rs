//! What a run through a pool of workers costs: one command, so many times, and a line of figures.
//!
//! `exec_rate WORKER KIND WORKERS PARALLEL SECONDS PROGRAM [ARGUMENTS]`
//! where KIND is `exec`, or the folder of our own checks for an in-process pool.
//!
//! The CPU time is that of this process, of the workers, and of what they ran.

#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

use std::time::{Duration, Instant};

use anyhow::Context;
use jobs::{Job, Outcome, Pool, Settings};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [worker, kind, workers, parallel, seconds, argv @ ..] = arguments.as_slice() else {
        anyhow::bail!("exec_rate WORKER exec|PLUGIN_FOLDER WORKERS PARALLEL SECONDS PROGRAM [ARGUMENTS]");
    };
    let (workers, parallel) = (workers.parse::<usize>()?, parallel.parse::<usize>()?);
    let length = Duration::from_secs_f64(seconds.parse()?);
    let options: &[&str] =
        if kind == "exec" { &["--pool", "exec"] } else { &["--pool", "in-process", "--plugins", kind] };
    let settings = Settings {
        program: worker.into(),
        arguments: options.iter().map(|&option| option.to_owned()).collect(),
        workers,
        window: parallel.div_ceil(workers),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure(settings, parallel, length, argv))
}

async fn measure(
    settings: Settings,
    parallel: usize,
    length: Duration,
    argv: &[String],
) -> anyhow::Result<()> {
    let workers = settings.workers;
    let (pool, mut results) = Pool::start(settings).await?;
    let job = |id| Job { id, argv: argv.to_vec(), environment: Vec::new(), timeout: Duration::from_secs(60) };
    let start = Instant::now();
    let mut submitted = parallel as u64;
    (0..submitted).for_each(|id| pool.submit(job(id)));
    let (mut finished, mut delay) = (0_u64, 0_i64);
    while finished < submitted {
        let done = results.recv().await.context("the pool ended")?;
        anyhow::ensure!(done.outcome == Outcome::Exited(0), "not OK: {:?}", done.verdict());
        finished += 1;
        delay += done.finished - done.started;
        if start.elapsed() < length {
            pool.submit(job(submitted));
            submitted += 1;
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let resident: Vec<u64> =
        pool.workers().iter().filter_map(|worker| resident_kib(worker.pid?).ok()).collect();
    pool.stop().await;
    let (own, children) = cpu_seconds()?;
    let count = finished as f64;
    println!(
        "mode=pool workers={workers} par={parallel} execs={finished} secs={seconds:.2} rate={:.0}/s \
         cpu_parent={own:.2}s cpu_children={children:.2}s cpu_per_1000={:.3}s mean_run={:.2}ms \
         worker_rss={resident:?}KiB",
        count / seconds,
        (own + children) * 1000.0 / count,
        delay as f64 / count / 1000.0,
    );
    Ok(())
}

/// User and system time of this process, and of its children, which it has waited for.
fn cpu_seconds() -> anyhow::Result<(f64, f64)> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(") ").context("/proc/self/stat")?;
    let ticks: Vec<f64> = fields.split(' ').skip(11).take(4).filter_map(|f| f.parse().ok()).collect();
    let [user, system, child_user, child_system] = ticks[..] else { anyhow::bail!("/proc/self/stat") };
    let per_second = rustix::param::clock_ticks_per_second() as f64;
    Ok(((user + system) / per_second, (child_user + child_system) / per_second))
}

fn resident_kib(pid: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
