//! The policies of a Job: pod failures, success, replacement.
//!
//! Upstream: `pkg/apis/batch/validation/validation.go` (validatePodFailurePolicy,
//! validateSuccessPolicy, validatePodReplacementPolicy).

use k8s_openapi::api::batch::v1::{
    JobSpec, PodFailurePolicy, PodFailurePolicyOnExitCodesRequirement, PodFailurePolicyRule,
    SuccessPolicy, SuccessPolicyRule,
};

use crate::api::go_quote;
use crate::apiserver::FieldError;

use super::Errors;
use super::format::{NONNEGATIVE, qualified_name};
use super::meta::invalid_text;

const ACTIONS: &[&str] = &["Count", "FailIndex", "FailJob", "Ignore"];
const OPERATORS: &[&str] = &["In", "NotIn"];
const STATUSES: &[&str] = &["False", "True", "Unknown"];
const RULES_MAX: usize = 20;
const PATTERNS_MAX: usize = 20;
const EXIT_CODES_MAX: usize = 255;

pub(super) fn policies(spec: &JobSpec, path: &str, errors: &mut Errors) {
    if let Some(policy) = &spec.pod_failure_policy {
        let path = format!("{path}.podFailurePolicy.rules");
        too_many(policy.rules.len(), RULES_MAX, &path, errors);
        for (i, rule) in policy.rules.iter().enumerate() {
            failure_rule(spec, rule, &format!("{path}[{i}]"), errors);
        }
    }
    if let Some(policy) = &spec.success_policy {
        let path = format!("{path}.successPolicy");
        if spec.completion_mode.as_deref() == Some("Indexed") {
            success_policy(spec, policy, &format!("{path}.rules"), errors);
        } else {
            let text = success_text(Some(policy));
            let why = "requires indexed completion mode";
            errors.push(FieldError::invalid(path, text, why));
        }
    }
    if let Some(policy) = spec.pod_replacement_policy.as_deref() {
        let allowed: &[&str] = match spec.pod_failure_policy {
            Some(_) => &["Failed"],
            None => &["Failed", "TerminatingOrFailed"],
        };
        if !allowed.contains(&policy) {
            let path = format!("{path}.podReplacementPolicy");
            errors.push(FieldError::not_supported(path, go_quote(policy), allowed));
        }
    }
}

fn too_many(count: usize, most: usize, path: &str, errors: &mut Errors) {
    if count > most {
        errors.push(FieldError {
            path: path.to_string(),
            detail: format!("Too many: {count}: must have at most {most} items"),
        });
    }
}

/// `valid values: ["In" "NotIn"]`, as `%q` prints a list.
fn valid(values: &[&str]) -> String {
    let quoted: Vec<String> = values.iter().map(|v| go_quote(v)).collect();
    format!("valid values: [{}]", quoted.join(" "))
}

/// An enumerated text that must be there.
fn required_one_of(text: &str, allowed: &[&str], path: String, errors: &mut Errors) {
    if text.is_empty() {
        errors.push(FieldError::required(path, &valid(allowed)));
    } else if !allowed.contains(&text) {
        errors.push(FieldError::not_supported(path, go_quote(text), allowed));
    }
}

fn failure_rule(spec: &JobSpec, rule: &PodFailurePolicyRule, path: &str, errors: &mut Errors) {
    let action = format!("{path}.action");
    if rule.action == "FailIndex" && spec.backoff_limit_per_index.is_none() {
        let why = "requires the backoffLimitPerIndex to be set";
        errors.push(FieldError::invalid(action, "\"FailIndex\"", why));
    } else {
        required_one_of(&rule.action, ACTIONS, action, errors);
    }
    let patterns = rule.on_pod_conditions.as_deref().unwrap_or_default();
    if let Some(codes) = &rule.on_exit_codes {
        exit_codes(spec, codes, &format!("{path}.onExitCodes"), errors);
    }
    let conditions = format!("{path}.onPodConditions");
    too_many(patterns.len(), PATTERNS_MAX, &conditions, errors);
    for (j, pattern) in patterns.iter().enumerate() {
        let at = format!("{conditions}[{j}]");
        let kind = &pattern.type_;
        invalid_text(&format!("{at}.type"), kind, qualified_name(kind), errors);
        let status = pattern.status.as_deref().unwrap_or_default();
        required_one_of(status, STATUSES, format!("{at}.status"), errors);
    }
    let why = match (rule.on_exit_codes.is_some(), patterns.is_empty()) {
        (true, false) => "specifying both OnExitCodes and OnPodConditions is not supported",
        (false, true) => "specifying one of OnExitCodes and OnPodConditions is required",
        _ => return,
    };
    errors.push(FieldError {
        path: path.to_string(),
        detail: format!("Invalid value: {why}"),
    });
}

