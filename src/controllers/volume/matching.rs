//! Which volume a claim gets: the smallest that is large enough and of its class and modes.
//!
//! Upstream: `findBestMatchForClaim` in `pkg/controller/volume/persistentvolume/index.go`.

use std::sync::Arc;

use crate::api::{
    Kind, Object, SELECTED_NODE, Selector, data_text, parse_quantity, selector_at, texts_at,
    volume_nodes,
};
use crate::apiserver::Snapshot;

fn bytes(object: &Object, pointer: &str) -> i64 {
    parse_quantity(data_text(object, pointer)).map_or(0, |amount| amount.units())
}

/// Whether a volume is free and could be a claim's.
fn fits(claim: &Object, volume: &Object, snapshot: Snapshot<'_>) -> bool {
    let same = |pointer: &str| data_text(claim, pointer) == data_text(volume, pointer);
    let modes = |object: &Object| -> Vec<String> {
        let data = object.data();
        let modes = data.map(|d| texts_at(d, "/spec/accessModes"));
        let modes = modes.into_iter().flatten();
        modes.map(str::to_string).collect()
    };
    let offered = modes(volume);
    let free = data_text(volume, "/status/phase") == "Available"
        && data_text(volume, "/spec/claimRef/name").is_empty()
        && !volume.meta.is_deleting();
    let wanted = claim.data().and_then(|d| selector_at(d, "/spec/selector"));
    let selected = wanted.is_none_or(|s| Selector::from_api(&s).matches(&volume.meta.labels));
    let node = claim.meta.annotation(SELECTED_NODE);
    let node = node.and_then(|name| snapshot.find(Kind::Node, "", name));
    let reached = node.is_none_or(|node| {
        let terms = volume_nodes(volume);
        let (name, labels) = (&node.meta.name, &node.meta.labels);
        terms.is_none_or(|terms| terms.iter().any(|term| term.matches(name, labels)))
    });
    free && selected
        && reached
        && same("/spec/storageClassName")
        && same("/spec/volumeMode")
        && modes(claim).iter().all(|mode| offered.contains(mode))
        && bytes(volume, "/spec/capacity/storage")
            >= bytes(claim, "/spec/resources/requests/storage")
}

/// The volume for a claim: one that was made for it, else the smallest free one that fits.
pub(super) fn find<'a>(claim: &Object, snapshot: Snapshot<'a>) -> Option<&'a Arc<Object>> {
    let all = || snapshot.list(Kind::PersistentVolume, None);
    let made_for = |volume: &&Arc<Object>| {
        data_text(volume, "/spec/claimRef/name") == &*claim.meta.name
            && data_text(volume, "/spec/claimRef/namespace") == &*claim.meta.namespace
            && !volume.meta.is_deleting()
    };
    if let Some(volume) = all().find(made_for) {
        return Some(volume);
    }
    let fitting = all().filter(|volume| fits(claim, volume, snapshot));
    fitting.min_by_key(|volume| {
        (
            bytes(volume, "/spec/capacity/storage"),
            volume.meta.name.clone(),
        )
    })
}
