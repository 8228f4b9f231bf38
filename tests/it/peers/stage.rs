//! What the tables of each check stand on: servers, files, and a /proc of known numbers.

use std::any::Any;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use testkit::{Script, free_port, scripted};

use crate::support::chrony::chrony;
use crate::support::dns::{PRIMARY, RECORDS, Zones, zone};
use crate::support::exim::SmtpServer;
use crate::support::http_proxy::HttpProxy;
use crate::support::mounts::{replace, run, two_file_systems};
use crate::support::sleepers::Sleepers;
use crate::support::sshd::Sshd;
use crate::support::tls_servers::{Home, openssl};
use crate::support::web::Web;

/// Values of placeholders, and what must live as long as they are used.
#[derive(Default)]
pub struct Stage {
    pub words: BTreeMap<&'static str, String>,
    props: Vec<Box<dyn Any>>,
}

impl Stage {
    #[expect(clippy::needless_pass_by_value, reason = "ports and paths alike stand in it")]
    fn with(mut self, name: &'static str, value: impl ToString) -> Stage {
        self.words.insert(name, value.to_string());
        self
    }

    fn keeping(mut self, prop: impl Any) -> Stage {
        self.props.push(Box::new(prop));
        self
    }

    /// A port of loopback where nobody listens.
    fn with_closed_port(self) -> Stage {
        self.with("closed", free_port())
    }
}

/// Nothing but the machine.
pub fn bare(_: &str) -> Stage {
    Stage::default()
}

/// A recording of `apt-get upgrade`, and one of a machine that is up to date; `live`: a machine with
/// one package, of which its source has a newer version.
pub fn apt(name: &str) -> Stage {
    if name == "live" {
        return live_apt();
    }
    let dir = tempfile::tempdir().unwrap();
    let recorded = concat!(env!("CARGO_MANIFEST_DIR"), "/../plugins/check_apt/testdata/upgrade.txt");
    let text = fs::read_to_string(recorded).unwrap();
    let without_esm: Vec<&str> = text.lines().filter(|line| !line.contains("ESM")).collect();
    let (upgrades, current) = (dir.path().join("upgrades"), dir.path().join("current"));
    fs::write(&upgrades, without_esm.join("\n")).unwrap();
    fs::write(&current, "Reading package lists...\n").unwrap();
    Stage::default()
        .with("upgrades", upgrades.display())
        .with("current", current.display())
        .with("esm", recorded)
        .keeping(dir)
}

fn live_apt() -> Stage {
    for folder in ["/etc/apt", "/var/lib/apt", "/var/cache/apt", "/run"] {
        run("/bin/mount", &["-t", "tmpfs", "none", folder]);
    }
    for folder in ["apt.conf.d", "preferences.d", "sources.list.d", "trusted.gpg.d", "auth.conf.d"] {
        fs::create_dir(Path::new("/etc/apt").join(folder)).unwrap();
    }
    fs::create_dir_all("/var/cache/apt/archives/partial").unwrap();
    let package = |fields: &str| {
        format!("Package: hlidka-a\nArchitecture: all\nMaintainer: x <x@x.test>\n{fields}Description: a\n")
    };
    replace("/var/lib/dpkg/status", &package("Status: install ok installed\nVersion: 1.0\n"));
    fs::write("/etc/apt/sources.list", "deb [trusted=yes] http://apt.example.test/debian stable main\n")
        .unwrap();
    let lists = Path::new("/var/lib/apt/lists");
    fs::create_dir_all(lists.join("partial")).unwrap();
    let list = |name: &str, text: &str| {
        fs::write(lists.join(format!("apt.example.test_debian_dists_stable_{name}")), text).unwrap();
    };
    list("Release", "Origin: Test\nSuite: stable\nCodename: stable\nArchitectures: all\nComponents: main\n");
    list("main_binary-all_Packages", &package("Version: 2.0\nFilename: a.deb\nSize: 1000\n"));
    list("main_binary-amd64_Packages", &package("Version: 2.0\nFilename: a.deb\nSize: 1000\n"));
    Stage::default()
}

/// 60 of 100 MiB used; 9 of 10 MiB and 10 of 11 inodes used; a pattern for both. `bound`: a part of
/// the first is mounted elsewhere, too.
pub fn disk(name: &str) -> Stage {
    let dir = tempfile::tempdir().unwrap();
    let (large, small) = two_file_systems(dir.path());
    if name == "bound" {
        let (part, elsewhere) = (format!("{large}/part"), dir.path().join("elsewhere"));
        fs::create_dir(&part).unwrap();
        fs::create_dir(&elsewhere).unwrap();
        run("/bin/mount", &["--bind", &part, elsewhere.to_str().unwrap()]);
    }
    let pattern = format!("^{}/(large|small)$", dir.path().display());
    Stage::default()
        .with("large", large)
        .with("small", small)
        .with("shouted", pattern.to_uppercase())
        .with("pattern", pattern)
        .keeping(dir)
}

/// nsd with `example.test`, which the system asks too.
pub fn dns(_: &str) -> Stage {
    let zones = Zones::new();
    let server = zones.nsd(PRIMARY, 53, &zone(5, RECORDS));
    replace("/etc/resolv.conf", "nameserver 127.0.5.10\n");
    Stage::default().with("server", "127.0.5.10").with("nobody", "127.0.5.99").keeping((zones, server))
}

