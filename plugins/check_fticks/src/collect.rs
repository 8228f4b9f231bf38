//! The collector: from logs to events, one day after the other; all I/O.

use std::collections::BTreeMap;
use std::collections::hash_map::{DefaultHasher, HashMap};
use std::fs::File;
use std::hash::Hasher;
use std::io::Read;
use std::path::Path;
use std::time::Instant;

use check::{CheckError, Ctx, Perfdata, Report, State, Uom};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use logs::fticks::{self, NoTick};
use logs::{Bookmark, Clock, Keep, LogError, Source};

use crate::Args;
use crate::distance::Distances;
use crate::events::{self, Authentication};
use crate::institutions::{self, Institutions};
use crate::store::{Day, MAX_FILE, Name, Store};
use crate::tick::{self, Dropped};

/// Days kept.
const KEPT: i32 = 31;
/// Days looked at again when the institutions' data has changed.
const AGAIN: i32 = 14;
/// What a log is late with at most, in seconds: a day is over an hour after its end, and the first hour of
/// the next one is read before it is judged.
const GRACE: i64 = 3600;
/// Most authentications of a day in memory: some 400 MB.
const MAX_AUTHENTICATIONS: usize = 10_000_000;
/// For the owner alone: there are pseudonyms in it.
const MODE: u32 = 0o600;
/// Failures that are told on lines of their own.
const SHOWN: usize = 5;

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sample {
    pub logs: usize,
    pub lines: u64,
    pub ticks: u64,
    pub counted: u64,
    pub rejected: u64,
    pub anonymous: u64,
    pub monitoring: u64,
    pub no_realm: u64,
    pub unknown_place: u64,
    pub bad: u64,
    pub undated: u64,
    pub old: u64,
    pub no_room: u64,
    pub days: usize,
    pub events: usize,
    pub institutions: usize,
    pub is_new_revision: bool,
    pub is_cut_short: bool,
    pub failures: Vec<String>,
}

pub(crate) fn collect(args: &Args, state: &Path, ctx: &Ctx) -> Result<Sample, CheckError> {
    let keep = Keep::lock(state, MODE, MAX_FILE).map_err(CheckError::internal)?;
    let mut store = keep.read::<Store>().map_err(CheckError::internal)?.unwrap_or_else(Store::new);
    if !store.is_known() {
        let path = state.display();
        return Err(CheckError::internal(format!(
            "{path} is of another version of this check; remove it to begin anew"
        )));
    }
    let path =
        args.institutions.as_deref().ok_or_else(|| CheckError::usage("--collect needs --institutions"))?;
    let (institutions, hash) = read_institutions(path)?;
    let now = Timestamp::now().as_second();
    let mut calendar = Calendar::new(args.zone());
    let today =
        calendar.date(now).ok_or_else(|| CheckError::internal("the clock shows no time of this world"))?;
    let start_of = |calendar: &Calendar, ago: i32| {
        today.checked_sub(ago.days()).ok().and_then(|date| calendar.start(date)).unwrap_or_default()
    };
    let mut sample = Sample { institutions: institutions.all.len(), ..Sample::default() };
    if store.revision.1 != hash {
        sample.is_new_revision = !store.days.is_empty();
        let since = start_of(&calendar, AGAIN);
        store.marks.forget_since(since);
        let first = today.checked_sub(AGAIN.days()).unwrap_or(today).to_string();
        store.days.range_mut(first..).for_each(|(_, day)| day.is_closed = false);
    }
    let first = today.checked_sub(KEPT.days()).unwrap_or(today);
    store.days.retain(|date, _| *date >= first.to_string());
    let horizon = start_of(&calendar, KEPT);
    store.marks.forget_before(horizon - 2 * 86_400);
    // the rest is for judging the last day and for writing
    let end = Instant::now() + ctx.remaining().mul_f64(0.7);
    let sources = logs::open(&args.logs, &store.marks, horizon, end).map_err(|error| match error {
        LogError::Nothing(_) => CheckError::target(format!("{error}; is the log written elsewhere?")),
        other => CheckError::internal(format!("{other}; run the collector as a user who may read the logs")),
    })?;
    sample.logs = sources.len();
    let time = Timestamp::from_second(now).map_err(CheckError::internal)?;
    let run = Run {
        streams: sources.into_iter().map(Stream::new).collect(),
        buckets: BTreeMap::new(),
        clock: Clock::new(args.zone(), time),
        distances: Distances::new(&institutions),
        institutions: &institutions,
        calendar,
        sample,
        now,
        horizon,
    };
    let sample = run.run(&mut store);
    let placed = institutions.by_realm.iter().filter_map(|(realm, number)| {
        let main = institutions.all.get(*number as usize)?.realms.first()?;
        Some((realm.clone(), Some(main.clone())))
    });
    let unplaced = institutions.unplaced.iter().map(|realm| (realm.clone(), None));
    store.realms = unplaced.chain(placed).collect();
    store.revision = (institutions.revision.clone(), hash);
    store.collected = now;
    keep.write(&store).map_err(CheckError::internal)?;
    Ok(sample)
}

