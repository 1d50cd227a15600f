//! The table of verbs: one row a verb, in the order of kubectl's own command table.
//!
//! Upstream: `kubectl/pkg/cmd/cmd.go`; texts for unknown verbs from cobra. Differs: verbs that only
//! make sense with a real machine behind them say that they are not here.

mod apply;
mod apply_server;
mod autoscale;
mod cordon;
mod create;
mod create_access;
mod create_config;
mod create_file;
mod create_job;
mod create_network;
mod create_policy;
mod delete;
mod describe;
mod diff;
mod drain;
mod events;
mod expose;
mod get;
mod info;
mod label;
mod logs;
#[cfg(test)]
mod manifest_tests;
mod pairs;
mod patch;
mod replace;
mod rollout;
mod run;
mod scale;
mod set;
mod taint;
mod top;
mod wait;
mod watch;

use crate::apiserver::Writer;

use super::args::{Args, Flag, GLOBAL, Takes, split};
use super::console::{Console, Flow};
use super::errors::Failure;

/// One verb, or a group of verbs such as `rollout`.
pub struct Verb {
    pub name: &'static str,
    /// Behind `kubectl`, in our own words.
    pub usage: &'static str,
    pub summary: &'static str,
    pub flags: &'static [&'static [Flag]],
    /// Flags that must be given.
    pub required: &'static [&'static str],
    pub below: &'static [Verb],
    pub run: fn(&mut Console<'_, '_>, &Args) -> Result<Flow, Failure>,
}

/// All verbs.
pub static VERBS: &[Verb] = &[
    create::VERB,
    expose::VERB,
    run::VERB,
    set::VERB,
    get::VERB,
    delete::VERB,
    rollout::VERB,
    scale::VERB,
    autoscale::VERB,
    info::CLUSTER_VERB,
    top::VERB,
    cordon::CORDON,
    cordon::UNCORDON,
    drain::VERB,
    taint::VERB,
    describe::VERB,
    logs::VERB,
    events::VERB,
    diff::VERB,
    apply::VERB,
    patch::VERB,
    replace::VERB,
    wait::VERB,
    label::LABEL,
    label::ANNOTATE,
    info::VERSION_VERB,
    info::RESOURCES_VERB,
    info::VERSIONS_VERB,
];

/// Every verb of kubectl, for suggestions; those without a row in the table are not here.
const ALL_NAMES: &[&str] = &[
    "create",
    "expose",
    "run",
    "set",
    "explain",
    "get",
    "edit",
    "delete",
    "rollout",
    "scale",
    "autoscale",
    "certificate",
    "cluster-info",
    "top",
    "cordon",
    "uncordon",
    "drain",
    "taint",
    "describe",
    "logs",
    "attach",
    "exec",
    "port-forward",
    "proxy",
    "cp",
    "auth",
    "debug",
    "events",
    "diff",
    "apply",
    "patch",
    "replace",
    "wait",
    "kustomize",
    "label",
    "annotate",
    "completion",
    "config",
    "plugin",
    "version",
    "api-resources",
    "api-versions",
    "options",
];

/// What a verb waits in: a plain value for each verb that blocks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Waiting {
    /// `get -w`.
    Watch(watch::Watch),
    /// `delete`.
    Gone(delete::Gone),
    /// `rollout status`.
    Rollout(rollout::Status),
    /// `wait`.
    Wait(wait::Wait),
    /// `drain`.
    Drain(drain::Drain),
    /// `logs -f`.
    Logs(logs::Follow),
}

impl Waiting {
    /// Goes on after a change of the store or when the moment has come.
    pub fn resume(self, console: &mut Console<'_, '_>) -> Result<Flow, Failure> {
        match self {
            Waiting::Watch(watch) => watch.resume(console),
            Waiting::Gone(gone) => gone.resume(console),
            Waiting::Rollout(status) => status.resume(console),
            Waiting::Wait(wait) => wait.resume(console),
            Waiting::Drain(drain) => drain.resume(console),
            Waiting::Logs(follow) => follow.resume(console),
        }
    }
}

