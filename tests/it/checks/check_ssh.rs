//! `check_ssh` against a real sshd, through a real SOCKS5 proxy, and against listeners that
//! misbehave (T19, T49).

use std::path::Path;
use std::process::Command;

use check::{CheckDef, State};
use testkit::{CheckCmd, CheckRun, Script, Server, free_port, scripted, wait_for_port};

use crate::support::sshd::{Sshd, keygen};

fn ssh(port: u16) -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_ssh::Args>()).args(["-H", "127.0.0.1", "-p", &port.to_string()])
}

/// With the host's key pinned.
fn pinned(server: &Sshd) -> CheckCmd {
    ssh(server.port).args(["--fingerprint", &server.fingerprint("ed25519")])
}

/// Logging in by the key that all accounts take.
fn as_user(server: &Sshd, user: &str) -> CheckCmd {
    pinned(server).args(["-l", user, "-i", &server.file("id")])
}

#[test]
fn the_peers_options_mean_what_they_did() {
    let dir = tempfile::tempdir().unwrap();
    let server = Sshd::start(dir.path());
    let both = |arguments: &[&str], state: State| {
        let ours = ssh(server.port).args(arguments).run().expect(state);
        let mut theirs = Command::new("/usr/lib/nagios/plugins/check_ssh");
        theirs.args(["-H", "127.0.0.1", "-p", &server.port.to_string()]).args(arguments);
        let run = CheckRun::of_command(&mut theirs).expect(state);
        assert_eq!(ours.text.trim(), run.text.trim());
        ours
    };
    let run = both(&[], State::Ok);
    assert!(
        run.text.starts_with("SSH OK - OpenSSH_") && run.text.ends_with("(protocol 2.0)"),
        "{}",
        run.text
    );
    assert!(run.perfdata["time"].ends_with("s;;;0.000000;10.000000"), "{:?}", run.perfdata);
    let whole =
        run.text.strip_prefix("SSH OK - ").unwrap().strip_suffix(" (protocol 2.0)").unwrap().to_owned();
    both(&["-r", &whole], State::Ok);
    both(&["-P", "2.0"], State::Ok);
    both(&["-P", "1.5"], State::Critical).says("protocol version mismatch, expected '1.5'");
    both(&["-r", "OpenSSH_3.9p1"], State::Critical).says("version mismatch, expected 'OpenSSH_3.9p1'");
    both(&["-4", "-t", "5"], State::Ok);
    // the version without the packager's comment
    ssh(server.port).args(["-r", whole.split(' ').next().unwrap()]).run().expect(State::Ok);
    ssh(server.port)
        .args(["-c", "0.0000001"])
        .run()
        .expect(State::Critical)
        .says("introduced itself after 0.0");
    let positional = CheckCmd::new(CheckDef::of::<check_ssh::Args>());
    positional.args(["-p", &server.port.to_string(), "127.0.0.1"]).run().expect(State::Ok);
}

#[test]
fn algorithms_are_required_and_forbidden() {
    let dir = tempfile::tempdir().unwrap();
    let server = Sshd::start(dir.path());
    let rules = |arguments: &[&str]| ssh(server.port).args(arguments).run();
    rules(&["--forbid", "weak"]).expect(State::Critical).says("offers aes128-cbc, which is forbidden");
    rules(&["--forbid", "kex:weak,mac:weak,key:weak"]).expect(State::Ok).says("algorithms as required");
    rules(&["--require", "curve25519-sha256,ssh-ed25519", "--forbid", "arcfour*,none"])
        .expect(State::Critical)
        .says("offers none, which is forbidden");
    rules(&["--require", "cipher:aes256-gcm*"])
        .expect(State::Critical)
        .says("does not offer cipher:aes256-gcm*");
    rules(&["--forbid", "*"]).expect(State::Critical).says("more that are forbidden");
    rules(&["--forbid", "hash:md5"]).expect(State::Unknown).says("no kind of algorithm");
    rules(&["-v"]).expect(State::Ok).shows("cipher: aes256-ctr").shows("host key: ssh-ed25519");
}

