//! Links: a story and a moment of it in the fragment of an address.
//!
//! `v1.` and base64url of deflated JSON: small, readable by later versions, and untrusted: sizes
//! are limited before and after inflating.
//!
//! Upstream: none.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::clock::SimTime;

use super::journal::Recorded;

/// What a link holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// Version of the engine that made it.
    pub engine: String,
    pub seed: u64,
    pub inputs: Vec<Recorded>,
    pub at: SimTime,
    /// The world's hash at that moment.
    pub hash: u64,
}

/// Why a link cannot be opened: an i18n key of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadLink {
    /// Not one of ours, or of a later format.
    Unknown,
    /// Cut off or changed on the way.
    Damaged,
    TooLarge,
}

impl BadLink {
    /// The page's i18n key.
    pub fn key(self) -> &'static str {
        match self {
            BadLink::Unknown => "link-unknown",
            BadLink::Damaged => "link-damaged",
            BadLink::TooLarge => "link-too-large",
        }
    }
}

const PREFIX: &str = "v1.";
const LINK_MAX: usize = 1 << 20;
const INFLATED_MAX: usize = 8 << 20;
const LEVEL: u8 = 9;

/// The fragment, without `#`.
pub fn write(link: &Link) -> String {
    let json = serde_json::to_vec(link).unwrap_or_default();
    format!(
        "{PREFIX}{}",
        URL_SAFE_NO_PAD.encode(miniz_oxide::deflate::compress_to_vec(&json, LEVEL))
    )
}

/// Reads a fragment. Errors: see [`BadLink`].
pub fn read(fragment: &str) -> Result<Link, BadLink> {
    if fragment.len() > LINK_MAX {
        return Err(BadLink::TooLarge);
    }
    let body = fragment.strip_prefix(PREFIX).ok_or(BadLink::Unknown)?;
    let packed = URL_SAFE_NO_PAD.decode(body);
    let packed = packed.map_err(|_| BadLink::Damaged)?;
    let json = miniz_oxide::inflate::decompress_to_vec_with_limit(&packed, INFLATED_MAX);
    let json = json.map_err(|e| match e.status {
        miniz_oxide::inflate::TINFLStatus::HasMoreOutput => BadLink::TooLarge,
        _ => BadLink::Damaged,
    })?;
    serde_json::from_slice(&json).map_err(|_| BadLink::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::journal::Input;

    fn link() -> Link {
        let input = Input::Console("kubectl get pods".into());
        let at = SimTime::from_unix_secs(1_767_603_610);
        Link {
            engine: "0.1.0".into(),
            seed: 1,
            inputs: vec![Recorded { at, input }],
            at,
            hash: u64::MAX,
        }
    }

    #[test]
    fn a_link_comes_back_as_it_was() {
        let fragment = write(&link());
        assert!(
            fragment
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        );
        assert_eq!(read(&fragment), Ok(link()));
    }

    #[test]
    fn foreign_and_damaged_links_are_told_apart() {
        assert_eq!(read("code/abc"), Err(BadLink::Unknown));
        assert_eq!(read("v9.abc"), Err(BadLink::Unknown));
        assert_eq!(read("v1.%%%"), Err(BadLink::Damaged));
        let fragment = write(&link());
        assert_eq!(read(&fragment[..fragment.len() - 8]), Err(BadLink::Damaged));
        assert_eq!(
            read(&format!("v1.{}", "A".repeat(LINK_MAX))),
            Err(BadLink::TooLarge)
        );
        let bomb = miniz_oxide::deflate::compress_to_vec(&vec![b' '; 9 << 20], 9);
        assert_eq!(
            read(&format!("v1.{}", URL_SAFE_NO_PAD.encode(&bomb))),
            Err(BadLink::TooLarge)
        );
    }
}
