"""Help is in the user's language, and the options of a plan stand by topic."""

import re

import click
import pytest

from siting.cli.commands import build
from siting.cli.usage import Context
from siting.text import LANGS, Lang


def help_of(command: click.Command) -> str:
    return command.get_help(Context(command, info_name=command.name))


@pytest.mark.parametrize("lang", LANGS)
def test_the_options_of_a_plan_stand_under_their_topics(lang: Lang) -> None:
    command = build(lang)
    assert isinstance(command, click.Group)
    told = help_of(command.commands["propose"])
    sections = re.findall(r"^(\S.*)[:：]$", told, flags=re.MULTILINE)
    assert (
        sections
        == {
            "zh": ["选址要求", "候选点", "附加分析", "选项"],
            "en": ["The plan", "Sites", "Studies of the plan", "Options"],
        }[lang]
    )
    options = [name for param in command.commands["propose"].params for name in param.opts if name.startswith("--")]
    assert all(re.search(rf"^ .*{re.escape(name)}\b", told, flags=re.MULTILINE) for name in options)


def test_no_english_remains_in_the_chinese_help() -> None:
    group = build("zh")
    assert isinstance(group, click.Group)
    for command in (group, *group.commands.values()):
        told = help_of(command)
        assert not re.search(r"Usage|Options:|Commands|required|default|Show this", told), command.name
        assert told.startswith("用法：")
