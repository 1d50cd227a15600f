// What is taken of the Monaco editor: the core, YAML's colours, and these features. Bundled by
// .dev/monaco.mjs to dist/monaco/ as monaco.js (an ES module), monaco.css, codicon.ttf and
// editor.worker.js. The page gets it by `kubeOrrery.loadMonaco()` (static/boot.js), which resolves
// to the module's exports below: the same names as in Monaco's documentation, for instance
// `editor.create`, `editor.setModelMarkers`, `editor.defineTheme`, `editor.setTheme`,
// `languages.registerCompletionItemProvider`, `languages.registerHoverProvider`.

import * as monaco from "monaco-editor/editor/editor.api.js";
import "monaco-editor/editor/browser/coreCommands.js";
import "monaco-editor/features/codeEditor/register.js";
import "monaco-editor/languages/definitions/yaml/register.js";

import "monaco-editor/features/bracketMatching/register.js";
import "monaco-editor/features/caretOperations/register.js";
import "monaco-editor/features/clipboard/register.js";
import "monaco-editor/features/comment/register.js";
import "monaco-editor/features/cursorUndo/register.js";
import "monaco-editor/features/find/register.js";
import "monaco-editor/features/folding/register.js";
import "monaco-editor/features/gotoError/register.js";
import "monaco-editor/features/hover/register.js";
import "monaco-editor/features/indentation/register.js";
import "monaco-editor/features/linesOperations/register.js";
import "monaco-editor/features/multicursor/register.js";
import "monaco-editor/features/snippet/register.js";
import "monaco-editor/features/toggleTabFocusMode/register.js";
import "monaco-editor/features/wordOperations/register.js";
// The feature's own register file leaves out the controller that shows the list.
import "monaco-editor/editor/contrib/suggest/browser/suggestController.js";

export const { editor, languages, Uri, Range, MarkerSeverity, KeyCode, KeyMod } = monaco;
