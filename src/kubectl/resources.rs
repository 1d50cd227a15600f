//! From the words of a command line to objects: `TYPE`, `TYPE NAME…`, `TYPE/NAME…`, `TYPE1,TYPE2`.
//!
//! Upstream: `cli-runtime/pkg/resource/builder.go`.

use std::str::FromStr;
use std::sync::Arc;

use crate::api::{Kind, Object, Selector};
use crate::apiserver::{ApiError, FieldValidation, Reason, Snapshot, in_version};

use super::args::Args;
use super::console::Console;
use super::errors::Failure;
use super::fields;
use super::manifest::{Problem, failure, load, with_source};

/// What the words of a command name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// Objects by name.
    Named(Vec<(Kind, String)>),
    /// All objects of some kinds, or those that a selector picks.
    Listed(Vec<Kind>),
}

impl Wanted {
    /// The kinds, each once, in the order asked for.
    pub fn kinds(&self) -> Vec<Kind> {
        let mut kinds = Vec::new();
        let all: Vec<Kind> = match self {
            Wanted::Named(list) => list.iter().map(|(kind, _)| *kind).collect(),
            Wanted::Listed(list) => list.clone(),
        };
        for kind in all {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        kinds
    }

    /// Whether exactly one object is asked for, by its name.
    pub fn is_single(&self) -> bool {
        matches!(self, Wanted::Named(list) if list.len() == 1)
    }
}

/// The failure of verbs that were given no object at all.
pub fn nothing_given() -> Failure {
    Failure::error(
        "You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'",
    )
}

/// The failure of verbs that need names and were given a type only.
pub fn no_name() -> Failure {
    Failure::error("resource(s) were provided, but no name was specified")
}

/// Reads type and name words. Errors: kubectl's, an empty list included.
pub fn wanted(words: &[String], server: Snapshot<'_>) -> Result<Wanted, Failure> {
    let Some((first, names)) = words.split_first() else {
        return Err(nothing_given());
    };
    if words.iter().any(|w| w.contains('/')) {
        return slashed(words, server).map(Wanted::Named);
    }
    let kinds = kinds_of(first, server)?;
    if names.is_empty() {
        return Ok(Wanted::Listed(kinds));
    }
    let pairs = kinds
        .iter()
        .flat_map(|kind| names.iter().map(|n| (*kind, n.clone())));
    Ok(Wanted::Named(pairs.collect()))
}

fn slashed(words: &[String], server: Snapshot<'_>) -> Result<Vec<(Kind, String)>, Failure> {
    let mut list = Vec::new();
    for word in words {
        let mut parts = word.split('/');
        let (kind, name) = (parts.next().unwrap_or_default(), parts.next());
        if parts.next().is_some() {
            return Err(Failure::error(
                "arguments in resource/name form may not have more than one slash",
            ));
        }
        let Some(name) = name else {
            return Err(Failure::error(
                "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'",
            ));
        };
        if kind.is_empty() || name.is_empty() {
            return Err(Failure::error(
                "arguments in resource/name form must have a single resource and name",
            ));
        }
        for kind in kinds_of(kind, server)? {
            list.push((kind, name.to_string()));
        }
    }
    Ok(list)
}

/// The kinds that `pods,svc` or a category such as `all` means.
pub fn kinds_of(word: &str, server: Snapshot<'_>) -> Result<Vec<Kind>, Failure> {
    let mut kinds = Vec::new();
    for part in word.split(',') {
        let all = server.kinds();
        let before = kinds.len();
        kinds.extend(all.filter(|kind| kind.info().categories.contains(&part)));
        if kinds.len() == before {
            kinds.push(kind_of(part, server)?);
        }
    }
    Ok(kinds)
}

/// The kind that one word means.
pub fn kind_of(word: &str, server: Snapshot<'_>) -> Result<Kind, Failure> {
    server.kind_by_word(word).ok_or_else(|| {
        Failure::error(format!(
            "the server doesn't have a resource type \"{word}\""
        ))
    })
}

/// Which objects of a list are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// `None`: all namespaces.
    pub namespace: Option<Arc<str>>,
    pub labels: Selector,
    /// Field, value, and whether they must be equal.
    pub fields: Vec<(String, String, bool)>,
    /// Only the object with this name.
    pub name: Option<String>,
}

