//! The verdict of `check_ping`, pure.

use std::fmt::Write as _;

use check::{Perfdata, Range, Report, State, Uom};

use crate::Args;
use crate::ipsec::Ipsec;
use crate::limits::Limits;
use crate::measure::{Measured, Sample};
use crate::options::Levels;
use crate::socket::Kind;
use crate::tally::{Outcome, Summary};
use crate::targets::Targets;

/// Hosts in trouble that are named on the first line; all are on lines of their own.
const NAMED: usize = 3;

/// One host: text and metrics as check_ping has them. Several: how many answer, and who does not;
/// a line and metrics for each, labels with the host in front, as check_icmp has them.
pub(crate) fn judge(samples: &[Sample], limits: &Limits, args: &Args, targets: &Targets<'_>) -> Report {
    let verdicts: Vec<Verdict> =
        samples.iter().map(|sample| Verdict::of(sample, limits, targets.packets, args)).collect();
    let mut report = match (&verdicts[..], samples) {
        ([verdict], [sample]) => Report::new(verdict.state, linked(&verdict.text, &sample.host, args.link)),
        _ => several(samples, &verdicts, args),
    };
    for sample in samples {
        let prefix = if samples.len() > 1 { sample.host.as_str() } else { "" };
        for metric in metrics(sample, limits, prefix, args) {
            report = report.perf(metric);
        }
        if let Ok(measured) = &sample.result {
            report = report.detail(1, details(&sample.host, measured));
            if let Some(line) = measured.ipsec.as_ref().and_then(Ipsec::details) {
                report = report.detail(1, line);
            }
        }
    }
    report
}

/// What is to say of one host.
struct Verdict {
    state: State,
    text: String,
}

impl Verdict {
    fn of(sample: &Sample, limits: &Limits, packets: u16, args: &Args) -> Verdict {
        match &sample.result {
            Ok(measured) => {
                let outcome = &measured.outcome;
                let mut verdict =
                    Verdict { state: state(outcome, limits), text: text(outcome, limits, packets) };
                if let Some((state, text)) = measured.ipsec.as_ref().map(|it| it.verdict(args.require_ipsec))
                {
                    verdict.state = verdict.state.worst(state);
                    verdict.text = format!("{}; {text}", verdict.text);
                }
                verdict
            }
            Err(reason) => Verdict { state: State::Critical, text: reason.clone() },
        }
    }
}

fn state(outcome: &Outcome, limits: &Limits) -> State {
    let Some(times) = outcome.times() else { return State::Critical };
    // duplicates point to a loop or to two machines with one address: never OK, as in check_ping
    let duplicates = if outcome.duplicates > 0 { State::Warning } else { State::Ok };
    let order = if limits.order && outcome.out_of_order > 0 { State::Critical } else { State::Ok };
    [
        level(limits.rta, Some(times.average)),
        level(limits.loss, Some(outcome.loss())),
        level(limits.jitter, outcome.jitter().map(|jitter| jitter.average)),
        order,
    ]
    .into_iter()
    .fold(duplicates, State::worst)
}

/// A value that reaches a level alerts. What could not be measured (jitter of one reply) does not.
fn level(levels: Option<Levels<f64>>, value: Option<f64>) -> State {
    match (levels, value) {
        (Some(levels), Some(value)) if value >= levels.critical => State::Critical,
        (Some(levels), Some(value)) if value >= levels.warning => State::Warning,
        _ => State::Ok,
    }
}

fn text(outcome: &Outcome, limits: &Limits, packets: u16) -> String {
    let mut text = String::with_capacity(100);
    if outcome.duplicates > 0 {
        text.push_str("DUPLICATES FOUND! ");
    }
    let mut say = |words: std::fmt::Arguments<'_>| {
        text.write_fmt(words).expect("writing to a string cannot fail");
    };
    say(format_args!("Packet loss = {}%", shown_loss(outcome)));
    if let Some(times) = outcome.times() {
        say(format_args!(", RTA = {:.2} ms", times.average));
    }
    if let (Some(_), Some(jitter)) = (limits.jitter, outcome.jitter()) {
        say(format_args!(", jitter = {:.2} ms", jitter.average));
    }
    if outcome.out_of_order > 0 && limits.order {
        say(format_args!(", {} out of order", outcome.out_of_order));
    }
    if let Some(refusal) = &outcome.refusal {
        say(format_args!(", {}", refusal.reason));
        if let Some(from) = refusal.from {
            say(format_args!(" from {from}"));
        }
    }
    if outcome.sent < usize::from(packets) {
        say(format_args!(", only {} of {packets} packets sent in time", outcome.sent));
    }
    text
}

