//! Finds and reads files: all I/O of this crate.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use icinga2::{Included, Part};

use crate::concern::Concern;
use crate::federation::generate;
use crate::icinga::Scripts;
use crate::main_file::{MainFile, Settings};
use crate::model::includes;
use crate::options::ObjectPaths;
use crate::problem::{Place, Problem, Problems};
use crate::resources::{self, UserMacros};
use crate::source::Source;
use crate::trust::Trust;

/// A file may be so big: two million services.
const MAX_FILE: u64 = 512 * 1024 * 1024;

/// A federation's lists may be so big: fifty times the largest plan.
const MAX_LISTS: u64 = 64 * 1024 * 1024;

/// So many files are read.
const MAX_FILES: usize = 100_000;

/// A file of Icinga 2 may be so big: its objects are held in memory as a tree.
const MAX_SCRIPT: usize = 64 * 1024 * 1024;

/// Parts of Icinga's template library that hlidka's table stands for, as far as its checks go.
const LIBRARIES: [&str; 7] =
    ["itl", "plugins", "plugins-contrib", "manubulon", "windows-plugins", "nscp", "nscp-local"];

/// Folders may be so deep.
const MAX_DEPTH: usize = 32;

/// Is it to be known of every value where it stands?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Trace {
    #[default]
    No,
    Yes,
}

/// Everything that was read of objects, and what named it.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// Files of objects, in the order in which they count.
    pub sources: Vec<Source>,
    /// `$USERn$`
    pub user_macros: UserMacros,
    /// What main files say.
    pub settings: Settings,
    /// What is wanted of them.
    pub trace: Trace,
    /// Scripts of Icinga 2.
    pub icinga: Scripts,
    seen: HashSet<PathBuf>,
    /// Real paths of what is not trusted.
    foreign: HashMap<PathBuf, Trust>,
}

/// Who named a path.
pub(crate) type NamedBy<'a> = Option<Place<'a>>;

impl Files {
    /// Nothing so far.
    pub(crate) fn new(trace: Trace) -> Files {
        Files { trace, ..Files::default() }
    }

    /// Nothing in these folders, whatever names it, is ever read as trusted.
    pub(crate) fn keep_out(&mut self, paths: &ObjectPaths) {
        for (paths, trust) in [(&paths.exported, Trust::Exported), (&paths.collected, Trust::Collected)] {
            let real = paths.iter().filter_map(|path| path.canonicalize().ok());
            self.foreign.extend(real.map(|path| (path, trust)));
        }
    }

    /// Is this a path, or in a folder, that is not trusted?
    fn is_kept_out(&self, path: &Path, by: NamedBy<'_>, problems: &mut Problems) -> bool {
        let Ok(real) = path.canonicalize() else { return false };
        let trust = self.foreign.get(&real).or_else(|| self.foreign.get(real.parent()?));
        if let Some(trust) = trust {
            let own = name(path);
            let message = format!("{own} is {trust} and cannot be trusted as well");
            let problem = Problem::error(by.unwrap_or(Place { file: &own, line: 0 }), message);
            problems.push(problem.hint("keep trusted files in a folder of their own"));
        }
        trust.is_some()
    }

    /// Reads a file of objects, a main file and what it names, or a folder: its nagios.cfg, else its
    /// icinga2.conf, else all its `*.cfg` in byte order.
    pub(crate) fn add(&mut self, path: &Path, by: NamedBy<'_>, problems: &mut Problems) {
        self.add_ending(path, &[".cfg"], by, problems);
    }

    /// The same for what hlidka.yaml names: in a folder, Icinga 2's `*.conf` are read as well.
    pub(crate) fn add_trusted(&mut self, path: &Path, by: NamedBy<'_>, problems: &mut Problems) {
        self.add_ending(path, &[".cfg", ".conf"], by, problems);
    }

    fn add_ending(&mut self, path: &Path, endings: &[&str], by: NamedBy<'_>, problems: &mut Problems) {
        if !path.is_dir() {
            return self.file(path, by, 0, problems);
        }
        if self.is_kept_out(path, by, problems) {
            return;
        }
        let main = ["nagios.cfg", "icinga2.conf"].into_iter().map(|name| path.join(name));
        match main.into_iter().find(|main| main.is_file()) {
            Some(main) => self.file(&main, by, 0, problems),
            None => self.folder(path, endings, by, 0, problems),
        }
    }

    /// Reads a resource file.
    pub(crate) fn resource(&mut self, path: &Path, by: NamedBy<'_>, problems: &mut Problems) {
        if self.is_kept_out(path, by, problems) {
            return;
        }
        if let Some(source) = read(path, by, problems) {
            resources::read(&source, &mut self.user_macros, problems);
        }
    }

