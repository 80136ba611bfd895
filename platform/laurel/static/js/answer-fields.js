// The fields of one question: what they say as the server stores it, and a stored answer back in its fields.
const NAME = "answer";

/** A text without what no database keeps and nobody sees: the control characters that pasting may bring along, and half characters. */
function storable(text) {
  const visible = text.replace(/[\x0b\x0c]/g, "\n").replace(/[\x00-\x08\x0e-\x1f\x7f-\x9f]/g, "");
  return visible.toWellFormed?.() ?? visible;
}

const places = (parts, count) => {
  const order = Array(count).fill(null);
  for (const [key, place] of Object.entries(parts)) order[Number(place) - 1] ??= key;
  return order;
};

/** What is stored for values: those of a question with one field or choice, or of one with parts, {part: value}. */
const WRITE = {
  single_choice: ([choice]) => ({ choice }),
  multiple_response: (choices) => ({ choices: choices.sort() }),
  true_false: ([value]) => ({ value: value === "true" }),
  matching: (_values, pairs) => ({ pairs }),
  ordering: (_values, parts, count) => ({ order: places(parts, count) }),
  cloze: (_values, gaps) => ({ gaps }),
};
const typed = ([text]) => ({ text });

/** The values by part of a stored answer, "" standing for the question itself. */
const READ = {
  matching: ({ pairs }) => pairs,
  ordering: ({ order }) => Object.fromEntries(order.map((key, at) => [key, String(at + 1)]).filter(([key]) => key !== null)),
  cloze: ({ gaps }) => gaps,
};

const isTick = (field) => field.matches('[type="radio"],[type="checkbox"]');
const partOf = (field) => field.name.slice(NAME.length + 1);

export class AnswerFields {
  constructor(form, kind) {
    this.form = form;
    this.kind = kind;
  }

  get all() {
    return [...this.form.elements].filter((field) => field.name === NAME || field.name.startsWith(`${NAME}-`));
  }

  /** The answer as the server stores it; null if there is none. */
  read() {
    const said = this.all.filter((field) => (isTick(field) ? field.checked : field.value.trim()));
    if (!said.length) return null;
    const parts = Object.fromEntries(said.map((field) => [partOf(field), storable(field.value)]));
    return (WRITE[this.kind] ?? typed)(said.map((field) => storable(field.value)), parts, this.all.length);
  }

  /** Puts a stored answer into the fields. */
  show(answer) {
    const parts = answer === null ? {} : READ[this.kind]?.(answer);
    const values = answer === null ? [] : Object.values(answer).flat().map(String);
    for (const field of this.all) {
      if (isTick(field)) field.checked = values.includes(field.value);
      else field.value = (parts ? parts[partOf(field)] : values[0]) ?? "";
    }
    this.form.querySelector("order-list")?.arrange();
  }

  /** Whether somebody has answered since the server wrote this page. */
  isChanged() {
    return this.all.some((field) => {
      if (field.matches("select")) return [...field.options].some((option) => option.selected !== (option.defaultSelected || isUnset(field, option)));
      return isTick(field) ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
    });
  }
}

/** Whether an option is the one that a list begins with when none is marked as chosen. */
function isUnset(field, option) {
  return option.index === 0 && ![...field.options].some((other) => other.defaultSelected);
}
