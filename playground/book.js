// Runs when the book loads: clicks and keys on a passage become events, and the passage being written grows in place.
const act = (event) => {
  const target = event.target.closest("[data-act]");
  if (!target || !element.contains(target)) return;
  event.preventDefault();
  trigger("click", { act: target.dataset.act, passage: Number(target.dataset.passage) });
};
element.addEventListener("click", (event) => { event.stopPropagation(); act(event); });
element.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("span[data-act]")) act(event);
});

window.showLive = (source) => {
  const place = element.querySelector(".live");
  if (!place || !source) return;
  const isAtEnd = window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 160;
  place.innerHTML = source.innerHTML;
  if (isAtEnd) window.scrollTo({ top: document.documentElement.scrollHeight });
};

window.saveFile = ({ name, type, content }) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};
