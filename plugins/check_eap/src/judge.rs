//! The verdict of `check_eap`, pure.

use access::{Keys, Trace, Verdict};
use check::{CheckError, Report, State};
use eap::Cause;

use crate::Args;
use crate::certificate;
use crate::measure::{Login, Sample};
use crate::told::{self, is_outside, remarks, user, way};

/// Octets that travel in one piece everywhere: an Ethernet frame's.
const ONE_PIECE: usize = 1500;

/// A Chargeable-User-Identity of fewer octets identifies nobody (the federation's test wants an
/// attribute of more than five, its header included).
const LEAST_CUI: usize = 4;

pub(crate) fn judge(sample: &Sample, args: &Args) -> Result<Report, CheckError> {
    let Some(first) = sample.logins.first() else {
        return Err(CheckError::internal("no login was made"));
    };
    let second = sample.logins.get(1);
    let said = if args.fragment {
        fragment(first, second, sample, args)
    } else if args.foreign_inner.is_some() {
        foreign(sample, args)
    } else if args.cui {
        cui(first, second, sample, args)
    } else if args.fake_identity {
        fake(first, second, sample, args)
    } else {
        plain(first, sample, args)
    };
    let (mut state, mut text) = match said {
        Said::State(state, text) => (state, text),
        // -t says which state silence is
        Said::Silence(text) if args.on_silence.is_none() => return Err(CheckError::timeout(text)),
        Said::Silence(text) => (args.on_silence.unwrap_or(State::Critical), text),
        Said::Unable(text) => return Err(CheckError::internal(text)),
    };
    let last = sample.logins.last().unwrap_or(first);
    if let Some(days) = args.warn_days {
        let (worse, words) = certificate::dates(&certificate::chain(last), days, sample.now);
        state = state.worst(worse);
        text.extend(words.map(|words| format!("; {words}")));
    }
    let outside = [(&args.critical, State::Critical), (&args.warning, State::Warning)];
    if let Some((_, worse)) = outside.into_iter().find(|(range, _)| is_outside(range.as_ref(), last)) {
        state = state.worst(worse);
    }
    for remark in remarks(last) {
        text.push_str("; ");
        text.push_str(&remark);
    }
    Ok(told::complete(Report::new(state, text), sample, args))
}

enum Said {
    State(State, String),
    /// No answer.
    Silence(String),
    /// This side could not ask.
    Unable(String),
}

/// States by default, where a login is wanted and where it is not.
#[derive(Clone, Copy)]
struct Defaults {
    accept: State,
    reject: State,
    other: State,
}

const WANTED: Defaults = Defaults { accept: State::Ok, reject: State::Warning, other: State::Critical };
const UNWANTED: Defaults = Defaults { accept: State::Critical, reject: State::Ok, other: State::Warning };

/// The state of one login; None of silence that `-t` decides on.
fn state(trace: &Trace, args: &Args, defaults: Defaults) -> Option<State> {
    let failed = || args.on_failure.unwrap_or(defaults.other);
    Some(match &trace.verdict {
        Verdict::Accepted(_) if defaults.accept != State::Ok => args.on_accept.unwrap_or(defaults.accept),
        Verdict::Accepted(Keys::Differ | Keys::Absent) if args.key_management == "WPA-EAP" => failed(),
        Verdict::Accepted(_) => args.on_accept.unwrap_or(defaults.accept),
        // whatever this side thinks of it, the server has let somebody in
        _ if trace.server_accepts() && defaults.accept != State::Ok => {
            args.on_accept.unwrap_or(defaults.accept)
        }
        Verdict::Rejected(_) => args.on_reject.unwrap_or(defaults.reject),
        Verdict::Broken(failure) if matches!(failure.cause, Cause::Certificate(_)) => {
            args.on_certificate.unwrap_or(defaults.other)
        }
        Verdict::Radius { error: radius::Error::Silent { .. }, .. } => match args.on_silence {
            Some(state) => state,
            None if defaults.other == State::Critical => return None,
            None => defaults.other,
        },
        Verdict::Broken(_) | Verdict::Reached | Verdict::WithoutEap { .. } | Verdict::Radius { .. } => {
            failed()
        }
    })
}