fn read_institutions(path: &Path) -> Result<(Institutions, u64), CheckError> {
    let failed =
        |why: &dyn std::fmt::Display| CheckError::internal(format!("cannot read {}: {why}", path.display()));
    let mut bytes = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(institutions::MAX_FILE + 1).read_to_end(&mut bytes));
    read.map_err(|error| failed(&error))?;
    if bytes.len() as u64 > institutions::MAX_FILE {
        return Err(failed(&"it is longer than 128 MiB"));
    }
    // of another release of Rust it may be another one: then a fortnight is looked at again, no more
    let mut hasher = DefaultHasher::new();
    hasher.write(&bytes);
    Ok((institutions::read(&bytes).map_err(|why| failed(&why))?, hasher.finish()))
}

/// One log, and where in it each day began.
struct Stream {
    source: Source,
    starts: BTreeMap<Date, Bookmark>,
    /// Date of the last line.
    date: Option<Date>,
    /// The latest time seen.
    latest: i64,
    is_over: bool,
}

impl Stream {
    fn new(source: Source) -> Stream {
        Stream { source, starts: BTreeMap::new(), date: None, latest: i64::MIN, is_over: false }
    }
}

/// A day's authentications.
#[derive(Default)]
struct Bucket {
    users: HashMap<Box<str>, u32>,
    realms: Vec<Box<str>>,
    authentications: Vec<Authentication>,
}

struct Run<'a> {
    streams: Vec<Stream>,
    buckets: BTreeMap<Date, Bucket>,
    clock: Clock,
    distances: Distances,
    institutions: &'a Institutions,
    calendar: Calendar,
    sample: Sample,
    now: i64,
    horizon: i64,
}

