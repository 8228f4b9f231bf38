//! The RADIUS servers and realms of a federation as they are configured, and how many logins each
//! server sees.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use config::{Configuration, ServicePattern, glob};
use engine::{Check, Graph, ObjectId, Timestamp};

use super::formula::Formula;

/// Realms are services of this description unless `plan: {realms: …}` says otherwise.
const REALMS: &str = "@*";

/// What there is of a federation in a configuration.
#[derive(Debug)]
pub(crate) struct Realms {
    /// RADIUS servers, by name of their host group.
    pub servers: Vec<ObjectId>,
    /// Realms, by the description of the services that test them.
    pub names: Vec<Arc<str>>,
    /// Places of the servers at home in each realm.
    pub homes: Vec<Vec<u32>>,
    /// Every test by a login.
    pub tests: Vec<Test>,
}

/// A service that logs in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Test {
    pub id: ObjectId,
    /// The place of its server.
    pub server: u32,
    pub role: Role,
}

/// With whose account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// One of the server's own realm.
    Local,
    /// One of another, by its place.
    Visitor { realm: u32 },
}

impl Realms {
    /// What `plan:` names; none if it names no servers.
    ///
    /// Where a realm is at home does not change when its tests are switched off; they only cost nothing.
    pub fn of(configuration: &Configuration, from: Timestamp) -> Option<Realms> {
        let (graph, plan) = (&*configuration.graph, &configuration.options.plan);
        let name = &plan.servers.as_ref()?.name;
        let group = graph.host_groups.iter().find(|group| *group.name == **name)?;
        let visitor = plan.realms.clone().unwrap_or_else(|| ServicePattern::Description(REALMS.to_owned()));
        let visitor = Matcher::new(&visitor, graph);
        let local = plan.local.as_ref().map(|pattern| Matcher::new(pattern, graph));
        let mut realms = Realms {
            servers: group.members.to_vec(),
            names: Vec::new(),
            homes: Vec::new(),
            tests: Vec::new(),
        };
        let mut places: HashMap<Arc<str>, u32> = HashMap::new();
        let mut all: Vec<Test> = Vec::new();
        for (server, host) in (0..).zip(&realms.servers) {
            for id in graph.services(*host).iter().copied() {
                let role = if local.as_ref().is_some_and(|local| local.matches(id, graph)) {
                    Role::Local
                } else if visitor.matches(id, graph) {
                    let name = &graph.object(id).name;
                    let next = (realms.names.len(), places.get(name));
                    let realm = next.1.copied().unwrap_or_else(|| {
                        let realm = u32::try_from(next.0).unwrap_or(u32::MAX);
                        places.insert(name.clone(), realm);
                        realms.names.push(name.clone());
                        realm
                    });
                    Role::Visitor { realm }
                } else {
                    continue;
                };
                all.push(Test { id, server, role });
            }
        }
        realms.homes = realms.find_homes(&all, graph, &places);
        all.retain(|test| is_run(test.id, graph, from));
        realms.tests = all;
        Some(realms)
    }

    /// A server is at home in a realm if it has a local test of that very description. If no server
    /// has one, then those are that are not tested with the realm as a visitor.
    fn find_homes(&self, tests: &[Test], graph: &Graph, places: &HashMap<Arc<str>, u32>) -> Vec<Vec<u32>> {
        let mut homes = vec![Vec::new(); self.names.len()];
        let mut visited: Vec<HashSet<u32>> = vec![HashSet::new(); self.names.len()];
        for test in tests {
            match test.role {
                Role::Local => {
                    if let Some(realm) = places.get(&graph.object(test.id).name) {
                        homes[*realm as usize].push(test.server);
                    }
                }
                Role::Visitor { realm } => {
                    visited[realm as usize].insert(test.server);
                }
            }
        }
        let all = u32::try_from(self.servers.len()).unwrap_or(u32::MAX);
        for (homes, visited) in homes.iter_mut().zip(visited) {
            if homes.is_empty() {
                homes.extend((0..all).filter(|server| !visited.contains(server)));
            }
        }
        homes
    }

