// @ts-check
// The form pane: tabs of customers and the fields of one, built once per form and redrawn in place for every chat.
/** @import { Entry, FieldLook, FieldPart, FormActions, FormField, FormPayload, FormView, Remark, WorkCustomer } from "./types.js" */

import { differing, dissent, remarks } from "./advice.js";
import { customerNames, speakersOf } from "./customers.js";
import { discussionMark } from "./discussions.js";
import { classBySize, h, reveal, setAttr, setText } from "./dom.js";
import { buildDoubts } from "./doubt_mode.js";
import { buildFooter, drawLine, drawMissed } from "./field_footer.js";
import { buildField, drawField } from "./fields.js";
import { subjectAt } from "./form_words.js";
import { chordFor } from "./keys.js";
import { confirmationOf, confirmedCount, isChanged, isDelta, markOf } from "./model.js";
import { chatAsFilled } from "./sides.js";
import { isChoice, isEmpty, isWide, UNSEEN, valueText } from "./values.js";
import { EVIDENCE } from "./words.js";

const YEAR = "2024-".length; // dates beside a value go without their year
/** @type {Record<string, string>} */
const TONES = {
  [EVIDENCE.VERBATIM]: "exact",
  [EVIDENCE.NORMALISED]: "normalised",
  [EVIDENCE.INFERRED]: "judged",
  [EVIDENCE.MISSING]: "missing",
};

/**
 * Build the pane for a form. `act` as in fields.js and field_footer.js plus `tab(i)`, `addCustomer(anchor)`,
 * `removeCustomer(i)`, `moreCustomers(anchor)`.
 * @param {FormPayload} form
 * @param {FormActions} act
 * @returns {FormView}
 */
