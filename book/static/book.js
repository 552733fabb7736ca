// Search over the whole text, and a button that copies commands. Both work from a file, without a network.
(() => {
  const root = new URL(".", document.currentScript.src).href; // where the book begins, also for pages in folders
  const input = document.getElementById("search"), list = document.getElementById("found");

  const find = (words) => (window.bookIndex ?? [])
    .map((page) => {
      const title = page.title.toLowerCase(), text = page.text.toLowerCase();
      let score = 0;
      for (const word of words) {
        const times = text.split(word).length - 1;
        if (!times && !title.includes(word)) return null;
        score += Math.min(times, 20) + (title.includes(word) ? 50 : 0);
      }
      return { page, score, at: text.indexOf(words[0]) };
    })
    .filter(Boolean).sort((a, b) => b.score - a.score).slice(0, 12);

  const excerpt = (text, at, length) => {
    const part = document.createElement("small"), mark = document.createElement("mark"), from = Math.max(0, at - 50);
    mark.textContent = text.slice(at, at + length);
    part.append("…" + text.slice(from, at), mark, text.slice(at + length, at + length + 90) + "…");
    return part;
  };

  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter((word) => word.length > 1);
    list.replaceChildren(...(words.length ? find(words) : []).map(({ page, at }) => {
      const item = document.createElement("li"), link = document.createElement("a");
      link.href = root + page.url;
      link.textContent = page.title;
      item.append(link);
      if (at >= 0) item.append(excerpt(page.text, at, words[0].length));
      return item;
    }));
    list.hidden = !list.children.length;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement.tagName !== "INPUT") { event.preventDefault(); input.focus(); }
  });

  for (const block of document.querySelectorAll("pre")) {
    const button = document.createElement("button");
    button.className = "copy";
    button.textContent = "copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(block.querySelector("code")?.textContent ?? block.textContent);
      button.textContent = "copied";
    });
    block.append(button);
  }
})();
