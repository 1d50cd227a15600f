//! The order of merged lists.
//!
//! Upstream: `apimachinery/pkg/util/strategicpatch/patch.go` (normalizeElementOrder and below).

use serde_json::Value;

use crate::api::{Order, go_print};

use super::schema::PATCH;

/// What identifies an element: the value of the merge key, or the element itself.
pub(super) fn identity<'v>(item: &'v Value, key: &str) -> Option<&'v Value> {
    if key.is_empty() {
        Some(item)
    } else {
        item.get(key)
    }
}

/// Where an element with the same identity stands.
pub(super) fn find(items: &[Value], wanted: &Value, key: &str) -> Option<usize> {
    let wanted = identity(wanted, key)?;
    items
        .iter()
        .position(|item| identity(item, key) == Some(wanted))
}

/// Errors: an element without the merge key.
pub(super) fn check_keys(items: &[Value], key: &str) -> Result<(), String> {
    match items.iter().find(|item| identity(item, key).is_none()) {
        None => Ok(()),
        Some(item) if item.is_object() => Err(no_merge_key(item, key)),
        Some(item) => Err(format!("expected a map, but received a {}", go_print(item))),
    }
}

pub(super) fn no_merge_key(item: &Value, key: &str) -> String {
    format!(
        "map: {} does not contain declared merge key: {key}",
        go_print(item)
    )
}

/// Sorts the elements that the patch orders, and puts those that only the server knows between them
/// where they were.
pub(super) fn in_order(
    merged: Vec<Value>,
    order: &[Value],
    server_order: &[Value],
    key: &str,
) -> Vec<Value> {
    let (mut ordered, mut others): (Vec<Value>, Vec<Value>) = merged
        .into_iter()
        .partition(|item| find(order, item, key).is_some());
    sort_by(&mut ordered, order, key);
    sort_by(&mut others, server_order, key);
    let mut out = Vec::with_capacity(ordered.len() + others.len());
    let mut others = others.into_iter().peekable();
    for item in ordered {
        let place = find(server_order, &item, key);
        let earlier = |other: &Value| {
            find(server_order, other, key)
                .zip(place)
                .is_some_and(|(other, own)| other < own)
        };
        while let Some(other) = others.next_if(earlier) {
            out.push(other);
        }
        out.push(item);
    }
    out.extend(others);
    out
}

/// Sorts by the order of another list; deletions go last.
pub(super) fn sort_by(items: &mut [Value], order: &[Value], key: &str) {
    let is_deletion = |item: &Value| item.get(PATCH).and_then(Value::as_str) == Some("delete");
    items.order_by_key(|item| {
        (
            is_deletion(item),
            find(order, item, key).unwrap_or(usize::MAX),
        )
    });
}
