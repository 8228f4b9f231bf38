//! All I/O of `check_load`: `/proc/loadavg`, the number of processors, the processes if asked for.

use std::fs::File;
use std::io::Read;

use check::CheckError;

use crate::processes::{self, Process};

/// What was seen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    /// Averages over 1, 5 and 15 minutes.
    pub load: [f64; 3],
    /// Processors that are switched on, if the load is to be divided by them.
    pub processors: Option<u32>,
    /// The busiest first.
    pub busiest: Vec<Process>,
}

pub(crate) fn measure(by_processor: bool, show: usize) -> Result<Sample, CheckError> {
    let load = parse(&read("/proc/loadavg", 4096)?)
        .ok_or_else(|| CheckError::internal("/proc/loadavg does not hold three numbers"))?;
    let processors = if by_processor { Some(processors()?) } else { None };
    let busiest = if show == 0 { Vec::new() } else { processes::busiest(show)? };
    Ok(Sample { load, processors, busiest })
}

/// Reads a file of /proc or /sys, up to `limit` bytes.
pub(crate) fn read(path: &str, limit: u64) -> Result<String, CheckError> {
    let mut text = String::with_capacity(128);
    File::open(path)
        .and_then(|file| file.take(limit).read_to_string(&mut text))
        .map_err(|error| CheckError::internal(format!("cannot read {path}: {error}; is it mounted?")))?;
    Ok(text)
}

/// `0.30 0.23 0.15 1/91 17783`, as proc(5) describes it.
fn parse(text: &str) -> Option<[f64; 3]> {
    let mut numbers = text.split_ascii_whitespace().map(|word| word.parse::<f64>().ok());
    let mut next = || numbers.next().flatten().filter(|load| load.is_finite() && *load >= 0.0);
    Some([next()?, next()?, next()?])
}

/// Processors that are on: the load is the machine's, so what this process is allowed to use
/// (affinity, a container's share) does not count.
fn processors() -> Result<u32, CheckError> {
    const ONLINE: &str = "/sys/devices/system/cpu/online";
    count(read(ONLINE, 64 * 1024)?.trim())
        .ok_or_else(|| CheckError::internal(format!("{ONLINE} is no list of processors")))
}

/// Counts the members of `0-3,8`.
fn count(list: &str) -> Option<u32> {
    let mut sum = 0_u32;
    for span in list.split(',') {
        let (from, to) = span.split_once('-').unwrap_or((span, span));
        let (from, to) = (from.parse::<u32>().ok()?, to.parse::<u32>().ok()?);
        sum = sum.checked_add(to.checked_sub(from)?.checked_add(1)?)?;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_three_averages() {
        // as read on an idle virtual machine, Linux 6.18
        assert_eq!(parse("0.30 0.23 0.15 1/91 17783\n"), Some([0.30, 0.23, 0.15]));
        for bad in ["", "1 2", "1 x 3", "nan 1 1", "-1 0 0"] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn counts_processors() {
        for (list, want) in [
            ("0", Some(1)),
            ("0-1", Some(2)),
            ("0-3,8,10-11", Some(7)),
            ("", None),
            ("3-1", None),
            ("0-4294967295", None),
            ("x", None),
        ] {
            assert_eq!(count(list), want, "{list}");
        }
    }
}
