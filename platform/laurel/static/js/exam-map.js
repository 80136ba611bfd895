// <exam-map> around the question map: shows a question as answered as soon as it is.
class ExamMap extends HTMLElement {
  connectedCallback() {
    this.listen = ({ detail }) => this.mark(detail);
    document.addEventListener("answer-changed", this.listen);
  }

  disconnectedCallback() {
    document.removeEventListener("answer-changed", this.listen);
  }

  mark({ number, isAnswered }) {
    const cell = this.querySelector(`[data-number="${number}"]`);
    cell.classList.toggle("is-answered", isAnswered);
    const flagged = cell.classList.contains("is-flagged") ? ", flagged" : "";
    cell.querySelector("[data-state]").textContent = `${isAnswered ? ", answered" : ", not answered"}${flagged}`;
  }
}
customElements.define("exam-map", ExamMap);
