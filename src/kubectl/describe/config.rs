//! `kubectl describe configmap` and `describe secret`.
//!
//! Upstream: `ConfigMapDescriber`, `describeSecret` in `describe.go`.

use crate::api::{Object, fields_at, text_at, unbase64};

use super::text::Text;
use super::{Scene, events};

pub(super) fn config_map(object: &Object, scene: Scene<'_>, out: &mut Text) {
    let Some(body) = object.data() else { return };
    out.names(&object.meta);
    out.labels(&object.meta);
    out.line(0, "\nData\n====");
    for (key, value) in fields_at(body, "/data") {
        let text = value.as_str().unwrap_or_default();
        out.line(0, format!("{key}:\n----\n{text}\n"));
    }
    out.line(0, "\nBinaryData\n====");
    for (key, value) in fields_at(body, "/binaryData") {
        let bytes = unbase64(value.as_str().unwrap_or_default()).len();
        out.line(0, format!("{key}: {bytes} bytes"));
    }
    out.line(0, "");
    events::write(object, scene, out);
}

pub(super) fn secret(object: &Object, _: Scene<'_>, out: &mut Text) {
    let Some(body) = object.data() else { return };
    let kind = text_at(body, "/type");
    out.names(&object.meta);
    out.labels(&object.meta);
    out.line(0, format!("\nType:\t{kind}"));
    out.line(0, "\nData\n====");
    for (key, value) in fields_at(body, "/data") {
        let bytes = unbase64(value.as_str().unwrap_or_default());
        if key == "token" && kind == "kubernetes.io/service-account-token" {
            out.field(0, key, String::from_utf8_lossy(&bytes));
        } else {
            out.field(0, key, format!("{} bytes", bytes.len()));
        }
    }
}
