//! When were the indices of each source fetched or confirmed last, and is that recent? Pure.
//!
//! `apt-get update` exits 0 although a source was not reached, and even if none was. Found by
//! experiment with APT 2.6.1 (a repository over HTTP that was fetched before; the integration
//! tests repeat it), what each outcome leaves behind:
//!
//! | outcome | exit | `Post-Invoke-Success` | pkgcache.bin | mtime of InRelease | ctime of InRelease | partial/ |
//! |---|---|---|---|---|---|---|
//! | fetched | 0 | runs | rebuilt | Last-Modified of the server | **now** | empty |
//! | unchanged (304, `Hit`) | 0 | runs | rebuilt | as before | **now** | empty |
//! | one of two refused, or no name | 0 | **runs** | rebuilt | as before | as before | empty |
//! | all refused | 0 | does not | rebuilt | as before | as before | empty |
//! | bad signature | 0 | runs, for the others | rebuilt | as before | as before | InRelease |
//! | 404 | 100 | **runs**, for the others | rebuilt | as before | as before | empty |
//! | expired, wrong hash or size | 100 | **runs**, for the others | rebuilt | as before | as before | InRelease |
//! | unchanged, but the key is gone | 0 | runs | rebuilt | as before | **now** | empty |
//! | unchanged, source without any signature | 0 | runs | rebuilt | as before | as before | empty |
//!
//! So neither the exit code, nor a stamp by `APT::Update::Post-Invoke-Success` (which is what
//! `periodic/update-success-stamp` is), nor the age of pkgcache.bin or of the directory tells of a
//! single source; with `APT::Update::Error-Mode "any"` the exit code does, but the hook still runs.
//! The mtime is the server's. What tells is the **ctime** of the source's InRelease or Release:
//! for each verification APT hands the file to its unprivileged user and takes it back (chown,
//! chmod), also after a 304, and no failure touches the old file. It needs no rights to read.
//!
//! Limits:
//! - A key that went away while the repository did not change counts as confirmed. The indices are
//!   as new as the server's then; its next change is refused, and the age grows from there.
//! - A source without signature (`[trusted=yes]` and neither InRelease nor Release.gpg) is not
//!   verified, so an unchanged one leaves no trace. For these a stamp counts as well: `--stamp`, or
//!   the two in `periodic/`. It tells only that *some* source was reached.
//! - Restoring, copying or chowning `lists/` renews the ctime: a machine that was set up from an
//!   image is fresh for the length of the limits. `--stamp` is judged by itself and shows it.
//! - A `Valid-Until` in the past is an error at once: APT takes no such Release any more.

use check::{Range, State, Thresholds};

use crate::judge::Finding;
use crate::updates::counted;

/// A source's files in `lists/`.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    /// URI and suite.
    pub name: String,
    /// None: it was never fetched.
    pub seen: Option<Seen>,
    /// Something that APT refused, or did not get to the end of, lies in `partial/` (seen only with the rights to look there).
    pub refused: bool,
}

/// Traces of the last success.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// ctime, in seconds since 1970.
    pub confirmed: f64,
    /// Is there a signature, so that every success renews the ctime?
    pub signed: bool,
    /// When APT begins to refuse it.
    pub expires: Option<i64>,
}

/// All that is known about the indices.
#[derive(Clone, Debug, Default)]
pub(crate) struct Indices {
    pub sources: Vec<Listed>,
    /// Lines of the configuration that could not be read.
    pub problems: Vec<String>,
    /// `--stamp` and when it was touched, if ever.
    pub stamp: Option<(String, Option<f64>)>,
    /// The newest stamp of `periodic/`.
    pub periodic: Option<f64>,
    /// Seconds since 1970.
    pub now: f64,
}

impl Indices {
    /// Seconds since the source was fetched or confirmed; negative if the clock was set back.
    fn age(&self, seen: &Seen) -> f64 {
        let stamp = self.stamp.as_ref().and_then(|(_, touched)| *touched);
        let stamps = [stamp, self.periodic].into_iter().flatten().filter(|_| !seen.signed);
        self.now - stamps.fold(seen.confirmed, f64::max)
    }

