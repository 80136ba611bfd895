// <rubric-sum most> around a grader's form: the points given so far, and Ctrl or Command with Enter for "Save and next".
class RubricSum extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.shown = this.querySelector("[data-sum]");
    this.form.addEventListener("input", () => this.show());
    this.form.addEventListener("keydown", (event) => this.press(event));
    this.show();
  }

  press(event) {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    this.form.requestSubmit(this.form.querySelector('[value="next"]'));
  }

  /** In hundredths, so that 0.1 and 0.2 make 0.3. */
  sum() {
    const given = [...new FormData(this.form)].filter(([name]) => name.startsWith("points-"));
    return given.reduce((total, [, text]) => total + Math.round(Number(text.replace(",", ".") || 0) * 100), 0) / 100;
  }

  show() {
    const sum = this.sum();
    this.shown.textContent = Number.isNaN(sum) ? "–" : String(sum);
  }
}
customElements.define("rubric-sum", RubricSum);
