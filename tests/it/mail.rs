//! T01: notifications reach people by mail, through a real server and through what goes wrong.

use std::collections::BTreeSet;
use std::fs;
use std::future::Future;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread;

use engine::{Condition, Identity, Notification, NotificationKind, Span, Timestamp};
use jiff::tz::TimeZone;
use notify::{ConfigError, MailConfig, Mailer, Report, SendError, outbox};
use store::{Batch, DeliveryId, Fate, LedgerQuery, Scope, Store};
use testkit::{free_port, wait_until};
use tokio::sync::mpsc;

use crate::support::exim::SmtpServer;

fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(future)
}

fn config(via: &str) -> MailConfig {
    MailConfig {
        from: "Monitoring <monitor@example.test>".into(),
        via: via.parse().unwrap(),
        user: None,
        password_file: None,
        ca_file: None,
        timezone: TimeZone::UTC,
    }
}

fn send(config: &MailConfig, to: &str) -> Result<(), SendError> {
    send_this(config, &problem("web1"), to)
}

fn send_this(config: &MailConfig, notification: &Notification, to: &str) -> Result<(), SendError> {
    wait(Mailer::new(config).unwrap().send(notification, to))
}

fn problem(host: &str) -> Notification {
    Notification {
        identity: Identity { host: host.into(), service: Some("HTTP".into()) },
        host_alias: "the web server".into(),
        host_address: "192.0.2.10".into(),
        contact: "bob".into(),
        email: Some("bob@example.test".into()),
        kind: NotificationKind::Problem,
        condition: Condition::Critical,
        previous: Condition::Ok,
        problem_id: 17,
        number: 1,
        attempt: (3, 3),
        at: Timestamp::from_secs(1_795_262_742),
        since: Timestamp::from_secs(1_795_262_592),
        lasted: None,
        output: "größer als 95 %".into(),
        long_output: ".\n..\n. a line with a dot in front\nQUIT\n".into(),
        notes_url: None,
        affected: 0,
        comment: None,
        ..Notification::about(
            Identity { host: "".into(), service: None },
            "".into(),
            NotificationKind::Problem,
            Condition::Ok,
        )
    }
}

#[track_caller]
fn wait_for_mails(server: &SmtpServer, count: usize) -> Vec<String> {
    wait_until(&format!("{count} mails are there; {}", server.log()), || server.mails().len() >= count);
    let mails = server.mails();
    assert_eq!(mails.len(), count, "{}", server.log());
    mails
}

#[test]
fn a_mail_arrives_as_it_was_composed() {
    let dir = tempfile::tempdir().unwrap();
    let server = SmtpServer::start(dir.path());
    let plain = config(&format!("smtp://127.0.0.1:{}?tls=none", server.port));
    send(&plain, "bob@example.test").unwrap();
    let mail = wait_for_mails(&server, 1).remove(0);
    for line in [
        "From: Monitoring <monitor@example.test>",
        "To: bob@example.test",
        "Subject: [hlidka] CRITICAL web1 / HTTP",
        "Auto-Submitted: auto-generated",
        "X-Hlidka-State: CRITICAL",
        "(envelope-from <monitor@example.test>)",
        "gr=C3=B6=C3=9Fer als 95 %",
        "Since: Sat 2026-11-21 12:03:12 UTC (2m 30s)",
        ".",
        "..",
        ". a line with a dot in front",
        "QUIT",
    ] {
        assert!(mail.lines().any(|found| found.trim_start() == line), "no {line:?} in:\n{mail}");
    }
    assert!(!mail.contains("(TLS"), "{mail}");
}

