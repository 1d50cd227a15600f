//! The block of volumes in a description.
//!
//! Upstream: `describeVolumes` and its helpers in `describe.go`. Differs: kinds of volumes that a
//! playground's manifests hardly use print their type only.

use k8s_openapi::api::core::v1::{ProjectedVolumeSource, Volume};

use super::text::Text;

const TOKEN_VOLUME: &str = "kube-api-access-";

/// The name of a volume; the token volume's ends with the pod's own letters.
pub(super) fn volume_name(name: &str, token: &str) -> String {
    if name == TOKEN_VOLUME {
        format!("{name}{token}")
    } else {
        name.to_string()
    }
}

/// Writes the volumes of a pod or a template, indented by `space`.
pub(super) fn write(volumes: &[Volume], token: &str, space: &str, out: &mut Text) {
    if volumes.is_empty() {
        return out.line(0, format!("{space}Volumes:\t<none>"));
    }
    out.line(0, format!("{space}Volumes:"));
    let indent = if space.is_empty() { "" } else { " " };
    for volume in volumes {
        out.line(1, format!("{indent}{}:", volume_name(&volume.name, token)));
        one(volume, out);
    }
}

fn one(volume: &Volume, out: &mut Text) {
    if let Some(source) = &volume.projected {
        return projected(source, out);
    }
    if let Some(source) = &volume.downward_api {
        out.field(
            2,
            "Type",
            "DownwardAPI (a volume populated by information about the pod)",
        );
        out.line(2, "Items:");
        for item in source.items.iter().flatten() {
            if let Some(field) = &item.field_ref {
                out.line(3, format!("{} -> {}", field.field_path, item.path));
            }
        }
        return;
    }
    let Some((kind, fields)) = plain(volume) else {
        return out.line(2, "<unknown>");
    };
    out.field(2, "Type", kind);
    for (name, value) in fields {
        out.field(2, name, value);
    }
}

type Fields = Vec<(&'static str, String)>;

/// Type and fields of the kinds of volume that are a list of fields.
fn plain(volume: &Volume) -> Option<(&'static str, Fields)> {
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    let flag = |part: Option<bool>| part.unwrap_or(false).to_string();
    if let Some(source) = &volume.empty_dir {
        let limit = source
            .size_limit
            .as_ref()
            .map_or("<unset>".into(), |q| q.0.clone());
        let fields = vec![("Medium", text(&source.medium)), ("SizeLimit", limit)];
        return Some((
            "EmptyDir (a temporary directory that shares a pod's lifetime)",
            fields,
        ));
    }
    if let Some(source) = &volume.host_path {
        let fields = vec![
            ("Path", source.path.clone()),
            ("HostPathType", text(&source.type_)),
        ];
        return Some(("HostPath (bare host directory volume)", fields));
    }
    if let Some(source) = &volume.config_map {
        let fields = vec![
            ("Name", source.name.clone()),
            ("Optional", flag(source.optional)),
        ];
        return Some(("ConfigMap (a volume populated by a ConfigMap)", fields));
    }
    if let Some(source) = &volume.secret {
        let name = text(&source.secret_name);
        let fields = vec![("SecretName", name), ("Optional", flag(source.optional))];
        return Some(("Secret (a volume populated by a Secret)", fields));
    }
    if let Some(source) = &volume.persistent_volume_claim {
        let claim = source.claim_name.clone();
        let fields = vec![("ClaimName", claim), ("ReadOnly", flag(source.read_only))];
        let kind =
            "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)";
        return Some((kind, fields));
    }
    let source = volume.nfs.as_ref()?;
    let fields = vec![
        ("Server", source.server.clone()),
        ("Path", source.path.clone()),
        ("ReadOnly", flag(source.read_only)),
    ];
    Some((
        "NFS (an NFS mount that lasts the lifetime of a pod)",
        fields,
    ))
}

fn projected(source: &ProjectedVolumeSource, out: &mut Text) {
    out.field(
        2,
        "Type",
        "Projected (a volume that contains injected data from multiple sources)",
    );
    for source in source.sources.iter().flatten() {
        if let Some(secret) = &source.secret {
            out.field(2, "SecretName", &secret.name);
            out.field(2, "Optional", secret.optional.unwrap_or(false));
        } else if source.downward_api.is_some() {
            out.field(2, "DownwardAPI", true);
        } else if let Some(map) = &source.config_map {
            out.field(2, "ConfigMapName", &map.name);
            out.field(2, "Optional", map.optional.unwrap_or(false));
        } else if let Some(token) = &source.service_account_token {
            out.field(
                2,
                "TokenExpirationSeconds",
                token.expiration_seconds.unwrap_or(3600),
            );
        }
    }
}
