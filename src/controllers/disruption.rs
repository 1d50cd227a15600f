//! The disruption controller: how many of a budget's pods may be evicted now.
//!
//! Upstream: `pkg/controller/disruption/disruption.go`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::api::{Arg, Body, InvolvedObject, Key, Kind, Object, Selector, fields_at, selector_at};
use crate::apiserver::{ApiError, Change, Snapshot};
use crate::client::{Client, message};
use crate::clock::{SimTime, Span};

use super::util::{timer_after, woken_by};
use super::{Controller, Desk, Watch};

/// See the module.
pub(super) struct DisruptionController;

impl Controller for DisruptionController {
    fn name(&self) -> &'static str {
        "disruption-controller"
    }

    fn event_source(&self) -> &'static str {
        "controllermanager"
    }

    fn watches(&self) -> &'static [Watch] {
        &[
            Watch {
                kind: Kind::PodDisruptionBudget,
                note: note_budget,
            },
            Watch {
                kind: Kind::Pod,
                note: note_pod,
            },
        ]
    }

    fn reconcile(
        &self,
        key: &Key,
        desk: &mut Desk,
        client: &mut Client<'_>,
    ) -> Result<(), ApiError> {
        let (now, cache) = (client.now(), client.cache());
        let budget = cache
            .get(key)
            .filter(|_| key.kind == Kind::PodDisruptionBudget);
        let Some(budget) = budget.cloned() else {
            return Ok(());
        };
        let body = budget.data().unwrap_or(&Value::Null);
        let pods = pods_of(&budget, cache);
        let timeout = desk.options.disruption_timeout;
        let recheck = going(body, &pods, timeout, now).values().min().copied();
        let status = plan(&budget, &pods, cache, timeout, now);
        let unmanaged = is_relative(body) && pods.iter().any(|p| p.meta.controller().is_none());
        if pods.is_empty() {
            let text = message("No matching pods found", []);
            desk.recorder
                .normal(client, InvolvedObject::of(&budget), "NoPods", text);
        } else if unmanaged {
            let selector = selector_at(body, "/spec/selector").unwrap_or_default();
            let selector = Selector::from_api(&selector).to_string();
            let text = message(UNMANAGED, [Arg::from(selector.as_str())]);
            desk.recorder
                .warning(client, InvolvedObject::of(&budget), "UnmanagedPods", text);
        }
        if let Some(since) = recheck {
            let trigger = timer_after(client.trigger());
            desk.queue.add_at(key.clone(), since + timeout, trigger);
        }
        if body.get("status") == Some(&status) {
            return Ok(());
        }
        let mut new = (*budget).clone();
        if let Body::Data(_, body) = &mut new.body
            && let Some(fields) = Arc::make_mut(body).as_object_mut()
        {
            fields.insert("status".into(), status);
        }
        client.update_status(new).map(|_| ())
    }
}

const UNMANAGED: &str = "Pods selected by this PodDisruptionBudget (selector: {}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set \".spec.minAvailable\" field of the PDB to an integer value.";

fn pods_of(budget: &Object, cache: Snapshot<'_>) -> Vec<Arc<Object>> {
    let selector = budget
        .data()
        .and_then(|body| selector_at(body, "/spec/selector"));
    let Some(selector) = selector.map(|selector| Selector::from_api(&selector)) else {
        return Vec::new();
    };
    let pods = cache.list(Kind::Pod, Some(&budget.meta.namespace));
    pods.filter(|pod| selector.matches(&pod.meta.labels))
        .cloned()
        .collect()
}

/// Whether the budget is a share of what the pods' controllers want.
fn is_relative(body: &Value) -> bool {
    let given = |field: &str| {
        body.pointer(&format!("/spec/{field}"))
            .filter(|v| !v.is_null())
    };
    given("maxUnavailable").is_some() || given("minAvailable").is_some_and(Value::is_string)
}

/// How many pods the controllers of these pods want together.
fn scale(pods: &[Arc<Object>], cache: Snapshot<'_>) -> i64 {
    let mut wanted: BTreeMap<Key, i64> = BTreeMap::new();
    for pod in pods {
        let Some(owner) = owner(pod, cache) else {
            continue;
        };
        // A Deployment's ReplicaSets come and go: its own figure counts.
        let owner = self::owner(&owner, cache).unwrap_or(owner);
        wanted.insert(owner.key(), owner.replicas().unwrap_or(0).into());
    }
    wanted.values().sum()
}

