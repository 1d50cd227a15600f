//! `kubectl get`: tables, YAML, JSON, names.
//!
//! Upstream: `kubectl/pkg/cmd/get/get.go`, `sorter.go`, `cli-runtime/pkg/printers/tableprinter.go`.
//! Differs: objects come from the store at once, never in pages.

use std::sync::Arc;

use serde_json::Value;

use crate::api::{Kind, Object, parse_quantity};
use crate::clock::SimTime;
use crate::kubectl::args::{Args, Flag, Takes, flag, short};
use crate::kubectl::console::{Console, Flow};
use crate::kubectl::errors::Failure;
use crate::kubectl::objects::{add_managers, full_json};
use crate::kubectl::output::{self, Format, Step};
use crate::kubectl::printers::{cells, columns};
use crate::kubectl::resources::{Filter, Wanted, find_in_files, wanted};
use crate::kubectl::sort::{go_sort, natural_less};
use crate::kubectl::tables::{TABLE, align};

use super::{FILES, SELECTION, Verb, watch};

const FLAGS: &[Flag] = &[
    short("output", 'o', Takes::Text),
    short("watch", 'w', Takes::Switch),
    flag("watch-only", Takes::Switch),
    flag("output-watch-events", Takes::Switch),
    flag("show-labels", Takes::Switch),
    flag("show-kind", Takes::Switch),
    short("label-columns", 'L', Takes::List),
    flag("sort-by", Takes::Text),
    flag("no-headers", Takes::Switch),
    flag("ignore-not-found", Takes::Switch),
    flag("show-managed-fields", Takes::Switch),
    flag("allow-missing-template-keys", Takes::Switch),
    flag("chunk-size", Takes::Int64),
    flag("subresource", Takes::Text),
    flag("server-print", Takes::Switch),
    flag("template", Takes::Text),
];

pub(super) const VERB: Verb = Verb {
    name: "get",
    usage: "get TYPE[,TYPE…] [NAME…] | TYPE/NAME… [-o wide|yaml|json|name|jsonpath=…|custom-columns=…] [-w] [-l SELECTOR] [-n NAMESPACE|-A]",
    summary: "Show objects in a table or as YAML or JSON",
    flags: &[FLAGS, SELECTION, FILES],
    required: &[],
    below: &[],
    run,
};

/// How rows are made: what the flags say.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rows {
    pub wide: bool,
    pub with_namespace: bool,
    pub with_kind: bool,
    pub label_columns: Vec<String>,
    pub show_labels: bool,
}

impl Rows {
    /// Reads the flags.
    pub fn from(args: &Args, wide: bool) -> Rows {
        Rows {
            wide,
            with_namespace: args.on("all-namespaces"),
            with_kind: args.on("show-kind"),
            label_columns: args.list("label-columns").to_vec(),
            show_labels: args.on("show-labels"),
        }
    }

    /// The header line of a kind, tab-separated.
    pub fn header(&self, kind: Kind) -> String {
        let mut cells: Vec<String> = Vec::new();
        if self.with_namespace && kind.info().namespaced {
            cells.push("NAMESPACE".into());
        }
        let columns = columns(kind).into_iter().filter(|c| self.wide || !c.wide);
        cells.extend(columns.map(|c| c.title.to_string()));
        for label in &self.label_columns {
            let last = label.rsplit('/').next().unwrap_or_default();
            cells.push(last.to_uppercase());
        }
        if self.show_labels {
            cells.push("LABELS".into());
        }
        cells.join("\t") + "\n"
    }

    /// The row of an object, tab-separated.
    pub fn row(&self, object: &Object, now: SimTime) -> String {
        let kind = object.kind();
        let shown = columns(kind).into_iter().zip(cells(object, now, self.wide));
        let mut cells: Vec<String> = Vec::new();
        if self.with_namespace && kind.info().namespaced {
            cells.push(object.meta.namespace.to_string());
        }
        let shown = shown.filter(|(column, _)| self.wide || !column.wide);
        let mut named = false;
        for (column, cell) in shown {
            if column.title == "NAME" && self.with_kind && !named {
                named = true;
                cells.push(format!("{}/{cell}", kind.singular_with_group()));
            } else {
                cells.push(one_line(cell));
            }
        }
        let labels = &object.meta.labels;
        for label in &self.label_columns {
            cells.push(labels.get(label).cloned().unwrap_or_default());
        }
        if self.show_labels {
            let all: Vec<String> = labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
            cells.push(if all.is_empty() {
                "<none>".into()
            } else {
                all.join(",")
            });
        }
        cells.join("\t") + "\n"
    }
}

