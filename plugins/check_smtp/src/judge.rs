//! The verdict of `check_smtp`, pure.

use check::{Perfdata, Report, State};
use net::tls::expiry;

use crate::Args;
use crate::dialogue::Sample;

pub(crate) fn judge(sample: &Sample, args: &Args) -> Report {
    let thresholds = args.thresholds.thresholds();
    let mut state = thresholds.state(sample.seconds);
    let mut said = Vec::new();
    for (worse, what) in sample.steps.iter().filter_map(crate::step::Step::problem) {
        state = state.worst(worse);
        said.push(what);
    }
    for doubt in &sample.doubts {
        state = State::Critical;
        said.push(format!("the certificate is not to be trusted: {doubt}"));
    }
    if !sample.doubts.is_empty() && args.authtype.is_some() {
        said.push("the password was not sent".to_owned());
    }
    if let Some(what) = &sample.quit {
        state = state.worst(State::Unknown);
        said.push(what.clone());
    }
    let certificate = sample.peer.as_ref().and_then(|peer| peer.certificate());
    let days = args.certificate.as_ref().zip(certificate);
    if let Some((days, certificate)) = days {
        state = state.worst(days.state(certificate, sample.now));
        said.push(expiry(certificate, sample.now));
    }
    said.push(format!("{:.3} sec. response time", sample.seconds));
    // what is wrong comes first, but a good run starts as scripts expect
    if state == State::Ok {
        said.rotate_right(1);
    }
    let time = Perfdata::seconds("time", sample.seconds).limits(&thresholds);
    let mut report = Report::new(state, said.join(", ")).perf(time);
    if let Some((days, certificate)) = days {
        report = report.perf(days.perfdata("certificate_days", certificate, sample.now));
    }
    sample.transcript.iter().fold(report, |report, line| report.detail(1, line.clone()))
}
