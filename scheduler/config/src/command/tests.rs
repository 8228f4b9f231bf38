//! Command lines as they stand in Debian's files, and output that nobody should trust.

use std::process::Command;

use proptest::prelude::*;

use super::*;

/// `ARG…` are arguments, `USER…` words, `NO…` unknown, all else is data.
fn lookup<'a>(values: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<MacroValue<'a>> {
    move |name| {
        let (_, value) = values.iter().find(|(known, _)| *known == name)?;
        Some(match name.get(..3) {
            Some("ARG") => MacroValue::Template(Cow::Borrowed(value)),
            Some("USE") => MacroValue::Words(Cow::Borrowed(value)),
            _ => MacroValue::Data(Cow::Borrowed(value)),
        })
    }
}

fn argv(line: &str, values: &[(&str, &str)]) -> Vec<String> {
    match expand(line, &lookup(values)) {
        CommandLine::Argv(words) => words,
        CommandLine::Shell { script, .. } => panic!("a shell for {line}: {script}"),
    }
}

/// Runs a script as it will be run, and returns what it prints.
fn run(line: &str, values: &[(&str, &str)]) -> String {
    let CommandLine::Shell { script, environment } = expand(line, &lookup(values)) else {
        panic!("no shell for {line}")
    };
    let mut outputs = ["/bin/sh", "/bin/bash"].map(|shell| {
        let output =
            Command::new(shell).arg("-c").arg(&script).envs(environment.iter().cloned()).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{script}");
        String::from_utf8(output.stdout).unwrap()
    });
    assert_eq!(outputs[0], outputs[1], "{script}");
    std::mem::take(&mut outputs[0])
}

const HOSTILE: &str =
    "$(touch TOUCHED) `touch TOUCHED`; touch TOUCHED | touch TOUCHED & \" ' \\ \\\" $HOME ${IFS} * \n ) }";

/// The hostile text with a file of this test in it, which must not come into being.
fn hostile(folder: &tempfile::TempDir) -> (String, std::path::PathBuf) {
    let file = folder.path().join("touched");
    (HOSTILE.replace("TOUCHED", &file.display().to_string()), file)
}

#[test]
fn words_are_split_before_macros_are_expanded() {
    let values = [
        ("ARG1", "-w 5 -s \"x y\""),
        ("ARG2", ""),
        ("ARG3", "$DATA$ '$DATA$' $ARG1$"),
        ("ARG4", "'200"),
        ("ARG5", "a\\nb\\\\d \\$q $$x"),
        ("USER1", "/usr/lib/nagios/plugins"),
        ("USER2", "-4 -v"),
        ("DATA", "two  words"),
        ("EMPTY", ""),
    ];
    let cases: &[(&str, &[&str])] = &[
        ("$USER1$/check_x -H $DATA$", &["/usr/lib/nagios/plugins/check_x", "-H", "two  words"]),
        ("c $ARG1$ e", &["c", "-w", "5", "-s", "x y", "e"]),
        ("c \"$ARG1$\" e", &["c", "-w 5 -s \"x y\"", "e"]),
        ("c '$ARG1$'", &["c", "-w 5 -s \"x y\""]),
        ("c -x$ARG1$y", &["c", "-x-w", "5", "-s", "x yy"]),
        ("c $ARG2$ e", &["c", "e"]),
        ("c '$ARG2$' e", &["c", "", "e"]),
        ("c $EMPTY$ e", &["c", "", "e"]),
        ("c $ARG3$", &["c", "two  words", "two  words", "-w", "5", "-s", "x y"]),
        ("c -e $ARG4$ -x", &["c", "-e", "200", "-x"]),
        ("c $ARG5$", &["c", "anb\\d", "$q", "$x"]),
        ("c \"$ARG5$\"", &["c", "a\\nb\\\\d \\$q $x"]),
        ("c $USER2$ \"$USER2$\"", &["c", "-4", "-v", "-4 -v"]),
        ("c $NO$ '$NO$' $$ \\$$5 5$$", &["c", "$NO$", "$NO$", "$", "$5", "5$"]),
        ("c a\\ b 'c d'\"e f\" \"g\\\"h\\n\" ''", &["c", "a b", "c de f", "g\"h\\n", ""]),
        ("c 'open $DATA$", &["c", "open two  words"]),
        ("  c   \t d  ", &["c", "d"]),
        ("c -u /x?a=* ~ # !", &["c", "-u", "/x?a=*", "~", "#", "!"]),
        ("c \\$DATA$ \"\\$DATA$\"", &["c", "two  words", "\\two  words"]),
        ("", &[]),
    ];
    for (line, want) in cases {
        assert_eq!(argv(line, &values), *want, "{line}");
    }
}

