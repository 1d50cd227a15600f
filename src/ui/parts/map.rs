//! The live map: nodes with their pods, pods that wait for a node, workloads with their counts.
//!
//! Upstream: none.

use std::rc::Rc;

use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use super::icons::icon;
use super::node::Node;
use super::picture::Picture;
use super::pods::{Cells, Density, look_name};
use crate::ui::act::{Act, Hint};
use crate::ui::i18n::{fill, t};
use crate::ui::map_model::NodeBox;
use crate::ui::shared::Shared;
use crate::view::{Look, PodView, Ref, WorkloadView};

#[derive(Properties, PartialEq)]
pub struct MapProps {
    pub boxes: Shared<Vec<Shared<NodeBox>>>,
    pub tray: Shared<Vec<Rc<PodView>>>,
    pub workloads: Shared<Vec<WorkloadView>>,
    pub pod_total: u32,
    pub selected: Option<Ref>,
    pub hint: Hint,
    pub opened: bool,
    pub act: Callback<Act>,
}

#[component]
pub fn Map(props: &MapProps) -> Html {
    let open = use_state(|| None::<AttrValue>);
    let pointed = use_state(|| None::<AttrValue>);
    let toggle = {
        let (setter, is_open) = (open.setter(), open.clone());
        use_callback(is_open, move |name: Option<AttrValue>, is_open| {
            setter.set(name.filter(|name| is_open.as_ref() != Some(name)));
        })
    };
    let point = {
        let setter = pointed.setter();
        Callback::from(move |target: Option<Element>| setter.set(told_of(target)))
    };
    let over = point.reform(|event: MouseEvent| event.target_dyn_into::<Element>());
    let focused = point.reform(|event: FocusEvent| event.target_dyn_into::<Element>());
    let out = point.reform(|_: MouseEvent| None);
    let most = props.boxes.iter().map(|node| node.pods.len()).max();
    let most = most.unwrap_or(0);
    let density = Density::of(most, props.boxes.len(), props.pod_total);
    let selected = props.selected.as_ref();
    let selected_pod = selected.filter(|object| object.kind == "Pod");
    let selected_node = selected.filter(|object| object.kind == "Node");
    html! {
        <div
            class={classes!("map", density.name())} data-map="" onmouseover={over}
            onfocusin={focused} onmouseleave={out}
        >
            <div class="map-scroll" onkeydown={Callback::from(walk)}>
                if props.hint != Hint::NONE && props.opened {
                    <FirstSteps hint={props.hint} act={props.act.clone()} />
                }
                <Picture
                    workloads={props.workloads.clone()} selected={props.selected.clone()}
                    act={props.act.clone()}
                />
                <Tray
                    pods={props.tray.clone()} {density} selected={name_of(selected_pod)}
                    act={props.act.clone()}
                />
                <div class="nodes" role="list" aria-label={t().nodes}>
                    { for props.boxes.iter().map(|node| {
                        let name = AttrValue::from(node.node.name.clone());
                        let here = |pod: &&Ref| {
                            node.pods.iter().any(|known| known.name == pod.name)
                        };
                        let chosen = selected_node.is_some_and(|object| *object.name == *name);
                        html! {
                            <Node
                                key={&*name} node={node.clone()} {density} {chosen}
                                open={open.as_ref() == Some(&name)}
                                pod={name_of(selected_pod.filter(here))}
                                toggle={toggle.clone()} act={props.act.clone()}
                            />
                        }
                    }) }
                </div>
                <Spoken boxes={props.boxes.clone()} />
            </div>
            <div class="map-foot" aria-live="off">
                if let Some(about) = &*pointed {
                    <p class="about">{ about }</p>
                } else {
                    <Legend />
                }
                <p class="total">{ fill(t().pods_in_all, &[&props.pod_total.to_string()]) }</p>
            </div>
        </div>
    }
}

/// What the foot says of the thing that is pointed at.
fn told_of(target: Option<Element>) -> Option<AttrValue> {
    let named = "[data-about], [data-pod]";
    let found = target?.closest(named).ok().flatten()?;
    let about = found.get_attribute("data-about");
    let about = about.or_else(|| found.get_attribute("aria-label"));
    about.map(AttrValue::from)
}

fn name_of(object: Option<&Ref>) -> Option<AttrValue> {
    object.map(|object| AttrValue::from(object.name.clone()))
}

