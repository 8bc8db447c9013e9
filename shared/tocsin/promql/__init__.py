"""PromQL, evaluated here: for samples that no Prometheus holds.

An engine for plans (`tocsin.expressions.promql_plan` makes them of text) over series in memory. What it answers is
what Prometheus 2.42 answers: ranges hold both their ends, a sample counts for five minutes.
"""
