//! `check_cluster`, by its whole command line. Beside the peer it stands in `peers`.

use check::{CheckDef, State};
use testkit::CheckCmd;

fn cluster(line: &str) -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_cluster::Args>()).args(line.split_whitespace())
}

/// E18: shares are compared exactly, so that 80 % is not over 80 %.
#[test]
fn judges_numbers_and_shares() {
    let quarter = cluster("-s -d 0,0,0,2 -w @20%: -c @30%:").run().expect(State::Warning);
    assert_eq!(quarter.text, "CLUSTER WARNING: Service cluster: 3 ok, 0 warning, 0 unknown, 1 critical");
    assert_eq!(quarter.perfdata["not_ok"], "1;;;0;4");
    assert_eq!(quarter.perfdata["not_ok_share"], "25.00%;@20:;@30:");
    cluster("-s -d 0,0,0,0,2 -w @20%: -c @30%:").run().expect(State::Warning);
    cluster("-s -d 0,0,0,0,2 -w 20% -c 30%").run().expect(State::Ok);
    cluster("-h -d 0,1,1 -w 0 -c 1").run().expect(State::Critical).says("1 up, 2 down, 0 unreachable");
}

/// `-h` is the peer's word for hosts; help is asked for by its long name.
#[test]
fn h_means_hosts_and_not_help() {
    cluster("-h -d 0").run().expect(State::Ok).says("Host cluster: 1 up");
    cluster("--help").run().expect(State::Unknown).shows("-h, --host").shows("Examples:");
    cluster("-h").run().expect(State::Unknown).says("required").shows("--data");
}

#[test]
fn says_what_is_no_state() {
    cluster("-s -d 0,,1").run().expect(State::Unknown).says("state 2 is empty");
    cluster("-s -d 0,5").run().expect(State::Unknown).says("`5` is no state");
    cluster("-h -d 0,3").run().expect(State::Unknown).says("`3` is no state of a host");
    cluster("-s -d 0 -w 5:2").run().expect(State::Unknown).says("5:2");
}
