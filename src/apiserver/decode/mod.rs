//! Decoding: JSON of a request into a typed, defaulted object, strictly.
//!
//! Upstream: `apimachinery/pkg/runtime/serializer/json`, strict mode.

mod custom;
mod kinds;
mod metadata;
mod names;
mod problem;
pub(super) mod schema;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod schema_test;
mod strict;
mod workloads;

use std::cell::RefCell;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{NamespaceSpec, NodeSpec, PodSpec, ServiceSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::api::{
    Body, Kind, Meta, NodeBody, NodeStatus, Object, PodBody, PodStatus, SharedPodSpec, Taint,
    text_at,
};

use super::{ApiError, Reason, defaults, versions};

pub(super) use problem::{Problem, What, converter_error, json_error, unknown_fields};
use strict::Notes;

/// How strictly unknown fields are taken: kubectl's `--validate`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldValidation {
    /// They are an error.
    #[default]
    Strict,
    /// They are dropped with a warning each.
    Warn,
    /// They are dropped.
    Ignore,
}

/// Decodes an object of a kind: unknown fields and wrong types are refused, defaults are filled in.
/// Errors: BadRequest with the server's words.
pub fn decode(kind: Kind, value: &Value) -> Result<Object, ApiError> {
    decode_with(kind, value, FieldValidation::Strict).map(|(object, _)| object)
}

/// The same, with the warnings for unknown fields where those are let pass.
pub fn decode_with(
    kind: Kind,
    value: &Value,
    validation: FieldValidation,
) -> Result<(Object, Vec<String>), ApiError> {
    let info = kind.info();
    let given = value
        .get("kind")
        .and_then(Value::as_str)
        .unwrap_or(info.name);
    let own = kind.api_version();
    let version = text_at(value, "/apiVersion").rsplit('/').next();
    let version = version.filter(|v| !v.is_empty()).unwrap_or(info.version);
    let bad = |why: &str| {
        let text = format!(
            "{given} in version \"{version}\" cannot be handled as a {}: {why}",
            info.name
        );
        ApiError::new(Reason::BadRequest, text)
    };
    if given != info.name {
        return Err(bad(&format!(
            "no kind \"{given}\" is registered for version \"{own}\" in scheme \"pkg/api/legacyscheme/scheme.go:30\""
        )));
    }
    let (object, mut problems) =
        read(kind, value).map_err(|e| ApiError::new(Reason::BadRequest, e))?;
    let mut warnings = Vec::new();
    if validation != FieldValidation::Strict {
        if validation == FieldValidation::Warn {
            warnings = unknown_fields(&problems);
        }
        problems.retain(|p| p.what != What::UnknownField);
    }
    match json_error(&problems) {
        Some(why) => Err(bad(&why)),
        None => Ok((object, warnings)),
    }
}

/// Reads as much of an object as can be read, with everything that is wrong about its form.
/// Errors: a text, for kinds that nobody may write.
pub(super) fn read(kind: Kind, value: &Value) -> Result<(Object, Vec<Problem>), String> {
    let (value, lacking) = versions::to_own(kind, value);
    let value = &*value;
    let notes = RefCell::new(Notes::default());
    let body = match kind {
        Kind::Pod => {
            let (meta, mut spec) = envelope::<PodSpec>("Pod", value, &notes);
            defaults::pod_spec(&mut spec, true);
            (meta, pod_body(spec))
        }
        Kind::Node => {
            let (meta, spec) = envelope::<NodeSpec>("Node", value, &notes);
            (meta, node_body(&spec))
        }
        Kind::Namespace => {
            let (mut meta, spec) = envelope::<NamespaceSpec>("Namespace", value, &notes);
            let mut body = data(&spec);
            defaults::namespace(&mut meta, &mut body);
            (meta, Body::Data(kind, Arc::new(Value::Object(body))))
        }
        Kind::Service => {
            let (meta, mut spec) = envelope::<ServiceSpec>("Service", value, &notes);
            defaults::service(&mut spec);
            let mut body = data(&spec);
            body.insert("status".into(), json!({ "loadBalancer": {} }));
            (meta, Body::Data(kind, Arc::new(Value::Object(body))))
        }
        Kind::Custom(custom) => custom::read(custom, value, &notes),
        _ => {
            match workloads::read(kind, value, &notes).or_else(|| kinds::read(kind, value, &notes))
            {
                Some(read) => read,
                None => return Err(format!("{} objects cannot be written", kind.name())),
            }
        }
    };
    let (meta, body) = body;
    let mut problems = notes.into_inner().problems;
    problems.extend(lacking.into_iter().map(Problem::unknown_field));
    Ok((Object { meta, body }, problems))
}

