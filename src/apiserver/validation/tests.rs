//! Mistakes and the recorded answers to them.

use serde_json::{Value, json};

use super::super::decode;
use super::*;

fn deployment() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "replicas": 2, "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "nginx", "image": "nginx:1.7.9"}]},
            },
        },
    })
}

/// The answers to a Deployment of which one field is something else (`null` takes it out).
fn answers(pointer: &str, value: Value) -> Vec<String> {
    let mut object = deployment();
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    let parent = object
        .pointer_mut(parent)
        .unwrap_or_else(|| panic!("{pointer}"));
    parent[key] = value;
    let object = decode(Kind::Deployment, &object).unwrap_or_else(|e| panic!("{pointer}: {e}"));
    validate_create(&object, false)
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn deployments() {
    const MISMATCH: &str = "`selector` does not match template `labels`";
    for (pointer, value, words) in [
        ("/spec/replicas", json!(2), vec![]),
        ("/spec/selector", json!(null), vec![
            "spec.selector: Required value".to_string(),
            format!("spec.template.metadata.labels: Invalid value: {{\"app\":\"web\"}}: {MISMATCH}"),
        ]),
        ("/spec/selector", json!({}), vec!["spec.selector: Invalid value: {}: empty selector is invalid for deployment".into()]),
        ("/spec/selector/matchLabels/app", json!("x"), vec![
            format!("spec.template.metadata.labels: Invalid value: {{\"app\":\"web\"}}: {MISMATCH}"),
        ]),
        ("/spec/selector/matchLabels", json!({"bad key": "x"}), vec![
            "spec.selector.matchLabels: Invalid value: \"bad key\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')".into(),
            "spec.selector: Invalid value: {\"matchLabels\":{\"bad key\":\"x\"}}: invalid label selector".into(),
        ]),
        ("/spec/template/metadata/labels/app", json!("web server!"), vec![
            format!("spec.template.metadata.labels: Invalid value: {{\"app\":\"web server!\"}}: {MISMATCH}"),
            "spec.template.labels: Invalid value: \"web server!\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')".into(),
        ]),
        ("/spec/replicas", json!(-1), vec!["spec.replicas: Invalid value: -1: must be greater than or equal to 0".into()]),
        ("/spec/minReadySeconds", json!(-1), vec!["spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0".into()]),
        ("/spec/progressDeadlineSeconds", json!(0), vec!["spec.progressDeadlineSeconds: Invalid value: 0: must be greater than minReadySeconds".into()]),
        ("/spec/strategy", json!({"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}), vec!["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'".into()]),
        ("/spec/strategy", json!({"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}), vec!["spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0".into()]),
        ("/spec/strategy", json!({"type": "Rolling"}), vec!["spec.strategy: Unsupported value: {\"Type\":\"Rolling\",\"RollingUpdate\":null}: supported values: \"Recreate\", \"RollingUpdate\"".into()]),
        ("/spec/strategy", json!({"rollingUpdate": {"maxSurge": "25x"}}), vec!["spec.strategy.rollingUpdate.maxSurge: Invalid value: \"25x\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')".into()]),
        ("/spec/strategy", json!({"rollingUpdate": {"maxUnavailable": "120%"}}), vec!["spec.strategy.rollingUpdate.maxUnavailable: Invalid value: \"120%\": must not be greater than 100%".into()]),
        ("/metadata/name", json!("Nginx_Deployment"), vec!["metadata.name: Invalid value: \"Nginx_Deployment\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')".into()]),
        ("/metadata/name", json!("a".repeat(254)), vec![format!("metadata.name: Invalid value: \"{}\": must be no more than 253 characters", "a".repeat(254))]),
        ("/metadata/name", json!("123"), vec![]),
    ] {
        assert_eq!(answers(pointer, value.clone()), words, "{pointer} {value}");
    }
}

#[test]
fn pod_specs() {
    let spec = "/spec/template/spec";
    let container = "/spec/template/spec/containers/0";
    let one = |words: &str| vec![format!("spec.template.spec.{words}")];
    for (pointer, value, words) in [
        (format!("{spec}/containers"), json!([]), one("containers: Required value")),
        (format!("{spec}/restartPolicy"), json!("Never"), one("restartPolicy: Unsupported value: \"Never\": supported values: \"Always\"")),
        (format!("{spec}/restartPolicy"), json!("Sometimes"), vec![
            "spec.template.spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"OnFailure\", \"Never\"".to_string(),
            "spec.template.spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\"".to_string(),
        ]),
        (format!("{container}/image"), json!(""), one("containers[0].image: Required value")),
        (format!("{container}/image"), json!("nginx:1.7.9 "), vec![]),
        (format!("{container}/name"), json!(null), one("containers[0].name: Required value")),
        (format!("{container}/name"), json!("Nginx_1"), one("containers[0].name: Invalid value: \"Nginx_1\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')")),
        (format!("{spec}/containers"), json!([{"name": "nginx", "image": "a"}, {"name": "nginx", "image": "b"}]), one("containers[1].name: Duplicate value: \"nginx\"")),
        (format!("{container}/ports"), json!([{"containerPort": 99999}]), one("containers[0].ports[0].containerPort: Invalid value: 99999: must be between 1 and 65535, inclusive")),
        (format!("{container}/ports"), json!([{"containerPort": 80, "protocol": "HTTP"}]), one("containers[0].ports[0].protocol: Unsupported value: \"HTTP\": supported values: \"SCTP\", \"TCP\", \"UDP\"")),
        (format!("{container}/imagePullPolicy"), json!("Sometimes"), one("containers[0].imagePullPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"IfNotPresent\", \"Never\"")),
        (format!("{container}/resources"), json!({"requests": {"cpu": -1}}), one("containers[0].resources.requests[cpu]: Invalid value: \"-1\": must be greater than or equal to 0")),
        (format!("{container}/resources"), json!({"requests": {"cpu": 2}, "limits": {"cpu": 1}}), one("containers[0].resources.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 1")),
        (format!("{container}/volumeMounts"), json!([{"name": "nov", "mountPath": "/x"}]), one("containers[0].volumeMounts[0].name: Not found: \"nov\"")),
        (format!("{container}/livenessProbe"), json!({"periodSeconds": 5}), one("containers[0].livenessProbe: Required value: must specify a handler type")),
        (format!("{container}/env"), json!([{"name": "1 A", "value": "x"}]), vec![]),
        (format!("{spec}/volumes"), json!([{"name": "v", "hostPath": {}}]), one("volumes[0].hostPath.path: Required value")),
        (format!("{spec}/tolerations"), json!([{"key": "a", "operator": "Exists", "value": "b"}]), one("tolerations[0].operator: Invalid value: \"b\": value must be empty when `operator` is 'Exists'")),
        (format!("{spec}/tolerations"), json!([{"key": "a", "operator": "Has"}]), one("tolerations[0].operator: Unsupported value: \"Has\": supported values: \"Equal\", \"Exists\"")),
        (format!("{spec}/tolerations"), json!([{"key": "a", "effect": "NoSchedule", "tolerationSeconds": 5}]), one("tolerations[0].effect: Invalid value: \"NoSchedule\": effect must be 'NoExecute' when `tolerationSeconds` is set")),
        (format!("{spec}/affinity"), json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "Within"}]}]}}}), one("affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].operator: Invalid value: \"Within\": not a valid selector operator")),
    ] {
        assert_eq!(answers(&pointer, value.clone()), words, "{pointer} {value}");
    }
}

