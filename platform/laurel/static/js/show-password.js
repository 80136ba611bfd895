// <show-password>: a button that shows what is typed into the password field inside it.
class ShowPassword extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input");
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.className = "button button-quiet button-small";
    this.button.setAttribute("aria-controls", this.input.id);
    this.button.addEventListener("click", () => this.show(this.input.type === "password"));
    this.input.form.addEventListener("submit", () => this.show(false));
    this.append(this.button);
    this.show(false);
  }

  show(shown) {
    this.input.type = shown ? "text" : "password";
    this.button.textContent = shown ? "Hide" : "Show";
    this.button.setAttribute("aria-label", `${this.button.textContent} the password`);
  }
}
customElements.define("show-password", ShowPassword);
