//! `kubectl create role`, `clusterrole`, `rolebinding` and `clusterrolebinding`.
//!
//! Upstream: `kubectl/pkg/cmd/create/{create_role,create_clusterrole,create_rolebinding,
//! create_clusterrolebinding}.go`. Differs: whether a resource knows a verb is not looked up.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::api::Kind;
use crate::kubectl::args::{Args, Flag, Takes, flag};
use crate::kubectl::console::{Console, Flow};
use crate::kubectl::errors::Failure;

use super::create::{Refused, VALIDATE, named, one_name, submit, submit_wrapped};
use super::{Verb, WRITE};

const ROLE_FLAGS: &[Flag] = &[
    flag("verb", Takes::List),
    flag("resource", Takes::List),
    flag("resource-name", Takes::Array),
    flag("non-resource-url", Takes::List),
];
const BINDING_FLAGS: &[Flag] = &[
    flag("clusterrole", Takes::Text),
    flag("role", Takes::Text),
    flag("user", Takes::Array),
    flag("group", Takes::Array),
    flag("serviceaccount", Takes::Array),
];

const GROUP: &str = "rbac.authorization.k8s.io";

const fn verb(
    name: &'static str,
    usage: &'static str,
    flags: &'static [&'static [Flag]],
    run: fn(&mut Console<'_, '_>, &Args) -> Result<Flow, Failure>,
) -> Verb {
    Verb {
        name,
        usage,
        summary: "create an object of access control",
        flags,
        required: &[],
        below: &[],
        run,
    }
}

pub(super) const ROLE: Verb = verb(
    "role",
    "create role NAME --verb=VERB --resource=RESOURCE[.GROUP][/SUB] [--resource-name=NAME]",
    &[ROLE_FLAGS, VALIDATE, WRITE],
    |console, args| role(console, args, Kind::Role),
);

pub(super) const CLUSTER_ROLE: Verb = verb(
    "clusterrole",
    "create clusterrole NAME --verb=VERB (--resource=RESOURCE | --non-resource-url=URL)",
    &[ROLE_FLAGS, VALIDATE, WRITE],
    |console, args| role(console, args, Kind::ClusterRole),
);

pub(super) const BINDING: Verb = verb(
    "rolebinding",
    "create rolebinding NAME (--role=NAME | --clusterrole=NAME) [--user=U] [--group=G] [--serviceaccount=NS:NAME]",
    &[BINDING_FLAGS, VALIDATE, WRITE],
    |console, args| binding(console, args, Kind::RoleBinding),
);

pub(super) const CLUSTER_BINDING: Verb = verb(
    "clusterrolebinding",
    "create clusterrolebinding NAME --clusterrole=NAME [--user=U] [--group=G] [--serviceaccount=NS:NAME]",
    &[BINDING_FLAGS, VALIDATE, WRITE],
    |console, args| binding(console, args, Kind::ClusterRoleBinding),
);

fn role(console: &mut Console<'_, '_>, args: &Args, kind: Kind) -> Result<Flow, Failure> {
    let name = one_name(args, &format!("create {}", kind.info().singular))?;
    let mut verbs: Vec<&String> = Vec::new();
    for verb in args.list("verb") {
        if !verbs.contains(&verb) {
            verbs.push(verb);
        }
    }
    verbs = verbs
        .iter()
        .find(|verb| **verb == "*")
        .map_or(verbs.clone(), |all| vec![*all]);
    let (resources, urls) = (args.list("resource"), args.list("non-resource-url"));
    let refuse = |why: &str| Err(Failure::error(why));
    if verbs.is_empty() {
        return refuse("at least one verb must be specified");
    }
    if resources.is_empty() && kind == Kind::Role {
        return refuse("at least one resource must be specified");
    }
    if resources.is_empty() && urls.is_empty() {
        return refuse("one of resource or nonResourceURL must be specified");
    }
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for text in resources {
        let (resource, below) = text.split_once('/').unwrap_or((text, ""));
        let found = console.live().kind_by_word(resource).map(Kind::info);
        let (plural, group) = match found {
            Some(info) => (info.plural, info.group),
            None => resource.split_once('.').unwrap_or((resource, "")),
        };
        let slash = if below.is_empty() { "" } else { "/" };
        let list = groups.entry(group.to_string()).or_default();
        list.push(format!("{plural}{slash}{below}"));
    }
    let mut rules = Vec::new();
    for (group, resources) in groups {
        let mut rule = json!({ "apiGroups": [group], "resources": resources, "verbs": verbs });
        let names = args.list("resource-name");
        if let (Some(fields), false) = (rule.as_object_mut(), names.is_empty()) {
            fields.insert("resourceNames".into(), json!(names));
        }
        rules.push(rule);
    }
    if !urls.is_empty() {
        rules.push(json!({ "nonResourceURLs": urls, "verbs": verbs }));
    }
    let mut manifest = named(console, kind, name);
    if let Some(fields) = manifest.as_object_mut() {
        fields.insert("rules".into(), rules.into());
    }
    submit(console, args, kind, &manifest, "created").map_err(Refused::into_failure)
}

fn binding(console: &mut Console<'_, '_>, args: &Args, kind: Kind) -> Result<Flow, Failure> {
    let name = one_name(args, &format!("create {}", kind.info().singular))?;
    let (cluster, role) = (args.text("clusterrole", ""), args.text("role", ""));
    if cluster.is_empty() == role.is_empty() {
        let why = "exactly one of clusterrole or role must be specified";
        return Err(Failure::error(why));
    }
    let (role_kind, role) = if role.is_empty() {
        ("ClusterRole", cluster)
    } else {
        ("Role", role)
    };
    let mut subjects: Vec<Value> = Vec::new();
    for (flag, kind) in [("user", "User"), ("group", "Group")] {
        let names = args.list(flag).iter();
        subjects.extend(names.map(|n| json!({ "apiGroup": GROUP, "kind": kind, "name": n })));
    }
    for text in args.list("serviceaccount") {
        let (namespace, name) = text
            .split_once(':')
            .filter(|(namespace, name)| !namespace.is_empty() && !name.is_empty())
            .ok_or_else(|| Failure::error("serviceaccount must be <namespace>:<name>"))?;
        subjects.push(json!({ "kind": "ServiceAccount", "name": name, "namespace": namespace }));
    }
    let mut manifest = named(console, kind, name);
    if let Some(fields) = manifest.as_object_mut() {
        let reference = json!({ "apiGroup": GROUP, "kind": role_kind, "name": role });
        let mut own = Map::from_iter([("roleRef".to_string(), reference)]);
        if !subjects.is_empty() {
            own.insert("subjects".into(), subjects.into());
        }
        fields.extend(own);
    }
    submit_wrapped(
        console,
        args,
        kind,
        &manifest,
        &format!("{}:", kind.info().singular),
    )
}
