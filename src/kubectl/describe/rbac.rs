//! `kubectl describe` of roles and their bindings.
//!
//! Upstream: `RoleDescriber`, `RoleBindingDescriber` in `describe.go`, `util/rbac/rbac.go`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::api::{Object, Order, items_at, text_at, texts_at};

use super::Scene;
use super::text::Text;

/// A rule of one group, one resource and at most one name, or of one URL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Simple {
    group: Option<String>,
    resource: String,
    name: Option<String>,
    url: Option<String>,
}

pub(super) fn role(object: &Object, _: Scene<'_>, out: &mut Text) {
    let Some(body) = object.data() else { return };
    out.field(0, "Name", &object.meta.name);
    out.labels(&object.meta);
    out.line(0, "PolicyRule:");
    out.line(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs");
    out.line(1, "---------\t-----------------\t--------------\t-----");
    for (verbs, rule) in compact(items_at(body, "/rules")) {
        let list = |one: &Option<String>| format!("[{}]", one.clone().unwrap_or_default());
        out.line(
            1,
            format!(
                "{}\t{}\t{}\t[{}]",
                resource(&rule),
                list(&rule.url),
                list(&rule.name),
                verbs.join(" ")
            ),
        );
    }
}

/// `deployments.apps/scale`.
fn resource(rule: &Simple) -> String {
    let (plural, below) = match rule.resource.split_once('/') {
        Some((plural, below)) => (plural, format!("/{below}")),
        None => (rule.resource.as_str(), String::new()),
    };
    let group = rule.group.as_deref().unwrap_or_default();
    let dot = if group.is_empty() { "" } else { "." };
    format!("{plural}{dot}{group}{below}")
}

/// Rules taken apart, those of one resource put together again, in the order in which upstream's
/// texts of them sort: by verbs first. Rules of URLs stay apart.
fn compact(rules: &[Value]) -> Vec<(Vec<String>, Simple)> {
    let mut simple: BTreeMap<Simple, Vec<String>> = BTreeMap::new();
    let mut all = Vec::new();
    for rule in rules {
        let verbs = texts_at(rule, "/verbs");
        let names = texts_at(rule, "/resourceNames");
        let names: Vec<Option<&str>> = match names.as_slice() {
            [] => vec![None],
            names => names.iter().copied().map(Some).collect(),
        };
        for group in texts_at(rule, "/apiGroups") {
            for resource in texts_at(rule, "/resources") {
                for name in &names {
                    let key = Simple {
                        group: Some(group.to_string()),
                        resource: resource.to_string(),
                        name: name.map(str::to_string),
                        url: None,
                    };
                    let known = simple.entry(key).or_default();
                    for verb in &verbs {
                        if !known.iter().any(|have| have == verb) {
                            known.push(verb.to_string());
                        }
                    }
                }
            }
        }
        for url in texts_at(rule, "/nonResourceURLs") {
            let key = Simple {
                group: None,
                resource: String::new(),
                name: None,
                url: Some(url.to_string()),
            };
            all.extend(
                verbs
                    .iter()
                    .map(|verb| (vec![verb.to_string()], key.clone())),
            );
        }
    }
    all.extend(simple.into_iter().map(|(rule, verbs)| (verbs, rule)));
    all.order_by_key(|(verbs, rule)| {
        let part = |one: &Option<String>| one.clone().unwrap_or_default();
        format!(
            "&PolicyRule{{Verbs:[{}],APIGroups:[{}],Resources:[{}],ResourceNames:[{}],NonResourceURLs:[{}],}}",
            verbs.join(" "),
            part(&rule.group),
            rule.resource,
            part(&rule.name),
            part(&rule.url)
        )
    });
    all
}

pub(super) fn binding(object: &Object, _: Scene<'_>, out: &mut Text) {
    let Some(body) = object.data() else { return };
    out.field(0, "Name", &object.meta.name);
    out.labels(&object.meta);
    out.line(0, "Role:");
    out.field(1, "Kind", text_at(body, "/roleRef/kind"));
    out.field(1, "Name", text_at(body, "/roleRef/name"));
    out.line(0, "Subjects:");
    out.line(1, "Kind\tName\tNamespace");
    out.line(1, "----\t----\t---------");
    for subject in items_at(body, "/subjects") {
        let cells = ["/kind", "/name", "/namespace"].map(|key| text_at(subject, key));
        out.line(1, cells.join("\t"));
    }
}