fn one_line(cell: String) -> String {
    match cell.find(['\n', '\r', '\u{c}']) {
        Some(at) => format!("{}...", cell.get(..at).unwrap_or_default()),
        None => cell.replace('\t', " "),
    }
}

fn nothing_asked() -> Failure {
    Failure::plain(
        "You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete list of supported resources.\n\nerror: Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed description of that resource (e.g. kubectl explain pods).\nSee 'kubectl get -h' for help and examples",
    )
}

fn run(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let words = args.all_words();
    if words.is_empty() && !args.has("filename") {
        return Err(nothing_asked());
    }
    let format = Format::parse(args.text("output", ""))?;
    let is_table = matches!(format, Format::Table(_));
    if args.on("show-labels") && !is_table {
        return Err(Failure::error(format!(
            "--show-labels option cannot be used with {} printer",
            args.text("output", "")
        )));
    }
    let wanted = if words.is_empty() {
        in_files(console, args)?
    } else {
        wanted(&words, console.live())?
    };
    if let Wanted::Named(_) = wanted {
        if args.has("selector") {
            let why = "name cannot be provided when a selector is specified";
            return Err(Failure::error(why));
        }
        if args.on("all-namespaces") {
            let why = "a resource cannot be retrieved by name across all namespaces";
            return Err(Failure::error(why));
        }
    }
    if args.on("watch") || args.on("watch-only") {
        return watch::start(console, args, &wanted, &format);
    }
    let mut found = collect(console, args, &wanted)?;
    if let Some(path) = args.get("sort-by") {
        sort(&mut found, path, is_table, console)?;
    }
    match format {
        Format::Table(wide) => tables(console, args, &wanted, &found, wide),
        Format::Name => {
            for object in found.objects() {
                console.say(format!(
                    "{}/{}",
                    object.kind().singular_with_group(),
                    object.meta.name
                ));
            }
        }
        other => whole(console, args, &wanted, &found, &other)?,
    }
    match Failure::all(found.failures) {
        Some(failure) => Err(failure),
        None => Ok(Flow::Done(0)),
    }
}

/// What the files of -f name. Errors: those that do not exist.
fn in_files(console: &mut Console<'_, '_>, args: &Args) -> Result<Wanted, Failure> {
    let found = find_in_files(args, console, "")?;
    if let Some(failure) = Failure::all(found.failures) {
        return Err(failure);
    }
    if let Some(object) = found.objects.iter().find(|o| !o.meta.namespace.is_empty()) {
        console.namespace = object.meta.namespace.clone();
    }
    let named = found
        .objects
        .iter()
        .map(|o| (o.kind(), o.meta.name.to_string()));
    Ok(Wanted::Named(named.collect()))
}

/// What was found, kind by kind in the order asked for.
struct Found {
    groups: Vec<(Kind, Vec<Arc<Object>>)>,
    failures: Vec<Failure>,
}

impl Found {
    fn objects(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.groups.iter().flat_map(|(_, objects)| objects)
    }
}

fn collect(console: &Console<'_, '_>, args: &Args, wanted: &Wanted) -> Result<Found, Failure> {
    let mut found = Found {
        groups: Vec::new(),
        failures: Vec::new(),
    };
    match wanted {
        Wanted::Listed(kinds) => {
            let filter = Filter::from(args, console, kinds)?;
            for kind in kinds {
                found.groups.push((*kind, filter.list(*kind, console)));
            }
        }
        Wanted::Named(list) => {
            for (kind, name) in list {
                match console.find(*kind, name) {
                    Ok(object) => match found.groups.last_mut().filter(|(last, _)| last == kind) {
                        Some((_, objects)) => objects.push(object),
                        None => found.groups.push((*kind, vec![object])),
                    },
                    Err(_) if args.on("ignore-not-found") => {}
                    Err(failure) => found.failures.push(failure),
                }
            }
        }
    }
    Ok(found)
}

