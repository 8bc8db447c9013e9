"""What users write in the settings of the kind `cloudwatch_promql`."""

from tocsin.sources.settings_blocks import CloudWatchWrite, Role


class CloudWatchPromqlSettings(Role):
    """The settings of the kind `cloudwatch_promql`."""

    write: CloudWatchWrite | None = None
