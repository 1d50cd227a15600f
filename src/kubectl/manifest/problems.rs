//! What goes wrong with a file's objects, one by one, and how it is printed in the end.
//!
//! Upstream: `kubectl/pkg/cmd/util/helpers.go` (checkErr, AddSourceToErr, MultipleErrors).

use crate::apiserver::{ApiError, Reason};
use crate::kubectl::errors::Failure;

/// A failure that concerns one object or one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// kubectl's own words, without `error: `.
    Text(String),
    /// The server's answer.
    Api(ApiError),
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Problem {
        Problem::Api(error)
    }
}

/// Puts `error when creating "f.yaml": ` before an answer of the server.
pub fn with_source(mut error: ApiError, act: &str, source: &str) -> Problem {
    error.message = format!("error when {act} \"{source}\": {}", error.message);
    Problem::Api(error)
}

/// The end of a command that met these problems. `None` if there are none.
pub fn failure(problems: Vec<Problem>) -> Option<Failure> {
    let is_single = problems.len() == 1;
    let mut lines = Vec::new();
    for problem in problems {
        match problem {
            Problem::Api(error) if is_single => return Some(error.into()),
            Problem::Text(text) if is_single => return Some(Failure::error(text)),
            // Among several, even an Invalid keeps the server's form, and no prefix is added.
            Problem::Api(error) if error.reason == Reason::Unknown => {
                lines.push(format!("Error from server: {}", error.message));
            }
            Problem::Api(error) => lines.push(format!(
                "Error from server ({}): {}",
                error.reason.as_str(),
                error.message
            )),
            Problem::Text(text) => lines.push(text),
        }
    }
    (!lines.is_empty()).then(|| Failure::plain(lines.join("\n")))
}
