//! YAML and JSON as text: read into trees that know where each node stands, printed as kubectl
//! prints.
//!
//! Reading takes two parsers: saphyr's for the nodes and their places, and libyaml's port for the
//! words and line of a syntax error, which kubectl prints as they are.
//!
//! Upstream: `sigs.k8s.io/yaml` with its `goyaml.v2`, `apimachinery/pkg/util/yaml` (splitting).
//! Differs: nesting is refused beyond 100 levels (10,000 there).

mod locate;
mod read;
mod resolve;
mod split;
mod syntax;
mod write;

pub use locate::{Place, Segment, parse_path};
pub use read::{Entry, Node, Tree, parse};
pub use split::{Piece, split};
pub use write::to_yaml;

/// A position: both counted from 1, columns in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

/// Where a node stands; the end is exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextSpan {
    pub start: Position,
    pub end: Position,
}

/// Why a text is no YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YamlError {
    /// go-yaml's words with their line, as kubectl prints them behind `yaml: `.
    pub message: String,
    /// Where the problem was found.
    pub span: TextSpan,
}

/// The longest text that is read, in bytes.
pub const TEXT_BYTES_MAX: usize = 5 * 1024 * 1024;

/// Errors: a text that is longer than what is read. A file is asked as a whole: its documents one
/// by one may all be short.
pub fn check_size(text: &str) -> Result<(), YamlError> {
    if text.len() <= TEXT_BYTES_MAX {
        return Ok(());
    }
    Err(YamlError {
        message: "the text is longer than 5 MB".into(),
        span: TextSpan::default(),
    })
}
