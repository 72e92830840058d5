"""The operator's admin: one module per kind of thing that the operator looks at."""

from console.admin import commands, devices, money, people, tesla, trail, webhooks, work  # noqa: F401  # each registers its pages
