//! Takes what fits of the files that no administrator wrote: [`Admission`].
//!
//! Each file is judged by the rules first. Then all is resolved together, and whatever does not
//! resolve is set aside until the rest does (see `fit`): an exported file as a whole, back to its last good
//! version, a collected object alone. What trusted files say is never set aside.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use engine::Graph;

use crate::concern::Concern;
use crate::directives::Key;
use crate::main_file::MainFile;
use crate::model::{Definition, Objects, includes};
use crate::problem::{Place, Problem, Problems};
use crate::resolve::Resolved;

use super::rules::{Author, Known, MAX_OBJECTS, judge};
use super::{Foreign, Foreigners, LastGood, Own, Trust};

/// So many reasons are shown for one exported file: its machine shall not fill logs.
const MAX_REASONS: usize = 10;

/// Resolves a set of definitions.
pub(crate) type Resolve<'r, 't> = &'r dyn Fn(&Objects<'t>, &mut Problems) -> Option<Resolved>;

/// Which text of an exported file counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Current,
    Copy,
    None,
}

/// A file that is judged as a whole.
pub(super) struct Exported<'f> {
    pub of: &'f Foreign,
    has_copy: bool,
    pub version: Version,
    pub reasons: Vec<Problem>,
}

impl Exported<'_> {
    pub(super) fn set_back(&mut self) {
        self.version = match self.version {
            Version::Current if self.has_copy => Version::Copy,
            _ => Version::None,
        };
    }
}

/// Whose a file of definitions is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Trusted,
    /// One version of an exported file, by its place in the list.
    Exported(usize, Version),
    Collected,
}

/// All definitions, and which of them count.
pub(crate) struct Admission<'t> {
    pub objects: Objects<'t>,
    pub(super) all: Vec<Definition<'t>>,
    pub(super) rejected: Vec<bool>,
    pub(super) slots: Vec<Slot>,
    pub(super) exported: Vec<Exported<'t>>,
    pub(super) quarantine: Vec<Problem>,
}

/// What came of it.
pub(crate) struct Outcome {
    pub resolved: Option<Resolved>,
    pub foreigners: Foreigners,
}

