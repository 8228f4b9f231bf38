//! The verdict of `check_memory`, pure.

use check::{Perfdata, Range, Report, Thresholds, Uom};

use crate::Args;
use crate::measure::Sample;

/// How amounts are shown.
#[derive(Clone, Copy)]
struct Unit {
    /// Units in one KiB.
    per_kib: f64,
    decimals: usize,
    name: &'static str,
    uom: Uom,
}

impl Unit {
    fn of(args: &Args) -> Unit {
        match args {
            Args { byte: true, .. } => Unit { per_kib: 1024.0, decimals: 0, name: "B", uom: Uom::Bytes },
            Args { megabyte: true, .. } => {
                Unit { per_kib: 1.0 / 1024.0, decimals: 2, name: "MB", uom: Uom::Megabytes }
            }
            Args { gigabyte: true, .. } => {
                Unit { per_kib: 1.0 / 1_048_576.0, decimals: 3, name: "GB", uom: Uom::Gigabytes }
            }
            _ => Unit { per_kib: 1.0, decimals: 0, name: "kB", uom: Uom::Kilobytes },
        }
    }
}

pub(crate) fn judge(sample: &Sample, args: &Args) -> Report {
    let memory = &sample.memory;
    let unit = Unit::of(args);
    let total = memory.total as f64;
    let (judged, word) =
        if args.available { (memory.available, "available") } else { (memory.used(), "used") };
    let percent = judged as f64 * 100.0 / total;
    let thresholds = Thresholds::new(args.warning.clone(), args.critical.clone());
    let amount = |label: &str, kib: u64| {
        Perfdata::new(label, kib as f64 * unit.per_kib, unit.uom).decimals(unit.decimals)
    };
    let of_total = |label: &str, kib: u64, is_judged: bool| {
        let at = |range: &Option<Range>| {
            let range = range.as_ref().filter(|_| is_judged);
            range.and_then(|range| in_units(range, total * unit.per_kib, unit.decimals))
        };
        let (warning, critical) = (at(&args.warning), at(&args.critical));
        amount(label, kib).thresholds(warning.as_ref(), critical.as_ref()).min(0.0).max(total * unit.per_kib)
    };
    let summary = format!(
        "{percent:.2}% ({:.decimals$} {}) {word}",
        judged as f64 * unit.per_kib,
        unit.name,
        decimals = unit.decimals
    );
    let mut report = Report::new(thresholds.state(percent), summary)
        .perf(amount("mem_total", memory.total))
        .perf(of_total("mem_used", memory.used(), !args.available))
        .perf(amount("mem_free", memory.free))
        .perf(amount("mem_shared", memory.shared))
        .perf(amount("mem_buffers", memory.buffers))
        .perf(amount("mem_cached", memory.cached))
        .perf(of_total("mem_available", memory.available, args.available))
        .perf(amount("mem_active", memory.active))
        .perf(amount("mem_anonpages", memory.anonymous))
        .perf(amount("mem_committed", memory.committed))
        .perf(amount("mem_dirty", memory.dirty))
        .perf(amount("mem_inactive", memory.inactive));
    if let Some(paging) = sample.paging {
        let counter = |label: &str, count: u64| Perfdata::new(label, count as f64, Uom::Counter);
        report = report
            .perf(counter("vmem_pageins", paging.read))
            .perf(counter("vmem_pageouts", paging.written))
            .perf(counter("vmem_pgmajfault", paging.major_faults));
    }
    report
}

