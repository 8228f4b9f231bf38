//! Reads `sources.list`, `*.list` and `*.sources` as APT does (sources.list(5)), and names the file
//! under which APT keeps a source's Release. Pure.

/// Most sources that are read; more than this is a mistake.
const MAX_SOURCES: usize = 10_000;

/// One repository and suite, as configured.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Source {
    /// `http://deb.debian.org/debian bookworm`, without a password.
    pub name: String,
    /// Start of the names of its files in `lists/`: `deb.debian.org_debian_dists_bookworm_`.
    pub prefix: String,
    /// Does `Valid-Until` count?
    pub check_valid_until: bool,
    /// `Valid-Until` is at least so many seconds after `Date`.
    pub valid_until_min: Option<i64>,
    /// `Valid-Until` is at most so many seconds after `Date`.
    pub valid_until_max: Option<i64>,
}

/// All sources of some files, and what could not be understood.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources {
    /// Without doubles: deb and deb-src share a Release.
    pub found: Vec<Source>,
    /// `FILE:LINE: what is wrong`.
    pub problems: Vec<String>,
}

/// Options of a source that matter here.
#[derive(Clone, Copy)]
struct Options {
    check_valid_until: bool,
    valid_until_min: Option<i64>,
    valid_until_max: Option<i64>,
}

impl Options {
    fn new(check_valid_until: bool) -> Options {
        Options { check_valid_until, valid_until_min: None, valid_until_max: None }
    }

    /// An option that is not known, or whose value makes no sense, is APT's business.
    fn set(&mut self, name: &str, value: &str) {
        match name.to_ascii_lowercase().as_str() {
            "check-valid-until" => {
                self.check_valid_until = truth(value).unwrap_or(self.check_valid_until);
            }
            "valid-until-min" => self.valid_until_min = value.trim().parse().ok(),
            "valid-until-max" => self.valid_until_max = value.trim().parse().ok(),
            _ => {}
        }
    }
}

impl Sources {
    /// Reads a file in one-line format. `check_valid_until` is the global setting, `architecture`
    /// what `$(ARCH)` stands for.
    pub fn read_list(&mut self, file: &str, text: &str, check_valid_until: bool, architecture: &str) {
        for (number, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            let Some((kind, rest)) = line.split_once(char::is_whitespace) else {
                if !line.is_empty() {
                    self.problem(file, number, "no type, URI and suite");
                }
                continue;
            };
            if !matches!(kind, "deb" | "deb-src") {
                self.problem(file, number, "it begins neither with deb nor with deb-src");
                continue;
            }
            let mut options = Options::new(check_valid_until);
            let mut rest = rest.trim_start();
            if let Some(after) = rest.strip_prefix('[') {
                let Some((inside, after)) = after.split_once(']') else {
                    self.problem(file, number, "a ] is missing");
                    continue;
                };
                for (name, value) in inside.split_whitespace().filter_map(|option| option.split_once('=')) {
                    options.set(name, value);
                }
                rest = after.trim_start();
            }
            let mut words = rest.split_whitespace();
            match (words.next(), words.next()) {
                // a disk is not updated over the network, and its name may hold blanks
                (Some(uri), _) if uri.starts_with("cdrom:") => {}
                (Some(uri), Some(suite)) => self.add(&unquote(uri), &unquote(suite), options, architecture),
                _ => self.problem(file, number, "no URI and suite"),
            }
        }
    }

