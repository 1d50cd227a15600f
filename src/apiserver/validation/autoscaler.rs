//! HorizontalPodAutoscalers.
//!
//! Upstream: `pkg/apis/autoscaling/validation/validation.go`.

use serde_json::Value;

use crate::api::{go_quote, items_at, number_at, parse_quantity, text_at};
use crate::apiserver::FieldError;

use super::Errors;
use super::format::path_segment;
use super::meta::invalid_text;
use super::pod::one_of;

const SOURCES: &[(&str, &str)] = &[
    ("ContainerResource", "containerResource"),
    ("External", "external"),
    ("Object", "object"),
    ("Pods", "pods"),
    ("Resource", "resource"),
];
const WINDOW_MAX: i64 = 3600;
const PERIOD_MAX: i64 = 1800;

fn is_given(value: &Value, pointer: &str) -> bool {
    value.pointer(pointer).is_some_and(|value| !value.is_null())
}

pub(super) fn autoscaler(body: &Value, errors: &mut Errors) {
    let least = number_at(body, "/spec/minReplicas");
    let most = number_at(body, "/spec/maxReplicas").unwrap_or(0);
    if let Some(least) = least.filter(|n| *n < 1) {
        let why = "must be greater than or equal to 1";
        errors.push(FieldError::invalid("spec.minReplicas", least, why));
    }
    if most == 0 {
        let why = "must be set and greater than 0";
        errors.push(FieldError::required("spec.maxReplicas", why));
    } else if most < 0 {
        let why = "must be greater than or equal to 1";
        errors.push(FieldError::invalid("spec.maxReplicas", most, why));
    }
    if least.is_some_and(|least| most < least) {
        let why = "must be greater than or equal to `minReplicas`";
        errors.push(FieldError::invalid("spec.maxReplicas", most, why));
    }
    for field in ["kind", "name"] {
        let text = text_at(body, &format!("/spec/scaleTargetRef/{field}"));
        let path = format!("spec.scaleTargetRef.{field}");
        if text.is_empty() {
            errors.push(FieldError::required(path, ""));
        } else {
            invalid_text(&path, text, path_segment(text), errors);
        }
    }
    for (i, metric) in items_at(body, "/spec/metrics").iter().enumerate() {
        metric_spec(metric, &format!("spec.metrics[{i}]"), errors);
    }
    for direction in ["scaleUp", "scaleDown"] {
        let pointer = format!("/spec/behavior/{direction}");
        if let Some(rules) = body.pointer(&pointer).filter(|rules| rules.is_object()) {
            scaling_rules(rules, &format!("spec.behavior.{direction}"), errors);
        }
    }
}

fn metric_spec(metric: &Value, path: &str, errors: &mut Errors) {
    let kind = text_at(metric, "/type");
    if kind.is_empty() {
        let why = "must specify a metric source type";
        errors.push(FieldError::required(format!("{path}.type"), why));
    }
    let names: Vec<&str> = SOURCES.iter().map(|(name, _)| *name).collect();
    one_of(Some(kind), &names, &format!("{path}.type"), errors);
    let order = [
        "object",
        "external",
        "pods",
        "resource",
        "containerResource",
    ];
    let present = order
        .iter()
        .filter(|field| is_given(metric, &format!("/{field}")));
    let present: Vec<&str> = present.copied().collect();
    if let Some(first) = present.first() {
        source(metric, first, path, errors);
    }
    let Some((_, wanted)) = SOURCES.iter().find(|(name, _)| *name == kind) else {
        return;
    };
    if !present.contains(wanted) {
        let why = "must populate information for the given metric source";
        errors.push(FieldError::required(format!("{path}.{wanted}"), why));
    }
    for other in present.iter().filter(|field| *field != wanted) {
        let why = "must populate the given metric source only";
        errors.push(FieldError::forbidden(format!("{path}.{other}"), why));
    }
}

