"""`/graph`, where the links in alerts lead: in Prometheus to a graph, here to the rules that ask the expression."""

from urllib.parse import urlencode

from pydantic import BaseModel, Field

from tocsin.api.operation import Call
from tocsin.api.responses import Response
from tocsin.api.services import Services


class GraphQuery(BaseModel):
    """The expression of the first graph."""

    expr: str = Field("", alias="g0.expr")


def get_graph(_services: Services, call: Call) -> Response:
    """Send a browser to the rules of the status page."""
    query = urlencode({"search": call.query.expr}, errors="replace")
    return Response(302, headers={"Location": f"/#/rules?{query}"})
