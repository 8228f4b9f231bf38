//! All I/O of `check_procs`: one pass over /proc.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use check::CheckError;

use crate::filter::Filter;
use crate::judge::{Shown, Tally};
use crate::process::Process;
use crate::stat::{Clock, Stat};

/// A line of `stat` has at most 64 bytes of name and 51 numbers of 20 digits.
const STAT_LEN: usize = 2048;

/// `VmLck` stands in the first lines of `status`, behind up to 64 groups of nested namespaces.
const STATUS_LEN: usize = 8192;

/// Most bytes of a command line that are looked at, as in ps.
const ARGUMENTS_LEN: u64 = 128 * 1024;

/// Adds every process under `proc` that passes to the tally. A process that ends meanwhile is not
/// there; one that may not be read is noted.
pub(crate) fn scan(
    proc: &Path,
    filter: &Filter,
    traditional: bool,
    tally: &mut Tally,
) -> Result<(), CheckError> {
    let clock = clock();
    let own = Own::find(proc, traditional);
    let mut reader = Reader { path: format!("{}/", proc.display()), arguments: Vec::new() };
    let root = reader.path.len();
    let mut sees_init = false;
    let entries = fs::read_dir(proc).map_err(|error| {
        CheckError::internal(format!("cannot list {}: {error}; is it mounted?", proc.display()))
    })?;
    for entry in entries {
        let entry = entry.map_err(|error| cannot_read(&reader.path, &error))?;
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        sees_init |= pid == 1;
        if own.is_left_out(pid) {
            continue;
        }
        reader.path.truncate(root);
        reader.path.push_str(&entry.file_name().to_string_lossy());
        match reader.judge(filter, &own, &clock, tally) {
            Ok(()) => {}
            Err(error) if is_gone(&error) => {}
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                // the owner of the directory can be seen even then
                let others =
                    filter.user().is_some_and(|user| reader.owner().is_ok_and(|owner| owner != user));
                if !others && filter.asks_nothing() && tally.only_counts() {
                    tally.add_unread();
                } else if !others {
                    tally.add_unreadable();
                }
            }
            Err(error) => return Err(cannot_read(&reader.path, &error)),
        }
    }
    // the first process of a PID namespace never ends: if it is not listed, others are not either;
    // one's own always are
    let own_only = filter.user().is_some_and(|user| Some(user) == own.user);
    if !sees_init && !own_only {
        tally.set_hidden();
    }
    Ok(())
}

fn cannot_read(path: &str, error: &io::Error) -> CheckError {
    CheckError::internal(format!("cannot read {path}: {error}"))
}

/// `ESRCH` comes from a file of a process that ended after the file was opened.
fn is_gone(error: &io::Error) -> bool {
    const ESRCH: i32 = 3;
    error.kind() == ErrorKind::NotFound || error.raw_os_error() == Some(ESRCH)
}

fn clock() -> Clock {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Clock {
        uptime: now.tv_sec as f64 + now.tv_nsec as f64 / 1e9,
        ticks_per_second: rustix::param::clock_ticks_per_second(),
        page_size: rustix::param::page_size() as u64,
    }
}

/// What is left out: this process, its parent (often the shell that runs the check), and unless
/// `--traditional` all that run the same program: the checks that happen to run at the same moment.
struct Own {
    pid: u32,
    parent: u32,
    user: Option<u32>,
    /// Name and program file (device and inode).
    program: Option<(Vec<u8>, (u64, u64))>,
}

impl Own {
    fn find(proc: &Path, traditional: bool) -> Own {
        let directory = proc.join("self");
        let program = || {
            let mut name = fs::read(directory.join("comm")).ok()?;
            name.pop_if(|last| *last == b'\n');
            let file = fs::metadata(directory.join("exe")).ok()?;
            Some((name, (file.dev(), file.ino())))
        };
        Own {
            pid: std::process::id(),
            parent: std::os::unix::process::parent_id(),
            user: fs::metadata(&directory).ok().map(|directory| directory.uid()),
            program: if traditional { None } else { program() },
        }
    }