/// This side's own trouble is not the server's.
fn own_trouble(trace: &Trace) -> Option<String> {
    match &trace.verdict {
        Verdict::Radius {
            error: error @ (radius::Error::Encode(_) | radius::Error::Busy { .. }), ..
        } => Some(error.to_string()),
        _ => None,
    }
}

fn plain(login: &Login, sample: &Sample, args: &Args) -> Said {
    if let Some(trouble) = own_trouble(&login.trace) {
        return Said::Unable(trouble);
    }
    let text = sentence(login, sample, args);
    match state(&login.trace, args, WANTED) {
        Some(state) => Said::State(state, text),
        None => Said::Silence(text),
    }
}

/// Who, what became of it, at whose server, how.
fn sentence(login: &Login, sample: &Sample, args: &Args) -> String {
    let (who, server, way) = (user(login), &sample.server, way(login));
    match &login.trace.verdict {
        Verdict::Accepted(Keys::Differ | Keys::Absent) if args.key_management != "WPA-EAP" => {
            format!("{who} accepted by {server}, {way}")
        }
        Verdict::Accepted(Keys::Match | Keys::NotCompared) => format!("{who} accepted by {server}, {way}"),
        Verdict::Accepted(keys) => format!("{who} accepted by {server}, but {keys}, {way}"),
        Verdict::Rejected(failure) => format!("{who} rejected by {server} at {failure}, {way}"),
        Verdict::Broken(failure) if login.trace.server_accepts() => {
            format!("{who} accepted by {server}, but the login failed at {failure}, {way}")
        }
        Verdict::Broken(failure) => format!("{who} failed with {server} at {failure}, {way}"),
        // the error names the server
        other => format!("{who} {other}, {way}"),
    }
}

fn fragment(padded: &Login, plain: Option<&Login>, sample: &Sample, args: &Args) -> Said {
    if let Some(trouble) = own_trouble(&padded.trace) {
        return Said::Unable(trouble);
    }
    let text = sentence(padded, sample, args);
    let large = padded.trace.largest;
    let Some(plain) = plain else {
        let text = match &padded.trace.accept {
            Some(accept) if accept.octets <= ONE_PIECE => format!(
                "{text}, requests of {} octets; the Access-Accept has {} only: large replies were not tested",
                large.0, accept.octets
            ),
            Some(accept) => {
                format!("{text}, requests of {} octets, Access-Accept of {}", large.0, accept.octets)
            }
            None => text,
        };
        return match state(&padded.trace, args, WANTED) {
            Some(state) => Said::State(state, text),
            None => Said::Silence(text),
        };
    };
    Said::Silence(format!("{}: {text}", direction(&padded.trace, &plain.trace)))
}

/// What the second login says about the silence of the first.
fn direction(padded: &Trace, plain: &Trace) -> String {
    let requests_pass = padded.round_trips > 0;
    match (requests_pass, plain.verdict.is_silence(), plain.round_trips) {
        (_, true, 0) => {
            "the server does not answer small requests either, this is no matter of fragments".to_owned()
        }
        (false, true, _) => format!(
            "large packets are lost in both directions: requests of {} octets are not answered, and after small \
             ones a reply is missing",
            padded.largest.0
        ),
        (false, false, _) => format!(
            "large requests ({} octets) are lost on the way to the server: without padding the login is {}",
            padded.largest.0,
            outcome(plain)
        ),
        (true, true, _) => format!(
            "large replies are lost on the way from the server: requests of {} octets are answered, the last \
             reply is missing with and without padding",
            padded.largest.0
        ),
        (true, false, _) => format!(
            "requests of {} octets are answered at first, then no more; without padding the login is {}",
            padded.largest.0,
            outcome(plain)
        ),
    }
}

fn outcome(trace: &Trace) -> String {
    match (&trace.verdict, &trace.accept) {
        (Verdict::Accepted(_), Some(accept)) => {
            format!("accepted (Access-Accept of {} octets)", accept.octets)
        }
        (verdict, _) => verdict.to_string(),
    }
}

