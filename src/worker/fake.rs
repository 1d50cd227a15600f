//! Stands in for the session until that is here: invents frames, so that the page can be seen.
//!
//! Upstream: none.

use crate::session::{Msg, Reply, Step};
use crate::view::*;

const START: i64 = 1_767_603_600_000_000;

pub struct Fake {
    clock: ClockView,
    nodes: Vec<NodeView>,
    pods: Vec<PodView>,
    lines: Vec<ConsoleLine>,
    events: Vec<TimelineEntry>,
    detail: Option<Detail>,
    full: bool,
    made: u32,
}

impl Default for Fake {
    fn default() -> Self {
        let clock = ClockView {
            start_us: START,
            now_us: START,
            end_us: START,
            speed: 1.0,
            seed: 1,
            ..ClockView::default()
        };
        let node = |name: &str, roles: &str, taints: &[&str], cpu| NodeView {
            name: name.into(),
            status: "Ready".into(),
            roles: roles.into(),
            ready: true,
            powered: true,
            taints: taints.iter().map(|text| (*text).to_owned()).collect(),
            pods_max: 110,
            cpu_permille: cpu,
            memory_permille: cpu / 2,
            ..NodeView::default()
        };
        let taint = "node-role.kubernetes.io/control-plane:NoSchedule";
        let nodes = vec![
            node("k8s-master", "control-plane", &[taint], 475),
            node("k8s-node1", "<none>", &[], 50),
            node("k8s-node2", "<none>", &[], 50),
        ];
        Fake {
            clock,
            nodes,
            pods: vec![],
            lines: vec![],
            events: vec![],
            detail: None,
            full: true,
            made: 0,
        }
    }
}

impl Fake {
    pub fn update(&mut self, msg: Msg) -> Vec<Reply> {
        match msg {
            Msg::Open { link, seed } => {
                *self = Fake::default();
                self.clock.seed = seed;
                let note = link.map(|_| "link-bad\tit is no link of ours".to_owned());
                return vec![Reply::Opened {
                    note,
                    files: vec![],
                }];
            }
            Msg::Frame { elapsed_us } => {
                if self.clock.playing {
                    self.advance((f64::from(elapsed_us) * self.clock.speed) as i64);
                }
                return vec![Reply::Frame(Box::new(self.frame()))];
            }
            Msg::Play => self.clock.playing = true,
            Msg::Pause => self.clock.playing = false,
            Msg::Speed(speed) => self.clock.speed = speed,
            Msg::Step(step) => self.step(step),
            Msg::Console { line } => self.console(&line),
            Msg::Select(object) => self.detail = object.map(detail),
            Msg::Share => {
                return vec![Reply::Link {
                    fragment: "v1.abc".into(),
                }];
            }
            Msg::Check { version, text } => {
                let problems = text
                    .lines()
                    .enumerate()
                    .filter(|(_, line)| line.contains('\t'));
                let problems = problems.map(|(index, line)| Problem {
                    line: index as u32 + 1,
                    column: line.find('\t').unwrap_or(0) as u32 + 1,
                    end_line: index as u32 + 1,
                    end_column: line.find('\t').unwrap_or(0) as u32 + 2,
                    message: "found character that cannot start any token".into(),
                    object: "Deployment nginx-deployment".into(),
                    warning: false,
                });
                return vec![Reply::Problems {
                    version,
                    problems: problems.collect(),
                }];
            }
            Msg::Bench => return vec![Reply::BenchDone],
            _ => {}
        }
        vec![]
    }

    fn step(&mut self, step: Step) {
        let now = self.clock.now_us;
        let to = match step {
            Step::NextEvent => now + 1_500_000,
            Step::Back => now - 1_500_000,
            Step::Forward(by) => now + by,
            Step::Backward(by) => now - by,
            Step::To(to) => to,
        };
        self.clock.now_us = to.max(START);
        self.clock.end_us = self.clock.end_us.max(to);
        self.clock.in_past = self.clock.now_us < self.clock.end_us;
        self.advance(0);
    }

    fn advance(&mut self, by: i64) {
        self.clock.now_us += by;
        self.clock.end_us = self.clock.end_us.max(self.clock.now_us);
        self.clock.hash = self
            .clock
            .now_us
            .cast_unsigned()
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for pod in &mut self.pods {
            if pod.look == Look::Starting && self.clock.now_us % 5 == 0 {
                pod.look = Look::Running;
                pod.status = "Running".into();
                pod.ready = "1/1".into();
            }
        }
    }

