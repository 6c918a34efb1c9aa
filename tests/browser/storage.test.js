// What the page does when the browser keeps nothing, gives no space, or gives back other bytes.
import assert from "node:assert/strict";
import { everywhere } from "./everywhere.js";
import { until } from "./person.js";

const PARTITION = "orders-0";

/** The page says why nothing is saved, and the cluster goes on. */
async function goesOnInMemory(person, key) {
  await person.page.getByText(person.t(key)).first().waitFor();
  await person.hurry();
  await person.play();
  await person.sees("records, in memory", PARTITION, (p) => p.hw > 0);
}

everywhere(
  "without IndexedDB the page says so and goes on in memory",
  "",
  (person) => goesOnInMemory(person, "notice-memory-unavailable"),
  () => {
    IDBFactory.prototype.open = () => {
      throw new DOMException("storage is off here", "SecurityError");
    };
  },
);

everywhere(
  "with a full disk the page says so and goes on in memory",
  "",
  (person) => goesOnInMemory(person, "notice-memory-quota"),
  () => {
    IDBObjectStore.prototype.put = () => {
      throw new DOMException("no space is left", "QuotaExceededError");
    };
  },
);

/** Flips a byte in the middle of what is stored of a file; returns the length of what is stored. */
function damage([host, path]) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("highwater");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const transaction = database.transaction(["files", "chunks"], "readwrite");
      const files = transaction.objectStore("files").openCursor();
      let found = 0;
      files.onsuccess = () => {
        const cursor = files.result;
        if (!cursor) return;
        const [session, node, name] = cursor.key;
        if (node !== host || name !== path) return cursor.continue();
        const [number] = cursor.value;
        const range = IDBKeyRange.bound([session, number, 0], [session, number, Infinity]);
        const chunks = transaction.objectStore("chunks").openCursor(range);
        chunks.onsuccess = () => {
          const chunk = chunks.result;
          if (!chunk) return;
          const bytes = new Uint8Array(chunk.value);
          found = bytes.length;
          bytes[Math.floor(bytes.length / 2)] ^= 0x40;
          chunk.update(bytes);
        };
      };
      transaction.oncomplete = () => {
        database.close();
        resolve(found);
      };
      transaction.onerror = () => reject(transaction.error);
    };
  });
}

everywhere("a damaged chunk costs one follower its tail, and it catches up", "", async (person) => {
  await person.hurry();
  await person.play();
  await person.sees("several committed records", PARTITION, (p) => p.leader > 0 && p.hw >= 6);
  await person.pause();
  await person.page.getByText(person.t("saved-all")).first().waitFor({ state: "attached" });
  const before = await person.partition(PARTITION);
  const follower = [1, 2, 3].find((id) => id !== before.leader);

  // Another page of the same profile: the session's own page is closed, as a tab is.
  const file = [`b${follower}`, `${PARTITION}/00000000000000000000.log`];
  await person.page.goto("about:blank").catch(() => {});
  const helper = await person.context.newPage();
  await helper.route("**/blank", (route) => route.fulfill({ contentType: "text/html", body: "" }));
  await helper.goto(person.address + "blank");
  assert.ok((await helper.evaluate(damage, file)) > 0, "the follower's log is stored");
  await helper.close();

  await person.page.goto(person.address);
  await person.ready();
  await person.play();
  await person.turnTo("events");
  await person.hears("event-log-recovered-cut", { node: follower, partition: PARTITION });
  const cuts = (await person.events()).filter((event) =>
    person.t.pattern("event-log-recovered-cut").test(event));
  assert.equal(cuts.length, 1, `one replica was cut: ${cuts.join(" | ")}`);
  await person.hurry();
  await person.play();
  await until("every replica has what was committed", async () => {
    const now = await person.partition(PARTITION);
    return now && now.hw > before.hw && now.leos.every((leo) => leo >= before.hw);
  });
});
