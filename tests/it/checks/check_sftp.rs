//! `check_sftp` against a real sshd, through a real SOCKS5 proxy, and against listeners that
//! misbehave (T19, T49).

use std::fs;
use std::process::Command;
use std::time::{Duration, SystemTime};

use check::{CheckDef, State};
use testkit::{CheckCmd, Script, Server, free_port, scripted, wait_for_port};

use crate::support::give;
use crate::support::sshd::Sshd;

fn sftp(server: &Sshd, user: &str) -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_sftp::Args>())
        .args(["-H", "127.0.0.1", "-P", &server.port.to_string(), "-u", user])
        .args(["--fingerprint", &server.fingerprint("ed25519")])
}

fn by_key(server: &Sshd, user: &str) -> CheckCmd {
    sftp(server, user).args(["-i", &server.file("id")])
}

/// A folder in the accounts' home, with one file.
fn folder(server: &Sshd, name: &str) -> String {
    let path = server.dir.join("home").join(name);
    fs::create_dir(&path).unwrap();
    fs::write(path.join("here"), "x").unwrap();
    give(&path);
    path.display().to_string()
}

fn names(path: &str) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// T49: a file is sent, read back and removed.
#[test]
fn a_file_makes_the_round_trip_and_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let server = Sshd::start(dir.path());
    let folder = folder(&server, "incoming");
    let run = by_key(&server, "files").args(["-d", &folder, "--expect", "here"]).run().expect(State::Ok);
    assert_eq!(run.metric("entries"), 1.0);
    assert!(run.perfdata["time"].ends_with("s;;;0.000000;10.000000"), "{:?}", run.perfdata);
    for size in ["1", "1024", "3000000"] {
        let run = by_key(&server, "files")
            .args(["-d", &folder, "--round-trip", "--size", size, "-t", "30"])
            .run()
            .expect(State::Ok)
            .says(&format!("{size} bytes sent and read back"));
        assert!(run.metric("upload") > 0.0 && run.metric("download") > 0.0, "{}", run.output);
        assert_eq!(names(&folder), ["here"]);
    }
    // what runs left that were cut off is removed, but not what another may be using now
    let left = |name: &str, age: u64| {
        let file = fs::File::create(format!("{folder}/{name}")).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
    };
    left(".hlidka-probe-0123456789abcdef", 100_000);
    left(".hlidka-probe-fedcba9876543210", 60);
    left("old", 100_000);
    give(folder.as_ref());
    by_key(&server, "files")
        .program_only()
        .args(["-d", &folder, "--round-trip"])
        .run()
        .expect(State::Ok)
        .says("1 files of earlier runs removed");
    assert_eq!(names(&folder), [".hlidka-probe-fedcba9876543210", "here", "old"]);
}

#[test]
fn what_is_not_as_expected_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let server = Sshd::start(dir.path());
    let folder = folder(&server, "incoming");
    by_key(&server, "files")
        .args(["-d", &folder, "--expect", "gone", "--expect", "here"])
        .run()
        .expect(State::Critical)
        .says(&format!("gone is not in {folder}"));
    by_key(&server, "files").args(["-d", "/nonexistent"]).run().expect(State::Critical).says("no such file");
    by_key(&server, "files")
        .args(["--hidden", "/nonexistent", "--hidden", "/etc/passwd"])
        .run()
        .expect(State::Critical)
        .says("/etc/passwd can be seen, which must not be");
    by_key(&server, "files").args(["--hidden", "/nonexistent"]).run().expect(State::Ok);
    by_key(&server, "files").args(["-c", "0.000001"]).run().expect(State::Critical);
    by_key(&server, "alice").args(["-d", &folder]).run().expect(State::Ok);
    // what has no SFTP
    by_key(&server, "menu").args(["-t", "5"]).run().expect(State::Critical).says("start of SFTP");
    let folder_of_root = server.dir.join("home/closed");
    fs::create_dir(&folder_of_root).unwrap();
    by_key(&server, "files")
        .arg("-d")
        .arg(&folder_of_root)
        .arg("--round-trip")
        .run()
        .expect(State::Critical)
        .says("cannot write to")
        .says("permission denied");
}

/// T49: an account that may read and not write.
#[test]
fn a_read_only_account_cannot_write() {
    let dir = tempfile::tempdir().unwrap();
    let server = Sshd::start(dir.path());
    let folder = folder(&server, "incoming");
    by_key(&server, "reader")
        .args(["-d", &folder, "--read-only"])
        .run()
        .expect(State::Ok)
        .says("sending a file is refused");
    by_key(&server, "reader")
        .args(["-d", &folder, "--round-trip"])
        .run()
        .expect(State::Critical)
        .says("cannot write");
    by_key(&server, "files")
        .args(["-d", &folder, "--read-only"])
        .run()
        .expect(State::Critical)
        .says("which must be refused");
    assert_eq!(names(&folder), ["here"]);
}

