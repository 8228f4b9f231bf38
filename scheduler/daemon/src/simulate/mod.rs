//! `hlidka simulate CONFIG SCENARIO`: a scripted outage in virtual time, with the very engine of the
//! daemon and no network: every check that would run, every change, who would be told, and why not.
//!
//! [`scenario`] reads the script, [`world`] plays it, [`report`] writes one line an event.

mod change;
mod report;
mod scenario;
mod subject;
mod words;
mod world;

use std::fs::File;
use std::io::{self, BufWriter, Read, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use jiff::tz::TimeZone;

use self::report::Report;
use self::scenario::Scenario;
use self::world::World;
use crate::choice::Patterns;
use crate::cli::load;
use crate::render::Paint;

/// How the answer is written.
#[derive(Clone)]
pub(crate) struct Style {
    /// One JSON object a line.
    pub json: bool,
    /// Checks as well, not only what follows from them.
    pub checks: bool,
    /// Only what happens to these.
    pub objects: Patterns,
    /// Colours.
    pub paint: Paint,
}

/// Longest scenario, in bytes.
const MAX_SCENARIO: u64 = 4 * 1024 * 1024;

/// Plays a scenario and prints what happens.
pub(crate) fn run(config: &Path, scenario: &Path, style: Style) -> Result<ExitCode> {
    let configuration = load(config)?;
    let mut graph = Arc::unwrap_or_clone(configuration.graph);
    let name = scenario.display().to_string();
    let folder = scenario.parent().unwrap_or(Path::new(""));
    let scenario = Scenario::parse(&read(scenario)?, folder, &graph)
        .map_err(|errors| anyhow::anyhow!("{}", errors.in_file(&name)))?;
    // never the zone of the machine: the answer is the same everywhere
    graph.timezone = match (&scenario.zone, &configuration.options.timezone) {
        (Some(zone), _) => zone.clone(),
        (None, Some(zone)) => TimeZone::get(zone).unwrap_or(TimeZone::UTC),
        (None, None) => TimeZone::UTC,
    };
    if !style.objects.0.is_empty() && !graph.ids().any(|id| style.objects.match_name(&graph.identity(id))) {
        bail!("{}", style.objects.missing(&graph));
    }
    let json = style.json;
    let report =
        Report::new(BufWriter::new(io::stdout().lock()), style, scenario.start, graph.timezone.clone());
    let mut world = World::new(&Arc::new(graph), report, scenario.start);
    match world.play(&scenario).and_then(|()| world.report.finish().flush()) {
        // who reads has seen enough
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error).context("cannot write the answer"),
        Ok(()) => {
            if !json {
                let _ = writeln!(io::stderr(), "{}", world.summary(&scenario));
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn read(path: &Path) -> Result<String> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_SCENARIO + 1).read_to_end(&mut bytes))
        .with_context(|| format!("cannot read the scenario {}", path.display()))?;
    if bytes.len() as u64 > MAX_SCENARIO {
        bail!("{} is longer than {MAX_SCENARIO} bytes: no scenario is", path.display());
    }
    String::from_utf8(bytes).map_err(|_| {
        anyhow!("{} is no text (UTF-8): a scenario has lines like `1:00 web1;HTTP critical`", path.display())
    })
}