/// `metadata` and `spec`; the status of a request is never taken, so its form does not matter.
fn envelope<'a, S: DeserializeOwned + Default>(
    kind: &'static str,
    value: &'a Value,
    notes: &RefCell<Notes<'a>>,
) -> (Meta, S) {
    let (mut meta, mut spec) = (ObjectMeta::default(), S::default());
    for (key, value) in value.as_object().into_iter().flatten() {
        match key.as_str() {
            "apiVersion" | "kind" | "status" => {}
            "metadata" => meta = strict::read_field(value, kind, key, notes).unwrap_or_default(),
            "spec" => spec = strict::read_field(value, kind, key, notes).unwrap_or_default(),
            unknown => strict::unknown_field(unknown, notes),
        }
    }
    (metadata::from_api(meta), spec)
}

/// Reads only `metadata`, as kubectl does before it knows the kind.
pub fn check_metadata(value: &Value) -> Result<(), String> {
    let notes = RefCell::new(Notes::default());
    if let Some(meta) = value.get("metadata") {
        let _ = strict::read_field::<Value>(meta, "metadataOnlyObject", "metadata", &notes);
    }
    let mut problems = notes.into_inner().problems;
    problems.retain(|p| p.what != What::UnknownField);
    json_error(&problems).map_or(Ok(()), Err)
}

fn pod_body(mut spec: PodSpec) -> Body {
    let node_name = spec
        .node_name
        .take()
        .filter(|n| !n.is_empty())
        .map(Arc::from);
    Body::Pod(PodBody {
        spec: SharedPodSpec::new(spec, false),
        node_name,
        token_suffix: None,
        status: Arc::new(PodStatus::default()),
    })
}

fn node_body(spec: &NodeSpec) -> Body {
    let taints = spec.taints.iter().flatten().map(|taint| Taint {
        key: taint.key.as_str().into(),
        value: taint.value.as_deref().unwrap_or_default().into(),
        effect: taint.effect.as_str().into(),
        time_added: taint.time_added.as_ref().map(metadata::moment),
    });
    Body::Node(NodeBody {
        unschedulable: spec.unschedulable.unwrap_or(false),
        taints: taints.collect(),
        status: Arc::new(NodeStatus::unknown()),
    })
}

