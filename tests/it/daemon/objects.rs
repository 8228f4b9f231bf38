//! T15, T16: resolved objects as `hlidka objects` prints them, read by Nagios itself.

use std::path::Path;
use std::process::{Command, Output};

use testkit::program;

const OBJECTS: &str = r"
define timeperiod {
  timeperiod_name  nights
  alias            nights
  monday           00:00-06:00,22:00-24:00
  day 1 - 15 / 5   01:00-02:00
  february -1      00:00-24:00
  thursday -1 november 00:00-24:00
}
define command {
  command_name  check
  command_line  /bin/sh -c 'exit 0\; # $ARG1$'
}
define contact {
  contact_name                   ann
  host_notification_period       nights
  service_notification_period    nights
  host_notification_options      d
  service_notification_options   c
  host_notification_commands     check
  service_notification_commands  check
}
define host {
  name                generic
  register            0
  max_check_attempts  3
  check_period        nights
  contacts            ann
  failure_budget      3/7d
}
define host {
  host_name  gate
  use        generic
}
define host {
  host_name  web
  use        generic
  parents    gate
}
define hostgroup {
  hostgroup_name  all
  members         *
}
define service {
  hostgroup_name       all
  service_description  PING
  check_command        check!a\;b
  max_check_attempts   3
  check_period         nights
}
define service {
  host_name            web
  service_description  HTTP
  check_command        check
  max_check_attempts   3
  check_period         nights
  parents              gate,PING
}
define service {
  host_name            gate
  service_description  ALL
  check_command        hlidka:cluster!*:PING,\!$HOSTNAME$:*!>=100%!>0
  max_check_attempts   1
  check_period         nights
}
define servicedependency {
  hostgroup_name                 all
  service_description            PING
  dependent_host_name            web
  dependent_service_description  HTTP
  execution_failure_criteria     w,u,c
  redundancy_group               any
}
define hostescalation {
  hostgroup_name          all
  first_notification      2
  last_notification       0
  notification_interval   60
}
";

