#!/usr/bin/env python3
"""Object definitions of H hosts with S services each, for Nagios 4 and for hlidka: the same objects.

gen.py OUTDIR --hosts H --services S --interval SECONDS --command LINE [--user USER] [--retain]

A literal {id} in LINE becomes the number of the service. OUTDIR/nagios.cfg runs Nagios, OUTDIR/hlidka.yaml runs
hlidka. Intervals are written in minutes (fractions are legal in both), so no option of either changes their meaning.
"""
import argparse
import os

p = argparse.ArgumentParser()
p.add_argument("out")
p.add_argument("--hosts", type=int, required=True)
p.add_argument("--services", type=int, required=True)
p.add_argument("--interval", type=float, required=True)
p.add_argument("--command", required=True)
p.add_argument("--user", default="nagios")
p.add_argument("--plugins", default="", help="hlidka's plugin folder")
p.add_argument("--in-flight", type=int, default=512)
p.add_argument("--retain", action="store_true", help="Nagios keeps its states and its schedule over a reload, as hlidka does")
a = p.parse_args()
out = os.path.abspath(a.out)
os.makedirs(f"{out}/var/checkresults", exist_ok=True)
os.makedirs(f"{out}/mail", exist_ok=True)
minutes = a.interval / 60

with open(f"{out}/objects.cfg", "w") as f:
    days = "sunday monday tuesday wednesday thursday friday saturday".split()
    f.write("define timeperiod {\n timeperiod_name 24x7\n alias always\n" + "".join(f" {d} 00:00-24:00\n" for d in days) + "}\n")
    f.write("define command {\n command_name bench\n command_line " + a.command.replace("{id}", "$ARG1$") + "\n}\n")
    f.write("define contact {\n contact_name bench\n host_notification_commands bench\n service_notification_commands bench\n"
            " host_notification_period 24x7\n service_notification_period 24x7\n}\n")
    f.write("define host {\n name h\n register 0\n max_check_attempts 3\n check_interval 0\n active_checks_enabled 0\n"
            " check_period 24x7\n notification_period 24x7\n contacts bench\n notification_interval 0\n}\n")
    f.write(f"define service {{\n name s\n register 0\n max_check_attempts 3\n check_interval {minutes:.8f}\n retry_interval {minutes:.8f}\n"
            " check_period 24x7\n notification_period 24x7\n contacts bench\n notification_interval 0\n}\n")
    for h in range(a.hosts):
        f.write(f"define host {{\n use h\n host_name h{h:05d}\n address 127.0.0.1\n}}\n")
        for s in range(a.services):
            number = h * a.services + s
            f.write(f"define service {{\n use s\n host_name h{h:05d}\n service_description s{s:03d}\n check_command bench!{number}\n}}\n")

options = dict(
    cfg_file=f"{out}/objects.cfg", log_file=f"{out}/var/nagios.log", object_cache_file=f"{out}/var/objects.cache",
    status_file=f"{out}/var/status.dat", state_retention_file=f"{out}/var/retention.dat", lock_file=f"{out}/var/nagios.lock",
    temp_file=f"{out}/var/nagios.tmp", temp_path=f"{out}/var", check_result_path=f"{out}/var/checkresults",
    command_file=f"{out}/var/nagios.cmd", query_socket=f"{out}/var/nagios.qh", nagios_user=a.user, nagios_group=a.user,
    check_for_updates=0, use_large_installation_tweaks=1, enable_environment_macros=0, status_update_interval=15,
    log_rotation_method="n", enable_notifications=0, enable_flap_detection=0, enable_event_handlers=0,
    process_performance_data=0, use_syslog=0, log_initial_states=0, retain_state_information=int(a.retain), use_retained_scheduling_info=int(a.retain), max_concurrent_checks=0,
    max_service_check_spread=max(1, round(minutes)), execute_host_checks=0, check_service_freshness=0,
    check_host_freshness=0, event_broker_options=0)
# a folder of its own, so that a reader of *.cfg files does not take it for objects
with open(f"{out}/nagios.main", "w") as f:
    f.writelines(f"{key}={value}\n" for key, value in options.items())

with open(f"{out}/hlidka.yaml", "w") as f:
    f.write("objects:\n  trusted: [objects.cfg]\nstore: sqlite:state.db\nsocket: hlidka.sock\n"
            f"workers: {{in_process: 1, exec: 2, max_in_flight: {a.in_flight}, max_in_flight_per_host: {a.in_flight}}}\n"
            + (f"plugins: {a.plugins}\n" if a.plugins else "")
            + "notify:\n  mail: {from: bench@example.org, via: 'files:mail'}\n")
