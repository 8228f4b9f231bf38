//! What is wrong with a command line, found without running it: for whoever verifies a configuration.

use std::ffi::OsString;
use std::ops::RangeInclusive;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};
use nagios::{Doubt, Examined, Range, is_secret_value};

use crate::definition::{asks, said};
use crate::{CheckDef, attached};

/// What a value is judged by, of options that have words of their own for it.
#[derive(Clone, Debug)]
pub struct Judged {
    /// WARNING
    pub warning: Option<Limit>,
    /// CRITICAL
    pub critical: Option<Limit>,
    /// Between which values lies what is judged.
    pub within: RangeInclusive<f64>,
}

/// One limit of [`Judged`].
#[derive(Clone, Debug)]
pub struct Limit {
    /// `--warning`
    pub option: &'static str,
    /// As it is written: `10%`.
    pub text: String,
    /// Where it alerts.
    pub range: Range,
}

impl Judged {
    fn doubts(&self) -> Vec<Doubt> {
        let alerts = |limit: &&Limit| limit.range.alerts_within(&self.within);
        let limits = || self.warning.iter().chain(&self.critical);
        let never =
            |limit: &Limit| Doubt::NeverAlerts { option: limit.option.to_owned(), range: limit.text.clone() };
        let mut doubts: Vec<Doubt> = limits().filter(|limit| !alerts(limit)).map(never).collect();
        if let (Some(warning), Some(critical)) = (self.warning.as_ref().filter(alerts), &self.critical)
            && warning.range != critical.range
            && critical.range.covers(&warning.range, &self.within)
        {
            let shown = |limit: &Limit| format!("{} {}", limit.option, limit.text);
            doubts.push(Doubt::Hidden { warning: shown(warning), critical: shown(critical) });
        }
        doubts
    }
}

impl CheckDef {
    /// Looks at a command line (without the program's name). Words by whose places `open` has them are
    /// known at run time only, and have some value that may come: what depends on them is not said. Nor
    /// is what depends on a file of `--extra-opts`, which may be on another machine.
    pub fn examine(&self, arguments: &[String], open: &[usize]) -> Examined {
        let in_file = |word: &&String| word.starts_with("--extra-opts");
        let open: Vec<&str> =
            open.iter().filter_map(|place| arguments.get(*place)).map(String::as_str).collect();
        let is_whole = open.is_empty() && !arguments.iter().any(|word| in_file(&word));
        let given: Vec<OsString> =
            arguments.iter().filter(|word| !in_file(word)).map(OsString::from).collect();
        let given = attached::expand(self.attached_values, given);
        let mut command = self.command();
        if let Some(word) = asks(&command, &given) {
            let culprit = Some(word.to_string_lossy().into_owned());
            let why = "this prints help or version and checks nothing".to_owned();
            return Examined::Refused { why, culprit, options: Vec::new() };
        }
        let with_name = std::iter::once(OsString::from(self.definition.name)).chain(given);
        let refused = |error: &clap::Error| {
            let culprit = culprit(error);
            let is_known = is_of_one_word(error)
                && culprit
                    .as_ref()
                    .is_none_or(|culprit| !open.iter().any(|word| word.ends_with(culprit.as_str())));
            if is_whole || is_known {
                let is_option = culprit.as_ref().is_some_and(|word| word.starts_with("--"));
                let options = if is_option { self.long_options() } else { Vec::new() };
                Examined::Refused { why: in_one_line(&said(error)), culprit, options }
            } else {
                Examined::Taken(Vec::new())
            }
        };
        let matches = match command.try_get_matches_from_mut(with_name) {
            Ok(matches) => matches,
            Err(error) => return refused(&error),
        };
        match (self.prepare)(&matches) {
            Err(error) => refused(&error),
            Ok(check) => {
                if let (Err(error), true) = (check.validate(), is_whole) {
                    let why = in_one_line(&error.to_string());
                    return Examined::Refused { why, culprit: None, options: Vec::new() };
                }
                let mut doubts = self.doubts(&command, &matches, &open);
                if is_whole {
                    doubts.extend(check.judged().iter().flat_map(Judged::doubts));
                }
                Examined::Taken(doubts)
            }
        }
    }

