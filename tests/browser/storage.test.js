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

/** A page of the same site that shows nothing: it stands for another tab. */
async function otherTab(person) {
  const other = await person.context.newPage();
  await other.route("**/blank", (route) => route.fulfill({ contentType: "text/html", body: "<title>blank</title>" }));
  await other.goto(person.address + "blank");
  return other;
}

/** Opens the database as a page of this version does, and keeps it open whatever another one wants. */
function holdDatabase([version, stores]) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("highwater", version);
    opening.onupgradeneeded = () => stores.forEach((name) => opening.result.createObjectStore(name));
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      globalThis.held = opening.result;
      resolve();
    };
  });
}

/** Leaves the page as closing it would, without closing the profile. */
async function leave(person) {
  await person.page.goto("about:blank").catch(() => {});
}

/** Runs until records are committed and saved; returns the partition as it stands then. */
async function saves(person) {
  await person.hurry();
  await person.play();
  await person.sees("committed records", PARTITION, (p) => p.leader > 0 && p.hw >= 3);
  await person.pause();
  await person.page.getByText(person.t("saved-all")).first().waitFor({ state: "attached" });
  return person.partition(PARTITION);
}

/** Comes back to the page and finds what was committed there. */
async function findsAgain(person, before) {
  await person.page.goto(person.address);
  await person.ready();
  await person.hurry();
  await person.play();
  await person.sees("what was committed before", PARTITION, (p) => p.hw >= before.hw);
}

everywhere("an older page in another tab blocks the database, and the page says so", "", async (person) => {
  await leave(person);
  const other = await otherTab(person);
  await other.evaluate(() => new Promise((resolve, reject) => {
    const deleting = indexedDB.deleteDatabase("highwater");
    deleting.onsuccess = resolve;
    deleting.onerror = reject;
  }));
  await other.evaluate(holdDatabase, [1, ["sessions", "files", "chunks"]]);
  await person.page.goto(person.address);
  await goesOnInMemory(person, "notice-memory-blocked");
  await other.close();
  await leave(person);
  await person.page.goto(person.address);
  await person.ready();
  await saves(person);
});

everywhere("a later page takes the database over: this one says so, and what was saved is kept", "", async (person) => {
  const before = await saves(person);
  const other = await otherTab(person);
  await other.evaluate(holdDatabase, [99, []]);
  await person.play();
  await person.page.getByText(person.t("notice-memory-superseded")).first().waitFor();
  await person.pause();
  const kept = await other.evaluate(() => new Promise((resolve) => {
    const counting = globalThis.held.transaction("chunks").objectStore("chunks").count();
    counting.onsuccess = () => resolve(counting.result);
  }));
  assert.ok(kept > 0 && before.hw > 0, "what was saved is still there");
  await other.close();
});

everywhere("a second tab on the same session is read-only and says so; the first goes on saving", "", async (person) => {
  const before = await saves(person);
  const first = person.page;
  person.page = await person.context.newPage();
  await person.page.setViewportSize(first.viewportSize());
  await person.page.goto(person.address);
  await person.ready();
  await person.page.getByText(person.t("notice-read-only")).first().waitFor();
  await person.hurry();
  await person.play();
  await person.sees("its own future", PARTITION, (p) => p.hw > before.hw);
  await person.page.close();
  person.page = first;
  const after = await saves(person);
  await person.reload();
  await person.hurry();
  await person.play();
  await person.sees("what the first tab committed", PARTITION, (p) => p.hw >= after.hw);
});

everywhere("when the disk fills up in the middle, what was saved before is there afterwards", "", async (person) => {
  const before = await saves(person);
  await person.page.evaluate(() => {
    let left = 5;
    const { put } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.put = function (...args) {
      left -= 1;
      if (left < 0) throw new DOMException("no space is left", "QuotaExceededError");
      return put.apply(this, args);
    };
  });
  await person.play();
  await person.page.getByText(person.t("notice-memory-quota")).first().waitFor();
  await leave(person);
  await findsAgain(person, before);
});

everywhere("saved work that cannot be read is told and left alone, and the page begins beside it", "", async (person) => {
  await saves(person);
  await leave(person);
  const other = await otherTab(person);
  const spoil = () => new Promise((resolve, reject) => {
    const opening = indexedDB.open("highwater");
    opening.onsuccess = () => {
      const transaction = opening.result.transaction(["sessions", "chunks"], "readwrite");
      transaction.objectStore("sessions").put(new Uint8Array([1, 2, 3]), "playground");
      const counting = transaction.objectStore("chunks").count();
      transaction.oncomplete = () => {
        opening.result.close();
        resolve(counting.result);
      };
      transaction.onerror = reject;
    };
  });
  const chunks = await other.evaluate(spoil);
  await person.page.goto(person.address);
  await person.ready();
  await person.page.getByText(person.t("notice-saved-unreadable")).first().waitFor();
  await saves(person);
  await leave(person);
  assert.ok((await other.evaluate(spoil)) > chunks, "the old files are there, and the new ones beside them");
  await other.close();
});
