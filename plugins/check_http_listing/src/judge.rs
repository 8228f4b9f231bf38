//! The verdict of `check_http_listing`, pure.

use check::{Report, State};
use listing::{Limits, Verdict};

use crate::Args;
use crate::measure::Sample;

pub(crate) fn judge(sample: &Sample, args: &Args) -> Report {
    let limits =
        Limits { count: args.count, min_size: args.min_size, warning: args.warning, critical: args.critical };
    let mut verdict = Verdict::default();
    for (pattern, found) in args.require.iter().zip(&sample.found) {
        verdict.look(&pattern.to_string(), found, &limits, sample.now);
    }
    for why in &sample.unreadable {
        verdict.problem(State::Warning, format!("cannot read {why}"));
    }
    let report = verdict.report(&sample.url, sample.seconds);
    report.detail(1, format!("{} listings read", sample.listings))
}
