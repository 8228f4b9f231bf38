//! A new configuration in the middle of a simulation, taken as the daemon takes one: a broken one is
//! refused and the old one goes on; what left is remembered in case it comes back.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use engine::{Graph, Identity, ObjectId, counted};

use super::report::{Line, Reason};
use super::scenario::Finding;
use super::world::World;
use crate::away::Away;

/// The objects of the first configuration, which a scenario names, as they are now.
#[derive(Debug, Default)]
pub(super) struct Subjects {
    names: Vec<Identity>,
    now: Vec<Option<ObjectId>>,
    away: Away,
}

impl Subjects {
    /// Of the first configuration.
    pub fn of(graph: &Graph) -> Subjects {
        let names: Vec<Identity> = graph.ids().map(|id| graph.identity(id)).collect();
        Subjects { now: graph.ids().map(Some).collect(), names, away: Away::default() }
    }

    /// The object that a scenario means, if it is in the present configuration.
    pub fn get(&self, id: ObjectId) -> Option<ObjectId> {
        self.now.get(id.0 as usize).copied().flatten()
    }

    /// The name by which a scenario means it.
    pub fn name(&self, id: ObjectId) -> String {
        self.names.get(id.0 as usize).map(ToString::to_string).unwrap_or_default()
    }
}

impl<W: Write> World<W> {
    /// Takes the configuration of a path, or says why not.
    pub(super) fn reload(&mut self, path: &Path) -> io::Result<()> {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let line = match config::load(path) {
            Ok(configuration) => {
                let mut graph = Arc::unwrap_or_clone(configuration.graph);
                graph.timezone = self.engine.graph().timezone.clone();
                let (gone, new) = self.take(Arc::new(graph));
                Line {
                    event: "reload",
                    text: Some(format!("{name}: {} gone, {new} new", counted(gone, "object")).into()),
                    ..Line::default()
                }
            }
            Err(problems) => {
                let reasons: Vec<String> = problems.iter().map(ToString::to_string).collect();
                let reason = Some(Reason::Words(reasons.join("; ")));
                Line { event: "refused", reason, ..Line::default() }
            }
        };
        self.report.line(&line, self.now)?;
        self.settle()
    }

    /// Takes a configuration; gives how many objects went and how many are new.
    fn take(&mut self, graph: Arc<Graph>) -> (usize, usize) {
        let old = self.engine.graph().clone();
        let new = graph.ids().filter(|id| old.find(&graph.identity(*id)).is_none()).count();
        self.subjects.away.forget(self.now);
        let returned = self.subjects.away.come_back(&graph);
        let gone = self.subjects.away.leave(&self.engine, &graph);
        let mut findings: HashMap<Identity, Arc<Finding>> =
            old.ids().map(|id| (old.identity(id), self.findings[id.0 as usize].clone())).collect();
        let well = Arc::new(Finding::well());
        self.findings = graph
            .ids()
            .map(|id| findings.remove(&graph.identity(id)).unwrap_or_else(|| well.clone()))
            .collect();
        self.names = graph.ids().map(|id| graph.identity(id).to_string().into()).collect();
        self.subjects.now = self.subjects.names.iter().map(|name| graph.find(name)).collect();
        self.engine.reload(graph, returned, self.now);
        (gone.len(), new)
    }
}
