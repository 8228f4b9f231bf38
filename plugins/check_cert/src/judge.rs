//! The verdict of `check_cert`, pure.

use check::{Perfdata, Report, State};
use net::tls::{Certificate, Doubt, expiry};

use crate::Args;
use crate::measure::Sample;

pub(crate) fn judge(sample: &Sample, args: &Args) -> Report {
    let days = args.days();
    let mut problems: Vec<(State, String)> = Vec::new();
    let chain = &sample.peer.chain;
    for certificate in chain {
        problems.push((days.state(certificate, sample.now), expiry(certificate, sample.now)));
        problems.extend(weakness(certificate, args));
    }
    problems.extend(
        sample.doubts.iter().filter(|doubt| matters(doubt, args)).map(|doubt| (State::Critical, told(doubt))),
    );
    problems.extend(chain.first().into_iter().flat_map(|leaf| wishes(leaf, args)));
    if let (Some(min), Some(old)) = (args.tls_min, &sample.old) {
        let text = format!("accepts {} (with {}), older than {min}", old.version, old.cipher);
        problems.push((State::Critical, text));
    }
    if let Some(best) = args.tls_best.filter(|best| sample.peer.version < *best) {
        problems.push((State::Critical, format!("offers {} at best, not {best}", sample.peer.version)));
    }
    problems.retain(|(state, _)| *state != State::Ok);
    // stable: the server's own certificate before those above it
    problems.sort_by_key(|(state, _)| std::cmp::Reverse(state.severity()));
    let state = problems.iter().fold(State::Ok, |worst, (state, _)| worst.worst(*state));
    let summary = if problems.is_empty() {
        good(sample)
    } else {
        problems.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(", ")
    };
    let mut report = Report::new(state, summary);
    for (i, certificate) in chain.iter().enumerate() {
        let label = format!("days_chain_elem{}", i + 1);
        report = report.perf(days.perfdata(label, certificate, sample.now));
    }
    report = report.perf(Perfdata::seconds("time", sample.seconds));
    if let Some(ended) = &sample.ended {
        report = report.detail(0, format!("after its certificate, {ended}: it may want one of the client"));
    }
    report = report.detail(1, agreed(sample));
    chain
        .iter()
        .enumerate()
        .fold(report, |report, (i, certificate)| report.detail(1, described(i + 1, certificate)))
}

fn good(sample: &Sample) -> String {
    match sample.peer.chain.first() {
        Some(leaf) => {
            format!("{}, issued by {}, {}", expiry(leaf, sample.now), leaf.issuer, sample.peer.version)
        }
        None => "no certificate".to_owned(),
    }
}

fn agreed(sample: &Sample) -> String {
    match sample.peer.cipher.as_str() {
        "" => sample.peer.version.to_string(),
        cipher => format!("{} with {cipher}", sample.peer.version),
    }
}

fn described(number: usize, certificate: &Certificate) -> String {
    let names = match certificate.names.as_slice() {
        [] => String::new(),
        names => format!(" for {}", names.join(", ")),
    };
    format!(
        "{number}: {}{names}; {}, {}; by {}; until {}; serial {}",
        certificate.subject,
        certificate.key,
        certificate.signature,
        certificate.issuer,
        certificate.ends(),
        certificate.serial
    )
}

/// Dates are judged by thresholds already.
fn matters(doubt: &Doubt, args: &Args) -> bool {
    match doubt {
        Doubt::Expired { .. } => false,
        Doubt::Name { .. } => !args.ignore_host_name,
        Doubt::NotYetValid { .. } => true,
        Doubt::SelfSigned | Doubt::UnknownIssuer { .. } | Doubt::Proof(_) | Doubt::Other(_) => !args.noauth,
    }
}

fn told(doubt: &Doubt) -> String {
    match doubt {
        Doubt::Name { .. } | Doubt::SelfSigned | Doubt::UnknownIssuer { .. } => {
            format!("the certificate {doubt}")
        }
        other => other.to_string(),
    }
}

fn weakness(certificate: &Certificate, args: &Args) -> Vec<(State, String)> {
    let (key, title) = (&certificate.key, &certificate.title);
    let least = match key.kind {
        "RSA" | "DSA" => args.min_rsa,
        _ => args.min_ec,
    };
    let mut found = Vec::new();
    if key.bits > 0 && key.bits < least {
        found.push((args.weak, format!("the key of '{title}' is weak ({key}, expected {least} or more)")));
    }
    // a root is trusted as it stands: nobody looks at its signature on itself
    if certificate.has_weak_signature() && !certificate.self_issued {
        found.push((args.weak, format!("'{title}' is signed with {}", certificate.signature)));
    }
    found
}

/// Names and issuer that the administrator wants to see.
fn wishes(leaf: &Certificate, args: &Args) -> Vec<(State, String)> {
    let missing = args.name.iter().filter(|name| !leaf.is_for(name));
    let mut found: Vec<(State, String)> = missing
        .map(|name| {
            (
                State::Critical,
                format!("the certificate is not for {name} (it is for {})", leaf.listed_names()),
            )
        })
        .collect();
    if let Some(text) = args.issuer.as_ref().filter(|text| !leaf.issuer.contains(text.as_str())) {
        found.push((State::Critical, format!("issued by {}, expected `{text}`", leaf.issuer)));
    }
    found
}
