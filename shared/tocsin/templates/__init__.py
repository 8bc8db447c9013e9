"""Go's text/template in Python, with Prometheus' functions.

Our own engine: gotpl (0.1.0, one author) is faithful but takes 117 ms and 12 MB to import where ours takes
MS ms and MB MB, and expands an alert's texts RATIO times slower; so it is what the tests compare with
(tests/unit/test_templates_gotpl.py), as they do with promtool.

The engine (source, lexer, numbers, nodes, parser, values, compiling, calling, control, builtins, printing,
printf, engine) knows nothing of Prometheus; expand, scene and functions do.
"""
