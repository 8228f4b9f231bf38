//! E37: the example from two lists is the example that is written by hand, and lists grow by a line.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use testkit::program;

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/federation")
}

/// All objects of a configuration, by type, name and (dependencies have one name for two kinds) content.
fn objects(config: &Path) -> BTreeMap<String, Value> {
    let output = Command::new(program("hlidka"))
        .arg("objects")
        .arg(config)
        .args(["--format", "json"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut objects = BTreeMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let mut object: Value = serde_json::from_str(line).unwrap();
        let kind = object["type"].as_str().unwrap().to_owned();
        let mut directives = object["directives"].take();
        if let Some(members) = directives.get("members").and_then(Value::as_str) {
            directives["members"] = members_in_order(&kind, members).into();
        }
        let mut key = format!("{kind} {}", object["name"].as_str().unwrap());
        if kind.ends_with("dependency") {
            key.push_str(&directives.to_string());
        }
        assert!(objects.insert(key, directives).is_none(), "twice: {line}");
    }
    objects
}

/// Members are in the order of hosts, which is no matter of theirs.
fn members_in_order(kind: &str, members: &str) -> String {
    let words: Vec<&str> = members.split(',').collect();
    let mut members: Vec<String> =
        words.chunks(if kind == "servicegroup" { 2 } else { 1 }).map(|member| member.join(",")).collect();
    members.sort();
    members.join(" ")
}

fn keys(of: &BTreeMap<String, Value>) -> Vec<&str> {
    of.keys().map(String::as_str).collect()
}

#[test]
fn e37_lists_give_the_example_that_is_written_by_hand() {
    let (by_hand, by_lists) = (objects(&example()), objects(&example().join("lists")));
    assert_eq!(keys(&by_lists), keys(&by_hand));
    for (name, directives) in &by_hand {
        assert_eq!(&by_lists[name], directives, "{name}");
    }
    assert_eq!(by_hand.keys().filter(|key| key.starts_with("service ")).count(), 94);
}

/// The lists with their files in a folder of the test, beside the example's objects.
fn configuration(lists: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in ["commands.cfg", "templates.cfg", "contacts.cfg"] {
        fs::copy(example().join("objects").join(file), folder.path().join(file)).unwrap();
    }
    fs::copy(example().join("resource.cfg"), folder.path().join("resource.cfg")).unwrap();
    fs::create_dir(folder.path().join("accounts")).unwrap();
    for file in ["secret", "ca.pem"] {
        fs::write(folder.path().join(file), "x").unwrap();
    }
    for realm in super::REALMS.into_iter().chain(["west.example"]) {
        fs::write(folder.path().join("accounts").join(realm), "x").unwrap();
    }
    let yaml = "objects:\n  trusted: [commands.cfg, templates.cfg, contacts.cfg]\n  federation: federation.yaml\n\
                resources: [resource.cfg]\nstore: sqlite:state.db\n";
    fs::write(folder.path().join("hlidka.yaml"), yaml).unwrap();
    fs::write(folder.path().join("federation.yaml"), lists).unwrap();
    folder
}

/// The lists of the example; file names are relative to themselves.
fn lists() -> String {
    let text = fs::read_to_string(example().join("lists/federation.yaml")).unwrap();
    text.lines().filter(|line| !line.starts_with("files:")).map(|line| format!("{line}\n")).collect()
}

const SERVER: &str =
    "  - {name: radius.west.example, address: 192.0.2.41, realms: [west.example], transport: udp}\n";
const ACCOUNT: &str =
    "  - {realm: west.example, user: test@west.example, password_file: accounts/west.example}\n";

#[test]
fn e37_a_server_and_an_account_more_add_what_belongs_to_them() {
    let text = lists().replace("servers:\n", &format!("servers:\n{SERVER}"));
    let text = text.replace("\n# whose answer", &format!("{ACCOUNT}\n# whose answer"));
    let folder = configuration(&lists());
    let before = objects(folder.path());
    fs::write(folder.path().join("federation.yaml"), text).unwrap();
    let after = objects(folder.path());
    assert_eq!(before.keys().filter(|key| !after.contains_key(*key)).count(), 0);
    let new: Vec<&str> = after.keys().filter(|key| !before.contains_key(*key)).map(String::as_str).collect();
    let of = |kind: &str| -> Vec<String> {
        let kind = format!("{kind} ");
        new.iter().filter_map(|key| key.strip_prefix(&kind)).map(str::to_owned).collect()
    };
    assert_eq!(of("host"), ["radius.west.example"]);
    assert_eq!(of("hostgroup"), ["realm-west.example"]);
    let here = [
        "@east.example",
        "@north.example",
        "@south.example",
        "@students.south.example",
        "@west.example",
        "BIG-PACKET",
        "CALLING-STATION-ID",
        "CHARGEABLE-USER-IDENTITY",
        "CHARGEABLE-USER-IDENTITY-west.example",
        "COMPROMISED-USERS-west.example",
        "CONCURRENT-INST-west.example",
        "COVERAGE-INFO",
        "CVE-2017-9148-west.example",
        "EAP-CERTIFICATE-west.example",
        "FAKE-UID-west.example",
        "HOME-REALM-ALIVE-west.example",
        "OPERATOR-NAME",
        "PING",
        "VCELKA-MAJA-west.example",
        "VISITORS",
    ];
    let mut expected: Vec<String> =
        here.iter().map(|service| format!("radius.west.example;{service}")).collect();
    expected.extend(super::SERVERS.iter().map(|server| format!("{server};@west.example")));
    expected.sort();
    assert_eq!(of("service"), expected);
    // every new dependency has the new server or the new realm on one of its sides
    let dependencies = of("servicedependency");
    assert!(dependencies.iter().all(|name| name.contains("west.example")));
    let count = |dependent: &str| dependencies.iter().filter(|name| name.starts_with(dependent)).count();
    // by the server's own realm and by the visitor's at home, each for checks and for mails
    assert_eq!(count("radius.west.example;@north.example on "), 4);
    assert_eq!(count("radius.north.example;@west.example on "), 4);
    assert_eq!(count("radius.west.example;BIG-PACKET on radius.north.example;HOME-REALM-ALIVE"), 2);
    assert_eq!(count("radius.west.example;VISITORS on radius.west.example;@west.example"), 2);
    assert_eq!(count("radius.west.example;INSTITUTION-XML"), 0);
    let changed: Vec<&str> =
        before.iter().filter(|(key, value)| after[*key] != **value).map(|(key, _)| key.as_str()).collect();
    assert!(changed.iter().all(|key| key.contains("group ")), "{changed:?}");
}

/// Provenance, as `objects` and `verify` show it.
#[test]
fn e37_objects_and_problems_name_the_line_of_the_lists() {
    let text = lists();
    let folder = configuration(&text);
    let shown = |pattern: &str, kind: &str| {
        let output = Command::new(program("hlidka"))
            .args(["objects".as_ref(), folder.path(), pattern.as_ref(), "--type".as_ref(), kind.as_ref()])
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let line_of = |what: &str| 1 + text.lines().position(|line| line.contains(what)).unwrap();
    for (object, kind, cause) in [
        ("radius.south.example;IPSEC", "service", "name: radius.south.example"),
        ("radius.south.example;@north.example", "service", "realm: north.example"),
        ("radius.south.example;INSTITUTION-XML", "service", "www.south.example"),
        ("radius.south.example;IPSEC", "servicedependency", "name: radius.south.example"),
    ] {
        let place = format!("federation.yaml:{}\n", line_of(cause));
        let text = shown(object, kind);
        assert!(text.contains(&place), "{object} at {place}: {text}");
    }
    let wrong = configuration(&text.replace("contacts: [south]", "contacts: [suoth]"));
    let verified = Command::new(program("hlidka")).arg("verify").arg(wrong.path()).output().unwrap();
    let said = String::from_utf8_lossy(&verified.stdout).into_owned();
    let server = line_of("name: radius.south.example");
    let want = format!(
        "federation.yaml:{server}: error: host `radius.south.example`: no such contact: `suoth`; nearest known: `south`"
    );
    assert!(!verified.status.success() && said.contains(&want), "{said}");
}

/// `run` and `simulate` take what `verify` takes; a scenario plays on generated objects.
#[test]
fn e37_lists_are_played_in_virtual_time() {
    let folder = configuration(&lists());
    let scenario = folder.path().join("down.scenario");
    fs::write(&scenario, "1:00 radius.south.example;PING critical \"gone\"\nend 2:00\n").unwrap();
    let output = Command::new(program("hlidka"))
        .args(["simulate".as_ref(), folder.path(), scenario.as_path(), "--no-checks".as_ref()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let says = |service: &str, what: &str| {
        let subject = format!("radius.south.example;{service} ");
        said.lines().any(|line| line.contains(&subject) && line.contains(what))
    };
    assert!(says("PING", "PROBLEM CRITICAL HARD 10 to operator, south"), "{said}");
    assert!(says("@students.south.example", "blocked"), "{said}");
}
