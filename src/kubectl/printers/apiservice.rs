//! APIServices as a table.
//!
//! Upstream: `kube-aggregator/pkg/registry/apiservice/etcd/etcd.go` (ConvertToTable).

use serde_json::Value;

use crate::api::{items_at, text_at};

use super::{Printer, column};
use crate::kubectl::age;

pub(super) static PRINTER: Printer = Printer {
    columns: &[
        column("NAME"),
        column("SERVICE"),
        column("AVAILABLE"),
        column("AGE"),
    ],
    cells: |object, now, _| {
        let empty = Value::Null;
        let body = object.data().unwrap_or(&empty);
        let service = body
            .pointer("/spec/service")
            .filter(|service| !service.is_null());
        let service = service.map_or("Local".to_string(), |service| {
            format!(
                "{}/{}",
                text_at(service, "/namespace"),
                text_at(service, "/name")
            )
        });
        let conditions = items_at(body, "/status/conditions").iter();
        let mut available = conditions
            .rev()
            .filter(|c| text_at(c, "/type") == "Available");
        let words = available.next().map_or("Unknown".to_string(), |condition| {
            match (text_at(condition, "/status"), text_at(condition, "/reason")) {
                ("True", _) => "True".to_string(),
                (status, reason) => format!("{status} ({reason})"),
            }
        });
        vec![
            object.meta.name.to_string(),
            service,
            words,
            age::since(object.meta.created, now),
        ]
    },
};
