//! `plan:` of hlidka.yaml: what `hlidka plan` must be told about a configuration.

use std::num::NonZeroU32;
use std::sync::Arc;

use engine::{Graph, nearest};
use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::concern::Concern;
use crate::problem::{Place, Problem, Problems};

/// What is planned for, beside the checks themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// Host group of the RADIUS servers of a federation; without one nothing is said of federations.
    pub servers: Option<ServersGroup>,
    /// Services of servers that log in with the account of a realm, each realm under one description.
    pub realms: Option<ServicePattern>,
    /// Those that test the server's own realm.
    pub local: Option<ServicePattern>,
    /// What is too much.
    pub limits: PlanLimits,
}

/// What is too much; without a number nothing is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlanLimits {
    /// Checks that start in one second.
    pub checks_per_second: Option<NonZeroU32>,
    /// The same of one address.
    pub checks_per_second_per_target: Option<NonZeroU32>,
    /// Checks in flight while all is well.
    pub in_flight: Option<NonZeroU32>,
    /// Checks in flight while every one of them times out.
    pub in_flight_all_silent: Option<NonZeroU32>,
    /// Packets through the national proxies in one second, requests and replies.
    pub nren_packets_per_second: Option<NonZeroU32>,
}

/// A host group, by its name, and where that stands.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Spanned<String>")]
pub struct ServersGroup {
    /// Name of the group.
    pub name: String,
    /// The file that names it.
    pub file: Arc<str>,
    /// The line there.
    pub line: u32,
}

impl From<Spanned<String>> for ServersGroup {
    fn from(name: Spanned<String>) -> ServersGroup {
        let line = u32::try_from(name.referenced.line()).unwrap_or(0);
        ServersGroup { name: name.value, file: Arc::default(), line }
    }
}

/// Which services: by description, with `*` for anything, or by `servicegroup=NAME`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum ServicePattern {
    /// A description with `*`.
    Description(String),
    /// The name of a service group with `*`.
    Group(String),
}

impl From<String> for ServicePattern {
    fn from(text: String) -> ServicePattern {
        match text.strip_prefix("servicegroup=") {
            Some(group) => ServicePattern::Group(group.to_owned()),
            None => ServicePattern::Description(text),
        }
    }
}

impl Plan {
    /// What is wrong with it under these objects.
    pub fn problem(&self, graph: &Graph) -> Option<Problem> {
        let servers = self.servers.as_ref()?;
        let known = || graph.host_groups.iter().map(|group| &*group.name);
        if known().any(|name| name == servers.name) {
            return None;
        }
        let place = Place { file: &servers.file, line: servers.line };
        let problem = Problem::warning(
            Concern::PlanServers,
            place,
            format!("plan.servers: no such host group: `{}`", servers.name),
        );
        Some(match nearest(&servers.name, known()) {
            Some(known) => problem.hint(format!("nearest known: `{known}`")),
            None => problem.hint("name the host group of the RADIUS servers, or leave the key out"),
        })
    }

    /// The daemon needs no plan: it starts all the same.
    pub(crate) fn warn(&self, graph: &Graph, problems: &mut Problems) {
        if let Some(problem) = self.problem(graph) {
            problems.push(problem);
        }
    }

    /// Remembers the file in which it stands.
    pub(crate) fn anchor(&mut self, file: &Arc<str>) {
        if let Some(servers) = &mut self.servers {
            servers.file = file.clone();
        }
    }
}
