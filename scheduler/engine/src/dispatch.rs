//! Which due checks may run now: as many at once as there is room for, first due first served, and
//! no single host may take all the room while it times out.

use std::collections::{HashMap, VecDeque};

use crate::graph::ObjectId;
use crate::message::Job;

/// How much may run at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Checks in flight.
    pub in_flight: usize,
    /// Services of one host in flight; host checks do not count.
    pub per_host: usize,
}

impl Default for Limits {
    /// 512 at once, 64 of one host.
    fn default() -> Limits {
        Limits { in_flight: 512, per_host: 64 }
    }
}

/// Due checks in order, and how many run.
#[derive(Debug, Default)]
pub(crate) struct Dispatch {
    ready: VecDeque<Job>,
    /// Jobs whose host has no room, by host.
    parked: HashMap<ObjectId, VecDeque<Job>>,
    on_host: HashMap<ObjectId, usize>,
    running: usize,
}

impl Dispatch {
    /// A check is due.
    pub fn push(&mut self, job: Job) {
        self.ready.push_back(job);
    }

    /// A check that somebody waits for.
    pub fn push_front(&mut self, job: Job) {
        self.ready.push_front(job);
    }

    /// Checks that are due and do not run yet.
    pub fn backlog(&self) -> usize {
        self.ready.len() + self.parked.values().map(VecDeque::len).sum::<usize>()
    }

    /// Checks in flight.
    pub fn running(&self) -> usize {
        self.running
    }

    /// The next check to start, if there is room. `host` gives the host that a job's object counts for,
    /// none for hosts themselves.
    pub fn start(&mut self, limits: Limits, host: impl Fn(ObjectId) -> Option<ObjectId>) -> Option<Job> {
        while self.running < limits.in_flight.max(1) {
            let job = self.ready.pop_front()?;
            if let Some(host) = host(job.object) {
                let on_host = self.on_host.entry(host).or_default();
                if *on_host >= limits.per_host.max(1) {
                    self.parked.entry(host).or_default().push_back(job);
                    continue;
                }
                *on_host += 1;
            }
            self.running += 1;
            return Some(job);
        }
        None
    }

    /// A check that counted for this host ended: one that waited for its place is next.
    pub fn finished(&mut self, host: Option<ObjectId>) {
        self.running = self.running.saturating_sub(1);
        let Some(host) = host else { return };
        if let Some(on_host) = self.on_host.get_mut(&host) {
            *on_host -= 1;
            if *on_host == 0 {
                self.on_host.remove(&host);
            }
        }
        if let Some(waiting) = self.parked.get_mut(&host) {
            self.ready.extend(waiting.pop_front());
            if waiting.is_empty() {
                self.parked.remove(&host);
            }
        }
    }

    /// Running checks go on under the new ids of their hosts.
    pub fn rename(&mut self, new_ids: &[Option<ObjectId>]) {
        let renamed =
            self.on_host.drain().filter_map(|(host, n)| new_ids[host.0 as usize].map(|new| (new, n)));
        self.on_host = renamed.collect();
    }

    /// Takes all waiting jobs out, for a reload.
    pub fn drain(&mut self) -> Vec<Job> {
        let mut jobs: Vec<Job> = self.ready.drain(..).collect();
        jobs.extend(self.parked.drain().flat_map(|(_, waiting)| waiting));
        jobs.sort_by_key(|job| job.due);
        jobs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn a_silent_host_cannot_take_all_the_room() {
        let mut dispatch = Dispatch::default();
        let limits = Limits { in_flight: 10, per_host: 3 };
        // objects 100…199 are on host 1, 200…204 on host 2; hosts come as themselves
        let host = |id: ObjectId| (id.0 >= 100).then_some(ObjectId(id.0 / 100));
        let due = Timestamp::EPOCH;
        (100..120).chain(200..205).chain([1]).for_each(|n| dispatch.push(Job { object: ObjectId(n), due }));
        let started: Vec<u32> =
            std::iter::from_fn(|| dispatch.start(limits, host)).map(|job| job.object.0).collect();
        assert_eq!(started, [100, 101, 102, 200, 201, 202, 1], "three of each host, and the host itself");
        assert_eq!((dispatch.running(), dispatch.backlog()), (7, 19));
        dispatch.finished(Some(ObjectId(1)));
        assert_eq!(
            dispatch.start(limits, host).map(|job| job.object.0),
            Some(103),
            "first come, first served"
        );
        let mut seen = 0;
        while dispatch.running() > 0 {
            dispatch.finished(None);
            seen += 1;
        }
        assert_eq!(seen, 7);
    }
}
