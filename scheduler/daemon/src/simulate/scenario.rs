//! A scenario as text, read: what happens when. All that is wrong with it is said at once. What people
//! do in it goes the way of external commands.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::external::{self, Command, Order};
use engine::{Graph, ObjectId, Said, Span, Timestamp};
use jiff::civil;
use jiff::tz::TimeZone;
use nagios::{PluginOutput, State};

use super::subject::Subject;
use super::words::{Word, words};
use crate::when::span;

/// Monday, 23 November 2026, 0:00 UTC: the wall clock of a scenario that does not say.
const MONDAY: Timestamp = Timestamp::from_secs(1_795_392_000);

/// A scenario that does not say when it ends goes on so long after its last line.
const AFTERWARDS: Span = Span::from_secs(3600);

/// Times go so far, in hours: ten years.
const MAX_HOURS: i64 = 87_600;

/// A scenario, in order of time.
#[derive(Debug)]
pub(crate) struct Scenario {
    /// The wall clock when it begins.
    pub start: Timestamp,
    /// The zone of that clock, if it was given.
    pub zone: Option<TimeZone>,
    /// When it is over.
    pub end: Timestamp,
    /// What happens.
    pub steps: Vec<Step>,
}

/// One line.
#[derive(Debug)]
pub(crate) struct Step {
    pub at: Timestamp,
    pub deed: Deed,
}

/// What happens.
#[derive(Debug)]
pub(crate) enum Deed {
    /// The checks of these find this from now on.
    Find(Vec<ObjectId>, Arc<Finding>),
    /// Somebody does this to each of these.
    Order(Vec<ObjectId>, Order),
    /// Somebody writes an external command.
    Command(Command),
    /// The configuration of this path takes the place of the present one.
    Reload(PathBuf),
}

/// Who does what a scenario says.
const AUTHOR: &str = "scenario";

/// What a check finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub state: State,
    pub said: Said,
}

impl Finding {
    /// All is well.
    pub fn well() -> Finding {
        Finding::new(State::Ok, "OK")
    }

    /// A state, and what the plugin prints.
    fn new(state: State, text: &str) -> Finding {
        Finding { state, said: Said::from(&PluginOutput::parse(text)) }
    }
}

/// What is wrong, with its lines.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Errors(pub Vec<(usize, String)>);

impl Errors {
    /// For people: `FILE:LINE: error: …`, a line each.
    pub fn in_file(&self, file: &str) -> String {
        let mut text = String::new();
        for (line, message) in &self.0 {
            let separator = if text.is_empty() { "" } else { "\n" };
            let place = if *line == 0 { file.to_owned() } else { format!("{file}:{line}") };
            let _ = write!(text, "{separator}{place}: error: {message}");
        }
        text
    }
}

impl Scenario {
    /// Reads a scenario about the objects of a configuration.
    pub fn parse(text: &str, folder: &Path, graph: &Graph) -> Result<Scenario, Errors> {
        let mut scenario = Scenario { start: MONDAY, zone: None, end: Timestamp::NEVER, steps: Vec::new() };
        let mut errors = Errors::default();
        let mut first = true;
        for (number, line) in (1..).zip(text.lines()) {
            let read = words(line).and_then(|words| match words.as_slice() {
                [] => Ok(()),
                words => scenario.read(words, std::mem::take(&mut first), folder, graph),
            });
            if let Err(message) = read {
                errors.0.push((number, message));
            }
        }
        if !errors.0.is_empty() {
            return Err(errors);
        }
        scenario.steps.sort_by_key(|step| step.at);
        let last = scenario.steps.last().map_or(scenario.start, |step| step.at);
        if scenario.end == Timestamp::NEVER {
            scenario.end = last + AFTERWARDS;
        } else if last > scenario.end {
            return Err(Errors(vec![(0, "something happens after the `end`".to_owned())]));
        }
        Ok(scenario)
    }

    fn read(&mut self, words: &[Word], first: bool, folder: &Path, graph: &Graph) -> Result<(), String> {
        let [time, rest @ ..] = words else { return Ok(()) };
        match (time.bare(), rest) {
            (Some("start"), _) if !first => Err("`start` is the first line or none".to_owned()),
            (Some("start"), [clock]) => self.set_clock(&clock.text, None),
            (Some("start"), [clock, zone]) => self.set_clock(&clock.text, Some(&zone.text)),
            (Some("start"), _) => Err("write `start 2026-11-23T00:00 Europe/Prague`".to_owned()),
            (Some("end"), [time]) => {
                self.end = self.start + offset(&time.text)?;
                Ok(())
            }
            (Some("end"), _) => Err("write `end 26:00`".to_owned()),
            _ => {
                let at = self.start + offset(&time.text)?;
                self.steps.push(Step { at, deed: happening(rest, at, folder, graph)? });
                Ok(())
            }
        }
    }

    fn set_clock(&mut self, clock: &str, zone: Option<&str>) -> Result<(), String> {
        let at: civil::DateTime = clock
            .parse()
            .map_err(|_| format!("`{clock}` is no date and time: write it as 2026-11-23T00:00"))?;
        let named = zone.map(|name| {
            TimeZone::get(name)
                .map_err(|_| format!("no such time zone: `{name}`; write Europe/Prague, for instance"))
        });
        self.zone = named.transpose()?;
        let zone = self.zone.clone().unwrap_or(TimeZone::UTC);
        let at = at.to_zoned(zone).map_err(|_| format!("`{clock}` is too far away"))?;
        self.start = Timestamp::from_micros(at.timestamp().as_microsecond());
        Ok(())
    }
}

