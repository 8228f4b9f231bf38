//! Rules of the object language, each with a small configuration.

use engine::{Identity, Kind, Letters, Span};

use super::*;
use crate::source::Source;

const BASE: &str = "define timeperiod {\n timeperiod_name always\n sunday 00:00-24:00\n}\n\
define command {\n command_name c\n command_line /bin/true\n}\n\
define contact {\n contact_name root\n email r@example.org\n host_notification_options d\n service_notification_options c\n}\n\
define contact {\n contact_name ann\n email a@example.org\n host_notification_options d\n service_notification_options c\n}\n\
define contactgroup {\n contactgroup_name admins\n members root\n}\n\
define contactgroup {\n contactgroup_name all\n members *,!root\n contactgroup_members admins\n}\n\
define host {\n name gh\n register 0\n max_check_attempts 3\n contact_groups admins\n notification_interval 7\n \
notification_period always\n}\n\
define service {\n name gs\n register 0\n max_check_attempts 4\n check_command c\n}\n\
define host {\n host_name a\n use gh\n}\ndefine host {\n host_name b\n use gh\n parents a\n}\n";

/// Lines of the base, so that tests can count their own from 1.
pub(super) fn resolve_with(text: &str) -> (Option<Resolved>, Vec<String>) {
    resolve_on(&Basis::default(), text)
}

/// The same with what a main file says.
pub(super) fn resolve_on(basis: &Basis, text: &str) -> (Option<Resolved>, Vec<String>) {
    let mut problems = Problems::default();
    let base = Source::new("base.cfg", BASE.into(), &mut problems);
    let own = Source::new("x.cfg", text.into(), &mut problems);
    let mut objects = Objects::default();
    objects.read(&base, &mut problems);
    objects.read(&own, &mut problems);
    let resolved = resolve(&objects, basis, TimeZone::UTC, &mut problems);
    let problems = problems.finish().into_iter().map(|problem| problem.to_string());
    // a base without services is not what these tests are about
    (resolved, problems.filter(|problem| !problem.contains("there are no services")).collect())
}

pub(super) fn resolved(text: &str) -> Resolved {
    let (resolved, problems) = resolve_with(text);
    resolved.unwrap_or_else(|| panic!("{text}: {problems:?}"))
}

pub(super) fn find(resolved: &Resolved, host: &str, service: Option<&str>) -> Option<ObjectId> {
    resolved.graph.find(&Identity { host: host.into(), service: service.map(Into::into) })
}

pub(super) fn contacts(resolved: &Resolved, id: ObjectId) -> Vec<&str> {
    let settings = resolved.graph.settings(id);
    settings.contacts.iter().map(|id| &*resolved.graph.contact(*id).name).collect()
}

/// Nagios has an empty address and an empty alias then, of which nothing can be made.
#[test]
fn a_name_without_a_value_is_the_hosts_own() {
    let text = "define host {\n name t\n register 0\n alias T\n address 192.0.2.1\n}\n\
        define host {\n host_name x\n use t\n alias\n address\n max_check_attempts 2\n}\n";
    let resolved = resolved(text);
    let object = resolved.graph.object(find(&resolved, "x", None).unwrap());
    let Kind::Host(host) = &object.kind else { panic!("{object:?}") };
    assert_eq!((&*host.address, &object.alias), ("x", &None));
}

#[test]
fn what_is_not_given_has_nagios_defaults() {
    let resolved = resolved("define host {\n host_name x\n max_check_attempts 2\n}\n");
    let id = find(&resolved, "x", None).unwrap();
    let settings = resolved.graph.settings(id);
    assert_eq!(settings.check_interval, Span::from_minutes(5.0));
    assert_eq!(settings.retry_interval, Span::from_minutes(1.0));
    assert_eq!(settings.notification_interval, Span::from_minutes(30.0));
    assert_eq!(settings.first_notification_delay, Span::ZERO);
    assert_eq!((settings.notification_options, settings.max_check_attempts), (Letters::ALL, 2));
    assert!(
        settings.active_checks && settings.passive_checks && settings.notifications && !settings.is_volatile
    );
    let object = resolved.graph.object(id);
    assert_eq!((&object.check, &object.alias), (&None, &None));
    assert!(matches!(&object.kind, Kind::Host(host) if &*host.address == "x"));
}

