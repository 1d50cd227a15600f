//! Whole commands on a small world, compared with the layouts of a recorded v1.36 cluster.
//!
//! Upstream: none.

use super::fixtures::{Said, World, web};
use crate::api::{Body, Kind};

fn stdout(world: &mut World, line: &str) -> String {
    let said = world.run(line);
    assert_eq!(said.stderr, "", "{line}");
    assert_eq!(said.code, Some(0), "{line}");
    said.stdout
}

fn failed(text: &str) -> Said {
    Said {
        stdout: String::new(),
        stderr: format!("{text}\n"),
        code: Some(1),
    }
}

#[test]
fn get_prints_tables() {
    let mut world = web();
    for (line, text) in [
        (
            "get deployment",
            "NAME   READY   UP-TO-DATE   AVAILABLE   AGE
web    2/2     2            2           4s
",
        ),
        (
            "get deploy -o wide",
            "NAME   READY   UP-TO-DATE   AVAILABLE   AGE   CONTAINERS   IMAGES        SELECTOR
web    2/2     2            2           4s    nginx        nginx:1.7.9   app=web
",
        ),
        (
            "get rs -o wide",
            "NAME             DESIRED   CURRENT   READY   AGE   CONTAINERS   IMAGES        SELECTOR
web-846c778c95   2         2         2       4s    nginx        nginx:1.7.9   app=web,pod-template-hash=846c778c95
",
        ),
        (
            "get pods -o wide",
            "NAME                   READY   STATUS    RESTARTS   AGE   IP           NODE        NOMINATED NODE   READINESS GATES
web-846c778c95-7mbgs   1/1     Running   0          4s    10.244.1.3   k8s-node1   <none>           <none>
web-846c778c95-kxhtz   1/1     Running   0          4s    10.244.1.3   k8s-node1   <none>           <none>
",
        ),
        (
            "get nodes",
            "NAME         STATUS   ROLES           AGE   VERSION
k8s-master   Ready    control-plane   98s   v1.36.2
k8s-node1    Ready    <none>          98s   v1.36.2
k8s-node2    Ready    <none>          98s   v1.36.2
",
        ),
        (
            "get deploy,rs",
            "NAME                  READY   UP-TO-DATE   AVAILABLE   AGE
deployment.apps/web   2/2     2            2           4s

NAME                             DESIRED   CURRENT   READY   AGE
replicaset.apps/web-846c778c95   2         2         2       4s
",
        ),
        (
            "get deploy -A",
            "NAMESPACE   NAME   READY   UP-TO-DATE   AVAILABLE   AGE
default     web    2/2     2            2           4s
",
        ),
        (
            "get rs --show-labels",
            "NAME             DESIRED   CURRENT   READY   AGE   LABELS
web-846c778c95   2         2         2       4s    app=web,pod-template-hash=846c778c95
",
        ),
        (
            "get node k8s-node1 -L disktype",
            "NAME        STATUS   ROLES    AGE   VERSION   DISKTYPE
k8s-node1   Ready    <none>   98s   v1.36.2   
",
        ),
        ("get pods --no-headers -l app=web,pod-template-hash=1", ""),
        ("get deploy -o name", "deployment.apps/web\n"),
        ("get rs -o jsonpath={.items[*].spec.replicas}", "2"),
        (
            "get pods -o custom-columns=N:.metadata.name,I:.spec.containers[0].image,X:.nosuch",
            "N                      I             X
web-846c778c95-7mbgs   nginx:1.7.9   <none>
web-846c778c95-kxhtz   nginx:1.7.9   <none>
",
        ),
    ] {
        if text.is_empty() {
            assert_eq!(world.run(line).stderr, "No resources found in default namespace.\n");
        } else {
            assert_eq!(stdout(&mut world, line), text, "{line}");
        }
    }
}

#[test]
fn describe_lays_out_a_deployment() {
    let text = stdout(&mut web(), "describe deployment web");
    let expected = "\
Name:                   web
Namespace:              default
CreationTimestamp:      Mon, 23 Nov 2026 05:51:27 +0000
Labels:                 app=web
Annotations:            deployment.kubernetes.io/revision: 1
Selector:               app=web
Replicas:               2 desired | 2 updated | 2 total | 2 available | 0 unavailable
StrategyType:           RollingUpdate
MinReadySeconds:        0
RollingUpdateStrategy:  25% max unavailable, 25% max surge
Pod Template:
  Labels:  app=web
  Containers:
   nginx:
    Image:         nginx:1.7.9
    Port:          <none>
    Host Port:     <none>
    Environment:   <none>
    Mounts:        <none>
  Volumes:         <none>
  Node-Selectors:  <none>
  Tolerations:     <none>
Conditions:
  Type           Status  Reason
  ----           ------  ------
  Available      True    MinimumReplicasAvailable
  Progressing    True    NewReplicaSetAvailable
OldReplicaSets:  <none>
NewReplicaSet:   web-846c778c95 (2/2 replicas created)
Events:
  Type    Reason             Age   From                   Message
  ----    ------             ----  ----                   -------
  Normal  ScalingReplicaSet  4s    deployment-controller  Scaled up replica set web-846c778c95 from 0 to 2
";
    assert_eq!(text, expected);
}

