// Runs before the page. What the browser remembers is a merge: a tab writes only what has changed in it, fact by fact, and takes
// over what other tabs have written. So no story falls off the shelf because a tab knew an older shelf.
(() => {
  const PREFIX = "story-playground/", OWN_STORY = "story-playground-tab", MOST_SEEN = 50;
  const tab = Math.random().toString(36).slice(2);
  const written = new Map(); // by this tab: its facts are known even where storage is full
  const seen = new Map(); // what this tab gave to the server, by its mark: an answer has changed that, not what came since
  let count = 0;

  const list = (facts, kind) =>
    facts.filter(([name]) => name.startsWith(kind)).map(([name, { value }]) => [name.slice(kind.length), value]);
  const prefix = (kind, values) => Object.fromEntries(Object.entries(values || {}).map(([name, value]) => [kind + name, value]));

  // Each kind of memory as facts, name -> value, and back from facts, the newest first. A fact that a tab no longer has is dropped
  // if `drops` says so: removed stories come back and manners are dropped, but a story stays for ever.
  const kinds = {
    shelf: {
      facts: /^(story|removed)\//,
      drops: /^removed\//,
      split: ({ shelf, removed }) => ({
        ...prefix("story/", shelf),
        ...Object.fromEntries([removed || []].flat().map((number) => [`removed/${number}`, true])),
      }),
      join: (facts) => {
        const removed = list(facts, "removed/").map(([number]) => number).reverse();
        return { shelf: Object.fromEntries(list(facts, "story/").filter(([number]) => !removed.includes(number))), removed };
      },
    },
    settings: {
      facts: /^(manner|setting)\//,
      drops: /^manner\//,
      split: ({ manners, settings_mark, ...others }) => ({ ...prefix("manner/", manners), ...prefix("setting/", others) }),
      join: (facts) => ({
        ...Object.fromEntries(list(facts, "setting/")),
        manners: Object.fromEntries(list(facts, "manner/").reverse()),
      }),
    },
  };

  const read = (name) => {
    let fact = null;
    try { fact = JSON.parse(localStorage.getItem(PREFIX + name)); } catch { /* damaged: this tab may know it */ }
    const own = written.get(name);
    return typeof fact?.at === "number" && !(own?.at > fact.at) ? fact : own;
  };
  const write = (name, value, at) => {
    const fact = { value, at: Math.max(at, (read(name)?.at ?? 0) + 1) };
    written.set(name, fact);
    localStorage.setItem(PREFIX + name, JSON.stringify(fact));
  };
  const readAll = (isOfKind) => {
    const keys = Array.from({ length: localStorage.length }, (_, number) => localStorage.key(number));
    const stored = keys.filter((key) => key?.startsWith(PREFIX)).map((key) => key.slice(PREFIX.length));
    return [...new Set([...stored, ...written.keys()])].filter((name) => isOfKind.test(name)).map((name) => [name, read(name)])
      .filter(([, fact]) => fact && fact.value !== null).sort(([, one], [, other]) => other.at - one.at);
  };
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

  // Write what has changed in a memory; returns it with all that other tabs know, or nothing where it knows that already.
  const merge = (kind, given) => {
    const { facts, drops, split, join } = kinds[kind], mark = `${kind}_mark`, time = Date.now();
    const base = seen.get(given[mark]), before = base && split(base), now = split(given);
    Object.entries(now).forEach(([name, value], place) => {
      const isNew = base && !(name in before);
      // What no tab has written comes from an earlier version of the page, and keeps its place.
      if (!read(name)) write(name, value, isNew ? time : time - 1000 - place);
      else if (isNew ? !name.startsWith("setting/") : base && !same(before[name], value)) write(name, value, time);
    });
    for (const name of Object.keys(before || {})) if (drops.test(name) && !(name in now)) write(name, null, time);
    const opened = `story/${given.story}`;
    if (base && base.story !== given.story && opened in now) write(opened, now[opened], time); // to the front of the shelf
    const merged = { ...given, ...join(readAll(facts)) };
    const isKnown = base && base.story === given.story && same(Object.entries(before).sort(), Object.entries(now).sort());
    if (isKnown && same(merged, given)) return null;
    merged[mark] = `${tab}-${++count}`;
    seen.set(merged[mark], merged);
    if (seen.size > MOST_SEEN) seen.delete(seen.keys().next().value);
    return merged;
  };

  // After a reload a tab is still in its own story, whatever other tabs have opened since.
  const keepOwnStory = (stories) => {
    const own = sessionStorage.getItem(OWN_STORY);
    if (seen.has(stories.shelf_mark)) sessionStorage.setItem(OWN_STORY, stories.story || "");
    else if (own !== null) return { ...stories, story: own };
    return stories;
  };
  // A link for writing along has the number behind its #, which is sent to nobody and does not stay in the address.
  const LINK = /^#story=([0-9a-f]{32})$/;
  const followLink = (stories) => {
    const [, number] = location.hash.match(LINK) || [];
    if (!number) return stories;
    history.replaceState(null, "", location.pathname + location.search);
    return { ...stories, story: number };
  };
  window.addEventListener("hashchange", () => { if (LINK.test(location.hash)) location.reload(); });
  const update = (properties) => ({ __type__: "update", ...properties });

  window.memory = {
    // Both memories on their way to the server when a page arrives.
    arrive: (stories, settings) => [
      merge("shelf", followLink(keepOwnStory(stories || {}))) || stories,
      merge("settings", settings || {}) || settings,
    ],
    // New values for the memory, the list of stories and the button that brings one back.
    mergeStories: (stories) => {
      const merged = merge("shelf", keepOwnStory(stories || {}));
      if (!merged) return [];
      const choices = Object.entries(merged.shelf).map(([number, title]) => [title, number]);
      const value = merged.story in merged.shelf ? merged.story : null;
      return [merged, update({ choices, value }), update({ visible: merged.removed.length > 0 })];
    },
    // New values for the settings and the list of the reader's own manners.
    mergeSettings: (settings) => {
      const merged = merge("settings", settings || {});
      if (!merged) return [];
      return [merged, update({ choices: Object.keys(merged.manners).map((name) => [name, name]) })];
    },
    // Whether a memory has come from the server since this page arrived.
    isOwn: (stories) => seen.has(stories?.shelf_mark),
    // Calls `act` when another tab has written.
    listen: (act) =>
      window.addEventListener("storage", ({ key }) => {
        if (key === null || key.startsWith(PREFIX)) act();
      }),
  };
})();