export function buildForm(form, act) {
  /** @type {Map<string, FieldPart>} */
  const parts = new Map();
  /** @type {Map<string, HTMLElement>} */
  const headings = new Map();
  // Beside the tabs stand buttons, which a list of tabs must not hold: it owns its tabs from where it is.
  const list = h("span", { class: "tab-list", role: "tablist", "aria-label": form.subject });
  const tabs = h("div", { class: "tabs" }, list);
  const summary = h("div", { class: "summary" });
  const fields = h("div", { class: "fields", role: "group", "aria-label": form.title });
  form.groups.forEach((group, g) => {
    const heading = h("h4", { class: `g${(g % 5) + 1}` }, h("i", { "aria-hidden": "true" }), group);
    headings.set(group, heading);
    fields.append(heading);
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
  const doubts = buildDoubts(act);
  fields.append(doubts.fold);
  const scroll = h("div", { class: "scroll" }, fields);
  classBySize(scroll, {
    low: ({ height }) => height <= 640,
    lowest: ({ height }) => height <= 545,
    slim: ({ width }) => width <= 470,
  });
  const head = h("div", { class: "sheet-head" }, tabs, doubts.toggle, summary);
  const add = h(
    "button",
    {
      type: "button",
      class: "add",
      "aria-label": `添加${form.subject}`,
      title: `添加${form.subject}（${chordFor("add")}）`,
    },
    "＋",
    h("span", { class: "word" }, ` 添加${form.subject}`),
  );
  add.addEventListener("click", () => act.addCustomer(add));
  const more = h(
    "button",
    {
      type: "button",
      class: "add more",
      title: "合并、拆分、互换、移动、对应到发言人",
      "aria-label": `更多${form.subject}操作`,
    },
    "⋯",
  );
  more.addEventListener("click", () => act.moreCustomers(more));
  const footer = buildFooter(act);
  footer.line.before(doubts.line);
  return { form, act, parts, headings, doubts, tabs, list, add, more, summary, fields, scroll, head, footer };
}

/**
 * Draw one customer of a chat. `key` is the field in focus.
 * @param {FormView} view
 * @param {Entry} entry
 * @param {number} index
 * @param {string} key
 * @param {number | null} [baseRun] the run that the review starts from; undefined: not known
 */
export function drawForm(view, entry, index, key, baseRun) {
  const customer = entry.work[index];
  const said = new Map();
  for (const remark of remarks(entry, view.form)) {
    if (remark.index === index && (!said.has(remark.key) || remark.level === "warning")) said.set(remark.key, remark);
  }
  const asked = isDelta(entry);
  for (const [other, part] of view.parts)
    drawField(part, fieldView(entry, view.form, customer, index, part.field, said.get(other), asked));
  drawTabs(view, entry, index);
  drawMissed(view.footer, entry, view.form, index);
  drawLine(view.footer, entry, view.form, index, key);
  const none = entry.chat.run_gone ? "原来的抽取任务已删除，无法对照" : "没有抽取结果";
  const { run } = entry.chat;
  // A record that was started from another run than the one that is chosen above is compared with its own.
  const isOther = baseRun !== undefined && entry.chat.base_run_id !== baseRun;
  const kind = run?.is_labels ? "标注" : "抽取任务";
  // Beside several customers there is no room to say what a name is the name of: the tooltip does.
  const named = entry.work.length > 1 ? (run?.name ?? "") : `${kind}：${run?.name}`;
  const start = !run ? none : isOther ? `改自 ${run.name}` : named;
  const left = entry.work.reduce((sum, one) => sum + Object.keys(one.delta ?? {}).length, 0);
  const count = asked
    ? `增量审阅：还有 ${left} 处不同`
    : `${confirmedCount(customer, view.form)} / ${view.form.fields.length} 已确认`;
  setText(view.summary, `${count}　${start}`);
  view.summary.classList.toggle("other-run", Boolean(run) && isOther);
  const other = isOther ? "这一条从它改起，不是上面选的抽取任务" : "";
  const model = run?.model ? `模型：${run.model}` : "";
  setAttr(view.summary, "title", run ? [`${kind}：${run.name}`, model, other].filter(Boolean).join("；") : null);
}

/**
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {WorkCustomer} customer
 * @param {number} index
 * @param {FormField} field
 * @param {Remark | undefined} remark
 * @param {boolean} asked
 * @returns {FieldLook}
 */
function fieldView(entry, form, customer, index, field, remark, asked) {
  const { key } = field;
  const value = customer.values[key] ?? "";
  const mark = markOf(customer, key);
  // Under a delta review the values are compared with a newer run's: what is asked about, nobody has changed.
  const changed = isChanged(customer, key) && !(key in (customer.delta ?? {}));
  const confirmed = confirmationOf(customer, key);
  const written = !isEmpty(value);
  const pinned = (customer.pinned[key] ?? []).length > 0;
  let status = "";
  if (written && mark?.status === EVIDENCE.MISSING && pinned) status = "已钉";
  else if (changed) status = "已改";
  else if (written && mark?.status) status = mark.status;
  else if (written && customer.baseline === null) status = "手填";
  else if (!written && confirmed !== UNSEEN && isChoice(field)) status = "为空";
  const evidence = written && mark?.status ? `依据：${mark.status}${pinned ? "，已钉住消息" : ""}` : "";
  const isAsked = key in (customer.delta ?? {});
  const isTold = status === EVIDENCE.MISSING && (remark?.hint ?? "").startsWith("群聊里找不到"); // the status says it already
  return {
    value,
    chat: chatAsFilled(entry, form),
    customer: index,
    confirmed,
    hint: isTold ? "" : (remark?.hint ?? ""),
    level: remark?.level ?? null,
    status: [written && mark?.date ? mark.date.slice(YEAR) : "", status === EVIDENCE.VERBATIM ? "✓ 原文" : status]
      .filter(Boolean)
      .join(" · "),
    statusTitle: [changed ? "改过抽取的值" : "", evidence, mark?.date ? `按说话那天算是 ${mark.date}` : ""]
      .filter(Boolean)
      .join("；"),
    tone: status === "已改" || status === "已钉" ? "changed" : (TONES[status] ?? ""),
    old: changed && !isAsked ? valueText(customer.baseline?.[key]) : null,
    fresh: isAsked ? valueText(customer.delta[key]) : null,
    folded: asked && !isAsked,
    talk: discussionMark(entry, form, { index, key }),
    differs: confirmed === UNSEEN ? dissent(customer, key) : "",
    differing: differing(customer, key).join("、"),
    placeholder: isChoice(field) ? "" : confirmed === UNSEEN ? UNSEEN : "确认为空",
  };
}

/**
 * @param {FormView} view
 * @param {Entry} entry
 * @param {number} index
 */
function drawTabs(view, entry, index) {
  const many = entry.work.length > 1;
  const state = JSON.stringify([index, entry.work.map((c) => [c.uid, c.values[view.form.name_field]])]);
  if (view.tabs.dataset.state === state) return;
  view.tabs.dataset.state = state;
  const names = customerNames(entry, view.form);
  const tabs = entry.work.map((customer, i) => {
    const name = customer.values[view.form.name_field] || "未填姓名";
    const bound = speakersOf(entry.chat, customer.values[view.form.name_field], names).length > 0;
    const tab = h(
      "button",
      {
        type: "button",
        role: "tab",
        id: `tab-${i}`,
        class: bound ? "tab" : "tab loose",
        "aria-selected": String(i === index),
        title: bound ? `Alt+${i + 1}` : `Alt+${i + 1}　群聊里没有这个名字的发言人（${chordFor("bind")} 对应）`,
        "data-customer-tab": i,
        "aria-label": `${subjectAt(view.form, i)} · ${name}`,
        onclick: () => view.act.tab(i),
      },
      h("span", { class: "word" }, view.form.subject),
      `${i + 1} · ${name}`,
    );
    const remove =
      i === index
        ? h(
            "button",
            {
              type: "button",
              class: "remove",
              title: `删除这位${view.form.subject}（Alt+-，可撤销）`,
              "aria-label": `删除${subjectAt(view.form, i)}`,
              onclick: () => view.act.removeCustomer(i),
            },
            "×",
          )
        : null;
    return h("span", { class: i === index ? "tab-box on" : "tab-box" }, tab, many || i === index ? remove : null);
  });
  view.list.setAttribute("aria-owns", entry.work.map((_, i) => `tab-${i}`).join(" "));
  view.tabs.classList.toggle("many", entry.work.length > 2);
  view.tabs.classList.toggle("crowd", entry.work.length > 3);
  view.tabs.replaceChildren(view.list, ...tabs, view.add, view.more);
}

/**
 * Put the focus into a field and bring its row into view.
 * @param {FormView} view
 * @param {string} key
 */
export function focusField(view, key) {
  const part = view.parts.get(key);
  if (!part) return;
  part.row.classList.remove("calm"); // a row that is folded away takes no focus
  part.input.focus({ preventScroll: true });
  reveal(view.scroll, part.row);
}

/**
 * Bring a field's row into view.
 * @param {FormView} view
 * @param {string} key
 */
export function revealField(view, key) {
  const part = view.parts.get(key);
  if (part) reveal(view.scroll, part.row);
}

/**
 * Mark the row of the field in focus (kept while the focus is in the chat).
 * @param {FormView} view
 * @param {string} key
 */
export function markRow(view, key) {
  for (const [other, part] of view.parts) part.row.classList.toggle("focus", other === key);
}

/**
 * Take text that stands in a free entry and was not added yet.
 * @param {FormView} view
 */
export function flushEntries(view) {
  for (const part of view.parts.values()) part.control.flush();
}
