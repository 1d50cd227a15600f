//! The rules: each looks at one file, or at one table, and adds its breaches.

use std::collections::BTreeMap;

use super::MAY_USE;
use super::source::{Source, regex};

/// Only these touch the web, besides the artefacts' roots.
const WEB_ROOMS: [&str; 2] = ["worker", "ui"];
const WEB: &str = r"\b(yew|web_sys|js_sys|wasm_bindgen|wasm_bindgen_futures|gloo_\w+)\b";

/// What has no place in the core, in tests neither.
const BANNED: &str =
    r"\b(Instant|SystemTime|HashMap|HashSet|thread_rng)\b|\b(dbg|todo|unimplemented)!";

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;
const COLUMNS_MAX: usize = 100;

/// The tables of rows, and what a file has that should be a row: file, table, sign of a row.
const TABLES: &[(&str, &str, &str)] = &[
    (
        "src/controllers/mod.rs",
        "CONTROLLERS",
        r"\bimpl Controller for\b",
    ),
    (
        "src/scheduler/plugins/mod.rs",
        "PLUGINS",
        r"\bimpl Plugin for\b",
    ),
    (
        "src/kubectl/verbs/mod.rs",
        "VERBS",
        r"\b(const|static) VERB: Verb\b",
    ),
];

/// The breaches of each rule in each file: how much, and in words.
pub type Breaches = BTreeMap<(String, &'static str), (usize, String)>;

/// Rows of a table: the module and the item.
type Rows = BTreeMap<String, String>;

fn add(all: &mut Breaches, path: &str, rule: &'static str, amount: usize, what: &str) {
    if amount > 0 {
        let (sum, words) = all.entry((path.to_string(), rule)).or_default();
        *sum += amount;
        *words = format!("{words} {what}").trim().to_string();
    }
}

/// Every breach in a set of files; `stories` is the text of all stories.
pub fn breaches(sources: &[Source], stories: &str) -> Breaches {
    let mut all = Breaches::new();
    let controllers = rows_of(&TABLES[0], sources);
    for source in sources {
        header(source, &mut all);
        rooms(source, &controllers, &mut all);
        sizes(source, &mut all);
        words(source, &mut all);
        alive(source, sources, &mut all);
    }
    for table in TABLES {
        rows(table, sources, stories, &mut all);
    }
    all
}

fn header(source: &Source, all: &mut Breaches) {
    let head: Vec<&str> = source
        .text
        .lines()
        .take_while(|l| l.starts_with("//!"))
        .collect();
    add(
        all,
        &source.path,
        "header",
        head.is_empty().into(),
        "does not begin with //!",
    );
    let imitates = source.room().is_some_and(|room| room != "ui") && !source.is_test();
    let says = head.iter().any(|line| line.starts_with("//! Upstream: "));
    add(
        all,
        &source.path,
        "upstream",
        (imitates && !says).into(),
        "has no line `//! Upstream: `",
    );
}

fn rooms(source: &Source, controllers: &Rows, all: &mut Breaches) {
    let Some(room) = source.room() else { return };
    let row = MAY_USE.iter().find(|(name, _)| *name == room);
    let allowed: Vec<&str> = row.map_or(vec![], |(_, rooms)| rooms.split(' ').collect());
    add(
        all,
        &source.path,
        "room",
        row.is_none().into(),
        "is in a room that tidy.rs does not know",
    );
    let is_room = |name: &str| MAY_USE.iter().any(|(room, _)| *room == name);
    let own_controller = source
        .path
        .split('/')
        .nth(2)
        .unwrap_or("")
        .trim_end_matches(".rs");
    for path in source.uses() {
        let (first, second) = (&path[0], path.get(1));
        let foreign = first != room && is_room(first) && !allowed.contains(&first.as_str());
        add(all, &source.path, "room", foreign.into(), &path.join("::"));
        let sibling =
            second.filter(|name| first == "controllers" && controllers.contains_key(*name));
        let foreign = sibling.is_some_and(|name| own_controller != "mod" && name != own_controller);
        add(
            all,
            &source.path,
            "controller",
            foreign.into(),
            &path.join("::"),
        );
    }
    let code = source.code.join("\n");
    let launders = regex(r"pub(\([a-z]+\))? use (crate|super::super)::")
        .find_iter(&code)
        .count();
    add(
        all,
        &source.path,
        "launder",
        launders,
        "passes another room's items on",
    );
    if !WEB_ROOMS.contains(&room) {
        add(
            all,
            &source.path,
            "web",
            regex(WEB).find_iter(&code).count(),
            "touches the web",
        );
    }
}

fn sizes(source: &Source, all: &mut Breaches) {
    let lines = source
        .body()
        .iter()
        .filter(|line| !line.trim().is_empty())
        .count();
    let over = if lines > FILE_LINES_MAX { lines } else { 0 };
    add(
        all,
        &source.path,
        "lines",
        over,
        &format!("has {lines} lines of code"),
    );
    for (name, lines) in source.functions() {
        let over = if lines > FUNCTION_LINES_MAX { lines } else { 0 };
        add(
            all,
            &source.path,
            "function",
            over,
            &format!("{name} has {lines} lines"),
        );
    }
    // Texts that are printed stay in one piece, so only code and comments count.
    let is_text = |code: &str| code.contains('"') || code.is_empty();
    let is_wide = |(line, code): &(&str, &String)| {
        let text = is_text(code) && !line.trim_start().starts_with("//");
        line.chars().count() > COLUMNS_MAX && !text
    };
    let wide = source
        .text
        .lines()
        .zip(&source.code)
        .filter(is_wide)
        .count();
    add(all, &source.path, "columns", wide, "lines too wide");
}

fn words(source: &Source, all: &mut Breaches) {
    if source.room().is_none_or(|room| WEB_ROOMS.contains(&room)) {
        return;
    }
    let banned = regex(BANNED);
    for found in banned.find_iter(&source.code.join("\n")) {
        add(all, &source.path, "word", 1, found.as_str());
    }
    if !source.is_test() {
        let unwraps = source
            .body()
            .iter()
            .map(|line| line.matches(".unwrap()").count())
            .sum();
        add(all, &source.path, "unwrap", unwraps, "unwraps");
    }
}

/// A file that is in no `mod` is never compiled; a file of tests that nothing names never runs.
fn alive(source: &Source, sources: &[Source], all: &mut Breaches) {
    let path = source.path.trim_end_matches(".rs").trim_end_matches("/mod");
    let Some((folder, name)) = path.rsplit_once('/') else {
        return;
    };
    // Benches stand in Cargo.toml.
    let is_root = name == "main" || path == "src/lib" || folder == "tests";
    if is_root || folder == "tests/bench" {
        return;
    }
    let is_parent = |other: &&Source| {
        let parent = other.path.trim_end_matches(".rs");
        parent == folder
            || ["mod", "lib", "main"]
                .iter()
                .any(|root| parent == format!("{folder}/{root}"))
    };
    let declares = regex(&format!(r"(?m)^ *(pub(\([a-z]+\))? )?mod {name}( \{{|;)"));
    let named = sources
        .iter()
        .filter(is_parent)
        .any(|parent| declares.is_match(&parent.text));
    add(all, &source.path, "dead", (!named).into(), "is in no mod");
}

/// The modules whose items stand in a table, each with its item.
fn rows_of(table: &(&str, &str, &str), sources: &[Source]) -> Rows {
    let home = sources.iter().find(|source| source.path == table.0);
    let code = home.map_or(String::new(), |home| home.code.join("\n"));
    let body = regex(&format!(r"(?s)\b{}: [^=]*=(.*?)\];", table.1)).captures(&code);
    let body = body.map_or(String::new(), |found| found[1].to_string());
    let row = regex(r"\b(\w+)::(\w+)");
    let rows = row
        .captures_iter(&body)
        .map(|row| (row[1].to_string(), row[2].to_string()));
    rows.collect()
}

/// The tests of a room that stand in files of their own, as one text.
fn room_tests(sources: &[Source], home: &str) -> String {
    let room = home.split('/').nth(1);
    let of_room = |source: &&Source| source.is_test() && source.path.split('/').nth(1) == room;
    sources
        .iter()
        .filter(of_room)
        .map(|source| source.text.as_str())
        .collect()
}

/// A file that looks like a row is in its table, and every row has a test or a story.
fn rows(table: &(&str, &str, &str), sources: &[Source], stories: &str, all: &mut Breaches) {
    let (home, name, sign) = table;
    let rows = rows_of(table, sources);
    let told = room_tests(sources, home) + stories;
    let mut modules: BTreeMap<&str, String> = BTreeMap::new();
    for source in sources {
        let Some(rest) = source.path.strip_prefix(home.trim_end_matches("mod.rs")) else {
            continue;
        };
        let module = rest.split(['/', '.']).next().unwrap_or(rest);
        modules.entry(module).or_default().push_str(&source.text);
    }
    modules.remove("mod");
    for (module, text) in modules {
        let row = rows.get(module);
        let forgotten = row.is_none() && regex(sign).is_match(&text);
        add(
            all,
            home,
            "row",
            forgotten.into(),
            &format!("{module} is not in {name}"),
        );
        let item = row.map_or("", String::as_str);
        let named = regex(&format!(
            r"(?i)\b({}|{item})\b",
            module.replace('_', "[-_]?")
        ));
        let told = text.contains("#[test]") || named.is_match(&told);
        let untold = row.is_some() && !told;
        add(
            all,
            home,
            "untold",
            untold.into(),
            &format!("{module} has no test or story"),
        );
    }
}
