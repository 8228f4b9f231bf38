//! Logs as the real servers write them: a FreeRADIUS with linelog and detail, which knows one user by
//! password, and before it a radsecproxy that writes F-TICKS and has two clients.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use check::Secret;
use radius::{Draft, Kind, Packet, random};
use testkit::{Server, wait_until};

use super::radius_servers::{PASSWORD, SECRET, USER, World};
use super::{give, unprivileged};

/// Both servers.
pub struct RadiusLogs {
    /// Address and folder of everything.
    pub world: World,
    /// FreeRADIUS, by [`SECRET`].
    pub radius: SocketAddr,
    /// radsecproxy, by the same.
    pub proxy: SocketAddr,
    /// The folder of all logs.
    pub logs: PathBuf,
    _servers: [Server; 2],
}

/// What a request holds besides user and password.
pub type Attributes<'a> = &'a [(Kind, &'a [u8])];

impl RadiusLogs {
    /// Starts both. Requests that come to the proxy from the world's own address are of `1first.cz`,
    /// those from elsewhere of `1second.cz`.
    #[track_caller]
    pub fn start() -> RadiusLogs {
        let world = World::new();
        let logs = world.path().join("logs");
        fs::create_dir_all(logs.join("radacct")).unwrap();
        let (radius, proxy) = (world.free(), world.free());
        let user = format!("{USER} Cleartext-Password := \"{PASSWORD}\"\n");
        fs::write(logs.join("users"), user).unwrap();
        fs::write(logs.join("radiusd.conf"), freeradius(&logs, radius)).unwrap();
        fs::write(logs.join("proxy.conf"), radsecproxy(&world, &logs, proxy, radius)).unwrap();
        give(&logs);
        let at = logs.display().to_string();
        let run = |command: &mut Command, name: &str| {
            Server::start_logged(command, fs::File::create(logs.join(name)).unwrap())
        };
        let mut freeradius = unprivileged("/usr/sbin/freeradius");
        let freeradius =
            run(freeradius.args(["-f", "-l", "stdout", "-d", &at, "-n", "radiusd"]), "freeradius.out");
        let mut radsecproxy = unprivileged("/bin/sh");
        // in the foreground it logs to standard error, whatever the configuration says
        let script = format!(
            "exec /usr/sbin/radsecproxy -f -c {at}/proxy.conf -i {at}/proxy.pid >> {at}/proxy.log 2>&1"
        );
        let radsecproxy = run(radsecproxy.args(["-c", &script]), "radsecproxy.out");
        let servers = RadiusLogs { world, radius, proxy, logs, _servers: [freeradius, radsecproxy] };
        let here = servers.world.address;
        wait_until("FreeRADIUS answers", || ask(radius, here, &Draft::status_server()));
        wait_until("radsecproxy answers", || ask(proxy, here, &Draft::status_server()));
        servers
    }

    /// FreeRADIUS' linelog.
    pub fn linelog(&self) -> PathBuf {
        self.logs.join("access.log")
    }

    /// Its detail files, by client and day.
    pub fn details(&self) -> String {
        format!("{}/radacct/*/auth-detail-*", self.logs.display())
    }

    /// radsecproxy's log.
    pub fn fticks(&self) -> PathBuf {
        self.logs.join("proxy.log")
    }
}

/// Sends a login by password from an address; is it answered?
pub fn login(to: SocketAddr, from: Ipv4Addr, attributes: Attributes<'_>) -> bool {
    let mut draft = Draft::access_request();
    draft.add(Kind::USER_NAME, USER).unwrap();
    draft.set_user_password(Secret::from_argument(PASSWORD)).unwrap();
    for (kind, value) in attributes {
        draft.add(*kind, value).unwrap();
    }
    ask(to, from, &draft)
}

fn ask(to: SocketAddr, from: Ipv4Addr, draft: &Draft) -> bool {
    let socket = UdpSocket::bind((from, 0)).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    socket.connect(to).unwrap();
    let sent = socket.send(draft.seal(7, random(), &Secret::from_argument(SECRET)).as_bytes());
    let mut buffer = [0; 4096];
    let received = sent.and_then(|_| socket.recv(&mut buffer));
    received.is_ok_and(|length| Packet::decode(&buffer[..length]).is_ok())
}

fn freeradius(logs: &Path, at: SocketAddr) -> String {
    let (dir, ip, port) = (logs.display(), at.ip(), at.port());
    format!(
        "prefix = /usr
libdir = /usr/lib/freeradius
name = logs
logdir = {dir}
run_dir = {dir}
pidfile = {dir}/radiusd.pid
log {{
  destination = files
  file = {dir}/radius.log
}}
security {{
  max_attributes = 200
  reject_delay = 0
  status_server = yes
  allow_vulnerable_openssl = yes
}}
modules {{
  pap {{
  }}
  files {{
    filename = {dir}/users
  }}
  linelog on_log {{
    filename = {dir}/access.log
    format = \"%t src=%{{%{{Packet-Src-IP-Address}}:-}} on=%{{%{{Operator-Name}}:-MISSING}} csi=%{{%{{Calling-Station-Id}}:-MISSING}} cui=%{{%{{Chargeable-User-Identity}}:-NONE}} user=%{{User-Name}} result=%{{reply:Packet-Type}}\"
  }}
  detail auth_log {{
    filename = {dir}/radacct/%{{Packet-Src-IP-Address}}/auth-detail-%Y%m%d
  }}
}}
client all {{
  ipaddr = 127.0.0.0/8
  secret = {SECRET}
}}
server logs {{
  listen {{
    type = auth
    ipaddr = {ip}
    port = {port}
  }}
  authorize {{
    on_log
    auth_log
    files
    pap
  }}
  authenticate {{
    Auth-Type PAP {{
      pap
    }}
  }}
}}
"
    )
}

fn radsecproxy(world: &World, logs: &Path, at: SocketAddr, radius: SocketAddr) -> String {
    let client = |name: &str, host: Ipv4Addr, institution: &str| {
        format!(
            "client {name} {{\n  host {host}\n  type UDP\n  secret {SECRET}\n  fticksVISCOUNTRY CZ\n  fticksVISINST {institution}\n}}\n"
        )
    };
    format!(
        "ListenUDP {at}\nSourceUDP {}\nLogLevel 3\nLogDestination file://{}/proxy.log\nFTicksReporting Full\n\
         FTicksMAC Original\n{}{}server home {{\n  host {}\n  port {}\n  type UDP\n  secret {SECRET}\n}}\n\
         realm example-home.cz {{\n  server home\n}}\n",
        at.ip(),
        logs.display(),
        client("first", world.address, "1first.cz"),
        client("second", world.elsewhere(), "1second.cz"),
        radius.ip(),
        radius.port()
    )
}
