//! What a Job's policies make of failed pods and of indexes that succeeded.
//!
//! Upstream: `pkg/controller/job/{pod_failure_policy,success_policy}.go`.

use k8s_openapi::api::batch::v1::{
    PodFailurePolicy, PodFailurePolicyOnExitCodesRequirement,
    PodFailurePolicyOnPodConditionsPattern, SuccessPolicy,
};

use crate::api::{ContainerState, Object, PodStatus};

use super::indexes::Intervals;

/// What the first rule that matches a failed pod says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// No rule matches, or one that says so.
    Count,
    Ignore,
    FailIndex,
    /// The whole Job fails, with this message.
    FailJob(String),
}

/// Judges a failed pod.
pub(super) fn judge(policy: Option<&PodFailurePolicy>, pod: &Object) -> Verdict {
    let Some(status) = pod.pod().map(|body| &body.status) else {
        return Verdict::Count;
    };
    let rules = policy.into_iter().flat_map(|policy| &policy.rules);
    let (namespace, name) = (&pod.meta.namespace, &pod.meta.name);
    for (index, rule) in rules.enumerate() {
        let patterns = rule.on_pod_conditions.iter().flatten();
        let words = match &rule.on_exit_codes {
            Some(codes) => exit_code(status, codes).map(|(container, code)| {
                format!(
                    "Container {container} for pod {namespace}/{name} failed with exit code {code}"
                )
            }),
            None => condition(status, patterns)
                .map(|kind| format!("Pod {namespace}/{name} has condition {kind}")),
        };
        match (words, rule.action.as_str()) {
            (None, _) => {}
            (Some(_), "Ignore") => return Verdict::Ignore,
            (Some(_), "FailIndex") => return Verdict::FailIndex,
            (Some(_), "Count") => return Verdict::Count,
            (Some(words), "FailJob") => {
                return Verdict::FailJob(format!("{words} matching FailJob rule at index {index}"));
            }
            _ => {}
        }
    }
    Verdict::Count
}

/// The first container whose end matches, with its exit code.
fn exit_code<'a>(
    status: &'a PodStatus,
    wanted: &PodFailurePolicyOnExitCodesRequirement,
) -> Option<(&'a str, i32)> {
    let all = status.containers.iter().chain(&status.init_containers);
    let ended = all.filter_map(|c| match &c.state {
        ContainerState::Terminated(end) => Some((&*c.name, end.exit_code)),
        _ => None,
    });
    let mut matching = ended.filter(|(name, code)| {
        let named = wanted.container_name.as_deref().is_none_or(|n| n == *name);
        let listed = wanted.values.contains(code);
        let fits = match wanted.operator.as_str() {
            "In" => listed,
            "NotIn" => !listed,
            _ => false,
        };
        named && *code != 0 && fits
    });
    matching.next()
}

fn condition<'a>(
    status: &PodStatus,
    patterns: impl Iterator<Item = &'a PodFailurePolicyOnPodConditionsPattern> + Clone,
) -> Option<&'static str> {
    let matches = |kind: &str, value: &str| {
        let mut patterns = patterns.clone();
        patterns.any(|p| p.type_ == kind && p.status.as_deref().unwrap_or("True") == value)
    };
    let found = status
        .conditions
        .iter()
        .find(|c| matches(c.kind.as_str(), c.status.as_str()));
    found.map(|c| c.kind.as_str())
}

/// The message of the first rule that the succeeded indexes meet.
pub(super) fn succeeded(
    policy: Option<&SuccessPolicy>,
    completions: i32,
    succeeded: &Intervals,
) -> Option<String> {
    let rules = &policy?.rules;
    if succeeded.total() == 0 {
        return None;
    }
    let met = rules.iter().position(|rule| match &rule.succeeded_indexes {
        Some(text) => {
            let required = Intervals::parse(text, completions);
            let shared = required.shared(succeeded);
            required.total() > 0
                && (shared == required.total()
                    || rule.succeeded_count.is_some_and(|count| shared >= count))
        }
        None => rule
            .succeeded_count
            .is_some_and(|count| succeeded.total() >= count),
    });
    met.map(|index| format!("Matched rules at index {index}"))
}
