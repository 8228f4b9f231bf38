//! What checks make of command lines that are data here: nothing is run.

use std::io::{self, BufRead, Read, Write};

use check::Examined;
use jobs::examine::{Answer, Doubt, MAX_QUESTION, Question};

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
    let Some(check) = table::find(&question.check) else { return Answer::Unknown };
    match check.examine(&question.arguments, &question.open) {
        Examined::Taken(doubts) => Answer::Taken(doubts.into_iter().map(told).collect()),
        Examined::Refused { why, culprit } => {
            let is_option = culprit.as_ref().is_some_and(|word| word.starts_with("--"));
            let options = if is_option { check.long_options() } else { Vec::new() };
            Answer::Refused { why, culprit, options }
        }
    }
}

fn told(doubt: check::Doubt) -> Doubt {
    match doubt {
        check::Doubt::NeverAlerts { option, range } => Doubt::NeverAlerts { option, range },
        check::Doubt::Hidden { warning, critical } => Doubt::Hidden { warning, critical },
        check::Doubt::Secret { option } => Doubt::Secret { option },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let Answer::Refused { why, culprit, options } = &answers[0] else { panic!("{answers:?}") };
        assert!(why.contains("--expct") && options.contains(&"--expect".to_owned()), "{answers:?}");
        assert_eq!(culprit.as_deref(), Some("--expct"));
        assert!(
            matches!(&answers[1], Answer::Refused { why, .. } if why.contains("1-minute")),
            "{answers:?}"
        );
        assert_eq!(answers[2..4], [Answer::Taken(Vec::new()), Answer::Unknown]);
        let never = Doubt::NeverAlerts { option: "--warning".to_owned(), range: "100".to_owned() };
        assert_eq!(answers[4], Answer::Taken(vec![never]));
        let Answer::Taken(doubts) = &answers[5] else { panic!("{answers:?}") };
        assert!(doubts.contains(&Doubt::Secret { option: "--authpass".to_owned() }), "{answers:?}");
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
                        doubts.iter().all(|doubt| matches!(doubt, check::Doubt::Secret { .. }))
                    }
                    // a collector's or another sentence about the check
                    Examined::Refused { .. } => !line.trim_start().starts_with('-'),
                };
                assert!(fine, "{name} {line}: {found:?}");
            }
        }
    }
}
