// Shows or hides a side panel (the course map) and remembers it. theme.js hides it before the first paint.
import { remember } from "./memory.js";

class PanelSwitch extends HTMLElement {
  connectedCallback() {
    this.panel = this.getAttribute("panel");
    this.button = this.querySelector("button");
    this.button.addEventListener("click", () => this.set(!this.isShown()));
    this.button.setAttribute("aria-expanded", this.isShown());
    this.hidden = false;
  }

  isShown() {
    return document.documentElement.getAttribute(`data-${this.panel}`) !== "hidden";
  }

  set(shown) {
    document.documentElement.toggleAttribute(`data-${this.panel}`, !shown);
    if (!shown) document.documentElement.setAttribute(`data-${this.panel}`, "hidden");
    this.button.setAttribute("aria-expanded", shown);
    remember(`panel.${this.panel}`, shown ? null : "hidden");
  }
}
customElements.define("panel-switch", PanelSwitch);
