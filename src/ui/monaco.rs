//! The Monaco editor, as much of it as the page uses. `static/boot.js` loads it.
//!
//! Upstream: the names are those of Monaco's own documentation.

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlElement;

use crate::view::Problem;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = kubeOrrery, js_name = loadMonaco)]
    fn load_monaco() -> Promise;

    pub type Monaco;
    #[wasm_bindgen(method, getter)]
    fn editor(this: &Monaco) -> Editors;

    type Editors;
    #[wasm_bindgen(method, catch)]
    fn create(this: &Editors, place: &HtmlElement, how: &JsValue) -> Result<CodeEditor, JsValue>;
    #[wasm_bindgen(method, js_name = setModelMarkers)]
    fn set_model_markers(this: &Editors, model: &Model, owner: &str, markers: &Array);
    #[wasm_bindgen(method, js_name = defineTheme)]
    fn define_theme(this: &Editors, name: &str, theme: &JsValue);
    #[wasm_bindgen(method, js_name = setTheme)]
    fn set_theme(this: &Editors, name: &str);

    type CodeEditor;
    #[wasm_bindgen(method, js_name = getModel)]
    fn model(this: &CodeEditor) -> Model;
    #[wasm_bindgen(method, js_name = onDidChangeModelContent)]
    fn on_change(this: &CodeEditor, heard: &Function) -> JsValue;
    #[wasm_bindgen(method)]
    fn focus(this: &CodeEditor);
    #[wasm_bindgen(method)]
    fn dispose(this: &CodeEditor);
    #[wasm_bindgen(method, js_name = setPosition)]
    fn set_position(this: &CodeEditor, position: &JsValue);
    #[wasm_bindgen(method, js_name = revealPositionInCenterIfOutsideViewport)]
    fn reveal(this: &CodeEditor, position: &JsValue);

    type Model;
    #[wasm_bindgen(method, js_name = getValue)]
    fn value(this: &Model) -> String;
    #[wasm_bindgen(method, js_name = setValue)]
    fn set_value(this: &Model, text: &str);
}

/// An editor on the page; it goes when this is dropped.
pub struct Live {
    monaco: Monaco,
    editor: CodeEditor,
    _changed: Closure<dyn FnMut(JsValue)>,
}

impl Live {
    /// Loads Monaco and puts an editor into this element.
    pub async fn load(
        place: HtmlElement,
        text: String,
        dark: bool,
        changed: impl FnMut() + 'static,
    ) -> Result<Live, JsValue> {
        let monaco: Monaco = JsFuture::from(load_monaco()).await?.unchecked_into();
        let mut changed = changed;
        define_themes(&monaco);
        let how = options(&text, dark);
        let editor = monaco.editor().create(&place, &how)?;
        let heard = Closure::<dyn FnMut(JsValue)>::new(move |_| changed());
        editor.on_change(heard.as_ref().unchecked_ref());
        Ok(Live {
            monaco,
            editor,
            _changed: heard,
        })
    }

    pub fn text(&self) -> String {
        self.editor.model().value()
    }

    pub fn set_text(&self, text: &str) {
        self.editor.model().set_value(text);
    }

    pub fn set_dark(&self, dark: bool) {
        self.monaco.editor().set_theme(theme_name(dark));
    }

    pub fn go_to(&self, line: u32, column: u32) {
        let position = object(&[("lineNumber", line.into()), ("column", column.into())]);
        self.editor.set_position(&position);
        self.editor.reveal(&position);
        self.editor.focus();
    }

    pub fn mark(&self, problems: &[Problem]) {
        let markers: Array = problems.iter().map(marker).collect();
        self.monaco
            .editor()
            .set_model_markers(&self.editor.model(), "kube-orrery", &markers);
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.editor.dispose();
    }
}

