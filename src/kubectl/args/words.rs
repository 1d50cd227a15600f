//! Splitting a command line into words as a shell does: quotes, backslashes, comments.
//!
//! Upstream: POSIX shell quoting. Differs: no variables, globs, pipes or redirections.

/// The words of a line. Errors: a text if a quote is left open.
pub fn split(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                let into = word.get_or_insert_default();
                quoted(&mut chars, '\'', into)?;
            }
            '"' => {
                let into = word.get_or_insert_default();
                quoted(&mut chars, '"', into)?;
            }
            '\\' => match chars.next() {
                // A backslash at the end of a line joins it with the next one.
                Some('\n') | None => {}
                Some(c) => word.get_or_insert_default().push(c),
            },
            '#' if word.is_none() => {
                while chars.peek().is_some_and(|c| *c != '\n') {
                    chars.next();
                }
            }
            c if c.is_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

fn quoted(
    chars: &mut impl Iterator<Item = char>,
    quote: char,
    into: &mut String,
) -> Result<(), String> {
    let mut escaped = false;
    for c in chars {
        if escaped {
            if !matches!(c, '"' | '\\' | '$' | '`' | '\n') {
                into.push('\\');
            }
            if c != '\n' {
                into.push(c);
            }
            escaped = false;
        } else if c == '\\' && quote == '"' {
            escaped = true;
        } else if c == quote {
            return Ok(());
        } else {
            into.push(c);
        }
    }
    Err(format!(
        "unexpected end of line while looking for matching `{quote}'"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_as_a_shell_does() {
        for (line, words) in [
            ("get  pods -A", &["get", "pods", "-A"][..]),
            (
                "label pod p \"bad key\"=x",
                &["label", "pod", "p", "bad key=x"],
            ),
            (
                "patch -p '{\"a\": \"b c\"}'",
                &["patch", "-p", "{\"a\": \"b c\"}"],
            ),
            ("get pods # all of them", &["get", "pods"]),
            ("get pods#1 a\\ b ''", &["get", "pods#1", "a b", ""]),
            ("run x \\\n --image=y", &["run", "x", "--image=y"]),
            ("a \"b \\\" \\n c\"", &["a", "b \" \\n c"]),
            ("", &[]),
        ] {
            assert_eq!(
                split(line).as_deref(),
                Ok(&words.iter().map(ToString::to_string).collect::<Vec<_>>()[..]),
                "{line}"
            );
        }
        assert!(split("a 'b").is_err());
    }
}
