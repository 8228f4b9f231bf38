//! T16: `hlidka verify` with the checks that it asks, and before and after changes as people make them.

use std::process::{Command, Output};

use tempfile::TempDir;
use testkit::program;

/// A folder of definitions, with our own checks as its plugins.
struct Site(TempDir);

impl Site {
    fn new(objects: &str) -> Site {
        let site = Site(tempfile::tempdir().unwrap());
        let plugins = program("check_dummy").parent().unwrap().display().to_string();
        let yaml = format!(
            "objects: {{trusted: [objects.cfg]}}\nstore: sqlite:state.db\nplugins: {plugins}\nnotify:\n  mail:\n    \
             from: a@example.org\n    via: files:mail\n"
        );
        std::fs::write(site.0.path().join("hlidka.yaml"), yaml).unwrap();
        site.write(objects);
        site
    }

    fn write(&self, objects: &str) {
        std::fs::write(self.0.path().join("objects.cfg"), objects).unwrap();
    }

    fn ask(&self, arguments: &[&str]) -> Output {
        // the worker is looked for before anything else: it has to be there
        assert!(program("hlidka-worker").is_file());
        Command::new(program("hlidka")).arg("verify").arg(self.0.path()).args(arguments).output().unwrap()
    }

    /// What it says, without the folder's name, and its exit code.
    fn verify(&self) -> (String, Option<i32>) {
        let output = self.ask(&[]);
        let text = String::from_utf8(output.stdout).unwrap();
        (text.replace(&format!("{}/", self.0.path().display()), ""), output.status.code())
    }
}

const CONTACT: &str = "define contact {
  contact_name                  ann
  email                         ann@example.org
  host_notification_options     d,u,r
  service_notification_options  w,u,c,r
}
define host {
  host_name           web1
  address             192.0.2.1
  max_check_attempts  3
  contacts            ann
}
";

fn command(name: &str, line: &str) -> String {
    format!("define command {{\n  command_name  {name}\n  command_line  $USER1$/{line}\n}}\n")
}

fn service(name: &str, check: &str, more: &str) -> String {
    format!(
        "define service {{\n  host_name            web1\n  service_description  {name}\n  check_command        {check}\n  \
         max_check_attempts   3\n  contacts             ann\n{more}}}\n"
    )
}

/// What is said of one command line with its arguments.
fn of(line: &str, arguments: &str, more: &str) -> (String, Option<i32>) {
    let check = if arguments.is_empty() { "c".to_owned() } else { format!("c!{arguments}") };
    let site = Site::new(&format!("{CONTACT}{}{}", command("c", line), service("s", &check, more)));
    let (text, code) = site.verify();
    let (problems, counts) = text.rsplit_once("1 host, ").unwrap();
    assert!(counts.starts_with("1 service, 1 contact; "), "{text}");
    (problems.trim_end().to_owned(), code)
}

#[test]
fn t16_arguments_are_what_the_check_itself_makes_of_them() {
    for (line, arguments, want) in [
        ("check_http -H $HOSTADDRESS$ -w 1 -c 5", "", ""),
        ("check_load -w $ARG1$ -c $ARG2$", "4!5", ""),
        (
            "check_http -H $HOSTADDRESS$ --expct 200",
            "",
            "objects.cfg:13: error: command `c`: check_http refuses its arguments and would always be UNKNOWN: unexpected \
             argument '--expct' found (1 object uses it); nearest known: `--expect`",
        ),
        (
            "check_load -w $ARG1$ -c $ARG2$",
            "5!4",
            "objects.cfg:17: error: `web1;s`: check_load refuses its arguments and would always be UNKNOWN: the 1-minute \
             load for -w is higher than the one for -c; see check_load --help",
        ),
        (
            "check_users -w $ARG1$ -c $ARG2$",
            "20!10",
            "objects.cfg:17: warning: `web1;s`: nobody will see --warning 20 of check_users: --critical 10 alerts wherever \
             it does; exchange the two; the same range twice if there is to be no warning",
        ),
        (
            "check_memory -w 80% -c 100%",
            "",
            "objects.cfg:13: warning: command `c`: --critical 100 of check_memory matches no value that there can be: it \
             never alerts (1 object uses it); a range alerts outside: `10` above 10, `10:` below 10, `@10:20` from 10 to 20; \
             check_memory --help has what else there is",
        ),
        // days until the end of a certificate may be below 0
        ("check_cert -H $HOSTADDRESS$ -w 20 -c 0", "", ""),
        (
            "check_smtp -H $HOSTADDRESS$ --authtype LOGIN --authuser a --authpass $ARG1$",
            "s3cret",
            "objects.cfg:17: warning: `web1;s`: a secret is among the arguments (--authpass), where process lists show it; let \
             the check read it from a file or its environment: check_smtp --help names the options",
        ),
    ] {
        let (text, code) = of(line, arguments, "");
        assert_eq!(text, want, "{line} {arguments}");
        assert_eq!(code, Some(i32::from(want.contains(": error: "))), "{line} {arguments}");
    }
}

