//! Where a repository is: what git takes for a URL, but for what is on this machine. Pure.

use std::fmt;
use std::str::FromStr;

/// How a repository is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Git,
    Ssh,
    Http,
    Https,
}

impl Scheme {
    fn port(self) -> u16 {
        match self {
            Scheme::Git => 9418,
            Scheme::Ssh => 22,
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Scheme::Git => "git",
            Scheme::Ssh => "ssh",
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }
}

/// A repository's address, read once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub scheme: Scheme,
    pub user: Option<String>,
    /// Without brackets.
    pub host: String,
    pub port: u16,
    /// What is behind the host: decoded for git and ssh, as it stands for http.
    pub path: String,
}

impl Address {
    /// `host`, or `host:port` if it is not the usual one, as the git protocol and messages have it.
    pub(crate) fn place(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == self.scheme.port() { host } else { format!("{host}:{}", self.port) }
    }

    /// The command that serves the repository, for a shell or for `git-shell`: the path is one word
    /// whatever is in it.
    pub(crate) fn command(&self) -> String {
        // `!` is quoted for the C shell, as git does
        let quoted = self.path.replace('\'', r"'\''").replace('!', r"'\!'");
        format!("git-upload-pack '{quoted}'")
    }

    /// The first line of the git protocol.
    pub(crate) fn request(&self) -> Vec<u8> {
        let body = format!("git-upload-pack {}\0host={}\0", self.path, self.place());
        format!("{:04x}{body}", body.len() + 4).into_bytes()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = if self.path.starts_with('/') { "" } else { "/" };
        write!(f, "{}://{}{slash}{}", self.scheme.name(), self.place(), self.path)
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Address, String> {
        if text.len() > 4000 || text.chars().any(char::is_control) {
            return Err("a URL has at most 4000 characters, and no control characters".to_owned());
        }
        let local = || {
            "only git://, ssh://, http:// and https:// are checked (or user@host:path), no path on this machine".to_owned()
        };
        let Some((scheme, rest)) = text.split_once("://") else {
            return short_form(text).ok_or_else(local);
        };
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "git" => Scheme::Git,
            "ssh" | "git+ssh" | "ssh+git" => Scheme::Ssh,
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return Err(local()),
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (user, address) = match authority.rsplit_once('@') {
            Some((user, address)) => (Some(user), address),
            None => (None, authority),
        };
        if user.is_some_and(|user| user.contains(':')) {
            // not repeated here: it would be in every log
            return Err("a password in a URL can be read by everybody on this machine: give --password-file"
                .to_owned());
        }
        let (host, port) = split_port(address).ok_or("the URL has no host, or no port from 1 to 65535")?;
        let decoded = |text: &str| decode(text).ok_or("the URL has an escape that makes no sense");
        let path = match scheme {
            Scheme::Http | Scheme::Https => path.trim_end_matches('/').to_owned(),
            Scheme::Git | Scheme::Ssh => {
                let path = decoded(path)?;
                // `/~user/x` is in a home
                path.strip_prefix('/')
                    .filter(|rest| rest.starts_with('~'))
                    .map_or(path.clone(), str::to_owned)
            }
        };
        if path.is_empty() || path == "/" || path.contains(['?', '#']) && scheme.name().starts_with("http") {
            return Err("the URL names no repository: give its path, without ? and #".to_owned());
        }
        let user = user.filter(|user| !user.is_empty()).map(decoded).transpose()?;
        Ok(Address { scheme, user, host: host.to_owned(), port: port.unwrap_or(scheme.port()), path })
    }
}

/// `user@host:path`. Without a user it could as well be a file here: `C:x`, `ext::sh`.
fn short_form(text: &str) -> Option<Address> {
    let (user, rest) = text.split_once('@')?;
    let (host, path) = rest.split_once(':')?;
    let (host, _) = split_port(host)?;
    let is_plain = |text: &str| !text.is_empty() && !text.contains(['/', ':', '@', ' ']);
    if !is_plain(user) || path.is_empty() || path.starts_with(':') || host.contains('/') {
        return None;
    }
    let (user, host, path) = (Some(user.to_owned()), host.to_owned(), path.to_owned());
    Some(Address { scheme: Scheme::Ssh, user, host, port: 22, path })
}

fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, behind) = rest.split_once(']')?;
            (host, behind.strip_prefix(':').or(behind.is_empty().then_some(""))?)
        }
        None => text.split_once(':').unwrap_or((text, "")),
    };
    let bad = |c: char| c.is_whitespace() || "@?#\\%<>[]".contains(c);
    if host.is_empty() || host.starts_with('-') || host.contains(bad) {
        return None;
    }
    match port {
        "" => Some((host, None)),
        port => port.parse().ok().filter(|port| *port != 0).map(|port| (host, Some(port))),
    }
}

