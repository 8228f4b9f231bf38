//! Whole texts to objects.

use super::*;

/// Objects as `TYPE NAME attribute=value …`, and problems as `line:column message`.
fn read(text: &str) -> (Vec<String>, Vec<String>) {
    let mut problems = Vec::new();
    let script = parse(0, text, &mut problems);
    let evaluated = evaluate(&[script], "node1", &mut problems);
    let mut objects = Vec::new();
    for object in evaluated.objects.iter().filter(|object| !object.is_built_in) {
        let mut line = format!("{} {}", object.of.name(), object.name);
        for (name, (value, _)) in &object.attributes {
            line.extend([" ", name, "=", &value.shown()]);
        }
        objects.push(line);
    }
    let said = |p: &Problem| format!("{}:{} {}", p.at.line, p.at.column, p.message);
    (objects, problems.iter().map(said).collect())
}

fn objects(text: &str) -> Vec<String> {
    let (objects, problems) = read(text);
    assert_eq!(problems, Vec::<String>::new(), "{text}");
    objects
}

/// The value of an expression, as a variable of a host.
fn value(expression: &str) -> String {
    let text =
        format!("object Host \"h\" {{ check_command = \"x\"; vars.x = {expression}; vars.l = [1, 2] }}");
    let (objects, problems) = read(&text);
    match problems.first() {
        Some(problem) => format!("! {problem}"),
        None => objects[0].split_once(r#""x":"#).unwrap().1.trim_end_matches('}').to_owned(),
    }
}

#[test]
fn expressions_have_icingas_values() {
    for (expression, want) in [
        (r#""a" + 5"#, r#""a5""#),
        (r#""a" + 5.5"#, r#""a5.500000""#),
        (r#""a" + null"#, r#""a""#),
        (r#"1 && "x""#, r#""x""#),
        (r#""" || "y""#, r#""y""#),
        ("5m + 30", "330"),
        ("1.5h", "5400"),
        (r#""x" in [ "x", "y" ]"#, "true"),
        (r#""x" !in [ "x", "y" ]"#, "false"),
        (r#""x" in null"#, "false"),
        ("[ 1, 2 ] + [ 3 ]", "[1,2,3]"),
        ("[ 1, 2, 3 ] - [ 2 ]", "[1,3]"),
        ("null == \"\"", "true"),
        ("null == 0", "false"),
        ("!\"\" && ![]", "true"),
        ("2 + 3 * 4 == 14 && 1 < 2", "true"),
        ("-5 + 3", "-2"),
        ("10 % 3 + (1 << 3) + (5 & 3)", "10"),
        ("true ? \"a\" : \"b\"", "\"a\""),
        ("match(\"WEB*\", \"web1\")", "true"),
        ("regex(\"^w.b\", \"web1\")", "true"),
        ("regex(\"^W\", \"web1\")", "false"),
        ("len(\"abc\") + len([ 1 ]) + len(null)", "4"),
        ("cidr_match(\"10.0.0.0/8\", \"10.1.2.3\")", "true"),
        ("\"abc\".contains(\"b\")", "true"),
        ("[ \"a\", \"b\" ].join(\"-\")", "\"a-b\""),
        ("vars.y.z", "null"),
        ("[ 1, 2 ][1]", "2"),
        ("\"5\" < 10", "! 1:53 `<` does not take a string and a number"),
        ("\"a\" + true", "! 1:53 `+` does not take a string and a boolean"),
        ("nosuch", "! 1:49 there is no constant and no variable `nosuch` here"),
        ("\"a\".x", "! 1:52 a string has no field `x`"),
        ("[ 1 ][5]", "! 1:54 an array of 1 has no item 5"),
        ("host.vars", "! 1:49 there is no constant and no variable `host` here"),
        ("get_host(\"x\")", "! 1:49 hlidka has no function get_host()"),
        ("1 / 0", "! 1:51 a division by 0"),
    ] {
        let found = value(expression);
        let found = found.split_once(",\"l\"").map_or(found.clone(), |(found, _)| found.to_owned());
        assert_eq!(found.trim_end_matches(r#","l":[1,2]"#), want, "{expression}");
    }
}

/// The first problem of an expression in a text.
fn problem(text: &str) -> String {
    read(text).1.first().cloned().unwrap_or_default()
}

#[test]
fn the_grammar_is_as_strict_as_icingas() {
    for (text, want) in [
        ("A = 1;; B = 2", "1:7 `object`, `template`, `apply`, `const` or `include` is missing here, not `;`"),
        ("A = 1 +\n2", "1:8 a value is missing here, not the end of the line"),
        ("A = [ 1\n, 2 ]", "2:1 `,` or `]` is missing here, not `,`"),
        ("A = { a = 1 b = 2 }", "1:13 the end of the line, `,` or `}` is missing here, not `b`"),
        ("A = { a: 1 }", "1:8 `=` behind `a` is missing here, not `:`"),
        ("A = 1 == 1 == 1", "1:12 comparisons stand in no row"),
        ("A = 1 < 2 <= 3", "1:11 comparisons stand in no row"),
        ("A = { default = 1 }", "1:7 `default` is a word of the language, and no name"),
        ("const A = 1\nA += 1", "2:1 `A` is a constant already"),
        ("OK = 1", "1:1 `OK` is a constant already"),
        ("object Host \"h\" default { }", "1:17 `{` is missing here, not `default`"),
        ("A = { a = 1, b = a, c = { d = b } }", "1:31 there is no constant and no variable `b` here"),
        (
            "template Host \"h\" { assign where true }",
            "1:34 a Host takes no `assign where` and no `ignore where`",
        ),
        ("object HostGroup \"g\" { ignore where true }", "1:37 `ignore where` without `assign where`"),
    ] {
        assert_eq!(problem(text), want, "{text}");
    }
    assert_eq!(
        objects(
            "globals.A = { }\nA.b = 1\nA += { c = 2 }\nobject Host \"h\" { check_command = \"x\"; vars = A }"
        ),
        ["Host h check_command=x vars={\"b\":1,\"c\":2}"]
    );
}

#[test]
fn templates_are_imported_in_their_place() {
    let text = r#"
const Often = 1m
template Host "base" { check_interval = Often; vars.os = "Linux"; groups = [ "all" ] }
template Host "special" default { vars.from = "default" }
object Host "web" + "1" {
  check_interval = 2m
  import "base"
  check_command = "hostalive"
  vars.disks["disk /"] = { path = "/", free = 10 }
  vars.disks["disk /"].free += 5
  vars += { more = true }
  groups += [ "web" ]
  groups -= [ "all" ]
  address = "10.0.0." + 1
}"#;
    assert_eq!(
        objects(text),
        ["Host web1 address=10.0.0.1 check_command=hostalive check_interval=60 groups=[\"web\"] \
          vars={\"disks\":{\"disk /\":{\"free\":15,\"path\":\"/\"}},\"from\":\"default\",\"more\":true,\"os\":\"Linux\"}"]
    );
}

#[test]
fn rules_make_objects() {
    let text = r#"
object Host "a" { check_command = "x"; vars.os = "Linux"; vars.vhosts["v1"] = { uri = "/a" }; vars.vhosts.v2 = { } }
object Host "b" { check_command = "x"; vars.os = "Windows"; vars.ports = [ 80, 443 ] }
object HostGroup "linux" { assign where host.vars.os == "Linux"; ignore where host.name == "z" }
apply Service "ssh" { check_command = "ssh"; assign where "linux" in host.groups }
apply Service "http-" for (name => config in host.vars.vhosts) { check_command = "http"; vars += config; display_name = name }
apply Service for (port in host.vars.ports) { check_command = "tcp"; vars.tcp_port = port }
object ServiceGroup "web" { assign where match("http*", service.name) && host.name == "a" }
apply Dependency "up" to Service { parent_service_name = "ssh"; assign where host.name == "a"; ignore where service.name == "ssh" }
apply Notification "mail" to Host { command = "c"; users = [ "u" ]; assign where true; ignore where host.vars.ports }
"#;
    let made: Vec<String> = objects(text).into_iter().filter(|line| !line.starts_with("Host")).collect();
    assert_eq!(
        made,
        [
            "ServiceGroup web",
            "Service ssh check_command=ssh host_name=a",
            "Service http-v1 check_command=http display_name=v1 groups=[\"web\"] host_name=a vars={\"uri\":\"/a\"}",
            "Service http-v2 check_command=http display_name=v2 groups=[\"web\"] host_name=a vars={}",
            "Service 80 check_command=tcp host_name=b vars={\"tcp_port\":80}",
            "Service 443 check_command=tcp host_name=b vars={\"tcp_port\":443}",
            "Dependency up child_host_name=a child_service_name=http-v1 parent_host_name=a parent_service_name=ssh",
            "Dependency up child_host_name=a child_service_name=http-v2 parent_host_name=a parent_service_name=ssh",
            "Notification mail command=c host_name=a users=[\"u\"]",
        ]
    );
}

#[test]
fn everything_that_is_wrong_is_named_at_once() {
    let text = r#"object Host "a" {
  check_comand = "x"
  import "nosuch"
  if (true) {
    vars.x = 1
  }
  check_interval = [ 1 ]
  vars.f = {{ return 1 }}
  vars.ok = 1
}
function f() { return 1 }
object Zone "z" { }
object Endpoint "e" { }
object Zone "y" { }
object Hots "b" { }
apply Service "s" { check_command = "x" }
apply Service "t" to User { check_command = "x" }
apply Service "u" { check_command = "x"; assign where host.nam == "a" }
object Host "a" { check_command = "x" }
include_zones "etc", "zones.d"
vars.x = [ 1
"#;
    let (objects, problems) = read(text);
    assert_eq!(
        problems,
        [
            "4:3 `if` is part of a program, and hlidka runs none",
            "8:12 a function is a program, and hlidka runs none",
            "11:1 `function` is part of a program, and hlidka runs none",
            "20:1 include_zones is not read",
            "22:1 `,` or `]` is missing here, not the end of the file",
            "12:1 Zone objects are passed over, here and elsewhere",
            "13:1 Endpoint objects are passed over, here and elsewhere",
            "15:1 there is no type `Hots`",
            "2:3 a Host has no attribute `check_comand`",
            "3:10 there is no template Host `nosuch`",
            "7:3 `check_interval` is an array, and must be a number, or a duration such as 5m",
            "1:1 has no check_command",
            "19:1 is defined already, at line 1 of its file",
            "16:1 apply Service `s` has no `assign where`",
            "17:22 Service cannot be applied to `User`",
            "18:59 a Host has no attribute `nam` that a rule can see; nearest known: `name`",
            "18:1 apply Service `u` matches nothing",
        ]
    );
    assert_eq!(objects, ["Host a vars={\"ok\":1}"]);
}

#[test]
fn nothing_grows_without_bound() {
    let doubled = "A = \"xxxxxxxxxxxxxxxx\"\n".to_owned() + &"A = A + A\n".repeat(60);
    assert!(read(&doubled).1.iter().any(|problem| problem.contains("longer than")));
    let nested = "A = [ ]\n".to_owned() + &"A = [ A ]\n".repeat(1000);
    assert!(read(&nested).1.iter().any(|problem| problem.contains("deep")));
    let open = "A = ".to_owned() + &"[".repeat(100_000);
    assert!(!read(&open).1.is_empty());
    let long = "A = 1".to_owned() + &" + 1".repeat(100_000);
    assert!(read(&long).1.iter().any(|problem| problem.contains("inside of each other")));
    let circle = "template Host \"a\" { import \"b\" }\ntemplate Host \"b\" { import \"a\" }\n\
                  object Host \"h\" { import \"a\"; check_command = \"x\" }";
    assert!(read(circle).1.iter().any(|problem| problem.contains("deep")));
}

/// The command line of the only service, or of the only host.
fn command_line(text: &str) -> Result<String, String> {
    let mut problems = Vec::new();
    let script = parse(0, text, &mut problems);
    let evaluated = evaluate(&[script], "node1", &mut problems);
    assert!(problems.is_empty(), "{problems:?}");
    let host = evaluated.of(Type::Host).next().unwrap();
    let service = evaluated.of(Type::Service).next();
    let name = service.unwrap_or(host).text("check_command").unwrap();
    let command = evaluated.find(Type::CheckCommand, &name).unwrap();
    let later = |name: &str| match name {
        "host.state" => Macro::Later("$HOSTSTATE$".to_owned()),
        "USER1" => Macro::Later("$USER1$".to_owned()),
        _ => Macro::Unknown,
    };
    let subject = Subject { service: service.map(|s| &**s), host: Some(host), command, later: &later };
    argv(subject).map(|words| words.join(" | ")).map_err(|problem| problem.message)
}

#[test]
fn command_lines_are_put_together_as_icinga_does() {
    let with = |arguments: &str, vars: &str| {
        command_line(&format!(
            "object CheckCommand \"c\" {{ command = [ \"/p\", \"$address$\" ]; arguments = {{ {arguments} }}; vars.low = \"$host.vars.l$\" }}\n\
             object Host \"h\" {{ check_command = \"c\"; address = \"10.0.0.1\"; vars.l = 3; {vars} }}"
        ))
    };
    for (arguments, vars, want) in [
        ("\"-a\" = \"$x$\"", "vars.x = \"1\"", "/p | 10.0.0.1 | -a | 1"),
        ("\"-a\" = \"$x$\"", "", "/p | 10.0.0.1"),
        ("\"-a\" = \"$low$,$address$%\"", "", "/p | 10.0.0.1 | -a | 3,10.0.0.1%"),
        ("\"-a\" = { set_if = \"$x$\" }", "vars.x = true", "/p | 10.0.0.1 | -a"),
        ("\"-a\" = { set_if = \"$x$\" }", "vars.x = false", "/p | 10.0.0.1"),
        ("\"-a\" = { set_if = \"$x$\"; value = \"v\" }", "vars.x = \"1\"", "/p | 10.0.0.1 | -a | v"),
        ("\"-a\" = { value = \"$x$\" }", "vars.x = [ 1, 2 ]", "/p | 10.0.0.1 | -a | 1 | -a | 2"),
        (
            "\"-a\" = { value = \"$x$\"; repeat_key = false }",
            "vars.x = [ 1, 2 ]",
            "/p | 10.0.0.1 | -a | 1 | 2",
        ),
        ("\"-a\" = { value = \"$x$\"; skip_key = true }", "vars.x = \"a b\"", "/p | 10.0.0.1 | a b"),
        (
            "\"-a\" = { value = 1; order = 2 }, \"-b\" = { value = 2; order = 1 }",
            "",
            "/p | 10.0.0.1 | -b | 2 | -a | 1",
        ),
        (
            "\"x\" = { key = \"--long\"; separator = \"=\"; value = 0.5 }",
            "",
            "/p | 10.0.0.1 | --long=0.500000",
        ),
        ("\"-a\" = { }", "", "/p | 10.0.0.1 | -a"),
        ("\"-a\" = \"$$5 $host.state$\"", "", "/p | 10.0.0.1 | -a | $$5 $HOSTSTATE$"),
        ("\"-a\" = \"$x$\"", "vars.x = \"$y$\"; vars.y = \"z\"", "/p | 10.0.0.1 | -a | z"),
        ("\"-a\" = \"$host.display_name$ $host.name$\"", "", "/p | 10.0.0.1 | -a | h h"),
    ] {
        assert_eq!(with(arguments, vars), Ok(want.to_owned()), "{arguments} {vars}");
    }
    for (arguments, vars, want) in [
        (
            "\"-a\" = { value = \"$x$\"; required = true }",
            "",
            "`-a` of CheckCommand `c` needs `$x$`, which is not there",
        ),
        (
            "\"-a\" = \"$x$\"",
            "vars.x = \"$x$\"",
            "`-a` of CheckCommand `c`: macros in macros are more than 15 deep",
        ),
        (
            "\"-a\" = \"$x$ y\"",
            "vars.x = [ 1 ]",
            "`-a` of CheckCommand `c`: `$x$` is an array, and stands within other text",
        ),
        (
            "\"-a\" = { set_if = \"yes\" }",
            "",
            "`-a` of CheckCommand `c`: has a `set_if` that is neither true nor false, nor a number",
        ),
    ] {
        assert_eq!(with(arguments, vars), Err(want.to_owned()), "{arguments} {vars}");
    }
}

#[test]
fn the_library_is_read_and_can_be_overridden() {
    let text = "object Host \"h\" { check_command = \"hostalive\"; address6 = \"::1\" }";
    assert_eq!(
        command_line(text),
        Ok("$USER1$/check_ping | -H | ::1 | -c | 5000,100% | -w | 3000,80%".to_owned())
    );
    let text = "object CheckCommand \"hostalive\" { command = [ \"/own\" ] }\n".to_owned() + text;
    assert_eq!(command_line(&text), Ok("/own".to_owned()));
}

mod properties {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_is_read(text in "([a-z \"{}()\\[\\].,;=+*/$<>!&|#\n0-9-]|object Host|apply|assign where|import){0,60}") {
            let _ = read(&text);
        }
    }
}
