//! `kubectl expose`: a Service for the pods that an object selects.
//!
//! Upstream: `kubectl/pkg/cmd/expose/expose.go`.

use std::sync::Arc;

use k8s_openapi::api::core::v1::PodSpec;
use serde_json::{Map, Value, json};

use crate::api::{Body, Kind, Labels, Object, Requirement, Selector};
use crate::kubectl::args::{Args, Flag, Takes, flag, short};
use crate::kubectl::console::{Console, Flow};
use crate::kubectl::edits::template;
use crate::kubectl::errors::Failure;
use crate::kubectl::resources::find;

use super::create::{Refused, submit};
use super::{FILES, Verb, WRITE};

const FLAGS: &[Flag] = &[
    flag("port", Takes::Text),
    flag("target-port", Takes::Text),
    flag("type", Takes::Text),
    flag("name", Takes::Text),
    flag("protocol", Takes::Text),
    flag("selector", Takes::Text),
    short("labels", 'l', Takes::Text),
    flag("cluster-ip", Takes::Text),
    flag("external-ip", Takes::Text),
    flag("load-balancer-ip", Takes::Text),
    flag("session-affinity", Takes::Text),
    flag("overrides", Takes::Text),
    flag("override-type", Takes::Text),
];

pub(super) const VERB: Verb = Verb {
    name: "expose",
    usage: "expose (TYPE NAME | TYPE/NAME) --port=P [--target-port=P] [--type=ClusterIP|NodePort|LoadBalancer] [--name=NAME]",
    summary: "Create a Service for a Deployment, ReplicaSet, pod or Service",
    flags: &[FLAGS, FILES, WRITE],
    required: &[],
    below: &[],
    run,
};

fn run(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let found = find(&args.all_words(), args, console)?;
    if let Some(failure) = Failure::all(found.failures) {
        return Err(failure);
    }
    for object in &found.objects {
        let service = service(args, object)?;
        submit(console, args, Kind::Service, &service, "exposed").map_err(Refused::into_failure)?;
    }
    Ok(Flow::Done(0))
}

