//! What a simulation answers: one line an event, for people or as JSON. The layout is described in
//! docs/simulate.md and must not change: expected answers are compared with it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::Arc;

use engine::{Condition, Entry, EntryKind, HoldReason, Notification, NotificationKind, StateType, Timestamp};
use jiff::tz::TimeZone;
use serde::Serialize;

use super::Style;
use crate::render::{Paint, colour};
use crate::words::in_words;

/// One event; what it does not have is left out.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Line {
    /// `HOST` or `HOST;SERVICE`; none for what concerns all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<Arc<str>>,
    /// What happened, in one word.
    pub event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<Condition>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub state_type: Option<StateType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification: Option<NotificationKind>,
    /// Why nobody is told, or why a check is not run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The object that is the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Arc<str>>,
    /// Contacts that are told by commands of their own, `CONTACT by COMMAND`; the others get a mail.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<Arc<str>>,
    /// Output of a check, or words about the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Arc<str>>,
}

/// Why something does not happen.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Reason {
    /// Nobody is told.
    Held(HoldReason),
    /// Anything else, in words.
    Words(String),
}

impl Line {
    /// An event of an object and nothing else.
    pub fn of(object: Arc<str>, event: &'static str) -> Line {
        Line { object: Some(object), event, ..Line::default() }
    }

    /// The line for people, without its time. A day of a thousand services has 300,000 of them: they
    /// are written into one buffer.
    fn render(&self, out: &mut String, paint: Paint) {
        let object = self.object.as_deref().unwrap_or("*");
        padded(object, 28, out);
        match (paint, self.event) {
            (Paint(true), "notify" | "refused") => {
                out.push_str(&paint.bold(self.event));
                padded("", 9_usize.saturating_sub(self.event.len()), out);
            }
            (_, event) => padded(event, 9, out),
        }
        let start = out.len();
        if let Some(kind) = self.notification {
            out.push_str(kind.as_str());
        }
        if let Some(state) = self.state {
            separate(start, " ", out);
            match paint {
                Paint(true) => out.push_str(&paint.coloured(colour(state), state.as_str())),
                Paint(false) => out.push_str(state.as_str()),
            }
        }
        if let Some(state_type) = self.state_type {
            separate(start, " ", out);
            out.push_str(state_type.as_str());
        }
        if let Some(attempt) = self.attempt {
            let _ = write!(out, " {attempt}");
        }
        if !self.contacts.is_empty() {
            out.push_str(" to ");
            out.push_str(&self.contacts.join(", "));
        }
        if !self.commands.is_empty() {
            let _ = write!(out, " ({})", self.commands.join(", "));
        }
        match (&self.reason, &self.by) {
            (Some(Reason::Held(reason)), by) => {
                separate(start, ": ", out);
                out.push_str(reason.as_str());
                if let Some(by) = by {
                    let _ = write!(out, " ({by})");
                }
            }
            (Some(Reason::Words(words)), _) => {
                separate(start, ": ", out);
                out.push_str(words);
            }
            (None, _) => {}
        }
        if let Some(text) = self.text.as_deref().filter(|text| !text.is_empty()) {
            separate(start, ": ", out);
            out.extend(text.chars().filter(|c| !c.is_control()));
        }
        out.truncate(out.trim_end().len());
    }
}

/// A column, two blanks before the next.
fn padded(text: &str, width: usize, out: &mut String) {
    out.push_str(text);
    let missing = width.saturating_sub(text.chars().count());
    out.extend(std::iter::repeat_n(' ', missing + 2));
}

/// Something between parts, not before the first.
fn separate(start: usize, separator: &str, out: &mut String) {
    if out.len() > start {
        out.push_str(separator);
    }
}

/// A line of JSON: the time, then the rest.
#[derive(Serialize)]
struct Timed<'a> {
    time: f64,
    #[serde(flatten)]
    line: &'a Line,
}

/// Writes lines in their order; mails about one thing to several people are one line.
pub(crate) struct Report<W> {
    out: W,
    style: Style,
    start: Timestamp,
    /// Of the times in words.
    zone: TimeZone,
    mail: Option<(Timestamp, Line)>,
    buffer: String,
    pub counts: Counts,
}

/// How much happened, shown or not.
#[derive(Default)]
pub(crate) struct Counts {
    pub states: u64,
    pub held: u64,
    pub mails: u64,
    /// Who was told.
    pub told: BTreeSet<Arc<str>>,
}

impl<W: Write> Report<W> {
    pub fn new(out: W, style: Style, start: Timestamp, zone: TimeZone) -> Report<W> {
        Report { out, style, start, zone, mail: None, buffer: String::new(), counts: Counts::default() }
    }

    /// Are checks shown?
    pub fn shows_checks(&self) -> bool {
        self.style.checks
    }

    /// Something happened.
    pub fn line(&mut self, line: &Line, at: Timestamp) -> io::Result<()> {
        self.settle()?;
        self.write(line, at)
    }

