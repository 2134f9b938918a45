"""合并任务: merge several runs of a dataset by priority, by majority, or per field by the best-scoring run."""

from core.ui import navigation, state
from core.ui.extraction.merge_preview import draw_merge, mergeable_runs
from core.ui.heading import datasets_or_empty_state, draw_heading
from core.ui.notices import draw_empty_state

available = datasets_or_empty_state("合并任务", "还没有群聊", "先导入群聊，再由模型填写表单。", label="导入群聊")
if available:
    dataset, _ = draw_heading("合并任务", available)
    runs = mergeable_runs(dataset)
    if len(runs) < 2:
        draw_empty_state(
            "还差一个抽取任务",
            "合并需要同一个数据集的两个以上抽取任务：换一个模型或提示词再抽取一次，或导入另一份提交文件。",
            page=navigation.RUNS,
            label="新建抽取任务",
        )
    else:
        draw_merge(dataset, state.form_of(dataset), runs)
