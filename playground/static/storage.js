// Runs before the page: a browser that keeps nothing gets a page all the same, and its reader is told.
(() => {
  const tell = () => document.documentElement.classList.add("keeps-nothing");
  try {
    window.localStorage.length;
  } catch {
    // Storage is forbidden, as in a frame of another site: the page itself would stop where it asks for it.
    const kept = new Map();
    const storage = {
      getItem: (key) => kept.get(String(key)) ?? null,
      setItem: (key, value) => { kept.set(String(key), String(value)); },
      removeItem: (key) => { kept.delete(String(key)); },
      clear: () => kept.clear(),
      key: (number) => [...kept.keys()][number] ?? null,
      get length() { return kept.size; },
    };
    for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, { value: storage });
    tell();
    return;
  }
  const setItem = Storage.prototype.setItem;
  Storage.prototype.setItem = function (key, value) {
    try { setItem.call(this, key, value); } catch { tell(); }
  };
})();
