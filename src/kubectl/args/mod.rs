//! Arguments and flags of a verb, read as kubectl's flag library reads them.
//!
//! Upstream: `spf13/cobra`, `spf13/pflag` (forms of flags, errors), `cli-runtime` (common flags).

mod words;

use std::collections::BTreeMap;

use crate::api::parse_duration;

use super::errors::Failure;

pub use words::split;

/// What a flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Nothing, or `=true`/`=false`.
    Switch,
    Text,
    /// A list: repeated, and split at commas.
    List,
    /// A list: repeated, commas belong to the values.
    Array,
    Int32,
    Int64,
    Duration,
    /// A text that may be left out; bare it means this.
    Optional(&'static str),
}

/// One flag of a verb.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    pub name: &'static str,
    pub short: Option<char>,
    pub takes: Takes,
}

/// A flag without a short form.
pub const fn flag(name: &'static str, takes: Takes) -> Flag {
    Flag {
        name,
        short: None,
        takes,
    }
}

/// A flag with a short form.
pub const fn short(name: &'static str, short: char, takes: Takes) -> Flag {
    Flag {
        name,
        short: Some(short),
        takes,
    }
}

/// The flags that every verb knows. Only the namespace and the request timeout have an effect.
pub const GLOBAL: &[Flag] = &[
    short("namespace", 'n', Takes::Text),
    flag("request-timeout", Takes::Text),
    short("server", 's', Takes::Text),
    short("v", 'v', Takes::Int32),
    flag("as", Takes::Text),
    flag("as-group", Takes::Array),
    flag("as-uid", Takes::Text),
    flag("as-user-extra", Takes::Array),
    flag("cache-dir", Takes::Text),
    flag("certificate-authority", Takes::Text),
    flag("client-certificate", Takes::Text),
    flag("client-key", Takes::Text),
    flag("cluster", Takes::Text),
    flag("context", Takes::Text),
    flag("disable-compression", Takes::Switch),
    flag("insecure-skip-tls-verify", Takes::Switch),
    flag("kubeconfig", Takes::Text),
    flag("kuberc", Takes::Text),
    flag("log-flush-frequency", Takes::Duration),
    flag("match-server-version", Takes::Switch),
    flag("password", Takes::Text),
    flag("profile", Takes::Text),
    flag("profile-output", Takes::Text),
    flag("tls-server-name", Takes::Text),
    flag("token", Takes::Text),
    flag("user", Takes::Text),
    flag("username", Takes::Text),
    flag("vmodule", Takes::Text),
    flag("warnings-as-errors", Takes::Switch),
    short("help", 'h', Takes::Switch),
];

/// What was given to a verb.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Args {
    /// The arguments before `--`.
    pub words: Vec<String>,
    /// The arguments behind `--`, if there was one.
    pub rest: Option<Vec<String>>,
    values: BTreeMap<&'static str, Vec<String>>,
}

impl Args {
    /// Reads the words behind a verb; `path` is the verb with its parents (`create deployment`).
    /// Errors: unknown flags, missing and bad values, in pflag's words.
    pub fn parse(path: &str, flags: &[&[Flag]], words: &[String]) -> Result<Args, Failure> {
        let mut parser = Parser {
            path,
            flags,
            args: Args::default(),
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                parser.args.rest = Some(words.cloned().collect());
                break;
            }
            if let Some(long) = word.strip_prefix("--") {
                parser.long(long, &mut words)?;
            } else if word.len() > 1 && word.starts_with('-') {
                parser.shorts(word.get(1..).unwrap_or_default(), &mut words)?;
            } else {
                parser.args.words.push(word.clone());
            }
        }
        Ok(parser.args)
    }

    /// Whether the flag was given at all.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// The last value of a flag.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.last().map(String::as_str)
    }

    /// The last value of a flag, or a default.
    pub fn text<'a>(&'a self, name: &str, default: &'a str) -> &'a str {
        self.get(name).unwrap_or(default)
    }

    /// Whether a switch is on.
    pub fn on(&self, name: &str) -> bool {
        self.switch(name, false)
    }

    /// The value of a switch with a default.
    pub fn switch(&self, name: &str, default: bool) -> bool {
        self.get(name)
            .map_or(default, |text| truth(text) == Some(true))
    }

    /// The value of a number flag.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.get(name)?.parse().ok()
    }

    /// All values of a list.
    pub fn list(&self, name: &str) -> &[String] {
        self.values.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// All arguments, those behind `--` included.
    pub fn all_words(&self) -> Vec<String> {
        let rest = self.rest.iter().flatten();
        self.words.iter().chain(rest).cloned().collect()
    }
}

