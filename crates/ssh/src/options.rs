//! Options of every check that logs in by SSH.

use std::path::{Path, PathBuf};

use check::{CheckError, Secret};

use crate::{Fingerprint, HostKeys, KnownHosts};

/// Environment variable with the password.
const PASSWORD_VARIABLE: &str = "HLIDKA_SSH_PASSWORD";

/// Largest file with a key.
const MAX_KEY: u64 = 1024 * 1024;

/// Who logs in, and to which host key.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Login")]
pub struct LoginOptions {
    /// Log in as this user
    #[arg(short = 'l', short_alias = 'u', long, alias = "logname", value_name = "USER")]
    pub user: Option<String>,
    /// Log in with the private key in this file
    #[arg(short = 'i', long, alias = "keyfile", value_name = "FILE")]
    pub identity: Option<PathBuf>,
    /// Password, or the passphrase of the key, in the first line of this file (or in
    /// HLIDKA_SSH_PASSWORD)
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// SHA-256 fingerprint that a key of the host must have (ssh-keygen -l); may be repeated
    #[arg(long = "fingerprint", value_name = "SHA256:…")]
    pub fingerprints: Vec<Fingerprint>,
    /// The host's key must be in this file, in the form of OpenSSH's known_hosts
    #[arg(long, value_name = "FILE", conflicts_with = "fingerprints")]
    pub known_hosts: Option<PathBuf>,
    /// Log in whatever the host key is: no protection against an impostor
    #[arg(long, conflicts_with_all = ["fingerprints", "known_hosts"])]
    pub any_host_key: bool,
}

/// Who logs in, with secrets read.
#[derive(Clone, Debug)]
pub struct Account {
    /// Name.
    pub user: String,
    /// The private key and where it was read; a password is its passphrase then.
    pub key: Option<(PathBuf, Secret)>,
    /// Password.
    pub password: Option<Secret>,
}

impl LoginOptions {
    /// Is a host key asked for?
    pub fn judges_host_key(&self) -> bool {
        !self.fingerprints.is_empty() || self.known_hosts.is_some()
    }

    /// What the host key must be. Reads the file of known hosts.
    pub fn host_keys(&self, host: &str, port: u16) -> Result<HostKeys, CheckError> {
        match &self.known_hosts {
            Some(file) => KnownHosts::read(file, host, port).map(HostKeys::Known),
            None if !self.fingerprints.is_empty() => Ok(HostKeys::Pinned(self.fingerprints.clone())),
            None if self.any_host_key => Ok(HostKeys::Any),
            None => Err(CheckError::usage(
                "nothing says which host key to expect: give --fingerprint or --known-hosts (or --any-host-key to log in \
                 to whoever answers)",
            )),
        }
    }

    /// Reads the key and the password of a user; without both, an account that needs none is tried.
    pub fn account(&self, user: &str, given: Option<&str>) -> Result<Account, CheckError> {
        let key = match &self.identity {
            Some(file) => Some((file.clone(), key(file)?)),
            None => None,
        };
        let password = match given {
            Some(text) => Some(Secret::from_argument(text)),
            None => Secret::from_file_or_env(self.password_file.as_deref(), PASSWORD_VARIABLE)?,
        };
        Ok(Account { user: user.to_owned(), key, password })
    }
}

fn key(file: &Path) -> Result<Secret, CheckError> {
    use std::io::Read;
    let mut text = String::new();
    std::fs::File::open(file).and_then(|opened| opened.take(MAX_KEY).read_to_string(&mut text)).map_err(
        |error| CheckError::internal(format!("cannot read the key in {}: {error}", file.display())),
    )?;
    if !text.contains("PRIVATE KEY") {
        let why =
            if text.starts_with("ssh-") || text.starts_with("ecdsa-") { "a public key" } else { "no key" };
        return Err(CheckError::internal(format!(
            "{} holds {why}: give the private one, as ssh-keygen makes it",
            file.display()
        )));
    }
    Ok(Secret::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_key_is_asked_for_in_one_way_or_not_at_all() {
        let none = LoginOptions::default();
        assert!(none.host_keys("h", 22).unwrap_err().to_string().contains("--any-host-key"));
        assert!(!none.judges_host_key());
        let any = LoginOptions { any_host_key: true, ..LoginOptions::default() };
        assert!(matches!(any.host_keys("h", 22), Ok(HostKeys::Any)));
    }

    #[test]
    fn keys_are_private_and_never_printed() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("id");
        let options = LoginOptions { identity: Some(file.clone()), ..LoginOptions::default() };
        let said = |text: &str| {
            std::fs::write(&file, text).unwrap();
            options.account("me", Some("s3cret")).map(|account| format!("{account:?}"))
        };
        assert!(said("ssh-ed25519 AAAA").unwrap_err().to_string().contains("a public key"));
        assert!(said("").unwrap_err().to_string().contains("no key"));
        let shown = said("-----BEGIN OPENSSH PRIVATE KEY-----\nabcdef").unwrap();
        assert!(!shown.contains("abcdef") && !shown.contains("s3cret"), "{shown}");
    }
}
