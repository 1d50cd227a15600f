//! The API server's errors: reason, message and, for invalid objects, the causes by field.
//!
//! Upstream: `apimachinery/pkg/api/errors/errors.go`, `util/validation/field/errors.go`.

use crate::api::{Key, Kind};

/// `reason` of a status, which kubectl prints in brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    NotFound,
    AlreadyExists,
    Conflict,
    Forbidden,
    Invalid,
    BadRequest,
    MethodNotAllowed,
    TooManyRequests,
    UnsupportedMediaType,
    InternalError,
    ServiceUnavailable,
    /// None was given: kubectl prints no brackets.
    Unknown,
}

impl Reason {
    /// As printed: `NotFound`.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::NotFound => "NotFound",
            Reason::AlreadyExists => "AlreadyExists",
            Reason::Conflict => "Conflict",
            Reason::Forbidden => "Forbidden",
            Reason::Invalid => "Invalid",
            Reason::BadRequest => "BadRequest",
            Reason::MethodNotAllowed => "MethodNotAllowed",
            Reason::TooManyRequests => "TooManyRequests",
            Reason::UnsupportedMediaType => "UnsupportedMediaType",
            Reason::InternalError => "InternalError",
            Reason::ServiceUnavailable => "ServiceUnavailable",
            Reason::Unknown => "Unknown",
        }
    }
}

/// One cause of an Invalid error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// `spec.template.spec.containers[0].name`.
    pub path: String,
    /// All behind the path: `Required value`, `Invalid value: -1: must be …`.
    pub detail: String,
}

impl FieldError {
    /// `Required value`, with a detail unless that is empty.
    pub fn required(path: impl Into<String>, detail: &str) -> FieldError {
        let detail = if detail.is_empty() {
            "Required value".into()
        } else {
            format!("Required value: {detail}")
        };
        FieldError {
            path: path.into(),
            detail,
        }
    }

    /// `Invalid value: <value>: <detail>`; the value as printed, strings with their quotes.
    pub fn invalid(
        path: impl Into<String>,
        value: impl std::fmt::Display,
        detail: &str,
    ) -> FieldError {
        FieldError {
            path: path.into(),
            detail: format!("Invalid value: {value}: {detail}"),
        }
    }

    /// `Unsupported value: "x": supported values: "a", "b"`.
    pub fn not_supported(
        path: impl Into<String>,
        value: impl std::fmt::Display,
        supported: &[&str],
    ) -> FieldError {
        let list: Vec<String> = supported.iter().map(|s| format!("\"{s}\"")).collect();
        FieldError {
            path: path.into(),
            detail: format!(
                "Unsupported value: {value}: supported values: {}",
                list.join(", ")
            ),
        }
    }

    /// `Too many: <found>: must have at most <most> items`.
    pub fn too_many(path: impl Into<String>, found: usize, most: usize) -> FieldError {
        FieldError {
            path: path.into(),
            detail: format!("Too many: {found}: must have at most {most} items"),
        }
    }

    /// `Duplicate value: <value>`.
    pub fn duplicate(path: impl Into<String>, value: impl std::fmt::Display) -> FieldError {
        FieldError {
            path: path.into(),
            detail: format!("Duplicate value: {value}"),
        }
    }

    /// `Forbidden: <detail>`.
    pub fn forbidden(path: impl Into<String>, detail: &str) -> FieldError {
        FieldError {
            path: path.into(),
            detail: format!("Forbidden: {detail}"),
        }
    }

    /// `Not found: <value>`.
    pub fn not_found(path: impl Into<String>, value: impl std::fmt::Display) -> FieldError {
        FieldError {
            path: path.into(),
            detail: format!("Not found: {value}"),
        }
    }
}

impl std::fmt::Display for FieldError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path, self.detail)
    }
}

/// What the server answers instead of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    pub reason: Reason,
    /// The server's whole message.
    pub message: String,
    /// For Invalid: the kind (`Deployment`; empty for a bad patch) and name that kubectl repeats.
    pub kind: String,
    pub name: String,
    pub causes: Vec<FieldError>,
}

impl ApiError {
    /// An error without causes.
    pub fn new(reason: Reason, message: impl Into<String>) -> ApiError {
        ApiError {
            reason,
            message: message.into(),
            kind: String::new(),
            name: String::new(),
            causes: Vec::new(),
        }
    }

    /// `pods "x" not found`.
    pub fn not_found(kind: Kind, name: &str) -> ApiError {
        ApiError::new(
            Reason::NotFound,
            format!("{} \"{name}\" not found", kind.resource()),
        )
    }

    /// `deployments.apps "x" already exists`.
    pub fn already_exists(kind: Kind, name: &str) -> ApiError {
        ApiError::new(
            Reason::AlreadyExists,
            format!("{} \"{name}\" already exists", kind.resource()),
        )
    }

    /// `Operation cannot be fulfilled on pods "x": <why>`.
    pub fn conflict(key: &Key, why: &str) -> ApiError {
        let resource = key.kind.resource();
        ApiError::new(
            Reason::Conflict,
            format!(
                "Operation cannot be fulfilled on {resource} \"{}\": {why}",
                key.name
            ),
        )
    }

    /// The conflict of a stale resourceVersion.
    pub fn stale(key: &Key) -> ApiError {
        ApiError::conflict(
            key,
            "the object has been modified; please apply your changes to the latest version and try again",
        )
    }

    /// `pods "x" is forbidden: <why>`.
    pub fn forbidden(kind: Kind, name: &str, why: &str) -> ApiError {
        ApiError::new(
            Reason::Forbidden,
            format!("{} \"{name}\" is forbidden: {why}", kind.resource()),
        )
    }

    /// `Deployment.apps "x" is invalid: …`.
    pub fn invalid(kind: Kind, name: &str, causes: Vec<FieldError>) -> ApiError {
        let group = kind.info().group;
        let full = if group.is_empty() {
            kind.name().to_string()
        } else {
            format!("{}.{group}", kind.name())
        };
        let texts: Vec<String> = causes.iter().map(FieldError::to_string).collect();
        let list = if texts.len() == 1 {
            texts.concat()
        } else {
            format!("[{}]", texts.join(", "))
        };
        ApiError {
            reason: Reason::Invalid,
            message: format!("{full} \"{name}\" is invalid: {list}"),
            kind: kind.name().to_string(),
            name: name.to_string(),
            causes,
        }
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}
