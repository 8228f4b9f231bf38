//! The command line: what an administrator types.

mod command;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand};
use config::Configuration;
use engine::{Identity, Span, Timestamp};

use crate::choice::{Filters, Patterns};
use crate::render::{self, Detail, Paint};
use crate::socket::ask;
use crate::when::{Moment, span};
use crate::wire::{Answer, Overview, Request};
use crate::{demo, diff, log, objects, plan, run, simulate, verify};

/// Where the daemon listens unless it is told otherwise.
pub(crate) const DEFAULT_SOCKET: &str = "/run/hlidka/hlidka.sock";

/// Watches services as Nagios object definitions describe them.
#[derive(Parser)]
#[command(name = "hlidka", version, max_term_width = 100, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the daemon in the foreground
    Run {
        /// An hlidka.yaml, a nagios.cfg, an icinga2.conf, or a directory with one of them or with *.cfg files
        config: PathBuf,
        /// Error, warn, info, debug or trace
        #[arg(long, default_value = "info", env = "HLIDKA_LOG")]
        log_level: String,
    },
    /// Watch a few real local checks for a while, one of which fails and recovers; needs nothing
    Demo {
        /// Stop after so many seconds (default: when interrupted)
        #[arg(long)]
        seconds: Option<u64>,
    },
    /// Check a configuration: all its problems at once, and what hlidka's own checks make of their arguments; exit
    /// code 1 if there is an error, or a file that is set aside
    Verify {
        /// An hlidka.yaml, a nagios.cfg, an icinga2.conf, or a directory with one of them or with *.cfg files
        config: PathBuf,
        /// The problems as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show what became of the definitions, after templates, groups and lists
    Objects {
        /// An hlidka.yaml, a nagios.cfg, an icinga2.conf, or a directory with one of them or with *.cfg files
        config: PathBuf,
        /// HOST (and all about it) or HOST;SERVICE, with `*` for anything
        patterns: Vec<String>,
        /// How to print them
        #[arg(long, value_enum, default_value = "text")]
        format: objects::Format,
        /// Only these types: host, service, hostgroup, servicedependency …
        #[arg(long = "type", value_name = "TYPE", value_delimiter = ',')]
        types: Vec<String>,
        #[command(flatten)]
        filters: Filters,
    },
    /// Show what a change of the configuration does: which checks come, go and change, and who is told of what;
    /// exit code 0 if nothing changes, 1 if something does, 2 if that cannot be said
    ///
    /// OLD and NEW are each an hlidka.yaml, a nagios.cfg, an icinga2.conf, a directory, or one of these in a
    /// revision of a Git repository, as `git show` names it: `main:monitoring`, `HEAD~3:./objects`. A path that
    /// exists is a path.
    Diff {
        /// The configuration as it was: a path, or REVISION:PATH
        old: String,
        /// The configuration as it would be: a path, or REVISION:PATH
        new: String,
        /// Name all objects, and show all changes
        #[arg(long)]
        all: bool,
        /// As JSON, with all objects
        #[arg(long, conflicts_with = "all")]
        json: bool,
        /// The Git repository of revisions [default: the one in which you are]
        #[arg(long, value_name = "DIR")]
        repository: Option<PathBuf>,
    },
    /// Show problems, worst first
    Status {
        #[command(flatten)]
        daemon: Daemon,
        /// Show what is well, too
        #[arg(long)]
        all: bool,
        /// Show of each object where it is defined, and when it was and will be checked
        #[arg(short, long, conflicts_with = "json")]
        verbose: bool,
        /// Everything that is known, as JSON
        #[arg(long)]
        json: bool,
        /// Exit as a plugin would for the worst problem that nobody takes care of
        #[arg(long)]
        exit_code: bool,
    },
    /// Show what happened to a host (and its services), a service, or everything
    History {
        #[command(flatten)]
        daemon: Daemon,
        /// HOST or HOST;SERVICE
        object: Option<String>,
        /// At most so many lines, the newest
        #[arg(short = 'n', long, default_value_t = 100)]
        limit: u32,
        /// Not older than this: 90m, 36h, 7d
        #[arg(long, value_parser = span)]
        since: Option<Span>,
        /// As JSON, one object a line
        #[arg(long)]
        json: bool,
    },
    /// Check now: a service, or a host with all its services
    Recheck {
        #[command(flatten)]
        daemon: Daemon,
        /// HOST or HOST;SERVICE
        #[arg(required = true)]
        objects: Vec<String>,
    },
    /// Say that somebody knows of a problem: no more mails about it
    Ack {
        #[command(flatten)]
        daemon: Daemon,
        /// HOST or HOST;SERVICE
        object: String,
        /// Why, or what is done about it
        comment: Option<String>,
        /// Hold until it is well, even if it becomes another problem
        #[arg(long)]
        sticky: bool,
        /// Hold only for so long: `30m`, `2h`, `3d`
        #[arg(long, value_name = "DURATION", value_parser = span)]
        expires: Option<Span>,
        /// Keep the comment when the problem is over
        #[arg(long)]
        persistent: bool,
        /// Do not tell those who were told of the problem
        #[arg(long)]
        no_notify: bool,
        /// Take the acknowledgement back
        #[arg(long, conflicts_with_all = ["comment", "sticky", "expires", "persistent", "no_notify"])]
        remove: bool,
    },
    /// No problem mails for a while; a host's downtime holds for its services
    Downtime {
        #[command(flatten)]
        daemon: Daemon,
        /// HOST or HOST;SERVICE
        #[arg(required_unless_present = "cancel")]
        object: Option<String>,
        /// For how long: 90m, 36h, 7d
        #[arg(value_parser = span, required_unless_present = "cancel")]
        duration: Option<Span>,
        /// Why
        #[arg(required_unless_present = "cancel")]
        comment: Option<String>,
        /// Begin not now but then: 30m (from now), or 2026-11-23T22:00
        #[arg(long, value_name = "WHEN", value_parser = Moment::parse)]
        start: Option<Moment>,
        /// Begin with the first problem in that time, and last so long from then on
        #[arg(long, value_name = "LENGTH", value_parser = span)]
        flexible: Option<Span>,
        /// End the downtime of this number; `hlidka status --json` and the history show it
        #[arg(long, value_name = "NUMBER", conflicts_with_all = ["object", "duration", "comment", "start", "flexible"])]
        cancel: Option<u64>,
    },
    /// Give external commands as Nagios knows them: `SCHEDULE_FORCED_SVC_CHECK;web1;HTTP;0`; exit
    /// code 1 if any is refused
    #[command(name = "command")]
    External {
        #[command(flatten)]
        daemon: Daemon,
        /// `[TIME] NAME;argument;…`, or `-` for standard input, one a line
        #[arg(required = true, value_name = "COMMAND")]
        commands: Vec<String>,
        /// What became of each, one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Play a scripted outage in virtual time: every check, every change, who would be told, and why
    /// not; needs no daemon and no network
    Simulate {
        /// An hlidka.yaml, a nagios.cfg, an icinga2.conf, or a directory with one of them or with *.cfg files
        config: PathBuf,
        /// What happens when, as text: `1:00 web1;HTTP critical "refused"`
        scenario: PathBuf,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
        /// Leave out the checks, show what follows from them
        #[arg(long)]
        no_checks: bool,
        /// Show only what happens to HOST (and its services) or HOST;SERVICE, with `*` for anything; may
        /// be repeated. All is played
        #[arg(long = "object", value_name = "PATTERN")]
        objects: Vec<String>,
    },
    /// Show the load that a configuration plans: checks a second by target and command, checks in flight, what
    /// a federation's servers and proxies see of them, and which limits that exceeds
    Plan(plan::Ask),
    /// Make the daemon read its configuration again; a broken one is refused with its reasons
    Reload {
        #[command(flatten)]
        daemon: Daemon,
        /// Take it even if many hosts and services are missing in it (`reload: max_loss:`)
        #[arg(long)]
        force: bool,
    },
}

/// Which daemon.
#[derive(Args)]
struct Daemon {
    /// Its socket [default: that of --config, else /run/hlidka/hlidka.sock]
    #[arg(long, env = "HLIDKA_SOCKET")]
    socket: Option<PathBuf>,
    /// Its configuration, which names the socket
    #[arg(long, conflicts_with = "socket")]
    config: Option<PathBuf>,
}

impl Daemon {
    fn ask(&self, request: &Request) -> Result<Answer> {
        let socket = match (&self.socket, &self.config) {
            (Some(socket), _) => socket.clone(),
            (None, Some(config)) => {
                config::options(config).map_err(|problems| problems_as_error(&problems))?.socket
            }
            (None, None) => PathBuf::from(DEFAULT_SOCKET),
        };
        ask(&socket, request)
    }

    /// Asks for something to be done and prints what was.
    fn make(&self, request: &Request) -> Result<ExitCode> {
        match self.ask(request)? {
            Answer::Done { message } => print(&format!("{message}\n")),
            Answer::Refused { reasons } => bail!("{}", reasons.join("\n")),
            _ => bail!("the daemon answered something else: is it of the same version?"),
        }
    }
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    let command = Cli::parse().command;
    // 1 says that something changes
    let failure = if matches!(command, Command::Diff { .. }) { ExitCode::from(2) } else { ExitCode::FAILURE };
    let result = match command {
        Command::Run { config, log_level } => log::start(&log_level).and_then(|()| run::run(&config)),
        Command::Demo { seconds } => log::start("info").and_then(|()| demo::run(seconds)),
        Command::Verify { config, json } => verify::run(&config, json),
        Command::Objects { config, patterns, format, types, filters } => {
            let wanted = objects::Wanted { types, patterns: Patterns(patterns), filters };
            objects::print(&config, format, &wanted).map(|()| ExitCode::SUCCESS)
        }
        Command::Diff { old, new, all, json, repository } => {
            let repository = repository.as_deref().unwrap_or(Path::new("."));
            let style = if json { diff::Style::Json } else { diff::Style::Text { all } };
            diff::run(&old, &new, repository, style)
        }
        Command::Status { daemon, all, verbose, json, exit_code } => {
            let detail = if verbose { Detail::Full } else { Detail::Line };
            status(&daemon, all, (!json).then_some(detail), exit_code)
        }
        Command::History { daemon, object, limit, since, json } => {
            history(&daemon, object.as_deref(), limit, since, json)
        }
        Command::Recheck { daemon, objects } => recheck(&daemon, &objects),
        Command::Ack { daemon, object, remove: true, .. } => {
            identity(&object).and_then(|object| daemon.make(&Request::Unacknowledge { object }))
        }
        Command::Ack { daemon, object, comment, sticky, expires, persistent, no_notify, .. } => {
            identity(&object).and_then(|object| {
                let comment: Arc<str> = comment.unwrap_or_default().into();
                let expires = expires.map(|length| crate::core::now() + length);
                let (author, notify) = (author(), !no_notify);
                daemon.make(&Request::Acknowledge {
                    object,
                    sticky,
                    expires,
                    persistent,
                    notify,
                    author,
                    comment,
                })
            })
        }
        Command::Downtime { daemon, cancel: Some(number), .. } => {
            daemon.make(&Request::CancelDowntime { number })
        }
        Command::Downtime { daemon, object, duration, comment, start, flexible, .. } => {
            identity(&object.unwrap_or_default()).and_then(|object| {
                let now = crate::core::now();
                let start = start.map_or(now, |start| start.after(now));
                let end = start + duration.unwrap_or_default();
                let comment: Arc<str> = comment.unwrap_or_default().into();
                daemon.make(&Request::Downtime { object, start, end, flexible, author: author(), comment })
            })
        }
        Command::External { daemon, commands, json } => command::run(&daemon, &commands, json),
        Command::Simulate { config, scenario, json, no_checks, objects } => {
            let paint = Paint(!json && Paint::for_stdout().0);
            let style = simulate::Style { json, checks: !no_checks, objects: Patterns(objects), paint };
            simulate::run(&config, &scenario, style)
        }
        Command::Plan(ask) => Ok(plan::run(&ask)),
        Command::Reload { daemon, force } => daemon.make(&Request::Reload { force }),
    };
    result.unwrap_or_else(|error| {
        complain(&error);
        failure
    })
}

/// Says why nothing came of a command.
pub(crate) fn complain(error: &anyhow::Error) {
    // nothing is left to do if even this cannot be said
    let _ = writeln!(std::io::stderr(), "hlidka: {}", in_full(error));
}

/// An error with its causes, each said once.
fn in_full(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |text, cause| match text.as_str() {
        "" => cause,
        said if said.contains(&cause) => text,
        said => format!("{said}: {cause}"),
    })
}

