//! Macros that depend on states.

use engine::{
    Acknowledgement, CheckCommand, CommandId, Condition, Extras, Handling, Identity, Notification,
    NotificationKind, ObjectId, Said, Saved, Span, StateType, Timestamp,
};

use super::{CheckMacros, HandlerMacros, NotificationMacros};
use crate::command::{CommandLine, MacroValue};
use crate::load::{Configuration, load_text};

const OBJECTS: &str = "define command {\n command_name cluster\n \
command_line /x/check_cluster -d $SERVICESTATEID:web1:http$,$SERVICESTATEID:web2:http$ -w \"$HOSTSTATE$ $ARG1$\"\n}\n\
define contact {\n contact_name ann\n email ann@example.org\n}\n\
define contact {\n contact_name bob\n email bob@example.org\n}\n\
define contactgroup {\n contactgroup_name admins\n alias All admins\n members ann,bob\n}\n\
define host {\n name h\n register 0\n max_check_attempts 3\n contacts ann\n hostgroups web\n}\n\
define host {\n use h\n host_name web1\n}\ndefine host {\n use h\n host_name web2\n}\n\
define hostgroup {\n hostgroup_name web\n}\ndefine servicegroup {\n servicegroup_name all\n}\n\
define service {\n hostgroup_name web\n service_description http\n check_command cluster!x\n max_check_attempts 4\n \
servicegroups all\n}\n";

/// web1, web2 and the service of each.
const WEB1: ObjectId = ObjectId(0);
const HTTP1: ObjectId = ObjectId(2);

const NOW: Timestamp = Timestamp::from_secs(1_000_000);

