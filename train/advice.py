"""What to do when a step fails: settings that the same run can go on with."""

from __future__ import annotations

from train.presets import Preset


def advise_rate(preset: Preset, step: int) -> str:
    """What to do about a loss or a gradient that is no number."""
    lower = f"max_lr={preset.max_lr / 2:g}"
    if preset.optimizer == "muon":
        lower += f" muon_lr={preset.muon_lr / 2:g}"
    if step == 0:
        return f"No step has been made: check the weights it starts with. Or add `--resume --set {lower}`."
    return f"Lower max_lr: add `--resume --set {lower}`."


def advise_memory(preset: Preset, processes: int) -> str:
    """What to do when a micro-batch does not fit: the next smaller one that divides a step, or a loss that needs less."""
    longest = preset.shape.context
    rows = preset.tokens_per_step // processes // longest
    smaller = range(preset.micro_batch_tokens // longest // 2, 0, -1)
    count = next((count for count in smaller if rows % count == 0), 0)
    remedies = [f"`--set micro_batch_tokens={count * longest}`"] if count else []
    if preset.loss == "plain" and not preset.teacher_share:
        remedies.append("`--set loss=fused`")
    remedy = f"Add {' or '.join(remedies)}" if remedies else "Use a device with more memory"
    return (
        f"{preset.micro_batch_tokens:,} tokens at once do not fit into the device's memory. {remedy}, and --resume where the "
        "run had begun."
    )