pub(crate) fn print(text: &str) -> Result<ExitCode> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot write the answer")
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// `HOST` or `HOST;SERVICE`.
fn identity(text: &str) -> Result<Identity> {
    let (host, service) = match text.split_once(';') {
        Some((host, service)) => (host, Some(service)),
        None => (text, None),
    };
    if host.is_empty() || service.is_some_and(str::is_empty) {
        bail!("`{text}` names nothing: write HOST or HOST;SERVICE");
    }
    Ok(Identity { host: host.into(), service: service.map(Into::into) })
}

/// Who types this, for history and mails.
fn author() -> Arc<str> {
    ["SUDO_USER", "USER", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok())
        .unwrap_or_else(|| "root".into())
        .into()
}

/// A configuration, or all its problems.
pub(crate) fn load(path: &Path) -> Result<Configuration> {
    let configuration = config::load(path).map_err(|problems| problems_as_error(&problems))?;
    for warning in nothing_there(&configuration) {
        // nothing is left to do if even this cannot be said
        let _ = writeln!(std::io::stderr(), "hlidka: {warning}");
    }
    Ok(configuration)
}

/// That there are no definitions: most often the path is not what was meant.
pub(crate) fn nothing_there(of: &Configuration) -> impl Iterator<Item = &config::Problem> {
    let is_empty = of.graph.objects().is_empty();
    let is_so = move |problem: &&config::Problem| problem.concern == Some(config::Concern::NoDefinitions);
    of.warnings.iter().filter(is_so).filter(move |_| is_empty)
}

