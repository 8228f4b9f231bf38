#!/usr/bin/env python3
"""What a login by PEAP-MSCHAPv2 costs the client: ours in one process, eapol_test, and a shell around it.

eap.py LOGINS CHECK_EAP WORK [COUNT]

All against the same FreeRADIUS, a child on loopback, certificate verified and keys compared. CPU is user and system
time of the client and its children. The shell does what rad_eap_test does: writes a configuration, runs eapol_test,
looks through what it prints. Prints a table for benches/README.md.
"""
import os
import resource
import socket
import subprocess
import sys
import time

logins, check, work = sys.argv[1:4]
count = int(sys.argv[4]) if len(sys.argv) > 4 else 300
USER, PASSWORD, SECRET = "test@bench.test", "bench-password", "bench-secret"


def port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def write(name, text):
    path = os.path.join(work, name)
    with open(path, "w") as f:
        f.write(text)
    return path


def pki():
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, cwd=work, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=Bench CA", "-keyout", "ca.key", "-out", "ca.pem",
            "-addext", "basicConstraints=critical,CA:TRUE")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=radius.bench.test", "-keyout", "server.key", "-out", "server.csr")
    write("server.ext", "extendedKeyUsage=serverAuth\nsubjectAltName=DNS:radius.bench.test\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30", "-out", "server.pem",
            "-extfile", "server.ext")


def freeradius():
    p = port()
    write("users", f'{USER} Cleartext-Password := "{PASSWORD}"\n')
    write("radiusd.conf", f"""prefix = /usr
libdir = /usr/lib/freeradius
name = bench
logdir = {work}
run_dir = {work}
pidfile = {work}/radiusd.pid
max_requests = 65536
security {{
  reject_delay = 0
  status_server = yes
  allow_vulnerable_openssl = yes
}}
thread pool {{
  start_servers = 4
  max_servers = 8
}}
client bench {{
  ipaddr = 127.0.0.0/8
  secret = {SECRET}
  require_message_authenticator = yes
}}
modules {{
  eap {{
    default_eap_type = peap
    max_sessions = 8192
    tls-config tc {{
      private_key_file = {work}/server.key
      certificate_file = {work}/server.pem
      ca_file = {work}/ca.pem
      fragment_size = 1024
      tls_min_version = "1.2"
      tls_max_version = "1.2"
      cache {{
        enable = no
      }}
    }}
    peap {{
      tls = tc
      default_eap_type = mschapv2
      virtual_server = inner
    }}
    mschapv2 {{
    }}
  }}
  mschap {{
    use_mppe = yes
  }}
  files {{
    filename = {work}/users
  }}
}}
server outer {{
  listen {{
    type = auth
    ipaddr = 127.0.0.1
    port = {p}
  }}
  authorize {{
    eap {{
      ok = return
    }}
  }}
  authenticate {{
    eap
  }}
}}
server inner {{
  authorize {{
    eap {{
      ok = return
    }}
    files
    mschap
  }}
  authenticate {{
    Auth-Type MS-CHAP {{
      mschap
    }}
    eap
  }}
}}
""")
    log = open(os.path.join(work, "freeradius.log"), "w")
    child = subprocess.Popen(["/usr/sbin/freeradius", "-f", "-l", "stdout", "-d", work, "-n", "radiusd"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    return p, child


def eapol_conf(name):
    return write(name, f"""network={{
 ssid="bench"
 key_mgmt=WPA-EAP
 eap=PEAP
 phase2="auth=MSCHAPV2"
 identity="{USER}"
 password="{PASSWORD}"
 ca_cert="{work}/ca.pem"
}}
""")


def cpu_of(command, times, environment=None):
    """CPU of each run in ms, and runs a second; every run must succeed."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    for _ in range(times):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        if done.returncode != 0:
            sys.exit(f"{command[0]} failed: {done.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used * 1000 / times, times / (time.monotonic() - start)


def main(p):
    server = ["-a", "127.0.0.1", "-p", str(p), "-s", SECRET, "-t", "20"]
    ours = [logins, f"127.0.0.1:{p}", SECRET, USER, PASSWORD, f"{work}/ca.pem"]
    conf = eapol_conf("eapol.conf")
    deadline = time.monotonic() + 20
    while subprocess.run(["eapol_test", "-c", conf, *server], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
        if time.monotonic() > deadline:
            sys.exit("freeradius does not answer: see freeradius.log")
        time.sleep(0.2)
    script = write("shell", f"""#!/bin/bash
conf=$(mktemp {work}/XXXXXX)
cat > "$conf" < {conf}
start=$(date +%s%N)
out=$(eapol_test -c "$conf" {' '.join(server)} 2>&1)
end=$(date +%s%N)
rm -f "$conf"
echo "$out" | tail -n 1 | grep -q SUCCESS || exit 1
echo "$out" | grep -A1 'Attribute 89' | sed -n 2p | tr -d ' '
echo "access-accept; $(echo "scale=2; ($end - $start) / 1000000000" | bc) sec"
""")
    os.chmod(script, 0o755)
    environment = dict(os.environ, HLIDKA_RADIUS_SECRET=SECRET, HLIDKA_EAP_PASSWORD=PASSWORD)
    program = [check, "-H", "127.0.0.1", "-P", str(p), "-u", USER, "-a", f"{work}/ca.pem"]
    for at_once in (1, 64, 1000):
        # a thousand come once: FreeRADIUS gives up requests when it is behind for longer
        print(subprocess.run([*ours, str(max(count, at_once)), str(at_once)], check=True, capture_output=True, text=True).stdout, end="", flush=True)
    for name, command, env in (("check_eap, a process each", program, environment),
                               ("eapol_test, a process each", ["eapol_test", "-c", conf, *server], None),
                               ("a shell around eapol_test", [script], None)):
        used, rate = cpu_of(command, count, env)
        print(f"{name}: {used:.2f} ms CPU each, {rate:.0f} a second one after the other", flush=True)


pki()
listening, child = freeradius()
try:
    main(listening)
finally:
    child.kill()
