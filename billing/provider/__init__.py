"""Those who take the money: Paddle, or nobody.

`none` is the default: nothing is asked of anybody, and everything is included.
"""
