// Answers that the server has not acknowledged yet, kept so that neither a reload nor a crash loses one: in IndexedDB,
// else in localStorage, else (a browser that refuses both) in the page. An operation never changes: its id stands for its content.
const STORE = "answers";
let lastTime = 0;

/** A UUIDv7: the time first, so that operations sort as they were made, those of one millisecond too. */
export function uuid7() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  lastTime = Math.max(Date.now(), lastTime + 1);
  let time = lastTime;
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
    return settled(this.store("readonly").index("attempt").getAll(attempt));
  }

  /** Keeps an operation, instead of the one with the id `replaced` if there is one. */
  put(op, replaced) {
    const store = this.store("readwrite");
    if (replaced) store.delete(replaced);
    return settled(store.put(op));
  }

  async remove(_attempt, ids) {
    const store = this.store("readwrite");
    await Promise.all(ids.map((id) => settled(store.delete(id))));
  }
}

/** Under one key of localStorage, which is written at once; what a browser refuses stays in the page. */
class PlainOutbox {
  constructor(name) {
    this.name = name;
    this.memory = new Map();
  }

  list(attempt) {
    try {
      return JSON.parse(localStorage.getItem(`laurel.${this.name}.${attempt}`) ?? "[]");
    } catch {
      return this.memory.get(attempt) ?? [];
    }
  }

  write(attempt, ops) {
    this.memory.set(attempt, ops);
    try {
      if (ops.length) localStorage.setItem(`laurel.${this.name}.${attempt}`, JSON.stringify(ops));
      else localStorage.removeItem(`laurel.${this.name}.${attempt}`);
    } catch {
      // Private window or full storage: the page keeps it.
    }
  }

  async put(op, replaced) {
    this.write(op.attempt, [...this.list(op.attempt).filter((other) => ![op.op_id, replaced].includes(other.op_id)), op]);
  }

  async remove(attempt, ids) {
    this.write(attempt, this.list(attempt).filter((op) => !ids.includes(op.op_id)));
  }
}

export const plainOutbox = () => new PlainOutbox("outbox");

/** What a page still holds when it goes away: a page that ends does not wait for IndexedDB. */
export const leftBehind = new PlainOutbox("left");

/** By question the number of the last answer that this tab knows to be saved: what a page of the server says may be older. */
export function readSeqs(attempt) {
  try {
    return new Map(JSON.parse(sessionStorage.getItem(`laurel.seqs.${attempt}`) ?? "[]"));
  } catch {
    return new Map();
  }
}

export function writeSeqs(attempt, seqs) {
  try {
    sessionStorage.setItem(`laurel.seqs.${attempt}`, JSON.stringify([...seqs]));
  } catch {
    // Private window or full storage: then only this page knows.
  }
}

const isNewer = (one, other) => one.seq > other.seq || (one.seq === other.seq && one.op_id > other.op_id);

/** Of each question the newest operation. */
export function newestOf(ops) {
  const newest = new Map();
  for (const op of ops) if (!newest.has(op.slot) || isNewer(op, newest.get(op.slot))) newest.set(op.slot, op);
  return [...newest.values()];
}

export async function openOutbox() {
  try {
    const opening = indexedDB.open("laurel-exam", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "op_id" }).createIndex("attempt", "attempt");
    return new DatabaseOutbox(await settled(opening));
  } catch {
    return plainOutbox();
  }
}
