// <copy-button text="…" hidden>: copies its text and says so: on the button to who sees it, beside it to screen readers.
class CopyButton extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector("button");
    this.label = this.querySelector("[data-label]");
    this.said = this.label.textContent;
    this.told = this.appendChild(document.createElement("span"));
    this.told.className = "visually-hidden";
    this.told.setAttribute("role", "status"); // not on the label: a status gives a button no name
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
    this.told.textContent = words;
    clearTimeout(this.back);
    this.back = setTimeout(() => {
      this.label.textContent = this.said;
      this.told.textContent = "";
    }, 4000);
  }
}
customElements.define("copy-button", CopyButton);
