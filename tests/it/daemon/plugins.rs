//! Real Debian plugins under the scheduler beside ours.

use super::harness::{COMMON, Daemon};

#[test]
fn debians_plugins_run_beside_ours() {
    let peer = "/usr/lib/nagios/plugins";
    let objects = format!(
        "{COMMON}
define command {{
  command_name  peer_disk
  command_line  {peer}/check_disk -w '$ARG1$' -c '$ARG2$' -e -p '$ARG3$'
}}
define command {{
  command_name  peer_users
  command_line  {peer}/check_users -w $ARG1$ -c $ARG2$
}}
define command {{
  command_name  peer_file_age
  command_line  {peer}/check_file_age -f $ARG1$ -w 1 -c 2
}}
define host {{
  use        fast-host
  host_name  here
}}
define service {{
  use                  fast-service
  host_name            here
  service_description  their disk
  check_command        peer_disk!1%!0%!/
}}
define service {{
  use                  fast-service
  host_name            here
  service_description  their users
  check_command        peer_users!1000!2000
}}
define service {{
  use                  fast-service
  host_name            here
  service_description  their file age
  check_command        peer_file_age!/etc/debian_version
}}
define service {{
  use                  fast-service
  host_name            here
  service_description  ours
  check_command        check_dummy!1!'two words'
}}
define service {{
  use                  fast-service
  host_name            here
  service_description  not there
  check_command        missing
}}
define command {{
  command_name  missing
  command_line  {peer}/check_nothing_of_this_name
}}
"
    );
    let mut daemon = Daemon::prepare(&objects);
    daemon.start();
    let disk = daemon.wait_for("here", "their disk", "ok hard");
    assert!(disk["output"].as_str().unwrap().starts_with("DISK OK"), "{disk}");
    let users = daemon.wait_for("here", "their users", "ok hard");
    assert!(users["perfdata"].as_str().unwrap().starts_with("users="), "{users}");
    let age = daemon.wait_for("here", "their file age", "critical hard");
    assert!(age["output"].as_str().unwrap().contains("FILE_AGE CRITICAL"), "{age}");
    let ours = daemon.wait_for("here", "ours", "warning hard");
    assert_eq!(ours["output"], "WARNING: two words");
    let missing = daemon.wait_for("here", "not there", "unknown hard");
    assert!(missing["output"].as_str().unwrap().contains("No such file"), "{missing}");
    let status = daemon.says(&["status"]);
    assert!(status.contains("3 problems"), "{status}");
    assert_eq!(daemon.ask(&["status", "--exit-code"]).status.code(), Some(2));
    daemon.stop();
}
