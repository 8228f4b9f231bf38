//! What a manifest may not say is an error of the catalog that names the resource and the parameter, and nothing is
//! written (T06, T09).

use serde_json::json;

use super::site::Site;

/// Parameters of a service `x`, and what the error says.
const CASES: [(&str, &str); 17] = [
    (
        "check_command => \"echo!a\\n}\\ndefine command {\"",
        "Hlidka::Service[x]: check_command holds a line break",
    ),
    ("notes => \"a\\u{1b}[2Jb\"", "Hlidka::Service[x]: notes holds a line break, a tab or another control"),
    ("notes => \"a\\u{202e}b\"", "Hlidka::Service[x]: notes holds a character that is not seen"),
    ("vars => { 'x' => \"a\\nb\" }", "Hlidka::Service[x]: vars: _X holds a line break"),
    ("servicegroups => ['a', \"b\\nc\"]", "Hlidka::Service[x]: servicegroups holds a line break"),
    ("notes => ' a'", "Hlidka::Service[x]: notes begins or ends with a blank"),
    ("notes => '+a'", "Hlidka::Service[x]: notes may neither begin with + or !"),
    ("check_command => 'null'", "Hlidka::Service[x]: check_command may neither begin"),
    ("notes => 'a\\\\\\\\\\\\'", "Hlidka::Service[x]: notes ends with a backslash"),
    ("check_command => ['echo', 'a\\\\', 'b']", "Hlidka::Service[x]: check_command: the argument"),
    ("check_command => ['echo', '--help']", "Hlidka::Service[x]: check_command: an argument could be taken"),
    (
        "check_command => 'hlidka:cluster!*!1!1'",
        "Hlidka::Service[x]: check_command: aggregates are for trusted",
    ),
    ("proxy => 'socks5h://127.0.0.1:9050'", "Hlidka::Service[x]: proxy is for administrators only"),
    (
        "vars => { 'failure_budget' => '3/7d' }",
        "Hlidka::Service[x]: _FAILURE_BUDGET is for administrators only",
    ),
    ("host_name => 'victim'", "Hlidka::Service[x]: host_name: `victim` is not `machine`"),
    (
        "options => { 'event_handler' => 'echo' }",
        "Hlidka::Service[x]: event_handler is for administrators only",
    ),
    (
        "normal_check_interval => 1, check_interval => 1",
        "Hlidka::Service[x]: normal_check_interval is the older name",
    ),
];

#[test]
fn t06_t09_what_a_manifest_may_not_say_is_an_error_with_a_name() {
    let site = Site::new();
    std::fs::create_dir(site.path("exported")).unwrap();
    let facts = json!({});
    let manifests: Vec<_> = CASES
        .iter()
        .enumerate()
        .map(|(number, (parameters, _))| {
            let name = format!("{number}.pp");
            let text = format!(
                "class {{ 'hlidka::export': directory => '{}' }}\nhlidka::service {{ 'x': {parameters} }}\n",
                site.path("exported").display()
            );
            site.write(&name, &text);
            site.path(&name)
        })
        .collect();
    let runs: Vec<_> = manifests.iter().map(|manifest| ("machine", &**manifest, &facts)).collect();
    for (run, (parameters, says)) in site.apply_all(&runs).into_iter().zip(CASES) {
        assert_eq!(run.code, Some(1), "{parameters}: {}", run.said);
        assert!(run.said.contains(says), "{parameters}: {}", run.said);
    }
    assert_eq!(site.list("exported"), Vec::<String>::new());
}

/// An object whose file nobody declares would be lost without a word.
#[test]
fn an_object_without_a_file_is_refused_before_anything_is_changed() {
    let site = Site::new();
    let marked = site.path("marked");
    site.write(
        "site.pp",
        &format!(
            "file {{ '{}': content => 'x' }}\nhlidka::host {{ 'router': target => '{}' }}\n",
            marked.display(),
            site.path("objects.cfg").display()
        ),
    );
    let run = site.apply("machine", &site.path("site.pp"), &json!({}));
    assert_eq!(run.code, Some(1), "{}", run.said);
    assert!(run.said.contains("Hlidka_object[host router]: there is no File["), "{}", run.said);
    assert!(!marked.exists(), "{}", run.said);
}
