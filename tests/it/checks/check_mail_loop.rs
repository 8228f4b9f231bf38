//! `check_mail_loop` with a real exim and a real dovecot, through a real SOCKS5 proxy, and with
//! servers that misbehave (T19, T52).

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use check::{CheckDef, State};
use testkit::{CheckCmd, CheckRun, Script, Server, free_port, scripted, wait_for_port, wait_until};

use crate::support::exim::SmtpServer;
use crate::support::give;
use crate::support::imap::ImapServer;

/// A relay that delivers to `bob`'s maildir and `erin`'s mbox, and files with passwords.
struct Loop {
    smtp: SmtpServer,
    good: PathBuf,
    bad: PathBuf,
    state: PathBuf,
    dir: tempfile::TempDir,
}

impl Loop {
    fn start() -> Loop {
        let dir = tempfile::tempdir().unwrap();
        let smtp = SmtpServer::start(dir.path());
        for folder in ["new", "cur", "tmp"] {
            fs::create_dir_all(smtp.maildir.join("bob").join(folder)).unwrap();
        }
        give(&smtp.maildir);
        let file = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let (good, bad) = (file("good", "s3cret\n"), file("bad", "wrong-s3cret\n"));
        let state = dir.path().join("state");
        fs::create_dir(&state).unwrap();
        Loop { smtp, good, bad, state, dir }
    }

    /// To this recipient; the mailbox is still to be named.
    fn to(&self, recipient: &str) -> CheckCmd {
        mail(self.smtp.port).args(["--mailto", recipient, "--imap-check-interval", "0.1", "-t", "60"])
    }

    fn to_maildir(&self) -> CheckCmd {
        self.to("bob@example.test").arg("--maildir").arg(self.smtp.maildir.join("bob"))
    }

    fn by_imap(&self, port: u16, password: &Path) -> CheckCmd {
        let command =
            self.to("bob@example.test").args(["--imap-server", "127.0.0.1", "--imap-username", "bob"]);
        command.args(["--imap-port", &port.to_string(), "--imap-password-file"]).arg(password)
    }

    fn remembering(&self, command: CheckCmd) -> CheckCmd {
        command.arg("--state-dir").arg(&self.state)
    }

    /// Lines of all files of probes.
    fn remembered(&self) -> usize {
        let files = fs::read_dir(&self.state).unwrap().map(|entry| entry.unwrap().path());
        let probes = files.filter(|path| path.extension().is_some_and(|ending| ending == "probes"));
        probes.map(|path| fs::read_to_string(path).unwrap().lines().count()).sum()
    }

    /// Lets exim try to deliver what it could not, or not.
    fn open_maildir(&self, open: bool) {
        let mode = if open { 0o755 } else { 0o000 };
        fs::set_permissions(self.smtp.maildir.join("bob/tmp"), fs::Permissions::from_mode(mode)).unwrap();
    }
}

fn mail(port: u16) -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_mail_loop::Args>()).args([
        "--smtp-server",
        "127.0.0.1",
        "--smtp-port",
        &port.to_string(),
        "--mailfrom",
        "probe@example.test",
    ])
}

fn hidden(run: CheckRun) -> CheckRun {
    assert!(!run.output.contains("s3cret"), "{}", run.output);
    run
}

