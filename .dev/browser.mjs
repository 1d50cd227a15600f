// Finds the browser for the tests and the figures: $CHROME, else one on PATH, else Debian's
// package when this is root on a Debian machine, else it fails and says what to install. The
// driver that the wasm tests need is found the same way ($CHROMEDRIVER).

import { existsSync } from "node:fs";
import { giveUp, must, onPath, say } from "./lib.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const APPLICATIONS = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

// How Chromium is started: it keeps still and to itself.
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Nothing but this machine can be reached, whatever asks for it.
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
];

function named(variable) {
  const file = process.env[variable];
  if (!file) return null;
  if (!existsSync(file)) giveUp(`$${variable} says ${file}, but there is no such file.`);
  return file;
}

async function installed(program, names, fallbacks, debianPackage) {
  const find = () => onPath(...names) ?? fallbacks.find((file) => existsSync(file)) ?? null;
  const found = find();
  if (found) return found;
  if (process.getuid?.() === 0 && onPath("apt-get")) {
    say(`No ${program} is here: installing Debian's package ${debianPackage}`);
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    await must("apt-get", ["update", "-q"], { env });
    await must("apt-get", ["install", "-q", "-y", "--no-install-recommends", debianPackage], { env });
  }
  return (
    find() ??
    giveUp(
      `The browser tests need ${program}. Install it (Debian: apt-get install ${debianPackage}), ` +
        `or set $${program === "ChromeDriver" ? "CHROMEDRIVER" : "CHROME"} to the program.`,
    )
  );
}

/** The path of Chromium or Chrome. */
export async function findBrowser() {
  return named("CHROME") ?? (await installed("Chromium or Chrome", NAMES, APPLICATIONS, "chromium"));
}

/** The path of ChromeDriver. */
export async function findDriver() {
  return (
    named("CHROMEDRIVER") ?? (await installed("ChromeDriver", ["chromedriver"], [], "chromium-driver"))
  );
}

/** Starts the browser without a window, with an empty profile of its own. */
export async function launch() {
  // Only now, because the npm packages may have come since this script began.
  const { chromium } = await import("playwright-core");
  return chromium.launch({ executablePath: await findBrowser(), args: FLAGS });
}
