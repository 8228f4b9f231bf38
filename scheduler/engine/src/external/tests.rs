//! The commands that people, scripts, Ansible, Nagstamon and Thruk send, read and carried out.

use std::collections::BTreeSet;
use std::sync::Arc;

use nagios::State;
use proptest::prelude::*;

use super::{CommandError, Order, done, names, parse, resolve};
use crate::{
    Action, Check, CheckCommand, Command, CommandId, Condition, Contact, ContactId, ContactSide, Definition,
    Engine, Entry, EntryKind, Event, FlapThresholds, Globals, GraphBuilder, Group, Identity, Kind, Letters,
    Limits, Object, ObjectId, ObjectSwitch, Origin, Restored, Saved, Settings, Span, Switch, Timestamp,
};

/// 1,800,000,000 is 15 January 2027.
const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

/// `core` above `edge` and `wing`, both above `leaf`; PING on core and edge, HTTP on edge. Host group
/// `net` is core and edge, service group `pings` both PINGs.
fn engine() -> Engine {
    let mut builder = GraphBuilder::default();
    let side = || ContactSide { enabled: true, period: None, options: Letters::ALL, commands: Box::new([]) };
    builder.parts().contacts = vec![Contact {
        name: "alice".into(),
        alias: "alice".into(),
        email: None,
        pager: None,
        addresses: Box::new([]),
        host: side(),
        service: side(),
        variables: Box::new([]),
        origin: Origin::default(),
    }];
    builder.parts().commands =
        vec![Command { name: "check".into(), line: "x".into(), origin: Origin::default() }];
    let settings = builder.settings(Settings {
        contacts: Box::new([ContactId(0)]),
        flapping: Some(FlapThresholds { low: 2000, high: 3000 }),
        ..Settings::default()
    });
    let object = |builder: &mut GraphBuilder, name: &str, kind: Kind| {
        let command = CheckCommand { command: CommandId(0), arguments: Box::new([]) };
        builder.object(Object {
            name: name.into(),
            kind,
            settings,
            definition: Arc::new(Definition {
                check: (name != "leaf").then_some(Check::Command(command)),
                ..Definition::default()
            }),
        })
    };
    let host = |builder: &mut GraphBuilder, name: &str, parents: &[ObjectId]| {
        let address = format!("{name}.example.org");
        object(builder, name, Kind::host(parents, address))
    };
    let core = host(&mut builder, "core", &[]);
    let edge = host(&mut builder, "edge", &[core]);
    let wing = host(&mut builder, "wing", &[core]);
    host(&mut builder, "leaf", &[edge, wing]);
    let pings = [core, edge].map(|host| object(&mut builder, "PING", Kind::Service { host }));
    object(&mut builder, "HTTP", Kind::Service { host: edge });
    let group = |name: &str, members: &[ObjectId]| Group {
        name: name.into(),
        alias: name.into(),
        members: members.into(),
        origin: Origin::default(),
    };
    builder.parts().host_groups = vec![group("net", &[core, edge]), group("empty", &[])];
    builder.parts().service_groups = vec![group("pings", &pings)];
    let graph = Arc::new(builder.build());
    let restored = Restored::steady(&graph, NOW);
    Engine::new(graph, Limits::default(), restored, NOW)
}

/// Does what a line says; gives what was done, and the history of it.
fn make(engine: &mut Engine, line: &str) -> Result<(String, Vec<Entry>), String> {
    let command = parse(line).map_err(|error| error.to_string())?;
    let events = resolve(&command, engine, NOW).map_err(|error| error.to_string())?;
    let said = done(&events, engine);
    for event in events {
        engine.handle(event, NOW);
    }
    let mut history = Vec::new();
    while let Some(action) = engine.poll_action() {
        if let Action::Record(entry) = action {
            history.push(*entry);
        }
    }
    Ok((said, history))
}

fn said(engine: &mut Engine, line: &str) -> String {
    make(engine, line).map_or_else(|error| error, |(said, _)| said)
}

fn find(engine: &Engine, name: &str) -> ObjectId {
    let (host, service) = name.split_once(';').map_or((name, None), |(host, service)| (host, Some(service)));
    engine.graph().find(&Identity { host: host.into(), service: service.map(Into::into) }).unwrap()
}

