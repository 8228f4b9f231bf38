//! An institution's RADIUS server, as it takes part in the federation: it is the home of its own realms, and asks
//! the national server for everybody else. A real FreeRADIUS.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use testkit::{Identity, Server, wait_until};

use super::world::{Place, World};
use crate::support::radius_servers::{Eap, radiusd};
use crate::support::{give, unprivileged};

/// How a server is connected to the national one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// RadSec in both directions.
    Radsec,
    /// Plain RADIUS, which IPsec would protect.
    Ipsec,
}

/// What an institution's server is.
#[derive(Clone, Debug)]
pub struct Institution {
    /// Its folder, and its name in messages.
    pub name: &'static str,
    /// Its address.
    pub address: &'static str,
    /// Its home realms; the first is its Operator-Name.
    pub realms: &'static [&'static str],
    /// How it is connected.
    pub way: Way,
    /// Its EAP certificate.
    pub identity: Identity,
    /// Answers requests for Chargeable-User-Identity.
    pub has_cui: bool,
}

/// A running server.
pub struct Running {
    pub institution: Institution,
    folder: PathBuf,
    server: Option<Server>,
}

impl Institution {
    /// Writes its configuration; it is not started yet.
    pub fn prepare(self, world: &World) -> Running {
        let folder = world.folder(self.name);
        for inner in ["log", "run"] {
            std::fs::create_dir(folder.join(inner)).unwrap();
        }
        let running = Running { institution: self, folder, server: None };
        running.configure(world);
        running
    }
}

impl Running {
    /// Writes the configuration; it takes effect with the next start.
    pub fn configure(&self, world: &World) {
        std::fs::write(self.folder.join("radiusd.conf"), self.text(world)).unwrap();
    }

    /// Starts it, without waiting.
    pub fn start(&mut self) {
        give(&self.folder);
        let mut command = unprivileged("/usr/sbin/freeradius");
        command.args(["-f", "-n", "radiusd", "-d"]).arg(&self.folder);
        self.server = Some(Server::start(&mut command));
    }

    /// Waits until it serves.
    #[track_caller]
    pub fn wait(&self) {
        ready(&self.folder, self.institution.name);
    }

    /// Stops it.
    pub fn stop(&mut self) {
        self.server = None;
        let _ = std::fs::remove_file(self.folder.join("log/radius.log"));
    }

    fn text(&self, world: &World) -> String {
        let Institution { address, realms, way, identity, has_cui, .. } = &self.institution;
        let eap = Eap {
            identity: identity.clone(),
            proposes: "peap",
            tls: ("1.2", "1.2"),
            resumption: false,
            sends_root: false,
            fragment_size: 1024,
        };
        let pki = world.pki();
        let mut text = radiusd::head(&self.folder, true) + radiusd::THREADS;
        let own = realms.iter().map(|realm| realm.replace('.', "\\.")).collect::<Vec<_>>().join("|");
        let _ = writeln!(
            text,
            "modules {{
{eap}{modules}}}
client monitor {{
  ipaddr = 192.0.2.0/24
  secret = {secret}
  require_message_authenticator = yes
}}
client national {{
  ipaddr = {national}
  secret = {secret}
}}",
            eap = radiusd::eap("eap", &eap, Path::new(&pki), &self.folder, "inner"),
            modules = radiusd::modules(&self.folder),
            secret = super::SECRET,
            national = super::NATIONAL,
        );
        text += &upstream(*way, address, world);
        let _ = writeln!(text, "server institution {{\n{}", radiusd::listen(address, 1812));
        if *way == Way::Radsec {
            text += &listen_radsec(address, world);
        }
        let _ = writeln!(
            text,
            "  authorize {{
    if (&User-Name =~ /@({own})$/i) {{
      eap {{
        ok = return
      }}
    }}
    else {{
      update control {{
        &Proxy-To-Realm := \"NATIONAL\"
      }}
      if (!&Operator-Name) {{
        update request {{
          &Operator-Name := \"1{operator}\"
        }}
      }}
      if (!&Chargeable-User-Identity) {{
        update request {{
          &Chargeable-User-Identity := 0x00
        }}
      }}
    }}
  }}
  authenticate {{
    eap
  }}
  post-auth {{
    update reply {{
      &reply: += &session-state:
    }}
    if (&User-Name =~ /^big-test@({own})$/i) {{
      update reply {{
{big}      }}
    }}
    Post-Auth-Type REJECT {{
    }}
  }}
}}",
            big = radiusd::big_messages(),
            operator = realms[0],
        );
        let after = if *has_cui { radiusd::CUI } else { "" };
        text += &radiusd::inner("inner", "eap", &radiusd::of_realms(&own), after);
        let users: String = realms
            .iter()
            .flat_map(|realm| ["test", "big-test"].map(|user| format!("{user}@{realm}")))
            .map(|user| format!("{user} Cleartext-Password := \"{}\"\n", super::PASSWORD))
            .collect();
        std::fs::write(self.folder.join("users"), users).unwrap();
        text
    }
}

