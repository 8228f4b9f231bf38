//! The national proxy: UDP and RadSec in, RadSec out to the home institution.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use radius::Draft;
use testkit::{Identity, Server, wait_for_port, wait_until};

use super::{World, wait_for, write};

/// Secret of the visited institution at the proxy.
pub const NREN_SECRET: &str = "nren-secret";

/// What the proxy is to be.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// Where the home institution's RadSec is.
    pub home: SocketAddr,
    /// Its own certificate, towards both sides.
    pub identity: Identity,
    /// Address and port of its own RadSec, if not free ones.
    pub tls_at: Option<SocketAddr>,
    /// More lines of its configuration, in front of the realm of everybody else.
    pub more: String,
}

impl Proxy {
    /// The usual, before this home server.
    pub fn before(world: &World, home: SocketAddr) -> Proxy {
        Proxy { home, identity: world.pki.radsec.clone(), tls_at: None, more: String::new() }
    }

    /// Starts it and waits until it answers; its connection to the home server may take longer, see
    /// [`Radsecproxy::wait_for_home`].
    #[track_caller]
    pub fn start(&self, world: &World) -> Radsecproxy {
        let (udp, tls) = (world.free(), self.tls_at.unwrap_or_else(|| world.free()));
        let folder = world.folder("proxy", &[]);
        let (certificate, key) = (self.identity.certificate.display(), self.identity.key.display());
        let pki = world.path().join("pki");
        let (ip, home_ip, home_port) = (tls.ip(), self.home.ip(), self.home.port());
        let text = format!(
            "ListenUDP {udp}
ListenTLS {tls}
SourceTLS {ip}
LogLevel 2
FTicksReporting Full
FTicksMAC Original
LoopPrevention on
tls default {{
  CACertificateFile {}/ca.pem
  CertificateFile {certificate}
  CertificateKeyFile {key}
}}
client visited {{
  host 127.0.0.0/8
  type UDP
  secret {NREN_SECRET}
  fticksVISCOUNTRY CZ
}}
client monitor-tls {{
  host 127.0.0.0/8
  type TLS
  secret radsec
  certificateNameCheck off
}}
server home {{
  host {home_ip}
  port {home_port}
  type TLS
  secret radsec
  statusserver on
  certificateNameCheck off
}}
{}realm example-home.cz {{
  server home
}}
realm * {{
  replymessage \"unknown realm\"
}}
",
            pki.display(),
            self.more
        );
        write(&folder.join("radsecproxy.conf"), &text);
        let mut proxy = Radsecproxy { udp, tls, folder, server: None };
        proxy.start();
        proxy
    }
}

/// A running proxy.
pub struct Radsecproxy {
    /// For the visited institution, by [`NREN_SECRET`].
    pub udp: SocketAddr,
    /// RadSec, for everybody with a certificate of the authority.
    pub tls: SocketAddr,
    /// Its folder.
    pub folder: PathBuf,
    server: Option<Server>,
}

impl Radsecproxy {
    /// Stops it.
    pub fn stop(&mut self) {
        self.server = None;
    }

    /// Starts it again.
    #[track_caller]
    pub fn start(&mut self) {
        let path = self.folder.display();
        let (configuration, pid) = (format!("{path}/radsecproxy.conf"), format!("{path}/pid"));
        let arguments = ["-f", "-c", &configuration, "-i", &pid];
        let mut server = World::start(&self.folder, "/usr/sbin/radsecproxy", &arguments);
        wait_for_port(self.tls);
        wait_for(&mut server, self.udp, &self.folder, &Draft::status_server(), NREN_SECRET);
        self.server = Some(server);
    }

    /// Its log, with the F-TICKS among other lines; in the foreground it logs to standard error only.
    pub fn log_file(&self) -> PathBuf {
        self.folder.join("stdout")
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// Waits for its connection to the home server.
    #[track_caller]
    pub fn wait_for_home(&self) {
        wait_until("the proxy is connected to the home server", || {
            let log = self.log();
            log.contains("TLS connection to") && log.contains("up")
        });
    }
}
