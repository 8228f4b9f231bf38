//! All I/O of `check_apt_repo`.

use std::hash::{BuildHasher, RandomState};
use std::time::Instant;

use check::{CheckError, Ctx};
use fetch::header::CONTENT_LENGTH;
use fetch::{Answer, Fetcher, Method, Request, Stick, Url};
use jiff::Timestamp;

use crate::ask::{directory, escaped, inspected, open};
use crate::clearsign::Signed;
use crate::inspect::{Expected, Finding, Form};
use crate::keyring::{self, Keyring};
use crate::packages::{PoolFile, Sampler};
use crate::plan::{Choice, Wanted, plan};
use crate::release::{Listed, Release};
use crate::signature::{self, Checked};
use crate::snapshot::{self, Gap};
use crate::{Args, ByHash};

/// How far back times are tried unless an option says otherwise.
const LOOK_BACK: f64 = 2.0 * 86_400.0;

/// What was seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    /// Now, Unix time.
    pub now: i64,
    /// From the first packet to the last byte.
    pub seconds: f64,
    /// Bytes of content that were read.
    pub bytes: u64,
    /// Where the repository is.
    pub url: String,
    /// The snapshot, if the URL has a gap: its serial and when it was made.
    pub snapshot: Option<(String, Option<i64>)>,
    /// By suite, in the order of the options.
    pub suites: Vec<Suite>,
    /// Files of the pool that were looked for.
    pub pool: Vec<(PoolFile, Finding)>,
}

/// What was seen of a suite.
#[derive(Clone, Debug)]
pub(crate) struct Suite {
    /// As it was asked for.
    pub name: String,
    /// Was it Release with Release.gpg, for want of an InRelease?
    pub detached: bool,
    /// Its signatures.
    pub signatures: Vec<Checked>,
    /// What it says, if that can be trusted and read.
    pub release: Result<Release, String>,
    /// What it should name and does not.
    pub gaps: Vec<String>,
    /// What it names and was looked at.
    pub indices: Vec<Index>,
}

/// What was seen of an index.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    /// Path relative to the Release.
    pub path: String,
    /// What it is.
    pub finding: Finding,
    /// It is not there under its hash, though it should be.
    pub no_by_hash: Option<String>,
}

/// Everything that a look at one repository needs.
struct Look<'a> {
    args: &'a Args,
    fetcher: Fetcher<'a>,
    /// The path of the repository, ending in `/`.
    root: String,
    keyring: Keyring,
    sampler: Option<Sampler>,
    sample: Sample,
}

pub(crate) async fn measure(args: &Args, ctx: &Ctx) -> Result<Sample, CheckError> {
    let now = Timestamp::now();
    let keyring = keyring_of(args, now.as_second())?;
    let (target, path) = target_of(args)?;
    let fetcher = Fetcher::new(&target, false, Stick::No, ctx)?;
    let start = Instant::now();
    let seed = RandomState::new().hash_one(now.as_nanosecond());
    let mut look = Look {
        args,
        fetcher,
        root: String::new(),
        keyring,
        sampler: Some(Sampler::new(usize::from(args.pool), seed)),
        sample: Sample { now: now.as_second(), ..Sample::default() },
    };
    look.find_root(&path, now).await?;
    for name in &args.suites {
        let suite = look.suite(name).await?;
        look.sample.suites.push(suite);
    }
    look.pool().await?;
    let mut sample = look.sample;
    sample.seconds = start.elapsed().as_secs_f64();
    Ok(sample)
}

fn keyring_of(args: &Args, now: i64) -> Result<Keyring, CheckError> {
    let mut keyring = Keyring::default();
    for path in &args.keyrings {
        let bytes = keyring::file(path).map_err(|error| {
            CheckError::internal(format!("cannot read the keyring {}: {error}", path.display()))
        })?;
        keyring
            .add(&bytes, now)
            .map_err(|why| CheckError::internal(format!("the keyring {} {why}", path.display())))?;
    }
    if !args.keys.is_empty() {
        keyring.keep(&args.keys).map_err(CheckError::usage)?;
    }
    Ok(keyring)
}

