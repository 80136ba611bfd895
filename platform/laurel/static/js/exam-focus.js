// <exam-focus url token>: only in exams whose lobby said so. Notes how long the page was left (more than two seconds) and how many
// characters were pasted into an answer: never what, never where to. A note that gets lost is lost; it holds up nothing.
const LEAST = 2000;

class ExamFocus extends HTMLElement {
  connectedCallback() {
    this.stop = new AbortController();
    const on = (target, name, act) => target.addEventListener(name, act, { signal: this.stop.signal });
    on(document, "visibilitychange", () => (document.hidden ? this.leave() : this.return()));
    on(window, "blur", () => this.leave());
    on(window, "focus", () => this.return());
    on(document, "paste", (event) => this.paste(event));
  }

  disconnectedCallback() {
    this.stop.abort();
  }

  leave() {
    this.left ??= performance.now();
  }

  return() {
    if (this.left === undefined || document.hidden) return;
    const away = Math.round(performance.now() - this.left);
    this.left = undefined;
    if (away > LEAST) this.note("away", away);
  }

  paste(event) {
    const length = event.clipboardData?.getData("text").length ?? 0;
    if (length && event.target.closest("exam-answer")) this.note("paste", length);
  }

  note(kind, amount) {
    const slot = Number(document.querySelector("exam-answer")?.getAttribute("slot-number") ?? 0);
    const token = document.querySelector("exam-saving")?.token ?? this.getAttribute("token");
    fetch(this.getAttribute("url"), {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token },
      body: JSON.stringify({ kind, amount, slot }),
    }).catch(() => undefined);
  }
}
customElements.define("exam-focus", ExamFocus);
