//! Which objects a line of a scenario is about.

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
            Subject::Hosts(pattern) => graph.hosts().filter(|id| matches(pattern, name(*id))).collect(),
            Subject::Services(host, service) => graph
                .hosts()
                .filter(|id| matches(host, name(*id)))
                .flat_map(|id| graph.services(id))
                .filter(|id| matches(service, name(**id)))
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

/// Does a name match a pattern in which `*` stands for any text?
fn matches(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(start) else { return false };
    let (middle, end) = rest.rsplit_once('*').map_or((None, rest), |(middle, end)| (Some(middle), end));
    // the first place is always good enough for what stands between two `*`
    for part in middle.into_iter().flat_map(|middle| middle.split('*')) {
        match name.split_once(part) {
            Some((_, behind)) => name = behind,
            None => return false,
        }
    }
    name.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name, want) in [
            ("web1", "web1", true),
            ("web1", "web11", false),
            ("web*", "web1", true),
            ("web*", "aweb1", false),
            ("*", "", true),
            ("*1", "web1", true),
            ("w*b*1", "web21", true),
            ("w*b*b1", "web1", false),
            ("a*a", "a", false),
            ("a*b*a", "aba", true),
            ("**", "x", true),
            ("", "x", false),
            ("*@*.cz", "@fit.cvut.cz", true),
        ] {
            assert_eq!(matches(pattern, name), want, "{pattern} {name}");
        }
    }
}
