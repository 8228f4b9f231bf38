//! Object definitions of any kind: read, resolved, the command of every object expanded and examined, every period
//! asked, and all of it printed, read again, and printed the same.
#![no_main]

use config::{Examined, load_text};
use engine::{PeriodId, Timestamp};
use hlidka_fuzz::{accepted, refused};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    match load_text("fuzz.cfg", text.to_vec()) {
        Ok(configuration) => {
            let lines = configuration.command_lines();
            let refused = Examined::Refused { why: "no".to_owned(), culprit: Some("x".to_owned()), options: Vec::new() };
            let problems = configuration.argument_problems(&lines, &vec![refused; lines.own.len()]);
            assert!(problems.len() >= usize::from(!lines.own.is_empty()));
            for id in (0..).map(PeriodId).take(configuration.graph.periods.len()) {
                let now = Timestamp::from_secs(1_800_000_000);
                let next = configuration.graph.next_opening(Some(id), now);
                assert!(next >= now && (next == Timestamp::NEVER || configuration.graph.is_open(Some(id), next)));
            }
            accepted(&configuration);
        }
        Err(problems) => refused(&problems),
    }
});
