//! Whether an API that is registered can be asked: the condition Available of APIServices.
//!
//! Upstream: `kube-aggregator/pkg/controllers/status/{local,remote}`, a part of the API server.
//! Differs: who has a ready address answers the check of its discovery.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::{Body, Key, Kind, Object, items_at, number_at, text_at};
use crate::apiserver::{ApiError, Change, Snapshot};
use crate::client::Client;
use crate::clock::SimTime;

use super::util::woken_by;
use super::{Controller, Desk, Watch};

/// See the module.
pub(super) struct AvailableCondition;

/// Which Service answers for which API.
pub(super) type Backends = BTreeMap<Key, Key>;

impl Controller for AvailableCondition {
    fn name(&self) -> &'static str {
        "apiservice-availability-controller"
    }

    fn watches(&self) -> &'static [Watch] {
        &[
            Watch {
                kind: Kind::APIService,
                note: note_api,
            },
            Watch {
                kind: Kind::Service,
                note: note_service,
            },
            Watch {
                kind: Kind::EndpointSlice,
                note: note_slice,
            },
        ]
    }

    fn reconcile(
        &self,
        key: &Key,
        _desk: &mut Desk,
        client: &mut Client<'_>,
    ) -> Result<(), ApiError> {
        let api = client.cache().get(key);
        let Some(api) = api.filter(|_| key.kind == Kind::APIService).cloned() else {
            return Ok(());
        };
        let available = judge(&api, client.cache());
        let Some(new) = with_condition(&api, available, client.now()) else {
            return Ok(());
        };
        client.update_status(new).map(|_| ())
    }
}

