//! A file sent, read back, compared and removed.

use std::io::{ErrorKind, Read, Write};
use std::path::PathBuf;
use std::time::Instant;

use check::CheckError;
use ring::rand::{SecureRandom, SystemRandom};
use ssh::Session;
use ssh2::{ErrorCode, File, OpenFlags, OpenType, Sftp};

use crate::Args;

/// What the names of our files start with; sixteen hexadecimal digits follow.
const PREFIX: &str = ".hlidka-probe-";

/// Bytes sent or read by one call.
const CHUNK: usize = 32 * 1024;

/// A file of ours that is older than this was left over by a run that was cut off.
const LEFT_OVER: u64 = 86_400;

/// What came of sending a file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Trip {
    /// The server did not let us; its words.
    Refused(String),
    /// It was written.
    Made {
        /// Seconds to write it.
        upload: f64,
        /// Seconds to read it back.
        download: f64,
        /// What is not as it should be: other content, or the file is still there.
        problems: Vec<String>,
    },
}

/// Is this name that of a file of ours that nobody is using any more?
pub(crate) fn is_leftover(name: &str, changed: Option<u64>, now: u64) -> bool {
    let digits = name.strip_prefix(PREFIX).unwrap_or_default();
    let is_ours = digits.len() == 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_ours && changed.is_some_and(|changed| now.saturating_sub(changed) > LEFT_OVER)
}

/// Whatever happens in between, the file is removed while there is time.
pub(crate) fn round_trip(args: &Args, session: &Session, sftp: &Sftp) -> Result<Trip, CheckError> {
    let mut random = [0_u8; 8];
    let mut content = vec![0_u8; usize::try_from(args.size).unwrap_or_default()];
    let rng = SystemRandom::new();
    rng.fill(&mut random)
        .and_then(|()| rng.fill(&mut content))
        .map_err(|_| CheckError::internal("the system gives no random numbers"))?;
    let name = format!("{PREFIX}{:016x}", u64::from_be_bytes(random));
    let path = PathBuf::from(&args.directory).join(name);
    let wanted = format!("answer to writing to {}", ssh::clean(&args.directory));

    session.patience(&wanted)?;
    let flags = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::EXCLUSIVE;
    let file = match sftp.open_mode(&path, flags, 0o600, OpenType::File) {
        Ok(file) => file,
        Err(error) if matches!(error.code(), ErrorCode::SFTP(_)) => {
            return Ok(Trip::Refused(ssh::clean(error.message())));
        }
        Err(error) => return Err(session.explain(&error, &wanted)),
    };
    let mut outcome = exchange(session, sftp, file, &path, &content);
    session.patience("answer to removing the file")?;
    if let Err(error) = sftp.unlink(&path) {
        let why = format!("{} could not be removed: {}", path.display(), ssh::clean(error.message()));
        match &mut outcome {
            Ok(Trip::Made { problems, .. }) => problems.push(why),
            Ok(Trip::Refused(_)) | Err(_) => {}
        }
    } else if let Ok(Trip::Made { problems, .. }) = &mut outcome {
        session.patience("answer about the removed file")?;
        if sftp.stat(&path).is_ok() {
            problems.push(format!("{} is still there after it was removed", path.display()));
        }
    }
    outcome
}

fn exchange(
    session: &Session,
    sftp: &Sftp,
    mut file: File,
    path: &std::path::Path,
    content: &[u8],
) -> Result<Trip, CheckError> {
    let start = Instant::now();
    for chunk in content.chunks(CHUNK) {
        let mut rest = chunk;
        while !rest.is_empty() {
            session.patience("answer to writing the file")?;
            let written = match file.write(rest) {
                // a full disk, a quota
                Err(error) if error.kind() != ErrorKind::TimedOut => {
                    return Ok(Trip::Refused(ssh::clean(&error.to_string())));
                }
                other => done(session, other, "answer to writing the file")?,
            };
            rest = rest.get(written..).unwrap_or_default();
        }
    }
    session.patience("answer to closing the file")?;
    file.close().map_err(|error| session.explain(&error, "answer to closing the file"))?;
    let upload = start.elapsed().as_secs_f64();

    let start = Instant::now();
    session.patience("answer to opening the file again")?;
    let mut file =
        sftp.open(path).map_err(|error| session.explain(&error, "answer to opening the file again"))?;
    let mut read = Vec::with_capacity(content.len());
    let mut buffer = vec![0_u8; CHUNK];
    // one byte more than was sent is another file
    while read.len() <= content.len() {
        session.patience("content of the file")?;
        match done(session, file.read(&mut buffer), "content of the file")? {
            0 => break,
            count => read.extend_from_slice(buffer.get(..count).unwrap_or_default()),
        }
    }
    let download = start.elapsed().as_secs_f64();
    let mut problems = Vec::new();
    if read != content {
        let (sent, back) = (content.len(), read.len());
        problems.push(format!("what was read back is not what was sent ({back} bytes of {sent})"));
    }
    Ok(Trip::Made { upload, download, problems })
}

fn done(session: &Session, result: std::io::Result<usize>, wanted: &str) -> Result<usize, CheckError> {
    result.map_err(|error| session.explain_io(&error, wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_old_files_of_ours_are_left_over() {
        let ours = format!("{PREFIX}0123456789abcdef");
        assert!(is_leftover(&ours, Some(0), LEFT_OVER + 1));
        assert!(!is_leftover(&ours, Some(1), LEFT_OVER + 1) && !is_leftover(&ours, None, LEFT_OVER + 1));
        // a clock ahead of ours
        assert!(!is_leftover(&ours, Some(u64::MAX), 0));
        for other in
            ["", ".hlidka-probe-", ".hlidka-probe-0123456789abcdeg", ".hlidka-probe-0123456789abcdef0", "x"]
        {
            assert!(!is_leftover(other, Some(0), LEFT_OVER * 2), "{other}");
        }
    }
}
