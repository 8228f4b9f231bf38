//! A real systemd, booted in a container over the running root file system.
//!
//! The container lives in a mount namespace of its own: whatever becomes of the test, its overlay
//! goes with its last process, and nothing is left to unmount.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::{Server, wait_until};

/// What is mounted where is seen by nobody outside; `$1` is the test's directory.
const BOOT: &str = r#"
set -e
mount -t tmpfs tmpfs "$1/system"
mkdir "$1/system/upper" "$1/system/work" "$1/system/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/system/upper,workdir=$1/system/work" "$1/system/root"
echo 0123456789abcdef0123456789abcdef > "$1/system/root/etc/machine-id"
cp "$1/units/"* "$1/system/root/etc/systemd/system/"
exec systemd-nspawn -q --register=no --keep-unit --private-network --machine="$2" \
    -D "$1/system/root" -b systemd.unit=hlidka-test.target
"#;

/// Starts the bus and what every system has, none of the machine's own services.
const TARGET: &str =
    "[Unit]\nRequires=basic.target dbus.service\nAfter=basic.target dbus.service\nAllowIsolate=yes\n";

/// A booted systemd with a D-Bus of its own. Needs root, systemd-nspawn, nsenter and dbus-daemon.
pub struct Systemd {
    server: Server,
    leader: u32,
    dir: PathBuf,
}

impl Systemd {
    /// Boots one that has these units (file name and text) besides those of the running machine;
    /// none of them is started.
    ///
    /// # Panics
    /// If it does not come up: the message holds its console.
    #[track_caller]
    pub fn boot(units: &[(&str, &str)]) -> Systemd {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("hlidka-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let dir = std::env::temp_dir().join(&name);
        for part in ["units", "system"] {
            std::fs::create_dir_all(dir.join(part)).expect("the directory for tests is writable");
        }
        for (file, text) in units.iter().chain([&("hlidka-test.target", TARGET)]) {
            std::fs::write(dir.join("units").join(file), text).expect("the directory for tests is writable");
        }
        let console = dir.join("console");
        let script = format!("exec > '{}' 2>&1\n{BOOT}", console.display());
        let mut server = Server::start(
            Command::new("/usr/bin/unshare")
                .args(["--mount", "--propagation", "private", "/bin/sh", "-c", &script, "boot"])
                .arg(&dir)
                .arg(&name),
        );
        let mut leader = None;
        wait_until("systemd has booted and its bus answers", || {
            if server.has_ended() {
                let said = std::fs::read_to_string(&console).unwrap_or_default();
                panic!("systemd-nspawn ended (it needs root):\n{said}");
            }
            leader = child_of(server.id()).filter(|leader| answers(*leader));
            leader.is_some()
        });
        Systemd { server, leader: leader.expect("waited for it"), dir }
    }

    /// Its bus, as seen from outside.
    pub fn bus_address(&self) -> String {
        format!("unix:path={}", socket_of(self.leader).display())
    }

    /// Runs `systemctl` inside, whatever it exits with.
    pub fn systemctl(&self, arguments: &[&str]) -> Output {
        self.run("systemctl", arguments)
    }

    /// Runs a program inside.
    ///
    /// # Panics
    /// If `nsenter` cannot be started.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Output {
        inside(self.leader).arg(program).args(arguments).output().expect("nsenter is installed")
    }
}

impl Drop for Systemd {
    /// Lets it halt, so that it removes its control groups; `Server` kills what is left.
    fn drop(&mut self) {
        let halt = ["-RTMIN+4".to_owned(), self.leader.to_string()];
        let _ = Command::new("/bin/kill").args(halt).status();
        let until = Instant::now() + Duration::from_secs(10);
        while !self.server.has_ended() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

fn inside(leader: u32) -> Command {
    let mut command = Command::new("/usr/bin/nsenter");
    command.args(["-t", &leader.to_string(), "-m", "-p", "-u", "-i", "-n", "-C", "--"]);
    command
}

fn socket_of(leader: u32) -> PathBuf {
    Path::new("/proc").join(leader.to_string()).join("root/run/dbus/system_bus_socket")
}

/// The container's first process.
fn child_of(parent: u32) -> Option<u32> {
    let children = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).ok()?;
    children.split_whitespace().next_back()?.parse().ok()
}

/// Has it finished booting? Its state is asked over the bus that the tests will use.
fn answers(leader: u32) -> bool {
    socket_of(leader).exists()
        && inside(leader)
            .args(["systemctl", "is-system-running"])
            .output()
            .is_ok_and(|done| matches!(done.stdout.trim_ascii(), b"running" | b"degraded"))
}