/// Whole percents, rounded down, as both peers print them: 100 % means that nothing came back.
/// What would round down to nothing keeps two decimals.
fn shown_loss(outcome: &Outcome) -> f64 {
    let loss = outcome.loss();
    if loss < 1.0 { (loss * 100.0).ceil() / 100.0 } else { loss.floor() }
}

/// The page is that of Nagios 3 and check_ping, `/nagios/cgi-bin/traceroute.cgi?HOST`.
fn linked(text: &str, host: &str, link: bool) -> String {
    if !link {
        return text.to_owned();
    }
    let mut escaped = String::with_capacity(host.len());
    for byte in host.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._:".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            write!(escaped, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
    format!("<A HREF='/nagios/cgi-bin/traceroute.cgi?{escaped}'>{text}</A>")
}

fn several(samples: &[Sample], verdicts: &[Verdict], args: &Args) -> Report {
    let alive = samples
        .iter()
        .filter(|sample| sample.result.as_ref().is_ok_and(|it| it.outcome.loss() < 100.0))
        .count();
    let mut summary = format!("{alive} of {} hosts alive", samples.len());
    let both = || samples.iter().zip(verdicts);
    let bad = || both().filter(|(_, verdict)| verdict.state != State::Ok);
    for (sample, verdict) in bad().take(NAMED) {
        write!(summary, "; {}: {}", sample.host, verdict.text).expect("writing to a string cannot fail");
    }
    if let Some(more) = bad().count().checked_sub(NAMED).filter(|more| *more > 0) {
        write!(summary, "; and {more} more").expect("writing to a string cannot fail");
    }
    let mut report = Report::new(together(verdicts, args.min_alive), summary);
    for (sample, verdict) in both() {
        let text = linked(&verdict.text, &sample.host, args.link);
        report = report.detail(0, format!("{}: {} - {text}", sample.host, verdict.state));
    }
    report
}

/// The worst state; with `-m N`, OK if N hosts are, WARNING if N are at least that.
fn together(verdicts: &[Verdict], min_alive: Option<u16>) -> State {
    let count = |state: State| verdicts.iter().filter(|verdict| verdict.state == state).count();
    match min_alive.map(usize::from) {
        None => verdicts.iter().map(|verdict| verdict.state).fold(State::Ok, State::worst),
        Some(wanted) if count(State::Ok) >= wanted => State::Ok,
        Some(wanted) if count(State::Ok) + count(State::Warning) >= wanted => State::Warning,
        Some(_) => State::Critical,
    }
}

fn metrics(sample: &Sample, limits: &Limits, prefix: &str, args: &Args) -> Vec<Perfdata> {
    let Ok(Measured { outcome, .. }) = &sample.result else { return Vec::new() };
    let time = |label: &str, value: Option<f64>, levels: Option<Levels<f64>>| {
        let metric = Perfdata::new(format!("{prefix}{label}"), value.unwrap_or(f64::NAN), Uom::Milliseconds);
        with_levels(metric.decimals(6), levels, 6).min(0.0)
    };
    let (times, jitter) = (outcome.times(), outcome.jitter());
    let loss = Perfdata::new(format!("{prefix}pl"), shown_loss(outcome), Uom::Percent);
    let mut metrics = vec![
        time("rta", times.map(|times| times.average), limits.rta),
        with_levels(loss, limits.loss, 0).min(0.0),
    ];
    if args.all_metrics {
        metrics.push(time("rtmax", times.map(|times| times.greatest), None));
        metrics.push(time("rtmin", times.map(|times| times.least), None));
    }
    if args.all_metrics || limits.jitter.is_some() {
        metrics.push(time("jitter_avg", jitter.map(|jitter| jitter.average), limits.jitter));
        metrics.push(time("jitter_max", jitter.map(|jitter| jitter.greatest), None));
        metrics.push(time("jitter_min", jitter.map(|jitter| jitter.least), None));
    }
    if args.all_metrics {
        let count = |label: &str, count: u32| {
            Perfdata::new(format!("{prefix}{label}"), f64::from(count), Uom::None).min(0.0)
        };
        metrics.push(count("duplicates", outcome.duplicates));
        metrics.push(count("out_of_order", outcome.out_of_order));
    }
    metrics
}

/// Plain numbers in the warn and crit fields, at least so many decimals.
fn with_levels(metric: Perfdata, levels: Option<Levels<f64>>, decimals: usize) -> Perfdata {
    let Some(levels) = levels else { return metric };
    let range = |level: f64| -> Option<Range> {
        let text = if decimals == 0 { level.to_string() } else { format!("{level:.decimals$}") };
        text.parse().ok()
    };
    metric.thresholds(range(levels.warning).as_ref(), range(levels.critical).as_ref())
}