/// T49: whichever of its keys is pinned or known is asked for.
#[test]
fn a_host_key_is_pinned_or_known() {
    let dir = tempfile::tempdir().unwrap();
    let server = Sshd::start(dir.path());
    let fingerprints = ["ed25519", "ecdsa", "rsa"].map(|kind| server.fingerprint(kind));
    for pin in &fingerprints {
        ssh(server.port).args(["--fingerprint", pin]).run().expect(State::Ok).says(&format!(" {pin}"));
    }
    let wrong = "SHA256:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0";
    let run = ssh(server.port).args(["--fingerprint", wrong]).run().expect(State::Critical);
    let run = run.says(&format!("expected {wrong}"));
    for found in &fingerprints {
        assert!(run.text.contains(found), "no {found} in {}", run.text);
    }
    ssh(server.port)
        .args(["--fingerprint", wrong, "--fingerprint", &fingerprints[2]])
        .run()
        .expect(State::Ok);
    ssh(server.port).args(["--fingerprint", "aa:bb"]).run().expect(State::Unknown).says("no fingerprint");

    let known = |file: &Path| ssh(server.port).arg("--known-hosts").arg(file).run();
    known(&server.dir.join("known_hosts")).expect(State::Ok);
    let only = |name: &str, text: String| {
        let file = dir.path().join(name);
        std::fs::write(&file, text).unwrap();
        file
    };
    let line = |kind: &str| {
        let key = std::fs::read_to_string(server.dir.join(format!("host_{kind}.pub"))).unwrap();
        format!("[127.0.0.1]:{} {key}", server.port)
    };
    // the type that is known is the one that is asked for
    known(&only("rsa", line("rsa"))).expect(State::Ok).says(&format!("host key ssh-rsa {}", fingerprints[2]));
    let hashed = only("hashed", line("ecdsa"));
    keygen(&["-q", "-H", "-f"], &hashed);
    assert!(std::fs::read_to_string(&hashed).unwrap().starts_with("|1|"));
    known(&hashed).expect(State::Ok).says(&fingerprints[1]);
    let other = std::fs::read_to_string(server.dir.join("id_other.pub")).unwrap();
    known(&only("changed", format!("[127.0.0.1]:{} {other}", server.port)))
        .expect(State::Critical)
        .says(&format!("the host key is ssh-ed25519 {}", fingerprints[0]));
    known(&only(
        "revoked",
        format!("{}@revoked * {}", line("ed25519"), line("ed25519").split_once(' ').unwrap().1),
    ))
    .expect(State::Critical)
    .says("is revoked");
    known(&only("none", line("rsa").replace("127.0.0.1", "127.0.0.2")))
        .expect(State::Unknown)
        .says(&format!("ssh-keyscan -p {} 127.0.0.1", server.port));
}

