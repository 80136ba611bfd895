// System, light or dark: shown only when it can work; theme.js applies the choice on the next page.
import { recall, remember } from "./memory.js";

class ThemeSwitch extends HTMLElement {
  connectedCallback() {
    const chosen = recall("theme") ?? "system";
    for (const input of this.querySelectorAll("input")) input.checked = input.value === chosen;
    this.addEventListener("change", (event) => this.choose(event.target.value));
    this.hidden = false;
  }

  choose(theme) {
    remember("theme", theme === "system" ? null : theme);
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }
}
customElements.define("theme-switch", ThemeSwitch);
