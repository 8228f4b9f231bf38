//! Where the agent's files are, and reading them: all I/O of `check_puppet`.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use check::CheckError;

use crate::judge::Sample;
use crate::report::{self, RunReport};
use crate::summary::{self, Summary};
use crate::{locks, text};

/// Directory of the summary and state directory, in the order in which they are looked for. Since
/// Puppet 7 the summary lies in `publicdir`; a summary of an older version may be left over.
const PLACES: [[&str; 2]; 5] = [
    // Debian's packages, 7 and later
    ["/var/cache/puppet/public", "/var/cache/puppet/state"],
    // Puppet's own packages and OpenVox's, 7 and later
    ["/opt/puppetlabs/puppet/public", "/opt/puppetlabs/puppet/cache/state"],
    // before 7: Puppet's own, Debian's new and old
    ["/opt/puppetlabs/puppet/cache/state", "/opt/puppetlabs/puppet/cache/state"],
    ["/var/cache/puppet/state", "/var/cache/puppet/state"],
    ["/var/lib/puppet/state", "/var/lib/puppet/state"],
];

const SUMMARY: &str = "last_run_summary.yaml";

/// The report is written in the same moment as the summary; one that is further away is of another run.
const SAME_RUN: i64 = 300;

/// Files that were named on the command line.
pub(crate) struct Wanted<'a> {
    pub summary: Option<&'a Path>,
    pub state: Option<&'a Path>,
    pub report: Option<&'a Path>,
    pub disabled: Option<&'a Path>,
}

/// The files of one agent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    summary: PathBuf,
    report: PathBuf,
    /// Was the report named, so that it must be there?
    needs_report: bool,
    disabled: PathBuf,
    running: PathBuf,
}

impl Place {
    /// The files as named, the others beside them; without a name those of the first of the usual
    /// places that has a summary.
    pub fn find(wanted: &Wanted) -> Result<Place, CheckError> {
        Place::find_in(&PLACES.map(|place| place.map(Path::new)), wanted)
    }

    fn find_in(places: &[[&Path; 2]], wanted: &Wanted) -> Result<Place, CheckError> {
        if let Some(summary) = wanted.summary {
            return Ok(Place::of(summary.to_owned(), &state_beside(summary), wanted));
        }
        if let Some(state) = wanted.state {
            let candidates = public_beside(state).into_iter().chain([state.to_owned()]);
            let summary = candidates.map(|directory| directory.join(SUMMARY)).find(|summary| exists(summary));
            return Ok(Place::of(summary.unwrap_or_else(|| state.join(SUMMARY)), state, wanted));
        }
        let mut denied = None;
        for [directory, state] in places {
            let summary = directory.join(SUMMARY);
            match fs::metadata(&summary) {
                Ok(_) => return Ok(Place::of(summary, state, wanted)),
                Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                    denied.get_or_insert_with(|| text::cannot_read(&summary, &error));
                }
                Err(_) => {}
            }
        }
        Err(denied.unwrap_or_else(|| {
            let looked: Vec<String> =
                places.iter().map(|[directory, _]| directory.display().to_string()).collect();
            CheckError::internal(format!(
                "found no {SUMMARY} in {}: has the agent never run here? If it keeps its files elsewhere (`puppet config print lastrunfile`), name it by --summary",
                looked.join(", ")
            ))
        }))
    }

    fn of(summary: PathBuf, state: &Path, wanted: &Wanted) -> Place {
        let state = wanted.state.unwrap_or(state);
        let named = |named: Option<&Path>, name: &str| named.map_or_else(|| state.join(name), Path::to_owned);
        Place {
            summary,
            report: named(wanted.report, "last_run_report.yaml"),
            needs_report: wanted.report.is_some(),
            disabled: named(wanted.disabled, "agent_disabled.lock"),
            running: state.join("agent_catalog_run.lock"),
        }
    }
}

fn exists(path: &Path) -> bool {
    !matches!(fs::metadata(path), Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory))
}

/// The state directory that goes with a summary: beside `public`, or where the summary is.
fn state_beside(summary: &Path) -> PathBuf {
    let directory = summary.parent().unwrap_or(Path::new(""));
    if directory.file_name() == Some("public".as_ref()) {
        let above = directory.parent().unwrap_or(Path::new(""));
        let states = ["state", "cache/state"].map(|state| above.join(state));
        if let Some(state) = states.into_iter().find(|state| exists(state)) {
            return state;
        }
    }
    directory.to_owned()
}

/// Where the summary may be that goes with a state directory.
fn public_beside(state: &Path) -> [PathBuf; 2] {
    ["../public", "../../public"].map(|public| state.join(public))
}

