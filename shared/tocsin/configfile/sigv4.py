"""`sigv4` of alertmanager.yml: in whose name and in which region a service of AWS is called."""

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from tocsin.configfile.block import SettingsBlock


def _no_profile(name: str) -> str:
    if name:
        raise ValueError("a Lambda has no profiles: name a role_arn, or leave it to the function's own role")
    return name


class Sigv4(SettingsBlock):
    """Empty for the function's own role and region; keys may be references to secrets."""

    region: str = ""
    access_key: str = ""
    secret_key: str = Field(default="", repr=False)
    profile: Annotated[str, AfterValidator(_no_profile)] = ""
    role_arn: str = ""
    external_id: str = ""

    @model_validator(mode="after")
    def _both(self) -> "Sigv4":
        if bool(self.access_key) != bool(self.secret_key):
            raise ValueError(
                "must provide a AWS SigV4 Access key and Secret Key if credentials are specified in the SigV4 config"
            )
        return self