#[test]
fn services_take_from_their_host_what_they_do_not_have() {
    let service = |lines: &str| {
        let text =
            format!("define service {{\n use gs\n host_name a\n service_description s\n {lines}\n}}\n");
        let resolved = resolved(&text);
        let id = find(&resolved, "a", Some("s")).unwrap();
        let settings = resolved.graph.settings(id);
        let names = contacts(&resolved, id).join(",");
        (
            names,
            settings.notification_interval,
            settings.notification_period.is_some(),
            settings.check_period.is_some(),
        )
    };
    let minutes = Span::from_minutes;
    assert_eq!(service(""), ("root".into(), minutes(7.0), true, false));
    assert_eq!(service("contacts ann"), ("ann".into(), minutes(7.0), true, false));
    assert_eq!(service("contacts root,ann"), ("root,ann".into(), minutes(7.0), true, false));
    assert_eq!(
        service("contact_groups all").0,
        "ann",
        "what a group rejects is out, also from its nested groups"
    );
    assert_eq!(service("contacts null"), (String::new(), minutes(7.0), true, false));
    assert_eq!(service("contact_groups null\n contacts ann").0, "ann");
    assert_eq!(service("notification_interval 0\n notification_period null").1, Span::ZERO);
    assert!(!service("notification_period null").2);
    assert!(service("check_period always").3);
}

#[test]
fn host_lists_groups_and_what_they_leave_out() {
    let groups = "define host {\n host_name c\n use gh\n hostgroups g2,g3\n}\n\
        define hostgroup {\n hostgroup_name g1\n members a,b\n}\ndefine hostgroup {\n hostgroup_name g2\n members *,!a\n}\n\
        define hostgroup {\n hostgroup_name g3\n hostgroup_members g1\n members !b\n}\ndefine hostgroup {\n hostgroup_name none\n}\n";
    for (lines, want) in [
        ("host_name a", "a"),
        ("host_name a , b,,a", "a,b"),
        ("host_name *", "a,b,c"),
        ("host_name *,!b", "a,c"),
        ("host_name !b", ""),
        ("host_name a,!a", ""),
        ("hostgroup_name g1", "a,b"),
        ("hostgroup_name g2", "b,c"),
        ("hostgroup_name g3", "a,c"),
        ("hostgroup_name none", ""),
        ("hostgroup_name *", "a,b,c"),
        ("hostgroup_name *,!g1", "c"),
        ("hostgroup_name g1\n host_name !a", "b"),
        ("hostgroup_name !g1\n host_name *", "c"),
        ("hostgroup_name g1\n host_name c", "a,b,c"),
    ] {
        let resolved =
            resolved(&format!("{groups}define service {{\n use gs\n service_description s\n {lines}\n}}\n"));
        let on = ["a", "b", "c"].into_iter().filter(|host| find(&resolved, host, Some("s")).is_some());
        assert_eq!(on.collect::<Vec<_>>().join(","), want, "{lines}");
    }
}

#[test]
fn of_two_services_the_right_one_stands() {
    let group = "define hostgroup {\n hostgroup_name g\n members a\n}\ndefine hostgroup {\n hostgroup_name g2\n members a\n}\n";
    let service = |lines: &str, attempts: u16| {
        format!(
            "define service {{\n use gs\n service_description s\n max_check_attempts {attempts}\n {lines}\n}}\n"
        )
    };
    for (first, second, want, warnings) in [
        ("host_name a", "host_name a", 2, 1),
        ("host_name a", "hostgroup_name g", 1, 0),
        ("hostgroup_name g", "host_name a", 2, 0),
        ("hostgroup_name g", "hostgroup_name g2", 2, 1),
        ("host_name a", "hostgroup_name g\n host_name b", 2, 1),
        ("host_name a", "hostgroup_name g\n host_name !b", 1, 0),
    ] {
        let (resolved, problems) =
            resolve_with(&format!("{group}{}{}", service(first, 1), service(second, 2)));
        let resolved = resolved.unwrap();
        let id = find(&resolved, "a", Some("s")).unwrap();
        assert_eq!(resolved.graph.settings(id).max_check_attempts, want, "{first} and {second}");
        assert_eq!(problems.len(), warnings, "{first} and {second}: {problems:?}");
    }
}

