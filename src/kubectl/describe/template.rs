//! The pod template in the description of a workload.
//!
//! Upstream: `DescribePodTemplate` in `describe.go`.

use k8s_openapi::api::core::v1::{PodSpec, PodTemplateSpec};

use crate::api::{Order, Selector};

use super::text::Text;
use super::{containers, volumes};

pub(super) fn write(template: &PodTemplateSpec, out: &mut Text) {
    let none = Default::default();
    let meta = template.metadata.as_ref();
    let labels = meta.and_then(|m| m.labels.as_ref()).unwrap_or(&none);
    out.line(0, "Pod Template:");
    out.pairs("  Labels", labels);
    if let Some(annotations) = meta
        .and_then(|m| m.annotations.as_ref())
        .filter(|a| !a.is_empty())
    {
        out.annotations("  Annotations", annotations);
    }
    let Some(spec) = &template.spec else { return };
    out.field_if(
        1,
        "Service Account",
        spec.service_account_name.as_deref().unwrap_or(""),
    );
    if let Some(init) = spec
        .init_containers
        .as_ref()
        .filter(|list| !list.is_empty())
    {
        containers::write("Init Containers", init, None, "", "  ", out);
    }
    containers::write("Containers", &spec.containers, None, "", "  ", out);
    volumes::write(spec.volumes.as_deref().unwrap_or_default(), "", "  ", out);
    spread(spec, "  ", out);
    out.field_if(
        1,
        "Priority Class Name",
        spec.priority_class_name.as_deref().unwrap_or(""),
    );
    out.pairs(
        "  Node-Selectors",
        spec.node_selector.as_ref().unwrap_or(&none),
    );
    out.tolerations(
        "  Tolerations",
        spec.tolerations.as_deref().unwrap_or_default(),
    );
}

/// The topology spread constraints, if there are any.
pub(super) fn spread(spec: &PodSpec, space: &str, out: &mut Text) {
    let constraints = spec
        .topology_spread_constraints
        .as_deref()
        .unwrap_or_default();
    if constraints.is_empty() {
        return;
    }
    let mut sorted: Vec<_> = constraints.iter().collect();
    sorted.order_by(|a, b| a.topology_key.cmp(&b.topology_key));
    let lines = sorted.into_iter().map(|constraint| {
        let mut line = format!(
            "{}:{}",
            constraint.topology_key, constraint.when_unsatisfiable
        );
        line.push_str(&format!(
            " when max skew {} is exceeded",
            constraint.max_skew
        ));
        if let Some(selector) = &constraint.label_selector {
            line.push_str(&format!(" for selector {}", Selector::from_api(selector)));
        }
        line
    });
    out.list(&format!("{space}Topology Spread Constraints"), lines);
}

/// The template with its tabs, as `rollout history --revision` prints it.
pub fn raw_template(template: &PodTemplateSpec) -> String {
    let mut out = Text::default();
    write(template, &mut out);
    out.finish()
}
