//! Commands: the program becomes the line of a command, and the words for one object its one argument.
//!
//! `check_command` is then `http!-H www.example.org -p 443`, and the command line of `http` ends in `$ARG1$`,
//! which is split into these words when it runs. No shell is asked: words are quoted here and split by hlidka.

use std::rc::Rc;

use icinga2::{Location, Object, Problem, Subject, Type as Kind, Unresolved, argv, resolved};

use super::Lowering;
use crate::directives::{Key, Type};

impl Lowering<'_, '_> {
    /// The command of a name, an error if there is none.
    pub(super) fn command(
        &mut self,
        kind: Kind,
        name: &str,
        user: &Object,
        at: Location,
    ) -> Option<Rc<Object>> {
        if let Some(command) = self.of.find(kind, name) {
            return Some(command.clone());
        }
        let problem = Problem::error(at, format!("there is no {} `{name}`", kind.name())).of(user.label());
        let known = self.of.of(kind).map(|command| &*command.name);
        self.say(match engine::nearest(name, known) {
            Some(known) => problem.hint(format!("nearest known: `{known}`; docs/icinga2.md has the list of those that need no definition")),
            None => problem.hint(format!(
                "write `object {} \"{name}\" {{ command = [ … ] }}`; docs/icinga2.md has the list of those that need no definition",
                kind.name()
            )),
        });
        None
    }

    /// A command with the words for a subject: `name!words`.
    pub(super) fn check_line(&mut self, subject: Subject<'_>) -> Result<String, Problem> {
        let command = subject.command;
        for (name, value) in command.dictionary("env").iter() {
            // a variable that is not given is none
            if !matches!(resolved(subject, value), Err(Unresolved::Missing(_))) {
                let message =
                    format!("`env.{name}` of {}: hlidka gives a check no environment", command.label());
                let object = subject.service.or(subject.host).map(Object::label).unwrap_or_default();
                let problem = Problem::error(command.place("env"), message).of(object);
                return Err(problem.hint("let the check read the secret from a file"));
            }
        }
        let words = argv(subject)?;
        if let Some(word) = words.iter().find(|word| word.contains(['\n', '\r'])) {
            let start: String = word.chars().take(20).take_while(|c| !c.is_control()).collect();
            let message = format!("an argument of {} has several lines: `{start}…`", command.label());
            let object = subject.service.or(subject.host).unwrap_or(command);
            let problem = Problem::error(object.place("check_command"), message).of(object.label());
            return Err(problem.hint("write it on one line, or let the plugin read a file"));
        }
        let Some((program, words)) = words.split_first() else { return Ok(command.name.to_string()) };
        let name = self.defined(command, program)?;
        let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        if words.is_empty() {
            return Ok(name);
        }
        Ok(format!("{name}!{}", words.join(" ").replace('!', "\\!")))
    }

    /// A command in the place of one that could not be made: the configuration is refused anyway.
    pub(super) fn stand_in(&mut self, at: Location) -> &'static str {
        let key = (Kind::CheckCommand, String::new());
        if !self.commands.contains_key(&key) {
            let mut definition = self.open(Type::Command, at);
            definition.put(Key::Name, STAND_IN, at);
            definition.put(Key::CommandLine, "/bin/false", at);
            self.definitions.push(definition);
            self.commands.insert(key, (STAND_IN.to_owned(), "/bin/false".to_owned()));
        }
        STAND_IN
    }

    /// The name under which a command is defined; it is, from now on.
    fn defined(&mut self, command: &Object, program: &str) -> Result<String, Problem> {
        let line = format!("{} $ARG1$", quoted(program));
        self.define(command, &line)
    }

    /// Defines a command by its line, once. A name that another command has already gets its type behind it.
    pub(super) fn define(&mut self, command: &Object, line: &str) -> Result<String, Problem> {
        let key = (command.of, command.name.to_string());
        if let Some((name, known)) = self.commands.get(&key) {
            if known == line {
                return Ok(name.clone());
            }
            let message = "its program is another one for every object";
            let problem = Problem::error(command.place("command"), message).of(command.label());
            return Err(
                problem.hint("write the path of the program itself, and put what differs into `arguments`")
            );
        }
        let mut name = command.name.to_string();
        if self.commands.values().any(|(taken, _)| *taken == name) {
            name = format!("{name}/{}", command.of.name());
        }
        let mut definition = self.open(Type::Command, command.at);
        definition.put(Key::Name, &name, command.at);
        definition.put(Key::CommandLine, line, command.place("command"));
        self.definitions.push(definition);
        self.commands.insert(key, (name.clone(), line.to_owned()));
        Ok(name)
    }
}

/// Shown nowhere.
const STAND_IN: &str = "no-such-command";

/// A word that is read back as one, its macros in place.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./,:@%+=-$~^".contains(c);
    if !word.is_empty() && word.chars().all(plain) && !word.contains("$$") {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{CommandLine, MacroValue, expand};

    #[test]
    fn words_come_back_as_they_were() {
        for word in [
            "a", "", "a b", "it's", "\"q\"", "a;b", "a|b", "$(x)", "100%", "C:\\x", "a\\", "!", "*", "`x`",
            "é",
        ] {
            let escaped = word.replace('$', "$$");
            let argument = format!("-x {}", quoted(&escaped));
            let value = |name: &str| (name == "ARG1").then(|| MacroValue::Template(argument.clone().into()));
            assert_eq!(
                expand("/p $ARG1$", &value),
                CommandLine::Argv(vec!["/p".into(), "-x".into(), word.into()]),
                "{argument}"
            );
        }
    }
}
