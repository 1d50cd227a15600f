//! `describe`, compared with the layouts of a recorded v1.36 cluster.
//!
//! Upstream: none.

use super::{World, lines, stdout, web};

#[test]
fn describe_lays_out_a_deployment() {
    let text = stdout(&mut web(), "describe deployment web");
    let expected = lines(&[
        "Name:                   web",
        "Namespace:              default",
        "CreationTimestamp:      Mon, 23 Nov 2026 05:51:27 +0000",
        "Labels:                 app=web",
        "Annotations:            deployment.kubernetes.io/revision: 1",
        "Selector:               app=web",
        "Replicas:               2 desired | 2 updated | 2 total | 2 available | 0 unavailable",
        "StrategyType:           RollingUpdate",
        "MinReadySeconds:        0",
        "RollingUpdateStrategy:  25% max unavailable, 25% max surge",
        "Pod Template:",
        "  Labels:  app=web",
        "  Containers:",
        "   nginx:",
        "    Image:         nginx:1.7.9",
        "    Port:          <none>",
        "    Host Port:     <none>",
        "    Environment:   <none>",
        "    Mounts:        <none>",
        "  Volumes:         <none>",
        "  Node-Selectors:  <none>",
        "  Tolerations:     <none>",
        "Conditions:",
        "  Type           Status  Reason",
        "  ----           ------  ------",
        "  Available      True    MinimumReplicasAvailable",
        "  Progressing    True    NewReplicaSetAvailable",
        "OldReplicaSets:  <none>",
        "NewReplicaSet:   web-846c778c95 (2/2 replicas created)",
        "Events:",
        "  Type    Reason             Age   From                   Message",
        "  ----    ------             ----  ----                   -------",
        "  Normal  ScalingReplicaSet  4s    deployment-controller  Scaled up replica set web-846c778c95 from 0 to 2",
    ]);
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
    let expected = lines(&[
        "Name:             web-846c778c95-7mbgs",
        "Namespace:        default",
        "Priority:         0",
        "Service Account:  default",
        "Node:             k8s-node1/192.168.56.11",
        "Start Time:       Mon, 23 Nov 2026 05:51:27 +0000",
        "Labels:           app=web",
        "                  pod-template-hash=846c778c95",
        "Annotations:      <none>",
        "Status:           Running",
        "IP:               10.244.1.3",
        "IPs:",
        "  IP:           10.244.1.3",
        "Controlled By:  ReplicaSet/web-846c778c95",
        "Containers:",
        "  nginx:",
        "    Container ID:   containerd://4046",
        "    Image:          nginx:1.7.9",
        "    Image ID:       docker.io/library/nginx@sha256:ebf5",
        "    Port:           <none>",
        "    Host Port:      <none>",
        "    State:          Running",
        "      Started:      Mon, 23 Nov 2026 05:51:29 +0000",
        "    Ready:          True",
        "    Restart Count:  0",
        "    Environment:    <none>",
        "    Mounts:",
        "      /var/run/secrets/kubernetes.io/serviceaccount from kube-api-access-TOKEN (ro)",
        "Conditions:",
        "  Type                        Status",
        "  PodReadyToStartContainers   True ",
        "  Initialized                 True ",
        "  Ready                       True ",
        "  ContainersReady             True ",
        "  PodScheduled                True ",
        "Volumes:",
        "  kube-api-access-TOKEN:",
        "    Type:                    Projected (a volume that contains injected data from multiple sources)",
        "    TokenExpirationSeconds:  3607",
        "    ConfigMapName:           kube-root-ca.crt",
        "    Optional:                false",
        "    DownwardAPI:             true",
        "QoS Class:                   BestEffort",
        "Node-Selectors:              <none>",
        "Tolerations:                 node.kubernetes.io/not-ready:NoExecute op=Exists for 300s",
        "                             node.kubernetes.io/unreachable:NoExecute op=Exists for 300s",
        "Events:",
        "  Type    Reason     Age   From               Message",
        "  ----    ------     ----  ----               -------",
        "  Normal  Scheduled  4s    default-scheduler  Successfully assigned default/web-846c778c95-7mbgs to k8s-node1",
        "  Normal  Pulling    4s    kubelet            spec.containers{nginx}: Pulling image \"nginx:1.7.9\"",
    ]);
    assert_eq!(text, expected.replace("TOKEN", token));
}

