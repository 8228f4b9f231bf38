//! hostapd's own EAP server, without a radio: another implementation than FreeRADIUS.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use testkit::{Identity, Server};

use super::{SECRET, USER, World, free_at, knock, wait_for, write};

/// A running hostapd.
pub struct Hostapd {
    /// Where it is asked: hostapd listens at every address and answers from the first, so this is
    /// 127.0.0.1.
    pub server: SocketAddr,
    /// Its folder.
    pub folder: PathBuf,
    _running: Server,
}

impl Hostapd {
    /// Starts one with this certificate. Sessions can be resumed; TLS 1.0 to 1.3.
    #[track_caller]
    pub fn start(world: &World, identity: &Identity) -> Hostapd {
        let server = free_at(Ipv4Addr::LOCALHOST.into());
        let folder = world.folder("hostapd", &[]);
        let (path, pki) = (folder.display(), world.path().join("pki"));
        let text = format!(
            "driver=none
radius_server_clients={path}/clients
radius_server_auth_port={}
eap_server=1
eap_user_file={path}/users
ca_cert={}/ca.pem
server_cert={}
private_key={}
tls_session_lifetime=3600
tls_flags=[ENABLE-TLSv1.3]
logger_stdout=-1
logger_stdout_level=2
",
            server.port(),
            pki.display(),
            identity.certificate.display(),
            identity.key.display()
        );
        write(&folder.join("hostapd.conf"), &text);
        write(&folder.join("clients"), &format!("127.0.0.0/8 {SECRET}\n"));
        write(
            &folder.join("users"),
            "\"user@example-home.cz\" TLS\n* PEAP,TTLS,TLS\n\
             \"test@example-home.cz\" MSCHAPV2,TTLS-PAP,TTLS-CHAP,TTLS-MSCHAP,TTLS-MSCHAPV2,GTC,MD5 \"heslo123\" [2]\n\
             \"big-test@example-home.cz\" MSCHAPV2,TTLS-MSCHAPV2 \"heslo123\" [2]\n\
             \"test001@other.cz\" MSCHAPV2,TTLS-MSCHAPV2 \"heslo123\" [2]\n",
        );
        let configuration = format!("{path}/hostapd.conf");
        let mut running = World::start(&folder, "/usr/sbin/hostapd", &[&configuration]);
        wait_for(&mut running, server, &folder, &knock(USER), SECRET);
        Hostapd { server, folder, _running: running }
    }

    /// What it printed so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("stdout")).unwrap_or_default()
    }
}
