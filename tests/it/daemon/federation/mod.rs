//! `examples/federation`, live: its institutions and its national server are real, the scheduler runs the example as
//! it stands, and things break one by one (E01-E20, E30-E32).
//!
//! Only the unit of its intervals is another, a second instead of a minute, and the time limit of logins; what takes
//! hours even so is run by `hlidka recheck`, as people do.

mod documents;
mod institution;
mod lists;
mod national;
mod world;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::{program, wait_until};

use self::institution::{Institution, Running, Way};
use self::national::National;
use self::world::World;
use super::harness::{Daemon, header, subject};
use crate::support::cat::Cat;
use crate::support::mounts::{in_network_namespace, run};

/// Secret of all RADIUS servers of the example.
const SECRET: &str = "s3cret-of-all";
/// Password of all test accounts.
const PASSWORD: &str = "heslo-123";
/// Address of the national server.
const NATIONAL: &str = "192.0.2.2";

const SERVERS: [&str; 4] =
    ["radius.north.example", "radius1.east.example", "radius2.east.example", "radius.south.example"];
const REALMS: [&str; 4] = ["north.example", "east.example", "south.example", "students.south.example"];

struct Federation {
    daemon: Daemon,
    world: World,
    north: Running,
    east: [Running; 2],
    south: Running,
    national: National,
    _cat: Cat,
}

impl Federation {
    fn start() -> Federation {
        let world =
            World::new(&[NATIONAL, "192.0.2.11", "192.0.2.21", "192.0.2.22", "192.0.2.31", "192.0.2.80"]);
        let server = |name: &'static str, address, realms, way, host: &str| Institution {
            name,
            address,
            realms,
            way,
            identity: world.identity(name, host, true),
            has_cui: true,
        };
        let (north, east, south) =
            (&["north.example"], &["east.example"], &["south.example", "students.south.example"]);
        let north = server("north", "192.0.2.11", north, Way::Radsec, SERVERS[0]);
        let east = [
            server("east1", "192.0.2.21", east, Way::Radsec, SERVERS[1]),
            server("east2", "192.0.2.22", east, Way::Radsec, SERVERS[2]),
        ];
        let south = server("south", "192.0.2.31", south, Way::Ipsec, SERVERS[3]);
        let mut national = National::prepare(&world, &[&north, &east[0], &east[1], &south]);
        let mut north = north.prepare(&world);
        let mut east = east.map(|one| one.prepare(&world));
        let mut south = south.prepare(&world);
        national.start();
        for one in [&mut north, &mut south].into_iter().chain(&mut east) {
            one.start();
        }
        for one in [&north, &south].into_iter().chain(&east) {
            one.wait();
        }
        let cat = documents::publish(&world);
        let daemon = configure(&world, &national, &cat);
        connect(&daemon);
        Federation { daemon, world, north, east, south, national, _cat: cat }
    }

    /// Runs all checks of a host now.
    fn recheck(&self, host: &str) {
        self.daemon.says(&["recheck", host]);
    }

    /// One service now.
    fn recheck_service(&self, host: &str, service: &str) {
        self.daemon.says(&["recheck", &format!("{host};{service}")]);
    }

    /// All objects by `status --json`.
    fn objects(&self) -> Vec<Value> {
        let overview: Value = serde_json::from_str(&self.daemon.says(&["status", "--json"])).unwrap();
        overview["objects"].as_array().unwrap().clone()
    }

    /// Who was told of what: `ADDRESS: [hlidka] STATE HOST / SERVICE`.
    fn told(&self) -> Vec<String> {
        let line = |mail: &String| format!("{}: {}", header(mail, "To"), subject(mail));
        self.daemon.mails().iter().map(line).collect()
    }

    /// Waits for mails such as these, each once.
    #[track_caller]
    fn are_told(&self, expected: &[String]) {
        for line in expected {
            // how long it lasted may stand behind
            let about = |told: &&String| told.starts_with(line.as_str());
            wait_until(&format!("the mail {line}"), || self.told().iter().any(|told| about(&told)));
            let times = self.told().iter().filter(about).count();
            assert_eq!(times, 1, "{line} in {:?}", self.told());
        }
    }

    /// It is not run, and says which service is to blame.
    #[track_caller]
    fn is_blocked(&self, host: &str, service: &str, master: &str) {
        wait_until(&format!("{host};{service} waits for {master}"), || {
            self.daemon.object(host, service)["blocked"].to_string().contains(master)
        });
    }

    /// Runs one service until it is in this hard state, and gives it.
    #[track_caller]
    fn becomes(&self, host: &str, service: &str, state: &str) -> Value {
        self.settles(host, service, state, |object| object["condition"] == state)
    }

    /// Runs one service until it is in a hard state that is not OK, and gives it.
    #[track_caller]
    fn turns_bad(&self, host: &str, service: &str) -> Value {
        self.settles(host, service, "bad", |object| object["condition"] != "ok")
    }

    #[track_caller]
    fn settles(&self, host: &str, service: &str, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let object = self.daemon.object(host, service);
            if object["state_type"] == "hard" && is_so(&object) {
                return object;
            }
            assert!(start.elapsed() < Duration::from_secs(90), "{host};{service} never was {what}: {object}");
            self.recheck_service(host, service);
            std::thread::sleep(Duration::from_millis(500));
        }
    }
}

