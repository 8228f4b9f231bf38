//! A connection under libssh2, from the key exchange to the login.
//!
//! Every call of the library has what is left of the check's time; what it says is put in an
//! operator's words, without control characters.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use check::{CheckError, Ctx, Secret};
use net::DialOptions;
use ssh2::{ErrorCode, KeyboardInteractivePrompt, MethodType, Prompt};

use crate::introduction::introduction;
use crate::wire::key_type;
use crate::{Account, Apart, Fingerprint, HostKeys, left};

/// Types of host keys that are asked for one after the other when a pin is not met: hosts have one of each.
const MAX_KEYS: usize = 5;

/// Numbers of libssh2's errors that are told apart.
mod code {
    pub const TIMEOUT: i32 = -9;
    pub const KEX: [i32; 3] = [-5, -8, -10];
    pub const GONE: [i32; 4] = [-2, -7, -13, -43];
    pub const FILE: i32 = -16;
    pub const REFUSED: [i32; 3] = [-18, -19, -48];
    pub const REQUEST_DENIED: [i32; 3] = [-21, -22, -32];
}

/// Where to connect.
#[derive(Clone, Debug)]
pub struct Target {
    /// The way there.
    pub dial: DialOptions,
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
}

impl Target {
    /// `host:port`, for messages.
    pub fn place(&self) -> String {
        if self.host.contains(':') && !self.host.starts_with('[') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// The key that a host proved to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostKey {
    /// `ssh-ed25519`.
    pub kind: String,
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    pub(crate) blob: Vec<u8>,
}

impl fmt::Display for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.fingerprint)
    }
}

/// What came of a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// Done.
    Accepted,
    /// The server said no; why, in our words.
    Refused(String),
}

/// A connection whose host key was found to be right.
pub struct Session {
    inner: ssh2::Session,
    ctx: Ctx,
    place: String,
    key: HostKey,
}

impl Session {
    /// Connects and exchanges keys. A host that shows another key than the pinned one is asked for
    /// its other keys, on a connection each.
    pub fn open(target: &Target, keys: &HostKeys, apart: &Apart) -> Result<Session, CheckError> {
        let mut seen: Vec<HostKey> = Vec::new();
        loop {
            let shown: Vec<&str> = seen.iter().map(|key| key.kind.as_str()).collect();
            let session = match Session::exchange(target, &keys.types(), &shown, apart) {
                Ok(session) => session,
                // no further kind of key
                Err(Failed::Exchange(_)) if !seen.is_empty() => return Err(refusal(target, keys, &seen)),
                Err(Failed::Exchange(error) | Failed::Otherwise(error)) => return Err(error),
            };
            if keys.objection(&session.key).is_none() {
                return Ok(session);
            }
            seen.push(session.key.clone());
            if !keys.may_be_another() || seen.len() >= MAX_KEYS {
                return Err(refusal(target, keys, &seen));
            }
        }
    }

    fn exchange(target: &Target, first: &[&str], without: &[&str], apart: &Apart) -> Result<Session, Failed> {
        let dial = target.dial.connect(&target.host, target.port, apart.ctx());
        let mut stream = apart.wait(dial).map_err(CheckError::from)?;
        let place = target.place();
        apart.wait(introduction(&mut stream, &place, apart.ctx()))?;
        let blocking = stream.into_std().and_then(|stream| stream.set_nonblocking(false).map(|()| stream));
        let stream =
            blocking.map_err(|error| CheckError::internal(format!("cannot use the connection: {error}")))?;
        let internal = |error: &ssh2::Error| CheckError::internal(format!("libssh2: {error}"));
        let mut inner = ssh2::Session::new().map_err(|error| internal(&error))?;
        let supported = inner.supported_algs(MethodType::HostKey).map_err(|error| internal(&error))?;
        let wanted = preference(&supported, first, without);
        if wanted.is_empty() {
            return Err(Failed::Exchange(CheckError::internal("no type of host key is left")));
        }
        inner.method_pref(MethodType::HostKey, &wanted).map_err(|error| internal(&error))?;
        inner.set_tcp_stream(stream);
        let key = HostKey { kind: String::new(), fingerprint: Fingerprint::of(&[]), blob: Vec::new() };
        let mut session = Session { inner, ctx: *apart.ctx(), place, key };
        session.patience("key exchange")?;
        session.inner.handshake().map_err(|error| {
            let said = session.explain(&error, "key exchange");
            match error.code() {
                ErrorCode::Session(number) if code::KEX.contains(&number) => Failed::Exchange(said),
                _ => Failed::Otherwise(said),
            }
        })?;
        let blob = session.inner.host_key().map(|(blob, _)| blob.to_vec()).unwrap_or_default();
        let kind = key_type(&blob).map(|kind| net::excerpt(kind.as_bytes()));
        let kind = kind
            .ok_or_else(|| CheckError::target(format!("{}: its host key cannot be read", session.place)))?;
        session.key = HostKey { kind, fingerprint: Fingerprint::of(&blob), blob };
        Ok(session)
    }

