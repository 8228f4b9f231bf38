//! `check_swap` on recorded `/proc` files, mounted over the real ones in a mount namespace of the
//! test's own, and against the original with the same arguments (T32, U01).

use std::process::Command;

use check::{CheckDef, State};
use testkit::{CheckCmd, CheckRun};

use super::check_disk::{assert_same_metrics, in_mount_namespace, peer, run};

/// 1.5 of 2 GiB free: half of the first device, all of the second.
const MEMINFO: &str = "MemTotal:        2097152 kB\nMemFree:         1000000 kB\nSwapCached:            0 kB\n\
    SwapTotal:       2097152 kB\nSwapFree:        1572864 kB\n";
const SWAPS: &str = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n\
    /dev/sda2                               partition\t1048576\t\t524288\t\t-2\n\
    /swap\\040file                            file\t\t1048576\t\t0\t\t-3\n";

fn swap(arguments: &[&str]) -> CheckRun {
    CheckCmd::new(CheckDef::of::<check_swap::Args>()).args(arguments).run()
}

/// Mounts a file with this text over another; the second time, over the same one.
pub(super) fn replace(path: &str, text: &str) {
    let _ = Command::new("/bin/umount").args(["--quiet", path]).output();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, text).unwrap();
    // the mount keeps the file when the directory goes
    run("/bin/mount", &["--bind", file.to_str().unwrap(), path]);
}

#[test]
fn agrees_with_the_original() {
    in_mount_namespace(module_path!(), "agrees_with_the_original", || {
        replace("/proc/meminfo", MEMINFO);
        for line in [
            "-w 50% -c 20%",
            "-w 80% -c 20%",
            "-w 75% -c 20%",
            "-w 74% -c 20%",
            "-w 90% -c 75%",
            "-w 100% -c 50%",
            "-w 1610612736 -c 100",
            "-w 1610612735 -c 100",
            "-w 50% -c 1500000000",
            "-w 100 -w 90% -c 5",
            "-w 90% -w 100 -c 5",
            "--warning=50% --critical=20% --no-swap=ok",
            "-w 10% -c 50%",
            "-w 101% -c 5%",
            "-n ok",
        ] {
            let words: Vec<&str> = line.split(' ').collect();
            let (ours, theirs) = (swap(&words), peer("check_swap", &words));
            assert_eq!(ours.state, theirs.state, "{line}\nours:   {}theirs: {}", ours.output, theirs.output);
            if ours.state != State::Unknown {
                assert_eq!(ours.text, theirs.text, "{line}");
                // the original cuts the total to hundreds of bytes before it takes percents
                assert_same_metrics(&ours, &theirs, 1e6);
            }
        }
    });
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
        for words in [
            &["-w", "10%", "-c", "5%"][..],
            &["-w", "1", "-n", "ok"],
            &["-w", "1", "-n", "1"],
            &["-w", "1", "-c", "1", "-n", "UNKNOWN", "-a"],
        ] {
            let (ours, theirs) = (swap(words), peer("check_swap", words));
            assert_eq!(ours.state, theirs.state, "{words:?}");
            assert!(ours.text.split(" - ").take(2).eq(theirs.text.split(" - ").take(2)), "{}", ours.output);
            assert!(ours.perfdata["swap"].starts_with("0B;"));
        }
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