/// An engine in which everything has failed.
fn failing() -> Engine {
    let mut engine = engine();
    for host in ["core", "edge", "wing", "leaf"] {
        make(&mut engine, &format!("PROCESS_HOST_CHECK_RESULT;{host};1;down")).unwrap();
    }
    for service in ["core;PING", "edge;PING", "edge;HTTP"] {
        make(&mut engine, &format!("PROCESS_SERVICE_CHECK_RESULT;{service};2;bad")).unwrap();
    }
    engine
}

/// The objects that a line touched: their state is another one, they are checked, told of or stand in
/// history; and whether something changed for all.
fn effects(engine: &mut Engine, line: &str) -> (BTreeSet<String>, bool) {
    let mut touched = BTreeSet::new();
    let states =
        |engine: &Engine| -> Vec<Saved> { engine.graph().ids().map(|id| engine.state(id).clone()).collect() };
    // what is under way is not an effect of the line
    while engine.poll_action().is_some() {}
    let (before, globals) = (states(engine), engine.globals().clone());
    let command = parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    let events = resolve(&command, engine, NOW).unwrap_or_else(|error| panic!("{line}: {error}"));
    for event in events {
        engine.handle(event, NOW);
    }
    let mut of_all = Globals { last_number: globals.last_number, ..engine.globals().clone() } != globals;
    for (id, (before, after)) in engine.graph().ids().zip(before.iter().zip(states(engine))) {
        if *before != after {
            touched.insert(engine.graph().identity(id).to_string());
        }
    }
    while let Some(action) = engine.poll_action() {
        let identity = match action {
            Action::Run(job) => engine.graph().identity(job.object),
            Action::Skip { object, .. } => engine.graph().identity(object),
            Action::Handle(handling) => engine.graph().identity(handling.object),
            Action::Notify(mail) => mail.identity,
            Action::Record(entry) if entry.identity.host.is_empty() => {
                of_all = true;
                continue;
            }
            Action::Record(entry) => entry.identity,
        };
        touched.insert(identity.to_string());
    }
    (touched, of_all)
}

/// What the words of the vocabulary are about, as their names say it: part of the name, the arguments
/// that name it, and who that is.
const TARGETS: [(&str, &str, &[&str]); 9] = [
    ("HOST", "core", &["core"]),
    ("SVC", "edge;HTTP", &["edge;HTTP"]),
    ("HOST_SVC", "edge", &["edge;PING", "edge;HTTP"]),
    ("AND_PROPAGATE_HOST", "core", &["core", "edge", "wing", "leaf"]),
    ("AND_PROPAGATE_TRIGGERED_HOST", "core", &["core", "edge", "wing", "leaf"]),
    ("HOSTGROUP_HOST", "net", &["core", "edge"]),
    ("HOSTGROUP_SVC", "net", &["core;PING", "edge;PING", "edge;HTTP"]),
    ("SERVICEGROUP_HOST", "pings", &["core", "edge"]),
    ("SERVICEGROUP_SVC", "pings", &["core;PING", "edge;PING"]),
];

/// A line, what comes before it so that it has something to do, and whom it touches; nobody: all.
struct Sent {
    before: String,
    line: String,
    touches: &'static [&'static str],
}

fn sent(before: impl Into<String>, line: impl Into<String>, touches: &'static [&'static str]) -> Sent {
    Sent { before: before.into(), line: line.into(), touches }
}

