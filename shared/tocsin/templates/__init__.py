"""Go's text/template and html/template in Python, with Prometheus' functions.

Our own engine, not gotpl (0.1.0, one author): that one expands an eighth to a quarter as many texts a second (`make
bench`), takes half again as long and twice the memory to import, and does not always print what Go prints. So tests
compare with it (tests/unit/test_templates_gotpl.py), and with a real Prometheus.

`source` to `engine` know nothing of alerts: a template calls the functions and reads the data that it is given.
`markup`, `attributes`, `escapers` and `html` are what HTML takes besides. `scene`, `functions` and `expand` are
Prometheus' rules; `tocsin.messages` are Alertmanager's notifications.
"""
