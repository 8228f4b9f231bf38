//! The definition of a check, and the table entry made of it.

use std::ffi::OsString;
use std::future::Future;
use std::ops::RangeInclusive;
use std::pin::Pin;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgAction, ArgMatches, Command};
use nagios::{Report, State};

use crate::invocation::{Invocation, Output};
use crate::options::Timeout;
use crate::{CheckError, Ctx, Judged, attached, extra_opts};

/// Where a check runs inside hlidka, and what its program needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Never waits (reads /proc, a small file): in-process, without a runtime.
    Instant,
    /// Waits for a network or a bus, in async Rust: in-process, many at once.
    Async,
    /// Waits as [`Isolation::Async`], with a C library: in-process, many at once, in workers of their own.
    AsyncApart,
    /// Waits as [`Isolation::Async`], but writes files, which no worker may: a process for every run.
    AsyncProcess,
    /// Can block or hang in a system call, or runs other programs: a process for every run.
    Process,
}

/// What is fixed about a check.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// Name of program, package and library: `check_disk`.
    pub name: &'static str,
    /// First word of the output: `DISK`. Empty for `STATE: text`.
    pub title: &'static str,
    /// What stands between state and text: `" - "`, or `": "` where scripts expect that.
    pub separator: &'static str,
    /// One sentence for `--help`.
    pub about: &'static str,
    /// Text behind the options in `--help`: at least one example that works.
    pub examples: &'static str,
    /// Where it runs.
    pub isolation: Isolation,
    /// State of a timeout unless `-t SECONDS:STATE` says otherwise: CRITICAL for what is reached
    /// over a network, as users of monitoring-plugins expect; UNKNOWN for local readings.
    pub timeout_state: State,
}

/// A check: its options, as a clap struct, and how it runs.
pub trait Check: clap::Args + Send + Sync + 'static {
    /// Name, texts, isolation.
    const DEFINITION: Definition;

    /// Does [`Check::run`] end by the deadline of its `ctx` whatever hangs, since it asks on threads
    /// of its own? Then the program of an [`Isolation::Process`] check needs no thread that watches it.
    const KEEPS_DEADLINE: bool = false;

    /// Short options whose value is optional and attached (`-S`, `-S1.2`), with their long names.
    const ATTACHED_VALUES: &'static [(char, &'static str)] = &[];

    /// Between which values lies what the range of an option is compared with, by the option's name;
    /// 0 and more where nothing is said. A range that alerts nowhere there is doubted by whoever
    /// verifies a configuration.
    const BOUNDS: &'static [(&'static str, RangeInclusive<f64>)] = &[];

    /// Thresholds of options whose values are not written as ranges (`-w 10%` that must be left): they are
    /// doubted like these.
    fn judged(&self) -> Vec<Judged> {
        Vec::new()
    }

    /// Do the options make sense together? Without any I/O: it is asked once, before all runs, and by
    /// whoever verifies a configuration.
    fn validate(&self) -> Result<(), CheckError> {
        Ok(())
    }

    /// Measures and judges. Dropping the future must be enough to stop it; it is dropped at the
    /// deadline of `ctx`.
    fn run(&self, ctx: &Ctx) -> impl Future<Output = Result<Report, CheckError>> + Send;
}

pub(crate) type Running<'a> = Pin<Box<dyn Future<Output = Result<Report, CheckError>> + Send + 'a>>;

/// [`Check`] as an object: parsed once, run many times.
pub(crate) trait Prepared: Send + Sync {
    fn validate(&self) -> Result<(), CheckError>;

    fn judged(&self) -> Vec<Judged>;

    fn run<'a>(&'a self, ctx: &'a Ctx) -> Running<'a>;
}

impl<C: Check> Prepared for C {
    fn validate(&self) -> Result<(), CheckError> {
        Check::validate(self)
    }

    fn judged(&self) -> Vec<Judged> {
        Check::judged(self)
    }

    fn run<'a>(&'a self, ctx: &'a Ctx) -> Running<'a> {
        Box::pin(Check::run(self, ctx))
    }
}

/// One row of the table of all checks.
#[derive(Clone, Copy)]
pub struct CheckDef {
    /// Name, texts, isolation.
    pub definition: Definition,
    keeps_deadline: bool,
    pub(crate) attached_values: &'static [(char, &'static str)],
    pub(crate) bounds: &'static [(&'static str, RangeInclusive<f64>)],
    augment: fn(Command) -> Command,
    pub(crate) prepare: fn(&ArgMatches) -> Result<Box<dyn Prepared>, clap::Error>,
}

impl CheckDef {
    /// The row of a check type.
    pub const fn of<C: Check>() -> CheckDef {
        CheckDef {
            definition: C::DEFINITION,
            keeps_deadline: C::KEEPS_DEADLINE,
            attached_values: C::ATTACHED_VALUES,
            bounds: C::BOUNDS,
            augment: C::augment_args,
            prepare: |matches| Ok(Box::new(C::from_arg_matches(matches)?)),
        }
    }

