"""`jira_configs`: one issue of Jira for each group of alerts."""

from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, model_validator

from tocsin.configfile.block import SettingsBlock
from tocsin.configfile.fields import Millis, Template, TemplateTree, Url
from tocsin.configfile.integrations.base import HttpIntegrationBlock
from tocsin.configfile.shared import Global


def _api_type(kind: str) -> str:
    if kind not in ("auto", "cloud", "datacenter"):
        raise ValueError("unknown api_type on jira_config, must be auto, cloud or datacenter")
    return kind


class _Field(SettingsBlock):
    """A field of the issue: a template, or one that an issue is only created with."""

    enable_update: bool = True

    @model_validator(mode="before")
    @classmethod
    def _long_form(cls, data: Any) -> Any:
        return {"template": data} if isinstance(data, str) else data


class JiraSummary(_Field):
    """What the issue is called."""

    template: Template = '{{ template "jira.default.summary" . }}'


class JiraDescription(_Field):
    """What the issue says."""

    template: Template = '{{ template "jira.default.description" . }}'


class Jira(HttpIntegrationBlock):
    """One entry of `jira_configs`."""

    kind: ClassVar = "jira"

    api_url: Url = ""
    api_type: Annotated[str, AfterValidator(_api_type)] = "auto"
    project: Template = ""
    issue_type: Template = ""
    summary: JiraSummary = JiraSummary()
    description: JiraDescription = JiraDescription()
    labels: list[Template] = Field(default_factory=list)
    priority: Template = '{{ template "jira.default.priority" . }}'
    reopen_transition: str = ""
    resolve_transition: str = ""
    wont_fix_resolution: str = ""
    reopen_duration_ms: Millis = Field(default=0, alias="reopen_duration")
    fields: dict[str, TemplateTree] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _complete(self) -> "Jira":
        for name in ("project", "issue_type"):
            if not getattr(self, name):
                raise ValueError(f"missing {name} in jira_config")
        return self

    def complete(self, shared: Global) -> dict[str, Any]:
        """Return the block with the API's URL; raises FieldError."""
        url = self.either(self.api_url, shared.jira_api_url, "api_url", "no global Jira Cloud URL set")
        return {**super().complete(shared), "api_url": url}
