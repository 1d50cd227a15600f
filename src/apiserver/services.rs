//! Addresses and ports of Services.
//!
//! Upstream: `pkg/registry/core/service/{storage,ipallocator,portallocator}`. Differs: an address
//! is drawn from the Service's uid, so that one Service more never changes another's.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::api::{Body, Kind, Object};

use super::ApiServer;

/// `10.96.0.0/12`: the first address, how many there are, and how many of the first are kept for
/// Services that ask for one.
const FIRST: u32 = u32::from_be_bytes([10, 96, 0, 0]);
const COUNT: u32 = 1 << 20;
const KEPT: u32 = 256;
/// The node ports: `30000-32767`.
const PORT_FIRST: u64 = 30_000;
const PORT_COUNT: u64 = 2_768;

/// Gives a new Service the addresses and ports that its type needs.
pub(super) fn allocate(server: &ApiServer, object: &mut Object) {
    let uid = object.meta.uid;
    let Body::Data(Kind::Service, data) = &mut object.body else {
        return;
    };
    let Some(fields) = Arc::make_mut(data).as_object_mut() else {
        return;
    };
    fields
        .entry("status")
        .or_insert_with(|| json!({ "loadBalancer": {} }));
    let spec = fields.entry("spec").or_insert_with(|| json!({}));
    let Some(spec) = spec.as_object_mut() else {
        return;
    };
    let kind = text(spec, "type").unwrap_or_else(|| "ClusterIP".into());
    spec.insert("type".into(), kind.clone().into());
    put(spec, "sessionAffinity", "None".into());
    if kind == "ExternalName" {
        return;
    }
    let ip = text(spec, "clusterIP").unwrap_or_else(|| {
        let taken = addresses(server);
        let draw = |n: u64| server.state.seed.draw((uid, "clusterIP"), n);
        let free = (0..64)
            .map(|n| address(draw(n)))
            .find(|ip| !taken.contains(ip));
        free.unwrap_or_else(|| address(draw(0)))
    });
    spec.insert("clusterIP".into(), ip.clone().into());
    put(spec, "clusterIPs", json!([ip]));
    put(spec, "ipFamilies", json!(["IPv4"]));
    put(spec, "ipFamilyPolicy", "SingleStack".into());
    put(spec, "internalTrafficPolicy", "Cluster".into());
    let with_node_ports = matches!(kind.as_str(), "NodePort" | "LoadBalancer");
    if with_node_ports {
        put(spec, "externalTrafficPolicy", "Cluster".into());
    }
    if kind == "LoadBalancer" {
        put(spec, "allocateLoadBalancerNodePorts", true.into());
    }
    let ports = spec.get_mut("ports").and_then(Value::as_array_mut);
    for (index, port) in ports.into_iter().flatten().enumerate() {
        let Some(port) = port.as_object_mut() else {
            continue;
        };
        put(port, "protocol", "TCP".into());
        let number = port.get("port").cloned().unwrap_or_default();
        put(port, "targetPort", number);
        if with_node_ports {
            let draw = server.state.seed.draw((uid, "nodePort"), index as u64);
            put(port, "nodePort", (PORT_FIRST + draw % PORT_COUNT).into());
        }
    }
}

fn text(map: &Map<String, Value>, key: &str) -> Option<String> {
    map.get(key)?
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_string)
}

fn put(map: &mut Map<String, Value>, key: &str, value: Value) {
    if map.get(key).is_none_or(Value::is_null) {
        map.insert(key.to_string(), value);
    }
}

fn address(draw: u64) -> String {
    // The last address of a range is its broadcast address.
    let free = u64::from(COUNT - KEPT - 1);
    let offset = u32::try_from(draw % free).unwrap_or_default();
    std::net::Ipv4Addr::from(FIRST + KEPT + offset).to_string()
}

fn addresses(server: &ApiServer) -> Vec<String> {
    let services = server.store().head().list(Kind::Service, None);
    let ip = |object: &Arc<Object>| {
        let ip = object.data()?.pointer("/spec/clusterIP")?.as_str()?;
        Some(ip.to_string())
    };
    services.filter_map(ip).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Meta;
    use crate::apiserver::{ApiOptions, Cause, Trigger};
    use crate::clock::{Seed, SimTime};

    fn service(name: &str, spec: Value) -> Object {
        Object {
            meta: Meta::named("default", name),
            body: Body::Data(Kind::Service, Arc::new(json!({ "spec": spec }))),
        }
    }

    #[test]
    fn services_get_addresses_of_the_range_that_stay_apart() {
        let mut server = ApiServer::new(Seed(1), SimTime::from_unix_secs(1), ApiOptions::default());
        let cause = Cause {
            actor: "test",
            trigger: Trigger::Start,
        };
        let namespace = Object {
            meta: Meta::named("", "default"),
            body: Body::Data(Kind::Namespace, Arc::new(json!({}))),
        };
        server.create(namespace, cause).expect("a namespace");
        let mut seen = Vec::new();
        for n in 0..50 {
            let spec = json!({ "ports": [{ "port": 80 }], "selector": { "app": "x" } });
            let made = server
                .create(service(&format!("s{n}"), spec), cause)
                .expect("a service");
            let spec = made
                .data()
                .and_then(|d| d.get("spec"))
                .cloned()
                .unwrap_or_default();
            let ip: std::net::Ipv4Addr = spec["clusterIP"]
                .as_str()
                .unwrap_or_default()
                .parse()
                .expect("an address");
            assert!(
                (FIRST + KEPT..FIRST + COUNT).contains(&u32::from(ip)),
                "{ip}"
            );
            assert!(!seen.contains(&ip), "{ip} twice");
            assert_eq!(spec["ports"][0]["targetPort"], 80);
            seen.push(ip);
        }
        let asked = service(
            "asked",
            json!({ "clusterIP": "10.96.0.1", "type": "NodePort", "ports": [{ "port": 80 }] }),
        );
        let made = server.create(asked, cause).expect("a service");
        let spec = made
            .data()
            .and_then(|d| d.get("spec"))
            .cloned()
            .unwrap_or_default();
        assert_eq!(spec["clusterIP"], "10.96.0.1");
        assert!((30_000..=32_767).contains(&spec["ports"][0]["nodePort"].as_u64().unwrap_or(0)));
    }
}
