//! Directives of hosts and services that change what the engine does, and hlidka's own. T05, E17, E18.

use engine::{Budget, Check, Condition, FlapThresholds, Settings, Span};

use super::tests::{find, resolve_on, resolve_with, resolved};
use super::*;
use crate::basis::Basis;

fn host(lines: &str) -> Settings {
    let resolved =
        resolved(&format!("define host {{\n host_name x\n use gh\n {}\n}}\n", lines.replace(';', "\n ")));
    resolved.graph.settings(find(&resolved, "x", None).unwrap()).clone()
}

fn service(lines: &str) -> Settings {
    let resolved = resolved(&format!(
        "define service {{\n use gs\n host_name a\n service_description s\n {}\n}}\n",
        lines.replace(';', "\n ")
    ));
    resolved.graph.settings(find(&resolved, "a", Some("s")).unwrap()).clone()
}

#[test]
fn stale_results_have_an_age() {
    assert_eq!(service("check_interval 7").freshness, None);
    assert_eq!(service("check_interval 7;freshness_threshold 77").freshness, None);
    assert_eq!(service("check_interval 7;check_freshness 1").freshness, Some(Span::from_secs(7 * 60 + 15)));
    assert_eq!(host("check_freshness 1;freshness_threshold 77").freshness, Some(Span::from_secs(77)));
}

#[test]
fn flapping_has_common_thresholds_and_own_ones() {
    let both = |low, high| Some(FlapThresholds { low, high });
    assert_eq!(service("").flapping, both(2000, 3000));
    assert_eq!(service("low_flap_threshold 5.5;high_flap_threshold 0").flapping, both(550, 3000));
    assert_eq!(host("high_flap_threshold 40").flapping, both(2000, 4000));
    assert_eq!(host("flap_detection_enabled 0;high_flap_threshold 40").flapping, None);
    let options = service("flap_detection_options o,c").flap_options;
    assert!(options.has('o') && options.has('c') && !options.has('w'));
    assert_eq!(host("").flap_options, engine::Letters::ALL);
}

#[test]
fn t05_failure_budgets_are_own_ones_or_common() {
    let budget = |text: &str| Budget::parse(text).ok();
    assert_eq!(service("").failure_budget, None);
    assert_eq!(service("failure_budget 3/7d").failure_budget, budget("3/7d"));
    assert_eq!(service("_FAILURE_BUDGET 5%/7d").failure_budget, budget("5%/7d"));
    assert_eq!(service("_failure_budget 1/1d;failure_budget 3/7d").failure_budget, budget("3/7d"));
    let common = Basis { failure_budget: budget("9/1w"), ..Basis::default() };
    for (lines, want) in [
        ("", "9/1w"),
        ("failure_budget 3/7d", "3/7d"),
        ("failure_budget null", ""),
        ("_FAILURE_BUDGET none", ""),
    ] {
        let text = format!("define host {{\n host_name x\n use gh\n {lines}\n}}\n");
        let resolved = resolve_on(&common, &text).0.unwrap();
        let id = find(&resolved, "x", None).unwrap();
        assert_eq!(resolved.graph.settings(id).failure_budget, budget(want), "{lines}");
    }
    let (resolved, problems) =
        resolve_with("define host {\n host_name x\n use gh\n failure_budget often\n}\n");
    assert!(
        resolved.is_none()
            && problems[0].starts_with("x.cfg:4: error: host `x`: `often` is no failure budget")
    );
}

