//! `kubectl describe daemonset`.
//!
//! Upstream: `describeDaemonSet` in `describe.go`.

use crate::api::Object;

use super::text::Text;
use super::{Scene, events, replicaset, template};

pub(super) fn write(object: &Object, scene: Scene<'_>, out: &mut Text) {
    let Some(ds) = object.daemon_set() else {
        return;
    };
    out.names(&object.meta);
    out.field(0, "Selector", &ds.selector);
    let spec = ds.template.api.spec.as_ref();
    let selector = spec.and_then(|s| s.node_selector.as_ref());
    let pairs = selector.into_iter().flatten();
    let pairs: Vec<String> = pairs.map(|(k, v)| format!("{k}={v}")).collect();
    let shown = if pairs.is_empty() {
        "<none>".into()
    } else {
        pairs.join(",")
    };
    out.field(0, "Node-Selector", shown);
    out.labels(&object.meta);
    let status = &ds.status;
    for (title, count) in [
        ("Desired Number of Nodes Scheduled", status.desired),
        ("Current Number of Nodes Scheduled", status.current),
        (
            "Number of Nodes Scheduled with Up-to-date Pods",
            status.updated,
        ),
        (
            "Number of Nodes Scheduled with Available Pods",
            status.available,
        ),
        ("Number of Nodes Misscheduled", status.misscheduled),
    ] {
        out.line(0, format!("{title}: {count}"));
    }
    replicaset::pods_status(object, &ds.selector, scene, out);
    template::write(&ds.template.api, out);
    events::write(object, scene, out);
}
