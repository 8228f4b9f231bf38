//! `check_disk` on real file systems, mounted in a mount namespace of the test's own, and against
//! the original with the same arguments (T31, U01).

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use check::{CheckDef, State};
use testkit::{CheckCmd, CheckRun};

use crate::support::mounts::{fill, in_mount_namespace, run, tmpfs, two_file_systems};

/// The original, with the same arguments; `peers` has the table of what is compared with it.
#[track_caller]
pub(super) fn peer(name: &str, arguments: &[&str]) -> CheckRun {
    CheckRun::of_command(Command::new(format!("/usr/lib/nagios/plugins/{name}")).args(arguments))
}

/// The same metrics with the same numbers in the same fields, to one in `precision`.
#[track_caller]
pub(super) fn assert_same_metrics(ours: &CheckRun, theirs: &CheckRun, precision: f64) {
    let labels = |run: &CheckRun| run.perfdata.keys().cloned().collect::<Vec<_>>();
    assert_eq!(labels(ours), labels(theirs), "\nours:   {}theirs: {}", ours.output, theirs.output);
    for (label, value) in &ours.perfdata {
        let fields = |text: &str| -> Vec<f64> {
            let number =
                |field: &str| field.trim_end_matches(|c: char| c.is_alphabetic() || c == '%').parse();
            let text = text.trim_end_matches(';');
            text.split(';').map(|field| number(field).unwrap_or(f64::NAN)).collect()
        };
        let (a, b) = (fields(value), fields(&theirs.perfdata[label]));
        let near = |(a, b): (&f64, &f64)| (a.is_nan() && b.is_nan()) || (a - b).abs() <= b.abs() / precision;
        assert!(
            a.len() == b.len() && a.iter().zip(&b).all(near),
            "{label}\nours:   {}theirs: {}",
            ours.output,
            theirs.output
        );
    }
}

fn disk(arguments: &[&str]) -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_disk::Args>()).args(arguments)
}

/// Blocks that only root may write count as neither used nor free, as df(1) has it (T31).
#[test]
fn counts_reserved_blocks_as_df_and_the_original_do() {
    in_mount_namespace(module_path!(), "counts_reserved_blocks_as_df_and_the_original_do", || {
        let dir = tempfile::tempdir().unwrap();
        let (image, point) = (dir.path().join("image"), dir.path().join("point"));
        std::fs::File::create(&image).unwrap().set_len(64 << 20).unwrap();
        std::fs::create_dir(&point).unwrap();
        let (image, point) = (image.to_str().unwrap(), point.to_str().unwrap());
        run("/sbin/mkfs.ext4", &["-q", "-m", "20", "-N", "64", image]);
        run("/bin/mount", &["-o", "loop", image, point]);
        fill(point, "file", 20);
        let df = Command::new("/bin/df").args(["--output=pcent", point]).output().unwrap();
        let used: u8 =
            String::from_utf8_lossy(&df.stdout).trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap();
        for (warning, critical) in [(100 - used, 1), (99 - used, 1), (99, 100 - used), (99, 99 - used)] {
            for reserved in ["-f", "-P"] {
                let (warning, critical) = (format!("{warning}%"), format!("{critical}%"));
                let words = ["-w", &warning, "-c", &critical, reserved, "-p", point];
                let (ours, theirs) = (disk(&words).run(), peer("check_disk", &words));
                assert_eq!((ours.state, &ours.text), (theirs.state, &theirs.text));
                // the original cuts to whole MiB
                assert_same_metrics(&ours, &theirs, 20.0);
            }
        }
        let run = disk(&["-w", "1", "-p", point]).run().expect(State::Ok);
        assert!(run.text.contains(&format!("({}% inode=", 100 - used)), "{}", run.output);
    });
}

