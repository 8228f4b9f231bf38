//! All I/O of `check_apt`: asks APT for its paths, runs the simulation, reads lists and states.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use check::{CheckError, Ctx};
use rustix::fs::{MemfdFlags, memfd_create};

use crate::command::{Done, run};
use crate::dpkg::Packages;
use crate::freshness::Indices;
use crate::updates::Updates;
use crate::{Args, kernel, lists};

const APT_GET: &str = "/usr/bin/apt-get";
const APT_CONFIG: &str = "/usr/bin/apt-config";

/// Largest recorded output read.
const MAX_INPUT: u64 = 16 * 1024 * 1024;
/// Largest of the small files read (reboot-required.pkgs, osrelease).
const MAX_SMALL: u64 = 64 * 1024;
/// Kept from the deadline, to kill what runs and to tell of it.
const MARGIN: Duration = Duration::from_millis(100);

/// What was found; None: not looked at.
#[derive(Debug, Default)]
pub(crate) struct Sample {
    pub updates: Option<Updates>,
    /// What apt-get said besides the upgrades.
    pub simulation: Said,
    /// What `apt-get update` said, with -u.
    pub update: Option<Said>,
    pub indices: Option<Indices>,
    pub packages: Option<Packages>,
    /// Why a reboot is due.
    pub reboot: Vec<String>,
}

/// Complaints of a program, line by line.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// Lines beginning in `E:`, or how it ended if there are none.
    pub errors: Vec<String>,
    /// Lines beginning in `W:`, and whatever else was on standard error.
    pub warnings: Vec<String>,
}

/// Where this APT keeps things.
#[derive(Clone, Debug)]
pub(crate) struct AptPaths {
    pub lists: PathBuf,
    pub source_list: PathBuf,
    pub source_parts: PathBuf,
    pub status: PathBuf,
    pub architecture: String,
    pub check_valid_until: bool,
}

/// `--root`: absolute, and writable in APT's configuration language.
pub(crate) fn root_dir(text: &str) -> Result<PathBuf, String> {
    let path = std::path::absolute(text).map_err(|error| format!("`{text}`: {error}"))?;
    match path.to_str() {
        Some(text) if !text.contains(['"', '\\', '\n']) => Ok(path),
        _ => Err(format!("`{text}` cannot be written in APT's configuration: no quotes and backslashes")),
    }
}

pub(crate) fn measure(args: &Args, ctx: &Ctx) -> Result<Sample, CheckError> {
    if let Some(path) = &args.input_file {
        let output = recorded(path)?;
        return Ok(Sample { updates: Some(Updates::parse(&output, args)), ..Sample::default() });
    }
    let apt = Apt {
        root: args.root.as_deref(),
        deadline: ctx.deadline().checked_sub(MARGIN).unwrap_or(ctx.deadline()),
    };
    let mut sample = Sample::default();
    if let Some(words) = &args.update {
        if !rustix::process::geteuid().is_root() {
            return Err(CheckError::usage(
                "-u runs apt-get update, which only root may; run it by a timer instead",
            ));
        }
        let options = ["-q", "-o", "APT::Update::Error-Mode=any", "update"];
        let done = apt.run(APT_GET, &words.0, &options, "apt-get update")?;
        sample.update = Some(Said::of(&done, "apt-get update"));
    }
    let paths = apt.paths()?;
    if !args.no_freshness {
        sample.indices = Some(lists::indices(&paths, args.stamp.as_deref()));
    }
    if args.no_upgrade {
        // the peer says that there are none, and graphs go on
        sample.updates = Some(Updates::default());
    } else {
        let words = args.dist_upgrade.as_ref().or(args.upgrade.as_ref()).cloned().unwrap_or_default();
        // after the given options, so that none of them makes it real
        let options = ["-qq", "-o", "Debug::NoLocking=true", "-o", "APT::Get::Simulate=true", args.verb()];
        let name = format!("apt-get {}", args.verb());
        let done = apt.run(APT_GET, &words.0, &options, &name)?;
        sample.updates = Some(Updates::parse(&done.stdout, args));
        sample.simulation = Said::of(&done, &name);
    }
    let packages = File::open(&paths.status).and_then(|file| Packages::read(BufReader::new(file)));
    let packages = packages
        .map_err(|error| CheckError::internal(format!("cannot read {}: {error}", paths.status.display())))?;
    sample.reboot = reboot(args.root.as_deref(), &packages);
    sample.packages = Some(packages);
    Ok(sample)
}

fn recorded(path: &Path) -> Result<String, CheckError> {
    let failed =
        |error: std::io::Error| CheckError::internal(format!("cannot read {}: {error}", path.display()));
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(MAX_INPUT).read_to_end(&mut bytes)).map_err(failed)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The APT of one root, until a deadline.
struct Apt<'a> {
    root: Option<&'a Path>,
    deadline: Instant,
}

