//! Formats of `-o`: which one is asked for, and objects written in it.
//!
//! Upstream: `cli-runtime/pkg/printers`, `kubectl/pkg/cmd/get/{get_flags,customcolumn}.go`.
//! Differs: Go templates and kyaml are not offered.

mod columns;
mod path;
mod template;

use serde_json::{Value, json};

use super::errors::Failure;

pub use columns::{Columns, relaxed};
pub use path::{Step, find};
pub use template::Template;

/// What `-o` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// A table, wide or not.
    Table(bool),
    Yaml,
    Json,
    Name,
    JsonPath(Template),
    Columns(Columns),
}

const FORMATS: &str = "custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml";

impl Format {
    /// Reads the value of `-o`. Errors: kubectl's.
    pub fn parse(text: &str) -> Result<Format, Failure> {
        let (format, argument) = text.split_once('=').unwrap_or((text, ""));
        Ok(match format {
            "" => Format::Table(false),
            "wide" => Format::Table(true),
            "yaml" => Format::Yaml,
            "json" => Format::Json,
            "name" => Format::Name,
            "jsonpath" | "jsonpath-as-json" => {
                if argument.is_empty() {
                    let why = "template format specified but no template given";
                    return Err(Failure::error(why));
                }
                let template = Template::parse(argument, format == "jsonpath-as-json");
                Format::JsonPath(template.map_err(|why| {
                    Failure::error(format!("error parsing jsonpath {argument}, {why}"))
                })?)
            }
            "custom-columns" => Format::Columns(Columns::parse(argument)?),
            _ => {
                return Err(Failure::error(format!(
                    "unable to match a printer suitable for the output format \"{text}\", allowed formats are: {FORMATS}"
                )));
            }
        })
    }
}

/// Several objects as one `List`.
pub fn list(items: Vec<Value>) -> Value {
    json!({ "apiVersion": "v1", "items": items, "kind": "List", "metadata": { "resourceVersion": "" } })
}

/// JSON as kubectl prints it.
pub fn to_json_text(value: &Value) -> String {
    let mut out = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    let written = serde::Serialize::serialize(value, &mut serializer);
    let text = written.map(|()| String::from_utf8(out).unwrap_or_default());
    let mut text = text.unwrap_or_default();
    text.push('\n');
    text
}

/// YAML as kubectl prints it.
pub fn to_yaml_text(value: &Value) -> String {
    crate::api::yaml::to_yaml(value)
}
