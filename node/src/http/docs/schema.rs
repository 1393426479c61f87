//! Schemas of the document as HTML: a table of members, and an example.
//!
//! Invariants: a reference that leads to itself ends. Absent: schemas that this API does not use.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::text;

/// How many references an example follows into each other.
const DEEPEST: usize = 6;

/// The name of the schema that `schema` refers to.
pub(super) fn referred(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str().and_then(|path| path.rsplit('/').next())
}

/// The schema itself, if it is a reference.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    referred(schema).map_or(schema, |name| &document["components"]["schemas"][name])
}

/// The members of an object, its flattened parts included.
fn members<'a>(document: &'a Value, schema: &'a Value) -> Vec<(&'a String, &'a Value, bool)> {
    let schema = resolved(document, schema);
    let parts = schema["allOf"].as_array().into_iter().flatten();
    let mut found: Vec<_> = parts.flat_map(|part| members(document, part)).collect();
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let is_required = required.iter().any(|one| one == name);
        found.push((name, member, is_required));
    }
    found
}

/// A table of the members of an object.
pub(super) fn table(document: &Value, schema: &Value) -> String {
    let members = members(document, schema);
    if members.is_empty() {
        return text::paragraphs(schema["description"].as_str().unwrap_or_default());
    }
    let mut html = "<table><thead><tr><th>member</th><th>type</th><th>meaning</th></tr></thead>\
                    <tbody>"
        .to_owned();
    for (name, member, is_required) in members {
        let mark = if is_required { "" } else { " <span class=\"optional\">optional</span>" };
        let meaning = member["description"].as_str().unwrap_or_default();
        let _ = write!(
            html,
            "<tr><td><code>{}</code>{mark}</td><td>{}</td><td>{}</td></tr>",
            text::escape(name),
            kind(member),
            text::line(meaning)
        );
    }
    html.push_str("</tbody></table>");
    html
}

/// The type of a value in a few words.
pub(super) fn kind(schema: &Value) -> String {
    if let Some(name) = referred(schema) {
        let name = text::escape(name);
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    if let Some(choices) = schema["oneOf"].as_array().or_else(|| schema["allOf"].as_array()) {
        let kinds: Vec<_> = choices
            .iter()
            .filter(|choice| choice["type"] != "null")
            .map(|choice| match choice["enum"].as_array() {
                Some(values) => words(values),
                None => kind(choice),
            })
            .collect();
        return kinds.join(" | ");
    }
    if let Some(values) = schema["enum"].as_array() {
        return words(values);
    }
    let named = match schema["type"].as_array() {
        Some(types) => types.iter().find(|one| **one != "null").and_then(Value::as_str),
        None => schema["type"].as_str(),
    };
    match named {
        Some("array") => format!("list of {}", kind(&schema["items"])),
        Some(name) => match schema["format"].as_str() {
            Some(format) => format!("{} ({})", text::escape(name), text::escape(format)),
            None => text::escape(name),
        },
        None => "any".to_owned(),
    }
}

fn words(values: &[Value]) -> String {
    let words = values.iter().filter_map(Value::as_str);
    words.map(|word| format!("<code>{}</code>", text::escape(word))).collect::<Vec<_>>().join(" | ")
}

/// A value of the schema's shape.
pub(super) fn example(document: &Value, schema: &Value) -> Value {
    sample(document, schema, 0)
}

fn sample(document: &Value, schema: &Value, depth: usize) -> Value {
    if depth > DEEPEST {
        return Value::Null;
    }
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    let schema = resolved(document, schema);
    let members = members(document, schema);
    if !members.is_empty() {
        let value = |member| sample(document, member, depth.saturating_add(1));
        let members = members.into_iter().map(|(name, member, _)| (name.clone(), value(member)));
        return Value::Object(members.collect::<Map<_, _>>());
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let first = choices.iter().find(|choice| choice["type"] != "null");
        return first.map_or(Value::Null, |choice| sample(document, choice, depth));
    }
    if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
        return first.clone();
    }
    let is = |name: &str| match schema["type"].as_array() {
        Some(types) => types.iter().any(|one| one == name),
        None => schema["type"] == name,
    };
    if is("array") {
        return json!([sample(document, &schema["items"], depth.saturating_add(1))]);
    }
    if is("integer") {
        return json!(1);
    }
    if is("boolean") {
        return json!(true);
    }
    if is("string") {
        return json!(word(schema));
    }
    json!({})
}

/// An example text: what the description shows between backticks, if it does.
fn word(schema: &Value) -> &str {
    match schema["format"].as_str() {
        Some("date-time") => return "2026-11-21T20:15:00.123Z",
        Some("uuid") => return "7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10",
        Some(_) | None => {}
    }
    let description = schema["description"].as_str().unwrap_or_default();
    description.split('`').nth(1).unwrap_or("...")
}