/// Without paths: what `df` lists, each space once (T31).
#[test]
fn lists_what_df_lists() {
    in_mount_namespace(module_path!(), "lists_what_df_lists", || {
        let dir = tempfile::tempdir().unwrap();
        let (large, small) = two_file_systems(dir.path());
        // df prefers the shorter of two paths
        let bind = dir.path().join("large bind");
        std::fs::create_dir(&bind).unwrap();
        let bind = bind.to_str().unwrap();
        run("/bin/mount", &["--bind", &large, bind]);
        // over the small one, another that hides it
        run("/bin/mount", &["-t", "tmpfs", "-o", "size=3m", "second", &small]);
        let listed = disk(&["-w", "0", "-c", "0"]).run();
        let df = Command::new("/bin/df").args(["--output=target"]).output().unwrap();
        let df = String::from_utf8_lossy(&df.stdout);
        let want: BTreeSet<&str> = df.lines().skip(1).collect();
        let got: BTreeSet<&str> = listed.perfdata.keys().map(String::as_str).collect();
        assert_eq!(got, want);
        assert!(got.contains(large.as_str()) && !got.contains(bind));
        assert_eq!(listed.metric(&small), 0.0);
        assert!(listed.perfdata[&small].ends_with(";3145728"), "{}", listed.output);
        // named, or matched alone, a bind mount is as good as any
        for words in [["-w", "1", "-p", bind], ["-w", "1", "-r", "/large bind$"]] {
            let run = disk(&words).run().expect(State::Ok).says(&format!("{bind} 40MiB"));
            assert_eq!(run.perfdata.len(), 1);
        }
    });
}

/// Paths as people have them: with blanks, quotes, through links, beside others of a like name.
#[test]
fn knows_paths_of_all_kinds() {
    in_mount_namespace(module_path!(), "knows_paths_of_all_kinds", || {
        let dir = tempfile::tempdir().unwrap();
        let odd = tmpfs(dir.path(), "it's a \\ \"disk\"", "size=10m");
        let run = disk(&["-w", "1", "-c", "1", "-p", &odd]).run().expect(State::Ok);
        assert!(run.text.contains(&format!("{odd} 10MiB (100% inode=")), "{}", run.output);
        let label = odd.replace('\'', "_");
        assert!(
            run.output.contains(&format!("| '{label}'=0B;9437184;9437184;0;10485760\n")),
            "{}",
            run.output
        );

        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&odd, &link).unwrap();
        disk(&["-w", "1", "-p", link.to_str().unwrap()])
            .run()
            .expect(State::Ok)
            .says(&format!("{odd} 10MiB"));

        let short = tmpfs(dir.path(), "a", "size=10m");
        let long = format!("{short}b");
        std::fs::create_dir(&long).unwrap();
        let run = disk(&["-w", "1", "-p", &long]).run();
        assert!(!run.perfdata.contains_key(&short), "/ab is not on /a: {}", run.output);
        disk(&["-w", "1", "-E", "-p", &long])
            .run()
            .expect(State::Critical)
            .says(&format!("{long} not found"));
    });
}

/// A mount whose server is gone: every call on it hangs.
struct Gone(Child);

impl Gone {
    /// Mounts FUSE by hand and never answers its first message.
    fn mount(dir: &Path, name: &str) -> (Gone, String) {
        const SCRIPT: &str = "
import ctypes, os, sys
fd = os.open('/dev/fuse', os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
options = b'fd=%d,rootmode=40000,user_id=0,group_id=0' % fd
if libc.mount(b'server:/gone', sys.argv[1].encode(), b'fuse', 0, options):
    sys.exit(os.strerror(ctypes.get_errno()))
print('mounted', flush=True)
sys.stdin.read()
";
        let point = dir.join(name);
        std::fs::create_dir(&point).unwrap();
        let mut child = Command::new("/usr/bin/python3")
            .args(["-c", SCRIPT])
            .arg(&point)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "mounted\n", "FUSE is needed (/dev/fuse)");
        (Gone(child), point.to_str().unwrap().to_owned())
    }
}