/// Reads a command line (without `kubectl`) and starts its verb.
pub fn start(line: &str, console: &mut Console<'_, '_>) -> Result<Flow, Failure> {
    let words = split(line).map_err(Failure::error)?;
    let Some(at) = verb_at(&words) else {
        let args = Args::parse("", &[], &words)?;
        console.adopt(&args);
        return help(console);
    };
    let name = words.get(at).cloned().unwrap_or_default();
    if name == "help" {
        return help(console);
    }
    let Some(mut verb) = VERBS.iter().find(|verb| verb.name == name) else {
        return Err(unknown(&name));
    };
    let mut words = words;
    words.remove(at);
    let mut path = name;
    while !verb.below.is_empty() {
        let Some(at) = word_at(&words, verb.flags) else {
            break;
        };
        let name = words.get(at).cloned().unwrap_or_default();
        let Some(below) = verb
            .below
            .iter()
            .find(|v| v.name.split('|').any(|n| n == name))
        else {
            break;
        };
        verb = below;
        words.remove(at);
        path = format!("{path} {}", verb.name.split('|').next().unwrap_or_default());
    }
    let args = Args::parse(&path, verb.flags, &words)?;
    if args.on("help") {
        return verb_help(&path, verb, console);
    }
    check_required(verb, &args)?;
    console.writer = writer(&path);
    console.adopt(&args);
    (verb.run)(console, &args)
}

/// The field manager under which a verb writes unless told otherwise.
fn writer(path: &str) -> Writer {
    let verb = path.split(' ').next().unwrap_or_default();
    let (manager, subresource) = match verb {
        "apply" => ("kubectl-client-side-apply", ""),
        "scale" => ("kubectl", "scale"),
        "create" => ("kubectl-create", ""),
        "run" => ("kubectl-run", ""),
        "expose" => ("kubectl-expose", ""),
        "autoscale" => ("kubectl-autoscale", ""),
        "set" => ("kubectl-set", ""),
        "rollout" => ("kubectl-rollout", ""),
        "label" => ("kubectl-label", ""),
        "annotate" => ("kubectl-annotate", ""),
        "taint" => ("kubectl-taint", ""),
        "patch" => ("kubectl-patch", ""),
        "edit" => ("kubectl-edit", ""),
        "replace" => ("kubectl-replace", ""),
        _ => ("kubectl", ""),
    };
    Writer {
        manager: manager.into(),
        subresource,
    }
}

fn check_required(verb: &Verb, args: &Args) -> Result<(), Failure> {
    let missing = verb.required.iter().filter(|name| !args.has(name));
    let missing: Vec<String> = missing.map(|name| format!("\"{name}\"")).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::error(format!(
        "required flag(s) {} not set",
        missing.join(", ")
    )))
}

/// Where the verb stands: the first word that is no flag and no flag's value.
fn verb_at(words: &[String]) -> Option<usize> {
    word_at(words, &[])
}

fn word_at(words: &[String], flags: &[&[Flag]]) -> Option<usize> {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        if word == "--" {
            return None;
        }
        if !word.starts_with('-') || word.len() == 1 {
            return Some(at);
        }
        at += 1;
        let known = flags.iter().flat_map(|group| group.iter()).chain(GLOBAL);
        let takes_next = |flag: &Flag| !matches!(flag.takes, Takes::Switch | Takes::Optional(_));
        let named = |flag: &&Flag| match word.strip_prefix("--") {
            Some(long) => flag.name == long,
            None => word.chars().nth(1) == flag.short && flag.short.is_some() && word.len() == 2,
        };
        if known.into_iter().find(named).is_some_and(takes_next) {
            at += 1;
        }
    }
    None
}

fn unknown(name: &str) -> Failure {
    if ALL_NAMES.contains(&name) {
        return Failure::error(format!(
            "\"kubectl {name}\" is not part of this simulation (\"kubectl help\" lists what is)"
        ));
    }
    let mut text = format!("error: unknown command \"{name}\" for \"kubectl\"");
    let lower = name.to_lowercase();
    let near = |known: &&&str| distance(&lower, known) <= 2 || known.starts_with(&lower);
    let near: Vec<&str> = ALL_NAMES.iter().filter(near).copied().collect();
    if !near.is_empty() {
        text.push_str("\n\nDid you mean this?");
        for name in near {
            text.push_str("\n\t");
            text.push_str(name);
        }
    }
    Failure::plain(text)
}

