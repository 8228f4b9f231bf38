//! The difference for programs; docs/diff.md says what each field means.

use anyhow::Result;
use config::diff::{By, Cause, Change, Diff, Entry};
use serde_json::{Map, Value, json};

use super::Places;

/// One JSON object.
pub(super) fn json(diff: &Diff, [old, new]: [&str; 2], places: Places<'_>) -> Result<String> {
    let summary: Map<String, Value> = diff
        .counts
        .iter()
        .map(|count| {
            let numbers = json!({"removed": count.removed, "added": count.added, "changed": count.changed});
            (count.of.as_str().to_owned(), numbers)
        })
        .collect();
    let changes: Vec<Value> = diff.entries.iter().map(|entry| self::entry(entry, places)).collect();
    let value = json!({
        "old": old, "new": new, "hosts": diff.hosts, "services": diff.services, "summary": summary, "changes": changes,
    });
    Ok(serde_json::to_string_pretty(&value)? + "\n")
}

fn entry(entry: &Entry, places: Places<'_>) -> Value {
    let mut value = Map::new();
    let mut put = |key: &str, field: Value| {
        value.insert(key.to_owned(), field);
    };
    put("type", entry.of.as_str().into());
    match &entry.change {
        Change::Removed => put("change", "removed".into()),
        Change::Added => put("change", "added".into()),
        Change::Changed { attribute, old, new } => {
            put("change", "changed".into());
            put("attribute", attribute.as_ref().into());
            put("old", old.as_deref().into());
            put("new", new.as_deref().into());
        }
        Change::Lost { attribute, item } | Change::Gained { attribute, item } => {
            let is_lost = matches!(entry.change, Change::Lost { .. });
            put("change", if is_lost { "lost" } else { "gained" }.into());
            put("attribute", attribute.as_ref().into());
            put("item", item.as_str().into());
        }
        Change::Turned { rule } => {
            put("change", "turned".into());
            put("attribute", "dependency".into());
            put("item", rule.as_str().into());
        }
    }
    put("objects", entry.objects.clone().into());
    if !entry.with.is_empty() {
        put("with", entry.with.clone().into());
    }
    if let Some(other) = &entry.renamed {
        put("perhaps_renamed", other.as_str().into());
    }
    if let Some(cause) = &entry.cause {
        put("cause", self::cause(cause, places));
    }
    if let Some(example) = &entry.example {
        put("example", json!({"object": example.object, "old": example.old, "new": example.new}));
    }
    Value::Object(value)
}

fn cause(cause: &Cause, places: Places<'_>) -> Value {
    let (by, name) = match &cause.by {
        By::Itself => ("itself", None),
        By::Template(name) => ("template", Some(&**name)),
        By::Contact(name) => ("contact", Some(&**name)),
        By::ContactGroup(name) => ("contactgroup", Some(&**name)),
        By::Command(name) => ("command", Some(&**name)),
        By::Definition(of) => (*of, None),
    };
    json!({
        "by": by, "name": name, "configuration": if cause.is_old { "old" } else { "new" },
        "file": places(&cause.file, cause.is_old), "line": cause.line, "puppet_title": cause.puppet_title.as_deref(),
    })
}
