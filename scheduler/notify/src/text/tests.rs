use super::*;
use engine::{Condition, Identity};

/// A service of a host that has just become CRITICAL.
pub(crate) fn problem() -> Notification {
    Notification {
        identity: Identity { host: "web1".into(), service: Some("HTTP".into()) },
        host_alias: "Web server of the shop".into(),
        host_address: "192.0.2.10".into(),
        contact: "alice".into(),
        email: Some("alice@example.org".into()),
        kind: NotificationKind::Problem,
        condition: Condition::Critical,
        previous: Condition::Ok,
        problem_id: 17,
        number: 1,
        attempt: (3, 3),
        at: Timestamp::from_secs(1_795_262_742),
        since: Timestamp::from_secs(1_795_262_592),
        lasted: None,
        output: "CRITICAL - Socket timeout after 10 seconds".into(),
        long_output: "".into(),
        notes_url: Some("https://wiki.example.org/monitoring/http".into()),
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

fn prague() -> TimeZone {
    TimeZone::get("Europe/Prague").unwrap()
}

fn mail(notification: &Notification) -> String {
    format!("{}\n\n{}", subject(notification), body(notification, &prague()))
}

#[test]
fn a_problem() {
    let mut notification = problem();
    assert_eq!(
        mail(&notification),
        "[hlidka] CRITICAL web1 / HTTP

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
    notification.number = 3;
    notification.at = notification.at + Span::from_secs(2 * 86_400);
    notification.long_output = "request: GET /\nproxy: none\n".into();
    notification.notes_url = None;
    notification.host_alias = "web1".into();
    notification.host_address = "web1".into();
    assert_eq!(
        mail(&notification),
        "[hlidka] CRITICAL web1 / HTTP (for 2d)

HTTP on web1 is CRITICAL.

CRITICAL - Socket timeout after 10 seconds

Host: web1
Service: HTTP
Since: Sat 2026-11-21 13:03:12 CET (2d)
Before: OK
Attempt: 3 of 3
Reminder: mail 3 about this problem

Full output:
request: GET /
proxy: none
"
    );
}

#[test]
fn a_host_that_is_down_with_its_services() {
    let mut notification = problem();
    notification.identity.service = None;
    notification.condition = Condition::Down;
    notification.previous = Condition::Up;
    notification.output = "PING CRITICAL - Packet loss = 100%".into();
    notification.affected = 12;
    assert_eq!(
        mail(&notification),
        "[hlidka] DOWN web1 (12 services)

web1 is DOWN. 12 services of it are affected; there are no mails about those.

PING CRITICAL - Packet loss = 100%

Host: web1 (Web server of the shop)
Address: 192.0.2.10
Since: Sat 2026-11-21 13:03:12 CET (2m 30s)
Before: UP
Attempt: 3 of 3
Documentation: https://wiki.example.org/monitoring/http
"
    );
    notification.affected = 1;
    notification.number = 2;
    assert_eq!(subject(&notification), "[hlidka] DOWN web1 (for 2m 30s, 1 service)");
    assert!(
        body(&notification, &prague())
            .starts_with("web1 is DOWN. 1 service of it is affected; there is no mail about that one.\n")
    );
}

#[test]
fn a_recovery() {
    let mut notification = problem();
    notification.kind = NotificationKind::Recovery;
    notification.condition = Condition::Ok;
    notification.previous = Condition::Critical;
    notification.since = notification.at;
    notification.lasted = Some(Span::from_secs(7500));
    notification.output = "HTTP OK: 200 - 1024 bytes in 0.012 second response time".into();
    assert_eq!(
        mail(&notification),
        "[hlidka] OK web1 / HTTP (after 2h 5m)

HTTP on web1 is OK again. The problem lasted 2h 5m.

HTTP OK: 200 - 1024 bytes in 0.012 second response time

Host: web1 (Web server of the shop)
Address: 192.0.2.10
Service: HTTP
Since: Sat 2026-11-21 13:05:42 CET
Before: CRITICAL
Documentation: https://wiki.example.org/monitoring/http
"
    );
}

#[test]
fn an_acknowledgement() {
    let mut notification = problem();
    notification.kind = NotificationKind::Acknowledgement;
    notification.comment = Some(("bob".into(), "restarting the backend".into()));
    assert_eq!(
        mail(&notification),
        "[hlidka] ACKNOWLEDGED web1 / HTTP (CRITICAL)

bob looks after it: HTTP on web1 is CRITICAL.

Comment: restarting the backend

CRITICAL - Socket timeout after 10 seconds

Host: web1 (Web server of the shop)
Address: 192.0.2.10
Service: HTTP
Since: Sat 2026-11-21 13:03:12 CET (2m 30s)
Documentation: https://wiki.example.org/monitoring/http
"
    );
}

#[test]
fn an_object_that_is_gone() {
    let mut notification = problem();
    notification.kind = NotificationKind::Removed;
    notification.output = "".into();
    notification.notes_url = None;
    assert_eq!(
        mail(&notification),
        "[hlidka] REMOVED web1 / HTTP (CRITICAL)

HTTP on web1 is not monitored any more. It was CRITICAL when it left the configuration.

Host: web1 (Web server of the shop)
Address: 192.0.2.10
Service: HTTP
Since: Sat 2026-11-21 13:03:12 CET (2m 30s)
"
    );
}

#[test]
fn subjects_are_short_and_say_both_names() {
    let mut notification = problem();
    let named = |notification: &mut Notification, host: &str, service: &str| {
        notification.identity = Identity { host: host.into(), service: Some(service.into()) };
        let subject = subject(notification);
        assert!(subject.chars().count() <= 78, "{subject}");
        subject
    };
    let host = "radius-b.ujop.department-of-monitoring.cuni.example.org";
    let service = "@realm-of-the-institute-of-long-name.cuni.example.org";
    assert_eq!(
        named(&mut notification, host, service),
        "[hlidka] CRITICAL radius-b.ujop.department-o.. / @realm-of-the-institute-of-.."
    );
    assert_eq!(
        named(&mut notification, host, "PING"),
        "[hlidka] CRITICAL radius-b.ujop.department-of-monitoring.cuni.example.. / PING"
    );
    assert_eq!(
        named(&mut notification, "web1", service),
        "[hlidka] CRITICAL web1 / @realm-of-the-institute-of-long-name.cuni.example.org"
    );
    assert_eq!(
        named(&mut notification, "žluť", "kůň\r\nBcc: x\u{202e}"),
        "[hlidka] CRITICAL žluť / kůň Bcc: x"
    );
}

#[test]
fn output_is_bounded_and_harmless() {
    let mut notification = problem();
    notification.output = "x\n".repeat(100_000).into();
    notification.long_output = "\u{1b}[31mred\u{202e}\n".repeat(100_000).into();
    notification.at = Timestamp::NEVER;
    let body = body(&notification, &TimeZone::UTC);
    assert!(body.len() < 8000, "{} bytes", body.len());
    assert!(body.ends_with("[99940 more lines]\n"), "{body}");
    assert!(!body.contains(['\u{1b}', '\u{202e}']));
}

#[test]
fn flapping_lists_the_recent_changes() {
    let mut notification = problem();
    (notification.kind, notification.notes_url) = (NotificationKind::FlappingStart, None);
    let at = notification.at;
    notification.changes =
        vec![(at - Span::from_secs(120), Condition::Ok), (at - Span::from_secs(60), Condition::Critical)];
    assert_eq!(
        mail(&notification),
        "[hlidka] FLAPPINGSTART web1 / HTTP (CRITICAL)

HTTP on web1 changes all the time (flapping); it is CRITICAL now. Single changes are not mailed until it settles.

CRITICAL - Socket timeout after 10 seconds

Host: web1 (Web server of the shop)
Address: 192.0.2.10
Service: HTTP
Since: Sat 2026-11-21 13:03:12 CET (2m 30s)

Recent changes:
Sat 2026-11-21 13:03:42 CET OK
Sat 2026-11-21 13:04:42 CET CRITICAL
"
    );
}

#[test]
fn frequent_failures_list_at_most_fifty_times() {
    let mut notification = problem();
    notification.kind = NotificationKind::OftenFailing;
    notification.number = 2;
    notification.changes = (0..60).map(|n| (Timestamp::from_secs(n), Condition::Critical)).collect();
    let text = mail(&notification);
    assert!(text.starts_with("[hlidka] OFTENFAILING web1 / HTTP (CRITICAL)"), "{text}");
    assert!(text.contains("still fails more often than its budget allows"), "{text}");
    assert!(text.contains("\nFailures:\n(10 earlier ones)\n"), "{text}");
    assert_eq!(text.matches(" CET CRITICAL\n").count(), 50);
}