#[test]
fn describe_lays_out_a_replica_set() {
    let text = stdout(&mut web(), "describe rs");
    let head = "\
Name:           web-846c778c95
Namespace:      default
Selector:       app=web,pod-template-hash=846c778c95
Labels:         app=web
                pod-template-hash=846c778c95
Annotations:    deployment.kubernetes.io/desired-replicas: 2
                deployment.kubernetes.io/max-replicas: 3
                deployment.kubernetes.io/revision: 1
Controlled By:  Deployment/web
Replicas:       2 current / 2 desired
Pods Status:    2 Running / 0 Waiting / 0 Succeeded / 0 Failed
Pod Template:
  Labels:  app=web
           pod-template-hash=846c778c95
  Containers:
";
    assert!(text.starts_with(head), "{text}");
}

#[test]
fn describe_lays_out_a_pod() {
    let mut world = web();
    let text = stdout(&mut world, "describe pod web-846c778c95-7mbgs");
    let token = text
        .split("kube-api-access-")
        .nth(1)
        .and_then(|t| t.get(..5))
        .unwrap_or_default();
    let expected = "\
Name:             web-846c778c95-7mbgs
Namespace:        default
Priority:         0
Service Account:  default
Node:             k8s-node1/192.168.56.11
Start Time:       Mon, 23 Nov 2026 05:51:27 +0000
Labels:           app=web
                  pod-template-hash=846c778c95
Annotations:      <none>
Status:           Running
IP:               10.244.1.3
IPs:
  IP:           10.244.1.3
Controlled By:  ReplicaSet/web-846c778c95
Containers:
  nginx:
    Container ID:   containerd://4046
    Image:          nginx:1.7.9
    Image ID:       docker.io/library/nginx@sha256:ebf5
    Port:           <none>
    Host Port:      <none>
    State:          Running
      Started:      Mon, 23 Nov 2026 05:51:29 +0000
    Ready:          True
    Restart Count:  0
    Environment:    <none>
    Mounts:
      /var/run/secrets/kubernetes.io/serviceaccount from kube-api-access-TOKEN (ro)
Conditions:
  Type                        Status
  PodReadyToStartContainers   True 
  Initialized                 True 
  Ready                       True 
  ContainersReady             True 
  PodScheduled                True 
Volumes:
  kube-api-access-TOKEN:
    Type:                    Projected (a volume that contains injected data from multiple sources)
    TokenExpirationSeconds:  3607
    ConfigMapName:           kube-root-ca.crt
    Optional:                false
    DownwardAPI:             true
QoS Class:                   BestEffort
Node-Selectors:              <none>
Tolerations:                 node.kubernetes.io/not-ready:NoExecute op=Exists for 300s
                             node.kubernetes.io/unreachable:NoExecute op=Exists for 300s
Events:
  Type    Reason     Age   From               Message
  ----    ------     ----  ----               -------
  Normal  Scheduled  4s    default-scheduler  Successfully assigned default/web-846c778c95-7mbgs to k8s-node1
  Normal  Pulling    4s    kubelet            spec.containers{nginx}: Pulling image \"nginx:1.7.9\"
";
    assert_eq!(text, expected.replace("TOKEN", token));
    let all = stdout(&mut world, "describe pods");
    assert_eq!(
        all.matches("\n\n\nName: ").count(),
        1,
        "two pods, two empty lines between them"
    );
    assert!(
        !all.contains("Events:"),
        "several objects come without events"
    );
}