pub(super) fn hlidka(arguments: &[&str]) -> String {
    let output = Command::new(program("hlidka")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// What `nagios4 -v -p` makes of a file of objects.
pub(super) fn nagios(folder: &Path, objects: &str) -> String {
    let at = |name: &str| folder.join(name).display().to_string();
    std::fs::write(folder.join("printed.cfg"), objects).unwrap();
    let main = format!(
        "cfg_file={}\nprecached_object_file={}\nlog_file={}\ncheck_result_path={}\nstatus_file={}\n\
         temp_file={}\nlock_file={}\ncommand_file={}\nstate_retention_file={}\nobject_cache_file={}\n\
         illegal_object_name_chars=`~!$%^&*|'\"<>?,()=\n",
        at("printed.cfg"),
        at("precached"),
        at("log"),
        folder.display(),
        at("status"),
        at("temp"),
        at("lock"),
        at("commands"),
        at("retention"),
        at("cache"),
    );
    std::fs::write(folder.join("nagios.cfg"), main).unwrap();
    // it gives up its rights: the folder is for everybody
    std::fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let output = Command::new("nagios4").args(["-v", "-p", &at("nagios.cfg")]).output();
    let output = output.expect("nagios4 is installed (Debian package nagios4-core)");
    assert!(output.status.success(), "{objects}\n{}", said(&output));
    std::fs::read_to_string(folder.join("precached")).unwrap()
}

/// Blocks without what people may order as they like.
pub(super) fn blocks(text: &str) -> Vec<String> {
    let mut blocks: Vec<String> = text
        .split("define ")
        .skip(1)
        .map(|block| {
            let body = block.split("\n\t}").next().unwrap_or_default().replace("\\;", ";");
            let mut lines: Vec<&str> = body.lines().collect();
            lines.sort_unstable();
            lines.join("\n")
        })
        .collect();
    blocks.sort();
    blocks
}

#[test]
fn t15_nagios_reads_what_is_printed_and_makes_the_same_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("objects.cfg");
    std::fs::write(&config, OBJECTS).unwrap();
    let printed = hlidka(&["objects", config.to_str().unwrap(), "--format", "nagios"]);
    assert!(printed.contains("# failure_budget 3/1w of host gate, web\n"), "{printed}");
    assert!(
        printed.contains("# redundancy_group any of servicedependency web;HTTP on gate;PING"),
        "{printed}"
    );
    let theirs = nagios(folder.path(), &printed);
    assert_eq!(blocks(&theirs), blocks(&printed));
    let again = folder.path().join("printed.cfg");
    let again = hlidka(&["objects", again.to_str().unwrap(), "--format", "nagios"]);
    assert_eq!(blocks(&again), blocks(&printed), "and so does hlidka");
}

/// A host with contacts and a period, a service and escalations of both without; contacts are mailed by hlidka.
const UNTOLD: &str = r"
define timeperiod {
  timeperiod_name  days
  alias            days
  monday           08:00-16:00
}
define command {
  command_name  check
  command_line  /bin/true
}
define contact {
  contact_name                   ann
  email                          ann@example.org
  host_notification_period       days
  service_notification_period    days
  host_notification_options      d
  service_notification_options   c
  host_notification_commands     hlidka:mail
}
define host {
  host_name             web
  max_check_attempts    1
  check_period          days
  contacts              ann
  notification_period   days
}
define service {
  host_name             web
  service_description   told
  check_command         check
  max_check_attempts    1
  check_period          days
}
define service {
  host_name             web
  service_description   untold
  check_command         check
  max_check_attempts    1
  check_period          days
  contacts              null
  notification_period   null
}
define hostescalation {
  host_name             web
  first_notification    2
  last_notification     0
  notification_interval 30
  contacts              null
  escalation_period     null
}
define serviceescalation {
  host_name             web
  service_description   told
  first_notification    2
  last_notification     0
  contact_groups        null
  escalation_period     null
}
define serviceescalation {
  host_name             web
  service_description   untold
  first_notification    2
  last_notification     0
}
";

/// What an object has not, Nagios must not give it from its host or service.
#[test]
fn t15_nobody_is_told_by_nagios_who_is_not_told_by_hlidka() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("objects.cfg");
    std::fs::write(&config, UNTOLD).unwrap();
    let printed = hlidka(&["objects", config.to_str().unwrap(), "--format", "nagios"]);
    let count = |text: &str| printed.matches(text).count();
    assert_eq!(count("\tcontacts\tnull\n"), 3, "{printed}");
    assert_eq!(count("\tnotification_period\tnull\n"), 1, "{printed}");
    assert_eq!(count("\tescalation_period\tnull\n"), 2, "{printed}");
    assert_eq!(count("_notification_commands\thlidka:mail\n"), 2, "{printed}");
    assert_eq!(count("define command {\n\tcommand_name\thlidka:mail\n"), 1, "{printed}");
    let theirs = nagios(folder.path(), &printed);
    let null = |line: &&str| !line.ends_with("\tnull\n");
    let without_null: String = printed.split_inclusive('\n').filter(null).collect();
    assert_eq!(blocks(&theirs), blocks(&without_null));
    let again = folder.path().join("printed.cfg");
    let again = hlidka(&["objects", again.to_str().unwrap(), "--format", "nagios"]);
    assert_eq!(blocks(&again), blocks(&printed), "and so does hlidka");
    // people and programs see what there is
    for format in ["text", "json"] {
        let shown = hlidka(&["objects", config.to_str().unwrap(), "--format", format]);
        assert!(!shown.contains("\"null\"") && !shown.contains(" null\n"), "{shown}");
    }
}

#[test]
fn a_contact_is_mailed_or_has_commands() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("objects.cfg");
    std::fs::write(&config, UNTOLD.replace("hlidka:mail", "check,hlidka:mail")).unwrap();
    let output = Command::new(program("hlidka")).arg("verify").arg(&config).output().unwrap();
    assert!(!output.status.success());
    let says = "objects.cfg:18: error: contact `ann`: hlidka:mail stands beside other commands";
    assert!(said(&output).contains(says), "{}", said(&output));
}

