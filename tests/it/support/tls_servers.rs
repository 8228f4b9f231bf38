//! Servers that have STARTTLS, each with a certificate that the test's authority signed.
//!
//! All of them run as nobody, in the foreground, with their files in a folder of the test's.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::{Authority, Identity, Server, free_port, wait_for_port, wait_until};

use super::{give, unprivileged};

/// PostgreSQL's programs, as Debian 12 has them.
const POSTGRES: &str = "/usr/lib/postgresql/15/bin";

/// A server that listens, until it is dropped.
pub struct Running {
    /// The port to ask first.
    pub port: u16,
    /// TLS from the first byte, where it has that; for dovecot POP3, for prosody other servers.
    pub other_port: u16,
    _server: Server,
}

/// A folder of the test's, with a certificate for localhost, 127.0.0.1 and `xmpp.test`.
pub struct Home {
    /// The folder, which belongs to the servers' account.
    pub path: PathBuf,
    /// Certificate and key.
    pub identity: Identity,
    /// The authority's certificate.
    pub ca: PathBuf,
    dir: tempfile::TempDir,
}

impl Home {
    /// Makes one.
    pub fn new() -> Home {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let path = dir.path().join("home");
        fs::create_dir(&path).unwrap();
        let authority = Authority::new(&path);
        let identity = authority.server(&["localhost", "127.0.0.1", "xmpp.test"]);
        fs::set_permissions(&identity.key, fs::Permissions::from_mode(0o600)).unwrap();
        give(&path);
        Home { ca: authority.certificate().to_owned(), path, identity, dir }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path.join(name);
        fs::write(&path, text).unwrap();
        give(&self.path);
        path
    }

    /// Where the test's own files can be.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }
}

fn running(command: &mut Command, port: u16, other_port: u16) -> Running {
    let server = Server::start_logged(command, fs::File::create("/dev/null").unwrap());
    for port in [port, other_port] {
        wait_for_port(([127, 0, 0, 1], port));
    }
    Running { port, other_port, _server: server }
}

/// IMAP, and POP3 on the other port.
pub fn dovecot(home: &Home) -> Running {
    let (imap, pop3) = (free_port(), free_port());
    let (path, Identity { certificate, key }) = (home.path.display(), &home.identity);
    let user = if super::account().0 == 65_534 { "nobody".to_owned() } else { own_name() };
    let group = if user == "nobody" { "nogroup" } else { user.as_str() };
    let (certificate, key) = (certificate.display(), key.display());
    let configuration = home.file(
        "dovecot.conf",
        &format!(
            "base_dir = {path}/run\nstate_dir = {path}/run\nlog_path = /dev/stderr\nprotocols = imap pop3
listen = 127.0.0.1\ndefault_internal_user = {user}\ndefault_internal_group = {group}\ndefault_login_user = {user}
ssl = yes\nssl_cert = <{certificate}\nssl_key = <{key}\nauth_mechanisms = plain
passdb {{\n driver = static\n args = password=s3cret\n}}
service anvil {{\n chroot =\n}}
service stats {{\n chroot =\n}}
service imap-login {{
 chroot =
 service_count = 0
 process_limit = 1
 inet_listener imap {{\n  port = {imap}\n }}
 inet_listener imaps {{\n  port = 0\n }}
}}
service pop3-login {{
 chroot =
 service_count = 0
 process_limit = 1
 inet_listener pop3 {{\n  port = {pop3}\n }}
 inet_listener pop3s {{\n  port = 0\n }}
}}
"
        ),
    );
    let server =
        running(unprivileged("/usr/sbin/dovecot").arg("-F").arg("-c").arg(configuration), imap, pop3);
    // until a login process knows the one that authenticates, it greets in other words; here each
    // protocol has one such process, which stays
    for (port, greeting) in [(imap, "* OK [CAPABILITY"), (pop3, "+OK Dovecot")] {
        wait_until("dovecot greets for good", || {
            let mut said = String::new();
            let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            BufReader::new(stream).read_line(&mut said).is_ok() && said.starts_with(greeting)
        });
    }
    server
}

/// LDAP.
pub fn slapd(home: &Home) -> Running {
    let port = free_port();
    let (path, Identity { certificate, key }) = (home.path.display(), &home.identity);
    let (certificate, key) = (certificate.display(), key.display());
    let configuration = home.file(
        "slapd.conf",
        &format!(
            "pidfile {path}/slapd.pid\nTLSCertificateFile {certificate}\nTLSCertificateKeyFile {key}\ndatabase monitor\n"
        ),
    );
    let mut command = unprivileged("/usr/sbin/slapd");
    command.args(["-h", &format!("ldap://127.0.0.1:{port}"), "-d", "0", "-f"]).arg(configuration);
    running(&mut command, port, port)
}

/// FTP.
pub fn vsftpd(home: &Home) -> Running {
    let port = free_port();
    let Identity { certificate, key } = &home.identity;
    let (certificate, key) = (certificate.display(), key.display());
    let root = home.dir().join("empty");
    fs::create_dir(&root).unwrap();
    let root = root.display();
    let configuration = home.file(
        "vsftpd.conf",
        &format!(
            "listen=YES\nbackground=NO\nrun_as_launching_user=YES\nlisten_address=127.0.0.1\nlisten_port={port}
ssl_enable=YES\nrsa_cert_file={certificate}\nrsa_private_key_file={key}\nanonymous_enable=YES
anon_root={root}\nsecure_chroot_dir={root}\nseccomp_sandbox=NO\n"
        ),
    );
    running(unprivileged("/usr/sbin/vsftpd").arg(configuration), port, port)
}