impl Apt<'_> {
    fn run(&self, program: &str, given: &[String], fixed: &[&str], name: &str) -> Result<Done, CheckError> {
        let mut command = Command::new(program);
        command
            .args(given)
            .args(fixed)
            .env("LC_ALL", "C")
            .env_remove("LANGUAGE")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(Stdio::null());
        if let Some(root) = self.root {
            let configuration = configuration(root).map_err(|error| {
                CheckError::internal(format!(
                    "cannot prepare APT's configuration for {}: {error}",
                    root.display()
                ))
            })?;
            command.stdin(configuration).env("APT_CONFIG", "/proc/self/fd/0");
        }
        run(&mut command, name, self.deadline)
    }

    fn paths(&self) -> Result<AptPaths, CheckError> {
        let asked = [
            ("LISTS", "Dir::State::lists/d"),
            ("STATUS", "Dir::State::status/f"),
            ("LIST", "Dir::Etc::sourcelist/f"),
            ("PARTS", "Dir::Etc::sourceparts/d"),
            ("ARCHITECTURE", "APT::Architecture"),
            ("VALID", "Acquire::Check-Valid-Until/b"),
        ];
        let words: Vec<&str> =
            std::iter::once("shell").chain(asked.iter().flat_map(|(name, key)| [*name, *key])).collect();
        let done = self.run(APT_CONFIG, &[], &words, "apt-config")?;
        if let Some(error) = Said::of(&done, "apt-config").errors.first() {
            return Err(CheckError::internal(format!("APT's configuration is broken: {error}")));
        }
        let value = |name: &str| assigned(&done.stdout, name);
        let path = |name: &str, key: &str| {
            value(name).map(PathBuf::from).ok_or_else(|| CheckError::internal(format!("APT has no {key}")))
        };
        Ok(AptPaths {
            lists: path("LISTS", "Dir::State::lists")?,
            status: path("STATUS", "Dir::State::status")?,
            source_list: path("LIST", "Dir::Etc::sourcelist")?,
            source_parts: path("PARTS", "Dir::Etc::sourceparts")?,
            architecture: value("ARCHITECTURE").unwrap_or_default(),
            check_valid_until: value("VALID").is_none_or(|value| value != "false"),
        })
    }
}

impl Said {
    fn of(done: &Done, name: &str) -> Said {
        let mut said = Said::default();
        for line in done.stderr.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
            match line.strip_prefix("E: ") {
                Some(error) => said.errors.push(error.to_owned()),
                None => said.warnings.push(line.strip_prefix("W: ").unwrap_or(line).to_owned()),
            }
        }
        if !done.status.success() && said.errors.is_empty() {
            said.errors.push(format!("{name} ended with {}", done.status));
        }
        said
    }
}

/// A file without a name that sets another root. APT reads the file of `APT_CONFIG` before all
/// others, so that those of this system are never opened; `-o Dir=` would come too late.
fn configuration(root: &Path) -> std::io::Result<File> {
    let root = root.display();
    let text = format!("Dir \"{root}/\";\nDir::State::status \"{root}/var/lib/dpkg/status\";\n");
    let mut file = File::from(memfd_create("apt.conf", MemfdFlags::CLOEXEC)?);
    file.write_all(text.as_bytes())?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

/// `NAME='value'` of `apt-config shell`, where `'\''` is a quote.
fn assigned(output: &str, name: &str) -> Option<String> {
    let value = output.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
    let quoted = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(value);
    Some(quoted.replace("'\\''", "'"))
}

/// What packages asked for, and what the kernels show (on this system only).
fn reboot(root: Option<&Path>, packages: &Packages) -> Vec<String> {
    let mut reasons = Vec::new();
    let marker = root.unwrap_or(Path::new("/")).join("run/reboot-required");
    if marker.exists() {
        let names = small(&marker.with_extension("pkgs")).unwrap_or_default();
        let mut names: Vec<&str> = names.lines().filter(|line| !line.trim().is_empty()).collect();
        names.sort_unstable();
        names.dedup();
        let by = crate::updates::counted(&names);
        let by = if by.is_empty() { "a package".to_owned() } else { by };
        reasons.push(format!("asked for by {by}"));
    }
    if root.is_none()
        && let (Some(release), Some(build)) =
            (small(Path::new("/proc/sys/kernel/osrelease")), small(Path::new("/proc/sys/kernel/version")))
    {
        reasons.extend(kernel::newer_installed(&packages.kernels, release.trim(), &build));
    }
    reasons
}

fn small(path: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(MAX_SMALL).read_to_string(&mut text).ok()?;
    Some(text)
}

/// Seconds since 1970.
pub(crate) fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_of_apt_config_are_read() {
        let output = "LISTS='/var/lib/apt/lists/'\nODD='it'\\''s'\nVALID='false'\n";
        assert_eq!(assigned(output, "LISTS").as_deref(), Some("/var/lib/apt/lists/"));
        assert_eq!(assigned(output, "ODD").as_deref(), Some("it's"));
        assert_eq!(assigned(output, "LIST"), None);
        assert_eq!(assigned("", "X"), None);
    }

    #[test]
    fn roots_that_cannot_be_written_down_are_refused() {
        assert_eq!(root_dir("/srv/root"), Ok(PathBuf::from("/srv/root")));
        assert!(root_dir("a").unwrap().is_absolute());
        for bad in ["/a\"; x", "/a\\b", "/a\nb"] {
            assert!(root_dir(bad).is_err(), "{bad}");
        }
    }
}