/// Status, reason and message.
type Verdict = (bool, &'static str, String);

fn backend(api: &Object) -> Option<Key> {
    let service = api
        .data()?
        .pointer("/spec/service")
        .filter(|service| !service.is_null())?;
    let (namespace, name) = (text_at(service, "/namespace"), text_at(service, "/name"));
    Some(Key::new(Kind::Service, namespace, name))
}

fn judge(api: &Object, cache: Snapshot<'_>) -> Verdict {
    let Some(backend) = backend(api) else {
        return (
            true,
            "Local",
            "Local APIServices are always available".into(),
        );
    };
    let title = format!("service/{} in \"{}\"", backend.name, backend.namespace);
    let Some(service) = cache.get(&backend) else {
        return (false, "ServiceNotFound", format!("{title} is not present"));
    };
    let number = |value: &Value, pointer: &str| number_at(value, pointer);
    let wanted = api
        .data()
        .and_then(|body| number(body, "/spec/service/port"))
        .unwrap_or(443);
    let ports = service
        .data()
        .map_or(&[][..], |body| items_at(body, "/spec/ports"));
    let Some(port) = ports
        .iter()
        .find(|port| number(port, "/port") == Some(wanted))
    else {
        let why = format!("{title} is not listening on port {wanted}");
        return (false, "ServicePortError", why);
    };
    let port = text_at(port, "/name");
    let mut slices = cache
        .list(Kind::EndpointSlice, Some(&backend.namespace))
        .filter(|slice| service_of(slice).is_some_and(|name| name == &*backend.name));
    let answers = |slice: &Arc<Object>| {
        let Some(body) = slice.data() else {
            return false;
        };
        let named = items_at(body, "/ports")
            .iter()
            .any(|p| text_at(p, "/name") == port);
        let ready = |e: &Value| e.pointer("/conditions/ready") != Some(&Value::Bool(false));
        named && items_at(body, "/endpoints").iter().any(ready)
    };
    if slices.any(answers) {
        return (true, "Passed", "all checks passed".into());
    }
    let why = format!("endpoints for {title} have no addresses with port name \"{port}\"");
    (false, "MissingEndpoints", why)
}

fn service_of(slice: &Object) -> Option<&str> {
    slice
        .meta
        .labels
        .get("kubernetes.io/service-name")
        .map(String::as_str)
}

/// The API with this condition; `None` if it has it already.
fn with_condition(api: &Object, (holds, reason, message): Verdict, now: SimTime) -> Option<Object> {
    let status = if holds { "True" } else { "False" };
    let old = api.data()?.pointer("/status/conditions/0");
    let same = old.filter(|old| text_at(old, "/status") == status);
    let since = same.and_then(|old| old.get("lastTransitionTime")).cloned();
    let condition = json!({
        "lastTransitionTime": since.unwrap_or_else(|| now.rfc3339().into()),
        "message": message, "reason": reason, "status": status, "type": "Available",
    });
    if old == Some(&condition) {
        return None;
    }
    let mut new = api.clone();
    if let Body::Data(_, body) = &mut new.body {
        let fields = Arc::make_mut(body).as_object_mut()?;
        fields.insert("status".into(), json!({ "conditions": [condition] }));
    }
    Some(new)
}

fn note_api(change: &Change<'_>, desk: &mut Desk, _: SimTime) {
    let key = change.object().key();
    desk.notes.backends.remove(&key);
    if let Some(service) = change.new.and_then(|api| backend(api)) {
        desk.notes.backends.insert(key.clone(), service);
    }
    desk.queue.add(key, woken_by(change));
}

fn note_service(change: &Change<'_>, desk: &mut Desk, _: SimTime) {
    wake(
        &change.object().meta.namespace,
        &change.object().meta.name,
        change,
        desk,
    );
}

fn note_slice(change: &Change<'_>, desk: &mut Desk, _: SimTime) {
    if let Some(name) = service_of(change.object()) {
        wake(&change.object().meta.namespace, name, change, desk);
    }
}

/// Wakes the APIs for which a Service answers.
fn wake(namespace: &str, name: &str, change: &Change<'_>, desk: &mut Desk) {
    let backends = desk.notes.backends.iter();
    let asked = backends.filter(|(_, s)| &*s.namespace == namespace && &*s.name == name);
    let woken: Vec<Key> = asked.map(|(api, _)| api.clone()).collect();
    for api in woken {
        desk.queue.add(api, woken_by(change));
    }
}

#[cfg(test)]
mod tests {
    use super::super::drive::Drive;
    use super::*;

    fn available(drive: &Drive) -> String {
        let api = drive.get(Kind::APIService, "v1.x.io").expect("the API");
        let condition = api.data().expect("a body").pointer("/status/conditions/0");
        let condition = condition.expect("a condition");
        let field = |key: &str| text_at(condition, key).to_string();
        format!(
            "{} {} {}",
            field("/status"),
            field("/reason"),
            field("/message")
        )
    }

    fn local() -> Value {
        json!({"group": "x.io", "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 15})
    }

    #[test]
    fn an_api_is_available_once_its_service_has_a_ready_pod() {
        let mut drive = Drive::new();
        let service = json!({"namespace": "default", "name": "x", "port": 443});
        let mut spec = local();
        spec["service"] = service;
        drive.create(Kind::APIService, "", "v1.x.io", &json!({ "spec": spec }));
        drive.settle();
        let title = "service/x in \"default\"";
        assert_eq!(
            available(&drive),
            format!("False ServiceNotFound {title} is not present")
        );
        let ports = json!([{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 8443}]);
        let spec = json!({"selector": {"app": "x"}, "clusterIP": "10.96.0.9", "ports": ports});
        drive.create(Kind::Service, "default", "x", &json!({ "spec": spec }));
        drive.create_deployment("x", 1, &json!({}));
        drive.settle();
        let why = format!("endpoints for {title} have no addresses with port name \"https\"");
        assert_eq!(available(&drive), format!("False MissingEndpoints {why}"));
        drive.bind_pods(&["n1"]);
        drive.kubelets_act();
        drive.settle();
        assert_eq!(available(&drive), "True Passed all checks passed");
        drive.delete(Kind::Service, "x");
        drive.settle();
        assert_eq!(
            available(&drive),
            format!("False ServiceNotFound {title} is not present")
        );
    }

    #[test]
    fn a_local_api_is_always_available() {
        let mut drive = Drive::new();
        let spec = local();
        drive.create(Kind::APIService, "", "v1.x.io", &json!({ "spec": spec }));
        drive.settle();
        assert_eq!(
            available(&drive),
            "True Local Local APIServices are always available"
        );
    }
}
