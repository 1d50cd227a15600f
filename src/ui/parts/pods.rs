//! Pods as cells: with their names while they are few, as squares while they can be drawn one by
//! one, on a canvas above that.
//!
//! Upstream: none.

use std::rc::Rc;

use web_sys::Element;
use yew::prelude::*;

use super::dots::Dots;
use crate::ui::act::Act;
use crate::ui::i18n::{fill, t};
use crate::view::{Look, PodView, Ref};

/// Up to here a pod is an element of the page (toolchain figures: 10 ms for 1,000 at once).
const MOST_ELEMENTS: u32 = 1500;
/// Up to here, on the fullest node, a pod has its name written on it.
const MOST_NAMED: usize = 12;
/// Above this the name and the state share a line.
const MOST_ROOMY: usize = 4;
/// Nodes are small above this number.
const MANY_NODES: usize = 12;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Density {
    Named,
    Lines,
    Squares,
    Dots,
    Canvas,
}

impl Density {
    pub fn of(most_on_a_node: usize, nodes: usize, pods: u32) -> Density {
        if pods > MOST_ELEMENTS {
            Density::Canvas
        } else if nodes > MANY_NODES {
            Density::Dots
        } else if most_on_a_node > MOST_NAMED {
            Density::Squares
        } else if most_on_a_node > MOST_ROOMY {
            Density::Lines
        } else {
            Density::Named
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Density::Named => "named",
            Density::Lines => "named lines",
            Density::Squares => "squares",
            Density::Dots => "dots",
            Density::Canvas => "canvas dots",
        }
    }
}

/// A look's name for the style sheet, and for people.
pub fn look_name(look: Look) -> (&'static str, &'static str) {
    let words = t();
    match look {
        Look::Pending => ("pending", words.look_pending),
        Look::Starting => ("starting", words.look_starting),
        Look::Running => ("running", words.look_running),
        Look::NotReady => ("notready", words.look_not_ready),
        Look::Terminating => ("terminating", words.look_terminating),
        Look::Succeeded => ("succeeded", words.look_succeeded),
        Look::Failed => ("failed", words.look_failed),
        Look::Lost => ("lost", words.look_lost),
    }
}

/// A circle of twelve hues without the red of failure and the brass of the page. The core sets
/// neighbouring revisions of one workload far apart on it.
pub fn hue(number: u32) -> u32 {
    const HUES: [u32; 12] = [248, 270, 292, 315, 338, 355, 112, 135, 158, 180, 202, 225];
    HUES[(number % 12) as usize]
}

#[derive(Properties, PartialEq)]
pub struct CellsProps {
    pub pods: Vec<Rc<PodView>>,
    pub density: Density,
    pub selected: Option<AttrValue>,
    pub act: Callback<Act>,
}

#[component]
pub fn Cells(props: &CellsProps) -> Html {
    if props.density == Density::Canvas {
        return html! {
            <Dots
                pods={props.pods.clone()} selected={props.selected.clone()}
                act={props.act.clone()}
            />
        };
    }
    // In one node only one of many pods is on the way of the Tab key: Up and Down lead on.
    let few = matches!(props.density, Density::Named | Density::Lines);
    // One pair of listeners for all cells.
    let press = {
        let act = props.act.clone();
        Callback::from(move |event: MouseEvent| choose(event.target_dyn_into(), &act))
    };
    let key = {
        let act = props.act.clone();
        Callback::from(move |event: KeyboardEvent| {
            let target = event.target_dyn_into::<Element>();
            // A button answers to these keys by itself.
            let dot = target.filter(|own| own.tag_name() == "SPAN");
            if dot.is_some() && matches!(event.key().as_str(), "Enter" | " ") {
                event.prevent_default();
                choose(dot, &act);
            }
        })
    };
    html! {
        <div class="pods" onclick={press} onkeydown={key}>
            { for props.pods.iter().enumerate().map(|(index, pod)| {
                let chosen = props.selected.as_deref() == Some(pod.name.as_str());
                cell(pod, props.density, few || index == 0, chosen)
            }) }
        </div>
    }
}

/// Selects the pod whose cell this is, or is in.
fn choose(target: Option<Element>, act: &Callback<Act>) {
    let cell = target.and_then(|target| target.closest("[data-pod]").ok().flatten());
    let Some(cell) = cell else {
        return;
    };
    let read = |name| cell.get_attribute(name).unwrap_or_default();
    let (namespace, name) = (read("data-namespace"), read("data-pod"));
    let kind = "Pod".to_owned();
    act.emit(Act::Select(Some(Ref {
        kind,
        namespace,
        name,
    })));
}

/// A pod's cell: no component of its own, because a node draws its pods together.
fn cell(pod: &PodView, density: Density, reachable: bool, chosen: bool) -> Html {
    let key = format!("{}/{}", pod.namespace, pod.name);
    let (look, look_word) = look_name(pod.look);
    let about = about(pod, look_word);
    let class = if chosen { "pod chosen" } else { "pod" };
    let style = format!("--h:{}", hue(pod.hue));
    let tab = if reachable { "0" } else { "-1" };
    let current = chosen.then_some("true");
    let namespace = pod.namespace.clone();
    let name = pod.name.clone();
    // A thousand of these must be light: one element each, without a symbol inside.
    if density == Density::Dots {
        return html! {
            <span
                {key} {class} {style} role="button" tabindex={tab} aria-current={current}
                aria-label={about} data-pod={name} data-namespace={namespace} data-look={look}
            />
        };
    }
    let (head, tail) = split(&pod.name);
    html! {
        <button
            {key} {class} {style} tabindex={tab} aria-current={current} aria-label={about}
            data-pod={name} data-namespace={namespace} data-look={look}
        >
            <i class="symbol" data-look={look} />
            if density != Density::Squares {
                <span class="pod-name"><span class="head">{ head }</span>{ tail }</span>
                <span class="pod-status">{ &pod.status }{ " " }{ &pod.ready }</span>
            }
        </button>
    }
}

pub fn reference(pod: &PodView) -> Ref {
    Ref {
        kind: "Pod".into(),
        namespace: pod.namespace.clone(),
        name: pod.name.clone(),
    }
}

fn about(pod: &PodView, look: &str) -> String {
    let node = if pod.node.is_empty() {
        t().no_node
    } else {
        &pod.node
    };
    // kubectl's word, and what is so where that differs: a lost pod may still be called Running.
    let status = match pod.status == look {
        true => look.to_owned(),
        false => fill(t().two_states, &[&pod.status, look]),
    };
    let restarts = pod.restarts.to_string();
    fill(
        t().about_pod,
        &[&pod.name, &status, &pod.ready, node, &restarts],
    )
}

/// A pod's name in the part that its siblings share, and its own.
fn split(name: &str) -> (&str, &str) {
    match name.rfind('-') {
        Some(dash) if dash + 1 < name.len() => name.split_at(dash + 1),
        _ => ("", name),
    }
}
