//! The metrics of an autoscaler: each asks for a number of replicas, and the highest wins.
//!
//! Upstream: `computeReplicasForMetric*`, `computeStatusFor*Metric` in `horizontal.go`,
//! `metrics/client.go`. Differs: no API for custom or external metrics is ever registered.

use serde_json::{Value, json};

use crate::api::{Object, Selector, canonical_quantity, items_at, parse_quantity, text_at};
use crate::client::Usage;

use super::calculator::{Answer, Question, Sample, Samples, Tolerances, Wanted};
use super::{Sync, whole};

/// What the metrics ask for, the name of the one that asks for most, and all their statuses.
pub(super) struct Computed {
    pub replicas: i32,
    pub name: String,
    pub statuses: Value,
}

/// What one metric asks for.
struct Proposal {
    replicas: i32,
    name: String,
    status: Value,
}

/// Why one metric asks for nothing.
struct Refusal {
    reason: &'static str,
    /// As the event has it.
    error: String,
    /// What the sum of all errors says before it.
    of: String,
}

const NO_CUSTOM: &str = "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered";

impl Sync<'_, '_> {
    /// Errors: the statuses and why nothing can be done; the condition has been set.
    pub(super) fn compute(
        &mut self,
        target: &Object,
        current: i32,
    ) -> Result<Computed, (Value, String)> {
        let selector = self.selector(target).map_err(|why| (Value::Null, why))?;
        let hpa = self.hpa.clone();
        let specs = hpa
            .data()
            .map_or(&[][..], |body| items_at(body, "/spec/metrics"));
        let (mut best, mut statuses) = (None::<Proposal>, Vec::new());
        let (mut failures, mut first) = (0, None);
        for spec in specs {
            match self.metric(spec, current, &selector) {
                Ok(proposal) => {
                    statuses.push(proposal.status.clone());
                    if best
                        .as_ref()
                        .is_none_or(|best| proposal.replicas > best.replicas)
                    {
                        best = Some(proposal);
                    }
                }
                Err(refusal) => {
                    statuses.push(json!({ "type": "" }));
                    failures += 1;
                    self.warn(refusal.reason, &refusal.error);
                    first.get_or_insert(refusal);
                }
            }
        }
        let statuses = Value::Array(statuses);
        let best = best.filter(|best| failures == 0 || best.replicas >= current);
        let Some(Proposal { replicas, name, .. }) = best else {
            let Some(Refusal { reason, error, of }) = first else {
                return Err((statuses, "invalid metrics (0 invalid out of 0)".into()));
            };
            let text = format!("the HPA was unable to compute the replica count: {error}");
            self.status.set("ScalingActive", false, reason, &text);
            let all = specs.len();
            let head = format!("invalid metrics ({failures} invalid out of {all})");
            return Err((statuses, format!("{head}, first error is: {of}: {error}")));
        };
        let text =
            format!("the HPA was able to successfully calculate a replica count from {name}");
        self.status
            .set("ScalingActive", true, "ValidMetricFound", &text);
        Ok(Computed {
            replicas,
            name,
            statuses,
        })
    }

    fn metric(&self, spec: &Value, current: i32, selector: &Selector) -> Result<Proposal, Refusal> {
        let namespace = &self.key.namespace;
        let text = |pointer: &str| text_at(spec, pointer);
        let refused = |reason, of: String, error| Err(Refusal { reason, error, of });
        match text("/type") {
            "Resource" => self
                .resource(spec, None, current, selector)
                .or_else(|error| {
                    let of = format!(
                        "failed to get {} resource metric value",
                        text("/resource/name")
                    );
                    refused("FailedGetResourceMetric", of, error)
                }),
            "ContainerResource" => {
                let container = text("/containerResource/container");
                let found = self.resource(spec, Some(container), current, selector);
                found.or_else(|error| {
                    let of = format!("failed to get {container} container metric value");
                    refused("FailedGetContainerResourceMetric", of, error)
                })
            }
            "Pods" => {
                let name = text("/pods/metric/name");
                let of = "failed to get pods metric value".into();
                let error = format!("unable to get metric {name}: {NO_CUSTOM}");
                refused("FailedGetPodsMetric", of, error)
            }
            "Object" => {
                let name = text("/object/metric/name");
                let kind = text("/object/describedObject/kind");
                let on = text("/object/describedObject/name");
                let error =
                    format!("unable to get metric {name} on {kind} {namespace}/{on}: {NO_CUSTOM}");
                let average = text("/object/target/type") == "AverageValue";
                let head = if average {
                    format!("failed to get {name} object metric: ")
                } else {
                    String::new()
                };
                let of = "failed to get object metric value".into();
                refused("FailedGetObjectMetric", of, format!("{head}{error}"))
            }
            _ => {
                let name = text("/external/metric/name");
                let labels = selector_text(spec.pointer("/external/metric/selector"));
                let head = if text("/external/target/averageValue").is_empty() {
                    format!("failed to get external metric {name}")
                } else {
                    format!("failed to get {name} external metric")
                };
                let error = format!(
                    "{head}: unable to get external metric {namespace}/{name}/{labels}: unable to fetch metrics from external metrics API: the server could not find the requested resource (get {name}.external.metrics.k8s.io)"
                );
                let of = format!("failed to get {name} external metric value");
                refused("FailedGetExternalMetric", of, error)
            }
        }
    }