/// T52: a mail is sent through the relay, arrives in the mailbox, and is removed.
#[test]
fn a_mail_comes_back_by_imap() {
    let it = Loop::start();
    let imap = ImapServer::start(it.dir.path(), &it.smtp.maildir);
    let both = it.dir.path().join("ca.pem");
    let pem = |path: &Path| fs::read_to_string(path).unwrap();
    fs::write(&both, pem(&it.smtp.ca) + &pem(&imap.ca)).unwrap();
    let trusting = |command: CheckCmd| command.arg("--ca-file").arg(&both).program_only();
    let foreign = it.smtp.maildir.join("bob/new/foreign");
    fs::write(&foreign, "Subject: hlidka probe 0123456789abcdef0123456789abcdef\n\nnot yours\n").unwrap();

    let starttls =
        trusting(it.by_imap(imap.port, &it.good)).args(["--imap-tls", "--smtp-tls", "-w", "40", "-v"]);
    let run = hidden(starttls.run().expect(State::Ok));
    assert!(run.text.starts_with("MAIL OK - arrived after "), "{}", run.text);
    assert!(run.perfdata["delay"].ends_with("s;40;;0.000"), "{:?}", run.perfdata);
    assert!(run.metric("delay") <= run.metric("elapsed"), "{}", run.output);
    assert!((0.0..30.0).contains(&run.metric("hop1")), "{}", run.output);
    run.shows("hop 1: mail.test after");
    // logged in on both, under TLS from the first byte
    let dave = trusting(it.by_imap(imap.tls_port, &it.good)).args([
        "--imaps",
        "--smtps",
        "--smtp-username",
        "alice",
    ]);
    let dave =
        dave.args(["--smtp-port", &it.smtp.tls_port.to_string(), "--smtp-password-file"]).arg(&it.good);
    hidden(dave.run().expect(State::Ok));
    let kept = trusting(it.by_imap(imap.port, &it.good)).args([
        "--imap-tls",
        "--keep",
        "--body",
        "hello",
        "--header",
    ]);
    kept.arg("Subject: our probe").run().expect(State::Ok);

    let left = fs::read_dir(it.smtp.maildir.join("bob/cur"))
        .unwrap()
        .chain(fs::read_dir(it.smtp.maildir.join("bob/new")).unwrap());
    let left: Vec<String> = left.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(left.iter().any(|mail| mail.contains("not yours")));
    let kept = left.iter().find(|mail| mail.contains("hello")).unwrap();
    assert!(
        kept.contains("Subject: our probe ") && kept.contains("Auto-Submitted: auto-generated"),
        "{kept}"
    );

    let sent = it.smtp.log().matches("<= probe@example.test").count();
    let refused = |command: CheckCmd, why: &str| hidden(command.run().expect(State::Critical).says(why));
    refused(
        it.by_imap(imap.port, &it.bad).args(["--imap-tls", "--ca-file"]).arg(&imap.ca),
        "the login was refused: [AUTHENTICATIONFAILED]",
    );
    refused(it.by_imap(imap.port, &it.good).arg("--imap-tls"), "the certificate is not to be trusted");
    // Dovecot ends this answer with the times that it took, now two and now three
    refused(
        it.by_imap(imap.port, &it.good)
            .args(["--imap-tls", "--insecure", "--imap-mailbox", "None"])
            .program_only(),
        "SELECT was refused",
    );
    it.by_imap(imap.port, &it.good)
        .run()
        .expect(State::Unknown)
        .says("would be sent unencrypted: add --imap-tls");
    assert_eq!(it.smtp.log().matches("<= probe@example.test").count(), sent, "a mail was sent for nothing");
}

/// T52: the same in files.
#[test]
fn a_mail_comes_back_in_a_maildir_or_mbox() {
    let it = Loop::start();
    it.remembering(it.to_maildir()).program_only().run().expect(State::Ok).says("over 1 hop");
    assert_eq!(fs::read_dir(it.smtp.maildir.join("bob/new")).unwrap().count(), 0);
    let erin = it.smtp.mbox.join("erin");
    let before = "From a@b.test Sun Nov 22 08:00:00 2026\nSubject: other\n\nhello\n\n";
    fs::write(&erin, before).unwrap();
    give(&it.smtp.mbox);
    it.remembering(it.to("erin@example.test").arg("--mbox").arg(&erin))
        .program_only()
        .run()
        .expect(State::Ok);
    assert_eq!(fs::read_to_string(&erin).unwrap(), before);
    assert_eq!(it.remembered(), 0);
    it.to_maildir()
        .args(["-c", "0.000001"])
        .program_only()
        .run()
        .expect(State::Critical)
        .says("arrived after");
    let nowhere = it.to("bob@example.test").args(["--maildir", "/nowhere"]);
    nowhere.run().expect(State::Unknown).says("/nowhere/new: No such file");
}

/// T52: a mail that does not come is remembered, and told until it comes.
#[test]
fn a_mail_that_does_not_come_is_remembered_until_it_does() {
    let it = Loop::start();
    let in_time = |seconds: &str| it.remembering(it.to_maildir()).args(["-t", seconds]).program_only().run();
    it.open_maildir(false);
    let lost =
        in_time("3").expect(State::Critical).says("the mail to bob@example.test did not arrive within");
    assert!(!lost.perfdata.contains_key("delay") && lost.metric("missing") == 0.0, "{}", lost.output);
    let again = in_time("3").expect(State::Critical).says("earlier mails still missing: 1 (oldest sent ");
    assert_eq!((again.metric("missing"), it.remembered()), (1.0, 2));
    it.open_maildir(true);
    wait_until("exim delivers both late mails", || {
        fs::read_dir(it.smtp.maildir.join("bob/new")).unwrap().count() == 2
    });
    let late =
        in_time("60").expect(State::Ok).says("arrived after").says("earlier mails that came late: 2 (up to");
    assert_eq!((late.metric("missing"), it.remembered()), (0.0, 0));
    assert_eq!(fs::read_dir(it.smtp.maildir.join("bob/new")).unwrap().count(), 0, "all of them are removed");

    // accepted, and then nobody's: exim keeps the bounce frozen
    let frozen = |line: &[&str]| {
        let command = it.to("nowhere@example.test").arg("--maildir").arg(it.smtp.maildir.join("bob"));
        it.remembering(command).args(["-t", "2"]).args(line).program_only().run()
    };
    frozen(&[]).expect(State::Critical).says("did not arrive");
    frozen(&["--imap-retries", "1"]).expect(State::Critical).says("still missing: 1");
    frozen(&["--forget", "0"]).expect(State::Critical).metric("missing");
    assert_eq!(it.remembered(), 1, "what was too old is forgotten");
}

