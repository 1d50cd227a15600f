//! Source files as text: which there are, their code without comments and strings, their functions.

use std::fs;
use std::path::Path;

use regex::Regex;

/// A file of the project: its path from the top, with slashes, and its text.
pub struct Source {
    pub path: String,
    pub text: String,
    /// Line by line without comments and without what stands in quotes.
    pub code: Vec<String>,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Source {
        Source {
            path: path.into(),
            text: text.into(),
            code: bare(text).split('\n').map(str::to_string).collect(),
        }
    }

    /// `kubelet` for src/kubelet/images.rs; the roots of the artefacts are in no room.
    pub fn room(&self) -> Option<&str> {
        let (room, _) = self.path.strip_prefix("src/")?.split_once('/')?;
        (!self.path.ends_with("/main.rs")).then_some(room)
    }

    /// Whether it is for tests alone, by its path.
    pub fn is_test(&self) -> bool {
        let path = &self.path;
        path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("tests.rs")
    }

    /// The code before the tests at the end of the file.
    pub fn body(&self) -> &[String] {
        let tests =
            |pair: &[String]| pair[0].trim() == "#[cfg(test)]" && pair[1].starts_with("mod ");
        match self.code.windows(2).position(tests) {
            Some(at) if self.code[at + 1].ends_with('{') => &self.code[..at],
            _ => &self.code,
        }
    }

    /// Every path of a module that the code names, from the crate's root: `["api", "Pod"]`.
    pub fn uses(&self) -> Vec<Vec<String>> {
        let module = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        let module = module.trim_end_matches("/mod");
        let outer: Vec<String> = module.split('/').map(str::to_string).collect();
        let inner = [&outer[..], &["tests".to_string()]].concat();
        let start = regex(r"\b(crate::|kube_orrery::|(?:super::)+)(\{[^;]*\}|\w+(?:::\w+)?)");
        let word = regex(r"\b[a-z]\w*");
        let (body, tests) = self.code.split_at(self.body().len());
        let mut found = Vec::new();
        for (code, module) in [(body, outer), (tests, inner)] {
            let code = code.join("\n");
            for part in start.captures_iter(&code) {
                let ups = part[1].matches("super::").count();
                let base = match ups {
                    0 => &[][..],
                    _ => &module[..module.len().saturating_sub(ups)],
                };
                let path = |names: Vec<&str>| {
                    let names = names.into_iter().map(str::to_string);
                    base.iter().cloned().chain(names).collect()
                };
                if part[2].starts_with('{') {
                    found.extend(
                        word.find_iter(&part[2])
                            .map(|name| path(vec![name.as_str()])),
                    );
                } else {
                    found.push(path(part[2].split("::").collect()));
                }
            }
        }
        found
    }

    /// The names of the functions with the number of their lines of code.
    pub fn functions(&self) -> Vec<(String, usize)> {
        let head = regex(r"^( *)(?:pub(?:\([a-z]+\))? )?(?:const |async )*fn (\w+)");
        let mut found = Vec::new();
        for (at, line) in self.code.iter().enumerate() {
            let Some(part) = head.captures(line) else {
                continue;
            };
            let end = format!("{}}}", &part[1]);
            let rest = self.code[at..].iter();
            // A declaration in a trait has no body.
            if rest
                .clone()
                .find(|l| l.ends_with([';', '{']))
                .is_some_and(|l| l.ends_with(';'))
            {
                continue;
            }
            let body = rest.take_while(|l| **l != end);
            found.push((
                part[2].to_string(),
                body.filter(|l| !l.trim().is_empty()).count() + 1,
            ));
        }
        found
    }
}

pub fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a valid pattern")
}

/// Blanks out comments and the insides of quotes, and keeps the lines.
fn bare(text: &str) -> String {
    let token = regex(concat!(
        r##"(?s)//[^\n]*|/\*.*?\*/|r#".*?"#|r"[^"]*""##,
        r#"|b?"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.[^']*)'"#
    ));
    let blank = |found: &regex::Captures<'_>| {
        let lines = "\n".repeat(found[0].matches('\n').count());
        if found[0].starts_with('/') {
            lines
        } else {
            format!("\"{lines}\"")
        }
    };
    let code = token.replace_all(text, blank);
    code.lines()
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Every path below a folder of the project, or the file itself; sorted.
pub fn paths(place: &str) -> Vec<String> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut found, mut left) = (Vec::new(), vec![top.join(place)]);
    while let Some(path) = left.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("a folder");
            left.extend(entries.map(|entry| entry.expect("an entry").path()));
        } else if path.exists() {
            let name = path.strip_prefix(top).expect("below the top");
            found.push(name.to_string_lossy().replace('\\', "/"));
        }
    }
    found.sort();
    found
}

/// Every file below a folder of the project, or the file itself, whose name ends so.
pub fn files(place: &str, end: &str) -> Vec<Source> {
    let mut paths = paths(place);
    paths.retain(|path| path.ends_with(end) && !path.ends_with(".png"));
    let load = |path: &String| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        Source::new(path, &fs::read_to_string(file).expect("a text"))
    };
    paths.iter().map(load).collect()
}
