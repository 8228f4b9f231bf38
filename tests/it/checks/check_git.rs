//! `check_git` against git daemon, sshd and nginx with git-http-backend, through a real SOCKS5 proxy,
//! and against listeners that misbehave (T19, T44).

use std::fs;
use std::path::Path;
use std::process::Command;

use check::{CheckDef, State};
use testkit::{CheckCmd, CheckRun, Script, Server, free_port, scripted, wait_for_port};

use crate::support::git_servers::{GitHttp, Repositories};
use crate::support::sshd::Sshd;

fn git(url: &str) -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_git::Args>()).arg(url)
}

/// All servers that have one set of repositories.
struct Servers {
    repositories: Repositories,
    daemon: (Server, u16),
    ssh: Sshd,
    web: GitHttp,
    dir: tempfile::TempDir,
}

impl Servers {
    fn start() -> Servers {
        let dir = tempfile::tempdir().unwrap();
        let repositories = Repositories::new(dir.path());
        let daemon = repositories.daemon();
        let ssh = Sshd::start(dir.path());
        let web = GitHttp::start(&repositories);
        Servers { repositories, daemon, ssh, web, dir }
    }

    fn path(&self, name: &str) -> String {
        self.repositories.base.join(name).display().to_string()
    }

    /// One check for each way to a repository.
    fn ways(&self, host: &str, name: &str) -> Vec<CheckCmd> {
        let (path, ssh) = (self.path(name), &self.ssh);
        let by_ssh = |user: &str| {
            git(&format!("ssh://{user}@{host}:{}{path}", ssh.port)).args([
                "-i",
                &ssh.file("id"),
                "--known-hosts",
                &ssh.file("known_hosts"),
            ])
        };
        vec![
            git(&format!("git://{host}:{}/{name}", self.daemon.1)),
            by_ssh("alice"),
            by_ssh("git"),
            git(&format!("http://{host}:{}/git/{name}", self.web.port)),
            git(&format!("https://localhost:{}/git/{name}", self.web.tls_port))
                .arg("--ca-file")
                .arg(&self.web.ca),
        ]
    }

    /// No clone of a test is left in the folder for temporary files.
    fn nothing_is_left(&self) {
        let left = fs::read_dir(self.temporary()).unwrap().count();
        assert_eq!(left, 0, "{left} clones are left");
    }

    fn temporary(&self) -> std::path::PathBuf {
        let path = self.dir.path().join("tmp");
        fs::create_dir_all(&path).unwrap();
        path
    }
}

/// T44: over every protocol, listed, looked into, and cloned as a whole.
#[test]
fn a_repository_is_listed_and_cloned_over_every_protocol() {
    let servers = Servers::start();
    let tip = servers.repositories.git(&["-C", "work", "rev-parse", "main"], 0);
    for way in 0..5 {
        let check = || servers.ways("127.0.0.1", "test.git").remove(way);
        let run = check().run().expect(State::Ok).says(&format!("2 refs, main at {}", &tip[..10]));
        assert!(run.perfdata["time"].ends_with("s;;;0.000000;10.000000"), "{:?}", run.perfdata);
        assert!(!run.perfdata.contains_key("age"));
        let run =
            check().args(["-W", "5d", "-C", "9d", "-f", "README", "-s", "Welcome"]).run().expect(State::Ok);
        let run = run.says("newest commit 3 days old, README as expected");
        assert!((259_200.0..260_000.0).contains(&run.metric("age")), "{}", run.output);
        assert!(run.perfdata["age"].ends_with("s;432000;777600;0"), "{:?}", run.perfdata);
        let run =
            check().args(["--clone", "-f", "doc/deep.txt", "--regex", "^de+p\n$"]).run().expect(State::Ok);
        assert_eq!(run.says("cloned 1 commits, doc/deep.txt as expected").metric("commits"), 1.0);
    }
}