/// What switches something off and on again: each has an effect after the other.
fn switches() -> Vec<Sent> {
    let mut lines = Vec::new();
    let mut both = |off: String, on: String, touches| {
        lines.push(sent("", off.clone(), touches));
        lines.push(sent(off, on, touches));
    };
    for (what, target, touches) in TARGETS {
        if what.starts_with("AND_") {
            continue;
        }
        let of_one = ["HOST", "SVC"].contains(&what);
        for which in ["CHECK", "NOTIFICATION", "FLAP_DETECTION", "EVENT_HANDLER"] {
            let plural = match which {
                "CHECK" if of_one => "",
                "CHECK" | "NOTIFICATION" => "S",
                _ if of_one => "",
                _ => continue,
            };
            let line = |on: &str| format!("{on}_{what}_{which}{plural};{target}");
            both(line("DISABLE"), line("ENABLE"), touches);
        }
        if what != "HOST_SVC" {
            // ENABLE_HOSTGROUP_PASSIVE_SVC_CHECKS, ENABLE_PASSIVE_SVC_CHECKS
            let (group, kind) = what.split_once('_').map_or(("", what), |(group, kind)| (group, kind));
            let group = if group.is_empty() { String::new() } else { format!("{group}_") };
            let line = |on: &str| format!("{on}_{group}PASSIVE_{kind}_CHECKS;{target}");
            both(line("DISABLE"), line("ENABLE"), touches);
        }
    }
    for which in ["NOTIFICATIONS", "EVENT_HANDLERS", "FLAP_DETECTION"] {
        both(format!("DISABLE_{which}"), format!("ENABLE_{which}"), &[]);
    }
    for what in ["EXECUTING_HOST", "EXECUTING_SVC", "ACCEPTING_PASSIVE_HOST", "ACCEPTING_PASSIVE_SVC"] {
        both(format!("STOP_{what}_CHECKS"), format!("START_{what}_CHECKS"), &[]);
    }
    lines
}

/// Every command that clients of Nagios are known to send, with the arguments that they send.
fn vocabulary() -> Vec<Sent> {
    let tail = "1800000000;1800003600;1;0;3600;me;kernel; and more";
    let mut lines = vec![
        sent("", "PROCESS_HOST_CHECK_RESULT;core;2;unreachable", &["core"]),
        sent("", "PROCESS_SERVICE_CHECK_RESULT;edge;HTTP;1;slow|time=5s;1;2", &["edge;HTTP"]),
        sent("", "LOG;a line", &[]),
    ];
    for (what, target, touches) in TARGETS {
        let downtime = format!("SCHEDULE_{what}_DOWNTIME;{target};{tail}");
        lines.push(sent("", downtime.clone(), touches));
        if ["HOST", "SVC", "HOST_SVC"].contains(&what) {
            let check = if what == "HOST_SVC" { "CHECKS" } else { "CHECK" };
            for (forced, at) in [("", 1_800_000_060), ("FORCED_", 0)] {
                lines.push(sent("", format!("SCHEDULE_{forced}{what}_{check};{target};{at}"), touches));
            }
        }
        if ["HOST", "SVC"].contains(&what) {
            let acknowledge = format!("ACKNOWLEDGE_{what}_PROBLEM;{target};1;1;1;me;why");
            lines.push(sent("", acknowledge.clone(), touches));
            let expire = format!("ACKNOWLEDGE_{what}_PROBLEM_EXPIRE;{target};2;1;0;1800009999;me;why");
            lines.push(sent("", expire, touches));
            lines.push(sent(acknowledge, format!("REMOVE_{what}_ACKNOWLEDGEMENT;{target}"), touches));
            let comment = format!("ADD_{what}_COMMENT;{target};1;me;look; here");
            lines.push(sent("", comment.clone(), touches));
            lines.push(sent(comment.clone(), format!("DEL_ALL_{what}_COMMENTS;{target}"), touches));
            lines.push(sent(comment, format!("DEL_{what}_COMMENT;1"), touches));
            lines.push(sent("", format!("SEND_CUSTOM_{what}_NOTIFICATION;{target};3;me;hello"), touches));
            lines.push(sent("", format!("DELAY_{what}_NOTIFICATION;{target};1800000300"), touches));
            lines.push(sent(downtime.clone(), format!("DEL_{what}_DOWNTIME;1"), touches));
        }
        // what is found by its properties
        let by = match what {
            "SVC" => "DEL_DOWNTIME_BY_HOST_NAME;edge;HTTP;1800000000;kernel; and more",
            "SERVICEGROUP_SVC" => "DEL_DOWNTIME_BY_HOSTGROUP_NAME;net;;PING",
            "SERVICEGROUP_HOST" => "DEL_DOWNTIME_BY_START_TIME_COMMENT;1800000000;kernel; and more",
            _ => continue,
        };
        lines.push(sent(downtime, by, touches));
    }
    lines.extend(switches());
    lines
}

