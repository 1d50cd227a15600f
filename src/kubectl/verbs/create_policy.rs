//! `kubectl create serviceaccount`, `quota`, `poddisruptionbudget` and `priorityclass`.
//!
//! Upstream: `kubectl/pkg/cmd/create/{create_serviceaccount,create_quota,create_pdb,
//! create_priorityclass}.go`.

use serde_json::{Map, Value, json};

use crate::api::{Kind, Requirement, Selector, SelectorError, canonical_quantity};
use crate::kubectl::args::{Args, Flag, Takes, flag};
use crate::kubectl::console::{Console, Flow};
use crate::kubectl::errors::Failure;

use super::create::{VALIDATE, named, one_name, submit_wrapped};
use super::{Verb, WRITE};

const QUOTA_FLAGS: &[Flag] = &[flag("hard", Takes::Text), flag("scopes", Takes::Text)];
const BUDGET_FLAGS: &[Flag] = &[
    flag("min-available", Takes::Text),
    flag("max-unavailable", Takes::Text),
    flag("selector", Takes::Text),
];
const CLASS_FLAGS: &[Flag] = &[
    flag("value", Takes::Int32),
    flag("global-default", Takes::Switch),
    flag("description", Takes::Text),
    flag("preemption-policy", Takes::Text),
];

pub(super) const ACCOUNT: Verb = Verb {
    name: "serviceaccount|sa",
    usage: "create serviceaccount NAME",
    summary: "create a ServiceAccount",
    flags: &[VALIDATE, WRITE],
    required: &[],
    below: &[],
    run: account,
};

pub(super) const QUOTA: Verb = Verb {
    name: "quota|resourcequota",
    usage: "create quota NAME [--hard=pods=3,cpu=2] [--scopes=BestEffort]",
    summary: "create a ResourceQuota",
    flags: &[QUOTA_FLAGS, VALIDATE, WRITE],
    required: &[],
    below: &[],
    run: quota,
};

pub(super) const BUDGET: Verb = Verb {
    name: "poddisruptionbudget|pdb",
    usage: "create poddisruptionbudget NAME --selector=LABELS (--min-available=N | --max-unavailable=N)",
    summary: "create a PodDisruptionBudget",
    flags: &[BUDGET_FLAGS, VALIDATE, WRITE],
    required: &[],
    below: &[],
    run: budget,
};

pub(super) const CLASS: Verb = Verb {
    name: "priorityclass|pc",
    usage: "create priorityclass NAME --value=N [--global-default] [--description=TEXT] [--preemption-policy=Never]",
    summary: "create a PriorityClass",
    flags: &[CLASS_FLAGS, VALIDATE, WRITE],
    required: &[],
    below: &[],
    run: class,
};

fn account(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let name = one_name(args, "create serviceaccount")?;
    let manifest = named(console, Kind::ServiceAccount, name);
    submit_wrapped(
        console,
        args,
        Kind::ServiceAccount,
        &manifest,
        "serviceaccount:",
    )
}

/// The manifest with a spec.
fn with_spec(mut manifest: Value, spec: Map<String, Value>) -> Value {
    if let Some(fields) = manifest.as_object_mut() {
        fields.insert("spec".into(), spec.into());
    }
    manifest
}

fn quota(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let name = one_name(args, "create quota")?;
    let (mut hard, mut spec) = (Map::new(), Map::new());
    for statement in args
        .text("hard", "")
        .split(',')
        .filter(|text| !text.is_empty())
    {
        let (resource, amount) = statement.split_once('=').ok_or_else(|| {
            let words = "expected <resource>=<value>";
            Failure::error(format!("Invalid argument syntax {statement}, {words}"))
        })?;
        let amount = canonical_quantity(amount).ok_or_else(|| {
            Failure::error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
        })?;
        hard.insert(resource.into(), amount.into());
    }
    if !hard.is_empty() {
        spec.insert("hard".into(), hard.into());
    }
    let scopes: Vec<&str> = args
        .text("scopes", "")
        .split(',')
        .filter(|s| !s.is_empty())
        .collect();
    if !scopes.is_empty() {
        spec.insert("scopes".into(), json!(scopes));
    }
    let manifest = with_spec(named(console, Kind::ResourceQuota, name), spec);
    submit_wrapped(console, args, Kind::ResourceQuota, &manifest, "quota:")
}