/// T49: by key and by password; what is refused is told apart from what cannot be used.
#[test]
fn logs_in_and_says_why_not() {
    let dir = tempfile::tempdir().unwrap();
    let server = Sshd::start(dir.path());
    let run = as_user(&server, "alice").run().expect(State::Ok).says("logged in as alice");
    assert!(run.metric("login") > 0.0);
    as_user(&server, "alice")
        .args(["-C", "echo out; echo err >&2", "--expect", "err"])
        .run()
        .expect(State::Ok);
    as_user(&server, "alice")
        .args(["-C", "echo one", "--expect", "two"])
        .run()
        .expect(State::Critical)
        .says("`echo one` printed `one`, expected `two`");
    as_user(&server, "alice").args(["-C", "exit 7"]).run().expect(State::Critical).says("status 7");
    as_user(&server, "alice").args(["-C", "kill -9 $$"]).run().expect(State::Critical).says("was killed");
    as_user(&server, "alice")
        .args(["-C", "sleep 60", "-t", "2"])
        .run()
        .expect(State::Critical)
        .says("no end of `sleep 60` within 2 seconds");
    // more than is read of it, on both outputs
    let much = "head -c 300000 /dev/zero | tr '\\0' x; head -c 300000 /dev/zero | tr '\\0' y >&2";
    as_user(&server, "alice").args(["-C", much, "--expect", "xxx", "-t", "20"]).run().expect(State::Ok);
    as_user(&server, "alice")
        .args(["-C", "yes", "-t", "20"])
        .run()
        .expect(State::Critical)
        .says("more than 4194304 bytes came before the end of `yes`");

    let with = |command: CheckCmd, name: &str| command.args(["-l", "alice", "-i", &server.file(name)]);
    with(pinned(&server), "id_other")
        .run()
        .expect(State::Critical)
        .says("cannot log in: the server refuses the key of alice");
    with(pinned(&server), "id.pub").run().expect(State::Unknown).says("a public key");
    with(pinned(&server), "none").run().expect(State::Unknown).says("No such file");
    let secret = |name: &str, text: &str| {
        std::fs::write(dir.path().join(name), text).unwrap();
        dir.path().join(name).display().to_string()
    };
    let (good, bad) = (secret("good", "s3cret\n"), secret("bad", "s3cretissimo\n"));
    keygen(&["-q", "-t", "rsa", "-N", "s3cret", "-f"], &server.dir.join("id_rsa"));
    let public = std::fs::read_to_string(server.dir.join("id_rsa.pub")).unwrap();
    let all = std::fs::read_to_string(server.dir.join("id.pub")).unwrap() + &public;
    std::fs::write(server.dir.join("authorized_keys"), all).unwrap();
    with(pinned(&server), "id_rsa").args(["--password-file", &good]).run().expect(State::Ok);
    for wrong in [&["--password-file", &bad][..], &[]] {
        let run = with(pinned(&server), "id_rsa").args(wrong).run().expect(State::Unknown);
        run.says("cannot be used: is it encrypted");
    }

    let password = |file: &str| pinned(&server).args(["-l", "alice", "--password-file", file, "-vvv"]).run();
    password(&good).expect(State::Ok);
    let run = password(&bad).expect(State::Critical).says("refuses the password of alice");
    assert!(!run.output.contains("s3cret"), "{}", run.output);
    let from_environment = pinned(&server).args(["-l", "alice"]).env("HLIDKA_SSH_PASSWORD", "s3cret");
    from_environment.run().expect(State::Ok);
    pinned(&server)
        .args(["-l", "alice"])
        .run()
        .expect(State::Critical)
        .says("the server lets alice in only by publickey,password");
    // nothing secret goes to a host that nobody vouches for
    let nobody_vouches = ssh(server.port).args(["-l", "alice", "--password-file", &good]);
    nobody_vouches.run().expect(State::Unknown).says("which host key to expect");
    ssh(server.port)
        .args(["-l", "alice", "--password-file", &good, "--any-host-key"])
        .run()
        .expect(State::Ok);

    as_user(&server, "nosuch")
        .arg("--login-refused")
        .run()
        .expect(State::Ok)
        .says("the login of nosuch is refused");
    with(pinned(&server), "id_other").arg("--login-refused").run().expect(State::Ok);
    as_user(&server, "alice")
        .arg("--login-refused")
        .run()
        .expect(State::Critical)
        .says("alice can log in, which must be refused");
}

/// T49: accounts for SFTP, for git, with a menu, and without a shell.
#[test]
fn limited_accounts_are_limited() {
    let dir = tempfile::tempdir().unwrap();
    let server = Sshd::start(dir.path());
    for user in ["files", "git", "fake", "menu"] {
        as_user(&server, user)
            .args(["--refused", "id", "--refused", "cat /etc/passwd", "--no-shell"])
            .run()
            .expect(State::Ok)
            .says("`id` is refused, `cat /etc/passwd` is refused, no shell");
    }
    let free =
        as_user(&server, "alice").args(["--refused", "id", "--no-shell"]).run().expect(State::Critical);
    free.says("`id` was run, which must be refused (it printed `uid=").says("alice has a shell");
    as_user(&server, "fake").args(["-C", "id"]).run().expect(State::Critical).says("This account is");
    // options that need a user are refused without one
    pinned(&server).arg("--no-shell").run().expect(State::Unknown).shows("--user");
}

