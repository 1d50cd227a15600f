//! Checks of names and labels that kubectl makes itself, before the server sees them.
//!
//! Upstream: `apimachinery/pkg/util/validation/validation.go`; image names:
//! `distribution/reference`.

/// What is wrong with a label's value, in the words of the validation library. `None` if nothing.
pub fn label_value_problem(value: &str) -> Option<&'static str> {
    if value.len() > 63 {
        return Some("must be no more than 63 bytes");
    }
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let edge = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    let good = value.chars().all(inner) && edge(value.chars().next()) && edge(value.chars().last());
    (!good).then_some(
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    )
}

/// Whether a container image's name has the form that kubectl accepts.
pub fn image_is_valid(image: &str) -> bool {
    let (name, digest) = image
        .split_once('@')
        .map_or((image, None), |(n, d)| (n, Some(d)));
    let slash = name.rfind('/').map_or(0, |at| at + 1);
    let (last, tag) = match name.get(slash..).and_then(|last| last.split_once(':')) {
        Some((last, tag)) => (last, Some(tag)),
        None => (name.get(slash..).unwrap_or_default(), None),
    };
    let host = name.get(..slash).unwrap_or_default();
    let mut parts: Vec<&str> = host.split_terminator('/').collect();
    if parts
        .first()
        .is_some_and(|first| first.contains(['.', ':']) || *first == "localhost")
    {
        parts.remove(0);
    }
    parts.push(last);
    let part_is_valid = |part: &&str| {
        let edge =
            |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let inner =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
        part.chars().all(inner) && edge(part.chars().next()) && edge(part.chars().last())
    };
    let tag_is_valid = tag.is_none_or(|tag| {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        tag.chars().next().is_some_and(word)
            && tag.len() <= 128
            && tag.chars().all(|c| word(c) || matches!(c, '.' | '-'))
    });
    let digest_is_valid = digest.is_none_or(|digest| {
        digest.split_once(':').is_some_and(|(algorithm, hex)| {
            !algorithm.is_empty() && hex.len() >= 32 && hex.chars().all(|c| c.is_ascii_hexdigit())
        })
    });
    parts.iter().all(part_is_valid) && tag_is_valid && digest_is_valid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_references() {
        for image in [
            "nginx",
            "nginx:1.7.9",
            "prom/node-exporter:v1.0.0",
            "localhost:5000/a/b",
            "quay.io/X_1",
        ] {
            assert_eq!(image_is_valid(image), !image.contains('X'), "{image}");
        }
        for image in ["NGINX", "", "a b", "nginx:", "a//b", "-x", "nginx:1:2"] {
            assert!(!image_is_valid(image), "{image}");
        }
    }

    #[test]
    fn label_values_are_words() {
        for (value, good) in [
            ("", true),
            ("ssd", true),
            ("a.b_c-1", true),
            ("b!", false),
            ("-a", false),
            ("a.", false),
        ] {
            assert_eq!(label_value_problem(value).is_none(), good, "{value}");
        }
        assert!(label_value_problem(&"a".repeat(64)).is_some());
    }
}