    /// Reads a file of stanzas (deb822).
    pub fn read_stanzas(&mut self, file: &str, text: &str, check_valid_until: bool, architecture: &str) {
        let mut fields: Vec<(String, String)> = Vec::new();
        let mut start = 0;
        for (number, line) in text.lines().chain([""]).enumerate() {
            if line.starts_with('#') {
                continue;
            }
            if line.trim().is_empty() {
                if !fields.is_empty() {
                    self.stanza(file, start, &fields, check_valid_until, architecture);
                    fields.clear();
                }
            } else if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = fields.last_mut() {
                    value.push(' ');
                    value.push_str(line.trim());
                }
            } else if let Some((name, value)) = line.split_once(':') {
                if fields.is_empty() {
                    start = number;
                }
                fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
            } else {
                self.problem(file, number, "no field");
            }
        }
    }

    fn stanza(
        &mut self,
        file: &str,
        start: usize,
        fields: &[(String, String)],
        check_valid_until: bool,
        architecture: &str,
    ) {
        let field = |name: &str| {
            let found = fields.iter().rfind(|(field, _)| field == name);
            found.map(|(_, value)| value.as_str()).unwrap_or_default()
        };
        if truth(field("enabled")) == Some(false) {
            return;
        }
        if field("types").is_empty() || field("uris").is_empty() || field("suites").is_empty() {
            self.problem(file, start, "Types, URIs or Suites are missing");
            return;
        }
        let mut options = Options::new(check_valid_until);
        for (name, value) in fields {
            options.set(name, value);
        }
        for uri in field("uris").split_whitespace().filter(|uri| !uri.starts_with("cdrom:")) {
            for suite in field("suites").split_whitespace() {
                self.add(uri, suite, options, architecture);
            }
        }
    }

    fn add(&mut self, uri: &str, suite: &str, options: Options, architecture: &str) {
        let slash = if uri.ends_with('/') { "" } else { "/" };
        let suite = suite.replace("$(ARCH)", architecture);
        // a suite that ends in a slash is a folder: a flat repository
        let place = match suite.as_str() {
            "/" => format!("{uri}{slash}"),
            folder if folder.ends_with('/') => format!("{uri}{slash}{folder}"),
            suite => format!("{uri}{slash}dists/{suite}/"),
        };
        let prefix = file_name_of(&place);
        if self.found.len() >= MAX_SOURCES || self.found.iter().any(|source| source.prefix == prefix) {
            return;
        }
        self.found.push(Source {
            name: format!("{} {suite}", without_password(uri).trim_end_matches('/')),
            prefix,
            check_valid_until: options.check_valid_until,
            valid_until_min: options.valid_until_min,
            valid_until_max: options.valid_until_max,
        });
    }

    fn problem(&mut self, file: &str, line: usize, what: &str) {
        self.problems.push(format!("{file}:{}: {what}", line + 1));
    }
}

/// APT's words for yes and no.
fn truth(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "no" | "false" | "without" | "off" | "disable" | "0" => Some(false),
        "yes" | "true" | "with" | "on" | "enable" | "1" => Some(true),
        _ => None,
    }
}

