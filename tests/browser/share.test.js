// A moment passed on, and things opened: links short and long, codes, files, what is pasted or dropped,
// what is damaged, what the address asks for.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import jsQR from "jsqr";
import { findings } from "./axe.js";
import { arrive, everywhere } from "./everywhere.js";
import { until } from "./person.js";

const PARTITION = "t-0";
const SMALL = `brokers 3
seed 4
topic t: b1>b2>b3
producer web{topic=t, rate=10, limit=30}
at 4s send web hello
until=5s
`;
/** More than a link for a chat holds: values that do not deflate. */
const LARGE = SMALL + Array.from({ length: 160 }, (_, n) =>
  `at ${4_100 + n}ms send web v${((n + 1) * 2_654_435_761 % 2 ** 32).toString(36)}${((n + 7) * 40_503_911 % 2 ** 31).toString(36)}\n`).join("");

/** The dialog for opening things, open. */
async function opening(person) {
  await person.button("top-open").click();
  return person.page.getByRole("dialog", { name: person.t("open-title") });
}

async function paste(person, text) {
  const dialog = await opening(person);
  await dialog.getByRole("textbox").fill(text);
  await dialog.getByRole("button", { name: person.t("open-do"), exact: true }).click();
}

async function drop(person, name, text) {
  await person.page.evaluate(({ name, text }) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([text], name, { type: "text/plain" }));
    document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }));
  }, { name, text });
}

/** A file that a press of a button of the dialog gives out: its name and its text. */
async function downloaded(person, dialog, key) {
  const [download] = await Promise.all([
    person.page.waitForEvent("download"),
    dialog.getByRole("button", { name: person.t(key), exact: true }).click(),
  ]);
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") };
}

