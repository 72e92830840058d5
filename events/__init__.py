"""What happens to cars and sites: one form of an event, streams of them, latest values.

Plain Python over Redis; pages, doors and webhooks read from here.
"""
