//! dovecot as an unprivileged IMAP server on loopback, over exim's maildirs.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::{Authority, Server, free_port, wait_for_port, wait_until};

use super::{account, give, unprivileged};

/// IMAP for every user with the password `s3cret`, which it wants to see under TLS only.
pub struct ImapServer {
    /// Plain and STARTTLS.
    pub port: u16,
    /// TLS from the first byte.
    pub tls_port: u16,
    /// The certificate of the authority that signed its own, for `localhost` and `127.0.0.1`.
    pub ca: PathBuf,
    _process: Server,
}

impl ImapServer {
    /// Starts one over `maildir/USER`, with its files in `dir/dovecot`.
    #[track_caller]
    pub fn start(dir: &Path, maildir: &Path) -> ImapServer {
        let home = dir.join("dovecot");
        fs::create_dir(&home).unwrap();
        let authority = Authority::new(&home);
        let identity = authority.server(&["localhost", "127.0.0.1"]);
        let (port, tls_port) = (free_port(), free_port());
        let (path, maildir) = (home.display(), maildir.display());
        let (certificate, key) = (identity.certificate.display(), identity.key.display());
        let (user, group) = (name("-un"), name("-gn"));
        let (uid, gid) = account();
        let configuration = format!(
            "base_dir = {path}/run\nstate_dir = {path}/run\nlog_path = /dev/stderr\nprotocols = imap
listen = 127.0.0.1\ndefault_internal_user = {user}\ndefault_internal_group = {group}\ndefault_login_user = {user}
ssl = yes\nssl_cert = <{certificate}\nssl_key = <{key}\nauth_mechanisms = plain login
mail_location = maildir:{maildir}/%n
passdb {{\n driver = static\n args = password=s3cret\n}}
userdb {{\n driver = static\n args = uid={uid} gid={gid} home={path}/home/%n\n}}
service anvil {{\n chroot =\n}}
service stats {{\n chroot =\n}}
service imap-login {{
 chroot =
 inet_listener imap {{\n  port = {port}\n }}
 inet_listener imaps {{\n  port = {tls_port}\n }}
}}
"
        );
        fs::write(home.join("dovecot.conf"), configuration).unwrap();
        give(&home);
        let mut command = unprivileged("/usr/sbin/dovecot");
        command.arg("-F").arg("-c").arg(home.join("dovecot.conf"));
        let process = Server::start_logged(&mut command, fs::File::create("/dev/null").unwrap());
        for port in [port, tls_port] {
            wait_for_port(([127, 0, 0, 1], port));
        }
        // until its processes know each other, it greets in other words
        wait_until("dovecot greets for good", || {
            let mut greeting = String::new();
            let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            BufReader::new(stream).read_line(&mut greeting).is_ok()
                && greeting.starts_with("* OK [CAPABILITY")
        });
        ImapServer { port, tls_port, ca: authority.certificate().to_owned(), _process: process }
    }
}

/// User or group that servers run as, by name.
fn name(option: &str) -> String {
    let mut command = unprivileged("/usr/bin/id");
    let done: std::process::Output = Command::output(command.arg(option)).unwrap();
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}
