//! The command lines of checks, each once, for whoever asks the checks of ours what they make of
//! them; and what is to be said of the answers.

use std::collections::hash_map::{DefaultHasher, Entry};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

use engine::{Check, CheckCommand, CommandId, ObjectId, Said, Saved, Timestamp, nearest};
use nagios::{Doubt, Examined};

use crate::command::{CommandLine, MacroValue, macro_names};
use crate::concern::Concern;
use crate::load::{Configuration, label};
use crate::macros::{CheckMacros, is_momentary, proxy};
use crate::mask;
use crate::problem::{Place, Problem};
use crate::trust::Trust;

/// So many different command lines are looked at; who has more has one for every object.
const MAX_LINES: usize = 50_000;

/// What a command line is asked about: a check of ours, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnCheck {
    /// The check's name.
    pub name: String,
    /// Its arguments, as the first object has them that is checked so.
    pub arguments: Vec<String>,
    /// Places of arguments that depend on what is known at run time only; an example stands there.
    pub open: Vec<usize>,
    object: ObjectId,
    objects: usize,
}

/// The different command lines of a configuration.
#[derive(Debug, Default)]
pub struct CommandLines {
    /// Those whose program is a check in hlidka's own folder.
    pub own: Vec<OwnCheck>,
    /// Others with a secret in them, and what gives it away.
    secrets: Vec<(ObjectId, String)>,
    is_cut: bool,
}

impl Configuration {
    /// All different command lines of checks. Names and addresses of hosts and services make no
    /// difference: those of the first object stand for all.
    pub fn command_lines(&self) -> CommandLines {
        let mut lines = CommandLines::default();
        // the place of what is a check of ours
        let mut known: HashMap<u64, Option<usize>> = HashMap::new();
        let mut uses = HashMap::new();
        for id in self.graph.ids() {
            let Some(Check::Command(command)) = &self.graph.object(id).check else { continue };
            let room = known.len() < MAX_LINES;
            match known.entry(self.fingerprint(id, command, &mut uses)) {
                Entry::Occupied(known) => {
                    if let Some(own) = known.get().and_then(|place| lines.own.get_mut(place)) {
                        own.objects += 1;
                    }
                }
                Entry::Vacant(entry) if room => {
                    entry.insert(self.look(id, &mut lines));
                }
                Entry::Vacant(_) => lines.is_cut = true,
            }
        }
        lines
    }

