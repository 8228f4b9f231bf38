//! The command line of `hlidka-worker`.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use check::Isolation;
use clap::{Parser, ValueEnum};

use crate::generate::{self, Server};
use crate::in_process::InProcess;
use crate::table::{self, CHECKS};
use crate::{examine, pools, sandbox_test};

/// Runs checks for the hlidka daemon, or any one of its checks by name.
#[derive(Debug, Parser)]
#[command(
    name = "hlidka-worker",
    version,
    override_usage = "hlidka-worker --pool exec\n       \
                      hlidka-worker --pool in-process|apart --plugins DIR\n       \
                      hlidka-worker CHECK [OPTIONS OF THE CHECK]\n       \
                      hlidka-worker --list | --test-sandbox | --examine\n       \
                      hlidka-worker --definitions icinga2|nagios|director [--plugins DIR]\n       \
                      hlidka-worker --man DIR | --completions SHARE",
    after_help = "Examples:\n  \
                  hlidka-worker check_tcp -H db1.example.org -p 5432\n  \
                  ln -s hlidka-worker check_tcp && ./check_tcp -H db1.example.org -p 5432\n  \
                  hlidka-worker --definitions icinga2 >/etc/icinga2/conf.d/hlidka.conf",
    max_term_width = 100
)]
struct Options {
    /// Serve the daemon on standard input: run our own checks inside this process (in pure Rust; apart from
    /// them those with a C library), or exec programs
    #[arg(long, value_enum, value_name = "KIND", required_unless_present = "other")]
    pool: Option<PoolKind>,
    /// The folder of our own checks: a command whose program is DIR/CHECK runs in-process
    /// [default for definitions: /usr/lib/hlidka/plugins]
    #[arg(long, value_name = "DIR", required_if_eq_any([("pool", "in-process"), ("pool", "apart")]))]
    plugins: Option<PathBuf>,
    /// List all checks, and how each of them runs
    #[arg(long, group = "other", conflicts_with = "pool")]
    list: bool,
    /// Try what a check in the sandbox must not be able to do, and fail if the kernel lets it
    #[arg(long, group = "other", conflicts_with = "pool")]
    test_sandbox: bool,
    /// Say of command lines on standard input, as JSON, one a line, what their checks make of them;
    /// nothing is run. `hlidka verify` asks so
    #[arg(long, group = "other", conflicts_with = "pool")]
    examine: bool,
    /// Print definitions of all checks for another server, made of the checks' own options
    #[arg(long, group = "other", conflicts_with = "pool", value_enum, value_name = "SERVER")]
    definitions: Option<Server>,
    /// Write a man page of every check into this folder
    #[arg(long, group = "other", conflicts_with = "pool", value_name = "DIR")]
    man: Option<PathBuf>,
    /// Write completions of every check for bash, zsh and fish where these look for them below this
    /// folder, such as /usr/local/share
    #[arg(long, group = "other", conflicts_with = "pool", value_name = "SHARE")]
    completions: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PoolKind {
    InProcess,
    Apart,
    Exec,
}

/// `main` of the program: a check if called by the name of one (as a link or as first argument),
/// else what the options say.
pub fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    let called = arguments.next().unwrap_or_default();
    if let Some(check) = named(&called) {
        return check::run(check, arguments);
    }
    let first = std::env::args_os().nth(1).unwrap_or_default();
    if let Some(check) = named(&first) {
        return check::run(check, arguments.skip(1));
    }
    let options = Options::parse();
    let result = match (options.pool, &options.plugins) {
        (Some(PoolKind::Exec), _) => pools::exec(),
        (Some(PoolKind::InProcess), Some(plugins)) => pools::in_process(InProcess::pure(plugins)),
        (Some(PoolKind::Apart), Some(plugins)) => pools::in_process(InProcess::apart(plugins)),
        _ if options.examine => examine::main(&mut io::stdin().lock(), &mut io::stdout().lock()),
        _ if options.test_sandbox => return sandbox_test::main(&mut io::stdout().lock()),
        _ => write(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// What is made of the table of checks.
fn write(options: &Options) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match (options.definitions, &options.man, &options.completions) {
        (Some(server), ..) => {
            let plugins = options.plugins.as_deref().map(Path::to_string_lossy);
            out.write_all(generate::definitions(server, plugins.as_deref()).as_bytes())
        }
        (_, Some(folder), _) => in_folder(folder, generate::man(folder)),
        (.., Some(folder)) => in_folder(folder, generate::completions(folder)),
        (None, None, None) => list(&mut out),
    }
}

fn in_folder(folder: &Path, written: io::Result<()>) -> io::Result<()> {
    written.map_err(|error| {
        io::Error::new(error.kind(), format!("cannot write into {}: {error}", folder.display()))
    })
}

/// One line for the daemon's log.
pub(crate) fn say(text: &str) {
    // if standard error is closed, nobody wants to know
    let _ = writeln!(io::stderr(), "hlidka-worker: {text}");
}

fn named(argument: &OsStr) -> Option<&'static check::CheckDef> {
    table::find(Path::new(argument).file_name().map(OsString::from)?.to_str()?)
}

fn list(out: &mut impl Write) -> io::Result<()> {
    for check in CHECKS {
        let runs = match check.definition.isolation {
            Isolation::Instant | Isolation::Async | Isolation::AsyncApart => "in-process",
            Isolation::AsyncProcess | Isolation::Process => "own process",
        };
        writeln!(out, "{:<18} {runs:<12} {}", check.definition.name, check.definition.about)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_options_hold_together() {
        Options::command().debug_assert();
        assert!(Options::try_parse_from(["hlidka-worker"]).is_err(), "says what is missing");
        assert!(Options::try_parse_from(["hlidka-worker", "--pool", "in-process"]).is_err());
        assert!(Options::try_parse_from(["hlidka-worker", "--pool", "apart"]).is_err());
        assert!(Options::try_parse_from(["hlidka-worker", "--pool", "exec", "--list"]).is_err());
        assert!(Options::try_parse_from(["hlidka-worker", "--list", "--man", "x"]).is_err());
        assert!(Options::try_parse_from(["hlidka-worker", "--definitions", "icinga"]).is_err());
        assert!(Options::try_parse_from(["hlidka-worker", "--pool", "exec"]).is_ok());
    }

    #[test]
    fn a_name_is_that_of_the_file() {
        assert!(named(OsStr::new("/usr/lib/hlidka/plugins/check_tcp")).is_some());
        assert!(named(OsStr::new("check_tcp")).is_some());
        assert!(named(OsStr::new("hlidka-worker")).is_none());
        assert!(named(OsStr::new("")).is_none());
    }
}
