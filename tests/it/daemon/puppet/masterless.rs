//! Machines without PuppetDB: each writes its own file into a shared folder, and the monitoring server keeps those of
//! the machines that it knows (U02, T09, T14, T15, T22).

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use serde_json::{Value, json};
use testkit::{program, wait_until};

use super::super::harness::{COMMON, Daemon};
use super::site::{Site, hlidka, object, root, verified};

const GROUPS: &str = "
define command {
  command_name  echo
  command_line  /usr/bin/printf '<%s>' $ARG1$
}
define hostgroup {
  hostgroup_name  debian
}
define hostgroup {
  hostgroup_name  web
}
define hostgroup {
  hostgroup_name  git
}
define hostgroup {
  hostgroup_name  monitor
}
define servicegroup {
  servicegroup_name  public
}
define servicegroup {
  servicegroup_name  web
}
";

/// A daemon's folder, and the machines that export into it.
struct World {
    site: Site,
    daemon: Daemon,
    manifest: PathBuf,
}

impl World {
    fn new() -> World {
        let daemon = Daemon::prepare(&format!("{COMMON}{GROUPS}"));
        fs::create_dir(daemon.path("exported")).unwrap();
        let yaml = fs::read_to_string(daemon.path("hlidka.yaml")).unwrap();
        daemon.write(
            "hlidka.yaml",
            &yaml.replace("trusted: [objects.cfg]", "trusted: [objects.cfg]\n  exported: [exported]"),
        );
        let manifest = root().join("tests/it/daemon/puppet/machines.pp");
        World { site: Site::new(), daemon, manifest }
    }

    fn facts(&self, role: &str) -> Value {
        let own = fs::metadata("/proc/self").unwrap();
        let socket = self.daemon.path("hlidka.sock");
        json!({
            "role": role,
            "shared": self.daemon.path("exported"),
            "collected": self.daemon.path("exported"),
            "networking": {"ip": "127.0.0.1"},
            "has_metrics": true,
            "machines": ["web1.example.test", "git1.example.test"],
            "user": own.uid(),
            "group": own.gid(),
            "reload": format!("{} reload --socket {}", program("hlidka").display(), socket.display()),
        })
    }

