//! The forms of logs, behind one reader.

use std::str::FromStr;

use logs::fticks::{self, NoTick};
use logs::{Clock, Line, Source};
use regex::bytes::CaptureLocations;

use crate::detail::{Detail, Step};
use crate::pattern::{LinePattern, attribute};
use crate::record::{Attribute, Record};

/// What a log is written by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// FreeRADIUS' linelog.
    Linelog,
    /// FreeRADIUS' detail.
    Detail,
    /// F-TICKS of radsecproxy and others.
    Fticks,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Format, String> {
        match text {
            "linelog" => Ok(Format::Linelog),
            "detail" => Ok(Format::Detail),
            "fticks" => Ok(Format::Fticks),
            _ => Err(format!("`{text}` is none of linelog, detail and fticks")),
        }
    }
}

/// What came of a line.
pub(crate) enum Read<'a> {
    /// A request.
    Record(Record<'a>),
    /// Nothing yet, or nothing that counts.
    Nothing,
    /// It is not of this form.
    Garbage,
}

/// Reads one log, line by line.
pub(crate) enum Reader<'p> {
    Lines { pattern: &'p LinePattern, places: CaptureLocations },
    Detail { detail: Box<Detail>, file: usize },
    Fticks,
}

impl<'p> Reader<'p> {
    pub fn new(format: Format, pattern: &'p LinePattern) -> Reader<'p> {
        match format {
            Format::Linelog => Reader::Lines { places: pattern.places(), pattern },
            Format::Detail => Reader::Detail { detail: Box::default(), file: 0 },
            Format::Fticks => Reader::Fticks,
        }
    }

    pub fn read<'a>(&'a mut self, line: Line<'a>, missing: &[String], clock: &mut Clock) -> Read<'a> {
        match self {
            Reader::Lines { pattern, places } => {
                pattern.read(line.text, places, missing, clock).map_or(Read::Garbage, Read::Record)
            }
            Reader::Fticks => match fticks::read(line.text) {
                Ok(tick) => Read::Record(Record {
                    client: tick.visited,
                    time: tick.time.or_else(|| clock.read(line.text).map(|stamp| stamp.seconds)),
                    station: tick.station.map_or(Attribute::Untold, |it| attribute(it.as_bytes(), missing)),
                    operator: Attribute::Untold,
                    cui: Attribute::Untold,
                }),
                // a proxy's log has lines of other kinds
                Err(NoTick::Other) => Read::Nothing,
                Err(NoTick::Bad(_)) => Read::Garbage,
            },
            Reader::Detail { detail, file } => {
                if *file != line.file {
                    **detail = Detail::default();
                    *file = line.file;
                }
                match detail.push(line.text, missing, clock) {
                    Step::Ends => detail.record(line.path).map_or(Read::Nothing, Read::Record),
                    Step::Begins | Step::Goes => Read::Nothing,
                    Step::Garbage => Read::Garbage,
                }
            }
        }
    }

    /// Is what was read so far to be read again if there is no more? Of a record that is not complete.
    pub fn keep_place(&self, source: &mut Source) {
        if let Reader::Detail { detail, .. } = self {
            if detail.is_inside() { source.hold_in_file() } else { source.release_in_file() }
        }
    }
}
