//! The verdict of `check_radius`, pure.

use check::{Perfdata, Report, State, Uom};
use radius::{Code, Kind, Proof, dictionary, mschap};

use crate::Args;
use crate::answer::Expected;
use crate::measure::Sample;
use crate::request::Method;

/// Most attributes of an answer that are listed.
const LISTED: usize = 100;

pub(crate) fn judge(sample: &Sample, args: &Args) -> Report {
    let (reply, method) = (&sample.reply, args.method());
    let packet = &reply.packet;
    let thresholds = args.thresholds.thresholds();
    let mut state = thresholds.state(sample.seconds);
    let mut said = vec![first_words(sample, args)];

    if let Some((worse, words)) = wrong_answer(reply.code(), args) {
        state = state.worst(worse);
        said.push(words);
    }
    said.extend(reasons(sample));
    for text in args.expect.iter().filter_map(|expected| match expected {
        Expected::Text(text) => Some(text),
        Expected::Answer(_) => None,
    }) {
        let holds = |value: &[u8]| String::from_utf8_lossy(value).contains(text.as_str());
        if !packet.all(Kind::REPLY_MESSAGE).any(holds) {
            state = state.worst(args.unexpected.unwrap_or(State::Warning));
            said.push(format!("no Reply-Message holds `{text}`"));
        }
    }
    for complaint in args.reply.iter().filter_map(|attribute| attribute.complaint(packet)) {
        state = state.worst(args.unexpected.unwrap_or(State::Warning));
        said.push(complaint);
    }
    if let Some(response) = &sample.response
        && reply.code() == Code::ACCESS_ACCEPT
    {
        let success = packet.vendor(radius::MICROSOFT, mschap::MS_CHAP2_SUCCESS);
        // one octet of identifier in front
        let message = success.and_then(<[u8]>::split_first).map(|(_, message)| message);
        if !message.is_some_and(|message| response.proves(message)) {
            state = State::Critical;
            said.push("but without proof that the server knows the password (MS-CHAP2-Success)".to_owned());
        }
    }
    // inside TLS nobody is on the way
    if reply.proof == Proof::Missing && method != Method::Status && sample.tls.is_none() {
        state = state.worst(args.no_message_authenticator);
        said.push("no Message-Authenticator: whoever is on the way could forge it (Blast-RADIUS)".to_owned());
    }
    if reply.retransmissions > 0 {
        said.push(format!("asked {} times", reply.retransmissions + 1));
    }

    let (warning, critical) = (thresholds.warning.as_ref(), thresholds.critical.as_ref());
    let mut report = Report::new(state, said.join(", "))
        .perf(Perfdata::seconds("time", sample.seconds).thresholds(warning, critical))
        .perf(Perfdata::new("retransmissions", f64::from(reply.retransmissions), Uom::None).min(0.0));
    if let Some((seconds, tls)) = &sample.tls {
        report = report
            .perf(Perfdata::seconds("connect", *seconds))
            .detail(1, format!("connected by {tls} in {seconds:.3} seconds"));
    }
    if args.password.is_some() {
        report = report.detail(
            0,
            "the password is on the command line, where every user of this machine can read it: use --password-file",
        );
    }
    report = report.detail(1, proof(reply.proof));
    packet
        .attributes()
        .filter(|(kind, _)| *kind != Kind::MESSAGE_AUTHENTICATOR)
        .take(LISTED)
        .fold(report, |report, (kind, value)| report.detail(1, listed(kind, value)))
}

fn first_words(sample: &Sample, args: &Args) -> String {
    let (code, seconds) = (sample.reply.code(), sample.seconds);
    match (args.method(), &args.username) {
        (Method::Status, _) => format!("answers Status-Server by {code} in {seconds:.3} seconds"),
        (method, user) => {
            let user = user.as_deref().unwrap_or_default();
            format!("{code} for {user} by {} in {seconds:.3} seconds", method.name())
        }
    }
}

