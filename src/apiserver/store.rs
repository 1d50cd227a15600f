//! The store: every version of every object, append-only, with one revision a write.
//!
//! Upstream: etcd's MVCC store and `k8s.io/apiserver/pkg/storage`. Differs: leases are not a write
//! per renewal (see `api::LeaseBody`), so revisions grow more slowly.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::api::{KINDS, Key, Kind, Name, Object, Uid};
use crate::clock::{SimTime, digest_of};

use super::Snapshot;
use super::managed::Note;

/// What led to a write: the act of the visitor, an earlier write, or a timer set after one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trigger {
    /// The world's beginning.
    #[default]
    Start,
    /// The visitor's input of this number.
    Input(u32),
    /// The watch event of the write with this revision.
    Write(u64),
    /// A timer that the write with this revision led to.
    Timer(u64),
}

/// Who wrote, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cause {
    /// `kubectl`, `deployment-controller`, `kubelet`, …
    pub actor: &'static str,
    pub trigger: Trigger,
}

/// One write as watchers see it.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    pub revision: u64,
    pub kind: Kind,
    /// `None` if the object was created.
    pub old: Option<&'a Arc<Object>>,
    /// `None` if it was deleted.
    pub new: Option<&'a Arc<Object>>,
    pub at: SimTime,
    pub cause: Cause,
}

impl<'a> Change<'a> {
    /// The object after the write, or as it last was.
    pub fn object(&self) -> &'a Arc<Object> {
        self.new
            .or(self.old)
            .unwrap_or_else(|| unreachable!("a change has an object"))
    }
}

/// All versions of all objects.
pub struct Store {
    tables: Vec<Table>,
    custom: BTreeMap<Kind, Table>,
    log: Vec<LogEntry>,
    by_owner: BTreeMap<Uid, Vec<(Kind, u32)>>,
    by_node: BTreeMap<Arc<str>, Vec<u32>>,
    digest: u64,
    /// Of writes by users, by revision, each with its digest.
    pub(super) notes: BTreeMap<u64, (Note, u64)>,
}

#[derive(Default)]
struct Table {
    /// By namespace and name.
    by_key: BTreeMap<Arc<str>, BTreeMap<Name, u32>>,
    slots: Vec<Vec<Version>>,
}

/// The table of a custom kind that has no objects yet.
static EMPTY: Table = Table {
    by_key: BTreeMap::new(),
    slots: Vec::new(),
};

struct Version {
    revision: u64,
    object: Option<Arc<Object>>,
    /// Of the object; 0 for an end.
    digest: u64,
}

impl Version {
    /// What this version adds to the digest of the state.
    fn share(&self) -> u64 {
        if self.object.is_some() {
            digest_of(&(self.digest, self.revision))
        } else {
            0
        }
    }
}

struct LogEntry {
    kind: Kind,
    slot: u32,
    version: u32,
    /// Index entries that this write added, taken back when the write is undone.
    indexed: Indexed,
    at: SimTime,
    cause: Cause,
}

#[derive(Clone, Copy, Default)]
struct Indexed {
    owner: Option<Uid>,
    node: bool,
}

impl Default for Store {
    fn default() -> Self {
        Store {
            tables: KINDS.iter().map(|_| Table::default()).collect(),
            custom: BTreeMap::new(),
            log: Vec::new(),
            by_owner: BTreeMap::new(),
            by_node: BTreeMap::new(),
            digest: 0,
            notes: BTreeMap::new(),
        }
    }
}

impl Store {
    /// The revision of the last write; 0 when empty.
    pub fn revision(&self) -> u64 {
        self.log.len() as u64
    }

    /// The sum of the digests of all objects that exist now, and what was noted of writes.
    pub fn digest(&self) -> u64 {
        let notes = self.notes.values().map(|(_, digest)| *digest);
        notes.fold(self.digest, u64::wrapping_add)
    }