/// A range of percent as one of amounts. A range with one end becomes a plain number, as the peer
/// writes it, for `20%:` too: graphs draw a line there, and Icinga 2 drops anything else.
fn in_units(percent: &Range, total: f64, decimals: usize) -> Option<Range> {
    let amount = |percent: f64| {
        let scale = 10_f64.powi(i32::try_from(decimals).unwrap_or(0));
        ((percent / 100.0 * total) * scale).floor() / scale
    };
    let (start, end) = (percent.start(), percent.end());
    if percent.is_inside() || (start > 0.0 && end.is_finite()) {
        let start = if start.is_finite() { amount(start).to_string() } else { "~".to_owned() };
        let end = if end.is_finite() { amount(end).to_string() } else { String::new() };
        let at = if percent.is_inside() { "@" } else { "" };
        return format!("{at}{start}:{end}").parse().ok();
    }
    let only = if end.is_finite() { end } else { start };
    only.is_finite().then(|| Range::up_to(amount(only)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{Memory, Paging};

    /// 1,000,000 KiB: 250,000 used, 700,000 available.
    fn sample() -> Sample {
        let memory = Memory {
            total: 1_000_000,
            free: 500_000,
            available: 700_000,
            buffers: 50_000,
            cached: 200_000,
            shared: 1,
            active: 2,
            inactive: 3,
            anonymous: 4,
            committed: 5,
            dirty: 6,
        };
        Sample { memory, paging: None }
    }

    fn args(available: bool, warning: &str, critical: &str) -> Args {
        let range = |text: &str| (!text.is_empty()).then(|| text.parse().expect("a range"));
        let (warning, critical) = (range(warning), range(critical));
        Args {
            available,
            warning,
            critical,
            vmstats: false,
            byte: false,
            kilobyte: false,
            megabyte: false,
            gigabyte: false,
        }
    }

    fn text(sample: &Sample, args: &Args) -> String {
        judge(sample, args).render("memory", ": ", 0)
    }

    #[test]
    fn prints_as_the_peer_does() {
        assert_eq!(
            text(&sample(), &args(false, "80%", "90%")),
            "memory OK: 25.00% (250000 kB) used | mem_total=1000000KB mem_used=250000KB;800000;900000;0;1000000 \
             mem_free=500000KB mem_shared=1KB mem_buffers=50000KB mem_cached=200000KB \
             mem_available=700000KB;;;0;1000000 mem_active=2KB mem_anonpages=4KB mem_committed=5KB mem_dirty=6KB \
             mem_inactive=3KB\n"
        );
        let available = text(&sample(), &args(true, "20%:", "10%:"));
        assert!(available.starts_with("memory OK: 70.00% (700000 kB) available | "), "{available}");
        assert!(available.contains(" mem_used=250000KB;;;0;1000000 "), "{available}");
        assert!(available.contains(" mem_available=700000KB;200000;100000;0;1000000 "), "{available}");
    }

    #[test]
    fn percent_used_or_available_are_judged() {
        for (available, warning, critical, want) in [
            (false, "24%", "90%", "WARNING"),
            (false, "25", "90", "OK"),
            (false, "10", "24.99", "CRITICAL"),
            (true, "75%:", "60%:", "WARNING"),
            (true, "90%:", "80%:", "CRITICAL"),
            (false, "@20:30", "", "WARNING"),
            (false, "", "", "OK"),
        ] {
            let shown = text(&sample(), &args(available, warning, critical));
            assert!(shown.starts_with(&format!("memory {want}: ")), "-w {warning} -c {critical}: {shown}");
        }
    }

    #[test]
    fn units_are_those_asked_for() {
        let shown = text(&sample(), &Args { megabyte: true, ..args(false, "50", "") });
        assert!(shown.starts_with("memory OK: 25.00% (244.14 MB) used | mem_total=976.56MB mem_used=244.14MB;488.28;;0.00;976.56 "), "{shown}");
        let shown = text(&sample(), &Args { byte: true, ..args(false, "", "") });
        assert!(shown.contains("(256000000 B) used | mem_total=1024000000B "), "{shown}");
        let shown = text(&sample(), &Args { gigabyte: true, ..args(false, "", "") });
        assert!(shown.contains("mem_total=0.954GB "), "{shown}");
    }

    #[test]
    fn ranges_with_two_ends_stay_ranges() {
        let shown = text(&sample(), &args(false, "10:30", "@5:9"));
        assert!(shown.contains("mem_used=250000KB;100000:300000;@50000:90000;0;1000000"), "{shown}");
    }

    #[test]
    fn counters_come_last() {
        let paging = Some(Paging { read: 7, written: 8, major_faults: 9 });
        let shown = text(&Sample { paging, ..sample() }, &args(false, "", ""));
        assert!(shown.ends_with(" vmem_pageins=7c vmem_pageouts=8c vmem_pgmajfault=9c\n"), "{shown}");
    }
}
