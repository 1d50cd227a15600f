//! The text of a description before its tabs are aligned, with the blocks of key and value.
//!
//! Upstream: `PrefixWriter`, `printLabelsMultiline`, `printAnnotationsMultiline`,
//! `printPodTolerationsMultiline` in `describe.go`.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Toleration;

use crate::api::{Meta, Order};

/// Lines with tabs between cells.
#[derive(Default)]
pub struct Text(String);

const ANNOTATION_MAX: usize = 140;
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

impl Text {
    /// A line at a level of nesting.
    pub fn line(&mut self, level: usize, text: impl AsRef<str>) {
        self.0.extend(std::iter::repeat_n("  ", level));
        self.0.push_str(text.as_ref());
        self.0.push('\n');
    }

    /// `<key>:<TAB><value>` at a level of nesting.
    pub fn field(&mut self, level: usize, key: &str, value: impl std::fmt::Display) {
        self.line(level, format!("{key}:\t{value}"));
    }

    /// The same, left out if the value is empty.
    pub fn field_if(&mut self, level: usize, key: &str, value: &str) {
        if !value.is_empty() {
            self.field(level, key, value);
        }
    }

    /// `k=v` pairs, each on a line of its own, or `<none>`.
    pub fn pairs(&mut self, title: &str, pairs: &BTreeMap<String, String>) {
        self.list(
            title,
            pairs.iter().map(|(key, value)| format!("{key}={value}")),
        );
    }

    /// Values, each on a line of its own, or `<none>`.
    pub fn list(&mut self, title: &str, values: impl IntoIterator<Item = String>) {
        let mut head = format!("{title}:\t");
        for value in values {
            self.line(0, format!("{head}{value}"));
            head = "\t".into();
        }
        if head != "\t" {
            self.line(0, format!("{head}<none>"));
        }
    }

    /// Annotations: long ones wrap below their key.
    pub fn annotations(&mut self, title: &str, annotations: &BTreeMap<String, String>) {
        let mut head = format!("{title}:\t");
        for (key, value) in annotations.iter().filter(|(key, _)| *key != LAST_APPLIED) {
            let value = value.strip_suffix('\n').unwrap_or(value);
            if value.len() + key.len() + 2 > ANNOTATION_MAX || value.contains('\n') {
                self.line(0, format!("{head}{key}:"));
                for line in value.split('\n') {
                    self.line(0, format!("\t  {}", shorten(line, ANNOTATION_MAX - 2)));
                }
            } else {
                self.line(0, format!("{head}{key}: {value}"));
            }
            head = "\t".into();
        }
        if head != "\t" {
            self.line(0, format!("{head}<none>"));
        }
    }

    /// Name and namespace.
    pub fn names(&mut self, meta: &Meta) {
        self.field(0, "Name", &meta.name);
        if !meta.namespace.is_empty() {
            self.field(0, "Namespace", &meta.namespace);
        }
    }

    /// Labels and annotations.
    pub fn labels(&mut self, meta: &Meta) {
        self.pairs("Labels", &meta.labels);
        self.annotations("Annotations", &meta.annotations);
    }

    /// `Controlled By`, if there is a controller.
    pub fn controller(&mut self, meta: &Meta) {
        if let Some(owner) = meta.controller() {
            self.field(0, "Controlled By", format!("{}/{}", owner.kind, owner.name));
        }
    }

    /// Tolerations, by key.
    pub fn tolerations(&mut self, title: &str, tolerations: &[Toleration]) {
        let mut sorted: Vec<&Toleration> = tolerations.iter().collect();
        sorted.order_by(|a, b| a.key.cmp(&b.key));
        self.list(title, sorted.into_iter().map(toleration));
    }

    /// The text so far.
    pub fn finish(self) -> String {
        self.0
    }
}

/// A text, or another if it is empty.
pub fn or<'a>(text: &'a str, without: &'a str) -> &'a str {
    if text.is_empty() { without } else { text }
}

fn toleration(toleration: &Toleration) -> String {
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    let mut shown = text(&toleration.key);
    if !text(&toleration.value).is_empty() {
        shown.push_str(&format!("={}", text(&toleration.value)));
    }
    if !text(&toleration.effect).is_empty() {
        shown.push_str(&format!(":{}", text(&toleration.effect)));
    }
    // Everything but an operator with a key and no value is plain from the form.
    if toleration.operator.as_deref() == Some("Exists") && text(&toleration.value).is_empty() {
        if !text(&toleration.key).is_empty() || !text(&toleration.effect).is_empty() {
            shown.push(' ');
        }
        shown.push_str("op=Exists");
    }
    if let Some(seconds) = toleration.toleration_seconds {
        shown.push_str(&format!(" for {seconds}s"));
    }
    shown
}

fn shorten(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_string();
    }
    let mut end = max;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}...", text.get(..end).unwrap_or_default())
}
