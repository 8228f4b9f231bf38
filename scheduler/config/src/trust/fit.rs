//! Sets aside what does not fit, until the rest does: [`Admission::fit`].

use std::collections::HashMap;

use engine::{Graph, ObjectId};

use crate::model::Definition;
use crate::problem::{Place, Problem, Problems};
use crate::resolve::Resolved;

use super::admit::{Admission, Resolve, Slot, Version};

/// Configurations are tried so often before more than the guilty is set aside.
const PATIENCE: usize = 40;

/// Tries to find out which files broke what trusted files say.
const MAX_TRIES: usize = 200;

/// What can be set aside by itself.
#[derive(Clone, Copy, Debug)]
enum Unit {
    File(usize),
    Object(usize),
}

impl<'t> Admission<'t> {
    /// Sets aside what does not resolve, until the rest does.
    pub(super) fn fit(&mut self, resolve: Resolve<'_, 't>) -> (Option<Resolved>, Vec<Problem>) {
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

    /// Takes the definitions that count.
    pub(super) fn choose(&mut self) {
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
}