    /// Long names of all options, with their dashes.
    fn long_options(&self) -> Vec<String> {
        self.command().get_arguments().filter_map(Arg::get_long).map(|long| format!("--{long}")).collect()
    }

    fn doubts(&self, command: &Command, matches: &ArgMatches, open: &[&str]) -> Vec<Doubt> {
        let mut doubts = Vec::new();
        for argument in command.get_arguments() {
            let id = argument.get_id().as_str();
            let given = matches.value_source(id) == Some(ValueSource::CommandLine);
            let is_secret = argument
                .get_value_names()
                .is_some_and(|names| names.iter().any(|name| is_secret_value(name)));
            if given && is_secret {
                doubts.push(Doubt::Secret { option: shown(argument) });
            }
            let Some(range) = range(matches, id, open) else { continue };
            let bounds = self.bounds_of(id);
            if !range.alerts_within(&bounds) {
                if given {
                    doubts.push(Doubt::NeverAlerts { option: shown(argument), range: range.to_string() });
                }
                continue;
            }
            let other = id.replace("warning", "critical").replace("warn", "crit");
            let Some(critical) =
                command.get_arguments().find(|other_one| other != id && *other_one.get_id() == other)
            else {
                continue;
            };
            let Some(limit) = self::range(matches, &other, open) else { continue };
            let any_given = given || matches.value_source(&other) == Some(ValueSource::CommandLine);
            // the same range twice is a way to have no warning at all
            if any_given && range != limit && limit.covers(range, &bounds) {
                doubts.push(Doubt::Hidden {
                    warning: format!("{} {range}", shown(argument)),
                    critical: format!("{} {limit}", shown(critical)),
                });
            }
        }
        doubts
    }

    fn bounds_of(&self, id: &str) -> RangeInclusive<f64> {
        let known = self.bounds.iter().find(|(name, _)| *name == id);
        known.map_or(0.0..=f64::INFINITY, |(_, bounds)| bounds.clone())
    }
}

/// The range of an option that has just one, and that is known.
fn range<'m>(matches: &'m ArgMatches, id: &str, open: &[&str]) -> Option<&'m Range> {
    let mut ranges = matches.try_get_many::<Range>(id).ok().flatten()?;
    let (range, None) = (ranges.next()?, ranges.next()) else { return None };
    let raw = matches.get_raw(id)?.next()?.to_str()?;
    (!open.iter().any(|word| word.ends_with(raw))).then_some(range)
}

/// `--warning`, or the name of a word without one.
fn shown(argument: &Arg) -> String {
    match argument.get_long() {
        Some(long) => format!("--{long}"),
        None => argument.get_id().to_string(),
    }
}

/// Does the error say something about one word, whatever the others are?
fn is_of_one_word(error: &clap::Error) -> bool {
    match error.kind() {
        ErrorKind::UnknownArgument => culprit(error).is_some_and(|word| word.starts_with('-')),
        ErrorKind::ValueValidation | ErrorKind::InvalidValue => culprit(error).is_some(),
        _ => false,
    }
}

fn culprit(error: &clap::Error) -> Option<String> {
    let kind = match error.kind() {
        ErrorKind::UnknownArgument => ContextKind::InvalidArg,
        ErrorKind::ValueValidation | ErrorKind::InvalidValue => ContextKind::InvalidValue,
        _ => return None,
    };
    match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    }
}

