//! The eviction subresource: a deletion that asks the pod's disruption budget first.
//!
//! Upstream: `pkg/registry/core/pod/storage/eviction.go`.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::{
    Body, ConditionStatus, Key, Kind, Object, Phase, PodBody, PodCondition, PodConditionType,
    Selector, number_at, selector_at, text_at,
};

use super::{ApiError, ApiServer, Cause, DeleteOptions, FieldError, Reason};

const VIOLATES: &str = "Cannot evict pod as it would violate the pod's disruption budget.";
const SEVERAL: &str = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";

impl ApiServer {
    /// Evicts a pod. Returns it as it was left, `None` if it is gone. Errors: NotFound;
    /// TooManyRequests while the pod's budget allows no disruption; InternalError if it has
    /// several.
    pub fn evict(
        &mut self,
        key: &Key,
        options: DeleteOptions,
        cause: Cause,
    ) -> Result<Option<Arc<Object>>, ApiError> {
        let object = self.current(key, 0)?;
        let Some(pod) = object.pod() else {
            return Err(ApiError::not_found(key.kind, &key.name));
        };
        let phase = pod.status.phase;
        // What has not started or is ending anyway disrupts nothing.
        let free = matches!(phase, Phase::Pending | Phase::Succeeded | Phase::Failed)
            || object.meta.is_deleting();
        if !free {
            let budgets = self.budgets_of(&object);
            match budgets.as_slice() {
                [] => {}
                [budget] => self.spend(budget, &object, pod, cause)?,
                _ => return Err(ApiError::new(Reason::InternalError, SEVERAL)),
            }
        }
        self.mark_disrupted(&object, cause);
        self.delete(key, options, cause)
    }

    fn budgets_of(&self, pod: &Object) -> Vec<Arc<Object>> {
        let all = self
            .store()
            .head()
            .list(Kind::PodDisruptionBudget, Some(&pod.meta.namespace));
        let picks = |budget: &&Arc<Object>| {
            let selector = budget
                .data()
                .and_then(|body| selector_at(body, "/spec/selector"));
            selector.is_some_and(|s| Selector::from_api(&s).matches(&pod.meta.labels))
        };
        all.filter(picks).cloned().collect()
    }

    /// Takes one disruption from a budget. Errors: it has none.
    fn spend(
        &mut self,
        budget: &Arc<Object>,
        object: &Object,
        pod: &PodBody,
        cause: Cause,
    ) -> Result<(), ApiError> {
        let body = budget.data().unwrap_or(&Value::Null);
        let name = &budget.meta.name;
        let status = |key: &str| number_at(body, &format!("/status/{key}")).unwrap_or(0);
        let (healthy, desired) = (status("currentHealthy"), status("desiredHealthy"));
        if !pod.status.is_ready() {
            let policy = text_at(body, "/spec/unhealthyPodEvictionPolicy");
            if policy == "AlwaysAllow" || (healthy >= desired && desired > 0) {
                return Ok(());
            }
        }
        if status("observedGeneration") < budget.meta.generation {
            let why =
                format!("The disruption budget {name} is still being processed by the server.");
            return Err(too_many(why));
        }
        let allowed = status("disruptionsAllowed");
        if allowed == 0 {
            let why = if healthy <= desired {
                format!(
                    "The disruption budget {name} needs {desired} healthy pods and has {healthy} currently"
                )
            } else {
                format!("The disruption budget {name} does not allow evicting pods currently")
            };
            return Err(too_many(why));
        }
        let now = self.state.now;
        let mut new = (**budget).clone();
        if let Body::Data(_, body) = &mut new.body
            && let Some(status) = Arc::make_mut(body).get_mut("status")
            && let Some(fields) = status.as_object_mut()
        {
            fields.insert("disruptionsAllowed".into(), (allowed - 1).into());
            let going = fields.entry("disruptedPods").or_insert_with(|| json!({}));
            if let Some(going) = going.as_object_mut() {
                going.insert(object.meta.name.to_string(), now.rfc3339().into());
            }
            if allowed == 1
                && let Some(condition) = status.pointer_mut("/conditions/0")
                && let Some(condition) = condition.as_object_mut()
            {
                condition.insert("status".into(), "False".into());
                condition.insert("reason".into(), "InsufficientPods".into());
                condition.insert("lastTransitionTime".into(), now.rfc3339().into());
            }
        }
        self.commit(&budget.key(), new, cause);
        Ok(())
    }

    fn mark_disrupted(&mut self, pod: &Object, cause: Cause) {
        let mut new = pod.clone();
        let (now, generation) = (self.state.now.whole_secs(), pod.meta.generation);
        if let Body::Pod(body) = &mut new.body {
            Arc::make_mut(&mut body.status).set_condition(PodCondition {
                kind: PodConditionType::DisruptionTarget,
                status: ConditionStatus::True,
                reason: Some("EvictionByEvictionAPI".into()),
                message: Some("Eviction API: evicting".into()),
                transition: now,
                observed_generation: generation,
            });
        }
        self.commit(&pod.key(), new, cause);
    }
}

fn too_many(why: String) -> ApiError {
    let mut error = ApiError::new(Reason::TooManyRequests, VIOLATES);
    error.causes = vec![FieldError {
        path: String::new(),
        detail: why,
    }];
    error
}