#[test]
fn describe_lays_out_a_node() {
    let text = stdout(&mut web(), "describe node k8s-node1");
    let expected = "\
Name:               k8s-node1
Roles:              <none>
Labels:             beta.kubernetes.io/arch=amd64
                    beta.kubernetes.io/os=linux
                    kubernetes.io/arch=amd64
                    kubernetes.io/hostname=k8s-node1
                    kubernetes.io/os=linux
Annotations:        node.alpha.kubernetes.io/ttl: 0
                    volumes.kubernetes.io/controller-managed-attach-detach: true
CreationTimestamp:  Mon, 23 Nov 2026 05:49:53 +0000
Taints:             <none>
Unschedulable:      false
Lease:
  HolderIdentity:  k8s-node1
  AcquireTime:     <unset>
  RenewTime:       Mon, 23 Nov 2026 05:51:23 +0000
Conditions:
  Type             Status  LastHeartbeatTime                 LastTransitionTime                Reason                       Message
  ----             ------  -----------------                 ------------------                ------                       -------
  MemoryPressure   False   Mon, 23 Nov 2026 05:49:53 +0000   Mon, 23 Nov 2026 05:49:53 +0000   KubeletHasSufficientMemory   kubelet has sufficient memory available
  DiskPressure     False   Mon, 23 Nov 2026 05:49:53 +0000   Mon, 23 Nov 2026 05:49:53 +0000   KubeletHasNoDiskPressure     kubelet has no disk pressure
  PIDPressure      False   Mon, 23 Nov 2026 05:49:53 +0000   Mon, 23 Nov 2026 05:49:53 +0000   KubeletHasSufficientPID      kubelet has sufficient PID available
  Ready            True    Mon, 23 Nov 2026 05:49:53 +0000   Mon, 23 Nov 2026 05:49:53 +0000   KubeletReady                 kubelet is posting ready status
Addresses:
  InternalIP:  192.168.56.11
  Hostname:    k8s-node1
Capacity:
  cpu:                4
  ephemeral-storage:  50Gi
  memory:             8Gi
  pods:               110
Allocatable:
  cpu:                4
  ephemeral-storage:  50Gi
  memory:             8Gi
  pods:               110
System Info:
  Machine ID:                 d3fbb3bdd59937bc81d1824360f44d84
  System UUID:                8fe9127f-7c7d-4f65-9a01-2dcc992383c3
  Boot ID:                    3627a268-cc39-69e1-40bf-c39553238b46
  Kernel Version:             6.1.0-fake-amd64
  OS Image:                   Debian GNU/Linux 12 (bookworm)
  Operating System:           linux
  Architecture:               amd64
  Container Runtime Version:  containerd://2.1.4
  Kubelet Version:            v1.36.2
Non-terminated Pods:          (2 in total)
  Namespace                   Name                    CPU Requests  CPU Limits  Memory Requests  Memory Limits  Age
  ---------                   ----                    ------------  ----------  ---------------  -------------  ---
  default                     web-846c778c95-7mbgs    0 (0%)        0 (0%)      0 (0%)           0 (0%)         4s
  default                     web-846c778c95-kxhtz    0 (0%)        0 (0%)      0 (0%)           0 (0%)         4s
Allocated resources:
  (Total limits may be over 100 percent, i.e., overcommitted.)
  Resource           Requests  Limits
  --------           --------  ------
  cpu                0 (0%)    0 (0%)
  memory             0 (0%)    0 (0%)
  ephemeral-storage  0 (0%)    0 (0%)
Events:              <none>
";
    assert_eq!(text, expected);
}

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
        ("get pods --sort-by=.nosuch", "error: couldn't find any field with path \"{.nosuch}\" in the list of objects".into()),
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
fn verbs_that_change_say_so() {
    let mut world = web();
    for (line, text) in [
        (
            "scale deploy/web --replicas=4",
            "deployment.apps/web scaled\n",
        ),
        (
            "set image deployment/web nginx=nginx:1.9.1 --dry-run=server",
            "deployment.apps/web image updated (server dry run)\n",
        ),
        (
            "set image deployment/web nginx=nginx:1.9.1",
            "deployment.apps/web image updated\n",
        ),
        ("set image deployment/web nginx=nginx:1.9.1", ""),
        (
            "annotate deploy/web kubernetes.io/change-cause='image 1.9.1'",
            "deployment.apps/web annotated\n",
        ),
        (
            "label node k8s-node1 disktype=ssd",
            "node/k8s-node1 labeled\n",
        ),
        (
            "label node k8s-node1 disktype=ssd",
            "node/k8s-node1 not labeled\n",
        ),
        (
            "label node k8s-node1 disktype-",
            "node/k8s-node1 unlabeled\n",
        ),
        (
            "label node k8s-node1 disktype-",
            "label \"disktype\" not found.\nnode/k8s-node1 not labeled\n",
        ),
        (
            "taint node k8s-node1 a=b:NoSchedule",
            "node/k8s-node1 tainted\n",
        ),
        ("taint node k8s-node1 a-", "node/k8s-node1 untainted\n"),
        ("cordon k8s-node1", "node/k8s-node1 cordoned\n"),
        ("cordon k8s-node1", "node/k8s-node1 already cordoned\n"),
        ("uncordon k8s-node1", "node/k8s-node1 uncordoned\n"),
        (
            "rollout restart deployment/web",
            "deployment.apps/web restarted\n",
        ),
        (
            "rollout pause deployment/web",
            "deployment.apps/web paused\n",
        ),
        (
            "delete deployment web",
            "deployment.apps \"web\" deleted from default namespace\n",
        ),
        ("delete node k8s-node2", "node \"k8s-node2\" deleted\n"),
        ("delete deployment web --ignore-not-found", ""),
        ("delete pods -l app=nosuch", "No resources found\n"),
    ] {
        assert_eq!(stdout(&mut world, line), text, "{line}");
    }
    let node = world.get(Kind::Node, "", "k8s-node1").expect("the node");
    assert_eq!(node.meta.label("disktype"), None);
    assert!(
        matches!(&node.body, Body::Node(node) if node.taints.is_empty() && !node.unschedulable)
    );
    assert_eq!(
        world.get(Kind::Deployment, "default", "web").map(|_| ()),
        None
    );
}

