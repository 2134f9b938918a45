// The form pane: tabs of customers and the fields of one, built once per form and redrawn in place for every chat.
import { h, reveal, setAttr, setText } from "./dom.js";
import { buildField, drawField } from "./fields.js";
import { confirmationOf, confirmedCount, isChanged, markOf, openWarnings } from "./model.js";
import { UNSEEN, isChoice, isEmpty, isWide, valueText } from "./values.js";

const TONES = { 原文: "exact", 归一化: "normalised", 推断: "judged", 无依据: "missing" };

/** Build the pane for a form. `act` as in fields.js plus `tab(i)`, `addCustomer(anchor)`, `removeCustomer(i)`. */
export function buildForm(form, act) {
  const parts = new Map();
  const tabs = h("div", { class: "tabs", role: "tablist", "aria-label": "客户" });
  const summary = h("div", { class: "summary" });
  const fields = h("div", { class: "fields", role: "group", "aria-label": form.title });
  form.groups.forEach((group, g) => {
    fields.append(h("h4", { class: `g${(g % 5) + 1}` }, h("i", { "aria-hidden": "true" }), group));
    let open = false;
    form.fields.forEach((field, number) => {
      if (field.group !== group) return;
      const part = buildField(field, number, act);
      part.group = (g % 5) + 1;
      // A half field alone in its row takes the whole width: no holes in the grid.
      const next = form.fields.slice(number + 1).find((other) => other.group === group);
      if (!isWide(field) && !open && (!next || isWide(next))) part.row.classList.add("alone");
      open = isWide(field) ? false : !open;
      parts.set(field.key, part);
      fields.append(part.row);
    });
  });
  const scroll = h("div", { class: "scroll" }, fields);
  const head = h("div", { class: "sheet-head" }, tabs, summary);
  const add = h("button", { type: "button", class: "add", title: "添加客户（Alt+=）" }, "＋ 添加客户");
  add.addEventListener("click", () => act.addCustomer(add));
  return { form, act, parts, tabs, add, summary, fields, scroll, head };
}

/** Draw one customer of a chat. */
export function drawForm(view, entry, index) {
  const customer = entry.work[index];
  const warnings = new Map(openWarnings(entry, view.form).filter((w) => w.index === index).map((w) => [w.key, w.hint]));
  for (const [key, part] of view.parts) drawField(part, fieldView(entry, customer, index, part.field, warnings.get(key) ?? ""));
  drawTabs(view, entry, index);
  const model = entry.chat.run ? `模型：${entry.chat.run.model || entry.chat.run.name}` : "没有抽取结果";
  setText(view.summary, `${confirmedCount(customer, view.form)} / ${view.form.fields.length} 已确认　${model}`);
  setAttr(view.summary, "title", entry.chat.run ? `抽取任务：${entry.chat.run.name}` : null);
}

function fieldView(entry, customer, index, field, hint) {
  const { key } = field;
  const value = customer.values[key] ?? "";
  const mark = markOf(customer, key);
  const changed = isChanged(customer, key);
  const confirmed = confirmationOf(customer, key);
  const written = !isEmpty(value);
  let status = "";
  if (written && mark?.status && !changed) status = mark.status;
  else if (changed) status = "已改";
  else if (written && customer.baseline === null) status = mark?.status || "手填";
  else if (!written && confirmed !== UNSEEN && isChoice(field)) status = "为空";
  const evidence = written && mark?.status ? `依据：${mark.status}` : "";
  return {
    value, chat: entry.chat, customer: index, confirmed, hint,
    status: status === "原文" ? "✓ 原文" : status, statusTitle: [changed ? "改过模型的值" : "", evidence].filter(Boolean).join("；"),
    tone: status === "已改" ? "changed" : (TONES[status] ?? ""),
    old: changed ? valueText(customer.baseline[key]) : null,
    placeholder: isChoice(field) ? "" : confirmed === UNSEEN ? "未看" : "确认为空",
  };
}

function drawTabs(view, entry, index) {
  const many = entry.work.length > 1;
  const state = JSON.stringify([index, entry.work.map((c) => [c.uid, c.values[view.form.name_field]])]);
  if (view.tabs.dataset.state === state) return;
  view.tabs.dataset.state = state;
  const tabs = entry.work.map((customer, i) => {
    const name = customer.values[view.form.name_field] || "未填姓名";
    const tab = h("button", { type: "button", role: "tab", class: "tab", "aria-selected": String(i === index), title: `Alt+${i + 1}`,
                              "data-customer-tab": i, onclick: () => view.act.tab(i) }, `客户 ${i + 1} · ${name}`);
    const remove = i === index ? h("button", { type: "button", class: "remove", title: "删除这位客户（Alt+-，可撤销）",
      "aria-label": `删除客户 ${i + 1}`, onclick: () => view.act.removeCustomer(i) }, "×") : null;
    return h("span", { class: i === index ? "tab-box on" : "tab-box" }, tab, many || i === index ? remove : null);
  });
  view.tabs.replaceChildren(...tabs, view.add);
}

/** Put the focus into a field and bring its row into view. */
export function focusField(view, key) {
  const part = view.parts.get(key);
  if (!part) return;
  part.input.focus({ preventScroll: true });
  reveal(view.scroll, part.row);
}

/** Mark the row of the field in focus (kept while the focus is in the chat). */
export function markRow(view, key) {
  for (const [other, part] of view.parts) part.row.classList.toggle("focus", other === key);
}

/** Take text that stands in a free entry and was not added yet. */
export function flushEntries(view) {
  for (const part of view.parts.values()) part.control.flush();
}
