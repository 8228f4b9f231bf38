//! `hlidka-worker --test-sandbox`: what the sandbox is worth on this machine's kernel, by trying.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::sandbox;

/// Tries everything in the sandbox. Exit code 0 if all that must fail fails and all that must work
/// works.
///
/// A thread enters the sandbox, so that this one can still clean up.
pub(crate) fn main(out: &mut impl Write) -> ExitCode {
    let folder = std::env::temp_dir().join(format!("hlidka-sandbox-{}", std::process::id()));
    let outcome = fs::create_dir(&folder).and_then(|()| {
        fs::write(folder.join("old"), "x")?;
        let inside = folder.clone();
        on_a_thread(move || try_all(&inside))
    });
    // it is in the temporary folder: if it stays, no harm is done
    let _ = fs::remove_dir_all(&folder);
    match outcome {
        Ok((all, text)) => {
            let printed = out.write_all(text.as_bytes());
            if all && printed.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            let _ = writeln!(out, "cannot prepare the test in {}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

fn try_all(folder: &Path) -> io::Result<(bool, String)> {
    let old = folder.join("old");
    let new = |name: &str| -> PathBuf { folder.join(name) };
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let mut report = Report { all: true, text: String::new() };
    for missing in sandbox::apply() {
        report.line("missing", &missing);
    }
    report.possible("read a file", fs::read(&old));
    report.possible("read /proc", fs::read("/proc/self/stat"));
    report.possible("connect by TCP", TcpStream::connect(address));
    report.possible("start a thread", on_a_thread(|| Ok(())));
    report.refused("create a file", File::create(new("file")));
    let path = new("thread");
    report.refused("create a file on a thread", on_a_thread(move || File::create(path)));
    report.refused("append to a file", OpenOptions::new().append(true).open(&old));
    report.refused("rename a file", fs::rename(&old, new("renamed")));
    report.refused("delete a file", fs::remove_file(&old));
    report.refused("make a folder", fs::create_dir(new("folder")));
    report.refused("make a link", std::os::unix::fs::symlink(&old, new("link")));
    report.refused("change permissions", fs::set_permissions(&old, Permissions::from_mode(0o777)));
    report.refused("start a program", Command::new("/bin/true").status());
    report.refused("start one on a thread", on_a_thread(|| Command::new("/bin/true").status()));
    // if this works, this program is gone, and /bin/false reports no success
    report.refused::<()>("become a program", Err(Command::new("/bin/false").exec()));
    Ok((report.all, report.text))
}

struct Report {
    all: bool,
    text: String,
}

impl Report {
    fn possible<T>(&mut self, what: &str, result: io::Result<T>) {
        self.judge(what, result.is_ok(), result);
    }

    fn refused<T>(&mut self, what: &str, result: io::Result<T>) {
        self.judge(what, result.is_err(), result);
    }

    fn judge<T>(&mut self, what: &str, is_right: bool, result: io::Result<T>) {
        self.all &= is_right;
        let got = result.map_or_else(|error| format!("refused ({error})"), |_| "possible".to_owned());
        self.line(if is_right { "ok" } else { "WRONG" }, &format!("{what}: {got}"));
    }

    fn line(&mut self, head: &str, text: &str) {
        writeln!(self.text, "{head:<8}{text}").expect("writing to a string cannot fail");
    }
}

fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    let thread = std::thread::Builder::new().spawn(work)?;
    thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread panicked")))
}
