// Runs before the page. Keys for what the buttons do. They press the buttons, so a button that is off keeps its key off, too.
(() => {
  const IS_MAC = /Mac|iPhone|iPad/.test(navigator.platform);
  // Keys belong to what has the focus where that is typed in, chosen from or slid.
  const FIELDS = "input, textarea, select, [contenteditable], [role='listbox'], [role='slider'], [role='combobox']";
  const DIALOGS = "dialog[open], [role='dialog'], [role='alertdialog']";
  const STEPS = { ArrowLeft: "back", ArrowRight: "forward" };

  const press = (...places) => {
    const buttons = places.map((place) => document.querySelector(place));
    const button = buttons.find((one) => one && !one.disabled && one.checkVisibility());
    button?.click();
    return Boolean(button);
  };
  // The versions that the arrows flip: of the passage that has the focus, or else the last ones in the book.
  const flip = (step) => {
    const all = [...document.querySelectorAll(".book .versions")], focused = document.activeElement;
    const passage = focused.closest?.(".book .passage, .book .versions");
    let own = passage;
    while (own && !own.matches(".versions")) own = own.nextElementSibling?.matches(".passage") ? null : own.nextElementSibling;
    const versions = passage ? own : all.at(-1);
    versions?.querySelector(`[data-act="${step}"]`)?.click();
    return Boolean(versions);
  };
  const list = () => {
    const dialog = document.querySelector("#keys dialog");
    for (const key of dialog?.querySelectorAll("[data-mac]") || []) if (IS_MAC) key.textContent = key.dataset.mac;
    dialog?.showModal();
    return Boolean(dialog);
  };

  // Whether the key meant something here; what it did not mean stays the browser's.
  const act = ({ key, target, ctrlKey, metaKey, shiftKey, altKey }) => {
    const isCommand = IS_MAC ? metaKey && !ctrlKey : ctrlKey && !metaKey;
    if (altKey || document.querySelector(DIALOGS)) return false;
    // Whoever writes the story's next words may send them by key; every other box is left to its own keys.
    if (isCommand && !shiftKey && key === "Enter" && (!target.matches?.(FIELDS) || target.closest("#words, #opening, #wish"))) {
      return press("#continue", "#begin");
    }
    if (target.matches?.(FIELDS) || target.isContentEditable) return false;
    if (isCommand && key.toLowerCase() === "z") return press(shiftKey ? "#redo" : "#undo");
    if (ctrlKey || metaKey) return false;
    if (key === "?") return list();
    return !shiftKey && key in STEPS && flip(STEPS[key]);
  };
  // Before drafts.js and Gradio hear of it, so that neither takes the key for its own.
  window.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.repeat || !act(event)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  document.addEventListener("click", ({ target }) => { if (target.closest?.("#keys > * [data-keys]")) list(); });
  // A click beside the list closes it: only there is the dialog itself what was clicked.
  document.addEventListener("click", ({ target }) => { if (target.matches?.("#keys dialog")) target.close(); });
})();
