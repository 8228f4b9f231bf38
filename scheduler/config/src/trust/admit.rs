//! Takes what fits of the files that no administrator wrote: [`Admission`].
//!
//! Each file is judged by the rules first. Then all is resolved together, and whatever does not
//! resolve is set aside until the rest does: an exported file as a whole, back to its last good
//! version, a collected object alone. What trusted files say is never set aside.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use engine::{Graph, ObjectId};

use crate::directives::Key;
use crate::model::{Definition, Objects, includes};
use crate::problem::{Place, Problem, Problems};
use crate::resolve::Resolved;

use super::rules::{Author, Known, MAX_OBJECTS, judge};
use super::{Foreign, Foreigners, LastGood, Own, Trust};

/// Configurations are tried so often before more than the guilty is set aside.
const PATIENCE: usize = 40;

/// Tries to find out which files broke what trusted files say.
const MAX_TRIES: usize = 200;

/// Resolves a set of definitions.
pub(crate) type Resolve<'r, 't> = &'r dyn Fn(&Objects<'t>, &mut Problems) -> Option<Resolved>;

/// Which text of an exported file counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    Current,
    Copy,
    None,
}

/// A file that is judged as a whole.
struct Exported<'f> {
    of: &'f Foreign,
    has_copy: bool,
    version: Version,
    reasons: Vec<Problem>,
}

impl Exported<'_> {
    fn set_back(&mut self) {
        self.version = match self.version {
            Version::Current if self.has_copy => Version::Copy,
            _ => Version::None,
        };
    }
}

/// Whose a file of definitions is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Trusted,
    /// One version of an exported file, by its place in the list.
    Exported(usize, Version),
    Collected,
}

/// What can be set aside by itself.
#[derive(Clone, Copy, Debug)]
enum Unit {
    File(usize),
    Object(usize),
}

