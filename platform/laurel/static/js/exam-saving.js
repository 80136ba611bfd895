// <exam-saving attempt save-url lease-url attempt-url lease token>: the line that says what is saved, and the saving itself.
// Every change goes into the outbox at once and to the server soon after; what the server did not acknowledge is sent again,
// under the same id, until it is. The newest tab saves; an older one turns read-only. Only the server decides about time.
// Now and then it asks where the attempt stands, so that more time, a pause (`paused`: this page waits for its end) and news
// reach a page on which nobody types. It tells the server for how long it could not save, unless the device itself was offline.
// It carries the attribute `ready` from the moment on in which it keeps what is given.
import { Leaving } from "./exam-leaving.js";
import { leftBehind, newestOf, openOutbox, plainOutbox, readSeqs, uuid7, writeSeqs } from "./exam-outbox.js";

const DEBOUNCE = 1500;
const LATEST = 10_000;
const PATIENCE = 10_000; // for one request
const HEARTBEAT = 30_000;
const HEARTBEAT_PAUSED = 10_000;
const TROUBLE = 15; // seconds of failing saves that are worth telling
const BATCH = 100;
const BATCH_LENGTH = 40_000; // the server takes 64 kB, and so does a browser from a page that goes away

const jitter = (milliseconds) => milliseconds * (0.7 + Math.random() * 0.6);
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** This tab's name, the same after a reload. */
function tabToken() {
  try {
    const known = sessionStorage.getItem("laurel.tab") ?? uuid7();
    sessionStorage.setItem("laurel.tab", known);
    return known;
  } catch {
    return uuid7();
  }
}

class ExamSaving extends HTMLElement {
  connectedCallback() {
    this.attempt = this.getAttribute("attempt");
    this.token = this.getAttribute("token");
    this.tab = tabToken();
    this.page = uuid7();
    this.isLeased = this.getAttribute("lease") === this.tab;
    this.isStopped = false;
    this.failures = 0;
    this.pending = new Map();
    this.found = new Map();
    this.seqs = readSeqs(this.attempt);
    this.heardAt = -Infinity;
    this.dismissed = new Set();
    this.leaving = new Leaving(this);
    this.listen();
    this.ready = this.load();
    this.ready.then(() => this.begin());
    this.ask();
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
    clearTimeout(this.asking);
    this.channel?.close();
  }

  listen() {
    document.addEventListener("visibilitychange", () => (document.hidden ? this.sendLast() : this.check()));
    document.addEventListener("click", (event) => event.target.closest("[data-take-over]") && location.reload());
    addEventListener("pagehide", () => this.sendLast());
    addEventListener("pageshow", (event) => event.persisted && location.reload());
    addEventListener("online", () => this.check());
    addEventListener("offline", () => (this.wasOffline = true));
    if ("BroadcastChannel" in window) {
      this.channel = new BroadcastChannel(`laurel-exam-${this.attempt}`);
      this.channel.onmessage = ({ data }) => (data.opened ? this.giveWay() : this.load().then(() => this.flush()));
      this.channel.postMessage({ opened: this.page });
    }
  }

  /** What the outbox holds; one that fails gives way to one in localStorage, so that saving never waits for it. */
  async listOutbox() {
    try {
      return await this.outbox.list(this.attempt);
    } catch {
      this.outbox = plainOutbox();
      return this.outbox.list(this.attempt);
    }
  }

  /**
   * Takes over what an earlier page, or the tab before, could not send: of each question the last. `found` keeps it. What this tab
   * had replaced before a later answer was acknowledged is left there if the page went before the storage was done: it is no news.
   */
  async load() {
    this.outbox ??= await openOutbox();
    const kept = [...(await this.listOutbox()), ...leftBehind.list(this.attempt)];
    const newest = newestOf(kept.filter((op) => !this.hasSaved(op.slot, op.seq)));
    for (const op of newest) {
      if (!this.pending.has(op.op_id)) this.pending.set(op.op_id, { ...op, isSent: true });
      this.found.set(op.slot, op);
      this.outbox.put(op).catch(() => undefined);
    }
    this.outbox.remove(this.attempt, kept.filter((op) => !newest.includes(op)).map((op) => op.op_id).filter((id) => !this.pending.has(id))).catch(() => undefined);
    leftBehind.write(this.attempt, []);
  }

