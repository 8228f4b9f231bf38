//! What the timetable of a configuration asks for: every check of some hours, counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use config::Configuration;
use engine::{Check, CommandId, Graph, Kind, ObjectId, Settings, Span, Timestamp, counted};

use super::time_limit::{TimeLimit, TimeLimits};

/// The hours that are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// Their begin.
    pub from: Timestamp,
    /// How many.
    pub hours: u16,
}

impl Window {
    /// Their length.
    pub fn seconds(self) -> usize {
        usize::from(self.hours) * 3600
    }

    /// The moment behind the last.
    pub fn end(self) -> Timestamp {
        self.from + Span::from_secs(i64::from(self.hours) * 3600)
    }
}

/// Checks in flight are looked at so often.
const SAMPLE: i64 = 100_000;
/// Samples of a second.
pub(super) const SAMPLES: usize = 10;
/// More checks are not counted: it would take minutes.
const MOST: u64 = 1_000_000_000;

/// Everything that is counted.
#[derive(Debug)]
pub(crate) struct Load {
    /// Checks that start in each second.
    pub starts: Vec<u32>,
    /// The same of the logins of visitors, which cross the national proxies.
    pub logins: Vec<u32>,
    /// Checks in flight, ten times a second.
    pub in_flight: Vec<u32>,
    /// Addresses, by the number of their checks.
    pub targets: Vec<Target>,
    /// Commands, likewise.
    pub commands: Vec<OfCommand>,
    /// Objects with a timetable.
    pub checked: u64,
    /// Services whose state is that of others: they cost nothing.
    pub aggregates: u64,
    /// Checks in flight when all of them time out.
    pub silent: Silent,
    /// The host with the most of them, and its services' share.
    pub most_silent: Option<(ObjectId, f64)>,
}

/// Checks in flight when every check times out, on average.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Silent {
    /// In the worst moment: problems are soft and are looked at by the shorter of both intervals.
    pub soft: f64,
    /// Once all problems are hard, by check intervals alone.
    pub hard: f64,
}

/// Everything at one address.
#[derive(Debug)]
pub(crate) struct Target {
    pub address: Arc<str>,
    /// Its hosts.
    pub hosts: Vec<ObjectId>,
    pub checks: u64,
    /// Checks of its busiest second.
    pub peak: u32,
    pub silent: Silent,
}

/// Everything that one command does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OfCommand {
    pub command: CommandId,
    pub objects: u64,
    pub checks: u64,
    /// The longest that one of its checks may last.
    pub limit: TimeLimit,
}

/// What a check takes of the room for checks in flight when it times out.
pub(crate) fn silent(settings: &Settings, limit: Span) -> Silent {
    // one object is never checked twice at once
    let share = |interval: Span| (limit.as_secs_f64() / interval.as_secs_f64()).min(1.0);
    let hard = share(settings.check_interval);
    let is_soft_first = settings.max_check_attempts > 1 && !settings.retry_interval.is_zero();
    let soft = if is_soft_first { hard.max(share(settings.retry_interval)) } else { hard };
    Silent { soft, hard }
}

impl Silent {
    pub fn add(&mut self, more: Silent) {
        self.soft += more.soft;
        self.hard += more.hard;
    }
}

/// Counts all checks of a window that begin by the timetable and take so long each.
pub(crate) fn count(
    of: &Configuration,
    duration: Span,
    is_login: &dyn Fn(ObjectId) -> bool,
    window: Window,
) -> Result<Load, String> {
    count_at_most(MOST, of, duration, is_login, window)
}

/// The same, but refused if there are more checks.
pub(super) fn count_at_most(
    most: u64,
    of: &Configuration,
    duration: Span,
    is_login: &dyn Fn(ObjectId) -> bool,
    window: Window,
) -> Result<Load, String> {
    let graph = &of.graph;
    let mut limits = TimeLimits::new(of);
    let mut tally = Tally { most, ..Tally::new(graph, duration, window) };
    let mut most_silent: Option<(ObjectId, f64)> = None;
    let mut targets = Vec::new();
    for (address, hosts) in by_address(graph) {
        let mut target = Target { address, hosts, checks: 0, peak: 0, silent: Silent::default() };
        for host in &target.hosts {
            let mut of_services = 0.0;
            for id in std::iter::once(*host).chain(graph.services(*host).iter().copied()) {
                let Some(silent) = tally.object(id, &mut limits, is_login(id))? else { continue };
                target.silent.add(silent);
                if id != *host {
                    of_services += silent.soft;
                }
            }
            if most_silent.is_none_or(|(_, most)| of_services > most) {
                most_silent = Some((*host, of_services));
            }
        }
        (target.checks, target.peak) = tally.of_target.take();
        targets.push(target);
    }
    targets.sort_by(|a, b| (b.checks, &a.address).cmp(&(a.checks, &b.address)));
    let mut load = tally.finish();
    load.silent = targets.iter().fold(Silent::default(), |mut sum, target| {
        sum.add(target.silent);
        sum
    });
    (load.targets, load.most_silent) = (targets, most_silent);
    Ok(load)
}