struct Parser<'a> {
    path: &'a str,
    flags: &'a [&'a [Flag]],
    args: Args,
}

impl Parser<'_> {
    fn find(&self, wanted: impl Fn(&Flag) -> bool) -> Option<Flag> {
        let own = self.flags.iter().flat_map(|group| group.iter());
        own.chain(GLOBAL).find(|flag| wanted(flag)).copied()
    }

    fn failure(&self, text: String) -> Failure {
        Failure::error(
            format!("{text}\nSee 'kubectl {} --help' for usage.", self.path)
                .replace("kubectl  ", "kubectl "),
        )
    }

    fn long<'w>(
        &mut self,
        text: &str,
        words: &mut impl Iterator<Item = &'w String>,
    ) -> Result<(), Failure> {
        let (name, given) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_string())),
            None => (text, None),
        };
        if name.is_empty() || name.starts_with('-') {
            return Err(self.failure(format!("bad flag syntax: --{text}")));
        }
        let Some(flag) = self.find(|f| f.name == name) else {
            return Err(self.failure(format!("unknown flag: --{name}")));
        };
        let value = match (given, flag.takes) {
            (Some(value), _) => value,
            (None, Takes::Switch) => "true".into(),
            (None, Takes::Optional(bare)) => bare.into(),
            (None, _) => match words.next() {
                Some(value) => value.clone(),
                None => return Err(self.failure(format!("flag needs an argument: --{name}"))),
            },
        };
        self.set(flag, &value)
    }

    fn shorts<'w>(
        &mut self,
        text: &str,
        words: &mut impl Iterator<Item = &'w String>,
    ) -> Result<(), Failure> {
        let mut left = text;
        while let Some(letter) = left.chars().next() {
            let behind = left.get(letter.len_utf8()..).unwrap_or_default();
            let Some(flag) = self.find(|f| f.short == Some(letter)) else {
                let shown = format!("unknown shorthand flag: '{letter}' in -{left}");
                return Err(self.failure(shown));
            };
            let value = if let Some(value) = behind.strip_prefix('=') {
                left = "";
                value.to_string()
            } else if let Takes::Switch | Takes::Optional(_) = flag.takes {
                left = behind;
                if let Takes::Optional(bare) = flag.takes {
                    bare.to_string()
                } else {
                    "true".to_string()
                }
            } else if !behind.is_empty() {
                left = "";
                behind.to_string()
            } else {
                let Some(value) = words.next() else {
                    let shown = format!("flag needs an argument: '{letter}' in -{left}");
                    return Err(self.failure(shown));
                };
                left = "";
                value.clone()
            };
            self.set(flag, &value)?;
        }
        Ok(())
    }

    fn set(&mut self, flag: Flag, value: &str) -> Result<(), Failure> {
        if let Err(why) = check(flag.takes, value) {
            let name = match flag.short {
                Some(short) => format!("-{short}, --{}", flag.name),
                None => format!("--{}", flag.name),
            };
            return Err(self.failure(format!(
                "invalid argument \"{value}\" for \"{name}\" flag: {why}"
            )));
        }
        let values = self.args.values.entry(flag.name).or_default();
        if flag.takes == Takes::List {
            values.extend(value.split(',').map(str::to_string));
        } else {
            values.push(value.to_string());
        }
        Ok(())
    }
}

