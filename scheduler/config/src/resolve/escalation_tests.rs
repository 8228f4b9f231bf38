//! Escalations, with what Nagios 4.4.6 made of the same definitions.

use engine::{ObjectId, Span};

use super::tests::{find, resolve_with, resolved};
use super::*;

/// A host e with a contact of its own, a service s that takes the host's and t with its own.
const OBJECTS: &str = "define host {\n host_name e\n use gh\n contacts ann\n contact_groups null\n \
    notification_period null\n}\n\
    define service {\n use gs\n host_name e\n service_description s\n notification_interval 9\n}\n\
    define service {\n use gs\n host_name e\n service_description t\n contacts root\n notification_period always\n \
    servicegroups sg\n}\ndefine servicegroup {\n servicegroup_name sg\n}\n\
    define service {\n use gs\n host_name a,b\n service_description x\n}\n\
    define hostgroup {\n hostgroup_name g\n members a,b\n}\n";

fn with(of: &str, lines: &str) -> String {
    format!("{OBJECTS}define {of} {{\n {}\n}}\n", lines.replace(';', "\n "))
}

/// `object: first-last contacts period interval` of every object that has an escalation.
fn escalations(resolved: &Resolved) -> Vec<String> {
    let graph = &resolved.graph;
    let of = |id: ObjectId| {
        let line = move |escalation: &engine::Escalation| {
            let names: Vec<&str> =
                escalation.contacts.iter().map(|contact| &*graph.contact(*contact).name).collect();
            let period = escalation.period.map_or("-", |period| &*graph.period(period).name);
            let interval = escalation.notification_interval;
            format!(
                "{}: {}-{} [{}] {period} {}",
                graph.identity(id),
                escalation.first_notification,
                escalation.last_notification,
                names.join(","),
                interval.map_or("-".to_owned(), |span| (span.as_secs_f64() / 60.0).to_string())
            )
        };
        graph.escalations(id).map(line).collect::<Vec<_>>()
    };
    graph.ids().flat_map(of).collect()
}

#[test]
fn what_is_not_said_comes_from_the_service() {
    for (lines, want) in [
        ("host_name e;service_description s", "e;s: 1-0 [ann] - -"),
        (
            "host_name e;service_description t;first_notification 2;last_notification 4",
            "e;t: 2-4 [root] always -",
        ),
        ("host_name e;service_description s;contacts null", "e;s: 1-0 [] - -"),
        ("host_name e;service_description s;contacts +root", "e;s: 1-0 [root,ann] - -"),
        ("host_name e;service_description s;contacts root", "e;s: 1-0 [root] - -"),
        ("host_name e;service_description s;contact_groups +admins", "e;s: 1-0 [root] - -"),
        ("host_name e;service_description t;contact_groups all", "e;t: 1-0 [ann] always -"),
        (
            "host_name e;service_description t;contacts ann;notification_interval 0;escalation_period null",
            "e;t: 1-0 [ann] - 0",
        ),
        ("host_name e;service_description s;escalation_period always", "e;s: 1-0 [ann] always -"),
        ("servicegroup_name sg;notification_interval 60", "e;t: 1-0 [root] always 60"),
        ("hostgroup_name g;service_description *", "a;x: 1-0 [root] always -|b;x: 1-0 [root] always -"),
        ("hostgroup_name g;host_name !a;service_description x", "b;x: 1-0 [root] always -"),
    ] {
        let resolved = resolved(&with("serviceescalation", lines));
        assert_eq!(escalations(&resolved).join("|"), want, "{lines}");
    }
}

#[test]
fn hosts_are_escalated_too() {
    for (lines, want) in [
        ("host_name e;first_notification 3;notification_interval 15", "e: 3-0 [ann] - 15"),
        ("host_name *,!a,!b;contacts +root", "e: 1-0 [root,ann] - -"),
        ("hostgroup_name g", "a: 1-0 [root] always -|b: 1-0 [root] always -"),
    ] {
        let resolved = resolved(&with("hostescalation", lines));
        assert_eq!(escalations(&resolved).join("|"), want, "{lines}");
    }
}

/// The half hour of all objects is nothing that they say: what is escalated then is told once.
#[test]
fn an_interval_that_nobody_wrote_is_none() {
    let hosts = "define host {\n host_name n\n max_check_attempts 1\n contacts ann\n}\n\
        define service {\n use gs\n host_name n,e\n service_description u\n}\n\
        define service {\n use gs\n host_name n\n service_description w\n notification_interval 8\n}\n";
    for (of, lines, want) in [
        ("hostescalation", "host_name n", "n: 1-0 [ann] - 0"),
        ("hostescalation", "host_name n;notification_interval 5", "n: 1-0 [ann] - 5"),
        ("serviceescalation", "host_name n,e;service_description u", "n;u: 1-0 [ann] - 0|e;u: 1-0 [ann] - -"),
        ("serviceescalation", "host_name n;service_description w", "n;w: 1-0 [ann] - -"),
    ] {
        let resolved = resolved(&format!("{hosts}{}", with(of, lines)));
        let mut found = escalations(&resolved);
        found.sort_by_key(|line| line.starts_with("e;"));
        assert_eq!(found.join("|"), want, "{of} {lines}");
    }
}

#[test]
fn equal_ones_are_stored_once_with_their_origin_and_options() {
    let text = with(
        "hostescalation",
        "## --PUPPET_NAME-- (called '_naginator_name' in the manifest) to the boss;hostgroup_name g;\
         escalation_options d,r",
    );
    let resolved = resolved(&text);
    let [escalation] = resolved.graph.escalations.as_slice() else { panic!("one, for a and b") };
    assert_eq!(escalation.origin.puppet_title.as_deref(), Some("to the boss"));
    assert!(escalation.options.has('d') && escalation.options.has('r') && !escalation.options.has('u'));
    let id = find(&resolved, "b", None).unwrap();
    assert_eq!(resolved.graph.escalations(id).count(), 1);
    assert_eq!(resolved.graph.settings(id).notification_interval, Span::from_minutes(7.0));
}

#[test]
fn what_is_wrong_with_an_escalation_is_named() {
    for (of, lines, want) in [
        ("serviceescalation", "service_description t", "does not say what is escalated; write `host_name`"),
        ("serviceescalation", "host_name a", "names hosts and has no service_description"),
        ("serviceescalation", "host_name a;service_description t", "no such service: `t` on host `a`"),
        ("hostescalation", "contacts root", "does not say what is escalated"),
        ("hostescalation", "host_name a;contacts nobody", "no such contact: `nobody`"),
        ("hostescalation", "host_name a;notification_interval -1", "notification_interval is negative"),
        ("hostescalation", "host_name a;escalation_period never", "no such timeperiod: `never`"),
        ("hostescalation", "host_name a;escalation_options w", "does not know `w`"),
    ] {
        let (resolved, problems) = resolve_with(&with(of, lines));
        assert!(resolved.is_none() || want.contains("does not know"), "{lines}");
        assert!(problems.iter().any(|problem| problem.contains(want)), "{lines}: {problems:#?}");
    }
    let (resolved, problems) = resolve_with(&with("hostescalation", "host_name a;last_notification -2"));
    assert_eq!(escalations(&resolved.unwrap()), ["a: 1-0 [root] always -"]);
    assert!(problems[0].contains("last_notification is negative and counts as 0"), "{problems:?}");
}
