// The part of the engine that the page's first view does not need: it comes behind the first picture,
// and is joined to what is there before anything in it runs (scripts/split makes the two parts).
//
// What a person does before it came is held and happens when it has. Where the page calls it earlier
// all the same, it is fetched on the spot, with the page standing still: slow, but never wrong.

const url = document.querySelector('meta[name="behind"]')?.content ?? "";
const message = document.getElementById("behind");
/** How long the first view has the network and the processor to itself, unless somebody comes. */
const ALONE_MS = 5_000;
/** What a person does, and what of it happens again when the rest is there. */
const DONE = ["click", "auxclick", "dblclick", "contextmenu", "keydown", "keyup", "pointerdown", "pointerup",
  "input", "change", "submit", "hashchange"];
/** What only tells that somebody is there. */
const PASSING = ["pointermove", "pointerover", "pointerout", "wheel", "touchstart", "touchmove", "focusin"];

let first;
let bytes;
let coming;
let hasCome = url === "";
const held = [];

/** Begins the page: `show` puts it in its place, at once where the first part is enough for that. */
export function begin(exports, show) {
  first = exports;
  if (hasCome) {
    document.documentElement.dataset.whole = "";
    return show();
  }
  for (const name of [...DONE, ...PASSING]) window.addEventListener(name, hold, { capture: true, passive: false });
  if (needsAll()) return void come().then(show);
  show();
  requestAnimationFrame(() => setTimeout(come, ALONE_MS));
}

/** Fetches what is missing now, while everything waits for it. */
export function bring() {
  while (!hasCome) {
    try {
      join(new WebAssembly.Module(bytes ?? fetchNow()));
    } catch (error) {
      if (!window.confirm(words())) {
        tell(() => location.reload());
        throw error;
      }
    }
  }
}

/** A page that shows something else than the playground as it ships: a link, a lesson, saved work. */
function needsAll() {
  const asked = [...new URLSearchParams(location.search).keys()];
  const isPlain = asked.every((name) => ["lang", "theme", "embed"].includes(name));
  let kept = null;
  try { kept = localStorage.getItem("highwater.playback"); } catch {}
  return !isPlain || location.hash.length > 1 || kept !== null;
}

function come() {
  coming ??= fetchAndJoin();
  return coming;
}

async function fetchAndJoin() {
  while (!hasCome) {
    try {
      const response = await fetch(url);
      if (!response.ok) throw new Error(`${response.status} ${url}`);
      bytes = await response.arrayBuffer();
      join(await WebAssembly.compile(bytes));
    } catch {
      if (!hasCome) await new Promise(tell);
    }
  }
}

/** Gives the second part the functions of the first, by their slots; it fills its own in. */
function join(module) {
  if (hasCome) return;
  const f = {};
  for (const { kind, name } of WebAssembly.Module.imports(module)) {
    if (kind === "function") f[name] = first["~t0"].get(Number(name));
  }
  new WebAssembly.Instance(module, { f, s: first });
  first["~come"].value = 1;
  hasCome = true;
  bytes = undefined;
  message.hidden = true;
  document.documentElement.dataset.whole = "";
  for (const name of [...DONE, ...PASSING]) window.removeEventListener(name, hold, { capture: true });
  // Not at once: the engine may be in the middle of the call that brought this.
  setTimeout(repeat);
}

/** What was done meanwhile happens now. */
function repeat() {
  delete document.documentElement.dataset.waits;
  for (const event of held.splice(0)) {
    if (event.target === window || event.target.isConnected) {
      event.target.dispatchEvent(new event.constructor(event.type, event));
    }
  }
}

function fetchNow() {
  const request = new XMLHttpRequest();
  request.open("GET", url, false);
  // The only way to bytes in a request that the page waits for.
  request.overrideMimeType("text/plain; charset=x-user-defined");
  request.send();
  if (request.status !== 200) throw new Error(`${request.status} ${url}`);
  return Uint8Array.from(request.responseText, (letter) => letter.charCodeAt(0) & 0xff);
}

function hold(event) {
  if (event.target instanceof Node && message.contains(event.target)) return;
  come();
  event.stopImmediatePropagation();
  if (!DONE.includes(event.type)) return;
  held.push(event);
  document.documentElement.dataset.waits = "";
  if (["click", "submit", "contextmenu"].includes(event.type)) event.preventDefault();
}

/** Says that the rest did not come; `again` is called when somebody asks to try again. */
function tell(again) {
  message.hidden = false;
  for (const button of message.querySelectorAll("button")) {
    button.onclick = () => {
      message.hidden = true;
      again();
    };
  }
}

function words() {
  return message.querySelector(`:lang(${document.documentElement.lang})`).firstChild.textContent;
}