fn owner(object: &Object, cache: Snapshot<'_>) -> Option<Arc<Object>> {
    let reference = object.meta.controller()?;
    let kind = cache.kind_by_gvk(&reference.api_version, &reference.kind)?;
    let found = cache.find(kind, &object.meta.namespace, &reference.name)?;
    (found.meta.uid == reference.uid).then(|| found.clone())
}

/// A number, or a share of a whole, rounded up.
fn share(value: Option<&Value>, of: i64) -> i64 {
    let percent = value
        .and_then(Value::as_str)
        .and_then(|text| text.strip_suffix('%'));
    match percent.and_then(|number| number.parse::<i64>().ok()) {
        Some(percent) => (of * percent + 99).div_euclid(100),
        None => value.and_then(Value::as_i64).unwrap_or(0),
    }
}

/// Pods whose eviction was granted a short while ago, and when.
fn going(
    body: &Value,
    pods: &[Arc<Object>],
    timeout: Span,
    now: SimTime,
) -> BTreeMap<String, SimTime> {
    let granted = fields_at(body, "/status/disruptedPods");
    let moment = |(name, at): (&String, &Value)| {
        let at = SimTime::parse_rfc3339(at.as_str()?)?;
        let still = pods
            .iter()
            .any(|p| *p.meta.name == **name && !p.meta.is_deleting());
        (still && at + timeout >= now).then(|| (name.clone(), at))
    };
    granted.filter_map(moment).collect()
}

/// The status of a budget.
fn plan(
    budget: &Object,
    pods: &[Arc<Object>],
    cache: Snapshot<'_>,
    timeout: Span,
    now: SimTime,
) -> Value {
    let body = budget.data().unwrap_or(&Value::Null);
    let most = body
        .pointer("/spec/maxUnavailable")
        .filter(|value| !value.is_null());
    let least = body
        .pointer("/spec/minAvailable")
        .filter(|value| !value.is_null());
    let expected = if is_relative(body) {
        scale(pods, cache)
    } else {
        i64::try_from(pods.len()).unwrap_or(0)
    };
    let desired = match (most, least) {
        (Some(most), _) => (expected - share(Some(most), expected)).max(0),
        (None, Some(least)) => share(Some(least), expected),
        (None, None) => 0,
    };
    let expected = if most.or(least).is_some() {
        expected
    } else {
        0
    };
    let going = going(body, pods, timeout, now);
    let healthy = pods.iter().filter(|pod| {
        let ready = pod.pod().is_some_and(|p| p.status.is_ready());
        ready && !pod.meta.is_deleting() && !going.contains_key(&*pod.meta.name)
    });
    let healthy = i64::try_from(healthy.count()).unwrap_or(0);
    let allowed = if expected > 0 {
        (healthy - desired).max(0)
    } else {
        0
    };
    let mut status = json!({
        "conditions": [condition(body, allowed > 0, budget.meta.generation, now)],
        "currentHealthy": healthy, "desiredHealthy": desired,
        "disruptionsAllowed": allowed, "expectedPods": expected,
        "observedGeneration": budget.meta.generation,
    });
    if !going.is_empty()
        && let Some(fields) = status.as_object_mut()
    {
        let pods: Map<String, Value> = going
            .into_iter()
            .map(|(name, at)| (name, at.rfc3339().into()))
            .collect();
        fields.insert("disruptedPods".into(), Value::Object(pods));
    }
    status
}

fn condition(body: &Value, allowed: bool, generation: i64, now: SimTime) -> Value {
    let (word, reason) = if allowed {
        ("True", "SufficientPods")
    } else {
        ("False", "InsufficientPods")
    };
    let old = body.pointer("/status/conditions/0");
    let same = old.filter(|old| old.get("status").and_then(Value::as_str) == Some(word));
    let since = same.and_then(|old| old.get("lastTransitionTime")).cloned();
    json!({
        "lastTransitionTime": since.unwrap_or_else(|| now.rfc3339().into()),
        "message": "", "observedGeneration": generation,
        "reason": reason, "status": word, "type": "DisruptionAllowed",
    })
}

