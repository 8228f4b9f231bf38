//! The verdict of `check_radsec`, pure.

use check::{Perfdata, Report, State, Uom, span};
use radius::{Code, Proof};

use crate::Args;
use crate::measure::{Asked, Direction, Standing};

/// Most connections that are listed with `-v`.
const LISTED: usize = 50;

/// The federation's rule: a direction with an established connection is well, one with connections that
/// are being made or ended only is a warning, one without any is critical. One critical direction is
/// critical, two that are well are OK, anything else is a warning.
pub(crate) fn standing(seen: &Standing, args: &Args) -> Report {
    let to = judged(&seen.to, args.sp_only, args.remember);
    let from = judged(&seen.from, args.idp_only, args.remember);
    let state = match (to.0, from.0) {
        (State::Critical, _) | (_, State::Critical) => State::Critical,
        (State::Ok, State::Ok) => State::Ok,
        _ => State::Warning,
    };
    let host = &args.hostname;
    let text = format!("to {host}: {}, from {host}: {}", to.1, from.1);
    let count = |label: &str, direction: &Direction| {
        Perfdata::new(label, direction.established as f64, Uom::None).min(0.0)
    };
    let mut report = Report::new(state, text).perf(count("to", &seen.to)).perf(count("from", &seen.from));
    let addresses: Vec<String> = seen.addresses.iter().map(ToString::to_string).collect();
    report = report.detail(
        1,
        format!("addresses {}, ports {}-{}", addresses.join(", "), args.ports.0.start(), args.ports.0.end()),
    );
    seen.connections.iter().take(LISTED).fold(report, |report, one| {
        report.detail(1, format!("{} <-> {} {}", one.local, one.remote, one.state.name()))
    })
}

fn judged(direction: &Direction, not_needed: bool, remember: f64) -> (State, String) {
    let count = direction.established;
    if count > 0 {
        return (State::Ok, format!("{count} connection{}", if count == 1 { "" } else { "s" }));
    }
    let others: Vec<String> =
        direction.others.iter().map(|(name, count)| format!("{count} {name}")).collect();
    let others = others.join(", ");
    if not_needed {
        return (State::Ok, "not needed".to_owned());
    }
    let ago = |seconds: u64| span(seconds as f64);
    match direction.last_seen {
        Some(seconds) if seconds as f64 <= remember => {
            let now = if others.is_empty() { "none".to_owned() } else { format!("only {others}") };
            (State::Ok, format!("idle ({now} now, established {} ago)", ago(seconds)))
        }
        seen => {
            let last = seen.map(|seconds| format!(" (last seen {} ago)", ago(seconds))).unwrap_or_default();
            if others.is_empty() {
                (State::Critical, format!("no connection{last}"))
            } else {
                (State::Warning, format!("only {others}{last}"))
            }
        }
    }
}

pub(crate) fn active(asked: &Asked, args: &Args) -> Report {
    let seconds = asked.connect + asked.answer;
    let thresholds = args.thresholds.thresholds();
    let lives = asked.code != Code::PROTOCOL_ERROR;
    let state = thresholds.state(seconds).worst(if lives { State::Ok } else { State::Critical });
    let tls = asked.peer.as_ref().map(|peer| format!(" over {}", peer.version)).unwrap_or_default();
    let text =
        format!("{} answers Status-Server by {}{tls} in {seconds:.3} seconds", asked.place, asked.code);
    let (warning, critical) = (thresholds.warning.as_ref(), thresholds.critical.as_ref());
    let mut report = Report::new(state, text)
        .perf(Perfdata::seconds("time", seconds).thresholds(warning, critical))
        .perf(Perfdata::seconds("connect", asked.connect))
        .perf(Perfdata::seconds("answer", asked.answer));
    if let Some(peer) = &asked.peer {
        report = report.detail(1, format!("{} with {}", peer.version, peer.cipher));
        if let Some(certificate) = peer.certificate() {
            report =
                report.detail(1, format!("certificate '{}' until {}", certificate.title, certificate.ends()));
        }
    }
    report.detail(
        1,
        match asked.proof {
            Proof::Missing => "the answer has no Message-Authenticator; inside TLS that does no harm",
            Proof::First | Proof::Elsewhere => "the answer has a right Message-Authenticator",
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn verdict(arguments: &str, to: &Direction, from: &Direction) -> (State, String) {
        let line = format!("check_radsec -H peer {arguments}");
        let args = Line::try_parse_from(line.split_whitespace()).unwrap().args;
        let seen =
            Standing { to: to.clone(), from: from.clone(), addresses: Vec::new(), connections: Vec::new() };
        let report = standing(&seen, &args);
        (report.state, report.summary)
    }

    fn well() -> Direction {
        Direction { established: 1, ..Direction::default() }
    }

    fn ending() -> Direction {
        Direction { others: vec![("TIME-WAIT", 2)], ..Direction::default() }
    }

    fn none() -> Direction {
        Direction::default()
    }

    fn seen(seconds: u64, direction: Direction) -> Direction {
        Direction { last_seen: Some(seconds), ..direction }
    }

    /// E03: every combination of the federation's rule.
    #[test]
    fn both_directions_decide() {
        use State::{Critical, Ok, Warning};
        for (to, from, want) in [
            (well(), well(), Ok),
            (well(), ending(), Warning),
            (ending(), well(), Warning),
            (ending(), ending(), Warning),
            (none(), well(), Critical),
            (well(), none(), Critical),
            (none(), ending(), Critical),
            (ending(), none(), Critical),
            (none(), none(), Critical),
        ] {
            assert_eq!(verdict("", &to, &from).0, want, "{to:?} {from:?}");
        }
        assert_eq!(verdict("", &well(), &ending()).1, "to peer: 1 connection, from peer: only 2 TIME-WAIT");
        assert_eq!(verdict("", &none(), &none()).1, "to peer: no connection, from peer: no connection");
    }

    /// E03: whoever only asks, or only answers.
    #[test]
    fn a_direction_that_is_not_needed_is_well() {
        assert_eq!(
            verdict("--sp-only", &none(), &well()),
            (State::Ok, "to peer: not needed, from peer: 1 connection".to_owned())
        );
        assert_eq!(verdict("--sp-only", &well(), &none()).0, State::Critical);
        assert_eq!(verdict("--sp-only", &ending(), &ending()).0, State::Warning);
        assert_eq!(verdict("--idp-only", &well(), &none()).0, State::Ok);
        assert_eq!(verdict("--idp-only", &none(), &well()).0, State::Critical);
    }

    /// E03: FreeRADIUS closes connections that are idle.
    #[test]
    fn an_idle_direction_is_well_for_a_while() {
        let (state, text) = verdict("", &seen(720, none()), &well());
        assert_eq!(
            (state, text.as_str()),
            (State::Ok, "to peer: idle (none now, established 12 minutes ago), from peer: 1 connection")
        );
        let (state, text) = verdict("", &well(), &seen(3600, ending()));
        assert!(
            state == State::Ok && text.contains("only 2 TIME-WAIT now, established 60 minutes ago"),
            "{text}"
        );
        let (state, text) = verdict("", &well(), &seen(3601, none()));
        assert!(
            state == State::Critical && text.ends_with("no connection (last seen 60 minutes ago)"),
            "{text}"
        );
        assert_eq!(verdict("--remember 5m", &seen(400, ending()), &well()).0, State::Warning);
        assert_eq!(verdict("--remember 2h", &seen(7000, none()), &seen(7000, none())).0, State::Ok);
    }
}