    /// Is it the login of a visitor, which crosses the national proxies? For every object.
    pub fn logins(&self, objects: usize) -> Vec<bool> {
        let mut logins = vec![false; objects];
        for test in self.tests.iter().filter(|test| test.role != Role::Local) {
            logins[test.id.0 as usize] = true;
        }
        logins
    }
}

/// Which services a pattern means.
struct Matcher<'p> {
    pattern: &'p ServicePattern,
    members: HashSet<ObjectId>,
}

impl<'p> Matcher<'p> {
    fn new(pattern: &'p ServicePattern, graph: &Graph) -> Matcher<'p> {
        let groups = graph.service_groups.iter().filter(|group| match pattern {
            ServicePattern::Description(_) => false,
            ServicePattern::Group(name) => glob(name, &group.name),
        });
        Matcher { pattern, members: groups.flat_map(|group| group.members.iter().copied()).collect() }
    }

    fn matches(&self, id: ObjectId, graph: &Graph) -> bool {
        match self.pattern {
            ServicePattern::Description(pattern) => glob(pattern, &graph.object(id).name),
            ServicePattern::Group(_) => self.members.contains(&id),
        }
    }
}

/// Is it a login that hlidka makes, rather than a word about others or what somebody else tells?
fn is_run(id: ObjectId, graph: &Graph, from: Timestamp) -> bool {
    matches!(graph.object(id).check, Some(Check::Command(_))) && graph.slots(id, from).is_some()
}

/// Checks an hour by an object's interval.
pub(crate) fn per_hour(id: ObjectId, graph: &Graph) -> f64 {
    3600.0 / graph.settings(id).check_interval.as_secs_f64()
}

/// Logins an hour, by check intervals.
#[derive(Debug)]
pub(crate) struct Logins {
    /// Of each server.
    pub servers: Vec<OfServer>,
    /// Qnren.
    pub national: f64,
    /// The federation in four numbers, if every server is tested alike.
    pub even: Option<Formula>,
}

/// Logins an hour of one server.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct OfServer {
    /// Qm: from the monitor.
    pub from_monitor: f64,
    /// Qt: with what other servers forward to it, as its realms' home.
    pub handled: f64,
    /// Those of Qt that go to its own database of users.
    pub local: f64,
}

impl Logins {
    /// Counts the logins of a federation. What is forwarded to a realm counts for each of its home
    /// servers in full: each must be able to stand in for the others.
    pub fn of(realms: &Realms, graph: &Graph) -> Logins {
        let mut servers = vec![OfServer::default(); realms.servers.len()];
        let mut forwarded = vec![0.0; realms.names.len()];
        let mut visits = vec![0_usize; servers.len()];
        let mut intervals: HashSet<i64> = HashSet::new();
        for test in &realms.tests {
            let (rate, server) = (per_hour(test.id, graph), test.server as usize);
            servers[server].from_monitor += rate;
            match test.role {
                Role::Local => servers[server].local += rate,
                Role::Visitor { realm } => {
                    forwarded[realm as usize] += rate;
                    visits[server] += 1;
                    intervals.insert(graph.settings(test.id).check_interval.micros());
                }
            }
        }
        let own: Vec<f64> = servers.iter().map(|server| server.local).collect();
        for (homes, forwarded) in realms.homes.iter().zip(&forwarded) {
            for home in homes {
                servers[*home as usize].local += forwarded;
            }
        }
        for (server, own) in servers.iter_mut().zip(&own) {
            server.handled = server.from_monitor + server.local - own;
        }
        let is_even = intervals.len() == 1
            && visits.iter().all(|visits| visits + 1 == realms.names.len())
            && own.iter().all(|one| (one - own[0]).abs() < 1e-9);
        let ng = intervals.iter().next().map(|micros| 3.6e9 / *micros as f64);
        let even = ng.filter(|_| is_even).and_then(|ng| {
            let (ta, rs) = (u32::try_from(realms.names.len()).ok()?, u32::try_from(servers.len()).ok()?);
            Some(Formula { ta, rs, ng, nl: *own.first()? })
        });
        Logins { servers, national: forwarded.iter().sum(), even }
    }
}
