//! `check_swap` on recorded `/proc` files, mounted over the real ones in a mount namespace of the
//! test's own (T32). Beside the original it stands in `peers`.

use check::{CheckDef, State};
use testkit::{CheckCmd, CheckRun};

use crate::support::mounts::{in_mount_namespace, replace};

/// 1.5 of 2 GiB free: half of the first device, all of the second.
const MEMINFO: &str = "MemTotal:        2097152 kB\nMemFree:         1000000 kB\nSwapCached:            0 kB\n\
    SwapTotal:       2097152 kB\nSwapFree:        1572864 kB\n";
const SWAPS: &str = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n\
    /dev/sda2                               partition\t1048576\t\t524288\t\t-2\n\
    /swap\\040file                            file\t\t1048576\t\t0\t\t-3\n";

fn swap(arguments: &[&str]) -> CheckRun {
    CheckCmd::new(CheckDef::of::<check_swap::Args>()).args(arguments).run()
}

/// The original takes `-a` and does nothing with it on Linux.
#[test]
fn each_device_can_be_judged() {
    in_mount_namespace(module_path!(), "each_device_can_be_judged", || {
        replace("/proc/meminfo", MEMINFO);
        replace("/proc/swaps", SWAPS);
        swap(&["-w", "60%", "-c", "20%"]).expect(State::Ok);
        let run = swap(&["-w", "60%", "-c", "20%", "-a"])
            .expect(State::Warning)
            .says("/dev/sda2 WARNING: 50% free");
        assert_eq!(run.perfdata.len(), 3);
        assert_eq!(run.perfdata["/swap file"], "1073741824B;644245094;214748364;0;1073741824");
        swap(&["-c", "55%", "--allswaps", "-v"]).expect(State::Critical).shows("\n/swap file: 100% free");
    });
}

#[test]
fn a_machine_without_swap() {
    in_mount_namespace(module_path!(), "a_machine_without_swap", || {
        replace("/proc/meminfo", "SwapTotal:             0 kB\nSwapFree:              0 kB\n");
        let none =
            swap(&["-w", "10%", "-c", "5%"]).expect(State::Critical).says("no swap space is switched on");
        assert!(none.perfdata["swap"].starts_with("0B;"));
        replace("/proc/meminfo", "MemTotal: 1 kB\n");
        swap(&["-w", "1"]).expect(State::Unknown).says("/proc/meminfo has no SwapTotal");
    });
}

#[test]
fn usage_errors_are_clear() {
    swap(&["-w", "500k"]).expect(State::Unknown).says("`500k` is neither a number of bytes").shows("--help");
    swap(&["-w", "5%", "-c", "10%"]).expect(State::Unknown).says("-w must ask for as much");
    swap(&[]).expect(State::Unknown).shows("--warning");
}
