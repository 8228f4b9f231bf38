//! What all checks have in common, shown on two of them.

use check::{CheckDef, State};
use testkit::CheckCmd;

fn dummy() -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_dummy::Args>())
}

#[test]
fn help_and_version_are_unknown_and_on_stdout() {
    for option in ["-h", "--help", "-?"] {
        dummy().arg(option).run().expect(State::Unknown).shows("Examples:").shows("--timeout");
    }
    let version = dummy().arg("-V").run().expect(State::Unknown);
    assert_eq!(version.output, format!("check_dummy v{0} (hlidka {0})\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn usage_errors_exit_3_on_stdout_and_say_what_is_wrong() {
    dummy().args(["0", "--nonsense"]).run().expect(State::Unknown).says("--nonsense");
    dummy().args(["0", "-t", "soon"]).run().expect(State::Unknown).says("soon");
}

#[test]
fn long_options_may_be_shortened_and_the_last_of_two_wins() {
    let tcp = CheckCmd::new(CheckDef::of::<check_tcp::Args>());
    tcp.args(["--host", "127.0.0.1", "--port", "1", "--port", "2", "--refuse", "warn", "--time", "5"])
        .run()
        .expect(State::Warning)
        .says("127.0.0.1:2");
}

#[test]
fn extra_opts_come_from_an_ini_file() {
    let dir = tempfile::tempdir().unwrap();
    let ini = dir.path().join("plugins.ini");
    std::fs::write(&ini, "[check_tcp]\nhostname=127.0.0.1\nport=1\nr=ok\n").unwrap();
    let tcp = || CheckCmd::new(CheckDef::of::<check_tcp::Args>());
    tcp().arg(format!("--extra-opts=@{}", ini.display())).run().expect(State::Ok).says("127.0.0.1:1");
    tcp().arg("--extra-opts").env("MP_CONFIG_FILE", &ini).run().expect(State::Ok).says("127.0.0.1:1");
    tcp()
        .arg(format!("--extra-opts=none@{}", ini.display()))
        .run()
        .expect(State::Unknown)
        .says("no section [none]");
}