fn foreign(sample: &Sample, args: &Args) -> Said {
    let accepted = sample.logins.iter().find(|login| login.trace.server_accepts());
    let rejected = sample.logins.iter().find(|login| matches!(login.trace.verdict, Verdict::Rejected(_)));
    let unable = sample.logins.iter().find_map(|login| own_trouble(&login.trace));
    let each = || {
        let told = |login: &Login| format!("{} {}", login.name, login.trace.verdict);
        sample.logins.iter().map(told).collect::<Vec<_>>().join("; ")
    };
    if let Some(login) = accepted {
        let text = format!(
            "{} accepts {} inside of {} ({}): it forwards what is in the tunnel to another realm, and must reject it",
            sample.server, login.inner, login.outer, login.name
        );
        return Said::State(args.on_accept.unwrap_or(UNWANTED.accept), text);
    }
    if let Some(login) = rejected {
        let text = format!(
            "{} rejects {} inside of {}, as it must ({})",
            sample.server,
            login.inner,
            login.outer,
            each()
        );
        return Said::State(args.on_reject.unwrap_or(UNWANTED.reject), text);
    }
    if let Some(trouble) = unable {
        return Said::Unable(trouble);
    }
    let states = sample.logins.iter().filter_map(|login| state(&login.trace, args, UNWANTED));
    let state = states.fold(State::Ok, State::worst);
    Said::State(state, format!("{} neither accepts nor rejects ({})", sample.server, each()))
}

fn cui(first: &Login, second: Option<&Login>, sample: &Sample, args: &Args) -> Said {
    if let Some(trouble) = own_trouble(&first.trace) {
        return Said::Unable(trouble);
    }
    let Some(accept) = &first.trace.accept else {
        let text = format!("no Chargeable-User-Identity: {}", sentence(first, sample, args));
        let defaults = Defaults { reject: State::Critical, ..WANTED };
        return match state(&first.trace, args, defaults) {
            Some(state) => Said::State(state, text),
            None => Said::Silence(text),
        };
    };
    let server = &sample.server;
    let critical = |text: String| Said::State(State::Critical, text);
    let way = way(first);
    let Some(cui) = accept.cui.as_deref().filter(|cui| cui.iter().any(|octet| *octet != 0)) else {
        let what = if accept.cui.is_some() { "an empty" } else { "no" };
        return critical(format!(
            "{server} accepts {} with {what} Chargeable-User-Identity, {way}",
            user(first)
        ));
    };
    if cui.len() < LEAST_CUI {
        return critical(format!(
            "{server} sends the Chargeable-User-Identity {}, too short to identify anybody, {way}",
            told::shown(cui)
        ));
    }
    if names(cui, &first.inner) {
        return critical(format!(
            "{server} sends the user's name as Chargeable-User-Identity, which must be a pseudonym, {way}"
        ));
    }
    let again =
        second.map(|login| (login, login.trace.accept.as_ref().and_then(|accept| accept.cui.as_deref())));
    match again {
        Some((_, Some(again))) if again != cui => critical(format!(
            "{server} sends another Chargeable-User-Identity at each login: {}, then {}, {way}",
            told::shown(cui),
            told::shown(again)
        )),
        Some((login, None)) => critical(format!(
            "{server} sends no Chargeable-User-Identity the second time: {}",
            sentence(login, sample, args)
        )),
        _ => Said::State(
            args.on_accept.unwrap_or(WANTED.accept),
            format!("{server} sends a Chargeable-User-Identity for {}, twice the same, {way}", user(first)),
        ),
    }
}

/// Is the user's name, with or without realm, what the pseudonym is?
fn names(cui: &[u8], user: &str) -> bool {
    let cui = String::from_utf8_lossy(cui).to_lowercase();
    let user = user.to_lowercase();
    let local = user.split('@').next().unwrap_or_default();
    cui == user || cui == local || cui.contains(&user)
}

