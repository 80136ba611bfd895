// <course-standing src="…">: a link to enroll, until the server says that the person who is signed in has the course already.
import { isSignedIn } from "./viewer-link.js";

const asked = new Map(); // both buy boxes ask the same

function ask(address) {
  if (!asked.has(address)) asked.set(address, fetch(address, { redirect: "error" }).then((answer) => answer.json()));
  return asked.get(address);
}

class CourseStanding extends HTMLElement {
  async connectedCallback() {
    if (!isSignedIn()) return;
    try {
      const { label, href } = await ask(this.getAttribute("src"));
      if (!href) return;
      const link = this.querySelector("a");
      link.textContent = label;
      link.href = href;
    } catch {
      // Not signed in after all, or out of reach: enrolling finds out by itself.
    }
  }
}
customElements.define("course-standing", CourseStanding);
