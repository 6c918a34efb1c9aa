//! On wasm32 this mounts the page; natively it is the command `highwater`.

#[cfg(target_arch = "wasm32")]
fn main() {
    highwater::ui::mount();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    highwater::cli::main()
}
