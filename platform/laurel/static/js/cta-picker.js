// Puts the line of a call to action where the cursor is, in a paragraph of its own.
class CtaPicker extends HTMLElement {
  connectedCallback() {
    this.target = document.getElementById(this.getAttribute("target"));
    this.status = this.querySelector("[role=status]");
    for (const button of this.querySelectorAll("button[data-line]")) {
      button.hidden = false;
      button.addEventListener("click", () => this.insert(button.dataset.line));
    }
  }

  insert(line) {
    const { value, selectionEnd } = this.target;
    const before = value.slice(0, selectionEnd).trimEnd();
    const after = value.slice(selectionEnd).trimStart();
    const text = [before, line, after].filter(Boolean).join("\n\n");
    this.target.setRangeText(text, 0, value.length, "preserve");
    const cursor = before.length + (before ? 2 : 0) + line.length;
    this.target.setSelectionRange(cursor, cursor);
    this.target.focus();
    this.target.dispatchEvent(new Event("input", { bubbles: true }));
    this.status.textContent = `Inserted ${line}`;
  }
}
customElements.define("cta-picker", CtaPicker);
