//! `kubectl version`, `api-resources`, `api-versions`, `cluster-info`.
//!
//! Upstream: `kubectl/pkg/cmd/{version,apiresources,clusterinfo}`. Differs: lists what this
//! simulation serves, not all that a real server does.

use crate::api::{Kind, Object, Order, items_at, text_at};
use crate::apiserver::further_versions;
use crate::kubectl::args::{Args, Flag, Takes, flag, short};
use crate::kubectl::console::{Console, Flow};
use crate::kubectl::errors::Failure;
use crate::kubectl::printers::node_roles;
use crate::kubectl::tables::{TABLE, align};

use super::Verb;

const VERSION: &str = "v1.36.2";
const KUSTOMIZE: &str = "v5.8.1";

pub(super) const VERSION_VERB: Verb = Verb {
    name: "version",
    usage: "version [--client]",
    summary: "Show the versions of client and server",
    flags: &[&[
        flag("client", Takes::Switch),
        short("output", 'o', Takes::Text),
    ]],
    required: &[],
    below: &[],
    run: version,
};

const RESOURCE_FLAGS: &[Flag] = &[
    short("output", 'o', Takes::Text),
    flag("api-group", Takes::Text),
    flag("namespaced", Takes::Switch),
    flag("no-headers", Takes::Switch),
    flag("sort-by", Takes::Text),
    flag("verbs", Takes::List),
    flag("categories", Takes::List),
    flag("cached", Takes::Switch),
];

pub(super) const RESOURCES_VERB: Verb = Verb {
    name: "api-resources",
    usage: "api-resources [-o wide|name] [--namespaced=true|false] [--api-group=GROUP]",
    summary: "List the kinds that the server knows",
    flags: &[RESOURCE_FLAGS],
    required: &[],
    below: &[],
    run: resources,
};

pub(super) const VERSIONS_VERB: Verb = Verb {
    name: "api-versions",
    usage: "api-versions",
    summary: "List the groups and versions that the server serves",
    flags: &[],
    required: &[],
    below: &[],
    run: versions,
};

pub(super) const CLUSTER_VERB: Verb = Verb {
    name: "cluster-info",
    usage: "cluster-info",
    summary: "Say where the control plane runs",
    flags: &[],
    required: &[],
    below: &[],
    run: cluster,
};

fn version(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    console.say(format!("Client Version: {VERSION}"));
    console.say(format!("Kustomize Version: {KUSTOMIZE}"));
    if !args.on("client") {
        console.say(format!("Server Version: {VERSION}"));
    }
    Ok(Flow::Done(0))
}

fn resources(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let mut kinds: Vec<Kind> = console.live().kinds().collect();
    if args.has("namespaced") {
        kinds.retain(|kind| kind.info().namespaced == args.on("namespaced"));
    }
    if let Some(group) = args.get("api-group") {
        kinds.retain(|kind| kind.info().group == group);
    }
    let verbs = args.list("verbs");
    kinds.retain(|kind| {
        verbs
            .iter()
            .all(|verb| verbs_of(*kind).split(',').any(|v| v == verb))
    });
    let categories = args.list("categories");
    kinds.retain(|kind| {
        let own = kind.info().categories;
        categories
            .iter()
            .all(|wanted| own.contains(&wanted.as_str()))
    });
    match args.text("sort-by", "") {
        "" => kinds.order_by_key(|kind| (kind.info().group, kind.info().plural)),
        "name" => kinds.order_by_key(|kind| kind.info().plural),
        "kind" => kinds.order_by_key(|kind| kind.name()),
        _ => return Err(Failure::error("--sort-by accepts only name or kind")),
    }
    if args.text("output", "") == "name" {
        for kind in kinds {
            console.say(kind.resource());
        }
        return Ok(Flow::Done(0));
    }
    let wide = args.text("output", "") == "wide";
    let mut text = String::new();
    if !args.on("no-headers") {
        text.push_str("NAME\tSHORTNAMES\tAPIVERSION\tNAMESPACED\tKIND");
        text.push_str(if wide { "\tVERBS\tCATEGORIES\n" } else { "\n" });
    }
    for kind in kinds {
        let row = kind.info();
        text.push_str(&format!(
            "{}\t{}\t{}\t{}\t{}",
            row.plural,
            row.short.join(","),
            kind.api_version(),
            row.namespaced,
            row.name
        ));
        if wide {
            let (verbs, categories) = (verbs_of(kind), row.categories.join(","));
            text.push_str(&format!("\t{verbs}\t{categories}"));
        }
        text.push('\n');
    }
    let aligned = align(&text, TABLE);
    console.out.stdout.push_str(&aligned);
    Ok(Flow::Done(0))
}

/// What can be done with objects of a kind, as discovery lists it.
fn verbs_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Custom(_) => "delete,deletecollection,get,list,patch,create,update,watch",
        Kind::Namespace => "create,delete,get,list,patch,update,watch",
        _ => "create,delete,deletecollection,get,list,patch,update,watch",
    }
}

fn versions(console: &mut Console<'_, '_>, _args: &Args) -> Result<Flow, Failure> {
    let server = console.live();
    let all = server.kinds().chain(server.custom_versions());
    let mut all: Vec<String> = all.map(Kind::api_version).collect();
    all.extend(further_versions().map(str::to_string));
    all.extend(
        server
            .list(Kind::APIService, None)
            .filter_map(|api| aggregated(api)),
    );
    all.order();
    all.dedup();
    all.into_iter().for_each(|version| console.say(version));
    Ok(Flow::Done(0))
}

/// The version of an APIService that answers.
fn aggregated(api: &Object) -> Option<String> {
    let body = api.data()?;
    let mut conditions = items_at(body, "/status/conditions").iter();
    conditions.find(|c| text_at(c, "/type") == "Available" && text_at(c, "/status") == "True")?;
    let (group, version) = (text_at(body, "/spec/group"), text_at(body, "/spec/version"));
    Some(format!("{group}/{version}"))
}

fn cluster(console: &mut Console<'_, '_>, _args: &Args) -> Result<Flow, Failure> {
    let nodes = console.live().list(Kind::Node, None);
    let masters = nodes.filter(|node| node_roles(&node.meta).contains("control-plane"));
    let ip = masters
        .filter_map(|node| node.node())
        .map(|node| node.status.internal_ip)
        .next();
    let place = ip.map_or("localhost".to_string(), |ip| ip.to_string());
    console.say(format!(
        "Kubernetes control plane is running at https://{place}:6443"
    ));
    console
        .say("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.");
    Ok(Flow::Done(0))
}

#[cfg(test)]
mod tests {
    use crate::kubectl::tests::{stdout, web};

    #[test]
    fn versions_and_places_are_told() {
        let mut world = web();
        for (line, text) in [
            (
                "version --client",
                "Client Version: v1.36.2\nKustomize Version: v5.8.1\n",
            ),
            (
                "api-resources --api-group=apps -o name",
                "controllerrevisions.apps\ndaemonsets.apps\ndeployments.apps\nreplicasets.apps\nstatefulsets.apps\n",
            ),
            (
                "api-resources --api-group=apps --no-headers",
                "controllerrevisions            apps/v1   true   ControllerRevision\ndaemonsets            ds       apps/v1   true   DaemonSet\ndeployments           deploy   apps/v1   true   Deployment\nreplicasets           rs       apps/v1   true   ReplicaSet\nstatefulsets          sts      apps/v1   true   StatefulSet\n",
            ),
        ] {
            assert_eq!(stdout(&mut world, line), text, "{line}");
        }
    }
}
