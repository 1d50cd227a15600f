//! ResourceQuotas: what an object uses, and whether a namespace may still use it.
//!
//! Upstream: `apiserver/pkg/admission/plugin/resourcequota`, `pkg/quota/v1/evaluator/core`.
//! Differs: storage of claims is not counted by class.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::PodSpec;
use serde_json::Value;

use crate::api::{
    Amount, Kind, Object, Order, canonical_quantity, fields_at, items_at, parse_quantity, text_at,
    texts_at,
};

/// Amounts by the names that quotas have for them; whether they are counted in powers of two.
type Usage = BTreeMap<String, (Amount, bool)>;

const COMPUTE: &[&str] = &["cpu", "memory", "ephemeral-storage"];

/// An amount as the server writes it.
pub(super) fn written(amount: Amount, binary: bool) -> String {
    let milli = amount.0;
    let text = if milli % 1000 != 0 {
        format!("{milli}m")
    } else if binary && milli % 1_024_000 == 0 {
        format!("{}Ki", milli / 1_024_000)
    } else {
        (milli / 1000).to_string()
    };
    canonical_quantity(&text).unwrap_or(text)
}

/// What an object uses of a quota.
fn quota_usage(object: &Object) -> Usage {
    let one = (Amount(1000), false);
    let info = object.kind().info();
    let mut usage = Usage::new();
    let counted = match info.group {
        "" => format!("count/{}", info.plural),
        group => format!("count/{}.{group}", info.plural),
    };
    usage.insert(counted, one);
    match (object.kind(), object.data()) {
        (Kind::Pod, _) => {
            if let Some(pod) = object.pod() {
                if pod.status.phase.is_terminal() {
                    usage.clear();
                    return usage;
                }
                usage.insert("pods".into(), one);
                compute(&pod.spec.spec, &mut usage);
            }
        }
        (Kind::Service, Some(body)) => {
            usage.insert("services".into(), one);
            let kind = text_at(body, "/spec/type");
            let ports = items_at(body, "/spec/ports").len() as i128;
            if matches!(kind, "NodePort" | "LoadBalancer") {
                usage.insert("services.nodeports".into(), (Amount(ports * 1000), false));
            }
            if kind == "LoadBalancer" {
                usage.insert("services.loadbalancers".into(), one);
            }
        }
        (Kind::PersistentVolumeClaim, Some(body)) => {
            usage.insert("persistentvolumeclaims".into(), one);
            let text = text_at(body, "/spec/resources/requests/storage");
            if let Some(amount) = parse_quantity(text) {
                usage.insert("requests.storage".into(), (amount, text.ends_with('i')));
            }
        }
        (Kind::ConfigMap | Kind::Secret | Kind::ReplicationController | Kind::ResourceQuota, _) => {
            usage.insert(info.plural.into(), one);
        }
        _ => {}
    }
    usage
}

/// Requests and limits of a pod: the sum of its containers, or its largest init container.
fn compute(spec: &PodSpec, usage: &mut Usage) {
    for name in COMPUTE {
        for limits in [false, true] {
            let of = |container: &k8s_openapi::api::core::v1::Container| {
                let resources = container.resources.as_ref()?;
                let part = if limits {
                    &resources.limits
                } else {
                    &resources.requests
                };
                let text = &part.as_ref()?.get(*name)?.0;
                Some((parse_quantity(text)?.0, text.ends_with('i')))
            };
            let sum = |list: &mut dyn Iterator<Item = (i128, bool)>| {
                list.fold(None, |sum: Option<(i128, bool)>, (amount, binary)| {
                    let (so_far, was_binary) = sum.unwrap_or_default();
                    Some((so_far + amount, was_binary || binary))
                })
            };
            let running = sum(&mut spec.containers.iter().filter_map(of));
            let init = spec.init_containers.iter().flatten().filter_map(of).max();
            let Some((amount, binary)) = running.max(init) else {
                continue;
            };
            let entry = (Amount(amount), binary);
            if limits {
                usage.insert(format!("limits.{name}"), entry);
            } else {
                usage.insert(name.to_string(), entry);
                usage.insert(format!("requests.{name}"), entry);
            }
        }
    }
}

