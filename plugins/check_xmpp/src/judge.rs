//! The verdict of `check_xmpp`, pure.

use check::{Perfdata, Report, State};
use net::tls::expiry;

use crate::Args;
use crate::measure::Sample;

pub(crate) fn judge(sample: &Sample, args: &Args) -> Report {
    let thresholds = args.thresholds.thresholds();
    let mut state = thresholds.state(sample.seconds);
    let mut said = Vec::new();
    let mut add = |worse: State, what: String| {
        state = state.worst(worse);
        said.push(what);
    };
    if args.wants_starttls() && sample.secured.is_none() {
        add(State::Critical, "STARTTLS is not among its stream features".to_owned());
    }
    for doubt in &sample.doubts {
        add(State::Critical, format!("the certificate is not to be trusted: {doubt}"));
    }
    if let Some(features) = sample.secured.as_ref().or(sample.plain.as_ref()) {
        let offers = |wanted: &str| features.mechanisms.iter().any(|one| one.eq_ignore_ascii_case(wanted));
        for missing in args.mechanism.iter().filter(|wanted| !offers(wanted)) {
            let has = match features.mechanisms.as_slice() {
                [] => "none".to_owned(),
                some => some.join(" "),
            };
            add(State::Critical, format!("offers no {missing} to log in (it has {has})"));
        }
    }
    for failed in &sample.failed {
        add(State::Warning, failed.clone());
    }
    let certificate = sample.peer.as_ref().and_then(|peer| peer.certificate());
    let days = args.certificate.as_ref().zip(certificate);
    if let Some((days, certificate)) = days {
        add(days.state(certificate, sample.now), expiry(certificate, sample.now));
    }
    add(State::Ok, format!("{:.3} second response time on {}", sample.seconds, sample.place));
    // what is wrong comes first; a good run starts with its time
    if state == State::Ok {
        said.rotate_right(1);
    }
    let time = Perfdata::seconds("time", sample.seconds).limits(&thresholds);
    let mut report = Report::new(state, said.join(", ")).perf(time);
    if let Some((days, certificate)) = days {
        report = report.perf(days.perfdata("certificate_days", certificate, sample.now));
    }
    if let Some(peer) = &sample.peer {
        report = report.detail(1, format!("{} with {}", peer.version, peer.cipher));
    }
    for (what, features) in [("features", &sample.plain), ("features under TLS", &sample.secured)] {
        if let Some(features) = features {
            let required = if features.starttls_required { " (STARTTLS required)" } else { "" };
            let mechanisms = features.mechanisms.join(" ");
            report = report.detail(
                1,
                format!("{what}: {}{required}; to log in: {mechanisms}", features.names.join(" ")),
            );
        }
    }
    report
}