/// Hosts by where they are.
fn by_address(graph: &Graph) -> BTreeMap<Arc<str>, Vec<ObjectId>> {
    let mut hosts: BTreeMap<Arc<str>, Vec<ObjectId>> = BTreeMap::new();
    for id in graph.hosts() {
        if let Kind::Host(host) = &graph.object(id).kind {
            hosts.entry(host.address.clone()).or_default().push(id);
        }
    }
    hosts
}

/// Where checks are counted.
struct Tally<'g> {
    graph: &'g Graph,
    window: Window,
    duration: Span,
    starts: Vec<u32>,
    logins: Vec<u32>,
    /// How the number of checks in flight changes from one sample to the next.
    changes: Vec<i32>,
    of_target: Seconds,
    commands: Vec<Option<OfCommand>>,
    checked: u64,
    aggregates: u64,
    all: u64,
    /// With those that began before the window.
    looked_at: u64,
    /// More are refused.
    most: u64,
}

impl<'g> Tally<'g> {
    fn new(graph: &'g Graph, duration: Span, window: Window) -> Tally<'g> {
        let seconds = window.seconds();
        Tally {
            graph,
            window,
            duration,
            starts: vec![0; seconds],
            logins: vec![0; seconds],
            changes: vec![0; seconds * SAMPLES + 1],
            of_target: Seconds { counts: vec![0; seconds], touched: Vec::new(), all: 0, peak: 0 },
            commands: vec![None; graph.commands.len()],
            checked: 0,
            aggregates: 0,
            all: 0,
            looked_at: 0,
            most: MOST,
        }
    }

    /// Counts the checks of one object; none if it has none.
    fn object(
        &mut self,
        id: ObjectId,
        limits: &mut TimeLimits<'_>,
        is_login: bool,
    ) -> Result<Option<Silent>, String> {
        let command = match &self.graph.object(id).check {
            Some(Check::Command(command)) => command.command,
            Some(Check::Cluster(_)) => {
                self.aggregates += 1;
                return Ok(None);
            }
            Some(Check::Stale) | None => return Ok(None),
        };
        // what began before the window may be in flight in it
        let early = Timestamp::from_micros(self.window.from.micros() - self.duration.micros());
        let Some(slots) = self.graph.slots(id, early) else { return Ok(None) };
        let end = self.window.end();
        let before = self.all;
        for at in slots.take_while(|at| *at < end) {
            self.fly(at);
            self.looked_at += 1;
            if at >= self.window.from {
                let second = usize::try_from(at.since(self.window.from).micros() / 1_000_000).unwrap_or(0);
                self.starts[second] += 1;
                self.logins[second] += u32::from(is_login);
                self.of_target.add(second);
                self.all += 1;
            }
            if self.looked_at > self.most {
                let (most, hours) = (super::number::count(self.most), counted(self.window.hours, "hour"));
                return Err(format!("more than {most} checks in {hours}: plan fewer with --hours"));
            }
        }
        self.checked += 1;
        let limit = limits.of(id);
        let new = OfCommand { command, objects: 0, checks: 0, limit };
        let of_command = self.commands[command.0 as usize].get_or_insert(new);
        of_command.objects += 1;
        of_command.checks += self.all - before;
        if (limit.span(), limit.own) > (of_command.limit.span(), of_command.limit.own) {
            of_command.limit = limit;
        }
        Ok(Some(silent(self.graph.settings(id), limit.span())))
    }

    /// A check is in flight from its start to its end: in those samples that lie between.
    fn fly(&mut self, start: Timestamp) {
        let sample = |at: i64| {
            let samples = (at - self.window.from.micros() + SAMPLE - 1).div_euclid(SAMPLE);
            usize::try_from(samples).unwrap_or(0).min(self.changes.len() - 1)
        };
        let (first, behind) = (sample(start.micros()), sample(start.micros() + self.duration.micros()));
        self.changes[first] += 1;
        self.changes[behind] -= 1;
    }

    fn finish(mut self) -> Load {
        self.changes.pop();
        let mut now = 0_i32;
        let in_flight = self.changes.iter().map(|change| {
            now += change;
            u32::try_from(now).unwrap_or(0)
        });
        let in_flight = in_flight.collect();
        let mut commands: Vec<OfCommand> = self.commands.into_iter().flatten().collect();
        let name = |of: &OfCommand| &self.graph.command(of.command).name;
        commands.sort_by(|a, b| (b.checks, name(a)).cmp(&(a.checks, name(b))));
        Load {
            starts: self.starts,
            logins: self.logins,
            in_flight,
            targets: Vec::new(),
            commands,
            checked: self.checked,
            aggregates: self.aggregates,
            silent: Silent::default(),
            most_silent: None,
        }
    }
}

/// Counts of one target in each second; emptied by what was put in, not by their length.
struct Seconds {
    counts: Vec<u32>,
    /// Seconds with a count.
    touched: Vec<usize>,
    all: u64,
    peak: u32,
}

impl Seconds {
    fn add(&mut self, second: usize) {
        if self.counts[second] == 0 {
            self.touched.push(second);
        }
        self.counts[second] += 1;
        self.all += 1;
        self.peak = self.peak.max(self.counts[second]);
    }