impl Run<'_> {
    /// A day is judged as soon as every log has been read past it: no more than one day is in memory,
    /// and of the next one what comes within the grace.
    fn run(mut self, store: &mut Store) -> Sample {
        let mut streams = std::mem::take(&mut self.streams);
        let mut first_open = self.calendar.date(self.now - GRACE).unwrap_or(Date::MIN);
        let mut until = i64::MIN;
        'days: loop {
            for stream in &mut streams {
                if !self.pull(stream, until, store) {
                    self.sample.is_cut_short = true;
                    first_open = first_open.min(self.buckets.keys().next().copied().unwrap_or(first_open));
                    break 'days;
                }
            }
            let Some(date) = self.buckets.keys().next().copied() else {
                // nothing counts so far
                let going = streams.iter().filter(|stream| !stream.is_over).map(|stream| stream.latest);
                let Some(least) = going.min() else { break };
                until = least.saturating_add(GRACE);
                continue;
            };
            let end = self.calendar.end(date).unwrap_or(i64::MAX);
            let next = end.saturating_add(GRACE);
            if until < next {
                until = next;
                continue;
            }
            let bucket = self.buckets.remove(&date).unwrap_or_default();
            self.judge(date, bucket, end + GRACE <= self.now, store);
            for stream in &mut streams {
                stream.starts.retain(|start, _| *start > date || *start >= first_open);
            }
            // the next one may be months later
            until = i64::MIN;
        }
        for stream in streams {
            let Stream { mut source, starts, .. } = stream;
            let open = starts.range(first_open..).map(|(_, bookmark)| bookmark);
            let place =
                open.reduce(|first, other| if other.is_before(first) { other } else { first }).cloned();
            self.sample.failures.append(&mut source.failures);
            source.finish_at(place.as_ref(), &mut store.marks);
        }
        self.sample
    }

    /// Reads a log until a time past `until`; at least one line that counts if there is no bucket yet.
    /// False if there is no more time.
    fn pull(&mut self, stream: &mut Stream, until: i64, store: &Store) -> bool {
        while !stream.is_over && (stream.latest < until || stream.latest == i64::MIN) {
            let Some(line) = stream.source.next_line() else {
                stream.is_over = true;
                return !stream.source.is_cut_short;
            };
            self.sample.lines += 1;
            let tick = match fticks::read(line.text) {
                Ok(tick) => tick,
                Err(NoTick::Other) => continue,
                Err(NoTick::Bad(_)) => {
                    self.sample.bad += 1;
                    continue;
                }
            };
            self.sample.ticks += 1;
            let time = tick.time.or_else(|| self.clock.read(line.text).map(|stamp| stamp.seconds));
            let Some((time, date)) = time.and_then(|time| Some((time, self.calendar.date(time)?))) else {
                self.sample.undated += 1;
                continue;
            };
            if time < self.horizon || time > self.now + 86_400 {
                self.sample.old += 1;
                continue;
            }
            self.add(&tick, time, date, store);
            stream.latest = stream.latest.max(time);
            if stream.date != Some(date) {
                stream.date = Some(date);
                if !stream.starts.contains_key(&date)
                    && let Some(bookmark) = stream.source.bookmark()
                {
                    stream.starts.insert(date, bookmark);
                }
            }
        }
        true
    }

    fn add(&mut self, tick: &fticks::Tick<'_>, time: i64, date: Date, store: &Store) {
        let counted = match tick::read(tick) {
            Ok(counted) => counted,
            Err(dropped) => {
                let count = match dropped {
                    Dropped::Rejected => &mut self.sample.rejected,
                    Dropped::Anonymous => &mut self.sample.anonymous,
                    Dropped::Monitoring => &mut self.sample.monitoring,
                    Dropped::NoRealm => &mut self.sample.no_realm,
                };
                *count += 1;
                return;
            }
        };
        let by_realm = &self.institutions.by_realm;
        let place = by_realm.get(counted.visited).or_else(|| by_realm.get(&counted.visited.to_lowercase()));
        let Some(place) = place.copied() else {
            self.sample.unknown_place += 1;
            return;
        };
        if !self.buckets.contains_key(&date)
            && store.days.get(&date.to_string()).is_some_and(|day| day.is_closed)
        {
            // a straggler of a day that is done
            self.sample.old += 1;
            return;
        }
        let bucket = self.buckets.entry(date).or_default();
        if bucket.authentications.len() >= MAX_AUTHENTICATIONS {
            self.sample.no_room += 1;
            return;
        }
        self.sample.counted += 1;
        let user = bucket.user(&counted);
        bucket.authentications.push(Authentication { user, place, time, device: counted.device });
    }

    fn judge(&mut self, date: Date, mut bucket: Bucket, is_closed: bool, store: &mut Store) {
        let found = events::find(&mut bucket.authentications, &mut self.distances);
        self.sample.days += 1;
        self.sample.events += found.events.len();
        let names: HashMap<u32, &str> =
            bucket.users.iter().map(|(name, number)| (*number, &**name)).collect();
        let name = |user: u32| {
            let pseudonym = names.get(&user).copied().unwrap_or_default();
            Name {
                // a device that stands for a user has no name
                pseudonym: if pseudonym.starts_with(DEVICE) { String::new() } else { pseudonym.to_owned() },
                realm: bucket.realms.get(user as usize).map(|realm| realm.to_lowercase()).unwrap_or_default(),
            }
        };
        let all = &self.institutions.all;
        let place = |number: u32| {
            all.get(number as usize).and_then(|it| it.realms.first()).map_or("", String::as_str)
        };
        let day = Day::new(&found, name, place, is_closed);
        let key = date.to_string();
        match store.days.get_mut(&key) {
            // a part of its log is gone: what was seen of the whole is better
            Some(known) if known.authentications > day.authentications => known.is_closed = is_closed,
            _ => drop(store.days.insert(key, day)),
        }
    }
}

