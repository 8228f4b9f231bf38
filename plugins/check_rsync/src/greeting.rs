//! The lines of the daemon's protocol, before the file list: greeting, and what may answer a request.

/// What both sides can speak here. 29 is the last in which a file list comes by itself.
const OLDEST: u32 = 27;
const NEWEST: u32 = 29;

/// A daemon's first line: `@RSYNCD: 31.0 sha512 sha256 sha1 md5 md4`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// The newest protocol that it speaks.
    pub protocol: u32,
    /// Digests that it takes for a password, best first; rsync names them since 3.2.7.
    pub digests: Vec<String>,
}

impl Greeting {
    /// Reads it; `None` if this is no rsync daemon.
    pub fn read(line: &str) -> Option<Greeting> {
        let mut words = line.strip_prefix("@RSYNCD: ")?.split_whitespace();
        let version = words.next()?;
        let major = version.split_once('.').map_or(version, |(major, _)| major);
        Some(Greeting { protocol: major.parse().ok()?, digests: words.map(str::to_owned).collect() })
    }

    /// The protocol to speak with it, if there is one.
    pub fn agreed(&self) -> Option<u32> {
        (self.protocol >= OLDEST).then(|| self.protocol.min(NEWEST))
    }
}

/// A line that answers a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The module is open.
    Open,
    /// A password is asked for, to be mixed with this challenge.
    Challenge(String),
    /// The end of the list of modules.
    End,
    /// The server's refusal, in its words.
    Refused(String),
    /// Message of the day, or a line of the list.
    Text(String),
}

impl Answer {
    /// Reads a line.
    pub fn read(line: &str) -> Answer {
        if let Some(words) = line.strip_prefix("@ERROR") {
            return Answer::Refused(words.trim_start_matches(':').trim().to_owned());
        }
        match line.strip_prefix("@RSYNCD: ").map(str::trim) {
            Some("OK") => Answer::Open,
            Some("EXIT") => Answer::End,
            Some(words) => match words.strip_prefix("AUTHREQD ") {
                Some(challenge) => Answer::Challenge(challenge.to_owned()),
                None => Answer::Text(line.to_owned()),
            },
            None => Answer::Text(line.to_owned()),
        }
    }
}

/// Name and comment of a module, from a line of the list. The message of the day comes in the same
/// lines: what tells them apart is the tab, behind a name that is filled up to 15 characters.
pub fn module(line: &str) -> Option<(&str, &str)> {
    let (name, comment) = line.split_once('\t')?;
    let filled = name.chars().count() >= 15;
    let name = name.trim_end();
    (!name.is_empty() && (filled || !name.contains(' '))).then_some((name, comment.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_greetings_of_all_ages() {
        let read = |line: &str| Greeting::read(line).map(|greeting| (greeting.protocol, greeting.agreed()));
        assert_eq!(read("@RSYNCD: 32.0 sha512 md5"), Some((32, Some(29))));
        assert_eq!(read("@RSYNCD: 31.0"), Some((31, Some(29))));
        assert_eq!(read("@RSYNCD: 28"), Some((28, Some(28))));
        assert_eq!(read("@RSYNCD: 26"), Some((26, None)));
        assert_eq!(Greeting::read("@RSYNCD: 31.0 a b").unwrap().digests, ["a", "b"]);
        for stranger in ["", "SSH-2.0-x", "@RSYNCD: ", "@RSYNCD: x", "@RSYNCD: -1", "@RSYNCD: 99999999999"] {
            assert_eq!(read(stranger), None, "{stranger}");
        }
    }

    #[test]
    fn reads_answers() {
        for (line, want) in [
            ("@RSYNCD: OK", Answer::Open),
            ("@RSYNCD: EXIT", Answer::End),
            ("@RSYNCD: AUTHREQD abc", Answer::Challenge("abc".to_owned())),
            ("@ERROR: Unknown module 'x'", Answer::Refused("Unknown module 'x'".to_owned())),
            ("@ERROR", Answer::Refused(String::new())),
            ("hello", Answer::Text("hello".to_owned())),
            ("@RSYNCD: what", Answer::Text("@RSYNCD: what".to_owned())),
        ] {
            assert_eq!(Answer::read(line), want, "{line}");
        }
    }

    #[test]
    fn a_line_of_the_list_has_a_tab() {
        assert_eq!(module("pub            \tPublic things"), Some(("pub", "Public things")));
        assert_eq!(module("two words      \t"), Some(("two words", "")));
        assert_eq!(module("short\tof another server"), Some(("short", "of another server")));
        for other in ["", "Welcome", "Welcome all\tof you", "\tx"] {
            assert_eq!(module(other), None, "{other}");
        }
    }
}
