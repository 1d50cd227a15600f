//! The small picture of who makes what: you, the workload, its ReplicaSets, their pods.
//!
//! Upstream: none.

use yew::prelude::*;

use super::icons::icon;
use super::pods::hue;
use crate::ui::act::Act;
use crate::ui::i18n::{fill, t};
use crate::ui::shared::Shared;
use crate::view::{Ref, SetView, WorkloadView};

/// More than these are counted, not drawn.
const MOST: usize = 12;
const MOST_BEADS: i32 = 24;

#[derive(Properties, PartialEq)]
pub struct PictureProps {
    pub workloads: Shared<Vec<WorkloadView>>,
    pub selected: Option<Ref>,
    pub act: Callback<Act>,
}

#[component]
pub fn Picture(props: &PictureProps) -> Html {
    let workloads = &props.workloads;
    if workloads.is_empty() {
        return html! {
            <p class="picture-empty quiet">{ t().nothing_runs }</p>
        };
    }
    html! {
        <section class="picture" aria-label={t().workloads}>
            <span class="you" title={t().you}>{ icon("user") }<span>{ t().you }</span></span>
            <div class="rows">
                { for workloads.iter().take(MOST).map(|workload| row(workload, props)) }
                if workloads.len() > MOST {
                    <p class="quiet more">
                        { fill(t().more, &[&(workloads.len() - MOST).to_string()]) }
                    </p>
                }
            </div>
        </section>
    }
}

fn row(workload: &WorkloadView, props: &PictureProps) -> Html {
    let namespace = &workload.namespace;
    // A ReplicaSet or a Job that stands alone is its own workload.
    let alone = matches!(&*workload.kind, "ReplicaSet" | "Job");
    let counts = format!("{}/{}", workload.ready, workload.desired);
    let of = match &*workload.kind {
        "Deployment" | "ReplicaSet" => "ReplicaSet",
        "CronJob" | "Job" => "Job",
        _ => "ControllerRevision",
    };
    html! {
        <div class="row" data-workload={workload.name.clone()}>
            if !alone {
                { chip(&workload.kind, namespace, &workload.name, &workload.name, &counts, props) }
            }
            <div class="sets">
                { for workload.sets.iter().filter(shows).map(|set| {
                    let counts = format!("{}/{}", set.ready, set.desired);
                    let short = set.name.strip_prefix(&format!("{}-", workload.name));
                    let short = short.unwrap_or(&set.name);
                    html! {
                        <div class={classes!("set", (set.desired == 0).then_some("going"))}
                            style={format!("--h:{}", hue(set.hue))}
                        >
                            { chip(of, namespace, &set.name, short, &counts, props) }
                            <span class="images" title={set.images.clone()}>{ &set.images }</span>
                            { beads(set) }
                        </div>
                    }
                }) }
            </div>
        </div>
    }
}

/// Old sets without pods are history.
fn shows(set: &&SetView) -> bool {
    set.desired > 0 || set.current > 0
}

fn chip(
    kind: &str,
    namespace: &str,
    name: &str,
    label: &str,
    counts: &str,
    props: &PictureProps,
) -> Html {
    let object = Ref {
        kind: kind.into(),
        namespace: namespace.into(),
        name: name.into(),
    };
    let chosen = props.selected.as_ref() == Some(&object);
    let about = fill(t().about_workload, &[kind, name, counts]);
    let act = props.act.clone();
    let select = Callback::from(move |_: MouseEvent| act.emit(Act::Select(Some(object.clone()))));
    html! {
        <button
            class={classes!("chip", chosen.then_some("chosen"))} onclick={select}
            data-about={about} data-object={format!("{kind}/{name}")}
        >
            <span class="kind">{ kind }</span>
            <span class="name">{ label }</span>
            <span class="counts">{ counts }</span>
        </button>
    }
}

/// A bead a pod: filled ones are ready.
fn beads(set: &SetView) -> Html {
    let count = set.current.max(set.desired).clamp(0, MOST_BEADS);
    html! {
        <span class="beads" aria-hidden="true">
            { for (0..count).map(|index| {
                let state = if index < set.ready {
                    "ready"
                } else if index < set.current {
                    "there"
                } else {
                    "wanted"
                };
                html! { <i class={classes!("bead", state)} /> }
            }) }
        </span>
    }
}
