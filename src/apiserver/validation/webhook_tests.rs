//! Mistakes in what points to servers: endpoints, webhooks, API services.

use serde_json::{Value, json};

use super::data_tests::check;
use super::*;

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