#[test]
fn tls_is_used_and_the_certificate_checked() {
    let dir = tempfile::tempdir().unwrap();
    let server = SmtpServer::start(dir.path());
    let via = |text: &str| config(&format!("{text}:{}", server.port));
    // opportunistic is the default for this machine, and takes a certificate that nobody trusts
    send(&via("smtp://localhost"), "bob@example.test").unwrap();
    let required = |ca: Option<&Path>, host: &str| MailConfig {
        ca_file: ca.map(Path::to_owned),
        ..config(&format!("smtp://{host}:{}?tls=required", server.port))
    };
    send(&required(Some(&server.ca), "localhost"), "bob@example.test").unwrap();
    send(&required(Some(&server.ca), "127.0.0.1"), "bob@example.test").unwrap();
    let implicit = MailConfig {
        ca_file: Some(server.ca.clone()),
        ..config(&format!("smtps://localhost:{}", server.tls_port))
    };
    send(&implicit, "bob@example.test").unwrap();
    for mail in wait_for_mails(&server, 4) {
        assert!(mail.contains("(TLS1.3)"), "{mail}");
    }

    let other = tempfile::tempdir().unwrap();
    let strangers = testkit::Authority::new(other.path());
    for config in [
        required(None, "localhost"),
        required(Some(strangers.certificate()), "localhost"),
        MailConfig { ca_file: Some(strangers.certificate().to_owned()), ..via("smtp://localhost") },
        MailConfig { ca_file: None, ..implicit.clone() },
    ] {
        match send(&config, "bob@example.test") {
            Err(SendError::Unavailable(why)) => {
                assert!(why.contains("localhost:") && why.contains("certificate"), "{why}");
            }
            other => panic!("{:?}: {other:?}", config.via),
        }
    }
    assert_eq!(server.mails().len(), 4);
}

#[test]
fn logs_in_with_a_password_from_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let server = SmtpServer::start(dir.path());
    let secret = dir.path().join("password");
    let login = |password: &str| {
        fs::write(&secret, format!("{password}\n")).unwrap();
        MailConfig {
            user: Some("alice".into()),
            password_file: Some(secret.clone()),
            ca_file: Some(server.ca.clone()),
            ..config(&format!("smtp://localhost:{}?tls=required", server.port))
        }
    };
    send(&login("s3cret"), "dave@example.test").unwrap();
    assert!(wait_for_mails(&server, 1)[0].contains("esmtpsa"));
    match send(&login("wr0ng"), "dave@example.test") {
        Err(SendError::Unavailable(why)) => {
            assert!(why.contains("login refused: 535") && !why.contains("wr0ng"), "{why}");
        }
        other => panic!("{other:?}"),
    }
    match send(&config(&format!("smtp://localhost:{}", server.port)), "dave@example.test") {
        Err(SendError::Permanent(why)) => assert!(why.contains("550 log in first"), "{why}"),
        other => panic!("{other:?}"),
    }
    // a server that offers no login under no TLS is not sent the password
    let bare = MailConfig { ca_file: None, ..login("s3cret") };
    let bare =
        MailConfig { via: format!("smtp://localhost:{}?tls=none", server.port).parse().unwrap(), ..bare };
    assert!(matches!(send(&bare, "bob@example.test"), Err(SendError::Unavailable(_))));
    // and one elsewhere never would be
    let elsewhere = MailConfig { via: "smtp://mail.example.test?tls=none".parse().unwrap(), ..bare };
    assert_eq!(Mailer::new(&elsewhere).err(), Some(ConfigError::PasswordInTheClear));
}

#[test]
fn refusals_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let server = SmtpServer::start(dir.path());
    let via = config(&format!("smtp://127.0.0.1:{}", server.port));
    let port = server.port;
    let permanent = |text: &str| Err(SendError::Permanent(format!("127.0.0.1:{port}: {text}")));
    assert_eq!(send(&via, "nobody@example.test"), permanent("550 no such user to nobody@example.test"));
    assert_eq!(send(&via, "x@example.com"), permanent("550 relay not permitted to x@example.com"));
    assert_eq!(
        send(&via, "later@example.test"),
        Err(SendError::Temporary(format!("127.0.0.1:{port}: 451 try later to later@example.test")))
    );
    // of several addresses of a contact, those that exist get the mail
    send(&via, "bob@example.test, nobody@example.test carol@example.test").unwrap();
    wait_for_mails(&server, 2);
    assert!(matches!(send(&via, "bob@example.test later@example.test"), Err(SendError::Temporary(_))));
    assert_eq!(server.mails().len(), 2, "nobody gets it twice");

    let nowhere = config(&format!("smtp://127.0.0.1:{}", free_port()));
    match send(&nowhere, "bob@example.test") {
        Err(SendError::Unavailable(why)) => assert!(why.contains("Connection refused"), "{why}"),
        other => panic!("{other:?}"),
    }
    match send(&config("smtp://no-such-host.invalid"), "bob@example.test") {
        Err(SendError::Unavailable(why)) => {
            assert!(why.starts_with("no-such-host.invalid:25: connect"), "{why}");
        }
        other => panic!("{other:?}"),
    }
}

