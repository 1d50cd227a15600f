//! LimitRanges: requests and limits for containers that state none, and bounds for all.
//!
//! Upstream: `plugin/pkg/admission/limitranger`. Differs: bounds of type Pod add up containers as
//! the scheduler does, and claims have no bounds.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, PodSpec};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use serde_json::Value;

use crate::api::{Amount, fields_at, items_at, parse_quantity, text_at};

type Amounts = BTreeMap<String, Quantity>;

/// Fills in what the limits of type Container give. Returns what the annotation
/// `kubernetes.io/limit-ranger` says of it; empty if nothing was missing.
pub(super) fn fill(range: &Value, spec: &mut PodSpec) -> String {
    let (mut limits, mut requests) = (Amounts::new(), Amounts::new());
    for item in items_at(range, "/spec/limits") {
        if text_at(item, "/type") != "Container" {
            continue;
        }
        for (pointer, into) in [
            ("/default", &mut limits),
            ("/defaultRequest", &mut requests),
        ] {
            let pairs = fields_at(item, pointer);
            into.extend(pairs.map(|(k, v)| (k.clone(), quantity(v))));
        }
    }
    let mut notes = Vec::new();
    let containers = spec.containers.iter_mut().map(|c| ("container", c));
    let init = spec.init_containers.iter_mut().flatten();
    for (word, container) in containers.chain(init.map(|c| ("init container", c))) {
        let resources = container.resources.get_or_insert_default();
        let set = [
            ("request", &requests, &mut resources.requests),
            ("limit", &limits, &mut resources.limits),
        ];
        for (what, given, own) in set {
            let own_names = own.clone().unwrap_or_default();
            let missing = given
                .iter()
                .filter(|(name, _)| !own_names.contains_key(*name));
            let missing: Vec<(&String, &Quantity)> = missing.collect();
            if missing.is_empty() {
                continue;
            }
            let names: Vec<&str> = missing.iter().map(|(name, _)| name.as_str()).collect();
            notes.push(format!(
                "{} {what} for {word} {}",
                names.join(", "),
                container.name
            ));
            let filled = own.get_or_insert_default();
            filled.extend(missing.into_iter().map(|(k, v)| (k.clone(), v.clone())));
        }
    }
    notes.join("; ")
}

fn quantity(value: &Value) -> Quantity {
    Quantity(value.as_str().unwrap_or("0").to_string())
}

/// What of a pod is out of bounds, in upstream's words.
pub(super) fn breaches(range: &Value, spec: &PodSpec) -> Vec<String> {
    let mut errors = Vec::new();
    let all = || {
        spec.containers
            .iter()
            .chain(spec.init_containers.iter().flatten())
    };
    for item in items_at(range, "/spec/limits") {
        let kind = text_at(item, "/type");
        match kind {
            "Container" => {
                for container in all() {
                    let amounts = |limits| amounts_of(container, limits);
                    check(item, kind, &amounts(false), &amounts(true), &mut errors);
                }
            }
            "Pod" => {
                let sum = |limits: bool| {
                    let mut sum = Amounts::new();
                    for (name, amount) in spec.containers.iter().flat_map(|c| amounts_of(c, limits))
                    {
                        let slot = sum.entry(name).or_insert_with(|| Quantity("0".into()));
                        *slot = added(slot, &amount);
                    }
                    sum
                };
                check(item, kind, &sum(false), &sum(true), &mut errors);
            }
            _ => {}
        }
    }
    errors
}

fn amounts_of(container: &Container, limits: bool) -> Amounts {
    let resources = container.resources.as_ref();
    let part = resources.and_then(|r| {
        if limits {
            r.limits.clone()
        } else {
            r.requests.clone()
        }
    });
    part.unwrap_or_default()
}

fn added(one: &Quantity, other: &Quantity) -> Quantity {
    let sum = Amount(amount(Some(one)).0 + amount(Some(other)).0);
    Quantity(super::quota::written(
        sum,
        one.0.ends_with('i') || other.0.ends_with('i'),
    ))
}

fn amount(quantity: Option<&Quantity>) -> Amount {
    quantity
        .and_then(|q| parse_quantity(&q.0))
        .unwrap_or_default()
}

