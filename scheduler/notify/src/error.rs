//! What goes wrong with mail, by what to do about it.

/// Why a notification was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The way is blocked for every mail (no connection, no login, sender refused): try again, and
    /// do not try others in vain meanwhile.
    #[error("{0}")]
    Unavailable(String),
    /// This mail is not taken now (a 4xx answer): try again.
    #[error("{0}")]
    Temporary(String),
    /// This mail will never be taken (a 5xx answer to its recipient or its content): give up.
    #[error("{0}")]
    Permanent(String),
}

/// Why mail is not configured in a way that can work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// `via` is no way to send mail.
    #[error("via {0:?}: write smtp://host[:port], smtps://host[:port], sendmail:[/path] or files:/directory")]
    Via(String),
    /// A user or password in `via`.
    #[error(
        "via: a URL ends up in process lists and logs; write the user to `user` and the file of its password to `password_file`"
    )]
    SecretInUrl,
    /// `?tls=` with another value.
    #[error("via: tls={0:?} is none of required, opportunistic, none")]
    Tls(String),
    /// The sender's address.
    #[error("from {0:?} is no mail address: write name@example.org")]
    From(String),
    /// A user without a password, or the other way round.
    #[error("`user` and `password_file` belong together: write both or none")]
    HalfALogin,
    /// A login for what has none.
    #[error("`user` is for smtp:// and smtps:// only")]
    LoginWithoutServer,
    /// A password that anybody on the way could read.
    #[error("the password would cross the network unprotected: use smtps:// or tls=required")]
    PasswordInTheClear,
    /// A certificate authority for what has no TLS.
    #[error("`ca_file` is for smtp:// and smtps:// only")]
    CaWithoutServer,
    /// A file that cannot be read, or makes no sense.
    #[error("{path}: {why}")]
    File {
        /// Which.
        path: String,
        /// Why.
        why: String,
    },
}
