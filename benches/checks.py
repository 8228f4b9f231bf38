#!/usr/bin/env python3
"""CPU and memory of each check beside its peer of monitoring-plugins, or alone where it has none.

checks.py OURS PEERS WORK [RUNS]

CPU is user and system time by hyperfine, children included (peers run ps, nslookup and their like); memory is the
greatest resident set of any of its processes, by GNU time. Servers run on loopback, as children: nginx, sshd, nsd,
chronyd, and a mail server of a few lines. Prints a table for benches/README.md.
"""
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time

ours, peers, work = sys.argv[1:4]
runs = sys.argv[4] if len(sys.argv) > 4 else "60"
children = []


def port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def write(name, text):
    path = os.path.join(work, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, 0o600 if "key" in name else 0o644)
    return path


def start(*command, **options):
    quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    children.append(subprocess.Popen(command, **quiet, **options))


def web():
    p = port()
    write("root/index.html", "welcome\n" * 100)
    config = write("nginx.conf", f"""daemon off; master_process off; pid {work}/nginx.pid; error_log stderr crit;
events {{ worker_connections 64; }}
http {{ access_log off; client_body_temp_path {work}/t1; proxy_temp_path {work}/t2; fastcgi_temp_path {work}/t3;
uwsgi_temp_path {work}/t4; scgi_temp_path {work}/t5; server {{ listen 127.0.0.1:{p}; root {work}/root; }} }}""")
    start("/usr/sbin/nginx", "-e", "stderr", "-c", config)
    return p


def ssh():
    p = port()
    key = os.path.join(work, "hostkey")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    if os.getuid() == 0:
        os.makedirs("/run/sshd", exist_ok=True)
    config = write("sshd_config", f"Port {p}\nListenAddress 127.0.0.1\nHostKey {key}\nPidFile none\nUsePAM no\nStrictModes no\n"
                                  "PasswordAuthentication no\nMaxStartups 1000\n")
    start("/usr/sbin/sshd", "-D", "-e", "-f", config)
    return p


def dns():
    p = port()
    write("zone", "$ORIGIN bench.test.\n$TTL 60\n@ SOA ns.bench.test. x.bench.test. 1 60 60 60 60\n@ NS ns\nns A 127.0.0.1\nwww A 192.0.2.1\n")
    config = write("nsd.conf", f"""server:
  ip-address: 127.0.0.1@{p}
  username: ""
  zonesdir: "{work}"
  database: ""
  pidfile: ""
  zonelistfile: "{work}/zones"
  xfrdfile: "{work}/xfrd"
  xfrdir: "{work}"
remote-control:
  control-enable: no
zone:
  name: bench.test
  zonefile: zone
""")
    start("/usr/sbin/nsd", "-d", "-c", config)
    return p


def ntp():
    p = port()
    config = write("chrony.conf", f"local stratum 3\nallow 127.0.0.1\nbindaddress 127.0.0.1\nport {p}\ncmdport 0\nbindcmdaddress /\n"
                                  f"pidfile {work}/chrony.pid\n")
    start("/usr/sbin/chronyd", "-x", "-d", "-U", "-u", "root" if os.getuid() == 0 else os.environ["USER"], "-f", config)
    return p


def mail():
    listener = socket.create_server(("127.0.0.1", 0), backlog=100)

    def serve():
        while True:
            client, _ = listener.accept()
            with client:
                client.sendall(b"220 bench ESMTP\r\n")
                for line in client.makefile("rb"):
                    if line.upper().startswith(b"QUIT"):
                        client.sendall(b"221 bye\r\n")
                        break
                    client.sendall(b"250 bench\r\n")

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


def cases():
    """Check, our arguments, the peer's if they are others (None: no peer)."""
    w, s, d, n, m = web(), ssh(), dns(), ntp(), mail()
    local = ["-H", "127.0.0.1", "-p"]
    page = os.path.join(work, "root/index.html")
    return [
        ("check_apt", ["--no-freshness", "-t", "60"], ["-t", "60"]),
        ("check_cluster", ["-s", "-d", "2,0,2,0", "-c", "3"], ...),
        ("check_disk", ["-w", "1%", "-c", "1%", "-p", "/"], ...),
        ("check_dns", ["-H", "www.bench.test", "-s", f"127.0.0.1:{d}"], None),
        ("check_dns as check_dig", ["-H", "127.0.0.1", "-l", "www.bench.test", "-p", str(d)], ...),
        ("check_file_age", ["-f", page, "-w", "86400", "-c", "86400"], ...),
        ("check_http", [*local, str(w)], ...),
        ("check_load", ["-w", "100", "-c", "200"], ...),
        ("check_ntp as check_ntp_time", [*local, str(n), "--samples", "4", "-w", "60", "-c", "120"], [*local, str(n), "-w", "60", "-c", "120"]),
        ("check_ping", ["-H", "127.0.0.1", "-w", "100,50%", "-c", "500,90%", "-p", "1"], ...),
        ("check_procs", ["-w", "9999", "-c", "9999"], ...),
        ("check_smtp", [*local, str(m)], ...),
        ("check_ssh", [*local, str(s)], ["-p", str(s), "127.0.0.1"]),
        ("check_swap", ["-w", "1%", "-c", "1%", "-n", "ok"], ...),
        ("check_tcp", [*local, str(s)], ...),
        ("check_uptime", [], None),
        ("check_users", ["-w", "99", "-c", "99"], ...),
        ("check_memory", ["-w", "99", "-c", "99"], None),
        ("check_http_listing", [*local, str(w)], None),
    ]


def cost(program, arguments):
    """Mean CPU in ms, and median memory in MB."""
    report = os.path.join(work, "report.json")
    command = " ".join(f"'{word}'" for word in [program, *arguments])
    subprocess.run(["hyperfine", "-N", "-i", "--warmup", "5", "--runs", runs, "--export-json", report, command],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(report) as f:
        result = json.load(f)["results"][0]
    sizes = []
    for _ in range(5):
        done = subprocess.run(["/usr/bin/time", "-q", "-f", "%M", "-o", report, program, *arguments], stdout=subprocess.DEVNULL)
        if done.returncode > 2:
            sys.exit(f"{program} {' '.join(arguments)} cannot be measured: exit code {done.returncode}")
        with open(report) as f:
            sizes.append(int(f.read().split()[-1]) / 1024)
    return (result["user"] + result["system"]) * 1000, statistics.median(sizes)


def main():
    table = cases()
    time.sleep(2)
    print("| check | ours, CPU | peer's | ratio | ours, memory | peer's |\n|---|---|---|---|---|---|")
    for name, arguments, others in table:
        check, _, peer = name.partition(" as ")
        cpu, size = cost(f"{ours}/{check}", arguments)
        row = f"| `{check}` | {cpu:.1f} ms | – | | {size:.1f} MB | – |"
        if others is not None:
            their_cpu, their_size = cost(f"{peers}/{peer or check}", arguments if others is ... else others)
            note = f" (`{peer}`)" if peer else ""
            row = f"| `{check}` | {cpu:.1f} ms | {their_cpu:.1f} ms{note} | {cpu / their_cpu:.2f} | {size:.1f} MB | {their_size:.1f} MB |"
        print(row, flush=True)


try:
    main()
finally:
    for child in children:
        child.kill()
    shutil.rmtree(os.path.join(work, "root"), ignore_errors=True)
