//! `check_systemd` against a real systemd in a container (T35), and against a mock for what a real
//! one does not do on demand.

use std::process::Command;

use check::{CheckDef, State};
use testkit::{CheckCmd, Server, Systemd, wait_until};

fn systemd(address: &str) -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_systemd::Args>()).args(["--address", address])
}

const UNITS: &[(&str, &str)] = &[
    ("hlidka-broken.service", "[Service]\nExecStart=/bin/false\n"),
    ("hlidka-other.service", "[Service]\nExecStart=/bin/false\n"),
    // an empty file is a masked unit
    ("hlidka-masked.service", ""),
    ("hlidka-sleeper.service", "[Service]\nExecStart=/bin/sleep 1000\n"),
    // counts from an activation that never happens: active, and never fires
    ("hlidka-dead.timer", "[Timer]\nOnUnitActiveSec=1h\nUnit=hlidka-other.service\n"),
    ("hlidka-alive.timer", "[Timer]\nOnActiveSec=1h\nUnit=hlidka-other.service\n"),
    (
        "hlidka-forgotten.timer",
        "[Timer]\nOnCalendar=daily\nUnit=hlidka-other.service\n[Install]\nWantedBy=multi-user.target\n",
    ),
    (
        "hlidka-elsewhere.timer",
        "[Unit]\nConditionPathExists=/nonexistent\n[Timer]\nOnCalendar=daily\nUnit=hlidka-other.service\n[Install]\nWantedBy=multi-user.target\n",
    ),
];

/// T35: what `systemctl is-system-running` says, and the names it does not say. One container for
/// all of it, since each boot takes a second.
#[test]
fn tells_the_state_of_a_real_systemd() {
    let machine = Systemd::boot(UNITS);
    let address = machine.bus_address();
    let check = |arguments: &[&str]| systemd(&address).args(arguments).run();
    let is_running =
        || String::from_utf8(machine.systemctl(&["is-system-running"]).stdout).unwrap().trim().to_owned();

    assert_eq!(is_running(), "running", "the machine under the test has a unit that fails in containers");
    let run = check(&[]).expect(State::Ok).says("SYSTEMD OK - running, ");
    assert_eq!(run.metric("units_failed"), 0.0);
    assert!(run.metric("count_units") >= run.metric("units_active") + run.metric("units_inactive"));
    let analyzed = String::from_utf8(machine.run("systemd-analyze", &["time"]).stdout).unwrap();
    assert!((run.metric("startup_time") - seconds_in(&analyzed)).abs() < 0.01, "{analyzed}{}", run.output);
    check(&["-w", "0.000001", "-c", "1000"]).expect(State::Warning).says("start took ");
    check(&["-w", "0.000001", "-c", "0.000002"]).expect(State::Critical);
    check(&["-w", "0.000001", "-c", "0.000002", "-n"]).expect(State::Ok);

    machine.systemctl(&["start", "hlidka-broken.service"]);
    wait_until("the unit has failed", || is_running() == "degraded");
    let run = check(&[]).expect(State::Critical);
    assert_eq!(run.text, "SYSTEMD CRITICAL - degraded: 1 failed unit: hlidka-broken.service");
    assert_eq!(run.metric("units_failed"), 1.0);
    machine.systemctl(&["start", "hlidka-other.service"]);
    check(&["-n"])
        .expect(State::Critical)
        .says("degraded: 2 failed units: hlidka-broken.service, hlidka-other.service");
    check(&["--degraded", "warning"]).expect(State::Warning);
    check(&["--ignore", "hlidka-b*"])
        .expect(State::Critical)
        .says("degraded: 1 failed unit: hlidka-other.service");
    for left_out in [
        &["--ignore", "hlidka-b*", "--ignore", "*other.service"][..],
        &["-e", "hlidka-", "-v"],
        &["--exclude-unit", "hlidka-broken", "--exclude-unit", "hlidka-other.service"],
    ] {
        check(left_out).expect(State::Ok).says("degraded only by 2 units left out: hlidka-broken.service");
    }
    check(&["--exclude-type", "service"]).expect(State::Ok);
    check(&["--include-type", "socket,mount"]).expect(State::Ok);
    check(&["-I", "hlidka-br"]).expect(State::Critical).says("1 failed unit: hlidka-broken.service");
    check(&["-I", "broken"]).expect(State::Ok);

    check(&["-u", "dbus"]).expect(State::Ok).says("SYSTEMD OK - dbus.service: active");
    check(&["-u", "dbus", "-u", "hlidka-nowhere"])
        .expect(State::Critical)
        .says("hlidka-nowhere.service: no such unit, dbus.service: active");
    check(&["-u", "hlidka-broken"]).expect(State::Critical).says("hlidka-broken.service: failed");
    check(&["-u", "hlidka-broken", "--ignore-inactive-state"]).expect(State::Critical);
    check(&["-u", "hlidka-sleeper"]).expect(State::Critical).says("hlidka-sleeper.service: inactive");
    check(&["-u", "hlidka-sleeper", "--ignore-inactive-state"]).expect(State::Ok);
    check(&["-u", "hlidka-sleeper", "--state", "inactive"]).expect(State::Ok);
    check(&["-u", "hlidka-b*", "-u", "nothing-like-*"])
        .expect(State::Critical)
        .says("hlidka-broken.service: failed")
        .says("nothing-like-*: no such unit");
    check(&["-u", "hlidka-masked"]).expect(State::Critical).says("hlidka-masked.service: inactive (masked)");
    machine.systemctl(&["reset-failed"]);
    check(&["--state", "active", "-I", "dbus.service"]).expect(State::Ok);
    check(&["--state", "failed", "-I", "dbus.service"])
        .expect(State::Critical)
        .says("1 unit not failed: dbus");
    check(&["--state", "active", "-I", "nothing"]).expect(State::Critical).says("no unit is selected");

    let timers = |more: &[&str]| check(&[&["--dead-timers", "-I", "hlidka-.*timer"][..], more].concat());
    timers(&[]).expect(State::Ok);
    machine.systemctl(&["start", "hlidka-alive.timer"]);
    timers(&[]).expect(State::Ok);
    machine.systemctl(&["start", "hlidka-dead.timer"]);
    timers(&[]).expect(State::Critical).says("timer hlidka-dead.timer never fired, no next time is set");
    timers(&["--ignore", "*-dead.timer"]).expect(State::Ok);
    check(&["-I", "hlidka-.*timer"]).expect(State::Ok);
    machine.systemctl(&["enable", "hlidka-forgotten.timer", "hlidka-elsewhere.timer"]);
    machine.systemctl(&["start", "hlidka-elsewhere.timer"]);
    timers(&["--ignore", "*-dead.timer"])
        .expect(State::Critical)
        .says("timer hlidka-forgotten.timer never fired, it is enabled but not active");
    machine.systemctl(&["start", "hlidka-forgotten.timer"]);
    timers(&["--ignore", "*-dead.timer"]).expect(State::Ok);

    // the same by the variable that all D-Bus libraries read
    CheckCmd::new(CheckDef::of::<check_systemd::Args>())
        .env("DBUS_SYSTEM_BUS_ADDRESS", &address)
        .run()
        .expect(State::Ok);
}