/// T44: a clone that is kept is pulled into.
#[test]
fn a_kept_clone_is_pulled_into_over_every_protocol() {
    let servers = Servers::start();
    let kept = |way: usize| servers.dir.path().join(format!("kept{way}"));
    let run = |way: usize, more: &[&str]| {
        let check = servers.ways("127.0.0.1", "test.git").remove(way).program_only();
        check.arg("--clone-dir").arg(kept(way)).args(more).run()
    };
    for way in 0..5 {
        run(way, &[]).expect(State::Ok).says("cloned 1 commits");
        run(way, &[]).expect(State::Ok).says("pulled 0 new commits");
    }
    servers.repositories.commit("second\n", 7200);
    servers.repositories.commit("third\n", 3600);
    servers.repositories.git(&["-C", "work", "branch", "old"], 0);
    servers.repositories.publish();
    for way in 0..5 {
        run(way, &["-f", "README", "-s", "third"])
            .expect(State::Ok)
            .says("pulled 2 new commits, README as expected");
        let clone = kept(way).display().to_string();
        assert_eq!(servers.repositories.git(&["-C", &clone, "rev-list", "--count", "main"], 0), "3");
        servers.repositories.git(&["-C", &clone, "fsck", "--strict"], 0);
    }
    // a branch that is gone, and a history that was rewritten
    servers.repositories.git(&["-C", "work", "branch", "-D", "old"], 0);
    servers.repositories.git(&["-C", "work", "reset", "-q", "--hard", "main~2"], 0);
    servers.repositories.commit("other\n", 60);
    servers.repositories.publish();
    for way in 0..5 {
        run(way, &["-f", "README", "-s", "other"]).expect(State::Ok).says("pulled 1 new commits");
        let clone = kept(way).display().to_string();
        assert_eq!(servers.repositories.git(&["-C", &clone, "branch"], 0).replace("* ", ""), "main");
    }
    run(0, &["-r", "nosuch"]).expect(State::Critical).says("no ref nosuch, there are main");
    // not another repository's, and not while somebody else uses it
    git(&format!("git://127.0.0.1:{}/empty.git", servers.daemon.1))
        .arg("--clone-dir")
        .arg(kept(0))
        .run()
        .expect(State::Unknown)
        .says("holds a clone of git://127.0.0.1:");
    git(&format!("git://127.0.0.1:{}/test.git", servers.daemon.1))
        .arg("--clone-dir")
        .arg(servers.dir.path())
        .run()
        .expect(State::Unknown)
        .says("not empty: name another directory");
    let lock = fs::File::open(kept(0).join("hlidka.lock")).unwrap();
    lock.lock().unwrap();
    run(0, &[]).expect(State::Unknown).says("another run of the check is using");
}

#[test]
fn what_is_not_as_expected_is_named() {
    let servers = Servers::start();
    let url = format!("git://127.0.0.1:{}/test.git", servers.daemon.1);
    let tip = servers.repositories.git(&["-C", "work", "rev-parse", "main"], 0);
    let with = |arguments: &[&str]| git(&url).args(arguments).run();
    with(&["-r", "main", "--commit", &tip[..12]]).expect(State::Ok);
    // the commit that an annotated tag is for
    with(&["-r", "v1", "--commit", &tip, "-f", "README"]).expect(State::Ok).says("v1 at");
    with(&["-r", "refs/tags/v1"]).expect(State::Ok);
    with(&["--commit", "0123456789"]).expect(State::Critical).says(", expected 0123456789");
    with(&["--commit", "main"]).expect(State::Unknown).says("hexadecimal");
    with(&["-r", "dev"]).expect(State::Critical).says("no ref dev, there are main");
    with(&["-W", "1d", "-C", "9d"]).expect(State::Warning).says("newest commit 3 days old");
    with(&["-W", "1d", "-C", "2d"]).expect(State::Critical).says("newest commit 3 days old");
    with(&["-f", "NEWS"]).expect(State::Critical).says("no file NEWS");
    with(&["-f", "doc"]).expect(State::Critical).says("doc is a directory");
    with(&["-f", "README", "-s", "Goodbye"])
        .expect(State::Critical)
        .says("README does not hold `Goodbye`, it starts `Welcome to the test`");
    with(&["-f", "README", "--regex", "^x"]).expect(State::Critical).says("does not match `^x`");
    with(&["-c", "0.000001"]).expect(State::Critical).says("took 0.");
    with(&["--max-body", "100"]).expect(State::Critical).says("sends more than 100");
    let empty = format!("git://127.0.0.1:{}/empty.git", servers.daemon.1);
    git(&empty).run().expect(State::Critical).says("the repository is empty");
    git(&empty).args(["-r", "main", "--clone"]).run().expect(State::Critical).says("empty, expected main");
    // what is on this machine
    for local in
        [&servers.path("test.git"), &format!("file://{}", servers.path("test.git")), "ext::id", "./x"]
    {
        git(local).run().expect(State::Unknown).says("no path on this machine");
    }
    let run =
        git("https://alice:s3cret@localhost/x.git").run().expect(State::Unknown).says("--password-file");
    assert!(!run.output.contains("s3cret"), "{}", run.output);
}

