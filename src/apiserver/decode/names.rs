//! The string types of the API that have a name of their own, which the decoder prints.
//!
//! Upstream: the `types.go` of each group in `staging/src/k8s.io/api`.

/// (struct, field, type).
const SCALARS: &[(&str, &str, &str)] = &[
    ("Container", "imagePullPolicy", "v1.PullPolicy"),
    ("Container", "restartPolicy", "v1.ContainerRestartPolicy"),
    (
        "Container",
        "terminationMessagePolicy",
        "v1.TerminationMessagePolicy",
    ),
    ("ContainerPort", "protocol", "v1.Protocol"),
    ("DeploymentStrategy", "type", "v1.DeploymentStrategyType"),
    ("HTTPGetAction", "scheme", "v1.URIScheme"),
    ("HostPathVolumeSource", "type", "v1.HostPathType"),
    (
        "LabelSelectorRequirement",
        "operator",
        "v1.LabelSelectorOperator",
    ),
    (
        "NodeSelectorRequirement",
        "operator",
        "v1.NodeSelectorOperator",
    ),
    ("PodSpec", "dnsPolicy", "v1.DNSPolicy"),
    ("PodSpec", "preemptionPolicy", "v1.PreemptionPolicy"),
    ("PodSpec", "restartPolicy", "v1.RestartPolicy"),
    ("ServicePort", "protocol", "v1.Protocol"),
    (
        "ServiceSpec",
        "externalTrafficPolicy",
        "v1.ServiceExternalTrafficPolicy",
    ),
    (
        "ServiceSpec",
        "internalTrafficPolicy",
        "v1.ServiceInternalTrafficPolicy",
    ),
    ("ServiceSpec", "ipFamilyPolicy", "v1.IPFamilyPolicy"),
    ("ServiceSpec", "sessionAffinity", "v1.ServiceAffinity"),
    ("ServiceSpec", "type", "v1.ServiceType"),
    ("Taint", "effect", "v1.TaintEffect"),
    ("Toleration", "effect", "v1.TaintEffect"),
    ("Toleration", "operator", "v1.TolerationOperator"),
    (
        "TopologySpreadConstraint",
        "whenUnsatisfiable",
        "v1.UnsatisfiableConstraintAction",
    ),
    ("ContainerResourceMetricSource", "name", "v1.ResourceName"),
    (
        "CustomResourceConversion",
        "strategy",
        "v1.ConversionStrategyType",
    ),
    ("CustomResourceDefinitionSpec", "scope", "v1.ResourceScope"),
    ("EndpointPort", "protocol", "v1.Protocol"),
    ("EndpointSlice", "addressType", "v1.AddressType"),
    ("HPAScalingPolicy", "type", "v2.HPAScalingPolicyType"),
    ("HPAScalingRules", "selectPolicy", "v2.ScalingPolicySelect"),
    ("HTTPIngressPath", "pathType", "v1.PathType"),
    ("LimitRangeItem", "type", "v1.LimitType"),
    ("MetricSpec", "type", "v2.MetricSourceType"),
    ("MetricTarget", "type", "v2.MetricTargetType"),
    ("MutatingWebhook", "failurePolicy", "v1.FailurePolicyType"),
    ("MutatingWebhook", "matchPolicy", "v1.MatchPolicyType"),
    (
        "MutatingWebhook",
        "reinvocationPolicy",
        "v1.ReinvocationPolicyType",
    ),
    ("MutatingWebhook", "sideEffects", "v1.SideEffectClass"),
    ("NetworkPolicyPort", "protocol", "v1.Protocol"),
    ("NetworkPolicySpec", "policyTypes", "v1.PolicyType"),
    ("ObjectReference", "uid", "types.UID"),
    (
        "PodDisruptionBudgetSpec",
        "unhealthyPodEvictionPolicy",
        "v1.UnhealthyPodEvictionPolicyType",
    ),
    ("PriorityClass", "preemptionPolicy", "v1.PreemptionPolicy"),
    ("ResourceMetricSource", "name", "v1.ResourceName"),
    ("ResourceQuotaSpec", "scopes", "v1.ResourceQuotaScope"),
    ("RuleWithOperations", "operations", "v1.OperationType"),
    ("RuleWithOperations", "scope", "v1.ScopeType"),
    (
        "ScopedResourceSelectorRequirement",
        "operator",
        "v1.ScopeSelectorOperator",
    ),
    (
        "ScopedResourceSelectorRequirement",
        "scopeName",
        "v1.ResourceQuotaScope",
    ),
    ("Secret", "type", "v1.SecretType"),
    ("ValidatingWebhook", "failurePolicy", "v1.FailurePolicyType"),
    ("ValidatingWebhook", "matchPolicy", "v1.MatchPolicyType"),
    ("ValidatingWebhook", "sideEffects", "v1.SideEffectClass"),
    ("ObjectMeta", "uid", "types.UID"),
    ("OwnerReference", "uid", "types.UID"),
];

/// The named type of a field, if it has one.
pub(super) fn scalar(owner: &str, field: &str) -> Option<&'static str> {
    let found = SCALARS.iter().find(|(o, f, _)| *o == owner && *f == field);
    found.map(|(_, _, name)| *name)
}
