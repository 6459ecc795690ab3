// Runs before the page: says which language its parts are in, to ears, spell checkers and translators. Stories are in English.
(() => {
  const SPOKEN = "TAGS", root = document.documentElement;
  const IN_ENGLISH = ":is(#opening, #words, #wish, #edit-text, #characters, #notes, #lore, #unwanted) textarea, #title input, .ideas button";
  // Gradio names the browser's language, although the words of the page are English where it has none of its own.
  const name = () => { if (!SPOKEN.includes(root.lang.split("-")[0])) root.lang = SPOKEN[0]; };
  const mark = (part) => { for (const one of part.querySelectorAll?.(IN_ENGLISH) || []) one.lang = "en"; };
  new MutationObserver(name).observe(root, { attributeFilter: ["lang"] });
  new MutationObserver((changes) => changes.forEach(({ addedNodes }) => addedNodes.forEach(mark))).observe(root, { childList: true, subtree: true });
  name();
})();
