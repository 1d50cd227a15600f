//! The program. In the browser it is the page; natively it is the simulator without a screen.

#[cfg(not(target_arch = "wasm32"))]
mod headless;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    headless::main()
}

#[cfg(target_arch = "wasm32")]
fn main() {
    kube_orrery::ui::start();
}
