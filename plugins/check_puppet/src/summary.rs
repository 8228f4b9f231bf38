//! `last_run_summary.yaml`, typed. Keys that are not used here, and those of other versions, are
//! passed over.

use serde::Deserialize;

/// Most bytes of the file: real ones have a few hundred, and a line for each type of resource.
pub(crate) const MAX_LEN: u64 = 256 * 1024;

/// What the agent wrote at the end of its last run.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Summary {
    pub version: Version,
    /// Absent in old versions if there was no catalog; later all of it is 0 then.
    pub resources: Option<Resources>,
    pub time: Time,
    pub events: Option<Events>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Version {
    /// The catalog's version: a time, or what `config_version` printed. Null without a catalog.
    pub config: Option<String>,
    /// Puppet's version.
    pub puppet: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Resources {
    pub total: u32,
    pub changed: u32,
    pub failed: u32,
    pub failed_to_restart: u32,
    pub skipped: u32,
    /// Put back after a change that did not come from Puppet.
    pub corrective_change: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Time {
    /// End of the run in seconds since 1970.
    pub last_run: Option<i64>,
    /// Seconds the run took.
    pub total: Option<f64>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Events {
    /// Puppet writes it last.
    pub total: Option<u32>,
    pub failure: u32,
    /// Changes that were only simulated.
    pub noop: u32,
}

/// The text is no summary.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error("it is no YAML, or not Puppet's (was it truncated?): {0}")]
    Yaml(String),
    #[error("it has no `last_run` under `time` (was it truncated?)")]
    NoTime,
    #[error("its end is missing (is the disk full?)")]
    Truncated,
}

impl Summary {
    pub fn parse(text: &str) -> Result<Summary, Error> {
        if text.trim().is_empty() {
            return Err(Error::NoTime);
        }
        let summary: Summary =
            serde_saphyr::from_str(text).map_err(|error| Error::Yaml(error.to_string()))?;
        match &summary {
            // a number that was cut is a number too
            _ if !text.ends_with('\n') => Err(Error::Truncated),
            Summary { time: Time { last_run: None, .. }, .. } => Err(Error::NoTime),
            // where there are resources there are events, and where there are events their sum
            Summary { resources: Some(_), events: None | Some(Events { total: None, .. }), .. } => {
                Err(Error::Truncated)
            }
            _ => Ok(summary),
        }
    }

    /// Was there no catalog: the server did not answer, or could not compile it?
    ///
    /// Every catalog has resources (its schedules at least), so none at all means that there was
    /// none. Puppet 2 to 5 leave the sections out then, 6 and later fill them with zeros and leave
    /// the catalog's version empty.
    pub fn has_no_catalog(&self) -> bool {
        let (Some(resources), Some(_)) = (&self.resources, &self.events) else { return true };
        resources.total == 0 && self.version.config.is_none()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str = include_str!("../testdata/good/last_run_summary.yaml");
    const FAILED: &str = include_str!("../testdata/failed/last_run_summary.yaml");
    const NO_CATALOG: &str = include_str!("../testdata/no_catalog/last_run_summary.yaml");

    #[test]
    fn reads_what_puppet_7_writes() {
        let good = Summary::parse(GOOD).unwrap();
        assert_eq!(good.version.config.as_deref(), Some("1795311689"));
        assert_eq!(good.version.puppet.as_deref(), Some("7.23.0"));
        assert_eq!(good.time, Time { last_run: Some(1_795_311_689), total: Some(0.019_429_486) });
        let resources = good.resources.clone().unwrap();
        assert_eq!((resources.total, resources.changed, resources.failed), (9, 2, 0));
        assert!(!good.has_no_catalog());
        let failed = Summary::parse(FAILED).unwrap();
        assert_eq!((failed.resources.unwrap().failed, failed.events.unwrap().failure), (2, 2));
        assert!(Summary::parse(NO_CATALOG).unwrap().has_no_catalog());
    }

    #[test]
    fn other_versions_are_read_as_far_as_they_go() {
        let old = "---\n  time:\n    last_run: 1300000000\n    notify: 0.1\n  version:\n    config: \n    puppet: \"2.6.8\"\n";
        assert!(Summary::parse(old).unwrap().has_no_catalog());
        let new = "future: {a: [1]}\nversion: {config: 'r10k-1a2b', new: 1}\ntime: {last_run: 5}\nresources: {total: 7, lost: 1}\nevents: {total: 0}\n";
        let new = Summary::parse(new).unwrap();
        assert_eq!((new.version.config.as_deref(), new.has_no_catalog()), (Some("r10k-1a2b"), false));
    }

    #[test]
    fn what_is_no_summary_says_so() {
        for text in ["", "\n", "--- {}\n", "time:\n  total: 1\n"] {
            assert_eq!(Summary::parse(text), Err(Error::NoTime), "{text:?}");
        }
        let bomb = format!("a: &a [{}]\ntime: {}\n", "x,".repeat(50), "[".repeat(10_000));
        for text in [
            "\0\0\0\0",
            "time: [",
            "just text",
            "---\n",
            "time:\n  last_run: never\n",
            "\t- x",
            bomb.as_str(),
        ] {
            assert!(matches!(Summary::parse(text), Err(Error::Yaml(_))), "{:?}", &text[..text.len().min(20)]);
        }
    }

    proptest! {
        #[test]
        fn no_truncated_file_passes_for_a_summary(cut in 0..GOOD.len()) {
            prop_assert!(Summary::parse(&GOOD[..cut]).is_err());
        }

        #[test]
        fn no_text_makes_it_panic(text in "(time:|  last_run: |[a-z0-9:&* \\-\"'\\[{]|\n){0,40}") {
            let _ = Summary::parse(&text);
        }
    }
}
