"""The operator's admin: one module per kind of thing that the operator looks at."""

from console.admin import (  # noqa: F401  # each registers its pages
    commands,
    devices,
    money,
    people,
    streaming,
    tesla,
    trail,
    work,
)
