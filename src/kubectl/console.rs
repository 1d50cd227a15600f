//! What a verb works with: the client, the files, the two streams, the namespace.
//!
//! Upstream: `genericiooptions.IOStreams`, `cmdutil.Factory`.

use std::sync::Arc;

use crate::api::{Kind, Object};
use crate::apiserver::{ApiError, ApiServer, Cause, Snapshot, Writer, in_version};
use crate::client::{Client, LogSource};
use crate::clock::SimTime;

use super::args::Args;
use super::errors::Failure;
use super::verbs::Waiting;
use super::{Files, Output, Settings};

/// How a verb goes on.
#[derive(Debug)]
pub enum Flow {
    /// It ended with this exit code.
    Done(i32),
    /// It waits in this state, until the store changes or this moment has come.
    Wait(Box<Waiting>, Option<SimTime>),
}

/// Whether a verb really writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DryRun {
    No,
    Client,
    Server,
}

impl DryRun {
    /// What is put behind a success line.
    pub fn suffix(self) -> &'static str {
        match self {
            DryRun::No => "",
            DryRun::Client => " (dry run)",
            DryRun::Server => " (server dry run)",
        }
    }
}

/// A verb's surroundings.
pub struct Console<'a, 'c> {
    pub client: &'a mut Client<'c>,
    pub files: &'a mut Files,
    pub logs: &'a dyn LogSource,
    pub out: &'a mut Output,
    /// The namespace asked for with -n, else the context's.
    pub namespace: Arc<str>,
    /// Whether it was asked for.
    pub namespace_given: bool,
    /// Under which field manager it writes.
    pub writer: Writer,
}

impl<'a, 'c> Console<'a, 'c> {
    /// A console in its context's namespace.
    pub fn new(
        settings: &Settings,
        client: &'a mut Client<'c>,
        files: &'a mut Files,
        logs: &'a dyn LogSource,
        out: &'a mut Output,
    ) -> Console<'a, 'c> {
        client.set_actor("kubectl");
        Console {
            client,
            files,
            logs,
            out,
            namespace: settings.namespace.clone(),
            namespace_given: false,
            writer: Writer {
                manager: "kubectl".into(),
                subresource: "",
            },
        }
    }

    /// Takes over the flags that concern every verb.
    pub fn adopt(&mut self, args: &Args) {
        if let Some(namespace) = args.get("namespace").filter(|n| !n.is_empty()) {
            self.namespace = namespace.into();
            self.namespace_given = true;
        }
        if let Some(manager) = args.get("field-manager").filter(|m| !m.is_empty()) {
            self.writer.manager = manager.into();
        }
    }

    /// A line on stdout.
    pub fn say(&mut self, line: impl AsRef<str>) {
        self.out.stdout.push_str(line.as_ref());
        self.out.stdout.push('\n');
    }

    /// A line on stderr.
    pub fn warn(&mut self, line: impl AsRef<str>) {
        self.out.stderr.push_str(line.as_ref());
        self.out.stderr.push('\n');
    }

    /// The moment.
    pub fn now(&self) -> SimTime {
        self.client.now()
    }

    /// What the server holds now.
    pub fn live(&self) -> Snapshot<'_> {
        self.client.live()
    }

    /// The revision of the last write.
    pub fn revision(&self) -> u64 {
        self.live().revision()
    }

    /// The namespace in which objects of a kind are looked for; empty for cluster-scoped kinds.
    pub fn namespace_of(&self, kind: Kind) -> &str {
        if kind.info().namespaced {
            &self.namespace
        } else {
            ""
        }
    }

    /// One object. Errors: NotFound.
    pub fn find(&self, kind: Kind, name: &str) -> Result<Arc<Object>, Failure> {
        let found = self
            .live()
            .find(kind, self.namespace_of(kind), name)
            .map(|object| in_version(object, kind));
        found.ok_or_else(|| ApiError::not_found(kind, name).into())
    }

    /// Prints `deployment.apps/web scaled`.
    pub fn done(&mut self, kind: Kind, name: &str, operation: &str, dry: DryRun) {
        self.say(format!(
            "{}/{name} {operation}{}",
            kind.singular_with_group(),
            dry.suffix()
        ));
    }

    /// A write as the flag `--dry-run` wants it: really, not at all (`None`), or taken back.
    /// Errors: the server's.
    pub fn write<T>(
        &mut self,
        dry: DryRun,
        act: impl FnOnce(&mut ApiServer, Cause) -> Result<T, ApiError>,
    ) -> Result<Option<T>, ApiError> {
        let (server, cause) = self.client.server();
        server.writer = Some(self.writer.clone());
        let done = match dry {
            DryRun::No => act(server, cause).map(Some),
            DryRun::Client => Ok(None),
            DryRun::Server => {
                let (revision, state) = (server.store().revision(), server.state.clone());
                let result = act(server, cause);
                server.restore(revision, state);
                result.map(Some)
            }
        };
        server.writer = None;
        done
    }

    /// Reads `--dry-run`. Errors: a value that is none.
    pub fn dry_run(&mut self, args: &Args) -> Result<DryRun, Failure> {
        match args.get("dry-run") {
            None | Some("none") => Ok(DryRun::No),
            Some("client") => Ok(DryRun::Client),
            Some("server") => Ok(DryRun::Server),
            Some("unchanged") => {
                self.warn("--dry-run is deprecated and can be replaced with --dry-run=client.");
                Ok(DryRun::Client)
            }
            Some(other) => Err(Failure::error(format!(
                "Invalid dry-run value ({other}). Must be \"none\", \"server\", or \"client\"."
            ))),
        }
    }
}
