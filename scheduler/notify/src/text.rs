//! What a notification says: subject and body, in plain words that fit on a phone.

use std::fmt::Write;

use engine::{Notification, NotificationKind, Span, Timestamp};
use jiff::tz::TimeZone;

use crate::clean::{block, line, shorten};

/// Longest subject, in characters.
const MAX_SUBJECT: usize = 78;
/// Longest name of a host or service shown.
const MAX_NAME: usize = 200;
/// Longest first line of output shown.
const MAX_OUTPUT: usize = 1000;
/// Longest further output shown, in lines and characters.
const MAX_LONG_OUTPUT: (usize, usize) = (60, 6000);
/// Most changes listed, the newest.
const MAX_CHANGES: usize = 50;

/// `[hlidka] CRITICAL web1 / HTTP`: at most 78 characters; long names lose their ends.
pub fn subject(notification: &Notification) -> String {
    let what = match notification.kind {
        NotificationKind::Problem | NotificationKind::Recovery => notification.condition.as_str(),
        NotificationKind::Acknowledgement => "ACKNOWLEDGED",
        other => other.as_str(),
    };
    let before = format!("[hlidka] {what} ");
    let behind = aside(notification);
    let room = MAX_SUBJECT.saturating_sub(before.len() + behind.len());
    before + &names(notification, room) + &behind
}

