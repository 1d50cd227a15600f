//! What happens in a history, as lines of the console.

use kube_orrery::api::{Kind, Object};
use kube_orrery::clock::Span;
use kube_orrery::cluster::World;

use super::Dice;
use super::cast::{Cast, Role};

/// Something that somebody does.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    Scale(Role),
    SetImage(Role),
    Restart(Role),
    Undo(Role),
    Pause,
    Resume,
    Delete(Role),
    Apply(Role),
    DeletePod,
    Relabel,
    Node,
    Taint,
    LabelNode,
    Job,
    CronJob,
}

/// A pause before an act: often so short that the act falls into the middle of things.
pub fn pause(dice: &mut Dice) -> Span {
    let within = match dice.below(4) {
        0 => 40,
        1 => 1_500,
        2 => 8_000,
        _ => 75_000,
    };
    Span::millis(i64::try_from(dice.below(within)).unwrap_or(0))
}

/// Types a line, and notes it with its moment.
pub fn tell(world: &mut World, line: &str, acts: &mut Vec<String>) {
    let at = (world.now() - world.start()).as_secs_f64();
    let (_, output, _) = world.console(line);
    acts.push(format!("{at:.3} s $ {line}: {}", output.stderr.trim()));
}

/// What is done at the end, so that nothing goes on for ever.
pub fn healing(world: &World) -> Vec<String> {
    let mut lines = Vec::new();
    let head = world.store().head();
    for object in head.list(Kind::Deployment, None) {
        lines.push(format!(
            "kubectl rollout resume deployment/{}",
            object.meta.name
        ));
    }
    for (kind, word) in [
        (Kind::Deployment, "deployment"),
        (Kind::ReplicaSet, "rs"),
        (Kind::StatefulSet, "sts"),
        (Kind::DaemonSet, "ds"),
    ] {
        let all = head.list(kind, None);
        let loose = all.filter(|object| object.meta.controller().is_none());
        lines.extend(loose.map(|o| format!("kubectl set image {word}/{} c=nginx:9", o.meta.name)));
    }
    lines.push("kubectl delete cronjob --all --wait=false".into());
    lines
}

impl Act {
    pub fn draw(cast: &Cast, dice: &mut Dice) -> Act {
        let at = usize::try_from(dice.below(cast.roles.len() as u64)).unwrap_or(0);
        let role = cast.roles[at];
        match dice.below(20) {
            0..4 if role.scales() => Act::Scale(role),
            4..8 if role.rolls() => Act::SetImage(role),
            0..3 if role.rolls() => Act::Restart(role),
            8 if role.rolls() => Act::Undo(role),
            9 if role == Role::Deployment => Act::Pause,
            10 if role == Role::Deployment => Act::Resume,
            0..7 if role == Role::Job => Act::Job,
            0..7 if role == Role::CronJob => Act::CronJob,
            9 => Act::Delete(role),
            10 => Act::Apply(role),
            11 | 12 => Act::Relabel,
            13 | 14 => Act::Node,
            15 => Act::Taint,
            16 => Act::LabelNode,
            _ => Act::DeletePod,
        }
    }

    /// The line to type.
    pub fn line(self, world: &World, dice: &mut Dice) -> String {
        let node = dice.pick(&["k8s-node1", "k8s-node2", "k8s-master"]);
        match self {
            Act::Scale(role) => {
                format!(
                    "kubectl scale {} --replicas={}",
                    role.target(),
                    dice.below(8)
                )
            }
            Act::SetImage(role) => {
                let image = dice.pick(&["nginx:1", "nginx:2", "nginx:3", "nginx:bad"]);
                format!("kubectl set image {} c={image}", role.target())
            }
            Act::Restart(role) => format!("kubectl rollout restart {}", role.target()),
            Act::Undo(role) => format!("kubectl rollout undo {}", role.target()),
            Act::Pause => "kubectl rollout pause deployment/web".into(),
            Act::Resume => "kubectl rollout resume deployment/web".into(),
            Act::Delete(role) => {
                let cascade = dice.pick(&["background", "foreground", "orphan"]);
                format!(
                    "kubectl delete {} --cascade={cascade} --wait=false",
                    role.target()
                )
            }
            Act::Apply(role) => format!("kubectl apply -f {}", role.file()),
            Act::DeletePod => {
                let how = dice.pick(&["", "", " --grace-period=0 --force", " --now"]);
                format!("kubectl delete pod {} --wait=false{how}", pod(world, dice))
            }
            Act::Relabel => {
                let to = dice.pick(&["app=web", "app=bare", "app=db", "app=other", "app-"]);
                format!("kubectl label pod {} {to} --overwrite", pod(world, dice))
            }
            Act::Node => match dice.below(4) {
                0 => format!("node off {node}"),
                1 => format!("node on {node}"),
                2 => format!("kubectl cordon {node}"),
                _ => format!("kubectl uncordon {node}"),
            },
            Act::Taint => {
                let taint = dice.pick(&["a=b:NoExecute", "a=b:NoSchedule", "a-"]);
                format!("kubectl taint node {node} {taint} --overwrite")
            }
            Act::LabelNode => {
                let label = dice.pick(&["disk=ssd", "disk=ssd", "disk-"]);
                format!("kubectl label node {node} {label} --overwrite")
            }
            Act::Job => format!("kubectl patch job sums -p '{{\"spec\":{{{}}}}}'", job(dice)),
            Act::CronJob => {
                format!(
                    "kubectl patch cronjob tick -p '{{\"spec\":{{{}}}}}'",
                    cron_job(dice)
                )
            }
        }
    }
}

fn job(dice: &mut Dice) -> String {
    match dice.below(4) {
        0 => r#""suspend":true"#.into(),
        1 => r#""suspend":false"#.into(),
        _ => format!(r#""parallelism":{}"#, dice.below(5)),
    }
}

fn cron_job(dice: &mut Dice) -> String {
    match dice.below(3) {
        0 => r#""suspend":true"#.into(),
        1 => r#""suspend":false"#.into(),
        _ => r#""schedule":"*/2 * * * *""#.into(),
    }
}

/// The name of some pod.
fn pod(world: &World, dice: &mut Dice) -> String {
    let pods: Vec<&Object> = world
        .store()
        .head()
        .list(Kind::Pod, None)
        .map(|p| &**p)
        .collect();
    let at = usize::try_from(dice.below(pods.len() as u64)).unwrap_or(0);
    pods.get(at)
        .map_or("none".into(), |pod| pod.meta.name.to_string())
}
