//! Patterns of paths, and how far a path has come in them.

use std::fmt;
use std::str::FromStr;

/// `stable/*.iso`, `*/`, `**/*.tar.gz`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    parts: Vec<Part>,
    directories: bool,
}

/// A part of a pattern, between slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// `**`: any number of directories, none as well.
    Any,
    /// A name with `*` and `?`.
    Name(String),
}

/// Places in a pattern where a directory's content may go on; empty when nothing below it counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places(Vec<usize>);

impl Places {
    /// Is nothing below here asked for?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Pattern {
    /// Does it ask for directories, not for files?
    pub fn asks_for_directories(&self) -> bool {
        self.directories
    }

    /// What stands between its slashes, in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Where the listing that everything begins with stands.
    pub fn start(&self) -> Places {
        let mut places = Places::default();
        self.add(&mut places, 0);
        places
    }

    /// Is this name, found at these places, what the pattern asks for? And where does its content
    /// stand, if it is a directory?
    pub fn step(&self, places: &Places, name: &str) -> (bool, Places) {
        let mut next = Places::default();
        let mut complete = false;
        for place in &places.0 {
            match self.parts.get(*place) {
                Some(Part::Any) => self.add(&mut next, *place),
                Some(Part::Name(glob)) if check::glob(glob, name) => {
                    complete |= place + 1 == self.parts.len();
                    self.add(&mut next, place + 1);
                }
                Some(Part::Name(_)) | None => {}
            }
        }
        (complete, next)
    }

    /// `**` may stand for nothing, so what comes after it is a place too.
    fn add(&self, places: &mut Places, mut place: usize) {
        loop {
            if place >= self.parts.len() || places.0.contains(&place) {
                return;
            }
            places.0.push(place);
            if self.parts[place] != Part::Any {
                return;
            }
            place += 1;
        }
    }
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Pattern, String> {
        let directories = text.ends_with('/');
        let inner = text.trim_matches('/');
        let part = |part: &str| match part {
            "" | "." | ".." => Err(format!("`{text}` has a part that is no name")),
            "**" => Ok(Part::Any),
            name => Ok(Part::Name(name.to_owned())),
        };
        let parts = inner.split('/').map(part).collect::<Result<Vec<_>, _>>()?;
        if parts.last() == Some(&Part::Any) {
            return Err(format!("`{text}` ends in **, which stands for directories only: add /*"));
        }
        Ok(Pattern { text: text.to_owned(), parts, directories })
    }
}

/// As it was written.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Does the pattern lead to this path, and through its directories?
    fn leads(pattern: &str, path: &str) -> bool {
        let pattern: Pattern = pattern.parse().unwrap();
        let mut places = pattern.start();
        let mut complete = false;
        for name in path.split('/') {
            (complete, places) = pattern.step(&places, name);
        }
        complete
    }

    #[test]
    fn patterns_go_part_by_part() {
        for (pattern, path, want) in [
            ("*", "a", true),
            ("*", "a/b", false),
            ("stable/*.iso", "stable/x.iso", true),
            ("stable/*.iso", "stable/x.iso.sig", false),
            ("stable/*.iso", "devel/x.iso", false),
            ("**/*.iso", "x.iso", true),
            ("**/*.iso", "a/b/x.iso", true),
            ("a/**/b/**/c", "a/b/c", true),
            ("a/**/b/**/c", "a/x/b/y/z/c", true),
            ("a/**/b/**/c", "a/x/c", false),
            ("?.*.gz", "a.tar.gz", true),
            ("?.*.gz", "ab.tar.gz", false),
            ("**b*a*", "bbbbbba", true),
            ("é?", "éa", true),
        ] {
            assert_eq!(leads(pattern, path), want, "{pattern} {path}");
        }
        let long = "a".repeat(5000);
        assert!(!leads(&format!("{}b", "a*".repeat(1000)), &long));
    }

    #[test]
    fn only_directories_that_can_lead_on_are_entered() {
        let pattern: Pattern = "stable/*.iso".parse().unwrap();
        assert!(pattern.step(&pattern.start(), "devel").1.is_empty());
        let (complete, inside) = pattern.step(&pattern.start(), "stable");
        assert!(!complete && !inside.is_empty());
        assert!(pattern.step(&inside, "x.iso").1.is_empty());
        for bad in ["", "/", "a//b", "../a", "a/**"] {
            assert!(bad.parse::<Pattern>().is_err(), "{bad}");
        }
        assert!("a/".parse::<Pattern>().unwrap().asks_for_directories());
    }
}
