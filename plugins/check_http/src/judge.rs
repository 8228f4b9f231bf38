//! The verdict of `check_http`, pure.

use check::{Ctx, Perfdata, Range, Report, State, Uom, span};
use fetch::{Answer, Pin, Version, clipped};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use net::tls::{Certificate, Days, Validity, to_the_second};

use crate::Args;
use crate::expect::OnRedirect;
use crate::measure::Sample;

/// Most of the content that `-B` shows.
const SHOWN: usize = 4096;

pub(crate) fn judge(sample: &Sample, args: &Args, ctx: &Ctx) -> Report {
    let certificate = sample.certificate.as_ref().zip(args.certificate.as_ref());
    let certificate =
        certificate.map(|(found, days)| (judge_certificate(found, days, sample.now), found, days));
    let mut report = match (&sample.answer, &certificate) {
        (Some(answer), _) => judge_answer(answer, sample, args, ctx),
        (None, Some(_)) => Report::new(State::Ok, ""),
        (None, None) => Report::new(State::Critical, "the server has shown no certificate"),
    };
    if let Some(((state, text), found, days)) = certificate {
        report.state = report.state.worst(state);
        report.summary = match (report.summary.is_empty(), state) {
            (true, _) => text,
            (false, State::Ok) => format!("{}, {text}", report.summary),
            (false, _) => format!("{text}, {}", report.summary),
        };
        report = report.perf(days.perfdata("certificate_days", found, sample.now));
        report = report.detail(1, format!("certificate {}, key {}", Pin::of(found), Pin::of_key(found)));
        report = report.detail(1, format!("issued by {}, for {}", found.issuer, found.listed_names()));
    }
    for step in &sample.steps {
        report = report.detail(1, step.clone());
    }
    report
}

fn judge_answer(answer: &Answer, sample: &Sample, args: &Args, ctx: &Ctx) -> Report {
    let problems = problems(answer, sample, args);
    let (status, words) = judge_status(answer, args);
    let json = args.json.look(if args.json.is_asked() { &answer.body } else { b"" });
    let time = args.thresholds.thresholds();
    let state = problems
        .iter()
        .chain(&json.problems)
        .fold(status.worst(time.state(sample.seconds)), |worst, (state, _)| worst.worst(*state));

    let mut parts = vec![words];
    parts.extend(problems.into_iter().chain(json.problems).map(|(_, text)| text));
    if parts.len() == 1 {
        parts.extend(json.said);
    }
    parts.push(format!("{} bytes in {:.3} second response time", answer.size(), sample.seconds));
    let mut summary = parts.join(" - ");
    if args.link {
        let escaped = summary.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let href = answer.url.as_str().replace('&', "&amp;").replace('"', "%22");
        summary = format!("<A HREF=\"{href}\" target=\"_blank\">{escaped}</A>");
    }

    let whole = ctx.timeout.as_secs_f64();
    let seconds = |label: &str, value: f64| Perfdata::new(label, value, Uom::Seconds).decimals(6);
    let total = seconds("time", sample.seconds).limits(&time).min(0.0).max(whole);
    let mut report = Report::new(state, summary).perf(total).perf(size_perfdata(answer, args));
    for metric in json.perfdata {
        report = report.perf(metric);
    }
    if args.extended_perfdata {
        let phases = answer.phases;
        let known = [
            ("time_connect", phases.connect),
            ("time_ssl", phases.tls),
            ("time_firstbyte", Some(phases.first_byte)),
            ("time_transfer", Some(phases.transfer)),
        ];
        for (label, value) in known {
            if let Some(value) = value {
                report = report.perf(seconds(label, value).max(whole));
            }
        }
    }
    for (name, value) in &answer.headers {
        let shown = if name == "set-cookie" {
            "(not shown)".into()
        } else {
            String::from_utf8_lossy(value.as_bytes())
        };
        report = report.detail(2, format!("{name}: {}", clipped(&shown)));
    }
    if args.show_body {
        let start = answer.body.get(..SHOWN).unwrap_or(&answer.body);
        report = report.detail(0, String::from_utf8_lossy(start));
    }
    report
}

