//! The verdict on a client, pure.

use std::collections::BTreeSet;

use check::{CheckError, Perfdata, Range, Report, State, Thresholds, Uom, span};

use crate::aggregate::{Count, Summary};
use crate::{Args, Wanted, operator};

/// Bad names told on the first line, and on lines of their own.
const NAMED: usize = 2;
const SHOWN: usize = 20;

/// What is known of the clients asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sample {
    /// When the aggregate was made, seconds since 1970.
    pub collected: i64,
    /// How far back it goes, in seconds.
    pub window: i64,
    pub summary: Summary,
    /// Registered realms, in small letters, if a list is given.
    pub realms: Option<BTreeSet<String>>,
    pub now: i64,
}

pub(crate) fn judge(sample: &Sample, args: &Args) -> Result<Report, CheckError> {
    let wanted = args
        .attribute
        .ok_or_else(|| CheckError::usage("what is to be judged? Give -a csi, -a operator-name or -a cui"))?;
    let name = wanted.name();
    let clients = args.clients().join(" and ");
    let within = format!("in the last {}", span(sample.window as f64));
    let age = sample.now - sample.collected;
    if age as f64 > args.max_age {
        let limit = span(args.max_age);
        let text =
            format!("the aggregate is {} old, more than {limit}: does the collector run?", span(age as f64));
        return Ok(Report::new(args.stale_state, text));
    }
    let summary = &sample.summary;
    if summary.requests == 0 {
        let text = format!("{clients} has sent nothing {within}: is it alive?");
        return Ok(Report::new(State::Warning, text).perf(Perfdata::new("requests", 0.0, Uom::None).min(0.0)));
    }
    let count = match wanted {
        Wanted::CallingStationId => summary.station,
        Wanted::OperatorName => summary.operator,
        Wanted::Cui => summary.cui,
    };
    if count == Count::default() {
        return Err(CheckError::internal(format!(
            "the log does not tell of {name}: collect from one that does ({} requests of {clients} {within})",
            summary.requests
        )));
    }
    Ok(report(name, &clients, &within, count, wanted, sample, args))
}

fn report(
    name: &str,
    clients: &str,
    within: &str,
    count: Count,
    wanted: Wanted,
    sample: &Sample,
    args: &Args,
) -> Report {
    let all = count.present + count.missing;
    let share = count.missing as f64 * 100.0 / all as f64;
    let thresholds = thresholds(args);
    let value = if args.percent { share } else { count.missing as f64 };
    let mut state = thresholds.state(value);
    let summary = if count.missing == 0 {
        format!("all {all} requests of {clients} {within} have {name}")
    } else {
        let share = if share < 0.01 { "under 0.01".to_owned() } else { format!("{share:.2}") };
        format!("{} of {all} requests of {clients} {within} ({share} %) lack {name}", count.missing)
    };
    let mut told = vec![summary];
    let faults = if wanted == Wanted::OperatorName { faults(sample) } else { Vec::new() };
    if !faults.is_empty() {
        state = state.worst(State::Critical);
        let named: Vec<String> =
            faults.iter().take(NAMED).map(|(name, why, _)| format!("`{}`: {why}", shown(name))).collect();
        told.push(format!("{} wrong values, {}", faults.len(), named.join(", ")));
    }
    let metric = |label: &str, value: f64, uom: Uom| Perfdata::new(label, value, uom).min(0.0);
    let judged = |metric: Perfdata, is: bool| {
        let (warning, critical) = (thresholds.warning.as_ref(), thresholds.critical.as_ref());
        if is { metric.thresholds(warning, critical) } else { metric }
    };
    let mut report = Report::new(state, told.join("; "))
        .perf(judged(metric("missing", count.missing as f64, Uom::None), !args.percent))
        .perf(judged(metric("missing_percent", share, Uom::Percent).decimals(4), args.percent).max(100.0))
        .perf(metric("requests", all as f64, Uom::None));
    if wanted == Wanted::OperatorName {
        report = report.perf(metric("wrong_names", faults.len() as f64, Uom::None));
        for (name, why, times) in faults.iter().take(SHOWN) {
            report = report.detail(0, format!("`{}` {times} times: {why}", shown(name)));
        }
        for (name, times) in sample.summary.names.iter().take(SHOWN) {
            report = report.detail(1, format!("{} {times} times", shown(name)));
        }
        if sample.summary.other_names > 0 {
            let others = sample.summary.other_names;
            report = report.detail(0, format!("{others} requests have further names, which were not kept"));
        }
    }
    report
}

/// Any request without the attribute is too many, unless options say otherwise.
fn thresholds(args: &Args) -> Thresholds {
    let given = args.thresholds.thresholds();
    if given.is_empty() { Thresholds::new(None, Some(Range::up_to(0.0))) } else { given }
}

