//! Mistakes in kinds that are kept as data, and upstream's answers to them.

use serde_json::{Value, json};

use super::super::decode;
use super::*;

fn read(kind: Kind, name: &str, rest: &Value) -> Object {
    let mut value = json!({"metadata": {"name": name}});
    if kind.info().namespaced {
        value["metadata"]["namespace"] = "a".into();
    }
    for (key, part) in rest.as_object().into_iter().flatten() {
        value[key] = part.clone();
    }
    decode(kind, &value).unwrap_or_else(|e| panic!("{value}: {e}"))
}

fn texts(errors: &[FieldError]) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

/// Problems of new objects: kind, fields, words.
pub(super) fn check(cases: Vec<(Kind, Value, Vec<&str>)>) {
    for (kind, rest, words) in cases {
        let object = read(kind, "x", &rest);
        let found = texts(&validate_create(&object, false));
        assert_eq!(found, words, "{kind:?} {rest}");
    }
}

#[test]
fn config_maps_and_secrets() {
    check(vec![
        (Kind::ConfigMap, json!({"data": {"a": "b"}}), vec![]),
        (
            Kind::ConfigMap,
            json!({"data": {"a b": "", "..x": ""}, "binaryData": {"..x": ""}}),
            vec![
                "data[..x]: Invalid value: \"..x\": must not start with '..'",
                "data[..x]: Invalid value: \"..x\": duplicate of key present in binaryData",
                "data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
                "binaryData[..x]: Invalid value: \"..x\": must not start with '..'",
            ],
        ),
        (
            Kind::Secret,
            json!({"type": "kubernetes.io/tls"}),
            vec![
                "data[tls.crt]: Required value",
                "data[tls.key]: Required value",
            ],
        ),
        (
            Kind::Secret,
            json!({"type": "kubernetes.io/basic-auth", "stringData": {"username": ""}}),
            vec![],
        ),
        (
            Kind::Secret,
            json!({"type": "kubernetes.io/dockerconfigjson", "stringData": {".dockerconfigjson": "x"}}),
            vec![
                "data[.dockerconfigjson]: Invalid value: \"<secret contents redacted>\": invalid character 'x' looking for beginning of value",
            ],
        ),
    ]);
}

#[test]
fn ingresses() {
    let backend = json!({"service": {"name": "web", "port": {"number": 80}}});
    let path = |kind: &str, path: &str| json!({"spec": {"rules": [{"host": "a.b", "http": {"paths": [{"path": path, "pathType": kind, "backend": backend}]}}]}});
    check(vec![
        (
            Kind::Ingress,
            json!({"spec": {}}),
            vec!["spec: Invalid value: null: either `defaultBackend` or `rules` must be specified"],
        ),
        (Kind::Ingress, path("Prefix", "/"), vec![]),
        (
            Kind::Ingress,
            path("Exact", "x//y"),
            vec![
                "spec.rules[0].http.paths[0].path: Invalid value: \"x//y\": must be an absolute path",
                "spec.rules[0].http.paths[0].path: Invalid value: \"x//y\": must not contain '//'",
            ],
        ),
        (
            Kind::Ingress,
            path("Regex", "/"),
            vec![
                "spec.rules[0].http.paths[0].pathType: Unsupported value: \"Regex\": supported values: \"Exact\", \"ImplementationSpecific\", \"Prefix\"",
            ],
        ),
        (
            Kind::Ingress,
            json!({"spec": {"rules": [{"host": "1.2.3.4", "http": {"paths": [{"backend": {}}]}}]}}),
            vec![
                "spec.rules[0].host: Invalid value: \"1.2.3.4\": must be a DNS name, not an IP address",
                "spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified",
            ],
        ),
        (
            Kind::Ingress,
            json!({"spec": {"defaultBackend": {"service": {"name": "web"}}}}),
            vec!["spec.defaultBackend: Required value: port name or number is required"],
        ),
    ]);
}

