//! Starts a program: the one unsafe module.
//!
//! A spawner shares its memory with the child until the child is another program
//! (`CLONE_VM | CLONE_VFORK`), as `posix_spawn` does, and gets a pidfd at once. It is cheaper than
//! `posix_spawn` because it resets only the signals that need it (glibc asks the kernel once per
//! signal and child) and hands everything ready-made to the child, which then makes about ten
//! system calls.
//!
//! The child gets: `/dev/null` as standard input and error, a pipe as standard output, a process
//! group of its own, default signals, nothing else that this process has open, and a SIGKILL when
//! the thread that started it dies.

#![expect(unsafe_code, reason = "clone with shared memory has no safe interface; see each block")]

use std::ffi::{CStr, CString, OsString, c_char, c_int, c_void};
use std::io;
use std::mem::{MaybeUninit, zeroed};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::ptr::{from_mut, null, null_mut};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{Access, Mode, OFlags};
use rustix::pipe::PipeFlags;
use rustix::process::{Pid, WaitId, WaitIdOptions};

/// Units of 16 bytes, the alignment that both x86_64 and aarch64 want: 64 KiB. The child needs a
/// few hundred bytes; the rest is never touched, so it costs no memory.
const STACK_UNITS: usize = 4096;

/// A running child. Nobody else waits for it: whoever holds this must.
#[derive(Debug)]
pub struct Child {
    /// Process id and process group.
    pub pid: Pid,
    /// Readable when the process has ended.
    pub pidfd: OwnedFd,
    /// What it prints; non-blocking.
    pub stdout: OwnedFd,
}

