// The stored bytes of a session's logs, read as Kafka's recovery reads them (LogSegment.recover): batch
// by batch, each with its CRC-32C, offsets rising without a gap, and nothing behind the last one.

/** Of each replica of `orders`: the offset at its end, and what is wrong with it or null. */
export function logsOf(page, session) {
  return page.evaluate(readLogs, session);
}

function readLogs(session) {
  const table = Uint32Array.from({ length: 256 }, (_, n) => {
    for (let k = 0; k < 8; k += 1) n = n & 1 ? (n >>> 1) ^ 0x82f63b78 : n >>> 1;
    return n >>> 0;
  });
  const crc = (bytes) => {
    let sum = 0xffffffff;
    for (const byte of bytes) sum = table[(sum ^ byte) & 0xff] ^ (sum >>> 8);
    return (sum ^ 0xffffffff) >>> 0;
  };
  const read = (bytes) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let end = 0;
    for (let at = 0; at < bytes.length; ) {
      if (at + 61 > bytes.length) return { end, problem: `${bytes.length - at} bytes at ${at} are no batch` };
      const [base, length] = [Number(view.getBigInt64(at)), view.getInt32(at + 8)];
      if (at + 12 + length > bytes.length) return { end, problem: `the batch at ${at} is cut` };
      if (base !== end) return { end, problem: `offset ${base} follows ${end - 1}` };
      if (crc(bytes.subarray(at + 21, at + 12 + length)) !== view.getUint32(at + 17)) {
        return { end, problem: `the batch at ${at} is not as it was written` };
      }
      end = base + view.getInt32(at + 23) + 1;
      at += 12 + length;
    }
    return { end, problem: null };
  };
  const all = (store, prefix) => new Promise((resolve, reject) => {
    const range = IDBKeyRange.bound(prefix, [...prefix, []]);
    const found = [];
    const cursor = store.openCursor(range);
    cursor.onerror = () => reject(cursor.error);
    cursor.onsuccess = () => {
      if (!cursor.result) return resolve(found);
      found.push([cursor.result.key, cursor.result.value]);
      cursor.result.continue();
    };
  });
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("highwater");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = async () => {
      const database = opening.result;
      const store = (name) => database.transaction(name).objectStore(name);
      const files = await all(store("files"), [session]);
      const logs = {};
      for (const [[, host, path], [number, length]] of files) {
        const name = /^(orders-\d+)\/\d{20}\.log$/.exec(path)?.[1];
        if (!name) continue;
        const chunks = await all(store("chunks"), [session, number]);
        const [[, , last], newest] = chunks.at(-1) ?? [[, , 0], []];
        // A file ends with its last chunk unless its row tells an earlier end.
        const end = Math.min(length, last + newest.length);
        const bytes = new Uint8Array(end);
        for (const [[, , at], chunk] of chunks) {
          if (at < end) bytes.set(new Uint8Array(chunk).subarray(0, end - at), at);
        }
        logs[`${host} ${name}`] = read(bytes);
      }
      database.close();
      resolve(logs);
    };
  });
}
