use engine::Identity;

use super::*;
use crate::text::tests::problem;

fn letterhead() -> Letterhead {
    Letterhead::new("Monitoring <monitor@example.org>", TimeZone::get("Europe/Prague").unwrap()).unwrap()
}

fn mail(notification: &Notification) -> String {
    let message = compose(notification, "alice@example.org", &letterhead()).unwrap();
    String::from_utf8(message.formatted()).unwrap().replace("\r\n", "\n")
}

#[test]
fn the_whole_mail() {
    assert_eq!(
        mail(&problem()),
        "From: Monitoring <monitor@example.org>
To: alice@example.org
Subject: [hlidka] CRITICAL web1 / HTTP
Date: Sat, 21 Nov 2026 12:05:42 +0000
Message-ID: <hlidka.1066cc557edefdc6.17.1.problem.7cb3946daf428068@example.org>
In-Reply-To: <hlidka.1066cc557edefdc6.17.0@example.org>
References: <hlidka.1066cc557edefdc6.17.0@example.org>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Auto-Submitted: auto-generated
X-Auto-Response-Suppress: All
List-Id: hlidka <hlidka.example.org>
X-Hlidka-Host: web1
X-Hlidka-Service: HTTP
X-Hlidka-State: CRITICAL
X-Hlidka-Type: PROBLEM
Content-Transfer-Encoding: 7bit

HTTP on web1 is CRITICAL.

CRITICAL - Socket timeout after 10 seconds

Host: web1 (Web server of the shop)
Address: 192.0.2.10
Service: HTTP
Since: Sat 2026-11-21 13:03:12 CET (2m 30s)
Before: OK
Attempt: 3 of 3
Documentation: https://wiki.example.org/monitoring/http
"
    );
}

/// One mail, one id; one problem, one thread; and no id that two mails share.
#[test]
fn ids_tell_mails_apart_and_keep_threads_together() {
    let id = |notification: &Notification| message_id(notification, "example.org");
    let first = problem();
    assert_eq!(id(&first), id(&first.clone()));
    let change = |change: fn(&mut Notification)| {
        let mut other = problem();
        change(&mut other);
        other
    };
    let others = [
        change(|n| n.number = 2),
        change(|n| n.contact = "bob".into()),
        change(|n| n.kind = NotificationKind::Recovery),
        change(|n| n.kind = NotificationKind::Acknowledgement),
        change(|n| (n.kind, n.at) = (NotificationKind::Acknowledgement, Timestamp::from_secs(1))),
        change(|n| n.problem_id = 18),
        change(|n| n.identity.host = "web2".into()),
        change(|n| n.identity.service = None),
        change(|n| n.identity = Identity { host: "web1H".into(), service: Some("TTP".into()) }),
    ];
    let ids: std::collections::HashSet<String> = others.iter().chain([&first]).map(id).collect();
    assert_eq!(ids.len(), others.len() + 1);
    let same_thread = |other: &Notification| thread_root(other, "x") == thread_root(&first, "x");
    assert_eq!(others.iter().filter(|other| same_thread(other)).count(), 5);
}

/// What a monitored machine or a configuration says cannot add headers, addresses or parts.
#[test]
fn hostile_text_stays_text() {
    let mut notification = problem();
    let evil = "x\r\nBcc: eve@example.org\r\n\r\nbody\u{202e}\0";
    notification.identity = Identity { host: evil.into(), service: Some(evil.into()) };
    notification.host_alias = evil.into();
    notification.contact = evil.into();
    notification.output = evil.into();
    notification.long_output = format!("{evil}\n.\nQUIT\nFrom here").into();
    notification.notes_url = Some(evil.into());
    notification.comment = Some((evil.into(), evil.into()));
    let mail = mail(&notification);
    let (headers, body) = mail.split_once("\n\n").unwrap();
    assert!(!headers.lines().any(|line| line.to_lowercase().starts_with("bcc")), "{headers}");
    assert_eq!(headers.lines().filter(|line| !line.starts_with(' ')).count(), 17, "{headers}");
    assert!(!mail.contains(['\u{202e}', '\0', '\r']));
    assert!(body.starts_with("x Bcc: eve@example.org body on x Bcc"), "{body}");
    let folded = |line: &str| line.len() <= 78 || line.starts_with("Message-ID");
    assert!(headers.lines().all(folded), "{headers}");
}

#[test]
fn other_alphabets_arrive() {
    let mut notification = problem();
    notification.identity = Identity { host: "žluťoučký".into(), service: Some("служба".into()) };
    notification.output = "KRITISCH – größer als 95 %".into();
    let mail = mail(&notification);
    assert!(mail.is_ascii(), "{mail}");
    assert!(mail.contains("Subject: [hlidka] CRITICAL =?utf-8?b?"), "{mail}");
    assert!(mail.contains("Content-Transfer-Encoding: quoted-printable"), "{mail}");
    assert!(mail.contains("gr=C3=B6=C3=9Fer"), "{mail}");
}

#[test]
fn addresses_are_checked() {
    let to = |to: &str| compose(&problem(), to, &letterhead()).map(|message| message.envelope().to().len());
    assert_eq!(to("a@example.org"), Ok(1));
    assert_eq!(to("a@example.org,b@localhost; c@[192.0.2.1]"), Ok(3));
    for (wrong, wanted) in [
        ("", "no mail address"),
        (" , ", "no mail address"),
        ("root", "root@localhost"),
        ("a@example.org b@", "\"b@\" is no mail address"),
        ("-oQ/tmp@x y", "is no mail address"),
        ("ž@example.org", "is no mail address"),
        (&"a@example.org ".repeat(21), "more than 20"),
    ] {
        match to(wrong) {
            Err(SendError::Permanent(message)) => {
                let message = message.replace("name@localhost", "root@localhost");
                assert!(message.contains(wanted), "{wrong}: {message}");
            }
            other => panic!("{wrong}: {other:?}"),
        }
    }
    for from in ["monitor", "Monitoring <monitor@>", "a@b\r\nBcc: c@d"] {
        let error = Letterhead::new(from, TimeZone::UTC).unwrap_err().to_string();
        assert!(error.contains("name@example.org"), "{error}");
    }
}