fn problems_as_error(problems: &[config::Problem]) -> anyhow::Error {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    anyhow::anyhow!("{}", lines.join("\n"))
}

/// Text of so much detail, or JSON.
fn status(daemon: &Daemon, all: bool, text: Option<Detail>, exit_code: bool) -> Result<ExitCode> {
    let overview = match daemon.ask(&Request::Status { all: all || text.is_none() })? {
        Answer::Status(overview) => overview,
        Answer::Refused { reasons } => bail!("{}", reasons.join("\n")),
        _ => bail!("the daemon answered something else: is it of the same version?"),
    };
    match text {
        None => print(&format!("{}\n", serde_json::to_string_pretty(&overview)?))?,
        Some(detail) => print(&render::status(&overview, detail, Paint::for_stdout()))?,
    };
    Ok(if exit_code { ExitCode::from(worst(&overview)) } else { ExitCode::SUCCESS })
}

/// The exit code of a plugin for the worst problem that nobody takes care of.
fn worst(overview: &Overview) -> u8 {
    let unhandled = overview.objects.iter().filter(|line| line.is_unhandled());
    match unhandled.map(|line| line.condition.severity()).max() {
        None | Some(0) => 0,
        Some(1) => 3,
        Some(2) => 1,
        Some(_) => 2,
    }
}

