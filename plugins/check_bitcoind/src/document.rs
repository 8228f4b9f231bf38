//! A height in a text, in JSON, or in the node's own log; pure but for the reading of a file.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::str::FromStr;

use check::CheckError;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;
use serde_json_path::JsonPath;

/// No chain is this high within a thousand years.
pub const MAX_HEIGHT: u64 = 100_000_000;

/// Read of a file, from its end: a log is as long as it likes.
const MAX_TAIL: u64 = 1024 * 1024;

/// Where in JSON the height is.
#[derive(Clone, Debug)]
pub struct Path {
    text: String,
    query: JsonPath,
}

impl FromStr for Path {
    type Err = String;

    /// A JSONPath; `backend.blocks` and `[0].height` mean `$.backend.blocks` and `$[0].height`.
    fn from_str(text: &str) -> Result<Path, String> {
        let full = match text.chars().next() {
            Some('$') => text.to_owned(),
            Some('[') => format!("${text}"),
            _ => format!("$.{text}"),
        };
        let query = JsonPath::parse(&full)
            .map_err(|error| format!("what is behind the # is no JSONPath: {error}"))?;
        Ok(Path { text: full, query })
    }
}

/// The height in a document: the whole text, or what the path leads to.
pub fn height(document: &[u8], path: Option<&Path>) -> Result<u64, String> {
    let Some(path) = path else {
        let text = String::from_utf8_lossy(document);
        return number(text.trim()).ok_or_else(|| format!("`{}` is no height", said(&text)));
    };
    let value: Value =
        serde_json::from_slice(document).map_err(|error| format!("the answer is no JSON ({error})"))?;
    let found = path.query.query(&value).all();
    match found[..] {
        [one] => {
            height_of(one).ok_or_else(|| format!("{} is {}, no height", path.text, said(&one.to_string())))
        }
        [] => Err(format!("no {} in the answer", path.text)),
        _ => Err(format!("{} selects {} values: name one", path.text, found.len())),
    }
}

/// Numbers, and numbers in quotes.
fn height_of(value: &Value) -> Option<u64> {
    match value {
        Value::Number(height) => height.as_u64().filter(|height| *height <= MAX_HEIGHT),
        Value::String(text) => number(text.trim()),
        _ => None,
    }
}

fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|height| digits && *height <= MAX_HEIGHT)
}

/// The start of what somebody said, for a message.
fn said(text: &str) -> String {
    text.trim().chars().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// `--height-file`: a file, and where in it the height is if it is JSON.
#[derive(Clone, Debug)]
pub struct NamedFile {
    file: PathBuf,
    path: Option<Path>,
}

impl FromStr for NamedFile {
    type Err = String;

    fn from_str(text: &str) -> Result<NamedFile, String> {
        let (file, path) = match text.rsplit_once('#') {
            Some((file, path)) => (file, Some(path.parse()?)),
            None => (text, None),
        };
        Ok(NamedFile { file: file.into(), path })
    }
}

/// A block that a file tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip {
    /// Its height.
    pub height: u64,
    /// Its time, if the file tells; seconds since 1970.
    pub time: Option<i64>,
}

impl NamedFile {
    /// The newest block that the file tells of; its time, if it is not told, is the file's own.
    pub fn read(&self) -> Result<Tip, CheckError> {
        let name = self.file.display();
        let unreadable = |error| CheckError::internal(format!("cannot read {name}: {error}"));
        let metadata = std::fs::metadata(&self.file).map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(CheckError::usage(format!("{name} is no file")));
        }
        let mut text = Vec::new();
        let mut file = File::open(&self.file).map_err(unreadable)?;
        let skipped = metadata.len().saturating_sub(MAX_TAIL);
        file.seek(SeekFrom::Start(skipped)).map_err(unreadable)?;
        file.take(MAX_TAIL).read_to_end(&mut text).map_err(unreadable)?;
        let changed = || {
            let since = metadata.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
            i64::try_from(since.as_secs()).ok()
        };
        let tip = match (&self.path, newest_in_log(&text)) {
            (None, Some(tip)) => tip,
            (None, None) if skipped > 0 => {
                let size = check::size::shown(MAX_TAIL);
                let why = format!("{name}: no UpdateTip stands in the last {size} of this log");
                return Err(CheckError::target(why));
            }
            (path, _) => {
                let height = height(&text, path.as_ref())
                    .map_err(|why| CheckError::target(format!("{name}: {why}")))?;
                Tip { height, time: None }
            }
        };
        Ok(Tip { time: tip.time.or_else(changed), ..tip })
    }
}

