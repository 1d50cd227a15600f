//! CustomResourceDefinitions: names, versions and schemas.
//!
//! Upstream: `apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go`,
//! `pkg/apiserver/schema/validation.go`. Differs: rules in CEL are not compiled, conversion
//! webhooks not looked at, and schemas are not shown within messages about versions.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::api::{Meta, go_json, go_quote, items_at, text_at};
use crate::apiserver::structural::Pattern;
use crate::apiserver::{FieldError, is_true};

use super::Errors;
use super::format::{dns_1035_label, dns_1123_subdomain};

/// Problems of a new definition.
pub(super) fn definition(meta: &Meta, body: &Value, errors: &mut Errors) {
    let (group, plural) = (
        text_at(body, "/spec/group"),
        text_at(body, "/spec/names/plural"),
    );
    if *meta.name != *format!("{plural}.{group}") {
        let why = "must be spec.names.plural+\".\"+spec.group";
        errors.push(FieldError::invalid(
            "metadata.name",
            go_quote(&meta.name),
            why,
        ));
    }
    if group.is_empty() {
        errors.push(FieldError::required("spec.group", ""));
    } else {
        let mut problems = dns_1123_subdomain(group);
        if problems.is_empty() && !group.contains('.') {
            problems.push("should be a domain with at least one dot".to_string());
        }
        refuse("spec.group", group, &problems, errors);
    }
    match text_at(body, "/spec/scope") {
        "" => errors.push(FieldError::required("spec.scope", "")),
        "Cluster" | "Namespaced" => {}
        scope => {
            let supported = &["Cluster", "Namespaced"];
            errors.push(FieldError::not_supported(
                "spec.scope",
                go_quote(scope),
                supported,
            ));
        }
    }
    versions(body, errors);
    names(body, errors);
    schemas(body, errors);
}

fn refuse(path: &str, text: &str, problems: &[String], errors: &mut Errors) {
    if !problems.is_empty() {
        errors.push(FieldError::invalid(
            path,
            go_quote(text),
            &problems.join(","),
        ));
    }
}

fn versions(body: &Value, errors: &mut Errors) {
    let all = items_at(body, "/spec/versions");
    let mut seen: Vec<&str> = Vec::new();
    let mut unique = true;
    for (index, version) in all.iter().enumerate() {
        let name = text_at(version, "/name");
        unique &= !seen.contains(&name);
        seen.push(name);
        let path = format!("spec.versions[{index}].name");
        refuse(&path, name, &dns_1035_label(name), errors);
    }
    let stored = all
        .iter()
        .filter(|v| v.get("storage") == Some(&Value::Bool(true)));
    let mut wrong = |why| {
        let shown: Vec<String> = all.iter().map(internal).collect();
        let shown = format!("[{}]", shown.join(","));
        errors.push(FieldError::invalid("spec.versions", shown, why));
    };
    let stored = stored.count();
    if !unique {
        wrong("must contain unique version names");
    }
    if stored != 1 {
        wrong("must have exactly one version marked as storage version");
    }
}

/// A version as the server prints its own form of one.
fn internal(version: &Value) -> String {
    let flag = |key: &str| version.get(key) == Some(&Value::Bool(true));
    let warning = version.get("deprecationWarning").unwrap_or(&Value::Null);
    format!(
        "{{\"Name\":{},\"Served\":{},\"Storage\":{},\"Deprecated\":{},\"DeprecationWarning\":{},\"Schema\":null,\"Subresources\":null,\"AdditionalPrinterColumns\":null,\"SelectableFields\":null}}",
        go_quote(text_at(version, "/name")),
        flag("served"),
        flag("storage"),
        flag("deprecated"),
        go_json(warning)
    )
}

