//! The daemon on what is no Nagios object: a configuration of Icinga 2, and a federation's lists. Checks run, a problem
//! is told, and a reload after a change keeps what is known.

use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use serde_json::Value;
use testkit::{Server, program, wait_until};

use super::harness::{Daemon, header, subject};
use crate::support::mounts::{in_mount_namespace, run};

/// A folder with this list of objects in its `hlidka.yaml`.
fn prepare(objects: &str) -> Daemon {
    let daemon = Daemon::prepare("");
    let yaml = std::fs::read_to_string(daemon.path("hlidka.yaml")).unwrap();
    daemon.write("hlidka.yaml", &yaml.replace("trusted: [objects.cfg]", objects));
    daemon
}

/// A program of this text.
fn script(path: &Path, text: &str) {
    std::fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
}

/// Where doors are: other tests do not take the number of one that is closed.
const ADDRESS: &str = "127.16.37.1";

/// A door that lets everybody in while this is kept.
struct Door {
    port: u16,
    is_closed: Arc<AtomicBool>,
    porter: Option<JoinHandle<()>>,
}

impl Door {
    /// One of a number that nobody has.
    fn new() -> Door {
        Door::open(0)
    }

    /// The one of this number, closed so far.
    fn open(port: u16) -> Door {
        let mut opened = None;
        wait_until("the door is open", || {
            opened = TcpListener::bind((ADDRESS, port)).ok();
            opened.is_some()
        });
        let listener = opened.unwrap();
        let port = listener.local_addr().unwrap().port();
        let is_closed = Arc::new(AtomicBool::new(false));
        let seen = is_closed.clone();
        let porter = std::thread::spawn(move || {
            for _guest in listener.incoming() {
                if seen.load(Ordering::SeqCst) {
                    return;
                }
            }
        });
        Door { port, is_closed, porter: Some(porter) }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.is_closed.store(true, Ordering::SeqCst);
        // the last guest
        let _ = TcpStream::connect((ADDRESS, self.port));
        let _ = self.porter.take().map(JoinHandle::join);
    }
}

/// A signal, as init systems send it; what must have come of it is for the caller to wait for.
fn hang_up(daemon: &mut Daemon, log: &str) {
    let before = daemon.log().matches(log).count();
    daemon.server().signal("HUP");
    wait_until(&format!("the log says {log}"), || daemon.log().matches(log).count() > before);
}

/// A host whose doors are checked twice a second, and who is told: `told` is a command of notifications.
fn icinga(doors: &[(&str, u16)], told: &str, attempts: u16) -> String {
    let doors: String = doors
        .iter()
        .map(|(name, port)| format!("  vars.doors[\"{name}\"] = {{ tcp_port = {port} }}\n"))
        .collect();
    format!(
        "const NodeName = \"monitor\"\ninclude <itl>\ninclude <plugins>\ninclude \"conf.d/*.conf\"\n\
         template Host \"fast\" {{ check_interval = 500ms; retry_interval = 500ms }}\n\
         template Service \"fast\" {{\n  check_interval = 500ms\n  retry_interval = 500ms\n  max_check_attempts = {attempts}\n}}\n\
         object Host \"gate\" {{\n  import \"fast\"\n  check_command = \"dummy\"\n  address = \"{ADDRESS}\"\n{doors}}}\n\
         apply Service for (name => door in host.vars.doors) {{\n  import \"fast\"\n  check_command = \"tcp\"\n  vars += door\n}}\n\
         apply Notification \"doors\" to Service {{\n  command = \"{told}\"\n  users = [ \"ann\" ]\n  interval = 0\n  \
         assign where host.vars.doors\n}}\n"
    )
}

/// Mails by hlidka, and a command of notifications of one's own.
fn people(folder: &Path) -> String {
    script(&folder.join("told.sh"), &format!("echo \"$*\" >> {}", folder.join("told").display()));
    format!(
        "object User \"ann\" {{ email = \"ann@example.test\" }}\n\
         object NotificationCommand \"mail-service-notification\" {{ command = [ \"/etc/icinga2/scripts/mail-service-notification.sh\" ] }}\n\
         object NotificationCommand \"tell\" {{\n  command = [ \"{}\" ]\n  arguments = {{\n    \
         \"--type\" = \"$notification.type$\"\n    \"--of\" = \"$host.name$/$service.name$\"\n    \
         \"--to\" = \"$user.email$\"\n  }}\n}}\n",
        folder.join("told.sh").display()
    )
}