/// A file of 100 bytes that was changed 3000 seconds ago.
pub fn file_age(_: &str) -> Stage {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, [b'x'; 100]).unwrap();
    let then = SystemTime::now() - Duration::from_secs(3000);
    fs::File::options().append(true).open(&file).unwrap().set_modified(then).unwrap();
    Stage::default()
        .with("file", file.display())
        .with("missing", dir.path().join("missing").display())
        .with("folder", dir.path().display())
        .keeping(dir)
}

/// nginx, plain and with TLS; `trusted`: by an authority that this machine trusts.
pub fn http(name: &str) -> Stage {
    let web = Web::nginx();
    if let Some(authority) = web.authority.as_ref().filter(|_| name == "trusted") {
        let pem = fs::read_to_string(authority.certificate()).unwrap();
        replace("/etc/ssl/certs/ca-certificates.crt", &pem);
    }
    web.file("index.html", "a".repeat(1024));
    web.file("page.html", "<html>one\ntwo</html>\n");
    let proxy = HttpProxy::start();
    let (certificate, key) = self_signed(web.dir(), "client.example");
    Stage::default()
        .with("port", web.port)
        .with("tls", web.tls_port)
        .with("proxy", proxy.port)
        .with("cert", certificate.display())
        .with("key", key.display())
        .with("missing", web.dir().join("missing").display())
        .with_closed_port()
        .keeping((web, proxy))
}

/// A certificate as clients show it.
fn self_signed(dir: &Path, name: &str) -> (PathBuf, PathBuf) {
    let key_pair = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    let (certificate, key) = (dir.join("client.pem"), dir.join("client.key"));
    fs::write(&certificate, params.self_signed(&key_pair).unwrap().pem()).unwrap();
    fs::write(&key, key_pair.serialize_pem()).unwrap();
    (certificate, key)
}

/// Loads of 1.50, 0.75 and 0.25.
pub fn load(_: &str) -> Stage {
    replace("/proc/loadavg", "1.50 0.75 0.25 2/345 6789\n");
    Stage::default()
}

/// chronyd twice: 5 and 90 seconds ahead, so that the sign of the offset is certain.
pub fn ntp(_: &str) -> Stage {
    let near = chrony([127, 0, 5, 12], 123, "local stratum 5", 5);
    let far = chrony([127, 0, 5, 13], 123, "local stratum 5", 90);
    Stage::default()
        .with("near", "127.0.5.12")
        .with("far", "127.0.5.13")
        .with("nobody", "127.0.5.99")
        .keeping((near, far))
}

/// Three processes of one name, children of this test; and a recording of ps.
pub fn procs(_: &str) -> Stage {
    let sleepers = Sleepers::start(3, "p");
    let recorded = concat!(env!("CARGO_MANIFEST_DIR"), "/../plugins/check_procs/testdata/ps.txt");
    Stage::default()
        .with("recorded", recorded)
        .with("name", &sleepers.name)
        .with("parent", std::process::id())
        .keeping(sleepers)
}

/// exim; and listeners that turn clients away.
pub fn smtp(_: &str) -> Stage {
    let dir = tempfile::tempdir().unwrap();
    let server = SmtpServer::start(dir.path());
    Stage::default()
        .with("port", server.port)
        .with("busy", scripted(Script::new("421 too busy\r\n").hanging_up()))
        .with("closing", scripted(Script::new("").hanging_up()))
        .with_closed_port()
        .keeping((server, dir))
}

/// The greeting of an SSH server, and a real one.
pub fn ssh(_: &str) -> Stage {
    let port = scripted(Script::new("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"));
    let dir = tempfile::tempdir().unwrap();
    let real = Sshd::start(dir.path());
    Stage::default().with("port", port).with("real", real.port).with_closed_port().keeping((real, dir))
}

/// 1.5 of 2 GiB free, or no swap at all.
pub fn swap(name: &str) -> Stage {
    let (total, free) = if name == "no swap" { (0, 0) } else { (2_097_152, 1_572_864) };
    replace(
        "/proc/meminfo",
        &format!(
            "MemTotal:        2097152 kB\nMemFree:         1000000 kB\nSwapCached:            0 kB\n\
             SwapTotal:       {total} kB\nSwapFree:        {free} kB\n"
        ),
    );
    Stage::default()
}

/// A greeting, a listener that says nothing, one that hangs up, and TLS.
pub fn tcp(_: &str) -> Stage {
    let greeting = Script::new("220 greeter ready\r\n");
    let home = Home::new();
    let tls = openssl(&home.identity, &["-www"]);
    Stage::default()
        .with("port", scripted(greeting.clone()))
        .with("bye", scripted(greeting.hanging_up()))
        .with("silent", scripted(Script::new("")))
        .with("closing", scripted(Script::new("").hanging_up()))
        .with("tls", tls.port)
        .with_closed_port()
        .keeping((home, tls))
}

/// A utmp of two users.
pub fn users(_: &str) -> Stage {
    run("/bin/mount", &["-t", "tmpfs", "none", "/run"]);
    let text = concat!(env!("CARGO_MANIFEST_DIR"), "/../plugins/check_users/testdata/utmp.txt");
    let dumped = Command::new("/usr/bin/utmpdump").args(["-r", text]).output().unwrap();
    fs::write(Path::new("/run/utmp"), dumped.stdout).unwrap();
    Stage::default()
}
