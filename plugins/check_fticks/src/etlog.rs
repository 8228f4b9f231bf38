//! The same from an etlog, by its REST API.

use check::{CheckError, Ctx};
use fetch::{Url, UrlOptions};
use serde_json::Value;

use crate::Mode;
use crate::findings::Findings;

/// What to ask for.
pub(crate) struct Question<'a> {
    pub base: &'a Url,
    pub realm: &'a str,
    pub mode: Mode,
    /// Seconds missing at least.
    pub missing: f64,
    /// First and last day, `2026-11-01`.
    pub days: (String, String),
}

/// Asks for the newest revision, then for its events. An etlog that does not answer says nothing about a
/// realm: that is UNKNOWN.
pub(crate) async fn ask(
    question: &Question<'_>,
    urls: &UrlOptions,
    ctx: &Ctx,
) -> Result<Findings, CheckError> {
    let revision = revision(&get(question, "concurrent_rev/", &[], urls, ctx).await?)
        .ok_or_else(|| strange(question, "concurrent_rev", "no list of revisions"))?;
    let queries: &[&str] = match question.mode {
        Mode::Compromised => &["username"],
        Mode::Concurrent => &["visinst_1", "visinst_2"],
    };
    let mut found = Findings::default();
    for key in queries {
        let (path, value, other) = match question.mode {
            Mode::Compromised => ("concurrent_users/", format!("/@{}/", question.realm), "true"),
            Mode::Concurrent => ("concurrent_inst/", question.realm.to_owned(), "false"),
        };
        let (first, last) = &question.days;
        let missing = question.missing.to_string();
        // etlog reads what stands before the first `=` as name and comparison
        let query = [
            ("revision", &revision),
            ("diff_needed_timediff>", &missing),
            ("timestamp>", first),
            ("timestamp<", last),
            ("mac_diff", &other.to_owned()),
            (key, &value),
        ];
        let answer = get(question, path, &query, urls, ctx).await?;
        add(&answer, question, &mut found).ok_or_else(|| strange(question, path, "no list of events"))?;
    }
    if found.events == 0 {
        let realms = get(question, "realms", &[], urls, ctx).await?;
        if !names(&realms, question.realm) {
            return Err(CheckError::internal(format!("etlog knows no realm {}", question.realm)));
        }
    }
    Ok(found)
}

async fn get(
    question: &Question<'_>,
    path: &str,
    query: &[(&str, &String)],
    urls: &UrlOptions,
    ctx: &Ctx,
) -> Result<Value, CheckError> {
    let mut url = question.base.clone();
    let base = url.path().trim_end_matches('/').to_owned();
    url.set_path(&format!("{base}/api/{path}"));
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    let answer = urls.get(&url, ctx).await.map_err(|error| match error {
        CheckError::Target(why) => CheckError::internal(why),
        other => other,
    })?;
    if !answer.status.is_success() {
        return Err(strange(question, path, &fetch::clipped(&answer.status_line())));
    }
    serde_json::from_slice(&answer.body).map_err(|_| strange(question, path, "no JSON"))
}

fn strange(question: &Question<'_>, path: &str, why: &str) -> CheckError {
    let path = path.trim_end_matches('/');
    CheckError::internal(format!("{}/api/{path} answers {why}", fetch::place(question.base)))
}

/// The last of a list of numbers or texts.
fn revision(answer: &Value) -> Option<String> {
    match answer.as_array()?.last()? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn add(answer: &Value, question: &Question<'_>, found: &mut Findings) -> Option<()> {
    for event in answer.as_array()? {
        let text = |key: &str| event.get(key).and_then(Value::as_str);
        match question.mode {
            Mode::Compromised => {
                let user = text("username")?;
                // what was asked for is a part of the name: `@a.cz` is one of `@a.cz.example`
                let is_of_realm = user
                    .rsplit_once('@')
                    .is_some_and(|(_, realm)| realm.eq_ignore_ascii_case(question.realm));
                if is_of_realm {
                    *found.users.entry(user.to_owned()).or_default() += 1;
                    found.events += 1;
                }
            }
            Mode::Concurrent => {
                let count = event.get("count").and_then(Value::as_u64)?;
                let (one, two) = (text("visinst_1")?, text("visinst_2")?);
                let other = if one.eq_ignore_ascii_case(question.realm) { two } else { one };
                *found.partners.entry(other.to_owned()).or_default() += count;
                found.events = found.events.saturating_add(count);
            }
        }
    }
    Some(())
}

/// Is the realm in a list of texts, or of objects that hold such?
fn names(answer: &Value, realm: &str) -> bool {
    match answer {
        Value::String(text) => text.eq_ignore_ascii_case(realm),
        Value::Array(all) => all.iter().any(|one| names_flat(one, realm)),
        _ => false,
    }
}

fn names_flat(entry: &Value, realm: &str) -> bool {
    let is = |value: &Value| value.as_str().is_some_and(|text| text.eq_ignore_ascii_case(realm));
    is(entry) || entry.as_object().is_some_and(|object| object.values().any(is))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_of_etlog_are_read() {
        assert_eq!(revision(&json!(["20261001", 20_261_130_020_305_u64])).as_deref(), Some("20261130020305"));
        assert_eq!((revision(&json!([])), revision(&json!({}))), (None, None));
        let base = Url::parse("https://etlog.example.org:8443").unwrap();
        let mut question = Question {
            base: &base,
            realm: "a.cz",
            mode: Mode::Compromised,
            missing: 60.0,
            days: (String::new(), String::new()),
        };
        let mut found = Findings::default();
        let users = json!([{"username": "x@A.cz"}, {"username": "x@A.cz"}, {"username": "y@a.cz.example"}]);
        add(&users, &question, &mut found).unwrap();
        assert_eq!((found.users.len(), found.events), (1, 2));
        assert_eq!(add(&json!([{"user": 1}]), &question, &mut found), None);
        question.mode = Mode::Concurrent;
        let mut found = Findings::default();
        let events = json!([{"visinst_1": "a.cz", "visinst_2": "b.cz", "count": 7}, {"visinst_1": "c.cz", "visinst_2": "a.cz", "count": 4}]);
        add(&events, &question, &mut found).unwrap();
        assert_eq!((found.partners["b.cz"], found.partners["c.cz"], found.events), (7, 4, 11));
        assert!(names(&json!(["b.cz", "A.cz"]), "a.cz") && names(&json!([{"realm": "a.cz"}]), "a.cz"));
        assert!(!names(&json!(["b.cz", ["a.cz"]]), "a.cz") && !names(&json!({"a.cz": 1}), "a.cz"));
    }
}
