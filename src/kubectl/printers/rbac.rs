//! Bindings of roles as tables.
//!
//! Upstream: `printRoleBinding`, `printClusterRoleBinding` in `printers.go`, `SubjectsStrings` in
//! `pkg/apis/rbac/helpers.go`.

use serde_json::Value;

use crate::api::{items_at, text_at};

use super::{Printer, column, wide};
use crate::kubectl::age;

pub(super) static BINDING: Printer = Printer {
    columns: &[
        column("NAME"),
        column("ROLE"),
        column("AGE"),
        wide("USERS"),
        wide("GROUPS"),
        wide("SERVICEACCOUNTS"),
    ],
    cells: |object, now, _| {
        let empty = Value::Null;
        let body = object.data().unwrap_or(&empty);
        let role = |field: &str| text_at(body, &format!("/roleRef/{field}"));
        let subjects = |kind: &str| {
            let own = items_at(body, "/subjects").iter();
            let own = own.filter(|subject| text_at(subject, "/kind") == kind);
            own.map(|subject| match text_at(subject, "/namespace") {
                "" => text_at(subject, "/name").to_string(),
                namespace => format!("{namespace}/{}", text_at(subject, "/name")),
            })
            .collect::<Vec<_>>()
            .join(", ")
        };
        vec![
            object.meta.name.to_string(),
            format!("{}/{}", role("kind"), role("name")),
            age::since(object.meta.created, now),
            subjects("User"),
            subjects("Group"),
            subjects("ServiceAccount"),
        ]
    },
};
