//! Reads files into objects, and says what kubectl says about those that it cannot read.
//!
//! Upstream: `cli-runtime/pkg/resource/{visitor,mapper,metadata_decoder}.go`,
//! `kubectl/pkg/validation/schema.go`. Differs: no stdin, few addresses (web.rs), no
//! kustomizations.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::api::yaml::{YamlError, check_size, parse, split};
use crate::api::{Key, Kind, go_json, text_at};
use crate::apiserver::{FieldValidation, Snapshot, check_metadata};
use crate::kubectl::args::Args;
use crate::kubectl::console::Console;
use crate::kubectl::errors::Failure;

use super::{Problem, web};

/// An object of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Info {
    /// The file, as it is named in messages.
    pub source: String,
    pub kind: Kind,
    /// May be empty.
    pub name: String,
    /// Empty for cluster-scoped kinds.
    pub namespace: Arc<str>,
    /// The document, with its namespace filled in.
    pub value: Value,
}

impl Info {
    /// The key of the object.
    pub fn key(&self) -> Key {
        Key::new(self.kind, self.namespace.clone(), self.name.as_str())
    }

    /// The version that the document is in.
    pub fn api_version(&self) -> &str {
        text_at(&self.value, "/apiVersion")
    }

    /// How kubectl names the object in the errors of apply.
    pub fn description(&self) -> String {
        let info = self.kind.info();
        let version = self.kind.api_version();
        let version = if info.group.is_empty() {
            format!("/{version}")
        } else {
            version
        };
        format!(
            "Resource: \"{version}, Resource={}\", GroupVersionKind: \"{version}, Kind={}\"\nName: \"{}\", Namespace: \"{}\"",
            info.plural, info.name, self.name, self.namespace
        )
    }
}

/// `--validate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validate(pub FieldValidation);

impl Validate {
    /// Reads the flag. Errors: a value that is none.
    pub fn from(args: &Args) -> Result<Validate, Failure> {
        let mode = match args.get("validate") {
            None | Some("" | "strict" | "true" | "True") => FieldValidation::Strict,
            Some("warn") => FieldValidation::Warn,
            Some("ignore" | "false" | "False") => FieldValidation::Ignore,
            Some(other) => {
                return Err(Failure::error(format!(
                    "invalid - validate option \"{other}\"; must be one of: strict (or true), warn, ignore (or false)"
                )));
            }
        };
        Ok(Validate(mode))
    }
}

/// What was read, and what could not be.
#[derive(Debug, Default)]
pub struct Loaded {
    pub infos: Vec<Info>,
    pub problems: Vec<Problem>,
}

/// Reads the files of `-f`. Errors: a file that is not there.
pub fn load(
    console: &Console<'_, '_>,
    args: &Args,
    validate: FieldValidation,
) -> Result<Loaded, Failure> {
    if args.has("kustomize") {
        return Err(Failure::error(
            "kustomizations are not part of this simulation",
        ));
    }
    let mut loaded = Loaded::default();
    for name in args.list("filename") {
        for (source, text) in files_of(console, name, args.on("recursive"))? {
            let mut reader = Reader {
                console,
                source,
                validate,
                loaded: &mut loaded,
            };
            if let Err(problem) = reader.file(text) {
                loaded.problems.push(problem);
            }
        }
    }
    Ok(loaded)
}

/// The file of this name, or the files of the folder of this name.
fn files_of<'f>(
    console: &'f Console<'_, '_>,
    name: &str,
    recursive: bool,
) -> Result<Vec<(String, &'f str)>, Failure> {
    let plain = name.strip_prefix("./").unwrap_or(name);
    if let Some(text) = console.files.get(plain).or_else(|| console.files.get(name)) {
        return Ok(vec![(name.to_string(), text)]);
    }
    if let Some(text) = web::text_at(name) {
        return Ok(vec![(name.to_string(), text)]);
    }
    let folder = format!("{}/", plain.trim_end_matches('/'));
    let folder = if plain == "." || plain.is_empty() {
        ""
    } else {
        &folder
    };
    let below: Vec<(String, &str)> = console
        .files
        .iter()
        .filter(|(path, _)| {
            let inside = path.strip_prefix(folder);
            inside.is_some_and(|rest| recursive || !rest.contains('/'))
                && [".yaml", ".yml", ".json"]
                    .iter()
                    .any(|end| path.ends_with(end))
        })
        .map(|(path, text)| (path.clone(), text.as_str()))
        .collect();
    let folder_exists =
        folder.is_empty() || console.files.keys().any(|path| path.starts_with(folder));
    if !folder_exists {
        return Err(Failure::error(format!(
            "the path \"{name}\" does not exist"
        )));
    }
    if below.is_empty() {
        return Err(Failure::error(format!(
            "error reading [{name}]: recognized file extensions are [.json .yaml .yml]"
        )));
    }
    Ok(below)
}

