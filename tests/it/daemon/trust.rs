//! What monitored machines export: one that turns bad, or hostile, changes nothing for the others
//! (T06, T09), over a reload, a signal and a restart.

use std::path::PathBuf;
use std::process::{Command, Output};

use testkit::{program, wait_until};

use super::harness::{COMMON, Daemon};

/// Commands of the site that say what they were given.
const ECHO: &str = "
define command {
  command_name  echo
  command_line  /usr/bin/printf '<%s>' $ARG1$
}
define command {
  command_name  piped
  command_line  /bin/echo $ARG1$ | /bin/cat
}
define host {
  use        fast-host
  host_name  victim
}
define service {
  use                  fast-service
  host_name            victim
  service_description  own
  check_command        check_dummy!0!safe
}
";

fn host(name: &str) -> String {
    format!("define host {{\n use fast-host\n host_name {name}\n}}\n")
}

fn service(host: &str, name: &str, command: &str) -> String {
    format!(
        "define service {{\n use fast-service\n host_name {host}\n service_description {name}\n check_command {command}\n}}\n"
    )
}

/// A daemon's folder with an exported one in it.
fn site() -> Daemon {
    let daemon = Daemon::prepare(&format!("{COMMON}{ECHO}"));
    std::fs::create_dir(daemon.path("exported")).unwrap();
    let yaml = std::fs::read_to_string(daemon.path("hlidka.yaml")).unwrap();
    let yaml = yaml.replace("trusted: [objects.cfg]", "trusted: [objects.cfg]\n  exported: [exported]");
    daemon.write("hlidka.yaml", &yaml);
    daemon
}

