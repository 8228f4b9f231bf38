//! What a server must not let in, and what it must carry: both verdicts of every mode.

use check::State;
use testkit::radius::{Cui, Fault, Phase, RadiusMock};

use super::{eap, took};
use crate::support::radius_servers::{Home, Hostapd, Proxy, Uplink, Visited, World};

const REALM: &str = "example-home.cz";

fn mock(world: &World) -> RadiusMock {
    RadiusMock::new(&world.pki.server, REALM)
}

/// E04: large packets pass.
#[test]
fn requests_and_replies_over_1500_octets_pass() {
    let world = World::new();
    let home = Home::of(&world).start(&world);
    let big = ["-u", "big-test@example-home.cz", "-f"];
    let run = eap(&world, home.good, &big).run().expect(State::Ok).says("Access-Accept of 18");
    took(&run.says("big-test@example-home.cz accepted by").says(", requests of 2"), 10.0);
    // an account with a small Access-Accept tests one direction only
    eap(&world, home.good, &["-f"]).run().expect(State::Ok).says("large replies were not tested");
    let proxy = Proxy::before(&world, home.radsec).start(&world);
    proxy.wait_for_home();
    let visited = Visited::start(&world, &Uplink::Udp(proxy.udp));
    let run = eap(&world, visited.server, &big).run().expect(State::Ok);
    took(&run.says("Access-Accept of 1"), 10.0);
    let hostapd = Hostapd::start(&world, &world.pki.server);
    took(&eap(&world, hostapd.server, &[&big[..], &["-L", "1.2"]].concat()).run().expect(State::Ok), 9.0);
    let wrong = world.file_of("wrong", "spatne").to_str().unwrap().to_owned();
    eap(&world, home.good, &["-f", "--password-file", &wrong]).run().expect(State::Warning).says("rejected");
}

/// E04: they do not, and it is said in which direction.
#[test]
fn lost_fragments_are_told_by_their_direction() {
    let world = World::new();
    let big = ["-u", "big-test@example-home.cz", "-f", "-t", "6"];
    let server = mock(&world).padding(1600).fault(Fault::LosesRequestsAbove(1500)).start();
    let run = eap(&world, server.address(), &big).run().expect(State::Critical);
    let run = run.says("are lost on the way to the server: without padding the login is accepted");
    run.says("Access-Accept of 1");
    let server = mock(&world).padding(1600).fault(Fault::LosesRepliesAbove(1500)).start();
    let run = eap(&world, server.address(), &big).run().expect(State::Critical);
    run.says("large replies are lost on the way from the server");
    let both = [Fault::LosesRequestsAbove(1500), Fault::LosesRepliesAbove(1500)];
    let server = both.into_iter().fold(mock(&world).padding(1600), RadiusMock::fault).start();
    eap(&world, server.address(), &big).run().expect(State::Critical).says("are lost in both directions");
    let server = mock(&world).fault(Fault::SilentFrom(Phase::Identity)).start();
    let run = eap(&world, server.address(), &big).run().expect(State::Critical);
    run.says("does not answer small requests either");
}

/// E05: an identity of another institution inside must not get in under the realm's name.
#[test]
fn a_foreign_account_inside_must_be_rejected() {
    let world = World::new();
    let home = Home::of(&world).start(&world);
    let foreign = ["-u", "test001@other.cz", "--foreign-inner", REALM];
    let run = eap(&world, home.good, &foreign).run().expect(State::Ok);
    let run =
        run.says("rejects test001@other.cz inside of vcelka-maja@example-home.cz, as it must (TTLS rejected");
    took(&run.says("; PEAP rejected at"), 8.0);
    let run = eap(&world, home.bad, &foreign).run().expect(State::Critical);
    run.says("accepts test001@other.cz inside of vcelka-maja@example-home.cz (TTLS): it forwards");
    let hostapd = Hostapd::start(&world, &world.pki.server);
    eap(&world, hostapd.server, &foreign).run().expect(State::Critical).says("and must reject it");
    // one that forwards PEAP only is found by the second try
    let forwarding = mock(&world).account("test001@other.cz", "heslo123").forwarding();
    let server = forwarding.clone().only(25).start();
    eap(&world, server.address(), &foreign).run().expect(State::Critical).says("(PEAP): it forwards");
    let server = forwarding.start();
    eap(&world, server.address(), &foreign).run().expect(State::Critical).says("(TTLS): it forwards");
    // neither accepted nor rejected
    let silent = mock(&world).fault(Fault::SilentFrom(Phase::Inner)).start();
    let run = eap(&world, silent.address(), &[&foreign[..], &["-t", "5"]].concat()).run();
    run.expect(State::Warning).says("neither accepts nor rejects (TTLS failed at inner authentication");
}