#[test]
fn hostile_data_stays_one_word() {
    let folder = tempfile::tempdir().unwrap();
    let (text, _) = hostile(&folder);
    for line in ["c $OUT$ e", "c \"$OUT$\" e", "c '$OUT$' e", "c $ARG1$ e"] {
        assert_eq!(argv(line, &[("OUT", &text), ("ARG1", "$OUT$")]), ["c", &text, "e"], "{line}");
    }
}

#[test]
fn only_what_needs_a_shell_gets_one() {
    for (line, want) in [
        ("c a b", false),
        ("c 'a | b; c > d' \"e & f\"", false),
        ("c a\\|b", false),
        ("c $X$ $$ $$5 *", false),
        ("c '$$HOME'", false),
        ("c a=b", false),
        ("c | d", true),
        ("c > d", true),
        ("c; d", true),
        ("c && d", true),
        ("c `d`", true),
        ("c \"`d`\"", true),
        ("c $(d)", true),
        ("c \"$$(d)\"", true),
        ("c $$HOME", true),
        ("c $HOME/x", true),
        ("LC_ALL=C c", true),
        ("(c)", true),
    ] {
        assert_eq!(needs_shell(line), want, "{line}");
    }
}

#[test]
fn a_shell_sees_values_in_every_kind_of_quotes() {
    let values = [
        ("ARG1", "-w 5 'x  y' $OUT$"),
        ("ARG2", "it's"),
        ("ARG3", ""),
        ("USER1", "/usr/bin"),
        ("OUT", "a  \"b\" $c"),
    ];
    for (line, want) in [
        ("printf '[%s]' $ARG1$ | cat", "[-w][5][x  y][a  \"b\" $c]"),
        ("printf '[%s]' \"$ARG1$\" | cat", "[-w 5 'x  y' a  \"b\" $c]"),
        ("printf '[%s]' '$OUT$' x$OUT$y \"z$OUT$\" | cat", "[a  \"b\" $c][xa  \"b\" $cy][za  \"b\" $c]"),
        ("printf '[%s]' '$ARG2$' \"$ARG2$\" $ARG3$ | cat", "[it's][it's]"),
        ("$USER1$/printf '[%s]' `printf '%s' $OUT$` | cat", "[a][\"b\"][$c]"),
        ("printf '[%s]' \"`printf '%s' \"$OUT$\"`\" | cat", "[a  \"b\" $c]"),
        ("printf '[%s]' \"$(printf '%s' \"$OUT$\")\" | cat", "[a  \"b\" $c]"),
        ("printf '[%s]' \"$$(printf '%s' '$OUT$')\"; echo \"($OUT$)\"", "[a  \"b\" $c](a  \"b\" $c)\n"),
        ("X=$OUT$; printf '[%s]' \"$$X\"", "[a  \"b\" $c]"),
        ("printf '[%s]' \\$OUT$ \"\\$OUT$\" | cat", "[a  \"b\" $c][\\a  \"b\" $c]"),
        ("printf '[%s]' a\\;b; echo $$((1+1))", "[a;b]2\n"),
    ] {
        assert_eq!(run(line, &values), want, "{line}");
    }
}

