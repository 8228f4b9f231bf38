//! Each different command line once, and one problem for each cause.

use super::*;
use crate::load::load_text;

const BASE: &str = "define command {\n command_name http\n command_line $USER1$/check_http -H $HOSTADDRESS$ $ARG1$\n}\n\
    define command {\n command_name web\n command_line $USER1$/check_http -H $HOSTADDRESS$ --expct 200\n}\n\
    define command {\n command_name realm\n command_line $USER1$/check_eap -H $HOSTNAME$ -u x@$_SERVICEREALM$\n}\n\
    define host {\n name t\n register 0\n max_check_attempts 1\n contacts null\n}\n\
    define host {\n host_name a\n use t\n}\ndefine host {\n host_name b\n use t\n}\n\
    define service {\n name s\n register 0\n max_check_attempts 1\n contacts null\n host_name a,b\n}\n";

fn service(name: &str, check: &str, more: &str) -> String {
    let check = if check.is_empty() { String::new() } else { format!(" check_command {check}\n") };
    format!("define service {{\n use s\n service_description {name}\n{check}{more}}}\n")
}

fn loaded(text: &str) -> Configuration {
    load_text("x.cfg", format!("{text}{BASE}").into()).unwrap()
}

/// The lines that are asked about, as a shell has them.
fn lines(of: &Configuration) -> Vec<String> {
    let own = of.command_lines().own;
    own.iter().map(|own| format!("{}x {} {}", own.objects, own.name, own.arguments.join(" "))).collect()
}

/// What is said if every line with one of these words is refused for it.
fn refused(of: &Configuration, words: &[&str]) -> Vec<String> {
    let lines = of.command_lines();
    let verdict = |own: &OwnCheck| {
        let word = own.arguments.iter().find(|word| words.contains(&word.as_str()));
        match word {
            Some(word) => Examined::Refused {
                why: format!("no {word}"),
                culprit: Some(word.clone()),
                options: vec!["--expect".to_owned(), "--warning".to_owned()],
            },
            None => Examined::Taken(Vec::new()),
        }
    };
    let verdicts: Vec<Examined> = lines.own.iter().map(verdict).collect();
    of.argument_problems(&lines, &verdicts).iter().map(ToString::to_string).collect()
}

#[test]
fn names_and_addresses_make_no_line_another() {
    let of = loaded(&(service("x", "http!-w 5 -s \"a b\"", "") + &service("y", "http!-w 5 -s \"a b\"", "")));
    assert_eq!(lines(&of), ["4x check_http -H a -w 5 -s a b"]);
    let own = of.command_lines().own;
    assert_eq!(own[0].arguments, ["-H", "a", "-w", "5", "-s", "a b"]);
}

#[test]
fn custom_variables_and_arguments_do() {
    let one = service("x", "realm", " _REALM one.example\n");
    let two = service("y", "realm", " _REALM two.example\n");
    let of = loaded(&format!("{one}{two}{}", service("z", "http!-S", "")));
    assert_eq!(
        lines(&of),
        ["2x check_eap -H a -u x@one.example", "2x check_eap -H a -u x@two.example", "2x check_http -H a -S"]
    );
}

#[test]
fn arguments_that_a_command_does_not_use_do_not() {
    let of = loaded(&(service("x", "http!-S!one", "") + &service("y", "http!-S!two", "")));
    assert_eq!(lines(&of), ["4x check_http -H a -S"]);
}

#[test]
fn only_programs_in_the_folder_of_plugins_are_asked() {
    for line in
        ["/usr/lib/nagios/plugins/check_http -H x", "check_http -H x", "$USER1$/check_http -H x | cat"]
    {
        let command = format!("define command {{\n command_name other\n command_line {line}\n}}\n");
        assert_eq!(lines(&loaded(&(command + &service("x", "other", "")))), Vec::<String>::new(), "{line}");
    }
}

#[test]
fn what_only_a_check_knows_is_open() {
    let command = "define command {\n command_name late\n command_line $USER1$/check_dummy $ARG1$ $HOSTNAME$ \
        $SERVICESTATEID:a:x$,$SERVICESTATEID:b:x$ $TIMET$ $LASTSERVICECHECK$ $SERVICEOUTPUT$ $USER1$\n}\n";
    let own = loaded(&(command.to_owned() + &service("x", "late!$HOSTSTATE$", ""))).command_lines().own;
    assert_eq!(own[0].arguments, ["UP", "a", "0,0", "0", "0", "fine", "/usr/lib/hlidka/plugins"]);
    assert_eq!(own[0].open, [0, 2, 3, 4, 5]);
    assert_eq!(own.len(), 1);
}

