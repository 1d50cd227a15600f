//! `kubectl apply --server-side`: sends the file's objects as they are; the server merges them.
//!
//! Upstream: `kubectl/pkg/cmd/apply/apply.go` (applyOneObject), `client-go/util/csaupgrade`.

use crate::apiserver::{FieldValidation, Reason, ServerSideApply};
use crate::kubectl::args::Args;
use crate::kubectl::console::{Console, DryRun};
use crate::kubectl::errors::Failure;
use crate::kubectl::manifest::{Info, Problem};

use super::apply::{Done, nameless, warn_all, warn_if_deleting};

const HINT: &str = "Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the `--force-conflicts` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts";

/// Errors: flags that do not go together.
pub(super) fn check(args: &Args, dry: DryRun) -> Result<(), Failure> {
    let server_side = args.on("server-side");
    let why = if args.on("force-conflicts") && !server_side {
        "--force-conflicts only works with --server-side"
    } else if dry == DryRun::Client && server_side {
        "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)"
    } else if server_side && args.on("force") {
        "--force cannot be used with --server-side"
    } else if dry == DryRun::Server && args.on("force") {
        "--dry-run=server cannot be used with --force"
    } else {
        return Ok(());
    };
    Err(Failure::error(why))
}

/// Applies one object. Errors: the server's, and kubectl's advice where there are conflicts.
pub(super) fn apply(
    console: &mut Console<'_, '_>,
    info: &Info,
    args: &Args,
    validation: FieldValidation,
    dry: DryRun,
) -> Result<Done, Problem> {
    if info.name.is_empty() {
        return Err(Problem::Text(nameless(info)));
    }
    let manager = args.get("field-manager").filter(|name| !name.is_empty());
    let request = ServerSideApply {
        manager: manager.unwrap_or("kubectl").into(),
        force: args.on("force-conflicts"),
        validation,
    };
    let key = info.key();
    let done = console.write(dry, |server, cause| {
        let done = server.apply(&key, &info.value, &request, cause)?;
        if server.upgrade_to_apply(&key, &request.manager, cause)? {
            return server.apply(&key, &info.value, &request, cause);
        }
        Ok(done)
    });
    let done = done.map_err(|error| match error.reason {
        Reason::Conflict => Problem::Text(format!("{}\n{HINT}", error.message)),
        _ => Problem::Api(error),
    })?;
    let object = done.map(|(object, warnings)| {
        warn_all(console, &warnings);
        warn_if_deleting(console, &object);
        object
    });
    Ok(Done {
        word: "serverside-applied",
        object,
    })
}