impl<'t> Admission<'t> {
    /// Takes trusted definitions as they are and judges all others.
    pub(crate) fn new(
        mut objects: Objects<'t>,
        foreign: &'t [Foreign],
        interval_length: f64,
    ) -> Admission<'t> {
        let known = Known::of(&objects, interval_length);
        let mut admission = Admission {
            slots: vec![Slot::Trusted; objects.files.len()],
            objects: Objects::default(),
            all: Vec::new(),
            rejected: Vec::new(),
            exported: Vec::new(),
            quarantine: Vec::new(),
        };
        for file in foreign.iter().filter(|file| file.trust == Trust::Exported) {
            admission.exported(file, &mut objects, &known);
        }
        let own = objects.definitions.len();
        let mut set_aside = HashSet::new();
        for file in foreign.iter().filter(|file| file.trust == Trust::Collected) {
            admission.collected(file, &mut objects, &mut set_aside);
        }
        admission.rejected = vec![false; objects.definitions.len()];
        for number in own..objects.definitions.len() {
            let judged = judge(&objects, objects.definition(number), Author::Anyone, &known);
            if !judged.is_empty() || set_aside.contains(&number) {
                admission.rejected[number] = true;
                admission.quarantine.extend(judged);
            }
        }
        if !foreign.is_empty() {
            admission.all.clone_from(&objects.definitions);
        }
        admission.objects = objects;
        admission
    }

    fn exported(&mut self, file: &'t Foreign, objects: &mut Objects<'t>, known: &Known<'_>) {
        let place = self.exported.len();
        let mut exported =
            Exported { of: file, has_copy: false, version: Version::Current, reasons: Vec::new() };
        if let Some(copy) = &file.copy {
            exported.has_copy = read_whole(file, copy, objects, known).is_empty();
            self.slots.push(Slot::Exported(place, Version::Copy));
        }
        match &file.current {
            Ok(source) => {
                exported.reasons = read_whole(file, source, objects, known);
                self.slots.push(Slot::Exported(place, Version::Current));
            }
            Err(problem) => exported.reasons.push(problem.clone().quarantined()),
        }
        if !exported.reasons.is_empty() {
            exported.set_back();
        }
        self.exported.push(exported);
    }

    /// Reads a collected file, or its last good version if it cannot be read.
    fn collected(&mut self, file: &'t Foreign, objects: &mut Objects<'t>, set_aside: &mut HashSet<usize>) {
        let source = match (&file.current, &file.copy) {
            (Ok(source), _) => source,
            (Err(problem), copy) => {
                let goes_on = copy.as_ref().map_or("nothing of it is in force", |_| IN_FORCE);
                self.quarantine.push(problem.clone().quarantined());
                self.quarantine.push(summary(file, goes_on));
                match copy {
                    Some(copy) => copy,
                    None => return,
                }
            }
        };
        if MainFile::is_one(source) {
            // a nagios.cfg, cgi.cfg or resource.cfg beside them; what it says is none of our business
            let here = Place { file: &source.file, line: 0 };
            let problem = Problem::warning(
                Concern::NoDefinitions,
                here,
                "there are no object definitions in this file: it is not read",
            );
            return self.quarantine.push(problem);
        }
        let before = objects.definitions.len();
        let mut problems = Problems::default();
        objects.read_as(source, Trust::Collected, &mut problems);
        self.slots.push(Slot::Collected);
        for problem in problems.finish().into_iter().filter(Problem::is_error) {
            // what stands between definitions was passed over; what is wrong in one takes it along
            let up_to = objects.definitions.iter().enumerate().skip(before);
            let last = up_to.take_while(|(_, definition)| definition.line <= problem.line).last();
            let is_in =
                |definition: &Definition<'_>| problem.object.is_some() || definition.line == problem.line;
            set_aside.extend(last.filter(|(_, definition)| is_in(definition)).map(|(at, _)| at));
            self.quarantine.push(problem.quarantined());
        }
        for include in includes(source) {
            let place = Place { file: &source.file, line: include.line };
            let problem = Problem::error(place, "nothing is included from here");
            self.quarantine.push(problem.hint("name the folder in hlidka.yaml").quarantined());
        }
    }

    /// Resolves what fits; what is set aside is said in `problems`.
    pub(crate) fn settle(&mut self, resolve: Resolve<'_, 't>, problems: &mut Problems) -> Outcome {
        // without all trusted definitions nothing can be said about others
        let (resolved, found) = if problems.has_errors() || self.all.is_empty() {
            self.choose();
            (resolve(&self.objects, problems), Vec::new())
        } else {
            self.fit(resolve)
        };
        for problem in found {
            problems.push(problem);
        }
        for exported in &mut self.exported {
            if exported.version == Version::Current {
                continue;
            }
            problems.push(match exported.version {
                Version::Copy => summary(exported.of, IN_FORCE),
                _ => summary(exported.of, "nothing of it is in force"),
            });
            let more = exported.reasons.len().saturating_sub(MAX_REASONS);
            for reason in exported.reasons.drain(..).take(MAX_REASONS) {
                problems.push(reason);
            }
            if more > 0 {
                problems.push(summary(exported.of, &format!("{more} further reasons are not shown")));
            }
        }
        for reason in self.quarantine.drain(..) {
            problems.push(reason);
        }
        let foreigners = resolved.as_ref().map(|resolved| self.foreigners(&resolved.graph));
        Outcome { resolved, foreigners: foreigners.unwrap_or_default() }
    }

    /// New versions that are in force, for [`LastGood::keep`].
    pub(crate) fn renew(&self, foreign: &[Foreign], last_good: &mut LastGood) {
        for exported in self.exported.iter().filter(|exported| exported.version == Version::Current) {
            if let (Ok(source), false) = (&exported.of.current, exported.of.unchanged) {
                last_good.renew(Trust::Exported, &exported.of.name, source.text());
            }
        }
        for file in foreign.iter().filter(|file| file.trust == Trust::Collected) {
            if let (Ok(source), false) = (&file.current, file.unchanged) {
                last_good.renew(Trust::Collected, &file.name, source.text());
            }
        }
    }

    /// Whose a definition is.
    pub(super) fn slot(&self, definition: &Definition<'t>) -> Slot {
        self.slots.get(definition.file as usize).copied().unwrap_or(Slot::Trusted)
    }

    /// Which objects are not trusted, and what in them is their own.
    fn foreigners(&self, graph: &Graph) -> Foreigners {
        let mut own: HashMap<(&str, u32), &Definition<'t>> = HashMap::new();
        for definition in &self.objects.definitions {
            if self.slot(definition) != Slot::Trusted {
                own.insert((&self.objects.files[definition.file as usize], definition.line), definition);
            }
        }
        let mut foreigners = BTreeMap::new();
        for id in graph.ids().filter(|_| !own.is_empty()) {
            let origin = &graph.object(id).origin;
            let Some(definition) = own.get(&(&*origin.file, origin.line)) else { continue };
            let directives = self.objects.directives(definition);
            let variables = directives.iter().filter(|directive| directive.key == Key::Variable);
            let name = |text: &str| -> Arc<str> {
                let name = text.split([' ', '\t']).next().unwrap_or_default();
                name.strip_prefix('_').unwrap_or(name).to_ascii_uppercase().into()
            };
            let trust = match self.slot(definition) {
                Slot::Trusted => Trust::Trusted,
                Slot::Exported(..) => Trust::Exported,
                Slot::Collected => Trust::Collected,
            };
            let arguments = directives.iter().any(|directive| directive.key == Key::CheckCommand);
            let variables = variables.map(|directive| name(directive.value)).collect();
            let is_page = |key: Key| matches!(key, Key::Notes | Key::NotesUrl | Key::ActionUrl);
            let pages = directives.iter().any(|directive| is_page(directive.key));
            foreigners.insert(id, Own { trust, arguments, variables, pages });
        }
        Foreigners(foreigners)
    }
}

