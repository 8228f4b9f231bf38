//! A real sshd on loopback, unprivileged, with accounts of its own: it sees another `/etc/passwd`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::{Server, free_port, wait_for_port};

use super::{account, give};

/// A server on 127.0.0.1 with keys of three types, weak only in offering `aes128-cbc`.
///
/// All accounts take the key `id`:
/// - `alice` has a shell, and the password `s3cret`;
/// - `files` and `reader` are for SFTP only, the second cannot write;
/// - `git` has `git-shell`;
/// - `fake` has `nologin`, `menu` prints a text whatever it is asked.
pub struct Sshd {
    /// Where it listens.
    pub port: u16,
    /// Its files: `id`, `id_other` (a key that no account takes), `home`, `known_hosts`.
    pub dir: PathBuf,
    _server: Server,
}

impl Sshd {
    /// Starts one whose files are in `dir/sshd`; `dir` is made readable for all.
    #[track_caller]
    pub fn start(dir: &Path) -> Sshd {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).unwrap();
        let dir = dir.join("sshd");
        fs::create_dir_all(dir.join("home")).unwrap();
        let port = free_port();
        for kind in ["ed25519", "ecdsa", "rsa"] {
            keygen(&["-q", "-t", kind, "-N", "", "-f"], &dir.join(format!("host_{kind}")));
        }
        for name in ["id", "id_other"] {
            keygen(&["-q", "-t", "ed25519", "-N", "", "-f"], &dir.join(name));
        }
        fs::copy(dir.join("id.pub"), dir.join("authorized_keys")).unwrap();
        fs::write(dir.join("sshd_config"), configuration(&dir, port)).unwrap();
        accounts(&dir);
        let server_keys = ["ed25519", "ecdsa", "rsa"].map(|kind| {
            let public = fs::read_to_string(dir.join(format!("host_{kind}.pub"))).unwrap();
            format!("[127.0.0.1]:{port},[localhost]:{port} {public}")
        });
        fs::write(dir.join("known_hosts"), server_keys.concat()).unwrap();
        give(&dir);
        for secret in ["host_ed25519", "host_ecdsa", "host_rsa"] {
            fs::set_permissions(dir.join(secret), fs::Permissions::from_mode(0o600)).unwrap();
        }
        let (user, group) = account();
        let script = format!(
            "mount --bind $0/passwd /etc/passwd && mount --bind $0/shadow /etc/shadow && \
             exec setpriv --reuid {user} --regid {group} --clear-groups -- /usr/sbin/sshd -D -e -f $0/sshd_config"
        );
        let mut command = Command::new("/usr/bin/unshare");
        command.args(["--mount", "--propagation", "private", "/bin/sh", "-c", &script]).arg(&dir);
        let log = fs::File::create(dir.join("log")).unwrap();
        let mut server = Server::start_logged(&mut command, log);
        testkit::wait_until("sshd listens", || {
            let log = || fs::read_to_string(dir.join("log")).unwrap_or_default();
            assert!(!server.has_ended(), "sshd ended by itself: {}", log());
            log().contains("Server listening")
        });
        wait_for_port(([127, 0, 0, 1], port));
        Sshd { port, dir, _server: server }
    }

    /// The fingerprint of one of its keys, as ssh-keygen prints it.
    #[track_caller]
    pub fn fingerprint(&self, kind: &str) -> String {
        let key = self.dir.join(format!("host_{kind}.pub"));
        let said = Command::new("ssh-keygen").arg("-lf").arg(key).output().unwrap();
        let said = String::from_utf8(said.stdout).unwrap();
        said.split_whitespace().nth(1).unwrap().to_owned()
    }

    /// One of its files.
    pub fn file(&self, name: &str) -> String {
        self.dir.join(name).display().to_string()
    }
}

/// Runs ssh-keygen on a file.
#[track_caller]
pub fn keygen(arguments: &[&str], file: &Path) {
    let done = Command::new("ssh-keygen").args(arguments).arg(file).output().unwrap();
    assert!(done.status.success(), "ssh-keygen {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

fn configuration(dir: &Path, port: u16) -> String {
    let at = dir.display();
    format!(
        "Port {port}
ListenAddress 127.0.0.1
HostKey {at}/host_ed25519
HostKey {at}/host_ecdsa
HostKey {at}/host_rsa
PidFile none
AuthorizedKeysFile {at}/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication yes
KbdInteractiveAuthentication no
MaxStartups 100
MaxAuthTries 20
Ciphers aes256-ctr,aes128-cbc
MACs hmac-sha2-256,hmac-sha2-512
KexAlgorithms curve25519-sha256,diffie-hellman-group14-sha256
Subsystem sftp internal-sftp
Match User files
  ForceCommand internal-sftp
Match User reader
  ForceCommand internal-sftp -R
Match User menu
  ForceCommand echo 'echo hlidka\"-shell\"-probe is no command, choose 1 or 2'; exit 3
"
    )
}

/// All have the user id of the server, which could not become anybody else.
fn accounts(dir: &Path) {
    let (user, group) = account();
    let git_shell = ["/usr/bin/git-shell", "/usr/local/bin/git-shell", "/usr/lib/git-core/git-shell"];
    let git_shell = git_shell.iter().find(|path| Path::new(path).exists()).expect("git-shell is installed");
    let hash = Command::new("openssl").args(["passwd", "-6", "s3cret"]).output().unwrap();
    let hash = String::from_utf8(hash.stdout).unwrap();
    let accounts = [
        ("alice", "/bin/sh"),
        ("files", "/bin/sh"),
        ("reader", "/bin/sh"),
        ("menu", "/bin/sh"),
        ("git", *git_shell),
        ("fake", "/usr/sbin/nologin"),
    ];
    let home = dir.join("home").display().to_string();
    let passwd = accounts.map(|(name, shell)| format!("{name}:x:{user}:{group}::{home}:{shell}\n")).concat();
    let passwd = passwd + &fs::read_to_string("/etc/passwd").unwrap();
    let shadow = accounts.map(|(name, _)| {
        let hash = if name == "alice" { hash.trim() } else { "*" };
        format!("{name}:{hash}:20000:0:99999:7:::\n")
    });
    fs::write(dir.join("passwd"), passwd).unwrap();
    fs::write(dir.join("shadow"), shadow.concat()).unwrap();
}
