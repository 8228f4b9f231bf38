//! Text for people: status, history, times.

use std::fmt::Write as _;
use std::io::IsTerminal;

use engine::{Condition, Entry, EntryKind, StateType, Timestamp, counted};
use jiff::tz::TimeZone;

use crate::wire::{Line, Overview};
use crate::words::{in_words, moment};

/// Colours on a terminal, unless NO_COLOR is set.
#[derive(Clone, Copy)]
pub(crate) struct Paint(pub bool);

impl Paint {
    /// For standard output.
    pub fn for_stdout() -> Paint {
        Paint(
            std::io::stdout().is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        )
    }

    /// The condition in its colour, padded to the widest.
    pub fn condition(self, condition: Condition, text: &str) -> String {
        self.coloured(colour(condition), &format!("{text:<11}"))
    }

    /// Text in a colour, given as the number that terminals have for it.
    pub fn coloured(self, colour: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// What is gone (`-`), new (`+`) or otherwise (`~`).
    pub fn sign(self, sign: char, text: &str) -> String {
        let colour = match sign {
            '-' => "31",
            '+' => "32",
            _ => "33",
        };
        self.coloured(colour, text)
    }

    /// What is looked for first.
    pub fn bold(self, text: &str) -> String {
        self.coloured("1", text)
    }

    /// What is looked for last.
    pub fn dim(self, text: &str) -> String {
        self.coloured("2", text)
    }
}

/// The colour of a condition, as terminals number it.
pub(crate) const fn colour(condition: Condition) -> &'static str {
    match condition {
        Condition::Ok | Condition::Up => "32",
        Condition::Warning => "33",
        Condition::Critical | Condition::Down => "31;1",
        Condition::Unknown | Condition::Unreachable => "35",
    }
}

/// How much `hlidka status` says of each object.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// One line.
    Line,
    /// Where it is defined and when it was and will be checked, too.
    Full,
}

/// Local date and time.
pub(crate) fn local(at: Timestamp) -> String {
    moment(at, &TimeZone::system())
}

/// Problems first, then the rest by name, then one line of counts.
pub(crate) fn status(overview: &Overview, detail: Detail, paint: Paint) -> String {
    let mut lines: Vec<&Line> = overview.objects.iter().collect();
    lines.sort_by_key(|line| {
        let rank = (line.is_unhandled(), line.condition.severity(), line.state_type == StateType::Hard);
        (std::cmp::Reverse(rank), line.host.clone(), line.service.clone())
    });
    let name = |line: &Line| match &line.service {
        Some(service) => format!("{};{service}", line.host),
        None => line.host.to_string(),
    };
    let width = lines.iter().map(|line| name(line).chars().count()).max().unwrap_or(0).min(40);
    let mut text = String::new();
    for line in lines {
        let shown = if line.last_check.is_none() && !line.condition.is_problem() {
            "PENDING"
        } else {
            line.condition.as_str()
        };
        let mut notes: Vec<String> = Vec::new();
        if line.condition.is_problem() && line.state_type == StateType::Soft {
            notes.push(format!("soft {}/{}", line.attempt.0, line.attempt.1));
        }
        if line.acknowledged {
            notes.push("acknowledged".into());
        }
        if line.downtime {
            let until = line.downtimes.iter().filter_map(|downtime| {
                let began = downtime.began?;
                Some(downtime.flexible.map_or(downtime.end, |length| began + length))
            });
            // a host's downtime holds for its services, and is shown with the host
            let until = until.max().map(|until| format!(" until {}", local(until))).unwrap_or_default();
            notes.push(format!("downtime{until}"));
        }
        let off = line.switches.iter().filter(|(_, on)| !on).map(|(switch, _)| switch.as_str());
        notes.extend(off.map(|switch| format!("{switch} switched off")));
        notes.extend(
            line.comments.last().map(|comment| format!("{}: {}", comment.author, clean(&comment.text))),
        );
        if let Some(blocked) = &line.blocked {
            notes.push(format!("not checked since {}: {}", local(blocked.since), blocked.by));
        }
        if line.flapping {
            notes.push("flapping".into());
        }
        if line.often_failing {
            notes.push("often failing".into());
        }
        let age = overview.at.since(line.since).to_string();
        let note = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
        let output = clean(&line.output);
        let row = format!(
            "{}  {:<width$}  {age:>8}  {output}{}",
            paint.condition(line.condition, shown),
            name(line),
            paint.dim(&note)
        );
        text.push_str(row.trim_end());
        text.push('\n');
        if detail == Detail::Full {
            let when = |at: Option<Timestamp>| at.map_or_else(|| "never".to_owned(), local);
            let (last, next) = (when(line.last_check), when(line.next_check));
            text.push_str(&paint.dim(&format!("    defined at {}", clean(&line.defined))));
            text.push('\n');
            text.push_str(&paint.dim(&format!("    last check {last}, next {next}")));
            text.push('\n');
        }
    }
    for (switch, on) in &overview.switches {
        let on = if *on { "on" } else { "off" };
        writeln!(text, "{} switched {on}", switch.as_str()).expect("writing to a string cannot fail");
    }
    let problems = overview.objects.iter().filter(|line| line.condition.is_problem()).count();
    let waiting = if overview.waiting > 0 { format!(", {} late", overview.waiting) } else { String::new() };
    let mails = if overview.undelivered > 0 {
        format!(", {} not delivered yet", counted(overview.undelivered, "message"))
    } else {
        String::new()
    };
    let count = if problems == 0 { "no problems".to_owned() } else { counted(problems, "problem") };
    writeln!(
        text,
        "{count}; {}, {}; {} running{waiting}{mails}",
        counted(overview.hosts, "host"),
        counted(overview.services, "service"),
        counted(overview.running, "check")
    )
    .expect("writing to a string cannot fail");
    for reason in &overview.set_aside {
        text.push_str(&clean(reason));
        text.push('\n');
    }
    text
}