#[test]
fn service_groups_from_both_sides() {
    let resolved = resolved(
        "define service {\n use gs\n service_description s\n host_name a,b\n servicegroups one\n}\n\
         define service {\n use gs\n service_description t\n host_name a\n}\n\
         define servicegroup {\n servicegroup_name one\n members a,t\n}\n\
         define servicegroup {\n servicegroup_name two\n alias Two\n members b,*\n}\n\
         define servicegroup {\n servicegroup_name three\n servicegroup_members one,two\n}\n",
    );
    let members: Vec<(String, String)> = resolved
        .graph
        .service_groups
        .iter()
        .map(|group| {
            let names: Vec<String> =
                group.members.iter().map(|id| resolved.graph.identity(*id).to_string()).collect();
            (group.alias.to_string(), names.join(" "))
        })
        .collect();
    let want = [("one", "a;s b;s a;t"), ("Two", "b;s"), ("three", "a;s b;s a;t")];
    assert_eq!(members, want.map(|(alias, names)| (alias.to_owned(), names.to_owned())));
}

#[test]
fn extended_information_fills_what_is_missing() {
    let resolved = resolved(
        "define service {\n use gs\n service_description s\n host_name a,b\n notes own\n}\n\
         define hostextinfo {\n host_name a\n notes n\n notes_url http://a/\n icon_image i.png\n 2d_coords 1,2\n}\n\
         define serviceextinfo {\n host_name a,b\n service_description s\n notes ext\n notes_url http://s/\n}\n",
    );
    let host = find(&resolved, "a", None).unwrap();
    let details = &resolved.details[&host];
    assert_eq!((details.notes.as_deref(), details.icon_image.as_deref()), (Some("n"), Some("i.png")));
    assert_eq!(resolved.graph.object(host).notes_url.as_deref(), Some("http://a/"));
    let service = find(&resolved, "b", Some("s")).unwrap();
    assert_eq!(resolved.details[&service].notes.as_deref(), Some("own"));
    assert_eq!(resolved.graph.object(service).notes_url.as_deref(), Some("http://s/"));
}

#[test]
fn time_periods() {
    let text = "define timeperiod {\n timeperiod_name t\n use tt\n monday 10:00-11:00\n exclude always\n \
        2026-12-24 - 2026-12-26 00:00-00:00\n 2026-12-25 01:00-02:00\n monday 3 00:00-00:00\n}\n\
        define timeperiod {\n name tt\n register 0\n alias Tee\n monday 1:00-2:00\n tuesday 09:00-12:00,13:00-17:00\n \
        monday 3 08:00-09:00\n day -1 01:00-02:00,03:00-04:00\n}\n";
    let resolved = resolved(text);
    let period = &resolved.graph.periods[1];
    let hours = |day: usize| period.weekdays[day].iter().map(|r| (r.start, r.end)).collect::<Vec<_>>();
    assert_eq!(
        (&*period.alias, hours(1), hours(2)),
        ("Tee", vec![(600, 660)], vec![(540, 720), (780, 1020)])
    );
    let days: Vec<String> =
        period.exceptions.iter().map(|(days, ranges)| format!("{days} {}", ranges.len())).collect();
    assert_eq!(days, ["2026-12-24 - 2026-12-26 0", "2026-12-25 1", "monday 3 0", "day -1 2"]);
    assert_eq!(period.exclude.len(), 1);
}

