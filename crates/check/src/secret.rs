//! Secrets come from files or the environment, never from arguments.

use std::fmt;
use std::io::Read;
use std::path::Path;

use crate::CheckError;

/// Longest secret read from a file.
const MAX_LEN: u64 = 64 * 1024;

/// A password or key that does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The first line of a file, without its line break; at most 64 KiB.
    pub fn from_file(path: &Path) -> Result<Secret, CheckError> {
        let mut text = String::new();
        let opened = std::fs::File::open(path).and_then(|file| file.take(MAX_LEN).read_to_string(&mut text));
        opened.map_err(|error| {
            CheckError::internal(format!("cannot read the secret in {}: {error}", path.display()))
        })?;
        match text.lines().next() {
            Some(line) if !line.is_empty() => Ok(Secret(line.to_owned())),
            _ => Err(CheckError::internal(format!("the secret file {} is empty", path.display()))),
        }
    }

    /// The value of an environment variable, if it is set and not empty.
    pub fn from_env(variable: &str) -> Option<Secret> {
        std::env::var(variable).ok().filter(|value| !value.is_empty()).map(Secret)
    }

    /// The file if one is given, else the variable.
    pub fn from_file_or_env(path: Option<&Path>, variable: &str) -> Result<Option<Secret>, CheckError> {
        match path {
            Some(path) => Secret::from_file(path).map(Some),
            None => Ok(Secret::from_env(variable)),
        }
    }

    /// One that was given as an argument after all, for options that users of other plugins have.
    pub fn from_argument(text: &str) -> Secret {
        Secret(text.to_owned())
    }

    /// The secret itself: hand it to a protocol, never to a message.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// For messages: what stands before an @ may be a login.
pub fn without_account(text: &str) -> String {
    text.rsplit_once('@').map_or_else(|| text.to_owned(), |(_, host)| format!("…@{host}"))
}

/// From a place that is no better than an argument, but must be accepted.
impl From<String> for Secret {
    fn from(text: String) -> Secret {
        Secret(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_one_line_and_never_prints_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("password");
        std::fs::write(&path, "s3cret\nsecond\n").unwrap();
        let secret = Secret::from_file(&path).unwrap();
        assert_eq!(secret.expose(), "s3cret");
        assert!(!format!("{secret:?}").contains("s3cret"));
        std::fs::write(&path, "\n").unwrap();
        assert!(Secret::from_file(&path).unwrap_err().to_string().contains("empty"));
        let missing = Secret::from_file(&dir.path().join("none")).unwrap_err().to_string();
        assert!(missing.contains("/none") && missing.contains("No such file"), "{missing}");
    }
}