/// The example, with its secrets, and a second for every minute.
fn configure(world: &World, national: &National, cat: &Cat) -> Daemon {
    let daemon = Daemon::prepare("");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/federation");
    fs::create_dir(daemon.path("objects")).unwrap();
    for entry in fs::read_dir(example.join("objects")).unwrap() {
        let entry = entry.unwrap();
        // nobody waits for what does not answer as long as the federation does
        let text = fs::read_to_string(entry.path()).unwrap().replace("-t 50", "-t 8");
        let text = text.replace("/etc/hlidka/federation", &daemon.path("secrets").display().to_string());
        fs::write(daemon.path("objects").join(entry.file_name()), text).unwrap();
    }
    for folder in ["secrets/accounts", "remembered/radsec", "remembered/certificates"] {
        fs::create_dir_all(daemon.path(folder)).unwrap();
    }
    daemon.write("secrets/secret", SECRET);
    daemon.write("secrets/ca.pem", &world.authority());
    daemon.write("secrets/realms", &REALMS.join("\n"));
    daemon.write("secrets/institution.json", &documents::federation());
    for realm in REALMS {
        daemon.write(&format!("secrets/accounts/{realm}"), PASSWORD);
    }
    let logs = national.access_log().parent().unwrap().display().to_string();
    let resources = format!(
        "$USER2$={}\n$USER3$={}\n$USER4$={NATIONAL}\n$USER5$={}\n$USER6$={logs}\n",
        daemon.path("secrets").display(),
        daemon.path("remembered").display(),
        cat.api()
    );
    daemon.write("resource.cfg", &resources);
    daemon.write("main.cfg", "cfg_dir=objects\nresource_file=resource.cfg\ninterval_length=1\n");
    let plugins = program("check_dummy").parent().unwrap().display().to_string();
    daemon.write(
        "hlidka.yaml",
        &format!(
            "objects:\n  trusted: [main.cfg]\nstore: sqlite:state.db\nplugins: {plugins}\nsocket: hlidka.sock\n\
             notify:\n  mail:\n    from: monitor@operator.example\n    via: files:mail\n"
        ),
    );
    daemon
}

/// Logs visitors in everywhere until all RadSec connections stand: FreeRADIUS opens them when it needs them.
fn connect(daemon: &Daemon) {
    let mut mac = 0;
    wait_until("the RadSec connections stand", || {
        for (server, realm) in
            [("192.0.2.11", "east.example"), ("192.0.2.21", "north.example"), ("192.0.2.22", "north.example")]
        {
            mac += 1;
            let mut login = Command::new(program("check_eap"));
            login.args([
                "-H",
                server,
                "-u",
                &format!("test@{realm}"),
                "-M",
                &format!("706f6c69{mac:04x}"),
                "-t",
                "8",
            ]);
            login.arg("--secret-file").arg(daemon.path("secrets/secret"));
            login.arg("--password-file").arg(daemon.path("secrets/accounts").join(realm)).output().unwrap();
        }
        ["192.0.2.11", "192.0.2.21", "192.0.2.22"].into_iter().all(|server| {
            Command::new(program("check_radsec")).args(["-H", server]).output().unwrap().status.success()
        })
    });
}

