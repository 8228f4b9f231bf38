//! What all checks that speak TCP have in common (T19): they connect from `--source`, and with
//! `--proxy` to nothing but the proxy, resolving nothing.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use testkit::{CheckRun, free_port, program};

/// Every check that has `--proxy`, in every way that it connects. HOST, PORT and FILE are filled in.
const WAYS: [&str; 27] = [
    "check_apt_repo -H HOST -p PORT -u /debian -s stable --keyring /usr/share/keyrings/debian-archive-keyring.gpg",
    "check_bitcoind -H HOST -p PORT --user x --unencrypted -s http://HOST:PORT/",
    "check_bitcoind --height-file FILE -s https://HOST:PORT/",
    "check_bittorrent -T http://HOST:PORT/x.torrent",
    "check_bittorrent -T magnet:?xt=urn:btih:0102030405060708090a0b0c0d0e0f1011121314 --tracker http://HOST:PORT/a",
    "check_bittorrent -T magnet:?xt=urn:btih:0102030405060708090a0b0c0d0e0f1011121314 --no-trackers --peer HOST:PORT",
    "check_cat -r x.test --idp 1 --api http://HOST:PORT/x",
    "check_cert -H HOST -p PORT",
    "check_dns -H x.test -s HOST -p PORT --tcp",
    "check_eap --radsec -H HOST -P PORT -u a@x.test",
    "check_eap_certificate --radsec -H HOST -P PORT -r x.test",
    "check_eap_resumption --radsec -H HOST -P PORT -u a@x.test --without-control",
    "check_fticks --etlog http://HOST:PORT -m compromised -r x.test",
    "check_git git://HOST:PORT/x",
    "check_git http://HOST:PORT/x",
    "check_git ssh://u@HOST:PORT/x --any-host-key",
    "check_http -H HOST -p PORT",
    "check_http_listing -H HOST -p PORT -u /",
    "check_institution -u http://HOST:PORT/x -r x.test",
    "check_mail_loop --smtp-server HOST --smtp-port PORT --imap-server HOST --imap-port PORT --imap-username b \
     --mailto b@b.test --mailfrom a@a.test --insecure",
    "check_radius --radsec -H HOST -P PORT",
    "check_radsec --active -H HOST -P PORT",
    "check_rsync -H HOST -p PORT",
    "check_sftp -H HOST -P PORT -u x --any-host-key",
    "check_smtp -H HOST -p PORT",
    "check_ssh -H HOST -p PORT",
    "check_tcp -H HOST -p PORT",
];

const XMPP: &str = "check_xmpp -H HOST -p PORT";

fn ways() -> impl Iterator<Item = &'static str> {
    WAYS.into_iter().chain([XMPP])
}

/// The check and its arguments.
fn command(way: &str, host: &str, port: u16) -> (String, Vec<String>) {
    let height = concat!(env!("CARGO_MANIFEST_DIR"), "/it/height.txt");
    let line = way.replace("HOST", host).replace("PORT", &port.to_string()).replace("FILE", height);
    let mut words = line.split_whitespace().map(str::to_owned);
    (words.next().unwrap(), words.collect())
}

fn with_passwords(command: &mut Command) -> &mut Command {
    ["BITCOIND", "EAP", "IMAP", "SSH"]
        .iter()
        .fold(command, |command, of| command.env(format!("HLIDKA_{of}_PASSWORD"), "x"))
}

/// A listener that hangs up, and where its clients came from.
fn listener() -> (u16, Receiver<IpAddr>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, clients) = channel();
    std::thread::spawn(move || {
        while let Ok((_, address)) = listener.accept() {
            if sender.send(SocketAddr::ip(&address)).is_err() {
                break;
            }
        }
    });
    (port, clients)
}

#[test]
fn every_check_with_a_proxy_option_is_in_the_table() {
    let listed = Command::new(program("hlidka-worker")).arg("--list").output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let through = |check: &&str| {
        let help = Command::new(program(check)).arg("--help").output().unwrap();
        String::from_utf8_lossy(&help.stdout).contains("--proxy-password-file")
    };
    let named: BTreeSet<&str> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let wanted: BTreeSet<&str> = named.into_iter().filter(through).collect();
    let shown: BTreeSet<&str> = ways().filter_map(|way| way.split(' ').next()).collect();
    assert_eq!(wanted, shown);
}

/// All connections come from the address that was asked for.
#[test]
fn every_tcp_check_connects_from_its_source_address() {
    for way in ways() {
        let (port, clients) = listener();
        let (check, arguments) = command(way, "127.0.0.1", port);
        let mut command = Command::new(program(&check));
        command.args(arguments).args(["--source", "127.0.0.77", "-t", "10"]);
        let run = CheckRun::of_command(with_passwords(&mut command));
        let first = clients.recv_timeout(Duration::from_secs(5));
        let first = first.unwrap_or_else(|_| panic!("{way}: nobody came: {}", run.output));
        for client in [first].into_iter().chain(clients.try_iter()) {
            assert_eq!(client, IpAddr::from([127, 0, 0, 77]), "{way}: {}", run.output);
        }
    }
}

/// A proxy that is not there, a name that nobody knows: the only thing that leaves is the attempt to
/// reach the proxy.
#[test]
fn no_tcp_check_goes_past_its_proxy() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("calls");
    let dead = free_port();
    for (way, scheme) in ways().flat_map(|way| [(way, "socks5h"), (way, "http")]) {
        let (check, arguments) = command(way, "no-such.onion", 81);
        let mut command = Command::new("/usr/bin/strace");
        command
            .args(["-f", "-s", "300", "-e", "trace=openat,connect,sendto,sendmsg,sendmmsg", "-o"])
            .arg(&log);
        command.arg(program(&check)).args(arguments).args(["-t", "20"]);
        command.args(["--proxy", &format!("{scheme}://127.0.0.1:{dead}")]);
        let run = CheckRun::of_command(with_passwords(&mut command));
        assert!(run.state != check::State::Ok && run.output.contains("proxy"), "{way}: {}", run.output);
        let calls = fs::read_to_string(&log).unwrap();
        for resolver in ["resolv.conf", "/etc/hosts", "nsswitch.conf"] {
            assert!(!calls.contains(resolver), "{way}: {resolver} was read: {calls}");
        }
        let network =
            |call: &&str| ["sin_port", "sin6_port", "sun_path"].iter().any(|part| call.contains(part));
        let connects: Vec<&str> = calls.lines().filter(network).collect();
        let proxy = format!("htons({dead})");
        assert!(!connects.is_empty(), "{way}: no connection is seen: {}\n{calls}", run.output);
        assert!(connects.iter().all(|call| call.contains(&proxy)), "{way}: {connects:?}");
    }
}
