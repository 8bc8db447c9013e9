"""Templates in alertmanager.yml: the files that it names, the texts that stand in it, and how large it may be."""

import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from tocsin.configfile.parse import parse_config, read_config
from tocsin.configfile.templates import beside, no_files
from tocsin.documents import DocumentError

LEAST = "route: {receiver: a}\nreceivers: [{name: a}]\n"


def reason(text: str, directory: Path | None = None) -> str:
    files = beside(str(directory / "am.yml")) if directory else no_files
    with pytest.raises(DocumentError) as refusal:
        parse_config(text, "am.yml", files)
    return str(refusal.value)


def templates(text: str, directory: Path) -> Mapping[str, str]:
    return parse_config(f"{LEAST}templates: {text}\n", "am.yml", beside(str(directory / "am.yml"))).templates


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    for name in ("b.tmpl", "a.tmpl", ".c.tmpl", "sub/d.tmpl"):
        (tmp_path / name).write_text(f'{{{{ define "{name}" }}}}{{{{ template "x" . }}}}{{{{ end }}}}')
    return tmp_path


@pytest.mark.parametrize(
    ("globs", "names"),
    [
        pytest.param("[]", [], id="none"),
        pytest.param("['nope.tmpl', 'nope/*.tmpl', '']", [], id="nothing there"),
        pytest.param("['*.tmpl']", [".c.tmpl", "a.tmpl", "b.tmpl"], id="sorted"),
        pytest.param("['sub/*.tmpl', b.tmpl]", ["sub/d.tmpl", "b.tmpl"], id="in the order of the globs"),
        pytest.param("[a.tmpl, b.tmpl, a.tmpl]", ["b.tmpl", "a.tmpl"], id="twice: the later one counts"),
    ],
)
def test_template_files_are_read_beside_the_configuration(
    globs: str, names: list[str], directory: Path
) -> None:
    found = templates(globs, directory)
    assert list(found) == names
    assert all(f'{{{{ define "{name}" }}}}' in text for name, text in found.items())


@pytest.mark.parametrize("glob", ["[", "a[b", "[]", "a\\\\"])
def test_a_glob_that_is_none_is_refused_as_in_go(glob: str, directory: Path) -> None:
    with pytest.raises(DocumentError, match="syntax error in pattern"):
        templates(f'["{glob}"]', directory)


def test_a_glob_may_be_absolute(directory: Path) -> None:
    assert list(templates(f"['{directory}/a.*']", Path("/"))) == [f"{directory}/a.tmpl"]


def test_a_mistake_in_a_template_file_is_told_with_its_line_and_column(directory: Path) -> None:
    (directory / "b.tmpl").write_text('{{ define "x" }}\n  {{ nofunction . }}{{ end }}')
    assert reason(f"{LEAST}templates:\n- a.tmpl\n- b.tmpl\n", directory) == (
        'am.yml:5:3: templates[1]: template: b.tmpl:2:5: function "nofunction" not defined'
    )


@pytest.mark.parametrize(
    ("name", "why"),
    [
        pytest.param("sub", "sub cannot be read: Is a directory", id="a directory"),
        pytest.param("latin", "latin cannot be read: not UTF-8", id="not UTF-8"),
    ],
)
def test_a_template_file_that_cannot_be_read_is_refused(name: str, why: str, directory: Path) -> None:
    (directory / "latin").write_bytes(b"\xe9")
    assert reason(f"{LEAST}templates: [{name}]\n", directory) == f"am.yml:3:13: templates[0]: {why}"


def test_without_a_way_to_files_none_may_be_named() -> None:
    why = "template files cannot be read from here"
    assert reason(f"{LEAST}templates: [x.tmpl]\n") == f"am.yml:3:13: templates[0]: {why}"


def test_a_text_that_is_no_template_is_refused_where_it_stands() -> None:
    text = """\
route:
  receiver: a
  labels: {team: '{{ .GroupLabels.team '}
receivers:
- name: a
  webhook_configs:
  - url: https://x/{{ nofunction }}
  - url: https://x
    payload: {text: ['{{ if }}']}
"""
    lines = reason(text).splitlines()
    assert [line.split(": ")[:2] for line in lines] == [
        ["am.yml:3:12", "route.labels.team"],
        ["am.yml:7:5", "receivers[0].webhook_configs[0].url"],
        ["am.yml:9:5", "receivers[0].webhook_configs[1].payload"],
    ]
    assert all(": template: :1:" in line for line in lines)


def test_what_does_not_fit_into_one_version_is_refused() -> None:
    noise = random.Random(1).randbytes(400_000).hex()
    text = f"{LEAST}time_intervals: [{{name: '{noise}'}}]\n"
    assert "KB compressed, its template files included: at most 350 KB fit into one version" in reason(text)


def test_template_files_count_into_the_size(directory: Path) -> None:
    for number in range(12):
        (directory / f"{number}.large").write_text(random.Random(number).randbytes(32_000).hex())
    assert "KB compressed" in reason(f"{LEAST}templates: ['*.large']\n", directory)


def test_the_example_in_the_documentation_is_taken(directory: Path) -> None:
    page = Path(__file__).parents[2].joinpath("docs/configuration.md").read_text(encoding="utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    (directory / "templates").mkdir()
    (directory / "templates" / "team.tmpl").write_text('{{ define "team.text" }}{{ .Status }}{{ end }}')
    assert read_config(example, "am.yml", beside(str(directory / "am.yml"))).warnings == ()


def test_a_file_that_invokes_what_is_nowhere_is_warned_about(directory: Path) -> None:
    text = f"{LEAST}templates: [a.tmpl]\n"
    [warning] = read_config(text, "am.yml", beside(str(directory / "am.yml"))).warnings
    assert str(warning) == 'am.yml:3:13: templates[0]: template: a.tmpl:1:33: template "x" not defined'