/// E01-E20: five hosts and what is checked on them, without a problem or a doubt.
#[test]
fn the_example_is_verified_without_a_warning() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/federation");
    let verified = Command::new(program("hlidka")).arg("verify").arg(example).output().unwrap();
    let said = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(verified.status.success() && said.contains("5 hosts, 94 services"), "{said}");
    assert!(said.contains("0 errors, 0 warnings"), "{said}");
}

#[test]
fn everything_breaks_one_by_one() {
    in_network_namespace(module_path!(), "everything_breaks_one_by_one", || {
        let mut federation = Federation::start();
        federation.daemon.start();
        all_is_well(&federation);
        a_home_server_is_down(&mut federation);
        a_machine_is_gone(&federation);
        fragments_are_dropped(&federation);
        a_certificate_is_replaced(&mut federation);
        a_realm_has_no_cui(&mut federation);
        the_national_server_is_down(&mut federation);
        federation.daemon.stop();
    });
}

/// Every row of the example becomes OK, and nobody gets a mail.
fn all_is_well(federation: &Federation) {
    for host in SERVERS {
        federation.recheck(host);
    }
    let ran = |object: &Value| !object["last_check"].is_null();
    let services = || federation.objects().into_iter().filter(|object| object["service"].is_string());
    wait_until("everything ran", || services().all(|object| ran(&object)));
    // what the collectors count is there now
    for collector in ["REQUESTS", "F-TICKS"] {
        let before = federation.daemon.object("radius.operator.example", collector)["last_check"].clone();
        federation.recheck_service("radius.operator.example", collector);
        wait_until("the collector ran", || {
            federation.daemon.object("radius.operator.example", collector)["last_check"] != before
        });
    }
    for object in services() {
        let (host, service) = (object["host"].as_str().unwrap(), object["service"].as_str().unwrap());
        federation.becomes(host, service, "ok");
    }
    federation.recheck_service(SERVERS[0], "VISITORS");
    wait_until("visitors are counted", || {
        let visitors = federation.daemon.object(SERVERS[0], "VISITORS");
        visitors["output"].as_str().unwrap().contains("3 of 3 well")
    });
    assert_eq!(federation.told(), Vec::<String>::new());
}

/// E08, E17, E30: what depends on a home realm is not tried, and those who are to be told are told once.
fn a_home_server_is_down(federation: &mut Federation) {
    let south = SERVERS[3];
    federation.south.stop();
    let down = federation.becomes(south, "@south.example", "critical");
    assert!(down["output"].as_str().unwrap().contains("closed"), "{down}");
    federation.becomes(south, "@students.south.example", "critical");
    federation.becomes(south, "HOME-REALM-ALIVE-south.example", "critical");
    // at the server itself, and as a visitor elsewhere
    for (host, service) in
        [(south, "FAKE-UID-south.example"), (south, "@north.example"), (SERVERS[0], "@south.example")]
    {
        federation.is_blocked(host, service, "@south.example");
    }
    let told = |kind: &str| {
        let of = |to: &str| format!("{to}: [hlidka] {kind} {south} / @south.example");
        ["eduroam@operator.example", "eduroam@south.example"].map(of)
    };
    federation.are_told(&told("CRITICAL"));
    federation.south.start();
    federation.south.wait();
    federation.becomes(south, "@south.example", "ok");
    federation.becomes(south, "@students.south.example", "ok");
    federation.are_told(&told("OK"));
    federation.becomes(SERVERS[0], "@south.example", "ok");
}

