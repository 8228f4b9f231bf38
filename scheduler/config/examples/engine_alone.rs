//! What a configuration costs the engine alone: loading, memory, and its work on results in real time.
//!
//! `engine_alone CONFIG [SECONDS]`
//!
//! First every object gets its first results in virtual time, as fast as they are taken (for memory with all
//! outputs, and the most that one core does); then SECONDS of real time pass, 60 unless another number is given,
//! in which every check that is due is answered half a second later. One thread.

#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use engine::{Action, CheckResult, Engine, Event, Graph, Limits, ObjectId, Restored, Said, Span, Timestamp};
use nagios::State;

/// What a check takes.
const DURATION: Span = Span::from_micros(500_000);

/// So often in real time the engine is asked, as the daemon does.
const TICK: Duration = Duration::from_millis(10);

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (config, seconds) = match arguments.as_slice() {
        [config] => (config, 60),
        [config, seconds] => (config, seconds.parse()?),
        _ => anyhow::bail!("engine_alone CONFIG [SECONDS]"),
    };
    let configuration = config::load(Path::new(config)).map_err(|problems| {
        anyhow::anyhow!(problems.iter().map(|problem| format!("{problem}\n")).collect::<String>())
    })?;
    let graph = configuration.graph;
    let count = graph.objects().len();
    let loaded = memory("VmRSS")?;
    println!("loaded: {count} objects, {:.2} s CPU, {} MB (at most {} MB)", cpu()?, loaded, memory("VmHWM")?);

    let now = wall_clock()?;
    let mut work = Work::new(graph, now);
    println!("engine: {} MB", memory("VmRSS")?);

    let before = (cpu()?, work.results);
    let end = now + Span::from_secs(3600);
    work.virtual_time(end);
    let (used, results) = (cpu()? - before.0, work.results - before.1);
    println!(
        "an hour of virtual time: {results} results, {:.0} a second of CPU, {} MB, {:.0} bytes an object",
        results as f64 / used,
        memory("VmRSS")?,
        memory("VmRSS")? as f64 * 1e6 / count as f64,
    );

    let before = (cpu()?, work.results);
    let longest = work.real_time(end, Duration::from_secs(seconds));
    let (used, results) = (cpu()? - before.0, work.results - before.1);
    println!(
        "{seconds} s of real time: {:.0} results a second, {:.1} % of a core, longest step {:.0} ms, {} MB (at most {} MB)",
        results as f64 / seconds as f64,
        100.0 * used / seconds as f64,
        longest.as_secs_f64() * 1e3,
        memory("VmRSS")?,
        memory("VmHWM")?,
    );
    Ok(())
}

/// The engine, and the checks that it asked for.
struct Work {
    engine: Engine,
    /// In order of their ends: all take the same time.
    under_way: VecDeque<(Timestamp, ObjectId)>,
    results: u64,
    stored: usize,
}

impl Work {
    fn new(graph: Arc<Graph>, now: Timestamp) -> Work {
        let limits = Limits { in_flight: 1 << 20, per_host: 1 << 20 };
        let engine = Engine::new(graph, limits, Restored::default(), now);
        Work { engine, under_way: VecDeque::new(), results: 0, stored: 0 }
    }

    /// Takes what is due at a moment and answers what has ended.
    fn step(&mut self, now: Timestamp) {
        while let Some((end, object)) = self.under_way.front().copied().filter(|(end, _)| *end <= now) {
            self.under_way.pop_front();
            self.results += 1;
            // a thousand outputs, as of logins that take so many milliseconds each
            let took = 100 + self.results.wrapping_mul(2_654_435_761) % 1000;
            self.engine.handle(
                Event::Result(CheckResult {
                    object,
                    started: end - DURATION,
                    finished: end,
                    state: State::Ok,
                    said: Said::new(
                        &format!("EAP OK: PEAP-MSCHAPv2 accepted in {took} ms, keys match"),
                        "",
                        &format!("time={took}ms;5000;10000;0 round_trips=10c retransmissions=0c"),
                    ),
                }),
                end,
            );
        }
        self.engine.handle_timeout(now);
        while let Some(action) = self.engine.poll_action() {
            if let Action::Run(job) = action {
                self.under_way.push_back((now + DURATION, job.object));
            }
        }
    }

    fn virtual_time(&mut self, end: Timestamp) {
        loop {
            let ended = self.under_way.front().map_or(Timestamp::NEVER, |(end, _)| *end);
            let next = self.engine.poll_timeout().min(ended);
            if next > end {
                return;
            }
            self.step(next);
            if self.results.is_multiple_of(4096) {
                self.stored += self.engine.take_changed().len();
            }
        }
    }

    /// The longest time that the engine kept others waiting.
    fn real_time(&mut self, begin: Timestamp, length: Duration) -> Duration {
        let (start, mut longest) = (Instant::now(), Duration::ZERO);
        let mut next = start;
        while start.elapsed() < length {
            let passed = i64::try_from(start.elapsed().as_micros()).unwrap_or(i64::MAX);
            let step = Instant::now();
            self.step(begin + Span::from_micros(passed));
            self.stored += self.engine.take_changed().len();
            longest = longest.max(step.elapsed());
            next += TICK;
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
        }
        longest
    }
}

fn wall_clock() -> anyhow::Result<Timestamp> {
    let micros = SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros();
    Ok(Timestamp::from_micros(i64::try_from(micros)?))
}

/// Seconds of this thread, which is the only one.
fn cpu() -> anyhow::Result<f64> {
    let text = std::fs::read_to_string("/proc/self/schedstat")?;
    let nanoseconds: f64 = text.split(' ').next().context("schedstat has a number")?.parse()?;
    Ok(nanoseconds / 1e9)
}

/// A line of /proc/self/status, in MB.
fn memory(field: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)).context("status has that line")?;
    let kib: u64 = line.trim_matches(|c: char| !c.is_ascii_digit()).parse()?;
    Ok(kib * 1024 / 1_000_000)
}