/// Why a program was not started.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// No program is named.
    #[error("the command is empty")]
    Empty,
    /// Neither arguments nor variables can hold a NUL byte.
    #[error("an argument or variable holds a NUL byte")]
    Nul,
    /// A variable's name is empty or holds `=`.
    #[error("`{0}` is no name of an environment variable")]
    Variable(String),
    /// Not found in any directory of `PATH`.
    #[error("{0} is in no directory of PATH; give its absolute path")]
    NotFound(String),
    /// The kernel would not run it.
    #[error("{program}: {source}{}", hint(program, source))]
    Exec {
        /// The program's path.
        program: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// No process, pipe or memory is left.
    #[error("cannot start a process: {0}")]
    System(#[from] io::Error),
}

/// Starts programs. Made once, after the process has set up its signals and environment.
#[derive(Debug)]
pub struct Spawner {
    stack: Mutex<Box<[MaybeUninit<u128>]>>,
    null: OwnedFd,
    /// Signals whose disposition a child would inherit, or that have a handler here.
    signals: Vec<c_int>,
    environment: Vec<CString>,
    path: OsString,
    parent: Pid,
}

/// What the child needs, as the kernel wants it.
struct Plan {
    program: *const c_char,
    argv: *const *const c_char,
    envp: *const *const c_char,
    null: c_int,
    stdout: c_int,
    signals: *const c_int,
    signal_count: usize,
    parent: c_int,
    /// Set by the child if it could not become the program.
    failure: AtomicI32,
}

impl Spawner {
    /// Takes note of this process' environment and signals. Later changes of either do not reach
    /// the children. Marks all descriptors that this process inherited as not for children.
    pub fn new() -> io::Result<Spawner> {
        keep_descriptors_private()?;
        let null = rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
        let environment = std::env::vars_os().filter_map(|(mut name, value)| {
            name.push("=");
            name.push(value);
            CString::new(name.into_vec()).ok()
        });
        Ok(Spawner {
            stack: Mutex::new(vec![MaybeUninit::uninit(); STACK_UNITS].into_boxed_slice()),
            null: above_stdio(null)?,
            signals: changed_signals(),
            environment: environment.collect(),
            path: std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()),
            parent: rustix::process::getpid(),
        })
    }

    /// Starts `argv` with `environment` on top of this process' own. Returns when the child is that
    /// program, or has failed to be.
    pub fn spawn(&self, argv: &[String], environment: &[(String, String)]) -> Result<Child, SpawnError> {
        let name = argv.first().filter(|name| !name.is_empty()).ok_or(SpawnError::Empty)?;
        let c_string = |text: &str| CString::new(text).map_err(|_| SpawnError::Nul);
        let words = argv.iter().map(|word| c_string(word)).collect::<Result<Vec<_>, _>>()?;
        let found = if name.contains('/') { None } else { Some(self.find(name)?) };
        let added = variables(environment)?;
        let pointers = |texts: &mut dyn Iterator<Item = &CStr>| -> Vec<*const c_char> {
            texts.map(CStr::as_ptr).chain([null()]).collect()
        };
        let argv_pointers = pointers(&mut words.iter().map(CString::as_c_str));
        let inherited = self.environment.iter().map(CString::as_c_str);
        let envp = if added.is_empty() {
            pointers(&mut { inherited })
        } else {
            let kept = inherited.filter(|old| !added.iter().any(|new| same_name(old, new)));
            pointers(&mut kept.chain(added.iter().map(CString::as_c_str)))
        };

        let (stdout, theirs) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC).map_err(io::Error::from)?;
        rustix::io::ioctl_fionbio(&stdout, true).map_err(io::Error::from)?;
        let theirs = above_stdio(theirs)?;
        let plan = Plan {
            program: found.as_deref().or(words.first().map(CString::as_c_str)).map_or(null(), CStr::as_ptr),
            argv: argv_pointers.as_ptr(),
            envp: envp.as_ptr(),
            null: self.null.as_raw_fd(),
            stdout: theirs.as_raw_fd(),
            signals: self.signals.as_ptr(),
            signal_count: self.signals.len(),
            parent: self.parent.as_raw_nonzero().get(),
            failure: AtomicI32::new(0),
        };
        let (pid, pidfd) = self.clone_child(&plan)?;
        match plan.failure.load(Ordering::Relaxed) {
            0 => Ok(Child { pid, pidfd, stdout }),
            errno => {
                // it has called _exit already
                let _ = rustix::process::waitid(WaitId::PidFd(pidfd.as_fd()), WaitIdOptions::EXITED);
                let program = found.map_or_else(|| name.clone(), |p| p.to_string_lossy().into_owned());
                Err(SpawnError::Exec { program, source: io::Error::from_raw_os_error(errno) })
            }
        }
    }

    fn clone_child(&self, plan: &Plan) -> io::Result<(Pid, OwnedFd)> {
        let mut stack = self.stack.lock().unwrap_or_else(PoisonError::into_inner);
        let top = stack.as_mut_ptr_range().end.cast::<c_void>();
        let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD;
        let mut pidfd: c_int = -1;
        // SAFETY: all signals are blocked around the clone, so that no handler of this process runs
        // in the child; the sets live on this stack. `top` is the aligned end of a stack that the
        // lock gives to this call alone. CLONE_VFORK holds this thread until the child has called
        // execve or _exit, so `plan`, all it points to and the stack outlive the child's use of
        // them. CLONE_PIDFD makes the kernel store a descriptor through the first variadic
        // argument, which is valid for that.
        let pid = unsafe {
            let (mut all, mut before) = (zeroed::<libc::sigset_t>(), zeroed::<libc::sigset_t>());
            libc::sigfillset(&raw mut all);
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
            let argument = std::ptr::from_ref(plan).cast_mut().cast::<c_void>();
            let pid = libc::clone(child, top, flags, argument, from_mut(&mut pidfd));
            let failure = if pid < 0 { Err(io::Error::last_os_error()) } else { Ok(pid) };
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, null_mut());
            failure?
        };
        let pid = Pid::from_raw(pid).ok_or_else(|| io::Error::other("clone returned no process id"))?;
        // SAFETY: the clone succeeded, so the kernel has stored a new descriptor that nobody owns.
        Ok((pid, unsafe { OwnedFd::from_raw_fd(pidfd) }))
    }

    fn find(&self, name: &str) -> Result<CString, SpawnError> {
        let candidates = std::env::split_paths(&self.path).map(|directory| directory.join(name));
        let found = candidates.filter(|path| path.is_absolute()).find(|path| is_program(path));
        let path = found.ok_or_else(|| SpawnError::NotFound(name.to_owned()))?;
        CString::new(path.into_os_string().into_vec()).map_err(|_| SpawnError::Nul)
    }
}

fn variables(environment: &[(String, String)]) -> Result<Vec<CString>, SpawnError> {
    let variable = |(name, value): &(String, String)| {
        if name.is_empty() || name.contains('=') {
            return Err(SpawnError::Variable(name.clone()));
        }
        CString::new(format!("{name}={value}")).map_err(|_| SpawnError::Nul)
    };
    environment.iter().map(variable).collect()
}

fn is_program(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, Access::EXEC_OK).is_ok()
}

