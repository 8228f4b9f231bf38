//! What the checks of EAP have in common on their command lines, in groups; each check flattens those
//! it needs. The letters are those of rad_eap_test.

mod method;
mod place;
mod user;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use check::CheckError;
use eap::{Config, Tls};

pub use method::{MethodOptions, TrustOptions};
pub use place::{NasOptions, TargetOptions};
pub use user::UserOptions;

/// Largest file read: bundles of certificates have some 250 KiB.
const MAX_FILE: u64 = 1024 * 1024;

/// All of it: where, who, how, whom to trust, and what the access point says.
#[derive(Clone, Debug, clap::Args)]
pub struct LoginOptions {
    /// The server.
    #[command(flatten)]
    pub target: TargetOptions,
    /// The user.
    #[command(flatten)]
    pub user: UserOptions,
    /// The method.
    #[command(flatten)]
    pub method: MethodOptions,
    /// Whom to trust.
    #[command(flatten)]
    pub trust: TrustOptions,
    /// The access point.
    #[command(flatten)]
    pub nas: NasOptions,
}

impl LoginOptions {
    /// Trust, versions and client certificate.
    pub fn tls(&self) -> Result<Tls, CheckError> {
        self.method.tls(&self.trust)
    }

    /// A login of the user with everything that the options say.
    pub fn config(&self, tls: &Tls) -> Result<Config, CheckError> {
        let method = self.method.method()?;
        let mut config = Config::new(self.user.outer_identity()?, method, tls.clone());
        if method != eap::Method::Tls {
            config.credentials = Some(self.user.credentials()?);
        }
        config.names = self.trust.names();
        config.subject.clone_from(&self.trust.subject);
        config.fragment_size = self.method.fragment_size.into();
        Ok(config)
    }

    /// Secrets that stand where every user of this machine can read them.
    pub fn warnings(&self) -> Vec<&'static str> {
        let passphrase = self.method.passphrase.is_some();
        let passphrase = passphrase
            .then_some("-l shows the passphrase in the process list, --eap-key-passphrase-file does not");
        [self.target.warning(), self.user.warning(), passphrase].into_iter().flatten().collect()
    }
}

/// A file of at most 1 MiB.
fn read(path: &Path, what: &str) -> Result<Vec<u8>, CheckError> {
    let mut bytes = Vec::new();
    let opened = File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes));
    opened
        .map_err(|error| CheckError::internal(format!("cannot read {what} {}: {error}", path.display())))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(CheckError::internal(format!("{what} {} is larger than 1 MiB", path.display())));
    }
    Ok(bytes)
}