fn check(item: &Value, kind: &str, requests: &Amounts, limits: &Amounts, errors: &mut Vec<String>) {
    for (name, bound) in fields_at(item, "/min") {
        let (bound, request, limit) = (quantity(bound), requests.get(name), limits.get(name));
        let head = format!("minimum {name} usage per {kind} is {}", bound.0);
        let least = amount(Some(&bound));
        match (request, limit) {
            (None, _) => errors.push(format!("{head}.  No request is specified")),
            (Some(r), _) if amount(Some(r)) < least => {
                errors.push(format!("{head}, but request is {}", r.0));
            }
            (_, Some(l)) if amount(Some(l)) < least => {
                errors.push(format!("{head}, but limit is {}", l.0));
            }
            _ => {}
        }
    }
    for (name, bound) in fields_at(item, "/max") {
        let (bound, request, limit) = (quantity(bound), requests.get(name), limits.get(name));
        let head = format!("maximum {name} usage per {kind} is {}", bound.0);
        let most = amount(Some(&bound));
        match (request, limit) {
            (_, None) => errors.push(format!("{head}.  No limit is specified")),
            (_, Some(l)) if amount(Some(l)) > most => {
                errors.push(format!("{head}, but limit is {}", l.0));
            }
            (Some(r), _) if amount(Some(r)) > most => {
                errors.push(format!("{head}, but request is {}", r.0));
            }
            _ => {}
        }
    }
    for (name, bound) in fields_at(item, "/maxLimitRequestRatio") {
        let bound = quantity(bound);
        let head = format!(
            "{name} max limit to request ratio per {kind} is {}",
            bound.0
        );
        let (request, limit) = (amount(requests.get(name)), amount(limits.get(name)));
        if request.0 == 0 {
            errors.push(format!(
                "{head}, but no request is specified or request is 0"
            ));
        } else if limit.0 == 0 {
            errors.push(format!("{head}, but no limit is specified or limit is 0"));
        } else if limit.0 * 1000 > amount(Some(&bound)).0 * request.0 {
            // Upstream prints a floating-point number.
            let ratio = limit.milli() as f64 / request.milli() as f64;
            errors.push(format!("{head}, but provided ratio is {ratio:.6}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spec(resources: Value) -> PodSpec {
        let pod = json!({"containers": [{"name": "c", "resources": resources}]});
        serde_json::from_value(pod).expect("a spec")
    }

    fn range(item: Value) -> Value {
        json!({"spec": {"limits": [item]}})
    }

    #[test]
    fn what_is_missing_is_filled_in_and_noted() {
        let range = range(
            json!({"type": "Container", "default": {"cpu": "1"}, "defaultRequest": {"cpu": "500m", "memory": "1Mi"}}),
        );
        let mut given = spec(json!({"requests": {"memory": "2Mi"}}));
        assert_eq!(
            fill(&range, &mut given),
            "cpu request for container c; cpu limit for container c"
        );
        assert_eq!(
            given,
            spec(json!({"requests": {"memory": "2Mi", "cpu": "500m"}, "limits": {"cpu": "1"}}))
        );
    }

    #[test]
    fn bounds_are_held_in_upstreams_words() {
        for (item, resources, words) in [
            (
                json!({"type": "Container", "max": {"cpu": "1"}}),
                json!({"limits": {"cpu": "2"}}),
                vec!["maximum cpu usage per Container is 1, but limit is 2"],
            ),
            (
                json!({"type": "Container", "max": {"cpu": "1"}}),
                json!({}),
                vec!["maximum cpu usage per Container is 1.  No limit is specified"],
            ),
            (
                json!({"type": "Container", "min": {"memory": "64Mi"}}),
                json!({"requests": {"memory": "1Mi"}}),
                vec!["minimum memory usage per Container is 64Mi, but request is 1Mi"],
            ),
            (
                json!({"type": "Pod", "max": {"cpu": "1"}}),
                json!({"limits": {"cpu": "1500m"}}),
                vec!["maximum cpu usage per Pod is 1, but limit is 1500m"],
            ),
            (
                json!({"type": "Container", "maxLimitRequestRatio": {"cpu": "2"}}),
                json!({"requests": {"cpu": "100m"}, "limits": {"cpu": "300m"}}),
                vec![
                    "cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000",
                ],
            ),
            (
                json!({"type": "Container", "max": {"cpu": "1"}}),
                json!({"limits": {"cpu": "1"}}),
                vec![],
            ),
        ] {
            assert_eq!(
                breaches(&range(item), &spec(resources.clone())),
                words,
                "{resources}"
            );
        }
    }
}
