//! Dependencies, each form of them with what Nagios 4.4.6 made of it. E30.

use engine::{DependencyKind, ObjectId};

use super::tests::{find, resolve_with, resolved};
use super::*;

/// Beside the base's hosts a and b: a host d; services s on all, t on a and b, u on d.
const SERVICES: &str = "define host {\n host_name d\n use gh\n}\ndefine hostgroup {\n hostgroup_name g\n members a,b\n}\n\
    define service {\n use gs\n service_description s\n host_name a,b,d\n}\n\
    define service {\n use gs\n service_description t\n host_name a,b\n servicegroups sg\n}\n\
    define service {\n use gs\n service_description u\n host_name d\n servicegroups sg2\n}\n\
    define servicegroup {\n servicegroup_name sg\n}\ndefine servicegroup {\n servicegroup_name sg2\n}\n";

fn with(of: &str, lines: &str) -> String {
    format!("{SERVICES}define {of} {{\n {}\n}}\n", lines.replace(';', "\n "))
}

/// `dependent<master` of all objects, for one kind.
fn pairs(resolved: &Resolved, kind: DependencyKind) -> Vec<String> {
    let graph = &resolved.graph;
    let of = |id: ObjectId| {
        let all = graph.dependencies(id).iter();
        let of_kind = all.filter(|dependency| graph.dependency_rule(dependency.rule).kind == kind);
        of_kind
            .map(|dependency| format!("{}<{}", graph.identity(id), graph.identity(dependency.master)))
            .collect::<Vec<_>>()
    };
    let mut pairs: Vec<String> = graph.ids().flat_map(of).collect();
    pairs.sort();
    pairs
}

/// A service group in a list of descriptions is that of the hosts in question, and none need have any of it.
#[test]
fn e30_service_groups_of_the_same_host() {
    for (lines, want) in [
        ("host_name a,d;service_description s;dependent_service_description servicegroup=sg", "a;t<a;s"),
        (
            "hostgroup_name g;service_description s;dependent_service_description servicegroup=sg,servicegroup=sg2",
            "a;t<a;s b;t<b;s",
        ),
        (
            "host_name a,d;service_description servicegroup=sg,servicegroup= sg2;dependent_host_name b;\
             dependent_service_description s",
            "b;s<a;t b;s<d;u",
        ),
    ] {
        let criteria = format!("{lines};execution_failure_criteria w");
        let resolved = resolved(&with("servicedependency", &criteria));
        assert_eq!(pairs(&resolved, DependencyKind::Execution).join(" "), want, "{lines}");
    }
    let lines = "host_name a;service_description s;dependent_service_description servicegroup=sgg;execution_failure_criteria w";
    let (_, problems) = resolve_with(&with("servicedependency", lines));
    assert!(problems.concat().contains("no such servicegroup: `sgg`; nearest known: `sg`"), "{problems:?}");
}

#[test]
fn e30_services_by_every_kind_of_list() {
    for (lines, want) in [
        ("host_name a;service_description s;dependent_service_description t", "a;t<a;s"),
        ("hostgroup_name g;service_description s;dependent_service_description t", "a;t<a;s b;t<b;s"),
        ("servicegroup_name sg;dependent_service_description s", "a;s<a;t b;s<b;t"),
        (
            "host_name a;service_description s,t;dependent_host_name d;dependent_service_description u",
            "d;u<a;s d;u<a;t",
        ),
        (
            "host_name a;service_description *,!t;dependent_host_name d;dependent_service_description u",
            "d;u<a;s",
        ),
        ("host_name a;service_description !t;dependent_host_name d;dependent_service_description u", ""),
        (
            "host_name a;service_description s;dependent_host_name d;dependent_service_description u;\
             dependent_servicegroup_name sg",
            "a;t<a;s b;t<a;s d;u<a;s",
        ),
        (
            "servicegroup_name sg2;host_name a;service_description s;dependent_host_name b;\
             dependent_service_description s",
            "b;s<a;s b;s<d;u",
        ),
        (
            "servicegroup_name sg,!sg2;dependent_host_name d;dependent_service_description s",
            "d;s<a;t d;s<b;t",
        ),
        (
            "servicegroup_name *;dependent_host_name d;dependent_service_description s",
            "d;s<a;t d;s<b;t d;s<d;u",
        ),
        (
            "host_name a,a;service_description s;dependent_host_name d,d;dependent_service_description u",
            "d;u<a;s",
        ),
        (
            "host_name *,!a,!d;service_description s;dependent_hostgroup_name g;dependent_host_name !b;\
             dependent_service_description *",
            "a;s<b;s a;t<b;s",
        ),
        ("servicegroup_name sg;dependent_servicegroup_name sg2", "d;u<a;t d;u<b;t"),
    ] {
        let text = with("servicedependency", &format!("{lines};notification_failure_criteria c"));
        let resolved = resolved(&text);
        assert_eq!(pairs(&resolved, DependencyKind::Notification).join(" "), want, "{lines}");
        assert!(pairs(&resolved, DependencyKind::Execution).is_empty());
    }
}