fn marker(problem: &Problem) -> JsValue {
    // Monaco's MarkerSeverity: 8 is an error, 4 a warning.
    let severity = if problem.warning { 4 } else { 8 };
    object(&[
        ("severity", severity.into()),
        ("message", problem.message.as_str().into()),
        ("startLineNumber", problem.line.into()),
        ("startColumn", problem.column.into()),
        ("endLineNumber", problem.end_line.into()),
        ("endColumn", problem.end_column.into()),
    ])
}

fn options(text: &str, dark: bool) -> JsValue {
    let off = object(&[("enabled", false.into())]);
    object(&[
        ("value", text.into()),
        ("language", "yaml".into()),
        ("theme", theme_name(dark).into()),
        ("automaticLayout", true.into()),
        ("minimap", off),
        ("fontFamily", "'Plex Mono', ui-monospace, monospace".into()),
        ("fontSize", 13.into()),
        ("lineHeight", 20.into()),
        ("lineNumbersMinChars", 3.into()),
        ("tabSize", 2.into()),
        ("insertSpaces", true.into()),
        ("detectIndentation", false.into()),
        ("scrollBeyondLastLine", false.into()),
        ("renderLineHighlight", "line".into()),
        ("overviewRulerLanes", 2.into()),
        ("wordBasedSuggestions", "off".into()),
        ("fixedOverflowWidgets", true.into()),
        (
            "padding",
            object(&[("top", 10.into()), ("bottom", 10.into())]),
        ),
        ("ariaLabel", crate::ui::i18n::t().editor_label.into()),
    ])
}

fn theme_name(dark: bool) -> &'static str {
    if dark { "orrery-dark" } else { "orrery-light" }
}

fn define_themes(monaco: &Monaco) {
    let light = [
        ("editor.background", "#fdfcf9"),
        ("editor.foreground", "#1e2430"),
        ("editorLineNumber.foreground", "#6f6857"),
        ("editorLineNumber.dimmedForeground", "#6f6857"),
        ("editorLineNumber.activeForeground", "#7a5a12"),
        ("editor.lineHighlightBackground", "#f4efe3"),
        ("editor.lineHighlightBorder", "#f4efe3"),
        ("editorCursor.foreground", "#8a6414"),
        ("editor.selectionBackground", "#ecdcb4"),
    ];
    let dark = [
        ("editor.background", "#141b24"),
        ("editor.foreground", "#e1e6ec"),
        ("editorLineNumber.foreground", "#8391a3"),
        ("editorLineNumber.dimmedForeground", "#8391a3"),
        ("editorLineNumber.activeForeground", "#d8b15c"),
        ("editor.lineHighlightBackground", "#1a232e"),
        ("editor.lineHighlightBorder", "#1a232e"),
        ("editorCursor.foreground", "#d8b15c"),
        ("editor.selectionBackground", "#3a4252"),
    ];
    let light_rules = [
        ("type", "1f5f8b"),
        ("string.yaml", "2f5d34"),
        ("number.yaml", "9a4a12"),
        ("comment", "6f6a5e"),
    ];
    let dark_rules = [
        ("type", "7fb8e0"),
        ("string.yaml", "a3cf9c"),
        ("number.yaml", "e5b27a"),
        ("comment", "8693a3"),
    ];
    monaco
        .editor()
        .define_theme("orrery-light", &theme("vs", &light, &light_rules));
    monaco
        .editor()
        .define_theme("orrery-dark", &theme("vs-dark", &dark, &dark_rules));
}

fn theme(base: &str, colours: &[(&str, &str)], rules: &[(&str, &str)]) -> JsValue {
    let colours: Vec<(&str, JsValue)> = colours
        .iter()
        .map(|(name, colour)| (*name, (*colour).into()))
        .collect();
    let rules: Array = rules
        .iter()
        .map(|(token, colour)| {
            object(&[("token", (*token).into()), ("foreground", (*colour).into())])
        })
        .collect();
    object(&[
        ("base", base.into()),
        ("inherit", true.into()),
        ("rules", rules.into()),
        ("colors", object(&colours)),
    ])
}

fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        // Setting a field of a fresh object cannot fail.
        Reflect::set(&object, &(*name).into(), value).ok();
    }
    object.into()
}
