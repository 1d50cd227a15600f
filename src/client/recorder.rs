//! The event recorder: counts equal events, merges similar ones, drops spam.
//!
//! Upstream: `client-go/tools/record/{event,events_cache}.go`; `tools/events` for the scheduler's
//! series. Differs: the cache of 4096 keys forgets the oldest insertion, not the least used.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::api::{Body, EventBody, InvolvedObject, Key, Kind, Message, Meta, Object, Series};
use crate::clock::{SimTime, Span, digest_of};

use super::Client;

/// Where events come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EventSource {
    /// `deployment-controller`, `kubelet`, `default-scheduler`.
    pub component: Arc<str>,
    /// The node of a kubelet; empty for others.
    pub host: Arc<str>,
    /// Whether it writes events of the new API: no counts, series by resourceVersion.
    pub new_api: bool,
}

/// One process's recorder.
#[derive(Clone, Debug, Hash)]
pub struct Recorder {
    source: EventSource,
    /// By the digest of the identity of an event.
    seen: Cache<Seen>,
    similar: Cache<Similar>,
    spam: Cache<Bucket>,
    sequence: u64,
}

#[derive(Clone, Debug, Hash)]
struct Seen {
    key: Key,
    count: u32,
    first: SimTime,
    last: SimTime,
}

#[derive(Clone, Debug, Default, Hash)]
struct Similar {
    messages: BTreeSet<u64>,
    last: SimTime,
}

#[derive(Clone, Debug, Hash)]
struct Bucket {
    /// Thousandths of a token.
    tokens: i64,
    last: SimTime,
}

/// More different messages than this about one object for one reason are merged.
const SIMILAR_MAX: usize = 10;
const SIMILAR_WINDOW: Span = Span::secs(600);
const SPAM_BURST: i64 = 25;
const SPAM_REFILL: Span = Span::secs(300);
/// The new API starts a series if the same event comes again within this time.
const SERIES_WINDOW: Span = Span::secs(360);
const CACHE_MAX: usize = 4096;

impl Recorder {
    /// A recorder for a component.
    pub fn new(component: &str, host: &str, new_api: bool) -> Recorder {
        Recorder::remembering(component, host, new_api, CACHE_MAX)
    }

    /// A recorder that remembers fewer events, for components of which there are many.
    pub fn with_memory(component: &str, host: &str, events_max: usize) -> Recorder {
        Recorder::remembering(component, host, false, events_max)
    }

    fn remembering(component: &str, host: &str, new_api: bool, events_max: usize) -> Recorder {
        Recorder {
            source: EventSource {
                component: component.into(),
                host: host.into(),
                new_api,
            },
            seen: Cache::new(events_max),
            similar: Cache::new(events_max),
            spam: Cache::new(events_max),
            sequence: 0,
        }
    }

    /// Records a Normal event.
    pub fn normal(
        &mut self,
        client: &mut Client<'_>,
        about: InvolvedObject,
        reason: &str,
        message: impl Into<Message>,
    ) {
        self.record(client, about, false, reason, message.into());
    }

    /// Records a Warning event.
    pub fn warning(
        &mut self,
        client: &mut Client<'_>,
        about: InvolvedObject,
        reason: &str,
        message: impl Into<Message>,
    ) {
        self.record(client, about, true, reason, message.into());
    }

    fn record(
        &mut self,
        client: &mut Client<'_>,
        about: InvolvedObject,
        warning: bool,
        reason: &str,
        message: Message,
    ) {
        let now = client.now();
        if self.source.new_api {
            return self.record_new_api(client, about, warning, reason, message, now);
        }
        let (message, merged) = self.merge_similar(&about, warning, reason, message, now);
        // A merged event is one whatever its text.
        let told_apart_by = if merged { None } else { Some(&message) };
        let identity = digest_of(&(
            about.kind,
            about.uid,
            &about.name,
            &about.field_path,
            warning,
            reason,
            told_apart_by,
        ));
        let allowed = self.allows(&about, warning, now);
        let known = self
            .seen
            .get_mut(identity)
            .filter(|s| client.live().get(&s.key).is_some());
        let known = known.map(|seen| {
            seen.count += 1;
            seen.last = now;
            seen.clone()
        });
        let seen = known.unwrap_or_else(|| {
            let key = self.next_key(&about, now);
            let seen = Seen {
                key,
                count: 1,
                first: now,
                last: now,
            };
            self.seen.insert(identity, seen.clone());
            seen
        });
        if allowed {
            let object = self.object(
                &seen.key,
                about,
                warning,
                reason,
                message,
                (seen.first, now, seen.count),
            );
            client.put_event(object);
        }
    }

