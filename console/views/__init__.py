"""Pages that go across the apps: front, dashboard, account, and the pages of errors."""