/// The Levenshtein distance of two words.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for ((y, above), above_left) in b.iter().zip(row.iter().skip(1)).zip(&row) {
            let left = next.last().copied().unwrap_or_default();
            let change = above_left + usize::from(x != *y);
            next.push(change.min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

/// The list of verbs, from the table.
fn help(console: &mut Console<'_, '_>) -> Result<Flow, Failure> {
    console.say("kubectl works on the simulated cluster. Its verbs here:\n");
    let width = VERBS.iter().map(|verb| verb.name.len()).max().unwrap_or(0);
    for verb in VERBS {
        console.say(format!("  {:width$}  {}", verb.name, verb.summary));
    }
    console.say("\nUse \"kubectl VERB --help\" for the forms of a verb.");
    Ok(Flow::Done(0))
}

fn verb_help(path: &str, verb: &Verb, console: &mut Console<'_, '_>) -> Result<Flow, Failure> {
    console.say(format!(
        "{}\n\nUsage:\n  kubectl {}",
        verb.summary, verb.usage
    ));
    if !verb.below.is_empty() {
        console.say("\nVerbs:");
    }
    for below in verb.below {
        let name = below.name.split('|').next().unwrap_or_default();
        console.say(format!("  kubectl {path} {name}: {}", below.summary));
    }
    let flags: Vec<&Flag> = verb.flags.iter().flat_map(|group| group.iter()).collect();
    if !flags.is_empty() {
        console.say("\nFlags:");
    }
    for flag in flags {
        let short = flag.short.map_or(String::new(), |c| format!("-{c}, "));
        console.say(format!("  {short:>6}--{}", flag.name));
    }
    Ok(Flow::Done(0))
}

/// What a group of verbs does when no verb of it was named.
fn group(name: &str, console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    if !args.words.is_empty() {
        let text = format!("unknown command \"{}\"", args.words.join(" "));
        return Err(Failure::usage(name, text));
    }
    if let Some(verb) = VERBS.iter().find(|verb| verb.name == name) {
        verb_help(name, verb, console)?;
    }
    Ok(Flow::Done(1))
}

/// -l, --field-selector, --all, -A: flags that pick objects.
pub const SELECTION: &[Flag] = &[
    super::args::short("selector", 'l', Takes::Text),
    super::args::flag("field-selector", Takes::Text),
    super::args::flag("all", Takes::Switch),
    super::args::short("all-namespaces", 'A', Takes::Switch),
];

/// -f, -R, -k: flags that name files.
pub const FILES: &[Flag] = &[
    super::args::short("filename", 'f', Takes::List),
    super::args::short("recursive", 'R', Takes::Switch),
    super::args::short("kustomize", 'k', Takes::Text),
];

/// --dry-run, -o and their like: flags of verbs that write.
pub const WRITE: &[Flag] = &[
    super::args::flag("dry-run", Takes::Optional("unchanged")),
    super::args::short("output", 'o', Takes::Text),
    super::args::flag("field-manager", Takes::Text),
    super::args::flag("template", Takes::Text),
    super::args::flag("show-managed-fields", Takes::Switch),
    super::args::flag("allow-missing-template-keys", Takes::Switch),
    super::args::flag("save-config", Takes::Switch),
    super::args::flag("record", Takes::Switch),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_verbs_get_kubectls_suggestions() {
        for (name, text) in [
            (
                "foo",
                "error: unknown command \"foo\" for \"kubectl\"\n\nDid you mean this?\n\ttop",
            ),
            (
                "gett",
                "error: unknown command \"gett\" for \"kubectl\"\n\nDid you mean this?\n\tset\n\tget",
            ),
            (
                "nonsense",
                "error: unknown command \"nonsense\" for \"kubectl\"",
            ),
        ] {
            assert_eq!(unknown(name).text, text);
        }
    }

    #[test]
    fn verbs_stand_behind_global_flags() {
        let words = |line: &str| split(line).expect("words");
        assert_eq!(verb_at(&words("-n kube-system get pods")), Some(2));
        assert_eq!(verb_at(&words("--namespace=a get")), Some(1));
        assert_eq!(verb_at(&words("-v")), None);
    }

    #[test]
    fn the_table_has_the_order_and_the_names_of_kubectl() {
        let places = VERBS
            .iter()
            .map(|v| ALL_NAMES.iter().position(|n| *n == v.name));
        let places: Vec<usize> = places.map(|p| p.expect("a name of kubectl")).collect();
        assert!(places.is_sorted(), "{places:?}");
    }
}
