//! The program. In the browser it is the page; natively it is the simulator without a screen.

#[cfg(not(target_arch = "wasm32"))]
mod headless;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    headless::main()
}

#[cfg(target_arch = "wasm32")]
fn main() {
    page::start();
}

/// Proof that the pipe works, until the real page takes its place.
#[cfg(target_arch = "wasm32")]
mod page {
    use wasm_bindgen::prelude::*;
    use yew::prelude::*;

    #[wasm_bindgen]
    extern "C" {
        // Offered by static/boot.js.
        #[wasm_bindgen(js_namespace = kubeOrrery, js_name = startCore)]
        fn start_core() -> web_sys::Worker;
    }

    #[component]
    fn Page() -> Html {
        let answer = use_state(|| String::from("The core is starting…"));
        let setter = answer.clone();
        use_effect_with((), move |()| {
            let core = start_core();
            let heard = Closure::<dyn Fn(web_sys::MessageEvent)>::new(
                move |event: web_sys::MessageEvent| {
                    setter.set(event.data().as_string().unwrap_or_default());
                    set_ready("map");
                },
            );
            core.set_onmessage(Some(heard.as_ref().unchecked_ref()));
            core.post_message(&"hello".into()).ok();
            set_ready("page");
            move || drop((core, heard))
        });
        html! {
            <main class="start">
                <h1>{ "Kube Orrery" }</h1>
                <p id="core-answer" role="status">{ &*answer }</p>
            </main>
        }
    }

    fn set_ready(what: &str) {
        let body = page_body();
        body.set_attribute("data-ready", what).ok();
    }

    fn page_body() -> web_sys::HtmlElement {
        let document = web_sys::window().and_then(|window| window.document());
        document
            .and_then(|document| document.body())
            .expect_throw("a page has a body")
    }

    pub(super) fn start() {
        let root = web_sys::window()
            .and_then(|window| window.document())
            .and_then(|document| document.get_element_by_id("app"))
            .expect_throw("index.html has an element #app");
        yew::Renderer::<Page>::with_root(root).render();
    }
}
