//! Machines that export to a real PuppetDB, and a monitoring server that asks it (U02, T09, T14, T15).

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::{Server, free_port, wait_for_port};

use super::site::{Site, root, text};
use crate::support::{give, unprivileged};

/// PuppetDB takes 20 seconds of a processor until it answers, and tests run beside each other.
const READY: Duration = Duration::from_secs(300);

/// PuppetDB with its PostgreSQL, and a certificate for it and for whoever asks.
struct PuppetDb {
    dir: PathBuf,
    port: u16,
    tls_port: u16,
    _servers: [Server; 2],
}

impl PuppetDb {
    fn start(dir: &Path) -> PuppetDb {
        fs::create_dir(dir).unwrap();
        fs::create_dir(dir.join("conf.d")).unwrap();
        fs::create_dir(dir.join("var")).unwrap();
        certificates(dir);
        give(dir);
        let database = free_port();
        let postgres = postgres(dir, database);
        let (port, tls_port) = (free_port(), free_port());
        let path = dir.display();
        fs::copy("/etc/puppetdb/conf.d/auth.conf", dir.join("conf.d/auth.conf")).unwrap();
        fs::write(
            dir.join("conf.d/config.ini"),
            format!(
                "[global]\nvardir = {path}/var\nlogging-config = {path}/logback.xml\n\
                 [puppetdb]\ndisable-update-checking = true\n\
                 [database]\nsubname = //127.0.0.1:{database}/puppetdb\nusername = puppetdb\npassword = unused\n\
                 maximum-pool-size = 5\n\
                 [jetty]\nhost = 127.0.0.1\nport = {port}\nssl-host = 127.0.0.1\nssl-port = {tls_port}\n\
                 ssl-key = {path}/key.pem\nssl-cert = {path}/cert.pem\nssl-ca-cert = {path}/ca.pem\n"
            ),
        )
        .unwrap();
        fs::write(
            dir.join("logback.xml"),
            format!(
                "<configuration><appender name=\"F\" class=\"ch.qos.logback.core.FileAppender\">\
                 <file>{path}/log</file><encoder><pattern>%d %p %c %m%n</pattern></encoder></appender>\
                 <root level=\"info\"><appender-ref ref=\"F\"/></root></configuration>\n"
            ),
        )
        .unwrap();
        give(dir);
        let mut java = unprivileged("/usr/bin/java");
        java.args(["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]);
        java.args(["-cp", "/usr/share/puppetdb/puppetdb.jar", "clojure.main"]);
        java.args([
            "-m",
            "puppetlabs.puppetdb.core",
            "services",
            "--bootstrap-config",
            "/etc/puppetdb/bootstrap.cfg",
        ]);
        java.arg("--config").arg(dir.join("conf.d")).arg("--restart-file").arg(dir.join("started"));
        let log = fs::File::create(dir.join("out")).unwrap();
        let puppetdb = Server::start_logged(&mut java, log);
        PuppetDb { dir: dir.to_owned(), port, tls_port, _servers: [puppetdb, postgres] }
    }

    fn wait(&self, what: &str, is_so: impl Fn() -> bool) {
        let start = Instant::now();
        while !is_so() {
            let log = || fs::read_to_string(self.dir.join("log")).unwrap_or_default();
            assert!(start.elapsed() < READY, "waited {READY:?} until {what}; its log:\n{}", log());
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// It counts up in its file when it is ready.
    fn is_ready(&self) -> bool {
        fs::read_to_string(self.dir.join("started")).is_ok_and(|count| count.starts_with('1'))
    }

    /// Rows of an answer to a query.
    fn rows(&self, query: &str) -> usize {
        let url = format!("http://127.0.0.1:{}/pdb/query/v4", self.port);
        let mut curl = Command::new("/usr/bin/curl");
        let output =
            curl.args(["-fsG", &url, "--data-urlencode"]).arg(format!("query={query}")).output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
        serde_json::from_slice::<Value>(&output.stdout).unwrap().as_array().unwrap().len()
    }

    /// What is sent to it is taken a little later: waits until a machine has so many objects.
    fn wait_for(&self, certname: &str, objects: usize) {
        let query =
            format!("resources {{ certname = '{certname}' and type = 'Hlidka_object' and exported = true }}");
        self.wait(&format!("{certname} has {objects} objects"), || self.rows(&query) == objects);
    }

    /// How Puppet finds it.
    fn options(&self) -> Vec<String> {
        let path = self.dir.display();
        let mut options = vec!["--storeconfigs".to_owned()];
        for (option, value) in [
            ("storeconfigs_backend", "puppetdb".to_owned()),
            ("hostcert", format!("{path}/cert.pem")),
            ("hostprivkey", format!("{path}/key.pem")),
            ("localcacert", format!("{path}/ca.pem")),
            ("certificate_revocation", "false".to_owned()),
        ] {
            options.push(format!("--{option}={value}"));
        }
        options
    }

    /// What a machine's folder of Puppet must hold besides.
    fn configure(&self, site: &Site, certname: &str) {
        let confdir = format!("puppet/{certname}/confdir");
        let urls = format!("[main]\nserver_urls = https://127.0.0.1:{}\n", self.tls_port);
        site.write(&format!("{confdir}/puppetdb.conf"), &urls);
        let routes = "apply:\n  catalog: {terminus: compiler, cache: puppetdb}\n  resource: {terminus: puppetdb}\n  \
                      facts: {terminus: yaml, cache: puppetdb_apply}\n";
        site.write(&format!("{confdir}/routes.yaml"), routes);
    }
}

/// A certificate with RSA, which Java and Ruby both take, for server and clients.
fn certificates(dir: &Path) {
    let openssl = |arguments: &str| {
        let output =
            Command::new("/usr/bin/openssl").args(arguments.split(' ')).current_dir(dir).output().unwrap();
        assert!(output.status.success(), "openssl {arguments}: {}", text(&output));
    };
    fs::write(dir.join("names"), "subjectAltName=DNS:puppet.test,IP:127.0.0.1\n").unwrap();
    openssl("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=authority -days 30");
    openssl("req -newkey rsa:2048 -nodes -keyout key.pem -out request.pem -subj /CN=puppet.test");
    openssl(
        "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -out cert.pem -days 30 -extfile names",
    );
}

fn postgres(dir: &Path, port: u16) -> Server {
    let programs = "/usr/lib/postgresql/15/bin";
    let data = dir.join("data");
    let mut initdb = unprivileged(&format!("{programs}/initdb"));
    initdb.arg("-D").arg(&data).args([
        "-A",
        "trust",
        "-U",
        "postgres",
        "--no-sync",
        "--locale=C",
        "-E",
        "UTF8",
    ]);
    let output = initdb.output().expect("PostgreSQL is installed (Debian package postgresql-15)");
    assert!(output.status.success(), "{}", text(&output));
    let mut command = unprivileged(&format!("{programs}/postgres"));
    command.arg("-D").arg(&data);
    for setting in [
        "listen_addresses=127.0.0.1".to_owned(),
        format!("port={port}"),
        "unix_socket_directories=".to_owned(),
        "fsync=off".to_owned(),
        "shared_buffers=16MB".to_owned(),
        "dynamic_shared_memory_type=mmap".to_owned(),
    ] {
        command.args(["-c", &setting]);
    }
    let server = Server::start_logged(&mut command, fs::File::create(dir.join("postgres")).unwrap());
    wait_for_port(([127, 0, 0, 1], port));
    for (database, statement) in [
        ("postgres", "create role puppetdb login"),
        ("postgres", "create database puppetdb owner puppetdb"),
        ("puppetdb", "create extension pg_trgm"),
    ] {
        let mut psql = Command::new(format!("{programs}/psql"));
        psql.args([
            "-qX",
            "-h",
            "127.0.0.1",
            "-p",
            &port.to_string(),
            "-U",
            "postgres",
            "-c",
            statement,
            database,
        ]);
        let start = Instant::now();
        // it may accept connections a moment before it answers
        while !psql.output().unwrap().status.success() {
            assert!(start.elapsed() < READY, "{statement}: {}", text(&psql.output().unwrap()));
            std::thread::sleep(Duration::from_millis(200));
        }
    }
    server
}

#[test]
fn u02_t14_machines_export_to_puppetdb_and_a_monitoring_server_collects() {
    let mut site = Site::new();
    // whoever runs PostgreSQL and PuppetDB gets through to their folder
    fs::set_permissions(site.dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let puppetdb = PuppetDb::start(&site.path("puppetdb"));
    let manifest = root().join("tests/it/daemon/puppet/machines.pp");
    let own = fs::metadata("/proc/self").unwrap();
    let collected = site.path("collected");
    let facts = |role: &str| {
        json!({
            "role": role, "networking": {"ip": "127.0.0.1"}, "has_metrics": true, "collected": collected,
            "user": own.uid(), "group": own.gid(), "reload": "/bin/echo told",
        })
    };

    // while it starts: the same machines as they are without it
    fs::create_dir(site.path("alone")).unwrap();
    let alone = |role: &str| {
        let mut facts = facts(role);
        facts["shared"] = json!(site.path("alone"));
        facts
    };
    let (web, git) = (alone("web"), alone("git"));
    for run in
        site.apply_all(&[("web1.example.test", &manifest, &web), ("git1.example.test", &manifest, &git)])
    {
        run.changes(true);
    }

    puppetdb.wait("PuppetDB is ready", || puppetdb.is_ready());
    for certname in ["web1.example.test", "git1.example.test", "web2.example.test", "monitor.example.test"] {
        puppetdb.configure(&site, certname);
    }
    site.options = puppetdb.options();
    let (web, git, monitor) = (facts("web"), facts("git"), facts("monitor"));
    let mut others = facts("web");
    others["server"] = json!(["elsewhere", "third"]);
    let all = [
        ("web1.example.test", &*manifest, &web),
        ("git1.example.test", &manifest, &git),
        ("web2.example.test", &manifest, &others),
    ];
    for run in site.apply_all(&all) {
        run.changes(false);
    }
    for (certname, objects) in [("web1.example.test", 3), ("git1.example.test", 12), ("web2.example.test", 3)]
    {
        puppetdb.wait_for(certname, objects);
    }

    let collect = || site.apply("monitor.example.test", &manifest, &monitor);
    let run = collect().changes(true);
    assert!(run.said.contains("Exec[hlidka reload]: Triggered 'refresh'"), "{}", run.said);
    assert_eq!(site.list("collected"), ["git1.example.test.cfg", "web1.example.test.cfg"]);
    for file in ["git1.example.test.cfg", "web1.example.test.cfg"] {
        assert_eq!(site.read(&format!("collected/{file}")), site.read(&format!("alone/{file}")), "{file}");
        assert_eq!(fs::metadata(collected.join(file)).unwrap().mode() & 0o777, 0o640);
    }
    // the monitoring server's own host is in PuppetDB from its first run on
    puppetdb.wait_for("monitor.example.test", 1);
    let run = collect().changes(true);
    assert!(run.said.contains("Exec[hlidka reload]: Triggered 'refresh'"), "{}", run.said);
    collect().changes(false);

    // a service goes, and a machine
    let mut without = web.clone();
    without["has_metrics"] = json!(false);
    site.apply("web1.example.test", &manifest, &without).changes(false);
    puppetdb.wait_for("web1.example.test", 2);
    let mut node = Command::new("/usr/bin/puppet");
    node.args(["node", "deactivate", "git1.example.test"]).args(&site.options);
    for option in ["confdir", "vardir"] {
        node.arg(format!("--{option}")).arg(site.path("puppet/monitor.example.test").join(option));
    }
    let output = node.output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    puppetdb.wait_for("git1.example.test", 0);
    collect().changes(true);
    assert_eq!(site.list("collected"), ["monitor.example.test.cfg", "web1.example.test.cfg"]);
    assert!(!site.read("collected/web1.example.test.cfg").contains("metrics"));
}
