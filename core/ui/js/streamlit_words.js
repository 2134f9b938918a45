// @ts-check
// Streamlit's own words in Chinese: its browser side speaks English only. Texts are replaced whole, and only where no
// text of ours or of a chat can stand; a word that is not in these lists stays as it is (a browser test reads all pages).

/** Texts that stand nowhere else, whatever element they are in. @type {Record<string, string>} */
const SENTENCES = {
  "Skip to main content": "跳到正文",
  "No results": "没有匹配的选项",
  "No options to select": "没有可选的",
  "No options to select.": "没有可选的",
  "Choose an option": "请选择",
  "Choose options": "请选择，可多选",
  "Choose or add an option": "选择或输入",
  "Choose or add options": "选择或输入，可多个",
  "Add an option": "输入后按回车",
  "Add options": "输入后按回车",
  "Selectbox options": "选项",
  "Multiselect options": "选项",
  "Selected values": "已选",
  "Select all": "全选",
  "Clear all": "全部清除",
  "Clear value": "清除",
  "Clear entry": "清除",
  "Clear selection": "取消勾选",
  "Show password": "显示密码",
  "Hide password": "隐藏密码",
  "Invalid input.": "填得不对。",
  "Invalid value.": "填得不对。",
  "This field is required.": "这里必须填写。",
  "Drag and drop a file here": "把文件拖到这里",
  "Drag and drop files here": "把文件拖到这里",
  "file upload": "上传文件",
  "Upload failed": "上传失败",
  "Click to retry upload": "点击重新上传",
  "Too many files": "文件太多",
  "Only one file is allowed.": "只能选一个文件。",
  "File type not allowed.": "不能用这种文件。",
  "Unexpected error. Please try again.": "没有传上来，请再试一次。",
  "Error uploading file": "上传失败",
  "Error deleting file": "没有移除，请再试一次",
  "Connection lost. Please wait for the app to reconnect, then try again.": "连接断了，恢复后请再试一次。",
  "App pages": "菜单",
  Dismiss: "关闭",
  "check_circle icon": "已完成：",
  "radio_button_unchecked icon": "未完成：",
  "group mark container": "图层",
  "rect mark container": "图层",
  "rule mark container": "图层",
  "symbol mark container": "图层",
  "text mark container": "图层",
  "rule mark": "参照线",
  "text mark": "文字",
  "Link to heading": "本节的链接",
  "Copy to clipboard": "复制",
  "Copy Vega-Lite spec": "复制图的定义",
  "Close fullscreen": "退出全屏",
  Fullscreen: "全屏",
  "Show data": "看数据",
  "Show chart": "看图",
  "Download as PNG": "下载图片",
  "Download as CSV": "下载 CSV",
  "Download failed": "下载失败，请再试一次",
  "Show/hide columns": "显示哪些列",
  "Dataframe column menu": "这一列",
  "Copy column name": "复制列名",
  "Sort ascending": "升序",
  "Sort descending": "降序",
  "Hide column": "隐藏这一列",
  "Pin column": "固定这一列",
  "Unpin column": "取消固定",
  "Type to search": "输入要找的内容",
  "Previous Result": "上一处",
  "Next Result": "下一处",
  "Close Search": "关闭查找",
  "Previous page": "上一页",
  "Next page": "下一页",
  Pagination: "翻页",
  "Choose date": "选择日期",
  "Choose date range": "选择起止日期",
  "Clear date": "清除日期",
  "Clear dates": "清除日期",
  "Date range": "起止日期",
  "Next month": "下个月",
  "Previous month": "上个月",
  "Quick select a date range": "常用的起止日期",
  "Past Week": "最近一周",
  "Past Month": "最近一个月",
  "Past 3 Months": "最近三个月",
  "Past 6 Months": "最近半年",
  "Past Year": "最近一年",
  "Past 2 Years": "最近两年",
  "Use arrow keys to navigate dates. Enter to select. Escape to close.": "方向键换日期，回车选定，Esc 关闭。",
  "Start date must be before end date.": "开始日期要早于结束日期。",
  "Selected date unavailable.": "不能选这一天。",
  "Page not found": "没有这个页面",
  "The page that you have requested does not seem to exist. Running the app's main page.":
    "没有这个地址的页面，已打开总览。",
  "Connection error": "暂时连不上服务器",
  "Unable to connect to Streamlit server": "暂时连不上服务器",
  "Connecting to Streamlit server": "正在连接服务器",
  "Streamlit server is not responding. Are you connected to the internet?":
    "服务器没有回应。改动都在本机，恢复后自动保存。",
  "Is Streamlit still running? If you accidentally stopped Streamlit, just restart it in your terminal:":
    "服务器没有回应。改动都在本机，恢复后自动保存。",
  "Your app is having trouble loading the component.": "这一块没有载入，请刷新页面。",
  "Network error": "网络不通",
  "Network issue": "网络不通",
  "Image source failed to load": "图片没有载入",
  "No data": "没有数据",
  "Failed to load data": "没有载入数据，请刷新页面",
};