#[test]
fn a_dry_run_on_the_server_leaves_nothing() {
    let mut world = web();
    let before = (world.api.store().revision(), world.api.store().digest());
    stdout(&mut world, "scale deploy web --replicas=9 --dry-run=server");
    stdout(&mut world, "scale deploy web --replicas=9 --dry-run=client");
    assert_eq!(
        (world.api.store().revision(), world.api.store().digest()),
        before
    );
}

#[test]
fn delete_waits_until_the_pod_is_gone() {
    let mut world = web();
    let (mut command, said) = world.start("delete pod web-846c778c95-7mbgs");
    assert_eq!(
        said.stdout,
        "pod \"web-846c778c95-7mbgs\" deleted from default namespace\n"
    );
    assert_eq!(said.code, None);
    assert_eq!(world.resume(&mut command).code, None);
    world.run("delete pod web-846c778c95-7mbgs --force --grace-period=0");
    assert_eq!(world.resume(&mut command).code, Some(0));
    let (mut command, _) = world.start("delete pod web-846c778c95-kxhtz --timeout=1s");
    world.pass(1);
    let late = world.resume(&mut command);
    assert_eq!(
        late,
        failed("error: timed out waiting for the condition on pods/web-846c778c95-kxhtz")
    );
}

#[test]
fn a_watch_prints_a_row_a_write_and_remembers_widths() {
    let mut world = web();
    let (mut command, said) = world.start("get deployment -w");
    assert_eq!(
        said.stdout,
        "NAME   READY   UP-TO-DATE   AVAILABLE   AGE\nweb    2/2     2            2           4s\n"
    );
    world.pass(1);
    world.run("scale deploy web --replicas=100000000");
    world.run("label deploy web x=y");
    let said = world.resume(&mut command);
    assert_eq!(
        said.stdout,
        "web    2/100000000   2            2           5s\nweb    2/100000000   2            2           5s\n"
    );
    world.run("delete deploy web");
    let said = world.resume(&mut command);
    assert_eq!(
        said.stdout,
        "web    2/100000000   2            2           5s\n"
    );
    assert_eq!(said.code, None);
}

#[test]
fn rollout_status_follows_every_state() {
    let mut world = web();
    assert_eq!(
        stdout(&mut world, "rollout status deploy/web"),
        "deployment \"web\" successfully rolled out\n"
    );
    world.run("scale deploy web --replicas=3");
    let (mut command, said) = world.start("rollout status deploy/web --timeout=10s");
    assert_eq!(
        said.stdout,
        "Waiting for deployment spec update to be observed...\n"
    );
    let mut object = (*world.get(Kind::Deployment, "default", "web").expect("web")).clone();
    let mut step = |world: &mut World, change: &dyn Fn(&mut crate::api::DeploymentStatus)| {
        if let Body::Deployment(deployment) = &mut object.body {
            change(&mut deployment.status);
        }
        object.meta.resource_version = 0;
        world.update_status(object.clone());
    };
    step(&mut world, &|s| s.observed_generation = 2);
    step(&mut world, &|s| (s.updated_replicas, s.replicas) = (3, 3));
    let head = "Waiting for deployment \"web\" rollout to finish: ";
    assert_eq!(
        world.resume(&mut command).stdout,
        format!(
            "{head}2 out of 3 new replicas have been updated...\n{head}2 of 3 updated replicas are available...\n"
        )
    );
    step(&mut world, &|s| s.available_replicas = 3);
    let said = world.resume(&mut command);
    assert_eq!(
        (said.stdout.as_str(), said.code),
        ("deployment \"web\" successfully rolled out\n", Some(0))
    );
}

