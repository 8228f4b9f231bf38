//! What is planned against what may be: the limits of hlidka.yaml.

use std::num::NonZeroU32;

use config::Configuration;

use super::load::{Load, busiest};
use super::silence::PACKETS;
use crate::core::limits;

/// One limit and what comes of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Verdict {
    /// The key of hlidka.yaml.
    pub key: &'static str,
    /// What is held against it, in a few words.
    pub what: String,
    /// What is planned.
    pub planned: f64,
    /// What may be.
    pub most: f64,
    /// Is it wrong to be over it? Else checks only become late, and that only in a great outage.
    pub counts: bool,
}

impl Verdict {
    /// Is more planned than may be?
    pub fn is_over(&self) -> bool {
        self.planned > self.most
    }
}

/// All limits that there are.
pub(crate) fn verdicts(of: &Configuration, load: &Load, has_federation: bool) -> Vec<Verdict> {
    let (workers, given) = (limits(of), &of.options.plan.limits);
    let mut verdicts = Vec::new();
    let mut hold = |key, what: String, planned: f64, most: Option<f64>, counts| {
        verdicts.extend(most.map(|most| Verdict { key, what, planned, most, counts }));
    };
    let number = |limit: Option<NonZeroU32>| limit.map(|limit| f64::from(limit.get()));
    let (_, second) = busiest(load.starts.iter().copied());
    hold("checks_per_second", "busiest second".into(), second.into(), number(given.checks_per_second), true);
    if let Some(target) = load.targets.iter().max_by_key(|target| target.peak) {
        let what = format!("busiest second of {}", target.address);
        hold(
            "checks_per_second_per_target",
            what,
            target.peak.into(),
            number(given.checks_per_second_per_target),
            true,
        );
    }
    let flying = f64::from(busiest(load.in_flight.iter().copied()).1);
    let silent = load.silent.soft;
    hold("in_flight", "all is well".into(), flying, number(given.in_flight), true);
    hold(
        "in_flight_all_silent",
        "everything times out".into(),
        silent,
        number(given.in_flight_all_silent),
        true,
    );
    if has_federation {
        let (_, logins) = busiest(load.logins.iter().copied());
        let most = number(given.nren_packets_per_second);
        let what = "busiest second of the national proxies".to_owned();
        hold("nren_packets_per_second", what, f64::from(logins) * PACKETS, most, true);
    }
    let most = Some(workers.in_flight as f64);
    hold("workers.max_in_flight", "all is well".into(), flying, most, true);
    hold("workers.max_in_flight", "everything times out".into(), silent, most, false);
    if let Some((host, silent)) = load.most_silent {
        let what = format!("all of {} times out", of.graph.object(host).name);
        hold("workers.max_in_flight_per_host", what, silent, Some(workers.per_host as f64), false);
    }
    verdicts
}