fn same_name(one: &CStr, other: &CStr) -> bool {
    let name = |text: &CStr| text.to_bytes().iter().position(|byte| *byte == b'=');
    name(one).is_some_and(|end| one.to_bytes().get(..=end) == other.to_bytes().get(..=end))
}

/// The child puts its own descriptors at 0, 1 and 2: what it copies must lie above.
fn above_stdio(fd: OwnedFd) -> io::Result<OwnedFd> {
    if fd.as_raw_fd() > 2 { Ok(fd) } else { Ok(rustix::io::fcntl_dupfd_cloexec(&fd, 3)?) }
}

/// Whoever started this process may have left it descriptors that are open across exec.
fn keep_descriptors_private() -> io::Result<()> {
    for entry in std::fs::read_dir("/proc/self/fd")? {
        let fd = entry?.file_name().to_str().and_then(|name| name.parse::<c_int>().ok());
        if let Some(fd) = fd.filter(|fd| *fd > 2) {
            // SAFETY: only sets a flag. If it is closed meanwhile, the kernel says so; if it is
            // another's by then, that one is close-on-exec already, as all of std's are.
            unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
        }
    }
    Ok(())
}

/// All signals that are not at their default. (Two real-time signals are glibc's own and stay out of
/// reach.)
fn changed_signals() -> Vec<c_int> {
    let is_changed = |signal: &c_int| {
        // SAFETY: with no new action given, sigaction only writes the present one to `now`, which is
        // a valid place for it; all-zero is a valid sigaction.
        unsafe {
            let mut now = zeroed::<libc::sigaction>();
            libc::sigaction(*signal, null(), &raw mut now) == 0 && now.sa_sigaction != libc::SIG_DFL
        }
    };
    (1..=libc::SIGRTMAX()).filter(is_changed).collect()
}

/// Becomes the program. Runs in the parent's memory: no allocation, no lock, nothing that could
/// panic; only system calls and plain copies.
extern "C" fn child(plan: *mut c_void) -> c_int {
    // SAFETY: `plan` is the `Plan` of `clone_child`, which stays as it is until this function is
    // done; its pointers are to C strings, arrays that end in a null pointer, and `signal_count`
    // signals. Every function called is async-signal-safe. Handlers are reset before signals are
    // unblocked, so none of the parent's can run here.
    unsafe {
        let plan = &*plan.cast::<Plan>();
        libc::setpgid(0, 0);
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        if libc::getppid() != plan.parent {
            libc::_exit(127); // the parent died before the line above
        }
        let mut action = zeroed::<libc::sigaction>();
        action.sa_sigaction = libc::SIG_DFL;
        let mut at = 0;
        while at < plan.signal_count {
            libc::sigaction(*plan.signals.add(at), &raw const action, null_mut());
            at += 1;
        }
        let ready = libc::dup2(plan.null, 0) >= 0
            && libc::dup2(plan.stdout, 1) >= 0
            && libc::dup2(plan.null, 2) >= 0
            && libc::sigprocmask(libc::SIG_SETMASK, &raw const action.sa_mask, null_mut()) == 0;
        if ready {
            libc::execve(plan.program, plan.argv, plan.envp);
        }
        plan.failure.store(*libc::__errno_location(), Ordering::Relaxed);
        libc::_exit(127)
    }
}

