//! The hashes of templates and revisions, and the names that are made of them.
//!
//! Upstream: `pkg/controller/controller_utils.go` (ComputeHash), `pkg/controller/history`
//! (HashControllerRevision), `apimachinery/pkg/util/rand` (SafeEncodeString). The values are those
//! of a real v1.36 cluster.

use serde_json::Value;

use crate::api::{PodTemplate, go_dump_template, go_json};

/// The label that tells the pods of one template from those of another.
pub(super) const HASH_LABEL: &str = "pod-template-hash";

const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
/// The longest name that an object may have.
const NAME_MAX: usize = 253;

/// The hash of a template, changed by the count of earlier collisions.
pub(super) fn template_hash(template: &PodTemplate, collisions: Option<i32>) -> String {
    let json = serde_json::to_value(&*template.api).unwrap_or_default();
    let dump = go_dump_template(&json);
    let count = collisions.map(|n| i64::from(n).to_le_bytes());
    safe_encode(fnv1a(dump.as_bytes().iter().chain(count.iter().flatten())))
}

/// The hash of a ControllerRevision's data, changed by the count of earlier collisions.
pub(super) fn revision_hash(data: &Value, collisions: i32) -> String {
    let text = format!("{}{collisions}", go_json(data));
    safe_encode(fnv1(text.as_bytes()))
}

fn fnv1(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash: u32, byte| {
        hash.wrapping_mul(0x0100_0193) ^ u32::from(*byte)
    })
}

fn fnv1a<'a>(bytes: impl Iterator<Item = &'a u8>) -> u32 {
    bytes.fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

/// Decimal digits as letters and digits that spell no words.
fn safe_encode(number: u32) -> String {
    let digits = number.to_string();
    let letter = |byte: u8| ALPHABET.get(usize::from(byte) % ALPHABET.len()).copied();
    digits.bytes().filter_map(letter).map(char::from).collect()
}

/// `<owner>-<hash>`, with the owner's name cut where both together are too long.
pub(super) fn hashed_name(owner: &str, hash: &str) -> String {
    let room = NAME_MAX.saturating_sub(hash.len() + 1);
    let cut = owner.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = cut.take_while(|end| *end <= room).last().unwrap_or(0);
    format!("{}-{hash}", owner.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn encodes_digits_as_upstream_does() {
        assert_eq!(safe_encode(41_035_808), "85479d4d");
        assert_eq!(safe_encode(1_234_567_890), "56789bcdf4");
    }

    #[test]
    fn hashes_bytes_as_fnv_1a_does() {
        for (text, hash) in [
            ("", 0x811c_9dc5),
            ("a", 0xe40c_292c),
            ("foobar", 0xbf9c_f968),
        ] {
            assert_eq!(fnv1a(text.as_bytes().iter()), hash, "{text}");
        }
    }

    #[test]
    fn hashes_are_those_that_were_recorded() {
        for (image, field, value, hash) in [
            ("nginx:1.7.9", "nodeSelector", json!(null), "6dd7cb77c5"),
            ("nginx:1.9.1", "nodeSelector", json!(null), "6d6d9595d5"),
            ("nginx:1.161", "nodeSelector", json!(null), "5f6fd88d6f"),
            ("nginx:1.7.9 ", "nodeSelector", json!(null), "64bf7cd77"),
            (
                "nginx:1.7.9",
                "nodeSelector",
                json!({"disktype": "ssd"}),
                "6c998cfc9c",
            ),
            (
                "nginx:1.7.9",
                "nodeSelector",
                json!({"disktype": "nvme"}),
                "f8b68878c",
            ),
        ] {
            let mut template = json!({
                "metadata": {"labels": {"app": "web_server"}},
                "spec": {
                    "containers": [{
                        "image": image, "imagePullPolicy": "IfNotPresent", "name": "nginx",
                        "resources": {}, "terminationMessagePath": "/dev/termination-log",
                        "terminationMessagePolicy": "File",
                    }],
                    "dnsPolicy": "ClusterFirst", "restartPolicy": "Always",
                    "schedulerName": "default-scheduler", "securityContext": {},
                    "terminationGracePeriodSeconds": 30,
                },
            });
            template["spec"][field] = value;
            let template = serde_json::from_value(template).expect("a template");
            assert_eq!(
                template_hash(&PodTemplate::new(template), None),
                hash,
                "{image} {field}"
            );
        }
    }

    #[test]
    fn volumes_count_in_a_hash_as_recorded() {
        let mount = |path, name| json!({"mountPath": path, "name": name});
        let host = |path, name| json!({"hostPath": {"path": path, "type": ""}, "name": name});
        let template = json!({
            "metadata": {"labels": {"app": "prometheus"}},
            "spec": {
                "containers": [{
                    "args": ["--path.procfs", "/host/proc", "--path.sysfs", "/host/sys"],
                    "command": ["/bin/node_exporter"], "image": "prom/node-exporter:v1.0.0",
                    "imagePullPolicy": "IfNotPresent", "name": "node-exporter", "resources": {},
                    "terminationMessagePath": "/dev/termination-log",
                    "terminationMessagePolicy": "File",
                    "volumeMounts": [
                        mount("/host/proc", "proc"), mount("/host/sys", "sys"),
                        mount("/rootfs", "root"),
                    ],
                }],
                "dnsPolicy": "ClusterFirst", "hostNetwork": true, "restartPolicy": "Always",
                "schedulerName": "default-scheduler", "securityContext": {},
                "terminationGracePeriodSeconds": 30,
                "volumes": [host("/proc", "proc"), host("/sys", "sys"), host("/", "root")],
            },
        });
        let template = serde_json::from_value(template).expect("a template");
        let template = PodTemplate::new(template);
        assert_eq!(template_hash(&template, None), "5d474478d5");
    }

    #[test]
    fn hashes_of_revisions_are_those_that_were_recorded() {
        for (image, hash) in [("nginx:1.7.9", "8d65fc47b"), ("nginx:1.9.1", "85b9fd95f8")] {
            let data = json!({"spec": {"template": {
                "$patch": "replace",
                "metadata": {"labels": {"app": "web"}},
                "spec": {
                    "containers": [{
                        "image": image, "imagePullPolicy": "IfNotPresent", "name": "nginx",
                        "resources": {}, "terminationMessagePath": "/dev/termination-log",
                        "terminationMessagePolicy": "File",
                    }],
                    "dnsPolicy": "ClusterFirst", "restartPolicy": "Always",
                    "schedulerName": "default-scheduler", "securityContext": {},
                    "terminationGracePeriodSeconds": 30,
                },
            }}});
            assert_eq!(revision_hash(&data, 0), hash, "{image}");
        }
    }

    #[test]
    fn names_fit_the_limit() {
        assert_eq!(hashed_name("web", "5d4f8c7b9"), "web-5d4f8c7b9");
        assert_eq!(hashed_name(&"w".repeat(300), "5d4f8c7b9").len(), NAME_MAX);
    }
}
