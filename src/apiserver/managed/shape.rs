//! How each field merges: as one piece, field by field, or element by element and by which keys.
//!
//! Upstream: the markers `+listType`, `+listMapKey`, `+mapType`, `+structType` and `+default` of
//! `staging/src/k8s.io/api`, as the OpenAPI document has them; in the
//! schemas of custom kinds `x-kubernetes-list-type` and its like.

use serde_json::{Map, Value};

use crate::api::{Kind, text_at, texts_at};
use crate::apiserver::decode::schema::{Struct, Type};
use crate::apiserver::structural;

use super::set;

/// What a value is to those who own parts of it.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Owned and replaced as one piece: scalars, atomic lists and structs.
    Piece(Scalar),
    /// An atomic list.
    List,
    /// An atomic struct or map.
    Object,
    /// Fields by a table.
    Struct(&'static Struct),
    /// Entries of one type.
    Map(&'static Type),
    /// Elements by keys.
    ListMap(&'static [&'static str], &'static Type),
    /// Scalars, each at most once.
    ListSet,
    /// A whole custom object, by its schema.
    Envelope(&'static Value),
    /// A part of one.
    Schema(&'static Value),
    /// Elements of one by keys.
    SchemaList(&'static Value),
    /// Nothing is known: objects merge by field, lists are one piece.
    Unknown,
}

/// What a scalar must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    Any,
    Boolean,
    Numeric,
    String,
}

/// Lists that merge: the struct and field, and the keys of the elements.
const LISTS: &[(&str, &str, &[&str])] = &[
    ("PodSpec", "containers", &["name"]),
    ("PodSpec", "initContainers", &["name"]),
    ("PodSpec", "ephemeralContainers", &["name"]),
    ("PodSpec", "volumes", &["name"]),
    ("PodSpec", "imagePullSecrets", &["name"]),
    ("PodSpec", "hostAliases", &["ip"]),
    ("PodSpec", "schedulingGates", &["name"]),
    ("PodSpec", "resourceClaims", &["name"]),
    (
        "PodSpec",
        "topologySpreadConstraints",
        &["topologyKey", "whenUnsatisfiable"],
    ),
    ("Container", "env", &["name"]),
    ("Container", "ports", &["containerPort", "protocol"]),
    ("Container", "volumeMounts", &["mountPath"]),
    ("Container", "volumeDevices", &["devicePath"]),
    ("EphemeralContainer", "env", &["name"]),
    (
        "EphemeralContainer",
        "ports",
        &["containerPort", "protocol"],
    ),
    ("EphemeralContainer", "volumeMounts", &["mountPath"]),
    ("EphemeralContainer", "volumeDevices", &["devicePath"]),
    ("ResourceRequirements", "claims", &["name"]),
    ("PodStatus", "podIPs", &["ip"]),
    ("PodStatus", "resourceClaimStatuses", &["name"]),
    ("NodeStatus", "addresses", &["type"]),
    ("ObjectMeta", "ownerReferences", &["uid"]),
    ("ServiceSpec", "ports", &["port", "protocol"]),
    ("ServiceAccount", "secrets", &["name"]),
    ("MutatingWebhookConfiguration", "webhooks", &["name"]),
    ("ValidatingWebhookConfiguration", "webhooks", &["name"]),
    ("MutatingWebhook", "matchConditions", &["name"]),
    ("ValidatingWebhook", "matchConditions", &["name"]),
];

/// Lists of scalars that merge as sets.
const SETS: &[(&str, &str)] = &[("ObjectMeta", "finalizers"), ("NodeSpec", "podCIDRs")];

/// Lists of conditions merge by type; these are one piece.
const PLAIN_CONDITIONS: &[&str] = &["JobStatus"];

/// Structs that are one piece.
const ATOMIC: &[&str] = &[
    "ConfigMapKeySelector",
    "EndpointAddress",
    "EndpointPort",
    "FileKeySelector",
    "LabelSelector",
    "LocalObjectReference",
    "NodeSelector",
    "NodeSelectorTerm",
    "ObjectFieldSelector",
    "ObjectReference",
    "OwnerReference",
    "ResourceFieldSelector",
    "RoleRef",
    "ScopeSelector",
    "ScopedResourceSelectorRequirement",
    "SecretKeySelector",
    "SecretReference",
    "Subject",
    "TopologySelectorTerm",
    "TypedLocalObjectReference",
];

/// Fields that are there in Go even where nobody set them: structs that are no pointers, and lists
/// without `omitempty`. That they are there is nobody's doing, so nobody owns them as such.
const PRESENT: &[(&str, &str)] = &[
    ("CronJobSpec", "jobTemplate"),
    ("DaemonSetSpec", "template"),
    ("DaemonSetSpec", "updateStrategy"),
    ("DeploymentSpec", "strategy"),
    ("DeploymentSpec", "template"),
    ("HorizontalPodAutoscalerSpec", "scaleTargetRef"),
    ("IngressStatus", "loadBalancer"),
    ("JobSpec", "template"),
    ("JobTemplateSpec", "metadata"),
    ("JobTemplateSpec", "spec"),
    ("NodeStatus", "daemonEndpoints"),
    ("NodeStatus", "nodeInfo"),
    ("PersistentVolumeClaimSpec", "resources"),
    ("PodSpec", "containers"),
    ("PodTemplateSpec", "metadata"),
    ("PodTemplateSpec", "spec"),
    ("ReplicaSetSpec", "template"),
    ("ServiceStatus", "loadBalancer"),
    ("StatefulSetSpec", "template"),
    ("StatefulSetSpec", "updateStrategy"),
];

impl Shape {
    /// The shape of a whole object.
    pub fn of_kind(kind: Kind) -> Shape {
        match kind {
            Kind::Custom(custom) => Shape::Envelope(custom.schema()),
            _ => Struct::named(kind.name()).map_or(Shape::Unknown, Shape::Struct),
        }
    }

    fn of_schema(schema: &'static Value) -> Shape {
        match text_at(schema, "/type") {
            "object" if text_at(schema, "/x-kubernetes-map-type") == "atomic" => Shape::Object,
            "object" => Shape::Schema(schema),
            "array" => match text_at(schema, "/x-kubernetes-list-type") {
                "map" => Shape::SchemaList(schema),
                "set" => Shape::ListSet,
                _ => Shape::List,
            },
            "string" => Shape::Piece(Scalar::String),
            "integer" | "number" => Shape::Piece(Scalar::Numeric),
            "boolean" => Shape::Piece(Scalar::Boolean),
            _ if structural::is_on(schema, "x-kubernetes-int-or-string") => {
                Shape::Piece(Scalar::Any)
            }
            _ => Shape::Unknown,
        }
    }

    fn of(kind: &'static Type) -> Shape {
        match kind {
            Type::Bool => Shape::Piece(Scalar::Boolean),
            Type::Float | Type::Int32 | Type::Int64 => Shape::Piece(Scalar::Numeric),
            Type::String | Type::Bytes => Shape::Piece(Scalar::String),
            Type::IntOrString | Type::Quantity | Type::Time => Shape::Piece(Scalar::Any),
            Type::Any => Shape::Unknown,
            Type::List(_) => Shape::List,
            Type::Map(element) => Shape::Map(element),
            Type::Struct(name) if ATOMIC.contains(name) => Shape::Object,
            Type::Struct(name) => Struct::named(name).map_or(Shape::Unknown, Shape::Struct),
        }
    }

    /// The shape of a field or an entry. `None` for a field that a struct does not have.
    pub fn field(self, name: &str) -> Option<Shape> {
        let owner = match self {
            Shape::Struct(owner) => owner,
            Shape::Map(element) => return Some(Shape::of(element)),
            Shape::Envelope(schema) => {
                return match name {
                    "metadata" => Struct::named("ObjectMeta").map(Shape::Struct),
                    "apiVersion" | "kind" => Some(Shape::Piece(Scalar::String)),
                    _ => Shape::Schema(schema).field(name),
                };
            }
            Shape::Schema(schema) => {
                let free = structural::is_on(schema, "x-kubernetes-preserve-unknown-fields");
                let known = structural::field_schema(schema, name).map(Shape::of_schema);
                return known.or(free.then_some(Shape::Unknown));
            }
            _ => return Some(Shape::Unknown),
        };
        let kind = owner.field(name)?;
        let Type::List(element) = kind else {
            return Some(Shape::of(kind));
        };
        if SETS.contains(&(owner.name, name)) {
            return Some(Shape::ListSet);
        }
        let row = LISTS
            .iter()
            .find(|row| (row.0, row.1) == (owner.name, name));
        if let Some((_, _, keys)) = row {
            return Some(Shape::ListMap(keys, element));
        }
        if name == "conditions" && !PLAIN_CONDITIONS.contains(&owner.name) {
            return Some(Shape::ListMap(&["type"], element));
        }
        Some(Shape::List)
    }

    /// The shape of a list's elements.
    pub fn item(self) -> Shape {
        match self {
            // An element that is atomic is one piece below its key, too.
            Shape::ListMap(_, element) => match element {
                Type::Struct(name) if *name != "OwnerReference" => {
                    Struct::named(name).map_or(Shape::Unknown, Shape::Struct)
                }
                other => Shape::of(other),
            },
            Shape::SchemaList(schema) => {
                schema.get("items").map_or(Shape::Unknown, Shape::of_schema)
            }
            _ => Shape::Unknown,
        }
    }

    /// Whether a field of this struct is there in Go even if nobody sets it.
    pub fn is_present(self, name: &str) -> bool {
        let Shape::Struct(owner) = self else {
            return matches!(self, Shape::Envelope(_)) && name == "metadata";
        };
        let envelope = ["metadata", "spec", "status"].contains(&name);
        (envelope && owner.field("apiVersion").is_some()) || PRESENT.contains(&(owner.name, name))
    }

    /// Whether entries are owned as such: those of maps, in contrast to fields of structs.
    pub fn has_entries(self) -> bool {
        match self {
            Shape::Map(_) | Shape::Unknown => true,
            Shape::Schema(schema) => schema.get("properties").is_none(),
            _ => false,
        }
    }

    /// Whether its fields or entries merge one by one.
    pub fn is_granular(self) -> bool {
        matches!(
            self,
            Shape::Struct(_)
                | Shape::Map(_)
                | Shape::Envelope(_)
                | Shape::Schema(_)
                | Shape::Unknown
        )
    }

    /// Whether its elements merge one by one.
    pub fn merges_elements(self) -> bool {
        matches!(self, Shape::ListSet) || self.has_keys()
    }

    /// Whether its elements have keys.
    pub fn has_keys(self) -> bool {
        matches!(self, Shape::ListMap(..) | Shape::SchemaList(_))
    }

    /// The keys of its elements.
    pub fn keys(self) -> Vec<&'static str> {
        match self {
            Shape::ListMap(keys, _) => keys.to_vec(),
            Shape::SchemaList(schema) => texts_at(schema, "/x-kubernetes-list-map-keys"),
            _ => Vec::new(),
        }
    }

    /// What a key is where an element does not say it.
    fn default_of(self, key: &str) -> Option<Value> {
        match self {
            Shape::ListMap(..) => (key == "protocol").then(|| Value::from("TCP")),
            Shape::SchemaList(schema) => {
                let own = schema.pointer("/items/properties")?.get(key)?;
                own.get("default").cloned()
            }
            _ => None,
        }
    }
}

/// The step to an element of a list that merges. `None` if it has none of the keys.
pub fn step_to(shape: Shape, item: &Value) -> Option<String> {
    match shape {
        Shape::ListSet => Some(set::value(item)),
        Shape::ListMap(..) | Shape::SchemaList(_) => {
            let mut found = Map::new();
            for key in shape.keys() {
                let value = item.get(key).cloned();
                found.insert(key.into(), value.or_else(|| shape.default_of(key))?);
            }
            Some(set::element(found))
        }
        _ => None,
    }
}
