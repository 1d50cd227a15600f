//! Words of `label`, `annotate` and `set image`: first objects, then `key=value` and `key-`.
//!
//! Upstream: `cmdutil.GetResourcesAndPairs`, `ParsePairs`.

use crate::kubectl::errors::Failure;

/// Words, told apart.
pub(super) struct Pairs {
    pub resources: Vec<String>,
    /// In the order given.
    pub set: Vec<(String, String)>,
    pub remove: Vec<String>,
}

/// Splits words into resources and changes; `what` is `label` or `annotation`. Errors: kubectl's.
pub(super) fn split(words: &[String], what: &str) -> Result<Pairs, Failure> {
    let mut pairs = Pairs {
        resources: Vec::new(),
        set: Vec::new(),
        remove: Vec::new(),
    };
    let mut in_changes = false;
    for word in words {
        let is_change = word.contains('=') || word.ends_with('-');
        if !is_change {
            if in_changes {
                return Err(Failure::error(format!(
                    "all resources must be specified before {what} changes: {word}"
                )));
            }
            pairs.resources.push(word.clone());
            continue;
        }
        in_changes = true;
        match (word.split_once('='), word.strip_suffix('-')) {
            (Some((key, value)), _) if !key.is_empty() => {
                pairs.set.push((key.to_string(), value.to_string()));
            }
            (None, Some(key)) if !key.is_empty() => pairs.remove.push(key.to_string()),
            _ => return Err(Failure::error(format!("invalid {what} spec: {word}"))),
        }
    }
    if pairs.set.iter().any(|(key, _)| pairs.remove.contains(key)) {
        let article = if what == "annotation" { "an" } else { "a" };
        return Err(Failure::error(format!(
            "can not both modify and remove {article} {what} in the same command"
        )));
    }
    Ok(pairs)
}

/// The failure of a command without objects.
pub(super) fn no_resources() -> Failure {
    Failure::error(
        "one or more resources must be specified as <resource> <name> or <resource>/<name>",
    )
}