/// The first time in `Startup finished in 655ms (userspace)` or `… in 1.021s …`.
fn seconds_in(analyzed: &str) -> f64 {
    let spans = analyzed.split(' ').filter_map(|word| match word.strip_suffix("ms") {
        Some(number) => Some(number.parse::<f64>().ok()? / 1000.0),
        None => word.strip_suffix('s')?.parse().ok(),
    });
    spans.take(1).sum()
}

/// A bus of its own with a python-dbusmock on systemd's name.
struct Mock {
    bus: Bus,
    _service: Server,
}

/// A bus with nobody on it.
struct Bus {
    address: String,
    _daemon: Server,
    _dir: tempfile::TempDir,
}

const MANAGER: &str = "org.freedesktop.systemd1.Manager";

impl Bus {
    fn start() -> Bus {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("bus");
        let config = dir.path().join("bus.conf");
        let text = format!(
            "<!DOCTYPE busconfig PUBLIC '-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN' \
             'http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd'>\n<busconfig><type>system</type>\
             <listen>unix:path={}</listen><policy context='default'><allow send_destination='*'/>\
             <allow receive_sender='*'/><allow own='*'/><allow user='*'/></policy></busconfig>",
            socket.display()
        );
        std::fs::write(&config, text).unwrap();
        let daemon = Server::start(
            Command::new("/usr/bin/dbus-daemon")
                .args(["--nofork", &format!("--config-file={}", config.display())]),
        );
        wait_until("the bus listens", || socket.exists());
        Bus { address: format!("unix:path={}", socket.display()), _daemon: daemon, _dir: dir }
    }
}

impl Mock {
    fn start() -> Mock {
        let bus = Bus::start();
        let service = Server::start(
            Command::new("/usr/bin/python3")
                .args(["-m", "dbusmock", "--logfile", "/dev/null", "--system", "org.freedesktop.systemd1"])
                .args(["/org/freedesktop/systemd1", MANAGER])
                .env("DBUS_SYSTEM_BUS_ADDRESS", &bus.address),
        );
        let mock = Mock { bus, _service: service };
        wait_until("the mock owns its name", || mock.call("org.freedesktop.DBus.Peer", "Ping", &[]));
        mock
    }

    /// Calls a method of the mock; `arguments` begin with their signature.
    fn call(&self, interface: &str, method: &str, arguments: &[&str]) -> bool {
        let done = Command::new("/usr/bin/busctl")
            .arg(format!("--address={}", self.bus.address))
            .args(["call", "org.freedesktop.systemd1", "/org/freedesktop/systemd1", interface, method])
            .args(arguments)
            .output();
        done.unwrap().status.success()
    }