/// Is it another answer than the right one? How bad, and what was expected.
fn wrong_answer(code: Code, args: &Args) -> Option<(State, String)> {
    if args.method() == Method::Status {
        // any answer shows that the server lives; an error of the protocol is none
        let lives = code != Code::PROTOCOL_ERROR;
        return (!lives).then(|| (State::Critical, "which is no sign of life".to_owned()));
    }
    let mut right: Vec<Code> = args
        .expect
        .iter()
        .filter_map(|expected| match expected {
            Expected::Answer(code) => Some(*code),
            Expected::Text(_) => None,
        })
        .collect();
    if right.is_empty() {
        right.push(Code::ACCESS_ACCEPT);
    }
    if right.contains(&code) {
        return None;
    }
    let usual = if code == Code::ACCESS_ACCEPT { State::Critical } else { State::Warning };
    let names: Vec<String> = right.iter().map(ToString::to_string).collect();
    Some((args.unexpected.unwrap_or(usual), format!("expected {}", names.join(" or "))))
}

/// What the server says about its answer.
fn reasons(sample: &Sample) -> Vec<String> {
    let packet = &sample.reply.packet;
    let mut reasons = Vec::new();
    if sample.reply.code() != Code::ACCESS_ACCEPT {
        let error = packet.vendor(radius::MICROSOFT, mschap::MS_CHAP_ERROR);
        reasons.extend(error.and_then(mschap::error_in_words));
        let cause = packet.first(Kind::ERROR_CAUSE);
        reasons.extend(cause.map(|value| dictionary::shown(Kind::ERROR_CAUSE, value)));
    }
    let message = packet.first(Kind::REPLY_MESSAGE).filter(|value| !value.is_empty());
    reasons.extend(message.map(|value| format!("`{}`", net::excerpt(value))));
    reasons
}

fn proof(proof: Proof) -> &'static str {
    match proof {
        Proof::First => "Message-Authenticator: right, and first as it should be",
        Proof::Elsewhere => "Message-Authenticator: right, but not the first attribute",
        Proof::Missing => "Message-Authenticator: none",
    }
}

