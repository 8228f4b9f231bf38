//! Runs APT's programs: bounded output, a deadline, and nothing left behind.

use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::str::FromStr;
use std::time::{Duration, Instant};

use check::CheckError;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

/// Largest output read: a release upgrade of a large machine prints about 1 MiB.
const MAX_STDOUT: usize = 16 * 1024 * 1024;
/// Largest error output read.
const MAX_STDERR: usize = 256 * 1024;

/// What a program left.
#[derive(Debug)]
pub(crate) struct Done {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

/// Words as in a shell, without its other features: `-o 'A::B=c d' -t x`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Words(pub Vec<String>);

impl FromStr for Words {
    type Err = String;

    fn from_str(text: &str) -> Result<Words, String> {
        let mut words = Vec::new();
        let mut word: Option<String> = None;
        let mut quote: Option<char> = None;
        for c in text.chars() {
            match quote {
                Some(mark) if c == mark => quote = None,
                None if c == '\'' || c == '"' => {
                    quote = Some(c);
                    word.get_or_insert_default();
                }
                None if c.is_whitespace() => words.extend(word.take()),
                _ => word.get_or_insert_default().push(c),
            }
        }
        if let Some(mark) = quote {
            return Err(format!("a closing {mark} is missing in `{text}`"));
        }
        words.extend(word);
        Ok(Words(words))
    }
}

/// Runs a program to its end, or kills it and all it started at the deadline.
pub(crate) fn run(command: &mut Command, name: &str, deadline: Instant) -> Result<Done, CheckError> {
    let start = Instant::now();
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let child = command.spawn().map_err(|error| {
        CheckError::internal(format!("cannot run {}: {error}", command.get_program().display()))
    })?;
    let mut group = Group { child, ended: false };
    let failed = |error: std::io::Error| CheckError::internal(format!("{name}: {error}"));
    let too_late = || {
        let seconds = start.elapsed().as_secs_f64();
        CheckError::timeout(format!("{name} did not end within {seconds:.1} seconds; raise -t"))
    };

    let mut out = Pipe::new(group.child.stdout.take(), MAX_STDOUT);
    let mut err = Pipe::new(group.child.stderr.take(), MAX_STDERR);
    while out.is_open() || err.is_open() {
        let [first, second] = wait_readable((&out, &err), deadline).map_err(failed)?.ok_or_else(too_late)?;
        let within = (!first || out.read().map_err(failed)?) && (!second || err.read().map_err(failed)?);
        if !within {
            return Err(CheckError::internal(format!("{name} printed more than is sensible")));
        }
    }
    // it may have closed its output and gone on
    let pid = Pid::from_child(&group.child);
    let handle = pidfd_open(pid, PidfdFlags::empty()).map_err(|error| failed(error.into()))?;
    let ended = wait(&mut [PollFd::new(&handle, PollFlags::IN)], deadline).map_err(failed)?;
    if !ended {
        return Err(too_late());
    }
    let status = group.child.wait().map_err(failed)?;
    group.ended = true;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(Done { status, stdout: text(out.bytes), stderr: text(err.bytes) })
}

/// A child in a process group of its own, which does not outlive the run.
struct Group {
    child: Child,
    ended: bool,
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.ended {
            // an error means that all of the group is gone already
            let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

/// One end of a pipe, with what came out of it.
struct Pipe<R> {
    source: Option<R>,
    bytes: Vec<u8>,
    limit: usize,
}

impl<R: Read + AsFd> Pipe<R> {
    fn new(source: Option<R>, limit: usize) -> Pipe<R> {
        Pipe { source, bytes: Vec::new(), limit }
    }

    fn is_open(&self) -> bool {
        self.source.is_some()
    }

    /// Reads what is there; false when the limit is passed.
    fn read(&mut self) -> std::io::Result<bool> {
        let mut buffer = [0; 16 * 1024];
        let Some(source) = &mut self.source else { return Ok(true) };
        match source.read(&mut buffer)? {
            0 => self.source = None,
            read => self.bytes.extend_from_slice(&buffer[..read]),
        }
        Ok(self.bytes.len() <= self.limit)
    }
}

/// Which of the two can be read (or has ended)? None when the deadline passed.
fn wait_readable<A: AsFd, B: AsFd>(
    pipes: (&Pipe<A>, &Pipe<B>),
    deadline: Instant,
) -> std::io::Result<Option<[bool; 2]>> {
    let sources = [pipes.0.source.as_ref().map(AsFd::as_fd), pipes.1.source.as_ref().map(AsFd::as_fd)];
    let mut waiting: Vec<PollFd<'_>> =
        sources.iter().flatten().map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN)).collect();
    if !wait(&mut waiting, deadline)? {
        return Ok(None);
    }
    let mut ready = waiting.iter().map(|fd| !fd.revents().is_empty());
    Ok(Some(sources.map(|source| source.is_some() && ready.next().unwrap_or_default())))
}

/// Waits for one of these; false when the deadline passed.
fn wait(descriptors: &mut [PollFd<'_>], deadline: Instant) -> std::io::Result<bool> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left == Duration::ZERO {
            return Ok(false);
        }
        let left = Timespec::try_from(left).map_err(std::io::Error::other)?;
        match poll(descriptors, Some(&left)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            Ok(_) => return Ok(true),
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, seconds: f64) -> Result<Done, CheckError> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]).stdin(Stdio::null());
        run(&mut command, "sh", Instant::now() + Duration::from_secs_f64(seconds))
    }

    #[test]
    fn gives_all_output_and_the_status() {
        let done = shell("echo out; echo err >&2; exit 7", 30.0).unwrap();
        assert_eq!((done.stdout.as_str(), done.stderr.as_str()), ("out\n", "err\n"));
        assert_eq!(done.status.code(), Some(7));
        let done = shell("dd if=/dev/zero bs=1M count=4 2>/dev/null; exec >&- 2>&-; exit 3", 30.0).unwrap();
        assert_eq!((done.stdout.len(), done.status.code()), (4 << 20, Some(3)));
    }

    #[test]
    fn kills_the_whole_group_at_the_deadline() {
        let dir = tempfile::tempdir().unwrap();
        let pids = dir.path().join("pids");
        let script = format!("sleep 1000 & echo $! > {0}; wait", pids.display());
        let error = shell(&script, 0.5).unwrap_err();
        assert!(matches!(&error, CheckError::Timeout(text) if text.contains("raise -t")), "{error}");
        let pid = std::fs::read_to_string(&pids).unwrap();
        let until = Instant::now() + Duration::from_secs(10);
        let gone = || {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
            stat.is_empty() || stat.contains(") Z ")
        };
        while !gone() {
            assert!(Instant::now() < until, "the grandchild lives on");
            std::thread::yield_now();
        }
        let closed = shell("exec >&- 2>&-; sleep 1000", 0.3).unwrap_err();
        assert!(matches!(closed, CheckError::Timeout(_)));
    }

    #[test]
    fn output_has_a_limit() {
        let error = shell("yes", 30.0).unwrap_err().to_string();
        assert!(error.contains("more than is sensible"), "{error}");
        let missing = run(&mut Command::new("/nonexistent"), "x", Instant::now()).unwrap_err().to_string();
        assert!(missing.contains("cannot run /nonexistent"), "{missing}");
    }

    #[test]
    fn words_are_split_as_a_shell_splits_them() {
        let words = |text: &str| text.parse::<Words>().map(|words| words.0.join("|"));
        assert_eq!(words("").as_deref(), Ok(""));
        assert_eq!(words(" -o 'A=b c'  -t\"x\"y '' ").as_deref(), Ok("-o|A=b c|-txy|"));
        assert!(words("-o 'A").is_err());
    }
}
