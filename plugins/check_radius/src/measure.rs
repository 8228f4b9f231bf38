//! All I/O of `check_radius`: secrets, the way to the server, one question.

use std::time::Instant;

use check::{CheckError, Ctx, Secret};
use radius::mschap::Exchange;
use radius::{Demand, Error, Options, Reply, SECRET_VARIABLE, deadline, random};

use crate::request::{Challenges, Method, Question, question};
use crate::{Args, PASSWORD_VARIABLE, radiusclient};

/// What was seen.
pub(crate) struct Sample {
    pub reply: Reply,
    /// What a server that knows the password answers to MS-CHAP-V2.
    pub response: Option<Exchange>,
    /// Until the reply, in seconds: over RadSec with the connection.
    pub seconds: f64,
    /// Over RadSec: until it could be asked, and version and cipher of TLS.
    pub tls: Option<(f64, String)>,
}

pub(crate) async fn measure(args: &Args, ctx: &Ctx) -> Result<Sample, CheckError> {
    let method = args.method();
    if method != Method::Status && args.username.is_none() {
        return Err(CheckError::usage(format!("--method {} needs a user: give -u NAME", method.name())));
    }
    let password = if method == Method::Status { None } else { Some(password(args)?) };
    let challenges = Challenges { ours: random(), peer: random(), identifier: random::<1>()[0] };
    let Question { draft, response } = question(args, password, &challenges).map_err(CheckError::usage)?;
    let asking =
        Options { demand: Demand::Reported, max_retransmissions: args.retries, ..Options::default() };
    let connected = args.server.connect_by(&args.hostname, args.port, secret(args)?, asking, ctx).await?;
    let asked = Instant::now();
    let reply = connected.client.ask(&draft, deadline(ctx, None)).await;
    let seconds = asked.elapsed().as_secs_f64();
    let tls =
        connected.peer.map(|peer| (connected.seconds, format!("{} with {}", peer.version, peer.cipher)));
    match reply {
        Ok(reply) => {
            let before = tls.as_ref().map_or(0.0, |(seconds, _)| *seconds);
            Ok(Sample { reply, response, seconds: before + seconds, tls })
        }
        Err(error) => Err(explained(error, args, method)),
    }
}

/// Silence has many reasons; those that an administrator can do something about are told.
fn explained(error: Error, args: &Args, method: Method) -> CheckError {
    if !matches!(error, Error::Silent { .. }) || args.server.radsec {
        return error.into();
    }
    let status = if method == Method::Status { ", or it does not answer Status-Server" } else { "" };
    CheckError::timeout(format!(
        "{error}: it is down, or does not know this client or its secret{status}, or something on the way drops packets"
    ))
}

fn secret(args: &Args) -> Result<Secret, CheckError> {
    let given = Secret::from_file_or_env(args.server.secret_file.as_deref(), SECRET_VARIABLE)?;
    match (given, &args.filename) {
        (Some(secret), _) => Ok(secret),
        (None, Some(file)) => radiusclient::secret(file, &args.hostname),
        (None, None) => args.server.secret(),
    }
}

fn password(args: &Args) -> Result<Secret, CheckError> {
    if let Some(password) = &args.password {
        return Ok(Secret::from_argument(password));
    }
    Secret::from_file_or_env(args.password_file.as_deref(), PASSWORD_VARIABLE)?.ok_or_else(|| {
        CheckError::usage(format!(
            "-u needs a password: give --password-file FILE, or set {PASSWORD_VARIABLE}"
        ))
    })
}