fn details(host: &str, measured: &Measured) -> String {
    let outcome = &measured.outcome;
    let kind = match measured.kind {
        Kind::Datagram => "datagram",
        Kind::Raw => "raw",
    };
    let mut line = format!(
        "{host} ({}): {} sent by a {kind} socket, {} answered, {} duplicates, {} out of order",
        measured.address.ip(),
        outcome.sent,
        outcome.round_trips.len(),
        outcome.duplicates,
        outcome.out_of_order,
    );
    let mut say = |what: &str, numbers: Option<Summary>| {
        if let Some(Summary { average, least, greatest }) = numbers {
            write!(line, "; {what} min/avg/max {least:.3}/{average:.3}/{greatest:.3} ms")
                .expect("writing to a string cannot fail");
        }
    };
    say("round trip", outcome.times());
    say("jitter", outcome.jitter());
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Refusal;
    use crate::tests::bare_args;

    fn sample(host: &str, outcome: Outcome) -> Sample {
        let address = "10.0.0.9:0".parse().expect("an address");
        Sample {
            host: host.to_owned(),
            result: Ok(Measured { address, kind: Kind::Raw, outcome, ipsec: None }),
        }
    }

    fn answered(round_trips: &[f64], sent: usize) -> Outcome {
        Outcome { sent, round_trips: round_trips.to_vec(), ..Outcome::default() }
    }

    fn report(samples: &[Sample], options: &[&str]) -> Report {
        let hosts = samples.iter().flat_map(|sample| ["-H", &sample.host]);
        let words: Vec<&str> = hosts.chain(options.iter().copied()).collect();
        let args = bare_args(&words);
        let targets = Targets::of(&args).expect("targets");
        let limits = Limits::of(&args, targets.pairs).expect("limits");
        judge(samples, &limits, &args, &targets)
    }

    fn line(outcome: Outcome, options: &[&str]) -> String {
        report(&[sample("h", outcome)], options).render("PING", " - ", 0)
    }

    const LIMITS: [&str; 4] = ["-w", "100,20%", "-c", "500,60%"];

    #[test]
    fn speaks_as_check_ping_does() {
        assert_eq!(
            line(answered(&[0.049; 5], 5), &LIMITS),
            "PING OK - Packet loss = 0%, RTA = 0.05 ms | \
             rta=0.049000ms;100.000000;500.000000;0.000000 pl=0%;20;60;0\n"
        );
        assert_eq!(
            line(answered(&[], 5), &LIMITS),
            "PING CRITICAL - Packet loss = 100% | rta=U pl=100%;20;60;0\n"
        );
        assert_eq!(
            line(answered(&[], 1), &["-L", "-p", "1"]),
            "PING CRITICAL - <A HREF='/nagios/cgi-bin/traceroute.cgi?h'>Packet loss = 100%</A> | \
             rta=U pl=100%;40;80;0\n"
        );
    }

    #[test]
    fn a_value_that_reaches_its_level_alerts() {
        for (outcome, wanted) in [
            (answered(&[99.0, 100.9], 2), State::Ok),
            (answered(&[99.0, 101.0], 2), State::Warning),
            (answered(&[499.0, 500.9], 2), State::Warning),
            (answered(&[500.0], 1), State::Critical),
            (answered(&[1.0; 81], 100), State::Ok),
            (answered(&[1.0; 80], 100), State::Warning),
            (answered(&[1.0; 2], 3), State::Warning),
            (answered(&[1.0; 40], 100), State::Critical),
            (answered(&[900.0; 9], 10), State::Critical),
            (answered(&[], 1), State::Critical),
            (answered(&[], 0), State::Critical),
            (Outcome { duplicates: 1, ..answered(&[1.0], 1) }, State::Warning),
            (Outcome { duplicates: 1, ..answered(&[600.0], 1) }, State::Critical),
            (Outcome { out_of_order: 1, ..answered(&[1.0; 5], 5) }, State::Ok),
        ] {
            assert_eq!(report(&[sample("h", outcome.clone())], &LIMITS).state, wanted, "{outcome:?}");
        }
        // hosts are alive with any reply when the levels are those of check-host-alive
        let alive = ["-w", "5000,100%", "-c", "5000,100%"];
        assert_eq!(report(&[sample("h", answered(&[1.0], 5))], &alive).state, State::Ok);
        assert_eq!(report(&[sample("h", answered(&[], 5))], &alive).state, State::Critical);
    }

    #[test]
    fn single_modes_and_what_they_say() {
        let shaky = || Outcome { out_of_order: 2, ..answered(&[900.0, 920.0, 900.0], 3) };
        let jitter = line(shaky(), &["-J", "15,30", "-p", "3"]);
        assert!(jitter.starts_with("PING WARNING - Packet loss = 0%, RTA = 906.67 ms, jitter = 20.00 ms | "));
        assert!(jitter.contains(" jitter_avg=20.000000ms;15.000000;30.000000;0.000000 "), "{jitter}");
        assert!(jitter.contains("rta=906.666667ms;;;0.000000 pl=0%;;;0 "), "{jitter}");
        let order = line(shaky(), &["-O", "-p", "3"]);
        assert!(order.starts_with("PING CRITICAL - Packet loss = 0%, RTA = 906.67 ms, 2 out of order"));
        // one reply has no jitter, and no reply is CRITICAL in every mode
        assert!(line(answered(&[1.0], 1), &["-J", "1,2"]).starts_with("PING OK"));
        for mode in [&["-J", "1,2"][..], &["-O"], &["-R", "1,2"], &["-P", "200,300"]] {
            assert!(line(answered(&[], 1), mode).starts_with("PING CRITICAL - Packet loss = 100%"));
        }
        let all = line(Outcome { duplicates: 4, ..answered(&[1.0, 3.0], 2) }, &["--all-metrics"]);
        for metric in [
            "rtmax=3.000000ms;;;0.000000",
            "rtmin=1.000000ms;;;0.000000",
            "jitter_max=2.000000ms;;;0.000000",
            "duplicates=4;;;0",
            "out_of_order=0;;;0\n",
        ] {
            assert!(all.contains(metric), "{metric} in {all}");
        }
        assert!(all.starts_with("PING WARNING - DUPLICATES FOUND! Packet loss = 0%, RTA = 2.00 ms"), "{all}");
    }

    #[test]
    fn loss_is_rounded_so_that_neither_end_is_false() {
        let loss = |answers: usize, sent: usize| shown_loss(&answered(&vec![1.0; answers], sent));
        assert_eq!(loss(2, 3), 33.0);
        assert_eq!(loss(1, 250), 99.0);
        assert_eq!(loss(0, 250), 100.0);
        assert_eq!(loss(995, 1000), 0.5);
        assert_eq!(loss(9_999, 10_000), 0.01);
        assert_eq!(loss(5, 5), 0.0);
    }

    #[test]
    fn says_who_refused_and_what_was_not_sent() {
        let refused = |from: Option<&str>| Outcome {
            refusal: Some(Refusal {
                reason: "Destination host unreachable".to_owned(),
                from: from.map(|from| from.parse().expect("an address")),
            }),
            ..answered(&[], 5)
        };
        let text = |outcome| report(&[sample("h", outcome)], &[]).summary;
        assert_eq!(text(refused(None)), "Packet loss = 100%, Destination host unreachable");
        assert_eq!(
            text(refused(Some("10.0.0.1"))),
            "Packet loss = 100%, Destination host unreachable from 10.0.0.1"
        );
        assert_eq!(
            text(answered(&[1.0, 1.0], 2)),
            "Packet loss = 0%, RTA = 1.00 ms, only 2 of 5 packets sent in time"
        );
    }

    #[test]
    fn several_hosts_are_told_apart_and_counted() {
        let hosts = || {
            vec![
                sample("a", answered(&[1.0; 5], 5)),
                sample("b", answered(&[300.0; 5], 5)),
                sample("fd00::3", answered(&[], 5)),
                Sample { host: "d".to_owned(), result: Err("cannot resolve d".to_owned()) },
            ]
        };
        let all = report(&hosts(), &[]).render("PING", " - ", 0);
        assert_eq!(
            all,
            "PING CRITICAL - 2 of 4 hosts alive; b: Packet loss = 0%, RTA = 300.00 ms; \
             fd00::3: Packet loss = 100%; d: cannot resolve d | \
             arta=1.000000ms;200.000000;500.000000;0.000000 apl=0%;40;80;0 \
             brta=300.000000ms;200.000000;500.000000;0.000000 bpl=0%;40;80;0 \
             fd00_3rta=U fd00_3pl=100%;40;80;0\n\
             a: OK - Packet loss = 0%, RTA = 1.00 ms\n\
             b: WARNING - Packet loss = 0%, RTA = 300.00 ms\n\
             fd00::3: CRITICAL - Packet loss = 100%\n\
             d: CRITICAL - cannot resolve d\n"
        );
        for (wanted, state) in [("1", State::Ok), ("2", State::Warning), ("3", State::Critical)] {
            assert_eq!(report(&hosts(), &["-m", wanted]).state, state, "-m {wanted}");
        }
        let dead: Vec<Sample> =
            ["a", "b", "c", "d", "e"].map(|host| sample(host, answered(&[], 1))).into_iter().collect();
        assert!(report(&dead, &["-p", "1"]).summary.ends_with("c: Packet loss = 100%; and 2 more"));
    }

    #[test]
    fn a_host_name_cannot_break_out_of_the_link() {
        let link = linked("text", "h'><script>é", true);
        assert_eq!(link, "<A HREF='/nagios/cgi-bin/traceroute.cgi?h%27%3E%3Cscript%3E%C3%A9'>text</A>");
    }
}