/// Keys and proofs are told by their length.
fn listed(kind: Kind, value: &[u8]) -> String {
    match (kind, radius::vendor_attributes(value)) {
        (Kind::VENDOR_SPECIFIC, radius::VendorAttributes::Read(all)) => {
            let all: Vec<String> =
                all.iter().map(|one| format!("type {} ({} octets)", one.kind, one.value.len())).collect();
            let vendor = value.first_chunk().map_or(0, |number| u32::from_be_bytes(*number));
            format!("Vendor-Specific of {vendor}: {}", all.join(", "))
        }
        (Kind::VENDOR_SPECIFIC, _) => format!("Vendor-Specific ({} octets)", value.len()),
        _ => format!("{} = {}", dictionary::name(kind), dictionary::shown(kind, value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use check::Secret;
    use clap::Parser;
    use radius::{Draft, MppeKeys, Reply, Seal};
    use std::time::Duration;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn args(arguments: &str) -> Args {
        let line = format!("check_radius -H h {arguments}");
        Line::try_parse_from(line.split_whitespace()).unwrap().args
    }

    fn sample(code: Code, proof: Proof, attributes: &[(Kind, &[u8])]) -> Sample {
        let secret = Secret::from_argument("s");
        let request = Draft::access_request().seal(1, [0; 16], &secret);
        let mut draft = Draft::new(code);
        for (kind, value) in attributes {
            draft.add(*kind, value).unwrap();
        }
        let packet = draft.seal_reply(&request, &secret, Seal::None);
        let (rtt, keys) = (Duration::from_millis(20), MppeKeys::default());
        let reply = Reply { packet, proof, rtt, elapsed: rtt, retransmissions: 0, keys };
        Sample { reply, response: None, seconds: 0.02, tls: None }
    }

    fn told(arguments: &str, code: Code, proof: Proof, attributes: &[(Kind, &[u8])]) -> (State, String) {
        let report = judge(&sample(code, proof, attributes), &args(arguments));
        (report.state, report.summary)
    }

    #[test]
    fn the_right_answer_is_a_matter_of_options() {
        let told = |arguments: &str, code| told(arguments, code, Proof::First, &[]);
        let (accept, reject, challenge) = (Code::ACCESS_ACCEPT, Code::ACCESS_REJECT, Code::ACCESS_CHALLENGE);
        assert_eq!(
            told("-u me", accept),
            (State::Ok, "Access-Accept for me by PAP in 0.020 seconds".to_owned())
        );
        assert_eq!(
            told("-u me", reject),
            (
                State::Warning,
                "Access-Reject for me by PAP in 0.020 seconds, expected Access-Accept".to_owned()
            )
        );
        assert_eq!(told("-u me -e reject", reject).0, State::Ok);
        assert_eq!(told("-u me -e reject", accept).0, State::Critical);
        assert_eq!(told("-u me -e reject -e challenge", challenge).0, State::Ok);
        assert_eq!(told("-u me --unexpected critical", reject).0, State::Critical);
        assert_eq!(told("-u me -e reject --unexpected warning", accept).0, State::Warning);
        assert_eq!(
            told("", accept),
            (State::Ok, "answers Status-Server by Access-Accept in 0.020 seconds".to_owned())
        );
        assert_eq!(told("", Code::PROTOCOL_ERROR).0, State::Critical);
        assert_eq!(told("-w 0.01", accept).0, State::Warning);
        assert_eq!(told("-w 0.01 -c 0.015", accept).0, State::Critical);
    }

    #[test]
    fn a_missing_message_authenticator_has_a_state_of_its_own() {
        let told = |arguments: &str, proof| told(arguments, Code::ACCESS_ACCEPT, proof, &[]);
        let (state, text) = told("-u me", Proof::Missing);
        assert!(state == State::Warning && text.contains("no Message-Authenticator"), "{text}");
        assert_eq!(told("-u me --no-message-authenticator critical", Proof::Missing).0, State::Critical);
        assert_eq!(told("-u me --no-message-authenticator ok", Proof::Missing).0, State::Ok);
        assert_eq!(told("-u me", Proof::Elsewhere).0, State::Ok);
        assert_eq!(told("", Proof::Missing).0, State::Ok);
    }

    #[test]
    fn what_the_server_says_is_told() {
        let (state, text) = told(
            "-u me -e welcome",
            Code::ACCESS_REJECT,
            Proof::First,
            &[
                (Kind::REPLY_MESSAGE, b"go\x1b away"),
                (Kind::VENDOR_SPECIFIC, b"\x00\x00\x01\x37\x02\x0c\x07E=691 R=0"),
                (Kind::ERROR_CAUSE, &[0, 0, 1, 0xf6]),
            ],
        );
        assert_eq!(state, State::Warning);
        assert_eq!(
            text,
            "Access-Reject for me by PAP in 0.020 seconds, expected Access-Accept, wrong user name or password \
             (MS-CHAP error 691), Proxy-Request-Not-Routable, `go  away`, no Reply-Message holds `welcome`"
        );
        let greeted = [(Kind::REPLY_MESSAGE, &b"you are welcome"[..])];
        assert_eq!(told("-u me -e welcome", Code::ACCESS_ACCEPT, Proof::First, &greeted).0, State::Ok);
    }

    #[test]
    fn a_server_that_cannot_prove_the_password_is_critical() {
        let response = mschap::Exchange::new(&[1; 16], [2; 16], "me", "pw");
        let state = |message: &[u8]| {
            let value = [&[0, 0, 1, 55, 26, u8::try_from(message.len() + 2).unwrap()], message].concat();
            let mut sample = sample(Code::ACCESS_ACCEPT, Proof::First, &[(Kind::VENDOR_SPECIFIC, &value)]);
            sample.response = Some(response.clone());
            judge(&sample, &args("-u me -m mschapv2")).state
        };
        assert_eq!(state(&[b"\x09", response.proof.as_bytes()].concat()), State::Ok);
        assert_eq!(state(b"\x09S=407A5589115FD0D6209F510FE9C04566932CDA56"), State::Critical);
        assert_eq!(state(b"\x09"), State::Critical);
        assert_eq!(state(b""), State::Critical);
    }
}