#[test]
fn what_is_wrong_is_named_with_its_place_and_what_would_be_right() {
    for (text, want) in [
        (
            "define service {\n use gs\n service_description s\n host_name a,nosuch\n}\n",
            "x.cfg:4: error: service `s`: no such host: `nosuch`",
        ),
        (
            "define host {\n host_name web01\n use gh\n}\ndefine host {\n host_name x\n use gh\n parents web1\n}\n",
            "x.cfg:8: error: host `x`: no such host: `web1`; nearest known: `web01` (x.cfg:1)",
        ),
        (
            "define host {\n use gh\n host_name a\n}\n",
            "x.cfg:3: error: host `a`: is defined twice; see base.cfg:44; keep one of the two",
        ),
        (
            "define command {\n command_name c\n command_line x\n}\n",
            "x.cfg:2: error: command `c`: is defined twice; see base.cfg:5; keep one of the two",
        ),
        (
            "define host {\n host_name bad!name\n use gh\n}\n",
            "x.cfg:2: error: host `bad!name`: `!` may not stand in a name; use letters, digits, `.`, `-`, `_`, `/` or \
             blanks",
        ),
        (
            "define service {\n use gs\n host_name a\n service_description a=b\n}\n",
            "x.cfg:4: error: service `a=b`: `=` may not stand in a service_description; use letters, digits, `.`, `-`, \
             `_`, `/` or blanks",
        ),
        (
            "define host {\n host_name x\n}\n",
            "x.cfg:1: error: host `x`: has no max_check_attempts; write how many bad results in a row make a problem, \
             for instance `max_check_attempts 3`",
        ),
        (
            "define host {\n host_name x\n use gh\n check_interval -1\n}\n",
            "x.cfg:4: error: host `x`: check_interval is negative; write 0 or more; fractions are allowed",
        ),
        (
            "define host {\n host_name x\n use gh\n parents y\n}\ndefine host {\n host_name y\n use gh\n parents x\n}\n",
            "x.cfg:4: error: host `x`: is its own parent, directly or by its parents; parents lie between the \
             monitoring machine and the host: take one out of the circle",
        ),
        (
            "define service {\n use gs\n service_description s\n}\n",
            "x.cfg:1: error: service `s`: has neither a host nor a host group; write `host_name` or `hostgroup_name`, or \
             `register 0` if it is a template",
        ),
        (
            "define hostgroup {\n hostgroup_name g\n hostgroup_members h\n}\ndefine hostgroup {\n hostgroup_name h\n \
             hostgroup_members g\n}\n",
            "x.cfg:3: error: hostgroup `g`: contains itself, directly or by its member groups; take one of the groups \
             out of the circle",
        ),
        (
            "define timeperiod {\n timeperiod_name t\n day 2 / 3 00:00-24:00\n}\n",
            "x.cfg:3: error: timeperiod `t`: no such day: `day 2 / 3`; write a weekday, a date (2026-12-24), \
             `december 24`, `february -1`, `day 1`, `monday 3`, `thursday -1 november`, or a range of these: `july 10 \
             - august 15`, `day 1 - 15 / 5`",
        ),
        (
            "define timeperiod {\n timeperiod_name t\n day 2\n}\n",
            "x.cfg:3: error: timeperiod `t`: the day `day 2` has no hours; write them behind it: HH:MM-HH:MM, with \
             commas between; `00:00-00:00` is never",
        ),
        (
            "define timeperiod {\n timeperiod_name t\n exclude t\n}\n",
            "x.cfg:3: error: timeperiod `t`: excludes itself, directly or by what it excludes; take one of the \
             `exclude` out of the circle",
        ),
        (
            "define timeperiod {\n timeperiod_name t\n monday 9-17\n}\n",
            "x.cfg:3: error: timeperiod `t`: the day `monday 9-17` has no hours; write them behind it: HH:MM-HH:MM, \
             with commas between; `00:00-00:00` is never",
        ),
        (
            "define timeperiod {\n timeperiod_name t\n monday 09:00-17\n}\n",
            "x.cfg:3: error: timeperiod `t`: `09:00-17` is no range of hours; write HH:MM-HH:MM, up to 24:00, with \
             commas between",
        ),
        (
            "define servicegroup {\n servicegroup_name g\n members a,x,b\n}\n",
            "x.cfg:3: error: servicegroup `g`: no such service: `x` on host `a`; members are hosts and descriptions in turn",
        ),
        (
            "define service {\n use gs\n service_description s\n host_name a\n check_command nosuch!x\n}\n",
            "x.cfg:5: error: service `s`: no such command: `nosuch`",
        ),
        (
            "define service {\n use gs\n service_description s\n host_name a\n check_command null\n}\n",
            "x.cfg:5: error: service `s`: has no check_command; a service that only takes results from elsewhere has \
             one too, with active_checks_enabled 0",
        ),
    ] {
        let (resolved, problems) = resolve_with(text);
        assert!(resolved.is_none(), "{text}");
        assert!(problems.contains(&want.to_owned()), "{problems:#?}");
    }
}

