"""`tocsin demo`: watch an alert go all the way on this machine, in about a minute."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import click

from tocsin.local.applying import apply_config, apply_inputs, apply_rules
from tocsin.local.demo import view
from tocsin.local.demo.checks import Checks
from tocsin.local.demo.inbox import SubscribedQueue, Webhook
from tocsin.local.demo.shop import PAGES, Shop
from tocsin.local.demo.story import STEPS, WAYS, Story
from tocsin.local.embedded import Listener, moto
from tocsin.local.live import Event, LiveStack
from tocsin.local.stack import Engine, blueprint, engine, find_template
from tocsin.local.watching import Line

LIMIT_SECONDS = 110.0
_INPUT = """
  - id: {page}
    kind: http_response
    tags: {{service: shop}}
    settings: {{urls: ["{url}/{page}"], response_timeout: 2s, response_status_code: 200}}"""
_RULES = """\
groups:
  - name: shop
    interval: 10s
    source: inputs
    rules:
      - alert: PageDown
        expr: max by (input, service) (http_response_result_code{service="shop"}) > 0
        for: 10s
        labels: {severity: page}
        annotations: {summary: "The shop's {{ $labels.input }} page fails."}
"""
_CONFIG = """\
route:
  receiver: team
  group_by: [service]
  group_wait: 4s
  group_interval: 5s
  repeat_interval: 1h
receivers:
  - name: team
    sns_configs:
      - topic_arn: {topic}
        sigv4: {{region: us-east-1}}
    webhook_configs:
      - url: {webhook}
"""


@click.command("demo")
def demo_command() -> None:
    """Watch an alert go all the way on this machine.

    A service breaks and is repaired; inputs check its pages with real requests, a rule on what they gather goes
    pending and fires for each page, the alerts are grouped, and told to an SNS topic and a webhook; then all of it
    resolves. There is no metric system. AWS is moto, inside this process. Ends with 0 only if each of these really
    happened.
    """
    live = sys.stdout.isatty()
    story = Story(view.silent if live else view.plain)
    began = monotonic()
    with _everything(story) as shop, view.View(story, view.utc_now).live() if live else nullcontext():
        play(shop, story, began + LIMIT_SECONDS)
    if story.missing:
        raise click.ClickException(f"not seen within {LIMIT_SECONDS:.0f} s: {'; '.join(story.missing)}")
    click.echo(f"All of it happened, in {monotonic() - began:.0f} s.")


def play(shop: Shop, story: Story, until: float) -> None:
    """Break the shop once it is watched, repair it once everybody knows, wait until everybody knows that."""
    acts: Sequence[tuple[tuple[str, ...], str]] = (
        (("the shop is well", "ticking"), "the shop loses its stock: its pages answer 503"),
        (
            ("firing", "grouped", *(f"notified by {way}: firing" for way in WAYS)),
            "the shop gets its stock back",
        ),
    )
    for steps, text in acts:
        if not story.wait_for(steps, until - monotonic()):
            return
        story.tell(text)
        (shop.break_down if steps == acts[0][0] else shop.repair)()
    story.wait_for(STEPS, until - monotonic())


@contextmanager
def _everything(story: Story) -> Iterator[Shop]:
    """Run the shop, who probes it, AWS, the stack, and who is told."""
    with ExitStack() as running:
        shop = running.enter_context(Shop(Path(running.enter_context(TemporaryDirectory()))))
        webhook = running.enter_context(Webhook(story.receive))
        listener = running.enter_context(Listener("127.0.0.1", 0, moto()))
        where = engine(listener.url, "us-east-1", embedded=True)
        story.tell(f"the shop is open at {shop.url}; AWS is moto, in this process")
        stack = _stack(where, webhook, story, shop)
        [topic] = stack.topics.values()
        subscribed = SubscribedQueue(where.make("sqs"), where.make("sns"), topic, story.receive)
        running.enter_context(subscribed)
        running.enter_context(stack)
        yield shop


def _stack(where: Engine, webhook: Webhook, story: Story, shop: Shop) -> LiveStack:
    """Return the stack with the demo's inputs, rules and routes, applied as a user's files are."""

    def watch(event: Event) -> None:
        if isinstance(event, Line):
            checks.watch(event)
        story.watch(event)

    stack = LiveStack(blueprint(find_template(), {"InputNetworks": "local"}), where, watch)
    checks = Checks(stack.database, story.probe)
    [topic] = stack.topics.values()
    now = stack.clock.now()
    config = _CONFIG.format(topic=topic, webhook=webhook.url)
    apply_config(stack.database, config, "alertmanager.yml", now)
    apply_inputs(
        stack.database,
        "inputs:" + "".join(_INPUT.format(page=p, url=shop.url) for p in PAGES),
        "inputs.yml",
        now,
    )
    apply_rules(stack.database, [("shop.yml", _RULES)], now)
    story.tell("inputs, rules and routes are applied: a page that fails for 10 s is worth waking somebody")
    return stack
