//! An object as Go's controllers print it to hash it: types, names and values of every field.
//!
//! Upstream: `apimachinery/pkg/util/dump` (ForHash), which prints by `davecgh/go-spew`. The fields
//! and their order in godump.txt are those of `staging/src/k8s.io/api/core/v1/types.go` in v1.36.
//! Differs: only pod templates; quantities of more than 15 digits or with an exponent are printed
//! as simpler ones are.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::OnceLock;

use serde_json::Value;

/// A line a struct: its fields, each with name, Go type and, where it isn't the name with a small
/// first letter, the name in JSON (`-` for a struct whose fields stand in the outer one).
const STRUCTS: &str = include_str!("godump.txt");

/// A field of a struct: its name, its Go type, its name in JSON.
#[derive(Clone)]
pub(super) struct Field {
    pub name: &'static str,
    pub kind: &'static str,
    pub json: String,
}

/// The structs of a pod template, by name.
pub(super) fn structs() -> &'static BTreeMap<&'static str, Vec<Field>> {
    static TABLE: OnceLock<BTreeMap<&'static str, Vec<Field>>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let line = |line: &'static str| {
            let (name, fields) = line.split_once(": ")?;
            Some((name, fields.split(", ").filter_map(field).collect()))
        };
        STRUCTS.lines().filter_map(line).collect()
    })
}

/// A field as a line of the table has it.
pub(super) fn field(text: &'static str) -> Option<Field> {
    let mut words = text.split(' ');
    let (name, kind) = (words.next()?, words.next()?);
    let small = |name: &str| {
        let (first, rest) = name.split_at_checked(1)?;
        Some(first.to_ascii_lowercase() + rest)
    };
    let json = words.next().map(str::to_string).or_else(|| small(name))?;
    Some(Field { name, kind, json })
}

/// The text that upstream hashes, of a pod template's JSON.
pub fn go_dump_template(template: &Value) -> String {
    let mut out = String::new();
    dump("PodTemplateSpec", Some(template), true, &mut out);
    out
}

/// A type's name as Go's reflection prints it.
fn type_name(kind: &str) -> String {
    if let Some(rest) = kind.strip_prefix('*') {
        return format!("*{}", type_name(rest));
    }
    if let Some(rest) = kind.strip_prefix("[]") {
        return format!("[]{}", type_name(rest));
    }
    if let Some((key, value)) = map_type(kind) {
        return format!("map[{}]{}", type_name(key), type_name(value));
    }
    match kind {
        "string" | "bool" | "int32" | "int64" => kind.to_string(),
        _ if kind.contains('.') => kind.to_string(),
        _ => format!("v1.{kind}"),
    }
}

fn map_type(kind: &str) -> Option<(&str, &str)> {
    kind.strip_prefix("map[")?.split_once(']')
}

/// Prints a value of a Go type; absent ones as Go's zero value. Elements of lists and maps come
/// without their type.
fn dump(kind: &'static str, value: Option<&Value>, typed: bool, out: &mut String) {
    if typed {
        // Writing to a String cannot fail.
        let _ = write!(out, "({})", type_name(kind));
    }
    let value = value.filter(|value| !value.is_null());
    if let Some(rest) = kind.strip_prefix('*') {
        match value {
            Some(_) => dump(rest, value, false, out),
            None => out.push_str("<nil>"),
        }
    } else if let Some(rest) = kind.strip_prefix("[]") {
        let list = value
            .and_then(Value::as_array)
            .filter(|list| !list.is_empty());
        let items = list.map(|list| list.iter().map(|item| (None, item)));
        dump_items(items, "[", rest, out);
    } else if kind == "ResourceList" {
        dump_map(value, "resource.Quantity", out);
    } else if let Some((_, rest)) = map_type(kind) {
        dump_map(value, rest, out);
    } else if let Some(fields) = structs().get(kind) {
        dump_struct(fields, value, out);
    } else {
        dump_scalar(kind, value, out);
    }
}

fn dump_map(value: Option<&Value>, kind: &'static str, out: &mut String) {
    let map = value
        .and_then(Value::as_object)
        .filter(|map| !map.is_empty());
    let items = map.map(|map| map.iter().map(|(key, item)| (Some(key.as_str()), item)));
    dump_items(items, "map[", kind, out);
}

/// Items with their keys, if they have any; without items, `<nil>`.
fn dump_items<'a>(
    items: Option<impl Iterator<Item = (Option<&'a str>, &'a Value)>>,
    open: &str,
    kind: &'static str,
    out: &mut String,
) {
    let Some(items) = items else {
        return out.push_str("<nil>");
    };
    out.push_str(open);
    for (at, (key, item)) in items.enumerate() {
        out.push_str(if at > 0 { " " } else { "" });
        if let Some(key) = key {
            let _ = write!(out, "{key}:");
        }
        dump(kind, Some(item), false, out);
    }
    out.push(']');
}

fn dump_struct(fields: &'static [Field], value: Option<&Value>, out: &mut String) {
    out.push('{');
    for (at, field) in fields.iter().enumerate() {
        out.push_str(if at > 0 { " " } else { "" });
        let _ = write!(out, "{}:", field.name);
        let inner = match field.json.as_str() {
            "-" => value,
            json => value.and_then(|value| value.get(json)),
        };
        dump(field.kind, inner, true, out);
    }
    out.push('}');
}

