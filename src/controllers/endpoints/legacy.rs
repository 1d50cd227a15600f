//! Endpoints of Services, which EndpointSlices have replaced for everybody but old clients.
//!
//! Upstream: `pkg/controller/endpoint/endpoints_controller.go`, `pkg/api/v1/endpoints/util.go`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::api::{Body, Key, Kind, Meta, Object, Order};
use crate::apiserver::{ApiError, DeleteOptions, Snapshot};
use crate::client::Client;

use super::super::util::ignore_not_found;
use super::super::{Controller, Desk, Watch};
use super::{
    Port, is_headless, note_of_same_name, note_pod, note_selector, pods_behind, ports_on,
    publishes_not_ready, selector,
};

/// See the module.
pub(in crate::controllers) struct EndpointsController;

const MANAGED_BY: &str = "endpoints.kubernetes.io/managed-by";
const HEADLESS: &str = "service.kubernetes.io/headless";

impl Controller for EndpointsController {
    fn name(&self) -> &'static str {
        "endpoint-controller"
    }

    fn watches(&self) -> &'static [Watch] {
        &[
            Watch {
                kind: Kind::Service,
                note: note_selector,
            },
            Watch {
                kind: Kind::Pod,
                note: note_pod,
            },
            Watch {
                kind: Kind::Endpoints,
                note: note_of_same_name,
            },
        ]
    }

    fn reconcile(
        &self,
        key: &Key,
        _desk: &mut Desk,
        client: &mut Client<'_>,
    ) -> Result<(), ApiError> {
        let cache = client.cache();
        let have = cache
            .find(Kind::Endpoints, &key.namespace, &key.name)
            .cloned();
        let Some(service) = cache.get(key).cloned() else {
            // They go with their Service.
            let ours = have.filter(|e| e.meta.label(MANAGED_BY) == Some(self.name()));
            let Some(endpoints) = ours else { return Ok(()) };
            let gone = client.delete(&endpoints.key(), DeleteOptions::default());
            return ignore_not_found(gone.map(|_| ()));
        };
        if selector(&service).is_none() {
            return Ok(());
        }
        let body = plan(&service, cache);
        let mut meta = Meta::named(key.namespace.clone(), key.name.clone());
        meta.labels = service.meta.labels.clone();
        let headless = is_headless(service.data().unwrap_or(&Value::Null));
        meta.set_label(HEADLESS, headless.then_some(""));
        meta.set_label(MANAGED_BY, Some(self.name()));
        match have {
            None => client.create(Object {
                meta,
                body: Body::Data(Kind::Endpoints, Arc::new(body)),
            })?,
            Some(have) if have.data() == Some(&body) && have.meta.labels == meta.labels => have,
            Some(have) => {
                let mut new = (*have).clone();
                new.meta.labels = meta.labels;
                new.body = Body::Data(Kind::Endpoints, Arc::new(body));
                client.update(new)?
            }
        };
        Ok(())
    }
}

/// The ready and the other addresses for each set of ports.
fn plan(service: &Object, cache: Snapshot<'_>) -> Value {
    let body = service.data().unwrap_or(&Value::Null);
    let all = publishes_not_ready(body);
    let mut subsets: BTreeMap<Vec<Port>, [Vec<Value>; 2]> = BTreeMap::new();
    for (object, pod) in pods_behind(service, cache) {
        let Some(ports) = ports_on(body, pod).filter(|_| all || !object.meta.is_deleting()) else {
            continue;
        };
        let address = json!({
            "ip": pod.status.pod_ip.map(|ip| ip.to_string()),
            "nodeName": pod.node_name.as_deref(),
            "targetRef": {
                "kind": "Pod", "namespace": &*object.meta.namespace,
                "name": &*object.meta.name, "uid": object.meta.uid.to_string(),
            },
        });
        let [ready, other] = subsets.entry(ports).or_default();
        if all || pod.status.is_ready() {
            ready.push(address);
        } else {
            other.push(address);
        }
    }
    let mut fields = Map::new();
    if !subsets.is_empty() {
        fields.insert("subsets".into(), subsets.into_iter().map(subset).collect());
    }
    Value::Object(fields)
}

fn subset((ports, lists): (Vec<Port>, [Vec<Value>; 2])) -> Value {
    let mut fields = Map::new();
    for (key, mut list) in ["addresses", "notReadyAddresses"].into_iter().zip(lists) {
        list.order_by_key(|address| address.get("ip").map(Value::to_string));
        if !list.is_empty() {
            fields.insert(key.into(), list.into());
        }
    }
    let port = |port: &Port| {
        let mut fields = Map::new();
        if !port.name.is_empty() {
            fields.insert("name".into(), port.name.clone().into());
        }
        fields.insert("port".into(), port.number.into());
        fields.insert("protocol".into(), port.protocol.clone().into());
        Value::Object(fields)
    };
    if !ports.is_empty() {
        fields.insert("ports".into(), ports.iter().map(port).collect());
    }
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use super::super::super::drive::Drive;
    use super::*;
    use crate::api::items_at;
    use crate::clock::Span;

    #[test]
    fn endpoints_come_and_go_with_their_service() {
        let mut drive = Drive::new();
        drive.create_deployment("web", 2, &json!({}));
        let spec = json!({"selector": {"app": "web"}, "ports": [{"port": 80, "protocol": "TCP"}]});
        drive.create(Kind::Service, "default", "web", &json!({ "spec": spec }));
        drive.run_for(Span::secs(1));
        drive.kubelets_act();
        drive.run_for(Span::secs(1));
        let endpoints = drive.get(Kind::Endpoints, "web").expect("endpoints");
        let body = endpoints.data().expect("a body");
        assert_eq!(items_at(body, "/subsets/0/addresses").len(), 2);
        assert_eq!(body.pointer("/subsets/0/ports/0/port"), Some(&json!(80)));
        drive.delete(Kind::Service, "web");
        drive.run_for(Span::secs(1));
        assert!(drive.get(Kind::Endpoints, "web").is_none());
    }
}
