//! `last_run_report.yaml`, line by line.
//!
//! It can have megabytes (an entry for each resource), and its tags name Ruby classes. Puppet writes
//! it with one emitter, whose layout is fixed: keys of the report start in the first column,
//! entries of the log with `- `, resources two columns in. So it is read like a log: the head and
//! the tail always, what lies between only to tell what failed. Only log entries of errors are
//! parsed as YAML.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use serde::Deserialize;

/// Bytes of the head and of the tail. The keys before the log and behind the resources have a few
/// hundred.
const ENDS: u64 = 4096;

/// Most bytes that are read to tell what failed.
const MAX_LEN: u64 = 32 * 1024 * 1024;

/// Most bytes of a line, and of a log entry, that are looked at.
const MAX_LINE: usize = 16 * 1024;

/// Most failed resources, and most errors of the log, that are kept.
const KEPT: usize = 20;

/// What the report adds to the summary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RunReport {
    /// `failed`, `changed` or `unchanged`.
    pub status: Option<String>,
    /// Did the run go through the whole catalog? Since Puppet 6.
    pub completed: Option<bool>,
    /// Was it only simulated?
    pub noop: Option<bool>,
    /// `not_used`, `explicitly_requested`, or `on_failure`: the server gave none.
    pub cached_catalog: Option<String>,
    /// Names of failed resources, the first of them: `File[/etc/motd]`.
    pub failed: Vec<String>,
    /// The first errors of the log.
    pub errors: Vec<String>,
}

/// Reads the head and the tail; all of it if `failed`, or if they say that something failed.
pub(crate) fn read(path: &Path, failed: bool) -> io::Result<RunReport> {
    let mut file = File::open(path)?;
    if !failed {
        let report = ends(&mut file)?;
        let is = |value: &Option<String>, text: &str| value.as_deref() == Some(text);
        if !is(&report.status, "failed") && !is(&report.cached_catalog, "on_failure") {
            return Ok(report);
        }
        file.rewind()?;
    }
    let mut scan = Scan { wants_failures: true, ..Scan::default() };
    scan.all(BufReader::new(file.take(MAX_LEN)))?;
    Ok(scan.finish())
}

/// What the keys before the log and behind the resources say.
fn ends(file: &mut File) -> io::Result<RunReport> {
    let mut part = Vec::new();
    file.by_ref().take(ENDS).read_to_end(&mut part)?;
    let mut scan = Scan::default();
    scan.all(part.as_slice())?;
    let length = file.seek(SeekFrom::End(0))?;
    if length > ENDS {
        file.seek(SeekFrom::Start(length.saturating_sub(ENDS).max(ENDS)))?;
        part.clear();
        file.by_ref().take(ENDS).read_to_end(&mut part)?;
        // it starts in the middle of a line, which must not be taken for one
        let whole = part.iter().position(|byte| *byte == b'\n').map_or(part.len(), |end| end + 1);
        scan.all(part.get(whole..).unwrap_or_default())?;
    }
    Ok(scan.finish())
}

/// The part of the report that a line belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Section {
    #[default]
    Other,
    Logs,
    Resources,
}

#[derive(Default)]
struct Scan {
    report: RunReport,
    wants_failures: bool,
    section: Section,
    /// The log entry of an error that is being read.
    entry: Option<String>,
    /// The resource that is being read.
    resource: String,
}

impl Scan {
    fn all(&mut self, mut from: impl BufRead) -> io::Result<()> {
        let mut line = Vec::new();
        while next_line(&mut from, &mut line)? {
            self.line(&String::from_utf8_lossy(&line));
        }
        Ok(())
    }

    fn line(&mut self, line: &str) {
        if line.starts_with(|first: char| first.is_ascii_lowercase()) {
            self.end_entry();
            self.key(line);
        } else if !self.wants_failures {
            return;
        }
        match self.section {
            Section::Logs => self.log_line(line),
            Section::Resources => self.resource_line(line),
            Section::Other => {}
        }
    }

    /// A key of the report itself.
    fn key(&mut self, line: &str) {
        let Some((key, value)) = line.split_once(':') else { return };
        let value = unquote(value);
        let report = &mut self.report;
        self.section = match key {
            "logs" => Section::Logs,
            "resource_statuses" => Section::Resources,
            _ => Section::Other,
        };
        match key {
            "status" => report.status = Some(value.to_owned()),
            "transaction_completed" => report.completed = value.parse().ok(),
            "noop" => report.noop = value.parse().ok(),
            "cached_catalog_status" => report.cached_catalog = Some(value.to_owned()),
            _ => {}
        }
    }

    fn log_line(&mut self, line: &str) {
        if line.starts_with("- ") {
            self.end_entry();
            if line.trim_end() == "- level: err" && self.report.errors.len() < KEPT {
                self.entry = Some(String::new());
            }
        }
        if let Some(entry) = &mut self.entry
            && entry.len() + line.len() < MAX_LINE
        {
            entry.push_str(line);
            entry.push('\n');
        }
    }

    fn end_entry(&mut self) {
        #[derive(Deserialize)]
        struct Entry {
            message: String,
        }
        let Some(entry) = self.entry.take() else { return };
        if let Ok([Entry { message }]) = serde_saphyr::from_str::<[Entry; 1]>(&entry) {
            let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
            if !self.report.errors.contains(&message) {
                self.report.errors.push(message);
            }
        }
    }

