"""alertmanager.yml: what users write, read strictly into the dispatcher's configuration (dispatch/config.py).

`parse` reads the whole file, the other modules a part each, `integrations` one kind of receiver each.
"""
