//! How the answers on the way to TLS read.

use super::Heard;
use crate::conversation::{Progress, excerpt, line};
use crate::smtp;
use crate::xmpp::{self, Element};

/// LDAP's extended request 1.3.6.1.4.1.1466.20037, message 1.
pub(super) const LDAP_STARTTLS: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";

/// PostgreSQL's SSLRequest: length 8, then a version that never was.
pub(super) const POSTGRES_SSL: &[u8] = &[0, 0, 0, 8, 4, 210, 22, 47];

/// A reply with this code; FTP has the same form as SMTP.
pub(super) fn code(bytes: &[u8], wanted: u16) -> Progress<Heard> {
    smtp::reply(bytes).map(|reply| match reply.code {
        Some(code) if code == wanted => Heard::Go,
        Some(_) => Heard::Refused(reply.to_string()),
        None => Heard::Wrong(reply.to_string()),
    })
}

/// The answer to EHLO, with STARTTLS among the keywords.
pub(super) fn ehlo(bytes: &[u8]) -> Progress<Heard> {
    smtp::reply(bytes).map(|reply| match reply.code {
        Some(250) if reply.keyword("STARTTLS").is_some() => Heard::Go,
        Some(250) => Heard::Refused("it is not offered".to_owned()),
        Some(_) => Heard::Refused(reply.to_string()),
        None => Heard::Wrong(reply.to_string()),
    })
}

pub(super) fn imap_greeting(bytes: &[u8]) -> Progress<Heard> {
    line(bytes).map(|line| match line.to_ascii_uppercase() {
        upper if upper.starts_with("* OK") => Heard::Go,
        upper if upper.starts_with("* ") => Heard::Refused(said(&line)),
        _ => Heard::Wrong(said(&line)),
    })
}

/// The line that starts with our tag, whatever comes before it.
pub(super) fn imap_tagged(bytes: &[u8]) -> Progress<Heard> {
    let mut used = 0;
    while let Progress::Done(text, length) = line(bytes.get(used..).unwrap_or_default()) {
        used += length;
        let upper = text.to_ascii_uppercase();
        if upper.starts_with("A1 ") {
            let heard = if upper.starts_with("A1 OK") { Heard::Go } else { Heard::Refused(said(&text)) };
            return Progress::Done(heard, used);
        }
        if !upper.starts_with("* ") {
            return Progress::Done(Heard::Wrong(said(&text)), used);
        }
    }
    Progress::More
}

pub(super) fn pop3(bytes: &[u8]) -> Progress<Heard> {
    line(bytes).map(|line| match line.as_str() {
        text if text.starts_with("+OK") => Heard::Go,
        text if text.starts_with("-ERR") => Heard::Refused(said(text)),
        text => Heard::Wrong(said(text)),
    })
}

pub(super) fn postgres(bytes: &[u8]) -> Progress<Heard> {
    match bytes {
        [] => Progress::More,
        [b'S', ..] => Progress::Done(Heard::Go, 1),
        [b'N', ..] => Progress::Done(Heard::Refused("N".to_owned()), 1),
        other => Progress::Done(Heard::Wrong(excerpt(other)), other.len()),
    }
}

/// An ExtendedResponse (application 24) whose resultCode is 0.
pub(super) fn ldap(bytes: &[u8]) -> Progress<Heard> {
    if bytes.first().is_some_and(|tag| *tag != 0x30) {
        return Progress::Done(Heard::Wrong(excerpt(bytes)), bytes.len());
    }
    let Some((_, message, used)) = element(bytes) else { return Progress::More };
    let result = || {
        let (_, _, id) = element(message)?;
        let (tag, response, _) = element(message.get(id..)?)?;
        let (kind, code, _) = element(response)?;
        (tag == 0x78 && kind == 10)
            .then(|| code.iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte)))
    };
    let heard = match result() {
        Some(0) => Heard::Go,
        Some(code) => Heard::Refused(format!("LDAP result {code}")),
        None => Heard::Wrong("an LDAP message that is no answer to it".to_owned()),
    };
    Progress::Done(heard, used)
}

/// Tag, content and whole length of the first BER element, if it is complete.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], usize)> {
    let (tag, length) = (*bytes.first()?, *bytes.get(1)?);
    let (header, length) = match length {
        short @ ..=0x7f => (2, usize::from(short)),
        // at most three bytes of length: an answer has its limit anyway
        long @ 0x81..=0x83 => {
            let count = usize::from(long & 0x0f);
            let digits = bytes.get(2..2 + count)?;
            (2 + count, digits.iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte)))
        }
        _ => return Some((tag, &[], bytes.len())),
    };
    let end = header + length;
    Some((tag, bytes.get(header..end)?, end))
}

pub(super) fn xmpp_features(bytes: &[u8]) -> Progress<Heard> {
    xmpp::element(bytes).map(|element| match element {
        Element::Features(features) if features.starttls => Heard::Go,
        Element::Features(_) => Heard::Refused("it is not offered".to_owned()),
        Element::Error(what) => Heard::Refused(format!("stream error {what}")),
        Element::Other(said) => Heard::Wrong(said),
    })
}

pub(super) fn xmpp_proceed(bytes: &[u8]) -> Progress<Heard> {
    xmpp::element(bytes).map(|element| match element {
        Element::Other(name) if name == "proceed" => Heard::Go,
        Element::Other(name) => Heard::Refused(name),
        Element::Error(what) => Heard::Refused(format!("stream error {what}")),
        Element::Features(_) => Heard::Wrong("stream features, again".to_owned()),
    })
}

fn said(text: &str) -> String {
    excerpt(text.as_bytes())
}
