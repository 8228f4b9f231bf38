//! What Puppet's own nagios types write: from a manifest to an alert mail at a real SMTP server (T01, T14, T15, T17).

use std::path::Path;
use std::process::Command;

use testkit::{Server, free_port, program, wait_for_port, wait_until};

use super::super::harness::{COMMON, Daemon, header, subject};
use crate::support::exim::SmtpServer;

/// What a site's Puppet code does: a class that describes a service also says how it is monitored.
/// The define renders an object as Puppet's own nagios types would, one file per host.
const MANIFEST: &str = include_str!("nagios_types.pp");

fn puppet_apply(dir: &Path, objects: &Path, port: u16) {
    std::fs::write(dir.join("site.pp"), MANIFEST).unwrap();
    let mut command = Command::new("/usr/bin/puppet");
    command.arg("apply");
    for option in ["confdir", "vardir", "rundir", "logdir", "publicdir"] {
        command.arg(format!("--{option}")).arg(dir.join(option));
    }
    command.arg(dir.join("site.pp"));
    command
        .env("FACTER_objects", objects)
        .env("FACTER_common", COMMON)
        .env("FACTER_web_port", port.to_string());
    let output = command.output().expect("puppet-agent is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn nginx(dir: &Path, port: u16) -> Server {
    let conf = dir.join("nginx.conf");
    std::fs::write(
        &conf,
        format!(
            "daemon off; master_process off; pid {0}/nginx.pid; error_log stderr crit;\nevents {{ worker_connections 64; }}\n\
             http {{ access_log off; client_body_temp_path {0}/t1; proxy_temp_path {0}/t2; fastcgi_temp_path {0}/t3;\n\
             uwsgi_temp_path {0}/t4; scgi_temp_path {0}/t5; server {{ listen 127.0.0.1:{port}; return 200 ok; }} }}\n",
            dir.display()
        ),
    )
    .unwrap();
    let server = Server::start(Command::new("/usr/sbin/nginx").args(["-e", "stderr", "-c"]).arg(&conf));
    wait_for_port(([127, 0, 0, 1], port));
    server
}

#[test]
fn a_web_server_described_in_puppet_stops_and_its_administrator_gets_a_mail() {
    let exim_dir = tempfile::tempdir().unwrap();
    let exim = SmtpServer::start(exim_dir.path());
    let work = tempfile::tempdir().unwrap();
    let web_port = free_port();
    let mut daemon = Daemon::prepare("");
    puppet_apply(work.path(), &daemon.path("objects.d"), web_port);
    daemon.configure(&format!("via: smtp://127.0.0.1:{}?tls=none", exim.port));
    let yaml =
        std::fs::read_to_string(daemon.path("hlidka.yaml")).unwrap().replace("[objects.cfg]", "[objects.d]");
    daemon.write("hlidka.yaml", &yaml);

    let web = nginx(work.path(), web_port);
    daemon.start();
    let up = daemon.wait_for("www.example.test", "web", "ok hard");
    let defined = up["defined"].as_str().unwrap();
    assert!(
        defined.contains("www.example.test-web.cfg:2") && defined.contains("www.example.test_web"),
        "{defined}"
    );
    let listed = daemon.says(&["status", "--all", "--verbose"]);
    assert!(listed.contains(&format!("    defined at {defined}\n")), "people see it too: {listed}");
    assert_eq!(exim.mails().len(), 0);

    drop(web);
    daemon.wait_for("www.example.test", "web", "critical hard");
    wait_until("the problem mail arrives", || exim.mails().len() == 1);
    let _web = nginx(work.path(), web_port);
    daemon.wait_for("www.example.test", "web", "ok hard");
    wait_until("the recovery mail arrives", || exim.mails().len() == 2);
    daemon.stop();

    let mails = exim.mails();
    let problem = mails.iter().find(|mail| subject(mail).contains("CRITICAL")).expect("a problem mail");
    let recovery = mails.iter().find(|mail| !subject(mail).contains("CRITICAL")).expect("a recovery mail");
    assert!(subject(problem).contains("www.example.test"), "{problem}");
    assert_eq!(header(problem, "Auto-Submitted"), "auto-generated");
    assert!(header(problem, "To").contains("bob@example.test"));
    for part in ["Connection refused", "https://wiki.example.test/web", "127.0.0.1"] {
        assert!(problem.contains(part), "no {part} in:\n{problem}");
    }
    assert!(subject(recovery).contains("OK") || subject(recovery).contains("RECOVERY"), "{recovery}");
}

/// Real output of exported `nagios_*` resources, as three and five nodes gave it.
#[test]
fn what_puppets_own_types_export_is_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scheduler/config/testdata/nagios-objects");
    for case in ["puppet-b-exported-apply", "puppet-b-exported-agent"] {
        let output = Command::new(program("hlidka"))
            .arg("verify")
            .arg(root.join(case).join("input"))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{case}: {text}{}", String::from_utf8_lossy(&output.stderr));
    }
}
