//! How long a check that hears nothing lasts: its own `-t`, cut by the scheduler.

use std::cell::Cell;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use config::{CheckMacros, CommandLine, Configuration, expand};
use engine::{Check, CheckCommand, ObjectId, Span, Timestamp};

/// What a check of ours allows itself without `-t`.
const OURS: f64 = 10.0;
/// Longest time that a check of ours takes for one.
const LONGEST: f64 = 86_400.0;

/// How long the checks of one object may last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeLimit {
    /// What the check allows itself, if its command line tells.
    pub own: Option<Span>,
    /// After this time the scheduler ends it.
    pub scheduler: Span,
}

impl TimeLimit {
    /// When it is over, whatever is heard.
    pub fn span(self) -> Span {
        self.own.map_or(self.scheduler, |own| own.min(self.scheduler))
    }

    /// Does the scheduler end it before it would give up?
    pub fn is_cut(self) -> bool {
        self.own.is_some_and(|own| own > self.scheduler)
    }
}

/// Finds time limits; command lines that say the same for many objects are looked at once.
pub(crate) struct TimeLimits<'c> {
    of: &'c Configuration,
    known: HashMap<(u32, &'c [Arc<str>]), Known>,
}

/// What is known of a command with its arguments.
#[derive(Clone, Copy)]
enum Known {
    /// The same for every object.
    Same(Option<Span>),
    /// It depends on custom variables.
    Varies,
}

impl<'c> TimeLimits<'c> {
    /// Of a configuration.
    pub fn new(of: &'c Configuration) -> TimeLimits<'c> {
        TimeLimits { of, known: HashMap::new() }
    }

    /// Those of one object.
    pub fn of(&mut self, id: ObjectId) -> TimeLimit {
        let scheduler = crate::core::time_limit(self.of, id).as_micros();
        let scheduler = Span::from_micros(i64::try_from(scheduler).unwrap_or(i64::MAX));
        let own = match &self.of.graph.object(id).check {
            Some(Check::Command(command)) => self.own(id, command),
            Some(Check::Cluster(_) | Check::Stale) | None => None,
        };
        TimeLimit { own, scheduler }
    }

    fn own(&mut self, id: ObjectId, command: &'c CheckCommand) -> Option<Span> {
        let key = (command.command.0, &*command.arguments);
        match self.known.get(&key) {
            Some(Known::Same(own)) => *own,
            Some(Known::Varies) => self.look(id, command).0,
            None => {
                let (own, varies) = self.look(id, command);
                self.known.insert(key, if varies { Known::Varies } else { Known::Same(own) });
                own
            }
        }
    }

    /// The limit in a command line, and whether it may be another for another object.
    fn look(&self, id: ObjectId, command: &CheckCommand) -> (Option<Span>, bool) {
        let macros = CheckMacros::new(self.of, id, Timestamp::EPOCH);
        let varies = Cell::new(false);
        let line = expand(&self.of.graph.command(command.command).line, &|name| {
            varies.set(varies.get() || name.starts_with('_'));
            macros.value(name)
        });
        let own = match line {
            CommandLine::Argv(words) => {
                let (program, arguments) =
                    words.split_first().map_or(("", &[][..]), |(p, a)| (p.as_str(), a));
                let is_ours = Path::new(program).parent() == Some(&*self.of.options.plugins);
                in_arguments(arguments.iter().map(String::as_str)).or(is_ours.then_some(OURS))
            }
            CommandLine::Shell { script, .. } => in_arguments(script.split_whitespace()),
        };
        (own.map(|seconds| Span::from_minutes(seconds / 60.0)), varies.get())
    }
}

/// The seconds of the last `-t SECONDS[:STATE]` or `--timeout`, as checks everywhere have it.
fn in_arguments<'w>(words: impl Iterator<Item = &'w str>) -> Option<f64> {
    let mut found = None;
    let mut words = words.take_while(|word| *word != "--").peekable();
    while let Some(word) = words.next() {
        let value = match word.strip_prefix("--timeout").or_else(|| word.strip_prefix("-t")) {
            Some("") => words.peek().copied(),
            Some(attached) => Some(attached.strip_prefix('=').unwrap_or(attached)),
            None => None,
        };
        found = value.and_then(seconds).or(found);
    }
    found
}

