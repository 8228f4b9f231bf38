//! The verdict of `check_mail_loop`, pure.

use std::str::FromStr;

use check::{Perfdata, Range, Report, State, Thresholds, Uom, span};

use crate::Args;
use crate::measure::{Sample, Way};

/// Ranges for delay, sending and opening the mailbox, in seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Limits([Option<Range>; 3]);

impl FromStr for Limits {
    type Err = String;

    fn from_str(text: &str) -> Result<Limits, String> {
        let mut limits = Limits::default();
        let mut parts = text.split(',');
        for (limit, part) in limits.0.iter_mut().zip(&mut parts) {
            if !part.is_empty() {
                *limit = Some(part.parse().map_err(|error| format!("{error}"))?);
            }
        }
        match parts.next() {
            None => Ok(limits),
            Some(_) => {
                Err(format!("`{text}`: three ranges at most, for delay, sending and opening the mailbox"))
            }
        }
    }
}

pub(crate) fn judge(sample: &Sample, args: &Args) -> Report {
    let limits = |i: usize| {
        let of = |limits: &Option<Limits>| limits.as_ref().and_then(|limits| limits.0.get(i)?.clone());
        Thresholds::new(of(&args.warning), of(&args.critical))
    };
    let mut state = State::Ok;
    let mut metrics = Vec::new();
    let mut seconds = |label: &str, value: f64, thresholds: Thresholds| {
        state = state.worst(thresholds.state(value));
        let metric = Perfdata::new(label, value, Uom::Seconds).decimals(3).min(0.0);
        metrics.push(metric.limits(&thresholds));
    };
    if let Some(way) = &sample.arrived {
        seconds("delay", way.delay, limits(0));
    }
    seconds("elapsed", sample.elapsed, Thresholds::default());
    seconds("send", sample.send, limits(1));
    seconds("read", sample.read, limits(2));
    let lost = Thresholds::new(Some(args.missing_warning.clone()), args.missing_critical.clone());
    let missing = sample.missing.len() as f64;
    state = state.worst(lost.state(missing));
    metrics.push(Perfdata::new("missing", missing, Uom::None).limits(&lost).min(0.0));

    let mut said = Vec::new();
    if let Some(way) = &sample.arrived {
        said.push(described(way));
    } else {
        state = State::Critical;
        let waited = sample.elapsed - sample.send - sample.read;
        said.push(format!("the mail to {} did not arrive within {waited:.0} seconds", args.mailto.email));
    }
    if !sample.missing.is_empty() {
        let oldest = sample.missing.iter().copied().fold(0.0, f64::max);
        said.push(format!("earlier mails still missing: {missing} (oldest sent {} ago)", span(oldest)));
    }
    if !sample.late.is_empty() {
        let slowest = sample.late.iter().copied().fold(0.0, f64::max);
        said.push(format!("earlier mails that came late: {} (up to {})", sample.late.len(), span(slowest)));
    }
    let mut report = metrics.into_iter().fold(Report::new(state, said.join(", ")), Report::perf);
    if let Some(way) = &sample.arrived {
        for (i, (by, delay)) in delays(way).enumerate() {
            let number = i + 1;
            report = report
                .perf(Perfdata::new(format!("hop{number}"), delay as f64, Uom::Seconds))
                .detail(1, format!("hop {number}: {by} after {delay} seconds"));
        }
    }
    report.detail(2, format!("the relay said: {}", sample.accepted))
}

fn described(way: &Way) -> String {
    let hops = if way.hops.len() == 1 { "hop" } else { "hops" };
    let slowest = delays(way).max_by_key(|(_, delay)| *delay).filter(|(_, delay)| *delay > 1);
    let slowest =
        slowest.map(|(by, delay)| format!(", slowest {by} with {delay} seconds")).unwrap_or_default();
    format!("arrived after {:.1} seconds over {} {hops}{slowest}", way.delay, way.hops.len())
}

/// Who took the mail, how many seconds after the one before. Clocks differ: it may be less than none.
fn delays(way: &Way) -> impl Iterator<Item = (&str, i64)> {
    let before = std::iter::once(way.sent).chain(way.hops.iter().map(|hop| hop.at));
    way.hops.iter().zip(before).map(|(hop, before)| {
        let by = if hop.by.is_empty() { "a relay without name" } else { hop.by.as_str() };
        (by, hop.at.saturating_sub(before))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::Hop;
    use clap::{Args as _, FromArgMatches};

    fn judged(line: &[&str], change: impl FnOnce(&mut Sample)) -> String {
        let command = Args::augment_args(clap::Command::new("x").no_binary_name(true));
        let line =
            [&["-H", "a", "--mailto", "bob@b.test", "--mailfrom", "a@b.test", "--state-dir", "x"], line]
                .concat();
        let args = Args::from_arg_matches(&command.try_get_matches_from(line).unwrap()).unwrap();
        let hop = |by: &str, at| Hop { by: by.to_owned(), at };
        let mut sample = Sample {
            elapsed: 2.5,
            send: 0.25,
            read: 0.125,
            accepted: "id=1".to_owned(),
            arrived: Some(Way { delay: 2.0, sent: 100, hops: vec![hop("b.test", 100), hop("c.test", 105)] }),
            late: vec![],
            missing: vec![],
        };
        change(&mut sample);
        judge(&sample, &args).render("MAIL", " - ", 1)
    }

    #[test]
    fn one_line_has_delay_and_slowest_hop() {
        assert_eq!(
            judged(&["-w", "5", "-c", "9,8"], |_| ()),
            "MAIL OK - arrived after 2.0 seconds over 2 hops, slowest c.test with 5 seconds | \
             delay=2.000s;5;9;0.000 elapsed=2.500s;;;0.000 send=0.250s;;8;0.000 read=0.125s;;;0.000 \
             missing=0;0;;0 hop1=0s hop2=5s\nhop 1: b.test after 0 seconds\nhop 2: c.test after 5 seconds\n"
        );
    }

    #[test]
    fn each_number_has_its_limit() {
        let state = |line: &[&str]| judged(line, |_| ()).split(' ').nth(1).unwrap().to_owned();
        assert_eq!(state(&["-w", "1"]), "WARNING");
        assert_eq!(state(&["-w", "1", "-c", "1.5"]), "CRITICAL");
        assert_eq!(state(&["-w", ",0.1"]), "WARNING");
        assert_eq!(state(&["-c", ",,0.1"]), "CRITICAL");
        for bad in ["a", "1,2,3,4"] {
            assert!(bad.parse::<Limits>().is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_missing_is_told() {
        let lost = judged(&[], |sample| sample.arrived = None);
        assert!(
            lost.starts_with("MAIL CRITICAL - the mail to bob@b.test did not arrive within 2 seconds |"),
            "{lost}"
        );
        let earlier = |line: &[&str]| judged(line, |sample| sample.missing = vec![300.0, 7500.0]);
        let text = earlier(&[]);
        assert!(text.starts_with("MAIL WARNING - arrived"), "{text}");
        assert!(text.contains("earlier mails still missing: 2 (oldest sent 2.1 hours ago)"), "{text}");
        assert!(earlier(&["--missing-critical", "1"]).starts_with("MAIL CRITICAL"));
        assert!(earlier(&["--missing-warning", "2"]).starts_with("MAIL OK"));
        let late = judged(&[], |sample| sample.late = vec![300.0]);
        assert!(late.starts_with("MAIL OK") && late.contains("came late: 1 (up to 5 minutes)"), "{late}");
    }
}
