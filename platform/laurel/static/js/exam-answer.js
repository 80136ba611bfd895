// <exam-answer slot-number kind seq> around a question's form: hands every change to <exam-saving>, those made before this
// script was here included, and shows again what an earlier page could not save. `seq` is the next number of this question's answers.
import { AnswerFields } from "./answer-fields.js";
import "./exam-saving.js";
import "./order-list.js";

class ExamAnswer extends HTMLElement {
  connectedCallback() {
    this.number = Number(this.getAttribute("slot-number"));
    this.form = this.querySelector("form");
    this.fields = new AnswerFields(this.form, this.getAttribute("kind"));
    this.saving = document.querySelector("exam-saving");
    this.form.addEventListener("input", () => this.save());
    document.addEventListener("exam-read-only", () => this.close());
    this.saving.ready.then(() => this.begin());
    document.querySelector("[data-focus]")?.focus({ preventScroll: true }); // what was pressed on this page before; `autofocus` would scroll
  }

  begin() {
    this.isReady = true;
    if (this.fields.isChanged()) this.save();
    else if (!this.restore() && this.saving.hasSaved(this.number, Number(this.getAttribute("seq")))) this.saving.renew(this.number);
  }

  save() {
    if (!this.isReady) return; // `begin` will see it
    const answer = this.fields.read();
    this.saving.change(this.number, Number(this.getAttribute("seq")) - 1, answer);
    this.tell(answer !== null);
  }

  /** True if there was something to show again. */
  restore() {
    const op = this.saving.waiting(this.number) ?? this.saving.found.get(this.number);
    if (!op || op.seq < Number(this.getAttribute("seq"))) return false;
    this.fields.show(op.answer);
    this.tell(op.answer !== null);
    return true;
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