    /// The host's key.
    pub fn host_key(&self) -> &HostKey {
        &self.key
    }

    /// Host and port.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The library's session. [`Session::patience`] comes before every call that waits.
    pub fn raw(&self) -> &ssh2::Session {
        &self.inner
    }

    /// Gives the next call the time that is left; `wanted` says what would be missing.
    pub fn patience(&self, wanted: &str) -> Result<(), CheckError> {
        let left = left(&self.ctx).map(|left| left.as_millis().clamp(1, u128::from(u32::MAX)));
        match left.and_then(|left| u32::try_from(left).ok()) {
            Some(left) => {
                self.inner.set_timeout(left);
                Ok(())
            }
            None => Err(self.too_slow(wanted)),
        }
    }

    fn too_slow(&self, wanted: &str) -> CheckError {
        // whatever is closed now must not wait again
        self.inner.set_timeout(1);
        let seconds = self.ctx.timeout.as_secs_f64();
        CheckError::timeout(format!("{}: no {wanted} within {seconds} seconds", self.place))
    }

    /// An error of the library in an operator's words; `wanted` says what it was waiting for.
    pub fn explain(&self, error: &ssh2::Error, wanted: &str) -> CheckError {
        let place = &self.place;
        match error.code() {
            ErrorCode::Session(code::TIMEOUT) => self.too_slow(wanted),
            ErrorCode::Session(number) if code::GONE.contains(&number) => {
                self.inner.set_timeout(1);
                CheckError::target(format!("{place}: closed the connection instead of its {wanted}"))
            }
            _ => CheckError::target(format!("{place}: {wanted} failed: {}", clean(error.message()))),
        }
    }

    /// The same of an error that came by reading or writing.
    pub fn explain_io(&self, error: &std::io::Error, wanted: &str) -> CheckError {
        if error.kind() == std::io::ErrorKind::TimedOut {
            return self.too_slow(wanted);
        }
        CheckError::target(format!("{}: {}, waiting for its {wanted}", self.place, clean(&error.to_string())))
    }

    /// Is it the server's no, and not a connection that broke?
    pub fn is_denied(error: &ssh2::Error) -> bool {
        matches!(error.code(), ErrorCode::Session(number) if code::REQUEST_DENIED.contains(&number))
    }

    /// Logs in, by the key if there is one, else by the password, else by nothing at all.
    pub fn log_in(&self, account: &Account) -> Result<Login, CheckError> {
        let user = account.user.as_str();
        let Some(methods) = self.methods(user)? else { return Ok(Login::Accepted) };
        let offers = |name: &str| methods.split(',').any(|method| method == name);
        self.patience("answer to the login")?;
        let password = account.password.as_ref().map(Secret::expose);
        let tried = match (&account.key, password) {
            (Some((file, key)), passphrase) => {
                if !offers("publickey") {
                    return Ok(Login::Refused(format!(
                        "the server takes no keys from {user}, only {methods}"
                    )));
                }
                let tried = self.inner.userauth_pubkey_memory(user, None, key.expose(), passphrase);
                if matches!(&tried, Err(error) if error.code() == ErrorCode::Session(code::FILE)) {
                    return Err(CheckError::internal(format!(
                        "the key in {} cannot be used: is it encrypted, and its passphrase in --password-file the right one?",
                        file.display()
                    )));
                }
                tried
            }
            (None, Some(password)) if offers("password") => self.inner.userauth_password(user, password),
            (None, Some(password)) if offers("keyboard-interactive") => {
                let mut answers = Answers { password, asked: 0 };
                self.inner.userauth_keyboard_interactive(user, &mut answers)
            }
            (None, Some(_)) => {
                return Ok(Login::Refused(format!(
                    "the server takes no passwords from {user}, only {methods}"
                )));
            }
            (None, None) => {
                return Ok(Login::Refused(format!("the server lets {user} in only by {methods}")));
            }
        };
        match tried {
            Ok(()) if self.inner.authenticated() => Ok(Login::Accepted),
            Ok(()) => Ok(Login::Refused(format!("the server wants more of {user} than that"))),
            Err(error) => match error.code() {
                ErrorCode::Session(number) if code::REFUSED.contains(&number) => {
                    let what = if account.key.is_some() { "key" } else { "password" };
                    Ok(Login::Refused(format!("the server refuses the {what} of {user}")))
                }
                _ => Err(self.explain(&error, "answer to the login")),
            },
        }
    }

