#!/usr/bin/env python3
"""CPU and memory of each check beside its peer of monitoring-plugins, or alone where it has none.

checks.py OURS PEERS WORK [RUNS]

CPU is user and system time by hyperfine, children included (peers run ps, nslookup and their like); memory is the
greatest resident set of any of its processes, by GNU time. Servers run on loopback, as children: nginx, sshd, nsd,
chronyd, git, rsync, opentracker, and a mail and an XMPP server of a few lines. Prints a table for benches/README.md.
check_systemd is not here: it wants a machine that systemd has booted.
"""
import hashlib
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
    with open(path, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    os.chmod(path, 0o600 if "key" in name else 0o644)
    return path


def run(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **options).stdout


def start(*command, **options):
    quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    children.append(subprocess.Popen(command, **quiet, **options))


def web():
    """Plain and TLS: pages, a height, an APT repository."""
    p, tls = port(), port()
    write("root/index.html", "welcome\n" * 100)
    write("root/height", "870000\n")
    repository()
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90", "-subj", "/CN=localhost", "-addext",
        "subjectAltName=DNS:localhost", "-keyout", f"{work}/web.key", "-out", f"{work}/web.pem")
    config = write("nginx.conf", f"""daemon off; master_process off; pid {work}/nginx.pid; error_log stderr crit;
events {{ worker_connections 64; }}
http {{ access_log off; client_body_temp_path {work}/t1; proxy_temp_path {work}/t2; fastcgi_temp_path {work}/t3;
uwsgi_temp_path {work}/t4; scgi_temp_path {work}/t5; server {{ listen 127.0.0.1:{p}; listen 127.0.0.1:{tls} ssl;
ssl_certificate {work}/web.pem; ssl_certificate_key {work}/web.key; root {work}/root; }} }}""")
    start("/usr/sbin/nginx", "-e", "stderr", "-c", config)
    return p, tls


def repository():
    """A suite with one index, signed by a key made for it."""
    packages = b"Package: x\nVersion: 1\nArchitecture: amd64\nFilename: pool/x.deb\nSize: 1\nSHA256: " + b"0" * 64 + b"\n"
    write("root/debian/dists/stable/main/binary-amd64/Packages", packages)
    now = time.strftime("%a, %d %b %Y %H:%M:%S UTC", time.gmtime())
    release = write("Release", f"Suite: stable\nCodename: stable\nDate: {now}\nArchitectures: amd64\nComponents: main\nSHA256:\n "
                    f"{hashlib.sha256(packages).hexdigest()} {len(packages)} main/binary-amd64/Packages\n")
    home = os.path.join(work, "gnupg")
    os.makedirs(home, mode=0o700)
    gpg = ["gpg", "--homedir", home, "--batch", "--passphrase", ""]
    run(*gpg, "--quick-gen-key", "bench@example.org", "rsa3072")
    run(*gpg, "--clearsign", "-o", f"{work}/root/debian/dists/stable/InRelease", release)
    write("keyring.gpg", run(*gpg, "--export"))
    run("gpgconf", "--homedir", home, "--kill", "all")


def git():
    p = port()
    bare = os.path.join(work, "git/test.git")
    run("git", "init", "--quiet", "--bare", "-b", "main", bare)
    name = ["-c", "user.name=b", "-c", "user.email=b@example.org"]
    tree = run("git", "-C", bare, "mktree", stdin=subprocess.DEVNULL).decode().strip()
    commit = run("git", *name, "-C", bare, "commit-tree", "-m", "x", tree).decode().strip()
    run("git", "-C", bare, "update-ref", "refs/heads/main", commit)
    start("git", "daemon", "--export-all", f"--base-path={work}/git", "--listen=127.0.0.1", f"--port={p}")
    return p


def rsync():
    p = port()
    config = write("rsyncd.conf", f"use chroot = no\n[pub]\npath = {work}/root\n")
    start("rsync", "--daemon", "--no-detach", f"--port={p}", "--address=127.0.0.1", f"--config={config}")
    return p


def tracker():
    """A tracker without access lists, and a torrent for it."""
    p = port()
    info = b"d6:lengthi1e4:name1:x12:piece lengthi16384e6:pieces20:" + b"0" * 20 + b"e"
    url = f"http://127.0.0.1:{p}/announce".encode()
    torrent = write("x.torrent", b"d8:announce%d:%s4:info%se" % (len(url), url, info))
    write("whitelist", hashlib.sha1(info).hexdigest() + "\n")
    config = write("ot.conf", f"listen.tcp 127.0.0.1:{p}\nlisten.udp 127.0.0.1:{p}\naccess.whitelist whitelist\ntracker.rootdir {work}\n")
    start("/usr/bin/opentracker", "-f", config)
    return torrent


def xmpp():
    """What a server says first, for whoever asks."""
    stream = b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' " \
             b"from='localhost' id='1' version='1.0'><stream:features/>"
    listener = socket.create_server(("127.0.0.1", 0), backlog=100)

    def serve():
        while True:
            client, _ = listener.accept()
            with client:
                client.recv(4096)
                client.sendall(stream)
                client.recv(4096)

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


