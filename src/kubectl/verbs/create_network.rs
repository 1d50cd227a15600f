//! `kubectl create service` and `create ingress`.
//!
//! Upstream: `kubectl/pkg/cmd/create/{create_service,create_ingress}.go`.

use serde_json::{Map, Value, json};

use crate::api::Kind;
use crate::kubectl::args::{Args, Flag, Takes, flag};
use crate::kubectl::console::{Console, Flow};
use crate::kubectl::errors::Failure;

use super::create::{VALIDATE, named, one_name, submit_wrapped};
use super::{Verb, WRITE};

const PORTS: &[Flag] = &[
    flag("tcp", Takes::List),
    flag("node-port", Takes::Int32),
    flag("clusterip", Takes::Text),
    flag("external-name", Takes::Text),
];

const INGRESS_FLAGS: &[Flag] = &[
    flag("class", Takes::Text),
    flag("rule", Takes::Array),
    flag("default-backend", Takes::Text),
    flag("annotation", Takes::Array),
];

/// One of the four types of Service.
const fn service_verb(
    name: &'static str,
    usage: &'static str,
    run: fn(&mut Console<'_, '_>, &Args) -> Result<Flow, Failure>,
) -> Verb {
    Verb {
        name,
        usage,
        summary: "create a Service of this type",
        flags: &[PORTS, VALIDATE, WRITE],
        required: &[],
        below: &[],
        run,
    }
}

pub(super) const SERVICE: Verb = Verb {
    name: "service|svc",
    usage: "create service (clusterip | nodeport | loadbalancer | externalname) NAME …",
    summary: "create a Service",
    flags: &[WRITE],
    required: &[],
    below: &[
        service_verb(
            "clusterip",
            "create service clusterip NAME [--tcp=PORT[:TARGET]] [--clusterip=None]",
            |console, args| service(console, args, "ClusterIP", "clusterip"),
        ),
        service_verb(
            "nodeport",
            "create service nodeport NAME --tcp=PORT[:TARGET] [--node-port=N]",
            |console, args| service(console, args, "NodePort", "nodeport"),
        ),
        service_verb(
            "loadbalancer",
            "create service loadbalancer NAME --tcp=PORT[:TARGET]",
            |console, args| service(console, args, "LoadBalancer", "loadbalancer"),
        ),
        service_verb(
            "externalname",
            "create service externalname NAME --external-name=HOST [--tcp=PORT[:TARGET]]",
            |console, args| service(console, args, "ExternalName", "externalname"),
        ),
    ],
    run: |_, args| {
        let words = args.all_words().join(" ");
        Err(Failure::usage(
            "create service",
            format!("Unexpected args: [{words}]"),
        ))
    },
};

pub(super) const INGRESS: Verb = Verb {
    name: "ingress|ing",
    usage: "create ingress NAME --rule=HOST/PATH=SERVICE:PORT[,tls[=SECRET]] [--class=CLASS]",
    summary: "create an Ingress",
    flags: &[INGRESS_FLAGS, VALIDATE, WRITE],
    required: &[],
    below: &[],
    run: ingress,
};

fn service(
    console: &mut Console<'_, '_>,
    args: &Args,
    kind: &str,
    word: &str,
) -> Result<Flow, Failure> {
    let name = one_name(args, &format!("create service {word}"))?;
    let (tcp, address) = (args.list("tcp"), args.text("clusterip", ""));
    let external = args.text("external-name", "");
    if address == "None" && kind != "ClusterIP" {
        let why = "ClusterIP=None can only be used with ClusterIP service type";
        return Err(Failure::error(why));
    }
    if address != "None" && tcp.is_empty() && kind != "ExternalName" {
        return Err(Failure::error(
            "at least one tcp port specifier must be provided",
        ));
    }
    if kind == "ExternalName" && external.is_empty() {
        return Err(Failure::error(format!(
            "invalid service external name {external}"
        )));
    }
    let mut ports = Vec::new();
    for text in tcp {
        ports.push(port(text, args.number("node-port").unwrap_or(0))?);
    }
    let labels = json!({ "app": name });
    let mut spec = json!({ "selector": labels, "type": kind });
    if let Some(fields) = spec.as_object_mut() {
        if !ports.is_empty() {
            fields.insert("ports".into(), ports.into());
        }
        for (key, text) in [("externalName", external), ("clusterIP", address)] {
            if !text.is_empty() {
                fields.insert(key.into(), text.into());
            }
        }
    }
    let mut manifest = named(console, Kind::Service, name);
    if let Some(meta) = manifest.get_mut("metadata").and_then(Value::as_object_mut) {
        meta.insert("labels".into(), labels);
    }
    if let Some(fields) = manifest.as_object_mut() {
        fields.insert("spec".into(), spec);
    }
    submit_wrapped(
        console,
        args,
        Kind::Service,
        &manifest,
        &format!("{kind} service:"),
    )
}