    /// The greatest age of all sources.
    pub fn oldest(&self) -> Option<f64> {
        self.sources
            .iter()
            .filter_map(|source| source.seen.as_ref())
            .map(|seen| self.age(seen))
            .reduce(f64::max)
    }

    /// Everything that is wrong with the indices.
    pub fn findings(&self, [warning, critical]: &[Range; 2], refused: State) -> Vec<Finding> {
        let limits = Thresholds::new(Some(warning.clone()), Some(critical.clone()));
        let mut findings: Vec<Finding> = Vec::new();
        if self.sources.is_empty() && self.problems.is_empty() {
            findings
                .push((State::Critical, "no source is configured, so no update will ever come".to_owned()));
        }
        findings.extend(self.problems.iter().map(|problem| (State::Unknown, problem.clone())));
        let missing: Vec<&str> = self.names(|source| source.seen.is_none());
        if !missing.is_empty() {
            findings.push((State::Critical, format!("never fetched: {}", counted(&missing))));
        }
        for source in &self.sources {
            findings.extend(self.finding(source, &limits, refused));
        }
        if let Some((path, touched)) = &self.stamp {
            match touched {
                None => findings.push((
                    State::Critical,
                    format!("no update has touched {path} (is APT::Update::Post-Invoke-Success set?)"),
                )),
                Some(touched) => {
                    // a stamp of the future is as good as one of now
                    let age = (self.now - touched).max(0.0);
                    let state = limits.state(age);
                    if state != State::Ok {
                        findings.push((
                            state,
                            format!("the last update that reached any source was {} ago", span(age)),
                        ));
                    }
                }
            }
        }
        findings
    }

    fn finding(&self, source: &Listed, limits: &Thresholds, refused: State) -> Option<Finding> {
        let seen = source.seen.as_ref()?;
        let name = &source.name;
        let reason = if source.refused { ", its last download was refused or broken off" } else { "" };
        if let Some(since) = seen.expires.map(|end| self.now - end as f64).filter(|since| *since > 0.0) {
            return Some((State::Critical, format!("{name} expired {} ago{reason}", span(since))));
        }
        let age = self.age(seen);
        if age < -86_400.0 {
            return Some((
                State::Unknown,
                format!("{name} was fetched {} in the future, check the clock", span(-age)),
            ));
        }
        match limits.state(age.max(0.0)) {
            State::Ok if source.refused => {
                Some((refused, format!("the last download of {name} was refused or broken off")))
            }
            State::Ok => None,
            state => Some((state, format!("{name} was last fetched {} ago{reason}", span(age)))),
        }
    }

    fn names(&self, is_so: impl Fn(&Listed) -> bool) -> Vec<&str> {
        self.sources.iter().filter(|source| is_so(source)).map(|source| source.name.as_str()).collect()
    }

    /// One line for each source, for `-v`.
    pub fn described(&self) -> Vec<String> {
        let one = |source: &Listed| match &source.seen {
            None => format!("{}: never fetched", source.name),
            Some(seen) => {
                let unsigned = if seen.signed { "" } else { ", not signed" };
                format!("{}: {} ago{unsigned}", source.name, span(self.age(seen).max(0.0)))
            }
        };
        self.sources.iter().map(one).collect()
    }
}

