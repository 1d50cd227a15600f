//! Pod specs, shared: a template is held once by its owners, and its admitted form once by all
//! of its replicas, with the figures that scheduler and kubelet ask for at hand.
//!
//! Upstream: `core/v1.PodTemplateSpec`, `component-helpers/resource/helpers.go` (requests).

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use k8s_openapi::api::core::v1::{Container, PodSpec, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use serde::Serialize;

use crate::clock::digest_of;

use super::Order;
use super::{Labels, Placement, QosClass, parse_quantity};

/// A value with the digest of its JSON, so that versions which share it are cheap to compare and
/// hash.
#[derive(Clone, Debug)]
pub struct Hashed<T> {
    value: T,
    digest: u64,
}

impl<T: Serialize> Hashed<T> {
    /// Takes a value and digests it once.
    pub fn new(value: T) -> Hashed<T> {
        let digest = digest_of(&serde_json::to_vec(&value).unwrap_or_default());
        Hashed { value, digest }
    }

    /// The same by way of a JSON value: for types that are serialised to values anyway, so that
    /// the core does not hold a second serialiser for them.
    pub fn by_value(value: T) -> Hashed<T> {
        let json = serde_json::to_value(&value).unwrap_or_default();
        let digest = digest_of(&json.to_string());
        Hashed { value, digest }
    }
}

impl<T> Deref for Hashed<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}
impl<T> Hash for Hashed<T> {
    fn hash<H: Hasher>(&self, h: &mut H) {
        h.write_u64(self.digest);
    }
}
impl<T> PartialEq for Hashed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}
impl<T> Eq for Hashed<T> {}

/// The label by which the ReplicaSets of one Deployment are told apart.
const POD_TEMPLATE_HASH: &str = "pod-template-hash";

/// `spec.template` of a workload, defaulted.
#[derive(Clone, Debug)]
pub struct PodTemplate {
    /// The template as the API has it.
    pub api: Hashed<PodTemplateSpec>,
    pub labels: Labels,
    pub annotations: Labels,
    /// The digest of the template without the label `pod-template-hash`.
    unhashed: u64,
    /// What admission makes of the spec; the API server fills it at the first pod.
    pub admitted: OnceLock<Arc<SharedPodSpec>>,
}

impl PodTemplate {
    /// Wraps a defaulted template.
    pub fn new(template: PodTemplateSpec) -> Arc<PodTemplate> {
        let meta = template.metadata.as_ref();
        let labels = Arc::new(meta.and_then(|m| m.labels.clone()).unwrap_or_default());
        let annotations = Arc::new(meta.and_then(|m| m.annotations.clone()).unwrap_or_default());
        let bare = labels.contains_key(POD_TEMPLATE_HASH).then(|| {
            let mut bare = template.clone();
            let labels = bare.metadata.as_mut().and_then(|m| m.labels.as_mut());
            labels.and_then(|labels| labels.remove(POD_TEMPLATE_HASH));
            Hashed::new(bare).digest
        });
        let api = Hashed::new(template);
        Arc::new(PodTemplate {
            unhashed: bare.unwrap_or(api.digest),
            api,
            labels,
            annotations,
            admitted: OnceLock::new(),
        })
    }

    /// Whether two templates differ in nothing, or only in the label `pod-template-hash`.
    pub fn same_but_for_hash(&self, other: &PodTemplate) -> bool {
        self.unhashed == other.unhashed
    }

    /// The pod spec of the template (an absent one reads as empty).
    pub fn spec(&self) -> PodSpec {
        self.api.spec.clone().unwrap_or_default()
    }
}

impl Hash for PodTemplate {
    fn hash<H: Hasher>(&self, h: &mut H) {
        self.api.hash(h);
    }
}
impl PartialEq for PodTemplate {
    fn eq(&self, other: &Self) -> bool {
        self.api == other.api
    }
}
impl Eq for PodTemplate {}

/// An admitted pod spec that any number of pods share. Equal and hashed by the spec alone, of which
/// the facts are a reading.
#[derive(Clone, Debug)]
pub struct SharedPodSpec {
    /// Complete but for what differs between replicas: `nodeName` and the token volume's suffix
    /// (the volume is called `kube-api-access-` here).
    pub spec: Hashed<PodSpec>,
    pub facts: PodFacts,
    /// Whether admission has already seen it.
    pub admitted: bool,
}

impl SharedPodSpec {
    /// Wraps a spec.
    pub fn new(spec: PodSpec, admitted: bool) -> Arc<SharedPodSpec> {
        let facts = PodFacts::of(&spec);
        Arc::new(SharedPodSpec {
            spec: Hashed::new(spec),
            facts,
            admitted,
        })
    }
}

impl Hash for SharedPodSpec {
    fn hash<H: Hasher>(&self, h: &mut H) {
        (&self.spec, self.admitted).hash(h);
    }
}
impl PartialEq for SharedPodSpec {
    fn eq(&self, other: &Self) -> bool {
        (&self.spec, self.admitted) == (&other.spec, other.admitted)
    }
}
impl Eq for SharedPodSpec {}

/// Amounts of the resources that the scheduler counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Resources {
    pub cpu_milli: i64,
    pub memory_bytes: i64,
    pub ephemeral_bytes: i64,
    /// Extended resources and huge pages, in units.
    pub other: BTreeMap<String, i64>,
}

/// A toleration, by upstream's matching rules.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Toleration {
    pub key: String,
    pub exists: bool,
    pub value: String,
    /// Empty: all effects.
    pub effect: String,
    pub seconds: Option<i64>,
}

