// Leaving a page of a running exam, for <exam-saving>: only once everything is saved and the server answers, because whoever is led
// to a page that does not come stands before the browser's error page, where nothing is sent again by itself.
const PATIENCE = 10_000;
const RECENT = 1500; // what answered so shortly ago is asked nothing
const PAUSE = 1000;

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export class Leaving {
  constructor(saving) {
    this.saving = saving;
    this.isOver = false;
    document.addEventListener("submit", (event) => this.hold(event));
    document.addEventListener("click", (event) => this.holdLink(event));
    document.addEventListener("time-up", (event) => this.timeUp(event.target));
  }

  /** A form of this page waits until everything is saved, so that leaving a page loses nothing. */
  async hold(event) {
    const form = event.target;
    if (form === this.going) return;
    event.preventDefault();
    if (form.matches("[data-dismiss]")) return this.saving.dismiss(form);
    if (!(await this.mayLeave())) return;
    if (form.elements.lease) form.elements.lease.value = this.saving.tab;
    await wait(0); // while the browser still fires this submit, it ignores another one
    this.going = form;
    form.requestSubmit(event.submitter);
  }

  /** So does a link, unless it leads to a place on this page, or to another tab. */
  holdLink(event) {
    const link = event.target.closest("a[href]");
    const isOwn = link && !link.target && !link.hash && link.origin === location.origin;
    if (!isOwn || this.saving.isStopped || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    this.mayLeave().then((may) => may && location.assign(link.href));
  }

  /** True once nothing waits and the server answers, tried for ten seconds; false at once if this page does not save any more. */
  async mayLeave() {
    const end = performance.now() + PATIENCE;
    if (this.saving.isStopped) return false;
    if (!(await this.saving.settle(PATIENCE))) this.tell();
    while (!this.saving.isStopped && !this.saving.pending.size && performance.now() < end) {
      if (await this.answers()) return !this.saving.isStopped;
      await wait(PAUSE);
    }
    return false;
  }

  /** Whether the server answers now, or did a moment ago; tells the learner if it does not. */
  async answers() {
    const heard = () => navigator.onLine && performance.now() - this.saving.heardAt < RECENT;
    if (!heard()) await this.saving.check();
    if (!heard()) this.tell();
    return heard();
  }

  tell() {
    if (this.saving.isSignedOut) return; // that it answers, but not to this person, is said already
    this.saving.show(this.isOver ? "over" : this.saving.pending.size ? "offline" : "unreachable");
  }

  /**
   * Only the server knows whether the time is over: a clock that was set meanwhile goes on rightly. What follows the server knows,
   * too. Until it can be asked this page stays, and goes on sending what was given in time.
   */
  async timeUp(timer) {
    await Promise.race([this.saving.check(), wait(1000)]);
    if (timer.left() > 0) return timer.start();
    this.isOver = true;
    this.saving.say("Time is up. Saving");
    document.dispatchEvent(new CustomEvent("exam-read-only"));
    await Promise.all([this.saving.settle(5000), wait(1200)]);
    while (!(await this.answers())) await wait(PAUSE);
    location.assign(this.saving.getAttribute("attempt-url"));
  }
}
