//! A notification as a mail: headers that keep threads together and robots quiet.

use std::fmt::Display;
use std::time::{Duration, SystemTime};

use engine::{Notification, NotificationKind, Timestamp};
use jiff::tz::TimeZone;
use lettre::Message;
use lettre::address::{Address, Envelope};
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue, MIME_VERSION_1_0};

use crate::clean::line;
use crate::text;
use crate::{ConfigError, SendError};

/// Addresses of one contact at most.
const MAX_RECIPIENTS: usize = 20;
/// Longest value of a header that we add, in characters.
const MAX_HEADER: usize = 200;
/// The last second that a `Date` can name.
const LAST_SECOND: i64 = 253_402_300_799;

/// What is the same for all mails.
#[derive(Clone, Debug)]
pub struct Letterhead {
    from: Mailbox,
    timezone: TimeZone,
}

impl Letterhead {
    /// Mails from this sender (`monitor@example.org` or `Monitoring <monitor@example.org>`), with
    /// times in this zone.
    pub fn new(from: &str, timezone: TimeZone) -> Result<Letterhead, ConfigError> {
        let from: Mailbox = from.parse().map_err(|_| ConfigError::From(from.to_owned()))?;
        if !from.email.to_string().is_ascii() {
            return Err(ConfigError::From(from.email.to_string()));
        }
        Ok(Letterhead { from, timezone })
    }
}

/// The mail of a notification to the address of a contact, or to several with commas or spaces
/// between them, as Nagios users write them. The same notification gives the same bytes.
pub fn compose(notification: &Notification, to: &str, letterhead: &Letterhead) -> Result<Message, SendError> {
    let domain = letterhead.from.email.domain();
    let root = thread_root(notification, domain);
    let to_all = recipients(to)?;
    let impossible =
        |error: &dyn Display| SendError::Permanent(format!("cannot compose the mail to {to}: {error}"));
    let envelope = Envelope::new(Some(letterhead.from.email.clone()), to_all.clone());
    let mut builder = Message::builder()
        .envelope(envelope.map_err(|error| impossible(&error))?)
        .from(letterhead.from.clone());
    for address in to_all {
        builder = builder.to(Mailbox::new(None, address));
    }
    builder = builder
        .subject(text::subject(notification))
        .date(moment(notification.at))
        .message_id(Some(message_id(notification, domain)))
        .in_reply_to(root.clone())
        .references(root)
        .header(MIME_VERSION_1_0)
        .header(ContentType::TEXT_PLAIN);
    let identity = &notification.identity;
    let ours = [
        // RFC 3834: no vacation replies; the second is Exchange's name for it
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("X-Auto-Response-Suppress", "All".to_owned()),
        ("List-Id", format!("hlidka <hlidka.{domain}>")),
        ("X-Hlidka-Host", line(&identity.host, MAX_HEADER)),
        ("X-Hlidka-Service", line(identity.service.as_deref().unwrap_or_default(), MAX_HEADER)),
        ("X-Hlidka-State", notification.condition.to_string()),
        ("X-Hlidka-Type", notification.kind.as_str().to_owned()),
    ];
    for (name, value) in ours.into_iter().filter(|(_, value)| !value.is_empty()) {
        builder = builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value));
    }
    builder.body(text::body(notification, &letterhead.timezone)).map_err(|error| impossible(&error))
}

/// Addresses, all of them good or none.
fn recipients(to: &str) -> Result<Vec<Address>, SendError> {
    let words: Vec<&str> = to
        .split(|c: char| matches!(c, ',' | ';') || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect();
    if words.is_empty() || words.len() > MAX_RECIPIENTS {
        let why = if words.is_empty() { "no mail address" } else { "more than 20 mail addresses" };
        return Err(SendError::Permanent(why.to_owned()));
    }
    let parse = |word: &str| match word.parse::<Address>() {
        Ok(address) if word.is_ascii() => Ok(address),
        _ => Err(SendError::Permanent(format!(
            "{:?} is no mail address: write name@example.org, or name@localhost for an account of this machine",
            line(word, MAX_HEADER)
        ))),
    };
    words.into_iter().map(parse).collect()
}

/// The same for every try of one mail, so that a receiver may drop what came twice; another for
/// every other mail. An acknowledgement may come several times in one problem at the same count,
/// so its moment counts too.
pub(crate) fn message_id(notification: &Notification, domain: &str) -> String {
    let mut hash = Fnv::new();
    hash.text(&notification.contact);
    if notification.kind == NotificationKind::Acknowledgement {
        hash.text(&notification.at.micros().to_string());
    }
    format!(
        "<{}.{}.{}.{:016x}@{domain}>",
        problem(notification),
        notification.number,
        notification.kind.as_str().to_lowercase(),
        hash.0
    )
}

/// A mail that nobody ever gets: all mails of a problem say that they answer it, so that they are
/// shown together even if the first was lost.
fn thread_root(notification: &Notification, domain: &str) -> String {
    format!("<{}.0@{domain}>", problem(notification))
}

fn problem(notification: &Notification) -> String {
    let mut hash = Fnv::new();
    hash.text(&notification.identity.host);
    hash.text(notification.identity.service.as_deref().unwrap_or_default());
    format!("hlidka.{:016x}.{}", hash.0, notification.problem_id)
}

/// FNV-1a, 64 bits: small, and the same in every version and on every machine.
struct Fnv(u64);

impl Fnv {
    const fn new() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }

    /// Takes a text, and an end mark so that `ab`, `c` differs from `a`, `bc`.
    fn text(&mut self, text: &str) {
        for byte in text.bytes().chain([0xff]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

fn moment(at: Timestamp) -> SystemTime {
    let seconds = at.secs().clamp(0, LAST_SECOND);
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs())
}

#[cfg(test)]
mod tests;