/// State and words of the status line.
fn judge_status(answer: &Answer, args: &Args) -> (State, String) {
    let line = answer.status_line();
    let shown = clipped(&line);
    let status = answer.status.as_u16();
    if let Some(expect) = &args.expect {
        return if expect.is_met(status, &line) {
            (State::Ok, format!("Status line output matched \"{}\"", expect.text()))
        } else {
            let port = answer.url.port().map(|port| format!(" on port {port}")).unwrap_or_default();
            let words = format!(
                "Invalid HTTP response received from host{port}: {shown}, expected {}",
                expect.text()
            );
            (State::Critical, words)
        };
    }
    let state = match (status, args.on_redirect) {
        (300..=399, OnRedirect::Is(state)) => state,
        // what is left of 3xx when redirects are followed leads nowhere: 304 and the like
        (200..=399, _) => State::Ok,
        (400..=499, _) => State::Warning,
        _ => State::Critical,
    };
    (state, shown)
}

fn problems(answer: &Answer, sample: &Sample, args: &Args) -> Vec<(State, String)> {
    let mut problems = Vec::new();
    if args.target.wants_http2() && answer.version != Version::HTTP_2 {
        problems.push((State::Critical, "expected HTTP/2".to_owned()));
    }
    problems.extend(args.content.problems(answer, sample.pattern.as_ref()));
    problems.extend(args.max_age.and_then(|limit| age_problem(answer, limit, sample.now)));
    let size = answer.size() as u64;
    if let Some(limits) = args.pagesize {
        if size < limits.min {
            problems.push((State::Warning, format!("page size {size} too small")));
        } else if limits.max.is_some_and(|max| size > max) {
            problems.push((State::Warning, format!("page size {size} too large")));
        }
    }
    problems
}