impl Filter {
    /// The filter that the flags -n, -A, -l and --field-selector describe. Errors: BadRequest with
    /// the server's words.
    pub fn from(args: &Args, console: &Console<'_, '_>, kinds: &[Kind]) -> Result<Filter, Failure> {
        let label_text = args.text("selector", "");
        let field_text = args.text("field-selector", "");
        let kind = kinds.first().copied().unwrap_or(Kind::Pod);
        let unable = |why: String| {
            let info = kind.info();
            let version = kind.api_version();
            let version = if info.group.is_empty() {
                format!("/{version}")
            } else {
                version
            };
            let message = format!(
                "Unable to find \"{version}, Resource={}\" that match label selector \"{label_text}\", field selector \"{field_text}\": {why}",
                info.plural
            );
            Failure::from(ApiError::new(Reason::BadRequest, message))
        };
        let labels = Selector::from_str(label_text).map_err(|e| unable(e.0))?;
        let mut parsed = Vec::new();
        for part in field_text.split(',').filter(|part| !part.is_empty()) {
            let (field, value, equal) = split_field(part).ok_or_else(|| {
                Failure::error(format!(
                    "invalid selector: '{part}'; can't understand '{part}'"
                ))
            })?;
            for kind in kinds {
                if !fields::is_supported(*kind, field) {
                    return Err(unable(format!("field label not supported: {field}")));
                }
            }
            parsed.push((field.to_string(), value.to_string(), equal));
        }
        Ok(Filter {
            namespace: (!args.on("all-namespaces")).then(|| console.namespace.clone()),
            labels,
            fields: parsed,
            name: None,
        })
    }

    /// Whether an object passes.
    pub fn passes(&self, object: &Object) -> bool {
        let namespaced = object.kind().info().namespaced;
        let here = |ns: &Arc<str>| !namespaced || **ns == *object.meta.namespace;
        self.namespace.as_ref().is_none_or(here)
            && self
                .name
                .as_ref()
                .is_none_or(|name| **name == *object.meta.name)
            && self.labels.matches(&object.meta.labels)
            && self.fields.iter().all(|(field, value, equal)| {
                (fields::value(object, field).unwrap_or_default() == *value) == *equal
            })
    }

    /// The objects of a kind that pass, in the server's order.
    pub fn list(&self, kind: Kind, console: &Console<'_, '_>) -> Vec<Arc<Object>> {
        let namespace = self.namespace.as_deref().filter(|_| kind.info().namespaced);
        let all = console.live().list(kind, namespace);
        all.map(|object| in_version(object, kind))
            .filter(|object| self.passes(object))
            .collect()
    }
}

fn split_field(part: &str) -> Option<(&str, &str, bool)> {
    if let Some((field, value)) = part.split_once("!=") {
        return Some((field, value, false));
    }
    let (field, value) = part.split_once("==").or_else(|| part.split_once('='))?;
    Some((field, value, true))
}

/// The objects that verbs such as `label` and `delete` act on: by name, or by -l and --all.
pub struct Found {
    pub objects: Vec<Arc<Object>>,
    /// NotFound of names that do not exist.
    pub failures: Vec<Failure>,
}

/// The objects that the files of -f name, as the server has them. `act` (`deleting`) is put into
/// the failures, unless it is empty. Errors: a file that is not there.
pub fn find_in_files(args: &Args, console: &Console<'_, '_>, act: &str) -> Result<Found, Failure> {
    let loaded = load(console, args, FieldValidation::Ignore)?;
    let mut found = Found {
        objects: Vec::new(),
        failures: failure(loaded.problems).into_iter().collect(),
    };
    for info in loaded.infos {
        match console.live().get(&info.key()) {
            Some(object) => found.objects.push(in_version(object, info.kind)),
            None => {
                let error = ApiError::not_found(info.kind, &info.name);
                let problem = if act.is_empty() {
                    Problem::Api(error)
                } else {
                    with_source(error, act, &info.source)
                };
                found.failures.extend(failure(vec![problem]));
            }
        }
    }
    Ok(found)
}

/// Finds objects for a verb that acts on each. Errors: kubectl's about the words given.
pub fn find(words: &[String], args: &Args, console: &Console<'_, '_>) -> Result<Found, Failure> {
    if words.is_empty() && args.has("filename") {
        return find_in_files(args, console, "");
    }
    let wanted = wanted(words, console.live())?;
    let has_selector = args.has("selector") || args.has("field-selector");
    let mut found = Found {
        objects: Vec::new(),
        failures: Vec::new(),
    };
    match wanted {
        Wanted::Named(_) if has_selector => {
            return Err(Failure::error(
                "name cannot be provided when a selector is specified",
            ));
        }
        Wanted::Named(_) if args.on("all-namespaces") => {
            return Err(Failure::error(
                "a resource cannot be retrieved by name across all namespaces",
            ));
        }
        Wanted::Named(list) => {
            for (kind, name) in list {
                match console.find(kind, &name) {
                    Ok(object) => found.objects.push(object),
                    Err(failure) => found.failures.push(failure),
                }
            }
        }
        Wanted::Listed(kinds) => {
            if !has_selector && !args.on("all") {
                return Err(no_name());
            }
            let filter = Filter::from(args, console, &kinds)?;
            for kind in kinds {
                found.objects.extend(filter.list(kind, console));
            }
        }
    }
    Ok(found)
}
