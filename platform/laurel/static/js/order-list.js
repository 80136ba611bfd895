// <order-list> around the items of an ordering question: buttons move an item up and down, a chosen place moves it there.
// From the first move on every item has the place in which it stands; an untouched list has none, so that it is no answer.
// Choosing “none” takes all places back. Each change ends in an `input` event, as from any field.
class OrderList extends HTMLElement {
  connectedCallback() {
    this.list = this.querySelector("ol");
    this.told = this.querySelector('[role="status"]');
    if (!this.told) return; // a page that is only read
    for (const button of this.querySelectorAll("[data-move]")) button.hidden = false;
    this.addEventListener("click", ({ target }) => this.press(target.closest("[data-move]")));
    this.addEventListener("input", ({ target }) => target.matches("select") && this.choose(target));
  }

  get items() {
    return [...this.list.children];
  }

  press(button) {
    if (!button || button.matches(":disabled")) return;
    const item = button.closest("li");
    this.move(item, this.items.indexOf(item) + Number(button.dataset.move), button);
    this.dispatchEvent(new Event("input", { bubbles: true }));
  }

  choose(select) {
    if (select.value) return this.move(select.closest("li"), Number(select.value) - 1, select);
    for (const other of this.list.querySelectorAll("select")) other.value = "";
    this.told.textContent = "No item has a place now. The question counts as not answered.";
  }

  /** Puts an item where it is wanted, or as near as the ends allow. The control that was used keeps the focus. */
  move(item, wanted, control) {
    const others = this.items.filter((other) => other !== item);
    const place = Math.min(Math.max(wanted, 0), others.length);
    if (this.items.indexOf(item) !== place) this.list.insertBefore(item, others[place] ?? null);
    this.number();
    control.focus();
    this.told.textContent = `${item.querySelector(".order-text").textContent.trim()}: place ${place + 1} of ${this.items.length}`;
  }

  number() {
    this.items.forEach((item, at) => (item.querySelector("select").value = String(at + 1)));
  }

  /** Brings the items into the order of their places; those without one stay behind. */
  arrange() {
    const place = (item) => Number(item.querySelector("select").value) || Infinity;
    this.list.append(...this.items.sort((one, other) => (place(one) === place(other) ? 0 : place(one) - place(other))));
  }
}
customElements.define("order-list", OrderList);
