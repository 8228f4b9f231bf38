//! The verdict of `check_tcp`, pure.

use check::{Ctx, Perfdata, Report, State};
use net::tls::{Peer, expiry};

use crate::Args;
use crate::exchange::{Sample, matched};

/// Most of an answer that is shown.
const SHOWN: usize = 80;

pub(crate) fn judge(sample: &Sample, args: &Args, ctx: &Ctx) -> Report {
    if let Some(refused) = &sample.refused {
        return Report::new(args.refuse, refused.clone());
    }
    let thresholds = args.thresholds.thresholds();
    let time = Perfdata::seconds("time", sample.seconds).limits(&thresholds).max(ctx.timeout.as_secs_f64());
    let place = match args.dial.proxy() {
        Some(proxy) => format!("{} port {} through {proxy}", args.host.name(), args.port),
        None => format!("{} port {}", args.host.name(), args.port),
    };
    if !sample.doubts.is_empty() {
        let doubts: Vec<String> = sample.doubts.iter().map(ToString::to_string).collect();
        let summary = format!("the certificate of {place} is not to be trusted: {}", doubts.join(", "));
        return Report::new(State::Critical, summary).perf(time);
    }
    let answer = if args.jail { String::new() } else { shown(&sample.answer) };
    if !matched(args, &sample.answer) {
        let shown = if args.jail { String::new() } else { format!(": {answer}") };
        return Report::new(args.mismatch, format!("Unexpected response from {place}{shown}")).perf(time);
    }
    let shown = if answer.is_empty() { String::new() } else { format!(" [{answer}]") };
    let mut said = vec![format!("{:.3} second response time on {place}{shown}", sample.seconds)];
    let mut state = thresholds.state(sample.seconds);
    let certificate = sample.peer.as_ref().and_then(Peer::certificate);
    let days = args.certificate.as_ref().zip(certificate);
    if let Some((days, certificate)) = days {
        let bad = days.state(certificate, sample.now);
        // what is wrong comes first
        said.insert(usize::from(bad == State::Ok), expiry(certificate, sample.now));
        state = state.worst(bad);
    }
    let mut report = Report::new(state, said.join(", ")).perf(time);
    if let Some((days, certificate)) = days {
        report = report.perf(days.perfdata("certificate_days", certificate, sample.now));
    }
    match &sample.peer {
        Some(peer) => report.detail(1, format!("{} with {}", peer.version, peer.cipher)),
        None => report,
    }
}

/// The start of an answer as one line.
fn shown(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    let mut line: String =
        text.trim().chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.trim().chars().count() > SHOWN {
        line.push('…');
    }
    line
}