/// Larger than any window or buffer, and then more than is to be read.
#[test]
fn what_is_fetched_has_a_limit_and_nothing_is_left_of_it() {
    let servers = Servers::start();
    let mut noise = vec![0_u8; 3_000_000];
    let mut seed = 1_u64;
    for byte in &mut noise {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        *byte = seed.to_be_bytes()[0];
    }
    fs::write(servers.dir.path().join("work/noise"), noise).unwrap();
    servers.repositories.commit("noise\n", 60);
    servers.repositories.publish();
    for way in 0..5 {
        let check = || {
            let check = servers.ways("127.0.0.1", "test.git").remove(way).args(["--clone", "-t", "30"]);
            check.env("TMPDIR", servers.temporary())
        };
        let run = check().run().expect(State::Ok).says("cloned 2 commits");
        assert!(run.metric("received") > 3_000_000.0, "{}", run.output);
        check().args(["--max-body", "1M"]).run().expect(State::Critical).says("sends more than 1");
    }
    servers.nothing_is_left();
}

/// T44: who may not, and who is not who he should be.
#[test]
fn logins_and_hosts_are_judged() {
    let servers = Servers::start();
    let ssh = &servers.ssh;
    let url = format!("ssh://alice@127.0.0.1:{}{}", ssh.port, servers.path("test.git"));
    let pin = ssh.fingerprint("rsa");
    let key = |name: &str| git(&url).args(["-i", &ssh.file(name), "--fingerprint", &pin]);
    key("id").run().expect(State::Ok);
    key("id_other").run().expect(State::Critical).says("cannot log in: the server refuses the key of alice");
    git(&url)
        .args(["-i", &ssh.file("id"), "--fingerprint", "SHA256:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0"])
        .run()
        .expect(State::Critical)
        .says("the host key is");
    git(&url).args(["-i", &ssh.file("id")]).run().expect(State::Unknown).says("which host key to expect");
    git(&url).args(["--fingerprint", &pin]).env("HLIDKA_SSH_PASSWORD", "s3cret").run().expect(State::Ok);
    git(&url.replace("alice@", ""))
        .args(["--any-host-key"])
        .run()
        .expect(State::Unknown)
        .says("ssh://user@host/path");
    git(&url.replace("alice", "fake"))
        .args(["-i", &ssh.file("id"), "--any-host-key"])
        .run()
        .expect(State::Critical);

    let password = |text: &str| {
        let file = servers.dir.path().join(text);
        fs::write(&file, text).unwrap();
        file.display().to_string()
    };
    let (good, bad) = (password("s3cret"), password("wrong"));
    let private = format!("https://localhost:{}/private/test.git", servers.web.tls_port);
    let trusted = |url: &str| git(url).arg("--ca-file").arg(&servers.web.ca);
    trusted(&private).run().expect(State::Critical).says("wants a user and a password");
    trusted(&private).args(["-l", "alice", "--password-file", &good, "--clone"]).run().expect(State::Ok);
    trusted(&private.replace("localhost", "alice@localhost"))
        .args(["--password-file", &good])
        .run()
        .expect(State::Ok);
    trusted(&private)
        .args(["-l", "alice", "--password-file", &bad])
        .run()
        .expect(State::Critical)
        .says("refuses the user and the password");
    let plain = format!("http://localhost:{}/private/test.git", servers.web.port);
    let sent = || git(&plain).args(["-l", "alice", "--password-file", &good]);
    sent().run().expect(State::Unknown).says("would be sent unencrypted");
    sent().arg("--insecure").run().expect(State::Ok);
    git(&private).run().expect(State::Critical).says("not trusted");
    git(&private.replace("private", "git")).arg("--insecure").run().expect(State::Ok);
}

