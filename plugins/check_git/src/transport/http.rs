//! `http://` and `https://`: the smart protocol, a request for the refs and one for each turn of the
//! negotiation.

use std::io::{self, Cursor, Read, Write};

use check::{CheckError, Secret};
use fetch::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use fetch::{Answer, Fetcher, Method, Origin, Request, StatusCode, Stick, Target, Url, next_request};

use super::Answered;
use crate::address::Scheme;
use crate::run::Run;

/// Most redirects of the first request; git follows none of the later ones either.
const MAX_REDIRECTS: usize = 5;

/// Largest request: what is asked for and what is there already.
const MAX_REQUEST: usize = 16 * 1024 * 1024;

/// Longest list of refs, unless `--max-body` is raised far: some 150,000 refs.
const MAX_REFS: u64 = 10 * 1024 * 1024;

const REFS: &str = "info/refs?service=git-upload-pack";

/// Asks for the refs.
pub(super) fn refs(run: &Run) -> Result<Answered, CheckError> {
    let target = target(run, run.budget().min(most_refs(run.args.max_body)))?;
    let fetcher = Fetcher::new(&target, false, Stick::No, run.ctx())?;
    let mut request = Request::get(fetcher.url(&format!("{}/{REFS}", run.address.path))?);
    let mut answer = None;
    for _ in 0..=MAX_REDIRECTS {
        let got = run.apart.wait(fetcher.fetch(&request))?;
        let Some(next) = next_request(&request, &got)? else {
            answer = Some(got);
            break;
        };
        if request.url.scheme() == "https" && next.url.scheme() != "https" {
            return Err(CheckError::target(format!(
                "{}: redirects to a URL without TLS",
                run.address.place()
            )));
        }
        request = next;
    }
    let place = run.address.place();
    let answer = answer.ok_or_else(|| CheckError::target(format!("{place}: redirects again and again")))?;
    let base = answer.url.as_str().strip_suffix(REFS).and_then(|base| Url::parse(base).ok());
    run.redirected(
        base.ok_or_else(|| CheckError::target(format!("{place}: redirects to what is no repository")))?,
    );
    answered(run, answer, "application/x-git-upload-pack-advertisement")
}

/// A list of refs is held whole, so it may be no more than a part of what `--max-body` lets through.
fn most_refs(max_body: u64) -> u64 {
    MAX_REFS.max(max_body / 8)
}

/// Where to ask, for answers of so many bytes at most.
fn target(run: &Run, max_body: u64) -> Result<Target, CheckError> {
    let (address, args) = (&run.address, &run.args);
    let tls = address.scheme == Scheme::Https;
    let user = args.login.user.as_ref().or(address.user.as_ref());
    let account = match user {
        None => None,
        Some(user) => {
            let password = args.login.account(user, None)?.password.ok_or_else(|| {
                CheckError::usage(format!(
                    "no password for {user}: give --password-file, or set HLIDKA_SSH_PASSWORD"
                ))
            })?;
            if !tls && !args.insecure {
                return Err(CheckError::usage(
                    "the password would be sent unencrypted: use https://, or --insecure to send it anyway",
                ));
            }
            Some((user.clone(), password))
        }
    };
    if account.as_ref().is_some_and(|(user, _): &(String, Secret)| user.contains(':')) {
        return Err(CheckError::usage("a user's name over HTTP has no colon in it"));
    }
    Ok(Target::from(Origin {
        host: address.host.clone(),
        port: Some(address.port),
        tls,
        dial: args.dial.clone(),
        account,
        ca_file: args.ca_file.clone(),
        insecure: args.insecure,
        useragent: "git/2.0 (hlidka check_git)",
        max_body,
    }))
}

/// The content, if it is an answer of the smart protocol.
fn answered(run: &Run, answer: Answer, wanted: &str) -> Result<Answered, CheckError> {
    let place = run.address.place();
    let content_type = answer.header("content-type").unwrap_or_default();
    let is_wanted = content_type.split(';').next().is_some_and(|kind| kind.trim() == wanted);
    let problem = match answer.status {
        StatusCode::OK if is_wanted => None,
        StatusCode::OK => Some(format!(
            "it does not speak git over HTTP here (its answer is `{}`)",
            ssh::clean(content_type)
        )),
        StatusCode::UNAUTHORIZED if run.args.login.user.is_some() || run.address.user.is_some() => {
            Some("the server refuses the user and the password".to_owned())
        }
        StatusCode::UNAUTHORIZED => Some("the server wants a user and a password".to_owned()),
        StatusCode::NOT_FOUND => Some(format!("no repository {}", ssh::clean(&run.address.path))),
        _ => Some(ssh::clean(&answer.status_line())),
    };
    if let Some(problem) = problem {
        return Err(CheckError::target(format!("{place}: {problem}")));
    }
    // why it is too much is kept by the run
    run.count(answer.body.len()).map_err(|error| CheckError::target(format!("{place}: {error}")))?;
    Ok(Answered(Cursor::new(answer.body)))
}

/// One turn: what is written is sent when the first byte is wanted.
pub(super) struct Exchange {
    request: Vec<u8>,
    answer: Option<Answered>,
}

impl Exchange {
    pub(super) fn new() -> Exchange {
        Exchange { request: Vec::new(), answer: None }
    }

    fn ask(&mut self, run: &Run) -> Result<Answered, CheckError> {
        let base = run.base().ok_or_else(|| CheckError::internal("the refs were not asked for"))?;
        let url = base.join("git-upload-pack").map_err(CheckError::internal)?;
        let mut request = Request::get(url);
        request.method = Method::POST;
        request.body = Some(std::mem::take(&mut self.request));
        for (name, value) in [
            (CONTENT_TYPE, "application/x-git-upload-pack-request"),
            (ACCEPT, "application/x-git-upload-pack-result"),
        ] {
            request.headers.insert(name, HeaderValue::from_static(value));
        }
        let target = target(run, run.budget())?;
        let fetcher = Fetcher::new(&target, false, Stick::No, run.ctx())?;
        let answer = run.apart.wait(fetcher.fetch(&request))?;
        answered(run, answer, "application/x-git-upload-pack-result")
    }
}

impl Read for Exchange {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let answer = if let Some(answer) = self.answer.take() {
            answer
        } else {
            let run = super::run()?;
            self.ask(&run).map_err(|error| run.fail(error))?
        };
        self.answer.insert(answer).read(buffer)
    }
}

impl Write for Exchange {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.request.len() + bytes.len() > MAX_REQUEST {
            return Err(io::Error::other("the request has more than 16 megabytes"));
        }
        self.request.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
