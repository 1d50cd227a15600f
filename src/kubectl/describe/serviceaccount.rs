//! `kubectl describe serviceaccount`.
//!
//! Upstream: `describeServiceAccount` in `describe.go`.

use crate::api::{Object, items_at, text_at};

use super::text::Text;
use super::{Scene, events};

const HEADER: &str = "Image pull secrets:";
const BELOW: &str = "                   ";

pub(super) fn write(object: &Object, scene: Scene<'_>, out: &mut Text) {
    let Some(body) = object.data() else { return };
    out.names(&object.meta);
    out.labels(&object.meta);
    let secrets = items_at(body, "/imagePullSecrets");
    if secrets.is_empty() {
        out.line(0, format!("{HEADER}\t<none>"));
    }
    for (i, secret) in secrets.iter().enumerate() {
        let head = if i == 0 { HEADER } else { BELOW };
        out.line(0, format!("{head}\t{}", text_at(secret, "/name")));
    }
    events::write(object, scene, out);
}
