//! The verdict of `check_load`, pure.

use check::{Perfdata, Range, Report, State, Thresholds, Uom};

use crate::Args;
use crate::measure::Sample;
use crate::processes;
use crate::triple::{MINUTES, Triple};

pub(crate) fn judge(sample: &Sample, args: &Args) -> Report {
    let mut report = Report::new(State::Ok, String::new());
    let scaled =
        sample.processors.map(|processors| sample.load.map(|load| load / f64::from(processors.max(1))));
    for (i, minutes) in MINUTES.into_iter().enumerate() {
        let of = |triple: &Option<Triple>| triple.as_ref().map(|triple| triple.0[i].clone());
        let thresholds = Thresholds::new(of(&args.warning), of(&args.critical));
        let judged = scaled.map_or(sample.load[i], |scaled| scaled[i]);
        report.state = report.state.worst(thresholds.state(judged));
        let metric = |name: &str, load: f64, warning: Option<&Range>, critical: Option<&Range>| {
            let label = format!("{name}{minutes}");
            Perfdata::new(label, load, Uom::None).decimals(3).thresholds(warning, critical).min(0.0)
        };
        let (warning, critical) = (thresholds.warning.as_ref(), thresholds.critical.as_ref());
        match scaled {
            None => report.perfdata.push(metric("load", sample.load[i], warning, critical)),
            Some(scaled) => {
                report.perfdata.push(metric("load", sample.load[i], None, None));
                report.perfdata.push(metric("scaled_load", scaled[i], warning, critical));
            }
        }
    }
    let averages = |name: &str, load: [f64; 3]| {
        format!("{name} load average: {:.2}, {:.2}, {:.2}", load[0], load[1], load[2])
    };
    report.summary = match scaled {
        Some(scaled) => format!("{} - {}", averages("scaled", scaled), averages("total", sample.load)),
        None => averages("total", sample.load),
    };
    if !sample.busiest.is_empty() {
        for line in processes::table(&sample.busiest) {
            report = report.detail(0, line);
        }
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(warning: &str, critical: &str, processors: Option<u32>) -> String {
        let triple =
            |text: &str| (!text.is_empty()).then(|| text.parse().unwrap_or_else(|error| panic!("{error}")));
        let args =
            Args { warning: triple(warning), critical: triple(critical), percpu: false, procs_to_show: 0 };
        let sample = Sample { load: [1.5, 0.75, 0.25], processors, busiest: Vec::new() };
        judge(&sample, &args).render("LOAD", " - ", 0)
    }

    /// States as monitoring-plugins 2.3.3 gave them for the same numbers.
    #[test]
    fn each_average_has_its_own_threshold() {
        for (warning, critical, want) in [
            ("1", "2", "WARNING"),
            ("1.5", "2", "OK"),
            ("1.49", "2", "WARNING"),
            ("2,0.5", "3,1", "WARNING"),
            ("2,1,0.5", "3,2,1", "OK"),
            ("2,1,0.2", "3,2,0.24", "CRITICAL"),
            ("", "1", "CRITICAL"),
            ("1", "", "WARNING"),
        ] {
            let shown = judged(warning, critical, None);
            assert!(
                shown.starts_with(&format!("LOAD {want} - total load average: 1.50, 0.75, 0.25 | ")),
                "{shown}"
            );
        }
    }

    #[test]
    fn metrics_have_three_decimals() {
        let shown = judged("2", "3,1", None);
        assert!(
            shown.ends_with("| load1=1.500;2.000;3.000;0.000 load5=0.750;2.000;1.000;0.000 load15=0.250;2.000;1.000;0.000\n"),
            "{shown}"
        );
    }

    #[test]
    fn by_processor_the_scaled_load_is_judged() {
        let shown = judged("0.5", "2", Some(2));
        assert!(
            shown.starts_with(
                "LOAD WARNING - scaled load average: 0.75, 0.38, 0.12 - total load average: 1.50,"
            ),
            "{shown}"
        );
        assert!(
            shown.contains("| load1=1.500;;;0.000 scaled_load1=0.750;0.500;2.000;0.000 load5=0.750;;;0.000 "),
            "{shown}"
        );
        assert!(judged("0.5", "2", Some(4)).starts_with("LOAD OK"));
    }
}