fn data<S: Serialize>(spec: &S) -> Map<String, Value> {
    Map::from_iter([("spec".to_string(), json!(spec))])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(spec: Value) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "spec": spec})
    }

    fn container(container: Value) -> Value {
        deployment(json!({"template": {"spec": {"containers": [container]}}}))
    }

    fn refused(value: &Value) -> String {
        let error = decode(Kind::Deployment, value).expect_err("it must be refused");
        let head = "Deployment in version \"v1\" cannot be handled as a Deployment: ";
        error
            .message
            .strip_prefix(head)
            .unwrap_or(&error.message)
            .to_string()
    }

    #[test]
    fn refuses_in_the_recorded_words() {
        let unknown = |path: &str| format!("strict decoding error: unknown field \"{path}\"");
        let type_error = |words: &str| format!("json: cannot unmarshal {words}");
        for (value, words) in [
            (deployment(json!({"replicsa": 2})), unknown("spec.replicsa")),
            (
                container(json!({"name": "nginx", "imagePullpolicy": "Always"})),
                unknown("spec.template.spec.containers[0].imagePullpolicy"),
            ),
            (
                deployment(json!({"b": 1, "a": 1})),
                "strict decoding error: unknown field \"spec.a\", unknown field \"spec.b\"".into(),
            ),
            (
                deployment(json!({"replicas": "two", "a": 1})),
                type_error("string into Go struct field DeploymentSpec.spec.replicas of type int32"),
            ),
            (
                deployment(json!({"replicas": 2.5})),
                type_error("number 2.5 into Go struct field DeploymentSpec.spec.replicas of type int32"),
            ),
            (
                deployment(json!({"replicas": 5_000_000_000_i64})),
                type_error("number 5000000000 into Go struct field DeploymentSpec.spec.replicas of type int32"),
            ),
            (
                deployment(json!({"paused": "yes"})),
                type_error("string into Go struct field DeploymentSpec.spec.paused of type bool"),
            ),
            (
                deployment(json!({"selector": {"matchLabels": {"app": 123}}})),
                type_error("number into Go struct field LabelSelector.spec.selector.matchLabels of type string"),
            ),
            (
                deployment(json!({"selector": {"matchLabels": {"app": true}}})),
                type_error("bool into Go struct field LabelSelector.spec.selector.matchLabels of type string"),
            ),
            (
                container(json!({"image": 1.7})),
                type_error("number into Go struct field Container.spec.template.spec.containers.image of type string"),
            ),
            (
                container(json!({"command": "sleep 1"})),
                type_error("string into Go struct field Container.spec.template.spec.containers.command of type []string"),
            ),
            (
                container(json!({"env": [{"name": "A", "value": 1}]})),
                type_error("number into Go struct field EnvVar.spec.template.spec.containers.env.value of type string"),
            ),
            (
                container(json!({"ports": [{"containerPort": "http"}]})),
                type_error("string into Go struct field ContainerPort.spec.template.spec.containers.ports.containerPort of type int32"),
            ),
            (
                deployment(json!({"template": {"spec": {"nodeSelector": "ssd"}}})),
                type_error("string into Go struct field PodSpec.spec.template.spec.nodeSelector of type map[string]string"),
            ),
            (
                container(json!({"resources": {"requests": {"cpu": "100x"}}})),
                problem::QUANTITY.into(),
            ),
            (
                json!({"kind": "Deployment", "Spec": {}}),
                unknown("Spec"),
            ),
            (
                json!({"kind": "deployment"}),
                "deployment in version \"v1\" cannot be handled as a Deployment: no kind \"deployment\" is registered for version \"apps/v1\" in scheme \"pkg/api/legacyscheme/scheme.go:30\"".into(),
            ),
        ] {
            assert_eq!(refused(&value), words, "{value}");
        }
    }

    #[test]
    fn notes_every_problem() {
        let value = deployment(json!({
            "replicas": "x", "bogus": 1,
            "template": {"spec": {"containers": [{"image": 1, "resources": {"limits": {"cpu": "z"}}}], "hostNetwork": 3}},
        }));
        let (_, problems) = read(Kind::Deployment, &value).expect("it is read");
        let paths: Vec<&str> = problems.iter().map(|p| p.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "spec.bogus",
                "spec.replicas",
                "spec.template.spec.containers[0].image",
                "spec.template.spec.containers[0].resources.limits.cpu",
                "spec.template.spec.hostNetwork",
            ]
        );
    }

    #[test]
    fn patched_objects_are_refused_in_other_words() {
        let words = |value: Value| {
            let (_, problems) = read(Kind::Deployment, &deployment(value)).expect("it is read");
            converter_error(&problems).unwrap_or_default()
        };
        assert_eq!(words(json!({"replicas": "x"})), "unrecognized type: int32");
        assert_eq!(
            words(json!({"selector": {"matchLabels": {"a": 1}}})),
            "cannot convert int64 to string"
        );
        assert_eq!(
            words(json!({"container": 1})),
            "strict decoding error: unknown field \"spec.container\""
        );
    }

    #[test]
    fn kubectl_reads_metadata_first() {
        assert_eq!(
            check_metadata(&json!({"metadata": {"name": 123}})),
            Err("json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string".into())
        );
        assert_eq!(
            check_metadata(&json!({"metadata": "x"})),
            Err("json: cannot unmarshal string into Go struct field metadataOnlyObject.metadata of type v1.ObjectMeta".into())
        );
        assert_eq!(check_metadata(&json!({"metadata": {"nane": 1}})), Ok(()));
    }
}
