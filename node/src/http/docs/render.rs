//! The page: operations by group, then schemas.
//!
//! Invariants: every operation and every schema of the document is on the page. Absent: state; the
//! same document gives the same page.

use std::fmt::Write;

use serde_json::Value;

use super::{schema, text};

/// The whole page.
pub(super) fn page(document: &Value, style: &str, script: &str) -> String {
    let info = &document["info"];
    let (title, version) = (word(&info["title"]), word(&info["version"]));
    let tags: Vec<_> = document["tags"].as_array().into_iter().flatten().collect();
    let mut menu = String::new();
    let mut body = String::new();
    for tag in tags {
        group(document, tag, &mut menu, &mut body);
    }
    menu.push_str("<li class=\"group\">Types</li>");
    body.push_str("<h2>Types</h2>");
    let schemas = document["components"]["schemas"].as_object().into_iter().flatten();
    for (name, one) in schemas {
        let name = text::escape(name);
        let about = text::paragraphs(one["description"].as_str().unwrap_or_default());
        let table = schema::table(document, one);
        let _ = write!(
            body,
            "<section class=\"schema\" id=\"schema-{name}\"><h3>{name}</h3>{about}{table}</section>"
        );
        let _ = write!(menu, "<li class=\"type\"><a href=\"#schema-{name}\">{name}</a></li>");
    }
    let about = text::paragraphs(info["description"].as_str().unwrap_or_default());
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} {version}</title><link rel=\"icon\" href=\"data:,\">\
         <style>{style}</style></head><body>\
         <a class=\"skip\" href=\"#main\">Skip to the operations</a>\
         <header><h1>{title} <small>{version}</small></h1>\
         <a href=\"/openapi.json\">OpenAPI 3.1 document</a></header>\
         <nav aria-label=\"Operations and types\"><input id=\"filter\" type=\"search\" \
         placeholder=\"Filter\" aria-label=\"Filter the list\"><ul>{menu}</ul></nav>\
         <main id=\"main\"><div class=\"about\">{about}</div>{body}</main>\
         <script>{script}</script></body></html>"
    )
}

fn word(value: &Value) -> String {
    text::escape(value.as_str().unwrap_or_default())
}

/// One group of operations, in the menu and on the page.
fn group(document: &Value, tag: &Value, menu: &mut String, body: &mut String) {
    let name = word(&tag["name"]);
    let about = text::line(tag["description"].as_str().unwrap_or_default());
    let _ = write!(menu, "<li class=\"group\">{name}</li>");
    let _ = write!(body, "<h2>{name}</h2><p class=\"about-group\">{about}</p>");
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, one) in item.as_object().into_iter().flatten() {
            if one["tags"][0] == tag["name"] {
                operation(document, (method, path), one, menu, body);
            }
        }
    }
}

fn operation(
    document: &Value,
    (method, path): (&str, &str),
    one: &Value,
    menu: &mut String,
    body: &mut String,
) {
    let command = curl(document, method, path, one);
    let (id, path) = (word(&one["operationId"]), text::escape(path));
    let shown = path.replace('/', "<wbr>/");
    let summary = text::line(one["summary"].as_str().unwrap_or_default());
    let place = format!("<span class=\"method {method}\">{}</span>", method.to_uppercase());
    let _ = write!(menu, "<li><a href=\"#{id}\">{place} <code>{shown}</code></a></li>");
    let _ = write!(
        body,
        "<section class=\"operation\" id=\"{id}\" data-method=\"{method}\" data-path=\"{path}\">\
         <h3><a href=\"#{id}\">{place} <code>{shown}</code></a></h3><p>{summary}</p>\
         {}{}{}{}{command}</section>",
        text::paragraphs(one["description"].as_str().unwrap_or_default()),
        parameters(one),
        request_body(document, one),
        responses(document, one),
    );
}

