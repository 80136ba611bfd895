// <viewer-link>: the link for strangers, and a hidden one for who is signed in. The page is the same for everybody (it is cached), so
// the browser shows the right one. The cookie says only that somebody is signed in; see web/viewer_cookie.py.
export const isSignedIn = () => document.cookie.split("; ").includes("laurel_viewer=1");

class ViewerLink extends HTMLElement {
  connectedCallback() {
    this.show();
    addEventListener("pageshow", () => this.show()); // back to a page kept from before signing in or out
  }

  show() {
    const [stranger, viewer] = this.querySelectorAll("a");
    stranger.hidden = isSignedIn();
    viewer.hidden = !isSignedIn();
  }
}
customElements.define("viewer-link", ViewerLink);
