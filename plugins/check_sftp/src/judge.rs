//! The verdict of `check_sftp`, pure.

use check::{Ctx, Perfdata, Report, State, Uom};
use ssh::Login;

use crate::Args;
use crate::measure::Sample;
use crate::round_trip::Trip;

pub(crate) fn judge(sample: &Sample, args: &Args, ctx: &Ctx) -> Report {
    let thresholds = args.thresholds.thresholds();
    let mut state = thresholds.state(sample.seconds);
    let directory = ssh::clean(&args.directory);
    let (mut bad, mut good) = (Vec::new(), Vec::new());
    match &sample.login {
        Login::Refused(why) => bad.push(format!("cannot log in: {why}")),
        Login::Accepted => good.push(format!("{directory} has {} entries", sample.entries)),
    }
    bad.extend(sample.missing.iter().map(|name| format!("{name} is not in {directory}")));
    bad.extend(sample.visible.iter().map(|path| format!("{path} can be seen, which must not be")));
    match (&sample.trip, args.read_only) {
        (None, _) => {}
        (Some(Trip::Refused(_)), true) => good.push("sending a file is refused".to_owned()),
        (Some(Trip::Refused(why)), false) => bad.push(format!("cannot write to {directory}: {why}")),
        (Some(Trip::Made { .. }), true) => {
            bad.push(format!("a file could be written to {directory}, which must be refused"));
        }
        (Some(Trip::Made { problems, .. }), false) if problems.is_empty() => {
            good.push(format!("{} bytes sent and read back", args.size));
        }
        (Some(Trip::Made { problems, .. }), false) => bad.extend(problems.iter().cloned()),
    }
    if sample.leftovers > 0 {
        good.push(format!("{} files of earlier runs removed", sample.leftovers));
    }
    if !bad.is_empty() {
        state = State::Critical;
    }
    let mut said = if bad.is_empty() { good } else { bad };
    said.push(format!("{:.3} seconds", sample.seconds));
    let time = Perfdata::seconds("time", sample.seconds).limits(&thresholds).max(ctx.timeout.as_secs_f64());
    let mut report = Report::new(state, said.join(", ")).perf(time);
    if sample.login == Login::Accepted {
        report = report.perf(Perfdata::new("entries", sample.entries as f64, Uom::None).min(0.0));
    }
    if let Some(Trip::Made { upload, download, .. }) = &sample.trip {
        for (label, seconds) in [("upload", upload), ("download", download)] {
            report = report.perf(Perfdata::seconds(label, *seconds));
        }
    }
    report
}