fn budget(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let name = one_name(args, "create poddisruptionbudget")?;
    let (least, most) = (
        args.text("min-available", ""),
        args.text("max-unavailable", ""),
    );
    let selector = args.text("selector", "");
    let refuse = |why: &str| Err(Failure::error(why));
    if selector.is_empty() {
        return refuse("a selector must be specified");
    }
    match (least.is_empty(), most.is_empty()) {
        (true, true) => return refuse("one of min-available or max-unavailable must be specified"),
        (false, false) => {
            return refuse("min-available and max-unavailable cannot be both specified");
        }
        _ => {}
    }
    let selector: Selector = selector
        .parse()
        .map_err(|why: SelectorError| Failure::error(why.0))?;
    let mut spec = Map::new();
    spec.insert("selector".into(), label_selector(&selector));
    for (key, text) in [("minAvailable", least), ("maxUnavailable", most)] {
        if !text.is_empty() {
            let amount = text
                .parse::<i32>()
                .map_or_else(|_| Value::from(text), Value::from);
            spec.insert(key.into(), amount);
        }
    }
    let manifest = with_spec(named(console, Kind::PodDisruptionBudget, name), spec);
    submit_wrapped(
        console,
        args,
        Kind::PodDisruptionBudget,
        &manifest,
        "poddisruptionbudgets:",
    )
}

/// A selector of the command line as a manifest has it.
fn label_selector(selector: &Selector) -> Value {
    let (mut labels, mut expressions) = (Map::new(), Vec::new());
    let mut more = |key: &str, operator: &str, values: &[String]| {
        let mut one = json!({ "key": key, "operator": operator });
        if let (Some(fields), false) = (one.as_object_mut(), values.is_empty()) {
            fields.insert("values".into(), json!(values));
        }
        expressions.push(one);
    };
    for requirement in &selector.0 {
        match requirement {
            Requirement::In(key, values) => match values.as_slice() {
                [value] => {
                    labels.insert(key.clone(), value.as_str().into());
                }
                values => more(key, "In", values),
            },
            Requirement::NotIn(key, values) => more(key, "NotIn", values),
            Requirement::Exists(key) => more(key, "Exists", &[]),
            Requirement::DoesNotExist(key) => more(key, "DoesNotExist", &[]),
            Requirement::GreaterThan(key, than) => more(key, "GreaterThan", &[than.to_string()]),
            Requirement::LessThan(key, than) => more(key, "LessThan", &[than.to_string()]),
        }
    }
    let mut whole = Map::new();
    if !labels.is_empty() {
        whole.insert("matchLabels".into(), labels.into());
    }
    if !expressions.is_empty() {
        whole.insert("matchExpressions".into(), expressions.into());
    }
    whole.into()
}

fn class(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let name = one_name(args, "create priorityclass")?;
    let mut manifest = named(console, Kind::PriorityClass, name);
    if let Some(fields) = manifest.as_object_mut() {
        fields.insert("value".into(), args.number("value").unwrap_or(0).into());
        let policy = args.text("preemption-policy", "PreemptLowerPriority");
        fields.insert("preemptionPolicy".into(), policy.into());
        if args.on("global-default") {
            fields.insert("globalDefault".into(), true.into());
        }
        if let Some(text) = args.get("description").filter(|text| !text.is_empty()) {
            fields.insert("description".into(), text.into());
        }
    }
    submit_wrapped(
        console,
        args,
        Kind::PriorityClass,
        &manifest,
        "priorityclass:",
    )
}
