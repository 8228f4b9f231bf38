//! One exchange and what its reply means, pure.

use check::State;
use net::smtp::Reply;

/// A command and its answer.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub wanted: Wanted,
    pub reply: Reply,
}

/// What was asked of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// A greeting that holds this text.
    Greeting(String),
    /// Its answer to EHLO, HELO or LHLO.
    Hello(&'static str),
    /// This keyword in the answer to EHLO.
    Tls,
    /// This mechanism in the answer to EHLO.
    Mechanism(&'static str),
    /// To log in.
    Login,
    /// To take a sender.
    Sender(String),
    /// To take a recipient.
    Recipient(String),
    /// To refuse a recipient.
    Refusal(String),
    /// An answer to a command of the administrator's that starts with this text.
    Response { command: String, start: String },
}

impl Step {
    /// What is wrong with the reply, and how bad that is.
    ///
    /// monitoring-plugins: an unexpected answer is WARNING. Not here where the server refuses for
    /// good what it is there for, or is no mail server at all: CRITICAL.
    pub(crate) fn problem(&self) -> Option<(State, String)> {
        let reply = &self.reply;
        let refused = |what: String| {
            let state = if reply.is_class(4) { State::Warning } else { State::Critical };
            (!reply.is_class(2)).then(|| (state, format!("{what} was refused: {reply}")))
        };
        match &self.wanted {
            Wanted::Greeting(text) => match reply.code {
                _ if first_line(reply).contains(text) => None,
                None => Some((State::Critical, format!("no SMTP greeting, it said `{reply}`"))),
                Some(_) => {
                    Some((State::Warning, format!("Invalid SMTP greeting `{reply}`, expected `{text}`")))
                }
            },
            Wanted::Hello(command) => match reply.code {
                None => Some((State::Critical, format!("no SMTP answer to {command}, it said `{reply}`"))),
                Some(_) => refused((*command).to_owned()),
            },
            Wanted::Tls => (!reply.is_class(2) || reply.keyword("STARTTLS").is_none()).then(|| {
                (State::Warning, "TLS not supported by server: no STARTTLS in its answer to EHLO".to_owned())
            }),
            Wanted::Mechanism(name) => {
                let offered = reply.keyword("AUTH").unwrap_or_default();
                let has = offered.split_ascii_whitespace().any(|one| one.eq_ignore_ascii_case(name));
                let others = if offered.is_empty() {
                    "it offers no AUTH".to_owned()
                } else {
                    format!("it has {offered}")
                };
                (!has).then(|| (State::Critical, format!("the server offers no AUTH {name} ({others})")))
            }
            Wanted::Login => refused("the login".to_owned()),
            Wanted::Sender(address) => refused(format!("the sender <{address}>")),
            Wanted::Recipient(address) => refused(format!("the recipient <{address}>")),
            Wanted::Refusal(address) => match reply.code {
                _ if reply.is_class(5) => None,
                _ if reply.is_class(2) => Some((
                    State::Critical,
                    format!("open relay? The recipient <{address}> was accepted: {reply}"),
                )),
                _ => Some((
                    State::Warning,
                    format!("the recipient <{address}> was not refused for good: {reply}"),
                )),
            },
            Wanted::Response { command, start } => {
                (!first_line(reply).starts_with(start.as_str())).then(|| {
                    (
                        State::Warning,
                        format!("Invalid response '{reply}' to command '{command}', expected '{start}'"),
                    )
                })
            }
        }
    }

    /// Does a problem here leave nothing more to ask?
    pub(crate) fn is_fatal(&self) -> bool {
        !matches!(self.wanted, Wanted::Recipient(_) | Wanted::Refusal(_) | Wanted::Response { .. })
    }
}

/// The whole first line, as the peer's plugin compares it.
fn first_line(reply: &Reply) -> String {
    let text = reply.lines.first().map_or("", String::as_str);
    match reply.code {
        Some(code) => format!("{code} {text}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use net::Progress;

    fn problem(wanted: Wanted, reply: &str) -> Option<(State, String)> {
        let Progress::Done(reply, _) = net::smtp::reply(format!("{reply}\r\n").as_bytes()) else { panic!() };
        Step { wanted, reply }.problem()
    }

    fn state(wanted: Wanted, reply: &str) -> State {
        problem(wanted, reply).map_or(State::Ok, |(state, _)| state)
    }

    #[test]
    fn a_greeting_is_one() {
        let greeting = || Wanted::Greeting("220".to_owned());
        assert_eq!(state(greeting(), "220 mx"), State::Ok);
        assert_eq!(state(greeting(), "554 no"), State::Warning);
        assert_eq!(state(greeting(), "SSH-2.0"), State::Critical);
        assert_eq!(state(Wanted::Greeting("ESMTP".to_owned()), "220 mx ESMTP"), State::Ok);
        assert_eq!(state(Wanted::Hello("EHLO"), "502 what"), State::Critical);
        assert_eq!(state(Wanted::Hello("EHLO"), "421 later"), State::Warning);
    }

    #[test]
    fn recipients_are_taken_or_refused_for_good() {
        let taken = || Wanted::Recipient("a@b".to_owned());
        assert_eq!(
            [state(taken(), "250 ok"), state(taken(), "451 later"), state(taken(), "550 no")],
            [State::Ok, State::Warning, State::Critical]
        );
        let refused = || Wanted::Refusal("a@b".to_owned());
        assert_eq!(
            [state(refused(), "250 ok"), state(refused(), "451 later"), state(refused(), "550 no")],
            [State::Critical, State::Warning, State::Ok]
        );
        let said = problem(refused(), "250 ok").unwrap().1;
        assert_eq!(said, "open relay? The recipient <a@b> was accepted: 250 ok");
    }

    #[test]
    fn keywords_are_looked_up() {
        let ehlo = "250-mx\r\n250-AUTH PLAIN\r\n250 STARTTLS";
        assert_eq!(problem(Wanted::Tls, ehlo), None);
        assert_eq!(problem(Wanted::Mechanism("PLAIN"), ehlo), None);
        let (state, said) = problem(Wanted::Mechanism("LOGIN"), ehlo).unwrap();
        assert_eq!(
            (state, said.as_str()),
            (State::Critical, "the server offers no AUTH LOGIN (it has PLAIN)")
        );
        assert_eq!(problem(Wanted::Tls, "250 mx").unwrap().0, State::Warning);
    }

    #[test]
    fn responses_start_as_expected() {
        let wanted = |start: &str| Wanted::Response { command: "NOOP".to_owned(), start: start.to_owned() };
        assert_eq!(problem(wanted("250"), "250 ok"), None);
        assert_eq!(problem(wanted(""), "500 what"), None);
        let (state, said) = problem(wanted("250"), "500 what").unwrap();
        assert_eq!(
            (state, said.as_str()),
            (State::Warning, "Invalid response '500 what' to command 'NOOP', expected '250'")
        );
    }
}
