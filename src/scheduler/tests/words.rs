//! Pods and nodes written in one line of words.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::PodSpec;
use serde_json::{Value, json};

use crate::api::{
    Body, ConditionStatus, Labels, Meta, NodeBody, NodeConditions, NodeImage, NodeStatus, Object,
    PodBody, Resources, SharedPodSpec, Taint, parse_quantity,
};

use super::at;

/// The words that start with `key=`, without it.
pub(super) fn all<'a>(words: &'a str, key: &'a str) -> impl Iterator<Item = &'a str> {
    words
        .split_whitespace()
        .filter_map(move |word| word.strip_prefix(key)?.strip_prefix('='))
}

fn pair(word: &str) -> (String, String) {
    let (key, value) = word.split_once(':').unwrap_or((word, ""));
    (key.to_string(), value.to_string())
}

fn pod_term(word: &str) -> Value {
    // topology/key:value
    let (topology, label) = word.split_once('/').expect("topology/key:value");
    let (key, value) = pair(label);
    json!({ "topologyKey": full_key(topology), "labelSelector": { "matchLabels": { key: value } } })
}

/// `host` and `zone` are short for the well-known keys.
pub(super) fn full_key(key: &str) -> &str {
    match key {
        "host" => "kubernetes.io/hostname",
        "zone" => "topology.kubernetes.io/zone",
        other => other,
    }
}

fn weighted(word: &str) -> (i32, &str) {
    let (weight, rest) = word.split_once('*').unwrap_or(("1", word));
    (weight.parse().expect("a weight"), rest)
}

fn affinity(words: &str) -> Value {
    let likes: Vec<Value> = all(words, "like")
        .map(|word| {
            let (weight, label) = weighted(word);
            let (key, value) = pair(label);
            let expression = json!({ "key": key, "operator": "In", "values": [value] });
            json!({ "weight": weight, "preference": { "matchExpressions": [expression] } })
        })
        .collect();
    let terms = |key| -> Vec<Value> { all(words, key).map(pod_term).collect() };
    let soft_terms = |key| -> Vec<Value> {
        all(words, key)
            .map(weighted)
            .map(|(weight, term)| json!({ "weight": weight, "podAffinityTerm": pod_term(term) }))
            .collect()
    };
    let names: Vec<&str> = all(words, "on").collect();
    let by_name = json!({ "matchFields":
        [{ "key": "metadata.name", "operator": "In", "values": names }] });
    let mut node_affinity = json!({ "preferredDuringSchedulingIgnoredDuringExecution": likes });
    if !names.is_empty() {
        node_affinity["requiredDuringSchedulingIgnoredDuringExecution"] =
            json!({ "nodeSelectorTerms": [by_name] });
    }
    json!({
        "nodeAffinity": node_affinity,
        "podAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": terms("with"),
            "preferredDuringSchedulingIgnoredDuringExecution": soft_terms("prefer"),
        },
        "podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": terms("without"),
            "preferredDuringSchedulingIgnoredDuringExecution": soft_terms("avoid"),
        },
    })
}

/// Reads `cpu=500m memory=1Gi port=80 priority=5 never tolerate=key:effect select=key:value
/// like=5*key:value (preferred node term) with=host/key:value (required affinity) without=…
/// prefer=… (weighted affinity) avoid=… spread=host/key:value/1 (hard) soft=… gate=a image=x`.
pub(super) fn spec(words: &str) -> PodSpec {
    let first = |key| all(words, key).next();
    let mut requests = serde_json::Map::new();
    for key in ["cpu", "memory", "example.com/gpu"] {
        if let Some(amount) = first(key) {
            requests.insert(key.into(), amount.into());
        }
    }
    let ports: Vec<Value> = all(words, "port")
        .map(|p| json!({ "containerPort": 1, "hostPort": p.parse::<i32>().expect("a port") }))
        .collect();
    let tolerations: Vec<Value> = all(words, "tolerate")
        .map(|word| {
            let (key, effect) = pair(word);
            json!({ "key": key, "operator": "Exists", "effect": effect })
        })
        .collect();
    let spread = |key, unsatisfiable: &str| -> Vec<Value> {
        let one = |word: &str| {
            let (term, skew) = word.rsplit_once('/').expect("topology/key:value/skew");
            let mut constraint = pod_term(term);
            constraint["maxSkew"] = skew.parse::<i32>().expect("a skew").into();
            constraint["whenUnsatisfiable"] = unsatisfiable.into();
            constraint
        };
        all(words, key).map(one).collect()
    };
    let mut constraints = spread("spread", "DoNotSchedule");
    constraints.extend(spread("soft", "ScheduleAnyway"));
    let value = json!({
        "containers": [{
            "name": "c", "image": first("image").unwrap_or("nginx"),
            "resources": { "requests": requests }, "ports": ports,
        }],
        "priorityClassName": class(words),
        "priority": first("priority").map(|p| p.parse::<i32>().expect("a priority")),
        "preemptionPolicy": words.contains("never").then_some("Never"),
        "tolerations": tolerations,
        "nodeSelector": all(words, "select").map(pair).collect::<BTreeMap<_, _>>(),
        "schedulingGates": all(words, "gate").map(|g| json!({ "name": g })).collect::<Vec<_>>(),
        "topologySpreadConstraints": constraints,
        "affinity": affinity(words),
    });
    serde_json::from_value(value).expect("a pod spec")
}