/// A port of `80` or `80:8080`, named after itself.
fn port(text: &str, node_port: i64) -> Result<Value, Failure> {
    let (number, target) = text.split_once(':').unwrap_or((text, text));
    let number: u16 = number.parse().map_err(|_| {
        Failure::error(format!(
            "strconv.ParseUint: parsing \"{number}\": invalid syntax"
        ))
    })?;
    let target = target
        .parse::<u16>()
        .map_or_else(|_| Value::from(target), Value::from);
    let mut port = json!({
        "name": text.replace(':', "-"), "port": number, "protocol": "TCP", "targetPort": target,
    });
    if let (Some(fields), true) = (port.as_object_mut(), node_port > 0) {
        fields.insert("nodePort".into(), node_port.into());
    }
    Ok(port)
}

fn ingress(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let name = one_name(args, "create ingress")?;
    let (rules, default) = (args.list("rule"), args.text("default-backend", ""));
    if rules.is_empty() && default.is_empty() {
        let why = "not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)";
        return Err(Failure::error(why));
    }
    let mut spec = Map::new();
    let class = args.text("class", "");
    if !class.is_empty() {
        spec.insert("ingressClassName".into(), class.into());
    }
    if !default.is_empty() {
        let why = "default-backend should be in format servicename:serviceport";
        let backend = backend(default).ok_or_else(|| Failure::error(why))?;
        spec.insert("defaultBackend".into(), backend);
    }
    let (mut hosts, mut tls): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
    for text in rules {
        let read = rule(text, &mut hosts, &mut tls);
        read.ok_or_else(|| {
            Failure::error(format!(
                "rule {text} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]"
            ))
        })?;
    }
    for (key, list) in [("rules", hosts), ("tls", tls)] {
        if !list.is_empty() {
            spec.insert(key.into(), list.into());
        }
    }
    let mut annotations = Map::new();
    for text in args.list("annotation") {
        let (key, value) = text.split_once('=').ok_or_else(|| {
            let words = "is invalid and should be in format key=[value]";
            Failure::error(format!("annotation {text} {words}"))
        })?;
        annotations.insert(key.into(), value.into());
    }
    let mut manifest = named(console, Kind::Ingress, name);
    if let Some(fields) = manifest.as_object_mut() {
        fields.insert("spec".into(), spec.into());
    }
    let meta = manifest.get_mut("metadata").and_then(Value::as_object_mut);
    if let (Some(meta), false) = (meta, annotations.is_empty()) {
        meta.insert("annotations".into(), annotations.into());
    }
    submit_wrapped(console, args, Kind::Ingress, &manifest, "ingress:")
}

fn backend(text: &str) -> Option<Value> {
    let (name, port) = text.split_once(':')?;
    let port = match port.parse::<u16>() {
        Ok(number) => json!({ "number": number }),
        Err(_) => json!({ "name": port }),
    };
    Some(json!({ "service": { "name": name, "port": port } }))
}

/// Adds `host/path=service:port[,tls[=secret]]`. `None` if it has another form.
fn rule(text: &str, rules: &mut Vec<Value>, tls: &mut Vec<Value>) -> Option<()> {
    let (route, secure) = match text.split_once(",tls") {
        Some((route, rest)) => (route, Some(rest.trim_start_matches('='))),
        None => (text, None),
    };
    let (place, service) = route.split_once('=')?;
    let (host, path) = place.split_once('/')?;
    let path = format!("/{path}");
    let (path, kind) = match path.strip_suffix('*') {
        Some(start) => (start.to_string(), "Prefix"),
        None => (path, "Exact"),
    };
    let path = json!({ "backend": backend(service)?, "path": path, "pathType": kind });
    let same = |one: &&mut Value| one.get("host").and_then(Value::as_str).unwrap_or("") == host;
    let known = rules
        .iter_mut()
        .find(same)
        .and_then(|rule| rule.pointer_mut("/http/paths"));
    match known.and_then(Value::as_array_mut) {
        Some(paths) => paths.push(path),
        None => {
            let mut rule = json!({ "http": { "paths": [path] } });
            if let (Some(fields), false) = (rule.as_object_mut(), host.is_empty()) {
                fields.insert("host".into(), host.into());
            }
            rules.push(rule);
        }
    }
    let Some(secret) = secure else {
        return Some(());
    };
    let of_secret =
        |one: &&mut Value| one.get("secretName").and_then(Value::as_str).unwrap_or("") == secret;
    let list = tls
        .iter_mut()
        .find(of_secret)
        .and_then(|one| one.get_mut("hosts"));
    match list.and_then(Value::as_array_mut) {
        Some(hosts) if hosts.iter().any(|known| known == host) => {}
        Some(hosts) => hosts.push(host.into()),
        None => {
            let mut one = json!({ "hosts": [host] });
            if let (Some(fields), false) = (one.as_object_mut(), secret.is_empty()) {
                fields.insert("secretName".into(), secret.into());
            }
            tls.push(one);
        }
    }
    Some(())
}
