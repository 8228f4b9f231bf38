//! What checks make of command lines that are data here: nothing is run.

use std::io::{self, BufRead, Read, Write};

use jobs::examine::{Answer, MAX_QUESTION, Question};

use crate::{sandbox, table};

/// Answers until standard input ends. A line that is no question ends it: only a daemon of another
/// version writes such.
pub(crate) fn main(input: &mut impl BufRead, out: &mut impl Write) -> io::Result<()> {
    // parsers see what any machine may have written
    let _ = sandbox::apply();
    answers(input, out)
}

fn answers(input: &mut impl BufRead, out: &mut impl Write) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        input.by_ref().take(MAX_QUESTION as u64 + 1).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(());
        }
        if line.len() > MAX_QUESTION {
            return Err(io::Error::other(format!("a question is longer than {MAX_QUESTION} bytes")));
        }
        let question: Question = serde_json::from_slice(&line)
            .map_err(|error| io::Error::other(format!("this is no question: {error}")))?;
        serde_json::to_writer(&mut *out, &answer(&question))?;
        out.write_all(b"\n")?;
        out.flush()?;
    }
}

fn answer(question: &Question) -> Answer {
    Some(table::find(&question.check)?.examine(&question.arguments, &question.open))
}

#[cfg(test)]
mod tests {
    use super::*;
    use check::{Doubt, Examined};

