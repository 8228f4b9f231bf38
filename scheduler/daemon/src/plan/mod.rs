//! `hlidka plan`: what a configuration asks of the monitor and of those it asks, before it is in force.
//!
//! [`load`] counts every check of some hours by the engine's own timetable, [`realms`] and [`silence`]
//! say what a federation's servers and proxies see of it, [`limits`] what of that is too much;
//! [`formula`] needs no configuration. All of them are pure; [`text`] and [`json`] write the answer.

mod formula;
mod json;
mod limits;
mod load;
mod number;
mod realms;
mod silence;
mod table;
mod text;
mod time_limit;
mod what_if;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use config::{Configuration, Problem, Severity};
use engine::{Span, Timestamp};

use self::formula::Formula;
use self::limits::{Verdict, verdicts};
use self::load::{Load, Window};
use self::realms::{Logins, Realms};
use self::silence::Silence;
use crate::cli::{complain, load as read, print};
use crate::render::Paint;
use crate::when::Moment;

/// What is asked.
#[derive(Args)]
#[command(
    override_usage = "hlidka plan [OPTIONS] <CONFIG>\n       hlidka plan [OPTIONS] --what-if <NUMBERS>"
)]
pub(crate) struct Ask {
    /// An hlidka.yaml, a nagios.cfg, an icinga2.conf, or a directory with one of them or with *.cfg files
    #[arg(required_unless_present = "what_if")]
    config: Option<PathBuf>,
    /// Reckon with these numbers of an even federation instead, `TA=20,RS=30,Ng=1/6,Nl=12`: accounts,
    /// servers [1.5 x TA], tests an hour of a server with one guest [2] and with its own realm [12];
    /// may be repeated
    #[arg(long, value_name = "NUMBERS", value_parser = Formula::parse, conflicts_with = "config")]
    what_if: Vec<Formula>,
    /// Begin then: 30m (from now), or 2026-11-23T22:00 [default: now]
    #[arg(long, value_name = "WHEN", value_parser = Moment::parse, conflicts_with = "what_if")]
    from: Option<Moment>,
    /// Look at so many hours, at most 168
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = hours, conflicts_with = "what_if")]
    hours: u16,
    /// Seconds that a check takes while all is well; nothing in a configuration tells
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    duration: Span,
    /// Seconds that an unanswered login takes; a configuration tells by itself
    #[arg(long, value_name = "SECONDS", default_value = "50", value_parser = seconds, conflicts_with = "config")]
    timeout: Span,
    /// Show so many of the heaviest targets and commands; 0 for all
    #[arg(long, value_name = "N", default_value_t = 5, conflicts_with = "what_if")]
    top: usize,
    /// Exit with 1 if a limit of hlidka.yaml is exceeded
    #[arg(long, conflicts_with = "what_if")]
    check: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Everything that is known of the load of a configuration.
pub(crate) struct Forecast<'c> {
    pub of: &'c Configuration,
    pub window: Window,
    /// What each check is assumed to take.
    pub duration: Span,
    pub load: Load,
    pub federation: Option<Federation>,
    pub verdicts: Vec<Verdict>,
}

/// The federation in a configuration.
pub(crate) struct Federation {
    /// The host group of its servers.
    pub name: String,
    pub realms: Realms,
    pub logins: Logins,
    /// The realm that is most expensive when it is silent.
    pub silence: Option<Silence>,
}

/// Answers. What cannot be answered is no word about limits: it ends with 2, as a wrong command line does.
pub(crate) fn run(ask: &Ask) -> ExitCode {
    answer(ask).unwrap_or_else(|error| {
        complain(&error);
        ExitCode::from(2)
    })
}

fn answer(ask: &Ask) -> Result<ExitCode> {
    let Some(config) = &ask.config else { return print(&what_if::answer(ask)?) };
    let of = read(config)?;
    let from = ask.from.map_or(Moment::In(Span::ZERO), |from| from).after(crate::core::now());
    // whole minutes read better, and nothing depends on the seconds
    let from = Timestamp::from_secs(from.secs().div_euclid(60) * 60);
    let forecast = Forecast::of(&of, config, ask.duration, Window { from, hours: ask.hours })?;
    let text = if ask.json {
        format!("{}\n", json::forecast(&forecast, ask.top))
    } else {
        text::forecast(&forecast, ask.top, Paint::for_stdout())
    };
    print(&text)?;
    let is_over = forecast.verdicts.iter().any(|verdict| verdict.counts && verdict.is_over());
    Ok(if ask.check && is_over { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

impl<'c> Forecast<'c> {
    fn of(of: &'c Configuration, path: &Path, duration: Span, window: Window) -> Result<Forecast<'c>> {
        if let Some(problem) = of.options.plan.problem(&of.graph) {
            // a warning to the daemon, which needs no plan
            bail!("{}", Problem { severity: Severity::Error, ..problem });
        }
        let realms = Realms::of(of, window.from);
        let logins = realms.as_ref().map(|realms| realms.logins(of.graph.objects().len()));
        let is_login = |id: engine::ObjectId| logins.as_ref().is_some_and(|logins| logins[id.0 as usize]);
        let load = load::count(of, duration, &is_login, window)
            .map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
        let federation = realms.map(|realms| Federation {
            name: of.options.plan.servers.as_ref().map(|servers| servers.name.clone()).unwrap_or_default(),
            logins: Logins::of(&realms, &of.graph),
            silence: Silence::heaviest(&realms, of, duration),
            realms,
        });
        let verdicts = verdicts(of, &load, federation.is_some());
        Ok(Forecast { of, window, duration, load, federation, verdicts })
    }
}

/// At least one, at most a week.
fn hours(text: &str) -> Result<u16, String> {
    let hours = text.parse().ok().filter(|hours| (1..=168).contains(hours));
    hours.ok_or_else(|| format!("`{text}` is no number of hours between 1 and 168"))
}

/// `1`, `0.2`: more than nothing, at most a day.
fn seconds(text: &str) -> Result<Span, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.001..=86_400.0).contains(&seconds) => Ok(Span::from_minutes(seconds / 60.0)),
        _ => Err(format!("`{text}` is no number of seconds between 0.001 and 86400")),
    }
}

#[cfg(test)]
mod tests;