fn names(body: &Value, errors: &mut Errors) {
    let name = |key: &str| text_at(body, &format!("/spec/names/{key}")).to_string();
    for key in ["plural", "singular", "kind", "listKind"] {
        if name(key).is_empty() {
            errors.push(FieldError::required(format!("spec.names.{key}"), ""));
        }
    }
    for key in ["plural", "singular"] {
        let text = name(key);
        if !text.is_empty() {
            refuse(
                &format!("spec.names.{key}"),
                &text,
                &dns_1035_label(&text),
                errors,
            );
        }
    }
    for key in ["kind", "listKind"] {
        let text = name(key);
        let problems = dns_1035_label(&text.to_lowercase());
        if !text.is_empty() && !problems.is_empty() {
            let why = "may have mixed case, but should otherwise match: ".to_string();
            let why = why + &problems.join(",");
            refuse(&format!("spec.names.{key}"), &text, &[why], errors);
        }
    }
    if !name("kind").is_empty() && name("kind") == name("listKind") {
        let why = "kind and listKind may not be the same".to_string();
        refuse("spec.names.listKind", &name("listKind"), &[why], errors);
    }
    for key in ["shortNames", "categories"] {
        let list = items_at(body, &format!("/spec/names/{key}")).iter();
        for (index, text) in list.filter_map(Value::as_str).enumerate() {
            let path = format!("spec.names.{key}[{index}]");
            refuse(&path, text, &dns_1035_label(text), errors);
        }
    }
}

