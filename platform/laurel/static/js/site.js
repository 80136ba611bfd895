// Loads the module of each custom element that is on the page, and no other. Pages work without any.
const modules = {
  "certificate-link": "./certificate-link.js",
  "confirm-submit": "./confirm-submit.js",
  "copy-button": "./copy-button.js",
  "course-standing": "./course-standing.js",
  "cta-picker": "./cta-picker.js",
  "exam-answer": "./exam-answer.js",
  "exam-focus": "./exam-focus.js",
  "exam-map": "./exam-map.js",
  "exam-saving": "./exam-saving.js",
  "exam-timer": "./exam-timer.js",
  "lesson-keys": "./lesson-keys.js",
  "live-preview": "./live-preview.js",
  "order-list": "./order-list.js",
  "page-contents": "./page-contents.js",
  "panel-switch": "./panel-switch.js",
  "rubric-sum": "./rubric-sum.js",
  "show-password": "./show-password.js",
  "theme-switch": "./theme-switch.js",
  "viewer-link": "./viewer-link.js",
  "word-count": "./word-count.js",
};

const PAUSES = [1000, 3000, 9000]; // milliseconds before a module that did not arrive is asked for again
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Loads a module; one that the network lost is asked for again, because a page of an exam may be open for an hour. */
async function load(path) {
  for (const pause of PAUSES) {
    try {
      return await import(path);
    } catch {
      await wait(pause);
    }
  }
  return import(path);
}

for (const [name, path] of Object.entries(modules)) {
  if (document.querySelector(name)) load(path);
}