/// PostgreSQL.
pub fn postgres(home: &Home) -> Running {
    let port = free_port();
    let data = home.path.join("pg");
    let mut initdb = unprivileged(&format!("{POSTGRES}/initdb"));
    initdb.arg("-D").arg(&data).args(["-A", "scram-sha-256", "-U", "postgres", "--no-sync", "--locale=C"]);
    // a password is asked for unless it is in a file
    initdb.arg("--pwfile").arg(home.file("password", "s3cret\n"));
    assert!(initdb.output().unwrap().status.success(), "initdb failed");
    let mut command = unprivileged(&format!("{POSTGRES}/postgres"));
    command.arg("-D").arg(&data);
    let Identity { certificate, key } = &home.identity;
    for setting in [
        "listen_addresses=127.0.0.1".to_owned(),
        format!("port={port}"),
        "unix_socket_directories=".to_owned(),
        "fsync=off".to_owned(),
        "shared_buffers=16MB".to_owned(),
        "dynamic_shared_memory_type=mmap".to_owned(),
        "ssl=on".to_owned(),
        format!("ssl_cert_file={}", certificate.display()),
        format!("ssl_key_file={}", key.display()),
    ] {
        command.args(["-c", &setting]);
    }
    running(&mut command, port, port)
}

/// XMPP for `xmpp.test`: clients, and other servers on the other port; also the two ports with TLS
/// from the first byte.
pub fn prosody(home: &Home) -> (Running, u16, u16) {
    let (c2s, s2s, c2s_tls, s2s_tls) = (free_port(), free_port(), free_port(), free_port());
    let (path, Identity { certificate, key }) = (home.path.display(), &home.identity);
    let (certificate, key) = (certificate.display(), key.display());
    let configuration = home.file(
        "prosody.cfg.lua",
        &format!(
            "daemonize = false; pidfile = '{path}/prosody.pid'; data_path = '{path}/data'
interfaces = {{ '127.0.0.1' }}; c2s_ports = {{ {c2s} }}; s2s_ports = {{ {s2s} }}
c2s_direct_tls_ports = {{ {c2s_tls} }}; s2s_direct_tls_ports = {{ {s2s_tls} }}
http_ports = {{}}; https_ports = {{}}
modules_enabled = {{ 'roster', 'saslauth', 'tls', 'disco', 'ping', 'version', 's2s' }}
authentication = 'internal_hashed'; c2s_require_encryption = true
log = {{ info = '*console' }}
ssl = {{ key = '{key}', certificate = '{certificate}' }}
VirtualHost 'xmpp.test'
"
        ),
    );
    let server =
        running(unprivileged("/usr/bin/prosody").args(["-F", "--config"]).arg(configuration), c2s, s2s);
    for port in [c2s_tls, s2s_tls] {
        wait_for_port(([127, 0, 0, 1], port));
    }
    (server, c2s_tls, s2s_tls)
}

/// A name server with one zone, given by its records.
pub fn nsd(home: &Home, zone: &str, records: &str) -> Running {
    let port = free_port();
    let path = home.path.display();
    let soa = "$TTL 60\n@ SOA ns.invalid. root.invalid. 1 60 60 60 60\n@ NS ns.invalid.\n";
    home.file("zone", &format!("$ORIGIN {zone}.\n{soa}{records}"));
    let configuration = home.file(
        "nsd.conf",
        &format!(
            "server:
  username: \"\"\n  chroot: \"\"\n  database: \"\"\n  server-count: 1\n  ip-address: 127.0.0.1@{port}
  zonesdir: \"{path}\"\n  pidfile: \"{path}/nsd.pid\"\n  xfrdfile: \"{path}/xfrd\"\n  xfrdir: \"{path}\"
  zonelistfile: \"{path}/zones\"
remote-control:\n  control-enable: no
zone:\n  name: {zone}\n  zonefile: zone
"
        ),
    );
    running(unprivileged("/usr/sbin/nsd").args(["-d", "-c"]).arg(configuration), port, port)
}

/// `openssl s_server` with these options, which may switch on what is rightly off today.
pub fn openssl(identity: &Identity, options: &[&str]) -> Running {
    let port = free_port();
    let mut command = Command::new("/usr/bin/openssl");
    command.args(["s_server", "-quiet", "-accept", &format!("127.0.0.1:{port}")]);
    command.arg("-cert").arg(&identity.certificate).arg("-key").arg(&identity.key).args(options);
    // what is sent along must not begin with the server's own again
    let pem = fs::read_to_string(&identity.certificate).unwrap();
    if let Some((_, above)) =
        pem.split_once("-----END CERTIFICATE-----\n").filter(|(_, above)| !above.is_empty())
    {
        let file = identity.certificate.with_extension("above");
        fs::write(&file, above).unwrap();
        command.arg("-cert_chain").arg(file);
    }
    running(&mut command, port, port)
}

fn own_name() -> String {
    let done = Command::new("/usr/bin/id").arg("-un").output().unwrap();
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}