/// Whether a quota speaks of an object at all: its scopes.
fn quota_covers(quota: &Value, object: &Object) -> bool {
    let scopes = texts_at(quota, "/spec/scopes")
        .into_iter()
        .map(|scope| (scope, "Exists", vec![]));
    let expressions = items_at(quota, "/spec/scopeSelector/matchExpressions").iter();
    let expressions = expressions.map(|e| {
        (
            text_at(e, "/scopeName"),
            text_at(e, "/operator"),
            texts_at(e, "/values"),
        )
    });
    scopes.chain(expressions).all(|(scope, operator, values)| {
        let Some(pod) = object.pod() else {
            return false;
        };
        let spec = &*pod.spec.spec;
        let best_effort = pod.spec.facts.qos == crate::api::QosClass::BestEffort;
        let class = spec.priority_class_name.as_deref().unwrap_or_default();
        match scope {
            "Terminating" => spec.active_deadline_seconds.is_some_and(|s| s >= 0),
            "NotTerminating" => spec.active_deadline_seconds.is_none(),
            "BestEffort" => best_effort,
            "NotBestEffort" => !best_effort,
            "PriorityClass" => match operator {
                "In" => values.contains(&class),
                "NotIn" => !values.contains(&class),
                "DoesNotExist" => class.is_empty(),
                _ => !class.is_empty(),
            },
            _ => false,
        }
    })
}

/// What an object uses beyond what its old version did.
fn growth(object: &Object, old: Option<&Object>) -> Usage {
    let mut usage = quota_usage(object);
    let before = old.map(quota_usage).unwrap_or_default();
    for (name, (amount, _)) in before {
        if let Some((now, _)) = usage.get_mut(&name) {
            now.0 -= amount.0;
        }
    }
    usage
}

/// Whether changes of a kind's objects are charged, and not only their creation.
pub(super) fn counts_updates(kind: Kind) -> bool {
    matches!(kind, Kind::Service | Kind::PersistentVolumeClaim)
}

/// The new `status.used` of a quota with an object more, or with one that has grown; `None` if it
/// counts nothing of it. Errors: why the object may not be written.
pub(super) fn charge(
    name: &str,
    quota: &Value,
    object: &Object,
    old: Option<&Object>,
) -> Result<Option<Value>, String> {
    if !quota_covers(quota, object) {
        return Ok(None);
    }
    let usage = growth(object, old);
    let hard: Vec<(&String, &Value)> = fields_at(quota, "/status/hard").collect();
    if let Some(pod) = object.pod() {
        must_specify(&hard, &pod.spec.spec)
            .map_err(|why| format!("failed quota: {name}: {why}"))?;
    }
    let mut used = quota.pointer("/status/used").cloned().unwrap_or_default();
    let mut exceeded: [Vec<String>; 3] = Default::default();
    let mut changed = false;
    for (resource, most) in hard {
        let Some((asked, binary)) = usage.get(resource).filter(|(asked, _)| asked.0 != 0) else {
            continue;
        };
        let most = most.as_str().unwrap_or("0");
        let before = used
            .get(resource)
            .and_then(Value::as_str)
            .unwrap_or("0")
            .to_string();
        let sum = Amount(parse_quantity(&before).unwrap_or_default().0 + asked.0);
        if asked.0 > 0 && sum > parse_quantity(most).unwrap_or_default() {
            let parts = [written(*asked, *binary), before, most.to_string()];
            for (list, text) in exceeded.iter_mut().zip(parts) {
                list.push(format!("{resource}={text}"));
            }
            continue;
        }
        if let Some(fields) = used.as_object_mut() {
            let text = written(sum, *binary || before.ends_with('i'));
            fields.insert(resource.clone(), text.into());
            changed = true;
        }
    }
    let [asked, before, most] = exceeded.map(|list| list.join(","));
    if !asked.is_empty() {
        return Err(format!(
            "exceeded quota: {name}, requested: {asked}, used: {before}, limited: {most}"
        ));
    }
    Ok(changed.then_some(used))
}

