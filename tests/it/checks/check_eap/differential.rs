//! The same verdict as eapol_test, over methods, versions of TLS and failures.

use std::net::SocketAddr;
use std::process::Command;

use check::State;

use super::{bare, eap};
use crate::support::radius_servers::{Home, Hostapd, PASSWORD, SECRET, USER, World, output};

/// A case: what eapol_test is told, and what check_eap is.
struct Case {
    name: String,
    theirs: String,
    ours: Vec<String>,
    /// Does the server's certificate matter?
    trusting: bool,
}

fn case(name: &str, theirs: &str, ours: &[&str]) -> Case {
    let ours = ours.iter().map(|word| (*word).to_owned()).collect();
    Case { name: name.to_owned(), theirs: theirs.to_owned(), ours, trusting: false }
}

fn cases(world: &World) -> Vec<Case> {
    let authority = format!("ca_cert=\"{}\"", world.pki.authority.certificate.display());
    let stranger = world.pki.stranger.certificate.display().to_string();
    let wrong = world.file_of("wrong", "spatne").display().to_string();
    let user = |more: &str| format!("identity=\"{USER}\"\n password=\"{PASSWORD}\"\n {authority}\n {more}");
    let mut cases = Vec::new();
    for (eap, theirs, ours) in [
        ("PEAP", "auth=MSCHAPV2", "MSCHAPV2"),
        ("PEAP", "auth=GTC", "EAP-GTC"),
        ("TTLS", "auth=PAP", "PAP"),
        ("TTLS", "auth=CHAP", "CHAP"),
        ("TTLS", "auth=MSCHAP", "MSCHAP"),
        ("TTLS", "auth=MSCHAPV2", "MSCHAPV2"),
        ("TTLS", "autheap=MSCHAPV2", "EAP-MSCHAPV2"),
        ("TTLS", "autheap=GTC", "EAP-GTC"),
        ("TTLS", "autheap=MD5", "EAP-MD5"),
    ] {
        let network = format!("eap={eap}\n phase2=\"{theirs}\"");
        let name = format!("{eap} {theirs}");
        cases.push(case(&name, &user(&network), &["-e", eap, "-2", ours]));
        let refused = user(&network).replace(PASSWORD, "spatne");
        let words = ["-e", eap, "-2", ours, "--password-file", &wrong];
        cases.push(case(&format!("{name}, wrong password"), &refused, &words));
        for (version, word) in [(0, "TLSv1"), (1, "TLSv1.1"), (2, "TLSv1.2"), (3, "TLSv1.3")] {
            let network = format!("{network}\n {}", only(version));
            let weak = if version < 2 { "\n openssl_ciphers=\"DEFAULT@SECLEVEL=0\"" } else { "" };
            let words = ["-e", eap, "-2", ours, "-L", word];
            cases.push(case(&format!("{name}, {word}"), &user(&format!("{network}{weak}")), &words));
        }
    }
    let peap = "eap=PEAP\n phase2=\"auth=MSCHAPV2\"";
    let mut other = case("wrong CA", &user(peap).replace("ca.pem", "otherca.pem"), &["-a", &stranger]);
    other.trusting = true;
    cases.push(other);
    cases.push(case(
        "wrong name",
        &user(&format!("{peap}\n domain_match=\"radius.else.cz\"")),
        &["-d", "radius.else.cz"],
    ));
    let name = "radius.else.cz;radius.example-home.cz";
    cases.push(case("one of two names", &user(&format!("{peap}\n domain_match=\"{name}\"")), &["-d", name]));
    let subject = "subject_match=\"/CN=radius.example-home.cz\"";
    cases.push(case("subject", &user(&format!("{peap}\n {subject}")), &["-x", "/CN=radius.example-home.cz"]));
    let subject = "subject_match=\"/CN=other\"";
    cases.push(case("wrong subject", &user(&format!("{peap}\n {subject}")), &["-x", "/CN=other"]));
    for name in ["anonymous@example-home.cz", "anon4711@example-home.cz"] {
        let network = format!("{peap}\n anonymous_identity=\"{name}\"");
        cases.push(case(name, &user(&network), &["-A", name]));
    }
    let nobody = user(peap).replace(USER, "nobody@example-home.cz");
    cases.push(case("unknown user", &nobody, &["-u", "nobody@example-home.cz"]));
    let (certificate, key) = (world.pki.user.certificate.display(), world.pki.user.key.display());
    for (version, word) in [(2, "TLSv1.2"), (3, "TLSv1.3")] {
        let theirs = format!(
            "eap=TLS\n identity=\"user@example-home.cz\"\n {authority}\n client_cert=\"{certificate}\"\n \
             private_key=\"{key}\"\n {}",
            only(version)
        );
        let (certificate, key) = (certificate.to_string(), key.to_string());
        let words = ["-u", "user@example-home.cz", "-e", "TLS", "-j", &certificate, "-k", &key, "-L", word];
        cases.push(case(&format!("TLS, {word}"), &theirs, &words));
    }
    cases
}

/// One version of TLS, and no other: wpa_supplicant has two that it leaves on otherwise.
fn only(version: u8) -> String {
    let words: Vec<String> =
        (0..4).map(|i| format!("tls_disable_tlsv1_{i}={}", u8::from(i != version))).collect();
    format!("phase1=\"{}\"", words.join(" "))
}

/// Success, and the number of requests.
fn eapol_test(world: &World, server: SocketAddr, case: &Case) -> (bool, usize, String) {
    let network = format!("network={{\n ssid=\"eduroam\"\n key_mgmt=WPA-EAP\n {}\n}}", case.theirs);
    let configuration = world.file_of("eapol.conf", &network);
    let mut command = Command::new("/usr/bin/eapol_test");
    command.args(["-a", &server.ip().to_string(), "-p", &server.port().to_string(), "-s", SECRET]);
    command.args(["-t", "30", "-M", "70:6f:6c:69:73:68", "-c"]).arg(configuration);
    let (_, text) = output(&mut command);
    let success = text.lines().next_back() == Some("SUCCESS");
    (success, text.matches("Sending RADIUS message to authentication server").count(), text)
}

/// All differences at once.
fn compare(world: &World, servers: &[(&str, SocketAddr)]) {
    let mut differences = Vec::new();
    for case in cases(world) {
        for (name, server) in servers {
            let (success, requests, text) = eapol_test(world, *server, &case);
            let words: Vec<&str> = case.ours.iter().map(String::as_str).collect();
            let run = if case.trusting { bare(world, *server, &words) } else { eap(world, *server, &words) };
            let run = run.program_only().run();
            if (run.state == State::Ok) != success {
                let last: Vec<&str> = text.lines().rev().take(12).collect();
                differences.push(format!(
                    "{name}, {}: eapol_test {success}, we: {}{last:#?}",
                    case.name, run.output
                ));
            } else if success && run.metric("round_trips") != requests as f64 {
                differences.push(format!(
                    "{name}, {}: {requests} requests of eapol_test, we: {}",
                    case.name, run.output
                ));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}

#[test]
fn verdicts_and_requests_are_those_of_eapol_test_with_freeradius() {
    let world = World::new();
    let home = Home::of(&world).start(&world);
    compare(&world, &[("good", home.good), ("bad", home.bad)]);
}

#[test]
fn verdicts_and_requests_are_those_of_eapol_test_with_hostapd() {
    let world = World::new();
    let hostapd = Hostapd::start(&world, &world.pki.server);
    compare(&world, &[("hostapd", hostapd.server)]);
}