#[test]
fn first_conditions_stalking_and_handlers() {
    for (lines, want) in [("", None), ("initial_state o", None), ("initial_state d", Some(Condition::Down))] {
        assert_eq!(host(lines).initial, want, "{lines}");
    }
    assert_eq!(service("initial_state u").initial, Some(Condition::Unknown));
    assert_eq!(service("initial_state w").initial, Some(Condition::Warning));
    let stalking = service("stalking_options o,c").stalking;
    assert!(stalking.has('o') && stalking.has('c') && !stalking.has('w'));
    assert_eq!(service("").stalking, engine::Letters::NONE);
    assert!(service("is_volatile 1").is_volatile && !service("event_handler_enabled 0").event_handler);
    let resolved = resolved("define host {\n host_name x\n use gh\n event_handler c!restart\n}\n");
    let handler = resolved.graph.event_handler(find(&resolved, "x", None).unwrap()).unwrap();
    assert_eq!(handler.arguments.first().map(|argument| &**argument), Some("restart"));
}

/// Three hosts, two of them in a group; on each PING and a realm, on two HOME.
const NETWORK: &str = "define host {\n host_name r1\n use gh\n alias first\n _REALM one\n}\n\
    define host {\n host_name r2\n use gh\n}\ndefine host {\n host_name s3\n use gh\n}\n\
    define hostgroup {\n hostgroup_name rs\n members r1,r2\n}\n\
    define servicegroup {\n servicegroup_name homes\n}\n\
    define service {\n use gs\n host_name r1,r2,s3\n service_description PING\n}\n\
    define service {\n use gs\n host_name r1,s3\n service_description HOME\n servicegroups homes\n}\n\
    define service {\n use gs\n host_name r1,r2\n service_description @one\n}\n\
    define service {\n use gs\n host_name r2\n service_description @two\n}\n";

fn cluster(selector: &str, limits: &str) -> (Option<engine::Cluster>, Option<Resolved>, Vec<String>) {
    let text = format!(
        "{NETWORK}define service {{\n use gs\n host_name r1\n service_description ALIVE\n \
         check_command hlidka:cluster!{selector}!{limits}\n}}\n"
    );
    let (resolved, problems) = resolve_with(&text);
    let cluster = resolved.as_ref().and_then(|resolved| {
        let id = find(resolved, "r1", Some("ALIVE"))?;
        match resolved.graph.object(id).check.as_ref()? {
            Check::Cluster(cluster) => Some((**cluster).clone()),
            Check::Command(_) | Check::Stale => None,
        }
    });
    (cluster, resolved, problems)
}

#[test]
fn e18_a_selector_finds_its_members() {
    for (selector, want) in [
        ("r1", "r1"),
        ("r*", "r1 r2"),
        ("*", "a b r1 r2 s3"),
        ("hostgroup=rs", "r1 r2"),
        ("r1:PING", "r1;PING"),
        ("*:PING", "r1;PING r2;PING s3;PING"),
        ("*:PING,\\!r1:PING", "r2;PING s3;PING"),
        ("*:PING, \\! hostgroup=rs:PING", "s3;PING"),
        (":@*", "r1;@one"),
        ("hostgroup=rs:@*", "r1;@one r2;@one r2;@two"),
        ("servicegroup=homes", "r1;HOME s3;HOME"),
        ("r*:servicegroup=homes", "r1;HOME"),
        (":*", "r1;PING r1;HOME r1;@one"),
        ("$HOSTNAME$:PING,s3", "s3 r1;PING"),
        ("*:@$_HOSTREALM$,\\!$HOSTNAME$:*", "r2;@one"),
        ("r1:PING,r1,r1:PING", "r1 r1;PING"),
    ] {
        let (cluster, resolved, problems) = cluster(selector, ">=100%!>0");
        let (cluster, resolved) =
            (cluster.unwrap_or_else(|| panic!("{selector}: {problems:?}")), resolved.unwrap());
        let names: Vec<String> =
            cluster.members.iter().map(|id| resolved.graph.identity(*id).to_string()).collect();
        assert_eq!(names.join(" "), want, "{selector}");
        assert_eq!(&*cluster.command, format!("hlidka:cluster!{selector}!>=100%!>0"));
    }
}