/// Each is understood, does something, and does it to those that it names and to nobody else.
#[test]
fn the_whole_vocabulary_is_understood_and_carried_out() {
    let lines = vocabulary();
    for Sent { before, line, touches } in &lines {
        let mut engine = failing();
        if !before.is_empty() {
            make(&mut engine, before).unwrap_or_else(|error| panic!("{before}: {error}"));
        }
        let (touched, of_all) = effects(&mut engine, &format!("[1800000000] {line}\n"));
        assert_eq!(of_all, touches.is_empty(), "{line}, after {before:?}");
        // what is switched for all may have each looked at again
        if !of_all {
            let wanted: BTreeSet<String> = touches.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(touched, wanted, "{line}, after {before:?}");
        }
    }
    let tested: Vec<&str> = lines.iter().filter_map(|sent| sent.line.split(';').next()).collect();
    let untested: Vec<&str> = names().filter(|name| !tested.contains(name)).collect();
    assert!(untested.is_empty(), "in the vocabulary, but not here: {untested:?}");
    assert_eq!(names().count(), tested.len(), "each once");
}

#[test]
fn what_would_choose_what_is_run_is_refused_with_its_reason() {
    for name in [
        "CHANGE_HOST_CHECK_COMMAND",
        "CHANGE_SVC_CHECK_COMMAND",
        "CHANGE_HOST_EVENT_HANDLER",
        "CHANGE_SVC_EVENT_HANDLER",
        "CHANGE_GLOBAL_HOST_EVENT_HANDLER",
        "CHANGE_GLOBAL_SVC_EVENT_HANDLER",
        "CHANGE_CUSTOM_HOST_VAR",
        "CHANGE_CUSTOM_SVC_VAR",
        "CHANGE_CUSTOM_CONTACT_VAR",
        "PROCESS_FILE",
        "SHUTDOWN_PROCESS",
        "RESTART_PROCESS",
        "SAVE_STATE_INFORMATION",
        "READ_STATE_INFORMATION",
    ] {
        let error = parse(&format!("[1800000000] {name};edge;HTTP;/bin/sh -c evil")).unwrap_err();
        assert!(matches!(error, CommandError::Refused { .. }), "{name}: {error}");
        let text = error.to_string();
        assert!(text.starts_with(&format!("{name} is not supported: ")) && !text.contains("evil"), "{text}");
    }
}

