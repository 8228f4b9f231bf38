//! Whole forecasts of small federations.

use std::fmt::Write as _;

use super::*;
use config::{Plan, PlanLimits, ServersGroup, ServicePattern};

const FROM: Timestamp = Timestamp::from_secs(1_795_996_800);

/// A federation as the benchmark's generator writes it: `servers` of `realms`, the first of each realm's
/// servers at home; visitors every `visitor` minutes.
fn federation(realms: usize, servers: usize, visitor: f64) -> String {
    let mut text = "define command {\n command_name eap\n command_line /bin/eap -t 50 $ARG1$\n}\n\
        define command {\n command_name ping\n command_line /bin/ping -t 10\n}\n"
        .to_owned();
    let service = |host: &str, name: &str, command: &str, times: &str| {
        format!(
            "define service {{\n host_name {host}\n service_description {name}\n check_command {command}\n \
             {times}\n}}\n"
        )
    };
    let (five, home) = (
        "check_interval 5\n retry_interval 1\n max_check_attempts 10",
        "check_interval 5\n retry_interval 10\n max_check_attempts 3",
    );
    let guest = format!("check_interval {visitor}\n retry_interval {}\n max_check_attempts 3", visitor / 1.5);
    let members: Vec<String> = (0..servers).map(|server| format!("radius{server}")).collect();
    write!(text, "define hostgroup {{\n hostgroup_name all-radius\n members {}\n}}\n", members.join(","))
        .unwrap();
    for (server, host) in members.iter().enumerate() {
        write!(
            text,
            "define host {{\n host_name {host}\n address 127.0.1.{server}\n max_check_attempts 1\n}}\n"
        )
        .unwrap();
        text += &service(host, "PING", "ping", five);
        text += &service(host, "HOME", "eap!home", home);
        for realm in (0..realms).filter(|realm| server % realms != *realm) {
            text += &service(host, &format!("@r{realm}"), &format!("eap!r{realm}"), &guest);
            write!(
                text,
                "define servicedependency {{\n host_name radius{realm}\n service_description HOME\n \
                 dependent_host_name {host}\n dependent_service_description @r{realm}\n \
                 execution_failure_criteria w,u,c\n}}\n"
            )
            .unwrap();
        }
    }
    text
}

fn configuration(objects: String, limits: PlanLimits) -> Configuration {
    let mut of = config::load_text("x.cfg", objects.into_bytes()).unwrap();
    of.options.plan = Plan {
        servers: Some(ServersGroup { name: "all-radius".to_owned(), file: "x.yaml".into(), line: 1 }),
        realms: None,
        local: Some(ServicePattern::Description("HOME".to_owned())),
        limits,
    };
    of
}

fn forecast(of: &Configuration, hours: u16) -> Forecast<'_> {
    Forecast::of(of, Path::new("x"), Span::from_secs(1), Window { from: FROM, hours }).unwrap()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-6
}

/// E35, E36: what is loaded and what is reckoned are the same federation.
#[test]
fn e35_a_loaded_federation_has_the_quantities_of_the_formulas() {
    for (ta, rs, visitor, given) in
        [(4, 4, 30.0, "TA=4,RS=4"), (4, 6, 360.0, "TA=4,Ng=1/6"), (2, 3, 60.0, "TA=2,Ng=1")]
    {
        let of = configuration(federation(ta, rs, visitor), PlanLimits::default());
        let forecast = forecast(&of, 24);
        let federation = forecast.federation.as_ref().unwrap();
        let formula = Formula::parse(given).unwrap();
        let even = federation.logins.even.unwrap();
        assert_eq!((even.ta, even.rs, even.nl), (formula.ta, formula.rs, 12.0), "{given}");
        assert!(close(even.ng, formula.ng), "{given}");
        assert!(close(federation.logins.national, formula.national()), "{given}");
        assert_eq!(
            federation.realms.homes.iter().map(Vec::len).sum::<usize>(),
            rs,
            "each server is somewhere at home"
        );
        let mut at_home_alone = 0;
        for (place, server) in federation.logins.servers.iter().enumerate() {
            assert!(close(server.from_monitor, formula.direct()), "{given}: {server:?}");
            let homes = federation
                .realms
                .homes
                .iter()
                .find(|homes| homes.contains(&u32::try_from(place).unwrap()))
                .unwrap();
            // a second server at home is not tested with its own realm's account as a guest
            let less = formula.ng * (homes.len() as f64 - 1.0);
            assert!(close(server.handled, formula.handled() - less), "{given}: {server:?}");
            assert!(close(server.local, formula.local() - less), "{given}: {server:?}");
            at_home_alone += usize::from(homes.len() == 1);
        }
        assert_eq!(at_home_alone, 2 * ta - rs, "{given}: here the formulas hold to the last login");
        // the timetable has so many logins of visitors, to the second
        let logins: u32 = forecast.load.logins.iter().sum();
        assert!(close(f64::from(logins), formula.national() * 24.0), "{given}");
    }
}