#[test]
fn refusals_are_told_in_the_servers_words() {
    let servers = Servers::start();
    let said = [
        "remote error: no such repository: /nosuch.git",
        "does not appear to be a git repo",
        "does not appear to be a git repo",
    ];
    for (check, said) in servers.ways("127.0.0.1", "nosuch.git").into_iter().zip(said) {
        check.run().expect(State::Critical).says(said);
    }
    let web = |path: &str| git(&format!("http://127.0.0.1:{}{path}", servers.web.port)).run();
    web("/git/nosuch.git").expect(State::Critical).says("no repository /git/nosuch.git");
    web("/text/")
        .expect(State::Critical)
        .says("does not speak git over HTTP here (its answer is `text/plain`)");
    web("/broken/a.git").expect(State::Critical).says("503");
    web("/loop/a.git").expect(State::Critical).says("redirects again and again");
    let moved = git(&format!("http://127.0.0.1:{}/moved/test.git", servers.web.port));
    moved.arg("--clone").run().expect(State::Ok).says("cloned 1 commits");
    git(&format!("https://localhost:{}/plain/test.git", servers.web.tls_port))
        .arg("--insecure")
        .run()
        .expect(State::Critical)
        .says("redirects to a URL without TLS");
    // a path that would be a command of its own
    let evil = git(&format!("ssh://alice@127.0.0.1:{}/x';touch%20/tmp/hlidka-pwned;'", servers.ssh.port));
    evil.args(["-i", &servers.ssh.file("id"), "--any-host-key"])
        .run()
        .expect(State::Critical)
        .says("does not appear");
    assert!(!Path::new("/tmp/hlidka-pwned").exists());
}

