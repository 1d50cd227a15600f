//! Pod specs and templates as the server prints its own structs of them: Go's field names, in
//! order, with null for what is absent.
//!
//! Upstream: `encoding/json` of `pkg/apis/core/types.go`. The structs are those of godump.txt but
//! for the four that differ.

use serde_json::{Value, json};

use super::godump::{Field, structs};
use super::{go_json, go_quote};

/// The structs that differ from those of `core/v1`, in godump.txt's form.
const DIFFERENT: &str = include_str!("gointernal.txt");

/// Fields of a pod's spec that the server keeps in its security context.
const MOVED: [&str; 5] = [
    "hostNetwork",
    "hostPID",
    "hostIPC",
    "shareProcessNamespace",
    "hostUsers",
];

/// JSON whose fields keep their order.
enum Tree {
    Leaf(String),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

/// A pod template as one line.
pub fn go_internal_template(template: &Value) -> String {
    let mut out = String::new();
    write(&tree("PodTemplateSpec", template), None, 0, &mut out);
    out
}

/// A pod's spec, indented by one blank a level.
pub fn go_internal_pod_spec(spec: &Value) -> String {
    let mut out = String::new();
    write(&tree("PodSpec", spec), Some(" "), 0, &mut out);
    out
}

fn fields(name: &str) -> Option<Vec<Field>> {
    let line = DIFFERENT
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    match line {
        Some(line) => Some(line.split(", ").filter_map(super::godump::field).collect()),
        None => structs().get(name).cloned(),
    }
}

fn tree(kind: &str, value: &Value) -> Tree {
    let leaf = |text: &str| Tree::Leaf(text.to_string());
    if let Some(inner) = kind.strip_prefix('*') {
        return if value.is_null() {
            leaf("null")
        } else {
            tree(inner, value)
        };
    }
    if let Some(inner) = kind.strip_prefix("[]") {
        return match value.as_array().filter(|items| !items.is_empty()) {
            Some(items) => Tree::List(items.iter().map(|item| tree(inner, item)).collect()),
            None => leaf("null"),
        };
    }
    match kind {
        "ResourceList" | "LabelSelector" | "ObjectMeta" => by_tags(kind, value),
        _ if kind.starts_with("map[") => by_tags(kind, value),
        "bool" => leaf(if value == &Value::Bool(true) {
            "true"
        } else {
            "false"
        }),
        "int32" | "int64" => Tree::Leaf(value.as_i64().unwrap_or(0).to_string()),
        "intstr.IntOrString" if value.is_null() => leaf("0"),
        "intstr.IntOrString" => Tree::Leaf(go_json(value)),
        "resource.Quantity" => Tree::Leaf(go_quote(value.as_str().unwrap_or("0"))),
        _ => match fields(kind) {
            Some(fields) => Tree::Map(members(kind, &fields, value)),
            None => Tree::Leaf(go_json(&json!(value.as_str().unwrap_or_default()))),
        },
    }
}

/// Maps, and the few structs that print by the names that manifests have.
fn by_tags(kind: &str, value: &Value) -> Tree {
    let Some(map) = value.as_object().filter(|map| !map.is_empty()) else {
        return Tree::Leaf(
            if kind == "LabelSelector" {
                "{}"
            } else {
                "null"
            }
            .to_string(),
        );
    };
    let mut pairs: Vec<(String, Tree)> = map
        .iter()
        .map(|(key, value)| (key.clone(), plain(value)))
        .collect();
    if kind == "LabelSelector" {
        // Labels come before expressions.
        pairs.reverse();
    }
    Tree::Map(pairs)
}

fn plain(value: &Value) -> Tree {
    match value {
        Value::Object(map) => Tree::Map(map.iter().map(|(k, v)| (k.clone(), plain(v))).collect()),
        Value::Array(items) => Tree::List(items.iter().map(plain).collect()),
        other => Tree::Leaf(go_json(other)),
    }
}

fn members(kind: &str, fields: &[Field], value: &Value) -> Vec<(String, Tree)> {
    let mut out = Vec::new();
    for field in fields {
        let inner = match field.json.as_str() {
            "-" => Some(value),
            json => value.get(json),
        };
        let inner = inner.unwrap_or(&Value::Null);
        let embedded =
            field.json == "-" || (kind == "PodTemplateSpec" && field.name == "ObjectMeta");
        if embedded {
            let whole = match field.kind {
                "ObjectMeta" => by_tags("ObjectMeta", inner),
                kind => tree(kind, inner),
            };
            if let Tree::Map(pairs) = whole {
                out.extend(pairs);
            }
        } else if kind == "PodSpec" && field.name == "SecurityContext" {
            let mut context = inner.as_object().cloned().unwrap_or_default();
            for key in MOVED {
                if let Some(moved) = value.get(key) {
                    context.insert(key.into(), moved.clone());
                }
            }
            let given = !inner.is_null() || !context.is_empty();
            let context = if given {
                Value::Object(context)
            } else {
                Value::Null
            };
            out.push((field.name.to_string(), tree(field.kind, &context)));
        } else {
            out.push((field.name.to_string(), tree(field.kind, inner)));
        }
    }
    out
}

fn write(tree: &Tree, indent: Option<&str>, level: usize, out: &mut String) {
    let line = |level: usize, out: &mut String| {
        if let Some(indent) = indent {
            out.push('\n');
            out.push_str(&indent.repeat(level));
        }
    };
    let colon = if indent.is_some() { ": " } else { ":" };
    match tree {
        Tree::Leaf(text) => out.push_str(text),
        Tree::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                line(level + 1, out);
                write(item, indent, level + 1, out);
            }
            line(level, out);
            out.push(']');
        }
        Tree::Map(pairs) => {
            out.push('{');
            for (i, (key, value)) in pairs.iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                line(level + 1, out);
                out.push_str(&format!("\"{key}\"{colon}"));
                write(value, indent, level + 1, out);
            }
            line(level, out);
            out.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recording A11, step 45.
    #[test]
    fn a_template_is_printed_as_recorded() {
        let template = json!({
            "metadata": {"labels": {"job-name": "j"}},
            "spec": {
                "containers": [{"name": "j", "image": "alpine", "command": ["echo", "x"], "resources": {}, "imagePullPolicy": "Always", "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}],
                "restartPolicy": "Never", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst", "securityContext": {}, "schedulerName": "default-scheduler",
            },
        });
        let recorded = r#"{"labels":{"job-name":"j"},"Spec":{"Volumes":null,"InitContainers":null,"Containers":[{"Name":"j","Image":"alpine","Command":["echo","x"],"Args":null,"WorkingDir":"","Ports":null,"EnvFrom":null,"Env":null,"Resources":{"Limits":null,"Requests":null,"Claims":null},"ResizePolicy":null,"RestartPolicy":null,"RestartPolicyRules":null,"VolumeMounts":null,"VolumeDevices":null,"LivenessProbe":null,"ReadinessProbe":null,"StartupProbe":null,"Lifecycle":null,"TerminationMessagePath":"/dev/termination-log","TerminationMessagePolicy":"File","ImagePullPolicy":"Always","SecurityContext":null,"Stdin":false,"StdinOnce":false,"TTY":false}],"EphemeralContainers":null,"RestartPolicy":"Never","TerminationGracePeriodSeconds":30,"ActiveDeadlineSeconds":null,"DNSPolicy":"ClusterFirst","NodeSelector":null,"ServiceAccountName":"","AutomountServiceAccountToken":null,"NodeName":"","SecurityContext":{"HostNetwork":false,"HostPID":false,"HostIPC":false,"ShareProcessNamespace":null,"HostUsers":null,"SELinuxOptions":null,"WindowsOptions":null,"RunAsUser":null,"RunAsGroup":null,"RunAsNonRoot":null,"SupplementalGroups":null,"SupplementalGroupsPolicy":null,"FSGroup":null,"FSGroupChangePolicy":null,"Sysctls":null,"SeccompProfile":null,"AppArmorProfile":null,"SELinuxChangePolicy":null},"ImagePullSecrets":null,"Hostname":"","Subdomain":"","SetHostnameAsFQDN":null,"Affinity":null,"SchedulerName":"default-scheduler","Tolerations":null,"HostAliases":null,"PriorityClassName":"","Priority":null,"PreemptionPolicy":null,"DNSConfig":null,"ReadinessGates":null,"RuntimeClassName":null,"Overhead":null,"EnableServiceLinks":null,"TopologySpreadConstraints":null,"OS":null,"SchedulingGates":null,"ResourceClaims":null,"Resources":null,"HostnameOverride":null,"SchedulingGroup":null}}"#;
        assert_eq!(go_internal_template(&template), recorded);
    }
}
