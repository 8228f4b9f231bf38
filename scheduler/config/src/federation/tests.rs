//! Lists to objects: each rule, each mistake, and many of both.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use engine::DependencyKind;
use proptest::prelude::*;

use super::rules::RULES;
use crate::load::{Configuration, load_federation};
use crate::problem::Problem;

/// A template for every rule, without anything of its own.
fn templates() -> String {
    let mut text = "define command {\n command_name c\n command_line /bin/true\n}\n\
        define host {\n name server\n register 0\n max_check_attempts 1\n}\n\
        define contact {\n name person\n register 0\n host_notification_options d\n \
        service_notification_options c\n}\n\
        define contact {\n use person\n contact_name operator\n}\n\
        define contact {\n use person\n contact_name one\n}\n"
        .to_owned();
    let names: BTreeSet<&str> = RULES.iter().map(|rule| rule.template).collect();
    for name in names {
        let _ = write!(
            text,
            "define service {{\n name {name}\n register 0\n check_command c\n max_check_attempts 3\n}}\n"
        );
    }
    text
}

fn load(lists: &str) -> Configuration {
    load_federation(&templates(), lists).unwrap_or_else(|problems| panic!("{}", said(&problems)))
}

fn said(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

/// What is wrong, by line.
fn wrong(lists: &str) -> String {
    match load_federation(&templates(), lists) {
        Ok(configuration) => said(&configuration.warnings),
        Err(problems) => said(&problems),
    }
}

/// The services of a host.
fn services(of: &Configuration, host: &str) -> String {
    let graph = &of.graph;
    let host = graph.hosts().find(|id| &*graph.object(*id).name == host).unwrap();
    let names: BTreeSet<&str> = graph.services(host).iter().map(|id| &*graph.object(*id).name).collect();
    names.into_iter().collect::<Vec<_>>().join(" ")
}

/// What a service is not run without: `HOST;SERVICE`, with `!` if WARNING is no failure.
fn needs(of: &Configuration, service: &str) -> String {
    let graph = &of.graph;
    let id = graph.ids().find(|id| graph.identity(*id).to_string() == service).unwrap();
    let mut needs: Vec<String> = Vec::new();
    let (mut execution, mut notification) = (0, 0);
    for dependency in graph.dependencies(id) {
        let rule = graph.dependency_rule(dependency.rule);
        match rule.kind {
            DependencyKind::Execution => execution += 1,
            DependencyKind::Notification => {
                notification += 1;
                continue;
            }
        }
        let mark = if rule.failure_criteria.has('w') { "" } else { "!" };
        needs.push(format!("{}{mark}", graph.identity(dependency.master)));
    }
    assert_eq!(execution, notification, "every dependency holds for checks and for mails");
    needs.sort();
    needs.join(" ")
}

fn variable(of: &Configuration, object: &str, name: &str) -> Option<String> {
    let graph = &of.graph;
    let id = graph.ids().find(|id| graph.identity(*id).to_string() == object).unwrap();
    let found = graph.object(id).variables.iter().find(|(known, _)| **known == *name);
    found.map(|(_, value)| value.to_string())
}

/// Two institutions, one with two servers; the second is larger than it needs to be.
const TWO: &str = "secret_file: secret
operator: {contacts: [operator]}
national:
  - {name: national, address: 192.0.2.1}
institutions:
  - {name: a, title: The A, contacts: [one], xml: 'http://a.example/i.xml'}
servers:
  - {name: a1, address: 192.0.2.2, institution: a, realms: [a.example], aliases: [aa.example], transport: radsec}
  - {name: b1, address: 192.0.2.3, realms: [b.example, c.example], transport: ipsec, secret_file: b}
  - {name: b2, address: 192.0.2.4, realms: [b.example], transport: udp}
accounts:
  - {realm: a.example, user: t@a.example, password_file: a, cat_profile: 7}
  - {realm: b.example, user: t@b.example, password_file: b, method: TTLS/PAP, ca_file: /x/ca, names: [r.b.example, s.b.example]}
  - {realm: c.example, user: t@c.example, password_file: c}
big_packet: {realm: b.example, user: big@b.example}
";

/// E01-E20: which services there are, and where.
#[test]
fn e01_to_e20_follow_from_two_lists() {
    let of = load(TWO);
    assert_eq!(services(&of, "national"), "F-TICKS PING REQUESTS");
    assert_eq!(
        services(&of, "a1"),
        "@a.example @b.example @c.example BIG-PACKET CALLING-STATION-ID CAT-a.example CHARGEABLE-USER-IDENTITY \
         CHARGEABLE-USER-IDENTITY-a.example COMPROMISED-USERS-a.example CONCURRENT-INST-a.example COVERAGE-INFO \
         CVE-2017-9148-a.example EAP-CERTIFICATE-a.example FAKE-UID-a.example HOME-REALM-ALIVE-a.example \
         INSTITUTION-XML OPERATOR-NAME PING RADSEC VCELKA-MAJA-a.example VISITORS"
    );
    // what is of the realm or the institution is on the first server only; no name in CAT, no document
    assert_eq!(
        services(&of, "b2"),
        "@a.example @b.example @c.example BIG-PACKET CALLING-STATION-ID CHARGEABLE-USER-IDENTITY \
         CHARGEABLE-USER-IDENTITY-b.example CVE-2017-9148-b.example EAP-CERTIFICATE-b.example FAKE-UID-b.example \
         OPERATOR-NAME PING VCELKA-MAJA-b.example VISITORS"
    );
    let b1 = services(&of, "b1");
    for service in
        ["IPSEC", "@c.example", "HOME-REALM-ALIVE-b.example", "COMPROMISED-USERS-c.example", "COVERAGE-INFO"]
    {
        assert!(b1.split(' ').any(|known| known == service), "{service} in {b1}");
    }
    assert!(!b1.contains("CAT-b") && !b1.contains("INSTITUTION-XML") && !b1.contains("RADSEC"), "{b1}");
}

/// E02-E13, E16, E18, E20, E30: what must be well.
#[test]
fn e30_what_each_service_needs() {
    let of = load(TWO);
    for (service, want) in [
        ("a1;PING", ""),
        ("a1;RADSEC", "a1;PING"),
        ("b1;IPSEC", "b1;PING"),
        ("a1;BIG-PACKET", "a1;RADSEC b1;HOME-REALM-ALIVE-b.example!"),
        ("b1;BIG-PACKET", "b1;HOME-REALM-ALIVE-b.example! b1;IPSEC"),
        ("b2;BIG-PACKET", "b1;HOME-REALM-ALIVE-b.example! b2;PING"),
        ("b1;VCELKA-MAJA-c.example", "b1;@c.example"),
        ("a1;INSTITUTION-XML", ""),
        ("a1;COVERAGE-INFO", ""),
        ("b2;@b.example", "b2;PING"),
        ("a1;@b.example", "a1;@a.example b1;HOME-REALM-ALIVE-b.example!"),
        ("a1;@c.example", "a1;@a.example b1;@c.example"),
        ("b1;@a.example", "a1;@a.example b1;@b.example b1;@c.example"),
        ("b2;@c.example", "b1;@c.example b2;@b.example"),
        ("b1;CALLING-STATION-ID", "b1;PING"),
        ("b1;OPERATOR-NAME", "b1;PING"),
        ("b1;CHARGEABLE-USER-IDENTITY", "b1;@b.example b1;@c.example"),
        ("b2;CHARGEABLE-USER-IDENTITY-b.example", "b2;@b.example"),
        ("b2;FAKE-UID-b.example", "b2;@b.example"),
        ("a1;COMPROMISED-USERS-a.example", ""),
        ("a1;CONCURRENT-INST-a.example", ""),
        ("b2;CVE-2017-9148-b.example", "b2;@b.example"),
        ("b1;HOME-REALM-ALIVE-b.example", ""),
        ("b1;VISITORS", "b1;@b.example b1;@c.example"),
        ("a1;CAT-a.example", ""),
        ("b2;EAP-CERTIFICATE-b.example", "b2;PING"),
    ] {
        assert_eq!(needs(&of, service), want, "{service}");
    }
}

/// E05, E06, E20: what commands get to know; secrets are names of files.
#[test]
fn variables_say_what_is_particular() {
    let of = load(TWO);
    for (object, name, want) in [
        ("a1", "SECRET_FILE", "/secret"),
        ("b1", "SECRET_FILE", "/b"),
        ("a1;@b.example", "USER", "t@b.example"),
        ("a1;@b.example", "PASSWORD_FILE", "/b"),
        ("a1;@b.example", "METHOD", "-e TTLS -2 PAP"),
        ("a1;@b.example", "TRUST", "-a /x/ca -d 'r.b.example;s.b.example'"),
        ("a1;@c.example", "TRUST", ""),
        ("a1;BIG-PACKET", "USER", "big@b.example"),
        ("a1;BIG-PACKET", "PASSWORD_FILE", "/b"),
        ("a1;VCELKA-MAJA-a.example", "FOREIGN_USER", "t@b.example"),
        ("b1;VCELKA-MAJA-c.example", "FOREIGN_USER", "t@a.example"),
        // c's server is also b's, so is b2 not: b.example is foreign to nobody there
        ("b2;VCELKA-MAJA-b.example", "FOREIGN_PASSWORD_FILE", "/a"),
        ("a1;INSTITUTION-XML", "REALMS", "a.example,aa.example"),
        ("a1;INSTITUTION-XML", "XML", "http://a.example/i.xml"),
        ("b1;HOME-REALM-ALIVE-b.example", "HOME_SERVICES", "b1:@b.example,b2:@b.example"),
        ("a1;CAT-a.example", "TITLE", "The A"),
        ("a1;EAP-CERTIFICATE-a.example", "CAT_PROFILE", "7"),
        ("b1;COVERAGE-INFO", "REALM", "b.example"),
    ] {
        assert_eq!(variable(&of, object, name).as_deref(), Some(want), "{object} {name}");
    }
}

/// Identity providers have no visitors; who is for visitors only has no users.
#[test]
fn roles_take_services_away() {
    let lists = TWO.replace("transport: radsec}", "transport: radsec, role: idp}").replace(
        "  - {name: b2, address: 192.0.2.4, realms: [b.example], transport: udp}\n",
        "  - {name: b2, address: 192.0.2.4, realms: [b.example], transport: radsec, role: sp}\n",
    );
    let of = load(&lists);
    let idp = services(&of, "a1");
    for service in ["@b.example", "VISITORS", "CALLING-STATION-ID", "OPERATOR-NAME"] {
        assert!(!idp.split(' ').any(|known| known == service), "{service} in {idp}");
    }
    assert_eq!(variable(&of, "a1;RADSEC", "RADSEC").as_deref(), Some("--idp-only"));
    assert_eq!(
        services(&of, "b2"),
        "@a.example @b.example @c.example CALLING-STATION-ID CHARGEABLE-USER-IDENTITY OPERATOR-NAME PING RADSEC VISITORS"
    );
    assert_eq!(variable(&of, "b2;RADSEC", "RADSEC").as_deref(), Some("--sp-only"));
    // a guest there from the institution itself is a visitor, and nothing is at home
    assert_eq!(needs(&of, "b2;@b.example"), "b1;@b.example b2;PING");
    assert_eq!(needs(&of, "b2;VISITORS"), "b2;PING");
    assert_eq!(
        variable(&of, "b1;HOME-REALM-ALIVE-b.example", "HOME_SERVICES").as_deref(),
        Some("b1:@b.example")
    );
}

/// The requirements' words: it works without national proxies too.
#[test]
fn without_national_servers_nothing_is_read_from_their_logs() {
    let of = load(&TWO.replace("national:\n  - {name: national, address: 192.0.2.1}\n", ""));
    let a1 = services(&of, "a1");
    for service in ["RADSEC", "CALLING-STATION-ID", "COMPROMISED-USERS-a.example", "CHARGEABLE-USER-IDENTITY"]
    {
        assert!(!a1.split(' ').any(|known| known == service), "{service} in {a1}");
    }
    assert!(a1.contains("@b.example") && a1.contains("BIG-PACKET"), "{a1}");
    assert_eq!(needs(&of, "a1;BIG-PACKET"), "a1;PING b1;HOME-REALM-ALIVE-b.example!");
}

/// E32: host groups by realm, service groups by service.
#[test]
fn e32_groups() {
    let of = load(TWO);
    let group = |name: &str| {
        let group = of.graph.host_groups.iter().find(|group| &*group.name == name).unwrap();
        group.members.iter().map(|id| of.graph.object(*id).name.to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        [group("realm-a.example"), group("realm-b.example"), group("realm-c.example")],
        ["a1", "b1 b2", "b1"]
    );
    assert_eq!([group("radius-servers"), group("visited-servers")], ["a1 b1 b2", "a1 b1 b2"]);
    let group =
        |name: &str| of.graph.service_groups.iter().find(|group| &*group.name == name).unwrap().members.len();
    assert_eq!(
        [group("PING"), group("HOME-REALM"), group("VISITOR-REALM"), group("COLLECTORS")],
        [4, 4, 5, 2]
    );
}

#[test]
fn services_are_switched_and_timed_in_one_place() {
    let more = "services:
  PING: {check_interval: 2, retry_interval: 0.5, max_check_attempts: 4}
  RADSEC: {enabled: false}
  HOME-REALM-ALIVE: {enabled: false}
  CAT: {notify: false}
templates: {ping: own-ping, server: own-server}
";
    let own = templates()
        .replace(" name ping\n", " name own-ping\n")
        .replace(" name server\n", " name own-server\n");
    let of = load_federation(&own, &format!("{TWO}{more}"))
        .unwrap_or_else(|problems| panic!("{}", said(&problems)));
    let graph = &of.graph;
    let settings =
        |name: &str| graph.settings(graph.ids().find(|id| graph.identity(*id).to_string() == name).unwrap());
    let ping = settings("a1;PING");
    assert_eq!(
        (ping.check_interval.as_secs_f64(), ping.retry_interval.as_secs_f64(), ping.max_check_attempts),
        (120.0, 30.0, 4)
    );
    assert!(!settings("a1;CAT-a.example").notifications && settings("a1;COVERAGE-INFO").notifications);
    assert!(!services(&of, "a1").contains("RADSEC") && !services(&of, "b1").contains("ALIVE"));
    // nothing waits for what is not there
    assert_eq!(needs(&of, "a1;BIG-PACKET"), "a1;PING");
    assert_eq!(needs(&of, "a1;@b.example"), "a1;@a.example");
    let of = load(&format!(
        "{TWO}services: {{HOME-REALM: {{enabled: false}}, HOME-REALM-ALIVE: {{enabled: false}}}}\n"
    ));
    assert_eq!(needs(&of, "b2;FAKE-UID-b.example"), "b2;PING");
    assert_eq!(needs(&of, "b1;@a.example"), "b1;PING");
}

/// Who is told: institution and operator, or the operator where nobody else is named.
#[test]
fn people_are_those_of_the_institution() {
    let of = load(TWO);
    let told = |name: &str| {
        let graph = &of.graph;
        let id = graph.ids().find(|id| graph.identity(*id).to_string() == name).unwrap();
        let contacts = &graph.settings(id).contacts;
        contacts.iter().map(|id| graph.contact(*id).name.to_string()).collect::<Vec<_>>().join(" ")
    };
    for (name, want) in [
        ("a1", "operator one"),
        ("a1;PING", "operator one"),
        ("a1;FAKE-UID-a.example", "one"),
        ("a1;@b.example", "operator"),
        ("b1;FAKE-UID-b.example", "operator"),
        ("national;REQUESTS", "operator"),
    ] {
        assert_eq!(told(name), want, "{name}");
    }
}

/// All at once, each with its line and its way out.
#[test]
fn every_mistake_names_its_line_and_its_way_out() {
    let lists = "secret_file: s
servers:
  - {name: a1, address: x, realms: [a.example], transport: rasdec}
  - {name: a2, address: x, realms: [b.example, b.example], aliases: [a.example]}
  - name: a1
    address: x
    realms: [nobody.example]
  - {name: a3, adress: x, realms: [c.example], role: home}
  - {name: 'a,4', address: x, realms: [Upper.example]}
  - {address: x}
  - {name: a5, address: 'x y', realms: []}
  - {name: a6, address: x, realms: [nobdy.example], institution: nowhere}
accounts:
  - {realm: a.example, user: u, password_file: p}
  - {realm: b.example, user: u, password_file: p, method: PEAP/PAP}
  - {realm: c.example, user: 'a b', password_file: 'it''s'}
  - {realm: a.example, user: u, password_file: p}
  - {realm: lost.example, user: u, password_file: p}
  - {realm: nobody.exampel, password_file: p}
institutions:
  - {name: idle, xml: ftp://x}
big_packet: {realm: a.exmaple}
services: {PNIG: {enabled: true}, PING: {chek_interval: 1, check_interval: 0}}
templates: {pinng: x}
";
    let said = wrong(lists);
    for want in [
        "federation.yaml:3: error: no such transport: `rasdec`; known: radsec, ipsec, udp",
        "federation.yaml:4: error: realm `b.example` is there twice; name each realm of a server once",
        "federation.yaml:4: error: alias `a.example` is a realm; see federation.yaml:14; an alias has neither an account nor `realms:`",
        "federation.yaml:5: error: server `a1` is there twice; see federation.yaml:3; keep one of the two",
        "federation.yaml:8: error: no such key: `adress`; nearest known: `address`",
        "federation.yaml:8: error: address is missing; write its address, or a name that has one",
        "federation.yaml:8: error: no such role: `home`; known: both, idp, sp",
        "federation.yaml:9: error: `a,4` is no name of a server; letters, digits, `.`, `-` and `_`; no `.` or `-` at the beginning; xn--… for other letters",
        "federation.yaml:10: error: name is missing; write the name of the RADIUS server",
        "federation.yaml:11: error: address `x y` is not one word; no blanks, quotes, `\\` or `$`, no `-` at the beginning",
        "federation.yaml:11: error: server `a5` has no realms; name the realms that are registered for it",
        "federation.yaml:12: error: realm `nobdy.example` has no account; nearest known: `nobody.exampel`; or add one under `accounts:`",
        "federation.yaml:12: error: no such institution: `nowhere`; known here: idle",
        "federation.yaml:15: error: no such method: `PEAP/PAP`; PEAP or TTLS, and what is inside: TTLS/PAP, PEAP/MSCHAPV2, PEAP/GTC",
        "federation.yaml:16: error: user `a b` is not one word; no blanks, quotes, `\\` or `$`, no `-` at the beginning",
        "federation.yaml:16: error: password file `it's` is not one word; no blanks, quotes, `\\` or `$`, no `-` at the beginning",
        "federation.yaml:17: error: the account of realm `a.example` is there twice; see federation.yaml:14; keep one of the two",
        "federation.yaml:18: error: realm `lost.example` has an account and no home server; name the realm under `realms:` of a server, or take the account out",
        "federation.yaml:19: error: user is missing; write user@REALM",
        "federation.yaml:21: error: `ftp://x` is no URL; write http://… or https://…",
        "federation.yaml:21: warning: institution `idle` has no server; a server names it by `institution:`",
        "federation.yaml:22: error: realm `a.exmaple` has no account; nearest known: `a.example`",
        "federation.yaml:23: error: no such service: `PNIG`; nearest known: `PING`",
        "federation.yaml:23: error: no such key: `chek_interval`; nearest known: `check_interval`",
        "federation.yaml:23: error: `0` is no interval; minutes, as in definitions, more than 0",
        "federation.yaml:24: error: no such template: `pinng`; nearest known: `ping`",
    ] {
        assert!(said.contains(want), "{want}\n in\n{said}");
    }
}

#[test]
fn secrets_are_asked_for_and_shapes_are_checked() {
    for (lists, want) in [
        (
            "servers:\n  - {name: a, address: x, realms: [r]}\n",
            "federation.yaml:2: error: secret_file is missing; write the name of a file",
        ),
        ("servers: 3\n", "federation.yaml:1: error: "),
        ("servers:\n  - name: [x]\n", "federation.yaml:2: error: "),
        ("accounts: [{realm: r, user: u}]\n", "federation.yaml:1: error: password_file is missing"),
        ("a: b\n", "federation.yaml:1: error: no such key: `a`"),
        ("\tx", "federation.yaml:1: error: "),
        (
            "institutions: [{name: a, title: \"a\\nb\"}]\n",
            "federation.yaml:1: error: title `a\\nb` cannot be shown in one line",
        ),
        ("operator: {contacts: ['a,b', '!x']}\n", "federation.yaml:1: error: `!x` is no name of a contact"),
        ("services: {PING: {enabled: perhaps}}\n", "federation.yaml:1: error: "),
        // neither an option of a command nor a hidden name
        ("accounts: [{realm: -r, user: u, password_file: p}]\n", "`-r` is no name of a realm"),
        ("accounts: [{realm: r, user: -x, password_file: p}]\n", "user `-x` is not one word"),
        ("servers: [{name: -H, address: -x, realms: [r]}]\n", "address `-x` is not one word"),
    ] {
        let said = wrong(lists);
        assert!(said.contains(want), "{want}\n in\n{said}");
    }
    let said = wrong("secret_file: s\nservers: [{name: a, address: x, realms: [r]}]\n");
    let want = "realm `r` has no account; add one under `accounts:`, or write `role: sp` if there are no users of its own";
    assert!(said.contains(want), "{said}");
    assert!(load_federation("", "# nothing yet\n").is_ok());
}

/// An alias of two institutions, and a realm of two.
#[test]
fn a_name_is_that_of_one_institution() {
    let lists = TWO
        .replace(
            "realms: [b.example], transport: udp",
            "realms: [b.example], aliases: [aa.example], transport: udp",
        )
        .replace("address: 192.0.2.4, ", "address: 192.0.2.4, institution: a, ");
    let said = wrong(&lists);
    assert!(
        said.contains("federation.yaml:10: error: realm `b.example` is that of another institution"),
        "{said}"
    );
    let lists = TWO.replace(
        "realms: [b.example], transport: udp",
        "realms: [b.example], aliases: [aa.example], transport: udp",
    );
    let said = wrong(&lists);
    assert!(said.contains("federation.yaml:10: error: alias `aa.example` is that of another institution; see federation.yaml:8"), "{said}");
}

/// What every entry has in common is written once.
#[test]
fn anchors_and_merges_are_understood() {
    let mut lists = "secret_file: s\nservers:\n".to_owned();
    for n in 0..300 {
        let usual = if n == 0 { "&usual " } else { "" };
        let merged = if n == 0 { "transport: radsec" } else { "<<: *usual" };
        let _ = writeln!(lists, "  - {usual}{{{merged}, name: s{n}, address: 'x', realms: [r{n}]}}");
    }
    lists.push_str("accounts:\n");
    (0..300).for_each(|n| {
        let _ = writeln!(lists, "  - {{realm: r{n}, user: u, password_file: p}}");
    });
    let of =
        load(&format!("{lists}national: [{{name: n, address: x}}]\noperator: {{contacts: [operator]}}\n"));
    assert!(services(&of, "s299").contains("RADSEC"));
}

/// E36, E37: definitions are as many as servers and realms, and what comes of them is all pairs.
#[test]
fn e37_a_large_federation_stays_small_before_it_is_resolved() {
    let (ta, rs) = (200, 300);
    let mut lists =
        "secret_file: s\noperator: {contacts: [operator]}\nnational: [{name: n, address: x}]\nservers:\n"
            .to_owned();
    for server in 0..rs {
        let realm = server % ta;
        let _ = writeln!(
            lists,
            "  - {{name: s{server}, address: 'x', institution: i{realm}, realms: [r{realm}], transport: radsec}}"
        );
    }
    lists.push_str("institutions:\n");
    (0..ta).for_each(|n| {
        let _ = writeln!(lists, "  - {{name: i{n}, title: I {n}, contacts: [one]}}");
    });
    lists.push_str("accounts:\n");
    (0..ta).for_each(|n| {
        let _ = writeln!(lists, "  - {{realm: r{n}, user: 't@r{n}', password_file: p}}");
    });
    lists.push_str("big_packet: {realm: r1}\n");
    let mut problems = crate::problem::Problems::default();
    let made = super::generate(&lists, std::path::Path::new("/"), &"f".into(), &mut problems).unwrap();
    let definitions = made.source.lines().filter(|line| line.text.starts_with("define ")).count();
    assert!(definitions < 20 * (ta + rs), "{definitions} definitions");
    let of = load(&lists);
    let graph = &of.graph;
    let visitors = graph.service_groups.iter().find(|group| &*group.name == "VISITOR-REALM").unwrap();
    assert_eq!(visitors.members.len(), ta * rs - rs);
    assert_eq!(needs(&of, "s299;@r7"), "s299;@r99 s7;HOME-REALM-ALIVE-r7!");
    assert_eq!(needs(&of, "s299;@r150"), "s150;@r150 s299;@r99");
    // PING, RADSEC, BIG-PACKET, VISITORS and 3 about requests everywhere; 6 of a realm on each of its servers;
    // 4 on the first of them, and coverage
    assert_eq!(graph.ids().count(), 1 + 3 + rs + rs * (7 + 6) + ta * (4 + 1) + ta * rs - rs);
}

/// docs/federation.md has the table as it is.
#[test]
fn the_papers_have_every_rule_and_every_key() {
    let page = include_str!("../../../../docs/federation.md");
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with('|')).collect();
    for rule in RULES {
        let service = match rule.service.split_once("{realm}") {
            Some(("@", _)) => "`@realm`".to_owned(),
            Some((name, _)) => format!("{name}*realm*"),
            None => rule.service.to_owned(),
        };
        let template = format!("`{}`", rule.template);
        assert!(
            rows.iter().any(|row| row.contains(&service) && row.contains(&template)),
            "{service} {template}"
        );
    }
    for key in super::lists::keys() {
        assert!(page.contains(&format!("`{key}`")) || page.contains(&format!("{key}:")), "{key}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "(servers|accounts|realms|realm|name|national|: |\n|  - |  |\\[|\\]|\\{|\\}|, |&a |\\*a|<<|\"|'|\t|é|x|!){0,40}") {
        let _ = load_federation("", &text);
    }

    /// Lists that are nearly right: whatever is put into a value, nothing but words comes out of it.
    #[test]
    fn a_value_stays_a_value(value in "[a-z0-9 !;,\\\\$'{}\u{7f}\u{85}-]{0,12}", place in 0_usize..8) {
        let quoted = format!("'{}'", value.replace('\'', "''"));
        let old = ["a1,", "192.0.2.2", "a.example]", "t@b.example", "/x/ca", "The A", "one", "r.b.example"][place];
        let end: String = old.chars().last().filter(|c| ",]".contains(*c)).into_iter().collect();
        let lists = TWO.replacen(old, &format!("{quoted}{end}"), 1);
        if let Ok(of) = load_federation(&templates(), &lists) {
            prop_assert_eq!(of.graph.hosts().count(), 4);
            for id in of.graph.ids() {
                let origin = &of.graph.object(id).origin;
                prop_assert!(&*origin.file == "federation.yaml" && origin.line > 0);
            }
        }
    }
}