#[test]
fn t16_the_daemon_runs_on_a_configuration_of_icinga_2() {
    let (front, back) = (Door::new(), Door::new());
    let port = front.port;
    let mut daemon = prepare("trusted: [icinga2.conf]");
    std::fs::create_dir(daemon.path("conf.d")).unwrap();
    daemon.write("conf.d/people.conf", &people(daemon.dir.path()));
    daemon.write("icinga2.conf", &icinga(&[("front", port)], "mail-service-notification", 2));
    daemon.start();
    let well = daemon.wait_for("gate", "front", "ok hard");
    assert!(well["output"].as_str().unwrap().contains(ADDRESS), "a real result: {well}");
    drop(front);
    let failed = daemon.wait_for("gate", "front", "critical hard");
    wait_until("ann has a mail", || !daemon.mails().is_empty());
    let mail = &daemon.mails()[0];
    assert_eq!(
        (header(mail, "To"), subject(mail)),
        ("ann@example.test", "[hlidka] CRITICAL gate / front"),
        "{mail}"
    );

    // what is wrong is refused, with the line of the rule
    let changed = icinga(&[("front", port), ("back", back.port)], "mail-service-notification", 2);
    daemon.write("icinga2.conf", &changed.replace("check_command = \"tcp\"", "check_command = \"tpc\""));
    hang_up(&mut daemon, "is refused");
    assert!(daemon.log().contains("icinga2.conf:") && daemon.log().contains("tpc"), "{}", daemon.log());
    assert_eq!(daemon.object("gate", "front")["since"], failed["since"], "the old one goes on");

    // a new object of the rule, and another command: what is known stays
    daemon.write(
        "icinga2.conf",
        &changed.replace("\"mail-service-notification\"\n  users", "\"tell\"\n  users"),
    );
    hang_up(&mut daemon, "reloaded: 1 host, 2 services");
    daemon.wait_for("gate", "back", "ok hard");
    let kept = daemon.wait_for("gate", "front", "critical hard");
    assert_eq!((&kept["since"], daemon.mails().len()), (&failed["since"], 1), "nobody is told twice");
    let _front = Door::open(port);
    daemon.wait_for("gate", "front", "ok hard");
    let told = || std::fs::read_to_string(daemon.path("told")).unwrap_or_default();
    wait_until("the new command tells of the recovery", || !told().is_empty());
    assert_eq!(told(), "--of gate/front --to ann@example.test --type RECOVERY\n");
    assert_eq!(daemon.mails().len(), 1);
    daemon.stop();
}