/// E01, E30: a machine that does not answer is not asked for anything.
fn a_machine_is_gone(federation: &Federation) {
    let south = SERVERS[3];
    run("/sbin/ip", &["addr", "del", "192.0.2.31/32", "dev", "lo"]);
    federation.becomes(south, "PING", "critical");
    for service in ["IPSEC", "@south.example", "EAP-CERTIFICATE-south.example", "OPERATOR-NAME"] {
        federation.is_blocked(south, service, "PING");
    }
    run("/sbin/ip", &["addr", "add", "192.0.2.31/32", "dev", "lo"]);
    federation.becomes(south, "PING", "ok");
    federation.are_told(&[
        format!("eduroam@south.example: [hlidka] CRITICAL {south} / PING"),
        format!("eduroam@south.example: [hlidka] OK {south} / PING"),
    ]);
}

/// E04: only what is larger than a packet suffers, and the check says on which way.
fn fragments_are_dropped(federation: &Federation) {
    let east = SERVERS[1];
    federation.world.filter("ip frag-off & 0x3fff != 0 drop;");
    let big = federation.becomes(east, "BIG-PACKET", "critical");
    assert!(big["output"].as_str().unwrap().contains("large packets are lost"), "{big}");
    federation.becomes(east, "@east.example", "ok");
    federation.world.filter("accept;");
    federation.becomes(east, "BIG-PACKET", "ok");
}

/// E20: a change is told for a day; E08: a certificate of a stranger gets no password.
fn a_certificate_is_replaced(federation: &mut Federation) {
    let north = SERVERS[0];
    let restart = |federation: &mut Federation, file: &str, trusted: bool| {
        let identity = federation.world.identity(file, north, trusted);
        federation.north.stop();
        federation.north.institution.identity = identity;
        federation.north.configure(&federation.world);
        federation.north.start();
        federation.north.wait();
    };
    restart(federation, "north2", true);
    let changed = federation.becomes(north, "EAP-CERTIFICATE-north.example", "warning");
    assert!(changed["output"].as_str().unwrap().contains("chang"), "{changed}");
    federation.becomes(north, "@north.example", "ok");
    restart(federation, "north3", false);
    let stranger = federation.becomes(north, "@north.example", "critical");
    assert!(stranger["output"].as_str().unwrap().contains("certificate"), "{stranger}");
    restart(federation, "north4", true);
    federation.becomes(north, "@north.example", "ok");
}

/// E12, E13: without a CUI nobody may be anonymous.
fn a_realm_has_no_cui(federation: &mut Federation) {
    for one in &mut federation.east {
        one.stop();
        one.institution.has_cui = false;
        one.configure(&federation.world);
        one.start();
        one.wait();
    }
    let east = SERVERS[1];
    federation.becomes(east, "CHARGEABLE-USER-IDENTITY-east.example", "critical");
    let fake = federation.becomes(east, "FAKE-UID-east.example", "critical");
    assert!(fake["output"].as_str().unwrap().contains("anonymous@east.example"), "{fake}");
    federation.are_told(&[format!("eduroam@east.example: [hlidka] CRITICAL {east} / FAKE-UID-east.example")]);
    let about_cui = |line: &String| line.contains("CHARGEABLE");
    assert!(!federation.told().iter().any(about_cui), "E12 is for the overview only");
}

/// E03, E09, E18: home realms are well without the national server, visitors are not.
fn the_national_server_is_down(federation: &mut Federation) {
    let north = SERVERS[0];
    federation.national.stop();
    // a connection that was there a moment ago may have been idle
    let memory = federation.daemon.path("remembered/radsec");
    fs::remove_dir_all(&memory).unwrap();
    fs::create_dir(&memory).unwrap();
    federation.becomes(north, "RADSEC", "critical");
    federation.is_blocked(north, "BIG-PACKET", "RADSEC");
    for realm in ["@south.example", "@students.south.example", "@east.example"] {
        let object = federation.turns_bad(north, realm);
        assert_ne!(object["condition"], "ok");
    }
    federation.becomes(north, "VISITORS", "critical");
    federation.becomes(north, "@north.example", "ok");
    federation.are_told(&[
        format!("eduroam@north.example: [hlidka] CRITICAL {north} / RADSEC"),
        format!("eduroam@north.example: [hlidka] CRITICAL {north} / VISITORS"),
    ]);
    let about_visitors = |line: &String| line.ends_with("radius.north.example / @east.example");
    assert!(!federation.told().iter().any(about_visitors), "nobody is told of single visitors");
}
