// A document of docs/ as a page of its own beside the simulator, in its colours: the help's "How
// true is this?" opens it. It is made while building, so that no visitor loads a Markdown reader.

import { readFileSync } from "node:fs";
import { marked } from "marked";
import { at } from "./lib.mjs";

const POLICY =
  "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'";

/** The HTML of a document; addresses get the build's mark. */
export function documentPage(name) {
  const text = readFileSync(at("docs", name), "utf8");
  const title = /^# (.*)$/m.exec(text)?.[1] ?? "Kube Orrery";
  // A wide table scrolls by itself, also by keyboard.
  let tables = 0;
  const scrolls = () =>
    `<div class="scrolls" tabindex="0" role="region" aria-label="Table ${(tables += 1)}"><table>`;
  const body = marked
    .parse(text)
    .replaceAll("<table>", scrolls)
    .replaceAll("</table>", "</table></div>");
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${POLICY}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${title} · Kube Orrery</title>
    <link rel="icon" type="image/svg+xml" href="favicon.svg?v=BUILD">
    <link rel="stylesheet" href="style.css?v=BUILD">
    <link rel="stylesheet" href="document.css?v=BUILD">
  </head>
  <body class="document">
    <main>
      <p><a href="./">Kube Orrery</a></p>
${body}
    </main>
  </body>
</html>
`;
}
