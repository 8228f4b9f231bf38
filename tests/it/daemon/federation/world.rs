//! Where the federation lives: a network of its own, in which every server of the example has the address that the
//! example gives it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::{Identity, Server, wait_for_port};

use crate::support::give;
use crate::support::mounts::{replace, run};
use crate::support::radius_servers::pki::{Leaf, Pki};

/// From one server to another.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub from: &'a str,
    pub to: &'a str,
}

/// The folder of all servers, and what they share.
pub struct World {
    dir: tempfile::TempDir,
    certificates: Pki,
    _web: Server,
}

impl World {
    /// Names, addresses and packets of an ordinary size; certificates; the institutions' web sites.
    pub fn new(addresses: &[&str]) -> World {
        for address in addresses {
            run("/sbin/ip", &["addr", "add", &format!("{address}/32"), "dev", "lo"]);
        }
        // as on the way between two machines: what is larger goes in fragments
        run("/sbin/ip", &["link", "set", "lo", "mtu", "1500"]);
        let hosts = "127.0.0.1 localhost\n192.0.2.80 www.operator.example www.north.example www.east.example www.south.example\n";
        replace("/etc/hosts", hosts);
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for folder in ["pki", "www"] {
            fs::create_dir(dir.path().join(folder)).unwrap();
        }
        let certificates = Pki::new(&dir.path().join("pki"), super::NATIONAL);
        let web = web(dir.path());
        World { dir, certificates, _web: web }
    }

    /// A new folder.
    pub fn folder(&self, name: &str) -> PathBuf {
        let folder = self.dir.path().join(name);
        fs::create_dir(&folder).unwrap();
        folder
    }

    /// Where certificates are.
    pub fn pki(&self) -> String {
        self.dir.path().join("pki").display().to_string()
    }

    /// The authority of all certificates here, PEM.
    pub fn authority(&self) -> String {
        fs::read_to_string(&self.certificates.authority.certificate).unwrap()
    }

    /// What RadSec servers show each other.
    pub fn radsec(&self) -> &Identity {
        &self.certificates.radsec
    }

    /// A certificate for the EAP of this server, by the authority or by one that nobody trusts; files whose names end
    /// with a digit have another key than the rest.
    pub fn identity(&self, file: &str, name: &str, trusted: bool) -> Identity {
        let Pki { authority, stranger, .. } = &self.certificates;
        let by = if trusted { authority } else { stranger };
        let identity = by.sign(&Leaf {
            file,
            name,
            names: &[name],
            other_key: file.ends_with(|c: char| c.is_ascii_digit()),
            ..Leaf::default()
        });
        give(Path::new(&self.pki()));
        identity
    }

    /// Publishes a document on one of the web sites.
    pub fn publish(&self, site: &str, file: &str, text: &str) {
        let folder = self.dir.path().join("www").join(site);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(file), text).unwrap();
    }

    /// Replaces the packet filter by these rules for packets that come in, before fragments are put together.
    pub fn filter(&self, rules: &str) {
        let ruleset = format!(
            "flush ruleset; table ip t {{ chain c {{ type filter hook prerouting priority -450; {rules} }}; }}\n"
        );
        let file = self.dir.path().join("ruleset");
        fs::write(&file, ruleset).unwrap();
        let done = Command::new("/usr/sbin/nft").arg("-f").arg(&file).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

fn web(dir: &Path) -> Server {
    let at = dir.display();
    let config = dir.join("nginx.conf");
    let text = format!(
        "daemon off; master_process off; pid {at}/nginx.pid; error_log stderr crit;
        events {{ worker_connections 64; }}
        http {{ access_log off; default_type text/plain; types {{ application/xml xml; application/json json; }}
        client_body_temp_path {at}/t1; proxy_temp_path {at}/t2; fastcgi_temp_path {at}/t3; uwsgi_temp_path {at}/t4;
        scgi_temp_path {at}/t5; server {{ listen 192.0.2.80:80; root {at}/www/$host; }} }}"
    );
    fs::write(&config, text).unwrap();
    let server = Server::start(Command::new("/usr/sbin/nginx").args(["-e", "stderr", "-c"]).arg(&config));
    wait_for_port(([192, 0, 2, 80], 80));
    server
}
