//! What people do: recheck, acknowledge, downtimes; and contacts with commands of their own.

use testkit::wait_until;

use super::harness::{COMMON, Daemon};

#[test]
fn a_contact_with_commands_of_its_own_gets_those_and_no_shell_reads_what_a_plugin_says() {
    let mut daemon = Daemon::prepare("");
    let (told, trap) = (daemon.path("told"), daemon.path("trap"));
    let hostile = daemon.path("hostile.sh");
    std::fs::write(
        &hostile,
        format!("#!/bin/sh\necho '$(touch {0}) `touch {0}`; touch {0} \" x'\nexit 2\n", trap.display()),
    )
    .unwrap();
    std::fs::set_permissions(&hostile, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let objects = format!(
        "{COMMON}
define command {{
  command_name  tell
  command_line  /usr/bin/printf \"%s\\n\" \"$NOTIFICATIONTYPE$ $HOSTNAME$/$SERVICEDESC$ $SERVICESTATE$ to $CONTACTEMAIL$: $SERVICEOUTPUT$\" >> {told}
}}
define command {{
  command_name  hostile
  command_line  {hostile}
}}
define contact {{
  contact_name                   carol
  email                          carol@example.test
  service_notification_options   c,r
  service_notification_commands  tell
}}
define host {{
  use        fast-host
  host_name  h
}}
define service {{
  use                  fast-service
  host_name            h
  service_description  s
  check_command        hostile
  contacts             carol
}}
",
        told = told.display(),
        hostile = hostile.display(),
    );
    daemon.write("objects.cfg", &objects);
    daemon.start();
    daemon.wait_for("h", "s", "critical hard");
    let read = || std::fs::read_to_string(&told).unwrap_or_default();
    wait_until("the command ran", || read().ends_with('\n'));
    let line = read();
    assert!(line.starts_with("PROBLEM h/s CRITICAL to carol@example.test: "), "{line}");
    assert!(line.contains("touch"), "the output is there as text: {line}");
    assert!(!trap.exists(), "a shell ran what a plugin said");
    assert_eq!(daemon.mails().len(), 0, "commands or the mail, never both");
    daemon.stop();
}

#[test]
fn people_recheck_acknowledge_and_plan_downtimes() {
    let objects = format!(
        "{COMMON}define host {{\n use fast-host\n host_name h\n}}\n\
         define service {{\n use fast-service\n host_name h\n service_description s\n check_command check_dummy!2!bad\n check_interval 60\n retry_interval 0.02\n}}\n\
         define service {{\n use fast-service\n host_name h\n service_description daily\n check_command check_dummy!0!fine\n check_interval 1440\n}}\n"
    );
    let mut daemon = Daemon::prepare(&objects);
    daemon.start();
    // T22: nobody waits for the timetable
    assert!(daemon.says(&["recheck", "h;daily"]).contains("checking h;daily"));
    daemon.wait_for("h", "daily", "ok hard");
    daemon.says(&["recheck", "h"]);
    daemon.wait_for("h", "s", "critical hard");
    wait_until("the mail is written", || daemon.mails().len() == 1);
    assert!(daemon.says(&["ack", "h;s", "on it"]).contains("acknowledged h;s"));
    assert_eq!(daemon.object("h", "s")["acknowledged"], true);
    wait_until("who knew hears that somebody cares", || daemon.mails().len() == 2);
    daemon.says(&["downtime", "h", "2h", "kernel"]);
    assert_eq!(daemon.object("h", "s")["downtime"], true, "a host's downtime holds for its services");
    let status = daemon.says(&["status"]);
    assert!(status.contains("acknowledged, downtime"), "{status}");
    assert_eq!(daemon.ask(&["status", "--exit-code"]).status.code(), Some(0), "somebody takes care of it");
    let history = daemon.says(&["history", "h;s"]);
    for part in ["SOFT 1", "HARD 2", "told admin: PROBLEM", "acknowledged by"] {
        assert!(history.contains(part), "no {part} in:\n{history}");
    }
    let nobody = daemon.ask(&["recheck", "h;none"]);
    assert!(
        !nobody.status.success() && String::from_utf8_lossy(&nobody.stderr).contains("there is no h;none")
    );
    daemon.stop();
}
