"""The door of live streams: server-sent events, one hub in each web process."""