/// The name of the class that priority and policy come from.
fn class(words: &str) -> Option<String> {
    let never = if words.contains("never") {
        "-never"
    } else {
        ""
    };
    let value = all(words, "priority").next();
    let value = value.or((!never.is_empty()).then_some("0"))?;
    Some(format!("p{value}{never}"))
}

fn labels(words: &str) -> Labels {
    Arc::new(all(words, "label").map(pair).collect())
}

pub(super) fn new_pod(name: &str, words: &str) -> Object {
    let meta = Meta {
        labels: labels(words),
        ..Meta::named("default", name)
    };
    let body = PodBody {
        spec: SharedPodSpec::new(spec(words), false),
        node_name: None,
        token_suffix: None,
        status: Arc::default(),
    };
    Object {
        meta,
        body: Body::Pod(body),
    }
}

/// Reads `cpu=4 memory=8Gi pods=110 taint=key:effect label=key:value zone=a image=name:mib
/// cordoned`.
pub(super) fn new_node(name: &str, words: &str) -> Object {
    let amount = |key, default| {
        let text = all(words, key).next().unwrap_or(default);
        parse_quantity(text).expect("a quantity")
    };
    let mut labels = (*labels(words)).clone();
    labels.insert(full_key("host").into(), name.into());
    if let Some(zone) = all(words, "zone").next() {
        labels.insert(full_key("zone").into(), zone.into());
    }
    let taints = all(words, "taint").map(pair).map(|(key, effect)| Taint {
        key: key.into(),
        value: "".into(),
        effect: effect.into(),
        time_added: None,
    });
    let images = all(words, "image").map(pair).map(|(name, mib)| NodeImage {
        name: format!("{name}:latest").into(),
        size_bytes: mib.parse::<i64>().expect("MiB") << 20,
    });
    let mut other = BTreeMap::new();
    if let Some(gpus) = all(words, "example.com/gpu").next() {
        other.insert(
            "example.com/gpu".to_string(),
            gpus.parse().expect("a number"),
        );
    }
    let status = NodeStatus {
        capacity: Arc::default(),
        allocatable: Resources {
            cpu_milli: amount("cpu", "4").milli(),
            memory_bytes: amount("memory", "8Gi").units(),
            ephemeral_bytes: 0,
            other,
        },
        pods: amount("pods", "110").units(),
        internal_ip: std::net::Ipv4Addr::LOCALHOST,
        conditions: NodeConditions {
            ready: ConditionStatus::True,
            ready_reason: "KubeletReady".into(),
            ready_message: "".into(),
            ready_transition: at(0.0),
            memory_pressure: ConditionStatus::False,
            disk_pressure: ConditionStatus::False,
            pid_pressure: ConditionStatus::False,
            pressure_transition: at(0.0),
        },
        images: images.collect(),
        boot_id: "".into(),
        machine_id: "".into(),
        system_uuid: "".into(),
        kubelet_version: "".into(),
        kernel_version: "".into(),
        os_image: "".into(),
        runtime_version: "".into(),
    };
    let body = NodeBody {
        unschedulable: words.contains("cordoned"),
        taints: taints.collect(),
        status: Arc::new(status),
    };
    let meta = Meta {
        labels: Arc::new(labels),
        ..Meta::named("", name)
    };
    Object {
        meta,
        body: Body::Node(body),
    }
}