    /// The same for objects that differ in names only, and in arguments that their command does not use.
    fn fingerprint(&self, id: ObjectId, command: &CheckCommand, uses: &mut HashMap<CommandId, Uses>) -> u64 {
        let mut hasher = DefaultHasher::new();
        (command.command, self.foreigners.chose_arguments(id)).hash(&mut hasher);
        let macros = CheckMacros::new(self, id, Timestamp::EPOCH);
        let mut hash = |name: &String| {
            if let Some(MacroValue::Words(text) | MacroValue::Data(text)) = macros.value(name) {
                (name, text).hash(&mut hasher);
            }
        };
        let uses = uses
            .entry(command.command)
            .or_insert_with(|| Uses::of(&self.graph.command(command.command).line));
        uses.variables.iter().for_each(&mut hash);
        let given =
            || uses.arguments.iter().filter_map(|place| Some((place, command.arguments.get(*place)?)));
        for name in given().filter(|(_, text)| text.contains('$')).flat_map(|(_, text)| variables(text)) {
            hash(&name);
        }
        given().for_each(|argument| argument.hash(&mut hasher));
        if let Some(MacroValue::Words(text) | MacroValue::Data(text)) = proxy(self, id) {
            text.hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Adds the command line of an object; gives its place if it is one of our checks.
    fn look(&self, id: ObjectId, lines: &mut CommandLines) -> Option<usize> {
        let (argv, open) = self.example(id)?;
        let (program, arguments) = argv.split_first()?;
        let name = Path::new(program).file_name().and_then(|name| name.to_str());
        let own = name.filter(|name| *self.options.plugins.join(name).to_string_lossy() == **program);
        if let Some(what) = mask::given_away(&argv, own.is_some()) {
            lines.secrets.push((id, what));
        }
        let open = open.into_iter().filter_map(|place| place.checked_sub(1)).collect();
        let (name, arguments) = (own?.to_owned(), arguments.to_vec());
        lines.own.push(OwnCheck { name, arguments, open, object: id, objects: 1 });
        Some(lines.own.len() - 1)
    }

    /// The words of a check's command, and the places of those that nobody knows yet: as if all were well.
    fn example(&self, id: ObjectId) -> Option<(Vec<String>, Vec<usize>)> {
        let well = [true, false].map(|is_host| Saved {
            last_check: Some(Timestamp::EPOCH),
            said: Said::new("fine", "fine", "x=1"),
            ..Saved::pristine(is_host, Timestamp::EPOCH)
        });
        let states = |id| Some(&well[usize::from(!self.graph.is_host(id))]);
        let before = CheckMacros::new(self, id, Timestamp::EPOCH);
        let then = CheckMacros::new(self, id, Timestamp::EPOCH).with(&states);
        let line = then.expand_by(&|name| {
            let value = then.value(name)?;
            if !is_momentary(name) && before.value(name).as_ref() == Some(&value) {
                return Some(value);
            }
            let (MacroValue::Template(text) | MacroValue::Words(text) | MacroValue::Data(text)) = value;
            Some(MacroValue::Data(format!("{MARK}{text}").into()))
        })?;
        let argv = match line {
            CommandLine::Argv(argv) => argv,
            // of a script only what gives away a secret is looked at
            CommandLine::Shell { script, .. } => vec!["/bin/sh".to_owned(), "-c".to_owned(), script],
        };
        let open = (0..).zip(&argv).filter(|(_, word)| word.contains(MARK)).map(|(place, _)| place).collect();
        Some((argv.into_iter().map(|word| word.replace(MARK, "")).collect(), open))
    }

    /// What is to be said of command lines. `verdicts` are those of [`CommandLines::own`], in order,
    /// as far as there are any.
    pub fn argument_problems(&self, lines: &CommandLines, verdicts: &[Examined]) -> Vec<Problem> {
        let mut causes = Causes { of: self, uses: HashMap::new(), found: BTreeMap::new() };
        for (own, verdict) in lines.own.iter().zip(verdicts) {
            let (command, _) = causes.command(own.object);
            let finding = |doubt: &Doubt| Finding::of(doubt, &own.name);
            let findings: Vec<Finding> = match verdict {
                Examined::Taken(doubts) => doubts.iter().map(finding).collect(),
                Examined::Refused { why, culprit, options } => {
                    vec![Finding::refused(&own.name, why, culprit.as_deref(), options)]
                }
            };
            causes
                .uses
                .entry(command)
                .or_default()
                .push(findings.iter().map(|f| f.message.clone()).collect());
            for finding in findings {
                causes.add(own.object, own.objects, finding);
            }
        }
        for (id, what) in &lines.secrets {
            causes.add(*id, 1, Finding::secret(what, None));
        }
        let mut problems = causes.problems();
        if lines.is_cut {
            let message = format!("there are more than {MAX_LINES} different command lines of checks");
            problems.push(self.unexamined(&message));
        }
        problems
    }

    /// That nobody was asked about arguments, and why not; nothing if there is nothing to ask.
    pub fn not_examined(&self, lines: &CommandLines, why: &str) -> Option<Problem> {
        (!lines.own.is_empty()).then(|| self.unexamined(why))
    }

    fn unexamined(&self, why: &str) -> Problem {
        let nothing = Arc::from("");
        let file = self.files.first().unwrap_or(&nothing);
        let message = format!("arguments of checks were not examined any further: {why}");
        let problem = Problem::warning(Concern::NotExamined, Place { file, line: 0 }, message);
        problem.hint("run `hlidka verify` where hlidka-worker is installed, of the same version")
    }
}

/// Stands before what is not known yet; no text has this character.
const MARK: char = '\u{f8ff}';

/// What of an object the line of a command uses.
struct Uses {
    variables: Vec<String>,
    /// Places of arguments, from 0.
    arguments: Vec<usize>,
}

impl Uses {
    fn of(line: &str) -> Uses {
        let place = |name: String| name.strip_prefix("ARG")?.parse::<usize>().ok()?.checked_sub(1);
        let arguments: BTreeSet<usize> = macro_names(line).into_iter().filter_map(place).collect();
        Uses { variables: variables(line), arguments: arguments.into_iter().collect() }
    }
}

/// Custom variables of hosts and services that a text uses.
fn variables(text: &str) -> Vec<String> {
    let mut names = macro_names(text);
    names.retain(|name| name.starts_with("_HOST") || name.starts_with("_SERVICE"));
    names
}

/// Something to be said of a command line.
struct Finding {
    concern: Concern,
    is_error: bool,
    message: String,
    hint: String,
    /// Where to look for its cause.
    culprit: Option<String>,
}

impl Finding {
    fn refused(check: &str, why: &str, culprit: Option<&str>, options: &[String]) -> Finding {
        let known = culprit.and_then(|word| nearest(word, options.iter().map(String::as_str)));
        let hint = match known {
            Some(known) => format!("nearest known: `{known}`"),
            None => format!("see {check} --help"),
        };
        Finding {
            concern: Concern::RefusedArguments,
            is_error: true,
            message: format!("{check} refuses its arguments and would always be UNKNOWN: {why}"),
            hint,
            culprit: culprit.map(str::to_owned),
        }
    }

    fn of(doubt: &Doubt, check: &str) -> Finding {
        let (concern, message, hint) = match doubt {
            Doubt::NeverAlerts { option, range } => (
                Concern::NeverAlerts,
                format!("{option} {range} of {check} matches no value that there can be: it never alerts"),
                format!(
                    "a range alerts outside: `10` above 10, `10:` below 10, `@10:20` from 10 to 20; \
                     {check} --help has what else there is"
                ),
            ),
            Doubt::Hidden { warning, critical } => (
                Concern::HiddenWarning,
                format!("nobody will see {warning} of {check}: {critical} alerts wherever it does"),
                "exchange the two; the same range twice if there is to be no warning".to_owned(),
            ),
            Doubt::Secret { option } => return Finding::secret(option, Some(check)),
        };
        Finding { concern, is_error: false, message, hint, culprit: None }
    }

    fn secret(what: &str, check: Option<&str>) -> Finding {
        let hint = match check {
            Some(check) => {
                format!(
                    "let the check read it from a file or its environment: {check} --help names the options"
                )
            }
            None => "let the plugin read it from a file, if it can; a file with it is not for everybody"
                .to_owned(),
        };
        Finding {
            concern: Concern::SecretInArguments,
            is_error: false,
            message: format!("a secret is among the arguments ({what}), where process lists show it"),
            hint,
            culprit: None,
        }
    }
}

/// Whose fault something is: of a command definition, or of the arguments that objects give it.
type Cause<'c> = (CommandId, Option<&'c [Arc<str>]>);

/// Command, arguments and message.
type Given<'c> = (u32, &'c [Arc<str>], String);

