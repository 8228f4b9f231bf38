//! All I/O of `check_sftp` but for the file that is sent.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use check::CheckError;
use ssh::{Apart, Login, Session};
use ssh2::{ErrorCode, Sftp};

use crate::Args;
use crate::round_trip::{Trip, is_leftover, round_trip};

/// Most names of a listing that are read.
const MAX_ENTRIES: usize = 100_000;

/// Most files left over from earlier runs that are removed at once.
const MAX_LEFTOVERS: usize = 100;

/// What was seen.
pub(crate) struct Sample {
    pub login: Login,
    /// All of it.
    pub seconds: f64,
    /// What is in the directory, without `.` and `..`.
    pub entries: usize,
    /// Names that should be there and are not.
    pub missing: Vec<String>,
    /// Paths that should not be seen, and are.
    pub visible: Vec<String>,
    /// What came of sending a file, if that was asked.
    pub trip: Option<Trip>,
    /// Files of earlier runs that were removed.
    pub leftovers: usize,
}

pub(crate) fn measure(args: &Args, apart: &Apart) -> Result<Sample, CheckError> {
    let start = Instant::now();
    let user = args.login.user.as_deref();
    let user = user.ok_or_else(|| CheckError::usage("nothing says who logs in: give -u"))?;
    let target = args.target();
    let keys = args.login.host_keys(&target.host, target.port)?;
    let account = args.login.account(user, args.password.as_deref())?;
    let session = Session::open(&target, &keys, apart)?;
    let mut sample = Sample {
        login: session.log_in(&account)?,
        seconds: 0.0,
        entries: 0,
        missing: Vec::new(),
        visible: Vec::new(),
        trip: None,
        leftovers: 0,
    };
    if sample.login == Login::Accepted {
        visit(args, &session, &mut sample)?;
    }
    sample.seconds = start.elapsed().as_secs_f64();
    Ok(sample)
}

fn visit(args: &Args, session: &Session, sample: &mut Sample) -> Result<(), CheckError> {
    session.patience("start of SFTP")?;
    let sftp = session.raw().sftp().map_err(|error| session.explain(&error, "start of SFTP"))?;
    sample.missing.clone_from(&args.expect);
    let mut leftovers = Vec::new();
    list(args, session, &sftp, |name, changed| {
        sample.entries += 1;
        sample.missing.retain(|wanted| wanted != name);
        if args.round_trip && leftovers.len() < MAX_LEFTOVERS && is_leftover(name, changed, now()) {
            leftovers.push(name.to_owned());
        }
    })?;
    for path in &args.hidden {
        let wanted = format!("answer about {}", ssh::clean(path));
        session.patience(&wanted)?;
        match sftp.stat(path.as_ref()) {
            Ok(_) => sample.visible.push(path.clone()),
            Err(error) if matches!(error.code(), ErrorCode::SFTP(_)) => {}
            Err(error) => return Err(session.explain(&error, &wanted)),
        }
    }
    if args.round_trip || args.read_only {
        sample.trip = Some(round_trip(args, session, &sftp)?);
    }
    for name in leftovers {
        session.patience("answer to removing a file")?;
        let path = format!("{}/{name}", args.directory);
        // somebody else's is not ours to remove, and no problem of the server's
        sample.leftovers += usize::from(sftp.unlink(path.as_ref()).is_ok());
    }
    Ok(())
}

/// Reads the directory, name by name with its time of change.
fn list(
    args: &Args,
    session: &Session,
    sftp: &Sftp,
    mut see: impl FnMut(&str, Option<u64>),
) -> Result<(), CheckError> {
    const NO_MORE: ErrorCode = ErrorCode::Session(-16);
    let wanted = format!("listing of {}", ssh::clean(&args.directory));
    session.patience(&wanted)?;
    let mut directory = sftp.opendir(&args.directory).map_err(|error| session.explain(&error, &wanted))?;
    for _ in 0..MAX_ENTRIES {
        session.patience(&wanted)?;
        match directory.readdir() {
            Ok((name, stat)) => {
                let name = name.to_string_lossy();
                if name != "." && name != ".." {
                    see(&name, stat.mtime);
                }
            }
            Err(error) if error.code() == NO_MORE => return Ok(()),
            Err(error) => return Err(session.explain(&error, &wanted)),
        }
    }
    Err(CheckError::target(format!(
        "{}: {} has more than {MAX_ENTRIES} entries",
        session.place(),
        ssh::clean(&args.directory)
    )))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