/// The way out of an exec error.
fn hint(program: &str, source: &io::Error) -> &'static str {
    match source.raw_os_error() {
        Some(libc::ENOENT) if Path::new(program).exists() => {
            "; the interpreter in its first line, or its loader, is missing"
        }
        Some(libc::EACCES) => "; is it an executable file, and may this user run it?",
        Some(libc::ENOEXEC) => "; a script must start with a #! line",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn run(spawner: &Spawner, argv: &[&str], environment: &[(&str, &str)]) -> (String, Option<i32>) {
        let argv: Vec<String> = argv.iter().map(|word| (*word).to_owned()).collect();
        let environment: Vec<_> =
            environment.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let child = spawner.spawn(&argv, &environment).unwrap();
        rustix::io::ioctl_fionbio(&child.stdout, false).unwrap();
        let mut text = String::new();
        std::fs::File::from(child.stdout).read_to_string(&mut text).unwrap();
        let status = rustix::process::waitid(WaitId::PidFd(child.pidfd.as_fd()), WaitIdOptions::EXITED);
        (text, status.unwrap().unwrap().exit_status())
    }

    fn error(argv: &[&str]) -> String {
        let argv: Vec<String> = argv.iter().map(|word| (*word).to_owned()).collect();
        Spawner::new().unwrap().spawn(&argv, &[]).unwrap_err().to_string()
    }

    #[test]
    fn arguments_and_variables_arrive_as_they_are() {
        let spawner = Spawner::new().unwrap();
        let script = "printf '%s|' \"$@\" \"$GREETING\" \"$PATH\"; exit 7";
        let argv = ["/bin/sh", "-c", script, "sh", "a b", "", "$HOME;ls", "é"];
        let (text, code) = run(&spawner, &argv, &[("GREETING", "x=\ny"), ("PATH", "/nowhere")]);
        assert_eq!((&*text, code), ("a b||$HOME;ls|é|x=\ny|/nowhere|", Some(7)));
        let (text, _) = run(&spawner, &["/usr/bin/printenv", "PATH"], &[]);
        assert_eq!(text.trim_end(), std::env::var("PATH").unwrap());
    }

    #[test]
    fn a_bare_name_is_looked_for_in_path() {
        let (text, code) = run(&Spawner::new().unwrap(), &["echo", "found"], &[]);
        assert_eq!((&*text, code), ("found\n", Some(0)));
        assert_eq!(
            error(&["no-such-program"]),
            "no-such-program is in no directory of PATH; give its absolute path"
        );
    }

    /// glibc keeps signals 32 and 33 to itself, and its posix_spawn, which started us, ignores them.
    const OF_GLIBC: u64 = 0b11 << 31;

    /// A plugin must be able to count on SIGPIPE (which Rust ignores), and see nothing of ours.
    #[test]
    fn a_child_starts_from_a_clean_slate() {
        let spawner = Spawner::new().unwrap();
        let (status, _) = run(&spawner, &["/bin/cat", "/proc/self/status"], &[]);
        for mask in ["SigBlk:\t", "SigIgn:\t", "SigCgt:\t"] {
            let hex = status.lines().find_map(|line| line.strip_prefix(mask)).unwrap();
            assert_eq!(u64::from_str_radix(hex, 16).unwrap() & !OF_GLIBC, 0, "{mask}{hex}");
        }
        // three descriptors, and the one that ls reads the directory by
        let (open, _) = run(&spawner, &["/bin/ls", "/proc/self/fd"], &[]);
        assert_eq!(open, "0\n1\n2\n3\n");
        let (stat, _) = run(&spawner, &["/bin/cat", "/proc/self/stat"], &[]);
        let fields: Vec<&str> = stat.split(' ').collect();
        assert_eq!(fields[0], fields[4], "a process group of its own");
        assert_eq!(fields[3], std::process::id().to_string());
        let (links, _) = run(&spawner, &["/usr/bin/readlink", "/proc/self/fd/0", "/proc/self/fd/2"], &[]);
        assert_eq!(links, "/dev/null\n/dev/null\n");
    }

    #[test]
    fn says_why_a_program_does_not_run() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str, mode: u32| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
            path.to_str().unwrap().to_owned()
        };
        assert!(error(&["/nonexistent/check"]).starts_with("/nonexistent/check: No such file"));
        assert!(error(&[&file("plain", "x", 0o644)]).contains("is it an executable file"));
        assert!(error(&[&file("bare", "echo x\n", 0o755)]).contains("must start with a #! line"));
        assert!(error(&[&file("lost", "#!/no/such/shell\n", 0o755)]).contains("interpreter"));
        assert!(error(&[dir.path().to_str().unwrap()]).contains("Permission denied"));
        assert_eq!(error(&[]), "the command is empty");
        assert_eq!(error(&["/bin/echo", "a\0b"]), "an argument or variable holds a NUL byte");
        let spawner = Spawner::new().unwrap();
        let refused = spawner.spawn(&["/bin/true".into()], &[("A=B".into(), String::new())]);
        assert_eq!(refused.unwrap_err().to_string(), "`A=B` is no name of an environment variable");
    }

    /// The stack is shared between calls: they must take turns.
    #[test]
    fn many_threads_may_spawn_at_once() {
        let spawner = Spawner::new().unwrap();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let spawner = &spawner;
                scope.spawn(move || {
                    for round in 0..25 {
                        let text = format!("{thread}-{round}");
                        assert_eq!(run(spawner, &["/bin/echo", &text], &[]).0.trim_end(), text);
                    }
                });
            }
        });
    }
}