    fn exported(&self) -> Vec<String> {
        let entries = fs::read_dir(self.daemon.path("exported")).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[test]
fn u02_t14_classes_say_how_their_services_are_monitored() {
    let world = World::new();
    let (web, git) = (world.facts("web"), world.facts("git"));
    let mut monitor = world.facts("monitor");
    monitor["reload"] = json!(""); // nothing runs yet
    let manifest = &*world.manifest;
    let all = [
        ("web1.example.test", manifest, &web),
        ("git1.example.test", manifest, &git),
        ("monitor.example.test", manifest, &monitor),
    ];
    for run in world.site.apply_all(&all) {
        run.changes(true);
    }
    assert_eq!(
        fs::read_to_string(world.daemon.path("exported/web1.example.test.cfg")).unwrap(),
        "# Written by Puppet: what is changed here is lost.

define host {
\t## --PUPPET_NAME-- Hlidka::Host[web1.example.test]
\thost_name                      web1.example.test
\tuse                            fast-host
\taddress                        127.0.0.1
\thostgroups                     debian,web
}

define service {
\t## --PUPPET_NAME-- Hlidka::Service[https]
\thost_name                      web1.example.test
\tservice_description            https
\tuse                            fast-service
\tcheck_command                  check_tcp!443
\tcheck_interval                 7
\tretry_interval                 0.5
\tservicegroups                  public,web
\tnotes_url                      https://wiki.example.test/web
\tstalking_options               o,c
\t_PORT                          443
\t_OWNER                         null
}

define service {
\t## --PUPPET_NAME-- Hlidka::Service[metrics]
\thost_name                      web1.example.test
\tservice_description            metrics
\tuse                            fast-service
\tcheck_command                  check_tcp!9100
}
"
    );
    let mode = fs::metadata(world.daemon.path("exported/web1.example.test.cfg")).unwrap().mode();
    assert_eq!(mode & 0o777, 0o640);

    // a machine alone, as hlidka sees it: nothing to complain about
    fs::rename(world.daemon.path("exported/git1.example.test.cfg"), world.daemon.path("kept")).unwrap();
    verified(world.daemon.dir.path(), "2 hosts, 2 services");
    fs::rename(world.daemon.path("kept"), world.daemon.path("exported/git1.example.test.cfg")).unwrap();
    let https = object(world.daemon.dir.path(), "service", "web1.example.test;https");
    let directives = &https["directives"];
    for (directive, value) in [
        ("check_command", "check_tcp!443"),
        ("check_interval", "7.000000"),
        ("retry_interval", "0.500000"),
        ("notes_url", "https://wiki.example.test/web"),
        ("_PORT", "443"),
        ("_OWNER", "null"),
    ] {
        assert_eq!(directives[directive], value, "{directive} of {https}");
    }
    assert_eq!(https["puppet_title"], "Hlidka::Service[https]");
    let host = object(world.daemon.dir.path(), "host", "web1.example.test");
    assert_eq!(host["directives"]["address"], "127.0.0.1");
    let groups = hlidka(&["objects", "--type", "hostgroup"], world.daemon.dir.path());
    assert!(groups.contains("members                        web1.example.test"), "{groups}");

    for run in world.site.apply_all(&all) {
        run.changes(false);
    }

    // a service that is no longer in the manifest
    let mut without = web.clone();
    without["has_metrics"] = json!(false);
    let run = world.site.apply("web1.example.test", manifest, &without).changes(true);
    assert!(
        run.said.contains("-\tservice_description            metrics"),
        "people see what changed: {}",
        run.said
    );
    let now = fs::read_to_string(world.daemon.path("exported/web1.example.test.cfg")).unwrap();
    assert!(now.contains("https") && !now.contains("metrics"), "{now}");

    // a machine that the monitoring server no longer knows, and what nobody ever declared
    fs::write(world.daemon.path("exported/stray.cfg"), "define host {\n host_name stray\n}\n").unwrap();
    monitor["machines"] = json!(["git1.example.test"]);
    world.site.apply("monitor.example.test", manifest, &monitor).changes(true);
    assert_eq!(world.exported(), ["git1.example.test.cfg", "monitor.example.test.cfg"]);
    world.site.apply("monitor.example.test", manifest, &monitor).changes(false);
}

/// T22: after a run of Puppet the daemon knows what changed, and whoever deployed asks for checks at once.
#[test]
fn t22_what_stands_in_a_manifest_arrives_at_the_plugin_as_it_is() {
    let mut world = World::new();
    let (git, mut monitor) = (world.facts("git"), world.facts("monitor"));
    let manifest = world.manifest.clone();
    fs::write(world.daemon.path("exported/old.cfg"), "define host {\n host_name old\n use fast-host\n}\n")
        .unwrap();
    world.daemon.start();
    world.daemon.object("old", "");
    world.site.apply("git1.example.test", &manifest, &git).changes(true);
    monitor["machines"] = json!(["git1.example.test"]);
    let run = world.site.apply("monitor.example.test", &manifest, &monitor).changes(true);
    assert!(run.said.contains("Exec[hlidka reload]: Triggered 'refresh'"), "{}", run.said);
    let status: Value = serde_json::from_str(&world.daemon.says(&["status", "--json"])).unwrap();
    let hosts: Vec<&str> = status["objects"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|object| object["service"].is_null())
        .map(|object| object["host"].as_str().unwrap())
        .collect();
    assert_eq!(hosts, ["git1.example.test", "monitor.example.test"], "{status}");
    world.daemon.says(&["recheck", "git1.example.test"]);
    for (name, word) in [
        ("semicolons", "200;x;y"),
        ("quotes", "it's \"so\""),
        ("dollar", "5$ and $USER1$"),
        ("utf-8", "žluťoučký kůň 日本"),
        ("mark", "a!b"),
        ("slash", "a\\;b\\\\c"),
        ("hash", "# }"),
        ("escaped", "a\\!b"),
        ("number", "2.5"),
        ("yes", "1"),
    ] {
        let object = world.daemon.wait_for("git1.example.test", name, "ok hard");
        assert_eq!(object["output"], format!("<{word}>"), "{name}");
    }
    // a pipe in a plugin's output is where its perfdata start
    let object = world.daemon.wait_for("git1.example.test", "shell", "ok hard");
    assert_eq!(object["output"], "<$(id) `id`");
    let notes = super::site::object(world.daemon.dir.path(), "service", "git1.example.test;semicolons");
    assert_eq!(notes["directives"]["notes"], "of semicolons; 200;x;y");
    wait_until("it is checked again when asked", || {
        let before = world.daemon.object("git1.example.test", "mark")["last_check"].clone();
        world.daemon.says(&["recheck", "git1.example.test"]);
        world.daemon.object("git1.example.test", "mark")["last_check"] != before
    });
    world.daemon.stop();
}
