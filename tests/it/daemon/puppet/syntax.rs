//! The module and the example are valid, and in the style that Puppet's people expect.

use std::process::Command;

use super::site::{root, text};

#[test]
fn manifests_templates_and_types_are_valid_and_in_style() {
    let run = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(root()).env("LC_ALL", "C.UTF-8");
        let output = command.output().unwrap_or_else(|error| panic!("{program}: {error}"));
        let said = text(&output);
        assert!(output.status.success(), "{program} {arguments:?}: {said}");
        said
    };
    let (module, example) = ("puppet/hlidka", "examples/infrastructure/puppet");
    run("/usr/bin/puppet", &["parser", "validate", module, example]);
    run("/usr/bin/puppet", &["epp", "validate", "puppet/hlidka/templates/definition.epp"]);
    run("/usr/bin/ruby", &["-wc", "puppet/hlidka/lib/puppet/type/hlidka_object.rb"]);
    run("/bin/sh", &["-n", "examples/infrastructure/puppet/modules/profile/files/probe"]);
    assert_eq!(run("/usr/bin/puppet-lint", &["--fail-on-warnings", module, example]), "");
    let metadata = std::fs::read_to_string(root().join(module).join("metadata.json")).unwrap();
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    assert_eq!(metadata["version"], env!("CARGO_PKG_VERSION"), "it is released with the programs");
    assert_eq!(metadata["dependencies"], serde_json::json!([]));
}
