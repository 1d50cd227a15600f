//! Commands that fail, in kubectl's words.
//!
//! Upstream: none.

use super::{failed, web};

#[test]
fn failures_have_kubectls_words() {
    let mut world = web();
    let usage = |verb: &str| format!("See 'kubectl {verb} -h' for help and examples");
    for (line, text) in [
        ("run x --image=nginx --replicas=2", "error: unknown flag: --replicas\nSee 'kubectl run --help' for usage.".to_string()),
        ("get nosuch", "error: the server doesn't have a resource type \"nosuch\"".into()),
        ("get pod nosuch", "Error from server (NotFound): pods \"nosuch\" not found".into()),
        ("get pods a b", "Error from server (NotFound): pods \"a\" not found\nError from server (NotFound): pods \"b\" not found".into()),
        ("get deploy/nosuch", "Error from server (NotFound): deployments.apps \"nosuch\" not found".into()),
        ("get pods -l 'a in (b'", "Error from server (BadRequest): Unable to find \"/v1, Resource=pods\" that match label selector \"a in (b\", field selector \"\": unable to parse requirement: found '', expected: ',' or ')'".into()),
        ("get pods --field-selector=spec.nosuch=x", "Error from server (BadRequest): Unable to find \"/v1, Resource=pods\" that match label selector \"\", field selector \"spec.nosuch=x\": field label not supported: spec.nosuch".into()),
        ("get pods -o jsonpath={.items[*", "error: error parsing jsonpath {.items[*, unterminated array".into()),
        ("get pods -o name --sort-by=.nosuch", "error: couldn't find any field with path \"{.nosuch}\" in the list of objects".into()),
        ("describe pod nosuch", "Error from server (NotFound): pods \"nosuch\" not found".into()),
        ("scale deployment web", "error: required flag(s) \"replicas\" not set".into()),
        ("scale deployment web --replicas=-1", "error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0".into()),
        ("scale deployment web --replicas=3 --current-replicas=9", "error: Expected replicas to be 9, was 2".into()),
        ("scale pod web-846c778c95-7mbgs --replicas=2", "Error from server (NotFound): the server could not find the requested resource".into()),
        ("scale deployment nosuch --replicas=3", "Error from server (NotFound): deployments.apps \"nosuch\" not found".into()),
        ("rollout status pod/web-846c778c95-7mbgs", "error: no status viewer has been implemented for Pod".into()),
        ("rollout status deployment/nosuch", "Error from server (NotFound): deployments.apps \"nosuch\" not found".into()),
        ("rollout undo deployment/web", "error: no rollout history found for deployment \"web\"".into()),
        ("rollout undo rs/web-846c778c95", "error: no rollbacker has been implemented for \"ReplicaSet.apps\"".into()),
        ("rollout history deployment/web --revision=7", "error: unable to find the specified revision".into()),
        ("rollout resume deployment/web", "error: deployments.apps \"web\" is not paused".into()),
        ("set image deployment/web nosuch=nginx:1.9.1", "error: unable to find container named \"nosuch\"".into()),
        ("taint node k8s-node1 a=b:NoWay", format!("error: invalid taint effect: NoWay, unsupported taint effect\n{}", usage("taint"))),
        ("taint node k8s-node1 abc", "error: at least one taint update is required".into()),
        ("taint node k8s-node1 nosuch-", "error: taint \"nosuch\" not found".into()),
        ("taint node k8s-master node-role.kubernetes.io/control-plane=:NoSchedule", "error: node k8s-master already has node-role.kubernetes.io/control-plane taint(s) with same effect(s) and --overwrite is false".into()),
        ("label node k8s-node1 a", "error: at least one label update is required".into()),
        ("label node nosuch a=b", "Error from server (NotFound): nodes \"nosuch\" not found".into()),
        ("label node k8s-node1 kubernetes.io/os=x", "error: 'kubernetes.io/os' already has a value (linux), and --overwrite is false".into()),
        ("annotate deployment web", "error: at least one annotation update is required".into()),
        ("delete pod", "error: resource(s) were provided, but no name was specified".into()),
        ("create", "error: must specify one of -f and -k".into()),
        ("create deployment x", "error: required flag(s) \"image\" not set".into()),
        ("create deployment x --image=nginx --replicas=x", "error: invalid argument \"x\" for \"-r, --replicas\" flag: strconv.ParseInt: parsing \"x\": invalid syntax\nSee 'kubectl create deployment --help' for usage.".into()),
        ("run w --image=nginx --restart=Sometimes", format!("error: invalid restart policy: Sometimes\n{}", usage("run"))),
        ("run z --image=NGINX", "error: Invalid image name \"NGINX\": invalid reference format".into()),
        ("cordon nosuch", "Error from server (NotFound): nodes \"nosuch\" not found".into()),
        ("drain nosuch", "Error from server (NotFound): nodes \"nosuch\" not found".into()),
        ("wait --for=condition=Ready pod/nosuch", "Error from server (NotFound): pods \"nosuch\" not found".into()),
        ("logs nosuch", "error: error from server (NotFound): pods \"nosuch\" not found in namespace \"default\"".into()),
    ] {
        assert_eq!(world.run(line), failed(&text), "{line}");
    }
    assert_eq!(
        world.run("get pods -n nosuch").stderr,
        "No resources found in nosuch namespace.\n"
    );
    let mixed = world.run("get deploy web pods");
    assert_eq!(
        mixed.stderr,
        "Error from server (NotFound): deployments.apps \"pods\" not found\n"
    );
    assert!(mixed.stdout.starts_with("NAME   READY"), "{}", mixed.stdout);
}

#[test]
fn no_line_panics() {
    let mut world = web();
    for line in [
        "",
        "   ",
        "--",
        "-",
        "get -",
        "get pods -o",
        "get / ",
        "get a/b/c",
        "get pods -o custom-columns=",
        "get pods -o jsonpath=",
        "delete --all",
        "taint nodes",
        "taint node n =:NoSchedule",
        "label",
        "label pod",
        "set image",
        "set",
        "rollout",
        "rollout foo",
        "get pods -o jsonpath={.items[99]}",
        "get pods -o jsonpath={.items[-9:]}",
        "get pods --sort-by={",
        "wait",
        "wait pod/x",
        "wait --for=jsonpath=x pod/web",
        "scale",
        "expose",
        "expose node k8s-node1 --port=1",
        "drain",
        "logs",
        "logs -f deploy/web",
        "get événements",
        "get pods 'ü",
        "run",
        "events --for=x",
        "help",
        "--help",
        "get --help",
        "rollout status --help",
        "version",
        "api-resources -o wide",
        "api-versions",
        "cluster-info",
        "get pods,svc,all",
        "describe all",
        "describe ns default",
        "describe ev",
    ] {
        world.run(line);
    }
}
