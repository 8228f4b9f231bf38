//! What a realm costs whose home servers are silent: a login that is answered takes a moment, one that
//! is not takes its whole time limit and is sent again and again.

use std::sync::Arc;

use config::Configuration;
use engine::{DependencyKind, Graph, ObjectId, Settings, Span};

use super::formula::Formula;
use super::load::{Silent, silent};
use super::realms::{Realms, Role, per_hour};
use super::time_limit::TimeLimits;

/// Packets of a login by PEAP-MSCHAPv2 that is answered, as measured: ten requests, ten replies.
pub(crate) const PACKETS: f64 = 20.0;

/// Wait before a request is sent again the first time, in seconds; then twice as long each time, up to
/// the longest (RFC 5080 section 2.2.1; so do hlidka's own checks).
const FIRST_WAIT: f64 = 2.0;
const LONGEST_WAIT: f64 = 16.0;

/// How often the first request of a login is sent to who never answers.
pub(crate) fn transmissions(limit: Span) -> u32 {
    let (mut sent, mut at, mut wait) = (1, FIRST_WAIT, FIRST_WAIT);
    while at < limit.as_secs_f64() {
        sent += 1;
        wait = (wait * 2.0).min(LONGEST_WAIT);
        at += wait;
    }
    sent
}

/// One realm, answered and silent.
#[derive(Debug)]
pub(crate) struct Silence {
    /// The description of its tests.
    pub realm: Arc<str>,
    /// Tests on other servers, and at home.
    pub visitors: u64,
    pub locals: u64,
    /// Of those on other servers, so many depend on something at home: once that is hard, they rest.
    pub resting: u64,
    /// The longest until the tests at home are hard.
    pub hard_after: Span,
    /// Logins an hour by check intervals.
    pub logins: f64,
    /// Of which so many requests an hour are sent again.
    pub retransmissions: f64,
    /// Packets an hour between the monitor and the servers it asks.
    pub packets: f64,
    /// Checks in flight while all logins are answered.
    pub answered: f64,
    /// Checks in flight while none is.
    pub silent: Silent,
    /// The longest time limit of one.
    pub limit: Span,
}

impl Silence {
    /// The realm whose silence takes most of the room for checks.
    pub fn heaviest(realms: &Realms, of: &Configuration, duration: Span) -> Option<Silence> {
        let graph = &*of.graph;
        let mut limits = TimeLimits::new(of);
        let mut all: Vec<Silence> = realms.names.iter().map(|name| Silence::none(name.clone())).collect();
        let at_home = AtHome::new(realms);
        for test in &realms.tests {
            let limit = limits.of(test.id).span();
            match test.role {
                Role::Visitor { realm } => {
                    let silence = &mut all[realm as usize];
                    silence.visitors += 1;
                    let homes = &realms.homes[realm as usize];
                    silence.resting += u64::from(depends_on(test.id, homes, realms, graph));
                    silence.add(test.id, limit, duration, graph);
                }
                Role::Local => {
                    for realm in at_home.realms(test.id, test.server, graph) {
                        let silence = &mut all[realm as usize];
                        silence.locals += 1;
                        silence.hard_after = silence.hard_after.max(hard_after(graph.settings(test.id)));
                        silence.add(test.id, limit, duration, graph);
                    }
                }
            }
        }
        // the first of equals; sums of the same numbers in another order differ a little
        all.into_iter()
            .reduce(|most, one| if one.silent.soft > most.silent.soft * 1.000_001 { one } else { most })
    }

    /// One realm of an even federation whose intervals are all that is known.
    pub fn reckoned(formula: &Formula, limit: Span, duration: Span) -> Silence {
        let others = formula.rs - 1;
        let logins = f64::from(others) * formula.ng + formula.nl;
        let share = |span: Span| logins / 3600.0 * span.as_secs_f64();
        let sent = transmissions(limit);
        Silence {
            visitors: others.into(),
            locals: 1,
            logins,
            retransmissions: logins * f64::from(sent - 1),
            packets: logins * f64::from(sent),
            answered: share(duration),
            silent: Silent { soft: share(limit), hard: share(limit) },
            limit,
            ..Silence::none("".into())
        }
    }

