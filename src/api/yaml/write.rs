//! JSON to YAML, as kubectl prints `-o yaml`.
//!
//! Upstream: `goyaml.v2/{encode,emitterc,sorter}.go` as `sigs.k8s.io/yaml` uses them: keys in
//! natural order, lists not indented, lines folded behind column 80, literal blocks for several
//! lines.

use std::cmp::Ordering;
use std::fmt::Write;

use serde_json::{Map, Value};

use super::resolve::is_plain_text;
use crate::api::Order;

/// Lines are broken at the first space behind this column.
const WIDTH: usize = 80;

/// Prints a value as a document, with the last line break.
pub fn to_yaml(value: &Value) -> String {
    let mut writer = Writer {
        out: String::new(),
        column: 0,
    };
    match value {
        Value::Object(map) if !map.is_empty() => writer.map(map, 0, false),
        Value::Array(items) if !items.is_empty() => writer.list(items, 0, false),
        other => {
            writer.scalar(other, 2);
            writer.end_line();
        }
    }
    writer.out
}

struct Writer {
    out: String,
    /// Characters on the current line.
    column: usize,
}

impl Writer {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
    }

    fn end_line(&mut self) {
        self.out.push('\n');
        self.column = 0;
    }

    fn indent(&mut self, spaces: usize) {
        self.out.extend(std::iter::repeat_n(' ', spaces));
        self.column += spaces;
    }

    /// `inline`: the first key follows a `- ` on the same line.
    fn map(&mut self, map: &Map<String, Value>, indent: usize, mut inline: bool) {
        let mut entries: Vec<(&String, &Value)> = map.iter().collect();
        entries.order_by(|(a, _), (b, _)| natural_order(a, b));
        for (key, value) in entries {
            if !inline {
                self.indent(indent);
            }
            inline = false;
            self.text(key, indent + 2, true);
            self.put(":");
            match value {
                Value::Object(map) if !map.is_empty() => {
                    self.end_line();
                    self.map(map, indent + 2, false);
                }
                Value::Array(items) if !items.is_empty() => {
                    self.end_line();
                    self.list(items, indent, false);
                }
                scalar => {
                    self.put(" ");
                    self.scalar(scalar, indent + 2);
                    self.end_line();
                }
            }
        }
    }

    fn list(&mut self, items: &[Value], indent: usize, mut inline: bool) {
        for item in items {
            if !inline {
                self.indent(indent);
            }
            inline = false;
            self.put("- ");
            match item {
                Value::Object(map) if !map.is_empty() => self.map(map, indent + 2, true),
                Value::Array(items) if !items.is_empty() => self.list(items, indent + 2, true),
                scalar => {
                    self.scalar(scalar, indent + 2);
                    self.end_line();
                }
            }
        }
    }

    fn scalar(&mut self, value: &Value, indent: usize) {
        match value {
            Value::String(text) => self.text(text, indent, false),
            Value::Array(_) => self.put("[]"),
            Value::Object(_) => self.put("{}"),
            Value::Number(number) => self.put(&go_number(number)),
            other => self.put(&other.to_string()),
        }
    }

    fn text(&mut self, text: &str, indent: usize, is_key: bool) {
        let allowed = Allowed::of(text);
        if text.contains('\n') {
            if allowed.block && !is_key {
                return self.literal(text, indent);
            }
            return self.double_quoted(text, indent, !is_key);
        }
        if !is_plain_text(text) {
            return self.double_quoted(text, indent, !is_key);
        }
        if allowed.plain {
            self.folded(text, indent, !is_key, false);
        } else if allowed.single_quoted {
            self.put("'");
            self.folded(&text.replace('\'', "''"), indent, !is_key, true);
            self.put("'");
        } else {
            self.double_quoted(text, indent, !is_key);
        }
    }

    /// A text with line breaks put in at spaces beyond the width; `quoted` spares both ends.
    fn folded(&mut self, text: &str, indent: usize, may_break: bool, quoted: bool) {
        let mut spaces = false;
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let next = chars.peek().map(|(_, next)| *next);
            let inside = !quoted || (at > 0 && next.is_some());
            let breaks = may_break && !spaces && self.column > WIDTH && inside;
            if c == ' ' && breaks && next != Some(' ') {
                self.end_line();
                self.indent(indent);
            } else {
                self.out.push(c);
                self.column += 1;
            }
            spaces = c == ' ';
        }
    }

    fn double_quoted(&mut self, text: &str, indent: usize, may_break: bool) {
        self.put("\"");
        let mut spaces = false;
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let next = chars.peek().map(|(_, next)| *next);
            if c == ' ' {
                let inside = at > 0 && next.is_some();
                if may_break && !spaces && self.column > WIDTH && inside {
                    self.end_line();
                    self.indent(indent);
                    if next == Some(' ') {
                        self.put("\\");
                    }
                } else {
                    self.put(" ");
                }
                spaces = true;
                continue;
            }
            spaces = false;
            if is_printable(c) && c != '"' && c != '\\' && c != '\u{feff}' && c != '\n' {
                self.out.push(c);
                self.column += 1;
            } else {
                self.put(&escaped(c));
            }
        }
        self.put("\"");
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.put("|");
        if text.starts_with([' ', '\n']) {
            self.put("2");
        }
        match text.strip_suffix('\n') {
            None => self.put("-"),
            Some(rest) if rest.is_empty() || rest.ends_with('\n') => self.put("+"),
            Some(_) => {}
        }
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            self.out.push('\n');
            self.column = 0;
            if !line.is_empty() {
                self.indent(indent);
                self.put(line);
            }
        }
    }
}

