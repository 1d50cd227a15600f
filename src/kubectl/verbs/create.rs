//! `kubectl create deployment` and `create namespace`, and what the other subcommands share.
//!
//! Upstream: `kubectl/pkg/cmd/create/{create_deployment,create_namespace}.go`.

use serde_json::{Value, json};

use crate::api::Kind;
use crate::apiserver::{ApiError, decode};
use crate::kubectl::args::{Args, Flag, Takes, flag, short};
use crate::kubectl::console::{Console, DryRun, Flow};
use crate::kubectl::errors::{Failure, server_error};
use crate::kubectl::objects::full_json;
use crate::kubectl::output::{Format, to_json_text, to_yaml_text};

use super::{
    FILES, Verb, WRITE, create_access, create_config, create_file, create_job, create_network,
    create_policy,
};

const DEPLOYMENT: &[Flag] = &[
    flag("image", Takes::List),
    short("replicas", 'r', Takes::Int32),
    flag("port", Takes::Int32),
    flag("validate", Takes::Optional("strict")),
];

const CREATE: &[Flag] = &[
    flag("validate", Takes::Optional("strict")),
    flag("edit", Takes::Switch),
    short("selector", 'l', Takes::Text),
    flag("raw", Takes::Text),
];

pub(super) const VALIDATE: &[Flag] = &[flag("validate", Takes::Optional("strict"))];

pub(super) const VERB: Verb = Verb {
    name: "create",
    usage: "create (-f FILE | deployment NAME --image=IMAGE [--replicas=N] [-- COMMAND…] | job NAME … | cronjob NAME … | namespace NAME)",
    summary: "Create objects from a file or by their figures",
    flags: &[CREATE, FILES, WRITE],
    required: &[],
    below: &[
        Verb {
            name: "deployment|deploy",
            usage: "create deployment NAME --image=IMAGE… [--replicas=N] [--port=P] [-- COMMAND…]",
            summary: "create a Deployment",
            flags: &[DEPLOYMENT, WRITE],
            required: &["image"],
            below: &[],
            run: deployment,
        },
        Verb {
            name: "namespace|ns",
            usage: "create namespace NAME",
            summary: "create a namespace",
            flags: &[VALIDATE, WRITE],
            required: &[],
            below: &[],
            run: namespace,
        },
        create_job::JOB,
        create_job::CRON_JOB,
        create_config::CONFIG_MAP,
        create_config::SECRET,
        create_network::SERVICE,
        create_network::INGRESS,
        create_policy::ACCOUNT,
        create_policy::QUOTA,
        create_policy::BUDGET,
        create_policy::CLASS,
        create_access::ROLE,
        create_access::CLUSTER_ROLE,
        create_access::BINDING,
        create_access::CLUSTER_BINDING,
    ],
    run,
};

fn run(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    if !args.has("filename") && !args.has("kustomize") {
        let words = args.all_words();
        if words.is_empty() {
            return Err(Failure::error("must specify one of -f and -k"));
        }
        return Err(Failure::usage(
            "create",
            format!("Unexpected args: [{}]", words.join(" ")),
        ));
    }
    create_file::run(console, args)
}

pub(super) fn one_name<'a>(args: &'a Args, verb: &str) -> Result<&'a str, Failure> {
    match args.words.as_slice() {
        [name] => Ok(name),
        words => Err(Failure::usage(
            verb,
            format!("exactly one NAME is required, got {}", words.len()),
        )),
    }
}

fn deployment(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let name = one_name(args, "create deployment")?;
    let images = args.list("image");
    let command = args.rest.clone().unwrap_or_default();
    if images.len() > 1 && !command.is_empty() {
        return Err(Failure::error(
            "cannot specify multiple --image options and command",
        ));
    }
    let containers = images.iter().map(|image| {
        let mut container =
            json!({ "name": container_name(image, console), "image": image, "resources": {} });
        if let Value::Object(map) = &mut container {
            if !command.is_empty() {
                map.insert("command".into(), json!(command));
            }
            if let Some(port) = args.number("port").filter(|port| *port > 0) {
                map.insert("ports".into(), json!([{ "containerPort": port }]));
            }
        }
        container
    });
    let containers: Vec<Value> = containers.collect();
    let replicas = args.number("replicas").unwrap_or(1);
    let labels = json!({ "app": name });
    let manifest = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": name, "namespace": &*console.namespace, "labels": labels },
        "spec": {
            "replicas": replicas,
            "selector": { "matchLabels": labels },
            "strategy": {},
            "template": { "metadata": { "labels": labels }, "spec": { "containers": containers } },
        },
    });
    submit(console, args, Kind::Deployment, &manifest, "created").map_err(|refused| match refused {
        Refused::Flags(failure) => failure,
        // This verb wraps the server's message instead of translating its status.
        Refused::Server(error) => {
            Failure::error(format!("failed to create deployment: {}", error.message))
        }
    })
}

/// The last part of an image's path, made a container's name.
fn container_name(image: &str, console: &mut Console<'_, '_>) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    let last = last.split(['@', ':']).next().unwrap_or(last);
    let cleaned: String = last.replace(['_', '.'], "-");
    if cleaned == last {
        return cleaned;
    }
    let seed = console.client.seed();
    format!("{cleaned}-{}", seed.suffix(("container name", image), 0))
}

