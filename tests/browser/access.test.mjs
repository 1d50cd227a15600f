// The page held against axe-core, the accessibility checker, in light and dark.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { at } from "../../.dev/lib.mjs";
import { openPage } from "./lib.mjs";

const checker = readFileSync(at("node_modules/axe-core/axe.min.js"), "utf8");

for (const dark of [false, true]) {
  test(`axe finds nothing to mend on the first screen (${dark ? "dark" : "light"})`, async (t) => {
    const page = await openPage(t, { dark });
    // By the debugger's door, because the page's own policy lets no such script in.
    await page.evaluate(checker);
    const found = await page.evaluate(async () => {
      const { violations } = await axe.run(document);
      return violations.map(({ id, help, nodes }) => `${id}: ${help} (${nodes[0].target})`);
    });
    assert.deepEqual(found, []);
  });
}

test("the help leads to the document that says how true this is", async (t) => {
  const page = await openPage(t);
  await page.getByRole("button", { name: "About this page" }).click();
  const link = page.locator('a[href="fidelity.html"]');
  await link.waitFor();
  const [document] = await Promise.all([page.context().waitForEvent("page"), link.click()]);
  await document.locator("h1", { hasText: "How true is this?" }).waitFor();
  assert.ok((await document.locator("table tbody tr").count()) > 20, "a row a recording");
  await document.evaluate(checker);
  const found = await document.evaluate(async () => {
    const { violations } = await axe.run(globalThis.document);
    return violations.map(({ id, help, nodes }) => `${id}: ${help} (${nodes[0].target})`);
  });
  assert.deepEqual(found, []);
});
