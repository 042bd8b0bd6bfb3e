/* What a reader looks for: a box that a key opens, suggestions below the search of the first page, and the results of a search.
   Loaded by policyspec.js when one of them is first asked for; it searches the data beside the pages, so it works from a disk. */
(() => {
  "use strict";

  const { make, say, data, texts, root, flat, has, parts, wordsIn, decoded, unmark } = window.policyspec;

  /* ---- what can be found ---- */

  const KINDS = ["principle", "section", "definition", "topic", "role", "example", "goal", "level", "page"];
  const ID = /^[^\s]*[_\d-][^\s]*$/;
  const NAMED = 200;
  /** A count of principles, in words. */
  const counted = (count) => (count === 1 ? say("1 principle") : say("{count} principles", { count }));

  /** Everything that has a title, with the words of it; before the texts are there, how it begins. */
  const entriesOf = (known, more) => {
    const names = known.topics.map(([, ...words]) => words.filter((_, n) => n !== 1).join(" , "));
    const found = Object.entries(known.items).map(([anchor, [kind, title, level, page, excerpt, topics, , home]]) => {
      const said = more?.said[anchor] || more?.answers[anchor]?.flatMap(([, , ...words]) => words) || [excerpt];
      const above = home && known.items[home] ? known.items[home][1] : "";
      const labels = kind === "example" ? [above] : topics.map((topic) => names[topic]);
      const about = kind === "example" ? [] : topics.map((topic) => [known.topics[topic][1], flat(names[topic])]);
      return { kind, title, level, page, excerpt, said, above, anchor, labels, about, ids: [anchor, ...(known.former[anchor] || [])] };
    });
    known.topics.forEach(([id, title, address, ...others], topic) => {
      const count = Object.values(known.items).filter(([kind, , , , , topics]) => kind === "principle" && topics.includes(topic)).length;
      const is = Object.hasOwn(known.items, `topic-${id}`);
      if (address && !is) found.push({ kind: "topic", title, address, note: counted(count), said: [], labels: others, ids: [id] });
    });
    for (const [kind, title, address] of known.ways) found.push({ kind, title, address, said: [], labels: [], ids: [] });
    for (const entry of found) {
      entry.name = flat(entry.title);
      entry.label = flat(entry.labels.join(" , "));
      entry.text = flat(entry.said.join(" , "));
      entry.ids = entry.ids.map((id) => id.toLowerCase());
    }
    return found;
  };
  /** How well something fits: its id, then its title, then what it is about, then its words; below zero, not at all. */
  const fits = (entry, words, query) => {
    const { name, label, text, ids } = entry;
    const sought = words.join("");
    const all = (where) => words.every((word) => has(where, word));
    const low = query.toLowerCase();
    if (ids.includes(low)) return 600;
    if (name === sought) return 500;
    if (name.startsWith(sought)) return 400;
    if (all(name)) return 300;
    // An id that nobody chose is made of the words of a title: only who types one means it.
    if (ID.test(query) && ids.some((id) => id.includes(low))) return 250;
    if (entry.kind === "topic" && has(`${label} `, `${sought} `)) return 250;
    if (all(name + label)) return NAMED;
    return all(name + label + text) ? 100 : -1;
  };
  const hitsOf = (entries, words, query) => {
    const found = entries.map((entry) => ({ entry, fit: fits(entry, words, query) }));
    // Whoever types the whole id of something means it, and what has it in its own.
    const least = ID.test(query) && found.some(({ fit }) => fit === 600) ? 250 : 0;
    return found.filter(({ fit }) => fit >= least).sort((one, other) => other.fit - one.fit || KINDS.indexOf(one.entry.kind) - KINDS.indexOf(other.entry.kind));
  };
  let entries = [];
  let whole = false;
  /** Return what fits a query, and the words that did: where nothing has them, their beginnings. */
  const find = async (query, wait) => {
    const known = await data();
    if (!known) return { known: null, words: [], hits: [] };
    if (!entries.length) entries = entriesOf(known, null);
    const loading = texts().then((more) => {
      if (!whole && more) entries = entriesOf(known, more);
      whole = true;
    });
    if (wait) await loading;
    const words = parts(query);
    const hits = words.length ? hitsOf(entries, words, query.trim()) : [];
    const begun = words.map((word) => (word.length > 6 ? word.slice(0, Math.max(5, word.length - 3)) : word));
    if (hits.length || !words.length || begun.join() === words.join()) return { known, words, hits };
    return { known, words: begun, hits: hitsOf(entries, begun, query.trim()), isBegun: true };
  };

  /* ---- what a hit shows ---- */

  const ROOM = 90;
  /** The words of a text around the first that is sought, with all of them marked. */
  const excerpt = (entry, words) => {
    const some = words.filter((word) => !has(entry.name, word));
    const fit = (text) => some.filter((word) => has(flat(text), word)).length;
    const best = entry.said.reduce((one, other) => (fit(other) > fit(one) ? other : one), entry.said[0] || "");
    const text = (fit(best) ? best : entry.excerpt || best).replace(/\s+/g, " ").trim();
    const sign = wordsIn(words);
    const first = Math.max(0, text.search(sign));
    const from = first > ROOM ? text.indexOf(" ", first - ROOM) + 1 : 0;
    const cut = text.slice(from, from + 3 * ROOM);
    const shown = (from ? "… " : "") + (from + 3 * ROOM < text.length ? `${cut.slice(0, cut.lastIndexOf(" "))} …` : cut);
    return marked(shown, sign);
  };
  const marked = (text, sign) => {
    const found = [];
    let last = 0;
    for (const match of text.matchAll(sign)) {
      found.push(text.slice(last, match.index), make("mark", {}, match[0]));
      last = match.index + match[0].length;
    }
    return [...found, text.slice(last)];
  };
  const kindOf = ({ entry, fit }, words) => {
    const kind = say(`kind ${entry.kind}`);
    const place = entry.above ? say("{kind} in {title}", { kind, title: entry.above }) : kind;
    const about = fit === NAMED ? (entry.about || []).filter(([, names]) => words.some((word) => has(names, word))).map(([label]) => label) : [];
    return [place, entry.note, about.length && say("about {topics}", { topics: about.join(", ") })].filter(Boolean).join(" · ");
  };
  /** Where a hit leads: what fits by its words is shown at the words. */
  const addressOf = ({ entry, fit }, query) => {
    if (entry.address) return new URL(entry.address, root);
    const to = new URL(entry.page, root);
    if (fit < NAMED) to.searchParams.set("find", query.trim());
    to.hash = encodeURIComponent(entry.anchor);
    return to;
  };
  const shown = (known, found, words) => {
    const { entry } = found;
    const [style, level] = known.levels[entry.level] || [];
    const said = excerpt(entry, found.fit === 600 || found.fit === 250 ? [] : words);
    return [
      make("span", { class: "ps-jump-title", dir: "auto" }, entry.title),
      ...(level ? [" ", make("span", { class: `ps-chip ps-level-${style}` }, level)] : []),
      " ",
      make("span", { class: "ps-jump-kind" }, kindOf(found, words)),
      ...(said.join("") ? [make("span", { class: "ps-jump-text", dir: "auto" }, ...said)] : []),
    ];
  };
  /** Whoever follows a hit of ours sees our marks, not those that Sphinx has noted for the next page. */
  const forget = () => {
    try {
      localStorage.removeItem("sphinx_highlight_terms");
    } catch {
      // A page may keep nothing.
    }
  };

  /* ---- suggestions below a field ---- */

  const MOST = 12;
  /** Fill a list as a reader types; `eager` ones have the first line chosen, others none until an arrow is pressed. */
  const suggest = (field, list, { eager, said, left }) => {
    let chosen = -1;
    const choose = (place) => {
      const all = [...list.children];
      chosen = all.length && place >= -1 ? (place + all.length) % all.length : -1;
      all.forEach((line, n) => line.setAttribute("aria-selected", n === chosen));
      if (all[chosen]) field.setAttribute("aria-activedescendant", all[chosen].id);
      else field.removeAttribute("aria-activedescendant");
      all[chosen]?.scrollIntoView({ block: "nearest" });
    };
    const refresh = async (wait) => {
      const text = field.value;
      const query = text.trim();
      const { known, words, hits } = await find(text, wait);
      if (text !== field.value) return;
      const lines = hits.slice(0, MOST).map((hit) => make("a", { href: addressOf(hit, query), role: "option", tabindex: "-1" }, ...shown(known, hit, words)));
      if (query && known?.search) {
        const address = new URL(known.search, root);
        address.searchParams.set("q", query);
        lines.push(make("a", { href: address, role: "option", tabindex: "-1" }, say("Search the full text for “{words}”", { words: query })));
      }
      lines.forEach((line, n) => (line.id = `${list.id}-${n}`));
      // What stands in the texts comes a moment later, and takes nobody's choice away.
      const held = list.dataset.for === text ? list.children[chosen]?.href : "";
      const again = held ? lines.findIndex((line) => line.href === held) : -1;
      list.replaceChildren(...lines);
      list.dataset.for = text;
      list.hidden = !lines.length;
      field.setAttribute("aria-expanded", lines.length > 0);
      said(query, hits.length);
      if (again >= 0) choose(again);
      else if (eager) choose(0);
      else chosen = -1;
      if (!wait && !whole && query) refresh(true);
    };
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => event.target.closest("a") && (forget(), left()));
    field.addEventListener("input", () => refresh(false));
    field.addEventListener("keydown", async (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      // What is closed chooses nothing; an arrow opens it again.
      if (list.hidden) chosen = -1;
      if (step && list.children.length) list.hidden = false;
      if (event.key === "Escape" && !list.hidden) {
        event.preventDefault();
        left();
      } else if (step) {
        event.preventDefault();
        choose(chosen < 0 && step < 0 ? -1 : chosen + step);
      } else if (event.key === "Enter" && (eager || chosen >= 0)) {
        event.preventDefault();
        // Whoever types fast is not taken to what fits half of it.
        if (list.dataset.for !== field.value || !whole) await refresh(true);
        list.children[Math.max(0, chosen)]?.click();
      }
    });
    return () => refresh(false);
  };
  const combobox = (list) => ({
    role: "combobox", autocomplete: "off", spellcheck: "false", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list",
  });

  /* ---- the box that a key opens ---- */

  let dialog;
  const boxed = () => {
    const list = make("div", { id: "ps-jump-hits", role: "listbox", "aria-label": say("Go to") });
    const field = make("input", { type: "search", "aria-label": say("Go to"), placeholder: say("Titles, ids, words"), ...combobox(list) });
    const status = make("p", { class: "ps-jump-says", role: "status" });
    const close = make("button", { type: "button", class: "ps-jump-close", "aria-label": say("Close"), title: say("Close"), onclick: () => dialog.close() }, "\u2715");
    dialog = make("dialog", { class: "ps-jump", "aria-label": say("Go to") }, make("div", { class: "ps-jump-head" }, field, close), status, list);
    const said = (query, count) => {
      const empty = say("Finds principles, sections, examples, definitions, topics and pages: by title, id or former id, or by any word of their text.");
      status.textContent = query ? (count ? "" : say("Nothing matches “{words}”.", { words: query })) : empty;
    };
    const refresh = suggest(field, list, { eager: true, said, left: () => dialog.close() });
    dialog.addEventListener("keydown", (event) => event.key === "Escape" && (event.preventDefault(), dialog.close()));
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    document.body.append(dialog);
    return { field, refresh };
  };
  let box;
  const jump = (text = "") => {
    box ??= boxed();
    if (!dialog.open) dialog.showModal();
    box.field.value = text;
    box.field.focus();
    box.refresh();
  };

  /* ---- the search of the first page: Enter searches, an arrow chooses ---- */

  const equipField = (field) => {
    const list = make("div", { id: "ps-find-hits", class: "ps-find-hits ps-jump-list", role: "listbox", "aria-label": say("Go to"), hidden: true });
    for (const [name, value] of Object.entries(combobox(list))) field.setAttribute(name, value);
    field.form.append(list);
    const left = () => {
      list.hidden = true;
      field.setAttribute("aria-expanded", "false");
      field.removeAttribute("aria-activedescendant");
    };
    const refresh = suggest(field, list, { eager: false, said: () => document.activeElement === field || left(), left });
    field.addEventListener("blur", left);
    field.addEventListener("focus", () => field.value && refresh());
    if (field.value) refresh();
  };

  /* ---- the page of results ---- */

  const FEW = 30;
  const search = async (place) => {
    const query = (new URLSearchParams(location.search).get("q") || "").trim();
    const main = place.closest("main, [role='main'], .body") || document.body;
    const form = [...main.querySelectorAll("input[name='q']")].every((field) => !field.checkVisibility?.());
    const results = make("div", { class: "ps-results" });
    if (!main.querySelector("h1")) place.append(make("h1", {}, say("Search")));
    if (form) {
      const field = make("input", { type: "search", name: "q", value: query, "aria-label": say("Search principles and examples"), placeholder: say("Search principles and examples") });
      place.append(make("form", { class: "ps-find", role: "search", method: "get" }, field, make("button", { type: "submit" }, say("Search"))));
    }
    place.append(results);
    const { known, words, hits, isBegun } = await find(query, true);
    // Pages that only compute something are no text.
    const found = hits.filter(({ entry }) => entry.kind !== "page");
    const line = (hit) => make("li", {}, make("a", { href: addressOf(hit, query), onclick: forget }, ...shown(known, hit, words)));
    const says = !query
      ? say("Finds principles, sections, examples, definitions, topics and pages: by title, id or former id, or by any word of their text.")
      : !found.length
        ? say("Nothing matches “{words}”.", { words: query })
        : isBegun
          ? say("Nothing matches “{words}”. What has words that begin alike:", { words: query })
          : found.length === 1
            ? say("1 hit for “{words}”", { words: query })
            : say("{count} hits for “{words}”", { count: found.length, words: query });
    results.append(make("p", { class: "ps-results-says", role: "status" }, says));
    const list = make("ol", { class: "ps-hits ps-jump-list" }, ...found.slice(0, FEW).map(line));
    if (found.length) results.append(list);
    if (found.length > FEW) {
      const more = make("button", { type: "button", onclick: () => {
        const next = found.slice(FEW).map(line);
        list.append(...next);
        more.remove();
        next[0].querySelector("a").focus();
      } }, say("Show all {count}", { count: found.length }));
      results.append(more);
    }
    if (known && (!query || !found.length)) {
      const ways = known.ways.map(([, title, address]) => make("li", {}, make("a", { href: new URL(address, root) }, title)));
      if (ways.length) results.append(make("ul", { class: "ps-actions" }, ...ways));
    }
    place.classList.add("ps-on");
    return known;
  };
  /** In the list of Sphinx stands what has no words of the spec: what is found above is not found once more. */
  const prune = (known, list) => {
    const ours = new Set(Object.entries(known.items).map(([anchor, [, , , page]]) => new URL(`${page}#${encodeURIComponent(anchor)}`, root).href));
    const sweep = () => {
      for (const link of list.querySelectorAll("li > a")) {
        const to = new URL(link.href);
        to.search = "";
        to.hash = encodeURIComponent(decoded(to.hash.slice(1)));
        if (ours.has(to.href)) link.closest("li").remove();
      }
      unmark(list);
    };
    sweep();
    new MutationObserver(sweep).observe(list, { childList: true, subtree: true });
  };
  const equipSearch = async (place) => {
    /* global Search */
    if (typeof Search !== "undefined" && Search.htmlToText) {
      const before = Search.htmlToText;
      // Excerpts are cut from all of a page; what a reader must open first, and buttons, are no part of its text.
      Search.htmlToText = (page, ...more) => {
        const read = new DOMParser().parseFromString(page, "text/html");
        read.querySelectorAll(".no-search, .ps-badge, .ps-level-word, [popover]").forEach((node) => node.remove());
        return before(read.documentElement.outerHTML, ...more);
      };
    }
    const known = await search(place);
    const list = document.getElementById("search-results");
    if (place.matches(".ps-whole")) addEventListener("pagehide", forget);
    if (known && list && !place.matches(".ps-whole")) prune(known, list);
  };

  window.policyspecFind = { jump, equipField, equipSearch };
})();