fn fake(made_up: &Login, anonymous: Option<&Login>, sample: &Sample, args: &Args) -> Said {
    if let Some(trouble) = own_trouble(&made_up.trace) {
        return Said::Unable(trouble);
    }
    let server = &sample.server;
    let accept = args.on_accept.unwrap_or(UNWANTED.accept);
    if made_up.trace.server_accepts() {
        let text =
            format!("{server} accepts the made-up outer identity {}, and must reject it", made_up.outer);
        return Said::State(accept, text);
    }
    if let Some(login) = anonymous
        && let Some(accepted) = &login.trace.accept
        && accepted.cui.as_deref().is_none_or(|cui| cui.iter().all(|octet| *octet == 0))
    {
        let text = format!(
            "{server} accepts {} without a Chargeable-User-Identity: nobody could find the user, it must reject that",
            login.outer
        );
        return Said::State(accept, text);
    }
    let state = state(&made_up.trace, args, UNWANTED).unwrap_or(UNWANTED.other);
    let start = if matches!(made_up.trace.verdict, Verdict::Rejected(_)) {
        format!("{server} rejects the made-up outer identity {}, as it must", made_up.outer)
    } else {
        format!("{server} neither accepts nor rejects {}: {}", made_up.outer, made_up.trace.verdict)
    };
    let second = match anonymous {
        Some(login) if login.trace.server_accepts() => {
            format!("; {} is accepted, with a Chargeable-User-Identity", login.outer)
        }
        Some(login) => format!("; {} is {}", login.outer, login.trace.verdict),
        None => String::new(),
    };
    Said::State(state, format!("{start}{second}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use access::{Accept, Times};
    use clap::{Args as _, FromArgMatches as _};
    use eap::{Doubt, DoubtKind, Facts, Failure, InnerEap, Method, Phase};

    use super::*;

    fn args(words: &[&str]) -> Args {
        let command = Args::augment_args(clap::Command::new("check_eap").no_binary_name(true));
        let words = [&["-H", "a", "-u", "test@b.example"], words].concat();
        Args::from_arg_matches(&command.try_get_matches_from(words).expect("valid options")).unwrap()
    }

    fn login(verdict: Verdict, accept: Option<Accept>) -> Login {
        let trace = Trace {
            verdict,
            facts: Facts::default(),
            times: Times::default(),
            total: Duration::from_millis(40),
            round_trips: 10,
            retransmissions: 0,
            accept,
            unsigned: 0,
            largest: (1700, 1000),
            exchanges: Vec::new(),
        };
        Login {
            name: String::new(),
            method: Method::Peap(InnerEap::Mschapv2),
            outer: "test@b.example".to_owned(),
            inner: "test@b.example".to_owned(),
            trace,
        }
    }

    fn accepted(keys: Keys) -> Login {
        login(Verdict::Accepted(keys), Some(Accept { octets: 200, ..Accept::default() }))
    }

    fn with_cui(cui: &[u8]) -> Login {
        let accept = Accept { cui: Some(cui.to_vec()), octets: 200, ..Accept::default() };
        login(Verdict::Accepted(Keys::Match), Some(accept))
    }

    fn failure(cause: Cause) -> Failure {
        Failure { phase: Phase::Inner, cause }
    }

    fn rejected() -> Login {
        login(Verdict::Rejected(failure(Cause::Rejected)), None)
    }

    fn silent(round_trips: u32) -> Login {
        let error = radius::Error::Silent { server: "a:1812".to_owned(), seconds: 5.0, transmissions: 3 };
        let mut login = login(Verdict::Radius { phase: Phase::Identity, error }, None);
        login.trace.round_trips = round_trips;
        login
    }

    fn verdict(logins: Vec<Login>, words: &[&str]) -> (State, String) {
        let sample = Sample { server: "a:1812".to_owned(), now: 0, logins };
        let report = match judge(&sample, &args(words)) {
            Ok(report) => report,
            Err(error) => error.report(State::Critical),
        };
        (report.state, report.render("EAP", " - ", 0).lines().next().unwrap_or_default().to_owned())
    }

    #[test]
    fn states_are_those_of_the_federation_and_can_be_changed() {
        let distrusted = || {
            let doubt = Doubt { depth: 0, subject: "x".to_owned(), kind: DoubtKind::Expired };
            login(Verdict::Broken(failure(Cause::Certificate(vec![doubt]))), None)
        };
        let cases = [
            ((|| accepted(Keys::Match)) as fn() -> Login, State::Ok, "--on-accept"),
            (rejected, State::Warning, "--on-reject"),
            (|| silent(0), State::Critical, "--on-silence"),
            (|| accepted(Keys::Differ), State::Critical, "--on-failure"),
        ];
        for (made, state, option) in cases {
            assert_eq!(verdict(vec![made()], &[]).0, state, "{option}");
            assert_eq!(verdict(vec![made()], &[option, "unknown"]).0, State::Unknown, "{option}");
        }
        assert_eq!(verdict(vec![distrusted()], &[]).0, State::Critical);
        assert_eq!(verdict(vec![distrusted()], &["--on-certificate", "warning"]).0, State::Warning);
        assert_eq!(verdict(vec![accepted(Keys::Absent)], &["-m", "IEEE8021X"]).0, State::Ok);
        assert_eq!(verdict(vec![accepted(Keys::Match)], &["-w", "30"]).0, State::Warning);
        assert_eq!(verdict(vec![accepted(Keys::Match)], &["--critical", "30"]).0, State::Critical);
        assert!(
            verdict(vec![accepted(Keys::Match)], &[]).1.contains("| rtt=40.000ms;;;0.000 accept=1;;;0;1")
        );
    }

    #[test]
    fn the_second_login_tells_the_direction() {
        for (first, second, words) in [
            (silent(0), accepted(Keys::Match), "are lost on the way to the server"),
            (silent(0), silent(9), "in both directions"),
            (silent(9), silent(9), "are lost on the way from the server"),
            (silent(9), accepted(Keys::Match), "are answered at first, then no more"),
            (silent(0), silent(0), "no matter of fragments"),
        ] {
            let (state, text) = verdict(vec![first, second], &["-f"]);
            assert!(state == State::Critical && text.contains(words), "{text}");
        }
        assert_eq!(verdict(vec![accepted(Keys::Match)], &["-f"]).0, State::Ok);
        assert_eq!(verdict(vec![rejected()], &["-f"]).0, State::Warning);
    }

    #[test]
    fn a_foreign_account_must_be_rejected_at_least_once() {
        let foreign = ["--foreign-inner", "a.example"];
        for (logins, state) in [
            (vec![accepted(Keys::Match)], State::Critical),
            (vec![accepted(Keys::Differ)], State::Critical),
            (vec![rejected(), accepted(Keys::Match)], State::Critical),
            (vec![rejected(), rejected()], State::Ok),
            (vec![silent(3), rejected()], State::Ok),
            (vec![rejected(), silent(3)], State::Ok),
            (vec![silent(3), silent(3)], State::Warning),
        ] {
            let (found, text) = verdict(logins, &foreign);
            assert_eq!(found, state, "{text}");
        }
    }

    #[test]
    fn a_pseudonym_is_none_if_it_names_changes_or_says_nothing() {
        let pseudonym: &[u8] = b"3f2a90c1";
        for (logins, state) in [
            (vec![with_cui(pseudonym), with_cui(pseudonym)], State::Ok),
            (vec![with_cui(pseudonym), with_cui(b"00000000")], State::Critical),
            (vec![with_cui(pseudonym), accepted(Keys::Match)], State::Critical),
            (vec![with_cui(b"TEST@b.example"), with_cui(b"TEST@b.example")], State::Critical),
            (vec![with_cui(b"test"), with_cui(b"test")], State::Critical),
            (vec![with_cui(b"\0\0\0\0\0\0"), with_cui(b"\0")], State::Critical),
            (vec![with_cui(b"abc"), with_cui(b"abc")], State::Critical),
            (vec![accepted(Keys::Match)], State::Critical),
            (vec![rejected()], State::Critical),
        ] {
            let (found, text) = verdict(logins, &["--cui"]);
            assert_eq!(found, state, "{text}");
        }
    }

    #[test]
    fn a_made_up_name_must_be_rejected_and_anonymous_needs_a_pseudonym() {
        for (logins, state) in [
            (vec![accepted(Keys::Match)], State::Critical),
            (vec![rejected(), with_cui(b"3f2a90c1")], State::Ok),
            (vec![rejected(), accepted(Keys::Match)], State::Critical),
            (vec![rejected(), with_cui(b"\0")], State::Critical),
            (vec![rejected(), rejected()], State::Ok),
            (vec![silent(2), rejected()], State::Warning),
        ] {
            let (found, text) = verdict(logins, &["--fake-identity"]);
            assert_eq!(found, state, "{text}");
        }
    }
}
