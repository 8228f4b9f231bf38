//! The verdict of `check_ntp`, pure.

use check::{CheckError, Perfdata, Range, Report, State, Thresholds, Uom};

use crate::Args;
use crate::measure::{Failure, Source};
use crate::packet::Leap;
use crate::reading::{Reading, truechimers};

/// Most servers that are told of on the first line.
const SHOWN: usize = 4;

pub(crate) fn judge(sources: &[Source], args: &Args) -> Result<Report, CheckError> {
    let good: Vec<(&str, &Reading)> = sources
        .iter()
        .filter_map(|source| Some((source.name.as_str(), source.reading.as_ref().ok()?)))
        .collect();
    let readings: Vec<&Reading> = good.iter().map(|(_, reading)| *reading).collect();
    let believed = truechimers(&readings);
    let Some((name, best)) = believed.first().and_then(|i| good.get(*i)) else {
        return without_offset(sources, &good, args);
    };
    let offset = best.offset + args.time_offset;
    let jitter = best.jitter.map(|jitter| jitter * 1000.0);
    let stratum = f64::from(best.stratum);
    let count = believed.len() as f64;
    let offsets = args.offset_thresholds();
    let jitters = Thresholds::new(args.jwarn.clone(), args.jcrit.clone());
    let strata = Thresholds::new(args.swarn.clone(), args.scrit.clone());
    let counts = Thresholds::new(args.twarn.clone(), args.tcrit.clone());

    let mut state = offsets.state(offset.abs()).worst(strata.state(stratum)).worst(counts.state(count));
    let mut told = vec![format!("Offset {offset:.6} secs")];
    if let Some(jitter) = jitter {
        state = state.worst(jitters.state(jitter));
    }
    if !jitters.is_empty() {
        told.push(jitter.map_or("jitter unknown".to_owned(), |jitter| format!("jitter={jitter:.3}")));
    }
    if !strata.is_empty() {
        told.push(format!("stratum={stratum}"));
    }
    let several = sources.len() > 1;
    if several || !counts.is_empty() {
        told.push(format!("truechimers={count}"));
    }
    if several {
        told.push(format!("best of {} is {name}", sources.len()));
    }
    if let Some(leap) = announcement(best.leap) {
        state = state.worst(args.leap);
        told.push(leap.to_owned());
    }
    told.extend(bad_news(sources, &good, &believed, best));

    let ranges = |thresholds: &Thresholds| (thresholds.warning.clone(), thresholds.critical.clone());
    let metric = |label: &str, value: f64, uom: Uom, (warning, critical): (Option<Range>, Option<Range>)| {
        Perfdata::new(label, value, uom).thresholds(warning.as_ref(), critical.as_ref())
    };
    let mut report = Report::new(state, told.join(", "))
        .perf(metric("offset", offset, Uom::Seconds, ranges(&offsets)).decimals(6));
    if let Some(jitter) = jitter {
        report = report.perf(metric("jitter", jitter, Uom::None, ranges(&jitters)).decimals(6).min(0.0));
    }
    report = report.perf(metric("stratum", stratum, Uom::None, ranges(&strata)).min(0.0).max(16.0));
    if several || !counts.is_empty() {
        report = report.perf(metric("truechimers", count, Uom::None, ranges(&counts)).min(0.0));
    }
    Ok(details(sources).into_iter().fold(report, |report, line| report.detail(1, line)))
}

/// Nobody has told the time, or nobody knows which of them is right.
fn without_offset(sources: &[Source], good: &[(&str, &Reading)], args: &Args) -> Result<Report, CheckError> {
    let silent = |source: &Source| matches!(source.reading, Err(Failure::Silent | Failure::Unresolved(_)));
    let unsynchronised = |source: &Source| matches!(source.reading, Err(Failure::Unsynchronised(_)));
    let why: Vec<String> = if good.is_empty() {
        sources.iter().filter_map(failure).take(SHOWN).collect()
    } else {
        good.iter()
            .take(SHOWN)
            .map(|(name, reading)| format!("{name} says {:.6} secs", reading.offset))
            .collect()
    };
    let start = if !good.is_empty() {
        "Servers do not agree, Offset unknown"
    } else if sources.iter().any(unsynchronised) {
        "Server not synchronized, Offset unknown"
    } else {
        "Offset unknown"
    };
    let text = format!("{start}: {}", why.join(", "));
    if args.quiet {
        return Ok(Report::new(State::Unknown, text));
    }
    if sources.iter().all(silent) {
        return Err(CheckError::timeout(text));
    }
    let report = Report::new(State::Critical, text);
    Ok(details(sources).into_iter().fold(report, |report, line| report.detail(1, line)))
}

/// The servers that are of no use, or not believed.
fn bad_news(
    sources: &[Source],
    good: &[(&str, &Reading)],
    believed: &[usize],
    best: &Reading,
) -> Vec<String> {
    let liars = good.iter().enumerate().filter(|(i, _)| !believed.contains(i));
    let liars = liars.map(|(_, (name, reading))| {
        format!("{name} is {:.6} secs from the best", reading.offset - best.offset)
    });
    let mut news: Vec<String> = sources.iter().filter_map(failure).chain(liars).collect();
    let more = news.len().saturating_sub(SHOWN);
    news.truncate(SHOWN);
    if more > 0 {
        news.push(format!("and {more} more of no use"));
    }
    news
}

