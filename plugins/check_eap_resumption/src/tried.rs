//! What came of a method: the attack and its control, read from the logins they are made of.

use access::{Trace, Verdict};
use eap::Cause;
use radius::{Code, Error};

use crate::Outer;

/// One method.
#[derive(Clone, Debug)]
pub(crate) struct Tried {
    pub method: Outer,
    pub attack: Attack,
    pub control: Control,
    pub seconds: f64,
    pub round_trips: u32,
    pub retransmissions: u32,
    /// For `-v` and more: what was done in each login.
    pub details: Vec<(u8, String)>,
}

/// What came of a session whose login was never made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Attack {
    /// The server lets somebody in: with a resumed session this is the vulnerability, without one it
    /// takes any password.
    Accepted { resumed: bool },
    /// It does not. `offered` is whether it gave a session that could be offered at all.
    Rejected { offered: bool, resumed: bool },
    /// It said nothing.
    Silent,
    /// It does not do this method.
    NotOffered,
    /// Something else, in words.
    Unclear(String),
}

/// What came of a session whose login was good.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Control {
    /// It was not asked for, or there was no need.
    NotMade,
    /// The server resumes it and lets the user in.
    Resumed,
    /// The server resumes nothing, and lets the user in by a new login.
    Disabled,
    /// There was no good login to begin with.
    NoLogin(String),
    /// The good session was offered, and that went wrong.
    Broken(String),
}

/// Does the server let somebody in? That it should have said so otherwise does not matter here.
fn accepts(trace: &Trace) -> bool {
    let unsigned = matches!(
        &trace.verdict,
        Verdict::Radius { error: Error::Unauthenticated { what: Code::ACCESS_ACCEPT, .. }, .. }
    );
    trace.server_accepts() || unsigned || matches!(trace.verdict, Verdict::Accepted(_))
}

/// Was a session resumed, and was one offered?
fn resumed(trace: &Trace) -> (bool, bool) {
    trace.facts.tls.as_ref().map_or((false, false), |tls| (tls.resumed, tls.offered))
}

impl Attack {
    /// Of the first login, which is to end with TLS; None if it did.
    pub fn of_first(trace: &Trace) -> Option<Attack> {
        if accepts(trace) {
            return Some(Attack::Accepted { resumed: false });
        }
        match &trace.verdict {
            Verdict::Reached => None,
            Verdict::Rejected(failure) | Verdict::Broken(failure)
                if matches!(failure.cause, Cause::MethodRefused { .. }) =>
            {
                Some(Attack::NotOffered)
            }
            verdict if verdict.is_silence() => Some(Attack::Silent),
            verdict => Some(Attack::Unclear(format!("the login {verdict}"))),
        }
    }

    /// Of the second, which offers the session, and a wrong password if that is not resumed.
    pub fn of_second(trace: &Trace) -> Attack {
        let (resumed, offered) = resumed(trace);
        if accepts(trace) {
            return Attack::Accepted { resumed };
        }
        match &trace.verdict {
            Verdict::Rejected(_) => Attack::Rejected { offered, resumed },
            // in MSCHAPv2 the server may say no inside, and then nothing
            verdict if verdict.is_silence() => Attack::Silent,
            verdict => Attack::Unclear(format!("the login with the unfinished session {verdict}")),
        }
    }
}

impl Control {
    /// Of the good login, if there is nothing to go on with.
    pub fn of_first(trace: &Trace) -> Option<Control> {
        match &trace.verdict {
            Verdict::Accepted(_) => {
                let can = trace.facts.session.as_ref().is_some_and(eap::Session::can_be_offered);
                (!can).then_some(Control::Disabled)
            }
            verdict => Some(Control::NoLogin(verdict.to_string())),
        }
    }

    /// Of the next one, which offers the good session.
    pub fn of_second(trace: &Trace) -> Control {
        match (&trace.verdict, resumed(trace).0) {
            (Verdict::Accepted(_), true) => Control::Resumed,
            (Verdict::Accepted(_), false) => Control::Disabled,
            (verdict, _) => Control::Broken(verdict.to_string()),
        }
    }
}
