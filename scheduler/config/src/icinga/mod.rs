//! Icinga 2's configuration as definitions of Nagios' kind: [`lower`].
//!
//! The crate `icinga2` evaluates the language. What it gives is written down here as the resolver takes it
//! after inheritance: one flat definition for each object, in units of intervals and option letters, with
//! file and line. So all that the resolver checks holds for both languages, and both can stand side by side.

mod checks;
mod contacts;
mod dependencies;
mod macros;
mod notifications;
mod objects;
mod periods;
mod plan;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use icinga2::{BUILT_IN_FILE, Evaluated, Location, Object, Script, Value};

use crate::concern::Concern;
use crate::directives::{Key, Type};
use crate::problem::{Place, Problem, Problems};

/// Scripts that were read, in the order in which they count.
#[derive(Debug, Default)]
pub(crate) struct Scripts {
    /// Files by their numbers.
    pub files: Vec<Arc<str>>,
    pub scripts: Vec<Script>,
}

impl Scripts {
    /// Reads the text of a file; includes are for the caller.
    pub(crate) fn parse(&mut self, file: Arc<str>, text: &str, problems: &mut Problems) -> Script {
        let number = u32::try_from(self.files.len()).unwrap_or(BUILT_IN_FILE);
        self.files.push(file);
        let mut found = Vec::new();
        let script = icinga2::parse(number, text, &mut found);
        for problem in found {
            problems.push(converted(problem, &self.files));
        }
        script
    }
}

/// Definitions that nobody wrote in the object language.
#[derive(Debug, Default)]
pub(crate) struct Lowered {
    pub files: Vec<Arc<str>>,
    pub definitions: Vec<Definition>,
}

/// One definition; its values are its own.
#[derive(Debug)]
pub(crate) struct Definition {
    pub of: Type,
    pub file: u32,
    pub line: u32,
    pub directives: Vec<(Key, u32, String)>,
}

/// Evaluates scripts and lowers their objects. `unit` is the number of seconds in which definitions count
/// intervals.
pub(crate) fn lower(scripts: &Scripts, unit: f64, problems: &mut Problems) -> Lowered {
    if scripts.scripts.is_empty() {
        return Lowered::default();
    }
    let node = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let mut found = Vec::new();
    let evaluated = icinga2::evaluate(&scripts.scripts, &node, &mut found);
    for problem in found {
        problems.push(converted(problem, &scripts.files));
    }
    let mut files = scripts.files.clone();
    files.push("(commands of hlidka under Icinga's names)".into());
    let built_in = u32::try_from(scripts.files.len()).unwrap_or(BUILT_IN_FILE);
    let mut lowering = Lowering {
        of: &evaluated,
        files: &files,
        built_in,
        unit,
        problems,
        definitions: Vec::new(),
        commands: BTreeMap::new(),
        left_out: BTreeSet::new(),
        said: BTreeSet::new(),
    };
    lowering.periods();
    lowering.groups();
    let told = lowering.notifications();
    lowering.contacts(&told);
    lowering.hosts(&told);
    lowering.services(&told);
    lowering.dependencies();
    let definitions = lowering.definitions;
    Lowered { files, definitions }
}

struct Lowering<'e, 'p> {
    of: &'e Evaluated,
    files: &'e [Arc<str>],
    /// The number of the file that stands for hlidka's own table.
    built_in: u32,
    unit: f64,
    problems: &'p mut Problems,
    definitions: Vec<Definition>,
    /// Commands that are defined, by type of object and name: their names and lines there.
    commands: BTreeMap<(icinga2::Type, String), (String, String)>,
    /// Services that are about Icinga itself, `host!service`.
    left_out: BTreeSet<String>,
    /// What was warned of once.
    said: BTreeSet<String>,
}

impl Lowering<'_, '_> {
    /// A definition for an object, without directives.
    fn open(&self, of: Type, at: Location) -> Definition {
        let file = if at.file == BUILT_IN_FILE { self.built_in } else { at.file };
        Definition { of, file, line: at.line, directives: Vec::new() }
    }

    /// So many seconds in units of intervals.
    fn units(&self, seconds: f64) -> String {
        (seconds / self.unit).to_string()
    }

    fn say(&mut self, problem: icinga2::Problem) {
        self.problems.push(converted(problem, self.files));
    }

    /// A warning that is given once, however many objects it concerns.
    fn warn_once(&mut self, what: &str, problem: icinga2::Problem) {
        if self.said.insert(what.to_owned()) {
            self.say(problem);
        }
    }
}

impl Definition {
    /// Adds a directive. One that stands in a template of another file has the line of the definition.
    fn put(&mut self, key: Key, value: impl AsRef<str>, at: Location) {
        let line = if at.file == self.file && at.line > 0 { at.line } else { self.line };
        // a definition of Nagios is made of lines
        let value = value.as_ref().replace(['\n', '\r'], " ");
        self.directives.push((key, line, value));
    }

    fn has(&self, key: Key) -> bool {
        self.directives.iter().any(|(known, ..)| *known == key)
    }

    /// A text that is set.
    fn put_text(&mut self, key: Key, object: &Object, name: &str) {
        if let Some(text) = object.text(name) {
            self.put(key, text, object.place(name));
        }
    }

    fn put_flag(&mut self, key: Key, value: bool, at: Location) {
        self.put(key, if value { "1" } else { "0" }, at);
    }

    /// Names with commas between, `null` for none.
    fn put_names<T: AsRef<str>>(&mut self, key: Key, names: &[T], at: Location) {
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        let text = if names.is_empty() { "null".to_owned() } else { names.join(",") };
        self.put(key, text, at);
    }

    /// Custom variables; arrays and dictionaries as JSON.
    fn put_variables(&mut self, object: &Object) {
        let at = object.place("vars");
        for (name, value) in object.dictionary("vars").iter() {
            if !matches!(value, Value::Null) {
                let name = name.replace(|c: char| c.is_whitespace(), "_");
                self.put(Key::Variable, format!("_{name} {}", value.shown()), at);
            }
        }
    }
}

/// A problem of the language as one of the configuration.
fn converted(problem: icinga2::Problem, files: &[Arc<str>]) -> Problem {
    let unknown: Arc<str> = "(Icinga's names)".into();
    let place =
        Place { file: files.get(problem.at.file as usize).unwrap_or(&unknown), line: problem.at.line };
    let converted = if problem.is_warning {
        Problem::warning(Concern::Icinga2, place, problem.message)
    } else {
        Problem::error(place, problem.message)
    };
    let mut converted = converted.column(problem.at.column);
    if let Some(object) = problem.object {
        converted = converted.of(object);
    }
    match problem.hint {
        Some(hint) => converted.hint(hint),
        None => converted,
    }
}
