// Runs before the page: a browser that keeps nothing gets a page all the same, and its reader is told.
(() => {
  const tell = () => { // by a style of its own: Gradio's styles see nothing outside its container
    if (document.getElementById("keeps-nothing")) return;
    const style = Object.assign(document.createElement("style"), { id: "keeps-nothing" });
    style.textContent = ".keeps-nothing-hint { display: block !important; }";
    document.head.append(style);
  };
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
