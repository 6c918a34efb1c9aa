// The page's own words, so that a test looks for a control by the name that a person reads.
import { readdirSync, readFileSync } from "node:fs";
import { FluentBundle, FluentResource } from "@fluent/bundle";

const folder = new URL("../../www/i18n/", import.meta.url);

/** Stands for an argument whose value a test does not know. */
const ANY = "\u2042";

/**
 * A function from a message's key and arguments to its text in one language. `pattern(key, args)` is a
 * regular expression for that text with anything in place of arguments that are not given.
 */
export function texts(language) {
  const bundle = new FluentBundle(language, { useIsolating: false });
  for (const name of readdirSync(folder)) {
    if (name !== `${language}.ftl` && !name.endsWith(`.${language}.ftl`)) continue;
    bundle.addResource(new FluentResource(readFileSync(new URL(name, folder), "utf8")));
  }
  const text = (key, args = {}) => {
    const message = bundle.getMessage(key);
    if (!message?.value) throw new Error(`no text ${key} in ${language}`);
    return bundle.formatPattern(message.value, args);
  };
  text.pattern = (key, args = {}) => {
    const get = (given, name) => given[name] ?? ANY;
    const own = (given, name) => ({ value: get(given, name), configurable: true, enumerable: true });
    const known = new Proxy(args, { get, getOwnPropertyDescriptor: own });
    const escaped = text(key, known).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    return new RegExp(escaped.replaceAll(ANY, ".+?"));
  };
  return text;
}