/// A quota on cpu or memory wants every container to say how much it takes.
fn must_specify(hard: &[(&String, &Value)], spec: &PodSpec) -> Result<(), String> {
    const WANTED: &[&str] = &[
        "cpu",
        "limits.cpu",
        "limits.memory",
        "memory",
        "requests.cpu",
        "requests.memory",
    ];
    let mut missing = Vec::new();
    for name in WANTED
        .iter()
        .filter(|name| hard.iter().any(|(have, _)| have == *name))
    {
        let resource = name.rsplit('.').next().unwrap_or(name);
        let all = spec
            .containers
            .iter()
            .chain(spec.init_containers.iter().flatten());
        let without = all.filter(|container| {
            let resources = container.resources.as_ref();
            let part = resources.and_then(|r| {
                if name.starts_with("limits.") {
                    r.limits.as_ref()
                } else {
                    r.requests.as_ref()
                }
            });
            part.is_none_or(|part| !part.contains_key(resource))
        });
        let mut without: Vec<&str> = without.map(|c| c.name.as_str()).collect();
        without.order();
        if !without.is_empty() {
            missing.push(format!("{name} for: {}", without.join(",")));
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!("must specify {}", missing.join("; ")))
}

/// The whole `status` of a quota, counted anew over the objects of its namespace.
pub fn quota_status<'a>(
    quota: &Value,
    objects: impl Iterator<Item = &'a std::sync::Arc<Object>>,
) -> Value {
    let mut sums = Usage::new();
    for object in objects.filter(|object| quota_covers(quota, object)) {
        for (name, (amount, binary)) in quota_usage(object) {
            let sum = sums.entry(name).or_default();
            *sum = (Amount(sum.0.0 + amount.0), sum.1 || binary);
        }
    }
    let hard = quota
        .pointer("/spec/hard")
        .cloned()
        .unwrap_or_else(|| serde_json::json!({}));
    let used = fields_at(quota, "/spec/hard").map(|(name, _)| {
        let (amount, binary) = sums.get(name).copied().unwrap_or_default();
        (name.clone(), Value::from(written(amount, binary)))
    });
    let used: serde_json::Map<String, Value> = used.collect();
    serde_json::json!({ "hard": hard, "used": used })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::from_json;

    fn pod(resources: Value) -> Object {
        let pod = json!({
            "metadata": {"name": "p", "namespace": "a"},
            "spec": {"containers": [{"name": "c", "image": "x", "resources": resources}]},
        });
        from_json(Kind::Pod, &pod).expect("a pod")
    }

    #[test]
    fn charges_and_refusals() {
        let quota = |hard: Value, used: Value| json!({"spec": {"hard": hard}, "status": {"hard": hard, "used": used}});
        let asks = json!({"requests": {"memory": "64Mi"}, "limits": {"cpu": "500m"}});
        for (hard, used, resources, outcome) in [
            (
                json!({"pods": "2"}),
                json!({"pods": "1"}),
                json!({}),
                Ok(Some(json!({"pods": "2"}))),
            ),
            (
                json!({"pods": "2"}),
                json!({"pods": "2"}),
                json!({}),
                Err("exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2"),
            ),
            (
                json!({"services": "2"}),
                json!({"services": "2"}),
                json!({}),
                Ok(None),
            ),
            (
                json!({"requests.memory": "1Gi", "limits.cpu": "2"}),
                json!({"requests.memory": "0", "limits.cpu": "0"}),
                asks.clone(),
                Ok(Some(
                    json!({"requests.memory": "64Mi", "limits.cpu": "500m"}),
                )),
            ),
            (
                json!({"limits.cpu": "1", "limits.memory": "1Gi"}),
                json!({}),
                asks,
                Err("failed quota: q: must specify limits.memory for: c"),
            ),
        ] {
            let charged = charge("q", &quota(hard, used), &pod(resources), None);
            assert_eq!(charged, outcome.map_err(str::to_string));
        }
    }

    #[test]
    fn amounts_are_written_as_the_server_writes_them() {
        for (milli, binary, text) in [
            (500, false, "500m"),
            (2000, false, "2"),
            (1 << 30, true, "1073741824m"),
            ((1 << 30) * 1000, true, "1Gi"),
            (0, true, "0"),
        ] {
            assert_eq!(written(Amount(milli), binary), text);
        }
    }
}
