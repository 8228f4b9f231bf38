//! The arguments of a command, one after the other.

use std::sync::Arc;

use nagios::State;

use super::error::{CommandError, shortened};
use super::order::{Filter, Order, Target};
use super::vocabulary::{TargetKind, Verb, Word};
use crate::time::{Span, Timestamp};

/// The end of the year 9999, in seconds: no time lies behind it, and none overflows.
const LAST_SECOND: i64 = 253_402_300_799;

/// Seconds since 1970.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds: i64 = text.parse().ok()?;
    (digits && seconds <= LAST_SECOND).then(|| Timestamp::from_secs(seconds))
}

/// What is left of a line.
pub(super) struct Arguments<'a> {
    word: Word,
    rest: Option<&'a str>,
}

impl<'a> Arguments<'a> {
    pub fn new(word: Word, rest: Option<&'a str>) -> Arguments<'a> {
        Arguments { word, rest }
    }

    /// The next argument, if it is there and not empty.
    fn optional(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        let (next, rest) = rest.split_once(';').map_or((rest, None), |(next, rest)| (next, Some(rest)));
        self.rest = rest;
        Some(next).filter(|next| !next.is_empty())
    }

    fn name(&mut self, argument: &'static str) -> Result<Arc<str>, CommandError> {
        self.optional().map(Into::into).ok_or_else(|| self.missing(argument))
    }

    /// Everything that is left, which may be empty but must be there.
    fn text(&mut self, argument: &'static str) -> Result<&'a str, CommandError> {
        self.rest.take().ok_or_else(|| self.missing(argument))
    }

    /// An author, who may be empty.
    fn author(&mut self) -> Result<Arc<str>, CommandError> {
        if self.rest.is_none() {
            return Err(self.missing("author"));
        }
        Ok(self.optional().unwrap_or_default().into())
    }

    fn number(&mut self, argument: &'static str) -> Result<u64, CommandError> {
        let text = self.optional().ok_or_else(|| self.missing(argument))?.trim();
        text.parse().map_err(|_| self.malformed(argument, text, "a number"))
    }

    fn time(&mut self, argument: &'static str) -> Result<Timestamp, CommandError> {
        let text = self.optional().ok_or_else(|| self.missing(argument))?.trim();
        time(text).ok_or_else(|| self.malformed(argument, text, "a time in seconds since 1970"))
    }

    /// A time that is left out by an empty argument or 0.
    fn optional_time(&mut self, argument: &'static str) -> Result<Option<Timestamp>, CommandError> {
        let Some(text) = self.optional().map(str::trim) else { return Ok(None) };
        let time =
            time(text).ok_or_else(|| self.malformed(argument, text, "a time in seconds since 1970"))?;
        Ok(Some(time).filter(|time| *time != Timestamp::EPOCH))
    }

    /// A status from 0 up to `states.len() - 1`.
    fn status(&mut self, states: &[State], wanted: &'static str) -> Result<State, CommandError> {
        let text = self.optional().ok_or_else(|| self.missing("status"))?.trim();
        let state = text.parse::<usize>().ok().and_then(|status| states.get(status));
        state.copied().ok_or_else(|| self.malformed("status", text, wanted))
    }

    fn missing(&self, argument: &'static str) -> CommandError {
        CommandError::Missing { name: self.word.name, argument, signature: self.word.signature() }
    }

    fn malformed(&self, argument: &'static str, value: &str, wanted: &'static str) -> CommandError {
        let (name, signature) = (self.word.name, self.word.signature());
        CommandError::Malformed { name, argument, value: shortened(value), wanted, signature }
    }
}

impl Word {
    /// All its arguments, as they are written.
    fn signature(&self) -> String {
        let parts = [self.target.arguments(), self.verb.arguments()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<&str>>().join(";")
    }
}

impl TargetKind {
    const fn arguments(self) -> &'static str {
        match self {
            TargetKind::Host | TargetKind::HostServices | TargetKind::HostAndChildren => "host",
            TargetKind::Service => "host;service",
            TargetKind::HostGroupHosts | TargetKind::HostGroupServices => "hostgroup",
            TargetKind::ServiceGroupHosts | TargetKind::ServiceGroupServices => "servicegroup",
            TargetKind::OfHost | TargetKind::OfService => "number",
            TargetKind::All => "",
        }
    }

    pub fn read(self, arguments: &mut Arguments) -> Result<Target, CommandError> {
        Ok(match self {
            TargetKind::Host => Target::Host(arguments.name("host")?),
            TargetKind::Service => Target::Service(arguments.name("host")?, arguments.name("service")?),
            TargetKind::HostServices => Target::HostServices(arguments.name("host")?),
            TargetKind::HostAndChildren => Target::HostAndChildren(arguments.name("host")?),
            TargetKind::HostGroupHosts => Target::HostGroupHosts(arguments.name("hostgroup")?),
            TargetKind::HostGroupServices => Target::HostGroupServices(arguments.name("hostgroup")?),
            TargetKind::ServiceGroupHosts => Target::ServiceGroupHosts(arguments.name("servicegroup")?),
            TargetKind::ServiceGroupServices => Target::ServiceGroupServices(arguments.name("servicegroup")?),
            TargetKind::OfHost => Target::OfHost(arguments.number("number")?),
            TargetKind::OfService => Target::OfService(arguments.number("number")?),
            TargetKind::All => Target::All,
        })
    }
}

impl Verb {
    const fn arguments(self) -> &'static str {
        match self {
            Verb::HostResult | Verb::ServiceResult => "status;output",
            Verb::Check | Verb::ForceCheck | Verb::Delay => "time",
            Verb::Acknowledge => "sticky;notify;persistent;author;comment",
            Verb::AcknowledgeExpire => "sticky;notify;persistent;end_time;author;comment",
            Verb::Downtime | Verb::TriggeringDowntime => "start;end;fixed;trigger;duration;author;comment",
            Verb::DeleteByHost => "host[;service[;start[;comment]]]",
            Verb::DeleteByHostGroup => "hostgroup[;host[;service[;start[;comment]]]]",
            Verb::DeleteByStart => "start[;comment]",
            Verb::Comment => "persistent;author;comment",
            Verb::Custom => "options;author;comment",
            Verb::Log => "text",
            Verb::Unacknowledge
            | Verb::DeleteDowntime
            | Verb::DeleteComment
            | Verb::DeleteComments
            | Verb::Switch(..)
            | Verb::SwitchAll(..) => "",
        }
    }

    pub fn read(self, arguments: &mut Arguments) -> Result<Order, CommandError> {
        Ok(match self {
            Verb::HostResult => {
                let states = [State::Ok, State::Critical, State::Critical];
                let state = arguments.status(&states, "0 (UP), 1 (DOWN) or 2 (UNREACHABLE)")?;
                Order::Result { state, output: unescaped(arguments.text("output")?) }
            }
            Verb::ServiceResult => {
                let states = [State::Ok, State::Warning, State::Critical, State::Unknown];
                let state = arguments.status(&states, "0 (OK), 1 (WARNING), 2 (CRITICAL) or 3 (UNKNOWN)")?;
                Order::Result { state, output: unescaped(arguments.text("output")?) }
            }
            Verb::Check => Order::Check { at: arguments.time("time")?, forced: false },
            Verb::ForceCheck => Order::Check { at: arguments.time("time")?, forced: true },
            Verb::Delay => Order::Delay { until: arguments.time("time")? },
            Verb::Acknowledge | Verb::AcknowledgeExpire => Order::Acknowledge {
                // 2 is sticky, 1 and 0 are not
                sticky: arguments.number("sticky")? == 2,
                notify: arguments.number("notify")? > 0,
                persistent: arguments.number("persistent")? > 0,
                expires: match self {
                    Verb::AcknowledgeExpire => arguments.optional_time("end_time")?,
                    _ => None,
                },
                author: arguments.author()?,
                comment: arguments.text("comment")?.into(),
            },
            Verb::Unacknowledge => Order::Unacknowledge,
            Verb::Downtime | Verb::TriggeringDowntime => {
                downtime(arguments, self == Verb::TriggeringDowntime)?
            }
            Verb::DeleteDowntime => Order::DeleteDowntime,
            Verb::DeleteByHost | Verb::DeleteByHostGroup | Verb::DeleteByStart => {
                Order::DeleteDowntimes(filter(self, arguments)?)
            }
            Verb::Comment => {
                // all comments are kept over a restart: people would miss them
                arguments.number("persistent")?;
                Order::Comment { author: arguments.author()?, text: arguments.text("comment")?.into() }
            }
            Verb::DeleteComment => Order::DeleteComment,
            Verb::DeleteComments => Order::DeleteComments,
            Verb::Custom => {
                let options = arguments.number("options")?;
                Order::Custom {
                    broadcast: options & 1 != 0,
                    forced: options & 2 != 0,
                    author: arguments.author()?,
                    comment: arguments.text("comment")?.into(),
                }
            }
            Verb::Log => Order::Log { text: arguments.text("text")?.into() },
            Verb::Switch(switch, on) => Order::Switch { switch, on },
            Verb::SwitchAll(switch, on) => Order::SwitchAll { switch, on },
        })
    }
}

fn downtime(arguments: &mut Arguments, triggers_children: bool) -> Result<Order, CommandError> {
    let (start, end) = (arguments.time("start")?, arguments.time("end")?);
    let fixed = arguments.number("fixed")? > 0;
    let trigger = arguments.optional().unwrap_or("0");
    let trigger: u64 =
        trigger.trim().parse().map_err(|_| arguments.malformed("trigger", trigger, "a number"))?;
    let duration = arguments.optional().unwrap_or("0");
    let seconds = time(duration.trim())
        .ok_or_else(|| arguments.malformed("duration", duration, "a number of seconds"))?
        .secs();
    // what is begun by another downtime needs no length of its own
    if !fixed && seconds == 0 && trigger == 0 {
        return Err(arguments.malformed("duration", duration, "a length: a flexible downtime needs one"));
    }
    if end <= start {
        return Err(arguments.malformed("end", &end.secs().to_string(), "after the start"));
    }
    Ok(Order::Downtime {
        start,
        end,
        flexible: (!fixed && seconds > 0).then(|| Span::from_secs(seconds)),
        trigger: Some(trigger).filter(|trigger| *trigger > 0),
        triggers_children,
        author: arguments.author()?,
        comment: arguments.text("comment")?.into(),
    })
}

fn filter(verb: Verb, arguments: &mut Arguments) -> Result<Filter, CommandError> {
    let mut filter = Filter::default();
    let name = |arguments: &mut Arguments| arguments.optional().map(Into::into);
    if verb == Verb::DeleteByHostGroup {
        filter.host_group = Some(arguments.name("hostgroup")?);
    }
    if verb != Verb::DeleteByStart {
        filter.host = name(arguments);
        filter.service = name(arguments);
    }
    filter.start = arguments.optional_time("start")?;
    filter.comment = arguments.rest.take().filter(|text| !text.is_empty()).map(Into::into);
    if filter == Filter::default() {
        let argument = if verb == Verb::DeleteByStart { "start" } else { "host" };
        return Err(arguments.missing(argument));
    }
    Ok(filter)
}

/// `\n` is a new line and `\\` a backslash, as Nagios has it for what comes through its pipe.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some('n')) => {
                chars.next();
                plain.push('\n');
            }
            ('\\', Some('\\')) => {
                chars.next();
                plain.push('\\');
            }
            _ => plain.push(c),
        }
    }
    plain
}