    /// A resource of pods, or of one of their containers. Errors: upstream's words.
    fn resource(
        &self,
        spec: &Value,
        container: Option<&str>,
        current: i32,
        selector: &Selector,
    ) -> Result<Proposal, String> {
        let field = container.map_or("resource", |_| "containerResource");
        let source = spec.get(field).unwrap_or(&Value::Null);
        let resource = text_at(source, "/name");
        let average = parse_quantity(text_at(source, "/target/averageValue"));
        let percent = whole(source, "/target/averageUtilization");
        let (wanted, what) = match (average, percent) {
            (Some(average), _) => (Wanted::Average(average.milli()), "usage"),
            (None, Some(percent)) => (Wanted::Utilization(percent), "utilization"),
            (None, None) => return Err("invalid resource metric source: neither an average utilization target nor an average value (usage) target was set".into()),
        };
        let failed = |why: String| format!("failed to get {resource} {what}: {why}");
        let samples = self
            .samples(resource, container, selector)
            .map_err(failed)?;
        let options = &self.desk.options;
        let question = Question {
            pods: &self.pods(selector),
            current,
            resource,
            container,
            wanted,
            tolerances: self.tolerances(),
            cpu_initialization: options.autoscaler_cpu_initialization,
            initial_readiness: options.autoscaler_initial_readiness,
            now: self.client.now(),
        };
        let answer = question.answer(samples).map_err(failed)?;
        let name = match (wanted, container) {
            (Wanted::Average(_), _) => format!("{resource} resource"),
            (_, None) => format!("{resource} resource utilization (percentage of request)"),
            _ => format!("{resource} container resource utilization (percentage of request)"),
        };
        let mut status = json!({ "name": resource, "current": current_of(resource, &answer) });
        if let Some(container) = container {
            status["container"] = container.into();
        }
        let status = json!({ "type": text_at(spec, "/type"), (field): status });
        Ok(Proposal {
            replicas: answer.replicas,
            name,
            status,
        })
    }

    /// What the metrics server says of the pods. Errors: it says nothing.
    fn samples(
        &self,
        resource: &str,
        container: Option<&str>,
        selector: &Selector,
    ) -> Result<Samples, String> {
        let picks = |pod: &Object| selector.matches(&pod.meta.labels);
        let listed = self.client.pod_metrics(Some(&self.key.namespace), &picks);
        let fail = |why: &str| format!("unable to get metrics for resource {resource}: {why}");
        let listed = listed.map_err(|error| {
            let why = error.message;
            fail(&format!(
                "unable to fetch metrics from resource metrics API: {why}"
            ))
        })?;
        if listed.is_empty() {
            return Err(fail("no metrics returned from resource metrics API"));
        }
        let value = |usage: Usage| match resource {
            "cpu" => Some(usage.cpu_milli()),
            "memory" => Some(usage.memory_bytes.saturating_mul(1000)),
            _ => None,
        };
        let samples = listed.into_iter().filter_map(|metrics| {
            let parts = metrics.containers.iter();
            let parts = parts.filter(|(name, _)| container.is_none_or(|wanted| wanted == &**name));
            let values: Option<Vec<i64>> = parts.map(|(_, usage)| value(*usage)).collect();
            let values = values.filter(|values| !values.is_empty())?;
            let sample = Sample {
                value: values.iter().sum(),
                at: metrics.at,
                window: metrics.window,
            };
            Some((metrics.name, sample))
        });
        Ok(samples.collect())
    }

    fn tolerances(&self) -> Tolerances {
        let usual = self.desk.options.autoscaler_tolerance_milli;
        let own = |direction: &str| {
            let pointer = format!("/spec/behavior/{direction}/tolerance");
            let given = parse_quantity(text_at(self.body(), &pointer));
            given.map_or(usual, |amount| amount.milli()) as f64 / 1000.0
        };
        Tolerances {
            down: own("scaleDown"),
            up: own("scaleUp"),
        }
    }
}

fn current_of(resource: &str, answer: &Answer) -> Value {
    let average = quantity(resource, answer.average);
    match answer.utilization {
        Some(percent) => json!({ "averageUtilization": percent, "averageValue": average }),
        None => json!({ "averageValue": average }),
    }
}

/// Thousandths as the server writes them: memory by powers of 1024 where it is a multiple.
fn quantity(resource: &str, milli: i64) -> String {
    let text = match resource {
        "memory" if milli % 1000 == 0 && milli % 1_024_000 == 0 => {
            format!("{}Ki", milli / 1_024_000)
        }
        "memory" if milli % 1000 == 0 && milli >= 1_024_000 => return (milli / 1000).to_string(),
        _ => format!("{milli}m"),
    };
    canonical_quantity(&text).unwrap_or(text)
}

/// A label selector as Go prints a pointer to one.
fn selector_text(selector: Option<&Value>) -> String {
    let Some(selector) = selector.filter(|s| s.is_object()) else {
        return "nil".into();
    };
    let labels: Vec<String> = crate::api::labels_at(selector, "/matchLabels")
        .iter()
        .map(|(key, value)| format!("{key}: {value},"))
        .collect();
    let labels = labels.concat();
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{}},}}"
    )
}
