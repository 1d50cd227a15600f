//! The root CA publisher: the ConfigMap `kube-root-ca.crt` in every namespace, which pods mount to
//! know the API server.
//!
//! Upstream: `pkg/controller/certificates/rootcacertpublisher/publisher.go`. Differs: the
//! certificate is a text of the form of one; nothing reads it.

use std::sync::Arc;

use serde_json::json;

use crate::api::{Body, Key, Kind, Meta, Object, base64};
use crate::apiserver::ApiError;
use crate::client::Client;

use super::util::{active_namespace, ignore_already_exists, note_lost, note_namespace};
use super::{Controller, Desk, Watch};

/// See the module.
pub(super) struct RootCaPublisher;

const CONFIG_MAP: &str = "kube-root-ca.crt";
const DESCRIPTION: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";
const SUBJECT: &[u8] =
    b"CN=kubernetes: the certificate authority of a simulated cluster, not a key";

impl Controller for RootCaPublisher {
    fn name(&self) -> &'static str {
        "root-ca-certificate-publisher-controller"
    }

    fn watches(&self) -> &'static [Watch] {
        &[
            Watch {
                kind: Kind::Namespace,
                note: note_namespace,
            },
            Watch {
                kind: Kind::ConfigMap,
                note: |change, desk, _| note_lost(change, CONFIG_MAP, desk),
            },
        ]
    }

    fn reconcile(
        &self,
        key: &Key,
        _desk: &mut Desk,
        client: &mut Client<'_>,
    ) -> Result<(), ApiError> {
        let cache = client.cache();
        let exists = cache.find(Kind::ConfigMap, &key.name, CONFIG_MAP);
        if exists.is_some() || !active_namespace(key, cache) {
            return Ok(());
        }
        let mut meta = Meta::named(key.name.clone(), CONFIG_MAP);
        meta.set_annotation("kubernetes.io/description", Some(DESCRIPTION));
        let certificate = format!(
            "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
            base64(SUBJECT)
        );
        let body = json!({ "data": { "ca.crt": certificate } });
        ignore_already_exists(client.create(Object {
            meta,
            body: Body::Data(Kind::ConfigMap, Arc::new(body)),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::drive::Drive;
    use super::*;
    use crate::clock::Span;

    #[test]
    fn every_active_namespace_has_the_certificate() {
        let mut drive = Drive::new();
        drive.run_for(Span::secs(1));
        let all = drive.list(Kind::ConfigMap);
        let places: Vec<&str> = all.iter().map(|map| &*map.meta.namespace).collect();
        assert_eq!(places, ["default", "kube-node-lease"]);
    }
}