#[test]
fn what_only_a_running_check_knows_is_not_doubted() {
    for (line, arguments) in [
        ("check_cluster -s -d $SERVICESTATEID:web1:s$,$SERVICESTATEID:web1:s$ -w $ARG1$ -c $ARG2$", "0!1"),
        ("check_dummy $SERVICESTATEID$ $SERVICEOUTPUT$", ""),
        ("check_load -w $LASTSERVICECHECK$ -c 1", ""),
        ("check_http -H $HOSTADDRESS$ -p $TIMET$", ""),
        ("check_http --extra-opts=web@/nonexistent.ini", ""),
    ] {
        assert_eq!(of(line, arguments, ""), (String::new(), Some(0)), "{line}");
    }
    let (text, code) = of("check_http -H $HOSTADDRESS$ -p $TIMET$ --expct 200", "", "");
    assert!(text.contains("--expct") && code == Some(1), "what depends on nothing is: {text}");
    let (text, code) =
        of("check_ping -H $HOSTADDRESS$ -w $_SERVICEWARN$ -c 500,60%", "", "  _WARN  600,60%\n");
    assert!(text.contains("check_ping refuses") && code == Some(1), "custom variables are known: {text}");
}

#[test]
fn a_typo_in_a_command_of_500_services_is_one_error() {
    let services: String = (0..500).map(|n| service(&format!("s{n}"), "web", "")).collect();
    let text = format!("{CONTACT}{}{services}", command("web", "check_http -H $HOSTADDRESS$ --expct 200"));
    let (text, code) = Site::new(&text).verify();
    assert_eq!(
        text,
        "objects.cfg:13: error: command `web`: check_http refuses its arguments and would always be UNKNOWN: unexpected \
         argument '--expct' found (500 objects use it); nearest known: `--expect`\n\
         1 host, 500 services, 1 contact; 1 error, 0 warnings\n"
    );
    assert_eq!(code, Some(1));
}

#[test]
fn without_a_worker_it_says_so_once_and_the_rest_goes_on() {
    let objects = format!(
        "{CONTACT}{}{}{}",
        command("web", "check_http --expct 200"),
        service("a", "web", ""),
        service("b", "web", "  retry_interval       300\n")
    );
    let site = Site::new(&objects);
    let bare = tempfile::tempdir().unwrap();
    let alone = bare.path().join("hlidka");
    std::fs::copy(program("hlidka"), &alone).unwrap();
    let yaml = site.0.path().join("hlidka.yaml");
    let elsewhere = std::fs::read_to_string(&yaml).unwrap();
    let elsewhere = elsewhere
        .replace(&program("check_dummy").parent().unwrap().display().to_string(), "/nowhere/plugins");
    std::fs::write(yaml, elsewhere).unwrap();
    let output = Command::new(&alone).arg("verify").arg(site.0.path()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.matches("arguments of checks were not examined").count(), 1, "{text}");
    assert!(text.contains("hlidka-worker is not installed: looked for "), "{text}");
    assert!(text.contains("service `b`: it is checked every 5m"), "{text}");
    assert!(text.contains("0 errors, 2 warnings") && output.status.code() == Some(0), "{text}");
}

#[test]
fn programs_read_the_kind_of_a_warning() {
    let objects =
        format!("{CONTACT}{}{}", command("c", "check_memory -c 100%"), service("s", "c", "  notes\n"));
    let output = Site::new(&objects).ask(&["--json"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let kinds: Vec<String> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["kind"].to_string())
        .collect();
    assert_eq!(kinds, ["\"never-alerts\"", "\"empty-value\""]);
    assert!(!text.contains('\u{1b}'), "no colours for programs");
}

/// A small federation: what people change in it, and what verify says before and after.
const FEDERATION: &str = "define contact {
  contact_name                  ann
  email                         ann@example.org
  host_notification_options     d,u,r
  service_notification_options  w,u,c,r
}
define command {
  command_name  ping
  command_line  $USER1$/check_ping -H $HOSTADDRESS$ -w 1500,60% -c 2000,100%
}
define command {
  command_name  login
  command_line  $USER1$/check_dummy 0 $ARG1$
}
define host {
  name                radius
  register            0
  max_check_attempts  3
  contacts            ann
}
define host {
  host_name  radius1
  use        radius
  address    192.0.2.1
}
define service {
  name                realm
  register            0
  check_interval      5
  retry_interval      10
  max_check_attempts  3
}
define service {
  host_name            radius1
  service_description  PING
  use                  realm
  check_command        ping
}
define service {
  host_name            radius1
  service_description  @one.example
  use                  realm
  check_command        login!one
}
define servicedependency {
  host_name                      radius1
  service_description            PING
  dependent_host_name            radius1
  dependent_service_description  @one.example
  execution_failure_criteria     c
}
";

