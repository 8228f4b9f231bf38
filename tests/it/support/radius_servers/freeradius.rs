//! The home institution: FreeRADIUS with two virtual servers. The good one does everything right, the
//! bad one offers MD5 first, has a certificate that ends in five days, sends no Chargeable-User-Identity,
//! lets any outer identity and the users of any realm in, and speaks TLS 1.0 to 1.3.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use radius::Draft;
use testkit::{Identity, Server, wait_for_port};

use super::radiusd::{self, Eap, eap, yes};
use super::{SECRET, World, wait_for, write};

/// What the home server is to be.
#[derive(Clone, Debug)]
pub struct Home {
    /// Of the good virtual server.
    pub good: Eap,
    /// Of the bad one.
    pub bad: Eap,
    /// Certificate of its RadSec.
    pub radsec: Identity,
    /// Address and port of RadSec, if not free ones.
    pub radsec_at: Option<SocketAddr>,
    /// Requests without Message-Authenticator are dropped.
    pub wants_message_authenticator: bool,
    /// Answers Status-Server.
    pub status_server: bool,
    /// More lines of the file of users.
    pub users: String,
}

impl Home {
    /// The usual.
    pub fn of(world: &World) -> Home {
        let good = Eap {
            identity: world.pki.server.clone(),
            proposes: "peap",
            tls: ("1.2", "1.2"),
            resumption: false,
            sends_root: true,
            fragment_size: 1024,
        };
        let bad = Eap {
            identity: world.pki.expiring.clone(),
            proposes: "md5",
            tls: ("1.0", "1.3"),
            resumption: true,
            ..good.clone()
        };
        Home {
            good,
            bad,
            radsec: world.pki.radsec.clone(),
            radsec_at: None,
            wants_message_authenticator: true,
            status_server: true,
            users: String::new(),
        }
    }

    /// Starts it and waits until both virtual servers answer.
    #[track_caller]
    pub fn start(&self, world: &World) -> FreeRadius {
        let (good, bad) = (world.free(), world.free());
        let radsec = self.radsec_at.unwrap_or_else(|| world.free());
        let folder = world.folder("home", &["log", "run", "tlscache"]);
        let mut home = FreeRadius { good, bad, radsec, folder, configuration: self.clone(), server: None };
        home.configure(world, self);
        home.start();
        home
    }
}

/// A running home server.
pub struct FreeRadius {
    /// The good server, UDP.
    pub good: SocketAddr,
    /// The bad server, UDP.
    pub bad: SocketAddr,
    /// The good server, RadSec.
    pub radsec: SocketAddr,
    /// Its folder.
    pub folder: PathBuf,
    /// As it was started.
    pub configuration: Home,
    server: Option<Server>,
}

impl FreeRadius {
    /// Stops it.
    pub fn stop(&mut self) {
        self.server = None;
    }

    /// Starts it again, at the same addresses.
    #[track_caller]
    pub fn start(&mut self) {
        let folder = self.folder.display().to_string();
        let arguments = ["-f", "-l", "stdout", "-d", &folder, "-n", "radiusd"];
        let mut server = World::start(&self.folder, "/usr/sbin/freeradius", &arguments);
        for address in [self.good, self.bad] {
            // a server that keeps quiet about itself is ready when it listens
            if self.configuration.status_server {
                wait_for(&mut server, address, &self.folder, &Draft::status_server(), SECRET);
            }
        }
        wait_for_port(self.radsec);
        self.server = Some(server);
    }

    /// Changes what it is; it takes effect with the next start.
    pub fn configure(&mut self, world: &World, home: &Home) {
        self.configuration = home.clone();
        write(&self.folder.join("radiusd.conf"), &text(self, world, home));
        write(&self.folder.join("users"), &users(&home.users));
    }

    /// The lines of its linelog: one for every request and one for every reply of the good server.
    pub fn access_log(&self) -> PathBuf {
        self.folder.join("log/access.log")
    }

    /// What it printed so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("stdout")).unwrap_or_default()
    }

    /// The running process, for signals.
    pub fn server(&self) -> &Server {
        self.server.as_ref().expect("it was started")
    }
}