fn configuration() -> Configuration {
    load_text("o.cfg", OBJECTS.into()).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// web2 is down, its service critical; all else is well.
fn states() -> Vec<Saved> {
    let at = |secs| Timestamp::from_secs(secs);
    let mut states: Vec<Saved> = (0..4).map(|id| Saved::pristine(id < 2, at(900_000))).collect();
    for state in &mut states {
        state.last_check = Some(at(999_990));
        state.said = Said::new("fine `id` <b>", "one\ntwo", "a=1;'x'");
        (state.latency, state.execution_time) = (Span::from_micros(12_345), Span::from_secs(2));
    }
    (states[1].condition, states[1].hard, states[1].problem_id) = (Condition::Down, Condition::Down, 7);
    (states[3].condition, states[3].state_type, states[3].attempt) =
        (Condition::Critical, StateType::Soft, 2);
    states[3].last_ok = Some(at(999_000));
    let known = Acknowledgement {
        sticky: true,
        expires: None,
        persistent: false,
        author: "bob".into(),
        comment: "on it; $now".into(),
        at: at(1),
    };
    states[1].extras = Some(Box::new(Extras { acknowledgement: Some(known), ..Extras::default() }));
    states
}

fn text(value: Option<MacroValue<'_>>) -> String {
    match value {
        Some(MacroValue::Data(text)) => text.into_owned(),
        Some(other) => panic!("{other:?} must be data"),
        None => "(none)".to_owned(),
    }
}

#[test]
fn a_check_knows_the_states_of_all() {
    let (configuration, states) = (configuration(), states());
    let lookup = |id: ObjectId| states.get(id.0 as usize);
    let macros = CheckMacros::new(&configuration, HTTP1, NOW).with(&lookup);
    for (name, want) in [
        ("SERVICESTATE", "OK"),
        ("SERVICESTATEID", "0"),
        ("SERVICESTATETYPE", "HARD"),
        ("SERVICEATTEMPT", "1"),
        ("SERVICEOUTPUT", "fine id b"),
        ("LONGSERVICEOUTPUT", "one\\ntwo"),
        ("SERVICEPERFDATA", "a=1;x"),
        ("SERVICELATENCY", "0.012"),
        ("SERVICEEXECUTIONTIME", "2.000"),
        ("SERVICEDURATION", "1d 3h 46m 40s"),
        ("SERVICEDURATIONSEC", "100000"),
        ("SERVICEDOWNTIME", "0"),
        ("SERVICEPERCENTCHANGE", "0.00"),
        ("LASTSERVICECHECK", "999990"),
        ("LASTSERVICESTATECHANGE", "900000"),
        ("LASTSERVICEOK", "999990"),
        ("LASTSERVICECRITICAL", "0"),
        ("HOSTSTATE", "UP"),
        ("LASTHOSTCHECK", "999990"),
        ("HOSTSTATE:web2", "DOWN"),
        ("HOSTSTATEID:web2", "1"),
        ("HOSTPROBLEMID:web2", "7"),
        ("LASTHOSTDOWN:web2", "999990"),
        ("HOSTACKAUTHOR:web2", "bob"),
        ("HOSTACKCOMMENT:web2", "on it; now"),
        ("SERVICESTATEID:web2:http", "2"),
        ("SERVICESTATETYPE:web2:http", "SOFT"),
        ("SERVICEATTEMPT:web2:http", "2"),
        ("LASTSERVICESTATE:web2:http", "OK"),
        ("LASTSERVICEOK:web2:http", "999000"),
        ("SERVICESTATEID::http", "0"),
        ("SERVICESTATE:web2:nosuch", "(none)"),
        ("HOSTSTATE:nosuch", "(none)"),
        ("HOSTSTATEID:web:,", "0,1"),
        ("HOSTSTATE:web: or ", "UP or DOWN"),
        ("HOSTADDRESS:web:", "web1web2"),
        ("SERVICESTATEID:all:,", "0,2"),
        ("SERVICESTATEID:nosuch:,", "(none)"),
        ("CONTACTEMAIL:admins:,", "ann@example.org,bob@example.org"),
        ("CONTACTGROUPMEMBERS:admins", "ann,bob"),
        ("TOTALHOSTSUP", "1"),
        ("TOTALHOSTSDOWN", "1"),
        ("TOTALHOSTSDOWNUNHANDLED", "0"),
        ("TOTALHOSTPROBLEMS", "1"),
        ("TOTALHOSTPROBLEMSUNHANDLED", "0"),
        ("TOTALSERVICESOK", "1"),
        ("TOTALSERVICESCRITICAL", "1"),
        ("TOTALSERVICESCRITICALUNHANDLED", "0"),
        ("TOTALSERVICEPROBLEMS", "1"),
        ("TOTALHOSTSERVICES", "1"),
        ("TOTALHOSTSERVICESOK", "1"),
        ("TOTALHOSTSERVICESCRITICAL:web2", "1"),
    ] {
        assert_eq!(text(macros.value(name)), want, "{name}");
    }
    let words = ["/x/check_cluster", "-d", "0,2", "-w", "UP x"].map(str::to_owned).to_vec();
    assert_eq!(macros.expand(), Some(CommandLine::Argv(words)));
    // without states there is nothing to say of them
    let blind = CheckMacros::new(&configuration, HTTP1, NOW);
    for name in ["SERVICESTATE", "HOSTSTATE", "TOTALHOSTSUP", "LASTSERVICECHECK"] {
        assert_eq!(text(blind.value(name)), "", "{name}");
    }
}

#[test]
fn an_event_handler_knows_why_it_runs() {
    let (configuration, states) = (configuration(), states());
    let handling = Handling {
        object: HTTP1,
        command: CheckCommand { command: CommandId(0), arguments: Box::new(["try".into()]) },
        condition: Condition::Critical,
        state_type: StateType::Soft,
        attempt: 2,
        said: Said::new("$(bad)", "", "t=1"),
        last_check: NOW - Span::from_secs(1),
        since: NOW - Span::from_secs(60),
    };
    let lookup = |id: ObjectId| states.get(id.0 as usize);
    let macros = HandlerMacros::new(&configuration, &handling, NOW).with(&lookup);
    for (name, want) in [
        ("SERVICESTATE", "CRITICAL"),
        ("SERVICESTATEID", "2"),
        ("SERVICESTATETYPE", "SOFT"),
        ("SERVICEATTEMPT", "2"),
        ("SERVICEOUTPUT", "(bad)"),
        ("SERVICEPERFDATA", "t=1"),
        ("LASTSERVICECHECK", "999999"),
        ("SERVICEDURATIONSEC", "60"),
        ("LASTSERVICESTATE", "OK"),
        ("MAXSERVICEATTEMPTS", "4"),
        ("HOSTSTATE", "UP"),
        ("HOSTNAME", "web1"),
        ("SERVICEDESC", "http"),
        ("HOSTSTATE:web2", "DOWN"),
        ("CONTACTNAME", ""),
    ] {
        assert_eq!(text(macros.value(name)), want, "{name}");
    }
    let words = ["/x/check_cluster", "-d", "0,2", "-w", "UP try"].map(str::to_owned).to_vec();
    assert_eq!(macros.expand(), CommandLine::Argv(words));
    let host = Handling { object: WEB1, condition: Condition::Down, ..handling.clone() };
    let macros = HandlerMacros::new(&configuration, &host, NOW);
    assert_eq!(text(macros.value("HOSTSTATE")), "DOWN");
    assert_eq!(text(macros.value("SERVICESTATE")), "");
}

#[test]
fn a_notification_says_how_it_was_and_how_others_are() {
    let (configuration, states) = (configuration(), states());
    let identity = Identity { host: "web1".into(), service: Some("http".into()) };
    let notification = Notification {
        state_type: StateType::Soft,
        host_condition: Condition::Unreachable,
        last_check: Some(NOW - Span::from_secs(5)),
        perfdata: "a=2".into(),
        escalated: true,
        at: NOW,
        since: NOW,
        ..Notification::about(identity, "ann".into(), NotificationKind::Problem, Condition::Warning)
    };
    let command = CheckCommand { command: CommandId(0), arguments: Box::new([]) };
    let lookup = |id: ObjectId| states.get(id.0 as usize);
    let macros = NotificationMacros::new(&configuration, &notification, &command, NOW).with(&lookup);
    for (name, want) in [
        ("SERVICESTATE", "WARNING"),
        ("SERVICESTATETYPE", "SOFT"),
        ("HOSTSTATE", "UNREACHABLE"),
        ("HOSTSTATEID", "2"),
        ("LASTSERVICECHECK", "999995"),
        ("SERVICEPERFDATA", "a=2"),
        ("NOTIFICATIONISESCALATED", "1"),
        ("HOSTSTATE:web2", "DOWN"),
        ("TOTALHOSTSDOWN", "1"),
        ("CONTACTGROUPNAME", "admins"),
        ("CONTACTGROUPNAMES", "admins"),
        ("CONTACTGROUPALIAS", "All admins"),
        ("CONTACTGROUPMEMBERS", "ann,bob"),
    ] {
        assert_eq!(text(macros.value(name)), want, "{name}");
    }
}

/// Every standard macro has a value somewhere, or is one of those that `verify` warns of.
#[test]
fn no_standard_macro_is_empty_in_secret() {
    use super::names;
    let objects = OBJECTS
        .replace(" contact_name ann\n", " contact_name ann\n pager 1\n address1 1\n address2 2\n address3 3\n address4 4\n address5 5\n address6 6\n")
        .replace(" name h\n", " name h\n notes n\n notes_url u\n action_url a\n check_command cluster\n notification_period p\n")
        .replace(" max_check_attempts 4\n", " max_check_attempts 4\n notes n\n notes_url u\n action_url a\n")
        .replace(" hostgroup_name web\n}\ndefine servicegroup {\n servicegroup_name all\n",
                 " hostgroup_name web\n notes n\n notes_url u\n action_url a\n}\ndefine servicegroup {\n servicegroup_name all\n notes n\n notes_url u\n action_url a\n");
    let period = "define timeperiod {\n timeperiod_name p\n}\n";
    let mut configuration = load_text("o.cfg", format!("{period}{objects}").into()).unwrap();
    configuration.globals.started = Some(NOW);
    configuration.globals.macros.extend([("ADMINEMAIL", "a".into()), ("ADMINPAGER", "p".into())]);
    let mut states = states();
    let known = states[1].extras.clone();
    for state in &mut states {
        state.extras.clone_from(&known);
    }
    let identity = Identity { host: "web1".into(), service: Some("http".into()) };
    let notification = Notification {
        comment: Some(("bob".into(), "why".into())),
        output: "o".into(),
        long_output: "l".into(),
        perfdata: "p".into(),
        notes_url: Some("u".into()),
        email: Some("e".into()),
        ..Notification::about(identity, "ann".into(), NotificationKind::Problem, Condition::Critical)
    };
    let command = CheckCommand { command: CommandId(0), arguments: Box::new([]) };
    let lookup = |id: ObjectId| states.get(id.0 as usize);
    let macros = NotificationMacros::new(&configuration, &notification, &command, NOW).with(&lookup);
    let both = names::OF_BOTH.iter().flat_map(|name| [format!("HOST{name}"), format!("SERVICE{name}")]);
    let all: Vec<String> = both.chain(names::OTHERS.iter().map(|name| (*name).to_owned())).collect();
    let asked = |name: &str| match name {
        // these ask for a period, or a group
        "ISVALIDTIME" | "NEXTVALIDTIME" => format!("{name}:p"),
        "HOSTGROUPMEMBERADDRESSES" => format!("{name}:web"),
        name => name.to_owned(),
    };
    let mut found: Vec<&str> =
        all.iter().map(String::as_str).filter(|name| text(macros.value(&asked(name))).is_empty()).collect();
    let mut want = names::WITHOUT_VALUE.to_vec();
    want.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, want);
}
