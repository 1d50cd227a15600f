//! Who plays in a history: some workloads of some settings.

use super::Dice;

/// A workload of the cast; its object has the kind's name of the enum's word below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Deployment,
    ReplicaSet,
    StatefulSet,
    DaemonSet,
    Job,
    CronJob,
}

const ROLES: [Role; 6] = [
    Role::Deployment,
    Role::ReplicaSet,
    Role::StatefulSet,
    Role::DaemonSet,
    Role::Job,
    Role::CronJob,
];

impl Role {
    /// Resource and name, as kubectl takes them.
    pub fn target(self) -> &'static str {
        match self {
            Role::Deployment => "deployment/web",
            Role::ReplicaSet => "rs/bare",
            Role::StatefulSet => "sts/db",
            Role::DaemonSet => "ds/agent",
            Role::Job => "job/sums",
            Role::CronJob => "cronjob/tick",
        }
    }

    pub fn file(self) -> &'static str {
        match self {
            Role::Deployment => "web.yml",
            Role::ReplicaSet => "bare.yml",
            Role::StatefulSet => "db.yml",
            Role::DaemonSet => "agent.yml",
            Role::Job => "sums.yml",
            Role::CronJob => "tick.yml",
        }
    }

    /// Whether it has `spec.replicas`.
    pub fn scales(self) -> bool {
        matches!(
            self,
            Role::Deployment | Role::ReplicaSet | Role::StatefulSet
        )
    }

    /// Whether it rolls out.
    pub fn rolls(self) -> bool {
        matches!(self, Role::Deployment | Role::StatefulSet | Role::DaemonSet)
    }
}

/// The cast of a history.
pub struct Cast {
    pub roles: Vec<Role>,
    pub files: Vec<(String, String)>,
}

impl Cast {
    /// One to three workloads.
    pub fn draw(dice: &mut Dice) -> Cast {
        let mut roles = Vec::new();
        for _ in 0..1 + dice.below(3) {
            let role = ROLES[usize::try_from(dice.below(ROLES.len() as u64)).unwrap_or(0)];
            if !roles.contains(&role) {
                roles.push(role);
            }
        }
        let mut files = Vec::new();
        for role in &roles {
            files.push((role.file().to_string(), manifest(*role, dice)));
        }
        if dice.chance(20) {
            let app = dice.pick(&["web", "db", "bare"]);
            files.push(("around.yml".to_string(), around(app, dice)));
        }
        Cast { roles, files }
    }
}

/// A Service and a budget for the pods of an app.
fn around(app: &str, dice: &mut Dice) -> String {
    let budget = dice.pick(&["minAvailable: 1", "maxUnavailable: 1", "minAvailable: 50%"]);
    format!(
        "apiVersion: v1
kind: Service
metadata: {{name: {app}}}
spec: {{selector: {{app: {app}}}, ports: [{{port: 80}}]}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {{name: {app}}}
spec: {{{budget}, selector: {{matchLabels: {{app: {app}}}}}}}
"
    )
}

fn manifest(role: Role, dice: &mut Dice) -> String {
    match role {
        Role::Deployment => deployment(dice),
        Role::ReplicaSet => {
            let head = "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: bare}\nspec:\n";
            format!(
                "{head}  replicas: {}\n{}",
                dice.below(5),
                selecting("bare", &server("", dice))
            )
        }
        Role::StatefulSet => stateful_set(dice),
        Role::DaemonSet => daemon_set(dice),
        Role::Job => job(dice),
        Role::CronJob => cron_job(dice),
    }
}

/// Selector and template of one app.
fn selecting(app: &str, pod: &str) -> String {
    format!(
        "  selector: {{matchLabels: {{app: {app}}}}}
  template:
    metadata: {{labels: {{app: {app}}}}}
    spec:
{pod}"
    )
}

/// A pod that serves until it is stopped: at once, or after its grace period.
fn server(more: &str, dice: &mut Dice) -> String {
    let container = if dice.chance(75) {
        "      containers: [{name: c, image: 'nginx:1'}]\n"
    } else {
        "      terminationGracePeriodSeconds: 4
      containers: [{name: c, image: 'busybox:1', command: [sleep, '1000000']}]\n"
    };
    format!("{container}{more}")
}

fn min_ready(dice: &mut Dice) -> u64 {
    if dice.chance(30) {
        2 + dice.below(4)
    } else {
        0
    }
}

fn deployment(dice: &mut Dice) -> String {
    let surge = dice.pick(&["25%", "0", "1", "2", "50%", "100%"]);
    let least = if surge == "0" { "1" } else { "0" };
    let unavailable = dice.pick(&["25%", least, "1", "2", "100%"]);
    let strategy = if dice.chance(15) {
        "{type: Recreate}".to_string()
    } else {
        format!("{{rollingUpdate: {{maxSurge: {surge}, maxUnavailable: {unavailable}}}}}")
    };
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: {}
  minReadySeconds: {}
  progressDeadlineSeconds: 60
  revisionHistoryLimit: {}
  strategy: {strategy}
{}",
        dice.below(7),
        min_ready(dice),
        dice.below(4),
        selecting("web", &server("", dice)),
    )
}

