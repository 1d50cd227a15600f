//! What a verb that fails prints: kubectl's words for its own and for the server's errors.
//!
//! Upstream: `kubectl/pkg/cmd/util/helpers.go` (checkErr, StandardErrorMessage, UsageErrorf).

use crate::apiserver::{ApiError, Reason};

/// The end of a command that failed: a text for stderr and an exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Without the last line break; nothing is printed if it is empty.
    pub text: String,
    pub code: i32,
}

impl Failure {
    /// A text as it is.
    pub fn plain(text: impl Into<String>) -> Failure {
        Failure {
            text: text.into(),
            code: 1,
        }
    }

    /// `error: <text>`.
    pub fn error(text: impl AsRef<str>) -> Failure {
        Failure::plain(format!("error: {}", text.as_ref()))
    }

    /// `error: <text>` and the line that points to the verb's help (`create deployment`).
    pub fn usage(verb: &str, text: impl AsRef<str>) -> Failure {
        Failure::plain(format!(
            "error: {}\nSee 'kubectl {verb} -h' for help and examples",
            text.as_ref()
        ))
    }

    /// Several failures, one after the other. `None` if there are none.
    pub fn all(failures: Vec<Failure>) -> Option<Failure> {
        let texts: Vec<String> = failures.into_iter().map(|f| f.text).collect();
        (!texts.is_empty()).then(|| Failure::plain(texts.join("\n")))
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Failure {
        Failure::plain(server_error(&error))
    }
}

/// How kubectl prints an answer of the server.
pub fn server_error(error: &ApiError) -> String {
    if error.reason == Reason::Unknown {
        return format!("Error from server: {}", error.message);
    }
    if error.reason != Reason::Invalid {
        return format!(
            "Error from server ({}): {}",
            error.reason.as_str(),
            error.message
        );
    }
    let head = if error.kind.is_empty() {
        "The request is invalid".to_string()
    } else {
        format!("The {} \"{}\" is invalid", error.kind, error.name)
    };
    let mut causes: Vec<String> = Vec::new();
    for cause in error.causes.iter().map(ToString::to_string) {
        if !causes.contains(&cause) {
            causes.push(cause);
        }
    }
    match causes.as_slice() {
        [] => format!("{head}: {}", error.message),
        [one] => format!("{head}: {one}"),
        several => format!("{head}: \n* {}", several.join("\n* ")),
    }
}