fn failure(source: &Source) -> Option<String> {
    let name = &source.name;
    Some(match source.reading.as_ref().err()? {
        Failure::Silent => format!("no answer from {name}"),
        Failure::Unresolved(why) => format!("cannot resolve {name}: {why}"),
        Failure::Unsynchronised(why) => format!("{name} is not synchronized: {why}"),
        Failure::Other(why) => format!("{name}: {why}"),
    })
}

fn announcement(leap: Leap) -> Option<&'static str> {
    match leap {
        Leap::None => None,
        Leap::Insert => Some("a leap second is to be inserted"),
        Leap::Delete => Some("a leap second is to be deleted"),
    }
}

/// With -v: every server.
fn details(sources: &[Source]) -> Vec<String> {
    let told = |source: &Source| match &source.reading {
        Ok(reading) => format!(
            "{}: offset {:.6} s, delay {:.6} s, distance {:.6} s, stratum {}, reference {}",
            source.name,
            reading.offset,
            reading.delay,
            reading.distance,
            reading.stratum,
            std::net::Ipv4Addr::from(reading.reference)
        ),
        Err(_) => failure(source).unwrap_or_default(),
    };
    sources.iter().map(told).collect()
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, FromArgMatches as _};

    use super::*;

    fn args(words: &[&str]) -> Args {
        let command = Args::augment_args(clap::Command::new("check_ntp").no_binary_name(true));
        let words = [&["-H", "a"], words].concat();
        let matches = command.try_get_matches_from(words).expect("valid options");
        Args::from_arg_matches(&matches).expect("valid options")
    }

    fn source(name: &str, offset: f64) -> Source {
        let reading = Reading {
            offset,
            delay: 0.001,
            jitter: Some(0.0005),
            distance: 0.01,
            stratum: 3,
            leap: Leap::None,
            reference: [0; 4],
        };
        Source { name: name.to_owned(), reading: Ok(reading) }
    }

    fn failed(failure: Failure) -> Source {
        Source { name: "x".to_owned(), reading: Err(failure) }
    }

    fn state(sources: &[Source], words: &[&str]) -> State {
        judge(sources, &args(words)).unwrap().state
    }

    #[test]
    fn the_offset_counts_without_its_sign() {
        for (offset, want) in [
            (0.0, State::Ok),
            (60.0, State::Ok),
            (-60.1, State::Warning),
            (120.0, State::Warning),
            (-120.1, State::Critical),
        ] {
            assert_eq!(state(&[source("a", offset)], &[]), want, "{offset}");
        }
        assert_eq!(state(&[source("a", -90.0)], &["-o", "90"]), State::Ok);
        assert_eq!(state(&[source("a", 0.2)], &["-w", "0.1", "-c", "0.3"]), State::Warning);
        let report = judge(&[source("a", -0.25)], &args(&["-w", "0.5", "-c", "1"])).unwrap();
        assert_eq!(
            report.render("NTP", ": ", 0),
            "NTP OK: Offset -0.250000 secs | offset=-0.250000s;0.5;1 jitter=0.500000;;;0.000000 stratum=3;;;0;16\n"
        );
    }

    #[test]
    fn jitter_stratum_and_servers_have_ranges() {
        let one = [source("a", 0.0)];
        assert_eq!(state(&one, &["-j", "0.4"]), State::Warning);
        assert_eq!(state(&one, &["-j", "0.4", "-k", "0.45"]), State::Critical);
        assert_eq!(state(&one, &["-W", "3"]), State::Ok);
        assert_eq!(state(&one, &["-W", "2", "-C", "4"]), State::Warning);
        assert_eq!(state(&one, &["-m", "@2", "-n", "@1"]), State::Critical);
        let three = [source("a", 0.0), source("b", 0.001), failed(Failure::Silent)];
        assert_eq!(state(&three, &[]), State::Ok);
        assert_eq!(state(&three, &["-m", "3:", "-n", "2:"]), State::Warning);
        let mut leaping = [source("a", 0.0)];
        leaping[0].reading.as_mut().unwrap().leap = Leap::Insert;
        assert_eq!(state(&leaping, &[]), State::Ok);
        assert_eq!(state(&leaping, &["--leap", "warning"]), State::Warning);
    }

    #[test]
    fn no_offset_is_critical_unless_quiet() {
        let lost = [failed(Failure::Unsynchronised("stratum 0".to_owned())), failed(Failure::Silent)];
        assert_eq!(state(&lost, &[]), State::Critical);
        assert_eq!(state(&lost, &["-q"]), State::Unknown);
        assert!(matches!(judge(&[failed(Failure::Silent)], &args(&[])), Err(CheckError::Timeout(_))));
        assert_eq!(state(&[failed(Failure::Silent)], &["-q"]), State::Unknown);
        // two that differ, three of which one is wrong
        assert_eq!(state(&[source("a", 0.0), source("b", 5.0)], &[]), State::Critical);
        assert_eq!(state(&[source("a", 500.0), source("b", 0.0), source("c", 0.0)], &[]), State::Ok);
    }
}