/// Values of Operator-Name that are not as they should be, the most frequent first.
fn faults(sample: &Sample) -> Vec<(&str, &'static str, u64)> {
    let fault = |name: &str| match (operator::fault(name), &sample.realms, operator::realm(name)) {
        (Some(why), _, _) => Some(why),
        (None, Some(realms), Some(realm)) if !realms.contains(&realm) => Some("the realm is not registered"),
        _ => None,
    };
    let mut faults: Vec<(&str, &str, u64)> = sample
        .summary
        .names
        .iter()
        .filter_map(|(name, times)| Some((name.as_str(), fault(name)?, *times)))
        .collect();
    faults.sort_by_key(|(_, _, times)| std::cmp::Reverse(*times));
    faults
}

/// Written by a stranger.
fn shown(name: &str) -> String {
    check::size::clipped(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::args;

    fn sample(station: (u64, u64), operator: (u64, u64), names: &[&str]) -> Sample {
        let count = |(present, missing)| Count { present, missing };
        let summary = Summary {
            requests: station.0 + station.1,
            station: count(station),
            operator: count(operator),
            cui: Count::default(),
            names: names.iter().map(|name| ((*name).to_owned(), 3)).collect(),
            other_names: 0,
        };
        Sample { collected: 1_000_000, window: 86_400, summary, realms: None, now: 1_000_600 }
    }

    fn line(sample: &Sample, words: &[&str]) -> String {
        match judge(sample, &args(words)) {
            Ok(report) => report.render("RADIUS_LOG", " - ", 0),
            Err(error) => error.report(State::Critical).render("RADIUS_LOG", " - ", 0),
        }
    }

    const STATION: [&str; 4] = ["-H", "10.0.0.1", "-a", "csi"];
    const OPERATOR: [&str; 4] = ["-H", "10.0.0.1", "-a", "operator-name"];

    #[test]
    fn one_request_without_is_critical() {
        assert_eq!(
            line(&sample((100, 0), (0, 0), &[]), &STATION),
            "RADIUS_LOG OK - all 100 requests of 10.0.0.1 in the last 24.0 hours have Calling-Station-Id | \
             missing=0;;0;0 missing_percent=0.0000%;;;0.0000;100.0000 requests=100;;;0\n"
        );
        let one = line(&sample((99, 1), (0, 0), &[]), &STATION);
        assert!(
            one.starts_with(
                "RADIUS_LOG CRITICAL - 1 of 100 requests of 10.0.0.1 in the last 24.0 hours (1.00 %) lack"
            ),
            "{one}"
        );
        assert!(line(&sample((999_999, 1), (0, 0), &[]), &STATION).contains("(under 0.01 %)"));
        let options = |more: &[&str]| line(&sample((99, 1), (0, 0), &[]), &[&STATION, more].concat());
        assert!(options(&["-w", "0", "-c", "5"]).contains("WARNING - "));
        assert!(options(&["--percent", "-w", "1", "-c", "5"]).contains("OK - "));
        assert!(options(&["--percent", "-w", "0.5", "-c", "5"]).contains("missing_percent=1.0000%;0.5;5;"));
    }

    #[test]
    fn silence_age_and_ignorance_are_told() {
        let silent = line(&sample((0, 0), (0, 0), &[]), &STATION);
        assert!(
            silent.starts_with("RADIUS_LOG WARNING - 10.0.0.1 has sent nothing in the last 24.0 hours"),
            "{silent}"
        );
        let mut old = sample((100, 0), (0, 0), &[]);
        old.now += 4 * 3600;
        assert!(
            line(&old, &STATION)
                .starts_with("RADIUS_LOG UNKNOWN - the aggregate is 4.2 hours old, more than 3.0 hours")
        );
        assert!(line(&old, &[&STATION[..], &["--stale-state", "critical"]].concat()).contains("CRITICAL - "));
        assert!(line(&old, &[&STATION[..], &["--max-age", "6h"]].concat()).contains("OK - "));
        let untold = line(&sample((100, 0), (0, 0), &[]), &["-H", "10.0.0.1", "-a", "cui"]);
        assert!(untold.contains("UNKNOWN - the log does not tell of Chargeable-User-Identity"), "{untold}");
    }

    #[test]
    fn operator_names_have_a_syntax_and_a_register() {
        let mut names = sample((10, 0), (10, 0), &["1cesnet.cz", "1Muni.cz"]);
        assert!(line(&names, &OPERATOR).contains("OK - all 10 requests"));
        names.realms = Some(BTreeSet::from(["cesnet.cz".to_owned(), "muni.cz".to_owned()]));
        assert!(line(&names, &OPERATOR).contains("OK - "));
        names.summary.names.insert("1other.cz".to_owned(), 1);
        let other = line(&names, &OPERATOR);
        assert!(
            other.contains("CRITICAL - ")
                && other.contains("1 wrong values, `1other.cz`: the realm is not registered"),
            "{other}"
        );
        for bad in ["cesnet.cz", "0CZE", "1a b", "\u{1b}[31m|x"] {
            let text = line(&sample((10, 0), (10, 0), &[bad]), &OPERATOR);
            assert!(text.contains("CRITICAL - ") && text.contains("wrong_names=1"), "{text}");
            assert!(!text.contains('\u{1b}') && text.matches('|').count() == 1, "{text}");
        }
        assert!(line(&sample((10, 0), (9, 1), &[]), &OPERATOR).contains("CRITICAL - 1 of 10"));
    }
}