#[test]
fn other_kinds() {
    let check = |kind: Kind, value: Value| -> Vec<String> {
        let object = decode(kind, &value).unwrap_or_else(|e| panic!("{value}: {e}"));
        validate_create(&object, false)
            .iter()
            .map(ToString::to_string)
            .collect()
    };
    assert_eq!(
        check(
            Kind::Pod,
            json!({"metadata": {"name": "p", "namespace": "a"}, "spec": {"containers": [{"name": "c", "image": " x"}]}})
        ),
        [
            "spec.containers[0].image: Invalid value: \" x\": must not have leading or trailing whitespace"
        ]
    );
    assert_eq!(
        check(
            Kind::Node,
            json!({"metadata": {"name": "n"}, "spec": {"taints": [{"key": "k", "effect": "NoSchedule"}, {"key": "k", "effect": "NoSchedule"}]}})
        ),
        [
            "metadata.taints[1]: Duplicate value: {\"Key\":\"k\",\"Value\":\"\",\"Effect\":\"NoSchedule\",\"TimeAdded\":null}: taints must be unique by key and effect pair"
        ]
    );
    assert_eq!(
        check(
            Kind::Service,
            json!({"metadata": {"name": "s", "namespace": "a"}, "spec": {"ports": [{"port": 80}, {"port": 81, "name": "b", "nodePort": 30080}]}})
        ),
        [
            "spec.ports[0].name: Required value",
            "spec.ports[1].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"
        ]
    );
    assert_eq!(
        check(
            Kind::ReplicaSet,
            json!({"metadata": {"name": "r", "namespace": "a"}, "spec": {}})
        ),
        [
            "spec.selector: Required value",
            "spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`",
            "spec.template.spec.containers: Required value",
        ]
    );
    let dotted = decode(
        Kind::Deployment,
        &json!({"metadata": {"name": "nginx.deployment"}}),
    )
    .expect("it is read");
    assert_eq!(
        create_warnings(&dotted),
        [
            "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]"
        ]
    );
}