    /// Reads a federation's lists, and says which of the files that are named in them are not there.
    pub(crate) fn federation(&mut self, path: &Path, by: NamedBy<'_>, problems: &mut Problems) {
        if self.is_kept_out(path, by, problems) {
            return;
        }
        let text =
            bounded(path, MAX_LISTS).and_then(|bytes| String::from_utf8(bytes).map_err(|_| not_utf8()));
        let text = match text {
            Ok(text) => text,
            Err(error) => return problems.push(unreadable(path, &error, by)),
        };
        let file = name(path);
        // command lines are run elsewhere
        let folder = path.parent().unwrap_or(Path::new(""));
        let folder = std::path::absolute(folder.join(".")).unwrap_or_else(|_| folder.to_owned());
        let Some(made) = generate(&text, &folder, &file, problems) else { return };
        let mut missing = HashSet::new();
        for mention in &made.mentions {
            let is_missing =
                matches!(fs::metadata(&mention.path), Err(error) if error.kind() == io::ErrorKind::NotFound);
            if is_missing && missing.insert(&mention.path) {
                let place = Place { file: &file, line: mention.line };
                let message = format!("there is no {} {}", mention.what, mention.path);
                problems.push(
                    Problem::warning(Concern::MissingFile, place, message)
                        .hint("create it, readable by the monitor only"),
                );
            }
        }
        self.sources.push(made.source);
    }

    fn file(&mut self, path: &Path, by: NamedBy<'_>, depth: usize, problems: &mut Problems) {
        if !self.is_new(path) || self.is_kept_out(path, by, problems) {
            return;
        }
        if self.sources.len() + self.icinga.files.len() >= MAX_FILES || depth > MAX_DEPTH {
            let message = format!("more than {MAX_FILES} files, or included more than {MAX_DEPTH} deep");
            problems.push(Problem::error(Place { file: &name(path), line: 0 }, message));
            return;
        }
        if is_icinga(path) {
            self.icinga_file(path, by, depth, problems);
            if path.file_name().is_some_and(|name| name == "icinga2.conf") {
                self.zones(&path.with_file_name("zones.d"), by, depth, problems);
            }
            return;
        }
        let Some(source) = read(path, by, problems) else { return };
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        if MainFile::is_one(&source) {
            return self.main_file(&source, &folder, depth, problems);
        }
        let included: Vec<(PathBuf, bool, u32)> = includes(&source)
            .into_iter()
            .map(|include| (folder.join(include.path), include.folder, include.line))
            .collect();
        let file = source.file.clone();
        self.sources.push(source);
        for (path, is_folder, line) in included {
            let by = Some(Place { file: &file, line });
            if is_folder {
                self.folder(&path, &[".cfg"], by, depth + 1, problems);
            } else {
                self.file(&path, by, depth + 1, problems);
            }
        }
    }

    /// A file of Icinga 2, and in their places what it includes.
    fn icinga_file(&mut self, path: &Path, by: NamedBy<'_>, depth: usize, problems: &mut Problems) {
        let text = match bytes(path).map(String::from_utf8) {
            Ok(Ok(text)) if text.len() <= MAX_SCRIPT => text,
            Ok(Ok(_)) => {
                let message = format!("it is larger than {} MiB", MAX_SCRIPT / 1024 / 1024);
                return problems.push(unreadable(path, &io::Error::other(message), by));
            }
            Ok(Err(_)) => return problems.push(unreadable(path, &not_utf8(), by)),
            Err(error) => return problems.push(unreadable(path, &error, by)),
        };
        let file = name(path);
        let script = self.icinga.parse(file.clone(), &text, problems);
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        for part in script.parts() {
            let include = match part {
                Part::Script(script) => {
                    self.icinga.scripts.push(script);
                    continue;
                }
                Part::Include(include) => include,
            };
            let by = Some(Place { file: &file, line: include.at.line });
            match include.what {
                Included::Path(path) => {
                    for path in matching(&folder.join(path), by, problems) {
                        self.script(&path, by, depth + 1, problems);
                    }
                }
                Included::Folder(path, pattern) => {
                    let mut paths = Vec::new();
                    below(&folder.join(path), &pattern, &mut paths, 0, by, problems);
                    for path in paths {
                        self.script(&path, by, depth + 1, problems);
                    }
                }
                // hlidka has its own table
                Included::Library(library) if LIBRARIES.contains(&&*library) => {}
                Included::Library(library) => {
                    let message = format!("hlidka has no <{library}>");
                    let hint =
                        format!("known: {}; write the commands that you use yourself", LIBRARIES.join(", "));
                    problems.push(
                        Problem::warning(
                            Concern::Icinga2,
                            Place { file: &file, line: include.at.line },
                            message,
                        )
                        .hint(hint),
                    );
                }
            }
        }
    }

