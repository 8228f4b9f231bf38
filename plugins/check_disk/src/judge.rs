//! The verdict of `check_disk`, pure: one line about every file system, metrics, a state.

use check::{Perfdata, Range, Report, State, Uom};

use crate::limits::Limits;
use crate::measure::{Entry, Sample};
use crate::options::Flags;
use crate::usage::Usage;

/// What is shown and judged as one: a file system or a group.
struct Line {
    name: String,
    kind: String,
    usage: Usage,
    limits: Limits,
}

pub(crate) fn judge(sample: &Sample, flags: &Flags, verbosity: u8) -> Report {
    let unit = flags.unit();
    let lines = lines(&sample.entries, flags);
    let mut state = if sample.failures.is_empty() { State::Ok } else { State::Critical };
    let mut shown = String::new();
    let mut report = Report::new(State::Ok, "");
    for line in &lines {
        let usage = &line.usage;
        let verdict = line.limits.state(usage, unit.bytes);
        state = state.worst(verdict);
        report.perfdata.push(space(line, flags));
        if flags.iperfdata {
            report.perfdata.push(inodes(line));
        }
        report = report.detail(2, detail(line));
        if verdict == State::Ok && flags.errors_only && verbosity == 0 {
            continue;
        }
        let left = usage.available / unit.bytes;
        let percent = usage.used_percent().map_or(0, |used| 100 - used.min(100));
        let inodes = match usage.inodes_used_percent() {
            Some(used) => format!("{}%", 100 - used.min(100)),
            None => "-".to_owned(),
        };
        let text = format!(" {} {left}{} ({percent}% inode={inodes})", line.name, unit.name);
        if verdict != State::Ok && verbosity > 0 {
            shown.extend([" ", verdict.as_str(), " [", &text, "];"]);
        } else {
            shown.extend([&text, ";"]);
        }
    }
    let mut parts = sample.failures.clone();
    if lines.is_empty() && parts.is_empty() {
        state = if sample.ignored.is_empty() { State::Unknown } else { State::Ok };
        parts.push("no file system with any space was selected".to_owned());
    }
    if !shown.is_empty() {
        parts.push(format!("free space:{shown}"));
    }
    if !sample.ignored.is_empty() {
        parts.push(format!("ignored: {}", sample.ignored.join(", ")));
    }
    report.state = state;
    report.summary = parts.join("; ");
    report
}

/// One line for each file system, and one for each group, where its first part stands. What has no
/// blocks at all (`/proc`) has no line.
fn lines(entries: &[Entry], flags: &Flags) -> Vec<Line> {
    let mut lines: Vec<(Option<&str>, Line)> = Vec::with_capacity(entries.len());
    for Entry { target, mount, usage } in entries.iter().filter(|entry| entry.usage.total > 0) {
        let group = target.group.as_deref();
        if let Some((_, line)) = lines.iter_mut().find(|(of, _)| group.is_some() && *of == group) {
            line.usage = line.usage.plus(*usage);
            continue;
        }
        let name = match group {
            Some(group) => group.to_owned(),
            None if flags.mountpoint => mount.source.to_string_lossy().into_owned(),
            None => mount.point.to_string_lossy().into_owned(),
        };
        let kind = match group {
            Some(_) => "group".to_owned(),
            None => format!("{} on {}", mount.kind, mount.source.to_string_lossy()),
        };
        lines.push((group, Line { name, kind, usage: *usage, limits: target.limits.clone() }));
    }
    lines.into_iter().map(|(_, line)| line).collect()
}

/// Used bytes, with the thresholds at which they alert.
fn space(line: &Line, flags: &Flags) -> Perfdata {
    let usage = &line.usage;
    let total = if flags.freespace_ignore_reserved {
        usage.used.saturating_add(usage.available)
    } else {
        usage.total
    };
    let at = |bytes: Option<f64>| bytes.map(Range::up_to);
    let unit = flags.unit().bytes;
    let warning = at(line.limits.warning.used_bytes(total, unit));
    let critical = at(line.limits.critical.used_bytes(total, unit));
    Perfdata::new(&line.name, usage.used as f64, Uom::Bytes)
        .thresholds(warning.as_ref(), critical.as_ref())
        .min(0.0)
        .max(total as f64)
}

fn inodes(line: &Line) -> Perfdata {
    let usage = &line.usage;
    let at = |inodes: Option<f64>| inodes.map(Range::up_to);
    let warning = at(line.limits.warning.used_inodes(usage.inodes));
    let critical = at(line.limits.critical.used_inodes(usage.inodes));
    Perfdata::new(format!("{} (inodes)", line.name), usage.inodes_used as f64, Uom::None)
        .thresholds(warning.as_ref(), critical.as_ref())
        .min(0.0)
        .max(usage.inodes as f64)
}

