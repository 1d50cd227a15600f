//! Holds schema.txt against k8s-openapi's types, by offering each of them every field that it knows
//! and noting what it asks for. `UPDATE_EXPECT=1` rewrites it.
//!
//! Upstream: none.

use std::any::type_name;
use std::collections::BTreeMap;
use std::fmt::Write;

use k8s_openapi::api::admissionregistration::v1 as admissionregistration;
use k8s_openapi::api::{
    apps::v1 as apps, autoscaling::v2 as autoscaling, batch::v1 as batch, core::v1 as core,
    discovery::v1 as discovery, networking::v1 as networking, policy::v1 as policy,
    rbac::v1 as rbac, scheduling::v1 as scheduling, storage::v1 as storage,
};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1 as apiextensions;
use k8s_openapi::kube_aggregator::pkg::apis::apiregistration::v1 as apiregistration;
use serde::Deserialize;
use serde::de::value::Error;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::schema::Struct;
use crate::api::KINDS;

#[test]
fn the_table_says_what_the_types_say() {
    let mut found = Found::default();
    look::<admissionregistration::MutatingWebhookConfiguration>(&mut found);
    look::<admissionregistration::ValidatingWebhookConfiguration>(&mut found);
    look::<apiextensions::CustomResourceDefinition>(&mut found);
    look::<apiregistration::APIService>(&mut found);
    look::<apps::ControllerRevision>(&mut found);
    look::<apps::DaemonSet>(&mut found);
    look::<apps::Deployment>(&mut found);
    look::<apps::ReplicaSet>(&mut found);
    look::<apps::StatefulSet>(&mut found);
    look::<autoscaling::HorizontalPodAutoscaler>(&mut found);
    look::<batch::CronJob>(&mut found);
    look::<batch::Job>(&mut found);
    look::<core::ConfigMap>(&mut found);
    look::<core::Endpoints>(&mut found);
    look::<core::LimitRange>(&mut found);
    look::<core::Namespace>(&mut found);
    look::<core::Node>(&mut found);
    look::<core::PersistentVolume>(&mut found);
    look::<core::PersistentVolumeClaim>(&mut found);
    look::<core::Pod>(&mut found);
    look::<core::ReplicationController>(&mut found);
    look::<core::ResourceQuota>(&mut found);
    look::<core::Secret>(&mut found);
    look::<core::Service>(&mut found);
    look::<core::ServiceAccount>(&mut found);
    look::<discovery::EndpointSlice>(&mut found);
    look::<networking::Ingress>(&mut found);
    look::<networking::IngressClass>(&mut found);
    look::<networking::NetworkPolicy>(&mut found);
    look::<policy::PodDisruptionBudget>(&mut found);
    look::<rbac::ClusterRole>(&mut found);
    look::<rbac::ClusterRoleBinding>(&mut found);
    look::<rbac::Role>(&mut found);
    look::<rbac::RoleBinding>(&mut found);
    look::<scheduling::PriorityClass>(&mut found);
    look::<storage::StorageClass>(&mut found);
    let written = found.write();
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src/apiserver/decode/schema.txt"
    );
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, &written).expect("the table is written");
    }
    assert!(
        written == std::fs::read_to_string(path).expect("the table is read"),
        "schema.txt differs from k8s-openapi's types; UPDATE_EXPECT=1 rewrites it"
    );
    for name in KINDS.iter().map(|kind| kind.name()) {
        let unread = matches!(name, "Event" | "Lease");
        assert_eq!(Struct::named(name).is_none(), unread, "{name}");
    }
}

fn look<'de, T: Deserialize<'de>>(found: &mut Found) {
    let mut kind = String::new();
    let probe = Probe {
        found,
        kind: &mut kind,
    };
    let read = T::deserialize(probe);
    assert!(read.is_ok(), "{}: {:?}", type_name::<T>(), read.err());
}

/// Structs by the path of their Rust type.
#[derive(Default)]
struct Found {
    structs: BTreeMap<&'static str, Vec<(&'static str, String)>>,
    /// Where the look is: a struct in a struct in a struct.
    open: Vec<&'static str>,
}

/// Last part of a path, and the one before the version: `ServiceReference`, `apiextensions`, `v1`.
fn parts(path: &str) -> (&str, &str, &str) {
    let words: Vec<&str> = path.split("::").collect();
    let name = words.last().copied().unwrap_or_default();
    let version = words
        .iter()
        .rposition(|w| w.starts_with('v') && w.len() < 9 && *w != "v1_36");
    let version = version.unwrap_or(1);
    (name, words[version - 1], words[version])
}

impl Found {
    /// The name of a struct in the table: with its group only where it needs one.
    fn key(&self, path: &str) -> String {
        let (name, group, _) = parts(path);
        let same = self.structs.keys().filter(|p| parts(p).0 == name);
        if same.count() > 1 && group != "core" {
            format!("{group}.{name}")
        } else {
            name.to_string()
        }
    }

