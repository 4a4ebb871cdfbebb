"""Shells complete what the parser knows; that the scripts are up to date, `test/docs` says."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from mem4d_ros.cli.completion import SHELLS
from mem4d_ros.cli.main import main

ROOT = Path(__file__).parents[2]
COMPLETE_IN_BASH = """
source {script}
COMP_WORDS=({words}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
$(complete -p mem4d | sed 's/.*-F \\([^ ]*\\).*/\\1/') mem4d "${{COMP_WORDS[COMP_CWORD]}}"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_understands_the_script(shell: str, tmp_path: Path) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    script = ROOT / f"mem4d_ros/cli/completion/mem4d.{shell}"
    subprocess.run([program, "-n", str(script)], check=True, cwd=tmp_path)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_command_prints_the_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = ROOT / f"mem4d_ros/cli/completion/mem4d.{shell}"
    assert capsys.readouterr().out == script.read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("mem4d rec", {"reconstruct"}),
        ("mem4d eval ''", {"depth", "pose", "recon"}),
        ("mem4d bench --pres", {"--preset"}),
        ("mem4d bench --precision b", {"bf16"}),
        ("mem4d reconstruct --pose-source p", {"procrustes"}),
    ],
)
def test_bash_completes_commands_options_and_names(words: str, completed: set[str]) -> None:
    script = ROOT / "mem4d_ros/cli/completion/mem4d.bash"
    code = COMPLETE_IN_BASH.format(script=script, words=words)
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=True)
    assert completed <= set(done.stdout.split())


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_completes_commands_options_and_names() -> None:
    script = ROOT / "mem4d_ros/cli/completion/mem4d.fish"
    lines = ("mem4d rec", "mem4d bench --pres", "mem4d bench --precision b", "mem4d eval po")
    code = "; ".join([f"source {script}", *(f"complete -C '{line}'" for line in lines)])
    done = subprocess.run(["fish", "-c", code], capture_output=True, text=True, check=True)
    first_words = {line.split()[0] for line in done.stdout.splitlines()}
    assert {"reconstruct", "--preset", "bf16", "pose"} <= first_words