    fn is_left_out(&self, pid: u32) -> bool {
        pid == self.pid || pid == self.parent
    }

    /// Does this process run our program? Asking for the file costs more than the rest of the
    /// scan, so only those are asked that have our name.
    fn is_twin(&self, stat: &Stat, path: &str) -> bool {
        let Some((name, file)) = &self.program else { return false };
        stat.comm == name
            && fs::metadata(format!("{path}/exe")).is_ok_and(|exe| (exe.dev(), exe.ino()) == *file)
    }
}

/// Reads the files of one process after the other.
struct Reader {
    /// Directory of the process.
    path: String,
    arguments: Vec<u8>,
}

impl Reader {
    fn judge(&mut self, filter: &Filter, own: &Own, clock: &Clock, tally: &mut Tally) -> io::Result<()> {
        let mut line = [0; STAT_LEN];
        let line = self.start_of("stat", &mut line)?;
        let stat =
            Stat::parse(line).ok_or_else(|| io::Error::other("`stat` is not as proc(5) describes it"))?;
        if own.is_twin(&stat, &self.path) {
            return Ok(());
        }
        let wants_shown = tally.wants_shown();
        let locks_memory = (wants_shown || filter.needs_locks()) && self.locks_memory()?;
        let process = Process::of(&stat, clock, locks_memory);
        if !filter.passes(&process) {
            return Ok(());
        }
        let user = if wants_shown || filter.user().is_some() { Some(self.owner()?) } else { None };
        if filter.user().is_some() && user != filter.user() {
            return Ok(());
        }
        if wants_shown || filter.needs_arguments() {
            self.read_arguments(&stat)?;
            if !filter.passes_arguments(&self.arguments) {
                return Ok(());
            }
        }
        tally.add(&process, Shown { user, arguments: &self.arguments });
        Ok(())
    }

