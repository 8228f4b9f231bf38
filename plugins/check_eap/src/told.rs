//! A login in words and numbers.

use check::{Perfdata, Range, Report, Uom};
use eap::{EapType, Facts};

use crate::Args;
use crate::certificate;
use crate::measure::{Login, Sample};

/// `test@example.org (as anonymous@example.org)`.
pub(crate) fn user(login: &Login) -> String {
    if login.inner == login.outer {
        login.inner.clone()
    } else {
        format!("{} (as {})", login.inner, login.outer)
    }
}

/// `PEAP-MSCHAPv2, TLS 1.2, 10 round trips in 34 ms`.
pub(crate) fn way(login: &Login) -> String {
    let trace = &login.trace;
    let mut told = vec![login.method.to_string()];
    if let Some(version) = trace.facts.tls.as_ref().and_then(|tls| tls.version) {
        told.push(if version.is_old() { format!("deprecated {version}") } else { version.to_string() });
    }
    let milliseconds = trace.total.as_secs_f64() * 1000.0;
    told.push(format!("{} round trips in {milliseconds:.0} ms", trace.round_trips));
    if trace.retransmissions > 0 {
        told.push(format!("{} retransmissions", trace.retransmissions));
    }
    told.join(", ")
}

/// What is wrong although it decides nothing: unsafe proposals, an unsigned rejection.
pub(crate) fn remarks(login: &Login) -> Vec<String> {
    let mut remarks = Vec::new();
    let proposed = login.trace.facts.unsafe_proposals();
    if !proposed.is_empty() {
        remarks.push(format!("the server offers unsafe {}", names(&proposed)));
    }
    if login.trace.unsigned > 0 {
        remarks.push("its rejection carries no Message-Authenticator".to_owned());
    }
    remarks
}

fn names(kinds: &[EapType]) -> String {
    kinds.iter().map(EapType::to_string).collect::<Vec<_>>().join(", ")
}

/// Adds what is known of every login: numbers of the last, lines of all.
pub(crate) fn complete(mut report: Report, sample: &Sample, args: &Args) -> Report {
    if let Some(last) = sample.logins.last() {
        report = perfdata(report, last, args);
    }
    for warning in args.login.warnings() {
        report = report.detail(0, warning);
    }
    for login in &sample.logins {
        let mark = if login.name.is_empty() { String::new() } else { format!("{}: ", login.name) };
        for line in details(login) {
            report = report.detail(1, format!("{mark}{line}"));
        }
        if args.login.nas.request_cui || args.cui {
            let accept = login.trace.accept.as_ref();
            let cui = accept.and_then(|accept| accept.cui.as_deref()).map(shown);
            let cui = cui.unwrap_or_else(|| "none".to_owned());
            report = report.detail(1, format!("{mark}Chargeable-User-Identity {cui}"));
        }
        let certificates = certificate::lines(&certificate::chain(login), sample.now);
        for line in certificates {
            report = report.detail(u8::from(!args.show_certificate), format!("{mark}{line}"));
        }
        for line in &login.trace.exchanges {
            report = report.detail(if args.packets { 0 } else { 2 }, format!("{mark}{line}"));
        }
    }
    report
}

fn perfdata(report: Report, login: &Login, args: &Args) -> Report {
    let trace = &login.trace;
    let milliseconds = |time: std::time::Duration| time.as_secs_f64() * 1000.0;
    let rtt = Perfdata::new("rtt", milliseconds(trace.total), Uom::Milliseconds)
        .thresholds(args.warning.as_ref(), args.critical.as_ref())
        .decimals(3)
        .min(0.0);
    let accepted = f64::from(u8::from(trace.server_accepts()));
    let mut report = report.perf(rtt).perf(Perfdata::new("accept", accepted, Uom::None).min(0.0).max(1.0));
    for (phase, time) in trace.times.iter() {
        let label = format!("rtt_{}", phase.word());
        report =
            report.perf(Perfdata::new(&label, milliseconds(time), Uom::Milliseconds).decimals(3).min(0.0));
    }
    report
        .perf(Perfdata::new("round_trips", f64::from(trace.round_trips), Uom::None).min(0.0))
        .perf(Perfdata::new("retransmissions", f64::from(trace.retransmissions), Uom::None).min(0.0))
}

fn details(login: &Login) -> Vec<String> {
    let trace = &login.trace;
    let facts: &Facts = &trace.facts;
    let mut lines = vec![format!("{} as {}: {}, {}", login.inner, login.outer, trace.verdict, way(login))];
    let phases: Vec<String> = trace
        .times
        .iter()
        .map(|(phase, time)| format!("{phase} {:.1} ms", time.as_secs_f64() * 1000.0))
        .collect();
    if !phases.is_empty() {
        lines.push(phases.join(", "));
    }
    if !facts.proposals.is_empty() {
        lines.push(format!("methods proposed by the server: {}", names(&facts.proposals)));
    }
    if !facts.inner_proposals.is_empty() {
        lines.push(format!("inside the tunnel: {}", names(&facts.inner_proposals)));
    }
    if let Some(tls) = &facts.tls {
        let version = tls.version.map_or_else(|| "no version".to_owned(), |version| version.to_string());
        let trust = match tls.trusted {
            Some(true) => "trusted certificate",
            Some(false) => "certificate not trusted",
            None => "anybody's certificate would do (no -a)",
        };
        lines.push(format!("{version}, {}, {trust}", tls.cipher.as_deref().unwrap_or("no cipher")));
        lines.extend(tls.doubts.iter().map(|doubt| format!("certificate: {doubt}")));
    }
    lines.extend(facts.messages.iter().map(|message| format!("the server says: {message}")));
    if let Some(accept) = &trace.accept {
        lines.push(format!("Access-Accept of {} octets: {}", accept.octets, accept.attributes.join(", ")));
    }
    let (request, reply) = trace.largest;
    lines.push(format!("largest request {request} octets, largest reply {reply} octets"));
    lines
}

/// Text as it is, anything else in hexadecimal; at most 64 octets of it.
pub(crate) fn shown(octets: &[u8]) -> String {
    let octets = octets.get(..64).unwrap_or(octets);
    match std::str::from_utf8(octets) {
        Ok(text) if !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() && c != '|') => {
            text.to_owned()
        }
        _ => octets.iter().fold("0x".to_owned(), |text, octet| text + &format!("{octet:02x}")),
    }
}

/// Is the time of the login outside of a range?
pub(crate) fn is_outside(range: Option<&Range>, login: &Login) -> bool {
    range.is_some_and(|range| range.alerts(login.trace.total.as_secs_f64() * 1000.0))
}