    /// The folders of zones beside a main file, which names none of them.
    fn zones(&mut self, folder: &Path, by: NamedBy<'_>, depth: usize, problems: &mut Problems) {
        let mut paths = Vec::new();
        for zone in listed(folder, &[]).unwrap_or_default() {
            below(&zone, "*.conf", &mut paths, 0, by, problems);
        }
        for path in paths {
            self.script(&path, by, depth + 1, problems);
        }
    }

    /// What a file of Icinga 2 includes is one, whatever its name.
    fn script(&mut self, path: &Path, by: NamedBy<'_>, depth: usize, problems: &mut Problems) {
        if !self.is_new(path) || self.is_kept_out(path, by, problems) {
            return;
        }
        if self.icinga.files.len() >= MAX_FILES || depth > MAX_DEPTH {
            let message = format!("more than {MAX_FILES} files, or included more than {MAX_DEPTH} deep");
            return problems.push(Problem::error(Place { file: &name(path), line: 0 }, message));
        }
        self.icinga_file(path, by, depth, problems);
    }

    /// A main file, and what it names.
    fn main_file(&mut self, source: &Source, folder: &Path, depth: usize, problems: &mut Problems) {
        let main = MainFile::read(source, folder, &mut self.settings, problems);
        for (path, line) in &main.resources {
            self.resource(path, Some(Place { file: &source.file, line: *line }), problems);
        }
        for (path, line) in &main.includes {
            let by = Some(Place { file: &source.file, line: *line });
            let listed = if path.is_dir() { listed(path, &[".cfg"]) } else { Ok(vec![path.clone()]) };
            let paths = listed.unwrap_or_else(|error| {
                problems.push(unreadable(path, &error, by));
                Vec::new()
            });
            for path in paths {
                if depth > MAX_DEPTH || !self.is_new(&path) || self.is_kept_out(&path, by, problems) {
                    continue;
                }
                if let Some(source) = read(&path, by, problems) {
                    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
                    self.main_file(&source, &folder, depth + 1, problems);
                }
            }
        }
        for (path, line) in &main.objects {
            let by = Some(Place { file: &source.file, line: *line });
            if !path.is_dir() {
                self.file(path, by, depth + 1, problems);
            } else if !self.is_kept_out(path, by, problems) {
                self.folder(path, &[".cfg"], by, depth + 1, problems);
            }
        }
    }

    /// All files with these endings of a folder and its folders, names that start with a dot left out.
    fn folder(
        &mut self,
        path: &Path,
        endings: &[&str],
        by: NamedBy<'_>,
        depth: usize,
        problems: &mut Problems,
    ) {
        // one that is not trusted may lie in one that is
        let is_foreign = path.canonicalize().is_ok_and(|path| self.foreign.contains_key(&path));
        if is_foreign || !self.is_new(path) {
            return;
        }
        if depth > MAX_DEPTH {
            let place = name(path);
            problems.push(Problem::error(
                Place { file: &place, line: 0 },
                format!("folders more than {MAX_DEPTH} deep"),
            ));
            return;
        }
        let paths = match listed(path, endings) {
            Ok(paths) => paths,
            Err(error) => return problems.push(unreadable(path, &error, by)),
        };
        for path in paths {
            if path.is_dir() {
                self.folder(&path, endings, by, depth + 1, problems);
            } else {
                self.file(&path, by, depth + 1, problems);
            }
        }
    }

    /// A file that is named twice, or a folder that links to itself, is read once.
    fn is_new(&mut self, path: &Path) -> bool {
        match path.canonicalize() {
            Ok(real) => self.seen.insert(real),
            Err(_) => true, // reading it says what is wrong
        }
    }
}

/// The folders of a folder, and its files with these endings, in byte order; names that start with a dot are left
/// out.
fn listed(path: &Path, endings: &[&str]) -> io::Result<Vec<PathBuf>> {
    chosen(path, |name, path| endings.iter().any(|ending| name.ends_with(ending.as_bytes())) || path.is_dir())
}

/// Is it a folder with files of Icinga 2, here or further down?
pub(crate) fn has_scripts(path: &Path) -> bool {
    let mut found = Vec::new();
    if path.is_dir() {
        below(path, "*.conf", &mut found, 0, None, &mut Problems::default());
    }
    !found.is_empty()
}

/// Is it a file of Icinga 2?
fn is_icinga(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "conf")
}