/// E12: the pseudonym for the visited institution.
#[test]
fn a_chargeable_user_identity_must_come_and_be_a_pseudonym() {
    let world = World::new();
    let home = Home::of(&world).start(&world);
    let ask = ["--cui", "-O", "visited.example", "-v"];
    let run = eap(&world, home.good, &ask).run().expect(State::Ok);
    let run = run.says("sends a Chargeable-User-Identity for test@example-home.cz, twice the same");
    took(&run.shows("Chargeable-User-Identity "), 10.0);
    let log = std::fs::read_to_string(home.access_log()).unwrap();
    assert!(log.contains("on=1visited.example") && !log.contains("on=11visited"), "{log}");
    // in the user's own name, unless another is given
    eap(&world, home.good, &["--cui"]).run().expect(State::Ok);
    assert!(std::fs::read_to_string(home.access_log()).unwrap().contains("on=1example-home.cz"));
    eap(&world, home.bad, &ask).run().expect(State::Critical).says("with no Chargeable-User-Identity");
    let wrong = world.file_of("wrong", "spatne").to_str().unwrap().to_owned();
    let run = eap(&world, home.good, &["--cui", "--password-file", &wrong]).run().expect(State::Critical);
    run.says("no Chargeable-User-Identity: test@example-home.cz rejected by");
    for (cui, state, said) in [
        (Cui::Salted, State::Ok, "twice the same"),
        (Cui::Absent, State::Critical, "with no Chargeable-User-Identity"),
        (Cui::Nul, State::Critical, "with an empty Chargeable-User-Identity"),
        (Cui::UserName, State::Critical, "sends the user's name as Chargeable-User-Identity"),
        (Cui::Unstable, State::Critical, "sends another Chargeable-User-Identity at each login"),
    ] {
        let server = mock(&world).cui(cui).start();
        let check = eap(&world, server.address(), &ask);
        // what differs each time cannot be compared
        let check = if cui == Cui::Unstable { check.program_only() } else { check };
        check.run().expect(state).says(said);
    }
}

/// E13: made-up names, and anonymous ones where nobody could be found.
#[test]
fn a_made_up_outer_identity_must_be_rejected() {
    let world = World::new();
    let home = Home::of(&world).start(&world);
    let run = eap(&world, home.good, &["--fake-identity"]).run().expect(State::Ok);
    let run = run.says("rejects the made-up outer identity anon").says(", as it must");
    run.says("; anonymous@example-home.cz is accepted, with a Chargeable-User-Identity");
    let run = eap(&world, home.bad, &["--fake-identity"]).run().expect(State::Critical);
    run.says("accepts the made-up outer identity anon").says("@example-home.cz, and must reject it");
    // without a pseudonym nobody could be found: then anonymous is a made-up name too
    for cui in [Cui::Absent, Cui::Nul] {
        let server = mock(&world).cui(cui).start();
        let run = eap(&world, server.address(), &["--fake-identity"]).run().expect(State::Critical);
        run.says("accepts anonymous@example-home.cz without a Chargeable-User-Identity");
    }
    let server = mock(&world).start();
    eap(&world, server.address(), &["--fake-identity"]).run().expect(State::Ok);
    let silent = mock(&world).fault(Fault::SilentFrom(Phase::Identity)).start();
    let run = eap(&world, silent.address(), &["--fake-identity", "-t", "5"]).run();
    run.expect(State::Warning).says("neither accepts nor rejects anon");
}
