"""Files beside a LLaMA-Factory set with which one trains, serves and asks a model on one's own machine.

Everything follows from the set, so that building it again gives the same bytes. The base model is a suggestion; what
has to be changed together with it is said in the file.
"""

from collections.abc import Mapping

from core.services.training.row_formats import TrainingFormat

TRAIN_FILE, MODEL_FILE, GUIDE_FILE = "train.yaml", "model.toml", "LOCAL.md"

BASE_MODEL, TEMPLATE = "Qwen/Qwen2.5-7B-Instruct", "qwen"
LOCAL_PLATFORM, LOCAL_MODEL = "llama-factory", "vllm"
"""The platform that trains on one's own machine, and the shipped model that is served there."""
LORA_RANK, PASSES = 8, 3
SERVED_NAME, OUTPUT, PORT = "shiyao-lora", "saves/shiyao-lora", 8000
_STEP, _LEAST_CUTOFF, _ROOM_FOR_TEMPLATE = 512, 2048, 64


def local_files(data_format: TrainingFormat, counts: Mapping[str, int], *, has_validation: bool) -> dict[str, str]:
    """Name → text of the files beside a set that LLaMA-Factory reads.

    Args:
        data_format: of the rows; it decides about the stage (SFT, DPO, KTO).
        counts: of the set: ``longest_tokens`` and ``repeats`` are read.
        has_validation: whether the set has a validation part.
    """
    cutoff = cutoff_of(counts.get("longest_tokens", 0))
    return {
        TRAIN_FILE: _train_file(data_format, cutoff, counts.get("repeats", 1), has_validation=has_validation),
        MODEL_FILE: _model_file(),
        GUIDE_FILE: _guide(cutoff),
    }


def cutoff_of(longest: int) -> int:
    """The ``cutoff_len`` in tokens that cuts no row, in steps of 512, with room for the chat template's marks."""
    return max(_LEAST_CUTOFF, -(-(longest + _ROOM_FOR_TEMPLATE) // _STEP) * _STEP)


def epochs_of(repeats: int) -> int:
    """Epochs after which each row was seen about three times, for a file that holds each so many times."""
    return max(1, round(PASSES / repeats))


def serve_command(cutoff: int) -> str:
    """The command that serves the tuned model with vLLM, on this machine only."""
    return (
        f"vllm serve {BASE_MODEL} --enable-lora --lora-modules {SERVED_NAME}={OUTPUT} "
        f"--max-lora-rank {LORA_RANK} --max-model-len {cutoff} --host 127.0.0.1 --port {PORT}"
    )


TRAIN_COMMAND = f"llamafactory-cli train {TRAIN_FILE}"
"""The command that trains, in the folder of the set."""


def _stage_of(data_format: TrainingFormat) -> str:
    if data_format is TrainingFormat.KTO:
        return "kto"
    return "dpo" if data_format.is_preference else "sft"


def _train_file(data_format: TrainingFormat, cutoff: int, repeats: int, *, has_validation: bool) -> str:
    stage = _stage_of(data_format)
    preference = (
        ""
        if stage == "sft"
        else f"""pref_beta: 0.1  # 离基础模型多远：越小改得越多，0.1 是 DPO 论文的常用值
{"pref_loss: sigmoid  # 标准的 DPO 损失" if stage == "dpo" else ""}
""".rstrip("\n")
        + "\n"
    )
    rate = "1.0e-4  # LoRA 常用 1e-4，全参微调要小十倍" if stage == "sft" else "5.0e-6  # 偏好训练容易跑偏，要小得多"
    validation = "eval_dataset: shiyao_val\n" if has_validation else ""
    evaluation = (
        """
### 验证：每一遍之后看一次损失，开始上升就是过拟合
per_device_eval_batch_size: 1
eval_strategy: epoch
"""
        if has_validation
        else ""
    )
    return f"""# 在这个文件夹里运行：{TRAIN_COMMAND}
# 由拾要按这个训练集写出；换基础模型时，model_name_or_path 和 template 要一起换。

### 模型
model_name_or_path: {BASE_MODEL}  # 7B 的 LoRA 用一张 24 GB 的卡
template: {TEMPLATE}  # 和基础模型配套的对话模板，配错了答案会乱

### 方法
stage: {stage}
do_train: true
finetuning_type: lora  # 只训练很少的参数：几百条群聊不够改动整个模型
lora_target: all
lora_rank: {LORA_RANK}  # 填表要学的不多，8 够用；欠拟合再加到 16
lora_alpha: {2 * LORA_RANK}  # 通常取 rank 的两倍
lora_dropout: 0.05  # 数据少，留一点随机失活防止死记
{preference}
### 数据
dataset_dir: .
dataset: shiyao
{validation}cutoff_len: {cutoff}  # 预检里最长的一行放得下；再小就会不声不响地截断
overwrite_cache: true
preprocessing_num_workers: 4

### 训练
output_dir: {OUTPUT}
per_device_train_batch_size: 1  # 一行很长，显存只放得下一行
gradient_accumulation_steps: 8  # 攒够 8 行更新一次
learning_rate: {rate}
num_train_epochs: {epochs_of(repeats)}  # 文件里每一行已有 {repeats} 份，合起来看约 {epochs_of(repeats) * repeats} 次
lr_scheduler_type: cosine
warmup_ratio: 0.1
bf16: true  # 显卡太旧就改成 fp16: true
gradient_checkpointing: true  # 用时间换显存
seed: 42

### 输出
logging_steps: 5
save_strategy: epoch
plot_loss: true
report_to: none  # 什么也不外传
{evaluation}"""


def _model_file() -> str:
    return f"""# 在「模型」页新建模型时照填；或放进 core/adapters/llm/models.toml 随程序提供。
[[model]]
name = "{SERVED_NAME}"
title = "本地微调"
provider = "openai"
url = "http://127.0.0.1:{PORT}/v1"
model = "{SERVED_NAME}"
json_mode = true
note = "vLLM 在本机提供；不需要密钥"
"""


def _guide(cutoff: int) -> str:
    return f"""# 本地微调

1. 装好 LLaMA-Factory 和 vLLM（各用一个环境），把这个文件夹整个拷到有显卡的机器。
2. 在这个文件夹里训练：

   ```sh
   {TRAIN_COMMAND}
   ```

   结果在 `{OUTPUT}`；`training_loss.png` 是损失曲线。
3. 提供服务（OpenAI 兼容，只听本机）：

   ```sh
   {serve_command(cutoff)}
   ```

4. 在拾要的「微调」页选这个训练集，登记模型：接口选「自建 vLLM」，服务方的名称填 `{SERVED_NAME}`
   （其余见 `{MODEL_FILE}`）。
   模型在别的机器上时，用 SSH 把 {PORT} 端口转到本机，地址不用改。
5. 「测试连接」通过后用它抽取；提示词要和训练时一样，页面会替您选好。
"""