/// Waits until the FreeRADIUS of this folder serves.
#[track_caller]
pub fn ready(folder: &Path, name: &str) {
    let log = || std::fs::read_to_string(folder.join("log/radius.log")).unwrap_or_default();
    wait_until(&format!("{name} is ready"), || {
        let log = log();
        assert!(!log.contains("Error:"), "{name}: {log}");
        log.contains("Ready to process requests")
    });
}

/// Listens for RadSec.
pub fn listen_radsec(address: &str, world: &World) -> String {
    format!(
        "  listen {{
    type = auth
    ipaddr = {address}
    port = 2083
    proto = tcp
    clients = radsec_clients
    limit {{
      max_connections = 64
      lifetime = 0
      idle_timeout = 600
    }}
{}  }}
",
        tls(world, true)
    )
}

/// Who may connect by RadSec.
pub fn radsec_clients(addresses: &[&str]) -> String {
    let clients: String = addresses
        .iter()
        .map(|address| {
            format!(
                "  client {address} {{
    ipaddr = {address}
    proto = tls
    secret = radsec
    limit {{
      max_connections = 16
      lifetime = 0
      idle_timeout = 600
    }}
  }}
"
            )
        })
        .collect();
    format!("clients radsec_clients {{\n{clients}}}\n")
}

/// A server that requests are passed on to.
pub fn home_server(name: &str, place: Place<'_>, way: Way, world: &World) -> String {
    let Place { from, to } = place;
    let (port, how) = match way {
        Way::Radsec => (2083, format!("  proto = tcp\n  secret = radsec\n{}", tls(world, false))),
        Way::Ipsec => (1812, format!("  secret = {}\n", super::SECRET)),
    };
    format!(
        "home_server {name} {{
  type = auth
  ipaddr = {to}
  port = {port}
  src_ipaddr = {from}
  response_window = 6
  zombie_period = 10
  status_check = status-server
  check_interval = 6
  num_answers_to_alive = 3
  limit {{
    max_connections = 8
    lifetime = 0
    idle_timeout = 0
  }}
{how}}}
"
    )
}

fn tls(world: &World, is_server: bool) -> String {
    let Identity { certificate, key } = world.radsec();
    let (certificate, key, pki) = (certificate.display(), key.display(), world.pki());
    let client = if is_server { "      require_client_cert = yes\n" } else { "" };
    format!(
        "    tls {{
      private_key_file = {key}
      certificate_file = {certificate}
      ca_file = {pki}/ca.pem
      fragment_size = 8192
{client}      tls_min_version = \"1.2\"
      tls_max_version = \"1.2\"
      ecdh_curve = \"\"
    }}
"
    )
}

fn upstream(way: Way, address: &str, world: &World) -> String {
    let national = home_server("national", Place { from: address, to: super::NATIONAL }, way, world);
    format!(
        "{}proxy server {{\n  default_fallback = no\n}}\n{national}home_server_pool national {{\n  home_server = national\n}}\n\
         realm NATIONAL {{\n  auth_pool = national\n  nostrip\n}}\n",
        radsec_clients(&[super::NATIONAL])
    )
}
