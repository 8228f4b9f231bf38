//! From a notification to a mail that somebody has taken.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use engine::Notification;
use jiff::tz::TimeZone;
use lettre::transport::smtp::authentication::Credentials;

use crate::compose::{Letterhead, compose};
use crate::files::Files;
use crate::sendmail::Sendmail;
use crate::smtp::Smtp;
use crate::via::is_this_machine;
use crate::{ConfigError, Security, SendError, Via};

/// Largest password or certificate file read, in bytes.
const MAX_FILE: u64 = 1024 * 1024;

/// How mails are sent.
#[derive(Clone, Debug)]
pub struct MailConfig {
    /// The sender: `monitor@example.org` or `Monitoring <monitor@example.org>`.
    pub from: String,
    /// The way: see [`Via`].
    pub via: Via,
    /// Who logs in at the mail server.
    pub user: Option<String>,
    /// The file whose first line is the password of `user`.
    pub password_file: Option<PathBuf>,
    /// Certificates (PEM) to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// The zone of the times in mails.
    pub timezone: TimeZone,
}

/// Sends mails.
pub struct Mailer {
    letterhead: Letterhead,
    channel: Channel,
}

enum Channel {
    Smtp(Box<Smtp>),
    Sendmail(Sendmail),
    Files(Files),
}

impl Mailer {
    /// Reads the files that are named, connects to nothing.
    pub fn new(config: &MailConfig) -> Result<Mailer, ConfigError> {
        let letterhead = Letterhead::new(&config.from, config.timezone.clone())?;
        let channel = match &config.via {
            Via::Smtp { host, port, security } => {
                let credentials = credentials(config)?;
                let clear = matches!(security, Security::None | Security::Opportunistic);
                if credentials.is_some() && clear && !is_this_machine(host) {
                    return Err(ConfigError::PasswordInTheClear);
                }
                let ca = config.ca_file.as_deref().map(read).transpose()?;
                let smtp = Smtp::new(host.clone(), *port, *security, ca.as_deref(), credentials)
                    .map_err(|error| in_file(error, config.ca_file.as_deref()))?;
                Channel::Smtp(Box::new(smtp))
            }
            _ if config.user.is_some() || config.password_file.is_some() => {
                return Err(ConfigError::LoginWithoutServer);
            }
            _ if config.ca_file.is_some() => return Err(ConfigError::CaWithoutServer),
            Via::Sendmail(program) => Channel::Sendmail(Sendmail::new(program.clone())),
            Via::Files(directory) => Channel::Files(Files::new(directory.clone())),
        };
        Ok(Mailer { letterhead, channel })
    }

    /// Sends one notification to a contact's address, or to its several addresses; returns when
    /// the server, program or directory has taken the mail, within a minute and a half.
    pub async fn send(&self, notification: &Notification, to: &str) -> Result<(), SendError> {
        let message = compose(notification, to, &self.letterhead)?;
        match &self.channel {
            Channel::Smtp(smtp) => smtp.send(&message).await,
            Channel::Sendmail(program) => program.send(&message).await,
            Channel::Files(files) => files.send(notification, &message).await,
        }
    }
}

fn credentials(config: &MailConfig) -> Result<Option<Credentials>, ConfigError> {
    match (&config.user, &config.password_file) {
        (None, None) => Ok(None),
        (Some(user), Some(path)) => {
            let text = read(path)?;
            let text = String::from_utf8_lossy(&text);
            match text.lines().next().filter(|line| !line.is_empty()) {
                Some(password) => Ok(Some(Credentials::new(user.clone(), password.to_owned()))),
                None => Err(file(path, "holds no password in its first line")),
            }
        }
        _ => Err(ConfigError::HalfALogin),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, ConfigError> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_FILE).read_to_end(&mut bytes));
    read.map_err(|error| file(path, &error.to_string()))?;
    Ok(bytes)
}

/// The name of the file, where TLS complains of what is in it.
fn in_file(error: ConfigError, ca_file: Option<&Path>) -> ConfigError {
    match (error, ca_file) {
        (ConfigError::File { why, .. }, Some(path)) => file(path, &why),
        (error, _) => error,
    }
}

fn file(path: &Path, why: &str) -> ConfigError {
    ConfigError::File { path: path.display().to_string(), why: why.to_owned() }
}