#[test]
fn a_refusal_names_what_is_wrong_and_the_way_out() {
    let mut engine = engine();
    let long = format!("LOG;{}", "x".repeat(70_000));
    for (line, want) in [
        ("", "no command; write `[TIME] NAME;argument;…`"),
        ("[1800000000]", "no command; write `[TIME] NAME;argument;…`"),
        ("[x] LOG;a", "`[TIME]` is not a time in seconds since 1970"),
        ("[99999999999999999999] LOG;a", "`[TIME]` is not a time in seconds since 1970"),
        (
            "LOG;\x1b[31m",
            "the line contains control characters; only tabs are allowed (write \\n for a new line in an output)",
        ),
        (long.as_str(), "the line is longer than 64 KB"),
        (
            "SCHEDULE_SVC_CHEK;a;b;1",
            "there is no command `SCHEDULE_SVC_CHEK`; nearest known: `SCHEDULE_SVC_CHECK`",
        ),
        ("FROBNICATE", "there is no command `FROBNICATE`"),
        (
            "SCHEDULE_SVC_CHECK;edge;HTTP",
            "SCHEDULE_SVC_CHECK: time is missing; write SCHEDULE_SVC_CHECK;host;service;time",
        ),
        (
            "SCHEDULE_HOST_CHECK;;1",
            "SCHEDULE_HOST_CHECK: host is missing; write SCHEDULE_HOST_CHECK;host;time",
        ),
        (
            "SCHEDULE_HOST_CHECK;core;soon",
            "SCHEDULE_HOST_CHECK: time `soon` is not a time in seconds since 1970; write SCHEDULE_HOST_CHECK;host;time",
        ),
        (
            "PROCESS_SERVICE_CHECK_RESULT;edge;HTTP;4;x",
            "PROCESS_SERVICE_CHECK_RESULT: status `4` is not 0 (OK), 1 (WARNING), 2 (CRITICAL) or 3 (UNKNOWN); write PROCESS_SERVICE_CHECK_RESULT;host;service;status;output",
        ),
        (
            "PROCESS_HOST_CHECK_RESULT;core;3;x",
            "PROCESS_HOST_CHECK_RESULT: status `3` is not 0 (UP), 1 (DOWN) or 2 (UNREACHABLE); write PROCESS_HOST_CHECK_RESULT;host;status;output",
        ),
        ("SCHEDULE_HOST_CHECK;cor;1", "there is no host `cor`; nearest known: `core`"),
        ("SCHEDULE_SVC_CHECK;edge;HTPP;1", "there is no service `edge;HTPP`; nearest known: `HTTP`"),
        ("ENABLE_HOSTGROUP_SVC_CHECKS;nett", "there is no host group `nett`; nearest known: `net`"),
        ("ENABLE_SERVICEGROUP_SVC_CHECKS;x", "there is no service group `x`"),
        ("ENABLE_HOSTGROUP_SVC_CHECKS;empty", "the group has no members"),
        ("SCHEDULE_HOST_SVC_CHECKS;leaf;1", "leaf has no services"),
        ("SCHEDULE_FORCED_HOST_CHECK;leaf;1", "leaf has no check command"),
        (
            "ACKNOWLEDGE_SVC_PROBLEM;edge;HTTP;1;1;1;me;x",
            "edge;HTTP is no problem: there is nothing to acknowledge",
        ),
        ("REMOVE_SVC_ACKNOWLEDGEMENT;edge;HTTP", "edge;HTTP is not acknowledged"),
        ("DEL_HOST_DOWNTIME;7", "there is no downtime of a host with number `7`"),
        ("DEL_SVC_COMMENT;7", "there is no comment on a service with number `7`"),
        ("DEL_DOWNTIME_BY_HOST_NAME;core", "there is no such downtime"),
        (
            "DEL_DOWNTIME_BY_HOST_NAME",
            "DEL_DOWNTIME_BY_HOST_NAME: host is missing; write DEL_DOWNTIME_BY_HOST_NAME;host[;service[;start[;comment]]]",
        ),
        (
            "DEL_DOWNTIME_BY_START_TIME_COMMENT;",
            "DEL_DOWNTIME_BY_START_TIME_COMMENT: start is missing; write DEL_DOWNTIME_BY_START_TIME_COMMENT;start[;comment]",
        ),
        (
            "SCHEDULE_HOST_DOWNTIME;core;1700000000;1700000001;1;0;0;me;x",
            "the downtime would be over already",
        ),
        (
            "SCHEDULE_HOST_DOWNTIME;core;1800000009;1800000001;1;0;0;me;x",
            "SCHEDULE_HOST_DOWNTIME: end `1800000001` is not after the start; write SCHEDULE_HOST_DOWNTIME;host;start;end;fixed;trigger;duration;author;comment",
        ),
        (
            "SCHEDULE_HOST_DOWNTIME;core;1800000000;1800000001;0;0;0;me;x",
            "SCHEDULE_HOST_DOWNTIME: duration `0` is not a length: a flexible downtime needs one; write SCHEDULE_HOST_DOWNTIME;host;start;end;fixed;trigger;duration;author;comment",
        ),
        ("SCHEDULE_HOST_DOWNTIME;core;1800000000;1800000001;1;77;0;me;x", "there is no downtime `77`"),
    ] {
        assert_eq!(said(&mut engine, line), want, "{}", &line[..line.len().min(80)]);
    }
}

