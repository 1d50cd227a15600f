//! `get`: tables, formats, watches.
//!
//! Upstream: none.

use super::{lines, stdout, web};

#[test]
fn get_prints_tables() {
    let mut world = web();
    for (line, text) in [
        (
            "get deployment",
            lines(&[
                "NAME   READY   UP-TO-DATE   AVAILABLE   AGE",
                "web    2/2     2            2           4s",
            ]),
        ),
        (
            "get deploy -o wide",
            lines(&[
                "NAME   READY   UP-TO-DATE   AVAILABLE   AGE   CONTAINERS   IMAGES        SELECTOR",
                "web    2/2     2            2           4s    nginx        nginx:1.7.9   app=web",
            ]),
        ),
        (
            "get rs -o wide",
            lines(&[
                "NAME             DESIRED   CURRENT   READY   AGE   CONTAINERS   IMAGES        SELECTOR",
                "web-846c778c95   2         2         2       4s    nginx        nginx:1.7.9   app=web,pod-template-hash=846c778c95",
            ]),
        ),
        (
            "get pods -o wide",
            lines(&[
                "NAME                   READY   STATUS    RESTARTS   AGE   IP           NODE        NOMINATED NODE   READINESS GATES",
                "web-846c778c95-7mbgs   1/1     Running   0          4s    10.244.1.3   k8s-node1   <none>           <none>",
                "web-846c778c95-kxhtz   1/1     Running   0          4s    10.244.1.3   k8s-node1   <none>           <none>",
            ]),
        ),
        (
            "get nodes",
            lines(&[
                "NAME         STATUS   ROLES           AGE   VERSION",
                "k8s-master   Ready    control-plane   98s   v1.36.2",
                "k8s-node1    Ready    <none>          98s   v1.36.2",
                "k8s-node2    Ready    <none>          98s   v1.36.2",
            ]),
        ),
    ] {
        assert_eq!(stdout(&mut world, line), text, "{line}");
    }
}

#[test]
fn get_prints_several_kinds_labels_and_formats() {
    let mut world = web();
    for (line, text) in [
        (
            "get deploy,rs",
            lines(&[
                "NAME                  READY   UP-TO-DATE   AVAILABLE   AGE",
                "deployment.apps/web   2/2     2            2           4s",
                "",
                "NAME                             DESIRED   CURRENT   READY   AGE",
                "replicaset.apps/web-846c778c95   2         2         2       4s",
            ]),
        ),
        (
            "get deploy -A",
            lines(&[
                "NAMESPACE   NAME   READY   UP-TO-DATE   AVAILABLE   AGE",
                "default     web    2/2     2            2           4s",
            ]),
        ),
        (
            "get rs --show-labels",
            lines(&[
                "NAME             DESIRED   CURRENT   READY   AGE   LABELS",
                "web-846c778c95   2         2         2       4s    app=web,pod-template-hash=846c778c95",
            ]),
        ),
        (
            "get node k8s-node1 -L disktype",
            lines(&[
                "NAME        STATUS   ROLES    AGE   VERSION   DISKTYPE",
                "k8s-node1   Ready    <none>   98s   v1.36.2   ",
            ]),
        ),
        ("get deploy -o name", lines(&["deployment.apps/web"])),
        (
            "get rs -o jsonpath={.items[*].spec.replicas}",
            "2".to_string(),
        ),
        (
            "get pods -o custom-columns=N:.metadata.name,I:.spec.containers[0].image,X:.nosuch",
            lines(&[
                "N                      I             X",
                "web-846c778c95-7mbgs   nginx:1.7.9   <none>",
                "web-846c778c95-kxhtz   nginx:1.7.9   <none>",
            ]),
        ),
    ] {
        assert_eq!(stdout(&mut world, line), text, "{line}");
    }
}

#[test]
fn get_says_where_it_found_nothing() {
    let said = web().run("get pods --no-headers -l app=web,pod-template-hash=1");
    assert_eq!(said.stderr, "No resources found in default namespace.\n");
    assert_eq!(said.code, Some(0));
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
