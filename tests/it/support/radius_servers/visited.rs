//! A visited institution: FreeRADIUS that knows nobody and asks the national proxy, over UDP or RadSec.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use radius::Draft;
use testkit::{Identity, Server};

use super::radsecproxy::NREN_SECRET;
use super::{SECRET, World, free_at, radiusd, wait_for, write};

/// How it asks the national proxy.
#[derive(Clone, Debug)]
pub enum Uplink {
    /// Over UDP.
    Udp(SocketAddr),
    /// Over RadSec, as this; the connection comes from this address.
    Radsec(SocketAddr, Identity),
}

/// A running visited server.
pub struct Visited {
    /// Where it is asked, by [`SECRET`].
    pub server: SocketAddr,
    /// Its folder.
    pub folder: PathBuf,
    running: Option<Server>,
}

impl Visited {
    /// Starts one that adds `1visited.example` as the operator's name if the request has none.
    #[track_caller]
    pub fn start(world: &World, uplink: &Uplink) -> Visited {
        Visited::start_at(world, world.address, uplink)
    }

    /// The same at another address, from which it also asks.
    #[track_caller]
    pub fn start_at(world: &World, address: Ipv4Addr, uplink: &Uplink) -> Visited {
        let server = free_at(address.into());
        let folder = world.folder("visited", &["log", "run"]);
        let (path, pki) = (folder.display().to_string(), world.path().join("pki"));
        let (proxy, how) = match uplink {
            Uplink::Udp(proxy) => (proxy, format!("  secret = {NREN_SECRET}\n")),
            Uplink::Radsec(proxy, identity) => (
                proxy,
                format!(
                    "  proto = tcp
  secret = radsec
  tls {{
    private_key_file = {}
    certificate_file = {}
    ca_file = {}/ca.pem
    fragment_size = 8192
    tls_min_version = \"1.2\"
    tls_max_version = \"1.3\"
  }}
",
                    identity.key.display(),
                    identity.certificate.display(),
                    pki.display()
                ),
            ),
        };
        let (proxy_ip, proxy_port) = (proxy.ip(), proxy.port());
        let text = format!(
            "{}proxy server {{
  default_fallback = no
}}
home_server nren {{
  type = auth
  ipaddr = {proxy_ip}
  port = {proxy_port}
  src_ipaddr = {address}
  response_window = 20
  status_check = status-server
{how}}}
home_server_pool nren_pool {{
  home_server = nren
}}
realm NREN {{
  auth_pool = nren_pool
  nostrip
}}
client mon {{
  ipaddr = 127.0.0.0/8
  secret = mon-secret
  require_message_authenticator = yes
}}
modules {{
}}
server visited {{
{}  authorize {{
    update control {{
      &Proxy-To-Realm := \"NREN\"
    }}
    if (!&request:Operator-Name) {{
      update request {{
        &Operator-Name := \"1visited.example\"
      }}
    }}
  }}
  authenticate {{
  }}
}}
",
            radiusd::head(&folder, true),
            radiusd::listen(address, server.port())
        );
        write(&folder.join("radiusd.conf"), &text);
        let arguments = ["-f", "-l", "stdout", "-d", &path, "-n", "radiusd"];
        let mut running = World::start(&folder, "/usr/sbin/freeradius", &arguments);
        wait_for(&mut running, server, &folder, &Draft::status_server(), SECRET);
        Visited { server, folder, running: Some(running) }
    }

    /// Stops it.
    pub fn stop(&mut self) {
        self.running = None;
    }

    /// What it printed so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("stdout")).unwrap_or_default()
    }
}