/// The last `UpdateTip: new best=… height=… date='…'` of debug.log.
pub fn newest_in_log(log: &[u8]) -> Option<Tip> {
    let text = String::from_utf8_lossy(log);
    text.lines().rev().find_map(|line| {
        let (_, news) = line.split_once("UpdateTip: new best=")?;
        let (_, rest) = news.split_once(" height=")?;
        let height = number(rest.split(' ').next()?)?;
        let date = news.split_once(" date='").and_then(|(_, rest)| rest.split('\'').next());
        Some(Tip { height, time: date.and_then(moment) })
    })
}

/// `2026-11-22T08:00:00Z`, and `2026-11-22 08:00:00` of versions before 0.17.
fn moment(text: &str) -> Option<i64> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.as_second());
    }
    let civil: DateTime = text.parse().ok()?;
    civil.to_zoned(TimeZone::UTC).ok().map(|time| time.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(document: &str, path: &str) -> Result<u64, String> {
        height(document.as_bytes(), Some(&path.parse().unwrap()))
    }

    #[test]
    fn heights_are_found_in_texts_and_in_json() {
        assert_eq!(height(b" 870123\n", None), Ok(870_123));
        for bad in ["", "870 123", "-1", "+5", "1e3", "0x10", "100000001", "99999999999999999999", "<html>"] {
            assert!(height(bad.as_bytes(), None).is_err(), "{bad}");
        }
        let document = r#"{"a": {"b": 12}, "s": "13", "l": [{"h": 14}, {"h": 15}], "f": 1.5, "n": null}"#;
        for (path, want) in [("a.b", 12), ("$.a.b", 12), ("s", 13), ("l[0].h", 14), ("$['l'][1]['h']", 15)] {
            assert_eq!(at(document, path), Ok(want), "{path}");
        }
        assert_eq!(at("[{\"h\": 1}]", "[0].h"), Ok(1));
        for (path, want) in [
            ("x", "no $.x in the answer"),
            ("l[*].h", "$.l[*].h selects 2 values: name one"),
            ("f", "$.f is 1.5, no height"),
            ("n", "$.n is null, no height"),
        ] {
            assert_eq!(at(document, path).unwrap_err(), want);
        }
        assert!(at("<html>", "a").unwrap_err().contains("no JSON"));
        assert!(at(&"[".repeat(100_000), "a").unwrap_err().contains("no JSON"));
        assert!("a[".parse::<Path>().is_err() && "".parse::<Path>().is_err());
    }

    #[test]
    fn the_log_tells_height_and_time() {
        let log = "2026-11-22T07:00:00Z UpdateTip: new best=00ab height=869999 version=0x2 date='2026-11-22T06:59:00Z' progress=1.0\n\
                   2026-11-22T07:30:01Z UpdateTip: new best=00cd height=870000 version=0x2 log2_work=95.1 tx=1 date='2026-11-22T07:29:00Z' progress=1.0 cache=1MiB\n\
                   2026-11-22T07:30:02Z New outbound peer connected: height=870001\n";
        assert_eq!(newest_in_log(log.as_bytes()), Some(Tip { height: 870_000, time: Some(1_795_332_540) }));
        let old =
            b"UpdateTip: new best=0 height=5 date='2017-01-01 00:00:00' x\ncut \xff UpdateTip: new best=";
        assert_eq!(newest_in_log(old), Some(Tip { height: 5, time: Some(1_483_228_800) }));
        assert_eq!(newest_in_log(b"UpdateTip: new best=0 height=5"), Some(Tip { height: 5, time: None }));
        assert_eq!(newest_in_log(b"height=7"), None);
    }

    #[test]
    fn a_file_without_a_date_is_as_old_as_its_last_change() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("height");
        std::fs::write(&file, "42\n").unwrap();
        let named: NamedFile = file.to_str().unwrap().parse().unwrap();
        let tip = named.read().unwrap();
        assert_eq!(tip.height, 42);
        assert!(tip.time.unwrap() > 1_700_000_000);
        std::fs::write(&file, format!("{}\nUpdateTip: new best=0 height=8", "x".repeat(2 * 1024 * 1024)))
            .unwrap();
        assert_eq!(named.read().unwrap().height, 8);
        std::fs::write(&file, "2026-11-22 something else\n".repeat(100_000)).unwrap();
        let error = named.read().unwrap_err().to_string();
        assert!(error.contains("no UpdateTip stands in the last 1 MiB of this log"), "{error}");
        std::fs::write(&file, "nothing").unwrap();
        let error = named.read().unwrap_err().to_string();
        assert!(error.contains("/height: `nothing` is no height"), "{error}");
        let folder: NamedFile = dir.path().to_str().unwrap().parse().unwrap();
        assert!(folder.read().unwrap_err().to_string().ends_with("is no file"));
    }
}