fn parameters(one: &Value) -> String {
    let mut rows = String::new();
    for parameter in one["parameters"].as_array().into_iter().flatten() {
        let name = word(&parameter["name"]);
        let mark = match parameter["required"] == true {
            true => "",
            false => " <span class=\"optional\">optional</span>",
        };
        let place = word(&parameter["in"]);
        let _ = write!(
            rows,
            "<tr data-name=\"{name}\" data-in=\"{place}\"><td><code>{name}</code>{mark}</td>\
             <td>{place}</td><td>{}</td><td>{}</td></tr>",
            schema::kind(&parameter["schema"]),
            text::line(parameter["description"].as_str().unwrap_or_default()),
        );
    }
    if rows.is_empty() {
        return rows;
    }
    format!(
        "<h4>Parameters</h4><table class=\"parameters\"><thead><tr><th>name</th><th>in</th>\
         <th>type</th><th>meaning</th></tr></thead><tbody>{rows}</tbody></table>"
    )
}

/// A command that asks the node at `$NODE`.
fn curl(document: &Value, method: &str, path: &str, one: &Value) -> String {
    let parts: Vec<_> = path
        .split('/')
        .map(|part| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) => format!("${}", name.to_uppercase()),
            None => part.to_owned(),
        })
        .collect();
    let posts = if method == "get" { "" } else { " -X POST" };
    let mut command = format!("curl -s{posts} \"$NODE{}\"", parts.join("/"));
    let content = one["requestBody"]["content"].as_object();
    if let Some((media_type, body)) = content.and_then(|content| content.iter().next()) {
        let data = match body["schema"].get("$ref") {
            Some(_) => schema::example(document, &body["schema"]).to_string(),
            None => "@FILE".to_owned(),
        };
        let _ = write!(command, " \\\n  -H 'Content-Type: {media_type}' --data-binary '{data}'");
    }
    let command = text::escape(&command);
    format!("<details><summary>With curl</summary><pre>{command}</pre></details>")
}

fn request_body(document: &Value, one: &Value) -> String {
    let body = &one["requestBody"];
    if body.is_null() {
        return String::new();
    }
    let about = text::paragraphs(body["description"].as_str().unwrap_or_default());
    format!("<h4>Body</h4>{about}{}", contents(document, &body["content"]))
}

/// The media types of a body, with an example of each that is JSON.
fn contents(document: &Value, content: &Value) -> String {
    let mut html = String::new();
    for (media_type, one) in content.as_object().into_iter().flatten() {
        let schema = &one["schema"];
        let is_json = media_type.ends_with("json");
        let kind = if is_json { schema::kind(schema) } else { "the bytes".to_owned() };
        let _ = write!(html, "<p><code>{}</code>: {kind}</p>", text::escape(media_type));
        if is_json && (schema.get("$ref").is_some() || schema["type"] == "array") {
            let example = schema::example(document, schema);
            let example = serde_json::to_string_pretty(&example).unwrap_or_default();
            let _ = write!(
                html,
                "<details><summary>Example</summary><pre>{}</pre></details>",
                text::escape(&example)
            );
        }
    }
    html
}

fn responses(document: &Value, one: &Value) -> String {
    let (mut good, mut refusals) = (String::new(), String::new());
    for (status, response) in one["responses"].as_object().into_iter().flatten() {
        let about = text::line(response["description"].as_str().unwrap_or_default());
        let status = text::escape(status);
        if response["content"].get("application/problem+json").is_some() {
            let _ = write!(refusals, "<li><code>{status}</code> {about}</li>");
        } else {
            let contents = contents(document, &response["content"]);
            let _ = write!(
                good,
                "<div class=\"response\"><p><code>{status}</code> {about}</p>{contents}</div>"
            );
        }
    }
    let refusals = match refusals.as_str() {
        "" => String::new(),
        list => format!(
            "<details><summary>Refusals</summary><p>Each is a \
             <a href=\"#schema-Problem\">Problem</a> as <code>application/problem+json</code>.</p>\
             <ul>{list}</ul></details>"
        ),
    };
    format!("<h4>Answers</h4>{good}{refusals}")
}