    /// The ways to log in; `None`: the server let the user in without any.
    fn methods(&self, user: &str) -> Result<Option<String>, CheckError> {
        self.patience("answer to the login")?;
        // the binding panics if a server's list is no UTF-8
        let asked = catch_unwind(AssertUnwindSafe(|| self.inner.auth_methods(user).map(str::to_owned)));
        match asked {
            _ if self.inner.authenticated() => Ok(None),
            Ok(Ok(methods)) => Ok(Some(clean(&methods))),
            Ok(Err(error)) => Err(self.explain(&error, "answer to the login")),
            Err(_) => Err(CheckError::target(format!("{}: its ways to log in are no text", self.place))),
        }
    }
}

enum Failed {
    /// Nothing in common.
    Exchange(CheckError),
    Otherwise(CheckError),
}

impl From<CheckError> for Failed {
    fn from(error: CheckError) -> Failed {
        Failed::Otherwise(error)
    }
}

fn refusal(target: &Target, keys: &HostKeys, seen: &[HostKey]) -> CheckError {
    let place = target.place();
    let said = seen.last().and_then(|key| keys.objection(key)).unwrap_or_default();
    let others: Vec<String> = seen.iter().rev().skip(1).map(|key| format!("nor is it its {key}")).collect();
    let others = if others.is_empty() { String::new() } else { format!(" ({})", others.join(", ")) };
    CheckError::target(format!("{place}: {said}{others}"))
}

/// The library's algorithms for host keys in our order: the types that are known first. Certificates
/// are nothing that it can verify.
fn preference(supported: &[&str], first: &[&str], without: &[&str]) -> String {
    let kind =
        |name: &str| if name.starts_with("rsa-sha2-") { "ssh-rsa".to_owned() } else { name.to_owned() };
    let usable = || {
        supported
            .iter()
            .copied()
            .filter(|name| !name.contains("-cert-") && !without.contains(&kind(name).as_str()))
    };
    let is_first = |name: &&str| first.contains(&kind(name).as_str());
    let ordered: Vec<&str> =
        usable().filter(is_first).chain(usable().filter(|name| !is_first(name))).collect();
    ordered.join(",")
}

/// Text from a server for a message: one line, no control characters, at most 80 characters.
pub fn clean(text: &str) -> String {
    net::excerpt(text.as_bytes())
}

/// Gives the password to whatever asks for something that is not to be shown.
struct Answers<'a> {
    password: &'a str,
    asked: usize,
}

impl KeyboardInteractivePrompt for Answers<'_> {
    fn prompt<'p>(&mut self, _: &str, _: &str, prompts: &[Prompt<'p>]) -> Vec<String> {
        let answer = |prompt: &Prompt<'p>| {
            self.asked += 1;
            // a second question would be another password, or a new one
            if prompt.echo || self.asked > 1 { String::new() } else { self.password.to_owned() }
        };
        prompts.iter().map(answer).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_types_come_first_and_shown_ones_not_again() {
        let supported = [
            "ecdsa-sha2-nistp256",
            "ssh-ed25519",
            "ssh-ed25519-cert-v01@openssh.com",
            "rsa-sha2-512",
            "ssh-rsa",
        ];
        assert_eq!(preference(&supported, &[], &[]), "ecdsa-sha2-nistp256,ssh-ed25519,rsa-sha2-512,ssh-rsa");
        assert_eq!(
            preference(&supported, &["ssh-rsa"], &[]),
            "rsa-sha2-512,ssh-rsa,ecdsa-sha2-nistp256,ssh-ed25519"
        );
        assert_eq!(preference(&supported, &[], &["ssh-rsa", "ssh-ed25519"]), "ecdsa-sha2-nistp256");
        assert_eq!(preference(&[], &[], &[]), "");
    }

    #[test]
    fn places_have_brackets_where_they_must() {
        let target = |host: &str| Target { dial: DialOptions::default(), host: host.to_owned(), port: 22 };
        assert_eq!(target("h").place(), "h:22");
        assert_eq!(target("::1").place(), "[::1]:22");
        assert_eq!(target("[::1]").place(), "[::1]:22");
    }
}