/// Numbers of which no pause and no place can be made.
#[test]
fn numbers_that_make_no_sense_are_errors() {
    for (text, want) in [
        (
            "define service {\n use gs\n service_description s\n host_name a\n retry_interval 0\n}\n",
            "x.cfg:5: error: service `s`: retry_interval is not above 0; write the minutes between checks while a \
             problem is not confirmed",
        ),
        (
            "define service {\n use gs\n service_description s\n host_name a\n retry_interval 0.0000001\n}\n",
            "x.cfg:5: error: service `s`: retry_interval is not above 0; write the minutes between checks while a \
             problem is not confirmed",
        ),
        (
            "define host {\n use gh\n host_name x\n 2d_coords 1,\n}\n",
            "x.cfg:4: error: host `x`: 2d_coords `1,` is no place on a map; write 2 numbers with commas between",
        ),
        (
            "define host {\n use gh\n host_name x\n 3d_coords 1,2\n}\n",
            "x.cfg:4: error: host `x`: 3d_coords `1,2` is no place on a map; write 3 numbers with commas between",
        ),
    ] {
        let (resolved, problems) = resolve_with(text);
        assert!(resolved.is_none(), "{text}");
        assert!(problems.contains(&want.to_owned()), "{problems:#?}");
    }
}

#[test]
fn t15_importance_and_what_contacts_ask_of_it_reach_the_engine() {
    let text = "define contact {\n contact_name boss\n email b@example.org\n minimum_importance 5\n host_notification_options d\n \
        service_notification_options c\n}\n\
        define host {\n host_name x\n use gh\n hourly_value 2\n}\n\
        define service {\n use gs\n host_name x\n service_description s\n importance 4\n}\n";
    let (resolved, problems) = resolve_with(text);
    assert_eq!(problems, Vec::<String>::new());
    let graph = resolved.unwrap().graph;
    let of = |service: Option<&str>| {
        let id = graph.find(&Identity { host: "x".into(), service: service.map(Into::into) });
        graph.importance(id.unwrap())
    };
    assert_eq!((of(None), of(Some("s"))), (6, 4));
    let boss = graph.find_contact("boss").unwrap();
    assert_eq!(graph.minimum_importance.iter().collect::<Vec<_>>(), [(&boss, &5)]);
}

#[test]
fn every_error_is_reported_not_only_the_first() {
    let (_, problems) = resolve_with(
        "define host {\n host_name x\n use nosuch\n contacts nobody\n check_period never\n parents x\n}\n\
         define bogus {\n}\ndefine service {\n host_name a\n service_description s\n bogus 1\n max_check_attempts 0\n}\n",
    );
    for says in [
        "`nosuch`",
        "`nobody`",
        "`never`",
        "own parent",
        "`bogus`",
        "directive of a service",
        "less than 1",
        "check_command",
    ] {
        assert!(problems.iter().any(|problem| problem.contains(says)), "{says}: {problems:#?}");
    }
}

#[test]
fn what_looks_wrong_and_is_not_is_a_warning() {
    for (lines, says) in [
        ("notifications_enabled yes", "counts as 0"),
        ("check_interval 5m", "is no number and counts as 5"),
        ("retry_interval 0", "check_interval is taken"),
        ("retry_interval -1", "check_interval is taken"),
        ("check_timeout 5", "check_timeout has no effect"),
        ("event_handler_period always", "event_handler_period has no effect"),
        ("low_flap_threshold 50", "is not below the higher one, 30 %"),
        ("check_command c!'200", "never closed"),
        ("contact_groups all", ""),
        ("check_freshness 0", ""),
    ] {
        let (resolved, problems) =
            resolve_with(&format!("define host {{\n host_name x\n use gh\n {lines}\n}}\n"));
        assert!(resolved.is_some(), "{problems:?}");
        assert_eq!(problems.len(), usize::from(!says.is_empty()), "{lines}: {problems:?}");
        assert!(problems.iter().all(|problem| problem.contains(says)), "{lines}: {problems:?}");
    }
}

