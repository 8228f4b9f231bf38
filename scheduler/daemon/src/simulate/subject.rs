//! Which objects a line of a scenario is about.

use config::glob;
use engine::{Graph, ObjectId, nearest};

/// `HOST`, `HOST;SERVICE`, `*`, and both with `*` inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// `*`: everything there is.
    All,
    /// Hosts whose names match.
    Hosts(String),
    /// Services whose host's name and whose own description match.
    Services(String, String),
}

impl Subject {
    pub fn parse(text: &str) -> Subject {
        match text.split_once(';') {
            Some((host, service)) => Subject::Services(host.to_owned(), service.to_owned()),
            None if text == "*" => Subject::All,
            None => Subject::Hosts(text.to_owned()),
        }
    }

    /// All that it names, in the order of the configuration.
    pub fn objects(&self, graph: &Graph) -> Vec<ObjectId> {
        let name = |id: ObjectId| &*graph.object(id).name;
        match self {
            Subject::All => graph.ids().collect(),
            Subject::Hosts(pattern) => graph.hosts().filter(|id| glob(pattern, name(*id))).collect(),
            Subject::Services(host, service) => graph
                .hosts()
                .filter(|id| glob(host, name(*id)))
                .flat_map(|id| graph.services(id))
                .filter(|id| glob(service, name(**id)))
                .copied()
                .collect(),
        }
    }

    /// That it names nothing, and what may have been meant.
    pub fn missing(&self, graph: &Graph) -> String {
        let names = |ids: &mut dyn Iterator<Item = ObjectId>, name: &str| {
            let known: Vec<&str> = ids.map(|id| &*graph.object(id).name).collect();
            nearest(name, known).map(|known| format!("; nearest known: `{known}`")).unwrap_or_default()
        };
        match self {
            Subject::All => "there are no objects in the configuration".to_owned(),
            Subject::Hosts(host) => {
                format!("there is no host `{host}`{}", names(&mut graph.hosts(), host))
            }
            Subject::Services(host, service) => {
                let hosts: Vec<ObjectId> = Subject::Hosts(host.clone()).objects(graph);
                if hosts.is_empty() {
                    return Subject::Hosts(host.clone()).missing(graph);
                }
                let mut services = hosts.iter().flat_map(|host| graph.services(*host)).copied();
                format!("there is no service `{host};{service}`{}", names(&mut services, service))
            }
        }
    }
}