  async begin() {
    this.toggleAttribute("ready", true);
    if (this.pending.size) this.say(this.hasAttribute("paused") ? "Kept on this device until the exam goes on" : "Saving what was not saved before");
    if (this.pending.size || !this.isLeased) await this.flush();
    if (this.hasAttribute("time-over")) {
      await this.settle(25_000);
      document.getElementById("hand-in")?.requestSubmit();
    }
  }

  /** The answer of a question that waits to be saved, undefined if none does. */
  waiting(slot) {
    return [...this.pending.values()].filter((op) => op.slot === slot).at(-1);
  }

  /** Whether a later answer than number `seq` of a question has been acknowledged here: then the page that says so is an old one. */
  hasSaved(slot, seq) {
    return (this.seqs.get(slot) ?? 0) >= seq;
  }

  /** Loads a page again that was written before its last answer arrived; once, whatever comes then. */
  renew(slot) {
    this.seqs.delete(slot);
    writeSeqs(this.attempt, this.seqs);
    location.reload();
  }

  /** Keeps a changed answer; `stored` is the last seq that the server is known to have for the slot. */
  change(slot, stored, answer) {
    if (this.isStopped) return;
    const last = this.waiting(slot);
    const replaced = last?.isSent ? undefined : last;
    const seq = replaced?.seq ?? Math.max(stored, this.seqs.get(slot) ?? 0, last?.seq ?? 0) + 1;
    const op = { op_id: uuid7(), attempt: this.attempt, slot, seq, answer, client_ts: new Date().toISOString(), isSent: false };
    this.pending.delete(replaced?.op_id);
    this.pending.set(op.op_id, op);
    this.outbox.put({ ...op }, replaced?.op_id).catch(() => undefined);
    this.say("Saving");
    this.changedAt ??= Date.now();
    this.sendIn(Math.min(DEBOUNCE, this.changedAt + jitter(LATEST) - Date.now()));
  }