fn verify(daemon: &Daemon) -> Output {
    Command::new(program("hlidka")).arg("verify").arg(daemon.dir.path()).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn t09_a_bad_exported_file_is_set_aside_and_its_old_version_goes_on() {
    let mut daemon = site();
    let both = |one: &str| format!("{}{}", host("one"), service("one", "echo", &format!("echo!{one}")));
    daemon.write("exported/one.cfg", &both("first"));
    daemon.write("exported/two.cfg", &format!("{}{}", host("two"), service("two", "echo", "echo!before")));
    daemon.start();
    let before = daemon.wait_for("one", "echo", "ok hard");
    assert_eq!(before["output"], "<first>");
    let defined = before["defined"].as_str().unwrap();
    assert!(defined.contains("exported/one.cfg:5 (exported)"), "{defined}");

    // one turns bad, two changes
    daemon.write("exported/one.cfg", &both("second").replace("host_name one\n s", "host_name victim\n s"));
    daemon.write("exported/two.cfg", &format!("{}{}", host("two"), service("two", "echo", "echo!after")));
    let told = daemon.says(&["reload"]);
    assert!(told.contains("exported/one.cfg:7: quarantined: service `echo`"), "{told}");
    assert!(told.contains("its last good version goes on"), "{told}");
    wait_until("the other's change takes effect", || daemon.object("two", "echo")["output"] == "<after>");
    let kept = daemon.object("one", "echo");
    assert_eq!((&kept["output"], &kept["since"]), (&before["output"], &before["since"]));
    assert!(kept["defined"].as_str().unwrap().contains("last-good/exported/one.cfg:5"), "{kept}");
    assert!(daemon.says(&["status"]).contains("one.cfg:7: quarantined"));
    let verified = verify(&daemon);
    assert_eq!(verified.status.code(), Some(1));
    assert!(text(&verified).contains("`victim` is not `one`"), "{}", text(&verified));
    assert!(text(&verified).contains("0 errors, 0 warnings, 2 quarantined"), "{}", text(&verified));

    // a restart knows no more and no less
    daemon.stop();
    daemon.start();
    wait_until("it is checked again", || daemon.object("one", "echo")["last_check"] != kept["last_check"]);
    let after = daemon.object("one", "echo");
    assert_eq!((&after["output"], &after["since"]), (&before["output"], &before["since"]));

    // put right, it counts again; deleted, it goes
    daemon.write("exported/one.cfg", &both("third"));
    daemon.server().signal("HUP");
    wait_until("the new version counts", || daemon.object("one", "echo")["output"] == "<third>");
    assert_eq!(verify(&daemon).status.code(), Some(0));
    std::fs::remove_file(daemon.path("exported/one.cfg")).unwrap();
    assert!(daemon.says(&["reload"]).contains("reloaded: 2 hosts, 2 services"));
    wait_until("its copy goes", || !daemon.path("last-good/exported/one.cfg").exists());
    daemon.stop();
}

/// One case for each trick: what the machine writes, and what it is refused for.
#[test]
fn t06_hostile_files_touch_nothing() {
    let mut daemon = site();
    daemon.start();
    daemon.wait_for("victim", "own", "ok hard");
    let mark = daemon.path("mark").display().to_string();
    let own = host("evil");
    let cases = [
        ("another host's name", host("victim"), "`victim` is not `evil`"),
        (
            "a service of another",
            format!("{own}{}", service("victim", "own", "check_dummy!2")),
            "is not `evil`",
        ),
        ("of all", format!("{own}{}", service("*", "own", "check_dummy!2")), "`*` is not `evil`"),
        (
            "a command",
            format!(
                "{own}define command {{\n command_name check_dummy\n command_line /usr/bin/touch {mark}\n}}\n"
            ),
            "a command is for trusted files only",
        ),
        (
            "a value with a newline",
            format!(
                "{}{}",
                own,
                service(
                    "evil",
                    "x",
                    &format!("echo!a\n}}\ndefine command {{\n command_name echo\n command_line touch {mark}")
                )
            ),
            "a command is for trusted files only",
        ),
        ("an event handler", own.replace('}', " event_handler echo!x\n}"), "event handlers are for trusted"),
        ("an option", format!("{own}{}", service("evil", "x", "echo!--help")), "taken for an option"),
        ("an escape sequence", own.replace('}', " notes \u{1b}[2J\n}"), "may not stand here"),
        ("a huge file", format!("{own}{}", "# filler\n".repeat(100_000)), "larger than 256 KiB"),
        ("bytes", "\u{0}\u{1}\u{2}".to_owned(), "may not stand here"),
    ];
    for (trick, file, says) in cases {
        daemon.write("exported/evil.cfg", &file);
        let told = daemon.says(&["reload"]);
        assert!(told.contains("1 host, 1 service") && told.contains(says), "{trick}: {told}");
        assert!(!told.contains('\u{1b}'), "{trick}: {told:?}");
        let verified = verify(&daemon);
        assert_eq!(verified.status.code(), Some(1), "{trick}");
        assert!(text(&verified).contains("exported/evil.cfg"), "{trick}: {}", text(&verified));
    }
    // a link to what only root may read
    std::fs::remove_file(daemon.path("exported/evil.cfg")).unwrap();
    std::os::unix::fs::symlink("/etc/shadow", daemon.path("exported/evil.cfg")).unwrap();
    let told = daemon.says(&["reload"]);
    assert!(told.contains("symbolic link") && !told.contains("root"), "{told}");
    std::fs::remove_file(daemon.path("exported/evil.cfg")).unwrap();
    assert_eq!(daemon.object("victim", "own")["output"], "OK: safe");
    assert!(!PathBuf::from(mark).exists());
    daemon.stop();
}

/// T06: whatever stands in an argument reaches the plugin as it stands there, with a shell or without.
#[test]
fn t06_arguments_are_data_to_the_last() {
    let mut daemon = site();
    let mark = daemon.path("mark").display().to_string();
    let arguments = [
        ("substitution", format!("$(touch {mark})")),
        ("backticks", format!("`touch {mark}`")),
        ("semicolon", format!("a\\;touch {mark}")),
        ("pipe", format!("a|touch {mark}")),
        ("redirection", format!("a >{mark}")),
        ("quotes", format!("a' \\; touch {mark} \\; '")),
        ("double", format!("a\" & touch {mark} & \"")),
        ("macro", "$USER1$".to_owned()),
    ];
    let services = arguments.iter().map(|(name, argument)| {
        let one = service("evil", name, &format!("echo!{argument}"));
        one + &service("evil", &format!("{name} piped"), &format!("piped!{argument}"))
    });
    daemon.write("exported/evil.cfg", &format!("{}{}", host("evil"), services.collect::<String>()));
    assert_eq!(verify(&daemon).status.code(), Some(0), "{}", text(&verify(&daemon)));
    daemon.start();
    for (name, argument) in &arguments {
        let argument = argument.replace("\\;", ";");
        // a pipe in a plugin's output is where its perfdata start
        let shown = argument.split('|').next().unwrap();
        let piped = daemon.wait_for("evil", &format!("{name} piped"), "ok hard");
        assert_eq!(piped["output"], *shown, "{name}");
        let direct = daemon.wait_for("evil", name, "ok hard");
        assert!(direct["output"].as_str().unwrap().starts_with(&format!("<{shown}")), "{name}: {direct}");
    }
    assert!(!PathBuf::from(mark).exists());
    daemon.stop();
}

#[test]
fn a_reload_that_loses_too_much_is_refused_unless_it_is_meant() {
    let mut daemon = site();
    let all: String = (0..20).map(|n| service("one", &format!("s{n}"), "check_dummy!0")).collect();
    daemon.write("exported/one.cfg", &format!("{}{all}", host("one")));
    daemon.start();
    std::fs::remove_file(daemon.path("exported/one.cfg")).unwrap();
    let refused = daemon.ask(&["reload"]);
    assert!(!refused.status.success());
    let reason = text(&refused);
    assert!(reason.contains("lacks 1 of 2 hosts and 20 of 21 services"), "{reason}");
    assert!(reason.contains("one;s0") && reason.contains("--force"), "{reason}");
    daemon.server().signal("HUP");
    wait_until("a signal obeys it too", || daemon.log().matches("lacks 1 of 2 hosts").count() >= 2);
    assert!(daemon.says(&["status"]).contains("2 hosts, 21 services"));
    assert!(daemon.says(&["reload", "--force"]).contains("reloaded: 1 host, 1 service"));
    assert!(daemon.says(&["status"]).contains("1 host, 1 service;"));
    daemon.stop();
}