/** What a camera reads from the code as it stands on the screen. */
async function scanned(person, code) {
  await person.settled();
  const shot = (await code.screenshot()).toString("base64");
  const { pixels, width, height } = await person.page.evaluate(async (shot) => {
    const bytes = Uint8Array.from(atob(shot), (sign) => sign.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
    canvas.drawImage(image, 0, 0);
    const { data, width, height } = canvas.getImageData(0, 0, image.width, image.height);
    return { pixels: [...data], width, height };
  }, shot);
  return jsQR(Uint8ClampedArray.from(pixels), width, height)?.data;
}

async function sharing(person) {
  await person.button("top-share").click();
  const dialog = person.page.getByRole("dialog", { name: person.t("share-title") });
  await dialog.waitFor();
  return dialog;
}

async function seesSmall(person) {
  await person.sees("the scenario's topic", PARTITION, (p) => p.leader === 1 && p.hw === 31);
}

everywhere("a link is copied, can be read, and stands as a code", "", async (person) => {
  await person.pause();
  await paste(person, SMALL);
  await seesSmall(person);
  const dialog = await sharing(person);
  const link = await dialog.getByRole("textbox", { name: person.t("share-link-label") }).inputValue();
  assert.match(link, /#v1\.engine=\d+;brokers\+3;.*topic\+t:\+b1!b2!b3/);
  assert.ok(link.length < 2_000, `${link.length} characters`);
  const code = dialog.getByRole("img", { name: person.t("share-qr-label") });
  const box = await code.boundingBox();
  assert.ok(box && box.width >= 160 && Math.abs(box.width - box.height) < 1, "the code is large and square");
  assert.equal(await scanned(person, code), link, "a camera reads the link");
  assert.deepEqual(await findings(person.page), []);
  await dialog.getByRole("button", { name: person.t("share-copy"), exact: true }).click();
  await dialog.getByRole("button", { name: person.t("share-copied"), exact: true }).waitFor();
  assert.equal(await person.page.evaluate(() => navigator.clipboard.readText()), link);
  const script = await downloaded(person, dialog, "share-script");
  assert.match(script.name, /\.sh$/);
  assert.match(script.text, /^#!.*\n[\s\S]*kafka-topics/);
  await person.dismiss();
});

everywhere(
  "where the clipboard is refused the link stands selected",
  "",
  async (person) => {
    await person.pause();
    const dialog = await sharing(person);
    await dialog.getByRole("button", { name: person.t("share-copy"), exact: true }).click();
    await dialog.getByRole("button", { name: person.t("share-select"), exact: true }).waitFor();
    const field = dialog.getByRole("textbox", { name: person.t("share-link-label") });
    const selected = await field.evaluate((input) => input.value.slice(input.selectionStart, input.selectionEnd));
    assert.equal(selected, await field.inputValue());
    await person.dismiss();
  },
  () => {
    navigator.clipboard.writeText = () => Promise.reject(new DOMException("not here", "NotAllowedError"));
  },
);

everywhere("a long session is packed, passed on as a file, and opened from it", "", async (person, language, screen) => {
  await person.pause();
  await paste(person, LARGE);
  await person.sees("all of it", PARTITION, (p) => p.hw >= 160);
  const link = await person.link();
  assert.match(link, /#v1\.z[\w-]+$/);
  assert.ok(link.length > 2_000, `${link.length} characters`);
  const dialog = await sharing(person);
  await dialog.getByText(person.t("share-too-long")).waitFor();
  assert.equal(await dialog.getByRole("img", { name: person.t("share-qr-label") }).count(), 0);
  assert.deepEqual(await findings(person.page), []);
  const file = await downloaded(person, dialog, "share-file");
  assert.match(file.name, /\.scenario$/);
  await person.dismiss();

  const other = await arrive(language, screen);
  await other.pause();
  const chooser = (await opening(other)).getByLabel(other.t("open-file"));
  const handed = { name: file.name, mimeType: "text/plain", buffer: Buffer.from(file.text) };
  await chooser.setInputFiles(handed);
  await until("the same moment from the file", async () => (await other.link()) === link);
  other.silent();
  await other.context.close();
});

everywhere("a file is opened by dropping it on the page", "", async (person) => {
  await person.pause();
  await drop(person, "small.scenario", SMALL);
  await seesSmall(person);
});

everywhere("a link is opened by pasting it, and the topics of a real cluster become one", "", async (person) => {
  await person.pause();
  await paste(person, SMALL);
  await seesSmall(person);
  const link = await person.link();
  const row = (n, leader, replicas) => `\tTopic: orders\tPartition: ${n}\tLeader: ${leader}\tReplicas: ${replicas}\tIsr: ${replicas}\n`;
  await paste(person, `Topic: orders\tPartitionCount: 2\tReplicationFactor: 2\tConfigs: \n${row(0, 2, "2,3")}${row(1, 3, "3,2")}`);
  await person.sees("the real cluster's leaders", "orders-1", (p) => p.leader > 0);
  await paste(person, link);
  await until("the link's moment", async () => (await person.link()) === link);
});

everywhere("what is damaged is refused by name and place, and nothing is loaded", "", async (person) => {
  await person.pause();
  await paste(person, SMALL);
  await seesSmall(person);
  const before = await person.link();
  const refusals = [
    [() => paste(person, SMALL.replace("producer", "producr")), "sheet-damaged-file", /4.*7?[^]*producr[^]*producer/],
    [() => paste(person, `${before.slice(0, -3)}%%`), "sheet-damaged-title", /%/],
    [() => drop(person, "notes.txt", "Dear class,\nplease read chapter 4.\n"), "sheet-damaged-file", /1[^]*Dear/],
    [() => drop(person, "big.txt", "x".repeat(17 << 20)), "sheet-damaged-file", /\d/],
  ];
  for (const [hand, title, words] of refusals) {
    await hand();
    const dialog = person.page.getByRole("dialog", { name: person.t(title) });
    await dialog.waitFor();
    assert.match(await dialog.getByRole("alert").textContent(), words);
    assert.deepEqual(await findings(person.page), []);
    await person.dismiss();
    assert.equal(await person.link(), before);
  }
});

/** The clock on the time bar. */
const clock = async (person) => (await person.page.locator("[data-clock]").textContent()).trim();

test("?lang=, ?t=, ?play= and ?embed= say how a link is seen", { timeout: 240_000 }, async () => {
  const first = await arrive("en", "wide");
  await first.pause();
  await paste(first, SMALL);
  await seesSmall(first);
  const hash = new URL(await first.link()).hash;
  const ended = await clock(first);
  await first.context.close();

  const chinese = await arrive("zh-CN", "wide", `?lang=zh-CN&t=2s&play=0${hash}`);
  assert.equal(await chinese.page.locator("html").getAttribute("lang"), "zh-CN");
  await chinese.button("time-play").waitFor();
  assert.match(await clock(chinese), /^0?0?:?0?2[.:]0/);
  const link = await chinese.link();
  assert.doesNotMatch(link, /lang=/, "the language is the reader's own");
  chinese.silent();
  await chinese.context.close();

  const english = await arrive("en", "phone", `?lang=en&play=1${hash}`);
  await english.button("time-pause").waitFor();
  await until("time goes on", async () => (await clock(english)) !== ended);
  english.silent();
  await english.context.close();

  const embedded = await arrive("en", "wide", `?embed=1&play=0${hash}`);
  await embedded.sees("the stage", PARTITION, (p) => p.hw === 31);
  for (const key of ["top-share", "top-open"]) assert.equal(await embedded.button(key).isVisible(), false);
  assert.equal(await embedded.button("time-play").isVisible(), true);
  assert.deepEqual(await findings(embedded.page), []);
  embedded.silent();
  await embedded.context.close();
});