/// `%20` and the like; what they make must be text without control characters.
fn decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    decoded.extend(parts.next()?.bytes());
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        decoded.push(u8::from_str_radix(digits, 16).ok().filter(|_| is_hex)?);
        decoded.extend(rest.bytes());
    }
    String::from_utf8(decoded).ok().filter(|text| !text.chars().any(char::is_control))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Address {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn every_form_of_a_url() {
        let cases = [
            ("git://h/a.git", Scheme::Git, None, "h", 9418, "/a.git"),
            ("GIT://h:1/a%20b", Scheme::Git, None, "h", 1, "/a b"),
            ("git://[::1]:5/~me/a", Scheme::Git, None, "::1", 5, "~me/a"),
            ("ssh://me@h/a", Scheme::Ssh, Some("me"), "h", 22, "/a"),
            ("ssh://h:2222/~/a", Scheme::Ssh, None, "h", 2222, "~/a"),
            ("me@h:a/b.git", Scheme::Ssh, Some("me"), "h", 22, "a/b.git"),
            ("http://h/a.git/", Scheme::Http, None, "h", 80, "/a.git"),
            ("https://me@h:8443/a%20b", Scheme::Https, Some("me"), "h", 8443, "/a%20b"),
        ];
        for (text, scheme, user, host, port, path) in cases {
            let want = Address {
                scheme,
                user: user.map(str::to_owned),
                host: host.to_owned(),
                port,
                path: path.to_owned(),
            };
            assert_eq!(read(text), want, "{text}");
        }
    }

    #[test]
    fn what_is_on_this_machine_is_refused() {
        for text in [
            "",
            "/srv/a.git",
            "a.git",
            "./a:b",
            "file:///srv/a",
            "FILE://h/a",
            "ext::sh -c id",
            "me@h",
            "C:x",
            "h:a",
            "me@h::a",
            "me@a/b:c",
            "a b@h:c",
            "ftp://h/a",
            "git://",
            "git://h",
            "git://h/",
            "http://h/a?b",
            "git://h:0/a",
            "git://h:x/a",
            "git:// /a",
            "git://h/%00",
            "git://h/%0a",
            "git://h/%zz",
            "git://h/%+1",
            "git://h/a\nb",
            "ssh://-oProxyCommand=id/a",
            "git://[::1/a",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
        let refused = "https://me:s3cret@h/a".parse::<Address>().unwrap_err();
        assert!(refused.contains("--password-file") && !refused.contains("s3cret"), "{refused}");
    }

    #[test]
    fn a_path_is_one_word_whatever_is_in_it() {
        assert_eq!(read("ssh://h/a.git").command(), "git-upload-pack '/a.git'");
        assert_eq!(read("ssh://h/a';id;'!").command(), r"git-upload-pack '/a'\'';id;'\'''\!''");
        assert_eq!(read("git://h/a").request(), b"001egit-upload-pack /a\0host=h\0");
        assert_eq!(read("git://[::1]:5/a").request(), b"0024git-upload-pack /a\0host=[::1]:5\0");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(git|ssh|http)?(://)?[a-c@:/%\\[\\]~0-9 é]{0,20}") {
            if let Ok(address) = text.parse::<Address>() {
                prop_assert!(!address.host.is_empty() && address.port > 0 && !address.path.is_empty());
            }
        }

        /// Asked of a real shell: the only thing that counts.
        #[test]
        fn a_shell_reads_the_path_back(path in "[a-z'! \"$`\\\\;|&*~]{1,20}") {
            let address = Address {
                scheme: Scheme::Ssh, user: None, host: "h".to_owned(), port: 22, path: path.clone(),
            };
            let script = address.command().replacen("git-upload-pack", "printf %s", 1);
            let said = std::process::Command::new("/bin/sh").arg("-c").arg(script).output().unwrap();
            prop_assert_eq!(String::from_utf8(said.stdout).unwrap(), path);
        }
    }
}
