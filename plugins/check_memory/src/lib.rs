//! `check_memory`: how much of the machine's memory is used, or available (requirement T32).
//!
//! Options and metrics as in madrisan's check_memory (nagios-plugins-linux). One difference, on
//! purpose: `--vmstats` gives the kernel's counters, from which graphs make rates; the peer waits a
//! second and gives the rate of that second.

mod judge;
mod measure;

use std::ops::RangeInclusive;

use check::{Check, CheckError, Ctx, Definition, Isolation, Range, Report, State};

/// Options of `check_memory`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Judge the memory that is available for new programs, not what is used
    #[arg(short = 'a', long)]
    available: bool,
    /// WARNING if the percentage used (with -a: available) is outside this range: 80%, or 20%: with -a
    #[arg(short = 'w', long, value_name = "RANGE", allow_hyphen_values = true)]
    warning: Option<Range>,
    /// CRITICAL if the percentage is outside this range
    #[arg(short = 'c', long, value_name = "RANGE", allow_hyphen_values = true)]
    critical: Option<Range>,
    /// Paging counters in perfdata too: KiB read and written, and major faults, since boot
    #[arg(short = 's', long)]
    vmstats: bool,
    /// Show bytes
    #[arg(short = 'b', long = "byte", overrides_with_all = ["kilobyte", "megabyte", "gigabyte"])]
    byte: bool,
    /// Show units of 1024 bytes, as without any of these options
    #[arg(short = 'k', long = "kilobyte", overrides_with_all = ["byte", "megabyte", "gigabyte"])]
    kilobyte: bool,
    /// Show MB (of 1024 x 1024 bytes)
    #[arg(short = 'm', long = "megabyte", overrides_with_all = ["byte", "kilobyte", "gigabyte"])]
    megabyte: bool,
    /// Show GB
    #[arg(short = 'g', long = "gigabyte", overrides_with_all = ["byte", "kilobyte", "megabyte"])]
    gigabyte: bool,
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_memory",
        title: "memory",
        separator: ": ",
        about: "Checks how much of the machine's memory is used, or available",
        examples: "Used is what is neither free nor a cache: total - free - buffers - page cache - reclaimable\n\
            slab. Shared memory and files in a tmpfs count as page cache, though the kernel cannot drop\n\
            them; the available memory, the kernel's own estimate, takes that into account.\n\
            All numbers are the machine's, inside a container too, whatever limit that has.\n\n\
            Examples:\n  \
            check_memory -w 80% -c 90%\n  \
            check_memory --available -w 20%: -c 10%:",
        isolation: Isolation::Instant,
        timeout_state: State::Unknown,
    };

    const BOUNDS: &'static [(&'static str, RangeInclusive<f64>)] =
        &[("warning", 0.0..=100.0), ("critical", 0.0..=100.0)];

    async fn run(&self, _ctx: &Ctx) -> Result<Report, CheckError> {
        let sample = measure::measure(self.vmstats)?;
        Ok(judge::judge(&sample, self))
    }
}