/// `%20` in the one-line format is a blank.
fn unquote(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = (*first == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `scheme`, `user:password`, and what follows; a URI without `//` has only a path.
fn parts(uri: &str) -> (&str, Option<&str>, &str) {
    let (scheme, rest) = uri.split_once(':').unwrap_or(("", uri));
    let Some(rest) = rest.strip_prefix("//") else { return (scheme, None, rest) };
    let end = rest.find('/').unwrap_or(rest.len());
    match rest[..end].rsplit_once('@') {
        Some((user, _)) => (scheme, Some(user), &rest[user.len() + 1..]),
        None => (scheme, None, rest),
    }
}

fn without_password(uri: &str) -> String {
    match parts(uri) {
        (scheme, Some(_), rest) => format!("{scheme}://{rest}"),
        _ => uri.to_owned(),
    }
}

/// The URI without scheme, user and password; what is special is written as `%xx`, and `/` as `_`.
fn file_name_of(uri: &str) -> String {
    use std::fmt::Write as _;
    let (_, _, rest) = parts(uri);
    let mut name = String::with_capacity(rest.len());
    let host = if rest.starts_with('[') { rest.find(']').unwrap_or_default() } else { 0 };
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            // the brackets of an IPv6 address are not part of it
            b'[' | b']' if host > 0 && (at == 0 || at == host) => {}
            b'/' => name.push('_'),
            b'\\'
            | b'|'
            | b'{'
            | b'}'
            | b'['
            | b']'
            | b'<'
            | b'>'
            | b'"'
            | b'^'
            | b'~'
            | b'_'
            | b'='
            | b'!'
            | b'@'
            | b'#'
            | b'$'
            | b'%'
            | b'&'
            | b'*'
            | ..=0x20
            | 0x7f.. => {
                write!(name, "%{byte:02x}").expect("writing to a string cannot fail");
            }
            byte => name.push(char::from(byte)),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Sources {
        let mut sources = Sources::default();
        sources.read_list("x.list", text, true, "amd64");
        sources
    }

    fn stanzas(text: &str) -> Sources {
        let mut sources = Sources::default();
        sources.read_stanzas("x.sources", text, true, "amd64");
        sources
    }

    fn prefixes(sources: &Sources) -> Vec<&str> {
        sources.found.iter().map(|source| source.prefix.as_str()).collect()
    }

    #[test]
    fn lines_with_options_comments_and_odd_places() {
        let cases = [
            ("deb http://deb.debian.org/debian bookworm main", "deb.debian.org_debian_dists_bookworm_"),
            ("deb [ signed-by=/k.gpg arch=amd64 ] http://h:81/ a/b main # x", "h:81_dists_a_b_"),
            ("\tdeb-src\thttps://user:pw@h/a_b~c\tone\tmain", "h_a%5fb%7ec_dists_one_"),
            ("deb file:/srv/repo two main", "_srv_repo_dists_two_"),
            ("deb file:///srv/repo two main", "_srv_repo_dists_two_"),
            ("deb http://h/flat ./", "h_flat_._"),
            ("deb http://h/flat /", "h_flat_"),
            ("deb http://h/$(ARCH) binary-$(ARCH)/", "h_%24(ARCH)_binary-amd64_"),
            ("deb http://h/a%20b%5f one main", "h_a%20b%5f_dists_one_"),
            ("deb http://h/[a] one main", "h_%5ba%5d_dists_one_"),
            ("deb http://[::1]:80/ one main", "::1:80_dists_one_"),
        ];
        for (line, prefix) in cases {
            let sources = list(line);
            assert_eq!((prefixes(&sources), &sources.problems), (vec![prefix], &vec![]), "{line}");
        }
        assert!(prefixes(&list("# deb http://h/ a b\n\ndeb cdrom:[Debian 12]/ bookworm main\n")).is_empty());
        let twice = list("deb http://h a main\ndeb-src http://h/ a main\n");
        assert_eq!(prefixes(&twice), ["h_dists_a_"]);
    }

    #[test]
    fn passwords_are_not_shown() {
        let sources = list("deb https://user:secret@h/debian/ one main");
        assert_eq!(sources.found[0].name, "https://h/debian one");
        let at_end = list("deb http://user:p@ss@h one main");
        assert_eq!((at_end.found[0].name.as_str(), prefixes(&at_end)[0]), ("http://h one", "h_dists_one_"));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let sources = list("deb\nrpm http://h a b\ndeb [x http://h a\ndeb http://h\ndeb http://h a b\n");
        assert_eq!(sources.found.len(), 1);
        let lines: Vec<&str> = sources.problems.iter().map(|problem| &problem[..9]).collect();
        assert_eq!(lines, ["x.list:1:", "x.list:2:", "x.list:3:", "x.list:4:"]);
        let sources = stanzas("Types: deb\nURIs: http://h\n\nnonsense\n");
        assert_eq!(sources.problems.len(), 2, "{:?}", sources.problems);
    }

    #[test]
    fn stanzas_with_many_suites_comments_keys_and_switches() {
        let sources = stanzas(
            "# head\nTypes: deb deb-src\nURIs: http://h/debian\n http://m/debian\nSuites: a\n# between\n b\n\
             Components: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n Suites: c\n\n\n\
             Enabled: no\nTypes: deb\nURIs: http://off\nSuites: x\n\n\
             types: deb\nuris: http://last/\nsuites: ./\ncheck-valid-until: no\nvalid-until-max: 3600",
        );
        assert_eq!(
            prefixes(&sources),
            ["h_debian_dists_a_", "h_debian_dists_b_", "m_debian_dists_a_", "m_debian_dists_b_", "last_._"]
        );
        assert!(sources.found[0].check_valid_until);
        assert!(!sources.found[4].check_valid_until);
        assert_eq!(sources.found[4].valid_until_max, Some(3600));
        assert!(sources.problems.is_empty(), "{:?}", sources.problems);
    }

    #[test]
    fn options_of_a_line_count_for_it_alone() {
        let sources = list("deb [check-valid-until=no valid-until-min=60] http://h a b\ndeb http://h c d\n");
        assert_eq!((sources.found[0].check_valid_until, sources.found[0].valid_until_min), (false, Some(60)));
        assert!(sources.found[1].check_valid_until);
    }
}
