// <copy-button text="…" hidden>: copies its text and says so, in words and to screen readers.
class CopyButton extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector("button");
    this.label = this.querySelector("[data-label]");
    this.said = this.label.textContent;
    this.label.setAttribute("role", "status");
    this.button.addEventListener("click", () => this.copy());
    this.hidden = !navigator.clipboard;
  }

  async copy() {
    try {
      await navigator.clipboard.writeText(this.getAttribute("text"));
      this.say("Copied");
    } catch {
      this.say("Copying is blocked here");
    }
  }

  say(words) {
    this.label.textContent = words;
    clearTimeout(this.back);
    this.back = setTimeout(() => (this.label.textContent = this.said), 4000);
  }
}
customElements.define("copy-button", CopyButton);
