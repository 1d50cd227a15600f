//! The pods of one node as dots on a canvas, for worlds with too many pods to make each an element.
//!
//! Upstream: none.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ResizeObserver};
use yew::prelude::*;

use super::pods::{hue, reference};
use crate::ui::act::Act;
use crate::ui::dom;
use crate::view::{Look, PodView};

const DOT: f64 = 7.0;
const STEP: f64 = 9.0;

#[derive(Properties, PartialEq)]
pub struct DotsProps {
    pub pods: Vec<Rc<PodView>>,
    pub selected: Option<AttrValue>,
    pub act: Callback<Act>,
}

/// The pods of one node on a canvas: drawn again only when they change.
#[component]
pub fn Dots(props: &DotsProps) -> Html {
    let place = use_node_ref();
    let width = use_state(|| 0);
    {
        let (place, setter) = (place.clone(), width.setter());
        use_effect_with((), move |()| {
            let canvas = place.cast::<HtmlCanvasElement>();
            let watch = canvas.and_then(|canvas| SizeWatch::new(&canvas, setter));
            move || drop(watch)
        });
    }
    {
        let (place, pods) = (place.clone(), props.pods.clone());
        let what = (*width, props.selected.clone(), Alike(props.pods.clone()));
        use_effect_with(what, move |(width, selected, _)| {
            if let Some(canvas) = place.cast::<HtmlCanvasElement>().filter(|_| *width > 0) {
                paint(&canvas, &pods, selected.as_deref());
            }
        });
    }
    let press = {
        let (place, pods, act) = (place.clone(), props.pods.clone(), props.act.clone());
        Callback::from(move |event: MouseEvent| {
            let Some(canvas) = place.cast::<HtmlCanvasElement>() else {
                return;
            };
            let columns = columns(&canvas);
            let column = (f64::from(event.offset_x()) / STEP) as usize;
            let row = (f64::from(event.offset_y()) / STEP) as usize;
            let index = row * columns + column.min(columns - 1);
            if let Some(pod) = pods.get(index) {
                act.emit(Act::Select(Some(reference(pod))));
            }
        })
    };
    html! { <canvas ref={place} class="dots" onclick={press} /> }
}

/// Lists of pods that compare by address.
struct Alike(Vec<Rc<PodView>>);

impl PartialEq for Alike {
    fn eq(&self, other: &Alike) -> bool {
        let (own, other) = (&self.0, &other.0);
        own.len() == other.len() && own.iter().zip(other).all(|(a, b)| Rc::ptr_eq(a, b))
    }
}

/// Tells an element's width, now and whenever it changes.
struct SizeWatch {
    observer: ResizeObserver,
    _heard: Closure<dyn Fn()>,
}

impl SizeWatch {
    fn new(element: &HtmlCanvasElement, tell: UseStateSetter<i32>) -> Option<SizeWatch> {
        let own = element.clone();
        let heard = Closure::<dyn Fn()>::new(move || tell.set(own.client_width()));
        let observer = ResizeObserver::new(heard.as_ref().unchecked_ref()).ok()?;
        observer.observe(element);
        Some(SizeWatch {
            observer,
            _heard: heard,
        })
    }
}

impl Drop for SizeWatch {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

fn columns(canvas: &HtmlCanvasElement) -> usize {
    ((f64::from(canvas.client_width()) / STEP) as usize).max(1)
}

fn paint(canvas: &HtmlCanvasElement, pods: &[Rc<PodView>], selected: Option<&str>) -> Option<()> {
    let scale = dom::window().device_pixel_ratio().max(1.0);
    let columns = columns(canvas);
    let height = pods.len().div_ceil(columns) as f64 * STEP;
    canvas
        .style()
        .set_property("height", &format!("{height}px"))
        .ok()?;
    canvas.set_width((f64::from(canvas.client_width()) * scale) as u32);
    canvas.set_height((height * scale) as u32);
    let pen: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.dyn_into().ok()?;
    pen.scale(scale, scale).ok()?;
    for (index, pod) in pods.iter().enumerate() {
        let x = (index % columns) as f64 * STEP;
        let y = (index / columns) as f64 * STEP;
        let colour = format!("oklch(0.62 0.12 {})", hue(pod.hue));
        pen.set_fill_style_str(if pod.look == Look::Failed {
            "#c2413b"
        } else {
            &colour
        });
        pen.set_stroke_style_str(&colour);
        match pod.look {
            Look::Running | Look::Succeeded | Look::Failed => pen.fill_rect(x, y, DOT, DOT),
            Look::NotReady | Look::Starting => pen.fill_rect(x, y + DOT / 2.0, DOT, DOT / 2.0),
            Look::Pending | Look::Terminating | Look::Lost => {
                pen.stroke_rect(x + 0.5, y + 0.5, DOT - 1.0, DOT - 1.0);
            }
        }
        if selected == Some(pod.name.as_str()) {
            pen.set_stroke_style_str("#b8892b");
            pen.stroke_rect(x - 0.5, y - 0.5, DOT + 1.0, DOT + 1.0);
        }
    }
    Some(())
}