/// Command, the arguments if they are the cause, and message.
type Blamed<'c> = (u32, Option<&'c [Arc<str>]>, String);

/// The first object that has it, how many have, and what is said.
type Found = (ObjectId, usize, Finding);

struct Causes<'c> {
    of: &'c Configuration,
    /// What was found in each different line of a command.
    uses: HashMap<CommandId, Vec<BTreeSet<String>>>,
    /// By command, arguments and message.
    found: BTreeMap<Given<'c>, Found>,
}

impl<'c> Causes<'c> {
    fn command(&self, id: ObjectId) -> (CommandId, &'c [Arc<str>]) {
        match &self.of.graph.object(id).check {
            Some(Check::Command(check)) => (check.command, &check.arguments),
            _ => (CommandId(0), &[]),
        }
    }

    fn add(&mut self, id: ObjectId, objects: usize, finding: Finding) {
        let (command, arguments) = self.command(id);
        let key = (command.0, arguments, finding.message.clone());
        let (_, count, _) = self.found.entry(key).or_insert((id, 0, finding));
        *count += objects;
    }

    fn cause(&self, id: ObjectId, finding: &Finding) -> Cause<'c> {
        let (command, arguments) = self.command(id);
        let line = &self.of.graph.command(command).line;
        let (of_command, of_arguments) = ((command, None), (command, Some(arguments)));
        // what a machine chose is never the fault of an administrator's command
        let is_foreign = self.of.foreigners.trust(id) != Trust::Trusted;
        if let Some(culprit) = &finding.culprit {
            let is_given = arguments.iter().any(|argument| argument.contains(culprit.as_str()));
            let is_written = line.split_whitespace().any(|word| word.ends_with(culprit.as_str()));
            return if is_written && !(is_foreign && is_given) { of_command } else { of_arguments };
        }
        // what is missing, or does not fit together: the command's fault if it says all itself, or if no
        // object gets it right
        let says_all = !macro_names(line).iter().any(|name| name.starts_with("ARG") || name.starts_with('_'));
        let uses = self.uses.get(&command).map_or(&[][..], Vec::as_slice);
        let in_all = uses.len() > 1 && uses.iter().all(|found| found.contains(&finding.message));
        if says_all || (in_all && !is_foreign) { of_command } else { of_arguments }
    }

    /// One for each cause.
    fn problems(mut self) -> Vec<Problem> {
        let mut by_cause: BTreeMap<Blamed<'_>, Found> = BTreeMap::new();
        for ((.., message), (id, count, finding)) in std::mem::take(&mut self.found) {
            let (command, arguments) = self.cause(id, &finding);
            let (_, all, _) = by_cause.entry((command.0, arguments, message)).or_insert((id, 0, finding));
            *all += count;
        }
        let problems = by_cause.into_iter().map(|((command, arguments, _), (id, count, finding))| {
            let cause = (CommandId(command), arguments);
            self.problem(cause, id, count, finding)
        });
        problems.collect()
    }

    fn problem(
        &self,
        (command, arguments): Cause<'c>,
        id: ObjectId,
        count: usize,
        finding: Finding,
    ) -> Problem {
        let graph = &self.of.graph;
        let Some(arguments) = arguments else {
            let command = graph.command(command);
            let place = Place { file: &command.origin.file, line: command.origin.line };
            let users =
                if count == 1 { "1 object uses it".to_owned() } else { format!("{count} objects use it") };
            let problem = said(&finding, finding.is_error, place, format!("{} ({users})", finding.message));
            return problem.of(format!("command `{}`", command.name)).hint(finding.hint);
        };
        let origin = &graph.object(id).origin;
        let template = self.of.check_templates.get(&CheckCommand { command, arguments: arguments.into() });
        let place = match template {
            Some((file, line)) => Place { file, line: *line },
            None => Place { file: &origin.file, line: origin.line },
        };
        let more = match count {
            1 => String::new(),
            2 => " (as does 1 more object)".to_owned(),
            _ => format!(" (as do {} more objects)", count - 1),
        };
        // what a monitored machine wrote keeps no administrator from a change
        let is_error = finding.is_error && self.of.foreigners.trust(id) == Trust::Trusted;
        said(&finding, is_error, place, format!("{}{more}", finding.message))
            .of(label(graph, id))
            .hint(finding.hint)
    }
}

fn said(finding: &Finding, is_error: bool, place: Place<'_>, message: String) -> Problem {
    if is_error {
        Problem { concern: Some(finding.concern), ..Problem::error(place, message) }
    } else {
        Problem::warning(finding.concern, place, message)
    }
}

#[cfg(test)]
mod tests;
