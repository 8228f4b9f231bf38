//! Name servers with a zone `example.test`: nsd for zones as they are written, knot for one that it
//! signs itself, unbound as a resolver that validates. All run as nobody.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use testkit::{Server, wait_for_port, wait_until};

use super::{give, unprivileged};

/// Where the zone is served from; any address of 127.0.0.0/8 can be had.
pub const PRIMARY: [u8; 4] = [127, 0, 5, 10];

/// The start of a zone, with this serial number.
pub fn zone(serial: u32, records: &str) -> String {
    format!("$ORIGIN example.test.\n$TTL 60\n@ SOA ns1 hostmaster {serial} 3600 600 86400 60\n{records}")
}

/// What most tests ask for.
pub const RECORDS: &str = "@ NS ns1\nns1 A 127.0.5.10\nwww A 192.0.2.7\nwww A 192.0.2.8\nwww AAAA 2001:db8::7\n\
    four A 192.0.2.4\nalias CNAME four\n@ MX 10 mx\n@ TXT \"v=spf1 a,mx\" \" -all\"\n*.wild A 192.0.2.9\n";

/// A folder for the files of name servers.
pub struct Zones {
    path: PathBuf,
    _dir: tempfile::TempDir,
}

/// Key pairs of a zone: one that signs keys, one that signs the rest.
pub struct Keys {
    names: [String; 2],
    /// The DNSKEY record that validators are given.
    pub anchor: PathBuf,
}

impl Zones {
    /// Makes one.
    pub fn new() -> Zones {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let path = dir.path().join("dns");
        fs::create_dir(&path).unwrap();
        give(&path);
        Zones { path, _dir: dir }
    }

