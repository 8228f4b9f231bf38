//! One log with its rotated parts, read on from where it was left.

use std::collections::{HashMap, VecDeque};
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::find::{self, Found};
use crate::fingerprint;
use crate::marks::{HEAD, Mark, TAIL};
use crate::text::Text;
use crate::{LogError, Marks, Pattern};

/// Longest line taken; longer ones are passed over and counted. A RADIUS packet has 4 KiB, and no log
/// makes sixteen of one.
pub const MAX_LINE: u64 = 64 * 1024;

/// Lines, or pieces of endless ones, between two looks at the clock.
const STEPS_PER_LOOK: u64 = 1024;

/// A line, and the file that it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Without its end.
    pub text: &'a [u8],
    /// Counts up with every file of the log.
    pub file: usize,
    /// The file.
    pub path: &'a Path,
}

/// A place to read on from, before a line: see [`Source::bookmark`].
#[derive(Clone, Debug)]
pub struct Bookmark {
    file: usize,
    place: Place,
}

impl Bookmark {
    /// Is it before another one of the same log?
    pub fn is_before(&self, other: &Bookmark) -> bool {
        (self.file, self.place.offset) < (other.file, other.place.offset)
    }
}

/// One log: what has not been read of its files, oldest first.
pub struct Source {
    name: PathBuf,
    waiting: VecDeque<Part>,
    current: Option<Current>,
    line: Vec<u8>,
    files: usize,
    closed: Vec<Closed>,
    /// Of files that are not there just now, or are not to be read.
    marks: Vec<Mark>,
    end: Instant,
    steps: u64,
    /// The time was over before the log was.
    pub is_cut_short: bool,
    /// Lines read.
    pub lines: u64,
    /// Lines too long, passed over.
    pub too_long: u64,
    /// Bytes read of all files, unpacked.
    pub bytes: u64,
    /// Files that could not be read to their end, and why.
    pub failures: Vec<String>,
}

/// A file to be read.
struct Part {
    path: PathBuf,
    text: Text,
    /// How far it was read before.
    mark: Option<Mark>,
}

struct Current {
    part: Part,
    content: Box<dyn BufRead + Send>,
    /// Behind the last line read.
    here: Place,
    /// Before it.
    before: Place,
    held: Option<Place>,
    /// Was it read to its end?
    is_whole: bool,
}

/// A file that was read.
struct Closed {
    file: usize,
    head: Vec<u8>,
    changed: i64,
    start: Option<Mark>,
    end: Place,
    /// Its length if it is packed and was read to its end.
    packed: Option<u64>,
}

#[derive(Clone, Debug)]
struct Place {
    offset: u64,
    /// The end of what stands before.
    tail: Vec<u8>,
    skipping: bool,
}

impl Place {
    fn pass(&mut self, line: &[u8]) {
        self.offset += line.len() as u64;
        self.tail.clear();
        self.tail.extend_from_slice(&line[line.len().saturating_sub(TAIL)..]);
    }
}

/// Opens the logs that the patterns fit, each read on from its marks. A file without a mark is read from
/// its beginning, unless it has not changed since `horizon`, in seconds since 1970. At `end` there are no
/// more lines; what was read so far counts.
///
/// In the midst of a rotation a file may be there twice, as itself and as a copy that is being made or
/// packed: the longer one is read.
pub fn open(
    patterns: &[Pattern],
    marks: &Marks,
    horizon: i64,
    end: Instant,
) -> Result<Vec<Source>, LogError> {
    let mut found = Found::new();
    for pattern in patterns {
        find::find(pattern, &mut found)?;
    }
    found.into_iter().map(|(name, paths)| Source::open(name, paths, marks, horizon, end)).collect()
}

