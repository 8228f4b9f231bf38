//! `check_puppet` on what the real Puppet agent writes (T33).

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

use check::{CheckDef, State};
use testkit::{CheckCmd, CheckRun, Server, free_port, program, wait_for_port};

/// An agent with all its files below one directory.
struct Agent {
    directory: tempfile::TempDir,
}

impl Agent {
    fn new() -> Agent {
        Agent { directory: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn summary(&self) -> PathBuf {
        self.path("public/last_run_summary.yaml")
    }

    /// Runs `puppet COMMAND` with the agent's own directories.
    fn puppet(&self, command: &str, arguments: &[&str]) -> Output {
        let mut puppet = Command::new("/usr/bin/puppet");
        puppet.arg(command);
        for (option, name) in [
            ("confdir", "conf"),
            ("vardir", "var"),
            ("rundir", "run"),
            ("logdir", "log"),
            ("publicdir", "public"),
            ("ssldir", "ssl"),
            ("statedir", "state"),
        ] {
            puppet.arg(format!("--{option}")).arg(self.path(name));
        }
        puppet.args(arguments).output().expect("puppet-agent is installed")
    }

    /// Applies a manifest.
    fn apply(&self, manifest: &str, arguments: &[&str]) {
        let file = self.path("site.pp");
        fs::write(&file, manifest).unwrap();
        let mut all = vec![file.to_str().unwrap()];
        all.extend(arguments);
        let done = self.puppet("apply", &all);
        assert!(self.summary().is_file(), "puppet apply wrote no summary: {done:?}");
    }

    /// The check, told where the summary is, as one tells check_puppet_agent.
    fn check(&self, arguments: &[&str]) -> CheckCmd {
        CheckCmd::new(CheckDef::of::<check_puppet::Args>()).arg("-s").arg(self.summary()).args(arguments)
    }
}

#[test]
fn judges_what_puppet_apply_and_disable_write() {
    let agent = Agent::new();
    let motd = agent.path("motd");
    let good = format!("file {{ '{}': content => \"hello\\n\" }}", motd.display());

    agent.apply(&good, &[]);
    let run =
        agent.check(&[]).run().expect(State::Ok).says("PUPPET OK: last run ").says(", 1 changed, catalog ");
    assert_eq!((run.metric("failed_resources"), run.metric("changed_resources")), (0.0, 1.0));
    assert!(run.metric("time_since_last_run") < 60.0 && run.metric("last_run_duration") > 0.0);
    assert!(run.perfdata["time_since_last_run"].ends_with("s;3600;7200;0"));

    let other = format!("file {{ '{}': content => \"other\\n\" }}", motd.display());
    agent.apply(&other, &["--noop"]);
    agent.check(&[]).run().expect(State::Ok).says("1 change only simulated (noop)");
    agent.check(&["--noop", "warning"]).run().expect(State::Warning);

    let failing = format!(
        "file {{ '{0}/none/x': content => 'x' }} notify {{ 'after': require => File['{0}/none/x'] }} exec {{ '/bin/false': }}",
        agent.directory.path().display()
    );
    agent.apply(&failing, &[]);
    let run = agent.check(&["-v"]).run().expect(State::Critical).says("2 of ");
    let run =
        run.says("/none/x], Exec[/bin/false])").says("1 skipped").shows("error: '/bin/false' returned 1");
    assert_eq!((run.metric("failed_resources"), run.metric("failed_events")), (2.0, 2.0));

    // an old run, and one that does not end
    agent.check(&["-w", "0", "-c", "0"]).run().expect(State::Critical);
    let lock = agent.path("state/agent_catalog_run.lock");
    fs::write(&lock, std::process::id().to_string()).unwrap();
    let long_ago = SystemTime::now() - std::time::Duration::from_secs(4000);
    File::options().append(true).open(&lock).unwrap().set_modified(long_ago).unwrap();
    agent.check(&[]).run().says("a run has not ended that began 66 min ago");
    fs::remove_file(&lock).unwrap();

    let done = agent.puppet("agent", &["--disable", "because 'I' said \"so\""]);
    assert!(done.status.success(), "{done:?}");
    let reason = "agent is disabled (because 'I' said \"so\")";
    agent.check(&[]).run().expect(State::Warning).says(reason);
    agent.check(&["--disabled", "critical"]).run().expect(State::Critical).says(reason);
    agent.check(&["-d", "-P"]).run().expect(State::Ok).says(reason);
    agent.check(&["-d", "--disabled", "ok"]).run().expect(State::Unknown);
    let elsewhere = agent.path("elsewhere.lock");
    fs::rename(agent.path("state/agent_disabled.lock"), &elsewhere).unwrap();
    agent.check(&[]).run().expect(State::Critical);
    agent.check(&["-l", elsewhere.to_str().unwrap()]).run().expect(State::Warning).says(reason);

    unreadable_and_broken_files(&agent);
}

fn unreadable_and_broken_files(agent: &Agent) {
    // as another user: 0640 root is what Puppet writes
    fs::set_permissions(agent.directory.path(), Permissions::from_mode(0o755)).unwrap();
    let copy = agent.path("check_puppet");
    fs::copy(program("check_puppet"), &copy).unwrap();
    let mut command = Command::new("/usr/bin/setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--"]);
    command.arg(copy).arg("-s").arg(agent.summary());
    let denied = CheckRun::of_command(&mut command).expect(State::Unknown);
    denied.says("permission denied, it has mode 0640 and group ").says("Run the check as root");

    let whole = fs::read_to_string(agent.summary()).unwrap();
    for broken in ["", "---\n", &whole[..whole.len() / 2], &whole[..whole.len() - 1], "\0\0\0", "<html>"] {
        fs::write(agent.summary(), broken).unwrap();
        agent.check(&[]).run().expect(State::Unknown).says("last_run_summary.yaml: ");
    }
    fs::write(agent.summary(), vec![b'x'; 300 * 1024]).unwrap();
    agent.check(&[]).run().expect(State::Unknown).says("longer than 262144 bytes");
    fs::remove_file(agent.summary()).unwrap();
    agent.check(&[]).run().expect(State::Unknown).says("No such file");
    // the usual places, all of them empty in a directory of its own
    let script = "mount -t tmpfs none /var/cache; mount -t tmpfs none /var/lib; mkdir -p /opt; mount -t tmpfs none /opt; exec \"$@\"";
    let at_default = |fill: &str| {
        let mut command = Command::new("/usr/bin/unshare");
        let script = script.replace("exec", &format!("{fill}; exec"));
        command.args(["--mount", "/bin/sh", "-c", &script, "sh"]).arg(program("check_puppet"));
        CheckRun::of_command(&mut command)
    };
    at_default("true").expect(State::Unknown).says("has the agent never run here?");
    let summary =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../plugins/check_puppet/testdata/good/last_run_summary.yaml");
    for directory in [
        "/var/cache/puppet/public",
        "/opt/puppetlabs/puppet/public",
        "/opt/puppetlabs/puppet/cache/state",
        "/var/cache/puppet/state",
        "/var/lib/puppet/state",
    ] {
        at_default(&format!("mkdir -p {directory}; cp {summary} {directory}")).says("catalog 1795311689");
    }
}

/// Starts a server that an agent takes for Puppet's.
fn puppet_server(directory: &Path) -> (Server, u16) {
    let data = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../plugins/check_puppet/testdata/agent"));
    let made = Command::new("/bin/bash").arg(data.join("certificates.sh")).arg(directory).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let port = free_port();
    let server = Server::start(
        Command::new("/usr/bin/python3").arg(data.join("server.py")).arg(directory).arg(port.to_string()),
    );
    wait_for_port(([127, 0, 0, 1], port));
    (server, port)
}

/// What the summary alone hides: since Puppet 6 a run without a catalog has all its sections, with
/// zeros, and one with an old catalog looks like any other.
#[test]
fn judges_a_real_agent_whose_server_gives_no_catalog() {
    let agent = Agent::new();
    let (_server, port) = puppet_server(agent.directory.path());
    let port = port.to_string();
    let run = |more: &[&str]| {
        let mut arguments = vec!["--onetime", "--no-daemonize", "--no-splay", "--certname", "node1"];
        arguments.extend([
            "--server",
            "localhost",
            "--serverport",
            &port,
            "--certificate_revocation",
            "false",
        ]);
        // the server has no plugins
        arguments.push("--ignore_plugin_errors");
        arguments.extend(more);
        let done = agent.puppet("agent", &arguments);
        assert!(agent.summary().is_file(), "the agent wrote no summary: {done:?}");
    };
    run(&[]);
    agent.check(&[]).run().expect(State::Ok).says(", 1 changed, catalog 1795312000");

    // somebody changes the file by hand: the next run puts it back, which only an agent notices
    fs::write(agent.path("motd"), "changed by hand").unwrap();
    run(&[]);
    let corrected = agent.check(&["--corrective", "warning"]).run();
    assert_eq!(corrected.metric("corrective_changes"), 1.0, "{}", corrected.output);
    corrected.expect(State::Warning).says("1 resource put back as it should be");
    agent.check(&[]).run().expect(State::Ok);

    fs::write(agent.path("broken"), "").unwrap();
    run(&[]);
    agent
        .check(&[])
        .run()
        .expect(State::Warning)
        .says("an old catalog was applied because the server failed: Could not retrieve catalog");

    run(&["--no-usecacheonfailure"]);
    let none = agent.check(&[]).run().expect(State::Critical);
    none.says(
        "the last run had no catalog: Could not retrieve catalog from remote server: Error 500 on SERVER",
    );
}