fn tables(console: &mut Console<'_, '_>, args: &Args, wanted: &Wanted, found: &Found, wide: bool) {
    let mut rows = Rows::from(args, wide);
    let kinds: Vec<Kind> = found.groups.iter().map(|(kind, _)| *kind).collect();
    let first = kinds.first();
    rows.with_kind |= kinds.iter().any(|kind| Some(kind) != first);
    let now = console.now();
    let mut printed = false;
    for (kind, objects) in &found.groups {
        if objects.is_empty() {
            continue;
        }
        let mut text = String::new();
        if !args.on("no-headers") {
            text.push_str(&rows.header(*kind));
        }
        objects
            .iter()
            .for_each(|object| text.push_str(&rows.row(object, now)));
        if printed && !args.on("no-headers") {
            console.say("");
        }
        printed = true;
        let aligned = align(&text, TABLE);
        console.out.stdout.push_str(&aligned);
    }
    if !printed && found.failures.is_empty() && !args.on("ignore-not-found") {
        let namespaced = wanted.kinds().iter().all(|kind| kind.info().namespaced);
        if namespaced && !args.on("all-namespaces") {
            let text = format!("No resources found in {} namespace.", console.namespace);
            console.warn(text);
        } else {
            console.warn("No resources found");
        }
    }
}

fn whole(
    console: &mut Console<'_, '_>,
    args: &Args,
    wanted: &Wanted,
    found: &Found,
    format: &Format,
) -> Result<(), Failure> {
    let now = console.now();
    // Only these two forms leave it out unless asked; what names the field in a path gets it.
    let shows_managers = match format {
        Format::Yaml | Format::Json => args.on("show-managed-fields"),
        _ => args.text("output", "").contains("managedFields"),
    };
    let values = found.objects().map(|o| {
        let mut value = full_json(o, console.live(), now);
        if shows_managers {
            add_managers(&mut value, o, console.live());
        }
        value
    });
    let mut values: Vec<Value> = values.collect();
    if values.is_empty() && (!found.failures.is_empty() || args.on("ignore-not-found")) {
        return Ok(());
    }
    if let Format::Columns(columns) = format {
        let text = columns.print(&values, !args.on("no-headers"));
        console.out.stdout.push_str(&text);
        return Ok(());
    }
    let value = if wanted.is_single() {
        values.pop().unwrap_or_default()
    } else {
        output::list(values)
    };
    let text = match format {
        Format::Yaml => output::to_yaml_text(&value),
        Format::Json => output::to_json_text(&value),
        Format::JsonPath(template) => template.print(&value).map_err(Failure::error)?,
        Format::Table(_) | Format::Name | Format::Columns(_) => String::new(),
    };
    console.out.stdout.push_str(&text);
    Ok(())
}

fn sort(
    found: &mut Found,
    path: &str,
    as_table: bool,
    console: &Console<'_, '_>,
) -> Result<(), Failure> {
    let steps = output::relaxed(path).map_err(Failure::error)?;
    let now = console.now();
    for (_, objects) in &mut found.groups {
        let keyed = objects.iter().map(|object| {
            let json = full_json(object, console.live(), now);
            (first_value(&steps, &json), object.clone())
        });
        let mut keyed: Vec<(Option<Value>, Arc<Object>)> = keyed.collect();
        if !keyed.is_empty() && keyed.iter().all(|(key, _)| key.is_none()) {
            if as_table {
                // A real kubectl prints nothing of a table that it could not sort.
                objects.clear();
                continue;
            }
            return Err(Failure::error(format!(
                "couldn't find any field with path \"{{{}}}\" in the list of objects",
                path.trim_matches(['{', '}'])
            )));
        }
        go_sort(&mut keyed, |(a, _), (b, _)| match (a, b) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(a), Some(b)) => value_less(a, b),
        });
        *objects = keyed.into_iter().map(|(_, object)| object).collect();
    }
    Ok(())
}

fn first_value(steps: &[Step], json: &Value) -> Option<Value> {
    output::find(steps, json, true)
        .ok()?
        .first()
        .map(|value| (*value).clone())
}

fn value_less(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::String(a), Value::String(b)) => match (parse_quantity(a), parse_quantity(b)) {
            (Some(a), Some(b)) => a < b,
            _ => natural_less(a, b),
        },
        (Value::Number(a), Value::Number(b)) => a.as_f64() < b.as_f64(),
        (Value::Bool(a), Value::Bool(b)) => !a && *b,
        _ => false,
    }
}
