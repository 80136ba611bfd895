// Marks in "On this page" the heading that is being read.
class PageContents extends HTMLElement {
  connectedCallback() {
    this.links = new Map();
    for (const link of this.querySelectorAll('a[href^="#"]')) {
      const heading = document.getElementById(decodeURIComponent(link.hash.slice(1)));
      if (heading) this.links.set(heading, link);
    }
    this.observer = new IntersectionObserver(() => this.mark(), { rootMargin: "100000px 0px -70% 0px" });
    for (const heading of this.links.keys()) this.observer.observe(heading);
  }

  disconnectedCallback() {
    this.observer.disconnect();
  }

  /** The last heading that has passed the upper third of the window is the one being read. */
  mark() {
    const read = [...this.links.keys()].findLast((heading) => heading.getBoundingClientRect().top < innerHeight * 0.3);
    for (const [heading, link] of this.links) {
      if (heading === read) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }
}
customElements.define("page-contents", PageContents);