#[test]
fn a_host_status_is_no_exit_code() {
    for (status, want) in [(0, Condition::Up), (1, Condition::Down), (2, Condition::Down)] {
        let mut engine = engine();
        make(&mut engine, &format!("PROCESS_HOST_CHECK_RESULT;core;{status};x")).unwrap();
        let core = find(&engine, "core");
        assert_eq!(engine.state(core).condition, want, "{status}");
    }
    // a host below one that is down is unreachable, whichever of the two its sender says
    let mut engine = engine();
    make(&mut engine, "PROCESS_HOST_CHECK_RESULT;core;1;x").unwrap();
    make(&mut engine, "PROCESS_HOST_CHECK_RESULT;edge;1;x").unwrap();
    assert_eq!(engine.state(find(&engine, "edge")).condition, Condition::Unreachable);
    // by its address, as senders of results may know it
    make(&mut engine, "PROCESS_HOST_CHECK_RESULT;core.example.org;0;back").unwrap();
    assert_eq!(engine.state(find(&engine, "core")).condition, Condition::Up);
    make(&mut engine, "PROCESS_SERVICE_CHECK_RESULT;edge.example.org;HTTP;2;x").unwrap();
    assert_eq!(engine.state(find(&engine, "edge;HTTP")).condition, Condition::Critical);
}

#[test]
fn output_is_read_as_nagios_reads_it() {
    let mut engine = engine();
    let line = r"PROCESS_SERVICE_CHECK_RESULT;edge;HTTP;1;slow; very|time=5s;1\nC:\\new\nmore|size=3\";
    make(&mut engine, line).unwrap();
    let state = engine.state(find(&engine, "edge;HTTP"));
    assert_eq!(state.said.output(), "slow; very");
    assert_eq!(state.said.long_output(), "C:\\new\nmore");
    assert_eq!(state.said.perfdata(), "time=5s;1 size=3\\");
    assert_eq!(
        parse("PROCESS_SERVICE_CHECK_RESULT;a;b;3;").unwrap().order,
        Order::Result { state: State::Unknown, output: String::new() }
    );
}

#[test]
fn a_result_has_its_own_time_but_never_the_future_and_never_an_older_one_than_the_last() {
    let mut engine = engine();
    let http = find(&engine, "edge;HTTP");
    let before = engine.state(http).last_check.unwrap();
    let ago = NOW.since(before).micros() / 1_000_000;
    assert!(ago > 2, "the last check is {ago} seconds old");
    let at = |seconds: i64| format!("[{seconds}] PROCESS_SERVICE_CHECK_RESULT;edge;HTTP;2;x");
    assert_eq!(
        said(&mut engine, &at(NOW.secs() - ago - 2)),
        "the result for edge;HTTP is older than its last check: dropped"
    );
    let (_, history) = make(&mut engine, &at(NOW.secs() - 2)).unwrap();
    let found = NOW - Span::from_micros(1_000_001);
    assert_eq!(engine.state(http).last_check, Some(found), "all of that second");
    assert_eq!(history[0].at, found);
    assert!(make(&mut engine, &at(NOW.secs() - 2)).is_ok(), "several results in one second");
    make(&mut engine, &at(NOW.secs() + 1000)).unwrap();
    assert_eq!(engine.state(http).last_check, Some(NOW));
    assert!(said(&mut engine, &at(NOW.secs() - 2)).contains("older than its last check"));
}

#[test]
fn results_are_not_taken_where_that_is_switched_off() {
    let mut engine = engine();
    let result = "PROCESS_SERVICE_CHECK_RESULT;edge;HTTP;2;x";
    make(&mut engine, "DISABLE_PASSIVE_SVC_CHECKS;edge;HTTP").unwrap();
    assert_eq!(said(&mut engine, result), "no passive results are taken for edge;HTTP");
    make(&mut engine, "ENABLE_PASSIVE_SVC_CHECKS;edge;HTTP").unwrap();
    make(&mut engine, "STOP_ACCEPTING_PASSIVE_SVC_CHECKS").unwrap();
    assert_eq!(said(&mut engine, result), "no passive results are taken for services at present");
    make(&mut engine, "START_ACCEPTING_PASSIVE_SVC_CHECKS").unwrap();
    assert_eq!(said(&mut engine, result), "took the result for edge;HTTP");
}