#[test]
fn several_pods_come_without_events_and_with_two_empty_lines_between() {
    let mut world = web();
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
    let expected = lines(&[
        "Name:               k8s-node1",
        "Roles:              <none>",
        "Labels:             beta.kubernetes.io/arch=amd64",
        "                    beta.kubernetes.io/os=linux",
        "                    kubernetes.io/arch=amd64",
        "                    kubernetes.io/hostname=k8s-node1",
        "                    kubernetes.io/os=linux",
        "Annotations:        node.alpha.kubernetes.io/ttl: 0",
        "                    volumes.kubernetes.io/controller-managed-attach-detach: true",
        "CreationTimestamp:  Mon, 23 Nov 2026 05:49:53 +0000",
        "Taints:             <none>",
        "Unschedulable:      false",
        "Lease:",
        "  HolderIdentity:  k8s-node1",
        "  AcquireTime:     <unset>",
        "  RenewTime:       Mon, 23 Nov 2026 05:51:23 +0000",
        "Conditions:",
        "  Type             Status  LastHeartbeatTime                 LastTransitionTime                Reason                       Message",
        "  ----             ------  -----------------                 ------------------                ------                       -------",
        "  MemoryPressure   False   Mon, 23 Nov 2026 05:49:53 +0000   Mon, 23 Nov 2026 05:49:53 +0000   KubeletHasSufficientMemory   kubelet has sufficient memory available",
        "  DiskPressure     False   Mon, 23 Nov 2026 05:49:53 +0000   Mon, 23 Nov 2026 05:49:53 +0000   KubeletHasNoDiskPressure     kubelet has no disk pressure",
        "  PIDPressure      False   Mon, 23 Nov 2026 05:49:53 +0000   Mon, 23 Nov 2026 05:49:53 +0000   KubeletHasSufficientPID      kubelet has sufficient PID available",
        "  Ready            True    Mon, 23 Nov 2026 05:49:53 +0000   Mon, 23 Nov 2026 05:49:53 +0000   KubeletReady                 kubelet is posting ready status",
        "Addresses:",
        "  InternalIP:  192.168.56.11",
        "  Hostname:    k8s-node1",
        "Capacity:",
        "  cpu:                4",
        "  ephemeral-storage:  50Gi",
        "  memory:             8Gi",
        "  pods:               110",
        "Allocatable:",
        "  cpu:                4",
        "  ephemeral-storage:  50Gi",
        "  memory:             8Gi",
        "  pods:               110",
        "System Info:",
        "  Machine ID:                 d3fbb3bdd59937bc81d1824360f44d84",
        "  System UUID:                8fe9127f-7c7d-4f65-9a01-2dcc992383c3",
        "  Boot ID:                    3627a268-cc39-69e1-40bf-c39553238b46",
        "  Kernel Version:             6.1.0-fake-amd64",
        "  OS Image:                   Debian GNU/Linux 12 (bookworm)",
        "  Operating System:           linux",
        "  Architecture:               amd64",
        "  Container Runtime Version:  containerd://2.1.4",
        "  Kubelet Version:            v1.36.2",
        "Non-terminated Pods:          (2 in total)",
        "  Namespace                   Name                    CPU Requests  CPU Limits  Memory Requests  Memory Limits  Age",
        "  ---------                   ----                    ------------  ----------  ---------------  -------------  ---",
        "  default                     web-846c778c95-7mbgs    0 (0%)        0 (0%)      0 (0%)           0 (0%)         4s",
        "  default                     web-846c778c95-kxhtz    0 (0%)        0 (0%)      0 (0%)           0 (0%)         4s",
        "Allocated resources:",
        "  (Total limits may be over 100 percent, i.e., overcommitted.)",
        "  Resource           Requests  Limits",
        "  --------           --------  ------",
        "  cpu                0 (0%)    0 (0%)",
        "  memory             0 (0%)    0 (0%)",
        "  ephemeral-storage  0 (0%)    0 (0%)",
        "Events:              <none>",
    ]);
    assert_eq!(text, expected);
}

/// Not in a story: a line of four dashes ends what a story's step prints.
#[test]
fn describe_shows_what_a_config_map_holds() {
    let mut world = World::new();
    let manifest = "{apiVersion: v1, kind: ConfigMap, metadata: {name: game}, data: {lives: \"3\", ui: \"a=1\\nb=2\\n\"}, binaryData: {logo: AAEC}}";
    world.files.insert("cm.yml".into(), manifest.into());
    assert_eq!(
        stdout(&mut world, "create -f cm.yml"),
        "configmap/game created\n"
    );
    let text = "\
Name:         game
Namespace:    default
Labels:       <none>
Annotations:  <none>

Data
====
lives:
----
3

ui:
----
a=1
b=2



BinaryData
====
logo: 3 bytes

Events:  <none>
";
    assert_eq!(stdout(&mut world, "describe cm game"), text);
}
