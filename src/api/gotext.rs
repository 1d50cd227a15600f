//! Texts as Go's standard library makes them: quoted strings, printed maps, compact JSON.
//!
//! Upstream: `strconv.Quote`, `fmt` (`%v`), `encoding/json`.

use std::fmt::Write;

use serde_json::{Number, Value};

/// `"a \"b\"\n"`, as `%q` prints it.
pub fn go_quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        // Writing to a String cannot fail.
        let _ = match c {
            '"' => write!(out, "\\\""),
            '\\' => write!(out, "\\\\"),
            '\n' => write!(out, "\\n"),
            '\t' => write!(out, "\\t"),
            '\r' => write!(out, "\\r"),
            '\u{7}' => write!(out, "\\a"),
            '\u{8}' => write!(out, "\\b"),
            '\u{b}' => write!(out, "\\v"),
            '\u{c}' => write!(out, "\\f"),
            c if u32::from(c) < 0x20 || c == '\u{7f}' => write!(out, "\\x{:02x}", u32::from(c)),
            c if c.is_control() => write!(out, "\\u{:04x}", u32::from(c)),
            c => write!(out, "{c}"),
        };
    }
    out.push('"');
    out
}

/// `map[a:1 b:[x y] c:<nil>]`, as `%v` prints it.
pub fn go_print(value: &Value) -> String {
    let joined = |parts: Vec<String>| parts.join(" ");
    match value {
        Value::Null => "<nil>".to_string(),
        Value::Bool(yes) => yes.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", joined(items.iter().map(go_print).collect())),
        Value::Object(map) => {
            let pairs = map.iter().map(|(k, v)| format!("{k}:{}", go_print(v)));
            format!("map[{}]", joined(pairs.collect()))
        }
    }
}

/// Compact JSON with sorted keys; `<`, `>` and `&` are escaped as Go does.
pub fn go_json(value: &Value) -> String {
    let mut out = String::new();
    write_json(value, &mut out);
    out
}

fn write_json(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(yes) => out.push_str(if *yes { "true" } else { "false" }),
        Value::Number(number) => write_number(number, out),
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_json(item, out);
            }
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            for (i, (key, value)) in map.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_string(key, out);
                out.push(':');
                write_json(value, out);
            }
            out.push('}');
        }
    }
}

fn write_number(number: &Number, out: &mut String) {
    out.push_str(&number.to_string());
}

fn write_string(text: &str, out: &mut String) {
    let is_special = |c: char| {
        matches!(c, '"' | '\\' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}') || u32::from(c) < 0x20
    };
    out.push('"');
    let mut rest = text;
    while let Some((plain, from)) = rest.find(is_special).map(|at| rest.split_at(at)) {
        out.push_str(plain);
        let mut chars = from.chars();
        let c = chars.next().unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = match c {
            '"' => out.write_str("\\\""),
            '\\' => out.write_str("\\\\"),
            '\n' => out.write_str("\\n"),
            '\r' => out.write_str("\\r"),
            '\t' => out.write_str("\\t"),
            '\u{8}' => out.write_str("\\b"),
            '\u{c}' => out.write_str("\\f"),
            c => write!(out, "\\u{:04x}", u32::from(c)),
        };
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn prints_as_go_does() {
        let value = json!({"b": [1, "x", {"n": null}], "a": {"c": true}, "t": "1<2 & \"q\"\n"});
        assert_eq!(
            go_print(&json!({"b": [1, "x", {"n": null}], "a": {}})),
            "map[a:map[] b:[1 x map[n:<nil>]]]"
        );
        assert_eq!(
            go_json(&value),
            r#"{"a":{"c":true},"b":[1,"x",{"n":null}],"t":"1\u003c2 \u0026 \"q\"\n"}"#
        );
        assert_eq!(go_quote("a\"b\\\n\u{1}é"), r#""a\"b\\\n\x01é""#);
    }
}