fn note_budget(change: &Change<'_>, desk: &mut Desk, _: SimTime) {
    match (change.new, change.old) {
        (Some(new), _) => {
            let selector = new
                .data()
                .and_then(|body| selector_at(body, "/spec/selector"));
            let selector = Selector::from_api(&selector.unwrap_or_default());
            desk.notes.budgets.insert(new.key(), selector);
            desk.queue.add(new.key(), woken_by(change));
        }
        (None, Some(old)) => {
            desk.notes.budgets.remove(&old.key());
        }
        (None, None) => {}
    }
}

/// A pod wakes the budgets that pick it, when its readiness, its end or its labels change.
fn note_pod(change: &Change<'_>, desk: &mut Desk, _: SimTime) {
    // What a budget counts, and whose pods they are: that settles how many there should be.
    let seen = |object: &Arc<Object>| {
        let state = object.pod().map(|p| (p.status.is_ready(), p.is_terminal()));
        let owner = object.meta.controller().map(|owner| owner.uid);
        let labels = object.meta.labels.clone();
        (state, object.meta.is_deleting(), owner, labels)
    };
    if change.old.map(seen) == change.new.map(seen) {
        return;
    }
    let mut woken = Vec::new();
    for pod in change.old.into_iter().chain(change.new) {
        let from = Key::new(Kind::PodDisruptionBudget, pod.meta.namespace.clone(), "");
        let budgets = desk.notes.budgets.range(from..);
        let budgets = budgets.take_while(|(key, _)| key.namespace == pod.meta.namespace);
        let picking = budgets.filter(|(_, selector)| selector.matches(&pod.meta.labels));
        woken.extend(picking.map(|(key, _)| key.clone()));
    }
    for key in woken {
        desk.queue.add(key, woken_by(change));
    }
}

#[cfg(test)]
mod tests {
    use super::super::drive::Drive;
    use super::*;
    use crate::api::number_at;

    #[test]
    fn budgets_count_healthy_pods() {
        for (spec, allowed, desired, expected) in [
            (json!({"minAvailable": 2}), 1, 2, 3),
            (json!({"minAvailable": "50%"}), 1, 2, 3),
            (json!({"maxUnavailable": 1}), 1, 2, 3),
            (json!({"maxUnavailable": "34%"}), 2, 1, 3),
            (json!({"minAvailable": 5}), 0, 5, 3),
        ] {
            let mut drive = Drive::new();
            drive.create_deployment("web", 3, &json!({}));
            let mut budget = json!({"spec": spec});
            budget["spec"]["selector"] = json!({"matchLabels": {"app": "web"}});
            drive.create(Kind::PodDisruptionBudget, "default", "b", &budget);
            drive.run_for(Span::secs(1));
            drive.kubelets_act();
            drive.run_for(Span::secs(1));
            let budget = drive
                .get(Kind::PodDisruptionBudget, "b")
                .expect("the budget");
            let status = |key: &str| number_at(budget.data()?, &format!("/status/{key}"));
            assert_eq!(status("disruptionsAllowed"), Some(allowed), "{spec}");
            assert_eq!(status("desiredHealthy"), Some(desired), "{spec}");
            assert_eq!(status("expectedPods"), Some(expected), "{spec}");
            assert_eq!(status("currentHealthy"), Some(3), "{spec}");
        }
    }

    #[test]
    fn a_budget_without_pods_allows_nothing_and_says_so() {
        let mut drive = Drive::new();
        let budget =
            json!({"spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "web"}}}});
        drive.create(Kind::PodDisruptionBudget, "default", "b", &budget);
        drive.run_for(Span::secs(1));
        let budget = drive
            .get(Kind::PodDisruptionBudget, "b")
            .expect("the budget");
        assert_eq!(
            number_at(budget.data().expect("a body"), "/status/disruptionsAllowed"),
            Some(0)
        );
        let said = drive.events(Kind::PodDisruptionBudget).join("\n");
        assert!(said.contains("No matching pods found"), "{said}");
    }
}