    fn ask(lines: &str) -> Result<Vec<Answer>, String> {
        let mut out = Vec::new();
        answers(&mut lines.as_bytes(), &mut out).map_err(|error| error.to_string())?;
        let text = String::from_utf8(out).unwrap();
        Ok(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    }

    fn question(check: &str, line: &str) -> String {
        let arguments = line.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        let question = Question { check: check.to_owned(), arguments, open: Vec::new() };
        serde_json::to_string(&question).unwrap() + "\n"
    }

    #[test]
    fn every_line_has_its_answer() {
        let lines = [
            question("check_http", "-H a.example --expct 200"),
            question("check_load", "-w 5 -c 4"),
            question("check_load", "-w 4 -c 5"),
            question("check_nothing", ""),
            question("check_memory", "-w 100% -c 90%"),
            question("check_smtp", "-H a.example --authtype LOGIN --authuser a --authpass x"),
        ];
        let answers = ask(&lines.concat()).unwrap();
        let Some(Examined::Refused { why, culprit, options }) = &answers[0] else { panic!("{answers:?}") };
        assert!(why.contains("--expct") && options.contains(&"--expect".to_owned()), "{answers:?}");
        assert_eq!(culprit.as_deref(), Some("--expct"));
        assert!(
            matches!(&answers[1], Some(Examined::Refused { why, .. }) if why.contains("1-minute")),
            "{answers:?}"
        );
        assert_eq!(answers[2..4], [Some(Examined::Taken(Vec::new())), None]);
        let never = Doubt::NeverAlerts { option: "--warning".to_owned(), range: "100".to_owned() };
        assert_eq!(answers[4], Some(Examined::Taken(vec![never])));
        let Some(Examined::Taken(doubts)) = &answers[5] else { panic!("{answers:?}") };
        assert!(doubts.contains(&Doubt::Secret { option: "--authpass".to_owned() }), "{answers:?}");
    }

    /// T16: thresholds in the words of a check are doubted like ranges.
    #[test]
    fn t16_limits_that_are_no_ranges_are_doubted_too() {
        let never = |option: &str, range: &str| Doubt::NeverAlerts {
            option: option.to_owned(),
            range: range.to_owned(),
        };
        let hidden = |warning: &str, critical: &str| Doubt::Hidden {
            warning: warning.to_owned(),
            critical: critical.to_owned(),
        };
        for (check, line, want) in [
            ("check_disk", "-w 20% -c 10% -p /", vec![]),
            ("check_disk", "-w 10% -c 10% -p /", vec![]),
            ("check_disk", "-w 10% -c 20% -p /", vec![hidden("--warning 10%", "--critical 20%")]),
            ("check_disk", "-w 200% -c 300% -p /", vec![hidden("--warning 200%", "--critical 300%")]),
            (
                "check_disk",
                "-w 10 -c 5% -p / -C -w 5 -c 10 -p /x",
                vec![hidden("--warning 5", "--critical 10")],
            ),
            ("check_disk", "-W 5% -K 10% -p /", vec![hidden("--iwarning @5", "--icritical @10")]),
            ("check_disk", "-w 101%:200% -c 5% -p /", vec![never("--warning", "101:200%")]),
            ("check_ping", "-H a -w 100,20% -c 500,100%", vec![]),
            (
                "check_ping",
                "-H a -w 100,200% -c 500,300%",
                vec![never("--warning", "200%"), never("--critical", "300%")],
            ),
            ("check_file_age", "-f /x -w 600 -c 3600", vec![]),
            ("check_file_age", "-f /x -w 1h", vec![hidden("--warning-age 3600", "--critical-age 600")]),
            ("check_file_age", "-f /x -W 5 -C 10", vec![hidden("--warning-size 5", "--critical-size 10")]),
            ("check_cluster", "-s -d 0,1,2 -w 0 -c 2", vec![]),
            (
                "check_cluster",
                "-s -d 0,1 -w 0: -c 5",
                vec![never("--warning", "0:"), never("--critical", "5")],
            ),
            ("check_cluster", "-s -d 0,1 -w 50% -c 20%", vec![hidden("--warning 50%", "--critical 20%")]),
        ] {
            assert_eq!(ask(&question(check, line)), Ok(vec![Some(Examined::Taken(want))]), "{check} {line}");
        }
    }

    /// What a check refuses for its options together, it refuses here, too.
    #[test]
    fn options_that_do_not_fit_together_are_refused() {
        for (check, line, says) in [
            ("check_http", "", "give the host by -H"),
            ("check_http_listing", "", "give the host by -H"),
            ("check_mail_loop", "--help", "checks nothing"),
        ] {
            let answers = ask(&question(check, line)).unwrap();
            let Some(Examined::Refused { why, options, .. }) = &answers[0] else { panic!("{answers:?}") };
            assert!(why.contains(says) && options.is_empty(), "{check} {line}: {answers:?}");
        }
    }

    /// What `hlidka diff` hides and `hlidka verify` warns of is what checks themselves call a secret.
    #[test]
    fn options_with_secrets_are_known_by_name() {
        let mut found = 0;
        for check in table::CHECKS {
            let name = check.definition.name;
            for argument in check.command().get_arguments() {
                let values = argument.get_value_names().unwrap_or_default();
                if !values.iter().any(|value| check::is_secret_value(value)) {
                    continue;
                }
                found += 1;
                let long = argument.get_long().unwrap_or_default();
                assert!(check::is_secret_name(long), "{name} --{long}");
                let is_known = |letter| check::secret_letters(name).contains(letter);
                assert!(argument.get_short().is_none_or(is_known), "{name} {argument:?}");
            }
        }
        assert!(found > 8, "{found}");
    }

    #[test]
    fn what_is_no_question_ends_it() {
        assert!(ask("{}\n").unwrap_err().contains("no question"));
        let long = format!("\"{}\"\n", "x".repeat(MAX_QUESTION));
        assert!(ask(&long).unwrap_err().contains("longer than"));
        assert_eq!(ask(""), Ok(Vec::new()));
    }

    /// The defaults of no check are doubted, nor is any of its own examples refused.
    #[test]
    fn examples_of_all_checks_are_taken() {
        for check in table::CHECKS {
            let name = check.definition.name;
            let joined = check.definition.examples.replace("\\\n", " ");
            for line in joined.lines().map(str::trim).filter_map(|line| line.strip_prefix(name)) {
                let Some(line) = line.strip_prefix(' ').filter(|line| !line.contains(['\'', '"', '$', '`']))
                else {
                    continue;
                };
                let line = line.split(" #").next().unwrap_or_default();
                let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
                let found = check.examine(&words, &[]);
                let fine = match &found {
                    Examined::Taken(doubts) => {
                        doubts.iter().all(|doubt| matches!(doubt, Doubt::Secret { .. }))
                    }
                    // a collector's or another sentence about the check
                    Examined::Refused { .. } => !line.trim_start().starts_with('-'),
                };
                assert!(fine, "{name} {line}: {found:?}");
            }
        }
    }
}
