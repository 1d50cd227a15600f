//! The service account controller: an account `default` in every namespace.
//!
//! Upstream: `pkg/controller/serviceaccount/serviceaccounts_controller.go`.

use std::sync::Arc;

use serde_json::json;

use crate::api::{Body, Key, Kind, Meta, Object};
use crate::apiserver::ApiError;
use crate::client::Client;

use super::util::{active_namespace, ignore_already_exists, note_lost, note_namespace};
use super::{Controller, Desk, Watch};

/// See the module.
pub(super) struct ServiceAccountController;

const ACCOUNT: &str = "default";

impl Controller for ServiceAccountController {
    fn name(&self) -> &'static str {
        "serviceaccount-controller"
    }

    fn watches(&self) -> &'static [Watch] {
        &[
            Watch {
                kind: Kind::Namespace,
                note: note_namespace,
            },
            Watch {
                kind: Kind::ServiceAccount,
                note: |change, desk, _| note_lost(change, ACCOUNT, desk),
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
        let exists = cache.find(Kind::ServiceAccount, &key.name, ACCOUNT);
        if exists.is_some() || !active_namespace(key, cache) {
            return Ok(());
        }
        let account = Object {
            meta: Meta::named(key.name.clone(), ACCOUNT),
            body: Body::Data(Kind::ServiceAccount, Arc::new(json!({}))),
        };
        ignore_already_exists(client.create(account))
    }
}

#[cfg(test)]
mod tests {
    use super::super::drive::Drive;
    use super::*;
    use crate::clock::Span;

    #[test]
    fn every_namespace_gets_an_account_and_gets_it_back() {
        let mut drive = Drive::new();
        drive.run_for(Span::secs(1));
        let key = Key::new(Kind::ServiceAccount, "default", ACCOUNT);
        assert!(drive.api.store().head().get(&key).is_some());
        let born = drive.get(Kind::ServiceAccount, ACCOUNT).map(|a| a.meta.uid);
        drive.delete(Kind::ServiceAccount, ACCOUNT);
        drive.run_for(Span::secs(1));
        let again = drive.get(Kind::ServiceAccount, ACCOUNT).map(|a| a.meta.uid);
        assert!(again.is_some() && again != born);
    }
}