    fn resource_line(&mut self, line: &str) {
        let Some(inner) = line.strip_prefix("  ") else { return };
        if let Some(field) = inner.strip_prefix("  ") {
            if let Some(name) = field.strip_prefix("resource: ") {
                unquote(name).clone_into(&mut self.resource);
            } else if field.trim_end() == "failed: true" && self.report.failed.len() < KEPT {
                self.report.failed.push(self.resource.clone());
            }
        } else if !inner.starts_with([':', ' ']) {
            // a long name is written as `? NAME` and `: title: …` on the next line
            let name = inner.strip_prefix("? ").unwrap_or(inner).trim_end();
            unquote(name.strip_suffix(':').unwrap_or(name)).clone_into(&mut self.resource);
        }
    }

    fn finish(mut self) -> RunReport {
        self.end_entry();
        self.report
    }
}

/// The next line without its end, cut at [`MAX_LINE`]. False at the end.
fn next_line(from: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let mut any = false;
    loop {
        let buffer = from.fill_buf()?;
        if buffer.is_empty() {
            return Ok(any);
        }
        any = true;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let part = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
        let room = MAX_LINE.saturating_sub(line.len());
        line.extend_from_slice(part.get(..room).unwrap_or(part));
        let used = part.len() + usize::from(end.is_some());
        from.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}

/// A short scalar without its quotes; names of resources have nothing to unescape.
fn unquote(text: &str) -> &str {
    let text = text.trim();
    let inner = |mark| text.strip_prefix(mark).and_then(|rest: &str| rest.strip_suffix(mark));
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use proptest::prelude::*;

    use super::*;

    fn recorded(name: &str, failed: bool) -> RunReport {
        let path: PathBuf =
            [env!("CARGO_MANIFEST_DIR"), "testdata", name, "last_run_report.yaml"].iter().collect();
        read(&path, failed).unwrap()
    }

    #[test]
    fn reads_what_puppet_7_writes() {
        let good = recorded("good", false);
        assert_eq!(good.status.as_deref(), Some("changed"));
        assert_eq!((good.completed, good.noop), (Some(true), Some(false)));
        assert_eq!(good.cached_catalog.as_deref(), Some("not_used"));
        assert_eq!((good.failed.len(), good.errors.len()), (0, 0));
        // all of it says the same
        assert_eq!(recorded("good", true), good);
        let noop = recorded("noop", false);
        assert_eq!((noop.noop, noop.cached_catalog.as_deref()), (Some(true), Some("not_used")));
    }

    #[test]
    fn names_what_failed_and_why() {
        let failed = recorded("failed", false);
        assert_eq!(failed.failed, ["File[/tmp/pp/none/hello]", "Exec[/bin/false]"]);
        assert!(failed.errors[0].starts_with("Could not set 'file' on ensure: No such file or directory"));
        assert!(failed.errors.iter().any(|error| error == "'/bin/false' returned 1 instead of one of [0]"));
        let none = recorded("no_catalog", true);
        assert_eq!((none.completed, none.failed.len()), (Some(false), 0));
        let last = none.errors.iter().find(|error| error.starts_with("Could not retrieve catalog from"));
        assert!(last.unwrap().ends_with("Evaluation Error: no class webserver"), "{:?}", none.errors);
        let cached = recorded("cached", false);
        assert_eq!((cached.cached_catalog.as_deref(), cached.errors.is_empty()), (Some("on_failure"), false));
    }

    fn scan(text: &str) -> RunReport {
        let mut scan = Scan { wants_failures: true, ..Scan::default() };
        scan.all(text.as_bytes()).unwrap();
        scan.finish()
    }

    #[test]
    fn text_inside_values_is_no_structure() {
        let text = "status: failed\nlogs:\n- level: err\n  message: |-\n    resource_statuses:\n    - level: err\n\n    status: ok\n  source: x\nresource_statuses:\n  ? 'File[/very/long]'\n  : title: x\n    resource: \"File[/very/long]\"\n    events:\n    - message: |-\n          failed: true\n    failed: true\n  Exec[x]:\n    failed: false\n";
        let report = scan(text);
        assert_eq!(report.status.as_deref(), Some("failed"));
        assert_eq!(report.failed, ["File[/very/long]"]);
        assert_eq!(report.errors, ["resource_statuses: - level: err status: ok"]);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let hundred = |entry: fn(usize) -> String| (0..100).map(entry).collect::<Vec<_>>().concat();
        let log = hundred(|i| format!("- level: err\n  message: m{i}\n"));
        let resources = hundred(|i| format!("  E[{i}]:\n    failed: true\n"));
        let endless = "x".repeat(MAX_LINE * 3);
        let report =
            scan(&format!("logs:\n- level: err\n  message: {endless}\n{log}resource_statuses:\n{resources}"));
        assert_eq!((report.errors.len(), report.failed.len()), (KEPT, KEPT));
        assert_eq!(report.failed[19], "E[19]");
        let mut line = Vec::new();
        assert!(next_line(&mut endless.as_bytes(), &mut line).unwrap());
        assert_eq!(line.len(), MAX_LINE);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(logs:|- level: err|  message: |resource_statuses:|  [?] |    failed: true|[a-z'\": é\n]|\n){0,40}") {
            scan(&text);
        }
    }
}