    /// Writes a file.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path.join(name);
        fs::write(&path, text).unwrap();
        give(&self.path);
        path
    }

    /// Makes keys for `example.test`.
    pub fn keys(&self) -> Keys {
        self.keys_of("example.test")
    }

    /// Makes keys for a zone.
    pub fn keys_of(&self, zone: &str) -> Keys {
        let make = |options: &[&str]| {
            let mut command = Command::new("/usr/bin/ldns-keygen");
            command.args(["-a", "ECDSAP256SHA256"]).args(options).arg(zone).current_dir(&self.path);
            let done = command.output().unwrap();
            assert!(done.status.success(), "ldns-keygen works");
            String::from_utf8(done.stdout).unwrap().trim().to_owned()
        };
        let names = [make(&["-k"]), make(&[])];
        let anchor = self.path.join(format!("{}.key", names[0]));
        Keys { names, anchor }
    }

    /// The DS record of a zone, for the zone above it.
    pub fn ds(&self, keys: &Keys) -> String {
        fs::read_to_string(self.path.join(format!("{}.ds", keys.names[0]))).unwrap()
    }

    /// Signs `example.test`; `options` may say from when (`-i`) and until when (`-e`).
    pub fn signed(&self, keys: &Keys, text: &str, options: &[&str]) -> String {
        self.signed_as("example.test", keys, text, options)
    }

    /// Signs a zone.
    pub fn signed_as(&self, zone: &str, keys: &Keys, text: &str, options: &[&str]) -> String {
        self.file("unsigned", text);
        let mut command = Command::new("/usr/bin/ldns-signzone");
        command.args(options).args(["-o", zone, "-f", "signed", "unsigned"]).args(&keys.names);
        assert!(command.current_dir(&self.path).status().unwrap().success(), "ldns-signzone works");
        fs::read_to_string(self.path.join("signed")).unwrap()
    }

    /// nsd with the zone.
    pub fn nsd(&self, address: [u8; 4], port: u16, text: &str) -> Server {
        self.nsd_of(address, port, &[("example.test", text)])
    }

    /// nsd with these zones.
    pub fn nsd_of(&self, address: [u8; 4], port: u16, zones: &[(&str, &str)]) -> Server {
        let server = self.start_nsd(address, port, zones, unprivileged("/usr/sbin/nsd"));
        wait_for_port((address, port));
        server
    }

    /// The same by a command that ends in nsd's name (in a network namespace, say), not waited for.
    pub fn start_nsd(
        &self,
        address: [u8; 4],
        port: u16,
        zones: &[(&str, &str)],
        mut command: Command,
    ) -> Server {
        let name = format!("nsd-{}", address[3]);
        let path = self.path.display();
        let mut text = format!(
            "server:
  username: \"\"\n  chroot: \"\"\n  database: \"\"\n  server-count: 1
  ip-address: {}@{port}\n  zonesdir: \"{path}\"\n  pidfile: \"{path}/{name}.pid\"
  xfrdfile: \"{path}/{name}.xfrd\"\n  xfrdir: \"{path}\"\n  zonelistfile: \"{path}/{name}.list\"
remote-control:\n  control-enable: no
",
            dotted(address)
        );
        for (zone, records) in zones {
            self.file(&format!("{name}.{zone}"), records);
            text.push_str(&["zone:\n  name: ", zone, "\n  zonefile: ", &name, ".", zone, "\n"].concat());
        }
        let configuration = self.file(&format!("{name}.conf"), &text);
        Server::start_logged(command.args(["-d", "-c"]).arg(configuration), quiet())
    }

    /// unbound, which validates from `anchor` and asks `stub` about the zone. It knows
    /// `static.test` itself and refuses `refused.test`.
    pub fn unbound(&self, port: u16, stub: ([u8; 4], u16), anchor: &Path) -> Server {
        let path = self.path.display();
        let configuration = self.file(
            "unbound.conf",
            &format!(
                "server:
  interface: 127.0.0.1@{port}\n  username: \"\"\n  chroot: \"\"\n  directory: \"{path}\"
  pidfile: \"{path}/unbound.pid\"\n  do-daemonize: no\n  use-syslog: no\n  logfile: \"\"
  local-zone: \"test.\" nodefault\n  do-not-query-localhost: no\n  num-threads: 1
  module-config: \"validator iterator\"\n  trust-anchor-file: \"{}\"\n  ede: yes
  local-zone: \"static.test.\" static\n  local-data: \"a.static.test. 60 IN A 192.0.2.7\"
  local-data-ptr: \"192.0.2.7 a.static.test.\"\n  local-zone: \"refused.test.\" refuse
stub-zone:\n  name: \"example.test\"\n  stub-addr: {}@{}
remote-control:\n  control-enable: no
",
                anchor.display(),
                dotted(stub.0),
                stub.1
            ),
        );
        let mut command = unprivileged("/usr/sbin/unbound");
        let server = Server::start_logged(command.args(["-d", "-p", "-c"]).arg(configuration), quiet());
        wait_for_port(([127, 0, 0, 1], port));
        server
    }

    /// knot, which signs the zone itself, with NSEC3; and the file with its DNSKEY record.
    pub fn knot(&self, port: u16, text: &str) -> (Server, PathBuf) {
        let path = self.path.display();
        self.file("knot.zone", text);
        for folder in ["run", "db"] {
            fs::create_dir(self.path.join(folder)).unwrap();
        }
        let configuration = self.file(
            "knot.conf",
            &format!(
                "server:
    rundir: {path}/run\n    listen: {}@{port}
log:\n  - target: stderr\n    any: error
database:\n    storage: {path}/db
policy:
  - id: p\n    algorithm: ecdsap256sha256\n    rrsig-lifetime: 2d\n    rrsig-refresh: 1d
    cds-cdnskey-publish: none\n    nsec3: on
zone:
  - domain: example.test\n    storage: {path}\n    file: knot.zone\n    zonefile-sync: -1
    zonefile-load: difference-no-serial\n    journal-content: all\n    dnssec-signing: on\n    dnssec-policy: p
",
                dotted(PRIMARY)
            ),
        );
        let mut command = unprivileged("/usr/sbin/knotd");
        let server = Server::start_logged(command.arg("-c").arg(&configuration), quiet());
        let anchor = self.path.join("knot.key");
        wait_until("knot has signed its zone", || {
            let asked = unprivileged("/usr/sbin/keymgr")
                .arg("-c")
                .arg(&configuration)
                .args(["example.test", "dnskey"])
                .stderr(Stdio::null())
                .output()
                .unwrap();
            let records = String::from_utf8(asked.stdout).unwrap();
            let Some(key) = records.lines().find(|line| line.contains(" 257 ")) else { return false };
            fs::write(&anchor, key.replacen(" DNSKEY", " 60 IN DNSKEY", 1) + "\n").unwrap();
            true
        });
        wait_for_port((PRIMARY, port));
        (server, anchor)
    }
}

fn quiet() -> fs::File {
    fs::File::create("/dev/null").unwrap()
}

fn dotted(address: [u8; 4]) -> String {
    std::net::Ipv4Addr::from(address).to_string()
}