/// Which styles can hold a text.
struct Allowed {
    plain: bool,
    single_quoted: bool,
    block: bool,
}

impl Allowed {
    fn of(text: &str) -> Allowed {
        let chars: Vec<char> = text.chars().collect();
        let mut indicator = text.starts_with("---") || text.starts_with("...");
        let (mut special, mut space_break, mut break_space) = (false, false, false);
        let mut previous = None;
        for (i, c) in chars.iter().copied().enumerate() {
            let next = chars.get(i + 1).copied();
            let before_blank = next.is_none_or(|n| n == ' ' || n == '\t' || n == '\n');
            let after_blank = previous.is_none_or(|p| p == ' ' || p == '\t' || p == '\n');
            indicator |= match c {
                '#' => after_blank,
                ':' => before_blank,
                '-' | '?' if i == 0 => before_blank,
                ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
                | '@' | '`' => i == 0,
                _ => false,
            };
            special |= !is_printable(c);
            space_break |= c == '\n' && previous == Some(' ');
            break_space |= c == ' ' && previous == Some('\n');
            previous = Some(c);
        }
        let edge = text.starts_with([' ', '\n']) || text.ends_with([' ', '\n']);
        let multi_line = text.contains('\n');
        Allowed {
            plain: !(indicator || special || space_break || break_space || edge || multi_line),
            single_quoted: !(special || space_break || break_space),
            block: !(special || space_break || text.ends_with(' ')),
        }
    }
}

fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
        && !matches!(c, '\u{2028}' | '\u{2029}')
}

fn escaped(c: char) -> String {
    let short = match c {
        '\0' => "0",
        '\u{7}' => "a",
        '\u{8}' => "b",
        '\t' => "t",
        '\n' => "n",
        '\u{b}' => "v",
        '\u{c}' => "f",
        '\r' => "r",
        '\u{1b}' => "e",
        '"' => "\"",
        '\\' => "\\",
        '\u{85}' => "N",
        '\u{2028}' => "L",
        '\u{2029}' => "P",
        _ => "",
    };
    if !short.is_empty() {
        return format!("\\{short}");
    }
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = match u32::from(c) {
        code @ ..=0xff => write!(out, "\\x{code:02X}"),
        code @ ..=0xffff => write!(out, "\\u{code:04X}"),
        code => write!(out, "\\U{code:08X}"),
    };
    out
}

/// Go prints floats with `%g` and an exponent of at least two digits.
fn go_number(number: &serde_json::Number) -> String {
    let Some(value) = number.as_f64().filter(|_| number.is_f64()) else {
        return number.to_string();
    };
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-4..1e21).contains(&magnitude) {
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, digits) = match exponent.strip_prefix('-') {
            Some(digits) => ('-', digits),
            None => ('+', exponent),
        };
        return format!("{mantissa}e{sign}{digits:0>2}");
    }
    format!("{value}")
}

