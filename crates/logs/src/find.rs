//! Which files a log consists of: the one that grows, and what was rotated away from it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use crate::LogError;

/// Most files of one pattern: a detail file a day for each of some thousand clients.
pub const MAX_FILES: usize = 8192;

/// The path of a log, or many: `*` and `?` stand for any text and any character of one part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(PathBuf);

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Pattern, String> {
        let path = Path::new(text);
        if !path.is_absolute() {
            return Err(format!("`{text}`: write the whole path, from / on"));
        }
        if path.components().any(|part| part == Component::ParentDir) || path.file_name().is_none() {
            return Err(format!("`{text}` is no path of a file"));
        }
        Ok(Pattern(path.to_owned()))
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.display().fmt(f)
    }
}

/// Logs by name, each with its files; a name is the path without what rotation has added to it.
pub(crate) type Found = BTreeMap<PathBuf, Vec<PathBuf>>;

/// The files that a pattern fits, and those that were rotated away from them.
pub(crate) fn find(pattern: &Pattern, found: &mut Found) -> Result<(), LogError> {
    let mut directories = vec![PathBuf::new()];
    let mut parts = pattern.0.components().peekable();
    let mut count = 0;
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        let name = part.as_os_str();
        let text = name.to_string_lossy();
        let is_pattern = text.contains(['*', '?']);
        let mut next = Vec::new();
        for directory in directories {
            if !is_pattern && !is_last {
                next.push(directory.join(name));
                continue;
            }
            for entry in entries(&directory)? {
                let path = directory.join(&entry);
                if is_last {
                    let log = if is_pattern {
                        check::glob(&text, &entry).then(|| without_rotation(&entry))
                    } else {
                        is_part_of(&entry, &text).then(|| text.as_ref())
                    };
                    if let Some(log) = log {
                        let files = found.entry(directory.join(log)).or_default();
                        if !files.contains(&path) {
                            files.push(path);
                        }
                        count += 1;
                    }
                } else if check::glob(&text, &entry) && path.is_dir() {
                    next.push(path);
                }
                if count > MAX_FILES || next.len() > MAX_FILES {
                    return Err(LogError::TooMany(pattern.to_string()));
                }
            }
        }
        directories = next;
    }
    if count == 0 { Err(LogError::Nothing(pattern.to_string())) } else { Ok(()) }
}

fn entries(directory: &Path) -> Result<Vec<String>, LogError> {
    let failed = |why: io::Error| LogError::Unreadable { path: directory.display().to_string(), why };
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        // names that are no UTF-8 are no logs
        names.extend(entry.map_err(failed)?.file_name().into_string().ok());
    }
    names.sort_unstable();
    Ok(names)
}

/// Is a file the log of that name, or was it rotated away from it? `access.log`, `access.log.1`,
/// `access.log-20261130.gz`, and `access-20261130.log` (logrotate's `extension .log`).
fn is_part_of(file: &str, log: &str) -> bool {
    let file = file.strip_suffix(".gz").unwrap_or(file);
    if file == log {
        return true;
    }
    let behind = |name: &str, rest: &str| {
        name.strip_prefix(rest).is_some_and(|suffix| !suffix.is_empty() && is_rotation(suffix))
    };
    let within = || {
        let (stem, extension) = log.rsplit_once('.')?;
        Some(behind(file.strip_suffix(extension)?.strip_suffix('.')?, stem))
    };
    behind(file, log) || within().unwrap_or_default()
}

/// `.1`, `-20261130`, `.2026-11-30`, `-20261130-1764460800`.
fn is_rotation(suffix: &str) -> bool {
    suffix.starts_with(['.', '-'])
        && suffix.ends_with(|c: char| c.is_ascii_digit())
        && suffix.bytes().all(|byte| byte.is_ascii_digit() || b".-".contains(&byte))
}

/// The name of a file without what rotation, or the day in a name, has added.
fn without_rotation(file: &str) -> &str {
    let file = file.strip_suffix(".gz").unwrap_or(file);
    let log = file.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    if log.is_empty() || log.len() == file.len() || !is_rotation(&file[log.len()..]) { file } else { log }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_files_are_parts_of_their_log() {
        for file in [
            "access.log",
            "access.log.1",
            "access.log.12.gz",
            "access.log-20261130",
            "access.log-20261130-1764460800.gz",
            "access.log.2026-11-30",
            "access-20261130.log",
            "access-20261130.log.gz",
            "access.log.gz",
        ] {
            assert!(is_part_of(file, "access.log"), "{file}");
        }
        for file in
            ["access.logs", "access.log.old", "access.log~", "access.log.", "xaccess.log", "access.log.1.bz2"]
        {
            assert!(!is_part_of(file, "access.log"), "{file}");
        }
        for (file, log) in [
            ("auth-detail-20261130.gz", "auth-detail"),
            ("detail", "detail"),
            ("10.0.0.1", "10.0.0.1"),
            ("fticks.log.1", "fticks.log"),
            ("log2", "log2"),
        ] {
            assert_eq!(without_rotation(file), log);
        }
    }

    #[test]
    fn patterns_reach_into_directories() {
        let dir = tempfile::tempdir().unwrap();
        for client in ["10.0.0.1", "10.0.0.2"] {
            fs::create_dir(dir.path().join(client)).unwrap();
            for file in ["auth-detail-20261129.gz", "auth-detail-20261130", "other"] {
                fs::write(dir.path().join(client).join(file), "").unwrap();
            }
        }
        fs::write(dir.path().join("10.file"), "").unwrap();
        let pattern = |rest: &str| format!("{}/{rest}", dir.path().display()).parse::<Pattern>().unwrap();
        let mut found = Found::new();
        find(&pattern("10.*/auth-detail-*"), &mut found).unwrap();
        find(&pattern("10.0.0.1/auth-detail-20261130"), &mut found).unwrap();
        let sizes: Vec<usize> = found.values().map(Vec::len).collect();
        assert_eq!(sizes, [2, 1, 2], "{found:?}");
        let missing = find(&pattern("*/nothing"), &mut Found::new()).unwrap_err().to_string();
        assert!(missing.starts_with("no file is there that "), "{missing}");
        for bad in ["", "access.log", "/", "/var/../etc/x"] {
            assert!(bad.parse::<Pattern>().is_err(), "{bad}");
        }
    }
}
