"""The operator's admin: one module per kind of thing that the operator looks at."""