/// What `include` names: a file, or those that match the pattern in the last part of the path.
fn matching(path: &Path, by: NamedBy<'_>, problems: &mut Problems) -> Vec<PathBuf> {
    let pattern = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let folder = path.parent().unwrap_or(Path::new(""));
    if !pattern.contains(['*', '?']) {
        return vec![path.to_owned()];
    }
    chosen(folder, |name, path| path.is_file() && icinga2::is_like(&pattern, &String::from_utf8_lossy(name)))
        .unwrap_or_else(|error| {
            problems.push(unreadable(folder, &error, by));
            Vec::new()
        })
}

/// All files in a folder and its folders that match a pattern, in byte order of their paths.
fn below(
    folder: &Path,
    pattern: &str,
    found: &mut Vec<PathBuf>,
    depth: usize,
    by: NamedBy<'_>,
    problems: &mut Problems,
) {
    let wanted =
        |name: &[u8], path: &Path| path.is_dir() || icinga2::is_like(pattern, &String::from_utf8_lossy(name));
    match chosen(folder, wanted) {
        Ok(paths) => {
            for path in paths {
                if path.is_dir() && depth < MAX_DEPTH {
                    below(&path, pattern, found, depth + 1, by, problems);
                } else if !path.is_dir() {
                    found.push(path);
                }
            }
        }
        Err(error) => problems.push(unreadable(folder, &error, by)),
    }
}

/// What of a folder is wanted, in byte order; names that start with a dot are left out.
fn chosen(path: &Path, wanted: impl Fn(&[u8], &Path) -> bool) -> io::Result<Vec<PathBuf>> {
    let entries: io::Result<Vec<PathBuf>> =
        fs::read_dir(path)?.map(|entry| entry.map(|e| e.path())).collect();
    let mut paths = entries?;
    paths.retain(|path| {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        !name.starts_with(b".") && wanted(name, path)
    });
    paths.sort_unstable_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
    Ok(paths)
}

/// A path as it is shown.
pub(crate) fn name(path: &Path) -> Arc<str> {
    path.display().to_string().into()
}

/// The text of a file.
pub(crate) fn read(path: &Path, by: NamedBy<'_>, problems: &mut Problems) -> Option<Source> {
    match bytes(path) {
        Ok(bytes) => {
            let file = name(path);
            let bytes = text_only(bytes, Place { file: &file, line: 0 }, problems);
            Some(Source::new(&file, bytes, problems))
        }
        Err(error) => {
            problems.push(unreadable(path, &error, by));
            None
        }
    }
}

/// Nothing of what is no text: one word about it says more than one about each of its lines.
fn text_only(bytes: Vec<u8>, place: Place<'_>, problems: &mut Problems) -> Vec<u8> {
    if !bytes.contains(&0) {
        return bytes;
    }
    let is_utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let (message, hint) = if is_utf16 {
        ("this is UTF-16", "convert the file with `iconv -f utf-16 -t utf-8`")
    } else {
        (
            "this is no text: it has bytes that are 0",
            "name a file of text, or take it out of the configuration",
        )
    };
    problems.push(Problem::error(place, message).hint(hint));
    Vec::new()
}

/// The bytes of a regular file, up to the limit.
pub(crate) fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    bounded(path, MAX_FILE)
}

fn bounded(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    // a pipe would block as soon as it is opened
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !metadata.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let length = usize::try_from(metadata.len().min(limit)).unwrap_or(0);
    let mut bytes = Vec::with_capacity(length);
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::other(format!("it is larger than {} MiB", limit / 1024 / 1024)));
    }
    Ok(bytes)
}

pub(crate) fn unreadable(path: &Path, error: &io::Error, by: NamedBy<'_>) -> Problem {
    let own = name(path);
    let problem = match by {
        Some(place) => Problem::error(place, format!("cannot read {own}: {error}")),
        None => Problem::error(Place { file: &own, line: 0 }, format!("cannot read it: {error}")),
    };
    match error.kind() {
        io::ErrorKind::PermissionDenied if is_icinga(path) => problem.hint("let hlidka's group read it"),
        io::ErrorKind::PermissionDenied => problem.hint(
            "let hlidka's group read it; Puppet's nagios types create files with mode 0600 unless `mode` and `group` \
             are given",
        ),
        io::ErrorKind::NotFound if by.is_some() => {
            problem.hint("create it, or take it out of the configuration")
        }
        io::ErrorKind::IsADirectory => problem.hint("name a file in it"),
        io::ErrorKind::InvalidData => problem.hint("convert it with `iconv -f latin1 -t utf-8`"),
        _ if by.is_none() => problem.hint(
            "name a main file (hlidka.yaml, nagios.cfg, icinga2.conf), a file of objects or a folder of them",
        ),
        _ => problem,
    }
}

/// That the bytes of a file are no text.
pub(crate) fn not_utf8() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it is no UTF-8")
}