/// The first paragraph; the usage that follows is in the help.
fn in_one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim).take_while(|line| !line.is_empty());
    lines.filter(|line| !line.starts_with("See check_")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::ThresholdOptions;
    use crate::{Check, CheckError, Ctx, Definition, Isolation, Report, State};

    #[derive(Clone, Debug, clap::Args)]
    struct Args {
        #[command(flatten)]
        limits: ThresholdOptions,
        #[arg(short = 'H', long, required = true)]
        hostname: Option<String>,
        #[arg(short = 'n', long)]
        number: Option<u16>,
        #[arg(short = 'p', long, value_name = "PASSWORD")]
        password: Option<String>,
        #[arg(long, value_name = "RANGE", default_value = "4:")]
        peers_warning: Range,
        #[arg(long, value_name = "RANGE", default_value = "1:")]
        peers_critical: Range,
    }

    impl Check for Args {
        const DEFINITION: Definition = Definition {
            name: "check_x",
            title: "X",
            separator: " - ",
            about: "",
            examples: "",
            isolation: Isolation::Instant,
            timeout_state: State::Unknown,
        };
        const BOUNDS: &'static [(&'static str, RangeInclusive<f64>)] = &[("warning", 0.0..=100.0)];

        fn validate(&self) -> Result<(), CheckError> {
            if self.number == Some(13) { Err(CheckError::usage("13 is bad luck")) } else { Ok(()) }
        }

        async fn run(&self, _ctx: &Ctx) -> Result<Report, CheckError> {
            Ok(Report::new(State::Ok, "fine"))
        }
    }

    fn examine(line: &str, open: &[usize]) -> Examined {
        let words: Vec<String> = line.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        CheckDef::of::<Args>().examine(&words, open)
    }

    fn refused(line: &str, open: &[usize]) -> Option<(String, Option<String>)> {
        match examine(line, open) {
            Examined::Refused { why, culprit, .. } => Some((why, culprit)),
            Examined::Taken(_) => None,
        }
    }

    #[test]
    fn what_a_check_refuses_is_said_with_its_word() {
        let (why, culprit) = refused("-H x --expct 200", &[]).unwrap();
        assert!(why.contains("--expct"), "{why}");
        assert_eq!(culprit.as_deref(), Some("--expct"));
        let (why, culprit) = refused("-H x -n many", &[]).unwrap();
        assert!(why.contains("--number") && !why.contains('\n'), "{why}");
        assert_eq!(culprit.as_deref(), Some("many"));
        let (why, culprit) = refused("-n 1", &[]).unwrap();
        assert!(why.contains("--hostname") && !why.contains("Usage"), "{why}");
        assert_eq!(culprit, None);
        assert_eq!(refused("-H x -n 13", &[]), Some(("13 is bad luck".to_owned(), None)));
        assert!(refused("-H x --help", &[]).unwrap().0.contains("checks nothing"));
        assert_eq!(refused("-H x -n 1", &[]), None);
    }

    #[test]
    fn nothing_is_said_that_depends_on_what_is_not_known_yet() {
        assert_eq!(refused("-H x -n many", &[3]), None);
        assert_eq!(refused("-H x --number=many", &[2]), None);
        assert_eq!(refused("-H x -n 13", &[3]), None);
        assert!(refused("-H x --expct 0", &[3]).is_some());
        assert_eq!(refused("-H x --expct 0", &[2]), None);
        assert!(refused("-H x -n many", &[1]).is_some());
        assert_eq!(examine("-H x -c 0:", &[3]), Examined::Taken(Vec::new()));
        assert_eq!(refused("--extra-opts=@/nonexistent", &[]), None, "the host may be in the file");
        assert!(refused("--extra-opts=@/nonexistent --expct", &[]).is_some());
    }

    #[test]
    fn ranges_that_make_no_sense_and_secrets_are_doubted() {
        let option = |option: &str| option.to_owned();
        let never =
            |name: &str, range: &str| Doubt::NeverAlerts { option: option(name), range: range.to_owned() };
        let hidden = |warning: &str, critical: &str| Doubt::Hidden {
            warning: warning.to_owned(),
            critical: critical.to_owned(),
        };
        for (line, want) in [
            ("-w 10 -c 20", vec![]),
            ("-w 10 -c 10", vec![]),
            ("-w 20 -c 10", vec![hidden("--warning 20", "--critical 10")]),
            ("-c 0:", vec![never("--critical", "0:")]),
            ("-w 100", vec![never("--warning", "100")]),
            ("-w 5: -c 10:", vec![hidden("--warning 5:", "--critical 10:")]),
            ("--peers-critical 6:", vec![hidden("--peers-warning 4:", "--peers-critical 6:")]),
            ("-p x", vec![Doubt::Secret { option: option("--password") }]),
        ] {
            assert_eq!(examine(&format!("-H x {line}"), &[]), Examined::Taken(want), "{line}");
        }
    }
}
