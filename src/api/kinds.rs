//! The table of kinds: one row a kind.
//!
//! Upstream: `pkg/registry/*/storage` (names, short names, categories) and discovery.

use super::CustomKind;

/// One row of the kind table.
#[derive(Debug)]
pub struct KindInfo {
    /// `Deployment`.
    pub name: &'static str,
    /// `apps`; empty for the core group.
    pub group: &'static str,
    pub version: &'static str,
    /// `deployments`.
    pub plural: &'static str,
    pub singular: &'static str,
    pub short: &'static [&'static str],
    pub namespaced: bool,
    /// Words of the command line that mean this kind and others: `all`.
    pub categories: &'static [&'static str],
    /// Whether objects of this kind carry `metadata.generation`.
    pub has_generation: bool,
}

/// Writes the table out: the enum, and a row for each of its values.
macro_rules! kinds {
    ($($kind:ident $group:literal $version:literal $plural:literal $singular:literal
        [$($short:literal)*] $scope:ident $($mark:ident)*;)*) => {
        /// A kind of object that the API server serves.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($kind,)*
            /// What a CustomResourceDefinition defines.
            Custom(CustomKind),
        }

        /// The places of the kinds in the table.
        enum Place {
            $($kind,)*
        }

        /// Every kind that needs no definition, in discovery order.
        pub const KINDS: &[Kind] = &[$(Kind::$kind),*];

        const ROWS: &[KindInfo] = &[$(KindInfo {
            name: stringify!($kind),
            group: $group,
            version: $version,
            plural: $plural,
            singular: $singular,
            short: &[$($short),*],
            namespaced: same(stringify!($scope), "namespaced"),
            categories: if false $(|| same(stringify!($mark), "all"))* {
                &["all"]
            } else if false $(|| same(stringify!($mark), "extension"))* {
                &["api-extensions"]
            } else {
                &[]
            },
            has_generation: false $(|| same(stringify!($mark), "generation"))*,
        },)*];

        impl Kind {
            /// The kind's place in [`KINDS`]; `None` for custom kinds.
            pub fn place(self) -> Option<usize> {
                match self {
                    $(Kind::$kind => Some(Place::$kind as usize),)*
                    Kind::Custom(_) => None,
                }
            }
        }
    };
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

// Kind, group, version, plural, singular, short names, scope, marks.
#[rustfmt::skip]
kinds! {
    ConfigMap "" "v1" "configmaps" "configmap" ["cm"] namespaced;
    Endpoints "" "v1" "endpoints" "endpoints" ["ep"] namespaced;
    Event "" "v1" "events" "event" ["ev"] namespaced;
    LimitRange "" "v1" "limitranges" "limitrange" ["limits"] namespaced;
    Namespace "" "v1" "namespaces" "namespace" ["ns"] cluster;
    Node "" "v1" "nodes" "node" ["no"] cluster;
    PersistentVolumeClaim "" "v1" "persistentvolumeclaims" "persistentvolumeclaim" ["pvc"] namespaced;
    PersistentVolume "" "v1" "persistentvolumes" "persistentvolume" ["pv"] cluster;
    Pod "" "v1" "pods" "pod" ["po"] namespaced all generation;
    ReplicationController "" "v1" "replicationcontrollers" "replicationcontroller" ["rc"] namespaced all generation;
    ResourceQuota "" "v1" "resourcequotas" "resourcequota" ["quota"] namespaced;
    Secret "" "v1" "secrets" "secret" [] namespaced;
    ServiceAccount "" "v1" "serviceaccounts" "serviceaccount" ["sa"] namespaced;
    Service "" "v1" "services" "service" ["svc"] namespaced all;
    MutatingWebhookConfiguration "admissionregistration.k8s.io" "v1" "mutatingwebhookconfigurations" "mutatingwebhookconfiguration" [] cluster generation extension;
    ValidatingWebhookConfiguration "admissionregistration.k8s.io" "v1" "validatingwebhookconfigurations" "validatingwebhookconfiguration" [] cluster generation extension;
    CustomResourceDefinition "apiextensions.k8s.io" "v1" "customresourcedefinitions" "customresourcedefinition" ["crd" "crds"] cluster generation extension;
    APIService "apiregistration.k8s.io" "v1" "apiservices" "apiservice" [] cluster extension;
    ControllerRevision "apps" "v1" "controllerrevisions" "controllerrevision" [] namespaced;
    DaemonSet "apps" "v1" "daemonsets" "daemonset" ["ds"] namespaced all generation;
    Deployment "apps" "v1" "deployments" "deployment" ["deploy"] namespaced all generation;
    ReplicaSet "apps" "v1" "replicasets" "replicaset" ["rs"] namespaced all generation;
    StatefulSet "apps" "v1" "statefulsets" "statefulset" ["sts"] namespaced all generation;
    HorizontalPodAutoscaler "autoscaling" "v2" "horizontalpodautoscalers" "horizontalpodautoscaler" ["hpa"] namespaced all;
    CronJob "batch" "v1" "cronjobs" "cronjob" ["cj"] namespaced all generation;
    Job "batch" "v1" "jobs" "job" [] namespaced all generation;
    Lease "coordination.k8s.io" "v1" "leases" "lease" [] namespaced;
    EndpointSlice "discovery.k8s.io" "v1" "endpointslices" "endpointslice" [] namespaced generation;
    IngressClass "networking.k8s.io" "v1" "ingressclasses" "ingressclass" [] cluster generation;
    Ingress "networking.k8s.io" "v1" "ingresses" "ingress" ["ing"] namespaced generation;
    NetworkPolicy "networking.k8s.io" "v1" "networkpolicies" "networkpolicy" ["netpol"] namespaced generation;
    PodDisruptionBudget "policy" "v1" "poddisruptionbudgets" "poddisruptionbudget" ["pdb"] namespaced generation;
    ClusterRoleBinding "rbac.authorization.k8s.io" "v1" "clusterrolebindings" "clusterrolebinding" [] cluster;
    ClusterRole "rbac.authorization.k8s.io" "v1" "clusterroles" "clusterrole" [] cluster;
    RoleBinding "rbac.authorization.k8s.io" "v1" "rolebindings" "rolebinding" [] namespaced;
    Role "rbac.authorization.k8s.io" "v1" "roles" "role" [] namespaced;
    PriorityClass "scheduling.k8s.io" "v1" "priorityclasses" "priorityclass" ["pc"] cluster generation;
    StorageClass "storage.k8s.io" "v1" "storageclasses" "storageclass" ["sc"] cluster;
}