/// Up and Down lead from pod to pod; the page's own keys are Left and Right.
fn walk(event: KeyboardEvent) {
    let forward = match event.key().as_str() {
        "ArrowDown" => true,
        "ArrowUp" => false,
        _ => return,
    };
    let from = event
        .target_dyn_into::<Element>()
        .filter(|own| own.has_attribute("data-pod"));
    let to = from.and_then(|own| {
        if forward {
            own.next_element_sibling()
        } else {
            own.previous_element_sibling()
        }
    });
    if let Some(to) = to.and_then(|to| wasm_bindgen::JsCast::dyn_into::<HtmlElement>(to).ok()) {
        event.prevent_default();
        to.focus().ok();
    }
}

/// How many there are beyond the most that are shown, if any.
fn more_than(most: usize, count: usize) -> Option<usize> {
    count.checked_sub(most).filter(|rest| *rest > 0)
}

/// More pods than these wait uncounted by eye: they are soon somewhere else.
const MOST_WAITING: usize = 100;

#[derive(Properties, PartialEq)]
struct TrayProps {
    pods: Shared<Vec<Rc<PodView>>>,
    density: Density,
    selected: Option<AttrValue>,
    act: Callback<Act>,
}

/// Pods that no node has taken yet.
#[component]
fn Tray(props: &TrayProps) -> Html {
    if props.pods.is_empty() {
        return html! {};
    }
    html! {
        <section class="tray" aria-label={t().tray}>
            <h3>{ t().tray }<span class="count">{ props.pods.len() }</span></h3>
            <Cells
                pods={props.pods.iter().take(MOST_WAITING).cloned().collect::<Vec<_>>()}
                density={props.density} selected={props.selected.clone()}
                act={props.act.clone()}
            />
            if let Some(rest) = more_than(MOST_WAITING, props.pods.len()) {
                <p class="quiet more">{ fill(t().more, &[&rest.to_string()]) }</p>
            }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct FirstStepsProps {
    hint: Hint,
    act: Callback<Act>,
}

/// What a first visit can do, in three lines.
#[component]
fn FirstSteps(props: &FirstStepsProps) -> Html {
    let act = props.act.clone();
    let dismiss = Callback::from(move |_: MouseEvent| act.emit(Act::DismissHint));
    html! {
        <aside class="hint" data-hint="">
            <ol>
                if props.hint.apply {
                    <li value="1">{ t().hint_apply }</li>
                }
                if props.hint.node {
                    <li value="2">{ t().hint_node }</li>
                }
                if props.hint.back {
                    <li value="3">{ t().hint_back }</li>
                }
            </ol>
            <button
                class="button plain" onclick={dismiss} aria-label={t().dismiss}
                title={t().dismiss}
            >
                { icon("close") }
            </button>
        </aside>
    }
}

/// What the symbols of pods mean.
#[component]
fn Legend() -> Html {
    let looks = [
        Look::Pending,
        Look::Starting,
        Look::Running,
        Look::NotReady,
        Look::Terminating,
        Look::Failed,
        Look::Lost,
    ];
    html! {
        <ul class="legend" aria-label={t().legend}>
            { for looks.map(|look| html! {
                <li><i class="symbol" data-look={look_name(look).0} />{ look_name(look).1 }</li>
            }) }
        </ul>
    }
}

#[derive(Properties, PartialEq)]
struct SpokenProps {
    boxes: Shared<Vec<Shared<NodeBox>>>,
}

/// The map as a table, for those who hear it.
#[component]
fn Spoken(props: &SpokenProps) -> Html {
    let heads = [
        t().node,
        t().status,
        t().power,
        t().pods,
        t().cpu,
        t().memory,
    ];
    html! {
        <table class="spoken">
            <caption>{ t().nodes }</caption>
            <thead>
                <tr>{ for heads.map(|head| html! { <th scope="col">{ head }</th> }) }</tr>
            </thead>
            <tbody>
                { for props.boxes.iter().map(|node| html! {
                    <SpokenRow key={node.node.name.clone()} node={node.clone()} />
                }) }
            </tbody>
        </table>
    }
}

#[derive(Properties, PartialEq)]
struct SpokenRowProps {
    node: Shared<NodeBox>,
}

#[component]
fn SpokenRow(props: &SpokenRowProps) -> Html {
    let node = &props.node.node;
    let power = if node.powered { t().on } else { t().off };
    html! {
        <tr>
            <th scope="row">{ &node.name }</th>
            <td>{ &node.status }</td>
            <td>{ power }</td>
            <td>{ node.pods }</td>
            <td>{ format!("{}%", node.cpu_permille / 10) }</td>
            <td>{ format!("{}%", node.memory_permille / 10) }</td>
        </tr>
    }
}
