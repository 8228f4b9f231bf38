//! `check_rsync` against a real rsync daemon, as it is and made to look older, through a real SOCKS5
//! proxy, and against listeners that misbehave (T19, T48).

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime};

use check::{CheckDef, State};
use testkit::{CheckCmd, Script, Server, free_port, scripted, wait_for_port};

use crate::support::{give, unprivileged};

fn rsync(port: u16) -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_rsync::Args>()).args(["-H", "127.0.0.1", "-p", &port.to_string()])
}

/// A daemon with an archive of tarballs, and nightly builds of two branches.
struct Daemon {
    port: u16,
    home: PathBuf,
    good: PathBuf,
    bad: PathBuf,
    _server: Server,
    _dir: tempfile::TempDir,
}

impl Daemon {
    fn start() -> Daemon {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let home = dir.path().join("home");
        let data = home.join("data");
        for place in
            ["annex/one", "annex/näme [1] & co", "nightly/stable/x86", "nightly/devel/x86", "empty", "closed"]
        {
            fs::create_dir_all(data.join(place)).unwrap();
        }
        let file = |path: &str, size: usize, hours: u64| {
            let path = data.join(path);
            fs::write(&path, vec![0; size]).unwrap();
            let time = SystemTime::now() - Duration::from_secs(hours * 3600);
            fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
        };
        file("annex/one/data-1.tar.gz", 5000, 1);
        file("annex/näme [1] & co/data 2.tar.xz", 5000, 1);
        file("annex/README", 1, 1);
        for (branch, hours) in [("stable", 30), ("devel", 3)] {
            file(&format!("nightly/{branch}/x86/live-{branch}-{}.iso", "0123456789".repeat(20)), 3000, hours);
            file(&format!("nightly/{branch}/x86/old.iso"), 3000, 1000);
        }
        symlink("nightly/stable", data.join("latest")).unwrap();
        let port = free_port();
        let path = home.display();
        let module = |name: &str, more: &str| format!("[{name}]\n path = {path}/data\n{more}\n");
        let configuration = [
            format!(
                "pid file = {path}/pid\naddress = 127.0.0.1\nport = {port}\nuse chroot = no\n\
                 log file = {path}/log\nmotd file = {path}/motd\n"
            ),
            module("pub", " comment = Public things"),
            module("priv", &format!(" auth users = backup\n secrets file = {path}/secrets\n list = no")),
            module("full", &format!(" max connections = -1\n lock file = {path}/lock")),
            module("norecurse", " refuse options = recursive"),
            module("foreign", " hosts allow = 192.0.2.1"),
            format!("[gone]\n path = {path}/nowhere\n"),
        ];
        fs::write(home.join("rsyncd.conf"), configuration.concat()).unwrap();
        fs::write(home.join("motd"), "Welcome to all\nof you\n").unwrap();
        fs::write(home.join("secrets"), "backup:s3cret\n").unwrap();
        give(&home);
        fs::set_permissions(home.join("secrets"), fs::Permissions::from_mode(0o600)).unwrap();
        fs::set_permissions(data.join("closed"), fs::Permissions::from_mode(0o000)).unwrap();
        let (good, bad) = (dir.path().join("good"), dir.path().join("bad"));
        fs::write(&good, "s3cret\n").unwrap();
        fs::write(&bad, "s3cretissimo\n").unwrap();
        let mut command = unprivileged("/usr/bin/rsync");
        command.args(["--daemon", "--no-detach", "--config"]).arg(home.join("rsyncd.conf"));
        let server = Server::start(&mut command);
        wait_for_port(([127, 0, 0, 1], port));
        Daemon { port, home, good, bad, _server: server, _dir: dir }
    }

    /// What it logged of the clients behind the first, which only tried its port.
    fn log(&self) -> String {
        let log = fs::read_to_string(self.home.join("log")).unwrap();
        log.split_once("module-list request").map(|(_, rest)| rest.to_owned()).unwrap_or_default()
    }
}