fn stateful_set(dice: &mut Dice) -> String {
    let policy = dice.pick(&["OrderedReady", "OrderedReady", "Parallel"]);
    let update = if dice.chance(80) {
        format!(
            "{{rollingUpdate: {{partition: {}}}}}",
            dice.below(6).saturating_sub(3)
        )
    } else {
        "{type: OnDelete}".to_string()
    };
    let claims = if dice.chance(30) {
        let kept = dice.pick(&["Retain", "Delete"]);
        format!(
            "  persistentVolumeClaimRetentionPolicy: {{whenDeleted: {kept}, whenScaled: {kept}}}
  volumeClaimTemplates:
  - metadata: {{name: data}}
    spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}\n"
        )
    } else {
        String::new()
    };
    format!(
        "apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: db}}
spec:
  serviceName: db
  replicas: {}
  minReadySeconds: {}
  ordinals: {{start: {}}}
  podManagementPolicy: {policy}
  updateStrategy: {update}
{claims}{}",
        dice.below(5),
        min_ready(dice),
        dice.below(4).saturating_sub(2),
        selecting("db", &server("", dice)),
    )
}

fn daemon_set(dice: &mut Dice) -> String {
    let update = match dice.below(5) {
        0 => "{type: OnDelete}",
        1 => "{rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}",
        2 => "{rollingUpdate: {maxUnavailable: 2}}",
        _ => "{type: RollingUpdate}",
    };
    let mut more = String::new();
    if dice.chance(30) {
        more += "      nodeSelector: {disk: ssd}\n";
    }
    if dice.chance(40) {
        more += "      tolerations: [{key: node-role.kubernetes.io/control-plane}]\n";
    }
    format!(
        "apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: agent}}
spec:
  minReadySeconds: {}
  updateStrategy: {update}
{}",
        min_ready(dice),
        selecting("agent", &server(&more, dice)),
    )
}

/// What the pods of a Job do: they end well, badly, or late.
fn task(dice: &mut Dice) -> String {
    let script = dice.pick(&[
        "sleep 3",
        "sleep 3",
        "exit 1",
        "sleep 2; exit 1",
        "sleep 70",
    ]);
    let policy = dice.pick(&["Never", "Never", "OnFailure"]);
    format!(
        "spec:
      restartPolicy: {policy}
      containers: [{{name: c, image: 'busybox:1', command: [sh, -c, '{script}']}}]"
    )
}

fn job(dice: &mut Dice) -> String {
    let mut more = String::new();
    if dice.chance(80) {
        more += &format!("  completions: {}\n", 1 + dice.below(6));
        if dice.chance(40) {
            more += "  completionMode: Indexed\n";
        }
    }
    if dice.chance(20) {
        more += "  ttlSecondsAfterFinished: 20\n";
    }
    if dice.chance(20) {
        more += "  suspend: true\n";
    }
    if dice.chance(20) {
        more += "  activeDeadlineSeconds: 15\n";
    }
    format!(
        "apiVersion: batch/v1
kind: Job
metadata: {{name: sums}}
spec:
  parallelism: {}
  backoffLimit: {}
{more}  template:
    {}
",
        1 + dice.below(4),
        dice.below(4),
        task(dice),
    )
}

fn cron_job(dice: &mut Dice) -> String {
    let policy = dice.pick(&["Forbid", "Forbid", "Allow", "Replace"]);
    format!(
        "apiVersion: batch/v1
kind: CronJob
metadata: {{name: tick}}
spec:
  schedule: '* * * * *'
  concurrencyPolicy: {policy}
  successfulJobsHistoryLimit: {}
  failedJobsHistoryLimit: {}
  jobTemplate:
    spec:
      backoffLimit: {}
      template:
        {}
",
        dice.below(3),
        dice.below(3),
        dice.below(2),
        task(dice).replace('\n', "\n    "),
    )
}
