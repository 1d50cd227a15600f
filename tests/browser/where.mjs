// Where the browser tests find things.

import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

/** A path below the top of the repository. */
export const at = (...parts) => path.join(root, ...parts);

/** The folder of the built page: what `npm test` built, else the quick page, built before. */
export const pageFolder = process.env.KUBE_ORRERY_PAGE || at("target/page");
