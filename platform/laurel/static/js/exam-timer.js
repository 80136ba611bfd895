// <exam-timer due="ISO" now="ISO"> (macro questions.exam_timer): counts down; the server decides when time is up.
// `now` is the server's clock when it wrote the page, so a wrong clock here does no harm. The display is never live:
// a screen reader hears it at 30, 15, 10, 5 and 1 minutes and when "Time left" is pressed. At zero it fires "time-up".
// With `quiet`, for somebody whom a clock disturbs, it starts hidden and speaks by itself at 5 and 1 minutes only.
import { recall, remember } from "./memory.js";

const MINUTE = 60_000;
const SLOWEST = 15_000; // longer than any reply that is waited for
const ANNOUNCED = [30, 15, 10, 5, 1];
const ANNOUNCED_QUIETLY = [5, 1];

function inWords(left) {
  const minutes = Math.floor(left / MINUTE);
  const seconds = Math.floor((left % MINUTE) / 1000);
  const unit = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
  if (left <= 0) return "Time is up";
  if (minutes >= 60) return `${unit(Math.floor(minutes / 60), "hour")} ${unit(minutes % 60, "minute")} left`;
  return minutes >= 5 ? `${unit(minutes, "minute")} left` : `${minutes ? `${unit(minutes, "minute")} ` : ""}${unit(seconds, "second")} left`;
}

function inFigures(left) {
  const seconds = Math.max(0, Math.ceil(left / 1000));
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  return `${hours ? `${hours}:` : ""}${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`;
}

class ExamTimer extends HTMLElement {
  connectedCallback() {
    const age = performance.now() - (performance.getEntriesByType("navigation")[0]?.responseStart ?? performance.now());
    const written = Date.now() - age; // not from `timeOrigin`: a clock that was set since would count twice
    this.offset = Date.parse(this.getAttribute("now")) - written;
    this.due = Date.parse(this.getAttribute("due"));
    this.before = this.left();
    this.build();
    this.hide(this.startsHidden());
    this.start();
  }

  start() {
    clearInterval(this.ticking);
    this.ticking = setInterval(() => this.tick(), 1000);
    this.tick();
  }

  /** What the server said just now. The clock of this device may have been set since the page was written; a slow reply is no such thing. */
  correct(now, due) {
    const offset = Date.parse(now) - Date.now();
    if (Math.abs(offset - this.offset) > SLOWEST) this.offset = offset;
    this.due = Date.parse(due);
  }

  disconnectedCallback() {
    clearInterval(this.ticking);
  }

  left() {
    return this.due - (Date.now() + this.offset);
  }

  startsHidden() {
    return recall("timer") === "hidden" || (this.hasAttribute("quiet") && recall("timer") !== "shown");
  }

  build() {
    this.querySelector("details")?.remove();
    this.clock = this.querySelector(".timer-text");
    this.clock.setAttribute("role", "timer");
    this.voice = this.querySelector("[role=status]");
    const say = this.querySelector("[data-say]");
    const hide = this.querySelector("[data-hide]");
    this.label = hide.querySelector("[data-label]");
    say.addEventListener("click", () => this.say());
    hide.addEventListener("click", () => this.hide(!this.clock.hidden));
    say.hidden = hide.hidden = false;
  }

  /** Shows the time for a while even if it is hidden, and says it. */
  say() {
    this.voice.textContent = "";
    setTimeout(() => (this.voice.textContent = inWords(this.left())), 50);
    if (this.clock.hidden) {
      this.clock.hidden = false;
      setTimeout(() => this.hide(this.startsHidden()), 5000);
    }
  }

  hide(hidden) {
    this.clock.hidden = hidden;
    this.label.textContent = hidden ? "Show timer" : "Hide timer";
    remember("timer", hidden ? "hidden" : this.hasAttribute("quiet") ? "shown" : null);
  }

  tick() {
    const left = this.left();
    this.clock.textContent = inFigures(left);
    this.clock.classList.toggle("timer-low", left <= 5 * MINUTE);
    const announced = this.hasAttribute("quiet") ? ANNOUNCED_QUIETLY : ANNOUNCED;
    const passed = announced.filter((minutes) => this.before > minutes * MINUTE && left <= minutes * MINUTE);
    if (passed.length) this.voice.textContent = `${passed.at(-1)} ${passed.at(-1) === 1 ? "minute" : "minutes"} left`;
    this.before = left;
    if (left <= 0) this.end();
  }

  end() {
    clearInterval(this.ticking);
    this.voice.textContent = "Time is up";
    this.dispatchEvent(new CustomEvent("time-up", { bubbles: true }));
  }
}
customElements.define("exam-timer", ExamTimer);