fn users(more: &str) -> String {
    format!(
        "test@example-home.cz Cleartext-Password := \"heslo123\"\n\
         big-test@example-home.cz Cleartext-Password := \"heslo123\"\n\
         test001@other.cz Cleartext-Password := \"heslo123\"\n\
         user@example-home.cz Cleartext-Password := \"unused\"\n\
         plain@example-home.cz Cleartext-Password := \"heslo123\"\n\
         \tReply-Message := \"Hello, plain user\",\n\
         \tClass := 0x636c61737331,\n\
         \tFilter-Id := \"staff\"\n{more}"
    )
}

#[expect(clippy::too_many_lines, reason = "one configuration file, whole")]
fn text(home: &FreeRadius, world: &World, setup: &Home) -> String {
    let FreeRadius { good, bad, radsec, folder, .. } = home;
    let pki = world.path().join("pki");
    let cache = folder.join("tlscache");
    let eaps = eap("eap_good", &setup.good, &pki, &cache, "inner_good")
        + &eap("eap_bad", &setup.bad, &pki, &cache, "inner_bad");
    let head = radiusd::head(folder, setup.status_server) + radiusd::THREADS;
    let (modules, passwords) = (radiusd::modules(folder), radiusd::PASSWORDS);
    let (pki, address) = (pki.display(), world.address);
    let (good, bad, radsec_port, radsec_ip) = (good.port(), bad.port(), radsec.port(), radsec.ip());
    let (certificate, key) = (setup.radsec.certificate.display(), setup.radsec.key.display());
    let wants = yes(setup.wants_message_authenticator);
    let inner_good =
        radiusd::inner("inner_good", "eap_inner", &radiusd::of_realms("example-home\\.cz"), radiusd::CUI);
    let inner_bad = radiusd::inner("inner_bad", "eap_inner", "", "");
    let (listen_good, listen_bad) = (radiusd::listen(address, good), radiusd::listen(address, bad));
    let big = radiusd::big_messages();
    format!(
        "{head}modules {{
{eaps}
  eap eap_inner {{
    default_eap_type = mschapv2
    timer_expire = 60
    max_sessions = 8192
    mschapv2 {{
    }}
    gtc {{
      auth_type = PAP
    }}
    md5 {{
    }}
  }}
{modules}  linelog on_log {{
    filename = ${{logdir}}/access.log
    format = \"%t src=%{{%{{Packet-Src-IP-Address}}:-}} on=%{{%{{Operator-Name}}:-MISSING}} csi=%{{%{{Calling-Station-Id}}:-MISSING}} cui=%{{%{{Chargeable-User-Identity}}:-NONE}} user=%{{User-Name}} result=%{{reply:Packet-Type}}\"
  }}
}}
client mon {{
  ipaddr = 127.0.0.0/8
  proto = udp
  secret = mon-secret
  require_message_authenticator = {wants}
}}
clients radsec_clients {{
  client nren {{
    ipaddr = 127.0.0.0/8
    proto = tls
    secret = radsec
  }}
}}
server good {{
{listen_good}  listen {{
    type = auth
    ipaddr = {radsec_ip}
    port = {radsec_port}
    proto = tcp
    clients = radsec_clients
    limit {{
      max_connections = 64
      lifetime = 0
      idle_timeout = 300
    }}
    tls {{
      private_key_file = {key}
      certificate_file = {certificate}
      ca_file = {pki}/ca.pem
      fragment_size = 8192
      require_client_cert = yes
      tls_min_version = \"1.2\"
      tls_max_version = \"1.3\"
      ecdh_curve = \"\"
    }}
  }}
  authorize {{
    on_log
    eap_good {{
      ok = return
    }}
    files
    chap
    mschap
    pap
  }}
  authenticate {{
{passwords}    eap_good
  }}
  post-auth {{
    update reply {{
      &reply: += &session-state:
    }}
    if (&User-Name =~ /^big-test@/) {{
      update reply {{
{big}      }}
    }}
    on_log
    Post-Auth-Type REJECT {{
      on_log
    }}
  }}
}}
server bad {{
{listen_bad}  authorize {{
    eap_bad {{
      ok = return
    }}
  }}
  authenticate {{
    eap_bad
  }}
  post-auth {{
    Post-Auth-Type REJECT {{
    }}
  }}
}}
{inner_good}{inner_bad}"
    )
}
