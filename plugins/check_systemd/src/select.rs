//! Which units are meant: names, regular expressions, shell patterns, types.

use std::str::FromStr;

use regex::Regex;

use crate::Args;

/// Suffixes by which systemd knows that a name has its type already.
const TYPES: [&str; 11] = [
    ".service",
    ".socket",
    ".target",
    ".device",
    ".mount",
    ".automount",
    ".swap",
    ".timer",
    ".path",
    ".slice",
    ".scope",
];

/// A regular expression that has to match at the start of a name: the peer uses Python's
/// `re.match`, and `cron` must not leave out `anacron.service`.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(Regex);

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Pattern, String> {
        let anchored = Regex::new(&format!("^(?:{text})"));
        // the message is about the text that was given
        anchored.map(Pattern).map_err(|error| Regex::new(text).err().unwrap_or(error).to_string())
    }
}

/// A shell pattern for a whole name.
#[derive(Clone, Debug)]
pub(crate) struct Glob(Regex);

impl FromStr for Glob {
    type Err = String;

    fn from_str(text: &str) -> Result<Glob, String> {
        Regex::new(&regex_of(text)).map(Glob).map_err(|_| {
            format!("`{text}` is no shell pattern: a [ needs its ], and a range its ends in order")
        })
    }
}

/// A unit's name as `systemctl` completes it, possibly with `*`, `?` or `[…]` in it.
#[derive(Clone, Debug)]
pub(crate) struct UnitName {
    name: String,
    glob: Option<Glob>,
}

impl UnitName {
    /// The full name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Is it one unit's name, not a pattern?
    pub fn is_plain(&self) -> bool {
        self.glob.is_none()
    }

    /// Is this unit meant?
    pub fn matches(&self, unit: &str) -> bool {
        match &self.glob {
            Some(glob) => glob.0.is_match(unit),
            None => self.name == unit,
        }
    }
}

impl FromStr for UnitName {
    type Err = String;

    fn from_str(text: &str) -> Result<UnitName, String> {
        if text.is_empty() || text.len() > 255 || text.contains(|c: char| c.is_whitespace() || c == '/') {
            return Err(format!("`{text}` is no name of a unit"));
        }
        let pattern = text.contains(['*', '?', '[']);
        let typed = TYPES.iter().any(|suffix| text.ends_with(suffix) && text.len() > suffix.len());
        // `foo*` may mean any type, `foo` is a service
        let name = if typed || text.ends_with('*') { text.to_owned() } else { format!("{text}.service") };
        let glob = if pattern { Some(name.parse()?) } else { None };
        Ok(UnitName { name, glob })
    }
}

/// Is this unit looked at? Without options all are.
pub(crate) fn is_selected(unit: &str, args: &Args) -> bool {
    let of_type = |types: &[String]| {
        let suffix = unit.rsplit_once('.').map_or("", |(_, suffix)| suffix);
        types.iter().any(|name| name.trim_start_matches('.') == suffix)
    };
    let in_name = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.0.is_match(unit));
    (args.include.is_empty() || in_name(&args.include))
        && (args.include_type.is_empty() || of_type(&args.include_type))
        && !in_name(&args.exclude)
        && !of_type(&args.exclude_type)
        && !args.exclude_unit.iter().any(|name| name.matches(unit))
        && !args.ignore.iter().any(|glob| glob.0.is_match(unit))
}

/// `*`, `?`, `[abc]`, `[!a-z]` as a regular expression: the engine's linear time is worth more than
/// a matcher of our own. A backslash stands for itself, since names of mounts are full of `\x2d`.
fn regex_of(glob: &str) -> String {
    let mut regex = String::from("^(?s:");
    let mut set = false;
    let mut characters = glob.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            ']' if set => {
                set = false;
                regex.push(']');
            }
            '-' if set => regex.push('-'),
            '*' if !set => regex.push_str(".*"),
            '?' if !set => regex.push('.'),
            '[' if !set => {
                set = true;
                regex.push('[');
                if characters.next_if(|c| matches!(c, '!' | '^')).is_some() {
                    regex.push('^');
                }
            }
            c => {
                if !c.is_alphanumeric() && c.is_ascii() && !c.is_ascii_whitespace() && !c.is_ascii_control() {
                    regex.push('\\');
                }
                regex.push(c);
            }
        }
    }
    regex.push_str(")$");
    regex
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glob(pattern: &str, name: &str) -> bool {
        pattern.parse::<Glob>().unwrap().0.is_match(name)
    }

    #[test]
    fn shell_patterns_match_whole_names() {
        assert!(glob("user@*.service", "user@1000.service"));
        assert!(!glob("user@*", "x-user@1.service"));
        assert!(!glob("nginx", "nginx.service"));
        assert!(glob("a?c.mount", "abc.mount"));
        assert!(glob("tty[0-3].service", "tty2.service"));
        assert!(!glob("tty[!0-3].service", "tty2.service"));
        assert!(glob(r"mnt-a\x2db.mount", r"mnt-a\x2db.mount"));
        assert!(glob("a.b+c(d)|e{1}^$~&#", "a.b+c(d)|e{1}^$~&#"));
        assert!(!glob("a.b", "axb"));
        for bad in ["[", "[z-a]", "a[!"] {
            assert!(bad.parse::<Glob>().is_err(), "{bad}");
        }
    }

    #[test]
    fn regular_expressions_begin_where_the_name_begins() {
        let matches = |text: &str, name: &str| text.parse::<Pattern>().unwrap().0.is_match(name);
        assert!(matches("cron", "cron.service"));
        assert!(!matches("cron", "anacron.service"));
        assert!(matches("a|cron", "cron.service"));
        assert!(!matches("a|cron", "anacro.service") || matches("a", "anacro.service"));
        assert!(matches(r"user@\d+\.service$", "user@1000.service"));
        assert!("(".parse::<Pattern>().unwrap_err().contains("unclosed group"));
    }

    #[test]
    fn names_are_completed_as_systemctl_does() {
        let name = |text: &str| text.parse::<UnitName>().unwrap().name().to_owned();
        assert_eq!(name("nginx"), "nginx.service");
        assert_eq!(name("fstrim.timer"), "fstrim.timer");
        assert_eq!(name("my.app"), "my.app.service");
        assert_eq!(name("getty@*"), "getty@*");
        assert_eq!(name(".service"), ".service.service");
        for bad in ["", "a b", "a/b", &"x".repeat(256)] {
            assert!(bad.parse::<UnitName>().is_err(), "{bad}");
        }
    }
}