fn seconds(text: &str) -> Option<f64> {
    let number = text.split(':').next()?;
    number.parse().ok().filter(|seconds| *seconds > 0.0 && *seconds <= LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn limits(objects: &str) -> Vec<(String, TimeLimit)> {
        let of = config::load_text("x.cfg", objects.as_bytes().to_vec()).unwrap();
        let mut limits = TimeLimits::new(&of);
        of.graph.ids().map(|id| (of.graph.identity(id).to_string(), limits.of(id))).collect()
    }

    #[test]
    fn a_command_line_says_how_long_it_may_take() {
        for (words, want) in [
            ("-H x -t 50", Some(50.0)),
            ("-t50 -H x", Some(50.0)),
            ("--timeout 7.5", Some(7.5)),
            ("--timeout=7:UNKNOWN", Some(7.0)),
            ("-t 50 -t 20", Some(20.0)),
            ("-t 50 -- -t 20", Some(50.0)),
            ("-t", None),
            ("-tcp 5", None),
            ("-t 0", None),
            ("-t -5", None),
            ("-t 1e9", None),
            ("-H -t", None),
            ("", None),
        ] {
            assert_eq!(in_arguments(words.split_whitespace()), want, "{words}");
        }
    }

    /// E35: a check that times out lasts as long as its own `-t`, or as long as the scheduler lets it.
    #[test]
    fn e35_time_limits_come_from_arguments_variables_and_the_configuration() {
        let objects = "define command {\n command_name plain\n command_line /bin/x $ARG1$\n}\n\
            define command {\n command_name ours\n command_line $USER1$/check_tcp $_SERVICEMORE$\n}\n\
            define command {\n command_name shell\n command_line /bin/x -t 20 | /bin/y\n}\n\
            define host {\n host_name h\n max_check_attempts 1\n check_command plain!-t 40\n}\n\
            define service {\n name s\n register 0\n host_name h\n max_check_attempts 1\n}\n\
            define service {\n use s\n service_description a\n check_command plain!-t 50\n}\n\
            define service {\n use s\n service_description b\n check_command plain!-w 5\n}\n\
            define service {\n use s\n service_description c\n check_command plain!--timeout=300\n}\n\
            define service {\n use s\n service_description d\n check_command ours\n}\n\
            define service {\n use s\n service_description e\n check_command ours\n _MORE -t 3\n}\n\
            define service {\n use s\n service_description f\n check_command ours\n _MORE -t 4\n}\n\
            define service {\n use s\n service_description g\n check_command shell\n}\n";
        let secs = Span::from_secs;
        let want = [
            ("h", Some(40), 30, 30),
            ("h;a", Some(50), 60, 50),
            ("h;b", None, 60, 60),
            ("h;c", Some(300), 60, 60),
            ("h;d", Some(10), 60, 10),
            ("h;e", Some(3), 60, 3),
            ("h;f", Some(4), 60, 4),
            ("h;g", Some(20), 60, 20),
        ];
        for ((name, limit), (object, own, scheduler, span)) in limits(objects).into_iter().zip(want) {
            assert_eq!(name, object);
            assert_eq!(limit, TimeLimit { own: own.map(secs), scheduler: secs(scheduler) }, "{name}");
            assert_eq!(
                (limit.span(), limit.is_cut()),
                (secs(span), own.is_some_and(|own| own > scheduler)),
                "{name}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_limit_is_a_time(words in prop::collection::vec("(-t|--timeout|=|[0-9.:e-]|é){0,5}", 0..6)) {
            let found = in_arguments(words.iter().map(String::as_str));
            prop_assert!(found.is_none_or(|seconds| seconds > 0.0 && seconds <= LONGEST));
        }
    }
}