    fn write(&self) -> String {
        let mut lines = BTreeMap::new();
        for (path, fields) in &self.structs {
            let mut line = format!("{}:", parts(path).2);
            for (at, (name, kind)) in fields.iter().enumerate() {
                let comma = if at == 0 { "" } else { "," };
                let start = kind.rfind(']').map_or(0, |end| end + 1);
                let (lists, element) = kind.split_at(start);
                let element = if element.contains("::") {
                    self.key(element)
                } else {
                    element.to_string()
                };
                // Writing to a String cannot fail.
                let _ = write!(line, "{comma} {name} {lists}{element}");
            }
            lines.insert(self.key(path), line);
        }
        let mut out = String::new();
        for (name, line) in lines {
            let _ = writeln!(out, "{name} {line}");
        }
        out
    }
}

/// Says nothing but what it is asked for.
struct Probe<'n> {
    found: &'n mut Found,
    kind: &'n mut String,
}

impl<'n> Probe<'n> {
    fn note(self, kind: &str) -> &'n mut Found {
        self.kind.push_str(kind);
        self.found
    }
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if type_name::<V::Value>().ends_with("::IntOrString") {
            self.note("IntOrString");
            return visitor.visit_i64(0);
        }
        self.note("any");
        if type_name::<V::Value>().ends_with("Array") {
            return visitor.visit_seq(Empty);
        }
        visitor.visit_bool(false)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.note("bool");
        visitor.visit_bool(false)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.note("int32");
        visitor.visit_i64(0)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.note("int64");
        visitor.visit_i64(0)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.note("float64");
        visitor.visit_f64(0.0)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.note("string");
        visitor.visit_str("")
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if type_name::<V::Value>().ends_with("::ByteString") {
            self.note("bytes");
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        match name {
            "Quantity" => {
                self.note("Quantity");
                visitor.visit_newtype_struct("0".into_deserializer())
            }
            "Time" | "MicroTime" => {
                self.note("Time");
                visitor.visit_newtype_struct("1970-01-01T00:00:00Z".into_deserializer())
            }
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.kind.push_str("[]");
        visitor.visit_seq(One {
            probe: self,
            given: false,
        })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.kind.push_str("map[]");
        visitor.visit_map(One {
            probe: self,
            given: false,
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let path = type_name::<V::Value>();
        let found = self.note(path);
        let known = found.structs.contains_key(path);
        if !known {
            let named = |name: &&&str| matches!(**name, "apiVersion" | "kind");
            let given = fields.iter().filter(named);
            let given = given.map(|name| (*name, "string".to_string()));
            found.structs.insert(path, given.collect());
        }
        // A struct within itself is left empty.
        let rest = if found.open.contains(&path) {
            &[]
        } else {
            fields
        };
        found.open.push(path);
        visitor.visit_map(All {
            found,
            path,
            rest,
            first: !known,
        })
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u8 u16 u32 u64 u128 f32 char bytes byte_buf unit unit_struct tuple
        tuple_struct enum identifier ignored_any
    }
}

/// No element.
struct Empty;

impl<'de> SeqAccess<'de> for Empty {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        _: T,
    ) -> Result<Option<T::Value>, Error> {
        Ok(None)
    }
}

/// One element.
struct One<'n> {
    probe: Probe<'n>,
    given: bool,
}

impl<'de> SeqAccess<'de> for One<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        if std::mem::replace(&mut self.given, true) {
            return Ok(None);
        }
        let (found, kind) = (&mut *self.probe.found, &mut *self.probe.kind);
        seed.deserialize(Probe { found, kind }).map(Some)
    }
}

impl<'de> MapAccess<'de> for One<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        if std::mem::replace(&mut self.given, true) {
            return Ok(None);
        }
        seed.deserialize("".into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let (found, kind) = (&mut *self.probe.found, &mut *self.probe.kind);
        seed.deserialize(Probe { found, kind })
    }
}

/// Every field of a struct but those that name its type.
struct All<'n> {
    found: &'n mut Found,
    path: &'static str,
    rest: &'static [&'static str],
    /// Whether the struct has not been seen before.
    first: bool,
}

impl<'de> MapAccess<'de> for All<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        while let Some((name, rest)) = self.rest.split_first() {
            if !matches!(*name, "apiVersion" | "kind") {
                return seed.deserialize((*name).into_deserializer()).map(Some);
            }
            self.rest = rest;
        }
        self.found.open.pop();
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let (name, rest) = self
            .rest
            .split_first()
            .ok_or_else(|| Error::custom("no field"))?;
        self.rest = rest;
        let mut kind = String::new();
        let found = &mut *self.found;
        let value = seed.deserialize(Probe {
            found,
            kind: &mut kind,
        })?;
        let fields = self.found.structs.get_mut(self.path);
        if let Some(fields) = fields.filter(|_| self.first) {
            fields.push((name, kind));
        }
        Ok(value)
    }
}