    fn state(&self, state: &str) {
        let arguments = ["ssv", MANAGER, "SystemState", "s", state];
        assert!(
            self.call("org.freedesktop.DBus.Properties", "Set", &arguments)
                || self.call("org.freedesktop.DBus.Mock", "AddProperty", &arguments)
        );
    }

    /// `code` is Python that sets `ret`.
    fn method(&self, name: &str, takes: &str, gives: &str, code: &str) {
        assert!(self.call(
            "org.freedesktop.DBus.Mock",
            "AddMethod",
            &["sssss", MANAGER, name, takes, gives, code]
        ));
    }
}

#[test]
fn tells_states_that_a_container_does_not_reach() {
    let mock = Mock::start();
    let check = |arguments: &[&str]| systemd(&mock.bus.address).args(arguments).run();
    check(&[]).expect(State::Unknown).says("does not tell its SystemState");
    mock.state("running");
    check(&[]).expect(State::Critical).says("refuses ListUnits");
    mock.method("ListUnits", "", "a(ssssssouso)", "ret = []");
    let run = check(&[]).expect(State::Ok);
    assert!(!run.perfdata.contains_key("startup_time"), "{}", run.output);
    for (state, expected) in [
        ("starting", State::Warning),
        ("initializing", State::Warning),
        ("stopping", State::Warning),
        ("maintenance", State::Critical),
        ("degraded", State::Critical),
        ("offline", State::Unknown),
        ("", State::Unknown),
        ("run|ning\n", State::Unknown),
    ] {
        mock.state(state);
        check(&[]).expect(expected);
    }
    mock.state("starting");
    check(&["--starting", "ok"]).expect(State::Ok).says("starting");
    mock.state(&"x".repeat(5000));
    assert!(check(&[]).expect(State::Unknown).text.len() < 500);
}

#[test]
fn garbage_from_the_bus_is_unknown_and_never_a_panic() {
    let mock = Mock::start();
    let check = |arguments: &[&str]| systemd(&mock.bus.address).args(arguments).run();
    mock.state("running");
    mock.method("ListUnits", "", "as", "ret = ['a']");
    check(&[]).expect(State::Unknown).says("is not what systemd sends");
    mock.method("ListUnits", "", "", "");
    check(&[]).expect(State::Unknown).says("is not what systemd sends");
    let many = "ret = [('u%d.service' % i, '', 'loaded', 'active', 'running', '', '/', 0, '', '/') for i in range(70000)]";
    mock.method("ListUnits", "", "a(ssssssouso)", many);
    check(&["-t", "60"]).expect(State::Unknown).says("70000 units, which is more than 65536");
    let odd = "ret = [('', '', '', 'failed', '', '', '/', 0, '', '/'), ('a|b=1', '', 'error', '', '', '', '/', 0, '', '/'), ('x' * 3000, '', '', 'failed', '', '', '/', 0, '', '/')]";
    mock.method("ListUnits", "", "a(ssssssouso)", odd);
    let run = check(&[]).expect(State::Critical).says("3 failed units");
    assert!(!run.perfdata.contains_key("b"), "{}", run.output);
    let timer =
        "ret = [('a.timer', '', 'loaded', 'active', '', '', '/org/freedesktop/systemd1', 0, '', '/')]";
    mock.method("ListUnits", "", "a(ssssssouso)", timer);
    check(&["--dead-timers"]).expect(State::Critical);
    mock.method("ListUnits", "", "a(ssssssouso)", "import time; time.sleep(60)");
    check(&["-t", "0.5"]).expect(State::Critical).says("timed out after 0.5 seconds");
}

#[test]
fn says_which_bus_cannot_be_reached_and_why() {
    let nowhere = "unix:path=/nonexistent/bus";
    systemd(nowhere).run().expect(State::Unknown).says("cannot reach the bus unix:path=/nonexistent/bus");
    CheckCmd::new(CheckDef::of::<check_systemd::Args>())
        .env("DBUS_SYSTEM_BUS_ADDRESS", nowhere)
        .run()
        .expect(State::Unknown)
        .says("cannot reach the bus unix:path=/nonexistent/bus");
    CheckCmd::new(CheckDef::of::<check_systemd::Args>())
        .arg("--user")
        .env("DBUS_SESSION_BUS_ADDRESS", nowhere)
        .run()
        .expect(State::Unknown)
        .says(nowhere);
    systemd("nonsense").run().expect(State::Unknown).says("nonsense");
    let bus = Bus::start();
    systemd(&bus.address).run().expect(State::Unknown).says("systemd is not on it");
}

#[test]
fn options_that_make_no_sense_are_named() {
    let check = |arguments: &[&str]| {
        CheckCmd::new(CheckDef::of::<check_systemd::Args>()).args(arguments).run().expect(State::Unknown)
    };
    check(&["--exclude", "("]).shows("unclosed group");
    check(&["--ignore", "[a"]).shows("no shell pattern");
    check(&["--state", "active"]).says("add -u, --include");
    check(&["-u", "a b"]).shows("no name of a unit");
    check(&["--user", "--address", "unix:path=/x"]).shows("--user");
    check(&["-W", "soon"]).shows("no span of time");
}