/// What stands in parentheses behind the names.
fn aside(notification: &Notification) -> String {
    let mut parts = Vec::new();
    match notification.kind {
        NotificationKind::Problem => {
            if notification.number > 1 {
                parts.push(format!("for {}", notification.at.since(notification.since)));
            }
            if notification.affected > 0 {
                parts.push(services(notification.affected));
            }
        }
        NotificationKind::Recovery => {
            parts.extend(notification.lasted.map(|lasted| format!("after {lasted}")));
        }
        _ => {
            parts.push(notification.condition.to_string());
        }
    }
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

/// `host` or `host / service` in so many characters.
fn names(notification: &Notification, room: usize) -> String {
    let host = line(&notification.identity.host, MAX_NAME);
    let Some(service) = &notification.identity.service else {
        return shorten(&host, room);
    };
    let service = line(service, MAX_NAME);
    let room = room.saturating_sub(" / ".len());
    let (host_len, service_len) = (host.chars().count(), service.chars().count());
    // the shorter name stays whole; two long ones get half of the room each
    let host_room = room.saturating_sub(service_len).max(room / 2).min(host_len);
    format!("{} / {}", shorten(&host, host_room), shorten(&service, room - host_room))
}

/// The whole text of the mail, times in the given zone.
pub fn body(notification: &Notification, timezone: &TimeZone) -> String {
    let mut text = headline(notification);
    text.push('\n');
    let comment = notification.comment.as_ref().map_or("", |(_, comment)| comment);
    if !comment.trim().is_empty() {
        let _ = write!(text, "\nComment: {}\n", line(comment, MAX_OUTPUT));
    }
    let output = line(&notification.output, MAX_OUTPUT);
    if !output.is_empty() {
        let _ = write!(text, "\n{output}\n");
    }
    text.push('\n');
    for (name, value) in facts(notification, timezone) {
        let _ = writeln!(text, "{name}: {value}");
    }
    if !notification.changes.is_empty() {
        text.push_str(match notification.kind {
            NotificationKind::OftenFailing => "\nFailures:\n",
            _ => "\nRecent changes:\n",
        });
        let skipped = notification.changes.len().saturating_sub(MAX_CHANGES);
        if skipped > 0 {
            let _ = writeln!(text, "({skipped} earlier ones)");
        }
        for (at, condition) in notification.changes.iter().skip(skipped) {
            let _ = writeln!(text, "{} {condition}", local(*at, timezone));
        }
    }
    let more = block(&notification.long_output, MAX_LONG_OUTPUT.0, MAX_LONG_OUTPUT.1);
    if !more.is_empty() {
        let _ = write!(text, "\nFull output:\n{more}\n");
    }
    text
}

/// What happened, in one or two sentences.
fn headline(notification: &Notification) -> String {
    let host = line(&notification.identity.host, MAX_NAME);
    let what = match &notification.identity.service {
        Some(service) => format!("{} on {host}", line(service, MAX_NAME)),
        None => host,
    };
    let condition = notification.condition;
    match notification.kind {
        NotificationKind::Problem => match notification.affected {
            0 => format!("{what} is {condition}."),
            1 => format!(
                "{what} is {condition}. 1 service of it is affected; there is no mail about that one."
            ),
            n => format!(
                "{what} is {condition}. {n} services of it are affected; there are no mails about those."
            ),
        },
        NotificationKind::Recovery => match notification.lasted {
            Some(lasted) => format!("{what} is {condition} again. The problem lasted {lasted}."),
            None => format!("{what} is {condition} again."),
        },
        NotificationKind::Acknowledgement => {
            let author = notification.comment.as_ref().map_or("Somebody", |(author, _)| author);
            format!("{} looks after it: {what} is {condition}.", line(author, MAX_NAME))
        }
        NotificationKind::Removed => {
            format!("{what} is not monitored any more. It was {condition} when it left the configuration.")
        }
        NotificationKind::FlappingStart if notification.number > 1 => {
            format!(
                "{what} still changes all the time; it is {condition} now. Single changes are not mailed."
            )
        }
        NotificationKind::FlappingStart => {
            format!(
                "{what} changes all the time (flapping); it is {condition} now. Single changes are not mailed until it settles."
            )
        }
        NotificationKind::FlappingStop => format!("{what} has settled: it is {condition}."),
        NotificationKind::OftenFailing if notification.number > 1 => {
            format!("{what} still fails more often than its budget allows; it is {condition} now.")
        }
        NotificationKind::OftenFailing => {
            format!(
                "{what} fails more often than its budget allows; it is {condition} now. Single failures of this kind are not mailed until that is over."
            )
        }
        NotificationKind::OftenFailingStop => {
            format!("{what} does not fail often any more; it is {condition}.")
        }
        NotificationKind::DowntimeStart => format!("A downtime of {what} begins; it is {condition}."),
        NotificationKind::DowntimeEnd => format!("A downtime of {what} is over; it is {condition}."),
        NotificationKind::DowntimeCancelled => {
            format!("A downtime of {what} was taken back; it is {condition}.")
        }
        NotificationKind::Custom => format!("A message about {what}, which is {condition}."),
    }
}

/// `Name: value` lines, those that apply.
fn facts(notification: &Notification, timezone: &TimeZone) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Host", host(notification))];
    let address = line(&notification.host_address, MAX_NAME);
    if !address.is_empty() && *address != *notification.identity.host {
        facts.push(("Address", address));
    }
    if let Some(service) = &notification.identity.service {
        facts.push(("Service", line(service, MAX_NAME)));
    }
    let lasts = notification.at.since(notification.since);
    let since = local(notification.since, timezone);
    facts.push(("Since", if lasts == Span::ZERO { since } else { format!("{since} ({lasts})") }));
    let is_problem = notification.kind == NotificationKind::Problem;
    if (is_problem || notification.kind == NotificationKind::Recovery)
        && notification.previous != notification.condition
    {
        facts.push(("Before", notification.previous.to_string()));
    }
    if is_problem {
        let (attempt, of) = notification.attempt;
        facts.push(("Attempt", format!("{attempt} of {of}")));
        if notification.number > 1 {
            facts.push(("Reminder", format!("mail {} about this problem", notification.number)));
        }
    }
    if let Some(url) = &notification.notes_url {
        facts.push(("Documentation", line(url, MAX_OUTPUT)));
    }
    facts
}

/// The host's name, and its alias if that says more.
fn host(notification: &Notification) -> String {
    let name = line(&notification.identity.host, MAX_NAME);
    let alias = line(&notification.host_alias, MAX_NAME);
    if alias.is_empty() || alias == name { name } else { format!("{name} ({alias})") }
}

fn services(count: u32) -> String {
    if count == 1 { "1 service".to_owned() } else { format!("{count} services") }
}

/// `Sat 2026-11-21 14:03:12 CET`.
fn local(at: Timestamp, timezone: &TimeZone) -> String {
    match jiff::Timestamp::from_microsecond(at.micros()) {
        Ok(at) => at.to_zoned(timezone.clone()).strftime("%a %Y-%m-%d %H:%M:%S %Z").to_string(),
        Err(_) => "unknown".to_owned(),
    }
}

#[cfg(test)]
pub(crate) mod tests;
