//! ConfigMaps and Secrets as tables.
//!
//! Upstream: `printConfigMap` and `printSecret` in `printers.go`.

use crate::api::{Object, fields_at, text_at};

use super::{Printer, column};
use crate::kubectl::age;

pub(super) static CONFIG_MAP: Printer = Printer {
    columns: &[column("NAME"), column("DATA"), column("AGE")],
    cells: |object, now, _| {
        vec![
            object.meta.name.to_string(),
            (count(object, "/data") + count(object, "/binaryData")).to_string(),
            age::since(object.meta.created, now),
        ]
    },
};

pub(super) static SECRET: Printer = Printer {
    columns: &[
        column("NAME"),
        column("TYPE"),
        column("DATA"),
        column("AGE"),
    ],
    cells: |object, now, _| {
        vec![
            object.meta.name.to_string(),
            object
                .data()
                .map_or("", |body| text_at(body, "/type"))
                .to_string(),
            count(object, "/data").to_string(),
            age::since(object.meta.created, now),
        ]
    },
};

fn count(object: &Object, pointer: &str) -> usize {
    object
        .data()
        .map_or(0, |body| fields_at(body, pointer).count())
}