/// The target, and the path on it with the gap still in it.
fn target_of(args: &Args) -> Result<(fetch::Target, snapshot::Location), CheckError> {
    let text = args.url.to_string();
    let Some((scheme, rest)) = text.split_once("://") else {
        return Ok((args.target.clone(), args.url.clone()));
    };
    let (host, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let url = Url::parse(&format!("{scheme}://{host}/"))
        .map_err(|error| CheckError::usage(format!("the repository's URL is none: {error}")))?;
    Ok((args.target.at(&url)?, path.parse().map_err(CheckError::usage)?))
}

impl Look<'_> {
    /// Fills the gap of the URL, if there is one.
    async fn find_root(&mut self, location: &snapshot::Location, now: Timestamp) -> Result<(), CheckError> {
        let path = match location.gap() {
            None => location.to_string(),
            Some(Gap::Latest) => {
                let serial = self.latest(location).await?;
                let made = snapshot::time_of(&serial, &self.args.snapshot_format);
                if made.is_none() && self.args.snapshot_age.is_some() {
                    return Err(CheckError::usage(format!(
                        "the serial {serial} does not begin with a time as {} (--snapshot-format says how it is written)",
                        self.args.snapshot_format
                    )));
                }
                let path = location.with(&serial);
                self.sample.snapshot = Some((location.shown(&serial), made.map(Timestamp::as_second)));
                path
            }
            Some(Gap::Time(format)) => self.newest_in_time(location, format, now).await?,
        };
        self.root = if path.ends_with('/') { path } else { format!("{path}/") };
        self.sample.url = self.fetcher.url(&self.root)?.to_string();
        Ok(())
    }

    async fn latest(&mut self, location: &snapshot::Location) -> Result<String, CheckError> {
        let place = self.args.latest.as_deref().unwrap_or(location.directory());
        let base = self.fetcher.url(location.directory())?;
        let url = base
            .join(place)
            .map_err(|error| CheckError::usage(format!("--latest `{place}` is no URL: {error}")))?;
        let answer = self.small(url).await?;
        if !answer.status.is_success() {
            return Err(CheckError::target(format!("{}: {}", answer.url, answer.status_line())));
        }
        let page = String::from_utf8_lossy(&answer.body);
        snapshot::newest(&page, &self.args.latest_regex).ok_or_else(|| {
            CheckError::target(format!("{} names no snapshot like {}", answer.url, self.args.latest_regex))
        })
    }

    async fn newest_in_time(
        &mut self,
        location: &snapshot::Location,
        format: &str,
        now: Timestamp,
    ) -> Result<String, CheckError> {
        let back = self.args.snapshot_age.unwrap_or(LOOK_BACK);
        let tries = snapshot::tries(format, now, back).map_err(CheckError::usage)?;
        let directory = self.args.suites.first().map(|suite| directory(suite)).unwrap_or_default();
        for (serial, made) in &tries {
            let path = location.with(serial);
            for file in ["InRelease", "Release"] {
                let url = self.fetcher.url(&format!("{}/{directory}{file}", path.trim_end_matches('/')))?;
                let mut request = Request::get(url);
                request.method = Method::HEAD;
                request.wants_body = false;
                let (answer, _) = open(&self.fetcher, request).await?;
                if answer.status.is_success() {
                    // the same time as that of the serial, were it found in a listing
                    let made = snapshot::time_of(serial, format).unwrap_or(*made);
                    self.sample.snapshot = Some((location.shown(serial), Some(made.as_second())));
                    return Ok(path);
                }
                if !answer.status.is_client_error() {
                    return Err(CheckError::target(format!("{}: {}", answer.url, answer.status_line())));
                }
            }
        }
        Err(CheckError::target(format!(
            "no snapshot of the last {} at {} ({} tried)",
            check::span(back),
            self.args.url,
            tries.len()
        )))
    }

    async fn suite(&mut self, name: &str) -> Result<Suite, CheckError> {
        let directory = directory(name);
        let mut suite = Suite {
            name: name.to_owned(),
            detached: false,
            signatures: Vec::new(),
            release: Err(String::new()),
            gaps: Vec::new(),
            indices: Vec::new(),
        };
        let text = self.signed_release(&directory, &mut suite).await?;
        let file = if suite.detached { "Release" } else { "InRelease" };
        let parse = |text: Vec<u8>| Release::parse(&text).map_err(|why| format!("{file} {why}"));
        suite.release = text.and_then(parse);
        let Ok(release) = &suite.release else { return Ok(suite) };
        let plan = plan(
            release,
            &Choice {
                components: &self.args.components,
                architectures: &self.args.architectures,
                more: &self.args.more,
                every_form: self.args.every_form,
                flat: Args::is_flat(name),
            },
        );
        let by_hash = match self.args.by_hash {
            ByHash::Auto => release.by_hash,
            ByHash::Always => true,
            ByHash::Never => false,
        };
        suite.gaps = plan.gaps;
        for wanted in plan.wanted {
            if let Some(index) = self.index(&directory, wanted, by_hash).await? {
                suite.indices.push(index);
            }
        }
        Ok(suite)
    }

    /// The text of InRelease, or of Release, if its signatures are good; else what is wrong.
    async fn signed_release(
        &mut self,
        directory: &str,
        suite: &mut Suite,
    ) -> Result<Result<Vec<u8>, String>, CheckError> {
        let inline = self.small(self.url(&format!("{directory}InRelease"))?).await?;
        let now = self.sample.now;
        let (file, text, checked) = if inline.status.is_success() {
            let signed = match Signed::split(&inline.body) {
                Ok(signed) => signed,
                Err(why) => return Ok(Err(format!("InRelease {why}"))),
            };
            let checked = signature::check(&signed.signatures, &signed, &self.keyring, now);
            ("InRelease", signed.text, checked)
        } else if inline.status.is_client_error() {
            let release = self.small(self.url(&format!("{directory}Release"))?).await?;
            if !release.status.is_success() {
                return Ok(Err(format!("neither InRelease nor Release: {}", release.status_line())));
            }
            let signatures = self.small(self.url(&format!("{directory}Release.gpg"))?).await?;
            if !signatures.status.is_success() {
                return Ok(Err(format!(
                    "not signed: neither InRelease nor Release.gpg ({})",
                    signatures.status_line()
                )));
            }
            suite.detached = true;
            let checked = signature::check(&signatures.body, &release.body[..], &self.keyring, now);
            ("Release.gpg", release.body, checked)
        } else {
            return Ok(Err(format!("InRelease: {}", inline.status_line())));
        };
        suite.signatures = match checked {
            Ok(checked) => checked,
            Err(why) => return Ok(Err(format!("{file} {why}"))),
        };
        if signature::is_trusted(&suite.signatures) {
            return Ok(Ok(text));
        }
        // a bad one is the reason, whatever else is there
        let is_good = |it: &&Checked| matches!(it.verdict, signature::Verdict::Good { .. });
        let bad = suite.signatures.iter().find(|it| it.verdict == signature::Verdict::Bad);
        let words: Vec<String> = match bad {
            Some(bad) => vec![bad.words()],
            None => suite.signatures.iter().filter(|it| !is_good(it)).take(3).map(Checked::words).collect(),
        };
        Ok(Err(format!("{file}: {}", words.join(", "))))
    }

    /// Fetches and inspects an index; none if it is absent and may be.
    async fn index(
        &mut self,
        directory: &str,
        wanted: Wanted,
        by_hash: bool,
    ) -> Result<Option<Index>, CheckError> {
        let mut index =
            Index { path: wanted.path.clone(), finding: Finding::Fine { packages: None }, no_by_hash: None };
        let Some(hash) = wanted.listed.hash else {
            index.finding = Finding::Unusable("is named with MD5 or SHA-1 only".to_owned());
            return Ok(Some(index));
        };
        if by_hash {
            let above = wanted.path.rsplit_once('/').map_or(String::new(), |(above, _)| format!("{above}/"));
            let path = format!("{directory}{above}by-hash/{}/{hash}", hash.algorithm());
            let request = Request::get(self.url(&path)?);
            let (answer, content) = open(&self.fetcher, request).await?;
            if answer.status.is_success() {
                let inspected = inspected(content, self.expected(&wanted), &mut self.sampler).await?;
                index.finding = self.counted(inspected);
                return Ok(Some(index));
            }
            index.no_by_hash = Some(answer.status_line());
        }
        let request = Request::get(self.url(&format!("{directory}{}", wanted.path))?);
        let (answer, content) = open(&self.fetcher, request).await?;
        if answer.status.is_success() {
            let inspected = inspected(content, self.expected(&wanted), &mut self.sampler).await?;
            index.finding = self.counted(inspected);
        } else if wanted.optional && answer.status.is_client_error() {
            return Ok(None);
        } else {
            index.finding = Finding::Unusable(format!("is missing: {}", answer.status_line()));
        }
        Ok(Some(index))
    }

    fn expected(&self, wanted: &Wanted) -> Expected {
        Expected {
            form: wanted.form,
            packed: wanted.listed,
            plain: wanted.plain,
            kind: wanted.kind.clone(),
            max_plain: self.args.max_unpacked,
        }
    }

    fn counted(&mut self, (finding, bytes): (Finding, u64)) -> Finding {
        self.sample.bytes = self.sample.bytes.saturating_add(bytes);
        finding
    }

    /// Looks for the files of the pool that were chosen.
    async fn pool(&mut self) -> Result<(), CheckError> {
        let chosen = self.sampler.take().map(Sampler::into_kept).unwrap_or_default();
        for file in chosen {
            let finding = if self.args.pool_hash {
                let request = Request::get(self.url(&file.path)?);
                let (answer, content) = open(&self.fetcher, request).await?;
                if answer.status.is_success() {
                    let expected = Expected {
                        form: Form::Plain,
                        packed: Listed { size: file.size, hash: Some(file.hash) },
                        plain: None,
                        kind: None,
                        max_plain: file.size,
                    };
                    let inspected = inspected(content, expected, &mut Some(Sampler::new(0, 0))).await?;
                    self.counted(inspected)
                } else {
                    Finding::Unusable(format!("is missing: {}", answer.status_line()))
                }
            } else {
                self.exists(&file).await?
            };
            self.sample.pool.push((file, finding));
        }
        Ok(())
    }

    /// Is it there, with its size? By a HEAD, or by the head of a GET where that is not allowed.
    async fn exists(&self, file: &PoolFile) -> Result<Finding, CheckError> {
        let mut request = Request::get(self.url(&file.path)?);
        request.method = Method::HEAD;
        request.wants_body = false;
        let (mut answer, _) = open(&self.fetcher, request.clone()).await?;
        if matches!(answer.status.as_u16(), 405 | 501) {
            request.method = Method::GET;
            (answer, _) = open(&self.fetcher, request).await?;
        }
        if !answer.status.is_success() {
            return Ok(Finding::Unusable(format!("is missing: {}", answer.status_line())));
        }
        let length = answer.header(CONTENT_LENGTH.as_str()).and_then(|length| length.parse::<u64>().ok());
        Ok(match length.filter(|length| *length != file.size) {
            Some(length) => Finding::Differs(format!("has {length} bytes, the index says {}", file.size)),
            None => Finding::Fine { packages: None },
        })
    }

    /// A small file, redirects followed; no more than --max-body is read.
    async fn small(&mut self, url: Url) -> Result<Answer, CheckError> {
        let (mut answer, content) = open(&self.fetcher, Request::get(url)).await?;
        if answer.status.is_success() {
            answer.body = self.fetcher.body(content).await?;
        }
        self.sample.bytes = self.sample.bytes.saturating_add(answer.body.len() as u64);
        Ok(answer)
    }

    /// The URL of a path below the repository. What would mean something in a URL is escaped.
    fn url(&self, path: &str) -> Result<Url, CheckError> {
        self.fetcher.url(&format!("{}{}", self.root, escaped(path)))
    }
}