    /// The clap command: the check's own options and the common ones. Man pages, completions and
    /// definitions for other servers come from this.
    pub fn command(&self) -> Command {
        let definition = &self.definition;
        let base = Command::new(definition.name)
            .after_help(definition.examples)
            .infer_long_args(true)
            .args_override_self(true)
            .disable_version_flag(true)
            .disable_help_flag(true)
            .max_term_width(100);
        // the struct's doc comment is for developers: users get the definition's sentence
        let command = (self.augment)(base).about(definition.about).long_about(None);
        let h_is_taken = command.get_arguments().any(|own| own.get_short() == Some('h'));
        let help = if h_is_taken { help_option() } else { help_option().short('h') };
        command.next_help_heading("Common options").args(common_options()).arg(help).arg(version_option())
    }

    /// Reads a command line (without the program's name). Help, version and usage errors come back
    /// as the finished output.
    pub fn parse<I>(&self, arguments: I) -> Result<Invocation, Output>
    where
        I: IntoIterator<Item = OsString>,
    {
        let definition = &self.definition;
        let fail = |error: CheckError| Output::of(definition, &error.report(definition.timeout_state), 0);
        let arguments = extra_opts::expand(definition.name, arguments.into_iter().collect()).map_err(fail)?;
        let arguments = attached::expand(self.attached_values, arguments);
        let mut command = self.command();
        if let Some(text) = information(definition, &mut command, &arguments) {
            return Err(Output { state: State::Unknown, text });
        }
        let mut parse = || {
            let with_name = std::iter::once(OsString::from(definition.name)).chain(arguments.clone());
            let matches = command.try_get_matches_from_mut(with_name)?;
            Ok((
                (self.prepare)(&matches)?,
                matches.get_count("verbose"),
                matches.get_one::<Timeout>("timeout").copied().unwrap_or_default(),
            ))
        };
        let (check, verbosity, timeout) =
            parse().map_err(|error: clap::Error| fail(usage_error(&error, definition.name)))?;
        check.validate().map_err(fail)?;
        Ok(Invocation::new(*definition, self.keeps_deadline, check, verbosity, timeout))
    }
}

fn common_options() -> [clap::Arg; 3] {
    let arg = clap::Arg::new;
    [
        arg("timeout")
            .short('t')
            .long("timeout")
            .value_name("SECONDS[:STATE]")
            .value_parser(clap::value_parser!(Timeout))
            .help("Give up after so many seconds [default: 10], and be in this state then (ok, warning, critical, unknown)"),
        arg("verbose")
            .short('v')
            .long("verbose")
            .action(ArgAction::Count)
            .help("Say more; may be repeated up to three times"),
        arg("extra-opts")
            .long("extra-opts")
            .value_name("[SECTION][@FILE]")
            .num_args(0..=1)
            .require_equals(true)
            .help("Read more options from a section of an ini file (keeps secrets out of the process list)"),
    ]
}

/// Also `-h`, but for a check whose own option that is (check_cluster: a cluster of hosts).
fn help_option() -> clap::Arg {
    let help = clap::Arg::new("help").long("help").short_alias('?');
    help.action(ArgAction::SetTrue).help("Print this help")
}

fn version_option() -> clap::Arg {
    clap::Arg::new("version").short('V').long("version").action(ArgAction::SetTrue).help("Print the version")
}

/// Help or version, if asked for, whatever else is missing.
fn information(definition: &Definition, command: &mut Command, arguments: &[OsString]) -> Option<String> {
    let asked = asks(command, arguments)?;
    if asked == "-V" || asked == "--version" {
        let version = env!("CARGO_PKG_VERSION");
        return Some(format!("{} v{version} (hlidka {version})\n", definition.name));
    }
    Some(command.render_long_help().to_string())
}

/// The word that asks for help or version, if any does.
pub(crate) fn asks<'a>(command: &Command, arguments: &'a [OsString]) -> Option<&'a OsString> {
    let h_is_help = command.get_arguments().any(|a| a.get_id() == "help" && a.get_short() == Some('h'));
    arguments.iter().take_while(|a| *a != "--").find(|a| match a.to_str() {
        Some("-h") => h_is_help,
        Some(text) => matches!(text, "--help" | "-?" | "-V" | "--version"),
        None => false,
    })
}

/// What clap says, and the way to the help.
fn usage_error(error: &clap::Error, name: &str) -> CheckError {
    CheckError::usage(format!("{}\nSee {name} --help", said(error)))
}

/// What clap says, without what it adds for terminals.
pub(crate) fn said(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let said = text.split("\n\nFor more information").next().unwrap_or(&text);
    let said = said.strip_prefix("error: ").unwrap_or(said).trim_end();
    without_value(error).unwrap_or_else(|| said.to_owned())
}

/// The same for errors that show what was given, which may be a secret: this text is mailed, listed
/// and logged. The parsers of such options keep it out of their reasons, and an account in a URL
/// is taken out of any.
fn without_value(error: &clap::Error) -> Option<String> {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let option = text(ContextKind::InvalidArg)?;
    match error.kind() {
        ErrorKind::ValueValidation => {
            let reason = std::error::Error::source(error)?.to_string();
            let value = text(ContextKind::InvalidValue).unwrap_or_default();
            let account = value.rsplit_once('@').map_or("", |(account, _)| account);
            let account = account.split_once("://").map_or(account, |(_, account)| account);
            let reason = if account.contains(':') { reason.replace(account, "…") } else { reason };
            Some(format!("invalid value for '{option}': {reason}"))
        }
        // such as the second word of a header that lacks its quotes
        ErrorKind::UnknownArgument if !option.starts_with('-') => {
            Some("there is a word that belongs to no option: is one to be quoted?".to_owned())
        }
        _ => None,
    }
}