/// A lost mail is a warning of its own, while others come.
#[test]
fn lost_mails_have_limits_of_their_own() {
    let it = Loop::start();
    let lost = it.remembering(it.to_maildir().program_only());
    let name = || {
        let names = fs::read_dir(&it.state).unwrap().map(|entry| entry.unwrap().path());
        names.filter(|path| path.extension().is_some_and(|ending| ending == "probes")).last()
    };
    lost.run().expect(State::Ok);
    let file = name().unwrap();
    let sent =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() - 3_600_000;
    fs::write(&file, format!("{} {sent}\n", "a".repeat(32))).unwrap();
    it.remembering(it.to_maildir().program_only())
        .run()
        .expect(State::Warning)
        .says("earlier mails still missing: 1 (oldest sent 60 minutes ago)");
    let with = |line: &[&str]| it.remembering(it.to_maildir().program_only()).args(line).run();
    with(&["--missing-warning", "1"]).expect(State::Ok);
    with(&["--missing-critical", "0"]).expect(State::Critical);
    with(&["--forget", "30m"]).expect(State::Ok);
    // two runs at once would take each other's mails for lost
    let lock = fs::File::open(file.with_extension("lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive).unwrap();
    it.remembering(it.to_maildir()).run().expect(State::Unknown).says("another run of this check");
    drop(lock);
    fs::write(&file, "nonsense\n").unwrap();
    it.remembering(it.to_maildir()).run().expect(State::Unknown).says("probes:1: no probe");
}

#[test]
fn a_relay_that_refuses_is_told_and_nothing_is_waited_for() {
    let it = Loop::start();
    let to = |recipient: &str, line: &[&str]| {
        let command = it.to(recipient).arg("--maildir").arg(it.smtp.maildir.join("bob")).args(line);
        hidden(it.remembering(command).run())
    };
    to("nobody@example.test", &[])
        .expect(State::Critical)
        .says("the recipient <nobody@example.test> was refused: 550 no such user");
    to("later@example.test", &[]).expect(State::Critical).says("was refused: 451 try later");
    to("x@elsewhere.test", &[]).expect(State::Critical).says("550 relay not permitted");
    let (good, bad) = (it.good.to_str().unwrap(), it.bad.to_str().unwrap());
    let ca = it.smtp.ca.to_str().unwrap();
    let alice = ["--smtp-tls", "--ca-file", ca, "--smtp-username", "alice", "--smtp-password-file"];
    to("bob@example.test", &[&alice[..], &[bad]].concat())
        .expect(State::Critical)
        .says("the login was refused: 535");
    to("bob@example.test", &["--smtp-username", "alice", "--smtp-password-file", good])
        .expect(State::Unknown)
        .says("would be sent unencrypted: add --smtp-tls");
    to("bob@example.test", &["--smtp-tls", "--smtp-username", "alice", "--smtp-password-file", good])
        .expect(State::Critical)
        .says("not to be trusted");
    to("bob@example.test", &["--smtp-port", &free_port().to_string()])
        .expect(State::Critical)
        .says("Connection refused");
    let script = Script::new("220 mx\r\n").answers(&[
        ("EHLO", "250-mx\r\n250 AUTH PLAIN\r\n"),
        ("AUTH", "535 AGFsaWNlAHMzY3JldA== is not s3cret\r\n"),
    ]);
    let echo = ["--insecure", "--smtp-username", "alice", "--smtp-password-file", good];
    let echo = to("bob@example.test", &[&echo[..], &["--smtp-port", &scripted(script).to_string()]].concat());
    let echo = echo.expect(State::Critical).says("the login was refused: 535 *** is not ***");
    assert!(!echo.output.contains("AGFsaWNl"), "{}", echo.output);
    let said = |script: Script| {
        to("bob@example.test", &["-t", "2", "--smtp-port", &scripted(script).to_string()])
            .expect(State::Critical)
    };
    said(Script::new("SSH-2.0-x\r\n")).says("no SMTP");
    said(Script::new("").hanging_up()).says("no SMTP");
    said(Script::new("")).says("no answer to our connection within 2 seconds");
    said(Script::new("220 mx\r\n").answers(&[("EHLO", &"250-x\r\n".repeat(60_000))]))
        .says("more than 16384 bytes");
    assert_eq!(it.remembered(), 0, "nobody has taken these");
    // the whole mail has gone out, and no answer comes: it may be on its way
    let silent = Script::new("220 mx\r\n").answers(&[
        ("EHLO", "250 mx\r\n"),
        ("MAIL", "250 ok\r\n"),
        ("RCPT", "250 ok\r\n"),
        ("DATA", "354 go\r\n"),
    ]);
    said(silent).says("no answer to the mail within 2 seconds");
    assert_eq!(it.remembered(), 2);
}

#[test]
fn whatever_answers_for_the_mailbox_is_named() {
    let it = Loop::start();
    let said = |script: Script| {
        let run = it.by_imap(scripted(script), &it.good).args(["--insecure", "-t", "2"]).run();
        hidden(run.expect(State::Critical))
    };
    said(Script::new("220 mx\r\n")).says("no IMAP greeting, it said `220 mx`");
    said(Script::new("* BYE busy\r\n")).says("no IMAP greeting, it said `* BYE busy`");
    said(Script::new("")).says("no greeting within 2 seconds");
    said(Script::new("").hanging_up()).says("closed the connection instead of sending its greeting");
    said(Script::new("x".repeat(70_000))).says("its greeting is longer than 65536 bytes");
    let greeted = || Script::new("* OK hi\r\n");
    let login = |answer: &str| said(greeted().answers(&[("h1 LOGIN", answer)]));
    login("h1 NO \"s3cret\" is wrong\r\n").says("the login was refused: \"***\" is wrong");
    login("h1 BAD what\r\n").says("the login was refused: what");
    login("HTTP/1.1 400\r\n").says("expected its answer to LOGIN, it said `HTTP/1.1 400`");
    login("* BYE away\r\n").says("ended the session: away");
    login("* x {99999}\r\n").says("sends 99999 bytes in one piece");
    login(&"* OK still here\r\n".repeat(70_000)).says("its answer to LOGIN is longer than 1048576 bytes");
    login("").says("no answer to LOGIN within 2 seconds");
    // a server that finds what nobody sent, and shows somebody else's mail: it stays
    let liar = greeted().answers(&[
        ("h1 ", "h1 OK\r\n"),
        ("h2 ", "h2 OK\r\n"),
        ("h3 ", "h3 OK\r\n"),
        ("h4 ", "* SEARCH 7\r\nh4 OK\r\n"),
        ("h5 ", "* 1 FETCH (UID 7 BODY[HEADER]<0> {14}\r\nSubject: mine\n)\r\nh5 OK\r\n"),
        ("h6 ", "* BYE what is it that you want\r\n"),
    ]);
    let run = it.by_imap(scripted(liar), &it.good).args(["--insecure", "--imap-retries", "1", "-t", "10"]);
    run.run().expect(State::Critical).says("did not arrive");
    it.by_imap(1, &it.good).arg("--imap-username").arg("").run().expect(State::Unknown);
    mail(1).args(["--mailto", "bob@example.test"]).run().expect(State::Unknown).shows("--imap-server");
    let crooked = |line: &[&str]| it.to_maildir().args(line).run().expect(State::Unknown);
    crooked(&["--mailto", "bob"]).says("is no address");
    crooked(&["--header", "To: x@y.test"]).says("the check's own");
    crooked(&["--header", "X: a\nBcc: y"]).shows("a header is given as");
    crooked(&["--fqdn", "a b"]).says("no name of a host");
}

/// T19: both conversations go through the proxy or not at all.
#[test]
fn goes_through_a_socks_proxy_or_not_at_all() {
    let it = Loop::start();
    let imap = ImapServer::start(it.dir.path(), &it.smtp.maildir);
    let proxy = free_port();
    let log = it.dir.path().join("proxy.log");
    let mut command = Command::new("microsocks");
    command.args(["-i", "127.0.0.1", "-p", &proxy.to_string()]);
    let _proxy = Server::start_logged(&mut command, fs::File::create(&log).unwrap());
    wait_for_port(([127, 0, 0, 1], proxy));
    let through = |proxy: u16| {
        CheckCmd::new(CheckDef::of::<check_mail_loop::Args>())
            .args([
                "-H",
                "localhost",
                "--smtp-port",
                &it.smtp.port.to_string(),
                "--imap-port",
                &imap.port.to_string(),
            ])
            .args([
                "--mailfrom",
                "probe@example.test",
                "--mailto",
                "bob@example.test",
                "-U",
                "bob",
                "-t",
                "60",
            ])
            .args(["--imap-tls", "--insecure", "--imap-password-file"])
            .arg(&it.good)
            .args(["--proxy", &format!("socks5h://127.0.0.1:{proxy}")])
    };
    through(proxy).program_only().run().expect(State::Ok);
    let log = fs::read_to_string(&log).unwrap();
    for port in [it.smtp.port, imap.port] {
        assert!(log.contains(&format!("connected to localhost:{port}")), "{log}");
    }
    through(free_port()).run().expect(State::Critical).says("connect to the proxy");
}
