// Saved work: sessions are begun, named, opened, put into a file, deleted and taken in again.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { everywhere } from "./everywhere.js";
import { until } from "./person.js";

const PARTITION = "orders-0";

/** Opens the sheet: by what tells that all is saved, or where that has no room, from the sheet that opens things. */
async function openSheet(person) {
  if (person.isNarrow) {
    await person.button("top-open").click();
    await person.button("kept-title").click();
  } else {
    await person.page.locator("button.saved").click();
  }
  const sheet = person.page.getByRole("dialog", { name: person.t("kept-title") });
  await sheet.waitFor();
  return sheet;
}

/** What the sheet lists: the names, titles first. */
function names(sheet) {
  return sheet.getByRole("listitem").getByRole("textbox").evaluateAll((fields) =>
    fields.map((field) => field.value || field.placeholder));
}

async function runs(person) {
  await person.hurry();
  await person.play();
  const seen = await person.sees("committed records", PARTITION, (p) => p.leader > 0 && p.hw >= 3);
  await person.pause();
  await person.page.getByText(person.t("saved-all")).first().waitFor({ state: "attached" });
  return seen;
}

everywhere("a session is begun, named, found after a reload, and opened from the list", "", async (person) => {
  await runs(person);
  let sheet = await openSheet(person);
  await until("the playground is listed", async () => (await names(sheet)).includes(person.t("top-playground")));
  await sheet.getByText(person.t("kept-open-now"), { exact: true }).waitFor();
  await sheet.getByRole("button", { name: person.t("kept-new") }).click();
  await sheet.waitFor({ state: "detached" });
  await person.ready();
  const own = await runs(person);
  sheet = await openSheet(person);
  const untitled = person.t("kept-own", { number: 1 });
  await until("both are listed", async () => (await names(sheet)).length === 2);
  const field = sheet.getByPlaceholder(untitled);
  await field.fill("Monday 星期一");
  await field.press("Tab");
  await person.dismiss();
  await person.page.getByRole("banner").getByText("Monday 星期一").waitFor({ state: "attached" });

  await person.reload();
  await person.page.getByRole("banner").getByText("Monday 星期一").waitFor({ state: "attached" });
  await person.hurry();
  await person.play();
  await person.sees("what was committed in it", PARTITION, (p) => p.hw >= own.hw);
  await person.pause();

  sheet = await openSheet(person);
  const playground = person.t("top-playground");
  await sheet.getByRole("button", { name: `${person.t("kept-open")}: ${playground}` }).click();
  await person.ready();
  await person.page.getByRole("banner").getByText(playground, { exact: true }).waitFor({ state: "attached" });
});

everywhere("everything is saved as one file, deleted when asked twice, and taken in again", "", async (person) => {
  const before = await runs(person);
  let sheet = await openSheet(person);
  await sheet.getByText(person.t("kept-here")).waitFor();
  const downloading = person.page.waitForEvent("download");
  await sheet.getByRole("button", { name: person.t("kept-export"), exact: true }).click();
  const path = await (await downloading).path();
  assert.ok((await readFile(path)).subarray(0, 8).equals(Buffer.from("HIGHWATR")));

  await sheet.getByRole("button", { name: person.t("kept-delete-all"), exact: true }).click();
  await sheet.getByRole("button", { name: person.t("kept-delete-not"), exact: true }).click();
  assert.equal((await names(sheet)).length, 1, "the first touch only asks");
  await sheet.getByRole("button", { name: person.t("kept-delete-all"), exact: true }).click();
  await sheet.getByRole("button", { name: person.t("kept-delete-do"), exact: true }).click();
  await person.page.getByText(person.t("kept-deleted-all")).waitFor();
  await until("nothing that was saved is left", async () => {
    const partition = await person.partition(PARTITION);
    return !partition || partition.hw < before.hw;
  });

  const take = sheet.getByLabel(person.t("kept-import"));
  await take.setInputFiles({ name: "x.highwater", mimeType: "", buffer: Buffer.from("orders") });
  await sheet.getByText(person.t("kept-not-a-file")).waitFor();
  const damaged = await readFile(path);
  damaged[damaged.length >> 1] ^= 4;
  await take.setInputFiles({ name: "x.highwater", mimeType: "", buffer: damaged });
  await sheet.getByText(person.t("kept-damaged-file")).waitFor();
  await take.setInputFiles({ name: "x.highwater", mimeType: "", buffer: await readFile(path) });
  await sheet.getByText(person.t("kept-imported", { taken: 1, same: 0 })).waitFor();
  await until("it is listed beside the new one", async () =>
    (await names(sheet)).some((name) => name.startsWith(`${person.t("top-playground")} (`)));
  await sheet.getByRole("button", { name: person.t.pattern("kept-open") }).last().click();
  await person.ready();
  await person.hurry();
  await person.play();
  await person.sees("what the file brought", PARTITION, (p) => p.hw >= before.hw);
});

everywhere("a session that another tab has open is not deleted", "", async (person) => {
  await runs(person);
  const first = person.page;
  person.page = await person.context.newPage();
  await person.page.setViewportSize(first.viewportSize());
  await person.page.goto(`${person.address}?session=own-5`);
  await person.ready();
  await runs(person);
  const sheet = await openSheet(person);
  const playground = person.t("top-playground");
  await sheet.getByRole("button", { name: `${person.t("kept-delete")}: ${playground}` }).click();
  await sheet.getByRole("button", { name: person.t("kept-delete-do"), exact: true }).click();
  await sheet.getByText(person.t("kept-held", { name: playground })).waitFor();
  assert.ok((await names(sheet)).includes(playground));
  await person.page.close();
  person.page = first;
});
