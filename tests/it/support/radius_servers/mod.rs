//! A small eduroam of real servers: the home institution's FreeRADIUS (a good server and a bad one,
//! UDP and RadSec), the national radsecproxy, a visited institution's FreeRADIUS, and hostapd.
//!
//! A [`World`] has an address of 127.0.0.0/8 and a folder of its own; a test starts what it needs. All
//! servers run as nobody if the test runs as root, and end with the value that stands for them.

#![allow(
    dead_code,
    unused_imports,
    reason = "a world for the tests of many checks, which do not all need all of it"
)]

mod freeradius;
mod hostapd;
pub mod pki;
pub mod radiusd;
mod radsecproxy;
mod visited;

use std::fs;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use check::Secret;
use radius::{Draft, Kind, Packet, random};
use testkit::{Server, wait_until};

use super::{give, unprivileged};

pub use freeradius::{FreeRadius, Home};
pub use hostapd::Hostapd;
pub use pki::Pki;
pub use radiusd::Eap;
pub use radsecproxy::{Proxy, Radsecproxy};
pub use visited::{Uplink, Visited};

/// Secret of everybody in 127.0.0.0/8 at the home and the visited server, and at hostapd.
pub const SECRET: &str = "mon-secret";
/// Password of `test@`, `big-test@` and `test001@other.cz`.
pub const PASSWORD: &str = "heslo123";
/// The home realm's test account.
pub const USER: &str = "test@example-home.cz";

/// Where a test's servers live.
pub struct World {
    /// The address of all servers but hostapd, this test's alone.
    pub address: Ipv4Addr,
    /// Certificates.
    pub pki: Pki,
    dir: tempfile::TempDir,
}

impl World {
    /// Makes one: certificates, no servers.
    pub fn new() -> World {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let folder = dir.path().join("pki");
        fs::create_dir(&folder).unwrap();
        let address = own_address();
        let pki = Pki::new(&folder, &address.to_string());
        give(&folder);
        World { address, pki, dir }
    }

    /// The folder of everything.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// A file with the shared secret, for `--secret-file`.
    pub fn secret_file(&self) -> PathBuf {
        self.file_of("secret", SECRET)
    }

    /// A file with the password of the test accounts, for `--password-file`.
    pub fn password_file(&self) -> PathBuf {
        self.file_of("password", PASSWORD)
    }

    /// A file with one line.
    pub fn file_of(&self, name: &str, line: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, format!("{line}\n")).unwrap();
        path
    }

    /// Another address of this test's own: no server is there.
    pub fn elsewhere(&self) -> Ipv4Addr {
        let [a, b, c, d] = self.address.octets();
        Ipv4Addr::new(a, b, c, d | 128)
    }

    /// A port of the address that is free for UDP and TCP.
    pub fn free(&self) -> SocketAddr {
        free_at(self.address.into())
    }

    /// A folder for a server, with folders in it.
    fn folder(&self, name: &str, inner: &[&str]) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir(&path).unwrap();
        for inner in inner {
            fs::create_dir(path.join(inner)).unwrap();
        }
        path
    }

    /// Starts a server in its folder, which becomes its own; what it prints is in `stdout` and `stderr`.
    fn start(folder: &Path, program: &str, arguments: &[&str]) -> Server {
        give(folder);
        // a server's standard output is thrown away: what it prints goes to a file by a shell
        let mut command = unprivileged("/bin/sh");
        let script = "log=$1; shift; exec \"$@\" > \"$log\" 2>&1";
        command.args(["-c", script, "sh"]).arg(folder.join("stdout")).arg(program).args(arguments);
        Server::start(&mut command)
    }
}

/// Waits until a server answers what a client with the usual secret asks.
fn wait_for(server: &mut Server, address: SocketAddr, folder: &Path, draft: &Draft, secret: &str) {
    let secret = Secret::from_argument(secret);
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    wait_until(&format!("{name} answers at {address}"), || {
        assert!(!server.has_ended(), "{name} ended by itself:\n{}", told(folder));
        exchange(address, draft, &secret).is_some()
    });
}

/// One datagram and what comes back for it within a third of a second.
pub fn exchange(address: SocketAddr, draft: &Draft, secret: &Secret) -> Option<Packet> {
    // hostapd answers from 127.0.0.1 only, others do not know clients outside of 127.0.0.0/8
    let socket = UdpSocket::bind((address.ip(), 0)).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    socket.connect(address).unwrap();
    socket.send(draft.seal(7, random(), secret).as_bytes()).ok()?;
    let mut buffer = [0; 4096];
    let length = socket.recv(&mut buffer).ok()?;
    Packet::decode(&buffer[..length]).ok()
}

/// Asks for a login without saying more than a name: every EAP server answers something.
pub fn knock(user: &str) -> Draft {
    let mut draft = Draft::access_request();
    let length = u16::try_from(user.len() + 5).unwrap().to_be_bytes();
    let eap = [&[2, 1, length[0], length[1], 1], user.as_bytes()].concat();
    draft.add(Kind::USER_NAME, user).unwrap().add_eap_message(&eap).unwrap();
    draft
}

/// What a server printed and logged, for a message.
fn told(folder: &Path) -> String {
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
    format!("{}{}", read("stdout"), read("log/radius.log"))
}

fn write(path: &Path, text: &str) {
    let mut file = fs::File::create(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn free_at(address: IpAddr) -> SocketAddr {
    for _ in 0..1000 {
        let tcp = TcpListener::bind((address, 0)).unwrap();
        let place = tcp.local_addr().unwrap();
        if UdpSocket::bind(place).is_ok() {
            return place;
        }
    }
    panic!("{address} has no free port");
}

/// One that no other test, of this process or another, has; its last octet is under 128.
fn own_address() -> Ipv4Addr {
    static COUNT: AtomicU8 = AtomicU8::new(1);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    assert!(count < 127, "more worlds than addresses");
    let process = std::process::id();
    let part = |number: u32| u8::try_from(number % 200).unwrap_or_default();
    Ipv4Addr::new(127, 20 + part(process / 200), part(process), count)
}

/// Runs a program to its end and gives what it printed; for eapol_test and its like.
pub fn output(command: &mut Command) -> (Option<i32>, String) {
    let done = command.output().unwrap();
    let text = [done.stdout, done.stderr].concat();
    (done.status.code(), String::from_utf8_lossy(&text).into_owned())
}