#[test]
fn a_shell_that_is_asked_for_gets_its_script_with_values_as_data() {
    let values = [("OUT", "a \"b\" $(c)"), ("ARG1", "printf \"[%s]\" \"$OUT$\" | cat"), ("ARG2", "x y")];
    for (line, want) in [
        ("/bin/sh -c 'printf \"[%s]\" \"$OUT$\" | cat'", "[a \"b\" $(c)]"),
        ("/bin/sh -c \"printf '[%s]' '$OUT$' | cat\"", "[a \"b\" $(c)]"),
        ("/bin/sh -c \"printf '[%s]' \\\"$OUT$\\\" | cat\"", "[a \"b\" $(c)]"),
        ("/bin/sh -c '$ARG1$'", "[a \"b\" $(c)]"),
        (
            "/bin/bash -ec 'printf \"[%s]\" \"$$1\" \"$$2\" | cat' name '$OUT$' '$ARG2$'",
            "[a \"b\" $(c)][x y]",
        ),
    ] {
        assert_eq!(run(line, &values), want, "{line}");
    }
}

#[test]
fn t06_no_output_of_a_plugin_is_ever_parsed_by_a_shell() {
    let folder = tempfile::tempdir().unwrap();
    let (text, touched) = hostile(&folder);
    for line in [
        "printf '%s' $OUT$ | cat",
        "printf '%s' '$OUT$' | cat",
        "printf '%s' \"$OUT$\" | cat",
        "printf '%s' $ARG1$ | cat",
        "printf '%s' \"$ARG1$\" | cat",
        "printf '%s' '$ARG1$' | cat",
        "printf '%s' \"$(printf '%s' '$OUT$')\"",
        "printf '%s' \"`printf '%s' \"$OUT$\"`\"",
        "/bin/sh -c 'printf %s \"$OUT$\"'",
        "/bin/sh -c \"printf %s '$OUT$'\"",
    ] {
        assert_eq!(run(line, &[("OUT", &text), ("ARG1", "$OUT$")]), text, "{line}");
        assert!(!touched.exists(), "{line}");
    }
    // a shell in a shell: the text is maimed, and nothing of it is run
    for line in [
        "true | sh -c \"printf %s '$OUT$'\"",
        "eval \"printf %s '$OUT$'\"; true",
        "sh -c \"sh -c \\\"printf %s '$OUT$'\\\"\" | cat",
        "printf %s $$(($OUT$0+1)) | cat",
        "$ARG1$ | cat",
    ] {
        let values = [("OUT", text.as_str()), ("ARG1", "/bin/sh -c \"printf %s '$OUT$'\"")];
        let CommandLine::Shell { script, environment } = expand(line, &lookup(&values)) else {
            panic!("{line}")
        };
        for shell in ["/bin/sh", "/bin/bash"] {
            let output =
                Command::new(shell).arg("-c").arg(&script).envs(environment.iter().cloned()).output();
            assert!(output.is_ok() && !touched.exists(), "{line}: {script}");
        }
    }
    let values = [("OUT", text.as_str()), ("ARG1", "echo '$OUT$'")];
    for line in ["ssh host \"echo $OUT$\"", "ssh host \"$ARG1$\"", "su -c \"echo $OUT$\""] {
        let words = argv(line, &values).concat();
        assert!(!words.contains(['$', '`', ';', '|', '&', '"', '\n', ')']), "{words}");
    }
}

const HOST_MAIL: &str = r#"/usr/bin/printf "%b" "***** Nagios *****\n\nNotification Type: $NOTIFICATIONTYPE$\nHost: $HOSTNAME$\nState: $HOSTSTATE$\nAddress: $HOSTADDRESS$\nInfo: $HOSTOUTPUT$\n\nDate/Time: $LONGDATETIME$\n" | /usr/bin/mail -s "** $NOTIFICATIONTYPE$ Host Alert: $HOSTNAME$ is $HOSTSTATE$ **" $CONTACTEMAIL$"#;
const SERVICE_MAIL: &str = r#"/usr/bin/printf "%b" "***** Nagios *****\n\nNotification Type: $NOTIFICATIONTYPE$\n\nService: $SERVICEDESC$\nHost: $HOSTALIAS$\nAddress: $HOSTADDRESS$\nState: $SERVICESTATE$\n\nDate/Time: $LONGDATETIME$\n\nAdditional Info:\n\n$SERVICEOUTPUT$\n" | /usr/bin/mail -s "** $NOTIFICATIONTYPE$ Service Alert: $HOSTALIAS$/$SERVICEDESC$ is $SERVICESTATE$ **" $CONTACTEMAIL$"#;

