//! The verdict of `check_eap_resumption`, pure.

use check::{Perfdata, Report, State, Uom};

use crate::Args;
use crate::measure::Sample;
use crate::tried::{Attack, Control, Tried};

pub(crate) fn judge(sample: &Sample, args: &Args) -> Report {
    let (state, note) = verdict(&sample.tried, args);
    let mut tried: Vec<&Tried> = sample.tried.iter().collect();
    // stable: what is bad first, else as it was tried
    tried.sort_by_key(|tried| std::cmp::Reverse(alone(&tried.attack).severity()));
    let mut said = lines(&tried);
    said.extend(note.map(str::to_owned));
    let metric = |label: String, value: f64, uom| Perfdata::new(label, value, uom).min(0.0);
    let mut report = Report::new(state, said.join("; "))
        .perf(metric("time".to_owned(), sample.seconds, Uom::Seconds).decimals(6));
    for tried in &sample.tried {
        let label = format!("{}_time", tried.method.name().to_ascii_lowercase());
        report = report.perf(metric(label, tried.seconds, Uom::Seconds).decimals(6));
    }
    let sum = |of: fn(&Tried) -> u32| f64::from(sample.tried.iter().map(of).sum::<u32>());
    report = report
        .perf(metric("round_trips".to_owned(), sum(|tried| tried.round_trips), Uom::None))
        .perf(metric("retransmissions".to_owned(), sum(|tried| tried.retransmissions), Uom::None));
    for warning in &sample.warnings {
        report = report.detail(0, *warning);
    }
    let details = sample.tried.iter().flat_map(|tried| &tried.details);
    details.fold(report, |report, (verbosity, detail)| report.detail(*verbosity, detail.clone()))
}

/// The state of all methods together, and what is to be added for that.
fn verdict(tried: &[Tried], args: &Args) -> (State, Option<&'static str>) {
    if tried.iter().any(|tried| matches!(tried.attack, Attack::Accepted { resumed: true })) {
        return (
            State::Critical,
            Some("FreeRADIUS before 3.0.14 is known for this: update it, or switch its TLS cache off"),
        );
    }
    if tried.iter().all(|tried| tried.attack == Attack::Silent) {
        return (args.silence, Some("nothing was shown"));
    }
    let is_good = |attack: &Attack| matches!(attack, Attack::Rejected { .. });
    let any_good = tried.iter().any(|tried| is_good(&tried.attack));
    let mut state = State::Ok;
    for tried in tried {
        state = state.worst(match &tried.attack {
            // what a server does not do is no hole
            Attack::NotOffered if any_good => State::Ok,
            attack => alone(attack),
        });
        if matches!(tried.control, Control::Broken(_)) {
            state = state.worst(State::Warning);
        }
    }
    // without one good login nobody knows whether a session could have been resumed
    let is_known =
        |control: &Control| matches!(control, Control::Resumed | Control::Disabled | Control::NotMade);
    let controlled =
        tried.iter().filter(|tried| is_good(&tried.attack)).any(|tried| is_known(&tried.control));
    if any_good && !controlled {
        return (state.worst(State::Warning), Some("whether the server resumes sessions is not known"));
    }
    (state, None)
}

/// The state of a method if it were the only one.
fn alone(attack: &Attack) -> State {
    match attack {
        Attack::Accepted { .. } => State::Critical,
        Attack::Rejected { .. } => State::Ok,
        Attack::Silent | Attack::NotOffered | Attack::Unclear(_) => State::Warning,
    }
}

/// What is the same for all methods is said once.
fn lines(tried: &[&Tried]) -> Vec<String> {
    let mut said: Vec<(Vec<&str>, String)> = Vec::new();
    for tried in tried {
        let (name, text) = (tried.method.name(), line(tried));
        match said.iter_mut().find(|(_, other)| *other == text) {
            Some((names, _)) => names.push(name),
            None => said.push((vec![name], text)),
        }
    }
    said.into_iter().map(|(names, text)| format!("{}: {text}", names.join(" and "))).collect()
}