impl Toleration {
    /// Whether it tolerates a taint of this key, value and effect.
    pub fn tolerates(&self, key: &str, value: &str, effect: &str) -> bool {
        (self.effect.is_empty() || self.effect == effect)
            && (self.key.is_empty() || self.key == key)
            && (self.exists || self.value == value)
            && (self.exists || !self.key.is_empty())
    }
}

/// A container port that the host must have free.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Port {
    pub host_ip: String,
    pub protocol: String,
    pub host_port: i32,
}

/// What scheduler, kubelet and printers ask of a spec again and again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PodFacts {
    pub requests: Resources,
    /// Requests for scoring: 100m and 200Mi where a container has none.
    pub non_zero_cpu_milli: i64,
    pub non_zero_memory_bytes: i64,
    pub tolerations: Vec<Toleration>,
    pub host_ports: Vec<Port>,
    pub host_network: bool,
    pub priority: i32,
    pub grace_secs: i64,
    pub qos: QosClass,
    /// Names of the regular containers, in order.
    pub containers: Arc<[Arc<str>]>,
    pub scheduler_name: Arc<str>,
    pub placement: Placement,
    /// Names of the claims that its volumes use.
    pub claims: Vec<String>,
}

const DEFAULT_CPU_MILLI: i64 = 100;
const DEFAULT_MEMORY_BYTES: i64 = 200 * 1024 * 1024;

impl PodFacts {
    fn of(spec: &PodSpec) -> PodFacts {
        let tolerations = spec.tolerations.iter().flatten();
        let ports = spec
            .containers
            .iter()
            .flat_map(|c| c.ports.iter().flatten());
        PodFacts {
            requests: pod_requests(spec, |c, name| request(c, name).unwrap_or(0)),
            non_zero_cpu_milli: pod_requests(spec, non_zero).cpu_milli,
            non_zero_memory_bytes: pod_requests(spec, non_zero).memory_bytes,
            tolerations: tolerations
                .map(|t| Toleration {
                    key: t.key.clone().unwrap_or_default(),
                    exists: t.operator.as_deref() == Some("Exists"),
                    value: t.value.clone().unwrap_or_default(),
                    effect: t.effect.clone().unwrap_or_default(),
                    seconds: t.toleration_seconds,
                })
                .collect(),
            host_ports: ports
                .filter_map(|p| {
                    let host_port = p.host_port.filter(|port| *port > 0)?;
                    let host_ip = p.host_ip.clone().unwrap_or_else(|| "0.0.0.0".into());
                    let protocol = p.protocol.clone().unwrap_or_else(|| "TCP".into());
                    Some(Port {
                        host_ip,
                        protocol,
                        host_port,
                    })
                })
                .collect(),
            host_network: spec.host_network == Some(true),
            priority: spec.priority.unwrap_or(0),
            grace_secs: spec.termination_grace_period_seconds.unwrap_or(30),
            qos: QosClass::of(spec),
            containers: spec
                .containers
                .iter()
                .map(|c| Arc::from(c.name.as_str()))
                .collect(),
            scheduler_name: spec
                .scheduler_name
                .as_deref()
                .unwrap_or("default-scheduler")
                .into(),
            placement: Placement::of(spec),
            claims: claims(spec),
        }
    }
}

fn claims(spec: &PodSpec) -> Vec<String> {
    let volumes = spec.volumes.iter().flatten();
    let sources = volumes.filter_map(|v| v.persistent_volume_claim.as_ref());
    sources.map(|source| source.claim_name.clone()).collect()
}

fn quantity_of(map: Option<&BTreeMap<String, Quantity>>, name: &str) -> Option<i64> {
    let amount = parse_quantity(&map?.get(name)?.0)?;
    Some(if name == "cpu" {
        amount.milli()
    } else {
        amount.units()
    })
}

fn request(container: &Container, name: &str) -> Option<i64> {
    let resources = container.resources.as_ref()?;
    quantity_of(resources.requests.as_ref(), name)
}

fn non_zero(container: &Container, name: &str) -> i64 {
    request(container, name).unwrap_or(match name {
        "cpu" => DEFAULT_CPU_MILLI,
        "memory" => DEFAULT_MEMORY_BYTES,
        _ => 0,
    })
}

/// max(sum of containers and sidecars, running maximum over init containers) + overhead, per
/// resource.
fn pod_requests(spec: &PodSpec, of: impl Fn(&Container, &str) -> i64) -> Resources {
    let mut names = vec![
        "cpu".to_string(),
        "memory".to_string(),
        "ephemeral-storage".to_string(),
    ];
    let all = spec
        .containers
        .iter()
        .chain(spec.init_containers.iter().flatten());
    for resources in all.filter_map(|c| c.resources.as_ref()) {
        names.extend(resources.requests.iter().flat_map(|r| r.keys().cloned()));
    }
    names.order();
    names.dedup();
    let mut total = Resources::default();
    for name in names {
        let regular: i64 = spec.containers.iter().map(|c| of(c, &name)).sum();
        let (mut sidecars, mut init_max) = (0, 0);
        for container in spec.init_containers.iter().flatten() {
            let own = of(container, &name);
            if container.restart_policy.as_deref() == Some("Always") {
                sidecars += own;
                init_max = init_max.max(sidecars);
            } else {
                init_max = init_max.max(sidecars + own);
            }
        }
        let overhead = quantity_of(spec.overhead.as_ref(), &name).unwrap_or(0);
        let amount = (regular + sidecars).max(init_max) + overhead;
        match name.as_str() {
            "cpu" => total.cpu_milli = amount,
            "memory" => total.memory_bytes = amount,
            "ephemeral-storage" => total.ephemeral_bytes = amount,
            _ if amount != 0 => {
                total.other.insert(name, amount);
            }
            _ => {}
        }
    }
    total
}
