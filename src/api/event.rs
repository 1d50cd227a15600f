//! Events, compact: who, what, how often; the message is a template with arguments.
//!
//! Upstream: `core/v1.Event`, `client-go/tools/record`.

use std::fmt;
use std::sync::Arc;

use crate::clock::SimTime;

use super::meta::no_text;
use super::{Kind, Meta, Object, Uid};

/// `involvedObject`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InvolvedObject {
    pub kind: Kind,
    pub namespace: Arc<str>,
    pub name: Arc<str>,
    /// Zero where the writer gives none (the kubelet's events about its node).
    pub uid: Uid,
    pub resource_version: u64,
    /// `spec.containers{web}`; empty for the object itself.
    pub field_path: Arc<str>,
}

impl InvolvedObject {
    /// A reference to an object.
    pub fn of(object: &Object) -> InvolvedObject {
        InvolvedObject::to(object.kind(), &object.meta)
    }

    /// A reference by kind and metadata.
    pub fn to(kind: Kind, meta: &Meta) -> InvolvedObject {
        InvolvedObject {
            kind,
            namespace: meta.namespace.clone(),
            name: meta.name.clone(),
            uid: meta.uid,
            resource_version: meta.resource_version,
            field_path: no_text(),
        }
    }
}

/// What differs between events of the same template.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Arg {
    Text(Arc<str>),
    Number(i64),
}

/// A message: `{}` in the template stands for the next argument.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Message {
    pub template: &'static str,
    pub args: Vec<Arg>,
}

impl Message {
    /// A message with arguments.
    pub fn new(template: &'static str, args: impl IntoIterator<Item = Arg>) -> Message {
        Message {
            template,
            args: args.into_iter().collect(),
        }
    }

    /// A message that is one text.
    pub fn text(text: impl Into<Arc<str>>) -> Message {
        Message {
            template: "{}",
            args: vec![Arg::Text(text.into())],
        }
    }
}

impl From<&'static str> for Message {
    fn from(template: &'static str) -> Message {
        Message {
            template,
            args: Vec::new(),
        }
    }
}
impl From<String> for Message {
    fn from(text: String) -> Message {
        Message::text(text)
    }
}
impl From<&Arc<str>> for Arg {
    fn from(text: &Arc<str>) -> Arg {
        Arg::Text(text.clone())
    }
}
impl From<&str> for Arg {
    fn from(text: &str) -> Arg {
        Arg::Text(text.into())
    }
}
impl From<String> for Arg {
    fn from(text: String) -> Arg {
        Arg::Text(text.into())
    }
}
impl From<i64> for Arg {
    fn from(n: i64) -> Arg {
        Arg::Number(n)
    }
}
impl From<i32> for Arg {
    fn from(n: i32) -> Arg {
        Arg::Number(n.into())
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut args = self.args.iter();
        let mut parts = self.template.split("{}");
        f.write_str(parts.next().unwrap_or_default())?;
        for part in parts {
            match args.next() {
                Some(Arg::Text(text)) => f.write_str(text)?,
                Some(Arg::Number(n)) => write!(f, "{n}")?,
                None => f.write_str("{}")?,
            }
            f.write_str(part)?;
        }
        Ok(())
    }
}

/// `series` of an event of the new API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Series {
    pub count: u32,
    pub last_observed: SimTime,
}

/// Everything of an event but its metadata.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EventBody {
    pub involved: InvolvedObject,
    pub warning: bool,
    pub reason: Arc<str>,
    pub message: Message,
    /// `source.component` and `reportingComponent`.
    pub component: Arc<str>,
    /// `source.host`; empty for controllers.
    pub host: Arc<str>,
    pub first: SimTime,
    pub last: SimTime,
    pub count: u32,
    /// Written by the new API (the scheduler): `eventTime` = `first`, no count, no timestamps.
    pub new_api: bool,
    pub series: Option<Series>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_fills_in_arguments() {
        let message = Message::new(
            "Scaled {} from {} to {}",
            ["web".into(), 0i64.into(), 3i64.into()],
        );
        assert_eq!(message.to_string(), "Scaled web from 0 to 3");
        assert_eq!(Message::text("a {} b").to_string(), "a {} b");
    }
}
