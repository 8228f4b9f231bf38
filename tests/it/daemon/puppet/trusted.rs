//! What a monitoring server says about others, in a trusted file of its own: onion services, routers (T19).

use std::fs;

use serde_json::json;

use super::super::harness::{COMMON, Daemon};
use super::site::{Site, object, verified};

#[test]
fn t19_a_trusted_file_may_name_other_hosts_and_a_proxy() {
    let (site, daemon) = (Site::new(), Daemon::prepare(COMMON));
    daemon.write(
        "hlidka.yaml",
        &fs::read_to_string(daemon.path("hlidka.yaml"))
            .unwrap()
            .replace("[objects.cfg]", "[objects.cfg, puppet.cfg]"),
    );
    let target = daemon.path("puppet.cfg").display().to_string();
    site.write(
        "site.pp",
        &format!(
            "$target = '{target}'
File {{ ensure => file }}
file {{ $target: content => \"# by hand\\n\", notify => Exec['told'] }}
exec {{ 'told': command => '/bin/true', refreshonly => true }}
hlidka::host {{ 'hidden':
  use            => 'fast-host',
  address        => 'exampleexampleexampleexample.onion',
  proxy          => 'socks5h://127.0.0.1:9050',
  failure_budget => '3/7d',
  target         => $target,
}}
hlidka::service {{ 'hidden web':
  host_name           => 'hidden',
  service_description => 'web',
  use                 => 'fast-service',
  check_command       => 'check_tcp!80',
  options             => {{ 'event_handler' => 'check_dummy!0' }},
  target              => $target,
}}
"
        ),
    );
    let run = site.apply("monitor", &site.path("site.pp"), &json!({})).changes(true);
    assert!(
        run.said.contains("Exec[told]: Triggered 'refresh'"),
        "whoever reads the file is told: {}",
        run.said
    );
    let text = fs::read_to_string(&target).unwrap();
    assert!(text.starts_with("# by hand\n\ndefine host {\n"), "{text}");
    verified(daemon.dir.path(), "1 host, 1 service");
    let host = object(daemon.dir.path(), "host", "hidden");
    assert_eq!(host["directives"]["_PROXY"], "socks5h://127.0.0.1:9050", "{host}");
    assert_eq!(host["directives"]["failure_budget"], "3/1w", "{host}");
    let service = object(daemon.dir.path(), "service", "hidden;web");
    assert_eq!(service["directives"]["event_handler"], "check_dummy!0", "{service}");
    site.apply("monitor", &site.path("site.pp"), &json!({})).changes(false);
}