impl Source {
    fn open(
        name: PathBuf,
        paths: Vec<PathBuf>,
        marks: &Marks,
        horizon: i64,
        end: Instant,
    ) -> Result<Source, LogError> {
        let known = marks.of(&name.display().to_string());
        let mut parts: Vec<Part> = Vec::with_capacity(paths.len());
        for path in paths {
            let text = match Text::find(&path, horizon) {
                Ok(Some(text)) => text,
                Ok(None) => continue,
                // rotated away since the directory was read: the next run finds it
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(why) => return Err(LogError::Unreadable { path: path.display().to_string(), why }),
            };
            if text.head.is_empty() {
                continue;
            }
            let mark = text.mark(known);
            if text.is_packed && mark.as_ref().is_some_and(|mark| mark.packed == Some(text.length)) {
                continue;
            }
            let part = Part { path, text, mark };
            match parts.iter_mut().find(|other| other.is_copy_of(&part)) {
                Some(other) if part.is_better_than(other) => *other = part,
                Some(_) => {}
                None => parts.push(part),
            }
        }
        parts.sort_by_key(|part| (part.text.changed, part.path == name));
        let taken: Vec<&Mark> = parts.iter().filter_map(|part| part.mark.as_ref()).collect();
        let kept = known.iter().filter(|mark| !taken.contains(mark)).cloned().collect();
        Ok(Source {
            name,
            waiting: parts.into(),
            current: None,
            line: Vec::with_capacity(512),
            files: 0,
            closed: Vec::new(),
            marks: kept,
            end,
            steps: 0,
            is_cut_short: false,
            lines: 0,
            too_long: 0,
            bytes: 0,
            failures: Vec::new(),
        })
    }

    /// The path of the log, without what rotation adds.
    pub fn name(&self) -> &Path {
        &self.name
    }

    /// The next whole line. What has no end yet is left for the next run.
    pub fn next_line(&mut self) -> Option<Line<'_>> {
        loop {
            self.steps += 1;
            if self.steps.is_multiple_of(STEPS_PER_LOOK) && Instant::now() >= self.end {
                self.is_cut_short = true;
                return None;
            }
            if self.current.is_none() {
                self.begin_next()?;
            }
            let current = self.current.as_mut()?;
            match current.read(&mut self.line) {
                Ok(Read1::Line) => {
                    self.bytes += self.line.len() as u64;
                    self.lines += 1;
                    let text = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
                    let text = text.strip_suffix(b"\r").unwrap_or(text);
                    let path = self.current.as_ref().map_or(&*self.name, |current| &current.part.path);
                    return Some(Line { text, file: self.files, path });
                }
                Ok(Read1::TooLong { is_new }) => {
                    self.bytes += self.line.len() as u64;
                    self.too_long += u64::from(is_new);
                }
                Ok(Read1::End) => {
                    current.is_whole = true;
                    self.close();
                }
                Err(error) => {
                    // a file that is being packed, or damaged: what was read of it counts
                    self.failures.push(format!("{}: {error}", current.part.path.display()));
                    self.close();
                }
            }
        }
    }

    /// The place before the line just read; `None` if none was.
    pub fn bookmark(&self) -> Option<Bookmark> {
        let current = self.current.as_ref()?;
        Some(Bookmark { file: self.files, place: current.before.clone() })
    }

    /// The next run reads from the line just read on, as far as this file goes: for a record of several
    /// lines that may not be complete yet. A held place does not move on.
    pub fn hold_in_file(&mut self) {
        if let Some(current) = &mut self.current
            && current.held.is_none()
        {
            current.held = Some(current.before.clone());
        }
    }

    /// The record is complete.
    pub fn release_in_file(&mut self) {
        if let Some(current) = &mut self.current {
            current.held = None;
        }
    }

    /// How far it was read, into the marks.
    pub fn finish(self, marks: &mut Marks) {
        self.finish_at(None, marks);
    }

    /// The same, but the next run reads again from the bookmark on, files behind it too.
    pub fn finish_at(mut self, bookmark: Option<&Bookmark>, marks: &mut Marks) {
        self.close();
        for closed in self.closed {
            let (end, packed) = match bookmark {
                Some(bookmark) if closed.file > bookmark.file => {
                    self.marks.extend(closed.start);
                    continue;
                }
                Some(bookmark) if closed.file == bookmark.file => (&bookmark.place, None),
                _ => (&closed.end, closed.packed),
            };
            if end.offset > 0 {
                self.marks.push(Mark {
                    offset: end.offset,
                    head: Mark::head_of(&closed.head, end.offset),
                    tail: (end.tail.len(), fingerprint::of(&end.tail)),
                    skipping: end.skipping,
                    changed: closed.changed,
                    packed,
                });
            }
        }
        self.marks.extend(self.waiting.into_iter().filter_map(|part| part.mark));
        marks.set(self.name.display().to_string(), self.marks);
    }

    fn begin_next(&mut self) -> Option<()> {
        loop {
            let part = self.waiting.pop_front()?;
            match part.begin() {
                Ok((content, here)) => {
                    let before = here.clone();
                    self.current = Some(Current { part, content, here, before, held: None, is_whole: false });
                    self.files += 1;
                    return Some(());
                }
                Err(error) => {
                    // rotated away since it was found: the next run finds it again
                    if error.kind() != io::ErrorKind::NotFound {
                        self.failures.push(format!("{}: {error}", part.path.display()));
                    }
                    self.marks.extend(part.mark);
                }
            }
        }
    }

    fn close(&mut self) {
        let Some(current) = self.current.take() else { return };
        let Part { text, mark, .. } = current.part;
        self.closed.push(Closed {
            file: self.files,
            head: text.head,
            changed: text.changed,
            packed: (text.is_packed && current.is_whole && current.held.is_none()).then_some(text.length),
            start: mark,
            end: current.held.unwrap_or(current.here),
        });
    }
}