/// E35: a federation that is not even has no formula, and its heaviest server is found.
#[test]
fn e35_an_uneven_federation_is_counted_server_by_server() {
    let mut objects = federation(4, 4, 60.0);
    // radius3 is at home in a fifth realm, too, and tests it twice as often
    for server in 0..3 {
        write!(
            objects,
            "define service {{\n host_name radius{server}\n service_description @r4\n check_command eap!r4\n \
             check_interval 30\n retry_interval 10\n max_check_attempts 3\n}}\n"
        )
        .unwrap();
    }
    objects += "define service {\n host_name radius3\n service_description HOME of r4\n check_command eap!r4\n \
        check_interval 6\n retry_interval 10\n max_check_attempts 3\n}\n";
    let mut of = configuration(objects, PlanLimits::default());
    of.options.plan.local = Some(ServicePattern::Description("HOME*".to_owned()));
    let forecast = forecast(&of, 1);
    let federation = forecast.federation.as_ref().unwrap();
    assert_eq!(federation.logins.even, None);
    let heaviest = federation.logins.servers[3];
    assert!(close(heaviest.from_monitor, 3.0 + 12.0 + 10.0), "{heaviest:?}");
    assert!(
        close(heaviest.handled, 25.0 + 3.0 + 6.0),
        "three servers forward r3 once, r4 twice: {heaviest:?}"
    );
    assert!(close(heaviest.local, 22.0 + 9.0), "{heaviest:?}");
    assert!(close(federation.logins.servers[0].from_monitor, 3.0 + 2.0 + 12.0));
    assert!(close(federation.logins.national, 4.0 * 3.0 + 3.0 * 2.0));
    let text = text::forecast(&forecast, 5, Paint(false));
    assert!(text.contains("heaviest server: radius3\n") && !text.contains("formula"), "{text}");
}

/// A realm whose home servers have a local test of the same description; one of a service group.
#[test]
fn a_home_is_known_by_its_own_test_of_the_realm() {
    let objects = federation(3, 3, 60.0).replace(
        "service_description HOME\n check_command eap!home",
        "service_description HOME\n servicegroups local\n check_command eap!home",
    ) + "define servicegroup {\n servicegroup_name local\n}\n\
           define service {\n host_name radius1\n service_description @r9\n servicegroups local\n check_command eap!r9\n \
           check_interval 5\n max_check_attempts 1\n}\n\
           define service {\n host_name radius0\n service_description @r9\n check_command eap!r9\n check_interval 5\n \
           max_check_attempts 1\n}\n";
    let mut of = configuration(objects, PlanLimits::default());
    of.options.plan.local = Some(ServicePattern::Group("local".to_owned()));
    let realms = Realms::of(&of, FROM).unwrap();
    let home =
        |name: &str| realms.homes[realms.names.iter().position(|known| **known == *name).unwrap()].clone();
    assert_eq!(home("@r9"), [1], "radius2 is not tested with it, but not at home either");
    assert_eq!((home("@r0"), home("@r2")), (vec![0], vec![2]));
}

