//! All I/O of `check_http_listing`: the listings that the patterns lead through.

use std::collections::VecDeque;
use std::time::Instant;

use ::listing::{Found, Pattern, Places};
use check::{CheckError, Ctx};
use fetch::header::{ACCEPT, HeaderValue};
use fetch::{Answer, Fetcher, Request, Stick, Url, next_request};
use jiff::Timestamp;

use crate::{Args, listing};

/// Entries that patterns may ask for, in all.
const MAX_FOUND: usize = 100_000;

/// Redirects followed for one listing.
const MAX_REDIRECTS: u32 = 5;

/// What was seen.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    /// Now, seconds since 1970.
    pub now: i64,
    /// From the first packet to the last byte.
    pub seconds: f64,
    /// Where it began.
    pub url: String,
    /// What was found, by pattern in the order of the options.
    pub found: Vec<Vec<Found>>,
    /// Directories below the start that could not be read, and why.
    pub unreadable: Vec<String>,
    /// Listings read.
    pub listings: u32,
}

/// A directory still to be read.
struct Waiting {
    url: Url,
    path: String,
    places: Vec<Places>,
    depth: u32,
}

pub(crate) async fn measure(args: &Args, ctx: &Ctx) -> Result<Sample, CheckError> {
    let fetcher = Fetcher::new(&args.target, false, Stick::No, ctx)?;
    let start = Instant::now();
    let mut url = fetcher.url(&args.url)?;
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    let mut sample = Sample {
        now: Timestamp::now().as_second(),
        seconds: 0.0,
        url: url.to_string(),
        found: vec![Vec::new(); args.require.len()],
        unreadable: Vec::new(),
        listings: 0,
    };
    let places = args.require.iter().map(Pattern::start).collect();
    let mut waiting = VecDeque::from([Waiting { url, path: String::new(), places, depth: 0 }]);
    while let Some(directory) = waiting.pop_front() {
        sample.listings += 1;
        // those still waiting count: a hostile listing of directories must not fill the memory
        if sample.listings as usize + waiting.len() > args.max_listings as usize {
            return Err(CheckError::usage(format!(
                "the patterns lead through more than {} directories of {}: narrow them, or raise --max-listings",
                args.max_listings, sample.url
            )));
        }
        let answer = ask(&fetcher, directory.url.clone()).await?;
        let entries = if answer.status.is_success() { listing::read(&answer) } else { None };
        let Some(entries) = entries else {
            let why = if answer.status.is_success() {
                "no directory listing".to_owned()
            } else {
                answer.status_line()
            };
            if directory.depth == 0 {
                return Err(CheckError::target(format!("{}: {why}", answer.url)));
            }
            sample.unreadable.push(format!("{}: {why}", fetch::clipped(&directory.path)));
            continue;
        };
        for entry in entries {
            let mut below = Vec::with_capacity(args.require.len());
            for ((pattern, places), found) in
                args.require.iter().zip(&directory.places).zip(&mut sample.found)
            {
                let (complete, next) = pattern.step(places, &entry.name);
                if complete && pattern.asks_for_directories() == entry.is_directory {
                    let time = entry.modified.and_then(|time| time.to_zoned(args.timezone.clone()).ok());
                    let slash = if entry.is_directory { "/" } else { "" };
                    found.push(Found {
                        path: format!("{}{}{slash}", directory.path, entry.name),
                        modified: time.map(|time| time.timestamp().as_second()),
                        size: entry.size,
                    });
                }
                below.push(next);
            }
            let leads_on = entry.is_directory && below.iter().any(|places| !places.is_empty());
            if !leads_on || directory.depth >= args.depth {
                continue;
            }
            if let Ok(url) = answer.url.join(&entry.href) {
                let path = format!("{}{}/", directory.path, entry.name);
                waiting.push_back(Waiting { url, path, places: below, depth: directory.depth + 1 });
            }
        }
        if sample.found.iter().map(Vec::len).sum::<usize>() > MAX_FOUND {
            return Err(CheckError::usage(format!(
                "the patterns ask for more than {MAX_FOUND} entries of {}: narrow them",
                sample.url
            )));
        }
    }
    sample.seconds = start.elapsed().as_secs_f64();
    Ok(sample)
}

async fn ask(fetcher: &Fetcher<'_>, url: Url) -> Result<Answer, CheckError> {
    let mut request = Request::get(url);
    request.headers.insert(ACCEPT, HeaderValue::from_static("text/html, application/json;q=0.9, */*;q=0.1"));
    let mut answer = fetcher.fetch(&request).await?;
    for _ in 0..MAX_REDIRECTS {
        match next_request(&request, &answer)? {
            Some(next) => request = next,
            None => return Ok(answer),
        }
        answer = fetcher.fetch(&request).await?;
    }
    Ok(answer)
}