fn exit_codes(
    spec: &JobSpec,
    codes: &PodFailurePolicyOnExitCodesRequirement,
    path: &str,
    errors: &mut Errors,
) {
    required_one_of(
        &codes.operator,
        OPERATORS,
        format!("{path}.operator"),
        errors,
    );
    let pods = spec.template.spec.iter();
    let mut containers = pods.flat_map(|s| {
        s.containers
            .iter()
            .chain(s.init_containers.iter().flatten())
    });
    if let Some(name) = &codes.container_name
        && !containers.any(|c| c.name == *name)
    {
        let why = "must be one of the container or initContainer names in the pod template";
        let path = format!("{path}.containerName");
        errors.push(FieldError::invalid(path, go_quote(name), why));
    }
    let values = format!("{path}.values");
    if codes.values.is_empty() {
        let why = "at least one value is required";
        errors.push(FieldError::invalid(&values, "[]", why));
    }
    too_many(codes.values.len(), EXIT_CODES_MAX, &values, errors);
    for (j, code) in codes.values.iter().enumerate() {
        let at = format!("{values}[{j}]");
        if codes.operator == "In" && *code == 0 {
            let why = "must not be 0 for the In operator";
            errors.push(FieldError::invalid(&at, code, why));
        }
        if codes.values.iter().take(j).any(|earlier| earlier == code) {
            errors.push(FieldError::duplicate(&at, code));
        }
    }
    if !codes.values.is_sorted() {
        let text = numbers(&codes.values);
        errors.push(FieldError::invalid(values, text, "must be ordered"));
    }
}

fn numbers(values: &[i32]) -> String {
    let list: Vec<String> = values.iter().map(i32::to_string).collect();
    format!("[{}]", list.join(","))
}

fn success_policy(spec: &JobSpec, policy: &SuccessPolicy, path: &str, errors: &mut Errors) {
    if policy.rules.is_empty() {
        let why = "at least one rules must be specified when the successPolicy is specified";
        errors.push(FieldError::required(path, why));
    }
    too_many(policy.rules.len(), RULES_MAX, path, errors);
    for (i, rule) in policy.rules.iter().enumerate() {
        success_rule(spec, rule, &format!("{path}[{i}]"), errors);
    }
}

fn success_rule(spec: &JobSpec, rule: &SuccessPolicyRule, path: &str, errors: &mut Errors) {
    let all = spec.completions.unwrap_or(0);
    if rule.succeeded_count.is_none() && rule.succeeded_indexes.is_none() {
        let why = "at least one of succeededCount or succeededIndexes must be specified";
        errors.push(FieldError::required(path, why));
    }
    let mut total = 0;
    if let Some(indexes) = &rule.succeeded_indexes {
        match count_indexes(indexes, all) {
            Ok(count) => total = count,
            Err(why) => errors.push(FieldError::invalid(
                format!("{path}.succeededIndexes"),
                go_quote(indexes),
                &format!("error parsing succeededIndexes: {why}"),
            )),
        }
    }
    let Some(count) = rule.succeeded_count else {
        return;
    };
    let path = format!("{path}.succeededCount");
    if count < 0 {
        errors.push(FieldError::invalid(&path, count, NONNEGATIVE));
    }
    let mut at_most = |most: i32, what: &str| {
        if count > most {
            let why = format!("must be less than or equal to {most} (the number of {what})");
            errors.push(FieldError::invalid(&path, count, &why));
        }
    };
    at_most(all, "specified completions");
    if rule.succeeded_indexes.is_some() {
        at_most(total, "indexes in the specified succeededIndexes field");
    }
}

