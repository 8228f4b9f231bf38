//! Who gets which job: pure, time is an argument.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use crate::frame::{FrameError, encode_job};
use crate::pool::WorkerStatus;
use crate::{Done, Job, Outcome};

/// A worker must answer this long after a job's timeout at the latest; one that does not is stuck.
const OVERDUE: Duration = Duration::from_secs(15);
/// A job that has lost so many workers is given up.
const MAX_DEATHS: u8 = 2;

/// All jobs that are not finished. On the wire a job has a ticket of ours, so that it does not
/// matter whether the submitter's numbers are unique.
#[derive(Debug)]
pub(super) struct Dispatch {
    window: usize,
    next_ticket: u64,
    /// Wait for room.
    backlog: VecDeque<Entry>,
    /// Have lost a worker, and wait until a worker has no other such job.
    suspects: VecDeque<Entry>,
    workers: Vec<Worker>,
}

#[derive(Debug, Default)]
struct Worker {
    pid: Option<u32>,
    jobs: HashMap<u64, Entry>,
    has_suspect: bool,
    /// Frames to be sent.
    outgoing: Vec<u8>,
    starts: u64,
    last_end: Option<String>,
}

#[derive(Debug)]
struct Entry {
    id: u64,
    ticket: u64,
    frame: Box<[u8]>,
    timeout: Duration,
    overdue: Instant,
    deaths: u8,
}

impl Worker {
    fn takes(&mut self, mut entry: Entry, now: Instant) {
        entry.overdue = now + entry.timeout + OVERDUE;
        self.has_suspect |= entry.deaths > 0;
        self.outgoing.extend_from_slice(&entry.frame);
        self.jobs.insert(entry.ticket, entry);
    }
}

impl Dispatch {
    pub(super) fn new(workers: usize, window: usize) -> Dispatch {
        Dispatch {
            window,
            next_ticket: 0,
            backlog: VecDeque::new(),
            suspects: VecDeque::new(),
            workers: std::iter::repeat_with(Worker::default).take(workers).collect(),
        }
    }

    /// Takes a job, and says which worker has something to be sent now.
    pub(super) fn submit(&mut self, mut job: Job, now: Instant) -> Result<Option<usize>, FrameError> {
        let (id, ticket) = (job.id, self.next_ticket);
        job.id = ticket;
        job.timeout = job.timeout.min(Job::MAX_TIMEOUT);
        let mut frame = Vec::with_capacity(128);
        encode_job(&job, &mut frame)?;
        self.next_ticket += 1;
        let frame = frame.into_boxed_slice();
        let entry = Entry { id, ticket, frame, timeout: job.timeout, overdue: now, deaths: 0 };
        let window = self.window;
        let with_room = self.workers.iter_mut().enumerate();
        let least_loaded = with_room
            .filter(|(_, worker)| worker.pid.is_some() && worker.jobs.len() < window)
            .min_by_key(|(_, worker)| worker.jobs.len());
        if let Some((index, worker)) = least_loaded {
            worker.takes(entry, now);
            return Ok(Some(index));
        }
        self.backlog.push_back(entry);
        Ok(None)
    }

    /// Moves the frames that a worker is to get to `out`.
    pub(super) fn take_outgoing(&mut self, worker: usize, out: &mut Vec<u8>) {
        if let Some(worker) = self.workers.get_mut(worker) {
            out.append(&mut worker.outgoing);
        }
    }

    /// A worker has said hello.
    pub(super) fn up(&mut self, worker: usize, pid: u32, now: Instant) {
        if let Some(slot) = self.workers.get_mut(worker) {
            slot.pid = Some(pid);
            slot.starts += 1;
        }
        self.refill(worker, now);
    }

    /// A worker has sent a result. Gives it back under the submitter's number; `None` if the worker
    /// never had that job, which no honest worker does.
    pub(super) fn finished(&mut self, worker: usize, mut done: Done, now: Instant) -> Option<Done> {
        let slot = self.workers.get_mut(worker)?;
        let entry = slot.jobs.remove(&done.id)?;
        if entry.deaths > 0 {
            slot.has_suspect = false;
        }
        done.id = entry.id;
        self.refill(worker, now);
        Some(done)
    }

    /// A worker is gone. What it had waits again, or is given up: those come back.
    pub(super) fn down(&mut self, worker: usize, reason: String) -> Vec<Done> {
        let Some(slot) = self.workers.get_mut(worker) else { return Vec::new() };
        slot.pid = None;
        slot.has_suspect = false;
        slot.outgoing.clear();
        slot.last_end = Some(reason);
        let mut unfinished: Vec<Entry> = slot.jobs.drain().map(|(_, entry)| entry).collect();
        unfinished.sort_unstable_by_key(|entry| entry.ticket);
        let mut lost = Vec::new();
        for mut entry in unfinished {
            entry.deaths += 1;
            if entry.deaths < MAX_DEATHS {
                self.suspects.push_back(entry);
            } else {
                lost.push(Done { outcome: Outcome::Lost, ..Done::not_started(entry.id, "") });
            }
        }
        lost
    }

    /// Gives what waits to whoever has room; the workers that have something to be sent now.
    pub(super) fn refill_all(&mut self, now: Instant) -> Vec<usize> {
        let all = 0..self.workers.len();
        all.filter(|worker| self.refill(*worker, now)).collect()
    }

