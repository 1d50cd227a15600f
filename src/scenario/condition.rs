//! Conditions of stories: `deployment/web available >= 8`, `pods app=web Running = 3`,
//! `node/k8s-node2 NotReady`, `quiet`.
//!
//! Upstream: `kubectl wait`, in spirit.

use crate::api::{Kind, Selector};
use crate::clock::Span;
use crate::cluster::World;
use crate::kubectl::{node_columns, pod_columns};

/// Something that holds or does not at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// A figure of a Deployment in the namespace `default`.
    Deployment {
        name: String,
        figure: Figure,
        test: Test,
    },
    /// How many pods of all namespaces with these labels show this STATUS (empty: any).
    Pods {
        selector: Selector,
        status: String,
        test: Test,
    },
    /// A node's STATUS column begins with this.
    Node { name: String, status: String },
    /// Nothing was written for five seconds.
    Quiet,
}

/// A figure of a Deployment's status; `Complete` is 1 when its rollout is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    Replicas,
    Updated,
    Ready,
    Available,
    Complete,
}

/// A comparison with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Test {
    operator: Operator,
    number: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    AtLeast,
    AtMost,
}

const QUIET: Span = Span::secs(5);
const GRAMMAR: &str = "conditions are: deployment/NAME available|ready|updated|replicas [=|>=|<= N], \
    deployment/NAME complete, pods [SELECTOR] [STATUS] =|>=|<= N, node/NAME STATUS, quiet";

impl Condition {
    /// Reads a condition. Errors: the grammar, as a text.
    pub fn parse(text: &str) -> Result<Condition, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let bad = || format!("\"{text}\" is no condition; {GRAMMAR}");
        match words.as_slice() {
            ["quiet"] => Ok(Condition::Quiet),
            [target, rest @ ..] if target.starts_with("deployment/") => {
                let name = target.trim_start_matches("deployment/").to_string();
                let (figure, test) = deployment(rest).ok_or_else(bad)?;
                Ok(Condition::Deployment { name, figure, test })
            }
            [target, status] if target.starts_with("node/") => Ok(Condition::Node {
                name: target.trim_start_matches("node/").into(),
                status: (*status).into(),
            }),
            ["pods", rest @ .., operator, number] => {
                let test = Test::parse(operator, number).ok_or_else(bad)?;
                let selects = |w: &&&str| w.contains('=') || w.contains('!');
                let selector = rest
                    .iter()
                    .find(selects)
                    .map_or(Ok(Selector::default()), |w| w.parse())
                    .map_err(|_| bad())?;
                let status = rest
                    .iter()
                    .find(|w| !selects(w))
                    .copied()
                    .unwrap_or_default();
                Ok(Condition::Pods {
                    selector,
                    status: status.to_string(),
                    test,
                })
            }
            _ => Err(bad()),
        }
    }

    /// Whether it holds now.
    pub fn holds(&self, world: &World) -> bool {
        let snapshot = world.store().head();
        match self {
            Condition::Quiet => {
                let written = world.store().write_info(snapshot.revision()).map(|w| w.0);
                written.is_none_or(|at| world.now() - at >= QUIET)
            }
            Condition::Node { name, status } => snapshot
                .find(Kind::Node, "", name)
                .is_some_and(|node| node_columns(node).status.split(',').next() == Some(status)),
            Condition::Pods {
                selector,
                status,
                test,
            } => {
                let pods = snapshot
                    .list(Kind::Pod, None)
                    .filter(|pod| selector.matches(&pod.meta.labels));
                let count = pods
                    .filter(|pod| status.is_empty() || pod_columns(pod).status == *status)
                    .count();
                test.passes(i64::try_from(count).unwrap_or(i64::MAX))
            }
            Condition::Deployment { name, figure, test } => {
                let Some(object) = snapshot.find(Kind::Deployment, "default", name) else {
                    return false;
                };
                let Some(deployment) = object.deployment() else {
                    return false;
                };
                let (status, want) = (&deployment.status, deployment.replicas());
                let observed = status.observed_generation == object.meta.generation;
                let all = [
                    status.replicas,
                    status.updated_replicas,
                    status.available_replicas,
                ];
                let value = match figure {
                    Figure::Replicas => status.replicas,
                    Figure::Updated => status.updated_replicas,
                    Figure::Ready => status.ready_replicas,
                    Figure::Available => status.available_replicas,
                    Figure::Complete => i32::from(observed && all == [want; 3]),
                };
                if test.number == ALL {
                    observed && value == want
                } else {
                    test.passes(value.into())
                }
            }
        }
    }
}

/// Stands for "as many as are asked for".
const ALL: i64 = -1;

fn deployment(words: &[&str]) -> Option<(Figure, Test)> {
    let (figure, rest) = words.split_first()?;
    let figure = match *figure {
        "replicas" => Figure::Replicas,
        "updated" => Figure::Updated,
        "ready" => Figure::Ready,
        "available" => Figure::Available,
        "complete" => {
            return rest.is_empty().then_some((
                Figure::Complete,
                Test {
                    operator: Operator::Equal,
                    number: 1,
                },
            ));
        }
        _ => return None,
    };
    match rest {
        [] => Some((
            figure,
            Test {
                operator: Operator::Equal,
                number: ALL,
            },
        )),
        [operator, number] => Some((figure, Test::parse(operator, number)?)),
        _ => None,
    }
}

impl Test {
    fn parse(operator: &str, number: &str) -> Option<Test> {
        let operator = match operator {
            "=" | "==" => Operator::Equal,
            ">=" => Operator::AtLeast,
            "<=" => Operator::AtMost,
            _ => return None,
        };
        Some(Test {
            operator,
            number: number.parse().ok().filter(|n| *n >= 0)?,
        })
    }

    fn passes(self, value: i64) -> bool {
        match self.operator {
            Operator::Equal => value == self.number,
            Operator::AtLeast => value >= self.number,
            Operator::AtMost => value <= self.number,
        }
    }
}