/** One word, which could also be somebody's own text: only inside what Streamlit draws by itself.
 *  @type {Record<string, [string, Record<string, string>]>} */
const WORDS = {
  dialog: ["[role=dialog], [role=alertdialog]", { Close: "关闭", close: "关闭" }],
  notice: [
    "[data-testid=stToast]",
    {
      Close: "关闭",
      close: "关闭",
      "View more": "展开",
      "view more": "展开",
      "View less": "收起",
      "view less": "收起",
    },
  ],
  notices: ["[data-testid=stToastContainer], [role=region]", { Notifications: "通知" }],
  status: [
    "[data-testid=stStatusWidget], [data-testid=stConnectionStatus], [data-testid=stToolbar], [data-testid=stHeader], [data-testid=stMainMenuPopover]",
    {
      Connecting: "正在连接",
      Error: "连不上",
      Stop: "停止",
      "Running...": "正在更新",
      Running: "正在更新",
      "Main menu": "菜单",
      Rerun: "刷新",
      Settings: "外观",
      Print: "打印",
      Light: "浅色",
      Dark: "深色",
      System: "跟随系统",
      Theme: "外观",
      Logo: "拾要",
    },
  ],
  upload: ["[data-testid=stFileUploader]", { Upload: "选择文件", "Add files": "再加文件" }],
  chart: [
    "[data-testid=stVegaLiteChart]",
    { axis: "坐标轴", bar: "条", point: "点", legend: "图例", visualization: "图", title: "标题" },
  ],
  progress: ["[data-testid=stProgress]", { progress: "进度" }],
  help: ["[data-testid=stTooltipHoverTarget]", { Help: "说明" }],
  icon: ["[data-testid=stPopover]", { "delete icon": "删除" }],
  number: ["[data-testid=stNumberInput]", { Increment: "加", Decrement: "减" }],
  list: ["[data-testid=stSelectbox], [data-testid=stMultiSelect]", { Open: "展开选项" }],
  table: [
    "[data-testid=stDataFrame], [data-testid=stDataFrameColumnMenu], [data-testid=stDataFrameColumnFormattingMenu], [data-testid=stElementToolbar], .gdg-search-bar",
    {
      Search: "查找",
      Statistics: "统计",
      Format: "显示格式",
      Autosize: "自动列宽",
      Automatic: "自动",
      Localized: "按本地习惯",
      Plain: "原样",
      Compact: "简写",
      Dollar: "美元",
      Euro: "欧元",
      Yen: "日元",
      Percent: "百分数",
      Scientific: "科学计数",
      Accounting: "会计",
      Distance: "多久以前",
      Calendar: "日历",
      Empty: "空",
    },
  ],
  date: ["[data-testid=stDateInput]", { Empty: "空", yyyy: "年", mm: "月", dd: "日" }],
};