  sendIn(delay) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), Math.max(0, delay));
  }

  /** Sends all that waits; true if nothing waits any more. */
  flush() {
    clearTimeout(this.timer);
    this.changedAt = undefined;
    this.sending ??= this.sendAll().finally(() => (this.sending = undefined));
    return this.sending;
  }

  async sendAll() {
    await this.ready;
    while (!this.isStopped && (this.pending.size || !this.isLeased)) {
      if (!(await this.sendSome())) return false;
    }
    return !this.pending.size;
  }

  /** What goes into the next request, in the order in which it was given. From now on these operations do not change. */
  batch() {
    const ops = [];
    let length = 0;
    for (const op of this.pending.values()) {
      length += new Blob([JSON.stringify(op)]).size;
      if (ops.length === BATCH || (ops.length && length > BATCH_LENGTH)) break;
      op.isSent = true;
      ops.push(op);
    }
    return ops;
  }

  async sendSome() {
    const ops = this.isLeased ? this.batch() : [];
    try {
      const response = await this.request(ops, this.isLeased ? "PATCH" : "POST");
      return await this.read(response, ops);
    } catch {
      return this.fail();
    }
  }

  request(ops, method, keepalive = false) {
    const items = ops.map(({ op_id, slot, seq, answer, client_ts }) => ({ op_id, slot, seq, answer, client_ts }));
    return fetch(this.getAttribute(method === "PATCH" ? "save-url" : "lease-url"), {
      method,
      keepalive,
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": this.token },
      body: JSON.stringify({ items, lease: this.tab, ...this.trouble() }),
      signal: keepalive ? undefined : AbortSignal.timeout(PATIENCE),
    });
  }

  /** For how long saving has failed; the server believes it once many say the same. */
  trouble() {
    const seconds = Math.floor((performance.now() - (this.failingSince ?? performance.now())) / 1000);
    return seconds >= TROUBLE && !this.wasOffline ? { trouble: Math.min(seconds, 86_400) } : {};
  }

  /** What the server said; true if sending can go on at once. */
  async read(response, ops) {
    if (response.status < 500) this.heard();
    const said = response.headers.get("Content-Type")?.includes("json") ? await response.json() : {};
    if (response.ok || ["closed", "paused", "lease_taken", "slot_closed"].includes(said.error)) this.acknowledge(said, ops);
    if (said.error === "slot_closed") return this.comeLate(said);
    if (response.ok) return this.succeed(said);
    if (said.error === "closed") return this.leave();
    if (said.error === "paused") return this.pause();
    if (said.error === "lease_taken") return this.giveWay();
    if (["invalid_answer", "operation_reused"].includes(said.error)) return this.drop(said.op_id ? [said.op_id] : ops.map((op) => op.op_id));
    if (response.status === 404) return this.stop("gone");
    this.isSignedOut = response.status === 401;
    if (this.isSignedOut) this.show("signed-out");
    else if ([400, 403].includes(response.status)) await this.renewToken();
    return this.fail(Number(response.headers.get("Retry-After")) * 1000);
  }

  heard() {
    this.heardAt = performance.now();
    this.hide("unreachable");
  }

  acknowledge(said, ops) {
    const bySlot = (op, seq) => this.seqs.set(op.slot, Math.max(seq, this.seqs.get(op.slot) ?? 0));
    for (const op of ops) if (said.saved.includes(op.op_id)) bySlot(op, op.seq);
    for (const ignored of said.ignored) {
      bySlot(ignored, ignored.seq);
      this.show("outdated");
    }
    writeSeqs(this.attempt, this.seqs);
    this.forget([...said.saved, ...said.late, ...(said.closed ?? []), ...said.ignored.map((ignored) => ignored.op_id)]);
    this.failingSince = undefined;
    this.wasOffline = !navigator.onLine;
    const timer = document.querySelector("exam-timer");
    if (timer && said.deadline_at) timer.correct?.(said.server_now, said.deadline_at);
    else if (timer) timer.remove();
    for (const news of said.announcements ?? []) this.announce(news);
  }

  /** Shows what staff did or what an outage gave back, until it is read. */
  announce({ number, text }) {
    const list = document.querySelector("[data-announcements]");
    if (!list || this.dismissed.has(String(number)) || list.querySelector(`[data-announcement="${number}"]`)) return;
    const news = document.querySelector("[data-announcement-template]").content.firstElementChild.cloneNode(true);
    news.dataset.announcement = number;
    news.querySelector("[data-text]").textContent = text;
    news.querySelector('[name="number"]').value = number;
    list.append(news);
  }

  /** It was read: it goes, and the server hears of it without this page being left. */
  dismiss(form) {
    const body = new URLSearchParams(new FormData(form));
    fetch(form.action, { method: "POST", body, keepalive: true, redirect: "manual" }).catch(() => undefined);
    this.dismissed.add(form.elements.number.value);
    form.closest("[data-announcement]").remove();
    document.getElementById("main").focus();
  }

  /** Asks where the attempt stands, again and again. */
  ask() {
    const delay = this.hasAttribute("paused") ? HEARTBEAT_PAUSED : HEARTBEAT;
    this.asking = setTimeout(() => this.ready.then(() => this.check()).finally(() => this.ask()), jitter(delay));
  }

  forget(ids) {
    for (const id of ids) this.pending.delete(id);
    this.outbox.remove(this.attempt, ids).catch(() => undefined);
    leftBehind.remove(this.attempt, ids);
  }

  succeed(said) {
    this.isLeased = true;
    this.failures = 0;
    this.isSignedOut = false;
    this.hide("offline");
    this.hide("signed-out");
    if (this.hasAttribute("paused")) {
      if (!this.pending.size) location.assign(this.getAttribute("attempt-url"));
      return true;
    }
    const isSaid = this.textContent.startsWith("All answers saved"); // asking where the attempt stands is no news: this line is read out
    if (!this.pending.size && (said.saved.length || (this.seqs.size && !isSaid))) {
      this.say(`All answers saved ${new Date(said.server_now).toLocaleTimeString([], { hour12: false })}`);
    }
    return true;
  }

  fail(after = 0) {
    this.failures += 1;
    this.failingSince ??= performance.now();
    this.wasOffline ||= !navigator.onLine;
    if (!this.pending.size && this.isLeased) return false;
    this.say(`Not saved, retrying (${this.failures})`);
    if (this.failures >= 2) this.leaving.tell();
    this.sendIn(Math.max(after, jitter(Math.min(1000 * 2 ** this.failures, LATEST))));
    return false;
  }

  /** Nobody can go back in this exam, and an answer that waited here came after its question was left. */
  comeLate(said) {
    this.show("left");
    this.say("No more answers wait to be saved");
    return this.succeed(said);
  }

  drop(ids) {
    this.forget(ids);
    this.show("refused");
    this.say("One answer could not be saved");
    return true;
  }

  stop(reason) {
    this.isStopped = true;
    clearTimeout(this.timer);
    this.show(reason);
    document.dispatchEvent(new CustomEvent("exam-read-only"));
    return false;
  }

  /** Another tab or device has taken over. What waits here stays in the outbox, for the tab that saves now. */
  giveWay() {
    if (this.isStopped) return false;
    this.say("Not saving in this tab");
    this.stop("elsewhere");
    this.channel?.postMessage({ left: this.page });
    return false;
  }

  /** Staff stopped the clock. What waits here stays in the outbox and is sent when the exam goes on. */
  pause() {
    if (this.hasAttribute("paused")) return false;
    this.isStopped = true;
    document.dispatchEvent(new CustomEvent("exam-read-only"));
    leftBehind.write(this.attempt, [...this.pending.values()]);
    location.assign(this.getAttribute("attempt-url"));
    return false;
  }

  leave() {
    this.isStopped = true;
    this.forget([...this.pending.keys()]);
    location.assign(this.getAttribute("attempt-url"));
    return false;
  }

  /** Asks where the attempt stands: the lease, the deadline. */
  async check() {
    if (this.isStopped) return;
    if (this.pending.size || !this.isLeased) await this.flush();
    else await this.request([], "PATCH").then((response) => this.read(response, []), () => (this.failingSince ??= performance.now()));
  }

  /** The last chance of a page that goes away: it writes down what waits, and the browser finishes this request without it. */
  sendLast() {
    if (!this.pending.size) return;
    leftBehind.write(this.attempt, [...this.pending.values()]);
    if (this.isStopped || !this.isLeased) return;
    const ops = this.batch();
    this.request(ops, "PATCH", true).then((response) => this.read(response, ops), () => undefined);
  }

  /** True once nothing waits, however often that had to be tried; false after `patience`, or at once if this tab does not save. */
  async settle(patience) {
    const end = performance.now() + patience;
    const left = () => Math.max(0, end - performance.now());
    while (!this.isStopped && left() > 0) {
      if (await Promise.race([this.flush().catch(() => false), wait(left()).then(() => false)])) return true;
      await wait(Math.min(1000, left()));
    }
    return false;
  }

  /** After a new sign-in in another tab the page's token is an old one. */
  async renewToken() {
    const page = await fetch(location.href).then((response) => response.text());
    this.token = page.match(/<exam-saving[^>]* token="([^"]+)"/)?.[1] ?? this.token;
    for (const field of document.querySelectorAll('input[name="csrf_token"]')) field.value = this.token;
  }

  say(words) {
    if (this.textContent !== words) this.textContent = words;
  }

  show(name) {
    this.toggle(name, true);
  }

  hide(name) {
    this.toggle(name, false);
  }

  toggle(name, isShown) {
    const notice = document.querySelector(`[data-notice="${name}"]`);
    if (!notice) return;
    notice.hidden = !isShown;
    notice.parentElement.hidden = !notice.parentElement.querySelector("[data-notice]:not([hidden])");
  }
}
customElements.define("exam-saving", ExamSaving);
