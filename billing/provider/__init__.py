"""Those who take the money: Paddle, Stripe, or nobody.

`none` is the default: nothing is asked of anybody, and everything is included.
"""