/// All definitions, and which of them count.
pub(crate) struct Admission<'t> {
    pub objects: Objects<'t>,
    all: Vec<Definition<'t>>,
    rejected: Vec<bool>,
    slots: Vec<Slot>,
    exported: Vec<Exported<'t>>,
    quarantine: Vec<Problem>,
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
            exported.reasons.drain(..).for_each(|reason| problems.push(reason));
        }
        self.quarantine.drain(..).for_each(|reason| problems.push(reason));
        let foreigners = resolved.as_ref().map(|resolved| self.foreigners(&resolved.graph));
        Outcome { resolved, foreigners: foreigners.unwrap_or_default() }
    }

    /// Sets aside what does not resolve, until the rest does.
    fn fit(&mut self, resolve: Resolve<'_, 't>) -> (Option<Resolved>, Vec<Problem>) {
        let mut round = 0;
        loop {
            let (resolved, found) = self.attempt(resolve);
            round += 1;
            if round == PATIENCE || round == 2 * PATIENCE {
                self.retreat();
            } else if round > 3 * PATIENCE
                || !(self.set_aside(&found) || (resolved.is_none() && self.blame(resolve)))
            {
                return (resolved, found);
            }
        }
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

    /// Takes the definitions that count.
    fn choose(&mut self) {
        if !self.all.is_empty() {
            let counts = |(at, definition): (usize, &Definition<'t>)| {
                let counts = match self.slot(definition) {
                    Slot::Trusted => true,
                    Slot::Exported(file, version) => self.exported[file].version == version,
                    Slot::Collected => !self.rejected[at],
                };
                counts.then(|| definition.clone())
            };
            self.objects.definitions = self.all.iter().enumerate().filter_map(counts).collect();
        }
    }

    fn attempt(&mut self, resolve: Resolve<'_, 't>) -> (Option<Resolved>, Vec<Problem>) {
        self.choose();
        let mut problems = Problems::default();
        let mut resolved = resolve(&self.objects, &mut problems);
        if let Some(resolution) = &resolved {
            let strays = self.strays(&resolution.graph);
            if !strays.is_empty() {
                for problem in strays {
                    problems.push(problem);
                }
                resolved = None;
            }
        }
        (resolved, problems.finish())
    }

    /// Objects of other hosts in an exported file: whatever way they came to be, they are not its to
    /// define.
    fn strays(&self, graph: &Graph) -> Vec<Problem> {
        let mut hosts: HashMap<&str, &str> = HashMap::new();
        for (slot, file) in self.slots.iter().zip(&self.objects.files) {
            if let Slot::Exported(place, _) = slot {
                hosts.insert(file, &self.exported[*place].of.name);
            }
        }
        if hosts.is_empty() {
            return Vec::new();
        }
        let stray = |id: ObjectId| {
            let origin = &graph.object(id).origin;
            let host = &graph.object(graph.host_of(id)).name;
            let own = hosts.get(&*origin.file)?;
            let problem = Problem::error(
                Place { file: &origin.file, line: origin.line },
                format!("this makes an object of `{host}`, but the file is of `{own}`"),
            );
            (**host != **own).then(|| problem.of(format!("`{}`", graph.identity(id))))
        };
        graph.ids().filter_map(stray).collect()
    }

    /// Sets aside what has an error; false if there is nothing of that kind.
    fn set_aside(&mut self, found: &[Problem]) -> bool {
        let numbers: HashMap<&str, usize> =
            (0..).zip(&self.objects.files).map(|(number, file)| (&**file, number)).collect();
        let mut hits: Vec<(usize, &Problem)> = Vec::new();
        for problem in found.iter().filter(|problem| problem.is_error()) {
            hits.extend(numbers.get(&*problem.file).map(|number| (*number, problem)));
        }
        let before: Vec<Version> = self.exported.iter().map(|exported| exported.version).collect();
        let mut any = false;
        for (number, problem) in hits {
            match self.slots[number] {
                Slot::Trusted => continue,
                Slot::Exported(place, version) => {
                    let exported = &mut self.exported[place];
                    exported.reasons.push(problem.clone().quarantined());
                    if exported.version == version && before[place] == version {
                        exported.set_back();
                    }
                }
                Slot::Collected => {
                    let mut guilty = self.all.iter().enumerate().filter(|(_, definition)| {
                        definition.file as usize == number && definition.line <= problem.line
                    });
                    let Some((at, _)) = guilty.next_back() else { continue };
                    if self.rejected[at] {
                        continue;
                    }
                    self.rejected[at] = true;
                    self.quarantine.push(problem.clone().quarantined());
                }
            }
            any = true;
        }
        any
    }

    /// Trusted definitions do not resolve: is it for something that others changed? Finds what, and
    /// sets that aside.
    fn blame(&mut self, resolve: Resolve<'_, 't>) -> bool {
        let files: Vec<Unit> = (0..self.exported.len())
            .filter(|file| self.exported[*file].version == Version::Current)
            .filter(|file| !self.exported[*file].of.unchanged)
            .map(Unit::File)
            .collect();
        let objects = (0..self.all.len())
            .filter(|at| self.slot(&self.all[*at]) == Slot::Collected && !self.rejected[*at])
            .map(Unit::Object);
        let everything: Vec<Unit> = files.iter().copied().chain(objects).collect();
        for suspects in [files, everything] {
            if suspects.is_empty() {
                continue;
            }
            self.put(&suspects, false);
            if self.attempt(resolve).0.is_none() {
                self.put(&suspects, true);
                continue;
            }
            let mut tries = 0;
            let mut parts = vec![suspects];
            while let Some(part) = parts.pop() {
                self.put(&part, true);
                tries += 1;
                let (resolved, found) = self.attempt(resolve);
                if resolved.is_some() {
                    continue;
                }
                self.put(&part, false);
                if part.len() == 1 || tries > MAX_TRIES {
                    let why = found.iter().find(|problem| problem.is_error());
                    for unit in part {
                        self.accuse(unit, why);
                    }
                } else {
                    let (left, right) = part.split_at(part.len() / 2);
                    parts.extend([right.to_vec(), left.to_vec()]);
                }
            }
            return true;
        }
        false
    }

    /// Lets units count, or sets them back.
    fn put(&mut self, units: &[Unit], counts: bool) {
        for unit in units {
            match unit {
                Unit::Object(at) => self.rejected[*at] = !counts,
                Unit::File(place) => {
                    self.exported[*place].version = Version::Current;
                    if !counts {
                        self.exported[*place].set_back();
                    }
                }
            }
        }
    }

    fn accuse(&mut self, unit: Unit, why: Option<&Problem>) {
        let why = why.map(ToString::to_string).unwrap_or_default();
        let message = format!("with this, what trusted files say does not fit any more: {why}");
        match unit {
            Unit::File(place) => {
                let exported = &mut self.exported[place];
                let place = Place { file: &exported.of.file, line: 0 };
                exported.reasons.push(Problem::error(place, message).quarantined());
            }
            Unit::Object(at) => {
                let definition = &self.all[at];
                let place = self.objects.place(definition.file, definition.line);
                let problem = Problem::error(place, message).of(self.objects.label(definition));
                self.quarantine.push(problem.quarantined());
            }
        }
    }

    /// There is no end of errors: what machines changed is given up, then all that they wrote.
    fn retreat(&mut self) {
        let is_first = self.exported.iter().any(|exported| exported.version == Version::Current);
        for exported in &mut self.exported {
            let place = Place { file: &exported.of.file, line: 0 };
            let message = "set aside with many others: there was no end of errors";
            exported.reasons.push(Problem::error(place, message).quarantined());
            exported.set_back();
        }
        if !is_first {
            let collected: Vec<usize> =
                (0..self.all.len()).filter(|at| self.slot(&self.all[*at]) == Slot::Collected).collect();
            for at in collected {
                self.rejected[at] = true;
            }
        }
    }

    fn slot(&self, definition: &Definition<'t>) -> Slot {
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
            foreigners.insert(id, Own { trust, arguments, variables });
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
