// Puts Highwater into another page. highwater.d.ts declares what it gives; docs/EMBED.md tells how.

/** Puts Highwater into an element of a page of the same origin; kept once it is there. */
export function embed(element, { src, link, lang, theme, whole } = {}) {
  const address = new URL(src ?? "./", import.meta.url);
  const parameters = { embed: whole ? undefined : "1", lang, theme };
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) address.searchParams.set(name, value);
  }
  if (link) address.hash = link;
  const frame = document.createElement("iframe");
  frame.title = "Highwater";
  frame.src = address;
  frame.style.cssText = "width: 100%; height: 100%; border: 0";
  return new Promise((resolve, reject) => {
    frame.addEventListener("error", () => reject(new Error(`${address} was not loaded`)));
    // The frame's window is another one once its page has begun to load, so it is asked again at `load`.
    const there = () => {
      const page = frame.contentWindow;
      if (page.highwater) resolve(page.highwater);
      else page.addEventListener("highwater", () => resolve(page.highwater), { once: true });
    };
    frame.addEventListener("load", there);
    element.append(frame);
  });
}