/// The same questions to daemons of every age.
fn ask_everything(port: u16) {
    let at = |path: &str, line: &[&str]| rsync(port).args(["-m", "pub", "--path", path]).args(line).run();
    let archive = at("annex", &["-r", "*/", "-r", "*/*.tar.*", "--min-size", "4k"]).expect(State::Ok);
    let counted = (archive.metric("pub/annex/*/"), archive.metric("pub/annex/*/*.tar.*"));
    assert_eq!(counted, (2.0, 2.0), "{}", archive.output);
    at("annex", &["-r", "näme [1] & co/data ?.tar.xz", "-r", "n?me*/"]).expect(State::Ok);
    at("annex", &["-r", "*/*.tar.*", "--min-size", "1M"])
        .expect(State::Critical)
        .says("2 smaller than 1 MiB");
    at("annex", &["-r", "*/*.tar.*", "-n", "3"])
        .expect(State::Critical)
        .says("2 pub/annex/*/*.tar.*, expected 3");
    at("annex", &["-r", "README/"]).expect(State::Critical).says("no pub/annex/README/");
    let both = ["-r", "stable/**/*.iso", "-r", "devel/**/*.iso"];
    let with_age = |age: &[&str]| at("nightly", &[&both[..], age].concat());
    let fresh = with_age(&["-w", "36h", "-c", "2d"]).expect(State::Ok);
    let age = fresh.metric("pub/nightly/stable/**/*.iso age");
    assert!((108_000.0..108_600.0).contains(&age), "{age}: {}", fresh.output);
    with_age(&["-w", "24h", "-c", "2d"]).expect(State::Warning).says("is 30.0 hours old");
    with_age(&["-w", "1h", "-c", "24h"]).expect(State::Critical);
    at("nightly", &["-r", "testing/*.iso"]).expect(State::Critical).says("no pub/nightly/testing/*.iso");
    at("nightly", &["-r", "**/*.iso", "--depth", "1"])
        .expect(State::Critical)
        .says("no pub/nightly/**/*.iso");
    at("nightly", &["-r", "**/*.iso", "-n", "4"]).expect(State::Ok);
    at("empty", &[]).expect(State::Critical).says("no pub/empty/*");
    at("empty", &["-n", "0"]).expect(State::Ok);
    at("nowhere", &[]).expect(State::Critical).says("No such file or directory");
    at("annex/README", &[]).expect(State::Critical).says("Not a directory");
    // what the server itself cannot read is told, whatever else is there
    at("", &["-r", "annex/", "-r", "closed/*", "-n", "0"]).expect(State::Warning).says("Permission denied");
    // a link is no directory until it is followed
    at("", &["-r", "latest/"]).expect(State::Critical);
    at("", &["-r", "latest"]).expect(State::Ok);
    at("", &["-r", "latest/", "-r", "latest/x86/*.iso", "-L"]).expect(State::Ok);
}

/// T48: the module is in the list, and in it are the files that should be.
#[test]
fn modules_and_what_is_in_them() {
    let daemon = Daemon::start();
    let list = rsync(daemon.port)
        .arg("-v")
        .run()
        .expect(State::Ok)
        .says("5 modules (pub, full, norecurse, foreign, gone)");
    assert_eq!(list.shows("module pub: Public things").metric("modules"), 5.0);
    ask_everything(daemon.port);
    // the server has seen clients that ended in peace, and read no directory that was not asked for
    let log = daemon.log();
    assert!(!log.contains("rsync error") && !log.contains("unexpectedly"), "{log}");
    assert_eq!(log.matches("Permission denied").count(), 2, "{log}");

    let asked = |module: &str| rsync(daemon.port).args(["-m", "pub", "-m", module, "-r", "annex/"]).run();
    asked("nothing").expect(State::Critical).says("the module nothing is not in the list");
    asked("full").expect(State::Critical).says("full: max connections (-1) reached");
    asked("norecurse").expect(State::Critical).says("norecurse: rsync: The server is configured to refuse");
    asked("foreign").expect(State::Critical).says("foreign: access denied");
    asked("gone").expect(State::Critical).says("gone: chdir failed");
    let hidden = rsync(daemon.port).args(["-m", "nothing", "--hidden"]);
    hidden.run().expect(State::Critical).says("nothing: Unknown module 'nothing'");
}

/// T48: a module with a password, in every digest of the protocol's history.
#[test]
fn a_login_is_proved_and_never_shown() {
    let daemon = Daemon::start();
    let ask = |port: u16, line: &[&str]| {
        let run = rsync(port).args(["-m", "priv", "--hidden", "-r", "annex/", "-vvv"]).args(line).run();
        assert!(!run.output.contains("s3cret"), "{}", run.output);
        run
    };
    let (good, bad) = (daemon.good.to_str().unwrap(), daemon.bad.to_str().unwrap());
    let all = |port: u16| {
        ask(port, &["-U", "backup", "--password-file", good]).expect(State::Ok);
        ask(port, &["-U", "backup", "--password-file", bad])
            .expect(State::Critical)
            .says("auth failed on module priv");
        ask(port, &["-U", "mallory", "--password-file", good]).expect(State::Critical).says("auth failed");
    };
    all(daemon.port);
    for digests in [" sha512", " sha256", " sha1", " md5", " md4", " unknown md5", ""] {
        all(aged(daemon.port, &format!("@RSYNCD: 31.0{digests}")));
    }
    let unknown = aged(daemon.port, "@RSYNCD: 31.0 blake9");
    ask(unknown, &["-U", "backup", "--password-file", good]).expect(State::Critical).says("no digest");
    ask(daemon.port, &[]).expect(State::Critical).says("priv: asks for a password");
    let listed = rsync(daemon.port).args(["-m", "priv,backup", "--password-file", good, "-r", "annex/"]);
    listed.run().expect(State::Critical).says("the module priv is not in the list");
    rsync(daemon.port)
        .args(["-m", "priv", "-U", "backup"])
        .run()
        .expect(State::Unknown)
        .says("no password for backup");
    let in_environment = rsync(daemon.port).args(["-m", "priv,backup", "--hidden", "-r", "annex/"]);
    in_environment.env("HLIDKA_RSYNC_PASSWORD", "s3cret").run().expect(State::Ok);
    // as users of the Perl plugin have it
    rsync(daemon.port).args(["-m", "priv,backup,s3cret", "--hidden", "-r", "annex/"]).run().expect(State::Ok);
    // one that asks for nothing
    rsync(daemon.port).args(["-m", "pub,backup,s3cret", "-r", "annex/"]).run().expect(State::Ok);
}