enum Read1 {
    Line,
    /// A piece of it; the first one is new.
    TooLong {
        is_new: bool,
    },
    End,
}

impl Current {
    fn read(&mut self, line: &mut Vec<u8>) -> io::Result<Read1> {
        line.clear();
        (&mut self.content).take(MAX_LINE + 1).read_until(b'\n', line)?;
        let is_whole = line.ends_with(b"\n");
        let is_new = !self.here.skipping;
        let is_long = line.len() as u64 > MAX_LINE;
        if line.is_empty() || (!is_whole && !is_long && is_new) {
            return Ok(Read1::End);
        }
        self.before.clone_from(&self.here);
        self.here.pass(line);
        if is_new && is_whole && !is_long {
            return Ok(Read1::Line);
        }
        self.here.skipping = !is_whole;
        Ok(Read1::TooLong { is_new })
    }
}

impl Part {
    /// Is one of them a copy of the other, made for rotating it?
    fn is_copy_of(&self, other: &Part) -> bool {
        let (mine, theirs) = (&self.text.head, &other.text.head);
        match (&self.mark, &other.mark) {
            (Some(one), Some(two)) => one == two,
            (None, None) => mine.starts_with(theirs) || theirs.starts_with(mine),
            // one that is too short yet to be known again
            (Some(_), None) => theirs.len() < HEAD && mine.starts_with(theirs),
            (None, Some(_)) => mine.len() < HEAD && theirs.starts_with(mine),
        }
    }

    fn is_better_than(&self, other: &Part) -> bool {
        if self.mark.is_some() != other.mark.is_some() {
            return self.mark.is_some();
        }
        match (self.text.is_packed, other.text.is_packed) {
            (mine, theirs) if mine == theirs => self.text.length > other.text.length,
            (mine, _) => !mine,
        }
    }

    /// Goes to where it was left.
    fn begin(&self) -> io::Result<(Box<dyn BufRead + Send>, Place)> {
        let (offset, tail) = self.mark.as_ref().map_or((0, 0), |mark| (mark.offset, mark.tail.0 as u64));
        let mut content = self.text.content(offset.saturating_sub(tail))?;
        let mut before = Vec::new();
        (&mut content).take(tail).read_to_end(&mut before)?;
        let skipping = self.mark.as_ref().is_some_and(|mark| mark.skipping);
        Ok((content, Place { offset, tail: before, skipping }))
    }
}

impl Text {
    /// The mark of this file: the same beginning, and the same end of what was read. A copy that does not
    /// go so far yet has it too.
    fn mark(&self, known: &[Mark]) -> Option<Mark> {
        let by_head: HashMap<(usize, u64), Vec<&Mark>> =
            known.iter().fold(HashMap::new(), |mut map, mark| {
                map.entry(mark.head).or_insert_with(Vec::new).push(mark);
                map
            });
        let prefixes: Vec<(usize, u64)> =
            fingerprint::of_prefixes(&self.head).enumerate().map(|(i, hash)| (i + 1, hash)).collect();
        let fitting = prefixes.iter().rev().filter_map(|prefix| by_head.get(prefix)).flatten();
        let is_known =
            |mark: &&Mark| (self.is_packed && mark.packed == Some(self.length)) || self.has_tail(mark);
        fitting.copied().find(is_known).cloned()
    }