/// History, oldest first, as a terminal wants it.
pub(crate) fn history(entries: &[Entry], paint: Paint) -> String {
    let mut text = String::new();
    for entry in entries.iter().rev() {
        let what = match &entry.kind {
            EntryKind::State { condition, state_type, attempt, output } => {
                format!(
                    "{}{state_type} {attempt}  {}",
                    paint.condition(*condition, condition.as_str()),
                    clean(output)
                )
            }
            other => clean(&in_words(other, &TimeZone::system())),
        };
        writeln!(text, "{}  {}  {what}", local(entry.at), entry.identity)
            .expect("writing to a string cannot fail");
    }
    text
}

/// Output of a plugin is not to move the cursor of who reads it.
pub(crate) fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::{Span, Switch};

    fn line(service: &str, condition: Condition, state_type: StateType) -> Line {
        Line {
            host: "web1".into(),
            service: (!service.is_empty()).then(|| service.into()),
            condition,
            state_type,
            attempt: (2, 3),
            since: Timestamp::from_secs(1_000),
            last_check: Some(Timestamp::from_secs(1_000)),
            next_check: None,
            output: "some \x1b[31mtext".into(),
            perfdata: "".into(),
            latency: Span::ZERO,
            execution_time: Span::ZERO,
            acknowledged: false,
            acknowledgement: None,
            downtime: false,
            downtimes: Vec::new(),
            comments: Vec::new(),
            switches: Vec::new(),
            blocked: None,
            flapping: false,
            often_failing: false,
            told: Vec::new(),
            defined: "a.cfg:1".into(),
        }
    }

    #[test]
    fn problems_come_first_and_handled_ones_after_them() {
        let mut known = line("known", Condition::Critical, StateType::Hard);
        known.acknowledged = true;
        let objects = vec![
            line("fine", Condition::Ok, StateType::Hard),
            known,
            line("soft", Condition::Critical, StateType::Soft),
            line("HTTP", Condition::Warning, StateType::Hard),
        ];
        let overview = Overview {
            at: Timestamp::from_secs(1_090),
            started: Timestamp::EPOCH,
            config: "x".into(),
            hosts: 1,
            services: 4,
            running: 1,
            waiting: 0,
            undelivered: 2,
            set_aside: vec!["web2.cfg: quarantined: x\u{1b}".into()],
            switches: vec![(Switch::Notifications, false)],
            objects,
        };
        assert_eq!(
            status(&overview, Detail::Line, Paint(false)),
            "\
WARNING      web1;HTTP     1m 30s  some [31mtext
CRITICAL     web1;known    1m 30s  some [31mtext (acknowledged)
CRITICAL     web1;soft     1m 30s  some [31mtext (soft 2/3)
OK           web1;fine     1m 30s  some [31mtext
all notifications switched off
3 problems; 1 host, 4 services; 1 check running, 2 messages not delivered yet
web2.cfg: quarantined: x
"
        );
        let full = status(&overview, Detail::Full, Paint(false));
        assert!(full.contains("web1;fine     1m 30s  some [31mtext\n    defined at a.cfg:1\n"), "{full}");
        assert!(full.contains(", next never\n"), "{full}");
    }
}
