// Times benches/wasm.rs: node scripts/time_wasm.js CLUSTER_SECONDS [NATIVE_SECONDS]
//
// Node and Chromium run wasm with the same engine (V8). The first run warms it up and is not counted.
import { gzipSync } from "node:zlib";
import { readFileSync } from "node:fs";

const folder = new URL("../target/figures_wasm/", import.meta.url);
// What joins the page's two parts looks for the page when it is loaded; here is none, and nothing is joined.
globalThis.document = { querySelector: () => null, getElementById: () => null };
const { steady, Hour } = await import(new URL("figures_wasm.js", folder));
const [seconds, native] = process.argv.slice(2).map(Number);

steady(10);
const start = performance.now();
const events = steady(seconds);
const took = (performance.now() - start) / 1000;
const wasm = readFileSync(new URL("figures_wasm_bg.wasm", folder));

console.log(`${seconds} cluster seconds in wasm       ${took.toFixed(3)} s, ${events} events`);
console.log(`the engine alone as wasm, gzip -9   ${(gzipSync(wasm, { level: 9 }).length / 1024).toFixed(1)} KB`);
if (native) console.log(`wasm against native                 ${(took / native).toFixed(2)}×`);

let began = performance.now();
const hour = new Hour();
console.log(`an hour with groups in wasm         ${((performance.now() - began) / 1000).toFixed(3)} s, ${hour.kept()} checkpoints`);
let most = 0;
const seeks = Array.from(Hour.places(), (place) => {
  const before = hour.steps();
  began = performance.now();
  hour.seek(place);
  const took = performance.now() - began;
  most = Math.max(most, hour.steps() - before);
  return took;
}).sort((a, b) => a - b);
const middle = seeks[seeks.length >> 1];
console.log(`seeks in that hour                  slowest ${seeks.at(-1).toFixed(0)} ms, half below ${middle.toFixed(0)} ms, of ${seeks.length}; at most ${most} steps replayed`);