/// E35: a test that is switched off costs nothing, and moves no realm to another home.
#[test]
fn e35_a_test_that_is_switched_off_makes_no_server_a_home() {
    let off = |objects: &str, name: &str| {
        let service = format!("service_description {name}\n check_command");
        let switched = format!("active_checks_enabled 0\n {service}");
        let of = configuration(objects.replace(&service, &switched), PlanLimits::default());
        let realms = Realms::of(&of, FROM).unwrap();
        (realms.homes.clone(), Logins::of(&realms, &of.graph))
    };
    let objects = federation(3, 3, 60.0);
    let (homes, logins) = off(&objects, "@r0");
    assert_eq!(homes.concat().len(), 3, "{homes:?}");
    assert!(close(logins.national, 4.0), "two realms on two other servers each: {logins:?}");
    assert!(close(logins.servers[0].handled, 12.0 + 2.0), "nobody forwards r0: {logins:?}");
    let (homes, logins) = off(&objects, "HOME");
    assert_eq!(homes.concat().len(), 3, "{homes:?}");
    assert!(close(logins.servers[0].from_monitor, 2.0) && close(logins.servers[0].local, 2.0), "{logins:?}");
}

/// What is never checked is no load, also when everything times out.
#[test]
fn what_waits_for_a_period_that_never_opens_is_not_in_flight() {
    let objects = "define command {\n command_name c\n command_line /bin/true\n}\n\
        define timeperiod {\n timeperiod_name past\n 2020-01-01 00:00-24:00\n}\n\
        define host {\n host_name a\n max_check_attempts 1\n check_interval 1\n check_period past\n check_command c\n}\n";
    let of = config::load_text("x.cfg", objects.into()).unwrap();
    let forecast = forecast(&of, 1);
    assert_eq!((forecast.load.checked, forecast.load.silent.soft), (0, 0.0));
}

/// A check that never pauses is refused, however long before the window its checks in flight began.
#[test]
fn more_checks_than_can_be_counted_are_refused_before_the_window_too() {
    let objects = "define command {\n command_name c\n command_line /bin/true\n}\n\
        define host {\n host_name a\n max_check_attempts 1\n check_interval 1\n check_command c\n}\n";
    let of = config::load_text("x.cfg", objects.into()).unwrap();
    let window = Window { from: FROM, hours: 1 };
    let load = load::count_at_most(1499, &of, Span::from_secs(86_400), &|_| false, window);
    assert!(load.unwrap_err().contains("plan fewer with --hours"));
    assert!(load::count_at_most(1500, &of, Span::from_secs(86_400), &|_| false, window).is_ok());
}

/// E35: one silent realm in a loaded federation.
#[test]
fn e35_a_silent_realm_costs_its_time_limits() {
    let of = configuration(federation(4, 6, 30.0), PlanLimits::default());
    let forecast = forecast(&of, 1);
    let silence = forecast.federation.as_ref().unwrap().silence.as_ref().unwrap();
    // realms 0 and 1 have two servers: 4 others, two local tests; the others have 5 and one
    assert_eq!((&*silence.realm, silence.visitors, silence.locals, silence.resting), ("@r1", 4, 2, 4));
    assert!(close(silence.logins, 4.0 * 2.0 + 2.0 * 12.0));
    assert!(close(silence.packets, 32.0 * 6.0) && close(silence.retransmissions, 32.0 * 5.0));
    assert!(close(silence.answered, 32.0 / 3600.0));
    assert!(close(silence.silent.hard, 32.0 * 50.0 / 3600.0), "50 s each");
    // visitors are tried again after 20 minutes instead of 30, the home later than every 5 minutes
    assert!(close(silence.silent.soft, 4.0 * 50.0 / 1200.0 + 24.0 * 50.0 / 3600.0));
    assert_eq!((silence.hard_after, silence.limit), (Span::from_secs(1500), Span::from_secs(50)));
}