impl Kind {
    /// How many kinds there are.
    pub const COUNT: usize = KINDS.len();

    /// The kind's row.
    pub fn info(self) -> &'static KindInfo {
        match self {
            Kind::Custom(custom) => custom.info(),
            plain => {
                let row = plain.place().and_then(|place| ROWS.get(place));
                row.unwrap_or_else(|| unreachable!("every kind has a row"))
            }
        }
    }

    /// `Deployment`.
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// `apps/v1`, or `v1` for the core group.
    pub fn api_version(self) -> String {
        let info = self.info();
        if info.group.is_empty() {
            info.version.to_string()
        } else {
            format!("{}/{}", info.group, info.version)
        }
    }

    /// `deployments.apps`, or `pods`: how the API server names the resource in messages.
    pub fn resource(self) -> String {
        dotted(self.info().plural, self.info().group)
    }

    /// `deployment.apps`, or `pod`: how kubectl names an object in its success lines.
    pub fn singular_with_group(self) -> String {
        dotted(self.info().singular, self.info().group)
    }

    /// The kind that `apps/v1` and `Deployment` name, if it needs no definition.
    pub fn by_gvk(api_version: &str, kind: &str) -> Option<Kind> {
        let mut all = KINDS.iter().copied();
        all.find(|k| k.name() == kind && k.api_version() == api_version)
    }

    /// The kind that a word of the command line names, if it needs no definition: plural, singular,
    /// short name, kind, `deployments.apps`, `deployments.v1.apps`; case does not matter.
    pub fn by_word(word: &str) -> Option<Kind> {
        KINDS.iter().copied().find(|kind| kind.is_named(word))
    }

    /// Whether a word of the command line names this kind.
    pub fn is_named(self, word: &str) -> bool {
        let word = word.to_ascii_lowercase();
        let (head, rest) = word.split_once('.').unwrap_or((&word, ""));
        let row = self.info();
        let name = row.plural == head
            || row.singular == head
            || row.short.contains(&head)
            || row.name.eq_ignore_ascii_case(head);
        let versioned = format!("{}.{}", row.version, row.group);
        name && (rest.is_empty() || rest == row.group || rest == versioned.trim_end_matches('.'))
    }
}

fn dotted(word: &str, group: &str) -> String {
    if group.is_empty() {
        word.to_string()
    } else {
        format!("{word}.{group}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_row_and_words_find_it() {
        assert_eq!(KINDS.len(), ROWS.len());
        for (kind, row) in KINDS.iter().zip(ROWS) {
            assert_eq!(kind.info().name, row.name);
            for word in [row.plural, row.singular, row.name] {
                assert_eq!(Kind::by_word(word), Some(*kind), "{word}");
            }
        }
        assert_eq!(Kind::by_word("deployments.v1.apps"), Some(Kind::Deployment));
        assert_eq!(Kind::by_word("pods.apps"), None);
        assert_eq!(
            Kind::by_gvk("apps/v1", "Deployment"),
            Some(Kind::Deployment)
        );
        assert_eq!(Kind::by_gvk("extensions/v1beta1", "Deployment"), None);
    }
}