const IN_FORCE: &str = "its last good version goes on";

fn summary(file: &Foreign, what: &str) -> Problem {
    Problem::error(Place { file: &file.file, line: 0 }, format!("set aside: {what}")).quarantined()
}

/// Reads a file that counts as a whole or not at all, and says what is wrong with it.
fn read_whole<'t>(
    file: &Foreign,
    source: &'t crate::source::Source,
    objects: &mut Objects<'t>,
    known: &Known<'_>,
) -> Vec<Problem> {
    let start = objects.definitions.len();
    let mut found = Problems::default();
    objects.read_as(source, Trust::Exported, &mut found);
    let mut problems: Vec<Problem> = found.finish().into_iter().filter(Problem::is_error).collect();
    for include in includes(source) {
        let place = Place { file: &source.file, line: include.line };
        problems.push(Problem::error(place, "an exported file includes nothing"));
    }
    let own = objects.definitions.get(start..).unwrap_or_default();
    let whole = Place { file: &source.file, line: 0 };
    if own.len() > MAX_OBJECTS {
        problems.push(Problem::error(whole, format!("more than {MAX_OBJECTS} definitions")));
    }
    let author = Author::Machine(&file.name);
    problems.extend(own.iter().flat_map(|definition| judge(objects, definition, author, known)));
    let has_host = own.iter().any(|definition| definition.of == crate::directives::Type::Host);
    if !has_host && !known.hosts.contains(file.name.as_str()) {
        let problem = Problem::error(whole, format!("there is no host `{}` in it", file.name));
        problems.push(problem.hint("a machine that is monitored no longer has no file at all"));
    }
    problems.into_iter().map(Problem::quarantined).collect()
}
