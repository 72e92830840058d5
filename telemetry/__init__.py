"""The live doors: cars send their records in, programs listen to the stream."""