/// A boolean as Go reads one.
fn truth(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

fn check(takes: Takes, value: &str) -> Result<(), String> {
    let bad =
        |reader: &str, why: &str| Err(format!("strconv.{reader}: parsing \"{value}\": {why}"));
    match takes {
        Takes::Switch if truth(value).is_none() => bad("ParseBool", "invalid syntax"),
        Takes::Int32 | Takes::Int64 => {
            let digits = value.trim_start_matches(['-', '+']);
            if digits.is_empty() || !digits.chars().all(|c| c.is_ascii_digit()) {
                return bad("ParseInt", "invalid syntax");
            }
            let fits = if takes == Takes::Int32 {
                value.parse::<i32>().is_ok()
            } else {
                value.parse::<i64>().is_ok()
            };
            if fits {
                Ok(())
            } else {
                bad("ParseInt", "value out of range")
            }
        }
        Takes::Duration => parse_duration(value).map(|_| ()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: &[Flag] = &[
        short("output", 'o', Takes::Text),
        short("watch", 'w', Takes::Switch),
        short("replicas", 'r', Takes::Int32),
        flag("image", Takes::Array),
        short("label-columns", 'L', Takes::List),
        flag("dry-run", Takes::Optional("unchanged")),
        flag("timeout", Takes::Duration),
    ];

    fn parse(line: &str) -> Result<Args, Failure> {
        let words = split(line).expect("words");
        Args::parse("create deployment", &[FLAGS], &words)
    }

    #[test]
    fn flags_stand_anywhere_and_take_values_in_every_form() {
        for line in [
            "a b -o wide",
            "-owide a b",
            "a -o=wide b",
            "a --output wide b",
            "--output=wide a b",
        ] {
            let args = parse(line).expect(line);
            assert_eq!(args.words, ["a", "b"], "{line}");
            assert_eq!(args.get("output"), Some("wide"), "{line}");
        }
        let args = parse("x -wowide --dry-run y -L a,b -L c -- sh -c 'a b'").expect("args");
        assert!(args.on("watch"));
        assert_eq!(args.get("output"), Some("wide"));
        assert_eq!(args.get("dry-run"), Some("unchanged"));
        assert_eq!(args.words, ["x", "y"]);
        assert_eq!(args.list("label-columns"), ["a", "b", "c"]);
        assert_eq!(
            args.rest,
            Some(vec!["sh".into(), "-c".into(), "a b".into()])
        );
        assert!(!parse("--watch=false").expect("args").on("watch"));
    }

    #[test]
    fn errors_are_in_pflags_words() {
        let usage = "\nSee 'kubectl create deployment --help' for usage.";
        for (line, text) in [
            ("--foo", "unknown flag: --foo"),
            ("-q", "unknown shorthand flag: 'q' in -q"),
            ("--image", "flag needs an argument: --image"),
            ("-wo", "flag needs an argument: 'o' in -o"),
            (
                "-r x",
                "invalid argument \"x\" for \"-r, --replicas\" flag: strconv.ParseInt: parsing \"x\": invalid syntax",
            ),
            (
                "--replicas=5000000000",
                "invalid argument \"5000000000\" for \"-r, --replicas\" flag: strconv.ParseInt: parsing \"5000000000\": value out of range",
            ),
            (
                "--watch=maybe",
                "invalid argument \"maybe\" for \"-w, --watch\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax",
            ),
            (
                "--timeout=5x",
                "invalid argument \"5x\" for \"--timeout\" flag: time: unknown unit \"x\" in duration \"5x\"",
            ),
        ] {
            let failure = parse(line).expect_err(line);
            assert_eq!(failure.text, format!("error: {text}{usage}"), "{line}");
        }
    }
}