/// `h:mm` or `h:mm:ss`, from the start.
fn offset(text: &str) -> Result<Span, String> {
    let error =
        || format!("`{text}` is no time: write hours and minutes from the start, as in 1:05 or 0:00:30");
    let number = |text: &str, max: i64| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        text.parse::<i64>().ok().filter(|n| digits && *n <= max).ok_or_else(error)
    };
    let parts: Vec<&str> = text.split(':').collect();
    let (hours, minutes, seconds) = match parts.as_slice() {
        [hours, minutes] => (hours, minutes, &"00"),
        [hours, minutes, seconds] => (hours, minutes, seconds),
        _ => return Err(error()),
    };
    if minutes.len() != 2 || seconds.len() != 2 {
        return Err(error());
    }
    let seconds = number(minutes, 59)? * 60 + number(seconds, 59)?;
    Ok(Span::from_secs(number(hours, MAX_HOURS)? * 3600 + seconds))
}

/// Everything behind the time of a line.
fn happening(words: &[Word], at: Timestamp, folder: &Path, graph: &Graph) -> Result<Deed, String> {
    let [first, rest @ ..] = words else {
        return Err("a line says what happens: `1:00 web1;HTTP critical \"refused\"`".to_owned());
    };
    match first.bare() {
        Some("start" | "end") => {
            Err(format!("`{0}` stands before the time; a host of that name is quoted: \"{0}\"", first.text))
        }
        Some("command") => external::parse(&text(rest)).map(Deed::Command).map_err(|error| error.to_string()),
        Some("reload") => match rest {
            [path] => Ok(Deed::Reload(folder.join(&path.text))),
            _ => Err("say which configuration: `reload new.cfg`".to_owned()),
        },
        Some("result") => {
            let (subject, objects, rest) = subject(rest, graph)?;
            let (state, output) = finding(&subject, rest)?;
            Ok(Deed::Order(objects, Order::Result { state, output }))
        }
        Some("ack") => {
            let (_, objects, rest) = subject(rest, graph)?;
            let (sticky, rest) = keyword("sticky", rest);
            let order = Order::Acknowledge {
                sticky,
                notify: true,
                persistent: false,
                expires: None,
                author: AUTHOR.into(),
                comment: text(rest).into(),
            };
            Ok(Deed::Order(objects, order))
        }
        Some("downtime") => {
            let (_, objects, rest) = subject(rest, graph)?;
            let (length, rest) = length(rest)?;
            let (flexible, rest) = match keyword("flexible", rest) {
                (true, rest) => self::length(rest).map(|(length, rest)| (Some(length), rest))?,
                (false, rest) => (None, rest),
            };
            let order = Order::Downtime {
                start: at,
                end: at + length,
                flexible,
                trigger: None,
                triggers_children: false,
                author: AUTHOR.into(),
                comment: text(rest).into(),
            };
            Ok(Deed::Order(objects, order))
        }
        _ => {
            let (subject, objects, rest) = subject(words, graph)?;
            let (state, output) = finding(&subject, rest)?;
            Ok(Deed::Find(objects, Arc::new(Finding::new(state, &output))))
        }
    }
}

/// A word that is there or not, and the words behind it.
fn keyword<'w>(keyword: &str, words: &'w [Word]) -> (bool, &'w [Word]) {
    match words {
        [word, rest @ ..] if word.bare() == Some(keyword) => (true, rest),
        words => (false, words),
    }
}

/// A length of time, and the words behind it.
fn length(words: &[Word]) -> Result<(Span, &[Word]), String> {
    let [length, rest @ ..] = words else {
        return Err("say how long: `downtime web1 1h \"kernel\"`".to_owned());
    };
    Ok((span(&length.text)?, rest))
}

/// A subject, the objects that it names, and the words behind it.
fn subject<'w>(words: &'w [Word], graph: &Graph) -> Result<(Subject, Vec<ObjectId>, &'w [Word]), String> {
    let [name, rest @ ..] = words else {
        return Err("say of what: HOST, HOST;SERVICE or a pattern with `*`".to_owned());
    };
    let subject = Subject::parse(&name.text);
    let objects = subject.objects(graph);
    if objects.is_empty() {
        let first = name.text.split(';').next().unwrap_or_default();
        return Err(if external::names().any(|command| command == first) {
            format!(
                "there is no host `{first}`; an external command has `command` before it: `command {first};…`"
            )
        } else {
            subject.missing(graph)
        });
    }
    Ok((subject, objects, rest))
}

/// A condition, and what the plugin prints: the optional text, else the word itself.
fn finding(subject: &Subject, words: &[Word]) -> Result<(State, String), String> {
    let wanted = match subject {
        Subject::All => "ok, warning, critical, unknown, up or down",
        Subject::Hosts(_) => "up or down",
        Subject::Services(..) => "ok, warning, critical or unknown",
    };
    let [word, rest @ ..] = words else { return Err(format!("say how it is: {wanted}")) };
    let is_host = !matches!(subject, Subject::Services(..));
    let is_service = !matches!(subject, Subject::Hosts(_));
    let state = match &*word.text {
        "ok" if is_service => State::Ok,
        "warning" if is_service => State::Warning,
        "critical" if is_service => State::Critical,
        "unknown" if is_service => State::Unknown,
        "up" if is_host => State::Ok,
        "down" if is_host => State::Critical,
        other => return Err(format!("`{other}` is not how it can be: write {wanted}")),
    };
    let text = if rest.is_empty() { word.text.to_uppercase() } else { text(rest) };
    Ok((state, text))
}

fn text(words: &[Word]) -> String {
    let words: Vec<&str> = words.iter().map(|word| &*word.text).collect();
    words.join(" ")
}
