// Answers that the server has not acknowledged yet, kept so that neither a reload nor a crash loses one: in IndexedDB,
// else in localStorage, else (a browser that refuses both) in the page.
const STORE = "answers";

/** A UUIDv7: the time first, so that operations sort as they were made. */
export function uuid7() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let time = Date.now();
  for (let at = 5; at >= 0; at -= 1) {
    bytes[at] = time % 256;
    time = Math.floor(time / 256);
  }
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = request.onblocked = () => reject(request.error);
  });
}

class DatabaseOutbox {
  constructor(database) {
    this.database = database;
  }

  store(mode) {
    return this.database.transaction(STORE, mode, { durability: "strict" }).objectStore(STORE);
  }

  async list(attempt) {
    const found = await settled(this.store("readonly").index("attempt").getAll(attempt));
    return found.sort((one, other) => one.seq - other.seq || (one.op_id < other.op_id ? -1 : 1));
  }

  put(op) {
    return settled(this.store("readwrite").put(op));
  }

  async remove(_attempt, ids) {
    const store = this.store("readwrite");
    await Promise.all(ids.map((id) => settled(store.delete(id))));
  }
}

class PlainOutbox {
  constructor() {
    this.memory = new Map();
  }

  async list(attempt) {
    try {
      return JSON.parse(localStorage.getItem(`laurel.outbox.${attempt}`) ?? "[]");
    } catch {
      return this.memory.get(attempt) ?? [];
    }
  }

  async write(attempt, ops) {
    this.memory.set(attempt, ops);
    try {
      if (ops.length) localStorage.setItem(`laurel.outbox.${attempt}`, JSON.stringify(ops));
      else localStorage.removeItem(`laurel.outbox.${attempt}`);
    } catch {
      // Private window or full storage: the page keeps it.
    }
  }

  async put(op) {
    const others = (await this.list(op.attempt)).filter((other) => other.op_id !== op.op_id);
    await this.write(op.attempt, [...others, op]);
  }

  async remove(attempt, ids) {
    await this.write(attempt, (await this.list(attempt)).filter((op) => !ids.includes(op.op_id)));
  }
}

export async function openOutbox() {
  try {
    const opening = indexedDB.open("laurel-exam", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "op_id" }).createIndex("attempt", "attempt");
    return new DatabaseOutbox(await settled(opening));
  } catch {
    return new PlainOutbox();
  }
}