/// What Nagios refuses and is no harm: docs/nagios.md lists it.
#[test]
fn more_lenient_than_nagios_is_a_warning() {
    for (text, says) in [
        (
            "define timeperiod {\n timeperiod_name t\n monday 09:00-10:00, 11:00-12:00\n}\n",
            "`09:00-10:00, 11:00-12:00` has blanks or empty places in it",
        ),
        ("define timeperiod {\n timeperiod_name t\n day 2 09:00-10:00,\n}\n", "`09:00-10:00,` has blanks"),
        (
            "define hostgroup {\n hostgroup_name g\n}\ndefine hostescalation {\n hostgroup_name g\n contacts ann\n}\n",
            "escalates nothing: the groups it names are empty",
        ),
        (
            "define servicegroup {\n servicegroup_name g\n}\ndefine serviceescalation {\n servicegroup_name g\n \
             contacts ann\n}\n",
            "escalates nothing",
        ),
    ] {
        let (resolved, problems) = resolve_with(text);
        assert!(resolved.is_some(), "{text}: {problems:?}");
        assert!(problems.len() == 1 && problems[0].contains(says), "{text}: {problems:?}");
    }
}

#[test]
fn equal_settings_are_stored_once_and_a_warning_in_a_template_is_one() {
    let hosts: Vec<String> =
        (0..100).map(|n| format!("define host {{\n host_name h{n}\n use t\n}}\n")).collect();
    let hosts = hosts.concat();
    let text =
        format!("define host {{\n name t\n register 0\n max_check_attempts 3\n check_timeout 9\n}}\n{hosts}");
    let (resolved, problems) = resolve_with(&text);
    let resolved = resolved.unwrap();
    let ids: std::collections::BTreeSet<u32> =
        (2..102).map(|n| resolved.graph.object(ObjectId(n)).settings.0).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(problems.iter().filter(|problem| problem.contains("check_timeout")).count(), 1);
}

#[test]
fn names_are_patterns_if_a_main_file_says_so() {
    use crate::basis::NamePatterns;
    let basis = Basis { names: NamePatterns { some: true, all: false }, ..Basis::default() };
    let text = |lines: &str| {
        format!(
            "define host {{\n host_name web1\n use gh\n hostgroups w.*\n}}\ndefine host {{\n host_name web2\n use gh\n}}\n\
             define hostgroup {{\n hostgroup_name ws\n}}\n\
             define service {{\n use gs\n service_description s\n {lines}\n}}\n\
             define servicegroup {{\n servicegroup_name g\n members web.*,s.*\n}}\n"
        )
    };
    for (lines, want) in [
        ("host_name web.*", "web1 web2"),
        ("host_name web.*,a", "a web1 web2"),
        ("host_name *,!a,!b", "web1 web2"),
        ("hostgroup_name w.?", "web1"),
        ("host_name web1\n hostgroup_name .*s", "web1"),
    ] {
        let (resolved, problems) = resolve_on(&basis, &text(lines));
        let resolved = resolved.unwrap_or_else(|| panic!("{lines}: {problems:?}"));
        let on =
            ["a", "b", "web1", "web2"].into_iter().filter(|host| find(&resolved, host, Some("s")).is_some());
        assert_eq!(on.collect::<Vec<_>>().join(" "), want, "{lines}");
    }
    for (lines, want) in [
        ("host_name web.*,!web1.*", "a pattern cannot be taken out of a list: `!web1.*`"),
        ("host_name none.*", "no host matches `none.*`; use_regexp_matching makes a name with"),
        ("host_name web(.*", "`web(.*` is no regular expression: a `(` is never closed"),
        ("host_name ^web", "no such host: `^web`"),
    ] {
        let (resolved, problems) = resolve_on(&basis, &text(lines));
        assert!(resolved.is_none() && problems.iter().any(|p| p.contains(want)), "{lines}: {problems:?}");
    }
}