#[test]
fn hosts_by_every_kind_of_list() {
    for (lines, want) in [
        ("host_name a;dependent_host_name b,d", "b<a d<a"),
        ("host_name a;dependent_host_name *,!a", "b<a d<a"),
        ("host_name d;dependent_hostgroup_name g", "a<d b<d"),
        ("hostgroup_name g;dependent_host_name d", "d<a d<b"),
    ] {
        let resolved =
            resolved(&with("hostdependency", &format!("{lines};execution_failure_criteria d,u,p")));
        assert_eq!(pairs(&resolved, DependencyKind::Execution).join(" "), want, "{lines}");
    }
}

#[test]
fn criteria_give_one_rule_for_each_kind() {
    let rules = |lines: &str| {
        let text = with(
            "servicedependency",
            &format!("host_name a;service_description s;dependent_service_description t;{lines}"),
        );
        let rules = resolved(&text).graph.dependency_rules;
        let letters = |rule: &engine::DependencyRule| {
            "owucp".chars().filter(|letter| rule.failure_criteria.has(*letter)).collect::<String>()
        };
        rules.iter().map(|rule| format!("{:?} {}", rule.kind, letters(rule))).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(
        rules("execution_failure_criteria w,u;notification_failure_criteria c"),
        "Execution wu, Notification c"
    );
    assert_eq!(rules("execution_failure_criteria n;notification_failure_criteria o,p"), "Notification op");
    assert_eq!(rules("execution_failure_criteria a"), "Execution owucp");
    assert_eq!(rules("execution_failure_criteria o,n"), "");
}

#[test]
fn a_rule_has_all_that_its_definition_says() {
    let text = with(
        "servicedependency",
        "## --PUPPET_NAME-- (called '_naginator_name' in the manifest) net.test;host_name a;service_description s;\
         dependent_service_description t;execution_failure_criteria c;inherits_parent 1;dependency_period always;\
         redundancy_group uplink",
    );
    let resolved = resolved(&text);
    let rule = &resolved.graph.dependency_rules[0];
    assert!(rule.inherits_parent && rule.period.is_some());
    assert_eq!(rule.redundancy_group.as_deref(), Some("uplink"));
    assert_eq!((&*rule.origin.file, rule.origin.line), ("x.cfg", 32));
    assert_eq!(rule.origin.puppet_title.as_deref(), Some("net.test"));
}

/// Nagios holds a service's notifications back only while all its parents are bad.
#[test]
fn parents_of_a_service_are_alternatives_for_notifications() {
    let text = format!(
        "{SERVICES}define service {{\n use gs\n host_name a\n service_description v\n parents d,u,b,t\n}}\n\
         define service {{\n use gs\n host_name a,b\n service_description w\n parents s\n}}\n"
    );
    let resolved = resolved(&text);
    assert_eq!(pairs(&resolved, DependencyKind::Notification).join(" "), "a;v<b;t a;v<d;u a;w<a;s b;w<b;s");
    let id = find(&resolved, "a", Some("v")).unwrap();
    for dependency in resolved.graph.dependencies(id) {
        let rule = resolved.graph.dependency_rule(dependency.rule);
        assert_eq!(rule.redundancy_group.as_deref(), Some("parents"));
        assert_eq!(rule.origin, resolved.graph.object(id).origin);
    }
}

#[test]
fn what_is_wrong_with_a_dependency_is_named() {
    for (of, lines, want) in [
        (
            "servicedependency",
            "hostgroup_name g;host_name d;service_description t;dependent_host_name d;\
             dependent_service_description u;execution_failure_criteria c",
            "x.cfg:35: error: servicedependency: no such service: `t` on host `d`; take the host out with `!`, or \
             define the service there",
        ),
        (
            "servicedependency",
            "host_name *;service_description s;dependent_service_description nix;execution_failure_criteria c",
            "x.cfg:35: error: servicedependency: no such service: `nix` on hosts `a`, `b`, `d`; take the host out \
             with `!`, or define the service there",
        ),
        (
            "servicedependency",
            "host_name a;service_description s;dependent_host_name d;execution_failure_criteria c",
            "x.cfg:32: error: servicedependency: names hosts and has no dependent_service_description; write one, \
             several with commas, or `*` for all services of the hosts",
        ),
        (
            "servicedependency",
            "servicegroup_name sg;execution_failure_criteria c",
            "x.cfg:32: error: servicedependency: names no service that depends; write \
             `dependent_service_description`; without a dependent host it is one of the same host",
        ),
        (
            "servicedependency",
            "host_name a;service_description s;dependent_service_description *;execution_failure_criteria c",
            "x.cfg:32: error: service `a;s`: depends on itself and would never be checked: `a;s` depends on `a;s`; take one \
             of the dependencies out of the circle",
        ),
        (
            "hostdependency",
            "host_name a,b;dependent_host_name b,a;notification_failure_criteria d",
            "x.cfg:32: error: host `a`: depends on itself and would never be told of: `a` depends on `b` depends on `a`; \
             take one of the dependencies out of the circle",
        ),
        (
            "service",
            "use gs;host_name a;service_description v;parents a,s,b",
            "x.cfg:36: error: service `v`: parents has a host without a description, or one too many; write a \
             description, or hosts and descriptions in turn: `web1,http,db1,sql`",
        ),
        (
            "service",
            "use gs;host_name a;service_description v;parents v",
            "x.cfg:32: error: service `a;v`: depends on itself and would never be told of: `a;v` depends on `a;v`; take one \
             of the dependencies out of the circle",
        ),
    ] {
        let (resolved, problems) = resolve_with(&with(of, lines));
        assert!(resolved.is_none(), "{lines}");
        assert!(problems.contains(&want.to_owned()), "{lines}: {problems:#?}");
    }
}

/// As in Nagios: one waits for the other's result, that one only for a good moment to be told.
#[test]
fn a_circle_is_of_one_kind() {
    let text = format!(
        "{}define servicedependency {{\n host_name a\n service_description t\n dependent_service_description s\n \
         notification_failure_criteria c\n}}\n",
        with(
            "servicedependency",
            "host_name a;service_description s;dependent_service_description t;execution_failure_criteria c"
        )
    );
    assert!(resolve_with(&text).0.is_some());
}

#[test]
fn what_has_no_effect_is_a_warning() {
    for (of, lines, want) in [
        (
            "servicedependency",
            "dependent_host_name d;dependent_service_description u",
            "to depend on: it has no effect",
        ),
        ("hostdependency", "host_name a", "it has no effect"),
        (
            "servicedependency",
            "host_name a;service_description s;dependent_service_description t",
            "has no failure criteria: it has no effect",
        ),
    ] {
        let (resolved, problems) = resolve_with(&with(of, lines));
        assert!(resolved.is_some() && problems.iter().any(|problem| problem.contains(want)), "{problems:?}");
    }
}

/// A federation's shape, small: two definitions for each realm, links in proportion to services.
#[test]
fn e36_rules_are_shared_by_all_links_of_a_definition() {
    let hosts: Vec<String> =
        (0..50).map(|n| format!("define host {{\n host_name h{n}\n use gh\n hostgroups all\n}}\n")).collect();
    let realms: Vec<String> = (0..20)
        .map(|n| {
            format!(
                "define service {{\n use gs\n hostgroup_name all\n service_description @r{n}\n}}\n\
                 define servicedependency {{\n hostgroup_name all\n service_description HOME\n \
                 dependent_service_description @r{n}\n execution_failure_criteria w,u,c\n \
                 notification_failure_criteria w,u,c\n}}\n"
            )
        })
        .collect();
    let text = format!(
        "{}define hostgroup {{\n hostgroup_name all\n}}\ndefine service {{\n use gs\n hostgroup_name all\n \
         service_description HOME\n}}\n{}",
        hosts.concat(),
        realms.concat()
    );
    let resolved = resolved(&text);
    assert_eq!(resolved.graph.dependency_rules.len(), 40);
    assert_eq!(pairs(&resolved, DependencyKind::Execution).len(), 1000);
}
