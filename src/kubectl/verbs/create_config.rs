//! `kubectl create configmap` and `create secret`.
//!
//! Upstream: `kubectl/pkg/cmd/create/{create_configmap,create_secret,create_secret_docker,
//! create_secret_tls}.go`. Differs: no `--append-hash`; the files are the console's.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::api::{Kind, base64};
use crate::kubectl::args::{Args, Flag, Takes, flag};
use crate::kubectl::console::{Console, Flow};
use crate::kubectl::errors::Failure;

use super::create::{VALIDATE, named, one_name, submit_wrapped};
use super::{Verb, WRITE};

const SOURCES: &[Flag] = &[
    flag("from-literal", Takes::Array),
    flag("from-file", Takes::List),
    flag("from-env-file", Takes::List),
    flag("append-hash", Takes::Switch),
    flag("type", Takes::Text),
];

const DOCKER: &[Flag] = &[
    flag("docker-server", Takes::Text),
    flag("docker-username", Takes::Text),
    flag("docker-password", Takes::Text),
    flag("docker-email", Takes::Text),
    flag("from-file", Takes::List),
    flag("append-hash", Takes::Switch),
];

const TLS: &[Flag] = &[
    flag("cert", Takes::Text),
    flag("key", Takes::Text),
    flag("append-hash", Takes::Switch),
];

pub(super) const CONFIG_MAP: Verb = Verb {
    name: "configmap|cm",
    usage: "create configmap NAME [--from-literal=KEY=VALUE] [--from-file=[KEY=]FILE] [--from-env-file=FILE]",
    summary: "create a ConfigMap",
    flags: &[SOURCES, VALIDATE, WRITE],
    required: &[],
    below: &[],
    run: config_map,
};

pub(super) const SECRET: Verb = Verb {
    name: "secret",
    usage: "create secret (generic | docker-registry | tls) NAME …",
    summary: "create a Secret",
    flags: &[WRITE],
    required: &[],
    below: &[
        Verb {
            name: "generic",
            usage: "create secret generic NAME [--type=TYPE] [--from-literal=KEY=VALUE] [--from-file=[KEY=]FILE]",
            summary: "create a Secret from literals and files",
            flags: &[SOURCES, VALIDATE, WRITE],
            required: &[],
            below: &[],
            run: generic,
        },
        Verb {
            name: "docker-registry",
            usage: "create secret docker-registry NAME --docker-username=USER --docker-password=WORD [--docker-server=URL]",
            summary: "create a Secret for a registry",
            flags: &[DOCKER, VALIDATE, WRITE],
            required: &[],
            below: &[],
            run: docker,
        },
        Verb {
            name: "tls",
            usage: "create secret tls NAME --cert=FILE --key=FILE",
            summary: "create a Secret of a certificate and its key",
            flags: &[TLS, VALIDATE, WRITE],
            required: &["cert", "key"],
            below: &[],
            run: tls,
        },
    ],
    run: |_, args| {
        let words = args.all_words().join(" ");
        Err(Failure::usage(
            "create secret",
            format!("Unexpected args: [{words}]"),
        ))
    },
};

type Data = BTreeMap<String, String>;

fn read(console: &Console<'_, '_>, path: &str) -> Result<String, Failure> {
    let plain = path.trim_start_matches("./");
    let found = console.files.get(plain).or_else(|| console.files.get(path));
    found
        .cloned()
        .ok_or_else(|| Failure::error(format!("error reading {path}: no such file or directory")))
}

