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
fn check(cases: Vec<(Kind, Value, Vec<&str>)>) {
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

#[test]
fn endpoints_and_slices() {
    check(vec![
        (
            Kind::Endpoints,
            json!({"subsets": [
                {"ports": [{"port": 80}]},
                {"addresses": [{"ip": "127.0.0.1"}, {"ip": "x", "hostname": "A"}], "ports": [{"port": 0}, {"port": 81, "name": "b", "protocol": "ICMP"}]},
            ]}),
            vec![
                "subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`",
                "subsets[1].addresses[0].ip: Invalid value: \"127.0.0.1\": may not be in the loopback range (127.0.0.0/8, ::1/128)",
                "subsets[1].addresses[1].ip: Invalid value: \"x\": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
                "subsets[1].addresses[1].hostname: Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
                "subsets[1].addresses[1].ip: Invalid value: \"x\": must be a valid IP address",
                "subsets[1].ports[0].name: Required value",
                "subsets[1].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
                "subsets[1].ports[1].protocol: Unsupported value: \"ICMP\": supported values: \"SCTP\", \"TCP\", \"UDP\"",
            ],
        ),
        (
            Kind::EndpointSlice,
            json!({"addressType": "IPv4", "endpoints": [{"addresses": ["10.1.0.1"]}], "ports": [{"name": "a", "port": 80}]}),
            vec![],
        ),
        (
            Kind::EndpointSlice,
            json!({"addressType": "IPv4", "endpoints": [{"addresses": []}, {"addresses": ["::2"]}], "ports": [{"port": 80}, {"port": 70000}]}),
            vec![
                "endpoints[0].addresses: Required value: must contain at least 1 address",
                "endpoints[1].addresses[0]: Invalid value: \"::2\": must be a valid IPv4 address",
                "ports[1].name: Duplicate value: \"\"",
                "ports[1].port: Invalid value: 70000: must be between 1 and 65535, inclusive",
            ],
        ),
        (
            Kind::EndpointSlice,
            json!({"addressType": "FQDN", "endpoints": [{"addresses": ["host"]}]}),
            vec![
                "endpoints[0].addresses[0]: Invalid value: \"host\": should be a domain with at least two segments separated by dots",
            ],
        ),
        (
            Kind::EndpointSlice,
            json!({"addressType": "MAC", "endpoints": []}),
            vec![
                "addressType: Unsupported value: \"MAC\": supported values: \"FQDN\", \"IPv4\", \"IPv6\"",
            ],
        ),
    ]);
}

#[test]
fn webhooks() {
    let hook = |change: Value| {
        let mut hook = json!({
            "name": "a.example.com", "admissionReviewVersions": ["v1"], "sideEffects": "None",
            "clientConfig": {"url": "https://a.example.com"},
        });
        for (key, value) in change.as_object().into_iter().flatten() {
            hook[key] = value.clone();
        }
        json!({"webhooks": [hook]})
    };
    let kind = Kind::ValidatingWebhookConfiguration;
    check(vec![
        (kind, hook(json!({})), vec![]),
        (
            kind,
            hook(
                json!({"name": "a.b", "sideEffects": "Some", "timeoutSeconds": 31, "failurePolicy": "Never", "admissionReviewVersions": ["v2"]}),
            ),
            vec![
                "webhooks[0].name: Invalid value: \"a.b\": should be a domain with at least three segments separated by dots",
                "webhooks[0].failurePolicy: Unsupported value: \"Never\": supported values: \"Fail\", \"Ignore\"",
                "webhooks[0].sideEffects: Unsupported value: \"Some\": supported values: \"None\", \"NoneOnDryRun\"",
                "webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds",
                "webhooks[0].admissionReviewVersions: Invalid value: [\"v2\"]: must include at least one of v1, v1beta1",
            ],
        ),
        (
            kind,
            hook(json!({"clientConfig": {"url": "http://u@h?q#f"}})),
            vec![
                "webhooks[0].clientConfig.url: Invalid value: \"http\": 'https' is the only allowed URL scheme; desired format: https://host[/path]",
                "webhooks[0].clientConfig.url: Invalid value: \"u\": user information is not permitted in the URL",
                "webhooks[0].clientConfig.url: Invalid value: \"f\": fragments are not permitted in the URL",
                "webhooks[0].clientConfig.url: Invalid value: \"q\": query parameters are not permitted in the URL",
            ],
        ),
        (
            Kind::MutatingWebhookConfiguration,
            hook(json!({
                "clientConfig": {}, "reinvocationPolicy": "Often", "sideEffects": null,
                "rules": [{"operations": ["*", "READ"], "apiGroups": [""], "apiVersions": [""], "resources": ["pods/*", "pods/log", "*", "nodes"]}],
            })),
            vec![
                "webhooks[0].rules[0].operations: Invalid value: [\"*\",\"READ\"]: if '*' is present, must not specify other operations",
                "webhooks[0].rules[0].operations[1]: Unsupported value: \"READ\": supported values: \"*\", \"CONNECT\", \"CREATE\", \"DELETE\", \"UPDATE\"",
                "webhooks[0].rules[0].apiVersions[0]: Required value",
                "webhooks[0].rules[0].resources[1]: Invalid value: \"pods/log\": if 'pods/*' is present, must not specify pods/log",
                "webhooks[0].rules[0].resources: Invalid value: [\"pods/*\",\"pods/log\",\"*\",\"nodes\"]: if '*' is present, must not specify other resources without subresources",
                "webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun",
                "webhooks[0].reinvocationPolicy: Unsupported value: \"Often\": supported values: \"IfNeeded\", \"Never\"",
                "webhooks[0].clientConfig: Required value: exactly one of url or service is required",
            ],
        ),
        (
            kind,
            hook(
                json!({"clientConfig": {"service": {"name": "", "namespace": "a", "path": "x//", "port": 0}}}),
            ),
            vec![
                "webhooks[0].clientConfig.service.name: Required value: service name is required",
                "webhooks[0].clientConfig.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive",
                "webhooks[0].clientConfig.service.path: Invalid value: \"x//\": must start with a '/'",
                "webhooks[0].clientConfig.service.path: Invalid value: \"x//\": segment[0] may not be empty",
                "webhooks[0].clientConfig.service.path: Invalid value: \"x//\": segment[1] may not be empty",
            ],
        ),
    ]);
}

#[test]
fn api_services() {
    check(vec![(
        Kind::APIService,
        json!({"spec": {"group": "metrics.k8s.io", "version": "v1beta1", "groupPriorityMinimum": 0, "versionPriority": 2000, "service": {"name": "m"}, "insecureSkipTLSVerify": true, "caBundle": "YQ=="}}),
        vec![
            "metadata.name: Invalid value: \"x\": must be `spec.version+\".\"+spec.group`: \"v1beta1.metrics.k8s.io\"",
            "spec.groupPriorityMinimum: Invalid value: 0: must be positive and less than 20000",
            "spec.versionPriority: Invalid value: 2000: must be positive and less than 1000",
            "spec.service.namespace: Required value",
            "spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present",
        ],
    )]);
}
