//! The verdict of `check_tcp`, pure.

use check::{Ctx, Perfdata, Report, State, Uom};

use crate::Args;
use crate::exchange::{Sample, matched};

/// Most of an answer that is shown.
const SHOWN: usize = 80;

pub(crate) fn judge(sample: &Sample, args: &Args, ctx: &Ctx) -> Report {
    if let Some(refused) = &sample.refused {
        return Report::new(args.refuse, refused.clone());
    }
    let thresholds = args.thresholds.thresholds();
    let time = Perfdata::new("time", sample.seconds, Uom::Seconds)
        .decimals(6)
        .thresholds(thresholds.warning.as_ref(), thresholds.critical.as_ref())
        .min(0.0)
        .max(ctx.timeout.as_secs_f64());
    let place = match args.dial.proxy() {
        Some(proxy) => format!("{} port {} through {proxy}", args.host(), args.port),
        None => format!("{} port {}", args.host(), args.port),
    };
    let answer = if args.jail { String::new() } else { shown(&sample.answer) };
    if !matched(args, &sample.answer) {
        let summary = match (sample.answer.is_empty(), sample.silent) {
            (true, _) => format!("No answer from {place}, expected {}", expected(args)),
            (false, _) => format!("Unexpected response from {place}: {answer}"),
        };
        return Report::new(args.mismatch, summary).perf(time);
    }
    let shown = if answer.is_empty() { String::new() } else { format!(" [{answer}]") };
    let summary = format!("{:.3} second response time on {place}{shown}", sample.seconds);
    Report::new(thresholds.state(sample.seconds).worst(State::Ok), summary).perf(time)
}

fn expected(args: &Args) -> String {
    let texts: Vec<String> = args.expect.iter().map(|text| format!("`{text}`")).collect();
    texts.join(if args.all { " and " } else { " or " })
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
