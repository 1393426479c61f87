//! Checks JSON against the schemas of an OpenAPI document, strictly: a member that the schema does
//! not name is a fault, and so is a keyword that this checker does not know.
#![allow(dead_code, reason = "each test program uses a part of it")]

use serde_json::Value;

/// Every keyword that the document may use.
const KNOWN: [&str; 15] = [
    "$ref",
    "allOf",
    "oneOf",
    "type",
    "enum",
    "properties",
    "required",
    "items",
    "format",
    "description",
    "example",
    "minimum",
    "maximum",
    "default",
    "propertyNames",
];

/// Why `value` is not of the schema; nothing if it is.
pub(crate) fn faults(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let open = check(document, schema, value, "", &mut found);
    if let (Value::Object(members), Some(known)) = (value, open) {
        let strange = members.keys().filter(|name| !known.contains(name));
        found.extend(strange.map(|name| format!("/{name}: the schema does not know it")));
    }
    found
}

/// Checks one level; gives the members that an object's schema names.
fn check(
    document: &Value,
    schema: &Value,
    value: &Value,
    path: &str,
    found: &mut Vec<String>,
) -> Option<Vec<String>> {
    for keyword in schema.as_object().expect("a schema is an object").keys() {
        assert!(KNOWN.contains(&keyword.as_str()), "{path}: unknown keyword {keyword}");
    }
    if let Some(path_of) = schema["$ref"].as_str() {
        let target = document.pointer(path_of.trim_start_matches('#'));
        return check(document, target.expect(path_of), value, path, found);
    }
    let mut known = None;
    for part in schema["allOf"].as_array().into_iter().flatten() {
        let names = check(document, part, value, path, found).unwrap_or_default();
        known.get_or_insert_with(Vec::new).extend(names);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let fits = choices.iter().filter(|choice| faults(document, choice, value).is_empty());
        if fits.count() != 1 {
            found.push(format!("{path}: not exactly one of the choices fits {value}"));
        }
    }
    check_kind(schema, value, path, found);
    if let (Some(properties), Value::Object(members)) = (schema["properties"].as_object(), value) {
        for name in schema["required"].as_array().into_iter().flatten() {
            if !members.contains_key(name.as_str().unwrap()) {
                found.push(format!("{path}: {name} lacks"));
            }
        }
        for (name, member) in properties {
            if let Some(value) = members.get(name) {
                let inner = faults(document, member, value);
                found.extend(inner.into_iter().map(|fault| format!("{path}/{name}{fault}")));
            }
        }
        known.get_or_insert_with(Vec::new).extend(properties.keys().cloned());
    }
    for (index, value) in value.as_array().into_iter().flatten().enumerate() {
        let inner = faults(document, &schema["items"], value);
        found.extend(inner.into_iter().map(|fault| format!("{path}/{index}{fault}")));
    }
    known
}

fn check_kind(schema: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let allowed = match schema["type"].as_array() {
        Some(kinds) => kinds.iter().any(|one| one == kind),
        None => schema.get("type").is_none_or(|one| one == kind),
    };
    if !allowed {
        found.push(format!("{path}: {value} is no {}", schema["type"]));
    }
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        found.push(format!("{path}: {value} is none of {}", schema["enum"]));
    }
    if let (Some(least), Some(number)) = (schema["minimum"].as_u64(), value.as_u64())
        && number < least
    {
        found.push(format!("{path}: {number} is less than {least}"));
    }
    let Some(text) = value.as_str() else { return };
    let is_of_format = match schema["format"].as_str() {
        Some("date-time") => api::text::parse_time(text).is_some(),
        Some("uuid") => ledger::ids::Uetr::parse(text).is_ok(),
        Some(_) | None => true,
    };
    if !is_of_format {
        found.push(format!("{path}: {text} is no {}", schema["format"]));
    }
}
