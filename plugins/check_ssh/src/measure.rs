//! All I/O of `check_ssh`.

use std::time::Instant;

use check::CheckError;
use ssh::{Apart, Hello, HostKey, HostKeys, Login, Ran, Session};

use crate::Args;

/// What was seen of the server.
pub(crate) struct Sample {
    pub hello: Hello,
    /// The key that was asked for.
    pub host_key: Option<HostKey>,
    /// What came of logging in, if that was asked.
    pub visit: Option<Visit>,
}

/// A login, and what was tried after it.
pub(crate) struct Visit {
    pub user: String,
    pub login: Login,
    /// Connecting, exchanging keys and logging in.
    pub seconds: f64,
    /// What came of `--command`.
    pub command: Option<Ran>,
    /// What came of each `--refused`.
    pub refused: Vec<Ran>,
    /// Has it a shell? If that was asked.
    pub shell: Option<bool>,
}

pub(crate) fn measure(args: &Args, wants_algorithms: bool, apart: &Apart) -> Result<Sample, CheckError> {
    let target = args.target()?;
    let keys = match &args.login.user {
        None if !args.login.judges_host_key() => None,
        _ => Some(args.login.host_keys(&target.host, target.port)?),
    };
    let account = args.login.user.as_deref().map(|user| args.login.account(user, None)).transpose()?;
    let hello = apart.wait(ssh::look(&target, wants_algorithms, apart.ctx()))?;
    let Some(keys) = keys else { return Ok(Sample { hello, host_key: None, visit: None }) };

    let start = Instant::now();
    let session = Session::open(&target, &keys, apart)?;
    let host_key = Some(session.host_key().clone()).filter(|_| keys != HostKeys::Any);
    let Some(account) = account else { return Ok(Sample { hello, host_key, visit: None }) };
    let login = session.log_in(&account)?;
    let seconds = start.elapsed().as_secs_f64();
    let mut visit =
        Visit { user: account.user, login, seconds, command: None, refused: Vec::new(), shell: None };
    if visit.login == Login::Accepted && !args.login_refused {
        visit.command = args.command.as_deref().map(|command| ssh::run(&session, command)).transpose()?;
        for command in &args.refused {
            visit.refused.push(ssh::run(&session, command)?);
        }
        if args.no_shell {
            visit.shell = Some(ssh::has_shell(&session)?);
        }
    }
    Ok(Sample { hello, host_key, visit: Some(visit) })
}
