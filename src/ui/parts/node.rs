//! A node on the map.
//!
//! Upstream: none.

use yew::prelude::*;

use super::icons::icon;
use super::node_menu::NodeMenu;
use super::pods::{Cells, Density};
use crate::ui::act::Act;
use crate::ui::i18n::{fill, t};
use crate::ui::map_model::NodeBox;
use crate::ui::shared::Shared;
use crate::view::{NodeView, Ref};

#[derive(Properties, PartialEq)]
pub struct NodeProps {
    pub node: Shared<NodeBox>,
    pub density: Density,
    /// It is what the details are about.
    pub chosen: bool,
    /// Its menu is open.
    pub open: bool,
    /// The selected pod, if it is here.
    pub pod: Option<AttrValue>,
    /// Opens the menu of a node, or closes it.
    pub toggle: Callback<Option<AttrValue>>,
    pub act: Callback<Act>,
}

#[component]
pub fn Node(props: &NodeProps) -> Html {
    let node = &props.node.node;
    let name = AttrValue::from(node.name.clone());
    let press = {
        let (toggle, act, name) = (props.toggle.clone(), props.act.clone(), name.clone());
        Callback::from(move |_: MouseEvent| {
            toggle.emit(Some(name.clone()));
            let kind = "Node".to_owned();
            let object = Ref {
                kind,
                namespace: String::new(),
                name: name.to_string(),
            };
            act.emit(Act::Select(Some(object)));
        })
    };
    let state = state(node);
    let class = classes!(
        "node",
        state,
        node.cordoned.then_some("cordoned"),
        props.chosen.then_some("chosen"),
        props.open.then_some("open"),
    );
    html! {
        <div
            {class} role="listitem" data-node={name.clone()} data-ready={node.ready.to_string()}
            data-powered={node.powered.to_string()} data-status={node.status.clone()}
        >
            <button
                class="node-head" onclick={press} aria-haspopup="menu"
                aria-expanded={props.open.to_string()} data-about={about(node)}
            >
                <span class="lamp" aria-hidden="true" />
                <span class="name">{ &name }</span>
                <span class="status">
                    if shows_role(node, props.density) {
                        <span class="role">{ &node.roles }</span>
                    }
                    { words(node) }
                </span>
                { icon("power") }
            </button>
            if props.open {
                <NodeMenu
                    name={name.clone()} powered={node.powered} cordoned={node.cordoned}
                    close={props.toggle.clone()} act={props.act.clone()}
                />
            }
            <div class="meters">
                { meter(t().cpu, node.cpu_permille) }
                { meter(t().memory_short, node.memory_permille) }
                <span class="podcount">
                    { node.pods }<span class="most">{ format!("/{}", node.pods_max) }</span>
                </span>
            </div>
            if !node.taints.is_empty() {
                <p class="taints">
                    { for node.taints.iter().map(|taint| html! {
                        <span class="taint" title={taint.clone()}>{ short_taint(taint) }</span>
                    }) }
                </p>
            }
            <Cells
                pods={props.node.pods.clone()} density={props.density}
                selected={props.pod.clone()} act={props.act.clone()}
            />
        </div>
    }
}

/// kubectl prints `<none>` where there is no role.
fn shows_role(node: &NodeView, density: Density) -> bool {
    let named = !matches!(density, Density::Dots | Density::Canvas);
    named && !node.roles.is_empty() && node.roles != "<none>"
}

fn state(node: &NodeView) -> &'static str {
    match (node.powered, node.ready) {
        (false, _) => "off",
        (true, false) => "unready",
        (true, true) => "ready",
    }
}

/// What the cluster believes, and what is so where that differs.
fn words(node: &NodeView) -> String {
    match (node.powered, node.ready) {
        (false, true) => fill(t().node_off_unseen, &[&node.status]),
        _ => node.status.clone(),
    }
}

fn about(node: &NodeView) -> String {
    let power = if node.powered { t().on } else { t().off };
    let pods = format!("{}/{}", node.pods, node.pods_max);
    let cpu = format!("{}%", node.cpu_permille / 10);
    let memory = format!("{}%", node.memory_permille / 10);
    fill(
        t().about_node,
        &[&node.name, &node.status, power, &pods, &cpu, &memory],
    )
}

fn meter(label: &str, permille: u32) -> Html {
    let percent = format!("{}%", permille / 10);
    let style = format!("--part:{}%", (permille / 10).min(100));
    html! {
        <span class="meter" {style}>
            <span class="label">{ label }</span><span class="bar" /><span class="value">
            { percent }</span>
        </span>
    }
}

/// `node-role.kubernetes.io/control-plane:NoSchedule` without what all taints have in common.
fn short_taint(taint: &str) -> String {
    let (key, effect) = taint.rsplit_once(':').unwrap_or((taint, ""));
    let key = key.rsplit('/').next().unwrap_or(key);
    if effect.is_empty() {
        key.to_owned()
    } else {
        format!("{key}:{effect}")
    }
}
