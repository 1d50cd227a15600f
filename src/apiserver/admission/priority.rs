//! The priority of a pod, from its PriorityClass.
//!
//! Upstream: `plugin/pkg/admission/priority`.

use k8s_openapi::api::core::v1::PodSpec;
use serde_json::Value;

use crate::api::{Kind, Object, number_at, text_at};
use crate::apiserver::Snapshot;

/// The priority classes that every cluster has.
pub const SYSTEM_CLASSES: &[(&str, i32)] = &[
    ("system-node-critical", 2_000_001_000),
    ("system-cluster-critical", 2_000_000_000),
];

/// What a class, or the lack of one, means for a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Priority {
    class: Option<String>,
    value: i32,
    policy: String,
}

impl Default for Priority {
    fn default() -> Priority {
        Priority {
            class: None,
            value: 0,
            policy: "PreemptLowerPriority".into(),
        }
    }
}

impl Priority {
    fn of(class: &Object) -> Priority {
        let body = class.data().unwrap_or(&Value::Null);
        let value = number_at(body, "/value").unwrap_or(0);
        let policy = text_at(body, "/preemptionPolicy");
        let fallback = Priority::default().policy;
        Priority {
            class: Some(class.meta.name.to_string()),
            value: i32::try_from(value).unwrap_or_default(),
            policy: if policy.is_empty() {
                fallback
            } else {
                policy.into()
            },
        }
    }

    /// The priority that a spec asks for. Errors: its class does not exist.
    pub(super) fn resolve(spec: &PodSpec, now: Snapshot<'_>) -> Result<Priority, String> {
        let class = spec.priority_class_name.as_deref().unwrap_or_default();
        if class.is_empty() {
            return Ok(Priority::global(now).unwrap_or_default());
        }
        if let Some(found) = now.find(Kind::PriorityClass, "", class) {
            return Ok(Priority::of(found));
        }
        let system = SYSTEM_CLASSES.iter().find(|(name, _)| *name == class);
        let (name, value) =
            system.ok_or_else(|| format!("no PriorityClass with name {class} was found"))?;
        Ok(Priority {
            class: Some(name.to_string()),
            value: *value,
            ..Priority::default()
        })
    }

    /// The class for pods that name none; of several the lowest.
    fn global(now: Snapshot<'_>) -> Option<Priority> {
        let all = now.list(Kind::PriorityClass, None);
        let marked = all.filter(|class| {
            let flag = class.data().and_then(|body| body.get("globalDefault"));
            flag == Some(&Value::Bool(true))
        });
        marked
            .map(|class| Priority::of(class))
            .min_by_key(|p| p.value)
    }

    /// Whether a spec has it already.
    pub(super) fn is_in(&self, spec: &PodSpec) -> bool {
        spec.priority == Some(self.value)
            && spec.preemption_policy.as_ref() == Some(&self.policy)
            && spec.priority_class_name == self.class
    }

    /// Puts it into a spec. Errors: the spec asks for another by its number or policy.
    pub(super) fn put(self, spec: &mut PodSpec) -> Result<(), String> {
        if let Some(given) = spec.priority.filter(|given| *given != self.value) {
            return Err(format!(
                "the integer value of priority ({given}) must not be provided in pod spec; priority admission controller computed {} from the given PriorityClass name",
                self.value
            ));
        }
        if let Some(given) = spec
            .preemption_policy
            .as_ref()
            .filter(|p| **p != self.policy)
        {
            return Err(format!(
                "the string value of PreemptionPolicy ({given}) must not be provided in pod spec; priority admission controller computed {} from the given PriorityClass name",
                self.policy
            ));
        }
        spec.priority = Some(self.value);
        spec.preemption_policy = Some(self.policy);
        spec.priority_class_name = self.class;
        Ok(())
    }
}