/// How many indexes `0-2,5` names. Errors: why it names none.
fn count_indexes(text: &str, completions: i32) -> Result<i32, String> {
    let (mut last, mut total) = (None, 0);
    for interval in text.split(',').filter(|_| !text.is_empty()) {
        let (first, end) = interval_of(interval, completions)?;
        if let Some(last) = last.filter(|last| *last >= first) {
            return Err(format!(
                "non-increasing order, previous: {last}, current: {first}"
            ));
        }
        total += end - first + 1;
        last = Some(end);
    }
    Ok(total)
}

fn interval_of(text: &str, completions: i32) -> Result<(i32, i32), String> {
    let index = |part: &str| {
        let number: i32 = part.parse().map_err(|_| {
            format!(
                "cannot convert string to integer for index: {}",
                go_quote(part)
            )
        })?;
        if number >= completions {
            return Err(format!("too large index: {}", go_quote(part)));
        }
        Ok(number)
    };
    match *text.split('-').collect::<Vec<_>>().as_slice() {
        [one] => index(one).map(|n| (n, n)),
        [first, last] => {
            let (first, last) = (index(first)?, index(last)?);
            if first >= last {
                return Err(format!(
                    "non-increasing order, previous: {first}, current: {last}"
                ));
            }
            Ok((first, last))
        }
        _ => Err(format!(
            "the fragment {} violates the requirement that an index interval can have at most two parts separated by '-'",
            go_quote(text)
        )),
    }
}

/// The policy as Go prints its own struct.
pub(super) fn success_text(policy: Option<&SuccessPolicy>) -> String {
    let Some(policy) = policy else {
        return "null".into();
    };
    let rules = policy.rules.iter().map(|rule| {
        let indexes = rule.succeeded_indexes.as_deref().map(go_quote);
        let count = rule.succeeded_count.map(|n| n.to_string());
        format!(
            "{{\"SucceededIndexes\":{},\"SucceededCount\":{}}}",
            or_null(indexes),
            or_null(count)
        )
    });
    let rules: Vec<String> = rules.collect();
    format!("{{\"Rules\":[{}]}}", rules.join(","))
}

/// The policy as Go prints its own struct.
pub(super) fn failure_text(policy: Option<&PodFailurePolicy>) -> String {
    let Some(policy) = policy else {
        return "null".into();
    };
    let rules = policy.rules.iter().map(|rule| {
        let codes = rule.on_exit_codes.as_ref().map(|codes| {
            format!(
                "{{\"ContainerName\":{},\"Operator\":{},\"Values\":{}}}",
                or_null(codes.container_name.as_deref().map(go_quote)),
                go_quote(&codes.operator),
                numbers(&codes.values)
            )
        });
        let patterns = rule.on_pod_conditions.as_ref().map(|patterns| {
            let one = |type_: &str, status: &str| {
                format!(
                    "{{\"Type\":{},\"Status\":{}}}",
                    go_quote(type_),
                    go_quote(status)
                )
            };
            let list = patterns
                .iter()
                .map(|p| one(&p.type_, p.status.as_deref().unwrap_or_default()));
            format!("[{}]", list.collect::<Vec<_>>().join(","))
        });
        format!(
            "{{\"Action\":{},\"OnExitCodes\":{},\"OnPodConditions\":{}}}",
            go_quote(&rule.action),
            or_null(codes),
            or_null(patterns)
        )
    });
    let rules: Vec<String> = rules.collect();
    format!("{{\"Rules\":[{}]}}", rules.join(","))
}

fn or_null(text: Option<String>) -> String {
    text.unwrap_or_else(|| "null".into())
}
