//! All I/O of `check_disk`: the mount table, where the named paths lie, and the file systems' own
//! numbers. What may hang is asked by [`probe`].

use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use check::{CheckError, Ctx};

use crate::mounts::{self, Mount};
use crate::options::{Args, Step};
use crate::probe;
use crate::select::{Place, Places, Target, select};
use crate::usage::Usage;

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Sample {
    /// File systems in the order of the command line or the mount table.
    pub entries: Vec<Entry>,
    /// What could not be found or read, a line each; CRITICAL.
    pub failures: Vec<String>,
    /// What was missing and may be missing.
    pub ignored: Vec<String>,
}

/// A file system, or a part of a group.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub target: Target,
    pub mount: Mount,
    pub usage: Usage,
}

/// How to ask a file system: [`statvfs`], or a test's way.
pub(crate) type Ask = fn(&Path) -> io::Result<Usage>;

/// The kernel's answer; it may never come.
pub(crate) fn statvfs(path: &Path) -> io::Result<Usage> {
    Ok(Usage::of(&rustix::fs::statvfs(path)?))
}

/// Selects and asks. The report is made before the deadline, whatever hangs.
pub(crate) fn measure(args: &Args, ask: Ask, ctx: &Ctx) -> Result<Sample, CheckError> {
    let end = ctx.deadline().checked_sub((ctx.remaining() / 10).min(Duration::from_secs(1)));
    let end = end.unwrap_or_else(Instant::now);
    let mut table = mounts::read()?;
    let names = names_to_find(args, &table);
    let mut places = Places::new();
    if !names.is_empty() {
        // half of the time: what answers then can still be measured
        let half = Instant::now() + end.saturating_duration_since(Instant::now()) / 2;
        let found = probe::all(names.clone(), half, move |name| find(name, ask));
        // asking may have started an automount
        table = mounts::read()?;
        places = names
            .into_iter()
            .zip(found)
            .map(|(name, found)| (name.clone(), place(&name, found, &table)))
            .collect();
    }
    let selection = select(args, &table, &places)?;
    let mut sample = Sample { failures: selection.failures, ignored: selection.ignored, ..Sample::default() };
    let paths: Vec<PathBuf> = selection.targets.iter().map(|target| target.path.clone()).collect();
    let start = Instant::now();
    let answers = probe::all(paths, end, move |path| ask(path));
    for (target, answer) in selection.targets.into_iter().zip(answers) {
        let path = target.path.display();
        match answer {
            Some(Ok(_)) if target.only_ask => {}
            Some(Ok(usage)) => {
                if let Some(mount) = table.get(target.mount).cloned() {
                    sample.entries.push(Entry { target, mount, usage });
                }
            }
            // hidden under a later mount, or unmounted since the table was read
            Some(Err(error)) if error.kind() == io::ErrorKind::NotFound && !target.by_name => {}
            Some(Err(error)) => {
                let why = inaccessible(&target.path, &error);
                let ignore = args.flags.ignore_missing && may_be_missing(&error);
                if ignore { &mut sample.ignored } else { &mut sample.failures }.push(why);
            }
            None => sample.failures.push(silent(&path.to_string(), start)),
        }
    }
    Ok(sample)
}

/// The paths whose place the table alone does not tell.
fn names_to_find(args: &Args, table: &[Mount]) -> Vec<PathBuf> {
    let mut names = Vec::new();
    for step in &args.steps {
        let (Step::Path(path) | Step::BarePath(path)) = step else { continue };
        let is_known =
            mounts::named(table, path).and_then(|i| table.get(i)).is_some_and(|mount| mount.kind != "autofs");
        if !is_known && !args.flags.exact_match && !names.contains(path) {
            names.push(path.clone());
        }
    }
    names
}

/// Where a path really is.
enum Found {
    Path(PathBuf),
    Device(PathBuf),
}

fn find(path: &Path, ask: Ask) -> io::Result<Found> {
    // this starts an automount, which reading links does not
    ask(path)?;
    let real = fs::canonicalize(path)?;
    Ok(if fs::metadata(&real)?.file_type().is_block_device() {
        Found::Device(real)
    } else {
        Found::Path(real)
    })
}