/// A server that says what it likes, to one client.
fn rogue(script: impl FnOnce(&mut dyn BufRead, &mut dyn Write) + Send + 'static) -> MailConfig {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        script(&mut reader, &mut stream);
    });
    config(&format!("smtp://127.0.0.1:{port}"))
}

#[test]
fn nothing_is_taken_for_encrypted_that_came_before_the_handshake() {
    let config = rogue(|reader, writer| {
        let mut line = String::new();
        writer.write_all(b"220 here\r\n").unwrap();
        reader.read_line(&mut line).unwrap();
        writer.write_all(b"250-here\r\n250 STARTTLS\r\n").unwrap();
        reader.read_line(&mut line).unwrap();
        writer.write_all(b"220 go\r\n250 injected\r\n").unwrap();
        let _ = reader.read_line(&mut line);
    });
    match send(&config, "bob@example.test") {
        Err(SendError::Unavailable(why)) => assert!(why.contains("in the clear behind"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn endless_answers_end() {
    let config = rogue(|_, writer| while writer.write_all(&[b'2'; 4096]).is_ok() {});
    match send(&config, "bob@example.test") {
        Err(SendError::Unavailable(why)) => assert!(why.contains("more than 128 KiB"), "{why}"),
        other => panic!("{other:?}"),
    }
}

/// The daemon's way: stored, sent, marked; with the server down at first.
#[test]
fn nothing_is_lost_while_the_server_is_down() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = SmtpServer::start(dir.path());
    server.stop();
    let place = dir.path().join("state.db");
    let mut store = Store::open(place.to_str().unwrap()).unwrap();
    let mut recovery = problem("web1");
    (recovery.kind, recovery.condition) = (NotificationKind::Recovery, Condition::Ok);
    (recovery.previous, recovery.lasted) = (Condition::Critical, Some(Span::from_secs(60)));
    let notifications = vec![problem("web1"), recovery, problem("web2"), problem("web3")];
    let ids = store.commit(&Batch { notifications, ..Batch::default() }).unwrap();
    drop(store);

    let mut store = Store::open(place.to_str().unwrap()).unwrap();
    let waiting = store.load().unwrap().outbox;
    let mailer = Mailer::new(&config(&format!("smtp://127.0.0.1:{}", server.port))).unwrap();
    let mut failed = 0;
    wait(async {
        let (to_outbox, incoming) = mpsc::unbounded_channel();
        let (sender, mut reports) = mpsc::unbounded_channel::<Report<DeliveryId>>();
        let carrying = tokio::spawn(outbox(mailer, incoming, sender));
        for row in waiting {
            to_outbox.send(row).unwrap();
        }
        let mut delivered = BTreeSet::new();
        while delivered.len() < ids.len() {
            let now = Timestamp::from_secs(1_795_262_800);
            match reports.recv().await.unwrap() {
                Report::Delivered { id } => {
                    store.delivered(id, now).unwrap();
                    assert!(delivered.insert(id), "{id} twice");
                }
                Report::Failed { id, error, next_try } => {
                    // refused; or reset, if the port has been somebody else's for a moment
                    assert!(error.contains("Connection re") && next_try.is_some(), "{error}");
                    store.failed(id, now, &error, next_try).unwrap();
                    failed += 1;
                    if failed == 3 {
                        server.resume();
                    }
                }
            }
        }
        drop(to_outbox);
        carrying.await.unwrap();
    });
    let mails = wait_for_mails(&server, 4);
    let of_web1: Vec<&String> = mails.iter().filter(|mail| mail.contains("X-Hlidka-Host: web1")).collect();
    assert!(of_web1[0].contains("X-Hlidka-Type: PROBLEM") && of_web1[1].contains("X-Hlidka-Type: RECOVERY"));
    assert!(store.load().unwrap().outbox.is_empty());
    let all = LedgerQuery { scope: Scope::All, contact: Some("bob"), since: Timestamp::EPOCH, limit: 9 };
    let rows = store.ledger(&all).unwrap().rows;
    assert!(rows.iter().all(|row| matches!(row.fate, Fate::Sent(_))), "{rows:?}");
    assert_eq!(rows.iter().map(|row| row.attempts).sum::<u32>(), 4 + failed);
}

/// A program that keeps its arguments and input, and ends as it is told by a file.
fn sendmail(dir: &Path) -> MailConfig {
    let program = dir.join("sendmail");
    let script = "#!/bin/sh
cd \"$(dirname \"$0\")\" || exit 70
[ -e code ] && { echo \"sendmail: no luck\" >&2; exit \"$(cat code)\"; }
printf '%s\\n' \"$@\" > arguments
cat > mail
# a child that delivers on, as real ones leave behind, keeps our pipe open
sleep 30 </dev/null &
echo $! > child
exit 0
";
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    config(&format!("sendmail:{}", program.display()))
}

#[test]
fn a_sendmail_program_gets_the_mail() {
    let dir = tempfile::tempdir().unwrap();
    let config = sendmail(dir.path());
    let start = std::time::Instant::now();
    send(&config, "bob@example.test carol@example.test").unwrap();
    assert!(start.elapsed().as_secs() < 20, "waited for a child of sendmail");
    let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
    std::process::Command::new("kill").arg(read("child").trim()).status().unwrap();
    assert_eq!(read("arguments"), "-i\n-f\nmonitor@example.test\n--\nbob@example.test\ncarol@example.test\n");
    assert!(read("mail").contains("Subject: [hlidka] CRITICAL web1 / HTTP"));

    for (code, wanted) in
        [("67", "Permanent"), ("75", "Temporary"), ("69", "Unavailable"), ("1", "Unavailable")]
    {
        fs::write(dir.path().join("code"), code).unwrap();
        let error = send(&config, "bob@example.test").unwrap_err();
        assert!(format!("{error:?}").starts_with(wanted), "{code}: {error:?}");
        let text = error.to_string();
        assert!(
            text.contains(&format!("exit status: {code}")) && text.ends_with(": sendmail: no luck"),
            "{text}"
        );
    }
    let missing = self::config("sendmail:/no/such/sendmail");
    match send(&missing, "bob@example.test") {
        Err(SendError::Unavailable(why)) => {
            assert!(why.starts_with("/no/such/sendmail: No such file"), "{why}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn files_are_whole_sorted_by_time_and_not_there_twice() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(&format!("files:{}", dir.path().display()));
    let mut later = problem("web2");
    later.at = later.at + Span::from_micros(1);
    for notification in [&later, &problem("web1"), &later] {
        send_this(&config, notification, "bob@example.test").unwrap();
    }
    let mut names: Vec<String> =
        fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names[0].starts_with("20261121T120542.000000Z-hlidka."), "{names:?}");
    assert_eq!(Path::new(&names[0]).extension(), Some("eml".as_ref()));
    let hosts: Vec<bool> = names
        .iter()
        .zip(["web1", "web2"])
        .map(|(name, host)| {
            let mail = fs::read_to_string(dir.path().join(name)).unwrap();
            mail.contains(&format!("X-Hlidka-Host: {host}\r\n")) && mail.ends_with("QUIT\r\n")
        })
        .collect();
    assert_eq!(hosts, [true, true]);
    match send(&self::config("files:/no/such/directory"), "bob@example.test") {
        Err(SendError::Unavailable(why)) => {
            assert!(why.contains("/no/such/directory: No such file"), "{why}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_cannot_work_is_refused_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let empty = dir.path().join("empty");
    fs::write(&empty, "\n").unwrap();
    let base = || config("smtps://mail.example.test");
    let refused = |config: MailConfig| Mailer::new(&config).err().unwrap().to_string();
    for (config, wanted) in [
        (MailConfig { from: "monitor".into(), ..base() }, "name@example.org"),
        (MailConfig { user: Some("alice".into()), ..base() }, "belong together"),
        (
            MailConfig { user: Some("alice".into()), password_file: Some(empty.clone()), ..base() },
            "holds no password",
        ),
        (
            MailConfig { user: Some("a".into()), password_file: Some("/none".into()), ..base() },
            "/none: No such file",
        ),
        (MailConfig { ca_file: Some(empty.clone()), ..base() }, "empty: holds no PEM certificate"),
        (MailConfig { ca_file: Some("/none".into()), ..base() }, "/none: No such file"),
        (MailConfig { user: Some("alice".into()), ..config("files:x") }, "smtp:// and smtps:// only"),
        (MailConfig { ca_file: Some(empty), ..config("sendmail:") }, "smtp:// and smtps:// only"),
    ] {
        let message = refused(config);
        assert!(message.contains(wanted), "{message}");
    }
}
