//! Network namespaces with a wire between them (needs root), removed at the end even of a test that
//! fails.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use testkit::{Server, wait_until};

/// Start of the names, followed by the process id of the test.
const PREFIX: &str = "hlidka-";

/// One network namespace with a loopback interface that is up.
pub struct Namespace {
    name: String,
}

impl Namespace {
    /// A new one.
    #[track_caller]
    pub fn new() -> Namespace {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        sweep();
        let name = format!("{PREFIX}{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        succeed(Command::new("ip").args(["netns", "add", &name]));
        let namespace = Namespace { name };
        namespace.ip("link set lo up");
        namespace
    }

    /// A command that runs inside.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name]).arg(program.as_ref());
        command
    }

    /// `ip` with these words.
    #[track_caller]
    pub fn ip(&self, words: &str) {
        succeed(Command::new("ip").args(["-n", &self.name]).args(words.split(' ')));
    }

    /// Sets `name=value`.
    #[track_caller]
    pub fn sysctl(&self, setting: &str) {
        succeed(self.command("sysctl").args(["-q", "-w", setting]));
    }

    /// Replaces the packet filter by this one chain of `inet`: `hook` is input, output or forward.
    #[track_caller]
    pub fn filter(&self, hook: &str, rule: &str) {
        let ruleset = format!(
            "flush ruleset; table inet t {{ chain c {{ type filter hook {hook} priority 0; {rule}; }}; }}\n"
        );
        let mut nft = self.command("nft");
        let mut nft = nft.args(["-f", "-"]).stdin(Stdio::piped()).spawn().expect("nft starts");
        nft.stdin.take().unwrap().write_all(ruleset.as_bytes()).unwrap();
        assert!(nft.wait().unwrap().success(), "nft refused: {ruleset}");
    }

    /// Packets seen by the first rule with `counter`.
    #[track_caller]
    pub fn counted(&self) -> u64 {
        let listing = self.command("nft").args(["list", "ruleset"]).output().unwrap();
        let listing = String::from_utf8(listing.stdout).unwrap();
        let packets = listing.split("counter packets ").nth(1).and_then(|rest| rest.split(' ').next());
        packets.unwrap_or_else(|| panic!("no counter in {listing}")).parse().unwrap()
    }

    /// Starts a program that makes an interface, and waits for that.
    #[track_caller]
    pub fn start_interface(&self, interface: &str, command: &mut Command) -> Server {
        let server = Server::start(command);
        wait_until(&format!("{interface} is there"), || {
            let mut show = Command::new("ip");
            let show = show.args(["-n", &self.name, "link", "show", interface]);
            show.output().unwrap().status.success()
        });
        server
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.name]).status();
    }
}

/// Two namespaces with a wire between: `near` is 10.98.0.1 and fd98::1, `far` 10.98.0.2 and fd98::2.
/// The interface is `wire` on both sides. `far` is also the router to everything else, and knows no
/// way to it.
pub struct Wire {
    pub near: Namespace,
    pub far: Namespace,
}

impl Wire {
    /// A new pair.
    #[track_caller]
    pub fn new() -> Wire {
        let wire = Wire { near: Namespace::new(), far: Namespace::new() };
        wire.near.ip(&format!("link add wire type veth peer name wire netns {}", wire.far.name));
        wire.far.sysctl("net.ipv4.ip_forward=1");
        wire.far.sysctl("net.ipv6.conf.all.forwarding=1");
        for (side, number) in [(&wire.near, 1), (&wire.far, 2)] {
            side.ip("link set wire up");
            side.ip(&format!("addr add 10.98.0.{number}/24 dev wire"));
            side.ip(&format!("addr add fd98::{number}/64 dev wire nodad"));
        }
        wire.near.ip("route add default via 10.98.0.2");
        wire.near.ip("-6 route add default via fd98::2");
        wire
    }
}

/// Removes what killed test processes left behind.
fn sweep() {
    for entry in std::fs::read_dir("/run/netns").into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let owner = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
        if owner.is_some_and(|owner| !Path::new("/proc").join(owner).exists()) {
            let _ = Command::new("ip").args(["netns", "del", &name]).stderr(Stdio::null()).status();
        }
    }
}

#[track_caller]
fn succeed(command: &mut Command) {
    let done = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        done.status.success(),
        "{command:?} failed (network namespaces need root): {}",
        String::from_utf8_lossy(&done.stderr)
    );
}
