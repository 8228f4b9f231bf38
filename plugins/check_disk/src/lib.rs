//! `check_disk`: the space and the inodes left on file systems (requirement T31).
//!
//! Options as in monitoring-plugins 2.3: [`Args`] keeps those whose order matters as steps, `select`
//! applies them to the mount table, `measure` asks the file systems, none of which can hang the
//! check, and `judge` speaks.
//!
//! Where it differs from the peer, on purpose: names of one space are listed once, as `df` does; a
//! path is where its links lead; `/a` is not the mount of `/ab`; all file systems are reported even
//! if one does not answer; perfdata is in exact bytes whatever the unit of `-u`.

mod judge;
mod limits;
mod measure;
mod mounts;
mod options;
mod probe;
mod select;
mod usage;

use check::{Check, CheckError, Ctx, Definition, Isolation, Judged, Report, State};

use limits::Limits;
pub use options::Args;
use options::Step;

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_disk",
        title: "DISK",
        separator: " - ",
        about: "Checks the space and the inodes left on file systems, for users as df counts them",
        examples: "Thresholds and -g count for the paths that follow them; -C clears both. A file system\n\
            that does not answer before the timeout is CRITICAL, and the others are still reported.\n\n\
            Examples:\n  \
            check_disk -w 10% -c 5% -p / -p /var -C -w 1000 -c 500 -u GB -p /srv\n      \
            10 and 5 percent left for / and /var, 1000 and 500 GB left for /srv\n  \
            check_disk -w 10% -c 5% -W 10% -K 5% -l -X tmpfs -X devtmpfs -e\n      \
            space and inodes of all local file systems, showing those with trouble\n  \
            check_disk -w 100 -c 50 -C -w 5% -c 3% -g data -r '^/srv/data'\n      \
            all file systems by megabytes, those below /srv/data together by percent",
        isolation: Isolation::Process,
        timeout_state: State::Critical,
    };

    // all that can hang is asked by `probe`
    const KEEPS_DEADLINE: bool = true;

    fn judged(&self) -> Vec<Judged> {
        let mut all: Vec<Limits> = Vec::new();
        let mut limits = Limits::default();
        for step in &self.steps {
            match step {
                Step::Clear => limits = Limits::default(),
                Step::Path(_) | Step::BarePath(_) | Step::All | Step::Matching(_) => all.push(limits.clone()),
                step => limits.take(step),
            }
        }
        // with these, everything that is left is judged
        all.push(limits);
        all.dedup();
        all.iter().flat_map(Limits::judged).collect()
    }

    async fn run(&self, ctx: &Ctx) -> Result<Report, CheckError> {
        let sample = measure::measure(self, measure::statvfs, ctx)?;
        Ok(judge::judge(&sample, &self.flags, ctx.verbosity))
    }
}