    fn has_tail(&self, mark: &Mark) -> bool {
        let (length, hash) = mark.tail;
        let length = length.min(TAIL) as u64;
        let read = || {
            let mut tail = Vec::new();
            self.content(mark.offset.saturating_sub(length))?.take(length).read_to_end(&mut tail)?;
            io::Result::Ok(tail)
        };
        match read() {
            Ok(tail) if tail.len() as u64 == length => fingerprint::of(&tail) == hash,
            // shorter: a copy that is being made
            Ok(_) => true,
            Err(error) => error.kind() == io::ErrorKind::UnexpectedEof,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    fn later() -> Instant {
        Instant::now() + std::time::Duration::from_secs(600)
    }

    /// A directory with `a.log`, and the marks of whoever reads it.
    struct Place {
        dir: tempfile::TempDir,
        marks: Marks,
    }

    impl Place {
        fn new() -> Place {
            Place { dir: tempfile::tempdir().unwrap(), marks: Marks::default() }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.dir.path().join(name)
        }

        fn add(&self, name: &str, text: impl AsRef<[u8]>) {
            let mut options = fs::OpenOptions::new();
            let mut file = options.append(true).create(true).open(self.path(name)).unwrap();
            file.write_all(text.as_ref()).unwrap();
        }

        fn rename(&self, from: &str, to: &str) {
            fs::rename(self.path(from), self.path(to)).unwrap();
        }

        fn gzip(&self, name: &str) {
            assert!(Command::new("gzip").arg(self.path(name)).status().unwrap().success());
        }

        fn sources(&self) -> Vec<Source> {
            let pattern: Pattern = self.path("a.log").to_str().unwrap().parse().unwrap();
            open(&[pattern], &self.marks, 0, later()).unwrap()
        }

        /// What a run finds new. The marks pass through JSON, as between two runs.
        fn new_lines(&mut self) -> String {
            let mut lines = Vec::new();
            let mut marks = self.marks.clone();
            for mut source in self.sources() {
                while let Some(line) = source.next_line() {
                    lines.push(String::from_utf8_lossy(line.text).into_owned());
                }
                source.finish(&mut marks);
            }
            self.marks = serde_json::from_str(&serde_json::to_string(&marks).unwrap()).unwrap();
            lines.join(" ")
        }
    }

    #[test]
    fn each_line_comes_once_and_whole() {
        let mut log = Place::new();
        log.add("a.log", "1\n2\n3 is not don");
        assert_eq!(log.new_lines(), "1 2");
        assert_eq!(log.new_lines(), "");
        log.add("a.log", "e\r\n\n4\n");
        assert_eq!(log.new_lines(), "3 is not done  4");
        assert_eq!(log.new_lines(), "");
    }

    #[test]
    fn a_log_that_is_renamed_goes_on_in_both_files() {
        let mut log = Place::new();
        log.add("a.log", "1\n2\n");
        assert_eq!(log.new_lines(), "1 2");
        log.add("a.log", "3\n");
        log.rename("a.log", "a.log.1");
        // the writer has not opened the new one yet
        log.add("a.log.1", "4\n");
        assert_eq!(log.new_lines(), "3 4");
        log.add("a.log", "6\n");
        log.add("a.log.1", "5\n");
        assert_eq!(log.new_lines(), "6 5".split(' ').rev().collect::<Vec<_>>().join(" "));
        log.gzip("a.log.1");
        log.rename("a.log.1.gz", "a.log.2.gz");
        log.rename("a.log", "a.log.1");
        log.add("a.log", "7\n");
        assert_eq!(log.new_lines(), "7");
        assert_eq!(log.new_lines(), "");
    }

    #[test]
    fn several_rotations_between_two_runs_lose_nothing() {
        let mut log = Place::new();
        log.add("a.log", "1\n2\n");
        assert_eq!(log.new_lines(), "1 2");
        log.add("a.log", "3\n");
        for (older, newer) in [("a.log.2.gz", "a.log.3.gz"), ("a.log.1.gz", "a.log.2.gz")] {
            if log.path(older).exists() {
                log.rename(older, newer);
            }
        }
        log.rename("a.log", "a.log.1");
        log.gzip("a.log.1");
        log.add("a.log", "4\n5\n");
        log.rename("a.log.1.gz", "a.log.2.gz");
        log.rename("a.log", "a.log.1");
        log.add("a.log", "6\n");
        let mut lines: Vec<String> = log.new_lines().split(' ').map(str::to_owned).collect();
        lines.sort();
        assert_eq!(lines, ["3", "4", "5", "6"]);
        assert_eq!(log.new_lines(), "");
    }

    #[test]
    fn a_log_that_is_copied_and_truncated_is_read_once() {
        let mut log = Place::new();
        log.add("a.log", "1\n2\n3\n");
        assert_eq!(log.new_lines(), "1 2 3");
        log.add("a.log", "4\n");
        // the copy is being made
        log.add("a.log.1", "1\n2\n");
        assert_eq!(log.new_lines(), "4");
        fs::write(log.path("a.log.1"), "1\n2\n3\n4\n5\n").unwrap();
        fs::write(log.path("a.log"), "").unwrap();
        assert_eq!(log.new_lines(), "5");
        log.add("a.log", "6\n");
        assert_eq!(log.new_lines(), "6");
        // both at once, never seen before
        let mut fresh = Place { dir: log.dir, marks: Marks::default() };
        fs::write(fresh.path("a.log.1"), "6\n").unwrap();
        fresh.add("a.log", "7\n");
        assert_eq!(fresh.new_lines(), "6 7");
        // a writer that does not append leaves a hole
        fs::write(fresh.path("a.log.1"), "6\n7\n").unwrap();
        fs::write(fresh.path("a.log"), [vec![0; 200_000], b"8\n9\n".to_vec()].concat()).unwrap();
        assert_eq!(fresh.new_lines(), "9");
    }

    #[test]
    fn what_is_being_packed_is_read_when_it_is_whole() {
        let mut log = Place::new();
        let text =
            (0..20_000).map(|i| format!("line {i} {}\n", i * 7919 % 10_007)).collect::<Vec<_>>().concat();
        log.add("a.log.1", &text[..100_006]);
        let first = log.new_lines();
        assert!(first.starts_with("line 0 "));
        fs::write(log.path("a.log.1"), &text).unwrap();
        log.gzip("a.log.1");
        let packed = fs::read(log.path("a.log.1.gz")).unwrap();
        fs::write(log.path("a.log.1.gz"), &packed[..packed.len() / 10]).unwrap();
        assert_eq!(log.new_lines(), "", "less than what was read before");
        fs::write(log.path("a.log.1.gz"), &packed).unwrap();
        let rest = log.new_lines();
        assert_eq!(format!("{first} {rest} ").len(), text.len());
        assert_eq!(log.new_lines(), "");
        // damaged in the middle: what comes before it counts, once
        let mut damaged = Place::new();
        let mut broken = packed.clone();
        for byte in &mut broken[packed.len() / 2..packed.len() / 2 + 2000] {
            *byte = 0xff;
        }
        fs::write(damaged.path("a.log.1.gz"), broken).unwrap();
        assert!(damaged.new_lines().starts_with("line 0 "));
        assert_eq!(damaged.new_lines(), "");
    }

    #[test]
    fn a_line_without_end_is_passed_over_across_runs() {
        let mut log = Place::new();
        log.add("a.log", format!("1\n{}", "x".repeat(300_000)));
        let mut source = log.sources().remove(0);
        while source.next_line().is_some() {}
        assert_eq!(source.too_long, 1);
        assert_eq!(log.new_lines(), "1");
        log.add("a.log", "y".repeat(100_000));
        assert_eq!(log.new_lines(), "");
        log.add("a.log", "the end\n2\n");
        assert_eq!(log.new_lines(), "2");
    }

    #[test]
    fn when_the_time_is_over_the_next_run_goes_on() {
        let mut log = Place::new();
        log.add("a.log", (0..5000).map(|number| format!("{number}\n")).collect::<Vec<_>>().concat());
        let pattern: Pattern = log.path("a.log").to_str().unwrap().parse().unwrap();
        let mut source =
            open(std::slice::from_ref(&pattern), &log.marks, 0, Instant::now()).unwrap().remove(0);
        let mut lines = 0;
        while source.next_line().is_some() {
            lines += 1;
        }
        assert!(source.is_cut_short && (1..5000).contains(&lines), "{lines}");
        source.finish(&mut log.marks);
        assert!(log.new_lines().starts_with(&format!("{lines} {} ", lines + 1)));
        // one line that does not end
        log.add("a.log", vec![b'x'; 70_000_000]);
        let mut source = open(&[pattern], &log.marks, 0, Instant::now()).unwrap().remove(0);
        assert_eq!(source.next_line(), None);
        assert!(source.is_cut_short && source.bytes < 69_000_000);
        source.finish(&mut log.marks);
        log.add("a.log", "\nlast\n");
        assert_eq!(log.new_lines(), "last");
    }

    #[test]
    fn more_files_than_a_process_can_have_open() {
        let dir = tempfile::tempdir().unwrap();
        for client in 0..1500 {
            let folder = dir.path().join(format!("10.0.{}.{}", client / 250, client % 250));
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("detail-20261130"), format!("{client}\n")).unwrap();
        }
        let pattern: Pattern = format!("{}/10.*/detail-*", dir.path().display()).parse().unwrap();
        let mut marks = Marks::default();
        for want in [1500, 0] {
            let mut lines = 0;
            // 1024 is the usual limit
            let sources = open(std::slice::from_ref(&pattern), &marks, 0, later()).unwrap();
            let open_files = fs::read_dir("/proc/self/fd").unwrap().count();
            assert!(open_files < 500, "{open_files}");
            for mut source in sources {
                while source.next_line().is_some() {
                    lines += 1;
                }
                source.finish(&mut marks);
            }
            assert_eq!(lines, want);
        }
    }

    #[test]
    fn what_is_held_or_marked_is_read_again() {
        let mut log = Place::new();
        log.add("a.log.1", "1\n2\n3\n");
        log.add("a.log", "4\n5\n");
        let read = |log: &mut Place, held: &[u8], marked: &[u8]| {
            let mut marks = log.marks.clone();
            for mut source in log.sources() {
                let mut bookmark = None;
                while let Some(line) = source.next_line() {
                    let (hold, mark) = (line.text == held, line.text == marked);
                    if hold {
                        source.hold_in_file();
                    }
                    if mark {
                        bookmark = source.bookmark();
                    }
                }
                source.finish_at(bookmark.as_ref(), &mut marks);
            }
            log.marks = marks;
        };
        read(&mut log, b"2", b"");
        read(&mut log, b"", b"3");
        assert_eq!(log.new_lines(), "3");
        log.add("a.log", "6\n");
        read(&mut log, b"6", b"");
        assert_eq!(log.new_lines(), "6");
        let mut two = Place::new();
        two.add("a.log.1", "1\n2\n3\n");
        two.add("a.log", "4\n5\n");
        read(&mut two, b"", b"2");
        assert_eq!(two.new_lines(), "2 3 4 5");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// Whatever is done to a log between runs, every line comes once.
        #[test]
        fn nothing_is_lost_and_nothing_comes_twice(steps in prop::collection::vec(0_u8..7, 1..30)) {
            let mut log = Place::new();
            log.add("a.log", "");
            let (mut wrote, mut read) = (0, Vec::new());
            for step in steps {
                match step {
                    0..=2 => {
                        log.add("a.log", format!("line {wrote}\nline {}\n", wrote + 1));
                        wrote += 2;
                    }
                    3 | 4 => read.extend(log.new_lines().replace("line ", "").split_whitespace().map(str::to_owned)),
                    5 => {
                        for number in (1..20).rev() {
                            for end in ["", ".gz"] {
                                let from = format!("a.log.{number}{end}");
                                if log.path(&from).exists() {
                                    log.rename(&from, &format!("a.log.{}{end}", number + 1));
                                }
                            }
                        }
                        if log.path("a.log").exists() {
                            fs::copy(log.path("a.log"), log.path("a.log.1")).unwrap();
                            fs::write(log.path("a.log"), "").unwrap();
                        }
                    }
                    _ => {
                        if log.path("a.log.1").exists() {
                            log.gzip("a.log.1");
                        }
                    }
                }
                if !log.path("a.log").exists() {
                    log.add("a.log", "");
                }
            }
            read.extend(log.new_lines().replace("line ", "").split_whitespace().map(str::to_owned));
            let mut numbers: Vec<usize> = read.iter().map(|number| number.parse().unwrap()).collect();
            numbers.sort_unstable();
            prop_assert_eq!(numbers, (0..wrote).collect::<Vec<_>>());
        }
    }
}
