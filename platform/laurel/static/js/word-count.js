// <word-count for least most>: counts the words of a text area while somebody writes. The number is shown after a short pause and
// read out only after a longer one, when it has grown by fifty or has passed a limit: nobody wants to hear each key.
const SHOWN = 300;
const SAID = 4000;
const STEP = 50;

class WordCount extends HTMLElement {
  connectedCallback() {
    this.area = document.getElementById(this.getAttribute("for"));
    this.shown = this.querySelector("[data-count]");
    this.status = this.querySelector('[role="status"]');
    this.said = this.count();
    this.saidWords = this.words();
    this.area.addEventListener("input", () => this.later());
    document.addEventListener("answer-changed", () => this.later()); // a text that was kept on this device has come back
    this.show();
  }

  disconnectedCallback() {
    clearTimeout(this.showing);
    clearTimeout(this.saying);
  }

  count() {
    return this.area.value.match(/\S+/g)?.length ?? 0;
  }

  words() {
    const count = this.count();
    const least = Number(this.getAttribute("least"));
    const most = Number(this.getAttribute("most"));
    const room = this.area.maxLength - this.area.value.length;
    const said = [count === 1 ? "1 word" : `${count} words`];
    if (most && count > most) said.push(`${count - most} more than asked for`);
    else if (least && count < least) said.push(`${least - count} to go`);
    if (room < 500) said.push(`room for ${room} more characters`);
    return said.join(", ");
  }

  later() {
    clearTimeout(this.showing);
    clearTimeout(this.saying);
    this.showing = setTimeout(() => this.show(), SHOWN);
    this.saying = setTimeout(() => this.say(), SAID);
  }

  show() {
    this.shown.hidden = false;
    this.shown.textContent = this.words();
  }

  say() {
    const [count, words] = [this.count(), this.words()];
    const hasPassed = words.replace(/\d+/g, "") !== this.saidWords.replace(/\d+/g, "");
    if (Math.abs(count - this.said) < STEP && !hasPassed) return;
    this.said = count;
    this.saidWords = words;
    this.status.textContent = words;
  }
}
customElements.define("word-count", WordCount);
