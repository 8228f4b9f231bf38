//! A daemon in a temporary folder, asked through its own command line.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use testkit::{Server, program, wait_until};

/// A folder with a configuration, and the daemon that may run on it.
pub(super) struct Daemon {
    pub dir: TempDir,
    server: Option<Server>,
}

/// Commands, a contact `admin` and templates that every test can use. Intervals are fractions of a
/// minute: 0.02 is 1.2 seconds.
pub(super) const COMMON: &str = "
define command {
  command_name  check_dummy
  command_line  $USER1$/check_dummy $ARG1$ $ARG2$
}
define command {
  command_name  check_tcp
  command_line  $USER1$/check_tcp -H $HOSTADDRESS$ -p $ARG1$ -t 5
}
define contact {
  contact_name                  admin
  email                         bob@example.test
  host_notification_options     d,u,r
  service_notification_options  w,u,c,r
}
define host {
  name                          fast-host
  register                      0
  address                       127.0.0.1
  max_check_attempts            2
  check_interval                0.02
  retry_interval                0.02
  contacts                      admin
}
define service {
  name                          fast-service
  register                      0
  max_check_attempts            2
  check_interval                0.02
  retry_interval                0.02
  notification_interval         0
  contacts                      admin
}
";

impl Daemon {
    /// A folder with `hlidka.yaml` (mails as files) and these objects.
    pub fn prepare(objects: &str) -> Daemon {
        let daemon = Daemon { dir: tempfile::tempdir().unwrap(), server: None };
        std::fs::create_dir(daemon.path("mail")).unwrap();
        daemon.configure("via: files:mail");
        daemon.write("objects.cfg", objects);
        daemon
    }

    /// Writes `hlidka.yaml` with this way to send mail.
    pub fn configure(&self, mail: &str) {
        let plugins = program("check_dummy").parent().unwrap().display().to_string();
        let yaml = format!(
            "objects:\n  trusted: [objects.cfg]\nstore: sqlite:state.db\nplugins: {plugins}\nsocket: hlidka.sock\n\
             notify:\n  mail:\n    from: monitor@example.test\n    {mail}\n"
        );
        self.write("hlidka.yaml", &yaml);
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Starts it and waits until it answers.
    #[track_caller]
    pub fn start(&mut self) {
        self.spawn();
        let socket = self.path("hlidka.sock");
        wait_until(&format!("the daemon answers; its log:\n{}", self.log()), || {
            socket.exists() && self.ask(&["status"]).status.success()
        });
    }

    /// Starts it and waits for nothing.
    #[track_caller]
    pub fn spawn(&mut self) {
        let log = std::fs::File::options().create(true).append(true).open(self.path("log")).unwrap();
        let mut command = Command::new(program("hlidka"));
        command.arg("run").arg(self.dir.path());
        self.server = Some(Server::start_logged(&mut command, log));
    }

    pub fn server(&mut self) -> &mut Server {
        self.server.as_mut().expect("the daemon was started")
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// `kill -9`, and all its workers end with it.
    pub fn kill(&mut self) {
        self.server = None;
    }

    /// A clean stop.
    #[track_caller]
    pub fn stop(&mut self) {
        let server = self.server();
        server.signal("TERM");
        assert_eq!(server.wait(), Some(0), "{}", self.log());
        self.server = None;
    }

    /// A command of the `hlidka` program, asked of this daemon.
    pub fn ask(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(program("hlidka"));
        command.arg(arguments[0]).arg("--socket").arg(self.path("hlidka.sock")).args(&arguments[1..]);
        command.output().unwrap()
    }

    /// Its standard output, which must be a success.
    #[track_caller]
    pub fn says(&self, arguments: &[&str]) -> String {
        let output = self.ask(arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}\n{}",
            String::from_utf8_lossy(&output.stderr),
            self.log()
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// One object of `status --json`.
    #[track_caller]
    pub fn object(&self, host: &str, service: &str) -> Value {
        let overview: Value = serde_json::from_str(&self.says(&["status", "--json"])).unwrap();
        let objects = overview["objects"].as_array().unwrap();
        let wanted = |object: &&Value| {
            object["host"] == host && object["service"].as_str().unwrap_or_default() == service
        };
        objects.iter().find(wanted).unwrap_or_else(|| panic!("no {host};{service} in {overview}")).clone()
    }

    /// Waits until an object is in a state such as `critical hard`.
    #[track_caller]
    pub fn wait_for(&self, host: &str, service: &str, state: &str) -> Value {
        let mut last = Value::Null;
        wait_until(&format!("{host};{service} is {state}"), || {
            last = self.object(host, service);
            let checked = !last["last_check"].is_null();
            let (condition, state_type) =
                (last["condition"].as_str().unwrap(), last["state_type"].as_str().unwrap());
            checked && format!("{condition} {state_type}") == state
        });
        last
    }

    /// Mails written as files, in order.
    pub fn mails(&self) -> Vec<String> {
        mails_in(&self.path("mail"))
    }
}

/// All mails of a folder, in the order of their names.
pub(super) fn mails_in(dir: &Path) -> Vec<String> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
    files.sort();
    files.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

/// The subject of a mail.
pub(super) fn subject(mail: &str) -> &str {
    mail.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap_or_default()
}

/// A header of a mail.
pub(super) fn header<'a>(mail: &'a str, name: &str) -> &'a str {
    mail.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default()
}