/// T06, and the mail commands that Debian ships.
#[test]
fn t06_debians_mail_commands_work_and_run_nothing_else() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    // a `mail` that prints what it was given
    let mail = folder.path().join("mail");
    std::fs::write(&mail, "#!/bin/sh\nfor word; do printf '<%s>' \"$word\"; done; echo; cat\n").unwrap();
    std::fs::set_permissions(&mail, std::fs::Permissions::from_mode(0o755)).unwrap();
    let (text, touched) = hostile(&folder);
    for output in ["it's fine", text.as_str()] {
        let values = [
            ("NOTIFICATIONTYPE", "PROBLEM"),
            ("HOSTNAME", "web1"),
            ("HOSTALIAS", "Web \"one\""),
            ("HOSTSTATE", "DOWN"),
            ("SERVICESTATE", "CRITICAL"),
            ("HOSTADDRESS", "192.0.2.1"),
            ("HOSTOUTPUT", output),
            ("SERVICEOUTPUT", output),
            ("SERVICEDESC", "http $(touch x)"),
            ("LONGDATETIME", "Sun Nov 22 01:37:25 UTC 2026"),
            ("CONTACTEMAIL", "a@example.org b@example.org"),
        ];
        // %b reads backslashes in what it prints
        let shown = output.replace("\\\\", "\\").replace("\\\"", "\"");
        let said = run(&HOST_MAIL.replace("/usr/bin/mail", &mail.display().to_string()), &values);
        assert!(
            said.starts_with("<-s><** PROBLEM Host Alert: web1 is DOWN **><a@example.org b@example.org>\n"),
            "{said}"
        );
        assert!(said.contains(&format!("Address: 192.0.2.1\nInfo: {shown}\n\nDate/Time: Sun")), "{said}");
        let said = run(&SERVICE_MAIL.replace("/usr/bin/mail", &mail.display().to_string()), &values);
        assert!(said.contains("Alert: Web \"one\"/http $(touch x) is CRITICAL **>"), "{said}");
        assert!(said.ends_with(&format!("Additional Info:\n\n{shown}\n")), "{said}");
        assert!(!touched.exists());
    }
}

#[test]
fn endless_values_and_circles_end() {
    let huge = "x ".repeat(1_000_000);
    let values =
        [("ARG1", "$ARG1$ $ARG1$ $ARG1$"), ("ARG2", huge.as_str()), ("OUT", huge.as_str()), ("NUL", "a\0b")];
    assert!(argv("c $ARG1$", &values).len() < 100);
    assert!(argv("c $ARG2$", &values).len() <= MAX_VALUE / 2 + 1);
    assert_eq!(argv("c $OUT$", &values)[1].len(), MAX_VALUE);
    assert_eq!(argv("c $NUL$", &values), ["c", "ab"]);
    let line = "$ARG2$ ".repeat(10_000);
    assert!(argv(&line, &values).iter().map(String::len).sum::<usize>() <= 1024 * 1024);
}

#[test]
fn quotes_that_are_never_closed_are_noticed() {
    for (text, want) in
        [("a 'b' \"c\"", false), ("'200;x", true), ("a\\'b", false), ("\"a\\\"", true), ("'a\\'", false)]
    {
        assert_eq!(unclosed_quote(text), want, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_data_survives_a_real_shell(text in "[ab$`\"'\\\\();&|<>*?{}~#!\n \té-]{0,40}") {
        for line in ["printf '[%s]' $OUT$ | cat", "printf '[%s]' \"$OUT$\" | cat", "printf '[%s]' '$OUT$' | cat", "printf '[%s]' $ARG1$ | cat"] {
            prop_assert_eq!(run(line, &[("OUT", &text), ("ARG1", "$OUT$")]), format!("[{text}]"), "{}", line);
        }
    }

    #[test]
    fn no_line_makes_it_panic(line in "(\\$|\\$ARG1\\$|\\$OUT\\$|sh -c |'|\"|`|\\\\|\\(|\\)| |x|\\||é){0,24}", data in "(\\$|'|\"|\\$OUT\\$|x| ){0,8}") {
        let _ = expand(&line, &lookup(&[("ARG1", &data), ("OUT", &data)]));
        let _ = unclosed_quote(&line);
    }
}