    fn record_new_api(
        &mut self,
        client: &mut Client<'_>,
        about: InvolvedObject,
        warning: bool,
        reason: &str,
        message: Message,
        now: SimTime,
    ) {
        let identity = digest_of(&(&about, warning, reason));
        let known = self
            .seen
            .get_mut(identity)
            .filter(|seen| now - seen.last <= SERIES_WINDOW);
        let Some(seen) = known else {
            let key = self.next_key(&about, now);
            self.seen.insert(
                identity,
                Seen {
                    key: key.clone(),
                    count: 1,
                    first: now,
                    last: now,
                },
            );
            let object = self.object(&key, about, warning, reason, message, (now, now, 1));
            client.put_event(object);
            return;
        };
        seen.count += 1;
        seen.last = now;
        if seen.count == 2 {
            let Seen { key, first, .. } = seen.clone();
            let mut object = self.object(&key, about, warning, reason, message, (first, now, 1));
            if let Body::Event(event) = &mut object.body {
                Arc::make_mut(event).series = Some(Series {
                    count: 2,
                    last_observed: now,
                });
            }
            client.put_event(object);
        }
    }

    /// The tenth different message about one object for one reason, and those after it, become one
    /// event.
    fn merge_similar(
        &mut self,
        about: &InvolvedObject,
        warning: bool,
        reason: &str,
        message: Message,
        now: SimTime,
    ) -> (Message, bool) {
        let group = digest_of(&(about.kind, about.uid, &about.name, warning, reason));
        let similar = self.similar.get_or_insert(group);
        if now - similar.last > SIMILAR_WINDOW {
            similar.messages.clear();
        }
        similar.last = now;
        similar.messages.insert(digest_of(&message));
        if similar.messages.len() < SIMILAR_MAX {
            return (message, false);
        }
        similar.messages.remove(&digest_of(&message));
        (
            Message::new(
                "(combined from similar events): {}",
                [message.to_string().into()],
            ),
            true,
        )
    }

    fn allows(&mut self, about: &InvolvedObject, warning: bool, now: SimTime) -> bool {
        let group = digest_of(&(about.kind, about.uid, &about.name, warning));
        let bucket = self.spam.get_or_insert_with(group, || Bucket {
            tokens: SPAM_BURST * 1000,
            last: now,
        });
        let refill = (now - bucket.last).as_micros() * 1000 / SPAM_REFILL.as_micros();
        if refill > 0 {
            bucket.tokens = (bucket.tokens + refill).min(SPAM_BURST * 1000);
            bucket.last = now;
        }
        if bucket.tokens < 1000 {
            return false;
        }
        bucket.tokens -= 1000;
        true
    }

    /// `web-0.18ea96b62e6d2346`: the object and the nanosecond, which a count keeps unique.
    fn next_key(&mut self, about: &InvolvedObject, now: SimTime) -> Key {
        self.sequence += 1;
        let nanos = now.unix_micros() * 1000 + i64::try_from(self.sequence % 1000).unwrap_or(0);
        let namespace = if about.namespace.is_empty() {
            "default".into()
        } else {
            about.namespace.clone()
        };
        Key::new(
            Kind::Event,
            namespace,
            format!("{}.{nanos:016x}", about.name),
        )
    }

    fn object(
        &self,
        key: &Key,
        involved: InvolvedObject,
        warning: bool,
        reason: &str,
        message: Message,
        (first, last, count): (SimTime, SimTime, u32),
    ) -> Object {
        let meta = Meta {
            uid: crate::api::Uid(u128::from(digest_of(&key.name)) | (1 << 64)),
            created: first,
            ..Meta::named(key.namespace.clone(), key.name.clone())
        };
        let body = EventBody {
            involved,
            warning,
            reason: reason.into(),
            message,
            component: self.source.component.clone(),
            host: self.source.host.clone(),
            first,
            last,
            count,
            new_api: self.source.new_api,
            series: None,
        };
        Object {
            meta,
            body: Body::Event(Arc::new(body)),
        }
    }
}

/// A map that forgets its oldest keys.
#[derive(Clone, Debug, Hash)]
struct Cache<V> {
    map: BTreeMap<u64, V>,
    order: VecDeque<u64>,
    keys_max: usize,
}

impl<V> Cache<V> {
    fn new(keys_max: usize) -> Cache<V> {
        Cache {
            map: BTreeMap::new(),
            order: VecDeque::new(),
            keys_max,
        }
    }

    fn get_mut(&mut self, key: u64) -> Option<&mut V> {
        self.map.get_mut(&key)
    }

    fn insert(&mut self, key: u64, value: V) {
        if self.map.insert(key, value).is_none() {
            self.order.push_back(key);
        }
        let full = self.order.len() > self.keys_max;
        if let Some(oldest) = full.then(|| self.order.pop_front()).flatten() {
            self.map.remove(&oldest);
        }
    }

    fn get_or_insert_with(&mut self, key: u64, make: impl FnOnce() -> V) -> &mut V {
        if !self.map.contains_key(&key) {
            self.insert(key, make());
        }
        self.map
            .get_mut(&key)
            .unwrap_or_else(|| unreachable!("it was just inserted"))
    }
}

impl<V: Default> Cache<V> {
    fn get_or_insert(&mut self, key: u64) -> &mut V {
        self.get_or_insert_with(key, V::default)
    }
}
