//! What no real server does on demand.

use check::State;
use testkit::radius::{Fault, Malformed, MalformedEap, On, Phase, RadiusMock};

use super::eap;
use crate::support::radius_servers::World;

/// Verdict and words of a login with a server that has a fault.
#[track_caller]
fn with(world: &World, fault: Fault, arguments: &[&str], state: State, words: &str) {
    let server = RadiusMock::new(&world.pki.server, "example-home.cz").fault(fault).start();
    let run = eap(world, server.address(), &[arguments, &["-t", "6"]].concat()).run();
    assert!(
        run.state == state && run.text.contains(words),
        "{fault:?}: no {state:?}, {words:?}: {}",
        run.output
    );
}

#[test]
fn keys_of_another_login_are_critical_although_the_server_accepts() {
    let world = World::new();
    let differ = "accepted by 127.0.0.1:";
    with(&world, Fault::WrongKeys, &[], State::Critical, "but the keys differ: the network will not work");
    with(&world, Fault::WrongKeys, &["-e", "TTLS", "-2", "PAP"], State::Critical, "but the keys differ");
    with(&world, Fault::NoKeys, &[], State::Critical, "but the Access-Accept carries no keys");
    with(&world, Fault::WrongKeys, &["-m", "IEEE8021X"], State::Ok, differ);
}

#[test]
fn replies_that_anybody_could_have_made_are_not_believed() {
    let world = World::new();
    let missing = "without Message-Authenticator, which anybody on the way can forge";
    with(&world, Fault::NoMessageAuthenticator(On::Challenge), &[], State::Critical, missing);
    with(&world, Fault::NoMessageAuthenticator(On::Accept), &[], State::Critical, missing);
    with(
        &world,
        Fault::NoMessageAuthenticator(On::Reject),
        &["--password-file", world.file_of("wrong", "spatne").to_str().unwrap()],
        State::Warning,
        "its rejection carries no Message-Authenticator",
    );
    let secret = "the shared secret is not the server's";
    with(&world, Fault::WrongMessageAuthenticator(On::Every), &[], State::Critical, secret);
    with(&world, Fault::WrongResponseAuthenticator(On::Every), &[], State::Critical, secret);
}

#[test]
fn duplicates_and_losses_do_not_disturb_a_login() {
    let world = World::new();
    with(&world, Fault::Duplicates, &[], State::Ok, "accepted by");
    with(&world, Fault::LateCopies, &[], State::Ok, "accepted by");
    let server = RadiusMock::new(&world.pki.server, "example-home.cz").fault(Fault::LosesCopies(1)).start();
    let run = eap(&world, server.address(), &["-t", "60", "-e", "TTLS", "-2", "PAP"]).program_only().run();
    let run = run.expect(State::Ok).says(" retransmissions");
    assert!(run.metric("retransmissions") >= 5.0, "{}", run.output);
    assert_eq!(server.seen().changed_retransmissions, 0);
}

#[test]
fn silence_is_told_by_its_phase() {
    let world = World::new();
    for (phase, words) in [
        (Phase::Identity, "failed at identity: 127.0.0.1:"),
        (Phase::Hello, "failed at TLS hello: 127.0.0.1:"),
        (Phase::Inner, "failed at inner authentication: 127.0.0.1:"),
        (Phase::Result, "failed at inner authentication: 127.0.0.1:"),
    ] {
        with(&world, Fault::SilentFrom(phase), &[], State::Critical, words);
    }
    with(&world, Fault::RestartsAt(Phase::Inner), &[], State::Critical, "it has lost its state");
    with(&world, Fault::ForgetsAt(Phase::Inner), &[], State::Warning, "rejected by 127.0.0.1:");
    // each of its challenges is another start
    with(&world, Fault::EndlessChallenges, &[], State::Critical, "the server begins anew");
}

#[test]
fn a_server_that_accepts_too_early_does_not_deceive() {
    let world = World::new();
    with(&world, Fault::AcceptsAtOnce, &[], State::Critical, "accepts before the login is complete");
    with(&world, Fault::AcceptWithoutEap, &[], State::Critical, "Access-Accept without EAP-Message");
    let proof = "MS-CHAPv2 response is not the one of this password";
    with(&world, Fault::WrongAuthenticatorResponse, &[], State::Critical, proof);
    with(&world, Fault::WrongAuthenticatorResponse, &["-e", "TTLS"], State::Critical, proof);
}

#[test]
fn refusals_are_told_in_words() {
    let world = World::new();
    for (code, words) in [
        (648, "MS-CHAP error 648, password expired"),
        (691, "MS-CHAP error 691, authentication failure"),
        (647, "MS-CHAP error 647, account disabled"),
        (649, "MS-CHAP error 649, no dial-in permission"),
    ] {
        with(&world, Fault::MschapError(code), &[], State::Warning, words);
        with(&world, Fault::MschapError(code), &["-e", "TTLS"], State::Warning, words);
    }
    with(&world, Fault::Alert(48), &[], State::Critical, "the server sent TLS alert 48 (unknown CA)");
    with(&world, Fault::ProposesFirst(17), &[], State::Ok, "the server offers unsafe LEAP");
    with(&world, Fault::ProposesFirst(4), &[], State::Ok, "the server offers unsafe MD5-Challenge");
    let server = RadiusMock::new(&world.pki.server, "example-home.cz").only(21).start();
    let run = eap(&world, server.address(), &["-t", "6"]).run().expect(State::Warning);
    run.says("rejected by").says("method negotiation: the server offers TTLS, and not PEAP");
}

#[test]
fn malformed_replies_are_told_as_such() {
    let world = World::new();
    for malformed in [
        Malformed::AttributeOfOneOctet,
        Malformed::AttributePastTheEnd,
        Malformed::StrayOctet,
        Malformed::LengthBelowHeader,
        Malformed::LengthPastTheEnd,
        Malformed::Truncated,
    ] {
        with(
            &world,
            Fault::Malformed(On::Every, malformed),
            &[],
            State::Critical,
            "what it sent is no reply",
        );
    }
    for (malformed, words) in [
        (MalformedEap::LengthPastTheEnd, "an EAP packet is longer than 4096 octets"),
        (MalformedEap::Truncated, "an EAP packet is cut off"),
        (MalformedEap::UnknownCode, "an EAP packet has the unknown code"),
        (MalformedEap::NoType, "an EAP packet has a length that cannot be"),
        (MalformedEap::HugeTlsMessage, "a TLS message is longer than 64 KiB"),
        (MalformedEap::TlsMessageTooLong, "the fragments of a TLS message do not fit together"),
        (MalformedEap::EndlessFragments, "after 50 requests"),
        (MalformedEap::NoFlags, ""),
        (MalformedEap::NoTlsRecord, "TLS"),
    ] {
        with(&world, Fault::MalformedEap(malformed), &[], State::Critical, words);
    }
}