impl Drop for Gone {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Stale network mounts are named and CRITICAL; all others are still reported, in time (T31).
#[test]
fn a_mount_that_hangs_does_not_hang_the_check() {
    in_mount_namespace(module_path!(), "a_mount_that_hangs_does_not_hang_the_check", || {
        let dir = tempfile::tempdir().unwrap();
        let (first, gone) = Gone::mount(dir.path(), "gone");
        let (_second, also_gone) = Gone::mount(dir.path(), "also gone");
        let (large, small) = two_file_systems(dir.path());
        let below = format!("{gone}/below");
        let pattern = format!("^{}", dir.path().display());
        let hangs = |words: &[&str]| {
            let start = Instant::now();
            let run = disk(words).args(["-t", "1.5"]).run().expect(State::Critical);
            // both ways, on a loaded machine
            assert!(start.elapsed() < Duration::from_secs(30));
            run.says(" does not answer")
        };
        let run = hangs(&["-w", "1", "-c", "0", "-r", &pattern]);
        for (path, text) in
            [(&gone, "does not answer"), (&also_gone, "does not answer"), (&large, "40MiB"), (&small, "1MiB")]
        {
            assert!(run.text.contains(&format!("{path} {text}")), "{}", run.output);
        }
        assert_eq!(run.perfdata.len(), 2);
        hangs(&["-w", "1", "-c", "0", "-p", &gone, "-p", &large]).says(&format!("{large} 40MiB"));
        hangs(&["-w", "1", "-c", "0", "-p", &large, "-p", &below]).says(&format!("{large} 40MiB"));
        // the source says that it is remote: left out, or only asked whether it answers
        disk(&["-w", "0", "-c", "0", "-l", "-t", "5", "-r", &pattern]).run().expect(State::Ok);
        hangs(&["-w", "0", "-c", "0", "-L", "-r", &pattern]).says(&format!("{large} 40MiB"));

        // a server that has died leaves a mount that fails at once
        drop(first);
        disk(&["-w", "1", "-c", "0", "-p", &gone, "-p", &large]).run().expect(State::Critical).says(
            &format!(
                "{gone} is not accessible: Transport endpoint is not connected; free space: {large} 40MiB"
            ),
        );
    });
}

#[test]
fn missing_paths_may_be_ignored() {
    let none = "/no/such/path";
    disk(&["-w", "1", "-p", none]).run().expect(State::Critical).says("No such file or directory");
    let run = disk(&["-n", "-w", "0", "-c", "0", "-p", none, "-p", "/"]).run().expect(State::Ok);
    assert!(
        run.text.contains("free space: / ") && run.text.contains("; ignored: /no/such/path is not"),
        "{}",
        run.output
    );
    disk(&["-n", "-w", "1", "-p", none]).run().expect(State::Ok).says("no file system");
    disk(&["-n", "-w", "1", "-r", "no-such"]).run().expect(State::Ok).says("no file system matches no-such");
}

/// U01: what is wrong with a command line is said, with the option's name.
#[test]
fn usage_errors_are_clear() {
    for (words, want) in [
        (&["-w", "ten", "-p", "/"][..], "`ten` is no limit"),
        (&["-w", "", "-p", "/"], "--warning"),
        (&["-W", "x%", "-p", "/"], "--iwarning"),
        (&["-p", "/"], "set a threshold (-w, -c, -W or -K) before -p /"),
        (&["-w", "1", "-X", "["], "--exclude-type"),
        (&["-u", "parsec"], "use bytes, kB, MB, GB, TB or PB"),
    ] {
        disk(words).run().expect(State::Unknown).says(want).shows("check_disk --help");
    }
    disk(&[]).run().expect(State::Unknown).says("set a threshold").shows("check_disk --help");
    disk(&["--help"])
        .run()
        .expect(State::Unknown)
        .shows("for users as df counts them")
        .shows("--partition")
        .shows("Examples:")
        .shows("-C, --clear");
}