#[test]
fn logs_in_by_password_or_says_why_not() {
    let dir = tempfile::tempdir().unwrap();
    let server = Sshd::start(dir.path());
    sftp(&server, "alice").env("HLIDKA_SSH_PASSWORD", "s3cret").run().expect(State::Ok);
    sftp(&server, "alice").args(["-p", "s3cret"]).run().expect(State::Ok);
    let run = sftp(&server, "alice").args(["-p", "s3cretissimo"]).run().expect(State::Critical);
    assert!(!run.says("refuses the password of alice").output.contains("s3cretissimo"));
    sftp(&server, "alice")
        .args(["-i", &server.file("id_other")])
        .run()
        .expect(State::Critical)
        .says("refuses the key");
    let bare = || CheckCmd::new(CheckDef::of::<check_sftp::Args>()).args(["-H", "127.0.0.1", "-P", "1"]);
    bare().run().expect(State::Unknown).says("give -u");
    bare().args(["-u", "x"]).run().expect(State::Unknown).says("which host key to expect");
    bare().args(["-u", "x", "--any-host-key"]).run().expect(State::Critical).says("Connection refused");
}

#[test]
fn listeners_that_misbehave_hold_nobody_up() {
    let said = |greeting: &[u8]| {
        let port = scripted(Script::new(greeting)).to_string();
        let check = CheckCmd::new(CheckDef::of::<check_sftp::Args>());
        check.args(["-H", "127.0.0.1", "-P", &port, "-u", "x", "--any-host-key", "-t", "1"]).run()
    };
    said(b"").expect(State::Critical).says("no version within 1 seconds");
    said(b"SSH-2.0-x\r\n").expect(State::Critical).says("no key exchange within 1 seconds");
    said(b"welcome\r\nSSH-2.0-x\r\n").expect(State::Critical).says("no key exchange within 1 seconds");
    said(b"220 mail\r\n").expect(State::Critical).says("it does not speak SSH, it said `220 mail`");
    said(&vec![0x53; 100_000]).expect(State::Critical).says("it does not speak SSH, it said `SSSS");
    said(b"SSH-two-x\r\n").expect(State::Critical).says("its version `SSH-two-x` is no version of SSH");
    said(b"SS").expect(State::Critical).says("no key exchange within 1 seconds");
    let garbage = said(&[&b"SSH-2.0-x\r\n"[..], &[0xff; 1000]].concat()).expect(State::Critical);
    garbage.says("key exchange failed: ");
    // nothing that could be waited for
    let at_once = |script: Script| {
        let port = scripted(script).to_string();
        let check = CheckCmd::new(CheckDef::of::<check_sftp::Args>());
        let start = std::time::Instant::now();
        let run = check.args(["-H", "127.0.0.1", "-P", &port, "-u", "x", "--any-host-key", "-t", "30"]).run();
        assert!(start.elapsed().as_secs() < 15, "{}", run.output);
        run.expect(State::Critical)
    };
    at_once(Script::new("220 mail\r\n").hanging_up()).says("it does not speak SSH, it said `220 mail`");
    at_once(Script::new("").hanging_up()).says("closed the connection instead of sending its version");
    at_once(Script::new("hello\r\n".repeat(20_000))).says("it does not speak SSH, it said `hello");
}

/// T19.
#[test]
fn goes_through_a_socks_proxy() {
    let dir = tempfile::tempdir().unwrap();
    let server = Sshd::start(dir.path());
    let folder = folder(&server, "incoming");
    let proxy = free_port();
    let _proxy =
        Server::start(Command::new("microsocks").args(["-i", "127.0.0.1", "-p", &proxy.to_string()]));
    wait_for_port(([127, 0, 0, 1], proxy));
    let through = |host: &str| {
        CheckCmd::new(CheckDef::of::<check_sftp::Args>())
            .args([
                "-H",
                host,
                "-P",
                &server.port.to_string(),
                "--proxy",
                &format!("socks5h://127.0.0.1:{proxy}"),
            ])
            .args(["-u", "files", "-i", &server.file("id"), "--any-host-key", "-d", &folder, "--round-trip"])
    };
    through("localhost").run().expect(State::Ok).says("1024 bytes sent and read back");
    through("x.onion").run().expect(State::Critical).says(&format!("through the proxy 127.0.0.1:{proxy}"));
}
