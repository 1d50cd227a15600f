// Small helpers that the scripts in this folder share: where things are, how a step is announced,
// how a command is run. Node built-ins only, because it is used before `npm ci` has run.

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The top of the repository. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

/** A path below the top of the repository. */
export const at = (...parts) => path.join(root, ...parts);

/** Where cargo puts what it builds. */
export const targetDir = path.resolve(root, process.env.CARGO_TARGET_DIR ?? "target");

// Tools of our own come first, then those of npm, then what the machine has. Cargo's folder is
// named too: right after a first install of Rust it is often not on PATH yet.
const cargoBin = path.join(process.env.CARGO_HOME ?? path.join(homedir(), ".cargo"), "bin");
process.env.PATH = [at(".tools/bin"), at("node_modules/.bin"), process.env.PATH, cargoBin].join(
  path.delimiter,
);

/** Says what happens now. */
export const say = (text) => process.stdout.write(`\x1b[1m▸ ${text}\x1b[0m\n`.replace(plain, ""));
// Without a terminal (a log file, CI) there are no colours.
const plain = process.stdout.isTTY ? /$^/g : /\x1b\[\d+m/g;

/** Ends the script with a message for a person. */
export function giveUp(text) {
  process.stderr.write(`\n${text}\n`);
  process.exit(1);
}

/** Runs a command with its output shown; resolves to its exit code. */
export function run(command, args, { env = {}, cwd = root } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, stdio: "inherit", env: { ...process.env, ...env } });
    child.on("error", (error) => {
      process.stderr.write(`${command}: ${error.message}\n`);
      resolve(127);
    });
    child.on("close", (code, signal) => resolve(code ?? (signal ? 128 : 1)));
  });
}

/** Runs a command that must succeed. */
export async function must(command, args, options) {
  const code = await run(command, args, options);
  if (code !== 0) giveUp(`"${command} ${args.join(" ")}" failed (exit code ${code}).`);
}

/** What a command prints, or null where it is missing or fails. */
export function output(command, args) {
  const result = spawnSync(command, args, { cwd: root, encoding: "utf8" });
  return result.status === 0 ? result.stdout.trim() : null;
}

/** The first of these programs that is on PATH, as a full path, or null. */
export function onPath(...names) {
  for (const name of names) {
    for (const folder of process.env.PATH.split(path.delimiter)) {
      for (const ending of process.platform === "win32" ? [".exe", ".cmd"] : [""]) {
        const file = path.join(folder, name + ending);
        if (existsSync(file)) return file;
      }
    }
  }
  return null;
}

/** Every file below a folder (or the file itself), in a fixed order. */
export function filesBelow(start) {
  if (!existsSync(start)) return [];
  if (statSync(start).isFile()) return [start];
  return readdirSync(start)
    .sort()
    .flatMap((name) => filesBelow(path.join(start, name)));
}

/** A digest over the contents and names of files and folders. */
export function digest(...starts) {
  const hash = createHash("sha256");
  for (const file of starts.flatMap(filesBelow)) {
    hash.update(path.relative(root, file)).update("\0");
    hash.update(readFileSync(file)).update("\0");
  }
  return hash.digest("hex").slice(0, 16);
}

/** Seconds since `start` (of performance.now()), for people. */
export const since = (start) => `${((performance.now() - start) / 1000).toFixed(1)} s`;
