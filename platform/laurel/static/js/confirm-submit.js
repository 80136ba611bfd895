// <confirm-submit heading text verb [kind]> around a form: asks before an act that cannot be undone.
// Without the script the form posts at once, so the server must be able to live with that.
let dialogs = 0; // names their headings; crypto.randomUUID is not there without HTTPS

class ConfirmSubmit extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.form.addEventListener("submit", (event) => this.ask(event));
  }

  ask(event) {
    if (this.confirmed) return;
    event.preventDefault();
    this.submitter = event.submitter;
    this.dialog ??= this.build();
    this.dialog.showModal();
  }

  build() {
    const dialog = document.createElement("dialog");
    const heading = Object.assign(document.createElement("h2"), { textContent: this.getAttribute("heading"), id: `confirm-${++dialogs}` });
    const text = Object.assign(document.createElement("p"), { textContent: this.getAttribute("text") });
    const row = Object.assign(document.createElement("div"), { className: "buttons" });
    row.append(
      this.button("Keep it as it is", "button button-quiet", () => dialog.close()),
      this.button(this.getAttribute("verb"), `button button-${this.hasAttribute("kind") ? "primary" : "danger"}`, () => this.go()),
    );
    dialog.setAttribute("aria-labelledby", heading.id);
    dialog.append(heading, text, row);
    this.append(dialog);
    return dialog;
  }

  button(label, className, act) {
    const button = Object.assign(document.createElement("button"), { type: "button", className, textContent: label });
    button.addEventListener("click", act);
    return button;
  }

  go() {
    this.dialog.close();
    this.confirmed = true;
    this.form.requestSubmit(this.submitter);
    this.confirmed = false;
  }
}
customElements.define("confirm-submit", ConfirmSubmit);