#[test]
fn network_policies() {
    check(vec![
        (
            Kind::NetworkPolicy,
            json!({"spec": {"podSelector": {}, "ingress": [{"from": [{}], "ports": [{"port": 70000, "protocol": "HTTP"}]}]}}),
            vec![
                "spec.ingress[0].ports[0].protocol: Unsupported value: \"HTTP\": supported values: \"TCP\", \"UDP\", \"SCTP\"",
                "spec.ingress[0].ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive",
                "spec.ingress[0].from[0]: Required value: must specify a peer",
            ],
        ),
        (
            Kind::NetworkPolicy,
            json!({"spec": {"podSelector": {}, "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/24", "except": ["10.0.1.0/25", "10.0.0.0/25"]}}]}]}}),
            vec![
                "spec.egress[0].to[0].ipBlock.except[0]: Invalid value: \"10.0.1.0/25\": must be a strict subset of `cidr`",
            ],
        ),
    ]);
}

#[test]
fn autoscalers_and_budgets() {
    let reference = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"});
    check(vec![
        (
            Kind::HorizontalPodAutoscaler,
            json!({"spec": {"scaleTargetRef": reference, "minReplicas": 5, "maxReplicas": 3}}),
            vec![
                "spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`",
            ],
        ),
        (
            Kind::HorizontalPodAutoscaler,
            json!({"spec": {"scaleTargetRef": {"kind": "", "name": ""}}}),
            vec![
                "spec.maxReplicas: Required value: must be set and greater than 0",
                "spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`",
                "spec.scaleTargetRef.kind: Required value",
                "spec.scaleTargetRef.name: Required value",
            ],
        ),
        (
            Kind::HorizontalPodAutoscaler,
            json!({"spec": {"scaleTargetRef": reference, "maxReplicas": 3, "metrics": [{"type": "Resource"}]}}),
            vec![
                "spec.metrics[0].resource: Required value: must populate information for the given metric source",
            ],
        ),
        (
            Kind::PodDisruptionBudget,
            json!({"spec": {"minAvailable": 1, "maxUnavailable": "200%", "selector": {"matchLabels": {"a": "b"}}}}),
            vec![
                "spec: Invalid value: {\"MinAvailable\":1,\"Selector\":{\"matchLabels\":{\"a\":\"b\"}},\"MaxUnavailable\":\"200%\",\"UnhealthyPodEvictionPolicy\":null}: minAvailable and maxUnavailable cannot be both set",
                "spec.maxUnavailable: Invalid value: \"200%\": must not be greater than 100%",
            ],
        ),
    ]);
}

#[test]
fn quotas_and_limits() {
    check(vec![
        (
            Kind::ResourceQuota,
            json!({"spec": {"hard": {"pods": "1500m", "apples": "1", "cpu": "-1"}}}),
            vec![
                "spec.hard[apples]: Invalid value: \"apples\": must be a standard resource type or fully qualified",
                "spec.hard[apples]: Invalid value: \"apples\": must be a standard resource for quota",
                "spec.hard[cpu]: Invalid value: \"-1\": must be greater than or equal to 0",
                "spec.hard[pods]: Invalid value: \"1500m\": must be an integer",
            ],
        ),
        (
            Kind::ResourceQuota,
            json!({"spec": {"hard": {"services": "1"}, "scopes": ["BestEffort", "NotBestEffort"]}}),
            vec![
                "spec.scopes: Invalid value: [\"BestEffort\",\"NotBestEffort\"]: unsupported scope applied to resource",
                "spec.scopes: Invalid value: [\"BestEffort\",\"NotBestEffort\"]: unsupported scope applied to resource",
                "spec.scopes: Invalid value: [\"BestEffort\",\"NotBestEffort\"]: conflicting scopes",
            ],
        ),
        (
            Kind::LimitRange,
            json!({"spec": {"limits": [{"type": "Container", "min": {"cpu": "2"}, "max": {"cpu": "1"}, "default": {"cpu": "3"}, "defaultRequest": {"cpu": "2"}}]}}),
            vec![
                "spec.limits[0].min[cpu]: Invalid value: \"2\": min value 2 is greater than max value 1",
                "spec.limits[0].defaultRequest[cpu]: Invalid value: \"2\": default request value 2 is greater than max value 1",
                "spec.limits[0].default[cpu]: Invalid value: \"1\": default value 3 is greater than max value 1",
            ],
        ),
        (
            Kind::LimitRange,
            json!({"spec": {"limits": [{"type": "Pod", "default": {"cpu": "3"}}]}}),
            vec!["spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'"],
        ),
        (
            Kind::PriorityClass,
            json!({"value": 1_000_000_001}),
            vec![
                "value: Forbidden: maximum allowed value of a user defined priority is 1000000000",
            ],
        ),
    ]);
}