fn line(tried: &Tried) -> String {
    let attack = match &tried.attack {
        Attack::Accepted { resumed: true } => {
            "a session without login is resumed and accepted (CVE-2017-9148): anybody gets in".to_owned()
        }
        Attack::Accepted { resumed: false } => "anybody is accepted, with a wrong password too".to_owned(),
        Attack::Rejected { resumed: true, .. } => {
            "a session without login is resumed, and rejected".to_owned()
        }
        Attack::Rejected { offered: true, .. } => {
            "a session without login is not resumed, a wrong password rejected".to_owned()
        }
        Attack::Rejected { .. } => {
            "no session is given before the login, a wrong password rejected".to_owned()
        }
        Attack::Silent => "no answer".to_owned(),
        Attack::NotOffered => "not offered".to_owned(),
        Attack::Unclear(what) => what.clone(),
    };
    let control = match &tried.control {
        Control::NotMade => String::new(),
        Control::Resumed => ", control: resumption works after a login".to_owned(),
        Control::Disabled => ", control: resumption is disabled".to_owned(),
        Control::NoLogin(why) => format!(", control failed: the good login {why}"),
        Control::Broken(why) => format!(", control failed: the session of a good login {why}"),
    };
    attack + &control
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outer;
    use clap::{Args as _, FromArgMatches as _};

    fn args(more: &[&str]) -> Args {
        let command = Args::augment_args(clap::Command::new("x").no_binary_name(true));
        let words = [&["-H", "radius.example.org", "-u", "test@example.org"], more].concat();
        Args::from_arg_matches(&command.try_get_matches_from(words).expect("valid options")).unwrap()
    }

    fn judged(ttls: (Attack, Control), peap: (Attack, Control), more: &[&str]) -> Report {
        let tried = |method, (attack, control)| Tried {
            method,
            attack,
            control,
            seconds: 0.5,
            round_trips: 3,
            retransmissions: 1,
            details: Vec::new(),
        };
        let tried = vec![tried(Outer::Ttls, ttls), tried(Outer::Peap, peap)];
        judge(&Sample { tried, seconds: 1.0, warnings: Vec::new() }, &args(more))
    }

    const REJECTED: Attack = Attack::Rejected { offered: true, resumed: false };

    /// E16: every line of its table.
    #[test]
    fn states_are_those_of_the_federation() {
        use Attack::{NotOffered, Silent};
        let vulnerable = Attack::Accepted { resumed: true };
        let unclear = Attack::Unclear("the login failed".to_owned());
        for (ttls, peap, want) in [
            (REJECTED, REJECTED, State::Ok),
            (Attack::Rejected { offered: true, resumed: true }, REJECTED, State::Ok),
            (Attack::Rejected { offered: false, resumed: false }, REJECTED, State::Ok),
            (vulnerable.clone(), REJECTED, State::Critical),
            (REJECTED, vulnerable.clone(), State::Critical),
            (Silent, vulnerable, State::Critical),
            (Attack::Accepted { resumed: false }, Silent, State::Critical),
            (Silent, Silent, State::Ok),
            (Silent, REJECTED, State::Warning),
            (unclear.clone(), REJECTED, State::Warning),
            (unclear, Silent, State::Warning),
            (NotOffered, REJECTED, State::Ok),
            (REJECTED, NotOffered, State::Ok),
            (NotOffered, NotOffered, State::Warning),
            (NotOffered, Silent, State::Warning),
        ] {
            let control = |attack: &Attack| match attack {
                Attack::Rejected { .. } => Control::Disabled,
                _ => Control::NotMade,
            };
            let (first, second) = (control(&ttls), control(&peap));
            let said = format!("{ttls:?}, {peap:?}");
            assert_eq!(judged((ttls, first), (peap, second), &[]).state, want, "{said}");
        }
        let silent = || (Silent, Control::NotMade);
        assert_eq!(judged(silent(), silent(), &["--silence", "critical"]).state, State::Critical);
    }

    #[test]
    fn a_good_verdict_needs_one_good_login() {
        let failed = || Control::NoLogin("rejected".to_owned());
        for (ttls, peap, want) in [
            (Control::Resumed, Control::Disabled, State::Ok),
            (failed(), Control::Disabled, State::Ok),
            (Control::Resumed, failed(), State::Ok),
            (failed(), failed(), State::Warning),
            (Control::Broken("rejected".to_owned()), Control::Resumed, State::Warning),
            (Control::NotMade, Control::NotMade, State::Ok),
        ] {
            let said = format!("{ttls:?}, {peap:?}");
            assert_eq!(judged((REJECTED, ttls), (REJECTED, peap), &[]).state, want, "{said}");
        }
    }

    #[test]
    fn the_worst_is_told_first_and_the_same_once() {
        let good = || (REJECTED, Control::Resumed);
        let report = judged(good(), good(), &[]);
        assert!(report.summary.starts_with("TTLS and PEAP: a session without login is not resumed"));
        let good = (REJECTED, Control::Resumed);
        let bad = (Attack::Accepted { resumed: true }, Control::Resumed);
        let report = judged(good, bad, &[]);
        assert!(report.summary.starts_with("PEAP: a session without login is resumed and accepted"));
        assert!(report.summary.contains("; TTLS: a session without login is not resumed"));
    }
}
