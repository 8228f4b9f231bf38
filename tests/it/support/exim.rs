//! exim4 as an unprivileged mail server on loopback, with maildirs.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use testkit::{Authority, Server, free_port, wait_for_port, wait_until};

use super::{account, give, unprivileged};

/// Its own name in greetings; its certificate is for `localhost` and `127.0.0.1`.
const NAME: &str = "mail.test";

/// A mail server for the domain `example.test`.
///
/// - `erin` has a mailbox in one file.
/// - `bob` and `carol` have mailboxes; `dave` has one for mail of those who log in (`alice`,
///   `s3cret`, only under TLS).
/// - `later@` is answered 451, `nobody@` 550 at RCPT; other domains 550.
/// - STARTTLS on `port`, TLS from the first byte on `tls_port`.
pub struct SmtpServer {
    /// Plain and STARTTLS.
    pub port: u16,
    /// TLS from the first byte.
    pub tls_port: u16,
    /// The certificate of the authority that signed its own.
    pub ca: PathBuf,
    /// `maildir/USER/new/*`.
    pub maildir: PathBuf,
    /// `mbox/USER`, mailboxes of one file.
    pub mbox: PathBuf,
    home: PathBuf,
    process: Option<Server>,
}

impl SmtpServer {
    /// Starts one whose files are in `dir/exim`, and waits until it answers. `dir` is made
    /// readable for all, since the server runs as another user when the test is root.
    #[track_caller]
    pub fn start(dir: &Path) -> SmtpServer {
        let mut server = SmtpServer::prepare(dir);
        server.resume();
        server
    }

    #[track_caller]
    fn prepare(dir: &Path) -> SmtpServer {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).unwrap();
        let home = dir.join("exim");
        for folder in ["", "spool", "spool/log", "maildir", "mbox"] {
            fs::create_dir_all(home.join(folder)).unwrap();
        }
        let authority = Authority::new(&home);
        authority.server(&["localhost", "127.0.0.1"]);
        let server = SmtpServer {
            port: free_port(),
            tls_port: free_port(),
            ca: authority.certificate().to_owned(),
            maildir: home.join("maildir"),
            mbox: home.join("mbox"),
            home,
            process: None,
        };
        fs::write(server.home.join("exim.conf"), server.configuration()).unwrap();
        give(&server.home);
        server
    }

    /// Starts it (again), with the same ports and mailboxes.
    #[track_caller]
    pub fn resume(&mut self) {
        let mut command = unprivileged("/usr/sbin/exim4");
        command.arg("-C").arg(self.home.join("exim.conf")).args(["-bdf", "-q5s"]);
        let mut process = Server::start(&mut command);
        wait_until("exim listens", || {
            assert!(!process.has_ended(), "exim ended by itself; {}", self.log());
            TcpStream::connect(("127.0.0.1", self.tls_port)).is_ok()
        });
        wait_for_port(([127, 0, 0, 1], self.port));
        self.process = Some(process);
    }

    /// Kills it: connections are refused.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// All mails that have been delivered, in the order in which they came.
    pub fn mails(&self) -> Vec<String> {
        let mut found = Vec::new();
        for user in fs::read_dir(&self.maildir).unwrap() {
            let Ok(mails) = fs::read_dir(user.unwrap().path().join("new")) else { continue };
            for mail in mails {
                let path = mail.unwrap().path();
                let modified = path.metadata().unwrap().modified().unwrap();
                found.push((modified, fs::read_to_string(path).unwrap()));
            }
        }
        found.sort();
        found.into_iter().map(|(_, mail)| mail).collect()
    }

    /// What it logged, for messages of tests that fail.
    pub fn log(&self) -> String {
        let read = |name| fs::read_to_string(self.home.join("spool/log").join(name)).unwrap_or_default();
        read("mainlog") + &read("rejectlog")
    }

    fn configuration(&self) -> String {
        let (home, port, tls_port) = (self.home.display(), self.port, self.tls_port);
        let (account, group) = account();
        format!(
            "exim_user = {account}
exim_group = {group}
primary_hostname = {NAME}
spool_directory = {home}/spool
log_file_path = {home}/spool/log/%slog
pid_file_path = {home}/spool/exim.pid
tls_advertise_hosts = *
tls_certificate = {home}/localhost.pem
tls_privatekey = {home}/localhost.key
tls_on_connect_ports = {tls_port}
daemon_smtp_ports = {port} : {tls_port}
local_interfaces = 127.0.0.1
domainlist local_domains = example.test
acl_smtp_rcpt = rcpt
acl_smtp_data = accept
never_users =
host_lookup =
rfc1413_query_timeout = 0s
keep_environment =
deliver_drop_privilege = true
queue_run_in_order
message_size_limit = 1M
begin acl
rcpt:
  deny  local_parts = nobody
        message = no such user
  defer local_parts = later
        message = try later
  deny  local_parts = dave
        !authenticated = *
        message = log in first
  accept domains = +local_domains
  deny message = relay not permitted
begin routers
local:
  driver = accept
  domains = +local_domains
  local_parts = bob : carol : dave
  transport = md
files:
  driver = accept
  domains = +local_domains
  local_parts = erin
  transport = file
begin transports
file:
  driver = appendfile
  user = {account}
  group = {group}
  file = {home}/mbox/$local_part_data
  mode_fail_narrower = false
  mode = 0666
md:
  driver = appendfile
  user = {account}
  group = {group}
  maildir_format
  directory = {home}/maildir/$local_part_data
  create_directory
begin retry
* * F,1m,10s
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_advertise_condition = ${{if def:tls_in_cipher}}
  server_condition = ${{if and{{{{eq{{$auth2}}{{alice}}}}{{eq{{$auth3}}{{s3cret}}}}}}}}
  server_set_id = $auth2
"
        )
    }
}