/** Labels with something inside: of attributes alone, where no text of a chat stands. @type {[RegExp, string][]} */
const LABEL_PATTERNS = [
  [/^Help for (.+)$/, "$1：说明"],
  [/^Shortcut (.+)$/, "快捷键 $1"],
  [/^X-axis titled '(.+?)' for .+$/, "横轴：$1"],
  [/^Y-axis titled '(.+?)' for .+$/, "纵轴：$1"],
  [/^X-axis for .+?: (.+)$/, "横轴：$1"],
  [/^Y-axis for .+?: (.+)$/, "纵轴：$1"],
  [/^X-axis for .+$/, "横轴"],
  [/^Y-axis for .+$/, "纵轴"],
  [/^.*[Ll]egend (?:titled '.+?' )?for .+?: (.+)$/, "图例：$1"],
  [/^Copy Vega-Lite spec: (.+)$/, "复制图的定义：$1"],
  [/^Download as (?:PNG|SVG): (.+)$/, "下载图片：$1"],
  [/^Fullscreen: (.+)$/, "全屏：$1"],
  [/^Close fullscreen: (.+)$/, "退出全屏：$1"],
  [/^Show data: (.+)$/, "看数据：$1"],
  [/^Show chart: (.+)$/, "看图：$1"],
  [/^Page (\d+)$/, "第 $1 页"],
  [/^Remove (.+)$/, "去掉 $1"],
  [/^Cancel upload of (.+)$/, "取消上传 $1"],
  [/^year, (.+) start date$/, "$1：开始的年"],
  [/^month, (.+) start date$/, "$1：开始的月"],
  [/^day, (.+) start date$/, "$1：开始的日"],
  [/^year, (.+) end date$/, "$1：结束的年"],
  [/^month, (.+) end date$/, "$1：结束的月"],
  [/^day, (.+) end date$/, "$1：结束的日"],
  [/^year, (.+)$/, "$1：年"],
  [/^month, (.+)$/, "$1：月"],
  [/^day, (.+)$/, "$1：日"],
  [/^(.+) start date$/, "$1：开始"],
  [/^(.+) end date$/, "$1：结束"],
];

/** Sentences with something inside. @type {[RegExp, string][]} */
const PATTERNS = [
  [/^(\d+) options? available\.$/, "$1 个选项。"],
  [/^Add: (.+)$/, "新增：$1"],
  [/^Select (\d+) matches$/, "选中匹配的 $1 个"],
  [/^([\d.]+ ?[KMG]?B) per file(?: • (.+))?$/, "每个文件不超过 $1 $2"],
  [/^File must be ([\d.]+ ?[KMG]?B) or smaller\.?$/, "文件不能超过 $1"],
  [/^You can only select up to (\d+) options?\. Remove an option first\.$/, "最多选 $1 个，请先去掉一个。"],
  [/^Number is outside the allowed range\. Please enter a value between (.+) and (.+)\.$/, "请填 $1 到 $2 之间的数。"],
  [
    /^Number is below the allowed range\. Please enter a value greater than or equal to (.+)\.$/,
    "请填不小于 $1 的数。",
  ],
  [/^Number is above the allowed range\. Please enter a value less than or equal to (.+)\.$/, "请填不大于 $1 的数。"],
  [/^You have requested page \/(.+), but no corresponding file was found.*$/, "没有地址是「/$1」的页面，已打开总览。"],
  [/^Cannot connect to Streamlit.*$/s, "服务器没有回应。改动都在本机，恢复后自动保存。"],
  [/^(\d+) of (\d+)$/, "第 $1 处，共 $2 处"],
  [/^(\d+) results?$/, "$1 处"],
];

const LATIN = /[A-Za-z]{2}/;

/**
 * A text of Streamlit's in Chinese; the same text where it is none.
 * @param {string} text
 * @param {(selector: string) => boolean} isInside whether the text stands inside such an element
 * @param {boolean} isLabel whether it is an attribute's, as no text of a chat is
 */
export function inChinese(text, isInside, isLabel) {
  if (!LATIN.test(text)) return text;
  const bare = text.trim();
  if (Object.hasOwn(SENTENCES, bare)) return SENTENCES[bare];
  for (const [selector, words] of Object.values(WORDS)) {
    if (Object.hasOwn(words, bare) && isInside(selector)) return words[bare];
  }
  for (const [pattern, chinese] of isLabel ? [...PATTERNS, ...LABEL_PATTERNS] : PATTERNS) {
    if (pattern.test(bare)) return bare.replace(pattern, chinese).trim();
  }
  return text;
}
