// Shows what the form says while it is being written: asks the server for the same page and takes this element out of it.
class LivePreview extends HTMLElement {
  connectedCallback() {
    this.form = document.getElementById(this.getAttribute("form"));
    this.form.addEventListener("input", () => this.wait());
  }

  wait() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load(), 350);
  }

  load() {
    const data = new FormData(this.form);
    data.set("act", "preview");
    this.request?.abort();
    this.request = new XMLHttpRequest(); // fetch gives text, and text may not become HTML under Trusted Types
    this.request.open("POST", this.form.action);
    this.request.responseType = "document";
    this.request.addEventListener("load", () => this.show(this.request.response));
    this.request.send(data);
  }

  show(page) {
    const fresh = page?.querySelector("live-preview");
    if (fresh) this.replaceChildren(...document.importNode(fresh, true).childNodes);
  }
}
customElements.define("live-preview", LivePreview);