#[test]
fn roles_and_bindings() {
    check(vec![
        (
            Kind::Role,
            json!({"rules": [{"verbs": [], "apiGroups": [""], "resources": ["pods"]}, {"verbs": ["get"]}]}),
            vec![
                "rules[0].verbs: Required value: verbs must contain at least one value",
                "rules[1].apiGroups: Required value: resource rules must supply at least one api group",
                "rules[1].resources: Required value: resource rules must supply at least one resource",
            ],
        ),
        (
            Kind::ClusterRole,
            json!({"rules": [{"verbs": ["get"], "nonResourceURLs": ["/healthz"]}]}),
            vec![],
        ),
        (
            Kind::RoleBinding,
            json!({"roleRef": {"kind": "Rule", "name": "r"}, "subjects": [{"kind": "Robot", "name": "x"}]}),
            vec![
                "roleRef.kind: Unsupported value: \"Rule\": supported values: \"Role\", \"ClusterRole\"",
                "subjects[0].kind: Unsupported value: \"Robot\": supported values: \"ServiceAccount\", \"User\", \"Group\"",
            ],
        ),
        (
            Kind::ClusterRoleBinding,
            json!({"roleRef": {"kind": "ClusterRole", "name": "r"}, "subjects": [{"kind": "ServiceAccount", "name": "x"}]}),
            vec!["subjects[0].namespace: Required value"],
        ),
    ]);
}

#[test]
fn names_of_their_own_rules() {
    let role = read(Kind::Role, "System:a", &json!({"rules": []}));
    assert_eq!(validate_create(&role, false), []);
    let class = read(Kind::PriorityClass, "system-mine", &json!({"value": 1}));
    assert_eq!(
        texts(&validate_create(&class, false)),
        [
            "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-mine is not a known system priority class"
        ]
    );
}

#[test]
fn new_versions() {
    let role = |name: &str| json!({"roleRef": {"kind": "Role", "name": name}});
    for (kind, old, new, words) in [
        (
            Kind::ConfigMap,
            json!({"immutable": true, "data": {"a": "b"}}),
            json!({"data": {"a": "c"}}),
            vec![
                "immutable: Forbidden: field is immutable when `immutable` is set",
                "data: Forbidden: field is immutable when `immutable` is set",
            ],
        ),
        (
            Kind::Secret,
            json!({}),
            json!({"type": "mine"}),
            vec!["type: Invalid value: \"mine\": field is immutable"],
        ),
        (
            Kind::RoleBinding,
            role("a"),
            role("b"),
            vec![
                "roleRef: Invalid value: {\"APIGroup\":\"rbac.authorization.k8s.io\",\"Kind\":\"Role\",\"Name\":\"b\"}: cannot change roleRef",
            ],
        ),
        (
            Kind::PriorityClass,
            json!({"value": 1}),
            json!({"value": 2}),
            vec!["value: Forbidden: may not be changed in an update."],
        ),
        (
            Kind::ResourceQuota,
            json!({"spec": {"scopes": ["BestEffort"]}}),
            json!({"spec": {}}),
            vec!["spec.scopes: Invalid value: null: field is immutable"],
        ),
    ] {
        let (old, new) = (read(kind, "x", &old), read(kind, "x", &new));
        assert_eq!(texts(&validate_update(&new, &old)), words, "{kind:?}");
    }
}
