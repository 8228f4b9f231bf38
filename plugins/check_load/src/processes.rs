//! The processes that use most of the processors, for `--procs-to-show`.
//!
//! Command lines are left out, though the peer shows them: they may hold passwords, and what a
//! check prints goes to mails and web pages.

use std::fs;
use std::os::unix::fs::MetadataExt;

use check::CheckError;

use crate::measure::read;

/// Longest stat line read; the kernel writes some 350 bytes.
const MAX_STAT: u64 = 4096;

/// A process and what it used.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Process {
    pub pid: u32,
    pub user: u32,
    /// Percent of one processor, over the life of the process, as `ps` counts.
    pub processor: f64,
    /// Memory in KiB.
    pub resident: u64,
    /// Age in seconds.
    pub age: u64,
    /// Name, up to 15 bytes.
    pub name: String,
}

/// The `show` processes that used most of a processor; this one is not among them.
pub(crate) fn busiest(show: usize) -> Result<Vec<Process>, CheckError> {
    let machine = Machine::read()?;
    let entries =
        fs::read_dir("/proc").map_err(|error| CheckError::internal(format!("cannot list /proc: {error}")))?;
    let mut found: Vec<Process> = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // a process may end at any moment
        let Ok(owner) = entry.metadata() else { continue };
        let Ok(stat) = fs::File::open(entry.path().join("stat")).and_then(limited) else {
            continue;
        };
        if pid != std::process::id() {
            found.extend(parse(pid, owner.uid(), &stat, &machine));
        }
    }
    found.sort_by(|a, b| b.processor.total_cmp(&a.processor).then(a.pid.cmp(&b.pid)));
    found.truncate(show);
    Ok(found)
}

fn limited(file: fs::File) -> std::io::Result<String> {
    use std::io::Read;
    let mut bytes = Vec::with_capacity(512);
    file.take(MAX_STAT).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// What the numbers of a process are measured in.
struct Machine {
    /// Seconds since boot.
    uptime: f64,
    ticks_per_second: f64,
    page_size: u64,
}

impl Machine {
    fn read() -> Result<Machine, CheckError> {
        let text = read("/proc/uptime", 4096)?;
        let uptime = text.split_ascii_whitespace().next().and_then(|word| word.parse::<f64>().ok());
        Ok(Machine {
            uptime: uptime
                .ok_or_else(|| CheckError::internal("/proc/uptime does not begin with a number"))?,
            ticks_per_second: rustix::param::clock_ticks_per_second() as f64,
            page_size: rustix::param::page_size() as u64,
        })
    }
}

/// Reads `/proc/PID/stat`, fields as numbered in proc(5). The name, in parentheses, may hold
/// anything, parentheses too.
fn parse(pid: u32, owner: u32, stat: &str, machine: &Machine) -> Option<Process> {
    let (before, after) = stat.rsplit_once(')')?;
    let name = before.split_once('(')?.1.to_owned();
    let fields: Vec<&str> = after.split_ascii_whitespace().collect();
    // `after` begins with field 3
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    let busy = number(14)?.saturating_add(number(15)?) as f64 / machine.ticks_per_second;
    let age = (machine.uptime - number(22)? as f64 / machine.ticks_per_second).max(0.0);
    let resident = number(24)?.saturating_mul(machine.page_size) / 1024;
    let processor = if age > 0.0 { busy * 100.0 / age } else { 0.0 };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and less than the uptime"
    )]
    let age = age as u64;
    Some(Process { pid, user: owner, processor, resident, age, name })
}

/// Heading and lines of a table.
pub(crate) fn table(processes: &[Process]) -> Vec<String> {
    let mut lines =
        vec![format!("{:>7} {:>6} {:>6} {:>9} {:>11} NAME", "PID", "UID", "%CPU", "RSS[KiB]", "AGE")];
    for Process { pid, user, processor, resident, age, name } in processes {
        let (days, hours, minutes, seconds) = (age / 86_400, age / 3600 % 24, age / 60 % 60, age % 60);
        let age = format!("{days}-{hours:02}:{minutes:02}:{seconds:02}");
        lines.push(format!("{pid:>7} {user:>6} {processor:>6.1} {resident:>9} {age:>11} {name}"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE: Machine = Machine { uptime: 1100.0, ticks_per_second: 100.0, page_size: 4096 };

    /// In the form of proc(5).
    const STAT: &str = "421 (a) (b c) S 1 421 421 0 -1 4194560 1531 12 0 0 4000 1000 0 0 20 0 1 0 10000 12345344 700 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n";

    #[test]
    fn reads_a_process_whatever_its_name() {
        let process = parse(421, 1000, STAT, &MACHINE).expect("a stat line");
        assert_eq!((process.name.as_str(), process.age, process.resident), ("a) (b c", 1000, 2800));
        assert!((process.processor - 5.0).abs() < 1e-9, "50 seconds of 1000: {process:?}");
        assert_eq!(table(&[process])[1], "    421   1000    5.0      2800  0-00:16:40 a) (b c");
    }

    #[test]
    fn broken_lines_are_passed_over() {
        let enough = STAT.find(" 700 ").expect("it has a resident size") + 2;
        for length in 0..STAT.len() {
            assert_eq!(parse(1, 0, &STAT[..length], &MACHINE).is_some(), length >= enough, "{length}");
        }
        let young = parse(1, 0, &STAT.replace("10000", "110001"), &MACHINE).expect("a stat line");
        assert_eq!((young.processor, young.age), (0.0, 0));
    }

    #[test]
    fn finds_a_process_that_runs_now() {
        let all = busiest(usize::MAX).expect("/proc is readable");
        assert!(all.iter().any(|process| process.pid == 1), "init is missing");
        assert!(all.windows(2).all(|pair| pair[0].processor >= pair[1].processor));
        assert_eq!(busiest(1).expect("/proc is readable").len(), 1);
    }
}
