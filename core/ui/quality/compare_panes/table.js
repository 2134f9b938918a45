// @ts-check
// Two to four runs side by side: one row per field, differences inside the cells; a click takes the focus there.
/**
 * What Python sends; `pieces` of a cell are the parts of its difference, `mark` says whether it is right.
 * @typedef {{ reference: boolean, picked: boolean, list: boolean, missing: string, mark?: string, tone?: string,
 *   pieces: ["same" | "out" | "in", string][] }} Cell
 * @typedef {{ key: string, label: string, focused: boolean, cells: Cell[] }} Row
 * @typedef {{ position: number, title: string, rows: Row[] }} Customer
 * @typedef {{ above: number, columns: { title: string, reference: boolean }[], customers: Customer[] }} Data
 */

/**
 * @param {{ data: Data | null, parentElement: HTMLElement | ShadowRoot,
 *   setTriggerValue: (name: string, value: { customer: number, key: string }) => void }} component
 */
export default function ({ data, parentElement, setTriggerValue }) {
  const root = /** @type {HTMLElement} */ (parentElement.querySelector(".sides"));
  /** @type {(tag: string, name?: string, text?: string) => HTMLElement} */
  const make = (tag, name, text) => {
    const node = document.createElement(tag);
    if (name) node.className = name;
    if (text !== undefined) node.textContent = text;
    return node;
  };
  if (!data) return;
  root.style.maxHeight = `max(320px, calc(100vh - ${data.above}px))`;
  const table = make("table");
  const head = make("tr");
  head.append(
    make("th", "", "字段"),
    ...data.columns.map((column) => make("th", column.reference ? "ref" : "", column.title)),
  );
  const top = make("thead");
  top.append(head);
  table.append(top);
  const cellOf = (/** @type {Cell} */ cell) => {
    const node = make("td", [cell.reference ? "ref" : "", cell.picked ? "picked" : ""].join(" ").trim());
    if (cell.missing) {
      node.append(make("span", "none", cell.missing));
    } else if (!cell.pieces.length) {
      node.append(make("span", "none", "空"));
    } else {
      const tags = { same: "span", out: "del", in: "ins" };
      for (const [op, text] of cell.pieces) {
        const piece = make(tags[op], "", text);
        if (!cell.list) node.append(piece);
        else {
          const pill = make("span", "pill");
          pill.append(piece);
          node.append(pill);
        }
      }
    }
    if (cell.mark) node.append(make("span", `mark ${cell.tone}`, cell.mark));
    return node;
  };
  for (const customer of data.customers) {
    const body = make("tbody");
    const title = make("tr", "customer");
    const name = /** @type {HTMLTableCellElement} */ (make("td", "", customer.title));
    name.colSpan = data.columns.length + 1;
    title.append(name);
    body.append(title);
    for (const row of customer.rows) {
      const line = make("tr", row.focused ? "row on" : "row");
      line.dataset.field = row.key;
      line.dataset.customer = String(customer.position);
      line.append(make("td", "field", row.label), ...row.cells.map(cellOf));
      line.onclick = () => setTriggerValue("go", { customer: customer.position, key: row.key });
      body.append(line);
    }
    table.append(body);
  }
  const before = root.scrollTop;
  root.replaceChildren(table);
  root.scrollTop = before;
  const on = root.querySelector(".row.on");
  if (on) on.scrollIntoView({ block: "nearest" });
}
