//! The verdict of `check_swap`, pure.

use check::{Perfdata, Range, Report, State, Uom};

use crate::Args;
use crate::measure::{Sample, Space};

const MIB: u64 = 1024 * 1024;

pub(crate) fn judge(sample: &Sample, args: &Args) -> Report {
    let all = sample.all;
    let metric = |label: &str, space: Space| {
        let at = |limit: Option<crate::Limit>| limit.map(|limit| Range::up_to(limit.bytes(space.total)));
        let (warning, critical) = (at(args.warning), at(args.critical));
        Perfdata::new(label, space.free as f64, Uom::Bytes)
            .thresholds(warning.as_ref(), critical.as_ref())
            .min(0.0)
            .max(space.total as f64)
    };
    let described = |space: Space| {
        format!("{}% free ({}MB out of {}MB)", free_percent(space), space.free / MIB, space.total / MIB)
    };
    if all.total == 0 {
        let summary = format!("{} - no swap space is switched on", described(all));
        return Report::new(args.no_swap, summary).perf(metric("swap", all));
    }
    let mut report = Report::new(state(all, args), described(all)).perf(metric("swap", all));
    for (name, space) in &sample.each {
        let verdict = state(*space, args);
        report.state = report.state.worst(verdict);
        if verdict != State::Ok {
            let text = described(*space);
            report.summary.extend([" - ", name, " ", verdict.as_str(), ": ", &text]);
        }
        report = report.perf(metric(name, *space)).detail(1, format!("{name}: {}", described(*space)));
    }
    report
}

fn state(space: Space, args: &Args) -> State {
    let alerts =
        |limit: Option<crate::Limit>| limit.is_some_and(|limit| limit.alerts(space.free, space.total));
    match () {
        () if alerts(args.critical) => State::Critical,
        () if alerts(args.warning) => State::Warning,
        () => State::Ok,
    }
}

/// Whole percent, rounded up as the peer does; 0 of nothing.
fn free_percent(space: Space) -> u128 {
    let part = u128::from(space.free.min(space.total)) * 100;
    if space.total == 0 { 0 } else { part.div_ceil(u128::from(space.total)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Space = Space { total: 2_147_475_456, free: 1_610_342_400 };

    fn judged(warning: &str, critical: &str, sample: &Sample) -> String {
        let limit = |text: &str| (!text.is_empty()).then(|| text.parse().expect("a limit"));
        let args = Args {
            warning: limit(warning),
            critical: limit(critical),
            allswaps: !sample.each.is_empty(),
            no_swap: State::Warning,
        };
        judge(sample, &args).render("SWAP", " - ", 0)
    }

    /// States as monitoring-plugins 2.3.3 gave them for the same numbers.
    #[test]
    fn so_much_must_be_free() {
        let sample = Sample { all: ALL, each: Vec::new() };
        for (warning, critical, want) in [
            ("50%", "20%", "OK"),
            ("80%", "20%", "WARNING"),
            ("75%", "20%", "WARNING"),
            ("74%", "20%", "OK"),
            ("1610342400", "100", "WARNING"),
            ("", "80%", "CRITICAL"),
            ("10%", "", "OK"),
            ("100%", "1610342400", "CRITICAL"),
        ] {
            let shown = judged(warning, critical, &sample);
            assert!(
                shown.starts_with(&format!("SWAP {want} - 75% free (1535MB out of 2047MB) | ")),
                "{shown}"
            );
        }
        assert!(
            judged("50%", "1000", &sample).ends_with("| swap=1610342400B;1073737728;1000;0;2147475456\n")
        );
    }

    #[test]
    fn each_device_is_judged_if_asked() {
        let device = |free| Space { total: 1000 * MIB, free: free * MIB };
        let each = vec![("/dev/sda2".to_owned(), device(50)), ("/swap file".to_owned(), device(1000))];
        let shown = judged("10%", "1%", &Sample { all: ALL, each });
        assert!(
            shown.starts_with(
                "SWAP WARNING - 75% free (1535MB out of 2047MB) - /dev/sda2 WARNING: 5% free (50MB"
            ),
            "{shown}"
        );
        assert!(
            shown.contains(" /dev/sda2=52428800B;104857600;10485760;0;1048576000 '/swap file'=1048576000B;"),
            "{shown}"
        );
    }

    #[test]
    fn no_swap_has_a_state_of_its_own() {
        let shown = judged("10%", "5%", &Sample::default());
        assert!(shown.starts_with("SWAP WARNING - 0% free (0MB out of 0MB) - no swap"), "{shown}");
        assert!(shown.ends_with("| swap=0B;0;0;0;0\n"), "{shown}");
    }
}