#[test]
fn e17_limits_of_a_cluster_are_read() {
    let (cluster, ..) = cluster("servicegroup=homes", "80%!>=2");
    let cluster = cluster.unwrap();
    assert_eq!((cluster.warning.to_string(), cluster.critical.to_string()), (">80%".into(), ">=2".into()));
}

#[test]
fn what_is_wrong_with_a_cluster_is_named() {
    for (selector, limits, want) in [
        ("nosuch", "1!1", "no such host: `nosuch`"),
        ("hostgroup=nosuch", "1!1", "no such hostgroup: `nosuch`"),
        ("servicegroup=home", "1!1", "no such servicegroup: `home`; nearest known: `homes`"),
        ("r1", "many!1", "`many` is no limit"),
        ("r1", "1", "hlidka:cluster has 2 arguments instead of 3; write hlidka:cluster!SELECTOR!WARN!CRIT"),
        ("!r1", "1!1", "hlidka:cluster has 4 arguments instead of 3"),
        ("$_HOSTNOSUCH$", "1!1", "`$_HOSTNOSUCH$` has no value in a selector"),
    ] {
        let (_, resolved, problems) = cluster(selector, limits);
        assert!(resolved.is_none(), "{selector}");
        assert!(problems.iter().any(|problem| problem.contains(want)), "{selector}: {problems:?}");
    }
    let (found, _, problems) = cluster("s*:nosuch*", "1!1");
    assert!(found.is_some_and(|cluster| cluster.members.is_empty()));
    assert!(problems.iter().any(|problem| problem.contains("warning") && problem.contains("finds nothing")));
    let (resolved, problems) =
        resolve_with("define host {\n host_name x\n use gh\n check_command hlidka:cluster!*!1!1\n}\n");
    assert!(resolved.is_none() && problems[0].contains("a host cannot be checked by"), "{problems:?}");
    let (resolved, problems) = resolve_with(
        "define service {\n use gs\n host_name a\n service_description s\n check_command hlidka:clutter!x\n}\n",
    );
    assert!(resolved.is_none() && problems[0].contains("no such check: `hlidka:clutter`"), "{problems:?}");
}

/// The examples of `docs/directives.md`, with what they refer to.
#[test]
fn the_documentation_has_examples_that_work() {
    const NAMED: &str = "define host {\n name generic-host\n register 0\n max_check_attempts 3\n}\n\
        define service {\n name generic-service\n register 0\n max_check_attempts 3\n check_command c\n}\n\
        define command {\n command_name check_http\n command_line /bin/true\n}\n\
        define host {\n host_name web1\n use gh\n}\ndefine host {\n host_name gate1\n use gh\n}\n\
        define host {\n host_name gate2\n use gh\n}\ndefine host {\n host_name radius1\n use gh\n}\n\
        define hostgroup {\n hostgroup_name radius-servers\n members radius1\n}\n\
        define servicegroup {\n servicegroup_name home-servers\n}\n\
        define service {\n use gs\n host_name gate1,gate2\n service_description VPN\n}\n\
        define service {\n use gs\n host_name radius1\n service_description @home\n servicegroups home-servers\n}\n\
        define service {\n use gs\n host_name radius1\n service_description @guest\n}\n";
    let web = "define service {\n use gs\n host_name web1\n service_description HTTP\n}\n";
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/directives.md")).unwrap();
    for (title, more) in [("failure_budget", ""), ("redundancy_group", web), ("hlidka:cluster", "")] {
        let (_, section) = page.split_once(&format!("\n## {title}\n")).expect("a section of this title");
        let section = section.split("\n## ").next().unwrap_or_default();
        let examples: String =
            section.split("```\n").skip(1).step_by(2).filter(|block| block.starts_with("define")).collect();
        assert!(examples.contains(title), "{title}");
        let (resolved, problems) = resolve_with(&format!("{NAMED}{more}{examples}"));
        assert!(resolved.is_some(), "{title}: {problems:#?}");
        let wrong: Vec<&String> =
            problems.iter().filter(|problem| problem.contains("finds nothing")).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