#[test]
fn groups_and_hosts_stand_for_their_members() {
    let mut engine = engine();
    for (line, want) in [
        ("DISABLE_HOST_SVC_CHECKS;edge", "active checks switched off for edge;PING, edge;HTTP"),
        ("DISABLE_HOSTGROUP_HOST_NOTIFICATIONS;net", "notifications switched off for core, edge"),
        (
            "DISABLE_HOSTGROUP_SVC_NOTIFICATIONS;net",
            "notifications switched off for core;PING, edge;PING, edge;HTTP",
        ),
        ("DISABLE_SERVICEGROUP_HOST_CHECKS;pings", "active checks switched off for core, edge"),
        ("DISABLE_SERVICEGROUP_SVC_CHECKS;pings", "active checks switched off for core;PING, edge;PING"),
        ("DISABLE_NOTIFICATIONS", "all notifications switched off"),
        ("SCHEDULE_HOST_SVC_CHECKS;edge;0", "active checks of edge;PING are switched off; force it"),
        ("SCHEDULE_FORCED_HOST_SVC_CHECKS;edge;0", "checking edge;PING, edge;HTTP"),
        ("ENABLE_SVC_CHECK;edge;HTTP", "active checks switched on for edge;HTTP"),
        ("SCHEDULE_HOST_SVC_CHECKS;edge;0", "checking edge;HTTP"),
    ] {
        assert_eq!(said(&mut engine, line), want, "{line}");
    }
    assert!(!engine.on(Switch::Notifications));
    assert!(!engine.is_on(find(&engine, "edge"), ObjectSwitch::Notifications));
    assert!(engine.is_on(find(&engine, "wing"), ObjectSwitch::Notifications));
}

#[test]
fn downtimes_reach_all_below_a_host_and_begin_and_end_with_it() {
    let mut engine = engine();
    let tail = "1800000000;1800003600;1;0;0;me;kernel";
    let hosts = ["core", "edge", "wing", "leaf"];
    let in_downtime = |engine: &Engine| hosts.map(|host| engine.state(find(engine, host)).in_downtime());
    assert_eq!(
        said(&mut engine, &format!("SCHEDULE_AND_PROPAGATE_HOST_DOWNTIME;edge;{tail}")),
        "downtimes 1 to 2 for edge, leaf"
    );
    assert_eq!(in_downtime(&engine), [false, true, false, true]);
    make(&mut engine, "DEL_HOST_DOWNTIME;1").unwrap();
    assert_eq!(in_downtime(&engine), [false, false, false, true], "each its own");
    make(&mut engine, "DEL_HOST_DOWNTIME;2").unwrap();
    // flexible and triggered: nothing begins before core fails
    let line = "SCHEDULE_AND_PROPAGATE_TRIGGERED_HOST_DOWNTIME;core;1800000000;1800003600;0;0;600;me;x";
    assert_eq!(said(&mut engine, line), "downtimes 3 to 6 for core, edge, wing and 1 more");
    assert_eq!(in_downtime(&engine), [false; 4]);
    make(&mut engine, "PROCESS_HOST_CHECK_RESULT;core;1;down").unwrap();
    assert_eq!(in_downtime(&engine), [true; 4]);
    assert_eq!(said(&mut engine, "DEL_SVC_DOWNTIME;3"), "there is no downtime of a service with number `3`");
    make(&mut engine, "DEL_HOST_DOWNTIME;3").unwrap();
    assert_eq!(in_downtime(&engine), [false; 4], "those that it triggered end with it");
}

#[test]
fn downtimes_are_deleted_by_what_they_are() {
    let plan = [
        "SCHEDULE_HOST_DOWNTIME;core;1800000000;1800003600;1;0;0;me;a",
        "SCHEDULE_SVC_DOWNTIME;core;PING;1800000000;1800003600;1;0;0;me;a",
        "SCHEDULE_SVC_DOWNTIME;edge;PING;1800000060;1800003600;1;0;0;me;b",
        "SCHEDULE_SVC_DOWNTIME;edge;HTTP;1800000060;1800003600;1;0;0;me;a",
        "SCHEDULE_HOST_DOWNTIME;wing;1800000060;1800003600;1;0;0;me;a",
    ];
    for (line, want) in [
        ("DEL_DOWNTIME_BY_HOST_NAME;core", "cancelled downtime 1, 2"),
        ("DEL_DOWNTIME_BY_HOST_NAME;core;PING", "cancelled downtime 2"),
        ("DEL_DOWNTIME_BY_HOST_NAME;;;1800000060", "cancelled downtime 3, 4, 5"),
        ("DEL_DOWNTIME_BY_HOST_NAME;edge;;;a", "cancelled downtime 4"),
        ("DEL_DOWNTIME_BY_HOST_NAME;edge;;1800000000", "there is no such downtime"),
        ("DEL_DOWNTIME_BY_HOST_NAME;edgy", "there is no host `edgy`; nearest known: `edge`"),
        ("DEL_DOWNTIME_BY_HOSTGROUP_NAME;net", "cancelled downtime 1, 2, 3 and 1 more"),
        ("DEL_DOWNTIME_BY_HOSTGROUP_NAME;net;edge;PING", "cancelled downtime 3"),
        ("DEL_DOWNTIME_BY_START_TIME_COMMENT;1800000000", "cancelled downtime 1, 2"),
        ("DEL_DOWNTIME_BY_START_TIME_COMMENT;;b", "cancelled downtime 3"),
    ] {
        let mut engine = engine();
        for line in plan {
            make(&mut engine, line).unwrap();
        }
        assert_eq!(said(&mut engine, line), want, "{line}");
    }
}

