#!/usr/bin/env python3
"""H hosts whose services follow from R rules, in the language of Icinga 2, for Icinga 2 and for hlidka.

gen_icinga2.py OUTDIR --hosts H --rules R

OUTDIR/icinga2.conf is all of it. Each rule has a condition that is true for every host, a variable of the host in an
argument of its check, and one Notification applies to all services.
"""
import argparse
import os

p = argparse.ArgumentParser()
p.add_argument("out")
p.add_argument("--hosts", type=int, required=True)
p.add_argument("--rules", type=int, required=True)
a = p.parse_args()
os.makedirs(a.out, exist_ok=True)

with open(f"{a.out}/icinga2.conf", "w") as f:
    f.write("""const PluginDir = "/usr/lib/nagios/plugins"
const ManubulonPluginDir = PluginDir
const PluginContribDir = PluginDir
const NodeName = "monitor"
include <itl>
include <plugins>
template Host "generic" {
  max_check_attempts = 3
  check_interval = 1m
  retry_interval = 30s
  check_command = "hostalive"
}
template Service "generic" {
  max_check_attempts = 5
  check_interval = 5m
  retry_interval = 30s
}
object User "alice" { email = "alice@example.org" }
object NotificationCommand "mail" { command = [ "/bin/true" ] }
apply Notification "mail" to Service {
  command = "mail"
  users = [ "alice" ]
  states = [ Critical, OK ]
  types = [ Problem, Recovery ]
  assign where host.vars.role == "web"
}
""")
    for rule in range(a.rules):
        f.write(f"""apply Service "s{rule:02d}" {{
  import "generic"
  check_command = "http"
  vars.http_port = {8000 + rule}
  vars.http_uri = "/" + host.name
  assign where host.vars.role == "web" && match("h*", host.name)
  ignore where host.vars.skip
}}
""")
    for host in range(a.hosts):
        f.write(f"""object Host "h{host:05d}" {{
  import "generic"
  address = "127.0.0.1"
  vars.role = "web"
}}
""")
