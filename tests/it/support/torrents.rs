//! A real tracker (opentracker) and real peers (transmission), as children, around one torrent each.

use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::{Authority, Server, free_port, wait_for_port, wait_until};

use super::{give, unprivileged};

/// Pieces of [`Torrent::new`]'s payload.
pub const PIECES: usize = 40;

/// Bytes of one.
const PIECE: usize = 32 * 1024;

/// opentracker, which knows the torrents on its list only.
pub struct Opentracker {
    pub port: u16,
    dir: tempfile::TempDir,
    server: Option<Server>,
}

impl Opentracker {
    /// A tracker to be started once its torrents are made.
    pub fn prepare() -> Opentracker {
        Opentracker { port: free_port(), dir: tempfile::tempdir().unwrap(), server: None }
    }

    pub fn http(&self) -> String {
        format!("http://127.0.0.1:{}/announce", self.port)
    }

    /// The same over TLS, by nginx in front of it, which is there as long as the result.
    pub fn https(&self) -> TlsFront {
        let dir = tempfile::tempdir().unwrap();
        let authority = Authority::new(dir.path());
        let identity = authority.server(&["localhost"]);
        let (port, at) = (free_port(), dir.path().display());
        let config = format!(
            "daemon off; master_process off; pid {at}/pid; error_log stderr crit; events {{}}
            http {{ access_log {at}/access.log; client_body_temp_path {at}/t1; proxy_temp_path {at}/t2;
            fastcgi_temp_path {at}/t3; uwsgi_temp_path {at}/t4; scgi_temp_path {at}/t5;
            server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {}; ssl_certificate_key {};
            location / {{ proxy_pass http://127.0.0.1:{}; }} }} }}\n",
            identity.certificate.display(),
            identity.key.display(),
            self.port
        );
        let file = dir.path().join("nginx.conf");
        std::fs::write(&file, config).unwrap();
        let server = Server::start(Command::new("/usr/sbin/nginx").args(["-e", "stderr", "-c"]).arg(&file));
        wait_for_port(([127, 0, 0, 1], port));
        TlsFront { url: format!("https://localhost:{port}/announce"), authority, dir, _server: server }
    }

    pub fn udp(&self) -> String {
        format!("udp://127.0.0.1:{}/announce", self.port)
    }

    /// Starts it with these torrents on its list.
    pub fn start(&mut self, torrents: &[&Torrent]) {
        let list: Vec<&str> = torrents.iter().map(|torrent| torrent.hash.as_str()).collect();
        let list = list.join("\n") + "\n";
        std::fs::write(self.dir.path().join("whitelist"), list).unwrap();
        let config = self.dir.path().join("ot.conf");
        let text = format!(
            "listen.tcp 127.0.0.1:{0}\nlisten.udp 127.0.0.1:{0}\naccess.whitelist whitelist\ntracker.rootdir {1}\n",
            self.port,
            self.dir.path().display()
        );
        std::fs::write(&config, text).unwrap();
        give(self.dir.path());
        self.server = Some(Server::start(unprivileged("/usr/bin/opentracker").arg("-f").arg(&config)));
        wait_for_port(([127, 0, 0, 1], self.port));
    }

    /// Seeders and leechers by a scrape with curl, which is no code of ours.
    pub fn numbers(&self, torrent: &Torrent) -> Option<(u32, u32)> {
        let url = format!("http://127.0.0.1:{}/scrape?info_hash={}", self.port, torrent.escaped_hash());
        let done = Command::new("curl").args(["-s", "--max-time", "5", &url]).output().unwrap();
        let text = String::from_utf8_lossy(&done.stdout).into_owned();
        let number = |key: &str| text.split_once(key)?.1.split('e').next()?.parse().ok();
        Some((number("8:completei")?, number("10:incompletei")?))
    }
}

/// nginx with TLS in front of a tracker.
pub struct TlsFront {
    pub url: String,
    pub authority: Authority,
    dir: tempfile::TempDir,
    _server: Server,
}

impl TlsFront {
    /// What was asked of it.
    pub fn requests(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("access.log")).unwrap_or_default()
    }
}

/// A file and its torrent.
pub struct Torrent {
    pub file: PathBuf,
    pub hash: String,
    payload: PathBuf,
    _dir: tempfile::TempDir,
}

impl Torrent {
    /// A payload of its own, so a hash of its own.
    pub fn new(name: &str, trackers: &[&str]) -> Torrent {
        let dir = tempfile::tempdir().unwrap();
        let payload = dir.path().join(name);
        let seed = format!("{}", dir.path().display());
        let bytes: Vec<u8> = seed
            .bytes()
            .cycle()
            .take(PIECES * PIECE - 100)
            .enumerate()
            .map(|(i, b)| b ^ i.to_le_bytes()[1])
            .collect();
        std::fs::write(&payload, bytes).unwrap();
        let file = dir.path().join(format!("{name}.torrent"));
        let mut create = Command::new("transmission-create");
        create.args(["-s", &(PIECE / 1024).to_string(), "-o"]).arg(&file).arg(&payload);
        for tracker in trackers {
            create.args(["-t", tracker]);
        }
        assert!(create.output().unwrap().status.success());
        let shown = Command::new("transmission-show").arg(&file).output().unwrap();
        let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
        let hash = shown.split_once("Hash: ").unwrap().1.split_whitespace().next().unwrap().to_owned();
        Torrent { file, hash, payload, _dir: dir }
    }

    /// Its hash as URLs have it.
    pub fn escaped_hash(&self) -> String {
        let bytes: Vec<&str> = (0..40).step_by(2).map(|i| &self.hash[i..i + 2]).collect();
        format!("%{}", bytes.join("%"))
    }

    /// Its magnet link, with this tracker.
    pub fn magnet(&self, tracker: &str) -> String {
        let name = self.payload.file_name().unwrap().to_str().unwrap();
        format!(
            "magnet:?xt=urn:btih:{}&dn={name}&tr={}",
            self.hash,
            tracker.replace(':', "%3A").replace('/', "%2F")
        )
    }
}

/// transmission-daemon with one torrent.
pub struct Transmission {
    pub port: u16,
    _dir: tempfile::TempDir,
    _server: Server,
}

impl Transmission {
    /// One that has every piece.
    pub fn seed(torrent: &Torrent) -> Transmission {
        Transmission::start(torrent, |_| {})
    }

    /// One that lacks the third piece.
    pub fn incomplete(torrent: &Torrent) -> Transmission {
        Transmission::start(torrent, |payload| {
            let mut bytes = std::fs::read(payload).unwrap();
            bytes[2 * PIECE + 5] ^= 1;
            std::fs::write(payload, bytes).unwrap();
        })
    }

    fn start(torrent: &Torrent, spoil: impl FnOnce(&Path)) -> Transmission {
        let dir = tempfile::tempdir().unwrap();
        let (files, state) = (dir.path().join("files"), dir.path().join("state"));
        std::fs::create_dir(&files).unwrap();
        std::fs::create_dir(&state).unwrap();
        let payload = files.join(torrent.payload.file_name().unwrap());
        std::fs::copy(&torrent.payload, &payload).unwrap();
        spoil(&payload);
        let (port, rpc) = (free_port(), free_port());
        let settings = serde_json::json!({
            "bind-address-ipv4": "127.0.0.1", "bind-address-ipv6": "::1", "rpc-bind-address": "127.0.0.1", "rpc-port": rpc,
            "rpc-whitelist-enabled": false, "rpc-host-whitelist-enabled": false, "peer-port": port,
            "peer-port-random-on-start": false, "dht-enabled": false, "lpd-enabled": false, "pex-enabled": false,
            "utp-enabled": false, "port-forwarding-enabled": false, "download-dir": files, "incomplete-dir-enabled": false,
            "cache-size-mb": 1
        });
        std::fs::write(state.join("settings.json"), settings.to_string()).unwrap();
        give(dir.path());
        let log = dir.path().join("log");
        let mut command = unprivileged("/usr/bin/transmission-daemon");
        command.arg("-f").arg("-g").arg(&state).arg("-e").arg(&log).env("HOME", dir.path());
        let server = Server::start(&mut command);
        wait_for_port(([127, 0, 0, 1], rpc));
        wait_for_port(([127, 0, 0, 1], port));
        let remote = |arguments: &[&str]| {
            let done = Command::new("transmission-remote")
                .arg(format!("127.0.0.1:{rpc}"))
                .args(arguments)
                .output()
                .unwrap();
            String::from_utf8_lossy(&done.stdout).into_owned()
        };
        let added = remote(&["-a", torrent.file.to_str().unwrap(), "-w", files.to_str().unwrap()]);
        assert!(added.contains("success"), "{added}");
        wait_until("transmission has looked at its files", || {
            let about = remote(&["-t", "1", "-i"]);
            // complete, or all but the spoilt piece
            about.contains("Percent Done: 100%") || about.contains("Percent Done: 97.")
        });
        Transmission { port, _dir: dir, _server: server }
    }
}