    fn refill(&mut self, worker: usize, now: Instant) -> bool {
        let Some(slot) = self.workers.get_mut(worker).filter(|slot| slot.pid.is_some()) else {
            return false;
        };
        let before = slot.jobs.len();
        while slot.jobs.len() < self.window {
            let suspect = if slot.has_suspect { None } else { self.suspects.pop_front() };
            let Some(entry) = suspect.or_else(|| self.backlog.pop_front()) else { break };
            slot.takes(entry, now);
        }
        slot.jobs.len() > before
    }

    /// Does a worker sit on a job that should have come back long ago?
    pub(super) fn is_stuck(&self, worker: usize, now: Instant) -> bool {
        let jobs = self.workers.get(worker).into_iter().flat_map(|slot| slot.jobs.values());
        jobs.map(|entry| entry.overdue).min().is_some_and(|overdue| overdue < now)
    }

    pub(super) fn waiting(&self) -> usize {
        self.backlog.len() + self.suspects.len()
    }

    pub(super) fn status(&self) -> Vec<WorkerStatus> {
        let status = |worker: &Worker| WorkerStatus {
            pid: worker.pid,
            jobs: worker.jobs.len(),
            restarts: worker.starts.saturating_sub(1),
            last_end: worker.last_end.clone(),
        };
        self.workers.iter().map(status).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Decoder, Frame};

    fn job(id: u64) -> Job {
        Job { id, argv: vec!["x".into()], environment: Vec::new(), timeout: Duration::from_secs(60) }
    }

    /// The tickets that a worker is sent.
    fn sent(dispatch: &mut Dispatch, worker: usize) -> Vec<u64> {
        let mut bytes = Vec::new();
        dispatch.take_outgoing(worker, &mut bytes);
        let mut decoder = Decoder::default();
        let count = bytes.len();
        decoder.room()[..count].copy_from_slice(&bytes);
        decoder.filled(count);
        let mut tickets = Vec::new();
        while let Some(Frame::Job(job)) = decoder.next_frame().unwrap() {
            tickets.push(job.id);
        }
        tickets
    }

    fn done(ticket: u64) -> Done {
        Done { outcome: Outcome::Exited(0), ..Done::not_started(ticket, "") }
    }

    #[test]
    fn the_least_loaded_worker_gets_it_and_the_rest_waits() {
        let now = Instant::now();
        let mut dispatch = Dispatch::new(2, 2);
        assert_eq!(dispatch.submit(job(100), now), Ok(None), "no worker is up yet");
        dispatch.up(0, 10, now);
        dispatch.up(1, 11, now);
        assert_eq!(dispatch.submit(job(101), now), Ok(Some(1)));
        dispatch.submit(job(102), now).unwrap();
        dispatch.submit(job(103), now).unwrap();
        assert_eq!(dispatch.submit(job(103), now), Ok(None), "all windows are full");
        assert_eq!(dispatch.waiting(), 1);
        assert_eq!((sent(&mut dispatch, 0), sent(&mut dispatch, 1)), (vec![0, 2], vec![1, 3]));
        assert_eq!(dispatch.finished(1, done(3), now).unwrap().id, 103);
        assert_eq!(sent(&mut dispatch, 1), [4], "a result makes room");
        assert_eq!(dispatch.finished(1, done(4), now).unwrap().id, 103, "equal numbers do not matter");
        assert_eq!(dispatch.finished(1, done(2), now), None, "another worker's job");
        assert_eq!(dispatch.finished(0, done(77), now), None, "nobody's job");
    }

    #[test]
    fn jobs_of_a_dead_worker_run_again_one_at_a_time_and_never_a_third_time() {
        let now = Instant::now();
        let mut dispatch = Dispatch::new(1, 8);
        dispatch.up(0, 10, now);
        for id in 0..3 {
            dispatch.submit(job(id), now).unwrap();
        }
        sent(&mut dispatch, 0);
        assert_eq!(dispatch.down(0, "killed".into()), []);
        assert_eq!(dispatch.refill_all(now), [0; 0], "nobody is up");
        dispatch.up(0, 11, now);
        assert_eq!(dispatch.submit(job(3), now), Ok(Some(0)), "others go on");
        assert_eq!(sent(&mut dispatch, 0), [0, 3], "one suspect only");
        assert!(dispatch.finished(0, done(0), now).is_some());
        assert_eq!(sent(&mut dispatch, 0), [1]);
        let lost = dispatch.down(0, "killed".into());
        assert_eq!(
            lost.iter().map(|done| (done.id, &done.outcome)).collect::<Vec<_>>(),
            [(1, &Outcome::Lost)]
        );
        dispatch.up(0, 12, now);
        assert_eq!(sent(&mut dispatch, 0), [2], "the innocent one still has its second try");
        assert!(dispatch.finished(0, done(2), now).is_some());
        assert_eq!(sent(&mut dispatch, 0), [3]);
        assert_eq!(dispatch.status()[0].restarts, 2);
    }

    #[test]
    fn a_worker_that_keeps_a_job_too_long_is_stuck() {
        let now = Instant::now();
        let mut dispatch = Dispatch::new(1, 8);
        dispatch.up(0, 10, now);
        assert!(!dispatch.is_stuck(0, now + Duration::from_secs(1000)));
        dispatch.submit(job(1), now).unwrap();
        assert!(!dispatch.is_stuck(0, now + Duration::from_secs(74)));
        assert!(dispatch.is_stuck(0, now + Duration::from_secs(76)));
    }
}