/// Before the device that stands for a user; no pseudonym begins with it.
const DEVICE: char = '\0';

impl Bucket {
    fn user(&mut self, counted: &tick::Counted<'_>) -> u32 {
        let device;
        let key = if counted.pseudonym.is_empty() {
            device = format!("{DEVICE}{:x}", counted.device.unwrap_or_default());
            &device
        } else {
            counted.pseudonym
        };
        if let Some(number) = self.users.get(key) {
            return *number;
        }
        let number = u32::try_from(self.users.len()).unwrap_or(u32::MAX);
        self.users.insert(key.into(), number);
        self.realms.push(counted.realm.into());
        number
    }
}

/// Days of a time zone. Neighbouring lines are of the same day.
struct Calendar {
    zone: TimeZone,
    known: Option<(i64, i64, Date)>,
}

impl Calendar {
    fn new(zone: TimeZone) -> Calendar {
        Calendar { zone, known: None }
    }

    fn start(&self, date: Date) -> Option<i64> {
        Some(date.to_zoned(self.zone.clone()).ok()?.timestamp().as_second())
    }

    fn end(&self, date: Date) -> Option<i64> {
        self.start(date.tomorrow().ok()?)
    }

    fn date(&mut self, time: i64) -> Option<Date> {
        if let Some((start, end, date)) = self.known
            && (start..end).contains(&time)
        {
            return Some(date);
        }
        let date = Timestamp::from_second(time).ok()?.to_zoned(self.zone.clone()).date();
        self.known = Some((self.start(date)?, self.end(date)?, date));
        Some(date)
    }
}

/// What is to say of a run.
pub(crate) fn judge(sample: &Sample) -> Report {
    let mut told = vec![format!(
        "{} authentications counted in {} lines of {} logs, {} days, {} events",
        sample.counted, sample.lines, sample.logs, sample.days, sample.events
    )];
    let mut state = State::Ok;
    let mut bad = |is_bad: bool, text: String| {
        if is_bad {
            told.push(text);
            state = state.worst(State::Warning);
        }
    };
    bad(sample.is_cut_short, "not read to the end in time: give more by -t".to_owned());
    bad(sample.lines > 0 && sample.ticks == 0, "no line is F-TICKS".to_owned());
    bad(sample.ticks > 0 && sample.undated == sample.ticks, "no line tells its time".to_owned());
    bad(
        sample.no_realm > 0 && sample.counted == 0,
        format!("{} lines name no visited realm (VISINST=1REALM)", sample.no_realm),
    );
    bad(
        sample.unknown_place > 0 && sample.counted == 0,
        format!(
            "{} lines name visited realms that are in no institution with coordinates",
            sample.unknown_place
        ),
    );
    bad(sample.no_room > 0, format!("{} authentications found no room", sample.no_room));
    bad(
        !sample.failures.is_empty(),
        format!("{} files could not be read to their end", sample.failures.len()),
    );
    if sample.is_new_revision {
        told.push(format!("new data of {} institutions, {AGAIN} days looked at again", sample.institutions));
    }
    let metric = |label: &str, value: u64| Perfdata::new(label, value as f64, Uom::None).min(0.0);
    let mut report = Report::new(state, told.join(", "))
        .perf(metric("authentications", sample.counted))
        .perf(metric("lines", sample.lines))
        .perf(metric("events", sample.events as u64))
        .perf(metric("bad", sample.bad + sample.undated))
        .perf(metric("unknown_places", sample.unknown_place));
    for failure in sample.failures.iter().take(SHOWN) {
        report = report.detail(0, failure);
    }
    report.detail(
        1,
        format!(
            "not counted: {} refused, {} anonymous, {} of monitoring, {} without a visited realm, {} at unknown \
             institutions, {} older than {KEPT} days or of days that are done, {} without a time, {} damaged",
            sample.rejected,
            sample.anonymous,
            sample.monitoring,
            sample.no_realm,
            sample.unknown_place,
            sample.old,
            sample.undated,
            sample.bad
        ),
    )
}