    fn none(realm: Arc<str>) -> Silence {
        Silence {
            realm,
            visitors: 0,
            locals: 0,
            resting: 0,
            hard_after: Span::ZERO,
            logins: 0.0,
            retransmissions: 0.0,
            packets: 0.0,
            answered: 0.0,
            silent: Silent::default(),
            limit: Span::ZERO,
        }
    }

    fn add(&mut self, id: ObjectId, limit: Span, duration: Span, graph: &Graph) {
        let rate = per_hour(id, graph);
        let sent = f64::from(transmissions(limit));
        self.logins += rate;
        self.retransmissions += rate * (sent - 1.0);
        self.packets += rate * sent;
        self.answered += rate / 3600.0 * duration.as_secs_f64();
        self.silent.add(silent(graph.settings(id), limit));
        self.limit = self.limit.max(limit);
    }
}

/// Which realms the local tests of a server are about.
struct AtHome<'r> {
    realms: &'r Realms,
    /// Realms of each server.
    of_server: Vec<Vec<u32>>,
}

impl<'r> AtHome<'r> {
    fn new(realms: &'r Realms) -> AtHome<'r> {
        let mut of_server = vec![Vec::new(); realms.servers.len()];
        for (realm, homes) in (0..).zip(&realms.homes) {
            for server in homes {
                of_server[*server as usize].push(realm);
            }
        }
        AtHome { realms, of_server }
    }

    /// The realm of the same description, else all realms of the server.
    fn realms(&self, id: ObjectId, server: u32, graph: &Graph) -> Vec<u32> {
        let own = &self.of_server[server as usize];
        let name = &graph.object(id).name;
        match own.iter().find(|realm| self.realms.names[**realm as usize] == *name) {
            Some(realm) => vec![*realm],
            None => own.clone(),
        }
    }
}

/// Is it left alone while something at home fails?
fn depends_on(id: ObjectId, homes: &[u32], realms: &Realms, graph: &Graph) -> bool {
    let mut masters = graph
        .dependencies(id)
        .iter()
        .filter(|dependency| graph.dependency_rule(dependency.rule).kind == DependencyKind::Execution);
    masters.any(|dependency| {
        let host = graph.host_of(dependency.master);
        homes.iter().any(|home| realms.servers[*home as usize] == host)
    })
}

/// From the moment at which it falls silent: a whole interval, then all attempts.
fn hard_after(settings: &Settings) -> Span {
    let retry =
        if settings.retry_interval.is_zero() { settings.check_interval } else { settings.retry_interval };
    let retries = i64::from(settings.max_check_attempts.saturating_sub(1));
    settings.check_interval + Span::from_micros(retry.micros().saturating_mul(retries))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E35: 2, 4, 8, 16 and again 16 seconds lie between; measured against a live check in tests/it.
    #[test]
    fn e35_an_unanswered_request_is_sent_again_and_again() {
        for (limit, sent) in
            [(1, 1), (2, 1), (3, 2), (10, 3), (14, 3), (15, 4), (30, 4), (31, 5), (46, 5), (50, 6), (75, 7)]
        {
            assert_eq!(transmissions(Span::from_secs(limit)), sent, "{limit} s");
        }
    }

    /// E35: a silent home server costs far more than one that answers.
    #[test]
    fn e35_silence_of_one_realm_by_four_numbers() {
        let formula = Formula::parse("TA=20").unwrap();
        let silence = Silence::reckoned(&formula, Span::from_secs(50), Span::from_secs(1));
        assert_eq!(
            (silence.logins, silence.visitors),
            (70.0, 29),
            "2 x 29 + 12, as many as go to its database"
        );
        assert_eq!(
            (silence.packets, silence.retransmissions),
            (420.0, 350.0),
            "6 each, of which 5 are again"
        );
        assert!((silence.silent.hard / silence.answered - 50.0).abs() < 1e-9);
        assert!((silence.silent.hard - 70.0 * 50.0 / 3600.0).abs() < 1e-9);
    }

    #[test]
    fn e08_the_home_realm_is_hard_within_25_minutes() {
        let settings = Settings {
            check_interval: Span::from_secs(300),
            retry_interval: Span::from_secs(600),
            max_check_attempts: 3,
            ..Settings::default()
        };
        assert_eq!(hard_after(&settings), Span::from_secs(25 * 60));
    }
}