/// Is the document too old? By the server's own clock if it tells the time, so that a wrong clock
/// there or here makes nothing old.
fn age_problem(answer: &Answer, limit: f64, now: i64) -> Option<(State, String)> {
    let date = |name: &str| answer.header(name).and_then(http_date);
    let Some(modified) = date("last-modified") else {
        return Some((State::Critical, "Document modification date unknown".to_owned()));
    };
    let age = date("date").unwrap_or(now).saturating_sub(modified) as f64;
    if age < -300.0 {
        return Some((
            State::Critical,
            format!("Document modification date {:.0} seconds in the future", -age),
        ));
    }
    (age > limit).then(|| (State::Critical, format!("Last modified {} ago", span(age))))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, in seconds since 1970. The two forms that RFC 9110 calls
/// obsolete are taken for unknown.
fn http_date(text: &str) -> Option<i64> {
    DateTimeParser::new().parse_timestamp(text).ok().map(Timestamp::as_second)
}

fn size_perfdata(answer: &Answer, args: &Args) -> Perfdata {
    let limit = |bytes: u64| Range::up_to(bytes as f64);
    let limits = args.pagesize;
    // the peer's way: the least size stands where a warning stands; but not its 0 for the greatest
    let least = limits.map(|limits| limit(limits.min));
    let greatest = limits.and_then(|limits| limits.max).map(limit);
    Perfdata::new("size", answer.size() as f64, Uom::Bytes)
        .thresholds(least.as_ref(), greatest.as_ref())
        .min(0.0)
}

fn judge_certificate(found: &Certificate, days: &Days, now: i64) -> (State, String) {
    let (title, left, end) = (&found.title, found.days_left(now), to_the_second(found.not_after));
    let state = days.state(found, now);
    let text = match (found.validity(now), state) {
        (Validity::Over, _) => format!("Certificate '{title}' expired on {end}"),
        (_, State::Ok) => format!("Certificate '{title}' will expire on {end} (in {left} days)"),
        _ => format!("Certificate '{title}' expires in {left} day(s) ({end})"),
    };
    (state, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, FromArgMatches};
    use fetch::header::{HeaderMap, HeaderName, HeaderValue};
    use fetch::{Phases, StatusCode, Url};

    fn args(line: &[&str]) -> Args {
        let command = Args::augment_args(clap::Command::new("x").no_binary_name(true));
        Args::from_arg_matches(&command.try_get_matches_from(line).unwrap()).unwrap()
    }

    fn answer(status: u16, headers: &[(&str, &str)]) -> Answer {
        let status = StatusCode::from_u16(status).unwrap();
        let header = |(name, value): &(&str, &str)| {
            (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap())
        };
        Answer {
            url: Url::parse("http://a:8080/").unwrap(),
            version: Version::HTTP_11,
            status,
            reason: status.canonical_reason().unwrap().to_owned(),
            headers: headers.iter().map(header).collect::<HeaderMap>(),
            body: b"hello".to_vec(),
            phases: Phases::default(),
            certificate: None,
        }
    }

    fn judged(status: u16, headers: &[(&str, &str)], line: &[&str]) -> Report {
        let args = args(line);
        let sample = Sample {
            seconds: 0.25,
            now: 1_700_000_000,
            certificate: None,
            answer: Some(answer(status, headers)),
            pattern: args.content.pattern().unwrap(),
            steps: Vec::new(),
        };
        judge(&sample, &args, &Ctx::new(std::time::Duration::from_secs(10), 0))
    }

    #[test]
    fn prints_the_peers_first_line() {
        let text = judged(200, &[("server", "x")], &["-w", "1", "-c", "2"]).render("HTTP", ": ", 0);
        assert_eq!(
            text,
            "HTTP OK: HTTP/1.1 200 OK - 35 bytes in 0.250 second response time \
             | time=0.250000s;1;2;0.000000;10.000000 size=35B;;;0\n"
        );
        let refused = judged(401, &[], &["-e", "401,403"]);
        assert_eq!(
            refused.summary,
            "Status line output matched \"401,403\" - 34 bytes in 0.250 second response time"
        );
    }

    #[test]
    fn statuses_have_states() {
        let state = |status: u16, line: &[&str]| judged(status, &[], line).state;
        assert_eq!([204, 301, 404, 503].map(|status| state(status, &[])), {
            [State::Ok, State::Ok, State::Warning, State::Critical]
        });
        assert_eq!(state(301, &["-f", "critical"]), State::Critical);
        assert_eq!(state(304, &["-f", "follow"]), State::Ok);
        // T46: open where it should be closed
        let open = judged(200, &[], &["-e", "401,403"]);
        assert_eq!(open.state, State::Critical);
        assert!(open.summary.starts_with(
            "Invalid HTTP response received from host on port 8080: HTTP/1.1 200 OK, expected 401,403"
        ));
    }

    #[test]
    fn every_problem_is_told_and_the_worst_counts() {
        let report = judged(200, &[], &["-s", "bye", "-m", "1000", "-w", "0.1"]);
        assert_eq!(report.state, State::Critical);
        assert!(
            report.summary.contains("string 'bye' not found on 'http://a:8080/' - page size 24 too small")
        );
        assert_eq!(judged(200, &[], &["-w", "0.1"]).state, State::Warning);
        assert_eq!(
            judged(200, &[], &["-r", "hel+o", "--invert-regex", "--state-regex", "warning"]).state,
            State::Warning
        );
    }

    #[test]
    fn age_is_by_the_servers_clock() {
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        let aged =
            |modified: &str, limit: &str| judged(200, &[date, ("last-modified", modified)], &["-M", limit]);
        assert_eq!(aged("Sun, 06 Nov 1994 07:49:37 GMT", "1h").state, State::Ok);
        let old = aged("Sun, 06 Nov 1994 06:49:36 GMT", "1h");
        assert_eq!(old.state, State::Critical);
        assert!(old.summary.contains("Last modified 2.0 hours ago"), "{}", old.summary);
        assert!(aged("Sun, 06 Nov 1994 09:49:37 GMT", "1h").summary.contains("in the future"));
        for unknown in ["yesterday", ""] {
            assert!(aged(unknown, "1h").summary.contains("modification date unknown"));
        }
    }

    #[test]
    fn certificates_are_judged_by_days() {
        let params = rcgen::CertificateParams::new(vec!["a".to_owned()]).unwrap();
        let own = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
        let mut found = Certificate::read(own.der()).unwrap();
        let days: Days = "30,14".parse().unwrap();
        let mut judged = |left: i64| {
            found.not_after = 1_000_000_000 + left * 86_400;
            judge_certificate(&found, &days, 1_000_000_000)
        };
        assert_eq!([31, 30, 15, 14, -1].map(|left| judged(left).0), {
            [State::Ok, State::Warning, State::Warning, State::Critical, State::Critical]
        });
        assert_eq!(
            judged(31).1,
            "Certificate 'rcgen self signed cert' will expire on 2001-10-10 01:46:40 UTC (in 31 days)"
        );
        assert_eq!(
            judged(30).1,
            "Certificate 'rcgen self signed cert' expires in 30 day(s) (2001-10-09 01:46:40 UTC)"
        );
        assert_eq!(judged(-1).1, "Certificate 'rcgen self signed cert' expired on 2001-09-08 01:46:40 UTC");
    }
}