fn place(name: &Path, found: Option<io::Result<Found>>, table: &[Mount]) -> Place {
    let shown = name.display();
    match found {
        None => Place::Failed(format!("{shown} does not answer")),
        Some(Err(error)) if may_be_missing(&error) => Place::Missing(inaccessible(name, &error)),
        Some(Err(error)) => Place::Failed(inaccessible(name, &error)),
        Some(Ok(Found::Path(real))) => match mounts::nearest(table, &real) {
            Some(i) => Place::On(i),
            None => Place::Missing(format!("{shown} not found among the mounts")),
        },
        Some(Ok(Found::Device(real))) => {
            let by_link = || {
                let is_it = |mount: &Mount| {
                    let source = Path::new(&mount.source);
                    source.starts_with("/dev") && fs::canonicalize(source).is_ok_and(|source| source == real)
                };
                table
                    .iter()
                    .position(is_it)
                    .and_then(|i| mounts::by_source(table, Path::new(&table.get(i)?.source)))
            };
            match mounts::by_source(table, &real).or_else(by_link) {
                Some(i) => Place::On(i),
                None => Place::Missing(format!("{shown} is not mounted")),
            }
        }
    }
}

fn may_be_missing(error: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    matches!(error.kind(), NotFound | NotADirectory | PermissionDenied)
}

fn inaccessible(path: &Path, error: &io::Error) -> String {
    let text = error.to_string();
    let reason = text.split(" (os error").next().unwrap_or(&text);
    format!("{} is not accessible: {reason}", path.display())
}

fn silent(path: &str, start: Instant) -> String {
    format!("{path} does not answer (waited {:.1} seconds)", start.elapsed().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::FromArgMatches;

    fn measured(line: &str, ask: Ask) -> Sample {
        let command = <Args as clap::Args>::augment_args(clap::Command::new("x").args_override_self(true));
        let words = std::iter::once("x").chain(line.split(' '));
        let args = Args::from_arg_matches(&command.try_get_matches_from(words).expect("options"));
        let ctx = Ctx::new(Duration::from_millis(1500), 0);
        let sample = measure(&args.expect("options"), ask, &ctx).expect("a sample");
        assert!(ctx.remaining() > Duration::ZERO, "it must end before the deadline");
        sample
    }

    /// Answers only for the root directory.
    fn hangs_elsewhere(path: &Path) -> io::Result<Usage> {
        while path != Path::new("/") {
            std::thread::park();
        }
        statvfs(path)
    }

    #[test]
    fn a_mount_that_hangs_is_named_and_the_others_are_measured() {
        let sample = measured("-w 1 -p /proc -p /", hangs_elsewhere);
        assert_eq!(sample.failures.len(), 1, "{sample:?}");
        assert!(sample.failures[0].starts_with("/proc does not answer (waited 1."), "{sample:?}");
        assert_eq!(sample.entries.len(), 1, "{sample:?}");
    }

    #[test]
    fn a_path_that_hangs_before_its_mount_is_known_is_named_too() {
        let sample = measured("-w 1 -p /proc/self -p /", hangs_elsewhere);
        assert_eq!(sample.failures, ["/proc/self does not answer"], "{sample:?}");
        assert_eq!(sample.entries.len(), 1, "{sample:?}");
    }

    #[test]
    fn refusals_say_why() {
        fn refuses(_: &Path) -> io::Result<Usage> {
            Err(io::Error::from_raw_os_error(116))
        }
        let sample = measured("-w 1 -p /", refuses);
        assert_eq!(sample.failures, ["/ is not accessible: Stale file handle"]);
        assert_eq!(measured("-n -w 1 -p /", refuses).failures.len(), 1, "stale is not missing");
        let sample = measured("-n -w 1 -p /no/such/path -p /", statvfs);
        assert_eq!(sample.ignored, ["/no/such/path is not accessible: No such file or directory"]);
        assert!(sample.failures.is_empty() && sample.entries.len() == 1, "{sample:?}");
    }
}
