//! The national server: FreeRADIUS that passes every request on to the home of its realm, and writes down what an
//! operator of a federation writes down: a line for every request, and F-TICKS.

use std::fmt::Write as _;
use std::path::PathBuf;

use testkit::Server;

use super::institution::{Institution, Way, home_server, listen_radsec, radsec_clients, ready};
use super::world::{Place, World};
use crate::support::radius_servers::radiusd;
use crate::support::{give, unprivileged};

/// A running national server.
pub struct National {
    folder: PathBuf,
    server: Option<Server>,
}

impl National {
    /// Writes its configuration for these institutions' servers; it is not started yet.
    pub fn prepare(world: &World, institutions: &[&Institution]) -> National {
        let folder = world.folder("national");
        for inner in ["log", "run"] {
            std::fs::create_dir(folder.join(inner)).unwrap();
        }
        let national = National { folder, server: None };
        std::fs::write(national.folder.join("radiusd.conf"), national.text(world, institutions)).unwrap();
        national
    }

    /// Starts it and waits until it serves.
    #[track_caller]
    pub fn start(&mut self) {
        give(&self.folder);
        let mut command = unprivileged("/usr/sbin/freeradius");
        command.args(["-f", "-n", "radiusd", "-d"]).arg(&self.folder);
        self.server = Some(Server::start(&mut command));
        ready(&self.folder, "the national server");
    }

    /// Stops it.
    pub fn stop(&mut self) {
        self.server = None;
        let _ = std::fs::remove_file(self.folder.join("log/radius.log"));
    }

    /// The lines of all requests.
    pub fn access_log(&self) -> PathBuf {
        self.folder.join("log/access.log")
    }

    fn text(&self, world: &World, institutions: &[&Institution]) -> String {
        let mut text = radiusd::head(&self.folder, true) + radiusd::THREADS;
        text += "modules {
  expr {
  }
  linelog access {
    filename = ${logdir}/access.log
    format = \"%t src=%{Packet-Src-IP-Address} on=%{%{Operator-Name}:-MISSING} csi=%{%{Calling-Station-Id}:-MISSING} cui=%{%{Chargeable-User-Identity}:-NONE} user= result=\"
  }
  linelog fticks {
    filename = ${logdir}/fticks.log
    format = \"%S F-TICKS/eduroam/1.0#REALM=%{Proxy-To-Realm}#VISCOUNTRY=CZ#VISINST=%{Operator-Name}#CSI=%{Calling-Station-Id}#PN=%{sha1:salt%{User-Name}}#RESULT=OK#\"
  }
  always reject {
    rcode = reject
  }
}
proxy server {
  default_fallback = no
}
";
        let radsec: Vec<&str> =
            institutions.iter().filter(|one| one.way == Way::Radsec).map(|one| one.address).collect();
        text += &radsec_clients(&radsec);
        let mut realms: Vec<(&str, Vec<&str>)> = Vec::new();
        for one in institutions {
            let _ = writeln!(
                text,
                "client {0} {{\n  ipaddr = {1}\n  secret = {2}\n}}",
                one.name,
                one.address,
                super::SECRET
            );
            text += &home_server(one.name, Place { from: super::NATIONAL, to: one.address }, one.way, world);
            for realm in one.realms {
                match realms.iter_mut().find(|(known, _)| known == realm) {
                    Some((_, servers)) => servers.push(one.name),
                    None => realms.push((realm, vec![one.name])),
                }
            }
        }
        let mut route = String::new();
        for (realm, servers) in &realms {
            let servers: String = servers.iter().map(|name| format!("  home_server = {name}\n")).collect();
            let _ = writeln!(text, "home_server_pool {realm} {{\n  type = keyed-balance\n{servers}}}");
            let _ = writeln!(text, "realm {realm} {{\n  auth_pool = {realm}\n  nostrip\n}}");
            let _ = writeln!(
                route,
                "    if (&User-Name =~ /@{}$/i) {{\n      update control {{\n        &Proxy-To-Realm := \"{realm}\"\n      }}\n    }}",
                realm.replace('.', "\\.")
            );
        }
        let _ = writeln!(
            text,
            "server national {{\n{}{}  authorize {{\n    access\n    update control {{\n      &Load-Balance-Key := \"%{{Calling-Station-Id}}\"\n    }}\n{route}    if (!&control:Proxy-To-Realm) {{\n      reject\n    }}\n  }}\n  authenticate {{\n  }}\n  \
             post-auth {{\n    fticks\n  }}\n}}",
            radiusd::listen(super::NATIONAL, 1812),
            listen_radsec(super::NATIONAL, world)
        );
        text
    }
}