fn history(
    daemon: &Daemon,
    object: Option<&str>,
    limit: u32,
    since: Option<Span>,
    json: bool,
) -> Result<ExitCode> {
    let object = object.map(identity).transpose()?;
    let since = since.map_or(Timestamp::EPOCH, |span| crate::core::now() - span);
    match daemon.ask(&Request::History { object, since, limit })? {
        Answer::History { entries, warnings } => {
            for warning in warnings {
                let _ = writeln!(std::io::stderr(), "hlidka: {warning}");
            }
            if json {
                let lines: Result<Vec<String>, _> = entries.iter().map(serde_json::to_string).collect();
                print(&(lines?.join("\n") + "\n"))
            } else {
                print(&render::history(&entries, Paint::for_stdout()))
            }
        }
        Answer::Refused { reasons } => bail!("{}", reasons.join("\n")),
        _ => bail!("the daemon answered something else: is it of the same version?"),
    }
}

fn recheck(daemon: &Daemon, objects: &[String]) -> Result<ExitCode> {
    for object in objects {
        daemon.make(&Request::Recheck { object: identity(object)? })?;
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn causes_are_said_once() {
        let error =
            anyhow::anyhow!("no such file").context("x.db: no such file; make it").context("cannot start");
        assert_eq!(in_full(&error), "cannot start: x.db: no such file; make it");
    }

    #[test]
    fn names_are_read() {
        assert_eq!(identity("web1;HTTP on 80").unwrap().to_string(), "web1;HTTP on 80");
        assert!(identity(";x").is_err() && identity("x;").is_err());
    }
}