    /// As much of a file as fits, by one read: the kernel writes these files at once.
    fn start_of<'a>(&self, name: &str, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
        let read = File::open(format!("{}/{name}", self.path))?.read(buffer)?;
        Ok(buffer.get(..read).unwrap_or_default())
    }

    /// The effective user. The directory belongs to that user even where its files, of a process
    /// that may not be dumped, belong to root.
    fn owner(&self) -> io::Result<u32> {
        fs::metadata(&self.path).map(|directory| directory.uid())
    }

    fn locks_memory(&self) -> io::Result<bool> {
        let mut status = [0; STATUS_LEN];
        let status = self.start_of("status", &mut status)?;
        let line = status.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"VmLck:"));
        Ok(line.is_some_and(|value| value.iter().any(|byte| (b'1'..=b'9').contains(byte))))
    }

    /// The command line with blanks between the arguments; the name in brackets where there is
    /// none, as ps shows it: kernel threads and zombies.
    fn read_arguments(&mut self, stat: &Stat) -> io::Result<()> {
        let buffer = &mut self.arguments;
        buffer.clear();
        File::open(format!("{}/cmdline", self.path))?.take(ARGUMENTS_LEN).read_to_end(buffer)?;
        while buffer.pop_if(|last| *last == 0).is_some() {}
        buffer.iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = b' ');
        if buffer.is_empty() {
            buffer.push(b'[');
            buffer.extend_from_slice(stat.comm);
            buffer.push(b']');
            if stat.state == b'Z' {
                buffer.extend_from_slice(b" <defunct>");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::Args;
    use crate::stat::tests::RECORDED;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    /// A /proc of recorded processes.
    fn recorded() -> tempfile::TempDir {
        let proc = tempfile::tempdir().unwrap();
        for line in RECORDED.lines() {
            let stat = Stat::parse(line.as_bytes()).unwrap();
            let directory = proc.path().join(stat.pid.to_string());
            fs::create_dir(&directory).unwrap();
            fs::write(directory.join("stat"), format!("{line}\n")).unwrap();
            let arguments: &[u8] = if stat.pid == 8179 { b"bash\0-c\0read x\0" } else { b"" };
            fs::write(directory.join("cmdline"), arguments).unwrap();
            let locked = if stat.pid == 1 { 12 } else { 0 };
            fs::write(directory.join("status"), format!("Name:\tx\nVmLck:\t{locked:8} kB\n")).unwrap();
        }
        fs::create_dir(proc.path().join("self")).unwrap();
        fs::create_dir(proc.path().join("sys")).unwrap();
        proc
    }

    fn said(proc: &Path, arguments: &[&str], verbosity: u8) -> String {
        let line = std::iter::once("check_procs").chain(arguments.iter().copied());
        let args = Line::try_parse_from(line).expect("options").args;
        let filter = Filter::new(&args, args.user.as_deref().map(|user| crate::users::find(user).unwrap()));
        let mut tally = Tally::new(args.metric, args.thresholds(), verbosity);
        scan(proc, &filter, args.traditional, &mut tally).expect("a scan");
        tally.report(&filter).render("PROCS", ": ", verbosity)
    }

    #[test]
    fn counts_the_processes_of_a_directory() {
        let proc = recorded();
        let first = |arguments: &[&str]| said(proc.path(), arguments, 0);
        assert_eq!(first(&["-c", "9"]), "PROCS OK: 9 processes | procs=9;;9;0\n");
        assert_eq!(first(&["-s", "SLl"]), "PROCS OK: 1 process with STATE = SLl | procs=1;;;0\n");
        assert_eq!(first(&["-a", "-c read"]), "PROCS OK: 1 process with args '-c read' | procs=1;;;0\n");
        assert_eq!(first(&["-a", "[ksmd]"]), "PROCS OK: 1 process with args '[ksmd]' | procs=1;;;0\n");
        assert!(first(&["-a", "[a) b] <defunct>"]).starts_with("PROCS OK: 1 process "));
        let owner = fs::metadata(proc.path()).unwrap().uid().to_string();
        assert!(first(&["-u", &owner, "-k"]).starts_with("PROCS OK: 5 processes with UID = "));
        assert!(first(&["-u", "4294967294"]).starts_with("PROCS OK: 0 processes with UID = 4294967294"));
        let shown = said(proc.path(), &["-C", "bash"], 1);
        assert!(shown.contains("stat=Ss ") && shown.contains("args=bash -c read x\n"), "{shown}");
    }

    #[test]
    fn a_process_that_ends_meanwhile_is_not_there() {
        let proc = recorded();
        fs::remove_file(proc.path().join("8179/stat")).unwrap();
        assert!(said(proc.path(), &[], 0).starts_with("PROCS OK: 8 processes |"));
    }

    #[test]
    fn hidden_processes_are_noticed_by_the_first_one() {
        let proc = recorded();
        fs::remove_dir_all(proc.path().join("1")).unwrap();
        let said = said(proc.path(), &["-c", "1:"], 0);
        assert!(said.starts_with("PROCS UNKNOWN: 8 processes; those of others are hidden"), "{said}");
    }

    #[test]
    fn what_is_no_line_of_stat_is_an_error_with_its_path() {
        let proc = recorded();
        fs::write(proc.path().join("8179/stat"), "nonsense").unwrap();
        let args = Line::try_parse_from(["check_procs"]).unwrap().args;
        let mut tally = Tally::new(args.metric, args.thresholds(), 0);
        let error = scan(proc.path(), &Filter::new(&args, None), false, &mut tally).unwrap_err();
        assert!(error.to_string().contains("/8179: `stat` is not as proc(5) describes it"), "{error}");
        let nowhere = scan(&proc.path().join("none"), &Filter::new(&args, None), false, &mut tally);
        assert!(nowhere.unwrap_err().to_string().contains("cannot list"));
    }
}
