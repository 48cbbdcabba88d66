"use strict";
(() => {
  const FIRST = 200, FURTHER = 500; // rows shown at first and at each click: thousands at once would take a browser seconds to lay out
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

  const key = (cell) => cell.dataset.key ?? cell.textContent.trim();
  const numbers = (one, other) => parseFloat(one) - parseFloat(other);

  function sort(table, head, direction) {
    const body = table.tBodies[0];
    const compare = head.dataset.sort === "number" ? numbers : collator.compare;
    const rows = Array.from(body.rows, (row) => [key(row.cells[head.cellIndex]), row]);
    rows.sort(([one], [other]) => (one && other ? direction * compare(one, other) : !one - !other)); // what is empty stands last
    body.replaceChildren(...rows.map(([, row]) => row));
  }

  function sortable(table, after) {
    for (const head of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        sort(table, head, up ? 1 : -1);
        after();
      });
    }
  }

  function filterable(table) {
    const find = document.getElementById("find"), kind = document.getElementById("kind");
    const shown = document.querySelector(".shown"), further = shown.querySelector("button"), status = shown.querySelector("span");
    const names = new Map(Array.from(table.tBodies[0].rows, (row) => [row, plain(row.cells[0].textContent)]));
    let most = FIRST;
    const show = () => {
      const words = plain(find.value).split(/\s+/);
      let found = 0;
      for (const row of table.tBodies[0].rows) {
        const wanted = (!kind.value || row.dataset.tags.split(" ").includes(kind.value)) && words.every((word) => names.get(row).includes(word));
        const name = wanted && found < most ? "" : "away";
        if (row.className !== name) row.className = name;
        found += wanted;
      }
      status.textContent = `${Math.min(found, most).toLocaleString("en")} of ${found.toLocaleString("en")} shown.`;
      further.hidden = found <= most;
      shown.hidden = found <= most && found === names.size;
    };
    find.addEventListener("input", show);
    kind.addEventListener("change", show);
    further.addEventListener("click", () => { most += FURTHER; show(); });
    document.querySelector(".controls").hidden = false;
    return show;
  }

  document.documentElement.classList.add("opening");
  document.addEventListener("DOMContentLoaded", () => {
    for (const table of document.querySelectorAll("table.sortable")) {
      const show = table.classList.contains("students") ? filterable(table) : () => {};
      sortable(table, show);
      show();
    }
    document.documentElement.classList.remove("opening");
  });
})();