/// `40 s`, `12 min`, `36 h`, `5.2 days`
pub(crate) fn span(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.0} h", s / 3600.0),
        s => format!("{:.1} days", s / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: f64 = 86_400.0;
    const SECOND: i64 = 1_000_000_000;
    const NOW: f64 = SECOND as f64;

    fn seen(age: f64) -> Seen {
        Seen { confirmed: NOW - age, signed: true, expires: None }
    }

    fn listed(name: &str, seen: Option<Seen>) -> Listed {
        Listed { name: name.to_owned(), seen, refused: false }
    }

    fn indices(sources: Vec<Listed>) -> Indices {
        Indices { sources, now: NOW, ..Indices::default() }
    }

    fn found(indices: &Indices) -> (State, String) {
        let limits = [Range::up_to(2.0 * DAY), Range::up_to(7.0 * DAY)];
        let findings = indices.findings(&limits, State::Warning);
        let state = findings.iter().fold(State::Ok, |worst, (state, _)| worst.worst(*state));
        (state, findings.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join("; "))
    }

    #[test]
    fn each_source_is_judged_by_itself() {
        let fresh = listed("a", Some(seen(3600.0)));
        assert_eq!(found(&indices(vec![fresh.clone()])), (State::Ok, String::new()));
        let both = indices(vec![fresh.clone(), listed("b", Some(seen(3.0 * DAY)))]);
        assert_eq!(found(&both), (State::Warning, "b was last fetched 3.0 days ago".to_owned()));
        assert_eq!(both.oldest(), Some(3.0 * DAY));
        let old = indices(vec![fresh.clone(), listed("b", Some(seen(8.0 * DAY)))]);
        assert_eq!(found(&old).0, State::Critical);
        let never = indices(vec![fresh, listed("b", None), listed("c", None)]);
        assert_eq!(found(&never), (State::Critical, "never fetched: b, c".to_owned()));
        assert_eq!(found(&indices(Vec::new())).0, State::Critical);
    }

    #[test]
    fn expired_is_critical_however_fresh() {
        let expired = Seen { expires: Some(SECOND - 7300), ..seen(60.0) };
        assert_eq!(
            found(&indices(vec![listed("a", Some(expired))])),
            (State::Critical, "a expired 2 h ago".to_owned())
        );
        let valid = Seen { expires: Some(SECOND + 1), ..seen(60.0) };
        assert_eq!(found(&indices(vec![listed("a", Some(valid))])).0, State::Ok);
    }

    #[test]
    fn refused_downloads_are_told_at_once() {
        let refused = Listed { refused: true, ..listed("a", Some(seen(60.0))) };
        assert_eq!(
            found(&indices(vec![refused])),
            (State::Warning, "the last download of a was refused or broken off".to_owned())
        );
        let refused = Listed { refused: true, ..listed("a", Some(seen(8.0 * DAY))) };
        assert_eq!(found(&indices(vec![refused])).0, State::Critical);
    }

    #[test]
    fn stamps_count_for_unsigned_sources_and_by_themselves() {
        let unsigned = Seen { signed: false, ..seen(30.0 * DAY) };
        let with = |stamp, periodic| Indices {
            stamp,
            periodic,
            ..indices(vec![listed("signed", Some(seen(60.0))), listed("unsigned", Some(unsigned))])
        };
        assert_eq!(found(&with(None, None)).0, State::Critical);
        assert_eq!(found(&with(None, Some(NOW - DAY))).0, State::Ok);
        assert_eq!(found(&with(Some(("/s".to_owned(), Some(NOW - DAY))), None)).0, State::Ok);
        let old = with(Some(("/s".to_owned(), Some(NOW - 3.0 * DAY))), Some(NOW));
        assert_eq!(
            found(&old),
            (State::Warning, "the last update that reached any source was 3.0 days ago".to_owned())
        );
        assert!(found(&with(Some(("/s".to_owned(), None)), Some(NOW))).1.contains("touched /s"));
        // but not for signed ones, which have better evidence
        let signed = Indices { periodic: Some(NOW), ..indices(vec![listed("a", Some(seen(8.0 * DAY)))]) };
        assert_eq!(found(&signed).0, State::Critical);
    }

    #[test]
    fn a_clock_that_jumped_is_not_freshness() {
        assert_eq!(found(&indices(vec![listed("a", Some(seen(-3600.0)))])).0, State::Ok);
        assert_eq!(found(&indices(vec![listed("a", Some(seen(-2.0 * DAY)))])).0, State::Unknown);
    }
}
