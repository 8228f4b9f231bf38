//! The user.

use std::path::PathBuf;

use check::{CheckError, Secret};
use eap::{Credentials, Password};

/// Environment variable with the password.
const PASSWORD_VARIABLE: &str = "HLIDKA_EAP_PASSWORD";

/// Most octets of a name: what a User-Name holds.
const MAX_IDENTITY: usize = 253;

/// Who logs in.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "User")]
pub struct UserOptions {
    /// The user's name with realm: test@example.org
    #[arg(short = 'u', long, value_name = "NAME")]
    pub identity: Option<String>,
    /// What is told outside the tunnel [default: the user's name]
    #[arg(short = 'A', long, value_name = "NAME")]
    pub anonymous_identity: Option<String>,
    /// The password, in the first line of this file (or in HLIDKA_EAP_PASSWORD)
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// The password, for users of rad_eap_test: everybody on this machine can read it; better
    /// --password-file
    #[arg(short = 'p', long, value_name = "PASSWORD", conflicts_with = "password_file")]
    pub password: Option<Secret>,
}

impl UserOptions {
    /// A password that stands where every user of this machine can read it.
    pub fn warning(&self) -> Option<&'static str> {
        let is_given = self.password.is_some();
        is_given.then_some("-p shows the password in the process list, --password-file does not")
    }

    /// The user's name.
    pub fn identity(&self) -> Result<&str, CheckError> {
        let name = self.identity.as_deref().unwrap_or_default();
        match name.len() {
            0 => Err(CheckError::usage("which user? Give -u NAME@REALM")),
            1..=MAX_IDENTITY => Ok(name),
            _ => Err(CheckError::usage(format!("-u: the name is longer than {MAX_IDENTITY} octets"))),
        }
    }

    /// Everything behind the @ of the user's name, or all of it.
    pub fn realm(&self) -> Result<&str, CheckError> {
        let name = self.identity()?;
        Ok(name.rsplit_once('@').map_or(name, |(_, realm)| realm))
    }

    /// What is told outside the tunnel.
    pub fn outer_identity(&self) -> Result<&str, CheckError> {
        match &self.anonymous_identity {
            Some(name) if name.len() > MAX_IDENTITY || name.is_empty() => {
                Err(CheckError::usage(format!("-A: a name has 1 to {MAX_IDENTITY} octets")))
            }
            Some(name) => Ok(name),
            None => self.identity(),
        }
    }

    /// Name and password.
    pub fn credentials(&self) -> Result<Credentials, CheckError> {
        let given = match &self.password {
            Some(password) => Some(password.clone()),
            None => Secret::from_file_or_env(self.password_file.as_deref(), PASSWORD_VARIABLE)?,
        };
        let password = given.ok_or_else(|| {
            CheckError::usage(format!(
                "which password? Give --password-file FILE, or set {PASSWORD_VARIABLE}"
            ))
        })?;
        Ok(Credentials { identity: self.identity()?.to_owned(), password: Password::new(password.expose()) })
    }
}
