//! The collector: what is new in the logs, into the aggregate; all I/O.

use std::time::Instant;

use check::{CheckError, Ctx, Perfdata, Report, State, Uom};
use jiff::Timestamp;
use logs::{Clock, Keep, LogError};

use crate::Args;
use crate::aggregate::{Aggregate, MAX_FILE, Taken};
use crate::format::{Format, Read, Reader};
use crate::pattern::LinePattern;

/// Readable for all: addresses of servers, and names of institutions.
const MODE: u32 = 0o644;
/// Failures that are told on lines of their own.
const SHOWN: usize = 5;

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sample {
    pub logs: usize,
    pub lines: u64,
    pub bytes: u64,
    pub counted: u64,
    pub garbage: u64,
    pub too_long: u64,
    pub old: u64,
    pub nameless: u64,
    pub no_room: u64,
    pub clients: usize,
    pub failures: Vec<String>,
    pub is_cut_short: bool,
}

pub(crate) fn collect(args: &Args, ctx: &Ctx) -> Result<Sample, CheckError> {
    let keep = Keep::lock(&args.state, MODE, MAX_FILE).map_err(CheckError::internal)?;
    let window = args.window();
    let mut aggregate =
        keep.read::<Aggregate>().map_err(CheckError::internal)?.unwrap_or_else(|| Aggregate::new(window));
    if !aggregate.is_known() {
        let path = args.state.display();
        return Err(CheckError::internal(format!(
            "{path} is of another version of this check; remove it to begin anew"
        )));
    }
    let now = Timestamp::now().as_second();
    aggregate.window = window;
    aggregate.forget_old(now);
    // a fifth is for writing
    let end = Instant::now() + ctx.remaining().mul_f64(0.8);
    let sources =
        logs::open(&args.logs, &aggregate.marks, now - window, end).map_err(|error| match error {
            LogError::Nothing(_) => CheckError::target(format!("{error}; is the log written elsewhere?")),
            other => {
                CheckError::internal(format!("{other}; run the collector as a user who may read the logs"))
            }
        })?;
    let built_in = LinePattern::linelog();
    let pattern = args.pattern.as_ref().unwrap_or(&built_in);
    let format = args.format.unwrap_or(Format::Linelog);
    let missing = args.missing();
    let time = Timestamp::from_second(now).map_err(CheckError::internal)?;
    let mut clock = Clock::new(args.zone(), time);
    let mut names = aggregate.names();
    let mut sample = Sample { logs: sources.len(), ..Sample::default() };
    let mut marks = aggregate.marks.clone();
    for mut source in sources {
        let mut reader = Reader::new(format, pattern);
        while let Some(line) = source.next_line() {
            match reader.read(line, &missing, &mut clock) {
                Read::Record(record) => match aggregate.add(&record, &mut names, now) {
                    Taken::Counted => sample.counted += 1,
                    Taken::Old => sample.old += 1,
                    Taken::Nameless => sample.nameless += 1,
                    Taken::NoRoom => sample.no_room += 1,
                },
                Read::Nothing => {}
                Read::Garbage => sample.garbage += 1,
            }
            reader.keep_place(&mut source);
        }
        sample.lines += source.lines;
        sample.bytes += source.bytes;
        sample.is_cut_short |= source.is_cut_short;
        sample.too_long += source.too_long;
        sample.failures.append(&mut source.failures);
        source.finish(&mut marks);
    }
    aggregate.marks = marks;
    aggregate.collected = now;
    sample.clients = aggregate.clients();
    keep.write(&aggregate).map_err(CheckError::internal)?;
    Ok(sample)
}

/// What is to say of a run.
pub(crate) fn judge(sample: &Sample) -> Report {
    let mut told = vec![format!(
        "{} requests counted in {} lines of {} logs, {} clients",
        sample.counted, sample.lines, sample.logs, sample.clients
    )];
    let mut state = State::Ok;
    let mut bad = |is_bad: bool, text: String| {
        if is_bad {
            told.push(text);
            state = state.worst(State::Warning);
        }
    };
    bad(
        sample.is_cut_short,
        "not read to the end in time: the next run goes on, or give more time by -t".to_owned(),
    );
    bad(
        sample.garbage > 0 && sample.counted == 0,
        format!("none of {} lines is of the form expected: see --format and --pattern", sample.garbage),
    );
    bad(sample.no_room > 0, format!("{} requests of clients that found no room", sample.no_room));
    bad(sample.nameless > 0, format!("{} requests do not tell who sent them", sample.nameless));
    bad(
        !sample.failures.is_empty(),
        format!("{} files could not be read to their end", sample.failures.len()),
    );
    if sample.counted > 0 && sample.garbage > 0 {
        told.push(format!("{} lines of another form", sample.garbage));
    }
    if sample.too_long > 0 {
        told.push(format!("{} lines too long", sample.too_long));
    }
    let metric = |label: &str, value: u64, uom: Uom| Perfdata::new(label, value as f64, uom).min(0.0);
    let mut report = Report::new(state, told.join(", "))
        .perf(metric("requests", sample.counted, Uom::None))
        .perf(metric("lines", sample.lines, Uom::None))
        .perf(metric("bytes", sample.bytes, Uom::Bytes))
        .perf(metric("garbage", sample.garbage + sample.too_long, Uom::None))
        .perf(metric("clients", sample.clients as u64, Uom::None));
    for failure in sample.failures.iter().take(SHOWN) {
        report = report.detail(0, failure);
    }
    report.detail(1, format!("{} requests are older than the window", sample.old))
}
