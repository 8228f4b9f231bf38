//! chronyd as a time server that never touches the clock, run as nobody.

use std::fs;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use testkit::{Server, wait_until};

use super::{account, give, unprivileged};

/// A running chronyd.
pub struct Chrony {
    _server: Server,
    _dir: tempfile::TempDir,
}

/// Starts one at an address of 127.0.0.0/8. `directives` are lines of its configuration: without
/// `local` it is not synchronised. Its clock is ahead by so many seconds, and it is waited for.
#[track_caller]
pub fn chrony(address: [u8; 4], port: u16, directives: &str, ahead: i32) -> Chrony {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let home = dir.path().join("chrony");
    fs::create_dir(&home).unwrap();
    let (path, address) = (home.display(), Ipv4Addr::from(address));
    let id = account().0.to_string();
    let name = std::process::Command::new("/usr/bin/id").args(["-un", &id]).output().unwrap();
    let user = String::from_utf8(name.stdout).unwrap();
    let configuration = home.join("chrony.conf");
    let text = format!(
        "{directives}\nallow 127.0.0.0/8\nport {port}\nbindaddress {address}\ncmdport 0\nbindcmdaddress /\n\
         pidfile {path}/chronyd.pid\ndriftfile {path}/drift\nuser {user}"
    );
    fs::write(&configuration, text).unwrap();
    give(&home);
    let mut command = if ahead == 0 {
        unprivileged("/usr/sbin/chronyd")
    } else {
        let mut command = unprivileged("/usr/bin/faketime");
        command.args(["-f", &format!("{ahead:+}s"), "/usr/sbin/chronyd"]);
        command
    };
    command.args(["-U", "-x", "-n", "-f"]).arg(configuration);
    let mut server = Server::start_logged(&mut command, fs::File::create(dir.path().join("log")).unwrap());
    let mut question = [0; 48];
    question[0] = (4 << 3) | 3;
    wait_until("chronyd answers", || {
        let log = || fs::read_to_string(dir.path().join("log")).unwrap_or_default();
        assert!(!server.has_ended(), "chronyd ended by itself: {}", log());
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        socket.connect((address, port)).unwrap();
        let _ = socket.send(&question);
        socket.recv(&mut [0; 100]).is_ok()
    });
    Chrony { _server: server, _dir: dir }
}
