//! An exported file of any bytes: never an object of another host, never anything else changed.
#![no_main]

use config::{CheckMacros, Trust, load_exported};
use engine::Timestamp;
use libfuzzer_sys::fuzz_target;

const TRUSTED: &str = "define command {\n command_name check\n command_line /x/check $ARG1$ '$ARG2$' $_HOSTX$\n}\n\
define host {\n name generic\n register 0\n max_check_attempts 3\n}\n\
define service {\n name everywhere\n register 0\n max_check_attempts 3\n check_command check\n hostgroup_name all\n}\n\
define host {\n use generic\n host_name db1\n hostgroups all\n}\ndefine hostgroup {\n hostgroup_name all\n}\n\
define service {\n use everywhere\n service_description ssh\n}\n";

fuzz_target!(|text: &[u8]| {
    let configuration = load_exported(TRUSTED, "web1", text.to_vec()).expect("trusted files are sound");
    let graph = &configuration.graph;
    for id in graph.ids() {
        let host = &*graph.object(graph.host_of(id)).name;
        assert!(host == "web1" || host == "db1");
        assert!(host == "web1" || configuration.foreigners.trust(id) == Trust::Trusted);
        let _ = CheckMacros::new(&configuration, id, Timestamp::EPOCH).expand();
    }
    let of_others = graph.ids().filter(|id| &*graph.object(graph.host_of(*id)).name == "db1").count();
    assert_eq!(of_others, 2);
    let lines = configuration.command_lines();
    let problems = configuration.argument_problems(&lines, &[]);
    configuration.warnings.iter().chain(&problems).for_each(|problem| assert!(!problem.to_string().contains('\u{1b}')));
});