    fn console(&mut self, line: &str) {
        self.say(Stream::Input, line);
        self.clock.marks.push((self.clock.now_us, line.to_owned()));
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["node", power, name] => {
                for node in self.nodes.iter_mut().filter(|node| node.name == name) {
                    node.powered = power == "on";
                }
            }
            ["kubectl", "cordon", name] => {
                for node in self.nodes.iter_mut().filter(|node| node.name == name) {
                    node.cordoned = true;
                    node.status = "Ready,SchedulingDisabled".into();
                }
            }
            ["kubectl", "apply", ..] => {
                self.say(Stream::Out, "deployment.apps/nginx-deployment created");
                for _ in 0..2 {
                    self.pod();
                }
            }
            ["many", nodes, pods] => {
                let (nodes, pods) = (nodes.parse().unwrap_or(0), pods.parse().unwrap_or(0));
                for index in 3..nodes {
                    let name = format!("node{index:03}");
                    self.nodes.push(NodeView {
                        name,
                        ..self.nodes[1].clone()
                    });
                }
                for _ in 0..pods {
                    self.pod();
                }
            }
            ["panic"] => panic!("asked for"),
            _ => self.say(Stream::Err, "error: unknown command"),
        }
    }

    fn pod(&mut self) {
        self.made += 1;
        let looks = [
            Look::Running,
            Look::Running,
            Look::Starting,
            Look::Terminating,
            Look::Lost,
        ];
        let look = if self.made < 3 {
            Look::Starting
        } else {
            looks[self.made as usize % 5]
        };
        let node = &self.nodes[self.made as usize % (self.nodes.len() - 1) + 1].name;
        let pod = PodView {
            namespace: "default".into(),
            name: format!(
                "nginx-deployment-66b6c48dd5-{:05x}",
                self.made * 7919 % 0xfffff
            ),
            node: if self.made == 5 {
                String::new()
            } else {
                node.clone()
            },
            look: if self.made == 5 { Look::Pending } else { look },
            ready: "0/1".into(),
            status: "ContainerCreating".into(),
            owner: "nginx-deployment-66b6c48dd5".into(),
            workload: "nginx-deployment".into(),
            hue: self.made / 8,
            ..PodView::default()
        };
        self.events.push(TimelineEntry {
            at_us: self.clock.now_us,
            warning: self.made.is_multiple_of(7),
            object: Ref {
                kind: "Pod".into(),
                namespace: "default".into(),
                name: pod.name.clone(),
            },
            reason: "Scheduled".into(),
            message: format!("Successfully assigned default/{} to {}", pod.name, pod.node),
            count: 1,
        });
        self.pods.push(pod);
    }

    fn say(&mut self, stream: Stream, text: &str) {
        self.lines.push(ConsoleLine {
            at_us: self.clock.now_us,
            stream,
            text: text.to_owned(),
        });
    }

    fn frame(&mut self) -> Frame {
        let count = self.pods.len() as i32;
        let set = SetView {
            name: "nginx-deployment-66b6c48dd5".into(),
            revision: "1".into(),
            images: "nginx:1.7.9".into(),
            desired: count,
            current: count,
            ready: count / 2,
            hue: 0,
        };
        let workload = WorkloadView {
            kind: "Deployment".into(),
            namespace: "default".into(),
            name: "nginx-deployment".into(),
            desired: count,
            ready: count / 2,
            sets: vec![
                set.clone(),
                SetView {
                    hue: 1,
                    images: "nginx:1.9.1".into(),
                    ..set
                },
            ],
            ..WorkloadView::default()
        };
        let map = MapDiff {
            full: std::mem::take(&mut self.full),
            nodes: self.nodes.clone(),
            pods: self.pods.clone(),
            workloads: Some(if count > 0 { vec![workload] } else { vec![] }),
            pod_total: self.pods.len() as u32,
            ..MapDiff::default()
        };
        Frame {
            clock: self.clock.clone(),
            map,
            console: std::mem::take(&mut self.lines),
            timeline: std::mem::take(&mut self.events),
            detail: self.detail.take(),
            ..Frame::default()
        }
    }
}

fn detail(object: Ref) -> Detail {
    let row = |label: &str, value: &str| (label.to_owned(), value.to_owned());
    let step = |actor: &str, act: &str| WhyStep {
        at_us: START + 1_200_000,
        actor: actor.into(),
        act: act.into(),
        object: Some(object.clone()),
    };
    Detail {
        exists: true,
        fields: vec![
            row("Namespace", "default"),
            row("Node", "k8s-node1/10.0.0.2"),
            row("Labels", "app=web_server\npod-template-hash=66b6c48dd5"),
            row("Status", "Running"),
            row("Controlled By", "ReplicaSet/nginx-deployment-66b6c48dd5"),
        ],
        why: vec![
            step("kubelet", "started container nginx"),
            step("default-scheduler", "bound the pod to k8s-node1"),
            step(
                "replicaset-controller",
                "created Pod nginx-deployment-66b6c48dd5-x7k2p",
            ),
            step(
                "deployment-controller",
                "created ReplicaSet nginx-deployment-66b6c48dd5",
            ),
            step("you", "kubectl apply -f nginx.yml"),
        ],
        events: vec![],
        yaml: "apiVersion: v1\nkind: Pod\nmetadata:\n  name: nginx\n".into(),
        object,
    }
}
