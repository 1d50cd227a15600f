//! NetworkPolicies as a table.
//!
//! Upstream: `printNetworkPolicy` in `printers.go`.

use crate::api::{Selector, selector_at};

use super::{Printer, column, or_none};
use crate::kubectl::age;

pub(super) static PRINTER: Printer = Printer {
    columns: &[column("NAME"), column("POD-SELECTOR"), column("AGE")],
    cells: |object, now, _| {
        let selector = object
            .data()
            .and_then(|body| selector_at(body, "/spec/podSelector"));
        let selector = Selector::from_api(&selector.unwrap_or_default()).to_string();
        vec![
            object.meta.name.to_string(),
            or_none(&selector).to_string(),
            age::since(object.meta.created, now),
        ]
    },
};