fn schemas(body: &Value, errors: &mut Errors) {
    let all = items_at(body, "/spec/versions");
    for (index, version) in all.iter().enumerate() {
        // What all versions have alike the server holds once, in a field of its own.
        let path = if all.len() == 1 {
            "spec.validation.openAPIV3Schema".to_string()
        } else {
            format!("spec.versions[{index}].schema.openAPIV3Schema")
        };
        match version.pointer("/schema/openAPIV3Schema") {
            Some(schema) => {
                let mut own = Vec::new();
                structure(schema, &path, Level::Root, &mut own);
                own.sort_by_key(ToString::to_string);
                errors.extend(own);
            }
            None => {
                let path = format!("spec.versions[{index}].schema.openAPIV3Schema");
                errors.push(FieldError::required(path, "schemas are required"));
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Root,
    Item,
    Field,
}

const TYPES: &[&str] = &["array", "boolean", "integer", "number", "object", "string"];

/// What makes a schema structural.
fn structure(schema: &Value, path: &str, level: Level, errors: &mut Errors) {
    let on = |key: &str| schema.get(key) == Some(&Value::Bool(true));
    let kind = text_at(schema, "/type");
    let at = |key: &str| format!("{path}.{key}");
    let (any, free) = (
        on("x-kubernetes-int-or-string"),
        on("x-kubernetes-preserve-unknown-fields"),
    );
    if kind.is_empty() && !any && !free {
        let why = match level {
            Level::Root => "must not be empty at the root",
            Level::Item => "must not be empty for specified array items",
            Level::Field => "must not be empty for specified object fields",
        };
        errors.push(FieldError::required(at("type"), why));
    } else if level == Level::Root && !kind.is_empty() && kind != "object" {
        let why = "must be object at the root";
        errors.push(FieldError::invalid(at("type"), go_quote(kind), why));
    } else if !kind.is_empty() && !TYPES.contains(&kind) {
        errors.push(FieldError::not_supported(at("type"), go_quote(kind), TYPES));
    }
    if on("uniqueItems") {
        let why =
            "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
        errors.push(FieldError::forbidden(at("uniqueItems"), why));
    }
    let pattern = text_at(schema, "/pattern");
    if !pattern.is_empty() && Pattern::new(pattern).is_none() && unclosed(pattern) {
        let why = "must be a valid regular expression, but isn't: error parsing regexp: missing closing )";
        let why = format!("{why}: `{pattern}`");
        errors.push(FieldError::invalid(at("pattern"), go_quote(pattern), &why));
    }
    match schema.get("items") {
        Some(items) => structure(items, &at("items"), Level::Item, errors),
        None if kind == "array" => {
            errors.push(FieldError::required(at("items"), "must be specified"));
        }
        None => {}
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, inner) in properties.into_iter().flatten() {
        if level == Level::Root && ["apiVersion", "kind", "metadata"].contains(&name.as_str()) {
            continue;
        }
        structure(
            inner,
            &format!("{path}.properties[{name}]"),
            Level::Field,
            errors,
        );
    }
    if let Some(inner) = schema.get("additionalProperties") {
        if level == Level::Root {
            let why = "must not be used at the root";
            errors.push(FieldError::forbidden(at("additionalProperties"), why));
        } else if properties.is_some_and(|p| !p.is_empty()) {
            let why = "additionalProperties and properties are mutual exclusive";
            errors.push(FieldError::forbidden(at("additionalProperties"), why));
        }
        if inner.is_object() {
            structure(inner, &at("additionalProperties"), Level::Field, errors);
        }
    }
}

fn unclosed(pattern: &str) -> bool {
    pattern.matches('(').count() > pattern.matches(')').count()
}

/// Formats of texts that the server knows, though it does not check all of them.
const FORMATS: &[&str] = &[
    "bsonobjectid",
    "byte",
    "cidr",
    "creditcard",
    "date",
    "date-time",
    "datetime",
    "duration",
    "email",
    "hexcolor",
    "hostname",
    "ipv4",
    "ipv6",
    "isbn",
    "isbn10",
    "isbn13",
    "k8s-long-name",
    "k8s-short-name",
    "mac",
    "password",
    "rgbcolor",
    "ssn",
    "uri",
    "uuid",
    "uuid3",
    "uuid4",
    "uuid5",
];

/// Warnings about a new definition.
pub(super) fn warnings(body: &Value) -> Vec<String> {
    let mut unknown = BTreeSet::new();
    for version in items_at(body, "/spec/versions") {
        formats(version.get("schema").unwrap_or(&Value::Null), &mut unknown);
    }
    let texts = unknown
        .iter()
        .map(|format| format!("unrecognized format {}", go_quote(format)));
    texts.collect()
}

fn formats<'v>(schema: &'v Value, unknown: &mut BTreeSet<&'v str>) {
    match schema {
        Value::Object(fields) => {
            let format = text_at(schema, "/format");
            let is_text = text_at(schema, "/type") == "string";
            if is_text && !format.is_empty() && !FORMATS.contains(&format) {
                unknown.insert(format);
            }
            fields.values().for_each(|inner| formats(inner, unknown));
        }
        Value::Array(items) => items.iter().for_each(|inner| formats(inner, unknown)),
        _ => {}
    }
}

/// What may not change once objects are stored.
pub(super) fn immutable(new: &Value, old: &Value, errors: &mut Errors) {
    let established = is_true(old, "Established");
    for (field, always) in [
        ("scope", false),
        ("names/kind", false),
        ("group", true),
        ("names/plural", true),
    ] {
        let pointer = format!("/spec/{field}");
        let (new, old) = (text_at(new, &pointer), text_at(old, &pointer));
        if new != old && (always || established) {
            let path = format!("spec.{}", field.replace('/', "."));
            errors.push(FieldError::invalid(
                path,
                go_quote(new),
                "field is immutable",
            ));
        }
    }
    let versions = items_at(new, "/spec/versions");
    let stored = items_at(new, "/status/storedVersions").iter();
    for (index, name) in stored.filter_map(Value::as_str).enumerate() {
        if !versions.iter().any(|v| text_at(v, "/name") == name) {
            let why = format!(
                "missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in {name} and removes {name} from status.storedVersions"
            );
            let path = format!("status.storedVersions[{index}]");
            errors.push(FieldError::invalid(path, go_quote(name), &why));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn crd() -> Value {
        json!({"spec": {
            "group": "stable.example.com", "scope": "Namespaced",
            "names": {"kind": "CronTab", "listKind": "CronTabList", "plural": "crontabs", "singular": "crontab"},
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object"}}}},
            }],
        }})
    }

    fn texts(body: &Value) -> Vec<String> {
        let meta = Meta::named("", "crontabs.stable.example.com");
        let mut errors = Vec::new();
        definition(&meta, body, &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    const VERSION: &str = r#"{"Name":"v1","Served":true,"Storage":false,"Deprecated":false,"DeprecationWarning":null,"Schema":null,"Subresources":null,"AdditionalPrinterColumns":null,"SelectableFields":null}"#;

    #[test]
    fn definitions_are_refused_in_the_servers_words() {
        assert_eq!(texts(&crd()), Vec::<String>::new());
        let root = "/spec/versions/0/schema/openAPIV3Schema";
        let path = "spec.validation.openAPIV3Schema";
        let label = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
        for (pointer, value, words) in [
            ("/spec/scope", json!(""), "spec.scope: Required value".to_string()),
            ("/spec/scope", json!("Global"), "spec.scope: Unsupported value: \"Global\": supported values: \"Cluster\", \"Namespaced\"".to_string()),
            ("/spec/names/listKind", json!(""), "spec.names.listKind: Required value".to_string()),
            ("/spec/names/singular", json!("Cron"), format!("spec.names.singular: Invalid value: \"Cron\": {label}")),
            ("/spec/names/kind", json!("Cron_Tab"), format!("spec.names.kind: Invalid value: \"Cron_Tab\": may have mixed case, but should otherwise match: {label}")),
            ("/spec/names/shortNames", json!(["c t"]), format!("spec.names.shortNames[0]: Invalid value: \"c t\": {label}")),
            ("/spec/versions/0/storage", json!(false), format!("spec.versions: Invalid value: [{VERSION}]: must have exactly one version marked as storage version")),
            ("/spec/versions/0/schema", json!(null), "spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required".to_string()),
            (root, json!({"properties": {}}), format!("{path}.type: Required value: must not be empty at the root")),
            (root, json!({"type": "string"}), format!("{path}.type: Invalid value: \"string\": must be object at the root")),
            (&format!("{root}/properties/spec"), json!({}), format!("{path}.properties[spec].type: Required value: must not be empty for specified object fields")),
            (&format!("{root}/properties/spec"), json!({"type": "array"}), format!("{path}.properties[spec].items: Required value: must be specified")),
            (&format!("{root}/properties/spec"), json!({"type": "strin"}), format!("{path}.properties[spec].type: Unsupported value: \"strin\": supported values: \"array\", \"boolean\", \"integer\", \"number\", \"object\", \"string\"")),
        ] {
            let mut body = crd();
            match body.pointer_mut(pointer) {
                Some(slot) => *slot = value.clone(),
                None => body["spec"]["names"]["shortNames"] = value.clone(),
            }
            assert_eq!(texts(&body), [words], "{pointer} {value}");
        }
    }

    #[test]
    fn formats_that_nobody_knows_are_told() {
        let schema = |kind: &str, format: &str| json!({"type": kind, "format": format});
        for (inner, told) in [
            (schema("string", "date-time"), None),
            (schema("integer", "int64"), None),
            (
                schema("string", "cron"),
                Some("unrecognized format \"cron\""),
            ),
        ] {
            let mut body = crd();
            body["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"] = inner;
            assert_eq!(warnings(&body).first().map(String::as_str), told);
        }
    }

    #[test]
    fn what_is_stored_cannot_change_its_nature() {
        let mut old = crd();
        old["status"] = json!({
            "storedVersions": ["v1"], "conditions": [{"type": "Established", "status": "True"}],
        });
        let mut new = old.clone();
        new["spec"]["scope"] = "Cluster".into();
        new["spec"]["versions"][0]["name"] = "v2".into();
        let mut errors = Vec::new();
        immutable(&new, &old, &mut errors);
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "spec.scope: Invalid value: \"Cluster\": field is immutable",
                "status.storedVersions[0]: Invalid value: \"v1\": missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions",
            ]
        );
    }
}