#[test]
fn acknowledgements_follow_nagios_arguments() {
    let mut engine = failing();
    for (line, sticky, persistent, expires) in [
        ("ACKNOWLEDGE_SVC_PROBLEM;edge;HTTP;2;0;0;me;why; so", true, false, None),
        ("ACKNOWLEDGE_SVC_PROBLEM;edge;HTTP;1;0;1;me;why; so", false, true, None),
        ("ACKNOWLEDGE_SVC_PROBLEM;edge;HTTP;0;0;0;me;why; so", false, false, None),
        (
            "ACKNOWLEDGE_SVC_PROBLEM_EXPIRE;edge;HTTP;2;0;0;1800000500;me;why; so",
            true,
            false,
            Some(1_800_000_500),
        ),
        ("ACKNOWLEDGE_SVC_PROBLEM_EXPIRE;edge;HTTP;2;0;0;0;me;why; so", true, false, None),
    ] {
        make(&mut engine, line).unwrap();
        let ack = engine.state(find(&engine, "edge;HTTP")).acknowledgement().unwrap().clone();
        assert_eq!((ack.sticky, ack.persistent), (sticky, persistent), "{line}");
        assert_eq!(ack.expires.map(Timestamp::secs), expires, "{line}");
        assert_eq!((&*ack.author, &*ack.comment), ("me", "why; so"), "{line}");
    }
}

#[test]
fn a_line_for_the_history() {
    let mut engine = engine();
    let (_, history) = make(&mut engine, "[1800000000] LOG;deployment of 2.0; done").unwrap();
    assert_eq!(history.len(), 1);
    assert_eq!(history[0].kind, EntryKind::Log { text: "deployment of 2.0; done".into() });
    assert_eq!(history[0].identity, Identity { host: "".into(), service: None });
}

proptest! {
    /// Whatever is written into a pipe, the engine neither panics nor stops.
    #[test]
    fn no_line_makes_it_panic(
        lines in prop::collection::vec(
            (0..140_usize, prop::collection::vec("(core|edge|leaf|HTTP|PING|net|pings|0|1|2|3|1800000000|1800003600|99999999999999|-1|x|\\PC{0,3}|)", 0..10)),
            1..12,
        )
    ) {
        let mut engine = engine();
        let names: Vec<&str> = names().collect();
        let mut now = NOW;
        for (name, arguments) in lines {
            let name = names.get(name).copied().unwrap_or("NONSENSE");
            let line = format!("[{}] {name};{}", now.secs(), arguments.join(";"));
            if let Ok(command) = parse(&line)
                && let Ok(events) = resolve(&command, &engine, now)
            {
                prop_assert!(!events.is_empty(), "{}", line);
                prop_assert!(!done(&events, &engine).is_empty());
                for event in events {
                    engine.handle(event, now);
                }
            }
            now = now + Span::from_secs(7);
            engine.handle_timeout(now);
            while let Some(action) = engine.poll_action() {
                if let Action::Run(job) = action {
                    engine.handle(Event::Lost(job.object), now);
                }
            }
        }
    }

    #[test]
    fn no_text_makes_it_panic(line in "\\PC{0,60}") {
        let _ = parse(&line);
    }
}