/// The daemon speaks as old as it is spoken to.
#[test]
fn daemons_of_every_age() {
    let daemon = Daemon::start();
    for greeting in ["@RSYNCD: 31.0", "@RSYNCD: 29", "@RSYNCD: 28", "@RSYNCD: 27"] {
        ask_everything(aged(daemon.port, greeting));
    }
    rsync(aged(daemon.port, "@RSYNCD: 26"))
        .run()
        .expect(State::Critical)
        .says("protocol 26, which is too old");
}

#[test]
fn whatever_answers_is_named() {
    rsync(free_port()).run().expect(State::Critical).says("Connection refused");
    let said = |script: Script| {
        rsync(scripted(script)).args(["-m", "pub", "--hidden", "-t", "1"]).run().expect(State::Critical)
    };
    said(Script::new("SSH-2.0-OpenSSH_9.2\r\n")).says("no rsync daemon, it said `SSH-2.0-OpenSSH_9.2`");
    said(Script::new("@ERROR: too many\n")).says("refused: too many");
    said(Script::new("")).says("no greeting within 1 seconds");
    said(Script::new("").hanging_up()).says("closed the connection instead of sending its greeting");
    said(Script::new("x".repeat(70_000))).says("its greeting is longer than 65536 bytes");
    let greeted = || Script::new("@RSYNCD: 31.0\n");
    said(greeted()).says("no answer to the module's name within 1 seconds");
    said(greeted().answers(&[("pub\n", "@RSYNCD: EXIT\n")])).says("ended the session");
    said(greeted().answers(&[("pub\n", &"hm\n".repeat(10_001))])).says("says more than 10000 lines");
    let opened = |list: &str| said(greeted().answers(&[("pub\n", "@RSYNCD: OK\n"), ("--server", list)]));
    opened("").says("no file list within 1 seconds");
    opened("seedHTTP/1.1 400 Bad Request\r\n").says("something else than a file list");
    opened("seed\u{4}\0\0\u{7}\u{21}\u{9}\u{1}x").says("starts with what no name before it had");
    opened("seed\u{1}\0\0\u{7}\0\u{4}\0\0\u{7}\0\0\0\0").says("the server sent no directory");
    opened("seed\u{5}\0\0\u{8}sorry").says("no file list within 1 seconds");
    let list =
        |answer: &str| rsync(scripted(greeted().answers(&[("#list", answer)]))).args(["-t", "1"]).run();
    list("motd\nsome\tcomment\n@RSYNCD: EXIT\n").expect(State::Ok).says("1 module (some)");
    list("@RSYNCD: EXIT\n").expect(State::Warning).says("no module is in the list");
    list("@ERROR: go away\n").expect(State::Critical).says("no list of modules: go away");
    list("@RSYNCD: OK\n").expect(State::Critical).says("opened a module");
    list(&"a\tb\n".repeat(10_001)).expect(State::Critical).says("longer than 10000 lines");
    for bad in [["-m", "#list"], ["--path", "../x"], ["-r", "a/**"], ["-r", "**/a/**/a/**/a/**/a/**/a"]] {
        rsync(1).args(["-m", "x"]).args(bad).run().expect(State::Unknown);
    }
}

/// T19: the files are listed through the proxy or not at all.
#[test]
fn goes_through_a_socks_proxy_or_not_at_all() {
    let daemon = Daemon::start();
    let proxy = free_port();
    let _proxy =
        Server::start(Command::new("microsocks").args(["-i", "127.0.0.1", "-p", &proxy.to_string()]));
    wait_for_port(([127, 0, 0, 1], proxy));
    let through = |proxy: u16| {
        CheckCmd::new(CheckDef::of::<check_rsync::Args>())
            .args(["-H", "localhost", "-p", &daemon.port.to_string(), "-m", "pub", "-r", "annex/"])
            .args(["--proxy", &format!("socks5h://127.0.0.1:{proxy}")])
    };
    through(proxy).run().expect(State::Ok);
    through(free_port()).run().expect(State::Critical).says("connect to the proxy");
}

/// Makes the daemon look older: its greeting is replaced, everything else is as it says.
fn aged(port: u16, greeting: &str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap().port();
    let greeting = format!("{greeting}\n");
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let mut from_server = BufReader::new(server.try_clone().unwrap());
            from_server.read_line(&mut String::new()).unwrap();
            (&client).write_all(greeting.as_bytes()).unwrap();
            let (from_client, to_client) = (client.try_clone().unwrap(), client);
            std::thread::spawn(move || pipe(from_client, server));
            std::thread::spawn(move || pipe(from_server, to_client));
        }
    });
    own
}

fn pipe(mut from: impl Read, mut to: TcpStream) {
    let _ = std::io::copy(&mut from, &mut to);
    let _ = to.shutdown(std::net::Shutdown::Both);
}