fn service(args: &Args, object: &Arc<Object>) -> Result<Value, Failure> {
    let selector = match args.get("selector").filter(|text| !text.is_empty()) {
        Some(text) => pairs(text)?,
        None => selector_of(object)?,
    };
    let ports = match args.get("port").filter(|text| !text.is_empty()) {
        Some(text) => ports_from(text, args)?,
        None => ports_of(object, args),
    };
    if ports.is_empty() {
        return Err(Failure::error(
            "couldn't find port via --port flag or introspection",
        ));
    }
    let name = args.text("name", &object.meta.name);
    let mut meta = json!({ "name": name, "namespace": &*object.meta.namespace });
    let labels = match args.get("labels").filter(|text| !text.is_empty()) {
        Some(text) => pairs(text)?,
        None => labels_json(&object.meta.labels),
    };
    if !labels.is_empty() {
        meta["labels"] = Value::Object(labels);
    }
    let mut spec = json!({ "ports": ports, "selector": selector });
    for (flag, field) in [
        ("type", "type"),
        ("cluster-ip", "clusterIP"),
        ("load-balancer-ip", "loadBalancerIP"),
        ("session-affinity", "sessionAffinity"),
    ] {
        if let Some(value) = args.get(flag).filter(|value| !value.is_empty()) {
            spec[field] = value.into();
        }
    }
    if let Some(ip) = args.get("external-ip") {
        spec["externalIPs"] = json!([ip]);
    }
    Ok(json!({ "apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec }))
}

fn pairs(text: &str) -> Result<Map<String, Value>, Failure> {
    let pair = |part: &str| {
        let (key, value) = part.split_once('=')?;
        Some((key.to_string(), Value::from(value)))
    };
    let all: Option<Map<String, Value>> = text.split(',').map(pair).collect();
    all.ok_or_else(|| Failure::error(format!("unexpected label spec: {text}")))
}

fn labels_json(labels: &Labels) -> Map<String, Value> {
    labels
        .iter()
        .map(|(k, v)| (k.clone(), Value::from(v.as_str())))
        .collect()
}

fn selector_of(object: &Object) -> Result<Map<String, Value>, Failure> {
    let cannot = || Failure::error(format!("cannot expose a {}", object.kind().name()));
    match &object.body {
        Body::Deployment(deployment) => equalities(&deployment.selector),
        Body::ReplicaSet(rs) | Body::ReplicationController(rs) => equalities(&rs.selector),
        Body::Pod(_) if object.meta.labels.is_empty() => Err(Failure::error(
            "the pod has no labels and cannot be exposed",
        )),
        Body::Pod(_) => Ok(labels_json(&object.meta.labels)),
        Body::Data(Kind::Service, data) => {
            let selector = data.pointer("/spec/selector").and_then(Value::as_object);
            selector.cloned().ok_or_else(cannot)
        }
        _ => Err(cannot()),
    }
}

fn equalities(selector: &Selector) -> Result<Map<String, Value>, Failure> {
    let mut map = Map::new();
    for requirement in &selector.0 {
        match requirement {
            Requirement::In(key, values) if values.len() == 1 => {
                map.insert(key.clone(), Value::from(values.concat()));
            }
            other => {
                return Err(Failure::error(format!(
                    "couldn't convert expressions - \"{other:?}\" to map-based selector format"
                )));
            }
        }
    }
    Ok(map)
}

fn int_or_text(text: &str) -> Value {
    text.parse::<i64>()
        .map_or_else(|_| Value::from(text), Value::from)
}

fn ports_from(text: &str, args: &Args) -> Result<Vec<Value>, Failure> {
    let parts: Vec<&str> = text.split(',').collect();
    let several = parts.len() > 1;
    let mut ports = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let number = part.parse::<i64>().map_err(|_| {
            Failure::error(format!("strconv.Atoi: parsing \"{part}\": invalid syntax"))
        })?;
        let target = args
            .get("target-port")
            .map_or(Value::from(number), int_or_text);
        let protocol = args.text("protocol", "TCP");
        let mut port = json!({ "port": number, "protocol": protocol, "targetPort": target });
        if several {
            port["name"] = format!("port-{}", index + 1).into();
        }
        ports.push(port);
    }
    Ok(ports)
}

fn ports_of(object: &Object, args: &Args) -> Vec<Value> {
    let empty = PodSpec::default();
    let spec: &PodSpec = match (&object.body, template(object)) {
        (_, Some(template)) => template.spec.as_ref().unwrap_or(&empty),
        (Body::Pod(pod), None) => &pod.spec.spec,
        _ => &empty,
    };
    let all: Vec<_> = spec
        .containers
        .iter()
        .flat_map(|c| c.ports.iter().flatten())
        .collect();
    let several = all.len() > 1;
    let port = |(index, port): (usize, &k8s_openapi::api::core::v1::ContainerPort)| {
        let number = port.container_port;
        let target = args
            .get("target-port")
            .map_or(Value::from(number), int_or_text);
        let protocol = port.protocol.as_deref().unwrap_or("TCP");
        let mut port = json!({ "port": number, "protocol": protocol, "targetPort": target });
        if several {
            port["name"] = format!("port-{}", index + 1).into();
        }
        port
    };
    all.into_iter().enumerate().map(port).collect()
}

#[cfg(test)]
mod tests {
    use crate::kubectl::tests::{stdout, web};

    #[test]
    fn a_service_takes_the_selector_and_an_address() {
        let mut world = web();
        for (line, text) in [
            ("expose deployment web --port=80", "service/web exposed\n"),
            (
                "get svc web -o jsonpath={.spec.selector.app}{.spec.ports[0].targetPort}{.spec.type}",
                "web80ClusterIP",
            ),
            (
                "expose deploy web --name=w2 --port=80 --target-port=8080 --type=NodePort",
                "service/w2 exposed\n",
            ),
            (
                "get svc w2 -o jsonpath={.spec.ports[0].targetPort}{.spec.type}",
                "8080NodePort",
            ),
        ] {
            assert_eq!(stdout(&mut world, line), text, "{line}");
        }
    }

    #[test]
    fn what_has_no_port_or_no_pods_is_not_exposed() {
        for (line, text) in [
            (
                "expose deploy web",
                "error: couldn't find port via --port flag or introspection\n",
            ),
            (
                "expose node k8s-node1 --port=80",
                "error: cannot expose a Node\n",
            ),
        ] {
            assert_eq!(web().run(line).stderr, text, "{line}");
        }
    }
}