fn namespace(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let name = one_name(args, "create namespace")?;
    let manifest = json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name }, "spec": {},
    });
    submit(console, args, Kind::Namespace, &manifest, "created").map_err(Refused::into_failure)
}

/// An object's JSON with nothing but its names.
pub(super) fn named(console: &Console<'_, '_>, kind: Kind, name: &str) -> Value {
    let mut meta = json!({ "name": name });
    if let (Some(fields), true) = (meta.as_object_mut(), kind.info().namespaced) {
        fields.insert("namespace".into(), (&*console.namespace).into());
    }
    json!({ "apiVersion": kind.api_version(), "kind": kind.name(), "metadata": meta })
}

/// Creates an object for a verb that wraps the server's message in words of its own.
pub(super) fn submit_wrapped(
    console: &mut Console<'_, '_>,
    args: &Args,
    kind: Kind,
    manifest: &Value,
    what: &str,
) -> Result<Flow, Failure> {
    submit(console, args, kind, manifest, "created").map_err(|refused| match refused {
        Refused::Flags(failure) => failure,
        Refused::Server(error) => {
            Failure::error(format!("failed to create {what} {}", error.message))
        }
    })
}

/// The status that Go prints of an object that never saw a server; `None` where the kind has none.
fn empty_status(kind: Kind) -> Option<Value> {
    Some(match kind {
        Kind::Service | Kind::Ingress => json!({ "loadBalancer": {} }),
        Kind::PodDisruptionBudget => json!({
            "currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0,
        }),
        Kind::ConfigMap
        | Kind::Secret
        | Kind::ServiceAccount
        | Kind::PriorityClass
        | Kind::Role
        | Kind::ClusterRole
        | Kind::RoleBinding
        | Kind::ClusterRoleBinding => return None,
        _ => json!({}),
    })
}

/// Why an object was not created.
pub(super) enum Refused {
    Flags(Failure),
    Server(ApiError),
}

impl Refused {
    /// kubectl's usual words.
    pub(super) fn into_failure(self) -> Failure {
        match self {
            Refused::Flags(failure) => failure,
            Refused::Server(error) => Failure::plain(server_error(&error)),
        }
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Refused {
        Refused::Flags(failure)
    }
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Refused {
        Refused::Server(error)
    }
}

/// Creates an object from JSON as --dry-run and -o want it, and says so.
pub(super) fn submit(
    console: &mut Console<'_, '_>,
    args: &Args,
    kind: Kind,
    manifest: &Value,
    operation: &str,
) -> Result<Flow, Refused> {
    let dry = console.dry_run(args)?;
    let format = Format::parse(args.text("output", ""))?;
    let name = manifest
        .pointer("/metadata/name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let created = if dry == DryRun::Client {
        None
    } else {
        let object = decode(kind, manifest)?;
        console.write(dry, |server, cause| server.create(object, cause))?
    };
    let whole = match (&created, &format) {
        (_, Format::Table(_)) => {
            console.done(kind, name, operation, dry);
            return Ok(Flow::Done(0));
        }
        (_, Format::Name) => {
            console.say(format!("{}/{name}", kind.singular_with_group()));
            return Ok(Flow::Done(0));
        }
        (Some(object), _) => full_json(object, console.live(), console.now()),
        (None, _) => {
            let mut manifest = manifest.clone();
            let meta = manifest.get_mut("metadata").and_then(Value::as_object_mut);
            if let (Some(meta), false) = (meta, args.has("namespace")) {
                meta.remove("namespace");
            }
            if let (Value::Object(map), Some(status)) = (&mut manifest, empty_status(kind)) {
                map.insert("status".into(), status);
            }
            manifest
        }
    };
    let text = match &format {
        Format::Yaml => to_yaml_text(&whole),
        Format::Json => to_json_text(&whole),
        Format::JsonPath(template) => template.print(&whole).map_err(Failure::error)?,
        Format::Columns(columns) => columns.print(&[whole], true),
        Format::Table(_) | Format::Name => String::new(),
    };
    console.out.stdout.push_str(&text);
    Ok(Flow::Done(0))
}

#[cfg(test)]
mod tests {
    use crate::kubectl::tests::{stdout, web};

    #[test]
    fn objects_are_created_from_figures() {
        let mut world = web();
        for (line, text) in [
            (
                "create deployment x --image=nginx:1.7.9 --replicas=3 --port=80 -- sleep 9",
                "deployment.apps/x created\n",
            ),
            (
                "get deploy x -o jsonpath={.spec.replicas}{.metadata.labels.app}{.spec.template.spec.containers[0].command}",
                "3x[\"sleep\",\"9\"]",
            ),
            ("create ns a", "namespace/a created\n"),
            (
                "create deploy y --image=a/b:1 -n a --dry-run=server",
                "deployment.apps/y created (server dry run)\n",
            ),
            (
                "create deploy y --image=a/b:1 --dry-run=client -o name",
                "deployment.apps/y\n",
            ),
        ] {
            assert_eq!(stdout(&mut world, line), text, "{line}");
        }
    }

    #[test]
    fn a_second_deployment_of_a_name_is_refused_in_wrapped_words() {
        let said = web().run("create deployment web --image=nginx");
        assert_eq!(
            said.stderr,
            "error: failed to create deployment: deployments.apps \"web\" already exists\n"
        );
        let said = web().run("create namespace default");
        assert_eq!(
            said.stderr,
            "Error from server (AlreadyExists): namespaces \"default\" already exists\n"
        );
    }
}