    /// The state after the last write.
    pub fn head(&self) -> Snapshot<'_> {
        self.at(self.revision())
    }

    /// The state after the write with this revision (a later one than the last reads as the last).
    pub fn at(&self, revision: u64) -> Snapshot<'_> {
        Snapshot::new(self, revision.min(self.revision()))
    }

    /// The moment and cause of a write. `None` for revision 0 and those to come.
    pub fn write_info(&self, revision: u64) -> Option<(SimTime, Cause)> {
        let entry = self
            .log
            .get(usize::try_from(revision.checked_sub(1)?).ok()?)?;
        Some((entry.at, entry.cause))
    }

    /// The write with this revision.
    pub fn change(&self, revision: u64) -> Option<Change<'_>> {
        let entry = self
            .log
            .get(usize::try_from(revision.checked_sub(1)?).ok()?)?;
        let versions = self.table(entry.kind).slots.get(entry.slot as usize)?;
        let get = |i: u32| versions.get(i as usize).and_then(|v| v.object.as_ref());
        let old = entry.version.checked_sub(1).and_then(get);
        let new = get(entry.version);
        Some(Change {
            revision,
            kind: entry.kind,
            old,
            new,
            at: entry.at,
            cause: entry.cause,
        })
    }

    /// The writes after `after` up to and including `until`, in order.
    pub fn changes(&self, after: u64, until: u64) -> impl Iterator<Item = Change<'_>> {
        (after + 1..=until.min(self.revision())).filter_map(|revision| self.change(revision))
    }

    /// The last revision whose write happened no later than `at`.
    pub fn revision_at(&self, at: SimTime) -> u64 {
        self.log.partition_point(|entry| entry.at <= at) as u64
    }

    /// The same for one who knows that it is `known` or a little more.
    pub fn revision_from(&self, known: u64, at: SimTime) -> u64 {
        let later = usize::try_from(known).ok().and_then(|n| self.log.get(n..));
        let more = later.into_iter().flatten();
        known + more.take_while(|entry| entry.at <= at).count() as u64
    }

    /// Every version of one object up to a revision, oldest first: revision, and the object or
    /// `None` for its deletion.
    pub fn history(&self, key: &Key, until: u64) -> Vec<(u64, Option<&Arc<Object>>)> {
        let Some(slot) = self.slot(key) else {
            return Vec::new();
        };
        let versions = self
            .table(key.kind)
            .slots
            .get(slot as usize)
            .into_iter()
            .flatten();
        versions
            .take_while(|v| v.revision <= until)
            .map(|v| (v.revision, v.object.as_ref()))
            .collect()
    }

    /// How often an object in this slot has come to its end.
    pub(super) fn deaths(&self, kind: Kind, slot: u32) -> u64 {
        let versions = self.table(kind).slots.get(slot as usize);
        let ends = versions
            .into_iter()
            .flatten()
            .filter(|v| v.object.is_none());
        ends.count() as u64
    }

    /// The digest of the current version in a slot.
    pub(super) fn digest_of_current(&self, kind: Kind, slot: u32) -> Option<u64> {
        let last = self.table(kind).slots.get(slot as usize)?.last()?;
        last.object.as_ref().map(|_| last.digest)
    }

    /// Stores a new version (or, with `None`, the end) of an object and returns it as stored.
    /// `digest` is the object's.
    pub(super) fn put(
        &mut self,
        key: &Key,
        object: Option<Object>,
        digest: u64,
        at: SimTime,
        cause: Cause,
    ) -> Option<Arc<Object>> {
        let slot = self.slot_or_new(key);
        self.put_in(key.kind, slot, object, digest, at, cause)
    }

    /// The same in a slot that is known already.
    pub(super) fn put_in(
        &mut self,
        kind: Kind,
        slot: u32,
        object: Option<Object>,
        digest: u64,
        at: SimTime,
        cause: Cause,
    ) -> Option<Arc<Object>> {
        let revision = self.revision() + 1;
        let object = object.map(|mut object| {
            object.meta.resource_version = revision;
            Arc::new(object)
        });
        let old = self.latest(kind, slot).cloned();
        let indexed = object
            .as_ref()
            .map(|new| self.index(old.as_deref(), new, slot));
        let stored = object.clone();
        let new = Version {
            revision,
            object,
            digest,
        };
        let versions = self.versions_mut(kind, slot);
        let version = u32::try_from(versions.len()).unwrap_or(u32::MAX);
        let (before, after) = (versions.last().map_or(0, Version::share), new.share());
        versions.push(new);
        self.digest = self.digest.wrapping_sub(before).wrapping_add(after);
        let indexed = indexed.unwrap_or_default();
        self.log.push(LogEntry {
            kind,
            slot,
            version,
            indexed,
            at,
            cause,
        });
        stored
    }

    /// Takes back every write after `revision`: the world goes back in time.
    pub fn truncate(&mut self, revision: u64) {
        self.notes.split_off(&(revision + 1));
        while self.revision() > revision {
            let Some(entry) = self.log.pop() else { return };
            let versions = self.versions_mut(entry.kind, entry.slot);
            let Some(undone) = versions.pop() else { return };
            let before = versions.last().map_or(0, Version::share);
            self.digest = self
                .digest
                .wrapping_sub(undone.share())
                .wrapping_add(before);
            let undone = undone.object;
            if let Some(object) = &undone {
                self.unindex(entry.indexed, object);
            }
            if let (0, Some(object)) = (entry.version, undone) {
                // Slots are numbered by birth, so the slot of an undone birth is the last one.
                let table = self.table_mut(entry.kind);
                table.slots.pop();
                if let Some(names) = table.by_key.get_mut(&object.meta.namespace) {
                    names.remove(&Name(object.meta.name.clone()));
                }
            }
        }
    }

    fn index(&mut self, old: Option<&Object>, new: &Arc<Object>, slot: u32) -> Indexed {
        let owner = |o: &Object| o.meta.controller().map(|c| c.uid).unwrap_or_default();
        let node = |o: &Object| o.pod().and_then(|p| p.node_name.clone());
        let mut indexed = Indexed::default();
        // Only a name that is used again, or an object that was owned before, can be listed yet.
        if old.map(owner) != Some(owner(new)) {
            let used = !self.versions_mut(new.kind(), slot).is_empty();
            let list = self.by_owner.entry(owner(new)).or_default();
            if !used || !list.contains(&(new.kind(), slot)) {
                list.push((new.kind(), slot));
                indexed.owner = Some(owner(new));
            }
        }
        if let Some(name) = node(new).filter(|name| old.and_then(node).as_ref() != Some(name)) {
            let versions = self.versions_mut(new.kind(), slot);
            let reborn = versions.iter().any(|v| v.object.is_none());
            let list = self.by_node.entry(name).or_default();
            if !reborn || !list.contains(&slot) {
                list.push(slot);
                indexed.node = true;
            }
        }
        indexed
    }

    fn unindex(&mut self, indexed: Indexed, object: &Object) {
        // Writes are undone last first, so the entry of this one is the last of its list.
        if let Some(list) = indexed.owner.and_then(|uid| self.by_owner.get_mut(&uid)) {
            list.pop();
        }
        let node = object.pod().and_then(|p| p.node_name.as_ref());
        if let (true, Some(list)) = (indexed.node, node.and_then(|n| self.by_node.get_mut(n))) {
            list.pop();
        }
    }

    pub(super) fn latest_at(&self, kind: Kind, slot: u32, revision: u64) -> Option<&Arc<Object>> {
        let versions = self.table(kind).slots.get(slot as usize)?;
        let last = versions.last()?;
        if last.revision <= revision {
            return last.object.as_ref();
        }
        let count = versions.partition_point(|v| v.revision <= revision);
        versions.get(count.checked_sub(1)?)?.object.as_ref()
    }

    /// The object that is in a slot now.
    pub(super) fn latest(&self, kind: Kind, slot: u32) -> Option<&Arc<Object>> {
        self.table(kind)
            .slots
            .get(slot as usize)?
            .last()?
            .object
            .as_ref()
    }

    pub(super) fn slot(&self, key: &Key) -> Option<u32> {
        let names = self.table(key.kind).by_key.get(&key.namespace)?;
        names.get(&Name(key.name.clone())).copied()
    }

    /// The slot of a key by its parts.
    pub(super) fn slot_of(&self, kind: Kind, namespace: &str, name: &str) -> Option<u32> {
        let names = self.table(kind).by_key.get(namespace)?;
        names.get(&Name::from(name)).copied()
    }

    /// Slots of a kind in the order of (namespace, name), of one namespace or of all.
    pub(super) fn slots(&self, kind: Kind, namespace: Option<&str>) -> impl Iterator<Item = u32> {
        let by_key = &self.table(kind).by_key;
        let one = namespace.map(|namespace| by_key.get(namespace));
        let all = if one.is_none() {
            Some(by_key.values())
        } else {
            None
        };
        let names = one.flatten().into_iter().chain(all.into_iter().flatten());
        names.flat_map(|names| names.values().copied())
    }

    pub(super) fn owned_slots(&self, uid: Uid) -> &[(Kind, u32)] {
        self.by_owner
            .get(&uid)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    pub(super) fn node_slots(&self, node: &str) -> &[u32] {
        self.by_node
            .get(node)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    pub(super) fn slot_count(&self, kind: Kind) -> u32 {
        u32::try_from(self.table(kind).slots.len()).unwrap_or(u32::MAX)
    }

    /// Visits the slots of a kind in the order of their creation, until told to stop.
    pub(super) fn visit_by_age(
        &self,
        kind: Kind,
        from: u32,
        mut visit: impl FnMut(u32, Option<&Arc<Object>>) -> ControlFlow<()>,
    ) {
        for slot in from..u32::try_from(self.table(kind).slots.len()).unwrap_or(u32::MAX) {
            if visit(slot, self.latest(kind, slot)).is_break() {
                return;
            }
        }
    }

    fn slot_or_new(&mut self, key: &Key) -> u32 {
        let table = self.table_mut(key.kind);
        let names = match table.by_key.get_mut(&key.namespace) {
            Some(names) => names,
            None => table.by_key.entry(key.namespace.clone()).or_default(),
        };
        let next = u32::try_from(table.slots.len()).unwrap_or(u32::MAX);
        let slot = *names.entry(Name(key.name.clone())).or_insert(next);
        if slot == next {
            table.slots.push(Vec::new());
        }
        slot
    }

    fn table(&self, kind: Kind) -> &Table {
        match kind.place() {
            Some(place) => self.tables.get(place).unwrap_or(&EMPTY),
            None => self.custom.get(&kind).unwrap_or(&EMPTY),
        }
    }

    fn table_mut(&mut self, kind: Kind) -> &mut Table {
        let table = match kind.place() {
            Some(place) => self.tables.get_mut(place),
            None => Some(self.custom.entry(kind).or_default()),
        };
        table.unwrap_or_else(|| unreachable!("a table a kind"))
    }

    fn versions_mut(&mut self, kind: Kind, slot: u32) -> &mut Vec<Version> {
        let slots = &mut self.table_mut(kind).slots;
        slots
            .get_mut(slot as usize)
            .unwrap_or_else(|| unreachable!("slots are never removed while logged"))
    }
}
