//! `check_cluster`: several hosts or services as one, from their states as arguments.
//!
//! For schedulers that expand a macro for each member (`$SERVICESTATEID:web1:HTTP$`). hlidka itself
//! knows its objects and needs no such list: see `hlidka:cluster`.

mod limit;
mod members;

use check::{Check, CheckError, Ctx, Definition, Isolation, Judged, Perfdata, Range, Report, State, Uom};

use limit::Limit;
use members::{Kind, Members, Tally};

/// Options of `check_cluster`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The states are those of services: 0 ok, 1 warning, 2 critical, 3 unknown (the default)
    #[arg(short = 's', long, overrides_with = "host")]
    service: bool,
    /// The states are those of hosts: 0 up, 1 down, 2 unreachable
    #[arg(short = 'h', long)]
    host: bool,
    /// The states of the members, with commas between them
    #[arg(short = 'd', long, value_name = "STATES")]
    data: Members,
    /// What stands before the numbers [default: Service cluster, Host cluster]
    #[arg(short = 'l', long, value_name = "TEXT")]
    label: Option<String>,
    /// WARNING if the number of members that are not OK (or up) is outside this range; with %, their share
    #[arg(short = 'w', long, value_name = "RANGE[%]", allow_hyphen_values = true)]
    warning: Option<Limit>,
    /// CRITICAL if the number of members that are not OK (or up) is outside this range; with %, their share
    #[arg(short = 'c', long, value_name = "RANGE[%]", allow_hyphen_values = true)]
    critical: Option<Limit>,
}

impl Args {
    /// Of what the states are, and what that is called.
    fn kind(&self) -> (Kind, &'static str) {
        if self.host { (Kind::Hosts, "Host cluster") } else { (Kind::Services, "Service cluster") }
    }
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_cluster",
        title: "CLUSTER",
        separator: ": ",
        about: "Judges the states of several hosts or services as one",
        examples: "Examples:
  check_cluster -s -d 2,0,2,0 -c @3:
      CRITICAL from three services on that are not OK
  check_cluster -h -d 0,1,0 -l 'Web servers' -w 0 -c 1
      WARNING if one host is not up, CRITICAL if more are not
  check_cluster -s -d 0,0,0,0,1 -w @20%: -c @30%:
      OK while over 80 % are OK, CRITICAL unless over 70 % are; nothing is rounded",
        isolation: Isolation::Instant,
        timeout_state: State::Unknown,
    };

    fn validate(&self) -> Result<(), CheckError> {
        self.data.tally(self.kind().0).map(|_| ()).map_err(CheckError::usage)
    }

    /// A count ends at the number of members, and a share at 100 %; the two have nothing to do with each other.
    fn judged(&self) -> Vec<Judged> {
        let members = self.data.tally(self.kind().0).map_or(0.0, |tally| tally.total() as f64);
        let judged = |range: fn(&Limit) -> Option<&Range>, unit: &str, most: f64| {
            let limit = |option, limit: &Option<Limit>| {
                let range = limit.as_ref().and_then(range)?;
                Some(check::Limit { option, text: format!("{range}{unit}"), range: range.clone() })
            };
            let (warning, critical) =
                (limit("--warning", &self.warning), limit("--critical", &self.critical));
            Judged { warning, critical, within: 0.0..=most }
        };
        vec![judged(Limit::count, "", members), judged(Limit::percent, "%", 100.0)]
    }

    async fn run(&self, _ctx: &Ctx) -> Result<Report, CheckError> {
        let (kind, name) = self.kind();
        let tally = self.data.tally(kind).map_err(CheckError::usage)?;
        Ok(self.judge(&tally, self.label.as_deref().unwrap_or(name)))
    }
}

impl Args {
    fn judge(&self, tally: &Tally, label: &str) -> Report {
        let alerts = |limit: &Option<Limit>| limit.as_ref().is_some_and(|limit| limit.alerts(tally));
        let state = match () {
            () if alerts(&self.critical) => State::Critical,
            () if alerts(&self.warning) => State::Warning,
            () => State::Ok,
        };
        let limits = [&self.warning, &self.critical];
        let [warning, critical] = limits.map(|limit| limit.as_ref().and_then(Limit::count));
        let count = Perfdata::new("not_ok", tally.not_ok() as f64, Uom::None)
            .thresholds(warning, critical)
            .min(0.0)
            .max(tally.total() as f64);
        let [warning, critical] = limits.map(|limit| limit.as_ref().and_then(Limit::percent));
        let share = Perfdata::new("not_ok_share", tally.percent(), Uom::Percent)
            .decimals(2)
            .thresholds(warning, critical);
        Report::new(state, format!("{label}: {tally}")).perf(count).perf(share)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    #[command(disable_help_flag = true)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn said(line: &str) -> String {
        let words = std::iter::once("check_cluster").chain(line.split(' '));
        let args = Line::try_parse_from(words).unwrap_or_else(|error| panic!("{error}")).args;
        let ctx = Ctx::new(std::time::Duration::from_secs(1), 0);
        let mut run = std::pin::pin!(args.run(&ctx));
        let mut now = std::task::Context::from_waker(std::task::Waker::noop());
        let std::task::Poll::Ready(result) = std::future::Future::poll(run.as_mut(), &mut now) else {
            panic!("it waits for nothing")
        };
        match result {
            Ok(report) => report.render("CLUSTER", ": ", 0),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn counts_as_the_peer_does() {
        assert_eq!(
            said("-s -d 2,0,2,0 -w 1 -c 5"),
            "CLUSTER WARNING: Service cluster: 2 ok, 0 warning, 0 unknown, 2 critical \
             | not_ok=2;1;5;0;4 not_ok_share=50.00%\n"
        );
        assert_eq!(
            said("-h -d 0,1,2 -l Web -c @2:"),
            "CLUSTER CRITICAL: Web: 1 up, 1 down, 1 unreachable | not_ok=2;;@2:;0;3 not_ok_share=66.67%\n"
        );
        assert!(said("-s -h -d 0").contains("Host cluster"));
        assert!(said("-h -s -d 0").contains("Service cluster"));
        assert!(said("-h -d 0,3").contains("`3` is no state of a host"));
    }

    /// E18: over 80 % is OK, over 70 % is WARNING; exact, not rounded.
    #[test]
    fn exactly_eighty_percent_is_not_over_eighty_percent() {
        let state = |ok: usize, bad: usize| {
            let states = [vec!["0"; ok], vec!["2"; bad]].concat().join(",");
            let text = said(&format!("-d {states} -w @20%: -c @30%:"));
            text.split([' ', ':']).nth(1).unwrap_or_default().to_owned()
        };
        for (ok, bad, want) in [
            (81, 19, "OK"),
            (80, 20, "WARNING"),
            (801, 200, "OK"),
            (71, 29, "WARNING"),
            (70, 30, "CRITICAL"),
            (4, 1, "WARNING"),
            (0, 7, "CRITICAL"),
        ] {
            assert_eq!(state(ok, bad), want, "{ok} of {}", ok + bad);
        }
    }

    #[test]
    fn a_share_and_a_count_may_stand_side_by_side() {
        assert_eq!(
            said("-d 0,1,0 -w 33% -c 1"),
            "CLUSTER WARNING: Service cluster: 2 ok, 1 warning, 0 unknown, 0 critical \
             | not_ok=1;;1;0;3 not_ok_share=33.33%;33\n"
        );
    }
}
