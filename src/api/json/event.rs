//! Events as JSON.
//!
//! Upstream: `core/v1.Event`.

use serde_json::{Map, Value, json};

use crate::api::EventBody;

pub(super) fn write(event: &EventBody, out: &mut Map<String, Value>) {
    let involved = &event.involved;
    let mut object = json!({
        "apiVersion": involved.kind.api_version(), "kind": involved.kind.name(), "name": involved.name,
    });
    if let Value::Object(map) = &mut object {
        if !involved.namespace.is_empty() {
            map.insert("namespace".into(), json!(involved.namespace));
        }
        if !involved.field_path.is_empty() {
            map.insert("fieldPath".into(), json!(involved.field_path));
        }
        if involved.uid.0 != 0 {
            map.insert("uid".into(), involved.uid.to_string().into());
        }
        if involved.resource_version != 0 {
            map.insert(
                "resourceVersion".into(),
                involved.resource_version.to_string().into(),
            );
        }
    }
    let instance: String = match (event.new_api, event.host.is_empty()) {
        (true, _) => format!("{}-k8s-master", event.component),
        (false, true) => String::new(),
        (false, false) => event.host.to_string(),
    };
    let mut put = |key: &str, value: Value| {
        out.insert(key.into(), value);
    };
    put("involvedObject", object);
    put("reason", json!(event.reason));
    put("message", event.message.to_string().into());
    put(
        "type",
        if event.warning { "Warning" } else { "Normal" }.into(),
    );
    put("reportingComponent", json!(event.component));
    put("reportingInstance", instance.into());
    if event.new_api {
        put(
            "action",
            if &*event.reason == "Scheduled" {
                "Binding"
            } else {
                "Scheduling"
            }
            .into(),
        );
        put("eventTime", event.first.rfc3339_micros().into());
        put("firstTimestamp", Value::Null);
        put("lastTimestamp", Value::Null);
        put("source", json!({}));
        if let Some(series) = event.series {
            put(
                "series",
                json!({ "count": series.count, "lastObservedTime": series.last_observed.rfc3339_micros() }),
            );
        }
    } else {
        put("eventTime", Value::Null);
        put("count", event.count.into());
        put("firstTimestamp", event.first.rfc3339().into());
        put("lastTimestamp", event.last.rfc3339().into());
        let mut source = json!({ "component": event.component });
        if let (Value::Object(map), false) = (&mut source, event.host.is_empty()) {
            map.insert("host".into(), json!(event.host));
        }
        put("source", source);
    }
}
