// What this browser remembers. A browser that refuses forgets, and nothing else happens.
export function recall(key) {
  try {
    return localStorage.getItem(`laurel.${key}`);
  } catch {
    return null;
  }
}

export function remember(key, value) {
  try {
    if (value === null) localStorage.removeItem(`laurel.${key}`);
    else localStorage.setItem(`laurel.${key}`, value);
  } catch {
    // Private window or full storage: the choice holds for this page.
  }
}