/// Reads all that is judged.
pub(crate) fn measure(place: &Place) -> Result<Sample, CheckError> {
    let text = text::read(&place.summary, summary::MAX_LEN)
        .map_err(|error| text::cannot_read(&place.summary, &error))?;
    let summary = Summary::parse(&text)
        .map_err(|error| CheckError::internal(format!("{}: {error}", place.summary.display())))?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Ok(Sample {
        report: read_report(place, &summary)?,
        disabled: locks::disabled(&place.disabled),
        running: locks::running(&place.running),
        now: i64::try_from(now.as_secs()).unwrap_or(i64::MAX),
        summary,
    })
}

/// The report, if it is of the same run. One that was not asked for may be missing or unreadable:
/// the summary alone is enough to judge.
fn read_report(place: &Place, summary: &Summary) -> Result<Option<RunReport>, CheckError> {
    let last_run = summary.time.last_run.unwrap_or_default();
    let read = || -> io::Result<Option<RunReport>> {
        let written = fs::metadata(&place.report)?.mtime();
        if written.abs_diff(last_run) > SAME_RUN.unsigned_abs() {
            return Ok(None);
        }
        let failed = summary.has_no_catalog()
            || summary
                .resources
                .as_ref()
                .is_some_and(|resources| resources.failed + resources.failed_to_restart > 0);
        report::read(&place.report, failed).map(Some)
    };
    match read() {
        Ok(report) => Ok(report),
        Err(error) if place.needs_report => Err(text::cannot_read(&place.report, &error)),
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Wanted = Wanted { summary: None, state: None, report: None, disabled: None };

    #[test]
    fn the_first_place_with_a_summary_wins() {
        let dir = tempfile::tempdir().unwrap();
        let paths = ["public", "state", "old"].map(|name| dir.path().join(name));
        let [public, state, old] = &paths;
        let places = [[public.as_path(), state.as_path()], [old.as_path(), old.as_path()]];
        let missing = Place::find_in(&places, &NONE).unwrap_err().to_string();
        assert!(
            missing.contains("has the agent never run here?") && missing.contains("/public, "),
            "{missing}"
        );
        for directory in &paths {
            fs::create_dir(directory).unwrap();
        }
        fs::write(old.join(SUMMARY), "").unwrap();
        assert_eq!(Place::find_in(&places, &NONE).unwrap().summary, old.join(SUMMARY));
        fs::write(public.join(SUMMARY), "").unwrap();
        let place = Place::find_in(&places, &NONE).unwrap();
        assert_eq!(place.summary, public.join(SUMMARY));
        assert_eq!(place.report, state.join("last_run_report.yaml"));
        assert_eq!(place.disabled, state.join("agent_disabled.lock"));
    }

    #[test]
    fn what_is_named_finds_the_rest() {
        let dir = tempfile::tempdir().unwrap();
        let (public, state) = (dir.path().join("public"), dir.path().join("cache/state"));
        fs::create_dir(&public).unwrap();
        fs::create_dir_all(&state).unwrap();
        let summary = public.join(SUMMARY);
        fs::write(&summary, "").unwrap();
        let by_summary = Place::find(&Wanted { summary: Some(&summary), ..NONE }).unwrap();
        assert_eq!(by_summary.running, state.join("agent_catalog_run.lock"));
        let by_state = Place::find(&Wanted { state: Some(&state), ..NONE }).unwrap();
        assert_eq!(by_state.summary.canonicalize().unwrap(), summary.canonicalize().unwrap());
        let apart = Path::new("/elsewhere/x.yaml");
        let named =
            Wanted { summary: Some(apart), report: Some(apart), disabled: Some(apart), state: Some(&state) };
        let named = Place::find(&named).unwrap();
        assert_eq!((named.summary.as_path(), named.disabled.as_path()), (apart, apart));
        assert!(named.needs_report && named.running.starts_with(&state));
        assert_eq!(
            Place::find(&Wanted { summary: Some(apart), ..NONE }).unwrap().report,
            Path::new("/elsewhere/last_run_report.yaml")
        );
    }

    #[test]
    fn a_report_of_another_run_is_left_aside() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path();
        fs::write(state.join(SUMMARY), include_str!("../testdata/failed/last_run_summary.yaml")).unwrap();
        fs::write(
            state.join("last_run_report.yaml"),
            include_str!("../testdata/failed/last_run_report.yaml"),
        )
        .unwrap();
        let place = Place::find(&Wanted { state: Some(state), ..NONE }).unwrap();
        let run = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_795_311_693);
        let report = fs::File::options().append(true).open(&place.report).unwrap();
        report.set_modified(run).unwrap();
        assert_eq!(measure(&place).unwrap().report.unwrap().failed.len(), 2);
        report.set_modified(run + std::time::Duration::from_secs(301)).unwrap();
        assert_eq!(measure(&place).unwrap().report, None);
        fs::remove_file(&place.report).unwrap();
        assert_eq!(measure(&place).unwrap().report, None);
        let named = place.report.clone();
        let place = Place::find(&Wanted { state: Some(state), report: Some(&named), ..NONE }).unwrap();
        assert!(measure(&place).unwrap_err().to_string().contains("last_run_report.yaml: No such file"));
    }
}