struct Reader<'r, 'a, 'c> {
    console: &'r Console<'a, 'c>,
    source: String,
    validate: FieldValidation,
    loaded: &'r mut Loaded,
}

impl Reader<'_, '_, '_> {
    /// Reads one file. Errors: what ends the reading of the file; problems of single objects are
    /// noted.
    fn file(&mut self, text: &str) -> Result<(), Problem> {
        let source = self.source.clone();
        let refused = |error: YamlError| {
            Problem::Text(format!(
                "error parsing {source}: error converting YAML to JSON: yaml: {}",
                error.message
            ))
        };
        check_size(text).map_err(&refused)?;
        for piece in split(text) {
            let node = parse(piece.text).map_err(&refused)?;
            let value = node.value();
            if value.is_null() {
                continue;
            }
            if self.validate != FieldValidation::Ignore {
                self.check_envelope(&value)?;
            }
            self.document(value);
        }
        Ok(())
    }

    fn check_envelope(&self, value: &Value) -> Result<(), Problem> {
        let set = |key: &str| {
            value
                .get(key)
                .and_then(Value::as_str)
                .is_some_and(|t| !t.is_empty())
        };
        let why = match (value.is_object(), set("apiVersion"), set("kind")) {
            (false, _, _) => "invalid object to validate",
            (_, true, true) => return Ok(()),
            (_, false, true) => "apiVersion not set",
            (_, true, false) => "kind not set",
            (_, false, false) => "[apiVersion not set, kind not set]",
        };
        Err(Problem::Text(format!(
            "error validating \"{}\": error validating data: {why}; if you choose to ignore these errors, turn validation off with --validate=false",
            self.source
        )))
    }

    fn document(&mut self, value: Value) {
        let is_list = value
            .get("kind")
            .and_then(Value::as_str)
            .is_some_and(|k| k.ends_with("List"));
        match value {
            Value::Object(mut map) if is_list && map.get("items").is_some_and(Value::is_array) => {
                if let Some(Value::Array(items)) = map.remove("items") {
                    items.into_iter().for_each(|item| self.document(item));
                }
            }
            value => match self.info(value) {
                Ok(info) => self.loaded.infos.push(info),
                Err(problem) => self.loaded.problems.push(Problem::Text(problem)),
            },
        }
    }

    fn info(&self, mut value: Value) -> Result<Info, String> {
        let source = &self.source;
        let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
        let (api_version, kind_word) = (text("apiVersion").to_string(), text("kind").to_string());
        if kind_word.is_empty() {
            let json = go_json(&value);
            return Err(format!(
                "unable to decode \"{source}\": Object 'Kind' is missing in '{json}'"
            ));
        }
        check_metadata(&value).map_err(|why| format!("unable to decode \"{source}\": {why}"))?;
        let meta = |key: &str| {
            let text = value
                .get("metadata")
                .and_then(|m| m.get(key))
                .and_then(Value::as_str);
            text.unwrap_or_default().to_string()
        };
        let (name, given) = (meta("name"), meta("namespace"));
        let server = self.console.live();
        let Some(kind) = kind_of(&api_version, &kind_word, server) else {
            return Err(format!(
                "resource mapping not found for name: \"{name}\" namespace: \"{given}\" from \"{source}\": no matches for kind \"{kind_word}\" in version \"{api_version}\"\nensure CRDs are installed first"
            ));
        };
        let namespace = self.namespace(kind, &given)?;
        if !namespace.is_empty() {
            set_namespace(&mut value, &namespace);
        }
        Ok(Info {
            source: source.clone(),
            kind,
            name,
            namespace,
            value,
        })
    }

    fn namespace(&self, kind: Kind, given: &str) -> Result<Arc<str>, String> {
        if !kind.info().namespaced {
            return Ok("".into());
        }
        let own = &self.console.namespace;
        if given.is_empty() {
            return Ok(own.clone());
        }
        if self.console.namespace_given && given != &**own {
            return Err(format!(
                "the namespace from the provided object \"{given}\" does not match the namespace \"{own}\". You must pass '--namespace={given}' to perform this operation."
            ));
        }
        Ok(given.into())
    }
}

/// Upstream's mapper also finds kinds in lower case; the server refuses them later.
fn kind_of(api_version: &str, word: &str, server: Snapshot<'_>) -> Option<Kind> {
    server.kind_by_gvk(api_version, word).or_else(|| {
        let lower = word.chars().all(|c| !c.is_uppercase());
        let kind = server.kind_by_word(word).filter(|_| lower)?;
        let named = kind.name().eq_ignore_ascii_case(word);
        (named && kind.api_version() == api_version).then_some(kind)
    })
}

fn set_namespace(value: &mut Value, namespace: &str) {
    if let Some(object) = value.as_object_mut() {
        let metadata = object
            .entry("metadata")
            .or_insert_with(|| Value::Object(Map::new()));
        if let Some(metadata) = metadata.as_object_mut() {
            metadata.insert("namespace".to_string(), namespace.into());
        }
    }
}