fn dump_scalar(kind: &str, value: Option<&Value>, out: &mut String) {
    let text = value.and_then(Value::as_str).unwrap_or("");
    let number = value.and_then(Value::as_i64).unwrap_or(0);
    let _ = match kind {
        "bool" => write!(out, "{}", value.and_then(Value::as_bool).unwrap_or(false)),
        "int32" | "int64" => write!(out, "{number}"),
        // A template has no moment of its own.
        "Time" => {
            write!(
                out,
                "{{Time:(time.Time){{wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}}}"
            )
        }
        "intstr.IntOrString" => {
            let is_text = u8::from(value.is_some_and(Value::is_string));
            write!(
                out,
                "{{Type:(intstr.Type){is_text} IntVal:(int32){number} StrVal:(string){text}}}"
            )
        }
        "resource.Quantity" => write!(out, "{}", quantity(text)),
        _ => write!(out, "{text}"),
    };
}

/// A quantity as it is after it was read: a number and its power of ten, and the text, where the
/// reader saw at once that it is canonical.
fn quantity(text: &str) -> String {
    const DECIMAL: [(&str, i32); 8] = [
        ("n", -9),
        ("u", -6),
        ("m", -3),
        ("k", 3),
        ("M", 6),
        ("G", 9),
        ("T", 12),
        ("P", 15),
    ];
    const BINARY: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let suffix = text.get(digits.len()..).unwrap_or("");
    let mut value: i64 = digits.parse().unwrap_or(0);
    let decimal = DECIMAL.iter().find(|(unit, _)| *unit == suffix);
    let scale = decimal.map_or(0, |(_, power)| *power);
    let mut format = "DecimalSI";
    let mut keeps_text = !digits.ends_with("000");
    if let Some((power, _)) = (1_u32..).zip(BINARY).find(|(_, unit)| *unit == suffix) {
        keeps_text = value & 7 != 0;
        value = value.saturating_mul(1024_i64.saturating_pow(power));
        format = "BinarySI";
    }
    let text = if keeps_text { text } else { "" };
    format!(
        "{{i:(resource.int64Amount){{value:(int64){value} scale:(resource.Scale){scale}}} \
         d:(resource.infDecAmount){{Dec:(*inf.Dec)<nil>}} s:(string){text} \
         Format:(resource.Format){format}}}"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn dumped(kind: &'static str, value: Value) -> String {
        let mut out = String::new();
        dump(kind, Some(&value), true, &mut out);
        out
    }

    #[test]
    fn quantities_keep_their_text_where_upstream_keeps_it() {
        for (text, value, kept) in [
            ("0", 0, true),
            ("1", 1, true),
            ("2000", 2000, false),
            ("500m", 500, true),
            ("100Mi", 100 << 20, true),
            ("64Mi", 64 << 20, false),
            ("1Gi", 1 << 30, true),
        ] {
            let dump = quantity(text);
            assert!(dump.contains(&format!("value:(int64){value} ")), "{dump}");
            assert_eq!(dump.contains(&format!("s:(string){text} ")), kept, "{dump}");
        }
    }

    #[test]
    fn values_are_printed_as_spew_prints_them() {
        for (kind, value, wanted) in [
            ("string", json!("a b"), "(string)a b"),
            ("*int64", json!(30), "(*int64)30"),
            ("*int64", json!(null), "(*int64)<nil>"),
            ("[]string", json!(["a", "b"]), "([]string)[a b]"),
            ("[]string", json!([]), "([]string)<nil>"),
            (
                "map[string]string",
                json!({"b": "2", "a": "1"}),
                "(map[string]string)map[a:1 b:2]",
            ),
            ("RestartPolicy", json!("Always"), "(v1.RestartPolicy)Always"),
            (
                "*intstr.IntOrString",
                json!("25%"),
                "(*intstr.IntOrString){Type:(intstr.Type)1 IntVal:(int32)0 StrVal:(string)25%}",
            ),
            (
                "*LocalObjectReference",
                json!({"name": "x"}),
                "(*v1.LocalObjectReference){Name:(string)x}",
            ),
            (
                "ConfigMapEnvSource",
                json!({"name": "x"}),
                "(v1.ConfigMapEnvSource){LocalObjectReference:(v1.LocalObjectReference)\
                 {Name:(string)x} Optional:(*bool)<nil>}",
            ),
            (
                "ContainerPort",
                json!({"containerPort": 80}),
                "(v1.ContainerPort){Name:(string) HostPort:(int32)0 ContainerPort:(int32)80 \
                 Protocol:(v1.Protocol) HostIP:(string)}",
            ),
            (
                "ResourceList",
                json!({"cpu": "500m"}),
                "(v1.ResourceList)map[cpu:{i:(resource.int64Amount){value:(int64)500 \
                 scale:(resource.Scale)-3} d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>} \
                 s:(string)500m Format:(resource.Format)DecimalSI}]",
            ),
        ] {
            assert_eq!(dumped(kind, value), wanted);
        }
    }
}