#[test]
fn changes_of_a_day_and_what_is_said_of_them() {
    let site = Site::new(FEDERATION);
    let clean = "1 host, 2 services, 1 contact; 0 errors, 0 warnings\n";
    assert_eq!(site.verify(), (clean.to_owned(), Some(0)));
    let turned = "define servicedependency {
  host_name                      radius1
  service_description            @one.example
  dependent_host_name            radius1
  dependent_service_description  PING
  execution_failure_criteria     c
}
";
    let added = "define service {
  host_name            radius1
  service_description  @two.example
  use                  realm
  check_command        login!two
}
";
    let changes: [(&str, String, &str); 6] = [
        (
            "a template's interval, in seconds",
            FEDERATION.replace("retry_interval      10", "retry_interval      600"),
            "objects.cfg:30: warning: service `PING`: it is checked every 5m, but only every 10h while a problem is not \
             confirmed; retry_interval is in units of interval_length, minutes if nothing else is said\n\
             1 host, 2 services, 1 contact; 0 errors, 1 warning\n",
        ),
        (
            "a contact that has another name now, but is still called by the old one",
            FEDERATION.replace("contact_name                  ann", "contact_name                  anna"),
            "objects.cfg:19: error: host `radius1`: no such contact: `ann`; nearest known: `anna` (objects.cfg:1)\n\
             1 error, 0 warnings\n",
        ),
        (
            "a contact that is nowhere named any more",
            FEDERATION.replace("  contacts            ann\n", ""),
            "objects.cfg:20: warning: host `radius1`: has no contacts: nobody is told of its problems; write `contacts` or \
             `contact_groups`; `contacts null` if it is meant\n\
             objects.cfg:25: warning: service `realm`: has no contacts, nor have the 2 services that use it: nobody is told of \
             their problems; write `contacts` or `contact_groups`; `contacts null` if it is meant\n\
             1 host, 2 services, 1 contact; 0 errors, 2 warnings\n",
        ),
        (
            "a realm more",
            format!("{FEDERATION}{added}"),
            "1 host, 3 services, 1 contact; 0 errors, 0 warnings\n",
        ),
        (
            "a typo in the name of a host",
            format!("{FEDERATION}{}", added.replace("radius1", "raduis1")),
            "objects.cfg:53: error: service `@two.example`: no such host: `raduis1`; nearest known: `radius1` \
             (objects.cfg:21)\n1 error, 0 warnings\n",
        ),
        (
            "a dependency turned round, and the old one forgotten",
            format!("{FEDERATION}{turned}"),
            "objects.cfg:45: error: service `radius1;PING`: depends on itself and would never be checked: `radius1;PING` depends \
             on `radius1;@one.example` depends on `radius1;PING`; take one of the dependencies out of the circle\n\
             1 error, 0 warnings\n",
        ),
    ];
    for (change, objects, want) in changes {
        site.write(&objects);
        let (text, code) = site.verify();
        assert_eq!(text, want, "{change}");
        assert_eq!(code, Some(i32::from(want.contains(": error: "))), "{change}");
    }
    // turned round in place is as good as before
    let place = FEDERATION.find("define servicedependency").unwrap();
    site.write(&format!("{}{turned}", &FEDERATION[..place]));
    assert_eq!(site.verify(), (clean.to_owned(), Some(0)));
}

/// A dependency on itself, though nobody wrote it so: by groups.
#[test]
fn a_dependency_on_itself_through_groups_is_an_error_with_its_place() {
    let group = "define hostgroup {\n  hostgroup_name  all\n  members         *\n}\n";
    let dependency = "define servicedependency {\n  hostgroup_name                 all\n  service_description            PING\n  \
        dependent_hostgroup_name       all\n  dependent_service_description  PING\n  execution_failure_criteria     c\n}\n";
    let place = FEDERATION.find("define servicedependency").unwrap();
    let (text, code) = Site::new(&format!("{}{group}{dependency}", &FEDERATION[..place])).verify();
    assert!(text.starts_with("objects.cfg:49: error: service `radius1;PING`: depends on itself"), "{text}");
    assert!(text.ends_with("1 error, 0 warnings\n") && code == Some(1), "{text}");
}