#[test]
fn whatever_answers_is_named() {
    ssh(free_port()).run().expect(State::Critical).says("Connection refused");
    let said = |greeting: &[u8]| ssh(scripted(Script::new(greeting))).args(["-t", "1"]);
    said(b"").run().expect(State::Critical).says("no version within 1 seconds");
    said(b"").args(["-t", "1:unknown"]).run().expect(State::Unknown);
    said(b"220 mail\r\n").run().expect(State::Critical).says("does not speak SSH, it said `220 mail`");
    said(b"SSH-2.0\r\n").run().expect(State::Critical).says("`SSH-2.0` is no version of SSH");
    said(b"SSH-2.0-x\x1b[1m\r\n").run().expect(State::Critical).says("no version of SSH");
    said(b"SSH-2.0-one two\r\n").run().expect(State::Ok).says("one two (protocol 2.0)");
    said(&b"x\r\n".repeat(50_000)).run().expect(State::Critical).says("does not speak SSH, it said `x");
    ssh(scripted(Script::new("").hanging_up())).run().expect(State::Critical).says("closed the connection");
    ssh(scripted(Script::new("go away\r\n").hanging_up()))
        .run()
        .expect(State::Critical)
        .says("it said `go away`");

    let weak = |greeting: &[u8]| said(greeting).args(["--forbid", "weak"]).run().expect(State::Critical);
    weak(b"SSH-2.0-x\r\n").says("no algorithms within 1 seconds");
    weak(b"SSH-2.0-x\r\n\xff\xff\xff\xffabcd")
        .says("list of algorithms is broken: a length that no packet has");
    weak(b"SSH-2.0-x\r\n\0\0\0\x0c\x04\x14abcdefghij")
        .says("list of algorithms is broken: it ends too early");
    weak(b"SSH-2.0-x\r\n\0\0\0\x11\x04\x01\0\0\0\x02\0\0\0\x03bye\0\0\0\0")
        .says("it ends the connection: bye");
    weak(&[&b"SSH-2.0-x\r\n"[..], &b"\0\0\0\x08\x04\x02\0\0\0\0\0\0".repeat(20)].concat())
        .says("packet after packet");

    let login = |greeting: &[u8]| {
        said(greeting).args(["--any-host-key", "-l", "alice"]).run().expect(State::Critical)
    };
    login(b"SSH-2.0-x\r\n").says("no key exchange within 1 seconds");
    login(b"SSH-2.0-x\r\n\xff\xff\xff\xffabcd").says("key exchange");
}

/// T19: an onion service has no address to resolve, so the proxy gets the name.
#[test]
fn goes_through_a_socks_proxy_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let server = Sshd::start(dir.path());
    let proxy = free_port();
    let _proxy =
        Server::start(Command::new("microsocks").args(["-i", "127.0.0.1", "-p", &proxy.to_string()]));
    wait_for_port(([127, 0, 0, 1], proxy));
    let through = |host: &str| {
        CheckCmd::new(CheckDef::of::<check_ssh::Args>())
            .args(["-H", host, "-p", &server.port.to_string()])
            .args(["--proxy", &format!("socks5h://127.0.0.1:{proxy}")])
    };
    through("localhost").run().expect(State::Ok);
    through("localhost")
        .args([
            "--known-hosts",
            &server.file("known_hosts"),
            "-l",
            "alice",
            "-i",
            &server.file("id"),
            "-C",
            "true",
        ])
        .run()
        .expect(State::Ok)
        .says("`true` ran");
    through("expyuzz4wqqyqhjn.onion")
        .run()
        .expect(State::Critical)
        .says(&format!("through the proxy 127.0.0.1:{proxy}"));
    through("expyuzz4wqqyqhjn.onion")
        .args(["--any-host-key", "-l", "alice"])
        .run()
        .expect(State::Critical)
        .says(&format!("through the proxy 127.0.0.1:{proxy}"));
}
