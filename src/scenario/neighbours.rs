//! What a replay takes from a recording beside its steps: chance, and the neighbours. Some
//! recordings were made at the same time on one cluster, and a node pulls one image at a time.
//!
//! Upstream: none.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::clock::Span;

/// A time for which somebody else's pulls kept a node's pull waiting, from the recording's start.
pub(super) type Busy = (Span, Span);

/// Waits shorter than this are noise.
const NOISE: Span = Span::millis(100);
/// Two moments of a recording that are no further apart are one.
const SAME: Span = Span::millis(250);
/// A replay may ask for the image this much earlier than the recorded pod did.
const EARLY: Span = Span::secs(1);

/// A recorded pull.
pub(super) struct Pull {
    node: String,
    asked: Span,
    begun: Span,
    ended: Span,
}

/// The waits of a node that none of the recorded pulls explains. A replay may place a pod on
/// another node than the recorded one: what a node shows nothing of, it has from the others.
pub(super) fn busy(pulls: &[Pull], node: &str) -> Vec<Busy> {
    let near = |a: Span, b: Span| (a - b).max(b - a) < SAME;
    let explained = |pull: &Pull| {
        let own = |other: &Pull| other.node == pull.node && near(other.ended, pull.begun);
        pulls.iter().any(own)
    };
    let shows = |pull: &Pull| {
        let meets = |own: &Pull| own.asked < pull.ended && pull.asked < own.ended;
        pulls.iter().any(|own| own.node == node && meets(own))
    };
    let waits = pulls.iter().filter(|pull| pull.begun - pull.asked > NOISE);
    let waits = waits.filter(|pull| !explained(pull));
    waits
        .filter(|pull| pull.node == node || !shows(pull))
        .map(|pull| (pull.asked - EARLY, pull.begun))
        .collect()
}

/// The pulls of a timeline.
pub(super) fn pulls(timeline: Option<&Vec<Value>>) -> Vec<Pull> {
    let entries = || timeline.into_iter().flatten();
    let text = |entry: &Value, key: &str| {
        let value = entry.get(key).and_then(Value::as_str);
        value.unwrap_or_default().to_string()
    };
    let nodes: BTreeMap<String, String> = entries()
        .filter(|entry| text(entry, "kind") == "pods")
        .map(|entry| (text(entry, "name"), text(entry, "node")))
        .filter(|(_, node)| !node.is_empty())
        .collect();
    entries()
        .filter_map(|entry| {
            let object = text(entry, "object");
            let node = nodes.get(object.strip_prefix("pod/")?)?.clone();
            let seconds = entry.get("at_s").and_then(Value::as_f64)?;
            let ended = Span::micros((seconds * 1e6) as i64);
            let (took, waited) = match text(entry, "reason").as_str() {
                "Pulled" => durations(&text(entry, "message"))?,
                "Failed" if text(entry, "message").starts_with("Failed to pull") => {
                    (Span::ZERO, Span::ZERO)
                }
                _ => return None,
            };
            Some(Pull {
                node,
                asked: ended - waited,
                begun: ended - took,
                ended,
            })
        })
        .collect()
}

/// When pods were retried: the jitter of retries is drawn, and a replay takes the recorded draws.
pub(super) fn retries(timeline: Option<&Vec<Value>>) -> Vec<Span> {
    let entries = timeline.into_iter().flatten();
    let retried = entries.filter(|entry| {
        let reason = entry.get("reason").and_then(Value::as_str);
        matches!(reason, Some("BackOff" | "Pulling"))
    });
    let moments = retried.filter_map(|entry| entry.get("at_s").and_then(Value::as_f64));
    moments.map(|at| Span::micros((at * 1e6) as i64)).collect()
}

/// `… in 1.503s (2.74s including waiting). …`
fn durations(message: &str) -> Option<(Span, Span)> {
    let (_, rest) = message.rsplit_once("\" in ")?;
    let (took, rest) = rest.split_once(" (")?;
    let (waited, _) = rest.split_once(" including waiting)")?;
    let read = |text| crate::api::parse_duration(text).ok();
    Some((read(took)?, read(waited)?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_waits_that_no_own_pull_explains_are_somebody_elses() {
        let pulled = |at: f64, pod: &str, waited: &str| {
            json!({
                "at_s": at, "kind": "events", "reason": "Pulled", "object": format!("pod/{pod}"),
                "message": format!("Pulled image \"busybox\" in 1.5s ({waited} including waiting). 1 B"),
            })
        };
        let on = |pod: &str, node: &str| json!({"kind": "pods", "name": pod, "node": node});
        let timeline = vec![
            on("a", "n1"),
            on("b", "n1"),
            on("c", "n2"),
            pulled(2.0, "a", "1.5s"),
            pulled(3.5, "b", "2.9s"),
            pulled(4.0, "c", "2.75s"),
        ];
        let pulls = pulls(Some(&timeline));
        let wait = (Span::millis(250), Span::millis(2500));
        assert_eq!(busy(&pulls, "n2"), [wait]);
        assert_eq!(
            busy(&pulls, "n1"),
            [],
            "its own pulls were not kept waiting"
        );
        assert_eq!(busy(&pulls, "n3"), [wait]);
    }
}