/// `hlidka run /etc/icinga2/icinga2.conf`: no hlidka.yaml, so everything is where packages have it.
#[test]
fn t16_an_icinga2_conf_is_all_that_the_daemon_needs() {
    in_mount_namespace(module_path!(), "t16_an_icinga2_conf_is_all_that_the_daemon_needs", || {
        for folder in ["/run", "/var/lib"] {
            run("/bin/mount", &["-t", "tmpfs", "tmpfs", folder]);
            std::fs::create_dir(Path::new(folder).join("hlidka")).unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let main = folder.path().join("icinga2.conf");
        std::fs::create_dir(folder.path().join("conf.d")).unwrap();
        std::fs::write(folder.path().join("conf.d/people.conf"), people(folder.path())).unwrap();
        let front = Door::new();
        let port = front.port;
        std::fs::write(&main, icinga(&[("front", port)], "tell", 2)).unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let mut server = Server::start_logged(Command::new(program("hlidka")).arg("run").arg(&main), log);
        let front_is = |state: &str| {
            wait_until(&format!("front is {state}"), || {
                let status = Command::new(program("hlidka")).args(["status", "--json"]).output().unwrap();
                let Ok(overview) = serde_json::from_slice::<Value>(&status.stdout) else { return false };
                overview["objects"].as_array().unwrap().iter().any(|object| {
                    let is = |key: &str, value: &str| object[key] == value;
                    is("service", "front")
                        && is("condition", state)
                        && is("state_type", "hard")
                        && !object["last_check"].is_null()
                })
            });
        };
        front_is("ok");
        drop(front);
        front_is("critical");
        let told = || std::fs::read_to_string(folder.path().join("told")).unwrap_or_default();
        wait_until("it is told", || !told().is_empty());
        assert_eq!(told(), "--of gate/front --to ann@example.test --type PROBLEM\n");
        server.signal("TERM");
        assert_eq!(server.wait(), Some(0));
        assert!(Path::new("/var/lib/hlidka/state.db").exists());
    });
}

/// What the checks of this federation do: a door instead of an echo, and a login that says whose it was.
fn commands(port: u16, login: &Path) -> String {
    let dummies = [
        "federation_vcelka_maja",
        "federation_cui",
        "federation_fake_uid",
        "federation_cve_2017_9148",
        "federation_eap_certificate",
        "federation_eap_certificate_without_cat",
        "federation_compromised_users",
        "federation_concurrent_inst",
        "federation_cat",
    ]
    .map(|name| format!("define command {{\n command_name {name}\n command_line $USER1$/check_dummy 0\n}}\n"))
    .concat();
    format!(
        "define command {{\n command_name federation_ping\n command_line $USER1$/check_tcp -H $HOSTADDRESS$ -p {port} -t 5\n}}\n\
         define command {{\n command_name federation_realm\n command_line {} $_SERVICEUSER$ $_SERVICEPASSWORD_FILE$ $_HOSTSECRET_FILE$\n}}\n\
         {dummies}",
        login.display()
    )
}

/// Lists of one institution; PING and logins twice a second, the rest as shipped.
fn lists(servers: &[&str], user: &str) -> String {
    let servers: String = servers
        .iter()
        .map(|name| {
            format!("  - {{name: {name}, address: {ADDRESS}, institution: north, realms: [north.example]}}\n")
        })
        .collect();
    format!(
        "secret_file: secret\nca_file: ca.pem\ninstitutions:\n  - {{name: north, contacts: [north]}}\nservers:\n{servers}\
         accounts:\n  - {{realm: north.example, user: {user}, password_file: password}}\n\
         services:\n  PING: {{check_interval: 0.01, retry_interval: 0.01, max_check_attempts: 2}}\n  \
         HOME-REALM: {{check_interval: 0.01, retry_interval: 0.01, max_check_attempts: 2}}\n  \
         COVERAGE-INFO: {{enabled: false}}\n  VISITORS: {{enabled: false}}\n"
    )
}

#[test]
fn e37_the_daemon_runs_on_a_federation_s_lists() {
    let echo = Door::new();
    let port = echo.port;
    let mut daemon =
        prepare("trusted: [templates.cfg, contacts.cfg, commands.cfg]\n  federation: federation.yaml");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/federation/objects");
    for file in ["templates.cfg", "contacts.cfg"] {
        std::fs::copy(example.join(file), daemon.path(file)).unwrap();
    }
    let login = daemon.path("login.sh");
    script(&login, "test -r \"$2\" && test -r \"$3\" || exit 3\necho \"logged in: $1\"");
    daemon.write("commands.cfg", &commands(port, &login));
    for (file, text) in [("secret", "s3cret"), ("password", "heslo"), ("ca.pem", "")] {
        daemon.write(file, text);
    }
    let (first, second) = ("radius.north.example", "radius2.north.example");
    daemon.write("federation.yaml", &lists(&[first], "test@north.example"));
    daemon.start();
    let logged_in = daemon.wait_for(first, "@north.example", "ok hard");
    assert_eq!(logged_in["output"], "logged in: test@north.example");
    daemon.wait_for(first, "PING", "ok hard");

    drop(echo);
    let failed = daemon.wait_for(first, "PING", "critical hard");
    wait_until("the institution has a mail", || !daemon.mails().is_empty());
    let told: Vec<String> =
        daemon.mails().iter().map(|mail| format!("{} {}", header(mail, "To"), subject(mail))).collect();
    assert_eq!(told, [format!("eduroam@north.example [hlidka] CRITICAL {first} / PING")]);
    wait_until("nobody logs in at a server that does not answer", || {
        daemon.object(first, "@north.example")["blocked"].to_string().contains("PING")
    });

    // what is wrong is refused, with the line of the lists
    let text = lists(&[first, second], "other@north.example");
    daemon.write("federation.yaml", &text.replace("[north]", "[nroth]"));
    hang_up(&mut daemon, "is refused");
    assert!(daemon.log().contains("federation.yaml:") && daemon.log().contains("nroth"), "{}", daemon.log());

    // a server more, and another account: what is known stays
    daemon.write("federation.yaml", &text);
    hang_up(&mut daemon, "reloaded: 2 hosts, ");
    daemon.wait_for(second, "PING", "critical hard");
    let kept = daemon.wait_for(first, "PING", "critical hard");
    assert_eq!(kept["since"], failed["since"]);
    assert!(daemon.object(first, "@north.example")["blocked"].to_string().contains("PING"));
    let _echo = Door::open(port);
    for server in [first, second] {
        daemon.wait_for(server, "PING", "ok hard");
        wait_until("the other account logs in", || {
            daemon.object(server, "@north.example")["output"] == "logged in: other@north.example"
        });
    }
    wait_until("everybody hears of the end", || daemon.mails().len() == 4);
    daemon.stop();
}
