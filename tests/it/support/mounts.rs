//! A view of the file system, and a network, that a test has for itself.

use std::path::Path;
use std::process::Command;

/// Runs the body in a process that sees its own mounts and leaves none behind: the test's program is
/// started again for this one test, under unshare(1). Needs root.
#[track_caller]
pub fn in_mount_namespace(module: &str, test: &str, body: impl FnOnce()) {
    again(&["--mount"], module, test, body);
}

/// The same with a network of its own, which has loopback alone: every port there is free, and anybody
/// may listen on it.
#[track_caller]
pub fn in_network_namespace(module: &str, test: &str, body: impl FnOnce()) {
    again(&["--mount", "--net"], module, test, || {
        run("/sbin/ip", &["link", "set", "lo", "up"]);
        std::fs::write("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0").unwrap();
        body();
    });
}

#[track_caller]
fn again(namespaces: &[&str], module: &str, test: &str, body: impl FnOnce()) {
    const INSIDE: &str = "HLIDKA_TEST_INSIDE_NAMESPACE";
    if std::env::var_os(INSIDE).is_some() {
        return body();
    }
    // mount points can be removed only when the namespace is gone: the child makes them in here
    let dir = tempfile::tempdir().unwrap();
    let path = module.split_once("::").map_or(module, |(_, path)| path);
    let run = Command::new("/usr/bin/unshare")
        .args(namespaces)
        .arg("--")
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", &format!("{path}::{test}")])
        .env(INSIDE, "1")
        .env("TMPDIR", dir.path())
        .output()
        .unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success() && stdout.contains("1 passed"), "{stdout}\n{stderr}");
}

/// Mounts a file with this text over another; the second time, over the same one.
#[track_caller]
pub fn replace(path: &str, text: &str) {
    let _ = Command::new("/bin/umount").args(["--quiet", path]).output();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, text).unwrap();
    // the mount keeps the file when the directory goes
    run("/bin/mount", &["--bind", file.to_str().unwrap(), path]);
}

/// Runs a program that has to succeed.
#[track_caller]
pub fn run(program: &str, arguments: &[&str]) {
    let done = Command::new(program).args(arguments).output().unwrap();
    assert!(done.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// A file system in memory, mounted below the directory of the test.
pub fn tmpfs(dir: &Path, name: &str, options: &str) -> String {
    let point = dir.join(name);
    std::fs::create_dir(&point).unwrap();
    let point = point.to_str().unwrap().to_owned();
    run("/bin/mount", &["-t", "tmpfs", "-o", options, "memory", &point]);
    point
}

/// A file of so many mebibytes.
pub fn fill(point: &str, name: &str, mebibytes: usize) {
    std::fs::write(Path::new(point).join(name), vec![1; mebibytes << 20]).unwrap();
}

/// 60 of 100 MiB used; 9 of 10 MiB and 10 of 11 inodes used.
pub fn two_file_systems(dir: &Path) -> (String, String) {
    let large = tmpfs(dir, "large", "size=100m,nr_inodes=1000");
    fill(&large, "file", 60);
    let small = tmpfs(dir, "small", "size=10m,nr_inodes=11");
    fill(&small, "file", 9);
    (0..8).for_each(|i| std::fs::write(Path::new(&small).join(i.to_string()), "").unwrap());
    (large, small)
}