/// E35: limits are limits: at the number itself nothing is wrong, one below it is.
#[test]
fn e35_what_is_over_a_limit_is_found() {
    let limit = |number: f64| format!("{number}").parse().ok();
    let of = configuration(federation(12, 18, 5.0), PlanLimits::default());
    let load = forecast(&of, 2).load;
    let peak = |counts: &[u32]| f64::from(*counts.iter().max().unwrap());
    let target = load.targets.iter().map(|target| target.peak).max().unwrap();
    let planned = [
        peak(&load.starts),
        f64::from(target),
        peak(&load.in_flight),
        load.silent.soft.ceil(),
        peak(&load.logins) * 20.0,
    ];
    assert!(planned.iter().all(|planned| *planned >= 2.0), "{planned:?}");
    let over = |less: f64| {
        let [second, target, flying, silent, packets] = planned.map(|planned| limit(planned - less));
        let limits = PlanLimits {
            checks_per_second: second,
            checks_per_second_per_target: target,
            in_flight: flying,
            in_flight_all_silent: silent,
            nren_packets_per_second: packets,
        };
        let of = configuration(federation(12, 18, 5.0), limits);
        let forecast = forecast(&of, 2);
        let over: Vec<&str> =
            forecast.verdicts.iter().filter(|v| v.counts && v.is_over()).map(|v| v.key).collect();
        (over.len(), forecast.verdicts.len())
    };
    assert_eq!(over(0.0), (0, 8));
    assert_eq!(over(1.0), (5, 8));
}

/// A worst case that the workers cannot hold makes checks late; it is no limit by itself.
#[test]
fn e35_room_for_everything_to_time_out_is_shown_but_not_demanded() {
    let mut of = configuration(federation(12, 18, 5.0), PlanLimits::default());
    of.options.workers.max_in_flight = std::num::NonZeroU16::new(8).unwrap();
    of.options.workers.max_in_flight_per_host = std::num::NonZeroU16::new(1).unwrap().into();
    let forecast = forecast(&of, 2);
    let late: Vec<&str> = forecast.verdicts.iter().filter(|v| v.is_over()).map(|v| v.key).collect();
    assert_eq!(late, ["workers.max_in_flight", "workers.max_in_flight_per_host"], "{:?}", forecast.verdicts);
    assert!(forecast.verdicts.iter().all(|v| !v.counts || !v.is_over()));
    let text = text::forecast(&forecast, 5, Paint(false));
    assert!(text.contains("late        workers.max_in_flight "), "{text}");
}

/// E34: the graph shows every slot of time, and fits a terminal.
#[test]
fn e34_the_graph_fits_a_terminal() {
    let of = configuration(federation(4, 6, 30.0), PlanLimits::default());
    for hours in [1, 2, 5, 24, 25, 48, 168] {
        let forecast = forecast(&of, hours);
        let text = text::forecast(&forecast, 5, Paint(false));
        let graph: Vec<&str> = text.split("\n\n").nth(1).unwrap().lines().collect();
        let step = text::step(forecast.window);
        assert_eq!(
            (graph.len() - 1, step % 60),
            ((usize::from(hours) * 3600).div_ceil(step), 0),
            "{hours} h"
        );
        assert!((8..=24).contains(&(graph.len() - 1)), "{hours} h: {}", graph.len());
        assert!(text.lines().all(|line| line.chars().count() <= 110), "{text}");
        assert!(graph.iter().all(|line| line.chars().count() <= 80), "{text}");
    }
}

#[test]
fn nothing_to_check_is_no_reason_to_fail() {
    let of = config::load_text("x.cfg", b"define host {\n host_name a\n max_check_attempts 1\n}\n".to_vec())
        .unwrap();
    let forecast = forecast(&of, 1);
    let text = text::forecast(&forecast, 5, Paint(false));
    assert!(text.starts_with("0 checks of 0 objects in 1 hour from "), "{text}");
    assert!(json::forecast(&forecast, 0)["federation"].is_null());
    let empty = configuration(federation(1, 1, 30.0).replace("members radius0", ""), PlanLimits::default());
    let forecast = self::forecast(&empty, 1);
    assert!(text::forecast(&forecast, 5, Paint(false)).contains("0 servers of all-radius and 0 realms"));
}

#[test]
fn seconds_are_more_than_none() {
    assert_eq!(seconds("0.2"), Ok(Span::from_micros(200_000)));
    for bad in ["0", "-1", "nan", "inf", "1e9", "x", ""] {
        assert!(seconds(bad).is_err(), "{bad}");
    }
}
