//! The object under the visitor's eye: what it is, why it is so, its events, its text.
//!
//! Upstream: the rows are `kubectl describe`'s.

use yew::prelude::*;

use super::icons::icon;
use super::timeline::entry_row;
use crate::ui::act::Act;
use crate::ui::i18n::{fill, t, why};
use crate::ui::shared::Shared;
use crate::ui::time_text;
use crate::view::{Detail, Ref, WhyStep};

#[derive(Properties, PartialEq)]
pub struct DetailPaneProps {
    pub detail: Option<Shared<Detail>>,
    pub selected: Option<Ref>,
    pub start_us: i64,
    pub act: Callback<Act>,
}

#[component]
pub fn DetailPane(props: &DetailPaneProps) -> Html {
    let Some(selected) = &props.selected else {
        return html! {
            <section class="pane detail nothing" aria-label={t().details}>
                <h2 class="pane-title">{ t().details }</h2>
                <p class="quiet empty">{ t().details_empty }</p>
            </section>
        };
    };
    let act = props.act.clone();
    let close = Callback::from(move |_: MouseEvent| act.emit(Act::Select(None)));
    let detail = props
        .detail
        .as_ref()
        .filter(|detail| detail.object == *selected);
    html! {
        <section class="pane detail" aria-label={t().details} data-detail={selected.name.clone()}>
            <div class="detail-head">
                <h2>
                    <span class="kind">{ &selected.kind }</span>
                    <span class="name">{ &selected.name }</span>
                </h2>
                <button
                    class="button plain" onclick={close} aria-label={t().close}
                    title={t().close}
                >
                    { icon("close") }
                </button>
            </div>
            <div class="detail-body" tabindex="0" role="region" aria-label={t().details_text}>
                if let Some(detail) = detail {
                    <Facts
                        detail={detail.clone()} start_us={props.start_us}
                        act={props.act.clone()}
                    />
                }
            </div>
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct FactsProps {
    detail: Shared<Detail>,
    start_us: i64,
    act: Callback<Act>,
}

#[component]
fn Facts(props: &FactsProps) -> Html {
    let detail = &*props.detail;
    let row = |(label, value): &(String, String)| {
        html! { <><dt>{ label }</dt><dd>{ value }</dd></> }
    };
    html! {
        <div class="detail-text">
            if !detail.exists {
                <p class="gone">{ t().details_gone }</p>
            }
            if !detail.fields.is_empty() {
                <dl class="fields">{ for detail.fields.iter().map(row) }</dl>
            }
            { deeds(&detail.object, detail.exists, &props.act) }
            if !detail.why.is_empty() {
                <h3>{ t().why }</h3>
                <ol class="why" data-why="">
                    { for detail.why.iter().map(|step| why_row(step, props)) }
                </ol>
            }
            if !detail.events.is_empty() {
                <h3>{ t().events }</h3>
                { for detail.events.iter().rev().map(|entry| {
                    entry_row(entry, props.start_us, &props.act)
                }) }
            }
            if !detail.yaml.is_empty() {
                <details class="yaml">
                    <summary>{ t().yaml }</summary>
                    <pre tabindex="0">{ &detail.yaml }</pre>
                </details>
            }
        </div>
    }
}

/// What can be done to it, in the console's words.
fn deeds(object: &Ref, exists: bool, act: &Callback<Act>) -> Html {
    let kind = match object.kind.as_str() {
        "Pod" => "pod",
        "Deployment" => "deployment",
        "ReplicaSet" => "replicaset",
        "DaemonSet" => "daemonset",
        "StatefulSet" => "statefulset",
        _ => return html! {},
    };
    if !exists {
        return html! {};
    }
    let space = match object.namespace.as_str() {
        "" | "default" => String::new(),
        other => format!(" -n {other}"),
    };
    let name = &object.name;
    let delete = format!("kubectl delete {kind} {name}{space}");
    html! {
        <p class="deeds">
            { deed(t().load_on.into(), format!("load{space} {kind}/{name} cpu=1"), act) }
            { deed(t().load_off.into(), format!("load{space} {kind}/{name} off"), act) }
            { deed(fill(t().delete, &[kind]), delete, act) }
        </p>
    }
}

fn deed(word: String, line: String, act: &Callback<Act>) -> Html {
    let run = {
        let (act, line) = (act.clone(), line.clone());
        Callback::from(move |_: MouseEvent| act.emit(Act::Run(line.clone())))
    };
    html! { <button class="button" onclick={run} title={line}>{ word }</button> }
}

fn why_row(step: &WhyStep, props: &FactsProps) -> Html {
    let moment = time_text::since_start(step.at_us - props.start_us);
    let actor = match step.actor.as_str() {
        "you" => t().you,
        other => other,
    };
    let said = html! { <><span class="actor">{ actor }</span>{ " " }{ why(&step.act) }</> };
    let act = props.act.clone();
    html! {
        <li>
            <span class="moment">{ moment }</span>
            if let Some(object) = step.object.clone() {
                <button
                    class="step"
                    onclick={Callback::from(move |_: MouseEvent| {
                        act.emit(Act::Select(Some(object.clone())));
                    })}
                >
                    { said }
                </button>
            } else {
                <span class="step">{ said }</span>
            }
        </li>
    }
}
