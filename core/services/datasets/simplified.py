"""Names of columns in traditional characters, as the same names in simplified ones."""

_SIGNS = str.maketrans(
    "發內時間訊傳組對話會暱稱號編員戶類訪買賣聯絡錄記帳賬單體寫處問題談應資標籤電郵區詳細別齡產預購與誰說語務銷聲",
    "发内时间讯传组对话会昵称号编员户类访买卖联络录记账账单体写处问题谈应资标签电邮区详细别龄产预购与谁说语务销声",
)
_MORE = str.maketrans(
    "聽圖視頻檔案顧從這來歷紀實狀態無開關單據長線網頁軟體", "听图视频档案顾从这来历纪实状态无开关单据长线网页软体"
)


def simplified(name: str) -> str:
    """A column's name, or a word of a cell, with its traditional characters as simplified ones.

    Only characters that such names are made of are known: a text is never changed by this.
    """
    return name if name.isascii() else name.translate(_SIGNS).translate(_MORE)