#[test]
fn t16_people_see_one_object_and_where_it_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("objects.cfg");
    std::fs::write(&config, OBJECTS).unwrap();
    let config = config.to_str().unwrap();
    let text = hlidka(&["objects", config, "web;H*", "--type", "service"]);
    assert!(text.starts_with(&format!("service web;HTTP\n    defined at {config}:")), "{text}");
    assert!(text.contains("    parents                        gate,PING\n"), "{text}");
    let json = hlidka(&["objects", config, "--format", "json", "--type", "hostescalation"]);
    let names: Vec<String> = json
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["name"].to_string())
        .collect();
    assert_eq!(names, ["\"gate\"", "\"web\""]);
    let none = Command::new(program("hlidka")).args(["objects", config, "web;HTTPS"]).output().unwrap();
    assert!(
        !none.status.success()
            && said(&none).contains("no object matches `web;HTTPS`; nearest known: `web;HTTP`")
    );
    let wrong = Command::new(program("hlidka")).args(["objects", config, "--type", "hots"]).output().unwrap();
    assert!(!wrong.status.success() && said(&wrong).contains("no such type of object: `hots`"));
}

/// Names and counts of what some options choose.
fn chosen(config: &str, options: &[&str]) -> (Vec<String>, String) {
    let text = Command::new(program("hlidka")).args(["objects", config]).args(options).output().unwrap();
    assert!(text.status.success(), "{options:?}: {}", said(&text));
    let json = hlidka(&[&["objects", config, "--format", "json"], options].concat());
    let names = json.lines().map(|line| {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        format!("{} {}", object["type"].as_str().unwrap(), object["name"].as_str().unwrap())
    });
    assert!(!text.stdout.contains(&0x1b), "no colours but on a terminal");
    (names.collect(), String::from_utf8(text.stderr).unwrap().trim_end().to_owned())
}

#[test]
fn t16_people_choose_objects_by_what_they_have_to_do_with() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("objects.cfg");
    std::fs::write(
        folder.path().join("more.cfg"),
        "define hostgroup {\n hostgroup_name gates\n members gate\n}\n",
    )
    .unwrap();
    let more = "define servicegroup {\n servicegroup_name pings\n members gate,PING,web,PING\n}\n\
        define contact {\n contact_name bob\n email b@example.org\n host_notification_options d\n \
        service_notification_options c\n}\n\
        define serviceescalation {\n host_name web\n service_description HTTP\n first_notification 2\n \
        last_notification 0\n notification_interval 60\n contacts bob\n}\ninclude_file=more.cfg\n";
    std::fs::write(&config, format!("{OBJECTS}{more}")).unwrap();
    let config = config.to_str().unwrap();
    let services = |options: &[&str]| chosen(config, &[&["--type", "host,service"], options].concat());
    let (names, counts) = services(&["--hostgroup", "gate*"]);
    assert_eq!(names, ["host gate", "service gate;PING", "service gate;ALL"]);
    assert_eq!(counts, "1 host, 2 services");
    assert_eq!(services(&["--servicegroup", "pings"]).0, ["service gate;PING", "service web;PING"]);
    assert_eq!(services(&["--servicegroup", "pings", "--hostgroup", "gates"]).0, ["service gate;PING"]);
    assert_eq!(services(&["--contact", "bob"]).0, ["service web;HTTP"], "by an escalation");
    assert_eq!(services(&["--contact", "ann,bob", "web;*"]).0, ["service web;PING", "service web;HTTP"]);
    assert_eq!(
        services(&["--command", "che*"]).0,
        ["service gate;PING", "service web;PING", "service web;HTTP"],
        "an aggregate runs none"
    );
    assert_eq!(
        chosen(config, &["--file", "more.cfg"]),
        (vec!["hostgroup gates".to_owned()], "1 hostgroup".to_owned())
    );
    let (_, counts) = chosen(config, &["--type", "servicedependency,timeperiod"]);
    assert_eq!(counts, "1 timeperiod, 2 servicedependencies");
    for (options, says) in [
        (["--hostgroup", "gats"], "no such host group: `gats`; nearest known: `gates`"),
        (["--contact", "bod"], "no such contact: `bod`; nearest known: `bob`"),
        (["--file", "moer.cfg"], "no object is defined in `moer.cfg`"),
    ] {
        let wrong = Command::new(program("hlidka")).args(["objects", config]).args(options).output().unwrap();
        assert!(!wrong.status.success() && said(&wrong).contains(says), "{}", said(&wrong));
    }
    let piped =
        Command::new(program("hlidka")).args(["objects", config, "--format", "nagios"]).output().unwrap();
    assert!(piped.stderr.is_empty() && !piped.stdout.is_empty(), "programs read it");
}