    /// All of them and the most of one second; from nothing again.
    fn take(&mut self) -> (u64, u32) {
        for second in self.touched.drain(..) {
            self.counts[second] = 0;
        }
        (std::mem::take(&mut self.all), std::mem::take(&mut self.peak))
    }
}

impl Load {
    /// All checks of the window.
    pub fn all(&self) -> u64 {
        self.starts.iter().map(|count| u64::from(*count)).sum()
    }

    /// The checks of the busiest minute, and its second of the window.
    pub fn busiest_minute(&self) -> (usize, u64) {
        let minutes = self.starts.chunks(60).map(|m| m.iter().map(|n| u64::from(*n)).sum());
        let (minute, most) = busiest(minutes);
        (minute * 60, most)
    }
}

/// The place of the first of the largest, and that.
pub(crate) fn busiest<N: Ord + Default>(counts: impl Iterator<Item = N>) -> (usize, N) {
    counts
        .enumerate()
        .fold((0, N::default()), |most, (n, count)| if count > most.1 { (n, count) } else { most })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    const FROM: Timestamp = Timestamp::from_secs(1_795_996_800);

    fn configuration() -> Configuration {
        let mut objects = "define command {\n command_name fast\n command_line /bin/x -t 20\n}\n\
            define command {\n command_name slow\n command_line /bin/x -t 90\n}\n"
            .to_owned();
        for host in 0..40 {
            let address = host % 30;
            write!(
                objects,
                "define host {{\n host_name h{host}\n address 192.0.2.{address}\n max_check_attempts 1\n check_interval 3\n \
                 check_command fast\n}}\n"
            )
            .unwrap();
            for service in 0..20 {
                let interval = [0.25, 1.0, 5.0, 90.0][service % 4];
                let attempts = if service % 3 == 0 { 1 } else { 4 };
                let command = ["fast", "slow"][usize::from(service % 5 == 0)];
                write!(
                    objects,
                    "define service {{\n host_name h{host}\n service_description s{service}\n check_interval {interval}\n \
                     retry_interval 0.5\n max_check_attempts {attempts}\n check_command {command}\n}}\n"
                )
                .unwrap();
            }
        }
        objects += "define service {\n host_name h0\n service_description all\n max_check_attempts 1\n \
            check_command hlidka:cluster!h*:s1!>=100%!>0\n}\n";
        config::load_text("x.cfg", objects.into_bytes()).unwrap()
    }

    /// Every check of the window, by asking the timetable anew.
    fn slots(of: &Configuration, from: Timestamp, end: Timestamp) -> Vec<(Timestamp, ObjectId)> {
        let ids = of.graph.ids().filter(|id| matches!(of.graph.object(*id).check, Some(Check::Command(_))));
        let slots = ids.flat_map(|id| {
            of.graph
                .slots(id, from)
                .into_iter()
                .flatten()
                .map(move |at| (at, id))
                .take_while(|(at, _)| *at < end)
        });
        slots.collect()
    }

    /// E34, E35: the counts are those of the timetable, one by one.
    #[test]
    fn e35_seconds_minutes_and_targets_are_counted_as_the_timetable_has_them() {
        let of = configuration();
        let window = Window { from: FROM, hours: 2 };
        let load = count(&of, Span::from_secs(1), &|id| id.0 % 7 == 0, window).unwrap();
        let all = slots(&of, FROM, window.end());
        let second = |at: Timestamp| usize::try_from(at.secs() - FROM.secs()).unwrap();
        let count_by = |wanted: &dyn Fn(ObjectId) -> bool| {
            let mut counts = vec![0_u32; 7200];
            for (at, _) in all.iter().filter(|(_, id)| wanted(*id)) {
                counts[second(*at)] += 1;
            }
            counts
        };
        assert_eq!(load.starts, count_by(&|_| true));
        assert_eq!(load.logins, count_by(&|id| id.0 % 7 == 0));
        assert_eq!((load.all(), load.checked, load.aggregates), (all.len() as u64, 40 * 21, 1));
        assert!(all.len() > 7200, "{}", all.len());
        let by_minute: Vec<u64> = (0..120)
            .map(|minute| all.iter().filter(|(at, _)| second(*at) / 60 == minute).count() as u64)
            .collect();
        let (at, most) = load.busiest_minute();
        assert_eq!((most, by_minute[at / 60]), (*by_minute.iter().max().unwrap(), most));
        assert_eq!(load.targets.len(), 30, "two hosts may share an address");
        for target in &load.targets {
            let counts = count_by(&|id| target.hosts.contains(&of.graph.host_of(id)));
            let (sum, most) = (counts.iter().sum::<u32>(), counts.iter().max().unwrap());
            assert_eq!((target.checks, target.peak), (u64::from(sum), *most), "{}", target.address);
        }
        assert!(load.targets.is_sorted_by_key(|target| std::cmp::Reverse(target.checks)));
        for of_command in &load.commands {
            let does = |id: ObjectId| matches!(&of.graph.object(id).check, Some(Check::Command(command)) if command.command == of_command.command);
            assert_eq!(of_command.checks, all.iter().filter(|(_, id)| does(*id)).count() as u64);
        }
    }

    #[test]
    fn checks_in_flight_are_those_that_began_and_did_not_end() {
        let of = configuration();
        let window = Window { from: FROM, hours: 1 };
        for duration in [Span::from_micros(250_000), Span::from_secs(7)] {
            let load = count(&of, duration, &|_| false, window).unwrap();
            let early = Timestamp::from_micros(FROM.micros() - duration.micros());
            let all = slots(&of, early, window.end());
            assert_eq!(load.in_flight.len(), 36_000);
            for n in (0..36_000).step_by(977) {
                let at = Timestamp::from_micros(FROM.micros() + n * SAMPLE);
                let flying = all.iter().filter(|(start, _)| *start <= at && *start + duration > at).count();
                assert_eq!(load.in_flight[usize::try_from(n).unwrap()] as usize, flying, "{n} {duration:?}");
            }
            // Little's law
            let mean = load.in_flight.iter().map(|n| f64::from(*n)).sum::<f64>() / 36_000.0;
            let want = load.all() as f64 / 3600.0 * duration.as_secs_f64();
            assert!((mean / want - 1.0).abs() < 0.01, "{mean} {want}");
        }
    }

    /// E35: what times out takes its time limit out of its interval, the retry interval while soft.
    #[test]
    fn e35_silence_fills_the_room_by_time_limits_and_retries() {
        let settings = |check: i64, retry: i64, max_check_attempts| Settings {
            check_interval: Span::from_secs(check),
            retry_interval: Span::from_secs(retry),
            max_check_attempts,
            ..Settings::default()
        };
        for (settings, limit, soft, hard) in [
            (settings(300, 60, 3), 30, 0.5, 0.1),
            (settings(300, 60, 1), 30, 0.1, 0.1),
            (settings(300, 600, 3), 30, 0.1, 0.1),
            (settings(300, 0, 3), 30, 0.1, 0.1),
            (settings(300, 20, 3), 30, 1.0, 0.1),
            (settings(10, 10, 3), 30, 1.0, 1.0),
        ] {
            assert_eq!(silent(&settings, Span::from_secs(limit)), Silent { soft, hard });
        }
        let of = configuration();
        let load = count(&of, Span::from_secs(1), &|_| false, Window { from: FROM, hours: 1 }).unwrap();
        let mut limits = TimeLimits::new(&of);
        let mut sum = 0.0;
        let mut by_host = vec![0.0; 40];
        for id in of.graph.ids().filter(|id| of.graph.slots(*id, FROM).is_some()) {
            if matches!(of.graph.object(id).check, Some(Check::Cluster(_))) {
                continue;
            }
            let share = silent(of.graph.settings(id), limits.of(id).span()).soft;
            sum += share;
            if !of.graph.is_host(id) {
                by_host[of.graph.host_of(id).0 as usize] += share;
            }
        }
        assert!((load.silent.soft - sum).abs() < 1e-6 && load.silent.hard < load.silent.soft);
        let (host, most) = load.most_silent.unwrap();
        assert!((most - by_host[host.0 as usize]).abs() < 1e-9);
        assert!(by_host.iter().all(|share| *share <= most + 1e-9));
    }
}