fn source(metric: &Value, field: &str, path: &str, errors: &mut Errors) {
    let path = format!("{path}.{field}");
    let whole = metric.get(field).unwrap_or(&Value::Null);
    let target = format!("{path}.target");
    if field.ends_with("esource") {
        if text_at(whole, "/name").is_empty() {
            let why = "must specify a resource name";
            errors.push(FieldError::required(format!("{path}.name"), why));
        }
        if field == "containerResource" && text_at(whole, "/container").is_empty() {
            let why = "must specify a container";
            errors.push(FieldError::required(format!("{path}.container"), why));
        }
        metric_target(whole, &target, errors);
        let (share, amount) = (
            is_given(whole, "/target/averageUtilization"),
            is_given(whole, "/target/averageValue"),
        );
        if !share && !amount {
            let why = "must set either a target raw value or a target utilization";
            errors.push(FieldError::required(
                format!("{target}.averageUtilization"),
                why,
            ));
        }
        if share && amount {
            let why = "may not set both a target raw value and a target utilization";
            errors.push(FieldError::forbidden(format!("{target}.averageValue"), why));
        }
        return;
    }
    let name = text_at(whole, "/metric/name");
    let field_name = format!("{path}.metric.name");
    if name.is_empty() {
        errors.push(FieldError::required(
            field_name,
            "must specify a metric name",
        ));
    } else {
        invalid_text(&field_name, name, path_segment(name), errors);
    }
    metric_target(whole, &target, errors);
    if field == "pods" && !is_given(whole, "/target/averageValue") {
        let why = "must specify a positive target averageValue";
        errors.push(FieldError::required(format!("{target}.averageValue"), why));
    }
}

fn metric_target(source: &Value, path: &str, errors: &mut Errors) {
    let kind = text_at(source, "/target/type");
    if kind.is_empty() {
        let why = "must specify a metric target type";
        errors.push(FieldError::required(format!("{path}.type"), why));
    }
    if !["Utilization", "Value", "AverageValue"].contains(&kind) {
        let why = "must be either Utilization, Value, or AverageValue";
        errors.push(FieldError::invalid(
            format!("{path}.type"),
            go_quote(kind),
            why,
        ));
    }
    for field in ["value", "averageValue"] {
        let text = text_at(source, &format!("/target/{field}"));
        if parse_quantity(text).is_some_and(|amount| amount.milli() <= 0) {
            let path = format!("{path}.{field}");
            errors.push(FieldError::invalid(
                path,
                go_quote(text),
                "must be positive",
            ));
        }
    }
    if let Some(share) = number_at(source, "/target/averageUtilization").filter(|n| *n < 1) {
        let path = format!("{path}.averageUtilization");
        errors.push(FieldError::invalid(path, share, "must be greater than 0"));
    }
}

fn scaling_rules(rules: &Value, path: &str, errors: &mut Errors) {
    let window = number_at(rules, "/stabilizationWindowSeconds").unwrap_or(0);
    let field = format!("{path}.stabilizationWindowSeconds");
    if window < 0 {
        let why = "must be greater than or equal to zero";
        errors.push(FieldError::invalid(field, window, why));
    } else if window > WINDOW_MAX {
        let why = format!("must be less than or equal to {WINDOW_MAX}");
        errors.push(FieldError::invalid(field, window, &why));
    }
    let policy = Some(text_at(rules, "/selectPolicy")).filter(|text| !text.is_empty());
    let allowed = &["Disabled", "Max", "Min"];
    one_of(policy, allowed, &format!("{path}.selectPolicy"), errors);
    let policies = items_at(rules, "/policies");
    let path = format!("{path}.policies");
    if policies.is_empty() {
        errors.push(FieldError::required(
            &path,
            "must specify at least one Policy",
        ));
    }
    for (i, policy) in policies.iter().enumerate() {
        let path = format!("{path}[{i}]");
        let kind = text_at(policy, "/type");
        one_of(
            Some(kind),
            &["Percent", "Pods"],
            &format!("{path}.type"),
            errors,
        );
        for field in ["value", "periodSeconds"] {
            let number = number_at(policy, &format!("/{field}")).unwrap_or(0);
            if number <= 0 {
                let why = "must be greater than zero";
                errors.push(FieldError::invalid(format!("{path}.{field}"), number, why));
            } else if field == "periodSeconds" && number > PERIOD_MAX {
                let why = format!("must be less than or equal to {PERIOD_MAX}");
                errors.push(FieldError::invalid(format!("{path}.{field}"), number, &why));
            }
        }
    }
}
