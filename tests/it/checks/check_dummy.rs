//! `check_dummy`, by its whole command line.

use check::{CheckDef, State};
use testkit::CheckCmd;

fn dummy() -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_dummy::Args>())
}

#[test]
fn returns_what_it_is_given() {
    for (argument, state) in
        [("0", State::Ok), ("warning", State::Warning), ("2", State::Critical), ("UNKNOWN", State::Unknown)]
    {
        let run = dummy().args([argument, "some text"]).run().expect(state);
        assert_eq!(run.output, format!("{state}: some text\n"));
    }
    assert_eq!(dummy().arg("0").run().output, "OK\n");
}

#[test]
fn refuses_what_is_no_state() {
    dummy().arg("9").run().expect(State::Unknown).says("9").shows("--help");
    dummy().run().expect(State::Unknown).shows("<STATE>");
}