#[test]
fn listeners_that_misbehave_hold_nobody_up() {
    let refused = free_port();
    for scheme in ["git", "ssh", "http", "https"] {
        let check =
            git(&format!("{scheme}://x@127.0.0.1:{refused}/a")).args(["--any-host-key", "--insecure"]);
        check.env("HLIDKA_SSH_PASSWORD", "x").run().expect(State::Critical).says("Connection refused");
    }
    let said = |scheme: &str, greeting: &[u8], more: &[&str]| -> CheckRun {
        let url = format!("{scheme}://127.0.0.1:{}/a", scripted(Script::new(greeting)));
        git(&url)
            .args(["-t", "1", "-l", "x", "--any-host-key", "--insecure"])
            .args(more)
            .env("HLIDKA_SSH_PASSWORD", "x")
            .run()
    };
    said("git", b"", &[]).expect(State::Critical).says("no refs within 1 seconds");
    said("git", b"", &["-t", "1:unknown"]).expect(State::Unknown);
    said("git", b"220 mail\r\n", &[]).expect(State::Critical);
    said("git", b"0", &[]).expect(State::Critical).says("within 1 seconds");
    said("git", b"001eERR access denied\x1b[1m: /a\n", &[]).expect(State::Critical).says("access denied");
    said("git", &vec![0xff; 100_000], &[]).expect(State::Critical);
    said("git", &b"ffff".repeat(50_000), &[]).expect(State::Critical);
    let id = "1".repeat(40);
    let line = |text: &str| format!("{:04x}{text}", text.len() + 4);
    // a name that is no UTF-8, then an endless list
    let mut odd = line(&format!("{id} refs/heads/x\0 ofs-delta\n")).into_bytes();
    odd.splice(odd.len() - 12..odd.len() - 12, []);
    let at = odd.iter().position(|byte| *byte == b'x').unwrap();
    odd[at] = 0xff;
    odd.extend(b"0000");
    said("git", &odd, &[]).expect(State::Critical).says("is no UTF-8");
    let endless =
        line(&format!("{id} HEAD\0 ofs-delta\n")) + &line(&format!("{id} refs/heads/x\n")).repeat(100_000);
    said("git", endless.as_bytes(), &["-t", "5", "--max-body", "1M"])
        .expect(State::Critical)
        .says("sends more than 1");
    // refs, and then silence or nonsense instead of a pack
    let refs = line(&format!("{id} HEAD\0 ofs-delta\n")) + &line(&format!("{id} refs/heads/main\n")) + "0000";
    said("git", refs.as_bytes(), &["--clone"]).expect(State::Critical).says("within 1 seconds");
    said("git", (refs.clone() + &"x".repeat(5000)).as_bytes(), &["--clone"]).expect(State::Critical);
    said("git", (refs + "0008NAK\nPACK\0\0\0\x02\u{7f}\u{7f}\u{7f}\u{7f}zzzz").as_bytes(), &["--clone"])
        .expect(State::Critical);
    let hung_up = git(&format!("git://127.0.0.1:{}/a", scripted(Script::new("").hanging_up()))).run();
    hung_up.expect(State::Critical).says("closed the connection instead of sending its refs");

    said("ssh", b"", &[]).expect(State::Critical).says("no version within 1 seconds");
    said("ssh", b"220 mail\r\n", &[])
        .expect(State::Critical)
        .says("it does not speak SSH, it said `220 mail`");
    said("http", b"", &[]).expect(State::Critical).says("within 1 seconds");
    said("http", b"220 mail\r\n", &[]).expect(State::Critical).says("does not answer in HTTP");
    said("https", b"220 mail\r\n", &[]).expect(State::Critical).says("does not speak TLS");
    let http = |body: &str| {
        let kind = "application/x-git-upload-pack-advertisement";
        format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    };
    let answering = |body: &str| {
        let answer = http(body);
        let script = Script::new("").answers(&[("Host", ""), ("host", ""), ("\r\n", &answer)]);
        git(&format!("http://127.0.0.1:{}/a", scripted(script))).args(["-t", "3"]).run()
    };
    let long =
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\nContent-Length: ";
    let refs_of = |length: u64, more: &[&str]| {
        let answer = format!("{long}{length}\r\n\r\n0");
        let script = Script::new("").answers(&[("Host", ""), ("host", ""), ("\r\n", &answer)]);
        git(&format!("http://127.0.0.1:{}/a", scripted(script))).args(["-t", "1"]).args(more).run()
    };
    refs_of(11 << 20, &[]).expect(State::Critical).says("sends more than 10 MiB (--max-body reads more)");
    refs_of(11 << 20, &["--max-body", "100M"]).expect(State::Critical).says("within 1 seconds");
    answering("nonsense").expect(State::Critical);
    answering("").expect(State::Critical);
}

/// T19: for all three, with names that only the proxy resolves.
#[test]
fn goes_through_a_socks_proxy_or_not_at_all() {
    let servers = Servers::start();
    let proxy = free_port();
    let _proxy =
        Server::start(Command::new("microsocks").args(["-i", "127.0.0.1", "-p", &proxy.to_string()]));
    wait_for_port(([127, 0, 0, 1], proxy));
    let url = format!("socks5h://127.0.0.1:{proxy}");
    for check in servers.ways("localhost", "test.git") {
        check
            .args(["--proxy", &url, "--clone", "-f", "README"])
            .run()
            .expect(State::Ok)
            .says("cloned 1 commits");
    }
    for scheme in ["git", "ssh", "http", "https"] {
        git(&format!("{scheme}://expyuzz4wqqyqhjn.onion/a"))
            .args(["--proxy", &url, "-l", "x", "--any-host-key", "--insecure"])
            .env("HLIDKA_SSH_PASSWORD", "x")
            .run()
            .expect(State::Critical)
            .says(&format!("through the proxy 127.0.0.1:{proxy}"));
    }
    // a proxy that is not there is not gone around
    let closed = free_port();
    for check in servers.ways("localhost", "test.git") {
        check
            .args(["--proxy", &format!("socks5h://127.0.0.1:{closed}")])
            .run()
            .expect(State::Critical)
            .says(&format!("the proxy 127.0.0.1:{closed}"));
    }
}