def ssh():
    p = port()
    key = os.path.join(work, "hostkey")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    if os.getuid() == 0:
        os.makedirs("/run/sshd", exist_ok=True)
    config = write("sshd_config", f"Port {p}\nListenAddress 127.0.0.1\nHostKey {key}\nPidFile none\nUsePAM no\nStrictModes no\n"
                                  f"PasswordAuthentication no\nMaxStartups 1000\nAuthorizedKeysFile {work}/userkey.pub\n"
                                  "Subsystem sftp internal-sftp\nPermitRootLogin yes\n")
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{work}/userkey")
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
    """Answers what it must, and puts mails into a maildir."""
    for folder in ("new", "cur", "tmp"):
        os.makedirs(f"{work}/Maildir/{folder}")
    listener = socket.create_server(("127.0.0.1", 0), backlog=100)

    def serve():
        while True:
            client, _ = listener.accept()
            with client:
                client.sendall(b"220 bench ESMTP\r\n")
                lines, text = client.makefile("rb"), None
                for line in lines:
                    if text is not None and line != b".\r\n":
                        text.append(line.replace(b"\r\n", b"\n"))
                        continue
                    if text is not None:
                        write(f"Maildir/new/{time.time_ns()}", b"".join(text))
                        text = None
                    if line.upper().startswith(b"QUIT"):
                        client.sendall(b"221 bye\r\n")
                        break
                    if line.upper().startswith(b"DATA"):
                        text = []
                        client.sendall(b"354 go on\r\n")
                        continue
                    client.sendall(b"250 bench\r\n")

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


def cases():
    """Check, our arguments, the peer's if they are others (None: no peer)."""
    (w, tls), s, d, n, m, x = web(), ssh(), dns(), ntp(), mail(), xmpp()
    local = ["-H", "127.0.0.1", "-p"]
    page = os.path.join(work, "root/index.html")
    me = os.environ.get("USER") or run("id", "-un").decode().strip()
    now = int(time.time())
    summary = write("last_run_summary.yaml", f"---\nversion:\n  config: 1\n  puppet: 7.23.0\nresources:\n  failed: 0\n  total: 9\n"
                    f"time:\n  total: 1.5\n  last_run: {now}\nevents:\n  failure: 0\n  success: 0\n  total: 0\n")
    sender = ["--mailfrom", "a@example.org", "--mailto", "b@example.org", "--maildir", f"{work}/Maildir"]
    return [
        ("check_apt", ["--no-freshness", "-t", "60"], ["-t", "60"]),
        ("check_apt_repo", ["-u", f"http://127.0.0.1:{w}/debian", "-s", "stable", "--keyring", f"{work}/keyring.gpg"], None),
        ("check_bitcoind", ["--height-file", f"{work}/root/height", "-s", f"http://127.0.0.1:{w}/height"], None),
        ("check_bittorrent", ["-T", tracker(), "--scrape-only"], None),
        ("check_cert as check_ssl_cert", ["-H", "localhost", "-p", str(tls), "--ca-file", f"{work}/web.pem", "-w", "20", "-c", "10"],
         ["-H", "localhost", "-p", str(tls), "--cn", "localhost", "--selfsigned", "--rootcert-file", f"{work}/web.pem", "-w", "20", "-c", "10"]),
        ("check_cluster", ["-s", "-d", "2,0,2,0", "-c", "3"], ...),
        ("check_disk", ["-w", "1%", "-c", "1%", "-p", "/"], ...),
        ("check_dns", ["-H", "www.bench.test", "-s", f"127.0.0.1:{d}"], None),
        ("check_dns as check_dig", ["-H", "127.0.0.1", "-l", "www.bench.test", "-p", str(d)], ...),
        ("check_dummy", ["0", "x"], ...),
        ("check_file_age", ["-f", page, "-w", "86400", "-c", "86400"], ...),
        ("check_git", [f"git://127.0.0.1:{git()}/test.git"], None),
        ("check_http", [*local, str(w)], ...),
        ("check_http over TLS as check_http", [*local, str(tls), "-S", "--insecure"], [*local, str(tls), "-S"]),
        ("check_http_listing", [*local, str(w)], None),
        ("check_load", ["-w", "100", "-c", "200"], ...),
        ("check_mail_loop", ["-H", "127.0.0.1", "--smtp-port", str(m), *sender], None),
        ("check_memory", ["-w", "99", "-c", "99"], ["-w", "99%", "-c", "99%"]),
        ("check_ntp as check_ntp_time", [*local, str(n), "--samples", "4", "-w", "60", "-c", "120"], [*local, str(n), "-w", "60", "-c", "120"]),
        ("check_ping", ["-H", "127.0.0.1", "-w", "100,50%", "-c", "500,90%", "-p", "1"], ...),
        ("check_procs", ["-w", "9999", "-c", "9999"], ...),
        ("check_puppet", ["-s", summary], None),
        ("check_rsync", [*local, str(rsync()), "-m", "pub", "-r", "index.html"], None),
        ("check_sftp", [*local, str(s), "-u", me, "-i", f"{work}/userkey", "--any-host-key"], None),
        ("check_smtp", [*local, str(m)], ...),
        ("check_ssh", [*local, str(s)], ["-p", str(s), "127.0.0.1"]),
        ("check_swap", ["-w", "1%", "-c", "1%", "-n", "ok"], ...),
        ("check_tcp", [*local, str(s)], ...),
        ("check_uptime", [], ["-T", "local"]),
        ("check_users", ["-w", "99", "-c", "99"], ...),
        ("check_xmpp as check_jabber", [*local, str(x), "--servername", "localhost"], [*local, str(x)]),
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
        what, _, peer = name.partition(" as ")
        check = what.split()[0]
        cpu, size = cost(f"{ours}/{check}", arguments)
        row = f"| `{what}` | {cpu:.1f} ms | – | | {size:.1f} MB | – |"
        if others is not None:
            their_cpu, their_size = cost(f"{peers}/{peer or check}", arguments if others is ... else others)
            note = f" (`{peer}`)" if peer else ""
            row = f"| `{what}` | {cpu:.1f} ms | {their_cpu:.1f} ms{note} | {cpu / their_cpu:.2f} | {size:.1f} MB | {their_size:.1f} MB |"
        print(row, flush=True)


try:
    main()
finally:
    for child in children:
        child.kill()
    shutil.rmtree(os.path.join(work, "root"), ignore_errors=True)