#[test]
fn history_has_a_blank_behind_the_name_and_tabs_in_templates() {
    let mut world = web();
    assert_eq!(
        stdout(&mut world, "rollout history deployment/web"),
        "deployment.apps/web \nREVISION  CHANGE-CAUSE\n1         <none>\n\n"
    );
    assert_eq!(
        stdout(&mut world, "rollout history deployment/web --revision=1"),
        "deployment.apps/web with revision #1\nPod Template:\n  Labels:\tapp=web\n\tpod-template-hash=846c778c95\n  Containers:\n   nginx:\n    Image:\tnginx:1.7.9\n    Port:\t<none>\n    Host Port:\t<none>\n    Environment:\t<none>\n    Mounts:\t<none>\n  Volumes:\t<none>\n  Node-Selectors:\t<none>\n  Tolerations:\t<none>\n\n"
    );
}

#[test]
fn drain_stops_at_pods_without_a_controller_and_evicts_the_others() {
    let mut world = web();
    let (mut command, said) = world.start("drain k8s-node1");
    assert_eq!(
        said.stdout,
        "node/k8s-node1 cordoned\nevicting pod default/web-846c778c95-7mbgs\nevicting pod default/web-846c778c95-kxhtz\n"
    );
    for name in ["web-846c778c95-7mbgs", "web-846c778c95-kxhtz"] {
        world.run(&format!("delete pod {name} --force"));
    }
    assert_eq!(
        world.resume(&mut command).stdout,
        "",
        "it asks once a second"
    );
    world.pass(1);
    let said = world.resume(&mut command);
    assert_eq!(
        said.stdout,
        "pod/web-846c778c95-7mbgs evicted\npod/web-846c778c95-kxhtz evicted\nnode/k8s-node1 drained\n"
    );
    assert_eq!(said.code, Some(0));
}

#[test]
fn wait_ends_when_the_condition_holds() {
    let mut world = web();
    assert_eq!(
        stdout(
            &mut world,
            "wait --for=condition=Available deployment/web --timeout=5s"
        ),
        "deployment.apps/web condition met\n"
    );
    let (mut command, said) = world.start("wait --for=delete deployment/web --timeout=5s");
    assert_eq!(said.code, None);
    world.run("delete deploy web");
    assert_eq!(
        world.resume(&mut command).stdout,
        "deployment.apps/web condition met\n"
    );
    let (mut command, _) = world.start("wait --for=delete node/k8s-node1 --timeout=1s");
    world.pass(1);
    assert_eq!(
        world.resume(&mut command),
        failed("error: timed out waiting for the condition on nodes/k8s-node1")
    );
}

const FILE: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n";

#[test]
fn files_name_objects() {
    let mut world = web();
    world.files.insert("web.yml".into(), FILE.into());
    let line = "get -f web.yml -o name";
    assert_eq!(stdout(&mut world, line), "deployment.apps/web\n");
    assert_eq!(
        stdout(&mut world, "scale -f web.yml --replicas=3"),
        "deployment.apps/web scaled\n"
    );
    assert_eq!(
        stdout(&mut world, "delete -f web.yml"),
        "deployment.apps \"web\" deleted from default namespace\n"
    );
    assert_eq!(
        world.run("delete -f web.yml"),
        failed(
            "Error from server (NotFound): error when deleting \"web.yml\": deployments.apps \"web\" not found"
        )
    );
    assert_eq!(
        world.run("delete -f nosuch.yml"),
        failed("error: the path \"nosuch.yml\" does not exist")
    );
}

#[test]
fn patch_changes_fields() {
    let mut world = web();
    let line = "patch deploy web -p '{\"spec\":{\"replicas\":3}}'";
    assert_eq!(stdout(&mut world, line), "deployment.apps/web patched\n");
    assert_eq!(
        stdout(&mut world, line),
        "deployment.apps/web patched (no change)\n"
    );
    let deployment = world.get(Kind::Deployment, "default", "web").expect("web");
    assert_eq!(deployment.deployment().map(|d| d.replicas()), Some(3));
    assert_eq!(
        world.run("patch deploy web -p '{\"spec\":{\"replicas\":\"x\"}}'"),
        failed(
            "The request is invalid: patch: Invalid value: \"map[spec:map[replicas:x]]\": unrecognized type: int32"
        )
    );
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