#[test]
fn a_typo_in_a_command_is_one_error_at_the_command() {
    let services: String = (0..100).map(|n| service(&format!("s{n}"), "web", "")).collect();
    let of = loaded(&services);
    let line = 1 + services.lines().count() + 4;
    assert_eq!(
        refused(&of, &["--expct"]),
        [format!(
            "x.cfg:{line}: error: command `web`: check_http refuses its arguments and would always be UNKNOWN: no --expct \
             (200 objects use it); nearest known: `--expect`"
        )]
    );
}

#[test]
fn a_wrong_argument_is_an_error_where_the_argument_stands() {
    let of = loaded(&(service("x", "http!--expct", "") + &service("y", "http!--expect", "")));
    let said = refused(&of, &["--expct"]);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].starts_with("x.cfg:1: error: `a;x`: check_http refuses")
            && said[0].contains("1 more object)")
    );
    // the template says it for both
    let template = "define service {\n name t\n use s\n register 0\n check_command http!--expct\n}\n";
    let both =
        service("x", "", "").replace("use s", "use t") + &service("y", "", "").replace("use s", "use t");
    let said = refused(&loaded(&format!("{template}{both}")), &["--expct"]);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("x.cfg:5: error: ") && said[0].contains("3 more objects)"), "{said:?}");
}

/// What no word is to blame for is the fault of whoever says all.
#[test]
fn what_does_not_fit_together_is_said_once() {
    let of = loaded(&(service("x", "web", "") + &service("y", "http!-S", "") + &service("z", "http!-N", "")));
    let all = |_: &OwnCheck| Examined::Refused { why: "bad".to_owned(), culprit: None, options: Vec::new() };
    let lines = of.command_lines();
    let verdicts: Vec<Examined> = lines.own.iter().map(all).collect();
    let said = of.argument_problems(&lines, &verdicts);
    let objects: Vec<&str> = said.iter().filter_map(|problem| problem.object.as_deref()).collect();
    assert_eq!(objects, ["command `http`", "command `web`"], "every use of http is wrong");
    let verdicts: Vec<Examined> = lines
        .own
        .iter()
        .map(|own| {
            let doubt = Doubt::NeverAlerts { option: "--critical".to_owned(), range: "0:".to_owned() };
            Examined::Taken(if own.arguments.contains(&"-S".to_owned()) { vec![doubt] } else { Vec::new() })
        })
        .collect();
    let said = of.argument_problems(&lines, &verdicts);
    assert_eq!(said.len(), 1);
    assert_eq!((said[0].concern, said[0].object.as_deref()), (Some(Concern::NeverAlerts), Some("`a;y`")));
    assert!(!said[0].is_error());
}

#[test]
fn secrets_of_other_plugins_are_seen_without_asking() {
    let command = "define command {\n command_name theirs\n command_line /opt/x --password $ARG1$\n}\n";
    let of =
        loaded(&(command.to_owned() + &service("x", "theirs!s3cret", "") + &service("y", "theirs!", "")));
    let said: Vec<String> =
        of.argument_problems(&of.command_lines(), &[]).iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("warning: `a;x`: a secret is among the arguments (--password)"), "{said:?}");
    assert!(!said[0].contains("s3cret"), "{said:?}");
}

#[test]
fn what_a_machine_wrote_about_itself_stops_nobody() {
    let trusted = "define command {\n command_name http\n command_line $USER1$/check_http -H $HOSTADDRESS$ -u $ARG1$\n}\n";
    let exported = "define host {\n host_name m\n max_check_attempts 1\n contacts null\n}\n\
        define service {\n host_name m\n service_description w\n max_check_attempts 1\n contacts null\n \
        check_command http!bad\n}\n";
    let of = crate::load::load_exported(trusted, "m", exported.into()).unwrap();
    let said = refused(&of, &["bad"]);
    assert!(said.len() == 1 && said[0].contains(": warning: `m;w`: check_http refuses"), "{said:?}");
    // not even by a word that the command has too
    let copied = exported.replace("http!bad", "http!x-H");
    let of = crate::load::load_exported(trusted, "m", copied.into()).unwrap();
    let lines = of.command_lines();
    let refused =
        Examined::Refused { why: "bad".to_owned(), culprit: Some("-H".to_owned()), options: Vec::new() };
    let said = of.argument_problems(&lines, &[refused]);
    assert!(said.len() == 1 && !said[0].is_error(), "{said:?}");
}

#[test]
fn nobody_to_ask_is_said_once_and_only_if_there_is_a_question() {
    let of = loaded(&service("x", "web", ""));
    let problem = of.not_examined(&of.command_lines(), "hlidka-worker is not installed").unwrap();
    assert!(
        problem.to_string().starts_with("x.cfg: warning: arguments of checks were not examined"),
        "{problem}"
    );
    let of = loaded("");
    assert!(of.not_examined(&of.command_lines(), "x").is_none());
}
