//! What a manifest may not say is an error of the catalog that names the resource and the parameter, and nothing is
//! written (T06, T09).

use serde_json::json;

use super::site::Site;

/// Parameters of a service `x`, and what the error says.
const CASES: [(&str, &str); 20] = [
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
        "options => { 'hosts' => 'victim' }",
        "Hlidka::Service[x]: options: hosts is another word for host_name; take that",
    ),
    (
        "options => { 'normal_check_interval' => 1 }, check_interval => 5",
        "Hlidka::Service[x]: options: normal_check_interval is another word for check_interval",
    ),
    (
        "check_interval => 1.0e-7",
        "Hlidka::Service[x]: check_interval: the number 1.0e-07 is not written in plain digits",
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

/// A file that is none, or whose content comes from elsewhere, would lose them without a word.
#[test]
fn an_object_whose_file_cannot_hold_it_is_refused_before_anything_is_changed() {
    let site = Site::new();
    let target = site.path("objects.cfg");
    let manifests = ["ensure => absent", "ensure => directory", "source => '/etc/hostname'"].map(|says| {
        let name = format!("{}.pp", says.len());
        let path = target.display();
        let text = format!("file {{ '{path}': {says} }}\nhlidka::host {{ 'router': target => '{path}' }}\n");
        site.write(&name, &text);
        site.path(&name)
    });
    let facts = json!({});
    let runs: Vec<_> = manifests.iter().map(|manifest| ("machine", &**manifest, &facts)).collect();
    for run in site.apply_all(&runs) {
        assert_eq!(run.code, Some(1), "{}", run.said);
        assert!(run.said.contains("Hlidka_object[host router]: File["), "{}", run.said);
        assert!(run.said.contains("would not hold it"), "{}", run.said);
    }
    assert!(!target.exists());
}

/// A pattern would keep the files of machines that nobody knows.
#[test]
fn nodes_are_names_and_no_patterns() {
    let site = Site::new();
    site.write("site.pp", "class { 'hlidka::collect': nodes => ['*'] }\n");
    let run = site.apply("machine", &site.path("site.pp"), &json!({}));
    assert!(run.code == Some(1) && run.said.contains("Hlidka::Certname"), "{}", run.said);
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
