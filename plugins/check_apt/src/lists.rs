//! Reads APT's configuration of sources and the traces of the last updates: all I/O for
//! [`crate::freshness`].

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::freshness::{Indices, Listed, Seen};
use crate::measure::{AptPaths, now};
use crate::release::Release;
use crate::sources::{Source, Sources};

/// Largest file of sources read.
const MAX_SOURCES_LEN: u64 = 1024 * 1024;
/// Most files in sources.list.d and most names in lists/ looked at.
const MAX_FILES: usize = 100_000;
/// How much of a Release is read: the dates stand before the hashes.
const MAX_HEAD: u64 = 64 * 1024;
/// Stamps that apt's own timer and Ubuntu's update-notifier touch, beside `lists/`.
const PERIODIC: [&str; 2] = ["periodic/update-success-stamp", "periodic/update-stamp"];

pub(crate) fn indices(paths: &AptPaths, stamp: Option<&Path>) -> Indices {
    let sources = read_sources(paths);
    let names = names_in(&paths.lists);
    // what is in partial/ while an update runs was not refused
    let partial = if is_locked(&paths.lists.join("lock")) {
        HashSet::new()
    } else {
        names_in(&paths.lists.join("partial"))
    };
    let listed = |source: &Source| Listed {
        name: source.name.clone(),
        seen: seen(source, &paths.lists, &names),
        refused: partial.iter().any(|name| name.starts_with(&source.prefix)),
    };
    let state = paths.lists.parent().unwrap_or(Path::new("/"));
    Indices {
        sources: sources.found.iter().map(listed).collect(),
        problems: sources.problems,
        stamp: stamp.map(|path| (path.display().to_string(), mtime(path))),
        periodic: PERIODIC.iter().filter_map(|name| mtime(&state.join(name))).reduce(f64::max),
        now: now(),
    }
}

fn read_sources(paths: &AptPaths) -> Sources {
    let mut sources = Sources::default();
    let mut read = |path: &Path, stanzas: bool| {
        let name = path.display().to_string();
        let mut bytes = Vec::new();
        let result = File::open(path).and_then(|file| file.take(MAX_SOURCES_LEN).read_to_end(&mut bytes));
        let text = String::from_utf8_lossy(&bytes);
        match result {
            Ok(_) if stanzas => {
                sources.read_stanzas(&name, &text, paths.check_valid_until, &paths.architecture);
            }
            Ok(_) => sources.read_list(&name, &text, paths.check_valid_until, &paths.architecture),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => sources
                .problems
                .push(format!("cannot read {name}: {error}; make it readable for the user of this check")),
        }
    };
    read(&paths.source_list, false);
    let mut parts: Vec<String> = names_in(&paths.source_parts).into_iter().collect();
    parts.sort();
    for name in parts {
        let path = paths.source_parts.join(&name);
        // other names are passed over by APT too: copies of editors and packages
        let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("list") if plain => read(&path, false),
            Some("sources") if plain => read(&path, true),
            _ => {}
        }
    }
    sources
}

/// The newest sign of a success; see the table in [`crate::freshness`].
fn seen(source: &Source, lists: &Path, names: &HashSet<String>) -> Option<Seen> {
    let of = |suffix: &str| {
        let name = format!("{}{suffix}", source.prefix);
        names.contains(&name).then(|| lists.join(name))
    };
    if let Some((path, signed)) = of("InRelease")
        .map(|path| (path, true))
        .or_else(|| of("Release").map(|path| (path, of("Release.gpg").is_some())))
    {
        let release = head(&path).map(|text| Release::parse(&text)).unwrap_or_default();
        return Some(Seen { confirmed: ctime(&path)?, signed, expires: release.expires(source) });
    }
    // a repository without any Release has only its indices
    let indices = names.iter().filter(|name| name.starts_with(&source.prefix));
    let confirmed = indices.filter_map(|name| ctime(&lists.join(name))).reduce(f64::max)?;
    Some(Seen { confirmed, signed: false, expires: None })
}

fn head(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_HEAD).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Names in a directory; none if it is missing or may not be read.
fn names_in(dir: &Path) -> HashSet<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().take(MAX_FILES);
    entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect()
}

/// Of the name itself: indices of `file:` sources are links into the repository.
fn ctime(path: &Path) -> Option<f64> {
    let data = fs::symlink_metadata(path).ok()?;
    Some(data.ctime() as f64 + data.ctime_nsec() as f64 / 1e9)
}

fn mtime(path: &Path) -> Option<f64> {
    let data = fs::metadata(path).ok()?;
    Some(data.mtime() as f64 + data.mtime_nsec() as f64 / 1e9)
}

/// Does a process hold a lock on this file? The kernel tells everybody, by inode.
fn is_locked(path: &Path) -> bool {
    let Ok(data) = fs::metadata(path) else { return false };
    let inode = format!(":{}", data.ino());
    let locks = fs::read_to_string("/proc/locks").unwrap_or_default();
    locks.lines().any(|line| line.split_whitespace().any(|word| word.ends_with(&inode)))
}