    /// A mail goes out.
    pub fn mail(
        &mut self,
        mail: &Notification,
        mut commands: Vec<Arc<str>>,
        at: Timestamp,
    ) -> io::Result<()> {
        self.counts.mails += 1;
        if !self.counts.told.contains(&mail.contact) {
            self.counts.told.insert(mail.contact.clone());
        }
        let object: Arc<str> = mail.identity.to_string().into();
        if let Some((when, line)) = &mut self.mail
            && *when == at
            && line.object.as_ref() == Some(&object)
            && line.notification == Some(mail.kind)
        {
            line.contacts.push(mail.contact.clone());
            line.commands.append(&mut commands);
            return Ok(());
        }
        self.settle()?;
        let line = Line {
            state: Some(mail.condition),
            state_type: Some(mail.state_type),
            attempt: Some(mail.attempt.0),
            notification: Some(mail.kind),
            contacts: vec![mail.contact.clone()],
            commands,
            ..Line::of(object, "notify")
        };
        self.mail = Some((at, line));
        Ok(())
    }

    /// A line of history. `state` is how its object is now.
    pub fn entry(&mut self, entry: &Entry, state: Option<(Condition, StateType, u16)>) -> io::Result<()> {
        match entry.kind {
            // the mails say it
            EntryKind::Notified { .. } => return Ok(()),
            EntryKind::State { .. } => self.counts.states += 1,
            EntryKind::Held { .. } => self.counts.held += 1,
            _ => {}
        }
        let line = from_history(entry, state, &self.zone);
        self.line(&line, entry.at)
    }

    /// Nothing more happens now: mails are complete.
    pub fn settle(&mut self) -> io::Result<()> {
        match self.mail.take() {
            Some((at, line)) => self.write(&line, at),
            None => Ok(()),
        }
    }

    /// What it was written to.
    pub fn finish(&mut self) -> &mut W {
        &mut self.out
    }

    fn write(&mut self, line: &Line, at: Timestamp) -> io::Result<()> {
        // what concerns all concerns these
        if line.object.as_ref().is_some_and(|name| !self.style.objects.match_shown(name)) {
            return Ok(());
        }
        let micros = at.since(self.start).micros();
        if self.style.json {
            // whole milliseconds, cut: never later than it was
            let time = (micros / 1000) as f64 / 1000.0;
            serde_json::to_writer(&mut self.out, &Timed { time, line })?;
            return self.out.write_all(b"\n");
        }
        let seconds = micros / 1_000_000;
        self.buffer.clear();
        let _ = write!(self.buffer, "{:>3}:{:02}:{:02}  ", seconds / 3600, seconds / 60 % 60, seconds % 60);
        line.render(&mut self.buffer, self.style.paint);
        self.buffer.push('\n');
        self.out.write_all(self.buffer.as_bytes())
    }
}

fn from_history(entry: &Entry, state: Option<(Condition, StateType, u16)>, zone: &TimeZone) -> Line {
    let Entry { identity, kind, .. } = entry;
    let object = (!identity.host.is_empty()).then(|| identity.to_string().into());
    let line = |event| Line { object, event, ..Line::default() };
    match kind {
        EntryKind::State { condition, state_type, attempt, output } => Line {
            state: Some(*condition),
            state_type: Some(*state_type),
            attempt: Some(*attempt),
            text: Some(output.clone()),
            ..line("state")
        },
        EntryKind::Held { kind, reason, by } => Line {
            state: state.map(|(condition, ..)| condition),
            state_type: state.map(|(_, state_type, _)| state_type),
            attempt: state.map(|(.., attempt)| attempt),
            notification: Some(*kind),
            reason: Some(Reason::Held(*reason)),
            by: by.as_ref().map(|by| by.to_string().into()),
            ..line("held")
        },
        EntryKind::Blocked { by } => Line {
            by: Some(by.to_string().into()),
            text: Some(in_words(kind, zone).into()),
            ..line("blocked")
        },
        other => Line { text: Some(in_words(other, zone).into()), ..line(name(other)) },
    }
}

/// An event in one word.
const fn name(kind: &EntryKind) -> &'static str {
    match kind {
        EntryKind::State { .. } => "state",
        EntryKind::Notified { .. } => "notify",
        EntryKind::Held { .. } => "held",
        EntryKind::Acknowledged { .. } | EntryKind::Unacknowledged => "ack",
        EntryKind::Downtime { .. } | EntryKind::DowntimeStarted { .. } | EntryKind::DowntimeEnded { .. } => {
            "downtime"
        }
        EntryKind::Blocked { .. } => "blocked",
        EntryKind::Unblocked => "free",
        EntryKind::Flapping { .. } => "flapping",
        EntryKind::OftenFailing { .. } => "budget",
        EntryKind::Stale { .. } => "stale",
        EntryKind::Commented { .. } => "comment",
        EntryKind::Switched { .. } | EntryKind::SwitchedAll { .. } => "switch",
        EntryKind::Log { .. } => "log",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Colours add nothing but themselves: the layout is the same.
    #[test]
    fn colours_move_nothing() {
        let line = Line {
            state: Some(Condition::Critical),
            state_type: Some(StateType::Hard),
            attempt: Some(3),
            notification: Some(NotificationKind::Problem),
            contacts: vec!["ann".into()],
            ..Line::of("web1;HTTP".into(), "notify")
        };
        let rendered = |paint| {
            let mut text = String::new();
            line.render(&mut text, paint);
            text
        };
        let plain = rendered(Paint(false));
        assert_eq!(plain, "web1;HTTP                     notify     PROBLEM CRITICAL HARD 3 to ann");
        let coloured = rendered(Paint(true));
        assert!(coloured.contains("\u{1b}[31;1mCRITICAL\u{1b}[0m"), "{coloured:?}");
        assert_eq!(
            coloured.replace("\u{1b}[31;1m", "").replace("\u{1b}[1m", "").replace("\u{1b}[0m", ""),
            plain
        );
    }
}