fn detail(line: &Line) -> String {
    let Usage { total, used, available, inodes, inodes_used } = line.usage;
    format!(
        "{} ({}): {used} of {total} bytes used, {available} left to users; {inodes_used} of {inodes} inodes used",
        line.name, line.kind
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Level, Limit, limit};
    use crate::mounts::{self, tests::TABLE};
    use crate::options::Args;
    use crate::select::Target;
    use clap::FromArgMatches;

    const MIB: u64 = 1 << 20;
    const HALF: Usage =
        Usage { total: 100 * MIB, used: 50 * MIB, available: 45 * MIB, inodes: 100, inodes_used: 10 };

    fn flags(line: &str) -> Flags {
        let command = <Args as clap::Args>::augment_args(clap::Command::new("x"));
        let words = ["x", "-m"].into_iter().chain(line.split_whitespace());
        Args::from_arg_matches(&command.try_get_matches_from(words).expect("options")).expect("options").flags
    }

    fn entry(mount: usize, warning: &str, group: Option<&str>) -> Entry {
        let mut level = Level::default();
        let limit: Limit = limit(warning).expect("a limit");
        level.set(limit);
        let table = mounts::parse(TABLE);
        let target = Target {
            mount,
            path: table[mount].point.clone(),
            limits: Limits { warning: level, critical: Level::default() },
            group: group.map(str::to_owned),
            by_name: true,
            only_ask: false,
        };
        Entry { target, mount: table[mount].clone(), usage: HALF }
    }

    fn text(sample: &Sample, options: &str, verbosity: u8) -> String {
        judge(sample, &flags(options), verbosity).render("DISK", " - ", verbosity)
    }

    #[test]
    fn one_line_with_all_file_systems() {
        let sample =
            Sample { entries: vec![entry(4, "10%", None), entry(7, "60%", None)], ..Sample::default() };
        let perfdata = "/=52428800B;94371840;;0;104857600 /boot=52428800B;41943040;;0;104857600";
        let both = "free space: / 45MiB (47% inode=90%); /boot 45MiB (47% inode=90%);";
        assert_eq!(text(&sample, "", 0), format!("DISK WARNING - {both} | {perfdata}\n"));
        assert_eq!(
            text(&sample, "-e -M", 0).split(" | ").next(),
            Some("DISK WARNING - free space: /dev/sda1 45MiB (47% inode=90%);")
        );
        assert!(text(&sample, "-e", 1).contains("; WARNING [ /boot 45MiB (47% inode=90%)];"));
        assert!(
            text(&sample, "", 2).contains("\n/boot (ext2 on /dev/sda1): 52428800 of 104857600 bytes used")
        );
    }

    #[test]
    fn nothing_wrong_and_errors_only_is_a_short_line() {
        let sample = Sample { entries: vec![entry(4, "10%", None)], ..Sample::default() };
        assert_eq!(text(&sample, "-e", 0), "DISK OK | /=52428800B;94371840;;0;104857600\n");
        assert!(text(&sample, "-f", 0).ends_with("| /=52428800B;89653248;;0;99614720\n"));
        assert!(text(&sample, "-P", 0).ends_with(" '/ (inodes)'=10;;;0;100\n"));
    }

    #[test]
    fn a_group_is_one_file_system() {
        let entries = vec![entry(4, "10%", Some("g")), entry(7, "10%", None), entry(8, "10%", Some("g"))];
        let sample = Sample { entries, ..Sample::default() };
        let shown = text(&sample, "", 0);
        assert!(shown.starts_with("DISK OK - free space: g 90MiB (47% inode=90%); /boot 45MiB"), "{shown}");
        assert!(shown.contains("| g=104857600B;188743680;;0;209715200 /boot="), "{shown}");
    }

    #[test]
    fn what_failed_comes_first_and_is_critical() {
        let failures = vec!["/mnt/x does not answer".to_owned()];
        let sample = Sample { entries: vec![entry(4, "10%", None)], failures, ..Sample::default() };
        let shown = text(&sample, "", 0);
        assert!(shown.starts_with("DISK CRITICAL - /mnt/x does not answer; free space: / 45MiB"), "{shown}");
        let missing = Sample { ignored: vec!["/y not found".to_owned()], ..Sample::default() };
        assert!(text(&missing, "", 0).starts_with("DISK OK - no file system"), "{}", text(&missing, "", 0));
        assert!(text(&Sample::default(), "", 0).starts_with("DISK UNKNOWN - no file system"));
    }
}
