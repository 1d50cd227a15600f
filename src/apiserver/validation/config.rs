//! ConfigMaps and Secrets.
//!
//! Upstream: `pkg/apis/core/validation/validation.go` (ValidateConfigMap, ValidateSecret).

use serde_json::Value;

use crate::api::{Kind, Meta, fields_at, go_quote, text_at, unbase64};
use crate::apiserver::FieldError;

use super::Errors;
use super::format::{IMMUTABLE, config_key};

const BYTES_MAX: usize = 1024 * 1024;
const SERVICE_ACCOUNT: &str = "kubernetes.io/service-account.name";

fn key(path: &str, key: &str, errors: &mut Errors) {
    for why in config_key(key) {
        errors.push(FieldError::invalid(path, go_quote(key), &why));
    }
}

fn too_long(path: &str, errors: &mut Errors) {
    errors.push(FieldError {
        path: path.into(),
        detail: format!("Too long: may not be more than {BYTES_MAX} bytes"),
    });
}

pub(super) fn config_map(body: &Value, errors: &mut Errors) {
    let mut bytes = 0;
    let is_binary = |name: &str| fields_at(body, "/binaryData").any(|(key, _)| key == name);
    for (name, value) in fields_at(body, "/data") {
        let path = format!("data[{name}]");
        key(&path, name, errors);
        if is_binary(name) {
            let why = "duplicate of key present in binaryData";
            errors.push(FieldError::invalid(path, go_quote(name), why));
        }
        bytes += value.as_str().map_or(0, str::len);
    }
    for (name, value) in fields_at(body, "/binaryData") {
        key(&format!("binaryData[{name}]"), name, errors);
        bytes += unbase64(value.as_str().unwrap_or_default()).len();
    }
    if bytes > BYTES_MAX {
        too_long("", errors);
    }
}

pub(super) fn secret(meta: &Meta, body: &Value, errors: &mut Errors) {
    let value = |name: &str| {
        let found = fields_at(body, "/data").find(|(key, _)| *key == name);
        found.map(|(_, value)| unbase64(value.as_str().unwrap_or_default()))
    };
    let mut bytes = 0;
    for (name, value) in fields_at(body, "/data") {
        key(&format!("data[{name}]"), name, errors);
        bytes += unbase64(value.as_str().unwrap_or_default()).len();
    }
    if bytes > BYTES_MAX {
        too_long("data", errors);
    }
    let mut required = |name: &str| errors.push(FieldError::required(format!("data[{name}]"), ""));
    match text_at(body, "/type") {
        "kubernetes.io/service-account-token"
            if meta
                .annotation(SERVICE_ACCOUNT)
                .unwrap_or_default()
                .is_empty() =>
        {
            let path = format!("metadata.annotations[{SERVICE_ACCOUNT}]");
            errors.push(FieldError::required(path, ""));
        }
        "kubernetes.io/dockercfg" => docker(".dockercfg", value(".dockercfg"), errors),
        "kubernetes.io/dockerconfigjson" => {
            docker(".dockerconfigjson", value(".dockerconfigjson"), errors);
        }
        "kubernetes.io/basic-auth"
            if value("username").is_none() && value("password").is_none() =>
        {
            required("username");
            required("password");
        }
        "kubernetes.io/ssh-auth" if value("ssh-privatekey").is_none_or(|key| key.is_empty()) => {
            required("ssh-privatekey");
        }
        "kubernetes.io/tls" => {
            for name in ["tls.crt", "tls.key"] {
                if value(name).is_none() {
                    required(name);
                }
            }
        }
        _ => {}
    }
}

fn docker(name: &str, value: Option<Vec<u8>>, errors: &mut Errors) {
    let path = format!("data[{name}]");
    let Some(bytes) = value else {
        return errors.push(FieldError::required(path, ""));
    };
    let read = serde_json::from_slice::<Value>(&bytes);
    if !read.is_ok_and(|value| value.is_object()) {
        // The words of Go's JSON reader in the two usual cases.
        let why = bytes.first().map_or_else(
            || "unexpected end of JSON input".to_string(),
            |first| {
                format!(
                    "invalid character '{}' looking for beginning of value",
                    char::from(*first)
                )
            },
        );
        let hidden = "\"<secret contents redacted>\"";
        errors.push(FieldError::invalid(path, hidden, &why));
    }
}

/// What may not change once an object says that it is immutable, and a Secret's type.
pub(super) fn immutable(kind: Kind, new: &Value, old: &Value, errors: &mut Errors) {
    if kind == Kind::Secret && text_at(new, "/type") != text_at(old, "/type") {
        let kind = go_quote(text_at(new, "/type"));
        errors.push(FieldError::invalid("type", kind, IMMUTABLE));
    }
    let is_set = |body: &Value| body.get("immutable") == Some(&Value::Bool(true));
    if !is_set(old) {
        return;
    }
    let mut refuse = |field: &str| {
        let why = "field is immutable when `immutable` is set";
        errors.push(FieldError::forbidden(field, why));
    };
    if !is_set(new) {
        refuse("immutable");
    }
    for field in ["data", "binaryData"] {
        if new.get(field) != old.get(field) {
            refuse(field);
        }
    }
}
