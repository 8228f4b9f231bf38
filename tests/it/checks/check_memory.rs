//! `check_memory` against madrisan's (Debian: monitoring-plugins-contrib) with the same arguments on
//! the same `/proc/meminfo` (T32, U01).

use check::{CheckDef, State};
use testkit::{CheckCmd, CheckRun};

use super::check_disk::{assert_same_metrics, peer};
use crate::support::mounts::{in_mount_namespace, replace};

/// Recorded on a virtual machine, Linux 6.18, after a compiler ran there.
const MEMINFO: &str = "MemTotal:       24682416 kB\nMemFree:        22734512 kB\nMemAvailable:   23954080 kB\n\
    Buffers:          229016 kB\nCached:          1217936 kB\nSwapCached:            0 kB\nActive:           606152 kB\n\
    Inactive:         988956 kB\nSwapTotal:             0 kB\nSwapFree:              0 kB\nDirty:            276896 kB\n\
    AnonPages:        260292 kB\nMapped:            13204 kB\nShmem:             12776 kB\nSReclaimable:      79136 kB\n\
    Committed_AS:     221552 kB\n";

fn memory(arguments: &[&str]) -> CheckRun {
    CheckCmd::new(CheckDef::of::<check_memory::Args>()).args(arguments).run()
}

#[test]
fn agrees_with_the_original() {
    in_mount_namespace(module_path!(), "agrees_with_the_original", || {
        replace("/proc/meminfo", MEMINFO);
        for line in [
            "-w 80% -c 90%",
            "-w 1% -c 90%",
            "-w 1% -c 1.5%",
            "--available -w 20%: -c 10%:",
            "-a -w 99%: -c 10%:",
            "-a -w 99.5%: -c 99%:",
            "-k -w 50%",
            "-b -c 50%",
        ] {
            let words: Vec<&str> = line.split(' ').collect();
            let (ours, theirs) = (memory(&words), peer("check_memory", &words));
            assert_eq!(ours.state, theirs.state, "{line}\nours:   {}theirs: {}", ours.output, theirs.output);
            assert_same_metrics(&ours, &theirs, 1e6);
            if !line.starts_with("-b") {
                assert_eq!(ours.text, theirs.text, "{line}");
            }
        }
        // the original cuts to whole units, `mem_used=0GB`
        for unit in ["-m", "-g"] {
            let (ours, theirs) = (memory(&[unit]), peer("check_memory", &[unit]));
            for label in theirs.perfdata.keys() {
                assert!(
                    (ours.metric(label) - theirs.metric(label)).abs() <= 1.0,
                    "{unit} {label}: {}",
                    ours.output
                );
            }
        }
    });
}

/// On this machine, now: the numbers add up, and counters only grow.
#[test]
fn measures_this_machine() {
    let run = memory(&["-s", "-w", "100", "-c", "100"]).expect(State::Ok);
    let (total, used) = (run.metric("mem_total"), run.metric("mem_used"));
    assert!(total > 10_000.0 && used > 0.0 && used < total, "{}", run.output);
    let caches = run.metric("mem_free") + run.metric("mem_buffers") + run.metric("mem_cached");
    assert!((used + caches - total).abs() < 2.0, "{}", run.output);
    assert!(run.metric("mem_available") <= total);
    let again = memory(&["-s"]).expect(State::Ok);
    for counter in ["vmem_pageins", "vmem_pageouts", "vmem_pgmajfault"] {
        assert!(run.perfdata[counter].ends_with('c'), "{}", run.output);
        assert!(again.metric(counter) >= run.metric(counter), "{counter}");
    }
    memory(&["-a", "-c", "101:"]).expect(State::Critical).says(" available");
}

#[test]
fn says_what_is_wrong() {
    memory(&["-w", "many"]).expect(State::Unknown).says("many").shows("--help");
    in_mount_namespace(module_path!(), "says_what_is_wrong", || {
        replace("/proc/meminfo", "MemTotal: 5 kB\nMemFree: 1 kB\nCached: 1 kB\n");
        memory(&[]).expect(State::Unknown).says("/proc/meminfo has no MemAvailable");
    });
}
