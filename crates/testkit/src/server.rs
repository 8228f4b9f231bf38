//! Real servers as children: started in the foreground, asked until they answer, killed with the test.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take until it answers, on a loaded machine.
const READY: Duration = Duration::from_secs(60);

/// A running server in a process group of its own; dropping it kills the group.
///
/// Under a test runner that is killed itself, `setpriv --pdeathsig` ends the server too.
pub struct Server {
    child: Child,
}

impl Server {
    /// Starts a command.
    ///
    /// # Panics
    /// If it cannot be started: a missing server is a failure, never a skip.
    #[track_caller]
    pub fn start(command: &mut Command) -> Server {
        Server::start_to(command, Stdio::inherit())
    }

    /// Starts a command whose standard error goes to a file.
    #[track_caller]
    pub fn start_logged(command: &mut Command, log: std::fs::File) -> Server {
        Server::start_to(command, log.into())
    }

    #[track_caller]
    fn start_to(command: &mut Command, output: Stdio) -> Server {
        let program = command.get_program().to_owned();
        let mut wrapped = Command::new("/usr/bin/setpriv");
        wrapped.args(["--pdeathsig", "KILL", "--"]).arg(&program).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => wrapped.env(name, value),
                None => wrapped.env_remove(name),
            };
        }
        if let Some(dir) = command.get_current_dir() {
            wrapped.current_dir(dir);
        }
        wrapped.stdin(Stdio::null()).process_group(0);
        wrapped.stdout(Stdio::null()).stderr(output);
        let child =
            wrapped.spawn().unwrap_or_else(|error| panic!("cannot start {}: {error}", program.display()));
        Server { child }
    }

    /// Process id, which is its process group too.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Has it ended?
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends a signal by name (`TERM`, `HUP`, `KILL`) to the process, not to its group.
    #[track_caller]
    pub fn signal(&self, name: &str) {
        let sent = Command::new("/bin/kill").args([format!("-{name}"), self.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "cannot send SIG{name}");
    }

    /// Waits for its end and gives the exit code, if it was not killed.
    pub fn wait(&mut self) -> Option<i32> {
        self.child.wait().ok().and_then(|status| status.code())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        let _ = Command::new("/bin/kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.child.wait();
    }
}

/// A TCP port of the loopback interface that nobody uses now.
///
/// # Panics
/// If there is none.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

/// Waits until something accepts connections there.
///
/// # Panics
/// If nothing does within a minute.
#[track_caller]
pub fn wait_for_port(address: impl Into<SocketAddr>) {
    let address = address.into();
    wait_until(&format!("{address} accepts connections"), || {
        TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
    });
}

/// Asks every 20 ms until the answer is yes.
///
/// # Panics
/// If it is not within a minute; the message says what was waited for.
#[track_caller]
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < READY, "waited {READY:?} until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
