// Left and right arrow follow the rel=prev and rel=next links inside, unless the keys are needed elsewhere.
const busy = "input, textarea, select, [contenteditable], video, audio, dialog, [role=region], pre, :popover-open";

class LessonKeys extends HTMLElement {
  connectedCallback() {
    this.listen = (event) => this.follow(event);
    document.addEventListener("keydown", this.listen);
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.listen);
  }

  follow(event) {
    const [left, right] = getComputedStyle(this).direction === "rtl" ? ["next", "prev"] : ["prev", "next"];
    const rel = { ArrowLeft: left, ArrowRight: right }[event.key];
    const chord = event.altKey || event.ctrlKey || event.metaKey || event.shiftKey;
    if (!rel || chord || event.defaultPrevented || event.target.closest(busy)) return;
    this.querySelector(`a[rel="${rel}"]`)?.click();
  }
}
customElements.define("lesson-keys", LessonKeys);
