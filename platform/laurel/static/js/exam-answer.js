// <exam-answer slot-number kind seq> around a question's form: hands every change to <exam-saving>, those made before this
// script was here included, and shows again what an earlier page could not save. `seq` is the next number of this question's answers.
import "./exam-saving.js";

/** A text without what no database keeps and nobody sees: the control characters that pasting may bring along, and half characters. */
function storable(text) {
  const visible = text.replace(/[\x0b\x0c]/g, "\n").replace(/[\x00-\x08\x0e-\x1f\x7f]/g, "");
  return visible.toWellFormed?.() ?? visible;
}

class ExamAnswer extends HTMLElement {
  connectedCallback() {
    this.number = Number(this.getAttribute("slot-number"));
    this.kind = this.getAttribute("kind");
    this.form = this.querySelector("form");
    this.saving = document.querySelector("exam-saving");
    this.form.addEventListener("input", () => this.save());
    document.addEventListener("exam-read-only", () => this.close());
    this.saving.ready.then(() => this.begin());
  }

  begin() {
    this.isReady = true;
    if (this.isChanged()) this.save();
    else this.restore();
  }

  inputs() {
    return [...this.form.querySelectorAll('[name="answer"]')];
  }

  /** The answer as the server stores it; null if there is none. */
  read() {
    const chosen = this.inputs().filter((input) => input.checked).map((input) => input.value);
    if (this.kind === "multiple_response") return chosen.length ? { choices: chosen.sort() } : null;
    if (this.kind === "single_choice") return chosen.length ? { choice: chosen[0] } : null;
    if (this.kind === "true_false") return chosen.length ? { value: chosen[0] === "true" } : null;
    const text = storable(this.inputs()[0].value);
    return text.trim() ? { text } : null;
  }

  /** Whether somebody has answered since the server wrote this page. */
  isChanged() {
    return this.inputs().some((input) => input.checked !== input.defaultChecked || input.value !== input.defaultValue);
  }

  save() {
    if (!this.isReady) return; // `begin` will see it
    const answer = this.read();
    this.saving.change(this.number, Number(this.getAttribute("seq")) - 1, answer);
    this.tell(answer !== null);
  }

  restore() {
    const op = this.saving.waiting(this.number) ?? this.saving.found.get(this.number);
    if (!op || op.seq < Number(this.getAttribute("seq"))) return;
    const values = op.answer === null ? [] : Object.values(op.answer).flat().map(String);
    for (const input of this.inputs()) {
      if (["text", "textarea"].includes(input.type)) input.value = values[0] ?? "";
      else input.checked = values.includes(input.value);
    }
    this.tell(op.answer !== null);
  }

  tell(isAnswered) {
    document.dispatchEvent(new CustomEvent("answer-changed", { detail: { number: this.number, isAnswered } }));
  }

  close() {
    for (const field of this.form.querySelectorAll("fieldset")) field.disabled = true;
    for (const button of document.querySelectorAll(`button[form="${this.form.id}"]`)) button.disabled = true;
  }
}
customElements.define("exam-answer", ExamAnswer);
