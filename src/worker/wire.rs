//! How messages become bytes and back.
//!
//! Upstream: none.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The bytes of a message. Our messages are plain data, for which this cannot fail.
pub fn to_bytes<T: Serialize>(message: &T) -> Vec<u8> {
    postcard::to_allocvec(message).unwrap_or_default()
}

/// The message in these bytes, or `None` when they hold no such message.
pub fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    postcard::from_bytes(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Msg, Reply, Step};
    use crate::view::Frame;

    #[test]
    fn messages_survive_the_way() {
        let file = Msg::WriteFile {
            name: "a.yml".into(),
            text: "kind: Pod\n".into(),
        };
        for msg in [
            Msg::Frame { elapsed_us: 7 },
            Msg::Step(Step::To(-1)),
            Msg::Speed(0.25),
            file,
        ] {
            assert_eq!(from_bytes::<Msg>(&to_bytes(&msg)), Some(msg));
        }
        let replies = vec![Reply::Frame(Box::<Frame>::default()), Reply::BenchDone];
        assert_eq!(from_bytes::<Vec<Reply>>(&to_bytes(&replies)), Some(replies));
    }

    #[test]
    fn nonsense_is_no_message() {
        assert_eq!(from_bytes::<Msg>(&[250, 1, 2]), None);
    }
}
