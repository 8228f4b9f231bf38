//! Lines of the command file: read, resolved against a small configuration, and carried out.
#![no_main]

use std::sync::Arc;
use std::sync::LazyLock;

use engine::external::{done, parse, resolve};
use engine::{Action, Engine, Event, Graph, Limits, Restored, Span, Timestamp};
use libfuzzer_sys::fuzz_target;

const OBJECTS: &str = "
define command {\n command_name c\n command_line /bin/true\n}
define contact {\n contact_name a\n email a@example.org\n host_notification_options d,u,r\n}
define host {\n host_name h\n address 192.0.2.1\n max_check_attempts 2\n contacts a\n check_command c\n}
define host {\n host_name i\n address 192.0.2.2\n max_check_attempts 1\n contacts a\n parents h\n}
define hostgroup {\n hostgroup_name g\n members h,i\n}
define service {\n host_name h\n service_description s\n max_check_attempts 2\n contacts a\n check_command c\n}
define servicegroup {\n servicegroup_name g\n members h,s\n}
";

static GRAPH: LazyLock<Arc<Graph>> = LazyLock::new(|| {
    config::load_text("fuzz.cfg", OBJECTS.into()).expect("the objects above are sound").graph
});

fuzz_target!(|text: &str| {
    let mut now = Timestamp::from_secs(1_800_000_000);
    let mut engine = Engine::new(GRAPH.clone(), Limits::default(), Restored::steady(&GRAPH, now), now);
    for line in text.split('\n').take(50) {
        let events = match parse(line).and_then(|command| resolve(&command, &engine, now)) {
            Ok(events) => events,
            Err(error) => {
                // a refusal says why, and no terminal obeys it
                let said = error.to_string();
                assert!(!said.is_empty() && !said.chars().any(char::is_control), "{said:?}");
                continue;
            }
        };
        assert!(!events.is_empty() && !done(&events, &engine).is_empty());
        for event in events {
            engine.handle(event, now);
        }
        now = now + Span::from_secs(9);
        engine.handle_timeout(now);
        while let Some(action) = engine.poll_action() {
            if let Action::Run(job) = action {
                engine.handle(Event::Lost(job.object), now);
            }
        }
    }
});
