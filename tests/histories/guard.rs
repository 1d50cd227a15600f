//! Looks at every write of a history: the acts of the controllers keep to their rules, judged by
//! what they could know.

use std::sync::Arc;

use kube_orrery::api::{Key, Kind, Object, Uid};
use kube_orrery::apiserver::{Change, Snapshot, Store};
use kube_orrery::clock::{SimTime, Span};
use kube_orrery::cluster::World;

use super::{pods, rollout};

/// How old the caches of the controllers are.
const LATENCY: Span = Span::millis(10);

/// A write, and the world around it.
pub struct Moment<'a> {
    pub change: Change<'a>,
    store: &'a Store,
    cached: u64,
}

impl<'a> Moment<'a> {
    /// What the controllers' caches held.
    pub fn cache(&self) -> Snapshot<'a> {
        self.store.at(self.cached)
    }

    pub fn before(&self) -> Snapshot<'a> {
        self.store.at(self.change.revision - 1)
    }

    pub fn after(&self) -> Snapshot<'a> {
        self.store.at(self.change.revision)
    }

    /// The versions of an object from the cached one up to the latest.
    pub fn versions(&self, key: &Key, uid: Uid) -> Vec<&'a Arc<Object>> {
        let since = self.store.changes(self.cached, self.change.revision);
        let since = since.filter(|change| change.object().key() == *key);
        let all = self.cache().get(key).into_iter();
        let all = all.chain(since.filter_map(|change| change.new));
        all.filter(|object| object.meta.uid == uid).collect()
    }

    /// Whether an object was written at this very moment.
    pub fn is_written_now(&self, key: &Key) -> bool {
        let earlier = self.store.revision_at(self.change.at - Span::micros(1));
        let mut now = self.store.changes(earlier, self.change.revision);
        now.any(|change| change.object().key() == *key)
    }

    /// The versions of the controller of the object that was written, if it is of a kind.
    pub fn owner(&self, kind: Kind) -> Option<(Uid, Vec<&'a Arc<Object>>)> {
        let meta = &self.change.object().meta;
        let owner = meta
            .controller()
            .filter(|owner| *owner.kind == *kind.name())?;
        let key = Key::new(kind, meta.namespace.clone(), owner.name.clone());
        let versions = self.versions(&key, owner.uid);
        (!versions.is_empty()).then_some((owner.uid, versions))
    }

    /// The object, if an actor has created it and it is of a kind.
    pub fn created_by(&self, actor: &str, kind: Kind) -> Option<&'a Arc<Object>> {
        let created = self.change.new.filter(|_| self.change.old.is_none());
        let created = created.filter(|object| object.kind() == kind);
        created.filter(|_| self.change.cause.actor == actor)
    }
}

/// Whether a pod is neither ended nor being deleted.
pub fn is_active(pod: &Object) -> bool {
    !pod.meta.is_deleting() && pod.pod().is_some_and(|body| !body.is_terminal())
}

/// How many active pods an owner has.
pub fn active(snapshot: Snapshot<'_>, owner: Uid) -> usize {
    snapshot
        .owned_by(Kind::Pod, owner)
        .filter(|pod| is_active(pod))
        .count()
}

/// The error of a rule that is broken.
pub fn hold(holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why()) }
}

/// Sees every write once.
pub struct Guard {
    seen: u64,
    last: (SimTime, String),
}

impl Guard {
    pub fn new(world: &World) -> Guard {
        Guard {
            seen: world.store().revision(),
            last: (world.now(), String::new()),
        }
    }

    /// When something else than events was last written.
    pub fn last_write(&self) -> SimTime {
        self.last.0
    }

    /// What that was.
    pub fn last_words(&self) -> &str {
        &self.last.1
    }

    /// Judges what was written since it last looked.
    pub fn look(&mut self, world: &World) -> Result<(), String> {
        let (store, revision) = (world.store(), world.store().revision());
        for change in store.changes(self.seen, revision) {
            if matches!(change.kind, Kind::Event | Kind::Lease) {
                continue;
            }
            self.last = (change.at, words(&change));
            let cached = store.revision_at(change.at - LATENCY);
            let moment = Moment {
                change,
                store,
                cached,
            };
            rollout::judge(&moment)
                .and_then(|()| pods::judge(&moment))
                .map_err(|why| format!("{}: {why}", words(&change)))?;
        }
        self.seen = revision;
        Ok(())
    }
}

/// A write in words.
pub fn words(change: &Change<'_>) -> String {
    let verb = match (change.old, change.new) {
        (None, _) => "creates",
        (_, None) => "removes",
        _ => "writes",
    };
    let object = change.object();
    format!(
        "{} {verb} {} {}",
        change.cause.actor,
        change.kind.name(),
        object.meta.name
    )
}
