//! The event recorder: counts equal events, merges similar ones, drops spam.
//!
//! Upstream: `client-go/tools/record/{event,events_cache}.go`; `tools/events` for the scheduler's
//! series. Differs: as the cache of 4096 keys does (`recent`).

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::api::{Body, EventBody, InvolvedObject, Key, Kind, Message, Meta, Object, Series};
use crate::clock::{SimTime, Span, digest_of, push_hex};

use super::Client;
use super::recent::Recent;

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
#[derive(Clone, Debug)]
pub struct Recorder {
    source: EventSource,
    /// By the digest of the identity of an event.
    seen: Recent<Seen>,
    similar: Recent<Similar>,
    spam: Recent<Bucket>,
    sequence: u64,
    /// A digest of everything that was recorded so far, from which all of the above follows.
    past: u64,
}

#[derive(Clone, Debug)]
struct Seen {
    key: Key,
    count: u32,
    first: SimTime,
    last: SimTime,
}

#[derive(Clone, Debug, Default)]
struct Similar {
    /// Digests of the different messages: nearly always one, which takes no allocation.
    first: Option<u64>,
    others: Vec<u64>,
    last: SimTime,
}

#[derive(Clone, Debug)]
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
            seen: Recent::new(events_max),
            similar: Recent::new(events_max),
            spam: Recent::new(events_max),
            sequence: 0,
            past: 0,
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
        let source = digest_of(&(about.kind, about.uid, &about.name, warning));
        let group = digest_of(&(source, reason));
        let text = digest_of(&message);
        let (message, merged) = self.merge_similar(group, text, message, now);
        // A merged event is one whatever its text.
        let told_apart_by = if merged { None } else { Some(text) };
        let identity = digest_of(&(group, &about.field_path, told_apart_by));
        let allowed = self.allows(source, now);
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
        self.past = digest_of(&(self.past, identity, text, seen.count, now));
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
        self.past = digest_of(&(self.past, identity, now));
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
        group: u64,
        text: u64,
        message: Message,
        now: SimTime,
    ) -> (Message, bool) {
        let similar = self.similar.get_or_insert_with(group, Similar::default);
        if now - similar.last > SIMILAR_WINDOW {
            similar.first = None;
            similar.others.clear();
        }
        similar.last = now;
        if similar.takes(text) {
            return (message, false);
        }
        (
            Message::new(
                "(combined from similar events): {}",
                [message.to_string().into()],
            ),
            true,
        )
    }

    fn allows(&mut self, source: u64, now: SimTime) -> bool {
        let bucket = self.spam.get_or_insert_with(source, || Bucket {
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
        let mut name = String::with_capacity(about.name.len() + 17);
        name.push_str(&about.name);
        name.push('.');
        push_hex(&mut name, nanos as u64);
        Key::new(Kind::Event, namespace, name)
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

impl Hash for Recorder {
    fn hash<H: Hasher>(&self, h: &mut H) {
        (self.sequence, self.past).hash(h);
    }
}

impl Similar {
    /// Notes a message; whether there are fewer than ten different ones, this one included.
    fn takes(&mut self, text: u64) -> bool {
        let Some(first) = self.first else {
            self.first = Some(text);
            return true;
        };
        if first == text || self.others.contains(&text) {
            return true;
        }
        let few = self.others.len() + 2 < SIMILAR_MAX;
        if few {
            self.others.push(text);
        }
        few
    }
}