/// Numbers within keys compare as numbers, letters come behind other signs.
fn natural_order(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut digits = false;
    for (i, (x, y)) in a.iter().copied().zip(b.iter().copied()).enumerate() {
        if x == y {
            digits = x.is_ascii_digit();
            continue;
        }
        let (letter_x, letter_y) = (x.is_alphabetic(), y.is_alphabetic());
        if letter_x && letter_y {
            return x.cmp(&y);
        }
        if letter_x || letter_y {
            let x_first = if digits { letter_x } else { letter_y };
            return if x_first {
                Ordering::Less
            } else {
                Ordering::Greater
            };
        }
        let run = |chars: &[char]| -> String {
            chars
                .iter()
                .skip(i)
                .take_while(|c| c.is_ascii_digit())
                .collect()
        };
        // Zeros right behind other digits are part of one number.
        let inside = (x == '0' || y == '0')
            && a.iter()
                .take(i)
                .rev()
                .take_while(|c| c.is_ascii_digit())
                .any(|c| *c != '0');
        let (run_x, run_y) = (run(&a), run(&b));
        let value = |run: &str| -> u128 {
            format!("{}{run}", if inside { "1" } else { "0" })
                .parse()
                .unwrap_or(u128::MAX)
        };
        let by_value = value(&run_x).cmp(&value(&run_y));
        return by_value.then(run_x.len().cmp(&run_y.len())).then(x.cmp(&y));
    }
    a.len().cmp(&b.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::parse;
    use super::*;

    #[test]
    fn prints_as_kubectl_does() {
        let value = json!({
            "status": {"loadBalancer": {}, "list": []},
            "kind": "Service", "apiVersion": "v1",
            "metadata": {
                "annotations": {"a": "{\"x\":1}\n", "on": "yes", "n2": "0644", "n10": "1.7.9"},
                "creationTimestamp": "2026-11-23T05:51:50Z", "generation": 1, "name": "web",
            },
            "spec": {"ports": [{"port": 80, "name": "a: b"}, {"port": 81}], "args": [["x"], [], ""], "null": null},
        });
        let text = "\
apiVersion: v1
kind: Service
metadata:
  annotations:
    a: |
      {\"x\":1}
    n2: \"0644\"
    n10: 1.7.9
    \"on\": \"yes\"
  creationTimestamp: \"2026-11-23T05:51:50Z\"
  generation: 1
  name: web
spec:
  args:
  - - x
  - []
  - \"\"
  \"null\": null
  ports:
  - name: 'a: b'
    port: 80
  - port: 81
status:
  list: []
  loadBalancer: {}
";
        assert_eq!(to_yaml(&value), text);
        assert_eq!(parse(text).map(|n| n.value()), Ok(value));
    }

    #[test]
    fn long_lines_are_folded_as_recorded() {
        let long = "failed to create containerd task: failed to create shim task: OCI runtime create \
                    failed: runc create failed: unable to start container process: error during \
                    container init: exec: \"nosuchcommand\": executable file not found in $PATH";
        let value = json!({"a": {"b": {"c": {"d": {"e": {"message": long}}}}}});
        let text = "\
a:
  b:
    c:
      d:
        e:
          message: 'failed to create containerd task: failed to create shim task:
            OCI runtime create failed: runc create failed: unable to start container
            process: error during container init: exec: \"nosuchcommand\": executable
            file not found in $PATH'
";
        assert_eq!(to_yaml(&value), text);
        assert_eq!(parse(text).map(|n| n.value()), Ok(value));
    }

    #[cfg(not(target_arch = "wasm32"))]
    mod properties {
        use proptest::prelude::*;

        use super::*;

        fn json() -> impl Strategy<Value = Value> {
            let word = prop_oneof![
                "[a-z]{0,8}",
                "[ -~\n]{0,30}",
                "[a\n ]{0,5}",
                "[0-9.:_+eE-]{1,8}",
                "\\PC{0,6}",
                "[a-z :'#]{60,130}",
                Just("yes".to_string()),
                Just("\t".to_string()),
            ];
            let leaf = prop_oneof![
                word.prop_map(Value::String),
                any::<i64>().prop_map(Value::from),
                any::<bool>().prop_map(Value::from),
                Just(Value::Null),
            ];
            leaf.prop_recursive(4, 24, 4, |inner| {
                prop_oneof![
                    prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                    prop::collection::btree_map("[a-z0-9./:_-]{1,8}", inner, 0..4)
                        .prop_map(|map| Value::Object(map.into_iter().collect())),
                ]
            })
        }

        proptest! {
            #![proptest_config(ProptestConfig::with_cases(200))]

            #[test]
            fn what_is_printed_reads_back(value in json()) {
                let text = to_yaml(&value);
                let read = parse(&text).map(|n| n.value());
                prop_assert_eq!(read, Ok(value), "{}", text);
            }

            #[test]
            fn no_text_panics(text in "[a-z:\\-#\\[\\]{}&*!|>'\"% \t\n]{0,60}") {
                let _ = parse(&text);
            }
        }
    }
}
