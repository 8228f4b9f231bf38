//! A basket for the Icinga Director: the commands, and data fields for their options.
//!
//! A command of the Director has no environment of its own, so passwords come from files there.

use check::CheckDef;
use ring::digest::{SHA256, digest};
use serde_json::{Map, Value, json};

use super::option::{Kind, Opt, address, command_name, options};

/// The basket, as JSON. The Director knows an object that it has by its UUID, so these do not
/// change from one version of hlidka to the next.
pub(super) fn basket(checks: &[CheckDef], plugins: &str) -> String {
    let mut commands = Map::new();
    let mut fields = Fields::default();
    for check in checks {
        let name = command_name(check);
        commands.insert(name, command(check, plugins, &mut fields));
    }
    let basket = json!({ "Command": commands, "Datafield": fields.0 });
    serde_json::to_string_pretty(&basket).expect("strings are JSON") + "\n"
}

fn command(check: &CheckDef, plugins: &str, fields: &mut Fields) -> Value {
    let (name, options) = (command_name(check), options(check));
    let mut arguments = Map::new();
    let mut used = Vec::new();
    let mut field = |caption: &str, variable: &str, kind: Kind, required: bool, help: &str| {
        let id = fields.add(caption, variable, kind, help);
        let required = if required { "y" } else { "n" };
        used.push(json!({ "datafield_id": id, "is_required": required, "var_filter": null }));
    };
    let address = address(&options);
    for (order, option) in options.iter().enumerate() {
        let is_address = address.is_some_and(|address| address.key == option.key);
        let required = option.required && !is_address;
        let caption = format!("{} {}", check.definition.name, option.key);
        field(&caption, &option.variable, option.kind, required, &option.help);
        arguments.insert(option.key.clone(), argument(option, order));
        if option.kind == Kind::Attached {
            let variable = format!("{}_value", option.variable);
            let caption = format!("{caption}=");
            field(&caption, &variable, Kind::Value, false, &option.help);
            let word = format!("{}=${variable}$", option.key);
            arguments.insert(format!("{}=", option.key), json!({ "value": word, "skip_key": true }));
        }
    }
    let mut vars = Map::new();
    if let Some(address) = address {
        vars.insert(address.variable.clone(), json!("$address$"));
    }
    json!({
        "arguments": arguments,
        "command": format!("{plugins}/{}", check.definition.name),
        "fields": used,
        "methods_execute": "PluginCheck",
        "object_name": name,
        "object_type": "object",
        "timeout": "60",
        "uuid": uuid(&format!("command {name}")),
        "vars": vars,
    })
}

fn argument(option: &Opt, order: usize) -> Value {
    let value = format!("${}$", option.variable);
    let mut argument = json!({ "description": option.help, "order": order.to_string() });
    let entries = argument.as_object_mut().expect("it was made one");
    match option.kind {
        Kind::Flag | Kind::Attached => entries.insert("set_if".into(), json!(value)),
        Kind::Value | Kind::List | Kind::Word | Kind::Words => entries.insert("value".into(), json!(value)),
    };
    if option.kind == Kind::List {
        entries.insert("repeat_key".into(), json!(true));
    }
    if option.is_word() {
        entries.insert("skip_key".into(), json!(true));
    }
    if option.required {
        entries.insert("required".into(), json!(true));
    }
    argument
}

/// Data fields, numbered from 1 as baskets do.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn add(&mut self, caption: &str, variable: &str, kind: Kind, help: &str) -> usize {
        let id = self.0.len() + 1;
        let (data_type, settings) = match kind {
            Kind::Flag | Kind::Attached => ("Boolean", json!({})),
            Kind::List | Kind::Words => ("Array", json!({})),
            Kind::Value | Kind::Word => ("String", json!({ "visibility": "visible" })),
        };
        let field = json!({
            "caption": caption,
            "datatype": format!("Icinga\\Module\\Director\\DataType\\DataType{data_type}"),
            "description": help,
            "format": null,
            "settings": settings,
            "uuid": uuid(&format!("field {variable}")),
            "varname": variable,
        });
        self.0.insert(id.to_string(), field);
        id
    }
}

/// A UUID of version 8 (RFC 9562): the hash of a name.
fn uuid(name: &str) -> String {
    let hash = digest(&SHA256, format!("hlidka {name}").as_bytes());
    let mut bytes = [0_u8; 16];
    bytes.iter_mut().zip(hash.as_ref()).for_each(|(byte, of_hash)| *byte = *of_hash);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = u128::from_be_bytes(bytes);
    let hex = format!("{hex:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::CHECKS;
    use std::collections::HashSet;

    #[test]
    fn every_field_of_a_command_is_there_and_every_uuid_once() {
        let basket: Value = serde_json::from_str(&basket(CHECKS, "/opt/x")).unwrap();
        let fields = basket["Datafield"].as_object().unwrap();
        let commands = basket["Command"].as_object().unwrap();
        assert_eq!(commands.len(), CHECKS.len());
        let mut uuids = HashSet::new();
        let mut named = 0;
        for command in commands.values() {
            assert!(uuids.insert(command["uuid"].as_str().unwrap()));
            let arguments = command["arguments"].as_object().unwrap();
            for field in command["fields"].as_array().unwrap() {
                let field = &fields[&field["datafield_id"].to_string()];
                let variable = format!("${}$", field["varname"].as_str().unwrap());
                let uses = |value: &Value| value.as_str().is_some_and(|value| value.contains(&variable));
                assert!(arguments.values().any(|a| uses(&a["value"]) || uses(&a["set_if"])), "{variable}");
                assert!(uuids.insert(field["uuid"].as_str().unwrap()), "{variable}");
                named += 1;
            }
        }
        assert_eq!(named, fields.len());
    }

    #[test]
    fn uuids_stay() {
        assert_eq!(uuid("command hlidka_tcp"), uuid("command hlidka_tcp"));
        assert_eq!(uuid("x").len(), 36);
        assert_eq!(&uuid("x")[14..15], "8");
    }
}
