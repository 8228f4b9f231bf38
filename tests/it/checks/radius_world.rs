//! The oracle of the eduroam checks: do the real servers that tests start behave as they are known to?

use std::process::Command;

use crate::support::radius_servers::{
    FreeRadius, Home, Hostapd, PASSWORD, Proxy, SECRET, USER, Uplink, Visited, World, output,
};

/// One login by eapol_test: did it succeed, and how many requests did it take?
fn login(world: &World, server: std::net::SocketAddr, method: &str, more: &str) -> (bool, usize) {
    let configuration = world.file_of(
        "eapol.conf",
        &format!(
            "network={{\n ssid=\"eduroam\"\n key_mgmt=WPA-EAP\n eap={method}\n identity=\"{USER}\"\n \
             password=\"{PASSWORD}\"\n ca_cert=\"{}\"\n{more}\n}}",
            world.pki.authority.certificate.display()
        ),
    );
    let mut command = Command::new("/usr/bin/eapol_test");
    command.args(["-a", &server.ip().to_string(), "-p", &server.port().to_string(), "-s", SECRET]);
    command.args(["-t", "30", "-M", "70:6f:6c:69:73:68", "-c"]).arg(configuration);
    let (_, text) = output(&mut command);
    let success = text.lines().next_back().is_some_and(|line| line == "SUCCESS");
    (success, text.matches("Sending RADIUS message to authentication server").count())
}

fn peap(world: &World, server: std::net::SocketAddr) -> (bool, usize) {
    login(world, server, "PEAP", " phase2=\"auth=MSCHAPV2\"")
}

#[test]
fn freeradius_and_hostapd_authenticate() {
    let world = World::new();
    let home: FreeRadius = Home::of(&world).start(&world);
    assert_eq!(peap(&world, home.good), (true, 10), "{}", home.log());
    assert_eq!(peap(&world, home.bad), (true, 11), "{}", home.log());
    assert_eq!(login(&world, home.good, "TTLS", " phase2=\"auth=PAP\""), (true, 7), "{}", home.log());
    let hostapd = Hostapd::start(&world, &world.pki.server);
    assert_eq!(peap(&world, hostapd.server), (true, 9), "{}", hostapd.log());
    let wrong = login(&world, home.good, "PEAP", " phase2=\"auth=MSCHAPV2\"\n password=\"spatne\"");
    assert!(!wrong.0);
    let log = std::fs::read_to_string(home.access_log()).unwrap();
    assert!(log.contains("csi=70-6F-6C-69-73-68") && log.contains("result=Access-Accept"), "{log}");
}

#[test]
fn the_chain_of_proxies_authenticates() {
    let world = World::new();
    let home = Home::of(&world).start(&world);
    let proxy = Proxy::before(&world, home.radsec).start(&world);
    proxy.wait_for_home();
    let visited = Visited::start(&world, &Uplink::Udp(proxy.udp));
    assert_eq!(peap(&world, visited.server), (true, 10), "{}{}", visited.log(), proxy.log());
    let log = proxy.log();
    assert!(log.contains("F-TICKS/eduroam/1.0#REALM=example-home.cz#VISCOUNTRY=CZ#"), "{log}");
}

#[test]
fn a_visited_institution_may_ask_over_radsec() {
    let world = World::new();
    let home = Home::of(&world).start(&world);
    let proxy = Proxy::before(&world, home.radsec).start(&world);
    proxy.wait_for_home();
    let visited = Visited::start(&world, &Uplink::Radsec(proxy.tls, world.pki.radsec.clone()));
    assert_eq!(peap(&world, visited.server), (true, 10), "{}{}", visited.log(), proxy.log());
}