/// Keys and values of literals, files and files of `KEY=VALUE` lines.
fn sources(console: &Console<'_, '_>, args: &Args, what: &str) -> Result<Data, Failure> {
    let env = args.list("from-env-file");
    let (files, literals) = (args.list("from-file"), args.list("from-literal"));
    let others = files.len() + literals.len();
    if !env.is_empty() && others > 0 {
        let why = "from-env-file cannot be combined with from-file or from-literal";
        return Err(Failure::error(why));
    }
    let mut data = Data::new();
    let mut add = |key: &str, value: String| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if key.is_empty() || !key.chars().all(allowed) {
            return Err(Failure::error(format!(
                "\"{key}\" is not valid key name for a {what}: a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
            )));
        }
        if data.insert(key.to_string(), value).is_some() {
            let why = format!("cannot add key \"{key}\", another key by that name already exists");
            return Err(Failure::error(why));
        }
        Ok(())
    };
    for source in files {
        let (key, path) = match source.split_once('=') {
            Some((key, path)) => (key, path),
            None => (source.rsplit('/').next().unwrap_or(source), source.as_str()),
        };
        add(key, read(console, path)?)?;
    }
    for literal in literals {
        let (key, value) = literal
            .split_once('=')
            .filter(|(key, _)| !key.is_empty())
            .ok_or_else(|| {
                Failure::error(format!(
                    "invalid literal source {literal}, expected key=value"
                ))
            })?;
        let unquoted = ['"', '\''].into_iter().find_map(|quote| {
            let inner = value.strip_prefix(quote)?.strip_suffix(quote)?;
            Some(inner.to_string())
        });
        add(key, unquoted.unwrap_or_else(|| value.to_string()))?;
    }
    for path in env {
        for line in read(console, path)?.lines().map(str::trim_start) {
            if let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) {
                add(key, value.to_string())?;
            }
        }
    }
    Ok(data)
}

fn config_map(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let name = one_name(args, "create configmap")?;
    let data = sources(console, args, "ConfigMap")?;
    let mut manifest = named(console, Kind::ConfigMap, name);
    if let (Some(fields), false) = (manifest.as_object_mut(), data.is_empty()) {
        fields.insert("data".into(), json!(data));
    }
    submit_wrapped(console, args, Kind::ConfigMap, &manifest, "configmap:")
}

fn secret(
    console: &mut Console<'_, '_>,
    args: &Args,
    name: &str,
    kind: &str,
    data: &Data,
) -> Result<Flow, Failure> {
    let mut manifest = named(console, Kind::Secret, name);
    if let Some(fields) = manifest.as_object_mut() {
        let data = data
            .iter()
            .map(|(key, value)| (key.clone(), Value::String(base64(value.as_bytes()))));
        let data: Map<String, Value> = data.collect();
        if !data.is_empty() {
            fields.insert("data".into(), Value::Object(data));
        }
        if !kind.is_empty() {
            fields.insert("type".into(), kind.into());
        }
    }
    submit_wrapped(console, args, Kind::Secret, &manifest, "secret")
}

fn generic(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let name = one_name(args, "create secret generic")?.to_string();
    let data = sources(console, args, "Secret")?;
    secret(console, args, &name, args.text("type", ""), &data)
}

fn docker(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let name = one_name(args, "create secret docker-registry")?.to_string();
    let (user, word) = (
        args.text("docker-username", ""),
        args.text("docker-password", ""),
    );
    let mut data = Data::new();
    if args.has("from-file") {
        for source in args.list("from-file") {
            let (key, path) = source
                .split_once('=')
                .unwrap_or((".dockerconfigjson", source));
            data.insert(key.to_string(), read(console, path)?);
        }
    } else if user.is_empty() || word.is_empty() {
        let why = "either --from-file or the combination of --docker-username, --docker-password and --docker-server is required";
        return Err(Failure::error(why));
    } else {
        let server = args.text("docker-server", "https://index.docker.io/v1/");
        let mut entry = json!({
            "username": user, "password": word,
            "auth": base64(format!("{user}:{word}").as_bytes()),
        });
        if let (Some(email), Some(fields)) = (args.get("docker-email"), entry.as_object_mut()) {
            fields.insert("email".into(), email.into());
        }
        let config = json!({ "auths": { server: entry } });
        data.insert(".dockerconfigjson".into(), config.to_string());
    }
    secret(
        console,
        args,
        &name,
        "kubernetes.io/dockerconfigjson",
        &data,
    )
}

fn tls(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let name = one_name(args, "create secret tls")?.to_string();
    let mut data = Data::new();
    for (key, flag) in [("tls.crt", "cert"), ("tls.key", "key")] {
        let path = args.text(flag, "");
        let text = read(console, path).map_err(|_| {
            let why = format!("open {path}: no such file or directory");
            Failure::error(format!("Cannot read file {path}, {why}"))
        })?;
        data.insert(key.into(), text);
    }
    secret(console, args, &name, "kubernetes.io/tls", &data)
}
